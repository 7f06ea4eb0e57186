"""Formulas of the air side: what the compressor heats and the charge cooler takes out again."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

_AIR_EXPONENT = 0.2857
"""(kappa - 1) / kappa of air, kappa 1.4."""
_KELVIN = 273.15


def cooler_effectiveness(
    *, air_in_celsius: npt.ArrayLike, air_out_celsius: npt.ArrayLike, coolant_in_celsius: npt.ArrayLike
) -> FloatArray:
    """Share of the possible cooling that a charge cooler does: ``(T2 - T3)/(T2 - T_coolant)``; NaN where T2 is not above it.

    Parameters
    ----------
    air_in_celsius, air_out_celsius, coolant_in_celsius : array_like
        Charge air before and behind the cooler, and what cools it. [°C]

    References
    ----------
    W. M. Kays and A. L. London, "Compact Heat Exchangers", chapter 2.
    """
    before, after, coolant = np.broadcast_arrays(
        np.asarray(air_in_celsius, float), np.asarray(air_out_celsius, float), np.asarray(coolant_in_celsius, float)
    )
    possible = before - coolant
    with np.errstate(invalid="ignore"):
        found = np.divide(before - after, possible, out=np.full(before.shape, np.nan), where=possible > 0)
    return np.asarray(found, np.float64)


def compressor_outlet_celsius(*, intake_celsius: npt.ArrayLike, pressure_ratio: npt.ArrayLike, efficiency: float) -> FloatArray:
    """Temperature of the air behind the compressor, of its isentropic efficiency; NaN of a ratio that is not positive. [°C]

    Raises
    ------
    ValueError
        If the efficiency is not above 0 and at most 1.

    References
    ----------
    J. B. Heywood, "Internal Combustion Engine Fundamentals", 6.8: ``T2 = T1 [1 + (r^((k-1)/k) - 1)/eta]``.
    """
    if not 0 < efficiency <= 1:
        raise ValueError(f"a compressor's efficiency of {efficiency}")
    ratio = np.asarray(pressure_ratio, float)
    with np.errstate(invalid="ignore"):
        heated = np.where(ratio > 0, ratio, np.nan) ** _AIR_EXPONENT - 1
    intake = np.asarray(intake_celsius, float) + _KELVIN
    return np.asarray(intake * (1 + heated / efficiency) - _KELVIN, np.float64)


def at_reference_intake_celsius(temperature_celsius: npt.ArrayLike, *, intake_celsius: npt.ArrayLike) -> FloatArray:
    """Give an exhaust temperature as it would be with an intake of 25 °C. [°C]

    In the ideal cycle at one ratio of fuel to air all absolute temperatures go with that of the intake. A real engine differs
    a little; what is left is for the learned baseline.
    """
    ratio = (25.0 + _KELVIN) / (np.asarray(intake_celsius, float) + _KELVIN)
    return np.asarray((np.asarray(temperature_celsius, float) + _KELVIN) * ratio - _KELVIN, np.float64)
