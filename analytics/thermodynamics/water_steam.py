"""Properties of water and steam, IAPWS-IF97: liquid (region 1), steam (region 2) and the line of saturation (region 4).

All functions take arrays that broadcast together and give NaN outside their range; near the critical point (region 3: above
623.15 K and above the boundary between regions 2 and 3) none answers, which no industrial boiler reaches.

References
----------
IAPWS R7-97(2012), Revised Release on the IAPWS Industrial Formulation 1997 for the Thermodynamic Properties of Water and Steam.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.thermodynamics.if97_coefficients import (
    BOUNDARY_23,
    GAS_CONSTANT_KJ_PER_KG_K,
    REGION_1,
    REGION_2_IDEAL,
    REGION_2_RESIDUAL,
    SATURATION,
)
from analytics.window import FloatArray

CELSIUS_ZERO_KELVIN = 273.15
LOWEST_KELVIN, REGION_3_FROM_KELVIN, HIGHEST_KELVIN = 273.15, 623.15, 1073.15
CRITICAL_KELVIN, CRITICAL_MPA = 647.096, 22.064
MOST_MPA = 100.0
_TRIPLE_POINT_MPA = 0.000611212677
"""Saturation at 273.15 K, where region 4 begins."""


class WaterState(NamedTuple):
    """Properties at one state each; NaN outside the regions."""

    volume_m3_per_kg: FloatArray
    enthalpy_kj_per_kg: FloatArray
    entropy_kj_per_kg_k: FloatArray


def saturation_pressure_mpa(*, temperature_k: npt.ArrayLike) -> FloatArray:
    """Pressure at which water of 273.15 to 647.096 K boils. [MPa]

    References
    ----------
    Equation 30.
    """
    kelvin = _within(temperature_k, LOWEST_KELVIN, CRITICAL_KELVIN)
    n1, n2, n3, n4, n5, n6, n7, n8, n9, n10 = SATURATION
    theta = kelvin + n9 / (kelvin - n10)
    a = theta**2 + n1 * theta + n2
    b = n3 * theta**2 + n4 * theta + n5
    c = n6 * theta**2 + n7 * theta + n8
    found: FloatArray = (2 * c / (-b + np.sqrt(b**2 - 4 * a * c))) ** 4
    return found


def saturation_temperature_k(*, pressure_mpa: npt.ArrayLike) -> FloatArray:
    """Temperature at which water boils at 0.000611 to 22.064 MPa. [K]

    References
    ----------
    Equation 31.
    """
    pressure = _within(pressure_mpa, _TRIPLE_POINT_MPA, CRITICAL_MPA)
    n1, n2, n3, n4, n5, n6, n7, n8, n9, n10 = SATURATION
    beta = pressure**0.25
    e = beta**2 + n3 * beta + n6
    f = n1 * beta**2 + n4 * beta + n7
    g = n2 * beta**2 + n5 * beta + n8
    d = 2 * g / (-f - np.sqrt(f**2 - 4 * e * g))
    found: FloatArray = (n10 + d - np.sqrt((n10 + d) ** 2 - 4 * (n9 + n10 * d))) / 2
    return found


def liquid(*, pressure_mpa: npt.ArrayLike, temperature_k: npt.ArrayLike) -> WaterState:
    """Liquid water from 273.15 to 623.15 K, at its pressure of saturation or more, up to 100 MPa.

    References
    ----------
    Equation 7.
    """
    pressure, kelvin = np.broadcast_arrays(
        _within(pressure_mpa, 0.0, MOST_MPA), _within(temperature_k, LOWEST_KELVIN, REGION_3_FROM_KELVIN)
    )
    # A state on the line itself must not fall out by a rounding.
    is_liquid = pressure >= saturation_pressure_mpa(temperature_k=kelvin) * (1 - 1e-9)
    pressure = np.where(is_liquid, pressure, np.nan)
    pi, tau = pressure / 16.53, 1386 / kelvin
    gamma, by_pi, by_tau = _sums(REGION_1, 7.1 - pi, tau - 1.222)
    return _state(pressure, kelvin, gamma=gamma, pi_by_pi=-pi * by_pi, tau_by_tau=tau * by_tau)


def steam(*, pressure_mpa: npt.ArrayLike, temperature_k: npt.ArrayLike) -> WaterState:
    """Steam from 273.15 to 1073.15 K, at its pressure of saturation or less, and below the boundary to region 3.

    References
    ----------
    Equations 15 to 17; boundary: equation 5.
    """
    pressure, kelvin = np.broadcast_arrays(
        _within(pressure_mpa, np.finfo(float).tiny, MOST_MPA), _within(temperature_k, LOWEST_KELVIN, HIGHEST_KELVIN)
    )
    with np.errstate(invalid="ignore"):
        most = np.where(
            kelvin <= REGION_3_FROM_KELVIN,
            saturation_pressure_mpa(temperature_k=np.minimum(kelvin, CRITICAL_KELVIN)) * (1 + 1e-9),
            boundary_23_mpa(temperature_k=kelvin),
        )
        pressure = np.where(pressure <= most, pressure, np.nan)
    pi, tau = pressure, 540 / kelvin
    ideal, _, ideal_by_tau = _sums(REGION_2_IDEAL, np.ones_like(pi), tau)
    residual, residual_by_pi, residual_by_tau = _sums(REGION_2_RESIDUAL, pi, tau - 0.5)
    return _state(
        pressure,
        kelvin,
        gamma=np.log(pi) + ideal + residual,
        pi_by_pi=1 + pi * residual_by_pi,
        tau_by_tau=tau * (ideal_by_tau + residual_by_tau),
    )


def boiling_water(*, pressure_mpa: npt.ArrayLike) -> WaterState:
    """Water at its boiling point, 0.000611 to 16.53 MPa."""
    return liquid(pressure_mpa=pressure_mpa, temperature_k=saturation_temperature_k(pressure_mpa=pressure_mpa))


def dry_saturated_steam(*, pressure_mpa: npt.ArrayLike) -> WaterState:
    """Steam at its boiling point that carries no water, 0.000611 to 16.53 MPa."""
    return steam(pressure_mpa=pressure_mpa, temperature_k=saturation_temperature_k(pressure_mpa=pressure_mpa))


def boundary_23_mpa(*, temperature_k: npt.ArrayLike) -> FloatArray:
    """Pressure above which region 3 begins, 623.15 to 863.15 K; beyond that region 2 reaches up to 100 MPa. [MPa]

    References
    ----------
    Equation 5.
    """
    kelvin = np.asarray(temperature_k, float)
    n1, n2, n3, _, _ = BOUNDARY_23
    found: FloatArray = np.where(kelvin <= 863.15, n1 + n2 * kelvin + n3 * kelvin**2, MOST_MPA)
    return found


def _within(values: npt.ArrayLike, lowest: float, highest: float) -> FloatArray:
    array = np.asarray(values, float)
    found: FloatArray = np.where((array >= lowest) & (array <= highest), array, np.nan)
    return found


def _sums(table: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum ``n x^I y^J`` and its derivatives by x and by y."""
    of_x, of_y = _powers(x, table[:, 0]), _powers(y, table[:, 1])
    total, by_x, by_y = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
    for i, j, n in table:
        power_x, power_y = of_x[int(i)], n * of_y[int(j)]
        total += power_x * power_y
        if i:
            by_x += i * of_x[int(i) - 1] * power_y
        if j:
            by_y += (n * j) * power_x * of_y[int(j) - 1]
    return total, by_x, by_y


def _powers(x: FloatArray, exponents: FloatArray) -> dict[int, FloatArray]:
    """Give every whole power in the range of the exponents and of their derivatives; a product each is faster than a power."""
    powers = {0: np.ones(x.shape)}
    for exponent in range(1, int(exponents.max()) + 1):
        powers[exponent] = powers[exponent - 1] * x
    inverse = 1 / x
    for exponent in range(-1, int(exponents.min()) - 2, -1):
        powers[exponent] = powers[exponent + 1] * inverse
    return powers


def _state(
    pressure: FloatArray, kelvin: FloatArray, *, gamma: FloatArray, pi_by_pi: FloatArray, tau_by_tau: FloatArray
) -> WaterState:
    """Give the properties by the derivatives of the Gibbs free energy; R·T is in kJ/kg, which is MPa·dm³/g."""
    energy = GAS_CONSTANT_KJ_PER_KG_K * kelvin
    return WaterState(
        volume_m3_per_kg=np.asarray(energy / 1000 / pressure * pi_by_pi),
        enthalpy_kj_per_kg=np.asarray(energy * tau_by_tau),
        entropy_kj_per_kg_k=np.asarray(GAS_CONSTANT_KJ_PER_KG_K * (tau_by_tau - gamma)),
    )
