"""Sixteen faults of a ship, found by how far it is from its own healthy days and by what a watch-keeper would see."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from analytics import evidence
from analytics.diagnosis.verdicts import Verdict, confidence
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.ship.diagnosis_propulsion import UNITS, Explanation, explain
from analytics.ship.diagnosis_rules import Seen, highest_bilge_m, judge
from analytics.ship.diagnosis_texts import FAULTS, INPUTS
from analytics.ship.healthy import NOTHING, Healthy, Reading
from analytics.ship.residuals import TARGETS, Hours, observe
from analytics.ship.signs import THRESHOLD, verdicts
from analytics.spec import NoParameters, Output, Spec, Training, label
from analytics.window import FloatArray, Window

_SHOWN = ("hull", "propeller", "torque", "standstill", "fuel", "scavenge", "exhaust", "jacket", "lube", "demand")
"""Differences that are figures too, for curves over months."""
_HOURS_A_YEAR = 8760.0

SPEC = Spec(
    name="ship_diagnosis",
    label=label("船舶故障诊断", "Diagnosis of the ship"),
    kinds=("ship",),
    inputs=INPUTS,
    # A stay in port takes days; what the last hours at sea have shown stands until there are new ones.
    window=timedelta(days=5),
    cadence=timedelta(hours=1),
    outputs=tuple(
        Output(
            f"{name}_difference",
            TARGETS[name].unit,
            label(f"{TARGETS[name].label.zh}：与健康时之差", f"{TARGETS[name].label.en}: difference from healthy"),
        )
        for name in _SHOWN
    ),
    faults=FAULTS,
    parameters=NoParameters,
    training=Training(days=7),
    source="ISO 19030-2:2016 (power at equal speed); STAWAVE-1 as in ISO 15016:2015; Wageningen B series (Oosterveld and van "
    "Oossanen 1975) and Admiralty coefficient as priors; Isermann 2006 for naming by redundancy; ISO 13379-1:2012",
    validity=label(
        "海上定速一小时以后的整点小时；风浪吃水已修正，未学过的装载状态区间较宽；浅水不判断船体",
        "Whole hours at sea, one hour after the shaft's speed was set; corrected for wind, waves and draught, with wide "
        "intervals at loading that was not learned; no hull in shallow water",
    ),
)


def train(history: Window, _parameters: NoParameters) -> dict[str, Any]:
    """Learn how this ship behaves while healthy.

    Raises
    ------
    NotEvaluated
        If no figure was known for twelve hours.
    """
    healthy = Healthy.learn(observe(history), highest_bilge_m=highest_bilge_m(history))
    if not {*_SHOWN} - {"standstill"} & healthy.fitted.keys():
        raise NotEvaluated(Why.NOT_TRAINED, "hours at sea < 12")
    return healthy.to_model()


def evaluate(window: Window, _parameters: NoParameters, model: Mapping[str, Any]) -> Result:
    """Compare the newest hours with the healthy ship, and name what is wrong."""
    healthy, hours = Healthy.from_model(model), observe(window)
    readings = healthy.readings(hours)
    found = judge(Seen(window, healthy, hours, readings))
    found += [_of_engine(hours, one) for one in verdicts(readings)]
    explained = explain(healthy, hours)
    if explained is not None:
        found.append(_of_propulsion(window, hours, explained))
    return Result([_figure(name, readings) for name in _SHOWN], found, _pictures(hours, healthy, readings))


def _figure(name: str, readings: Mapping[str, Reading]) -> Figure:
    reading = readings.get(name, NOTHING)
    if not np.isfinite(reading.score):
        return Figure.declined(f"{name}_difference", Why.MISSING_INPUT, TARGETS[name].label.en)
    return Figure(name=f"{name}_difference", value=reading.difference, uncertainty=1.96 * reading.size)


def _of_engine(hours: Hours, verdict: Verdict[Reading]) -> Found:
    return Found(
        code=verdict.code,
        part=verdict.part,
        since_us=_since_us(hours, verdict.readings[verdict.moved[0]]),
        confidence=verdict.confidence,
        evidence=[_inputs(verdict.readings), _curve(hours, verdict.moved[0], verdict.readings)],
    )


def _of_propulsion(window: Window, hours: Hours, explained: Explanation) -> Found:
    clearest = max(explained.readings, key=lambda name: abs(explained.readings[name].score))
    sure = confidence(explained.probability, float(np.sqrt(explained.gain)) / THRESHOLD)
    size = [(explained.code, explained.size, UNITS[explained.code]), ("p", 100 * explained.probability, "%")]
    return Found(
        code=explained.code,
        since_us=_since_us(hours, explained.readings[clearest]),
        confidence=sure,
        evidence=[_inputs(explained.readings, before=size), _curve(hours, clearest, explained.readings)],
        effect=_extra_energy(window, explained) if explained.code == "hull_fouling" else {},
    )


def _extra_energy(window: Window, explained: Explanation) -> dict[str, tuple[float, str]]:
    """Give shaft energy that the growth costs a year, at sea for as much of it as in this window."""
    power_kw = window["shaft_power"][window.state_is("at_sea")]
    power_kw = power_kw[~np.isnan(power_kw)]
    if not len(power_kw):
        return {}
    share_at_sea = float(np.mean(window.state_is("at_sea")))
    extra_kw = float(power_kw.mean()) * (1 - np.exp(-explained.size / 100))
    return {"energy": (round(extra_kw * share_at_sea * _HOURS_A_YEAR), "kWh")}


def _inputs(readings: Mapping[str, Reading], *, before: list[tuple[str, float, str]] | None = None) -> dict[str, Any]:
    """Give each difference with the limit beyond which it counts as moved."""
    rows = list(before or [])
    for name, reading in readings.items():
        text, unit = TARGETS[name].label, TARGETS[name].unit
        rows += [(f"Δ {text.zh} / {text.en}", reading.difference, unit), ("    ±", THRESHOLD * reading.size, unit)]
    return evidence.inputs(rows)


def _curve(hours: Hours, name: str, readings: Mapping[str, Reading]) -> dict[str, Any]:
    limit = THRESHOLD * readings[name].size
    target = TARGETS[name]
    times = hours.starts_us.astype(np.int64)
    return evidence.series(target.label, target.unit, times, {name: readings[name].residuals}, band=(-limit, limit))


def _since_us(hours: Hours, reading: Reading) -> int:
    """Give the hour in which the difference last left half of its threshold; the first one if it never was within."""
    beyond = reading.residuals * np.sign(reading.difference)
    known = np.flatnonzero(~np.isnan(beyond))
    within = known[beyond[known] < THRESHOLD / 2 * reading.size]
    later = known[known > within[-1]] if len(within) else known
    # The newest hour alone may lie within, by chance.
    return int(hours.starts_us[later[0] if len(later) else known[-1]])


def _pictures(hours: Hours, healthy: Healthy, readings: Mapping[str, Reading]) -> list[dict[str, Any]]:
    pictures = []
    advance = hours.features["advance"]
    known = ~(np.isnan(advance) | np.isnan(hours.targets["propeller"]))
    if "propeller" in healthy.fitted and known.any():
        span: FloatArray = np.linspace(advance[known].min(), advance[known].max(), 40)
        level, slope, bend = healthy.fitted["propeller"].coefficients
        pictures.append(
            evidence.curve(
                label("螺旋桨扭矩系数", "Propeller torque coefficient"),
                x=(label("进速（航速 / 转速）", "Advance (speed / shaft speed)"), "kn/rpm"),
                y=(label("扭矩 / 转速²", "Torque / shaft speed²"), "kN·m/rpm²"),
                lines={"healthy": (0.112 * np.exp(span), np.exp((level + slope * span + bend * span**2) / 100))},
                points=(0.112 * np.exp(advance[known]), np.exp(hours.targets["propeller"][known] / 100)),
            )
        )
    if np.isfinite(readings.get("hull", NOTHING).score):
        pictures.append(_curve(hours, "hull", readings))
    return pictures
