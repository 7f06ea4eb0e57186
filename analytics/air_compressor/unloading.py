"""Judges the inlet valve and the minimum pressure valve, by how the sump blows down while the machine idles.

It has a verdict of its own beside the diagnosis: while the machine does not idle there is nothing to judge, and findings stand.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics import evidence
from analytics.air_compressor.blow_down import (
    BlowDown,
    Compared,
    compare,
    fit_blow_down,
    loaded_sump_mpa,
    run_on_seconds,
    unloaded_age_seconds,
)
from analytics.baselines.load_baseline import stretch_means
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, Training, label
from analytics.window import FloatArray, Window

_LEAST_SAMPLES = 4
_MOST_SAMPLES = 120
"""The newest are judged."""
_LEAST_RATIO = 1.25
_LEAST_ERRORS = 4.0
"""The healthy curve must miss the samples by so many times what it missed those that it was learned from."""
_CLEARLY_BETTER = 1.3
"""One explanation must leave so much less than the other."""

SPEC = Spec(
    name="air_compressor_unloading",
    label=label("卸载过程诊断", "Unloading"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("sump_pressure", "MPa"),
        Input("run_on_time_left", "s", required=False),
        Input("motor_power", "kW", required=False),
    ),
    outputs=(
        Output("sump_idle_pressure", "MPa", label("卸载稳定油气桶压力", "Settled sump pressure while idle")),
        Output("blow_down_constant", "s", label("泄压时间常数", "Time constant of the blow-down")),
        Output("idle_power", "kW", label("卸载功率", "Motor power while idle")),
    ),
    faults=(
        Fault(
            "inlet_valve_leak",
            label("进气阀关闭不严", "Inlet valve leaks"),
            label("清洗进气阀，更换阀板密封", "Clean the inlet valve, replace the seal of its plate"),
            "medium",
            "p_sump(idle, t → ∞) ↑ at the same time constant",
        ),
        Fault(
            "minimum_pressure_valve_fault",
            label("最小压力阀故障", "Minimum pressure valve faulty"),
            label("检修最小压力阀和止回阀", "Overhaul minimum pressure valve and check valve"),
            "medium",
            "time constant of p_sump(t) after unloading ↑",
        ),
    ),
    step_seconds=10.0,
    training=Training(days=7, at_least_share=0.0),
    source="Blow-down of a vessel to the pressure that a leaking valve sustains (first-order decay); makers' service manuals",
    validity=label("有卸载运行的喷油螺杆机", "Oil-injected screw machines that idle at times"),
)


def train(history: Window, parameters: NoParameters) -> dict[str, Any]:  # noqa: ARG001 - what every analytic takes
    """Learn the healthy blow-down, and what the idle machine takes."""
    run_on = run_on_seconds(history)
    age = unloaded_age_seconds(history, run_on)
    curve = fit_blow_down(age, history["sump_pressure"], start_mpa=loaded_sump_mpa(history))
    return {"run_on_seconds": run_on, "curve": list(curve)}


def evaluate(window: Window, parameters: NoParameters, model: Mapping[str, Any]) -> Result:  # noqa: ARG001 - the same
    """Compare the newest idle steps with the healthy curve.

    Raises
    ------
    NotEvaluated
        If the machine hardly idled.
    """
    age = unloaded_age_seconds(window, model["run_on_seconds"])
    pressure = window["sump_pressure"]
    rows = np.flatnonzero(~np.isnan(age) & ~np.isnan(pressure))[-_MOST_SAMPLES:]
    if len(rows) < _LEAST_SAMPLES:
        raise NotEvaluated(Why.NOT_RUNNING, f"{len(rows)} steps unloaded")
    learned = BlowDown(*model["curve"])
    start = loaded_sump_mpa(window)
    healthy = learned._replace(start_mpa=learned.start_mpa if np.isnan(start) else start)
    compared = compare(healthy, age[rows], pressure[rows])
    power = window["motor_power"][rows]
    power = power[~np.isnan(power)]
    figures = [
        Figure(name="sump_idle_pressure", value=healthy.floor_mpa * compared.floor_ratio),
        Figure(name="blow_down_constant", value=healthy.constant_seconds * compared.constant_ratio),
        Figure(name="idle_power", value=float(power.mean()))
        if len(power)
        else Figure.declined("idle_power", Why.MISSING_INPUT, "motor_power"),
    ]
    code = _named(healthy, compared)
    if not code:
        return Result(figures)
    measured = np.where(np.isnan(age), np.nan, pressure)
    level = float((pressure[rows] - healthy.at(age[rows])).mean())
    return Result(figures, [_found(code, window, compared, {"measured": measured, "healthy": healthy.at(age)}, level)])


def _named(healthy: BlowDown, compared: Compared) -> str:
    if compared.error_healthy_mpa < _LEAST_ERRORS * healthy.error_mpa:
        return ""
    if compared.floor_ratio > _LEAST_RATIO and compared.error_floor_mpa * _CLEARLY_BETTER < compared.error_constant_mpa:
        return "inlet_valve_leak"
    if compared.constant_ratio > _LEAST_RATIO and compared.error_constant_mpa * _CLEARLY_BETTER < compared.error_floor_mpa:
        return "minimum_pressure_valve_fault"
    return ""


def _found(code: str, window: Window, compared: Compared, curves: Mapping[str, FloatArray], level_mpa: float) -> Found:
    hour = window.steps(3600)
    hourly = stretch_means(curves["measured"] - curves["healthy"], hour, at_least_share=0.0)
    with np.errstate(invalid="ignore"):
        calm = np.flatnonzero(hourly < level_mpa / 2)
    index = (int(calm[-1]) + 1) * hour if len(calm) else 0
    is_leak = code == "inlet_valve_leak"
    ratio = compared.floor_ratio if is_leak else compared.constant_ratio
    left, other = (
        (compared.error_floor_mpa, compared.error_constant_mpa)
        if is_leak
        else (compared.error_constant_mpa, compared.error_floor_mpa)
    )
    return Found(
        code=code,
        since_us=int(window.times_us[min(index, len(window) - 1)]),
        confidence=float(1 - 0.4 * left / other - 0.2 * np.exp(-(ratio - 1) / 0.2)),
        evidence=[
            evidence.inputs(
                [
                    ("sump floor / healthy", compared.floor_ratio, "1"),
                    ("time constant / healthy", compared.constant_ratio, "1"),
                    ("unexplained by the healthy curve", compared.error_healthy_mpa, "MPa"),
                    ("unexplained by a higher floor", compared.error_floor_mpa, "MPa"),
                    ("unexplained by a slower blow-down", compared.error_constant_mpa, "MPa"),
                ]
            ),
            evidence.series(
                label("卸载时油气桶压力", "Sump pressure while idle"),
                "MPa",
                window.times_us,
                curves,
            ),
        ],
    )
