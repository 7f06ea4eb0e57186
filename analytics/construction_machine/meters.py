"""Counters that were set back, and an hour meter that stands while the engine turns."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.construction_machine.counters import Mark, growth
from analytics.result import Found
from analytics.spec import label
from analytics.window import Flags, FloatArray, Window

COUNTERS = ("engine_hours", "idle_hours", "non_operating_idle_hours", "fuel_total", "payload_total", "load_count")
_SLACK = 1.0
"""In the counter's unit: restarts of a tracker may lose what was not yet stored."""
LEAST_METERED = 0.9
"""Share of the engine's running that an honest meter counts at least."""
_METERED_SECONDS = 4 * 3600.0
_LEAST_METERED_SECONDS = 3600.0


def learn_counters(history: Window) -> dict[str, float]:
    """Give what each counter showed last."""
    newest = {name: history[name][~np.isnan(history[name])] for name in COUNTERS}
    return {name: float(values[-1]) for name, values in newest.items() if len(values)}


def counter_reset(window: Window, shown: Mapping[str, float]) -> Found | None:
    """Name counters that show less than they once did; ``shown`` is what they showed then, ``{}`` if that is not known."""
    rows = []
    since_us = window.end_us
    fallen: str | None = None
    for name in COUNTERS:
        values = window[name]
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            continue
        newest, highest = float(values[known[-1]]), float(np.fmax(np.nanmax(values), shown.get(name, -np.inf)))
        if newest > highest - _SLACK:
            continue
        falls = np.flatnonzero(growth(values, step_seconds=window.step_seconds).marks == Mark.RESET)
        since_us = min(since_us, int(window.times_us[falls[-1]] if len(falls) else window.start_us))
        unit = "L" if name == "fuel_total" else "t" if name == "payload_total" else "1" if name == "load_count" else "h"
        rows += [(f"{name}: 曾达到 / once showed", highest, unit), (f"{name}: 现在 / now", newest, unit)]
        fallen = fallen or name
    if fallen is None:
        return None
    curve = evidence.series(label("计数器", "Counter"), "", window.times_us, {fallen: window[fallen]})
    return Found(
        code="counter_reset",
        since_us=since_us,
        confidence=0.95 if len(rows) > 2 else 0.85,
        evidence=[evidence.inputs(rows), curve],
    )


class Metered(NamedTuple):
    """Steps throughout which the engine turned and the meter's growth is known, one row each."""

    times_us: npt.NDArray[np.int64]
    counted_hours: FloatArray
    """By the meter."""
    hours: FloatArray
    """By the clock."""

    def share(self) -> float:
        """Share of the engine's newest four hours that the meter has counted; NaN of less than one."""
        total = float(self.hours.sum())
        return float(self.counted_hours.sum()) / total if total * 3600 >= _LEAST_METERED_SECONDS else float("nan")


def metered(window: Window, running: Flags) -> Metered:
    """Hold the hour meter against the engine's running."""
    grown = growth(window["engine_hours"], step_seconds=window.step_seconds, most_per_hour=1.0)
    throughout = running.copy()
    throughout[1:] &= running[:-1]
    rows = np.flatnonzero(throughout & (grown.marks == Mark.COUNTED) & ~np.isnan(grown.amount))
    return Metered(window.times_us[rows], grown.amount[rows], np.full(len(rows), window.step_seconds / 3600))


def metered_share(window: Window, running: Flags) -> float:
    """Share of the engine's newest four hours that its meter has counted; NaN of less than one."""
    return _newest(window, metered(window, running)).share()


def hour_meter_tamper(window: Window, running: Flags) -> Found | None:
    """Name an hour meter that counts less than the engine turns."""
    all_of_it = metered(window, running)
    newest = _newest(window, all_of_it)
    share = newest.share()
    if not share < LEAST_METERED:
        return None
    # It begins to lag for good where it was farthest ahead of the least that an honest one counts.
    begun = int(np.argmax(np.cumsum(all_of_it.counted_hours - LEAST_METERED * all_of_it.hours)))
    both = {"发动机 / engine": np.cumsum(all_of_it.hours), "小时计 / meter": np.cumsum(all_of_it.counted_hours)}
    return Found(
        code="hour_meter_tamper",
        since_us=int(all_of_it.times_us[begun]),
        confidence=round(min(0.95, 0.6 + 1.5 * (LEAST_METERED - share)), 3),
        evidence=[
            evidence.inputs([
                ("发动机运转 / engine has turned", float(newest.hours.sum()), "h"),
                ("小时计计入 / meter has counted", float(newest.counted_hours.sum()), "h"),
                ("最少应计 / counts at least", 100 * LEAST_METERED, "%"),
            ]),
            evidence.series(label("发动机运转与小时计", "Engine's running and its meter"), "h", all_of_it.times_us, both),
        ],
    )  # fmt: skip


def _newest(window: Window, of: Metered) -> Metered:
    newest = slice(-window.steps(_METERED_SECONDS), None)
    return Metered(of.times_us[newest], of.counted_hours[newest], of.hours[newest])
