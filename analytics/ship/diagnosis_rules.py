"""Faults of a ship that show themselves without a baseline of the engine: power, fire, flooding, anchor, lube oil.

They are read off the samples themselves, most of them within the last two hours, as a watch-keeper would.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics import evidence
from analytics.baselines.load_baseline import stretch_means
from analytics.diagnosis.verdicts import confidence
from analytics.result import Found
from analytics.ship.healthy import NOTHING, Healthy, Reading
from analytics.ship.residuals import GENERATOR, HOUR_SECONDS, TARGETS, Hours
from analytics.ship.signs import THRESHOLD
from analytics.spec import label
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind

_RECENT_SECONDS = 7200.0
_MINUTES_10 = 600.0
_DEAD_VOLTS, _DEAD_KW, _LEAST_DARK_SECONDS = 100.0, 10.0, 120.0
_ABOVE_BILGE_M = 0.08
"""So far above the highest healthy level."""
_USUAL_BILGE_M = 0.40
"""Below the alarm of 0.5 m; where no level was learned."""
_INFLOW_SECONDS, _MOST_INFLOW_M_PER_H = 21_600.0, 0.06
"""Stern gland and leaks give some centimetres a day; bilges fill in a day or more."""
_ANCHOR_SETTLED_SECONDS = 1800.0
_DRAG_KNOTS, _DRAG_NMI = 0.25, 0.25
"""A ship that swings about its anchor goes back and forth within about its length and that of the chain."""
_OVERLOAD_PERCENT, _LEARNED_DOUBT_PERCENT = 12.0, 5.0
_HOUR_US = round(HOUR_SECONDS * 1e6)
_LUBE_PERCENT = -4.0
_LUBE_M3_PER_H = -0.05
"""The engine uses some litres an hour."""
_NMI_PER_DEG = 60.0
_LEAST_SAMPLES = 3


class Seen(NamedTuple):
    """What the rules look at."""

    window: Window
    healthy: Healthy
    hours: Hours
    readings: Mapping[str, Reading]


def judge(seen: Seen) -> list[Found]:
    """Apply all rules."""
    rules: tuple[Callable[[Seen], list[Found]], ...] = (_blackout, _fire, _bilge, _anchor, _lube, _overload)
    found = [one for rule in rules for one in rule(seen)]
    # Pumps stand still without power, and sets that have tripped were loaded before.
    dark = any(one.code == "blackout" for one in found)
    return [one for one in found if not (dark and one.code in {"dg_overload", "lo_leak"})]


def highest_bilge_m(history: Window) -> float:
    """Learn the highest level that the pump lets come; NaN where the level is unknown."""
    means = stretch_means(history["bilge_level"], history.steps(_MINUTES_10), at_least_share=0.5)
    known = means[~np.isnan(means)]
    return float(known.max()) if len(known) else float("nan")


def _blackout(seen: Seen) -> list[Found]:
    window = seen.window
    sets = window.family(GENERATOR)
    with np.errstate(invalid="ignore"):
        idle = ~(sets >= _DEAD_KW).any(axis=0)
        volts, known = window["bus_voltage"], ~np.isnan(sets)
        # Without the switchboard's voltage all sets must be known to give nothing.
        dark = idle & np.where(np.isnan(volts), known.all(axis=0), known.any(axis=0) & (volts < _DEAD_VOLTS))
    recent = dark[-window.steps(_RECENT_SECONDS) :]
    if recent.sum() < window.steps(_LEAST_DARK_SECONDS):
        return []
    pieces = [
        evidence.inputs([("U", _last(volts), "V"), ("max P_i", float(np.nan_to_num(sets[:, -1]).max()), "kW")]),
        evidence.series(label("主配电板电压", "Main switchboard voltage"), "V", window.times_us, {"bus_voltage": volts}),
    ]
    return [Found(code="blackout", since_us=_since(window, dark), confidence=0.99, evidence=pieces)]


def _fire(seen: Seen) -> list[Found]:
    window, found = seen.window, []
    for name, part in load_kind("ship").members["fire_zone_{zone}"].items():
        with np.errstate(invalid="ignore"):
            on = window[name] > 0.5
        if on[-window.steps(_RECENT_SECONDS) :].any():
            text = label("火警（1 为报警）", "Fire alarm (1 is on)")
            pieces = [
                evidence.inputs([(name, _last(window[name]), "1")]),
                evidence.series(text, "1", window.times_us, {name: window[name]}),
            ]
            zone = next(iter(part.values()))
            found.append(Found(code="fire", part=zone, since_us=_since(window, on), confidence=0.98, evidence=pieces))
    return found


def _bilge(seen: Seen) -> list[Found]:
    """Find a level above what the pump lets come, or water that comes much faster than it ever does."""
    window = seen.window
    size = window.steps(_MINUTES_10)
    means = stretch_means(window["bilge_level"][len(window) % size :], size, at_least_share=0.5)
    recent = means[-round(_INFLOW_SECONDS / _MINUTES_10) :]
    known = recent[~np.isnan(recent)]
    if len(known) < _LEAST_SAMPLES:
        return []
    learned = seen.healthy.highest_bilge_m
    limit = (_USUAL_BILGE_M if np.isnan(learned) else learned) + _ABOVE_BILGE_M
    rises = np.diff(known) / (_MINUTES_10 / 3600)
    # Where the pump runs the level falls; the inflow is the rise while it stands.
    rising = rises[rises > 0]
    inflow = float(np.median(rising)) if len(rising) >= _LEAST_SAMPLES else 0.0
    level = float(known[-_LEAST_SAMPLES:].mean())
    gained = float(np.maximum(np.diff(known), 0).sum())
    is_fast = inflow > _MOST_INFLOW_M_PER_H and gained > _MOST_INFLOW_M_PER_H * _INFLOW_SECONDS / 3600 / 2
    if level <= limit and not is_fast:
        return []
    with np.errstate(invalid="ignore"):
        high = window["bilge_level"] > limit
    pieces = [
        evidence.inputs([("h", level, "m"), ("h_limit", limit, "m"), ("dh/dt", inflow, "m/h")]),
        evidence.series(
            label("舱底水位", "Bilge level"), "m", window.times_us, {"bilge_level": window["bilge_level"]}, band=(0.0, limit)
        ),
    ]
    since = _since(window, high) if level > limit else int(window.end_us - _INFLOW_SECONDS * 1e6)
    sure = confidence(1.0, max(level / limit, inflow / _MOST_INFLOW_M_PER_H))
    return [Found(code="bilge_flooding", since_us=since, confidence=sure, evidence=pieces)]


def _anchor(seen: Seen) -> list[Found]:
    """Find that the ship has gone on in one direction during its last stay at anchor."""
    window = seen.window
    anchored = window.state_is("at_anchor")
    last = np.flatnonzero(anchored)
    if not len(last):
        return []
    before = np.flatnonzero(~anchored[: last[-1] + 1])
    first = (int(before[-1]) + 1 if len(before) else 0) + window.steps(_ANCHOR_SETTLED_SECONDS)
    stay = slice(first, int(last[-1]) + 1)
    size = window.steps(_MINUTES_10)
    north, east = _offsets_nmi(window, stay, size)
    per_hour = round(3600 / _MINUTES_10)
    if len(north) <= per_hour:
        return []
    knots = np.hypot(north[per_hour:] - north[:-per_hour], east[per_hour:] - east[:-per_hour])
    away = np.hypot(north, east)
    fast = np.flatnonzero((knots > _DRAG_KNOTS) & (away[per_hour:] > _DRAG_NMI))
    if not len(fast):
        return []
    times = window.times_us[stay][: len(away) * size : size]
    pieces = [
        evidence.inputs([("v", float(knots.max()), "kn"), ("d", float(away.max()), "nmi"), ("v_limit", _DRAG_KNOTS, "kn")]),
        evidence.series(label("离抛锚处距离", "Distance from where it anchored"), "nmi", times, {"d": away}, band=(0, _DRAG_NMI)),
    ]
    sure = confidence(1.0, float(knots.max()) / _DRAG_KNOTS)
    return [Found(code="anchor_drag", since_us=int(times[fast[0]]), confidence=sure, evidence=pieces)]


def _offsets_nmi(window: Window, stay: slice, size: int) -> tuple[FloatArray, FloatArray]:
    """Give means over ten minutes of where the ship is, from the first of them; known ones only."""
    latitude, longitude = window["latitude"][stay], window["longitude"][stay]
    known = ~(np.isnan(latitude) | np.isnan(longitude))
    if not known.any():
        return np.empty(0), np.empty(0)
    start = int(np.flatnonzero(known)[0])
    around = (longitude - longitude[start] + 180) % 360 - 180
    north = stretch_means(latitude - latitude[start], size, at_least_share=0.5) * _NMI_PER_DEG
    east = stretch_means(around * np.cos(np.radians(latitude[start])), size, at_least_share=0.5) * _NMI_PER_DEG
    whole = ~(np.isnan(north) | np.isnan(east))
    north, east = north[whole], east[whole]
    return (north - north[0], east - east[0]) if len(north) else (north, east)


def _lube(seen: Seen) -> list[Found]:
    """Find low pressure together with a tank that falls."""
    window, pressure = seen.window, seen.readings.get("lube", NOTHING)
    level = window["tank_level_3"]
    size = window.steps(3600)
    hourly = stretch_means(level[len(level) % size :], size, at_least_share=0.5)
    known = np.flatnonzero(~np.isnan(hourly))
    if not (pressure.score < -THRESHOLD and pressure.difference < _LUBE_PERCENT) or len(known) < _LEAST_SAMPLES:
        return []
    # Over the whole window: an empty tank falls no more.
    falls = float((hourly[known[-1]] - hourly[known].max()) / max(known[-1] - known[hourly[known].argmax()], 1))
    if falls > _LUBE_M3_PER_H:
        return []
    limit = THRESHOLD * pressure.size
    pieces = [
        evidence.inputs(
            [("Δp / p_0", pressure.difference, "%"), ("±", limit, "%"), ("dV/dt", falls, "m³/h"), ("V", hourly[known[-1]], "m³")]
        ),
        evidence.series(label("滑油舱存量", "Lube oil tank"), "m³", window.times_us, {"tank_level_3": level}),
    ]
    since = int(window.times_us[len(level) % size + known[hourly[known].argmax()] * size])
    return [Found(code="lo_leak", since_us=since, confidence=confidence(1.0, -pressure.score / THRESHOLD), evidence=pieces)]


def _overload(seen: Seen) -> list[Found]:
    """Find more electric load than the state asks for, while sets stand that should have started.

    A state that was not learned is not judged: what was seen before it stands.
    """
    window, hours = seen.window, seen.hours
    with np.errstate(invalid="ignore"):
        learned = seen.healthy.doubts("demand", hours) <= _LEARNED_DOUBT_PERCENT
    demand = seen.healthy.readings(hours, among=learned).get("demand", NOTHING)
    if not (demand.score > THRESHOLD and demand.difference > _OVERLOAD_PERCENT):
        return []
    judged = np.flatnonzero(learned & ~np.isnan(demand.residuals))[-TARGETS["demand"].rows :]
    begin, end = int(hours.starts_us[judged[0]]), int(hours.starts_us[judged[-1]]) + _HOUR_US
    sets = np.nan_to_num(window.between(begin, end).family(GENERATOR))
    count = (sets >= _DEAD_KW).sum(axis=0)
    short = (count > 0) & (count < len(sets))
    if short.mean() < 0.5:
        return []
    each = sets.sum(axis=0)[short] / count[short]
    times = hours.starts_us.astype(np.int64)
    limit = max(THRESHOLD * demand.size, _OVERLOAD_PERCENT)
    pieces = [
        evidence.inputs(
            [
                ("ΔP / P_0", demand.difference, "%"),
                ("±", limit, "%"),
                ("P_i", float(each.mean()), "kW"),
                ("n", float(np.median(count[short])), "1"),
            ]
        ),
        evidence.series(TARGETS["demand"].label, "%", times, {"demand": demand.residuals}, band=(-limit, limit)),
    ]
    beyond = np.flatnonzero(np.nan_to_num(np.where(learned, demand.residuals, np.nan), nan=np.inf) < limit)
    since = times[min(int(beyond[-1]) + 1, len(times) - 1)] if len(beyond) else times[0]
    return [Found(code="dg_overload", since_us=int(since), confidence=confidence(1.0, demand.score / THRESHOLD), evidence=pieces)]


def _since(window: Window, flags: "np.ndarray[Any, np.dtype[np.bool_]]") -> int:
    """Give when the last unbroken stretch of a flag began, short gaps left out."""
    on = np.flatnonzero(flags)
    gaps = np.flatnonzero(np.diff(on) > window.steps(_MINUTES_10))
    return int(window.times_us[on[gaps[-1] + 1 if len(gaps) else 0]])


def _last(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else float("nan")
