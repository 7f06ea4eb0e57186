"""Ways over the earth: the shortest on the sphere and on the ellipsoid, and that of one course."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

MILE_M = 1852.0
MEAN_RADIUS_NMI = 6_371_008.8 / MILE_M
"""Mean radius R1 of the ellipsoid (IUGG)."""
_EQUATOR_M, _FLATTENING = 6_378_137.0, 1 / 298.257223563
"""WGS 84."""
_POLE_M = _EQUATOR_M * (1 - _FLATTENING)
_MOST_ROUNDS = 200


class Way(NamedTuple):
    """Distance and the course at its beginning, 0 to 360 clockwise from north."""

    nmi: FloatArray
    course_deg: FloatArray


def great_circle(
    latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, *, to_latitude_deg: npt.ArrayLike, to_longitude_deg: npt.ArrayLike
) -> Way:
    """Shortest way on the sphere (haversine); up to 0.6 % off on the real earth."""
    north, east, to_north, to_east = _radians(latitude_deg, longitude_deg, to_latitude_deg, to_longitude_deg)
    over = to_east - east
    half = np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin(over / 2) ** 2
    across = np.sin(over) * np.cos(to_north)
    ahead = np.cos(north) * np.sin(to_north) - np.sin(north) * np.cos(to_north) * np.cos(over)
    nmi = 2 * MEAN_RADIUS_NMI * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return Way(nmi, np.degrees(np.arctan2(across, ahead)) % 360)


def rhumb_line(
    latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, *, to_latitude_deg: npt.ArrayLike, to_longitude_deg: npt.ArrayLike
) -> Way:
    """Way of one course on the sphere, the shorter way around."""
    north, east, to_north, to_east = _radians(latitude_deg, longitude_deg, to_latitude_deg, to_longitude_deg)
    over = (to_east - east + np.pi) % (2 * np.pi) - np.pi
    up = to_north - north
    stretched = np.log(np.tan(np.pi / 4 + to_north / 2) / np.tan(np.pi / 4 + north / 2))
    along_parallel = np.abs(up) < 1e-12
    shrink = np.where(along_parallel, np.cos(north), up / np.where(along_parallel, 1.0, stretched))
    return Way(MEAN_RADIUS_NMI * np.hypot(up, shrink * over), np.degrees(np.arctan2(over, stretched)) % 360)


def geodesic(
    latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, *, to_latitude_deg: npt.ArrayLike, to_longitude_deg: npt.ArrayLike
) -> Way:
    """Shortest way on the ellipsoid WGS 84, to a millimetre; NaN of points nearly opposite, for which it does not converge.

    References
    ----------
    T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid, Survey Review 23 (1975), 88-93.
    """
    north, east, to_north, to_east = _radians(latitude_deg, longitude_deg, to_latitude_deg, to_longitude_deg)
    over = (to_east - east + np.pi) % (2 * np.pi) - np.pi
    reduced, to_reduced = (np.arctan((1 - _FLATTENING) * np.tan(one)) for one in (north, to_north))
    (sin_u, cos_u), (sin_w, cos_w) = ((np.sin(one), np.cos(one)) for one in (reduced, to_reduced))
    turn = over
    for _ in range(_MOST_ROUNDS):
        sin_s = np.hypot(cos_w * np.sin(turn), cos_u * sin_w - sin_u * cos_w * np.cos(turn))
        cos_s = sin_u * sin_w + cos_u * cos_w * np.cos(turn)
        arc = np.arctan2(sin_s, cos_s)
        sin_a = cos_u * cos_w * np.sin(turn) / np.where(sin_s > 0, sin_s, 1.0)
        cos2_a = 1 - sin_a**2
        middle = np.where(cos2_a > 1e-15, cos_s - 2 * sin_u * sin_w / np.where(cos2_a > 1e-15, cos2_a, 1.0), 0.0)
        c = _FLATTENING / 16 * cos2_a * (4 + _FLATTENING * (4 - 3 * cos2_a))
        inner = middle + c * cos_s * (2 * middle**2 - 1)
        new = over + (1 - c) * _FLATTENING * sin_a * (arc + c * sin_s * inner)
        moved = np.abs(new - turn)
        turn = new
        if not np.any(moved > 1e-12):
            break
    converged = (moved <= 1e-11) & (np.abs(turn) <= np.pi)
    u2 = cos2_a * (_EQUATOR_M**2 - _POLE_M**2) / _POLE_M**2
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    third = b / 6 * middle * (4 * sin_s**2 - 3) * (4 * middle**2 - 3)
    less = b * sin_s * (middle + b / 4 * (cos_s * (2 * middle**2 - 1) - third))
    course = np.degrees(np.arctan2(cos_w * np.sin(turn), cos_u * sin_w - sin_u * cos_w * np.cos(turn))) % 360
    nmi = _POLE_M * a * (arc - less) / MILE_M
    return Way(np.where(converged, nmi, np.nan), np.where(converged, course, np.nan))


def _radians(*angles_deg: npt.ArrayLike) -> tuple[FloatArray, ...]:
    return tuple(np.radians(np.asarray(angle, float)) for angle in angles_deg)
