"""Moist air as a compressor takes it in: vapour, dry share, density, dew point under pressure."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

ATMOSPHERE_KPA = 101.325
ISENTROPIC_EXPONENT = 1.4
"""Of dry air between 0 and 100 °C, within 0.3 %."""
GAS_CONSTANT_J_PER_KG_K = 287.05
"""Of dry air."""
_VAPOUR_CONSTANT_J_PER_KG_K = 461.5
ZERO_CELSIUS_K = 273.15
# Coefficients over water, good to 0.3 % between -45 and 60 °C.
_MAGNUS_KPA, _MAGNUS_FACTOR, _MAGNUS_CELSIUS = 0.6112, 17.62, 243.12


def saturation_kpa(celsius: npt.ArrayLike) -> FloatArray:
    """Pressure of saturated water vapour over water, -45 to 60 °C. [kPa]

    References
    ----------
    Magnus's formula as WMO-No. 8 (2018), annex 4.B, gives it.
    """
    temperature = np.asarray(celsius, float)
    pressure: FloatArray = _MAGNUS_KPA * np.exp(_MAGNUS_FACTOR * temperature / (_MAGNUS_CELSIUS + temperature))
    return pressure


def dew_point_celsius(vapour_kpa: npt.ArrayLike) -> FloatArray:
    """Temperature at which vapour of this partial pressure begins to condense; NaN where there is none. [°C]"""
    vapour = np.asarray(vapour_kpa, float)
    logarithm = np.log(np.where(vapour > 0, vapour, np.nan) / _MAGNUS_KPA)
    temperature: FloatArray = _MAGNUS_CELSIUS * logarithm / (_MAGNUS_FACTOR - logarithm)
    return temperature


def vapour_kpa(*, celsius: npt.ArrayLike, humidity_percent: npt.ArrayLike) -> FloatArray:
    """Partial pressure of the vapour of moist air. [kPa]"""
    pressure: FloatArray = np.asarray(humidity_percent, float) / 100 * saturation_kpa(celsius)
    return pressure


def dry_share(*, pressure_kpa: npt.ArrayLike, celsius: npt.ArrayLike, humidity_percent: npt.ArrayLike) -> FloatArray:
    """Share of dry air in the volume of moist air.

    Parameters
    ----------
    pressure_kpa : array_like
        Absolute. [kPa]
    """
    share: FloatArray = 1 - vapour_kpa(celsius=celsius, humidity_percent=humidity_percent) / np.asarray(pressure_kpa, float)
    return share


def density_kg_per_m3(*, pressure_kpa: npt.ArrayLike, celsius: npt.ArrayLike, humidity_percent: npt.ArrayLike) -> FloatArray:
    """Density of moist air at an absolute pressure. [kg/m³]"""
    kelvin = np.asarray(celsius, float) + ZERO_CELSIUS_K
    vapour = vapour_kpa(celsius=celsius, humidity_percent=humidity_percent)
    dry = np.asarray(pressure_kpa, float) - vapour
    density: FloatArray = 1000 * (dry / GAS_CONSTANT_J_PER_KG_K + vapour / _VAPOUR_CONSTANT_J_PER_KG_K) / kelvin
    return density


def pressure_dew_point_celsius(*, vapour_kpa: npt.ArrayLike, from_kpa: npt.ArrayLike, to_kpa: npt.ArrayLike) -> FloatArray:
    """Dew point of air after its absolute pressure has changed: the partial pressures change with it. [°C]

    Parameters
    ----------
    vapour_kpa : array_like
        Partial pressure of the vapour at ``from_kpa``. [kPa]
    from_kpa, to_kpa : array_like
        Absolute pressures before and after. [kPa]
    """
    return dew_point_celsius(np.asarray(vapour_kpa, float) * np.asarray(to_kpa, float) / np.asarray(from_kpa, float))
