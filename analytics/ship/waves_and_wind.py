"""What wind, waves and shallow water add to a ship's resistance, and when trials and comparisons count."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.ship.holtrop import GRAVITY_M_PER_S2, SEA_WATER_KG_PER_M3
from analytics.window import FloatArray

KNOT_M_PER_S = 1852 / 3600
AIR_KG_PER_M3 = 1.225


class TrueWind(NamedTuple):
    """Wind over ground, each of the shape of the relative wind."""

    speed_m_per_s: FloatArray
    from_bow_deg: FloatArray
    """Where it comes from, -180 to 180, starboard positive."""


def true_wind(*, relative_m_per_s: npt.ArrayLike, from_bow_deg: npt.ArrayLike, speed_m_per_s: npt.ArrayLike) -> TrueWind:
    """Take the ship's own speed over ground, straight ahead, out of the wind that she feels."""
    relative, angle = np.asarray(relative_m_per_s, float), np.radians(np.asarray(from_bow_deg, float))
    ahead = relative * np.cos(angle) - np.asarray(speed_m_per_s, float)
    across = relative * np.sin(angle)
    return TrueWind(np.hypot(ahead, across), np.degrees(np.arctan2(across, ahead)))


def wind_resistance_kn(
    *,
    relative_m_per_s: npt.ArrayLike,
    from_bow_deg: npt.ArrayLike,
    speed_m_per_s: npt.ArrayLike,
    transverse_m2: float,
    drag_coefficient: float,
    air_kg_per_m3: npt.ArrayLike = AIR_KG_PER_M3,
) -> FloatArray:
    """Resistance of the wind beyond that of the ship's own way through still air. [kN]

    Parameters
    ----------
    relative_m_per_s, from_bow_deg : array_like
        What the anemometer shows.
    speed_m_per_s : array_like
        Over ground.
    transverse_m2 : float
        Area above the water, seen from ahead.
    drag_coefficient : float
        From ahead; from elsewhere it goes with the cosine of the angle, which is about what wind tunnels show for tankers and
        bulk carriers. A curve of the ship's own tests is better.

    References
    ----------
    ISO 19030-2:2016, annex G: ``R_rw - R_0w`` with ``R = ½ ρ A C(ψ) V²`` (form as remembered, unverified).
    """
    relative, angle = np.asarray(relative_m_per_s, float), np.radians(np.asarray(from_bow_deg, float))
    air = 0.5e-3 * np.asarray(air_kg_per_m3, float) * transverse_m2 * drag_coefficient
    found: FloatArray = air * (relative**2 * np.cos(angle) - np.asarray(speed_m_per_s, float) ** 2)
    return found


def stawave1_kn(
    wave_height_m: npt.ArrayLike,
    *,
    from_bow_deg: npt.ArrayLike,
    breadth_m: float,
    bow_length_m: float,
    water_kg_per_m3: float = SEA_WATER_KG_PER_M3,
) -> FloatArray:
    """Resistance that short head waves add. [kN]

    All of it up to 45° from the bow, which is as far as the standard has it; from there it fades with the cosine, to nothing at
    45° abaft the beam (a convention of ours: seas from the beam do slow a ship, and the standard leaves them out).

    Parameters
    ----------
    wave_height_m : array_like
        Significant.
    bow_length_m : float
        Along the waterline, from the bow to where she has 95 % of her breadth.

    References
    ----------
    STAWAVE-1, ISO 15016:2015, annex D: ``ρ g H² B √(B / L_BWL) / 16``; no heaving and pitching, so for small waves.
    """
    ahead = np.cos(np.radians(np.asarray(from_bow_deg, float)))
    head_kn = water_kg_per_m3 * GRAVITY_M_PER_S2 / 16_000 * np.asarray(wave_height_m, float) ** 2
    head_kn = head_kn * breadth_m * np.sqrt(breadth_m / bow_length_m)
    found: FloatArray = head_kn * np.clip(0.5 + ahead / np.sqrt(2), 0.0, 1.0)
    return found


def least_depth_m(*, breadth_m: float, draught_m: npt.ArrayLike, speed_m_per_s: npt.ArrayLike) -> FloatArray:
    """Depth of water below which the bottom slows a ship noticeably: ``max(3 √(B T), 2.75 V² / g)``. [m]

    References
    ----------
    ISO 19030-2:2016, reference conditions; the same in ISO 15016.
    """
    draught, speed = np.asarray(draught_m, float), np.asarray(speed_m_per_s, float)
    by_size = 3 * np.sqrt(breadth_m * np.where(draught > 0, draught, np.nan))
    found: FloatArray = np.maximum(by_size, 2.75 * speed**2 / GRAVITY_M_PER_S2)
    return found
