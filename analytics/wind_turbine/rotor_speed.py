"""The wind over a whole rotor: one speed that carries the same power as a profile over height."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray


def segment_shares(*, heights_m: npt.ArrayLike, hub_height_m: float, diameter_m: float) -> FloatArray:
    """Share of the disc that each height of measurement stands for, shape (heights,); together 1.

    Parameters
    ----------
    heights_m : array_like, shape (heights,)
        Rising, all between the lower and the upper tip; borders lie half-way between neighbours.

    Raises
    ------
    ValueError
        If heights do not rise, or one lies outside the disc.

    References
    ----------
    IEC 61400-12-1:2017, 9.1.3.2.
    """
    heights, radius = np.asarray(heights_m, float), diameter_m / 2
    if not len(heights) or not (np.diff(heights) > 0).all() or (np.abs(heights - hub_height_m) > radius).any():
        raise ValueError("heights must rise from the lower tip to the upper one")
    borders = np.concatenate([[-radius], (heights[1:] + heights[:-1]) / 2 - hub_height_m, [radius]])
    share = np.clip(borders / radius, -1, 1)
    # Area below a chord, over that of the disc.
    below = 0.5 + (share * np.sqrt(1 - share**2) + np.arcsin(share)) / np.pi
    shares: FloatArray = np.diff(below)
    return shares


def rotor_equivalent_speed_mps(
    *, speeds_mps: npt.ArrayLike, shares: npt.ArrayLike, veer_degrees: npt.ArrayLike = 0.0, exponent: float = 3.0
) -> FloatArray:
    """Speed that carries the same power through the disc; NaN where a height is unknown. [m/s]

    Parameters
    ----------
    speeds_mps : array_like, shape (heights, n)
    shares : array_like, shape (heights,)
        From `segment_shares`.
    veer_degrees : array_like, shape (heights, n), optional
        Direction at each height against that at the hub.
    exponent : float
        3 for power; 1 for the mean over the disc.

    References
    ----------
    IEC 61400-12-1:2017, 9.1.3.2: ``(Σ (V_i cos phi_i)³ A_i / A)^(1/3)``.
    """
    along = np.asarray(speeds_mps, float) * np.cos(np.radians(np.asarray(veer_degrees, float)))
    # What blows from behind counts against.
    total = np.asarray(np.asarray(shares, float) @ (np.sign(along) * np.abs(along) ** exponent), np.float64)
    speed: FloatArray = np.sign(total) * np.abs(total) ** (1 / exponent)
    return speed


def shear_exponent(*, lower_mps: npt.ArrayLike, upper_mps: npt.ArrayLike, lower_m: float, upper_m: float) -> FloatArray:
    """Exponent of the power law between two heights, ``ln(V_2/V_1) / ln(z_2/z_1)``; NaN without wind.

    Raises
    ------
    ValueError
        If the upper height does not lie above the lower.

    References
    ----------
    IEC 61400-1, 6.3.2.2.
    """
    if not upper_m > lower_m > 0:
        raise ValueError(f"heights of {lower_m} and {upper_m} m")
    lower, upper = np.broadcast_arrays(np.asarray(lower_mps, float), np.asarray(upper_mps, float))
    has_wind = (lower > 0) & (upper > 0)
    ratio = np.divide(upper, lower, out=np.full(lower.shape, np.nan), where=has_wind)
    exponent: FloatArray = np.log(ratio) / np.log(upper_m / lower_m)
    return exponent
