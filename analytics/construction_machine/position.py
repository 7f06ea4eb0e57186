"""Where a machine says that it is: an antenna taken off, a jammed receiver, and a machine that has left its site."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.baselines.steady import runs_since
from analytics.construction_machine.geofence import BUFFER_METRES, FIXES, METRES_PER_DEGREE, Fence, is_outside
from analytics.result import Found, NotEvaluated, Why
from analytics.spec import label
from analytics.window import FloatArray, Window

LEARNED_MARGIN_METRES = 500.0
"""Around the places of the first days: nobody has drawn a line there, and work moves on."""
JUMP_METRES = 150.0
"""Beyond what the machine can have moved; far more than reflections do on an open site (some tens of metres)."""
LEAST_JUMPS = 3
_JUMP_SECONDS = 6 * 3600.0
_SPEED_SLACK = 1.5
_UNKNOWN_KMH = 60.0
"""A low loader's, where no speed is told."""
_MOVES_KMH, _FROZEN_SHARE = 1.5, 0.3
"""A machine that travels faster than the first while the receiver tells less than this share of it."""
_LEAST_TRAVEL_SECONDS = 600.0
_TRAVEL_SECONDS = 3600.0
_ANTENNA_SECONDS = 600.0


class Positions(NamedTuple):
    """What the positions of a window say."""

    findings: list[Found]
    outside_metres: float
    """Of the newest trustworthy position; NaN without one."""


def learn_site(history: Window) -> list[list[float]] | None:
    """Give the corners around where the machine has been, each latitude and longitude; None where it tells no positions."""
    latitude, longitude = history["latitude"], history["longitude"]
    is_on_earth = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    latitude, longitude = (np.where(is_on_earth, degrees, np.nan) for degrees in (latitude, longitude))
    try:
        fence = Fence.around(latitude, longitude)
    except ValueError:
        return None
    # Which of the positions are the hull's corners is plain; their degrees are what a person can check on a map.
    places = fence.plane.metres(latitude, longitude)
    corners = [int(np.nanargmin(np.hypot(*(places - corner[:, None])))) for corner in fence.corners_m.T]
    return [[float(latitude[at]), float(longitude[at])] for at in corners]


def judge(window: Window, fence: Fence | None, *, is_drawn: bool) -> Positions:
    """Judge a window's positions.

    Parameters
    ----------
    fence : Fence, optional
        Without one nothing is said of leaving it.
    is_drawn : bool
        Whether a person drew it; one that was learned has a wide margin.
    """
    antenna = _antenna_tamper(window)
    if antenna is not None:
        return Positions([antenna], float("nan"))
    jammed = _jam(window)
    if jammed is not None:
        return Positions([jammed], float("nan"))
    if fence is None:
        return Positions([], float("nan"))
    distance = fence.distance_metres(window["latitude"], window["longitude"])
    known = distance[~np.isnan(distance)]
    if not len(known):
        return Positions([], float("nan"))
    left = _left_the_site(window, distance, BUFFER_METRES if is_drawn else LEARNED_MARGIN_METRES)
    return Positions([] if left is None else [left], float(np.median(known[-FIXES:])))


def _antenna_tamper(window: Window) -> Found | None:
    is_ok = window["antenna_ok"]
    with np.errstate(invalid="ignore"):
        bad = is_ok < 0.5
    known = np.flatnonzero(~np.isnan(is_ok))
    if not len(known) or not bad[known[-1]]:
        return None
    lasts = int(runs_since(bad[known])[-1])
    if lasts * window.step_seconds < _ANTENNA_SECONDS:
        return None
    since = int(window.times_us[known[-lasts]])
    return Found(
        code="antenna_tamper",
        since_us=since,
        confidence=0.95,
        evidence=[
            evidence.inputs([
                ("antenna_ok", float(is_ok[known[-1]]), "1"),
                ("持续 / for", float((window.end_us - since) / 3600e6), "h"),
                ("main_power_ok", _newest(window["main_power_ok"]), "1"),
            ]),
            _speeds(window),
        ],
    )  # fmt: skip


def _jam(window: Window) -> Found | None:
    """Name a jammed receiver: positions jump, or stand still while the machine travels, and the antenna is in order."""
    jumps = _jumps(window)
    recent = jumps[jumps >= len(window) - window.steps(_JUMP_SECONDS)]
    jumps_enough = len(recent) >= LEAST_JUMPS
    frozen = _frozen(window)
    is_frozen = frozen is not None and frozen[0] > 0.8
    if not (jumps_enough or is_frozen):
        return None
    # A receiver that works again, or one that only strays, follows the machine when it travels.
    if not is_frozen and frozen is not None and frozen[0] < 0.2 and recent[-1] < frozen[1]:
        return None
    firsts = [int(jumps[0])] if jumps_enough else []
    firsts += [frozen[1]] if frozen is not None and is_frozen else []
    return Found(
        code="gps_jam",
        since_us=int(window.times_us[min(firsts)]),
        confidence=0.95 if jumps_enough and is_frozen else 0.85,
        evidence=[
            evidence.inputs([
                ("跳变次数（6 h） / jumps in 6 h", float(len(recent)), "1"),
                ("判为跳变 / counts as a jump", JUMP_METRES, "m"),
                ("行走时定位静止 / frozen while travelling", 100 * frozen[0] if frozen else float("nan"), "%"),
                ("antenna_ok", _newest(window["antenna_ok"]), "1"),
            ]),
            _speeds(window),
        ],
    )  # fmt: skip


def _jumps(window: Window) -> npt.NDArray[np.intp]:
    """Give the steps at which the position is farther from the one before than the machine can have come."""
    latitude, longitude = window["latitude"], window["longitude"]
    known = np.flatnonzero(~(np.isnan(latitude) | np.isnan(longitude)))
    if len(known) < 2:
        return np.array([], np.intp)
    north = np.diff(latitude[known]) * METRES_PER_DEGREE
    east = np.diff(longitude[known]) * METRES_PER_DEGREE * np.cos(np.radians(latitude[known[:-1]]))
    told = np.fmax(window["gps_speed"], window["travel_speed"])[known]
    speed = np.where(np.isnan(told), _UNKNOWN_KMH, told)
    hours = np.diff(known) * window.step_seconds / 3600
    # Over a gap nobody knows how fast it was.
    fastest = np.where(np.diff(known) > 1, _UNKNOWN_KMH, np.maximum(speed[:-1], speed[1:]))
    return np.asarray(known[1:][np.hypot(north, east) > JUMP_METRES + 1000 * _SPEED_SLACK * fastest * hours])


def _frozen(window: Window) -> tuple[float, int] | None:
    """Give the share of the newest travel during which the receiver stood still, and when that last began; None of too little."""
    travel, told = window["travel_speed"], window["gps_speed"]
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((travel > _MOVES_KMH) & ~np.isnan(told))
        still = told[rows] < _FROZEN_SHARE * travel[rows]
    newest = still[-window.steps(_TRAVEL_SECONDS) :]
    if len(newest) * window.step_seconds < _LEAST_TRAVEL_SECONDS:
        return None
    moving = np.flatnonzero(~still)
    begun = min(int(moving[-1]) + 1 if len(moving) else 0, len(rows) - 1)
    return float(newest.mean()), int(rows[begun])


def _left_the_site(window: Window, distance_metres: FloatArray, buffer_metres: float) -> Found | None:
    outside = is_outside(distance_metres, buffer_metres=buffer_metres)
    if not outside[-1]:
        return None
    since = len(outside) - int(runs_since(outside)[-1])
    power, lock = _newest(window["main_power_ok"]), _newest(window["lock_state"])
    helped = (power < 0.5) + (lock >= 2)
    return Found(
        code="geofence_violation",
        since_us=int(window.times_us[since]),
        confidence=0.85 + 0.05 * helped,
        evidence=[
            evidence.inputs([
                ("离开围栏 / beyond the fence", _newest(distance_metres), "m"),
                ("缓冲 / buffer", buffer_metres, "m"),
                ("main_power_ok", power, "1"),
                ("lock_state", lock, "1"),
            ]),
            evidence.series(
                label("距围栏距离", "Distance beyond the fence"), "m", window.times_us, {"distance": distance_metres},
                band=(0.0, buffer_metres),
            ),
        ],
    )  # fmt: skip


def drawn_fence(window: Window, region: Sequence[tuple[float, float]]) -> Fence | None:
    """Give the fence that people drew: the circle on the machine's nameplate, or the region of all machines; None of neither.

    Raises
    ------
    NotEvaluated
        If it cannot be one.
    """
    circle = [window.rated.get(name) for name in ("site_latitude", "site_longitude", "site_radius")]
    try:
        if None not in circle:
            latitude, longitude, radius = (float(number) for number in circle if number is not None)
            return Fence.circle(latitude, longitude, radius_metres=radius)
        return Fence.of(region) if region else None
    except ValueError as error:
        raise NotEvaluated(Why.BAD_INPUT, str(error)) from None


def learned_fence(corners: Sequence[Sequence[float]] | None) -> Fence | None:
    """Give the fence around the first days, of corners that `learn_site` gave."""
    return None if corners is None else Fence.of([(float(latitude), float(longitude)) for latitude, longitude in corners])


def _speeds(window: Window) -> dict[str, object]:
    columns = {name: window[name] for name in ("travel_speed", "gps_speed")}
    return evidence.series(label("行走速度与定位速度", "Travel speed and speed by satellite"), "km/h", window.times_us, columns)


def _newest(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else float("nan")
