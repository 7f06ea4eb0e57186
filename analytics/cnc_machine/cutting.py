"""The cut: force and power after Kienzle, tool life after Taylor, and how worn a tool is by the power it takes."""

import numpy as np

from analytics.window import FloatArray

CARBIDE_EXPONENT, HIGH_SPEED_STEEL_EXPONENT = 0.25, 0.125
"""n of v · Tⁿ = C, as text books have it."""
CHIP_EXPONENT = 0.25
"""m_c of Kienzle's equation for most steels and irons: so much less force takes a thicker chip for its section."""
POWER_PER_WEAR = 1.17
"""k of P = P0 · (1 + k · VB), by millimetre of flank wear: a third more at the usual limit of 0.3 mm (engineering default)."""
SPENT_RATIO = 1.3
"""Power over that of the tool's reference from which to replace it (usual in practice)."""


def cutting_force_n(*, width_mm: float, thickness_mm: float, specific_force_n_per_mm2: float, exponent: float) -> float:
    """Give the cutting force F_c = k_c1.1 · b · h^(1 - m_c).

    Raises
    ------
    ValueError
        If the chip has no size.

    References
    ----------
    Kienzle 1952; DIN 6584.
    """
    if not (width_mm > 0 and thickness_mm > 0):
        raise ValueError("a chip has width and thickness")
    return float(specific_force_n_per_mm2 * width_mm * thickness_mm ** (1 - exponent))


def cutting_power_kw(*, force_n: float, speed_m_per_min: float) -> float:
    """Give the power at the tool, F_c · v_c."""
    return force_n * speed_m_per_min / 60_000


def tool_life_minutes(*, speed_m_per_min: float, constant_m_per_min: float, exponent: float = CARBIDE_EXPONENT) -> float:
    """Give an edge's life after Taylor, v · Tⁿ = C, with C the speed at which it lasts one minute.

    Raises
    ------
    ValueError
        If a speed is not positive.
    """
    if not (speed_m_per_min > 0 and constant_m_per_min > 0):
        raise ValueError("a speed is positive")
    return float((constant_m_per_min / speed_m_per_min) ** (1 / exponent))


def at_full_feed(log_power: FloatArray, feed_override_percent: FloatArray) -> FloatArray:
    """Bring the logarithm of a cut's power to a feed override of 100 %: by Kienzle it goes with h^(1 - m_c)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        thinner = np.log(np.where(feed_override_percent > 0, feed_override_percent, np.nan) / 100)
    corrected: FloatArray = log_power - (1 - CHIP_EXPONENT) * thinner
    return corrected


def wear_from_power_mm(ratio: float) -> float:
    """Give the flank wear that makes a cut's power grow by this ratio, VB = (P / P0 - 1) / k."""
    return (ratio - 1) / POWER_PER_WEAR
