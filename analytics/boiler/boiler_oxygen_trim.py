"""Advice on the oxygen of a gas burner, from what it did itself in the last week, one band of loads at a time."""

from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics.baselines.steady import is_steady, runs_since
from analytics.boiler.emissions import limits_of
from analytics.boiler.trim import (
    Advice,
    Band,
    Bounds,
    advise,
    excess_over_usual_percent,
    fan_share,
    usual_oxygen_percent,
)
from analytics.evidence import inputs, series, table
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_EDGES_PERCENT = (20.0, 40.0, 60.0, 80.0, 100.1)
_SETTLE_SECONDS, _STEADY_SECONDS, _STEADY_PERCENT = 1800.0, 600.0, 8.0
_LEAST_HOURS = 2.0
_LASTING_DAYS = 3
_CLEAR_PERCENT = 0.3
"""Of the fuel; a point and a half of oxygen above the usual, well beyond what a zirconia cell drifts (0.2 points)."""
_LARGEST_CONFIDENCE = 0.55
"""It says that air is wasted, not why: a diagnosis that names the cause stands before it."""
_HOURS_A_YEAR = 8760.0


class Parameters(Settings):
    """Bounds of the advice, prices, and how well the meters measure (half widths of 95 % intervals)."""

    most_monoxide_ppm: float = Field(default=100.0, gt=0)
    most_nox_mg_per_m3: float | None = Field(default=None, gt=0)
    """Where it is left out: the national limit for gas of ``emission_limits.toml``."""
    fuel_price_per_m3: float | None = Field(default=None, gt=0)
    electricity_price_per_kwh: float | None = Field(default=None, gt=0)
    """With both prices the fan counts by money; otherwise a kilowatt-hour is a kilowatt-hour."""
    gas_temperature_accuracy_celsius: float = Field(default=2.0, ge=0)
    oxygen_accuracy_percent: float = Field(default=0.2, ge=0)


SPEC = Spec(
    name="boiler_oxygen_trim",
    label=label("氧量优化建议", "Advice on oxygen trim"),
    kinds=("boiler",),
    inputs=(
        Input("state", "1"),
        Input("burner_load", "%"),
        Input("fuel_flow", "m³/h"),
        Input("fuel_lower_heating_value", "kJ/m³"),
        Input("flue_gas_oxygen", "%"),
        Input("flue_gas_carbon_monoxide", "ppm"),
        Input("flue_gas_temperature_stack", "°C"),
        Input("ambient_temperature", "°C"),
        Input("combustion_air_flow", "m³/h"),
        Input("steam_flow", "t/h"),
        Input("auxiliary_power", "kW"),
        Input("emission_nox", "mg/m³", required=False),
    ),
    window=timedelta(days=7),
    cadence=timedelta(days=1),
    outputs=(
        Output(
            "oxygen_recommended", "%", label("建议氧量（下一步，主要负荷段）", "Oxygen advised (next step, main band of loads)")
        ),
        Output("oxygen_step", "%", label("建议调整量", "Step advised")),
        Output("oxygen_saving", "%", label("该步节能（占燃料）", "Saving of that step, share of the fuel")),
        Output("oxygen_excess_loss", "%", label("高于常用氧量的损失", "Loss by oxygen above the usual")),
    ),
    faults=(
        Fault(
            code="oxygen_trim_advised",
            label=label("氧量长期偏高，可优化", "Oxygen has long been higher than needed"),
            advice=label(
                "逐步下调氧量，每步不超过 0.2 %，观察一氧化碳与火焰；先排除漏风和氧量计偏差",
                "Lower the oxygen step by step, at most 0.2 % each, and watch carbon monoxide and flame; first rule out leaking "
                "air and a biased oxygen meter",
            ),
            severity="low",
            formula="min { q2(O2) + q3(CO(O2)) + fan } : CO ≤ limit, NOx ≤ limit, O2 ≥ O2min(load); Δq2 > 0.3 % on 3 days",
        ),
    ),
    parameters=Parameters,
    source="Siegert (1. BImSchV annex 2), GB/T 10180-2017 short form (CO); O2 curve of oxygen_curve.toml, not verified",
    validity=label(
        "只作建议，每步不超过 0.2 % 氧量；按本机近 7 天稳定运行、分负荷段；没有见过的低氧区不外推，除非一氧化碳拐点已拟合",
        "Advice only, at most 0.2 % oxygen a step; from 7 days of steady operation, by bands of load; it does not reach below "
        "the oxygen that was seen unless the knee of carbon monoxide could be fitted",
    ),
)


class _Judged(NamedTuple):
    """One band of loads."""

    load_percent: float
    share: float
    """Of the fuel burned in all judged bands."""
    band: Band
    bounds: Bounds
    highest_oxygen_percent: float
    advice: Advice


def evaluate(window: Window, parameters: Parameters) -> Result:
    steady = _steady(window)
    bands = _judge(window, parameters, steady)
    main = max(bands, key=lambda one: one.share)
    saving = sum(one.share * one.advice.saving_percent for one in bands)
    error = sum(one.share * one.advice.uncertainty_percent for one in bands)
    excess = sum(one.share * excess_over_usual_percent(one.band, one.highest_oxygen_percent) for one in bands)
    accuracy = parameters.oxygen_accuracy_percent
    figures = [
        Figure(name="oxygen_recommended", value=main.advice.next_percent, uncertainty=accuracy),
        Figure(name="oxygen_step", value=main.advice.next_percent - main.advice.oxygen_percent),
        Figure(name="oxygen_saving", value=saving, uncertainty=error),
        Figure(name="oxygen_excess_loss", value=excess),
    ]
    days = _excess_by_day(window, steady)
    newest = days[-_LASTING_DAYS:]
    is_lasting = len(newest) == _LASTING_DAYS and min(newest) > _CLEAR_PERCENT
    can_fall = main.advice.next_percent < main.advice.oxygen_percent
    is_clear = saving > error
    found = [_found(window, parameters, steady, bands, newest)] if is_lasting and can_fall and is_clear else []
    return Result(figures, found)


def _steady(window: Window) -> Flags:
    runs = runs_since(window.state_is("running")) > _SETTLE_SECONDS / window.step_seconds
    load = is_steady(window["burner_load"], span_steps=window.steps(_STEADY_SECONDS), tolerance=_STEADY_PERCENT)
    needed = [signal for signal, _, is_required in SPEC.inputs if is_required and signal != "state"]
    known = ~np.isnan([window[name] for name in needed]).any(axis=0)
    oxygen, fuel = window["flue_gas_oxygen"], window["fuel_flow"]
    steady: Flags = runs & load & known & (oxygen > 0) & (oxygen < 15) & (fuel > 0)
    if np.count_nonzero(steady) * window.step_seconds < _LEAST_HOURS * 3600:
        raise NotEvaluated(Why.NOT_STEADY, f"{np.count_nonzero(steady) * window.step_seconds / 3600:.1f} h")
    return steady


def _judge(window: Window, parameters: Parameters, steady: Flags) -> list[_Judged]:
    load, air = window["burner_load"], window["combustion_air_flow"]
    fuel_kw = window["fuel_flow"] * window["fuel_lower_heating_value"] / 3600
    fan = fan_share(
        auxiliary_kw=np.where(steady, window["auxiliary_power"], np.nan), air_m3_per_h=air, steam_t_per_h=window["steam_flow"]
    )
    worth, most_nox = _worth(window, parameters, steady), parameters.most_nox_mg_per_m3
    if most_nox is None:
        limits = limits_of("national", "gas")
        most_nox = np.inf if limits is None else limits.nox_mg_per_m3
    judged = []
    for low, high in pairwise(_EDGES_PERCENT):
        inside = steady & (load >= low) & (load < high)
        if np.count_nonzero(inside) * window.step_seconds < _LEAST_HOURS * 3600:
            continue
        usual_low, usual_high = usual_oxygen_percent(load[inside])
        bounds = Bounds(float(usual_low.mean()), parameters.most_monoxide_ppm, float(most_nox))
        band = _band(window, inside, fuel_kw)
        advice = advise(
            band,
            bounds,
            fan_kw=fan * float(np.mean(air[inside] ** 3)),
            electricity_worth=worth,
            gas_temperature_accuracy_celsius=parameters.gas_temperature_accuracy_celsius,
            oxygen_accuracy_percent=parameters.oxygen_accuracy_percent,
        )
        judged.append(
            _Judged(float(load[inside].mean()), float(fuel_kw[inside].sum()), band, bounds, float(usual_high.mean()), advice)
        )
    if not judged:
        raise NotEvaluated(Why.NOT_STEADY, f"less than {_LEAST_HOURS:g} h in every band of loads")
    total = sum(one.share for one in judged)
    return [one._replace(share=one.share / total) for one in judged]


def _band(window: Window, inside: Flags, fuel_kw: FloatArray) -> Band:
    return Band(
        oxygen_percent=window["flue_gas_oxygen"][inside],
        monoxide_ppm=window["flue_gas_carbon_monoxide"][inside],
        nox_mg_per_m3=window["emission_nox"][inside],
        gas_celsius=window["flue_gas_temperature_stack"][inside],
        air_celsius=window["ambient_temperature"][inside],
        fuel_kw=fuel_kw[inside],
    )


def _worth(window: Window, parameters: Parameters, steady: Flags) -> float:
    """Give what a kilowatt-hour of electricity is worth in kilowatt-hours of fuel."""
    if parameters.fuel_price_per_m3 is None or parameters.electricity_price_per_kwh is None:
        return 1.0
    a_fuel_kwh = parameters.fuel_price_per_m3 / (float(window["fuel_lower_heating_value"][steady].mean()) / 3600)
    return parameters.electricity_price_per_kwh / a_fuel_kwh


def _excess_by_day(window: Window, steady: Flags) -> list[float]:
    """Give the loss by oxygen above the usual on each day with enough steady operation, the newest last. [% of fuel]"""
    a_day = window.steps(86_400)
    fuel_kw = window["fuel_flow"] * window["fuel_lower_heating_value"] / 3600
    found = []
    for end in range(len(window), a_day - 1, -a_day):
        inside = np.zeros(len(window), bool)
        inside[end - a_day : end] = steady[end - a_day : end]
        if np.count_nonzero(inside) * window.step_seconds < _LEAST_HOURS * 3600:
            continue
        _, usual = usual_oxygen_percent(window["burner_load"][inside])
        found.append(excess_over_usual_percent(_band(window, inside, fuel_kw), usual))
    return found[::-1]


def _found(window: Window, parameters: Parameters, steady: Flags, bands: list[_Judged], days: list[float]) -> Found:
    excess = float(np.mean(days))
    main = max(bands, key=lambda one: one.share)
    fuel_m3_per_h = float(np.nan_to_num(window["fuel_flow"]).mean())
    heating_kwh = float(window["fuel_lower_heating_value"][steady].mean()) / 3600
    saved_m3 = excess / 100 * fuel_m3_per_h * _HOURS_A_YEAR
    effect = {"energy": (saved_m3 * heating_kwh, "kWh")}
    if parameters.fuel_price_per_m3 is not None:
        effect["money"] = (saved_m3 * parameters.fuel_price_per_m3, "CNY")
    rows = [
        (f"{one.load_percent:.0f} %", one.advice.oxygen_percent, one.highest_oxygen_percent, one.advice.next_percent,
         one.advice.saving_percent, one.advice.uncertainty_percent) for one in bands
    ]  # fmt: skip
    oxygen = np.where(steady, window["flue_gas_oxygen"], np.nan)
    return Found(
        code="oxygen_trim_advised",
        since_us=window.end_us - _LASTING_DAYS * 86_400_000_000,
        confidence=min(_LARGEST_CONFIDENCE, 0.5 + 0.1 * (excess - _CLEAR_PERCENT)),
        evidence=[
            inputs(
                [
                    ("O2", main.advice.oxygen_percent, "%"),
                    ("O2 min", main.bounds.lowest_oxygen_percent, "%"),
                    ("CO", float(np.median(main.band.monoxide_ppm)), "ppm"),
                    ("Δq2", excess, "%"),
                ]
            ),
            table(
                label("各负荷段的建议", "Advice by band of loads"),
                ("load", "O2 %", "O2 usual ≤ %", "O2 next %", "saving %", "±"),
                rows,
            ),
            series(
                label("稳定运行时的氧量", "Oxygen while steady"), "%", window.times_us, {"flue_gas_oxygen": oxygen},
                band=(main.bounds.lowest_oxygen_percent, main.highest_oxygen_percent),
            ),
        ],
        effect=effect,
    )  # fmt: skip
