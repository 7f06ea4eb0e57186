"""How fast modules age, over three years."""

from datetime import timedelta
from typing import Literal

import numpy as np

from analytics import evidence
from analytics.baselines.steady import rolling_mean
from analytics.pv_inverter.degradation import YEAR_DAYS, year_on_year
from analytics.pv_inverter.operation import is_undisturbed, module_celsius, positive_rating, temperature_coefficient
from analytics.pv_inverter.performance import daily_performance
from analytics.result import Figure, Result
from analytics.spec import Input, Output, Spec, label
from analytics.window import Window
from telemetry.settings import Settings


class DegradationParameters(Settings):
    """How the change is counted."""

    convention: Literal["ratio", "first_year_median"] = "ratio"
    """Of the year before, or, as RdTools, of the first year's median."""


SPEC = Spec(
    name="pv_degradation",
    label=label("组件衰减率", "Degradation of the modules"),
    kinds=("pv_inverter",),
    inputs=(
        Input("state", "1"),
        Input("poa_irradiance", "W/m²"),
        Input("dc_power", "kW"),
        Input("module_temperature", "°C", required=False),
        Input("ambient_temperature", "°C", required=False),
        Input("wind_speed", "m/s", required=False),
        Input("derate_mode", "1", required=False),
        Input("power_setpoint", "%", required=False),
        Input("soiling_ratio", "1", required=False),
    ),
    rated=(("dc_power_stc", "kW"), ("temperature_coefficient", "%/K")),
    step_seconds=3600,
    window=timedelta(days=3 * YEAR_DAYS + 1),
    cadence=timedelta(days=7),
    outputs=(
        Output("degradation_rate", "%/a", label("年衰减率（负为衰减）", "Change in a year (negative: loss)")),
        Output(
            "array_performance", "%", label("阵列表现（近一年，25 °C，相对铭牌）", "Array over its rating at 25 °C, last year")
        ),
    ),
    parameters=DegradationParameters,
    source="Year on year: Hasselbrink et al. 2013; Jordan et al. 2018; block bootstrap of 30 days",
    validity=label(
        "两年以上、同一辐照表；有清洁度传感器时先除去积灰；辐照表漂移会算入衰减",
        "Two years and more with one irradiance meter; dirt is taken out where its ratio is measured; a drift of the meter "
        "counts as ageing",
    ),
)


def evaluate(window: Window, parameters: DegradationParameters) -> Result:
    """Hold each day against the same day of the year before.

    Raises
    ------
    NotEvaluated
        If there are less than two years of days, or too few pairs.
    """
    clean = window["soiling_ratio"]
    with np.errstate(invalid="ignore"):
        light = window["poa_irradiance"] * (1.0 if np.isnan(clean).all() else np.where(clean > 0.3, clean, np.nan))
    days = daily_performance(
        light_w_m2=light,
        dc_kw=window["dc_power"],
        module_celsius=module_celsius(window),
        undisturbed=is_undisturbed(window),
        array_kwp=positive_rating(window, "dc_power_stc"),
        percent_per_k=temperature_coefficient(window),
        step_seconds=window.step_seconds,
    )
    known = np.flatnonzero(~np.isnan(days.performance))
    index = days.performance[known[0] : known[-1] + 1] if len(known) else days.performance[:0]
    found = year_on_year(index, convention=parameters.convention)
    newest = index[-YEAR_DAYS:]
    newest = newest[~np.isnan(newest)]
    half = max(found.highest - found.percent_per_year, found.percent_per_year - found.lowest)
    first_us = window.start_us + round(days.first_row * window.step_seconds * 1e6) + int(known[0]) * 86_400_000_000
    times = first_us + np.arange(len(index), dtype=np.int64) * 86_400_000_000
    return Result(
        [
            Figure(name="degradation_rate", value=found.percent_per_year, uncertainty=half),
            Figure(name="array_performance", value=100 * float(np.median(newest))),
        ],
        pictures=[
            evidence.series(
                label("阵列表现趋势", "Performance of the array"),
                "1",
                times,
                {
                    "日表现 / daily": index,
                    "近一年平均 / mean of a year": np.where(
                        np.arange(len(index)) >= YEAR_DAYS - 1, rolling_mean(index, YEAR_DAYS), np.nan
                    ),
                },
            )
        ],
    )
