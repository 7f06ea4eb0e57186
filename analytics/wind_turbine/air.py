"""The air that drives a rotor: how dense it is, and what a record would have been at the standard density.

IEC 61400-12-1:2017, 9.1.5; taken from secondary sources, the figures of the tests are worked out from the equation.
"""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

STANDARD_DENSITY = 1.225
"""Of dry air at 15 °C and 101.325 kPa, for which power curves are stated. [kg/m³]"""
_KELVIN = 273.15
_DRY_AIR, _VAPOUR = 287.05, 461.5
"""Gas constants. [J/(kg K)]"""


def air_density_kg_per_m3(
    *, temperature_celsius: npt.ArrayLike, pressure_kpa: npt.ArrayLike, humidity_percent: npt.ArrayLike
) -> FloatArray:
    """Density of moist air; NaN where a reading cannot be. [kg/m³]

    Parameters
    ----------
    temperature_celsius, pressure_kpa, humidity_percent : array_like
        At hub height; the humidity is relative.

    References
    ----------
    IEC 61400-12-1:2017, 9.1.5: ``rho = (B/R_0 - phi P_w (1/R_0 - 1/R_w)) / T``, ``P_w = 0.0000205 exp(0.0631846 T)``.
    """
    kelvin = np.asarray(temperature_celsius, float) + _KELVIN
    pascal = 1000 * np.asarray(pressure_kpa, float)
    humidity = np.asarray(humidity_percent, float) / 100
    with np.errstate(invalid="ignore"):
        can_be = (kelvin > 200) & (kelvin < 340) & (pascal > 40_000) & (pascal < 115_000) & (humidity >= 0) & (humidity <= 1.02)
    kelvin = np.where(can_be, kelvin, np.nan)
    vapour_pascal = 2.05e-5 * np.exp(0.0631846 * kelvin)
    density: FloatArray = (pascal / _DRY_AIR - humidity * vapour_pascal * (1 / _DRY_AIR - 1 / _VAPOUR)) / kelvin
    return density


def normalised_speed_mps(*, speed_mps: npt.ArrayLike, density_kg_per_m3: npt.ArrayLike) -> FloatArray:
    """Wind speed that carries the same power at the standard density, for turbines that limit power by pitch. [m/s]

    References
    ----------
    IEC 61400-12-1:2017, 9.1.5: ``V_n = V (rho / 1.225)^(1/3)``.
    """
    density = np.asarray(density_kg_per_m3, float)
    normalised: FloatArray = np.asarray(speed_mps, float) * np.cbrt(density / STANDARD_DENSITY)
    return normalised


def normalised_power_kw(*, power_kw: npt.ArrayLike, density_kg_per_m3: npt.ArrayLike) -> FloatArray:
    """Power at the standard density, for turbines that limit it by stall. [kW]

    References
    ----------
    IEC 61400-12-1:2017, 9.1.5: ``P_n = P 1.225 / rho``.
    """
    density = np.asarray(density_kg_per_m3, float)
    power = np.asarray(power_kw, float)
    shape = np.broadcast_shapes(power.shape, density.shape)
    normalised: FloatArray = np.divide(STANDARD_DENSITY * power, density, out=np.full(shape, np.nan), where=density > 0)
    return normalised


def wind_power_kw(*, speed_mps: npt.ArrayLike, area_m2: float, density_kg_per_m3: npt.ArrayLike = STANDARD_DENSITY) -> FloatArray:
    """Power of the wind through an area, ``rho A V³ / 2``. [kW]"""
    power: FloatArray = np.asarray(density_kg_per_m3, float) * area_m2 * np.asarray(speed_mps, float) ** 3 / 2000
    return power


def power_coefficient(*, power_kw: npt.ArrayLike, speed_mps: npt.ArrayLike, area_m2: float) -> FloatArray:
    """What share of the wind's power a turbine feeds in, both at the standard density; NaN without wind.

    References
    ----------
    IEC 61400-12-1:2017, 9.3.
    """
    power, wind = np.broadcast_arrays(np.asarray(power_kw, float), wind_power_kw(speed_mps=speed_mps, area_m2=area_m2))
    share: FloatArray = np.divide(power, wind, out=np.full(power.shape, np.nan), where=wind > 0)
    return share


def disc_area_m2(diameter_m: float) -> float:
    """Area that a rotor sweeps. [m²]

    Raises
    ------
    ValueError
        If the diameter is not positive.
    """
    if not diameter_m > 0:
        raise ValueError(f"a rotor of {diameter_m} m")
    return float(np.pi * diameter_m**2 / 4)
