"""Fuel that leaves the tank while the engine is off."""

from typing import NamedTuple

import numpy as np

from analytics import evidence
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.result import Found
from analytics.spec import label
from analytics.window import Flags, Window

LEAST_DROP_PERCENT = 5.0
"""Of the tank, within `_DROP_SECONDS`."""
_DROP_SECONDS = 300.0
_MEAN_SECONDS = 180.0
_SETTLES_SECONDS = 300.0
"""After the engine has stopped fuel sloshes, and comes back through the return line."""


class Drop(NamedTuple):
    """One fall of the level."""

    start: int
    end: int
    before_percent: float
    after_percent: float

    @property
    def percent(self) -> float:
        return self.before_percent - self.after_percent


def drops(window: Window, running: Flags) -> list[Drop]:
    """Find where the level falls by `LEAST_DROP_PERCENT` within five minutes while the engine is off, and stays down.

    References
    ----------
    Telematics practice: 5 % within 5 min with the engine off.
    """
    level = window["fuel_level"]
    off = ~running & ~np.isnan(level)
    settled = runs_since(off) > window.steps(_SETTLES_SECONDS)
    span, width = window.steps(_DROP_SECONDS), window.steps(_MEAN_SECONDS)
    reach = span + width
    if len(level) <= reach:
        return []
    mean = rolling_mean(level, width)
    stays = settled[:-reach] & (runs_since(settled)[reach:] > reach)
    with np.errstate(invalid="ignore"):
        falls = np.flatnonzero(stays & (mean[:-reach] - mean[reach:] >= LEAST_DROP_PERCENT))
    found = []
    for group in np.split(falls, np.flatnonzero(np.diff(falls) > 1) + 1) if len(falls) else ():
        first, last = int(group[0]), int(group[-1]) + reach
        # What comes back was fuel that swung, a sensor, or a machine that was tilted.
        if mean[first] - mean[min(last + reach, len(mean) - 1)] >= LEAST_DROP_PERCENT / 2:
            found.append(Drop(first, last, float(mean[first]), float(mean[last])))
    return found


def fuel_theft(window: Window, running: Flags) -> Found | None:
    """Name fuel that was taken, by the largest drop."""
    found = drops(window, running)
    if not found:
        return None
    largest = max(found, key=lambda drop: drop.percent)
    litres = window.rated.get("fuel_tank")
    rows = [
        ("之前液位 / level before", largest.before_percent, "%"),
        ("之后液位 / level after", largest.after_percent, "%"),
        ("历时 / within", float((largest.end - largest.start) * window.step_seconds / 60), "min"),
        ("次数 / times", float(len(found)), "1"),
    ]
    if litres is not None:
        rows.append(("合计 / in all", sum(drop.percent for drop in found) / 100 * litres, "L"))
    return Found(
        code="fuel_theft",
        since_us=int(window.times_us[found[0].start]),
        confidence=round(min(0.97, 0.6 + 0.03 * largest.percent), 3),
        evidence=[
            evidence.inputs(rows),
            evidence.series(label("燃油液位", "Fuel level"), "%", window.times_us, {"fuel_level": window["fuel_level"]}),
        ],
    )
