"""Water under the keel, rolling, and what goes beyond a limit for how long."""

import numpy as np
import numpy.typing as npt

from analytics.ship.holtrop import GRAVITY_M_PER_S2
from analytics.window import Flags, FloatArray

OPEN_WATER, CONFINED_WATER = 100.0, 50.0
"""Divisors of Barrass' formula."""
_ROLL_COEFFICIENT = (0.373, 0.023, -0.043)


def squat_m(*, block_coefficient: float, speed_kn: npt.ArrayLike, divisor: float = OPEN_WATER) -> FloatArray:
    """How much deeper a ship lies for her own speed in shallow water: ``C_b V² / 100``, in a canal ``/ 50``. [m]

    Parameters
    ----------
    speed_kn : array_like
        Through the water.

    References
    ----------
    C. B. Barrass, Ship Design and Performance for Masters and Mates, 2004, chapter on squat.
    """
    found: FloatArray = block_coefficient * np.asarray(speed_kn, float) ** 2 / divisor
    return found


def under_keel_m(*, depth_m: npt.ArrayLike, draught_m: npt.ArrayLike, squat: npt.ArrayLike, tide_m: float = 0.0) -> FloatArray:
    """Water under the deepest point. [m]

    Parameters
    ----------
    depth_m : array_like
        From the surface, of a chart with ``tide_m`` above it.
    draught_m : array_like
        The deeper of fore and aft.
    """
    found: FloatArray = np.asarray(depth_m, float) + tide_m - np.asarray(draught_m, float) - np.asarray(squat, float)
    return found


def roll_period_s(*, breadth_m: float, draught_m: npt.ArrayLike, length_m: float, metacentric_height_m: float) -> FloatArray:
    """Natural period of roll, ``2 C B / √GM`` with ``C = 0.373 + 0.023 B/T - 0.043 L/100``. [s]

    References
    ----------
    IMO, 2008 IS Code, resolution MSC.267(85), part A, 2.3.
    """
    draught = np.asarray(draught_m, float)
    level, by_draught, by_length = _ROLL_COEFFICIENT
    c = level + by_draught * breadth_m / np.where(draught > 0, draught, np.nan) + by_length * length_m / 100
    found: FloatArray = 2 * c * breadth_m / np.sqrt(metacentric_height_m)
    return found


def encounter_period_s(*, wave_period_s: npt.ArrayLike, speed_kn: npt.ArrayLike, from_bow_deg: npt.ArrayLike) -> FloatArray:
    """Period at which a ship meets waves in deep water; infinite where she runs with them. [s]

    Parameters
    ----------
    from_bow_deg : array_like
        Where they come from: 0 ahead, 180 astern.
    """
    omega = 2 * np.pi / np.asarray(wave_period_s, float)
    towards = np.asarray(speed_kn, float) * 1852 / 3600 * np.cos(np.radians(np.asarray(from_bow_deg, float)))
    met = np.abs(omega + omega**2 * towards / GRAVITY_M_PER_S2)
    found: FloatArray = np.divide(2 * np.pi, met, out=np.full(met.shape, np.inf), where=~(met == 0))
    return found


def may_roll_parametrically(*, encounter_s: npt.ArrayLike, roll_s: npt.ArrayLike, tolerance: float = 0.15) -> Flags:
    """Tell where waves are met at about half the natural period of roll, or at the whole of it.

    References
    ----------
    IMO, MSC.1/Circ.1228, 3.2: encounter period approximately equal to one half of the roll period, or to it.
    """
    ratio = np.asarray(encounter_s, float) / np.asarray(roll_s, float)
    with np.errstate(invalid="ignore"):
        tuned: Flags = (np.abs(2 * ratio - 1) <= tolerance) | (np.abs(ratio - 1) <= tolerance)
    return tuned


def fully_developed_period_s(wave_height_m: npt.ArrayLike) -> FloatArray:
    """Peak period of wind waves of a height that have come to their full size: ``5.13 √H``. [s]

    A swell is longer and a young sea shorter: it stands in for a wave radar.

    References
    ----------
    W. J. Pierson and L. Moskowitz, J. Geophysical Research 69 (1964), 5181: ``ω_p = 0.855 g / U``, ``H = 0.0213 U²``.
    """
    height = np.asarray(wave_height_m, float)
    found: FloatArray = 5.13 * np.sqrt(np.where(height > 0, height, np.nan))
    return found
