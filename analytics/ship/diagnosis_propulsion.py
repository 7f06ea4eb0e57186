"""Hull, propeller, speed log or torque meter: which single fault explains what the shaft's equations show.

Each fault moves the differences in proportions of its own, which follow from the slopes of the equations. Each is fitted alone
by generalised least squares; the one that leaves least unexplained is named, if the whole is far from a healthy ship
(analytical redundancy, e.g. Isermann 2006, Fault-Diagnosis Systems, chapter 10).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.ship.healthy import Healthy, Reading
from analytics.ship.residuals import Hours
from analytics.window import Flags, FloatArray

SIGNS = ("propeller", "hull", "torque", "standstill", "current")
_LEAST_GAIN = 9.0
"""Squared standard deviations that a fault must explain: three of them."""
_MOST_LEFT_PER_SIGN = 6.0
"""More unexplained than this for each figure, and it is none of these faults, or two at once."""
_KNOWN_DOUBT_PERCENT = 2.0
"""Up to here the hull's expected power is known well, as it is in conditions that were seen while learning."""
_LEAST = {"hull_fouling": 6.0, "propeller_damage": 0.5, "log_bias": 0.1, "torque_meter_drift": 7.0}
"""The smallest that an engineer would act on: % power, % torque, kn, kN·m."""
_EITHER_WAY = frozenset({"log_bias", "torque_meter_drift"})
UNITS = {"hull_fouling": "%", "propeller_damage": "%", "log_bias": "kn", "torque_meter_drift": "kN·m"}
_DAMAGE_ON_POWER = 2.2
"""A blade that takes more torque gives less thrust: power at equal speed rises about so many times as much as the torque."""


class Explanation(NamedTuple):
    """A fault with its size, and how well it explains the differences."""

    code: str
    size: float
    """In the unit of `UNITS`."""
    probability: float
    """Against the other three, which count alike beforehand."""
    gain: float
    readings: Mapping[str, Reading]


def explain(healthy: Healthy, hours: Hours) -> Explanation | None:
    """Name what is wrong, by the newest hours at sea, or by the newest in conditions that the ship has been learned in."""
    with np.errstate(invalid="ignore"):
        known: Flags = healthy.doubts("hull", hours) <= _KNOWN_DOUBT_PERCENT
    stands = ~np.isnan(hours.targets["standstill"])
    candidates = []
    for among in (None, known | stands):
        readings = {name: of for name, of in healthy.readings(hours, among=among).items() if name in SIGNS}
        best = _best(readings, healthy, hours)
        if best is not None:
            candidates.append(best)
    return max(candidates, key=lambda one: one.gain, default=None)


def _best(readings: Mapping[str, Reading], healthy: Healthy, hours: Hours) -> Explanation | None:
    names = [name for name, of in readings.items() if np.isfinite(of.score)]
    if not {"propeller", "hull", "torque", "standstill"} & set(names):
        return None
    measured = np.array([readings[name].score for name in names])
    sizes = np.array([readings[name].size for name in names])
    fits = []
    for code, moves in _patterns(healthy, hours).items():
        pattern = np.array([moves.get(name, 0.0) for name in names]) / sizes
        square = float(pattern @ pattern)
        size = float(pattern @ measured) / square if square > 0 else 0.0
        if code not in _EITHER_WAY:
            size = max(size, 0.0)
        left = float(((measured - size * pattern) ** 2).sum())
        fits.append((left, code, size))
    all_left = np.array([left for left, _, _ in fits])
    left, code, size = min(fits)
    gain = float((measured**2).sum()) - left
    if gain < _LEAST_GAIN or abs(size) < _LEAST[code] or left > _MOST_LEFT_PER_SIGN * len(names):
        return None
    probability = 1 / float(np.exp(-(all_left - left) / 2).sum())
    return Explanation(code, size, probability, gain, {name: readings[name] for name in names})


def _patterns(healthy: Healthy, hours: Hours) -> dict[str, dict[str, float]]:
    """Give how far one unit of each fault moves each figure, at the newest working point."""
    speed_kn, advance, torque_knm = (
        _newest(values)
        for values in (
            12 * np.exp(hours.features["speed"]),
            hours.features["advance"],
            hours.shaft_torque_knm,
        )
    )
    slope = healthy.slope("propeller", "advance") + 2 * advance * healthy.slope("propeller", "advance_squared")
    exponent = healthy.slope("hull", "speed")
    per_knm = 100 / torque_knm
    patterns = {
        "hull_fouling": {"hull": 1.0},
        "propeller_damage": {"propeller": 1.0, "hull": _DAMAGE_ON_POWER},
        "log_bias": {"propeller": -slope / speed_kn, "hull": -exponent / speed_kn, "current": 1.0},
        "torque_meter_drift": {"propeller": per_knm, "hull": per_knm, "torque": per_knm, "standstill": 1.0},
    }
    return {code: {name: move for name, move in moves.items() if np.isfinite(move)} for code, moves in patterns.items()}


def _newest(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known[-12:].mean()) if len(known) else float("nan")
