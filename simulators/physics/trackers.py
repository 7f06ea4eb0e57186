"""Strings of modules in pairs on maximum power point trackers: the voltage that a tracker finds and what each string gives at it.

Two strings on one tracker share its voltage. Healthy pairs are alike, and the mean of their best voltages, weighted by power, is
their common maximum (the loss is of second order). A string with weak cells has two branches (H. Patel and V. Agarwal, IEEE
Transactions on Energy Conversion 23(1), 2008): either the current of the good cells flows and the weak ones are bypassed, or all
cells carry the weak cells' current; at a given voltage it gives the larger. Then the tracker takes the best of the branches'
maxima, as one that scans the curve now and then does.
Limits: a tracker is always at its point (no search, no dither), weak cells of one string all have the same light, no current
flows backwards into a string.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.physics.photovoltaics import Diode

STRINGS_PER_TRACKER = 2
_DIODE_DROP_V = 0.5


class Weakness(NamedTuple):
    """What is wrong with the cells of each string, shape ``(n, strings)``."""

    shorted: Array
    """Share of the cells behind a bypass diode that has failed."""
    weak: Array
    """Share of the cells that get less light, or make less of it."""
    light: Array
    """Their share of the light."""
    diodes: float
    """Bypass diodes of a string."""


class WorkingPoint(NamedTuple):
    """Where strings and trackers are at their greatest power."""

    best_v: Array
    """Shape ``(n, trackers)``."""
    open_v: Array
    """At which no current flows, shape ``(n, trackers)``."""
    current_a: Array
    """At ``best_v``, shape ``(n, strings)``."""

    @property
    def power_kw(self) -> Array:
        """Greatest power of each tracker."""
        power_w: Array = self.best_v * pairs(self.current_a).sum(axis=2)
        return power_w / 1000


def pairs(strings: Array) -> Array:
    """Give ``(n, strings)`` as ``(n, trackers, 2)``."""
    return strings.reshape(len(strings), -1, STRINGS_PER_TRACKER)


def to_strings(trackers: Array) -> Array:
    """Give each string its tracker's number."""
    return np.repeat(trackers, STRINGS_PER_TRACKER, axis=1)


def track(strings: Diode, *, alive: Array, missed: Array) -> WorkingPoint:
    """Find the working point of healthy strings, open where not ``alive``; ``missed`` is each tracker's error in voltage."""
    junction = strings.best_junction_v()
    current = strings.current_a(junction)[0]
    best = junction - strings.series_ohm * current
    power = pairs(alive * best * current)
    found = (pairs(best) * power).sum(axis=2) / np.maximum(power.sum(axis=2), 1e-9) * (1 - missed)
    given = np.maximum(strings.current_at(to_strings(found), junction), 0.0) * alive
    return WorkingPoint(found, (pairs(strings.open_circuit_v()) * pairs(alive)).max(axis=2), given)


def track_weak(strings: Diode, weakness: Weakness, *, alive: Array, missed: Array) -> WorkingPoint:
    """Find the working point when some strings have weak cells."""
    lost = weakness.shorted + weakness.weak
    kept = strings.in_series(1 - weakness.shorted)
    branches = (
        _Branch(strings.in_series(1 - lost), _DIODE_DROP_V * weakness.diodes * weakness.weak),
        _Branch(kept.dimmed(weakness.light), np.zeros_like(lost)),
    )
    guesses = [branch.curve.best_junction_v() for branch in branches]
    best_power: Array | None = None
    for branch, guess in zip(branches, guesses, strict=True):
        best = pairs(branch.curve.terminals_v(guess) - branch.drop_v)
        for voltage in (best[:, :, 0], best[:, :, 1], best.mean(axis=2)):
            tried = voltage * (1 - missed)
            given = _given(branches, guesses, to_strings(tried)) * alive
            power = tried * pairs(given).sum(axis=2)
            if best_power is None:
                best_power, found, current = power, tried, given
            is_better = power > best_power
            best_power, found = np.maximum(power, best_power), np.where(is_better, tried, found)
            current = np.where(to_strings(is_better), given, current)
    found = np.where(pairs(alive).any(axis=2), found, 0.0)
    return WorkingPoint(found, (pairs(kept.open_circuit_v()) * pairs(alive)).max(axis=2), current)


class _Branch(NamedTuple):
    curve: Diode
    drop_v: Array
    """Lost over conducting bypass diodes."""


def _given(branches: tuple[_Branch, ...], guesses: list[Array], voltage_v: Array) -> Array:
    """Give each string's current at a voltage: that of the branch which gives more."""
    given = [b.curve.current_at(voltage_v + b.drop_v, g, steps=9) for b, g in zip(branches, guesses, strict=True)]
    return np.maximum(np.maximum(*given), 0.0)
