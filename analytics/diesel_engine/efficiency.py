"""How well a diesel engine turns fuel into work, and what it would burn at the standard's reference conditions."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

REFERENCE_HEATING_MJ_PER_KG = 42.7
"""Lower heating value to which ISO 3046-1 refers consumption."""
REFERENCE_CELSIUS = 25.0
REFERENCE_KPA = 100.0
"""Air and coolant of the charge cooler, and barometric pressure, of ISO 3046-1's standard reference conditions."""
_KELVIN = 273.15


class Charging(NamedTuple):
    """Exponents of ISO 3046-1 for one way of charging."""

    pressure: float
    temperature: float
    coolant: float
    """m, n and s of the standard."""


CHARGINGS = {
    "turbocharged": Charging(0.7, 2.0, 0.0),
    "turbocharged_cooled": Charging(0.7, 1.2, 1.0),
}
"""Four-stroke engines, whose power no limit of excess air holds (factor a = 0, so that humidity does not enter)."""


class SiteFactors(NamedTuple):
    """What a site does to an engine."""

    power: FloatArray
    """alpha: power at the site over power at reference conditions."""
    consumption: FloatArray
    """beta: specific consumption at the site over that at reference conditions."""


def specific_consumption_g_per_kwh(*, fuel_kg_per_h: npt.ArrayLike, power_kw: npt.ArrayLike) -> FloatArray:
    """Fuel for each kilowatt-hour; NaN where there is no power. [g/kWh]

    References
    ----------
    ISO 3046-1:2002, 3.2: specific fuel consumption. Of the shaft with brake power, of the set with power at its terminals.
    """
    power = np.asarray(power_kw, float)
    fuel = np.asarray(fuel_kg_per_h, float)
    known = np.divide(1000 * fuel, power, out=np.full(np.broadcast_shapes(fuel.shape, power.shape), np.nan), where=power > 0)
    return np.asarray(known, np.float64)


def efficiency_percent(
    *, consumption_g_per_kwh: npt.ArrayLike, heating_mj_per_kg: float = REFERENCE_HEATING_MJ_PER_KG
) -> FloatArray:
    """Work over the fuel's lower heating value: ``3600 / (b LHV)``; NaN where nothing is burned. [%]

    Raises
    ------
    ValueError
        If the heating value is not positive.
    """
    if heating_mj_per_kg <= 0:
        raise ValueError(f"the heating value is {heating_mj_per_kg} MJ/kg")
    consumption = np.asarray(consumption_g_per_kwh, float)
    known = np.divide(360_000 / heating_mj_per_kg, consumption, out=np.full(consumption.shape, np.nan), where=consumption > 0)
    return np.asarray(known, np.float64)


def shaft_power_kw(*, torque_nm: npt.ArrayLike, speed_rpm: npt.ArrayLike) -> FloatArray:
    """``P = 2 pi n T``. [kW]"""
    return np.asarray(2 * np.pi / 60_000 * np.asarray(torque_nm, float) * np.asarray(speed_rpm, float), np.float64)


def mean_effective_pressure_bar(
    *, power_kw: npt.ArrayLike, speed_rpm: npt.ArrayLike, displacement_litres: float, strokes: int = 4
) -> FloatArray:
    """Brake mean effective pressure: work of a cycle over the displacement; NaN at standstill. [bar]

    Parameters
    ----------
    strokes : int
        4, a cycle takes two revolutions, or 2.

    Raises
    ------
    ValueError
        If the displacement is not positive or the strokes are neither two nor four.
    """
    if displacement_litres <= 0 or strokes not in {2, 4}:
        raise ValueError(f"an engine of {displacement_litres} L and {strokes} strokes")
    power, speed = np.broadcast_arrays(np.asarray(power_kw, float), np.asarray(speed_rpm, float))
    # kW / (L/s) = MPa = 10 bar
    swept_litres_per_second = displacement_litres * speed / 60 / (strokes / 2)
    found = np.divide(10 * power, swept_litres_per_second, out=np.full(power.shape, np.nan), where=speed > 0)
    return np.asarray(found, np.float64)


def site_factors(
    *,
    air_celsius: npt.ArrayLike,
    coolant_celsius: npt.ArrayLike,
    pressure_kpa: npt.ArrayLike,
    mechanical_efficiency: float = 0.8,
    charging: str = "turbocharged_cooled",
) -> SiteFactors:
    """Power and consumption at a site over those at 298 K and 100 kPa.

    Parameters
    ----------
    air_celsius, coolant_celsius, pressure_kpa : array_like
        Of the intake air, of what cools the charge air (the air itself where it blows through the cooler), and barometric.
    mechanical_efficiency : float
        At rated power; 0.8 is what the standard takes where the maker tells none.
    charging : str
        One of `CHARGINGS`.

    Raises
    ------
    ValueError
        If the mechanical efficiency is not above 0 and at most 1.

    References
    ----------
    ISO 3046-1:2002, clause 10: ``k = (p/p_r)^m (T_r/T)^n (T_cr/T_c)^s``, ``alpha = k - 0.7 (1 - k)(1/eta_m - 1)``,
    ``beta = k / alpha``. Not yet held against the standard's own text.
    """
    if not 0 < mechanical_efficiency <= 1:
        raise ValueError(f"a mechanical efficiency of {mechanical_efficiency}")
    exponents = CHARGINGS[charging]
    reference_kelvin = REFERENCE_CELSIUS + _KELVIN
    pressure = np.asarray(pressure_kpa, float)
    ratio: FloatArray = (
        (np.where(pressure > 0, pressure, np.nan) / REFERENCE_KPA) ** exponents.pressure
        * (reference_kelvin / (np.asarray(air_celsius, float) + _KELVIN)) ** exponents.temperature
        * (reference_kelvin / (np.asarray(coolant_celsius, float) + _KELVIN)) ** exponents.coolant
    )
    power: FloatArray = ratio - 0.7 * (1 - ratio) * (1 / mechanical_efficiency - 1)
    return SiteFactors(power, np.asarray(ratio / power, np.float64))
