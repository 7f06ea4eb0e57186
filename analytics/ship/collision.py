"""Closest point of approach between two ships that hold course and speed."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Flags, FloatArray


class Approach(NamedTuple):
    """How close they come; arrays of one shape."""

    minutes: FloatArray
    """Until they are closest; negative where that is past, NaN where they do not move against each other."""
    distance_nmi: FloatArray
    """At that moment; the present one where they do not move against each other."""


def closest_approach(
    *,
    east_nmi: npt.ArrayLike,
    north_nmi: npt.ArrayLike,
    course_deg: npt.ArrayLike,
    speed_kn: npt.ArrayLike,
    own_course_deg: npt.ArrayLike,
    own_speed_kn: npt.ArrayLike,
) -> Approach:
    """Find when and how close targets pass.

    Parameters
    ----------
    east_nmi, north_nmi : array_like
        Where the targets are, seen from the own ship.
    course_deg, own_course_deg : array_like
        Over ground, clockwise from north.

    Notes
    -----
    ``t = -(Δr · Δv) / |Δv|²``, ``d = |Δr + t Δv|``, on the plane: for some tens of miles.
    """
    east, north = np.asarray(east_nmi, float), np.asarray(north_nmi, float)
    course, own = np.radians(np.asarray(course_deg, float)), np.radians(np.asarray(own_course_deg, float))
    speed, own_speed = np.asarray(speed_kn, float), np.asarray(own_speed_kn, float)
    to_east = speed * np.sin(course) - own_speed * np.sin(own)
    to_north = speed * np.cos(course) - own_speed * np.cos(own)
    square = to_east**2 + to_north**2
    moves = square > 1e-12
    hours = -(east * to_east + north * to_north) / np.where(moves, square, np.nan)
    after = np.where(moves, hours, 0.0)
    return Approach(60 * hours, np.hypot(east + after * to_east, north + after * to_north))


def is_dangerous(approach: Approach, *, least_nmi: float = 0.5, within_minutes: float = 20.0) -> Flags:
    """Tell which targets will come closer than ``least_nmi`` within the minutes to come; those that are past do not count."""
    with np.errstate(invalid="ignore"):
        ahead = (approach.minutes > 0) & (approach.minutes < within_minutes)
        dangerous: Flags = ahead & (approach.distance_nmi < least_nmi)
    return dangerous
