"""What a lessor asks about at once: counters that fell, an engine on for nothing, silence, a machine that left, power cut."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.baselines.steady import runs_since
from analytics.construction_machine.counters import Mark, growth
from analytics.construction_machine.geofence import Fence, is_outside
from analytics.construction_machine.healthy import is_running
from analytics.window import Flags, Window
from telemetry.bundle import MICROSECONDS

COUNTERS = ("engine_hours", "idle_hours", "fuel_total")
OFFLINE_HOURS = 72.0
LOW_LOAD_PERCENT = 20.0
STANDS_KMH = 1.0
FOR_NOTHING_MINUTES = 60.0
"""Without load or movement for so long at a stretch; waiting for a truck is shorter (customary, not a standard's)."""
POWER_CUT_MINUTES = 10.0
_SLACK = 1.0
"""In a counter's unit: a tracker that restarts may lose what it had not yet stored."""


class Seen(NamedTuple):
    """What the counters showed last, before a window."""

    at_us: int
    counters: Mapping[str, float]


class Marks(NamedTuple):
    """What a window shows; None where nobody can tell."""

    counter_decrease: bool | None
    engine_on_for_nothing: bool | None
    offline: bool | None
    left_region: bool | None
    power_cut: bool | None
    offline_hours: float
    """Longest silence that the window ends or lies in; NaN without any reading."""
    for_nothing_hours: float
    """Engine on without load or movement, all stretches that are long enough; NaN where nobody can tell."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name the marks that are set."""
        of = self._asdict()
        return tuple(name for name in self._fields[:5] if of[name])


def last_seen(window: Window) -> Seen | None:
    """Give what the counters showed last in a window; None where they showed nothing."""
    known = {name: np.flatnonzero(~np.isnan(window[name])) for name in COUNTERS}
    newest = max((int(rows[-1]) for rows in known.values() if len(rows)), default=None)
    if newest is None:
        return None
    return Seen(int(window.times_us[newest]), {name: float(window[name][rows[-1]]) for name, rows in known.items() if len(rows)})


def marks_of(window: Window, *, before: Seen | None = None, fence: Fence | None = None) -> Marks:
    """Judge a window.

    Parameters
    ----------
    before : Seen, optional
        What was seen last before it: without it, silence and a fall of counters from before the window go unseen.
    fence : Fence, optional
        Without one nothing is said of leaving it.
    """
    silence = _longest_silence_hours(window, before)
    for_nothing = _for_nothing(window)
    distance = None if fence is None else fence.distance_metres(window["latitude"], window["longitude"])
    known_place = distance is not None and not np.isnan(distance).all()
    power = window["main_power_ok"]
    with np.errstate(invalid="ignore"):
        is_cut = power < 0.5
    return Marks(
        counter_decrease=_has_fallen(window, before),
        engine_on_for_nothing=None if for_nothing is None else bool(for_nothing.any()),
        offline=None if np.isnan(silence) else silence > OFFLINE_HOURS,
        left_region=bool(is_outside(distance).any()) if distance is not None and known_place else None,
        power_cut=None if np.isnan(power).all() else bool((runs_since(is_cut) >= window.steps(60 * POWER_CUT_MINUTES)).any()),
        offline_hours=silence,
        for_nothing_hours=float("nan") if for_nothing is None else float(for_nothing.sum() * window.step_seconds / 3600),
    )


def _has_fallen(window: Window, before: Seen | None) -> bool | None:
    known = False
    for name in COUNTERS:
        values = window[name]
        shown = values[~np.isnan(values)]
        if not len(shown):
            continue
        known = True
        grown = growth(values, step_seconds=window.step_seconds)
        falls = np.flatnonzero(grown.marks == Mark.RESET)
        highest = np.fmax.accumulate(values)
        if any(highest[at - 1] - values[at] > _SLACK for at in falls if not np.isnan(values[at])):
            return True
        if before is not None and before.counters.get(name, -np.inf) - shown[0] > _SLACK:
            return True
    return False if known else None


def _for_nothing(window: Window) -> Flags | None:
    load, speed = window["load_percent"], np.fmax(window["travel_speed"], window["gps_speed"])
    if np.isnan(load).all() or np.isnan(speed).all():
        return None
    with np.errstate(invalid="ignore"):
        idle = is_running(window) & (load < LOW_LOAD_PERCENT) & (speed < STANDS_KMH)
    least = window.steps(60 * FOR_NOTHING_MINUTES)
    # All steps of a stretch count once it is long enough: counted forwards and backwards.
    length = runs_since(idle) + runs_since(idle[::-1])[::-1] - 1
    return np.asarray(idle & (length >= least))


def _longest_silence_hours(window: Window, before: Seen | None) -> float:
    heard = np.zeros(len(window), bool)
    for name in window.values:
        heard |= ~np.isnan(window[name])
    times = window.times_us[heard]
    instants = [*([before.at_us] if before is not None else []), *times.tolist(), window.end_us]
    if len(instants) == 1:
        return float("nan")
    longest = float(np.diff(instants).max()) / MICROSECONDS
    return max(longest - window.step_seconds, 0.0) / 3600
