"""Fourteen faults of construction machines, judged by their hours at work, their counters, tanks and positions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from analytics import evidence
from analytics.baselines.steady import rolling_mean
from analytics.construction_machine import idling, meters, position
from analytics.construction_machine.faults import FAULTS
from analytics.construction_machine.fuel_theft import drops, fuel_theft
from analytics.construction_machine.healthy import INDICATORS, Healthy, observe
from analytics.construction_machine.signs import THRESHOLD, verdicts
from analytics.construction_machine.wiring import sensor_wiring
from analytics.diagnosis.verdicts import Reading, Verdict
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, Training, label
from analytics.window import Window
from telemetry.settings import Settings

_SMOOTH_SECONDS = 1800.0
_LEAST_HOURS = 2.0
_OPTIONAL = (
    ("engine_speed", "rpm"),
    ("engine_running", "1"),
    ("torque_percent", "%"),
    ("fuel_rate", "L/h"),
    ("fuel_level", "%"),
    ("coolant_temperature", "°C"),
    ("coolant_level", "%"),
    ("lube_oil_temperature", "°C"),
    ("lube_oil_pressure", "kPa"),
    ("hydraulic_oil_temperature", "°C"),
    ("hydraulic_pressure_{pump}", "MPa"),
    ("hydraulic_flow", "L/min"),
    ("cycle_time", "s"),
    ("exhaust_temperature", "°C"),
    ("battery_voltage", "V"),
    ("ambient_temperature", "°C"),
    ("travel_speed", "km/h"),
    ("gps_speed", "km/h"),
    ("latitude", "deg"),
    ("longitude", "deg"),
    ("antenna_ok", "1"),
    ("main_power_ok", "1"),
    ("lock_state", "1"),
    ("diagnostic_spn", "1"),
    ("diagnostic_fmi", "1"),
    ("diagnostic_count", "1"),
    ("engine_hours", "h"),
    ("idle_hours", "h"),
    ("non_operating_idle_hours", "h"),
    ("fuel_total", "L"),
    ("payload_total", "t"),
    ("load_count", "1"),
)


class Parameters(Settings):
    """Where machines may be."""

    region: tuple[tuple[float, float], ...] = ()
    """Corners of where all machines must stay, each a latitude and a longitude in degrees. A machine whose nameplate has a
    ``site_radius`` around a ``site_latitude`` and ``site_longitude`` must stay there; without either, where it learned."""


SPEC = Spec(
    name="construction_machine_diagnosis",
    label=label("工程机械故障诊断", "Diagnosis of the construction machine"),
    kinds=("construction_machine",),
    inputs=(Input("state", "1"), *(Input(signal, unit, required=False) for signal, unit in _OPTIONAL)),
    rated=(("fuel_tank", "L"), ("site_latitude", "deg"), ("site_longitude", "deg"), ("site_radius", "m")),
    window=timedelta(days=3),
    cadence=timedelta(hours=1),
    outputs=(
        *(
            Output(
                f"{name}_difference",
                indicator.unit,
                label(f"{indicator.label.zh}：与健康时之差", f"{indicator.label.en}: difference from healthy"),
            )
            for name, indicator in INDICATORS.items()
        ),
        Output("hours_metered", "%", label("小时计计入运转时间的比例", "Engine's running that the hour meter counts")),
        Output("idle_share_recent", "%", label("近 21 运转小时怠速占比", "Idling of the last 21 hours of running")),
        Output("fuel_lost_standing", "%", label("停机时油位突降（占油箱）", "Fuel lost at once while standing, of the tank")),
        Output("beyond_the_fence", "m", label("超出围栏距离", "Distance beyond the fence")),
    ),
    faults=FAULTS,
    parameters=Parameters,
    training=Training(days=7),
    source="ISO 13379-1:2012 for naming by signs; ISO/TS 15143-3 for counters and positions; SAE J1939-73 for codes; "
    "residuals against the machine's own first days; thresholds of 3 spreads of the healthy machine",
    validity=label(
        "按最近 4 个运转小时（怠速按 21 小时）判断；学习期须有 16 个运转小时且健康；气温外推不超过 20 K",
        "Judged by the newest 4 hours of running (21 for idling); needs 16 healthy hours of running to learn from; ambient no "
        "more than 20 K beyond what was seen",
    ),
)


def train(history: Window, _parameters: Parameters) -> dict[str, Any]:
    """Learn how this machine behaves while healthy, where it works and what its counters show.

    Raises
    ------
    NotEvaluated
        If it was hardly at work.
    """
    observed = observe(history)
    return {
        "healthy": Healthy.learn(history, observed).to_model(),
        "site": position.learn_site(history),
        "counters": meters.learn_counters(history),
        "idling": idling.learn(history, observed.running),
    }


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Name what is wrong with a machine.

    Raises
    ------
    NotEvaluated
        If it hardly worked in the window, and nothing was found that shows on a machine that stands.
    """
    observed = observe(window)
    running = observed.running
    readings = Healthy.from_model(model["healthy"]).compare(window, observed)
    drawn = position.drawn_fence(window, parameters.region)
    fence = drawn or position.learned_fence(model["site"])
    positions = position.judge(window, fence, is_drawn=drawn is not None)
    named = [
        sensor_wiring(window, running),
        meters.counter_reset(window, model["counters"]),
        meters.hour_meter_tamper(window, running),
        fuel_theft(window, running),
        idling.excess_idle(window, running, model["idling"]),
    ]
    found = [*(_finding(window, one) for one in verdicts(readings)), *positions.findings, *(one for one in named if one)]
    hours = float(running.sum()) * window.step_seconds / 3600
    if not found and hours < _LEAST_HOURS:  # what was found before stands until there is work to judge
        raise NotEvaluated(Why.NOT_RUNNING, f"{hours:.1f} h of {24 * window.days:.0f} h")
    now = idling.idling(window, running)
    figures = [
        *(_difference(name, readings.get(name)) for name in INDICATORS),
        _figure("hours_metered", 100 * meters.metered_share(window, running), Why.NOT_RUNNING),
        _figure("idle_share_recent", 100 * now.share, Why.NOT_RUNNING),
        Figure.declined("fuel_lost_standing", Why.MISSING_INPUT, "fuel_level")
        if np.isnan(window["fuel_level"]).all()
        else Figure(name="fuel_lost_standing", value=float(sum(drop.percent for drop in drops(window, running)))),
        _figure("beyond_the_fence", positions.outside_metres, Why.MISSING_INPUT),
    ]
    return Result(figures, found)


def _figure(name: str, value: float, why: Why) -> Figure:
    return Figure(name=name, value=value) if np.isfinite(value) else Figure.declined(name, why)


def _difference(name: str, reading: Reading | None) -> Figure:
    if reading is None:
        return Figure.declined(f"{name}_difference", Why.MISSING_INPUT, name)
    if np.isnan(reading.score):
        return Figure.declined(f"{name}_difference", Why.NOT_RUNNING, name)
    return Figure(name=f"{name}_difference", value=reading.difference, uncertainty=1.96 * reading.size)


def _finding(window: Window, verdict: Verdict[Reading]) -> Found:
    clearest = verdict.moved[0]
    reading, indicator = verdict.readings[clearest], INDICATORS[clearest]
    limit = THRESHOLD * reading.size
    rows = []
    for name, one in verdict.readings.items():
        of = INDICATORS[name]
        rows += [(f"Δ {of.label.zh} / {of.label.en}", one.difference, of.unit)]
        rows += [("    界限 / limit ±", THRESHOLD * one.size, of.unit)]
    curve = evidence.series(indicator.label, indicator.unit, window.times_us, {clearest: reading.residuals}, band=(-limit, limit))
    return Found(
        code=verdict.code,
        since_us=_since_us(window, reading),
        confidence=verdict.confidence,
        evidence=[evidence.inputs(rows), curve],
    )


def _since_us(window: Window, reading: Reading) -> int:
    """Give when the difference last left half of its threshold; where it never was within, the window's first value."""
    known = np.flatnonzero(~np.isnan(reading.residuals))
    smooth = rolling_mean(reading.residuals[known] * np.sign(reading.difference), window.steps(_SMOOTH_SECONDS))
    within = np.flatnonzero(smooth < THRESHOLD / 2 * reading.size)
    begun = min(int(within[-1]) + 1, len(known) - 1) if len(within) else 0
    return int(window.times_us[known[begun]])
