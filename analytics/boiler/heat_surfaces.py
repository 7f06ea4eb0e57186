"""How well heating surfaces pass heat, how fast they foul, and when cleaning pays."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from analytics.boiler.combustion import CUBIC_METRES_PER_KMOL, WATER_KG_PER_KMOL, excess_air, flue_gas, methane_like
from analytics.window import FloatArray


class GasFlow(NamedTuple):
    """Flue gas by the fuel and its oxygen, no gas meter needed."""

    m3_per_s: FloatArray
    """Wet, at 0 °C and 101.325 kPa."""
    kw_per_k: FloatArray
    """Its heat capacity flow between 60 and 300 °C."""


class Slope(NamedTuple):
    """A rate with its 95 % interval."""

    value: float
    low: float
    high: float


def gas_flow(
    *, fuel_m3_per_h: npt.ArrayLike, lower_heating_kj_per_m3: float, oxygen_percent: npt.ArrayLike, air_humidity: float = 0.013
) -> GasFlow:
    """Give the flue gas of a natural gas, taken for methane of the same heat; `air_humidity` in kg for each kg of dry air."""
    fuel = methane_like(lower_heating_kj_per_m3=lower_heating_kj_per_m3)
    beyond = excess_air(fuel, oxygen_percent=oxygen_percent)
    made = flue_gas(fuel, excess_air=beyond)
    air_kmol = (1 + beyond) * fuel.dry_air
    water = made.water + air_kmol * air_humidity * 28.96 / WATER_KG_PER_KMOL
    of_fuel = np.asarray(fuel_m3_per_h, float) / 3600
    # Mean molar heats between 60 and 300 °C: dry gas 1.05 kJ/kg K, vapour 1.93 kJ/kg K.
    capacity = 1.05 * made.dry_kg + 1.93 * WATER_KG_PER_KMOL * water
    return GasFlow(of_fuel * (made.dry + water) * CUBIC_METRES_PER_KMOL, of_fuel * capacity)


def evaporator_kw_per_k(*, gas_kw_per_k: npt.ArrayLike, inlet_k: npt.ArrayLike, outlet_k: npt.ArrayLike) -> FloatArray:
    """Heat transfer ``UA`` to boiling water, whose temperature is the same throughout: ``C ln(ΔT_in / ΔT_out)``. [kW/K]

    Parameters
    ----------
    gas_kw_per_k : array_like
        Heat capacity flow of the gas. [kW/K]
    inlet_k, outlet_k : array_like
        How much warmer the gas is than the water. [K]

    Returns
    -------
    ndarray
        NaN unless the gas cools and stays warmer than the water.
    """
    hot, cold = np.broadcast_arrays(np.asarray(inlet_k, float), np.asarray(outlet_k, float))
    holds = (cold > 0) & (hot > cold)
    ratio = np.divide(hot, cold, out=np.full(hot.shape, np.nan), where=holds)
    transfer: FloatArray = np.asarray(gas_kw_per_k, float) * np.log(ratio)
    return transfer


def counterflow_kw_per_k(
    *,
    gas_kw_per_k: npt.ArrayLike,
    gas_in_celsius: npt.ArrayLike,
    gas_out_celsius: npt.ArrayLike,
    water_kw_per_k: npt.ArrayLike,
    water_in_celsius: npt.ArrayLike,
) -> FloatArray:
    """Heat transfer ``UA = Q / LMTD`` of an economiser in counterflow; the water's outlet comes from the heat. [kW/K]

    Returns
    -------
    ndarray
        NaN where a temperature difference is not positive, or the gas does not cool.
    """
    gas_in, gas_out = np.asarray(gas_in_celsius, float), np.asarray(gas_out_celsius, float)
    heat = np.asarray(gas_kw_per_k, float) * (gas_in - gas_out)
    water_flow = np.asarray(water_kw_per_k, float)
    rise = np.divide(heat, water_flow, out=np.full(np.broadcast(heat, water_flow).shape, np.nan), where=water_flow > 0)
    water_in = np.asarray(water_in_celsius, float)
    mean = log_mean_difference_k(gas_in - (water_in + rise), gas_out - water_in)
    found: FloatArray = np.divide(heat, mean, out=np.full(mean.shape, np.nan), where=heat > 0)
    return found


def log_mean_difference_k(one_end_k: npt.ArrayLike, other_end_k: npt.ArrayLike) -> FloatArray:
    """Logarithmic mean of the temperature differences at both ends; NaN unless both are positive. [K]"""
    one, other = np.broadcast_arrays(np.asarray(one_end_k, float), np.asarray(other_end_k, float))
    holds = (one > 0) & (other > 0)
    ratio = np.divide(one, other, out=np.full(one.shape, np.nan), where=holds)
    logarithm = np.log(ratio)
    # Where both ends are alike the quotient is 0 / 0, and their mean is the limit.
    are_alike = np.abs(logarithm) < 1e-6
    mean: FloatArray = np.divide(one - other, logarithm, out=np.asarray((one + other) / 2 + 0 * ratio), where=holds & ~are_alike)
    return mean


def fouling_rate(times_days: FloatArray, values: FloatArray, periods: npt.NDArray[np.int64]) -> Slope | None:
    """Slope of values over time, by the median of all pairs within the same period between cleanings.

    Parameters
    ----------
    times_days, values : ndarray, shape (n,)
        Values that are NaN are left out; neighbours should be far enough apart to be independent, an hour or more.
    periods : ndarray of int, shape (n,)
        Which period each belongs to: pairs across a cleaning say nothing of fouling.

    Returns
    -------
    Slope or None
        None of fewer than ten pairs.

    References
    ----------
    P. K. Sen, J. Am. Stat. Assoc. 63 (1968) 1379, doi:10.1080/01621459.1968.10480934; pooled over periods as Hirsch, Slack and
    Smith pool over seasons, Water Resour. Res. 18 (1982) 107, doi:10.1029/WR018i001p00107.
    """
    known = ~np.isnan(values)
    times, measured, of = times_days[known], values[known], periods[known]
    slopes, variance = [], 0.0
    for period in np.unique(of):
        t, y = times[of == period], measured[of == period]
        count = len(t)
        first, second = np.triu_indices(count, 1)
        apart = t[second] - t[first]
        slopes.append(((y[second] - y[first])[apart > 0]) / apart[apart > 0])
        variance += count * (count - 1) * (2 * count + 5) / 18
    pairs = np.sort(np.concatenate(slopes)) if slopes else np.empty(0)
    if len(pairs) < 10:
        return None
    reach = float(ndtri(0.975)) * math.sqrt(variance) / 2
    middle = len(pairs) / 2
    low, high = (int(np.clip(at, 0, len(pairs) - 1)) for at in (math.floor(middle - reach), math.ceil(middle + reach)))
    return Slope(float(np.median(pairs)), float(pairs[low]), float(pairs[high]))


def cleaning_interval_days(*, cleaning_cost: float, cost_per_unit_day: float, rate_per_day: float) -> float:
    """Time between cleanings at which they and the fouling together cost least, ``√(2K / (c r))``; infinite without fouling.

    Parameters
    ----------
    cleaning_cost : float
        Of one cleaning, in money.
    cost_per_unit_day : float
        What a unit of fouling costs in a day, in the same money.
    rate_per_day : float
        Units of fouling that come a day.
    """
    loss = cost_per_unit_day * rate_per_day
    return math.sqrt(2 * cleaning_cost / loss) if loss > 0 else math.inf
