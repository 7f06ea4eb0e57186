"""A day's statement of use: what a machine's counters and signals say, in numbers that read the same on every computer.

A statement holds strings, whole numbers, lists and null, and no binary fractions, so that its canonical form and its hash are
the same whoever computes them. Numbers that nobody knows are null.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from analytics.construction_machine.counters import Mark, growth
from analytics.construction_machine.fault_codes import codes_of
from analytics.construction_machine.geofence import Fence, is_outside
from analytics.leasing.flags import COUNTERS, Seen, last_seen, marks_of
from analytics.window import Window

VERSION = 1
_PLACES = 4
"""Of a degree: some 10 m."""
_SLACK = 1.0
Statement = Mapping[str, Any]


class Grown(NamedTuple):
    """A counter's growth over a window, from what it showed before on."""

    amount: float
    """NaN where it is unknown."""
    is_doubtful: bool
    """It fell or jumped: the amount is the least that it can have been."""


def grown(window: Window, name: str, *, before: Seen | None = None, most_per_hour: float = np.inf) -> Grown:
    """Give what a counter has counted, with what it counted in silence before the window.

    Parameters
    ----------
    most_per_hour : float
        What it can count at most: 1 for an hour meter. [unit of the counter / h]
    """
    values = window[name]
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return Grown(float("nan"), is_doubtful=False)
    within = growth(values, step_seconds=window.step_seconds, most_per_hour=most_per_hour)
    doubtful = within.has(Mark.RESET) or within.has(Mark.JUMP)
    amount = within.total() if len(known) > 1 else 0.0
    amount = 0.0 if np.isnan(amount) else amount
    shown = None if before is None else before.counters.get(name)
    if before is None or shown is None:
        return Grown(amount if len(known) > 1 else float("nan"), doubtful)
    first = float(values[known[0]])
    hours = (int(window.times_us[known[0]]) - before.at_us) / 3600e6
    if first < shown - _SLACK:
        # It was set back in the silence: what it shows has been counted since, if it can have been.
        return Grown(amount + (first if first <= 1.1 * most_per_hour * hours + 1 else 0.0), is_doubtful=True)
    lost = max(first - shown, 0.0)
    if np.isfinite(most_per_hour) and lost > 1.1 * most_per_hour * hours + 1:
        return Grown(amount, is_doubtful=True)
    return Grown(amount + lost, doubtful)


def completeness(window: Window) -> float:
    """Share of the counters' readings that have come, 0 to 1."""
    return float(np.mean([~np.isnan(window[name]) for name in COUNTERS])) if len(window) else 0.0


def location_hash(latitude_deg: float, longitude_deg: float, *, key: bytes) -> str:
    """Give a keyed hash of a place, rounded to some 10 m: who has the key can check a place, nobody can guess it.

    Raises
    ------
    ValueError
        If the key is shorter than 16 bytes: places are few, and a short key is soon found.

    References
    ----------
    HMAC with SHA-256, RFC 2104.
    """
    if len(key) < 16:
        raise ValueError("the key of places has 16 bytes or more")
    place = f"{_text(latitude_deg, _PLACES)},{_text(longitude_deg, _PLACES)}"
    return hmac.new(key, place.encode(), hashlib.sha256).hexdigest()


def is_place(told: str, latitude_deg: float, longitude_deg: float, *, key: bytes) -> bool:
    """Tell whether a hash is of a place or of one beside it: fixes stray over the edge of what is rounded."""
    beside = (-(10.0**-_PLACES), 0.0, 10.0**-_PLACES)
    return any(
        hmac.compare_digest(told, location_hash(latitude_deg + north, longitude_deg + east, key=key))
        for north in beside
        for east in beside
    )


def make_statement(
    window: Window,
    *,
    machine: str,
    location_key: bytes,
    utc_offset_hours: float = 8.0,
    before: Seen | None = None,
    fence: Fence | None = None,
) -> Statement:
    """Make the statement of a day.

    Parameters
    ----------
    window : Window
        From midnight to midnight of local time.
    machine : str
        The machine's product identification number, or its name in the plant.
    location_key : bytes
        See `location_hash`.
    before : Seen, optional
        What the day before's window showed last (`flags.last_seen`): hours counted in silence belong to the day they are told.
    fence : Fence, optional
        Where the contract lets it be.

    Raises
    ------
    ValueError
        If the window is not one day from midnight to midnight.
    """
    local = window.start + timedelta(hours=utc_offset_hours)
    if (local.hour, local.minute, local.second) != (0, 0, 0) or abs(window.days - 1) > 1e-9:
        raise ValueError(
            f"a statement is of one day from midnight to midnight, not of {window.days:g} days from {local:%H:%M:%S}"
        )
    marks = marks_of(window, before=before, fence=fence)
    hours, idle = (grown(window, name, before=before, most_per_hour=1.0) for name in ("engine_hours", "idle_hours"))
    fuel = grown(window, "fuel_total", before=before)
    shown = last_seen(window)
    at_end: Mapping[str, float] = {} if shown is None else shown.counters
    return {
        "version": VERSION,
        "machine": machine,
        "day": f"{local:%Y-%m-%d}",
        "utc_offset_minutes": round(60 * utc_offset_hours),
        "hours": _text(hours.amount, 2),
        "idle_hours": _text(idle.amount, 2),
        "fuel_litres": _text(fuel.amount, 1),
        "doubtful": [name for name, of in zip(COUNTERS, (hours, idle, fuel), strict=True) if of.is_doubtful],
        "counted_since": None if before is None else _instant(before.at_us),
        "engine_hours_at_end": _text(at_end.get("engine_hours", np.nan), 2),
        "idle_hours_at_end": _text(at_end.get("idle_hours", np.nan), 2),
        "fuel_total_at_end": _text(at_end.get("fuel_total", np.nan), 1),
        "location_hash": _place(window, location_key),
        "region": _region(window, fence),
        "codes": sorted({f"{seen.code.spn}-{seen.code.fmi}" for seen in codes_of(window)}),
        "flags": list(marks.names),
        "completeness": _text(completeness(window), 3),
    }


def _place(window: Window, key: bytes) -> str | None:
    known = np.flatnonzero(~(np.isnan(window["latitude"]) | np.isnan(window["longitude"])))
    if not len(known):
        return None
    # The median of the newest fixes: a single one strays.
    newest = known[-window.steps(600) :]
    return location_hash(float(np.median(window["latitude"][newest])), float(np.median(window["longitude"][newest])), key=key)


def _region(window: Window, fence: Fence | None) -> str:
    if fence is None:
        return "not_agreed"
    distance = fence.distance_metres(window["latitude"], window["longitude"])
    if np.isnan(distance).all():
        return "unknown"
    outside = is_outside(distance)
    return "outside" if outside[-1] else "returned" if outside.any() else "inside"


def _text(value: float, places: int) -> str | None:
    if not np.isfinite(value):
        return None
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _instant(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
