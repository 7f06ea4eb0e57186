"""How far a compressor strays from its healthy days: flow, power, pressure drops, vibration, cooling and dryer over the load."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics.baselines.load_baseline import LoadBaseline, robust_deviation, stretch_means
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

JUDGED_SECONDS = 6 * 3600
"""The last hours at work are judged; the spread of healthy means over as long is the measure."""
_MIXING_SECONDS = 3600
"""Heat lags behind the load: it is compared with means over this time, all of it at work."""
_OPEN_VALVE_PERCENT = 98.0
_LEAST_ROWS = 20
_LEAST_SHARE_OF_FLOW = 0.4
"""Pressure drops are judged from this share of the largest flow on."""
_LEAST_KELVIN = 10.0
"""Between discharge and inlet; below it the machine is cold."""


class Moved(NamedTuple):
    """One residual over the last hours at work."""

    change: float
    """Its mean; NaN where it cannot be told."""
    spread: float
    """How far the means of healthy stretches stray."""
    course: FloatArray
    """Shape (n,), over the window."""


class _Group(NamedTuple):
    """Targets that the same features explain."""

    features: Mapping[str, FloatArray]
    targets: Mapping[str, FloatArray]
    degree: int


class _Resistance(NamedTuple):
    """A pressure drop in proportion to the square of the flow, as a share of what it was when learned."""

    per_squared_flow: float
    least_squared_flow: float
    """Below it a sensor's error is too much of the drop."""
    spread: float


def fully_loaded(window: Window) -> Flags:
    """Tell where the machine delivers, its valve fully open, over the whole step."""
    loaded = window.state_is("loaded")
    valve = window["inlet_valve_position"]
    with np.errstate(invalid="ignore"):
        loaded &= np.isnan(valve) | (valve >= _OPEN_VALVE_PERCENT)
    return loaded & (runs_since(loaded) >= 2)


def train(history: Window) -> dict[str, Any]:
    """Learn the baseline of each group; what has no values, or too few, is left out.

    Raises
    ------
    NotEvaluated
        If nothing can be learned.
    """
    steps = history.steps(JUDGED_SECONDS)
    baselines: dict[str, Any] = {}
    for name, group in _groups(history).items():
        targets = {target: column for target, column in group.targets.items() if _count(column) >= _LEAST_ROWS}
        if not targets:
            continue
        try:
            baselines[name] = LoadBaseline.fit(group.features, targets, stretch_steps=steps, degree=group.degree).to_model()
        except NotEvaluated:
            continue
    levels = {name: _level(column, steps) for name, column in _plain(history).items() if _count(column) >= _LEAST_ROWS}
    resistances = {
        name: _resistance(*columns, steps)._asdict() for name, columns in _drops(history).items() if _is_known(columns)
    }
    if not baselines and not levels:
        raise NotEvaluated(Why.NOT_TRAINED, "the machine was hardly at work")
    return {"baselines": baselines, "levels": levels, "resistances": resistances}


def moved(window: Window, model: Mapping[str, Any]) -> dict[str, Moved]:
    """Give every residual that the model knows.

    Pressure drops are given as a share (0.5: half as much again), flow, power, speed ratio, vibration and dryer power as a
    difference of logarithms, the others in their signals' units.
    """
    steps = window.steps(JUDGED_SECONDS)
    groups = _groups(window)
    found: dict[str, Moved] = {}
    for name, plain in model["baselines"].items():
        baseline = LoadBaseline.from_model(plain)
        expected = baseline.expected(groups[name].features)
        for target, spread in zip(baseline.targets, baseline.spreads, strict=True):
            course = groups[name].targets[target] - expected[target]
            found[target] = Moved(_last_mean(course, steps), spread.stretch, course)
    for name, (drop, squared) in _drops(window).items():
        if name in model["resistances"]:
            known = _Resistance(**model["resistances"][name])
            course = _shares(drop, squared, known)
            found[name] = Moved(_last_mean(course, steps), known.spread, course)
    for name, column in _plain(window).items():
        if name in model["levels"]:
            centre, spread_of_level = model["levels"][name]
            found[name] = Moved(_last_mean(column - centre, steps), spread_of_level, column - centre)
    return found


def since_us(window: Window, one: Moved) -> int:
    """Give when a residual went half of its way for good; the window's start where it was there from the beginning."""
    smooth = rolling_mean(one.course * np.sign(one.change), window.steps(3600))
    with np.errstate(invalid="ignore"):
        below = np.flatnonzero(smooth < abs(one.change) / 2)
    index = int(below[-1]) + 1 if len(below) else 0
    return int(window.times_us[min(index, len(window) - 1)])


def _groups(window: Window) -> dict[str, _Group]:
    loaded, running = fully_loaded(window), window.state_is("idle", "loaded")
    steps = window.steps(_MIXING_SECONDS)
    warm = runs_since(running) > steps

    def at_load(name: str) -> FloatArray:
        return np.where(loaded, window[name], np.nan)

    def mixed(name: str) -> FloatArray:
        return np.where(warm, rolling_mean(np.where(running, window[name], np.nan), steps), np.nan)

    flow, speed, pressure = at_load("free_air_delivery"), at_load("airend_speed"), at_load("discharge_pressure")
    rejected = mixed("motor_power") - (mixed("heat_recovered") if _count(window["heat_recovered"]) else 0.0)
    inlet, mixed_flow, aftercooled = mixed("inlet_temperature"), mixed("free_air_delivery"), mixed("aftercooler_temperature")
    warmer = mixed("discharge_temperature") - inlet
    warmer = np.where(warmer > _LEAST_KELVIN, warmer, np.nan)
    return {
        "compression": _Group(
            {"airend_speed": speed, "discharge_pressure": pressure},
            {
                "flow": _log(flow),
                "power": _log(at_load("motor_power")),
                "envelope": _log(at_load("vibration_envelope_2")),
                "motor_vibration": _log(at_load("vibration_velocity_1")),
            },
            degree=2,
        ),
        # Heat that must leave, for each kelvin over the inlet air, says how hard the fan has to work.
        "cooling": _Group(
            {"conductance": rejected / warmer, "flow": mixed_flow},
            {"fan": mixed("fan_speed"), "aftercooler": aftercooled - inlet},
            degree=1,
        ),
        "heat": _Group({"power": rejected, "inlet": inlet}, {"discharge": mixed("discharge_temperature")}, degree=1),
        "dryer": _Group(
            {"flow": mixed_flow, "aftercooler": aftercooled},
            {"dew_point": mixed("pressure_dew_point"), "dryer_power": _log(mixed("dryer_power"))},
            degree=1,
        ),
    }


def _plain(window: Window) -> dict[str, FloatArray]:
    """What does not depend on the load."""
    turning = window.state_is("idle", "loaded")
    return {
        "ratio": np.where(turning, _log(window["airend_speed"]) - _log(window["speed"]), np.nan),
        "level": np.where(turning, window["oil_level"], np.nan),
    }


def _drops(window: Window) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Pressure drops and the squared flow behind them, at full opening."""
    loaded = fully_loaded(window)
    squared = np.where(loaded, window["free_air_delivery"] ** 2, np.nan)
    names = {"filter": "inlet_filter_pressure_drop", "separator": "separator_pressure_drop"}
    return {name: (np.where(loaded, window[signal], np.nan), squared) for name, signal in names.items()}


def _is_known(columns: tuple[FloatArray, FloatArray]) -> bool:
    drop, squared = columns
    with np.errstate(invalid="ignore"):
        return _count(np.where((drop > 0) & (squared > 0), drop, np.nan)) >= _LEAST_ROWS


def _resistance(drop: FloatArray, squared: FloatArray, steps: int) -> _Resistance:
    both = ~np.isnan(drop) & ~np.isnan(squared)
    least = _LEAST_SHARE_OF_FLOW**2 * float(np.quantile(squared[both], 0.98))
    rows = both & (np.nan_to_num(squared) >= least)
    known = _Resistance(float(drop[rows].sum() / squared[rows].sum()), least, 0.0)
    spread = robust_deviation(stretch_means(_shares(drop, squared, known), steps))
    return known._replace(spread=0.0 if np.isnan(spread) else spread)


def _shares(drop: FloatArray, squared: FloatArray, known: _Resistance) -> FloatArray:
    with np.errstate(invalid="ignore"):
        enough = squared >= known.least_squared_flow
    ratio: FloatArray = np.divide(drop, known.per_squared_flow * squared, out=np.full(len(drop), np.nan), where=enough)
    return ratio - 1


def _level(column: FloatArray, steps: int) -> tuple[float, float]:
    centre = float(np.median(column[~np.isnan(column)]))
    spread = robust_deviation(stretch_means(column - centre, steps))
    return centre, 0.0 if np.isnan(spread) else spread


def _last_mean(course: FloatArray, steps: int) -> float:
    known = course[~np.isnan(course)][-steps:]
    return float(known.mean()) if len(known) >= _LEAST_ROWS else float("nan")


def _count(column: FloatArray) -> int:
    return int(np.count_nonzero(~np.isnan(column)))


def _log(values: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        logarithm: FloatArray = np.log(np.where(values > 0, values, np.nan))
    return logarithm
