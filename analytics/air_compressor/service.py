"""When filter, separator and cooler will be due: by their own trends, or nothing where nothing wears."""

from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics.air_compressor.residuals import fully_loaded
from analytics.air_compressor.service_trend import RENEWED_SHARE, daily_medians, trend
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_DAY_SECONDS = 86_400
_LONGEST_DAYS = 730.0
"""What is farther away than two years is no reason to plan anything."""
_LEAST_SHARE_OF_FLOW = 0.4
_LEAST_FAN_PERCENT = 15.0
_MIXING_SECONDS = 3600
_CLEANED_SHARE = 0.35
"""Weather moves the cooler's figure from day to day, cleaning moves it by more."""


class ServiceParameters(Settings):
    """Limits at which parts are changed or cleaned."""

    filter_limit_kpa: float = Field(default=5, gt=0)
    """Pressure drop of the inlet filter at the largest flow."""
    separator_limit_kpa: float = Field(default=60, gt=0)
    """Pressure drop of the separator at the largest flow."""
    hottest_inlet_celsius: float = Field(default=40, ge=0, le=60)
    """Inlet air on the hottest day."""
    hottest_discharge_celsius: float = Field(default=100, gt=60, le=115)
    """Discharge temperature that must not be passed then."""


SPEC = Spec(
    name="air_compressor_service",
    label=label("保养预测", "Service forecast"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("free_air_delivery", "m³/min"),
        Input("inlet_filter_pressure_drop", "kPa", required=False),
        Input("separator_pressure_drop", "kPa", required=False),
        Input("fan_speed", "%", required=False),
        Input("motor_power", "kW", required=False),
        Input("heat_recovered", "kW", required=False),
        Input("discharge_temperature", "°C", required=False),
        Input("inlet_temperature", "°C", required=False),
        Input("inlet_valve_position", "%", required=False),
        Input("service_hours_left", "h", required=False),
    ),
    window=timedelta(days=30),
    cadence=timedelta(days=1),
    outputs=(
        Output(
            "filter_drop_at_full_flow", "kPa", label("进气滤芯压差（折算最大流量）", "Filter pressure drop at the largest flow")
        ),
        Output("filter_days_left", "d", label("进气滤芯剩余天数", "Days left of the inlet filter")),
        Output(
            "separator_drop_at_full_flow", "kPa", label("油分压差（折算最大流量）", "Separator pressure drop at the largest flow")
        ),
        Output("separator_days_left", "d", label("油分芯剩余天数", "Days left of the separator")),
        Output("fan_needed_when_hottest", "%", label("最热天所需风机转速", "Fan speed that the hottest day will need")),
        Output("cooler_days_left", "d", label("冷却器清洗剩余天数", "Days until the cooler needs cleaning")),
        Output("service_hours_left_now", "h", label("控制器保养倒计时", "Controller's hours to service")),
    ),
    parameters=ServiceParameters,
    source="Theil (1950), Sen (1968); ISO 13381-1:2015 (estimate with its band, no number without a trend)",
    validity=label("至少 6 天有加载运行；换芯后重新计算", "At least six days at load; begins anew after a change of the part"),
)


def evaluate(window: Window, parameters: ServiceParameters) -> Result:
    """Follow the daily medians of what each part's state shows.

    Raises
    ------
    NotEvaluated
        If the machine was hardly loaded.
    """
    loaded = fully_loaded(window)
    flow = np.where(loaded, window["free_air_delivery"], np.nan)
    known = flow[~np.isnan(flow)]
    if len(known) < window.steps(3600):
        raise NotEvaluated(Why.NOT_RUNNING, "loaded for less than an hour")
    full = float(np.quantile(known, 0.98))
    with np.errstate(invalid="ignore"):
        share = np.where(flow >= _LEAST_SHARE_OF_FLOW * full, flow / full, np.nan) ** 2
    days = window.steps(_DAY_SECONDS)
    figures: list[Figure] = []
    for name, signal, limit in (
        ("filter", "inlet_filter_pressure_drop", parameters.filter_limit_kpa),
        ("separator", "separator_pressure_drop", parameters.separator_limit_kpa),
    ):
        figures += _forecast(f"{name}_drop_at_full_flow", f"{name}_days_left", daily_medians(window[signal] / share, days), limit)
    needed = daily_medians(_fan_needed(window, parameters), days)
    figures += _forecast("fan_needed_when_hottest", "cooler_days_left", needed, 100.0, renewed_share=_CLEANED_SHARE)
    hours = window["service_hours_left"]
    hours = hours[~np.isnan(hours)]
    figures.append(
        Figure(name="service_hours_left_now", value=float(hours[-1]))
        if len(hours)
        else Figure.declined("service_hours_left_now", Why.MISSING_INPUT, "service_hours_left")
    )
    return Result(figures)


def _forecast(
    level: str, days_left: str, daily: FloatArray, limit: float, *, renewed_share: float = RENEWED_SHARE
) -> list[Figure]:
    known = daily[~np.isnan(daily)]
    if not len(known):
        return [Figure.declined(name, Why.MISSING_INPUT) for name in (level, days_left)]
    found = trend(daily, renewed_share=renewed_share)
    now = Figure(name=level, value=float(known[-3:].mean()))
    if found is None:
        return [now, Figure.declined(days_left, Why.MISSING_INPUT, f"{len(known)} days since the last service")]
    days = found.days_to(limit)
    if days is None:
        return [now, Figure.declined(days_left, Why.OUTSIDE_VALIDITY, "no degradation seen")]
    shortest, likely, longest = days
    if likely > _LONGEST_DAYS:
        return [now, Figure.declined(days_left, Why.OUTSIDE_VALIDITY, "more than two years")]
    # Half of the interval: a slow trend's late end is far away, and only the near one matters for planning.
    return [
        now,
        Figure(name=days_left, value=likely, uncertainty=max(likely - shortest, min(longest, _LONGEST_DAYS) - likely, 0.0)),
    ]


def _fan_needed(window: Window, parameters: ServiceParameters) -> FloatArray:
    """Fan speed in proportion to the conductance that the hottest day needs at the largest heat. [%]"""
    running = window.state_is("idle", "loaded")
    steps = window.steps(_MIXING_SECONDS)
    warm = runs_since(running) > steps

    def mixed(name: str) -> FloatArray:
        return np.where(warm, rolling_mean(np.where(running, window[name], np.nan), steps), np.nan)

    heat = mixed("motor_power") - (mixed("heat_recovered") if (~np.isnan(window["heat_recovered"])).any() else 0.0)
    fan, warmer = mixed("fan_speed"), mixed("discharge_temperature") - mixed("inlet_temperature")
    with np.errstate(invalid="ignore"):
        fits = (fan >= _LEAST_FAN_PERCENT) & (warmer > 10) & (heat > 0)
    if not fits.any():
        return np.full(len(window), np.nan)
    largest = float(np.quantile(heat[fits], 0.98))
    needed = largest / (parameters.hottest_discharge_celsius - parameters.hottest_inlet_celsius)
    return np.where(fits, fan * needed * np.divide(warmer, heat, out=np.full(len(heat), np.nan), where=fits), np.nan)
