"""Whether a machine is within its fence: even-odd rule, metres in a local plane, hysteresis against positions that stray."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from analytics.window import Flags, FloatArray

METRES_PER_DEGREE = 6_371_008.8 * np.pi / 180
"""Of latitude, on a sphere of the earth's mean radius (IUGG)."""
BUFFER_METRES = 50.0
FIXES = 2
_LEAST_POSITIONS = 10


class Plane(NamedTuple):
    """A plane that touches the earth at a point: east and north in metres, right to 0.1 % within some 50 km."""

    latitude_deg: float
    longitude_deg: float

    def metres(self, latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
        """Give east and north, shape (2, n)."""
        turned = np.asarray((longitude_deg - self.longitude_deg + 180) % 360 - 180)
        east = turned * METRES_PER_DEGREE * np.cos(np.radians(self.latitude_deg))
        return np.stack([east, (np.asarray(latitude_deg) - self.latitude_deg) * METRES_PER_DEGREE])


class Fence(NamedTuple):
    """A polygon around a site."""

    plane: Plane
    corners_m: FloatArray
    """Shape (2, corners), east and north; the last is joined to the first."""

    @classmethod
    def of(cls, corners_deg: Sequence[tuple[float, float]]) -> Self:
        """Make a fence of corners, each latitude and longitude.

        Raises
        ------
        ValueError
            If there are fewer than three, or one is no place on earth.
        """
        corners = np.array(corners_deg, np.float64).reshape(-1, 2)
        if len(corners) < 3 or not np.isfinite(corners).all() or (np.abs(corners) > (90, 180)).any():
            raise ValueError("a fence has three corners or more, each of a latitude and a longitude in degrees")
        plane = Plane(float(corners[:, 0].mean()), float(corners[0, 1]))
        return cls(plane, plane.metres(corners[:, 0], corners[:, 1]))

    @classmethod
    def circle(cls, latitude_deg: float, longitude_deg: float, *, radius_metres: float) -> Self:
        """Make a fence of 72 corners on a circle; it lies within the circle by at most a thousandth of its radius.

        Raises
        ------
        ValueError
            If the radius is not positive, or the centre is no place on earth.
        """
        if not (radius_metres > 0 and abs(latitude_deg) < 90 and abs(longitude_deg) <= 180):
            raise ValueError(f"no circle of {radius_metres:g} m around {latitude_deg:g}, {longitude_deg:g}")
        angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        return cls(Plane(latitude_deg, longitude_deg), radius_metres * np.stack([np.cos(angle), np.sin(angle)]))

    @classmethod
    def around(cls, latitude_deg: FloatArray, longitude_deg: FloatArray) -> Self:
        """Draw a fence around where a machine has been: the convex hull of its positions.

        Raises
        ------
        ValueError
            If there are few positions, or all lie in a line.
        """
        known = ~(np.isnan(latitude_deg) | np.isnan(longitude_deg))
        if known.sum() < _LEAST_POSITIONS:
            raise ValueError(f"{known.sum()} positions")
        latitude, longitude = latitude_deg[known], longitude_deg[known]
        plane = Plane(float(np.median(latitude)), float(np.median(longitude)))
        places = plane.metres(latitude, longitude)
        try:
            hull: FloatArray = places[:, ConvexHull(places.T).vertices]
        except QhullError:
            raise ValueError("all positions lie in a line") from None
        return cls(plane, hull)

    def contains(self, east_m: FloatArray, north_m: FloatArray) -> Flags:
        """Tell by the even-odd rule which places lie within: a ray eastwards crosses the fence an odd number of times."""
        inside = np.zeros(len(east_m), bool)
        for (x0, y0), (x1, y1) in self._sides():
            if y0 != y1:
                inside ^= ((y0 > north_m) != (y1 > north_m)) & (east_m < x0 + (north_m - y0) * ((x1 - x0) / (y1 - y0)))
        return inside

    def distance_metres(self, latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
        """Give how far outside each position is; 0 within, NaN where it is unknown. [m]"""
        east, north = self.plane.metres(latitude_deg, longitude_deg)
        known = ~(np.isnan(east) | np.isnan(north))
        distance = np.where(known, 0.0, np.nan)
        outside = np.flatnonzero(known)[~self.contains(east[known], north[known])]
        away = np.full(len(outside), np.inf)
        for (x0, y0), (x1, y1) in self._sides():
            from_x, from_y, side_x, side_y = east[outside] - x0, north[outside] - y0, x1 - x0, y1 - y0
            along = np.clip((from_x * side_x + from_y * side_y) / max(side_x**2 + side_y**2, 1e-12), 0.0, 1.0)
            away = np.minimum(away, np.hypot(from_x - along * side_x, from_y - along * side_y))
        distance[outside] = away
        return distance

    def _sides(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        corners = [(float(east), float(north)) for east, north in self.corners_m.T]
        return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def is_outside(distance_metres: FloatArray, *, buffer_metres: float = BUFFER_METRES, fixes: int = FIXES) -> Flags:
    """Tell from when to when a machine counts as outside.

    It has left after ``fixes`` positions in a row beyond the buffer, and is back after as many within the fence. Unknown
    positions change nothing.

    Parameters
    ----------
    distance_metres : ndarray, shape (n,)
        As `Fence.distance_metres` gives them. [m]
    """
    known = np.flatnonzero(~np.isnan(distance_metres))
    distance = distance_metres[known]
    leaves, returns = _in_a_row(distance > buffer_metres, fixes), _in_a_row(distance <= 0, fixes)
    index = np.arange(len(distance))
    last_left = np.maximum.accumulate(np.where(leaves, index, -1))
    last_back = np.maximum.accumulate(np.where(returns, index, -1))
    state = np.zeros(len(distance_metres) + 1, bool)
    state[known + 1] = last_left > last_back
    latest = np.zeros(len(distance_metres) + 1, np.int64)
    latest[known + 1] = known + 1
    return np.asarray(state[np.maximum.accumulate(latest)[1:]])


def _in_a_row(flags: Flags, count: int) -> Flags:
    sums = np.concatenate([[0], np.cumsum(flags)])
    enough = np.zeros(len(flags), bool)
    if len(flags) >= count:
        enough[count - 1 :] = sums[count:] - sums[:-count] == count
    return enough
