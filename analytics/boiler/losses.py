"""Where the heat of a boiler's fuel goes, by the indirect method in its short form: what is not lost is useful."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.thermodynamics.water_steam import boiling_water

FloatArray = npt.NDArray[np.float64]

COLDEST_GAS_CELSIUS = 60.0
"""Below about 57 °C the water of burned natural gas condenses, and the formulas no longer hold."""
MOST_OXYGEN_PERCENT = 19.0
"""Beyond it the gas is mostly air, and a small error of the oxygen is a large one of the loss."""
LEAST_FUEL_KW = 50.0
"""Below it the burner is off."""
_WATER_KJ_PER_KG_K = 4.19
"""Up to 150 °C the enthalpy of water over its temperature differs by less than 0.5 %."""
ATMOSPHERE_MPA = 0.101


class Fuel(NamedTuple):
    """Coefficients of a fuel."""

    by_dioxide: float
    by_oxygen: float
    constant: float
    """A1, A2 and B of Siegert's formula, on the lower heating value (first ordinance on immissions, 1. BImSchV)."""
    radiation: float
    """C of EN 12952-15."""


FUELS = {
    "natural_gas": Fuel(0.37, 0.66, 0.009, 0.0113),
    "liquefied_gas": Fuel(0.42, 0.63, 0.008, 0.0113),
    "light_oil": Fuel(0.50, 0.68, 0.007, 0.0113),
}


class Problem(StrEnum):
    """Why a balance is not evaluated."""

    NONE = ""
    MISSING = "missing"
    NOT_FIRING = "not_firing"
    OXYGEN = "oxygen_out_of_range"
    TEMPERATURE = "gas_temperature_out_of_range"


class Balance(NamedTuple):
    """Heat flows, NaN where they are not evaluated. [kW]"""

    fuel: FloatArray
    stack: FloatArray
    carbon_monoxide: FloatArray
    radiation: FloatArray
    blowdown: FloatArray
    useful: FloatArray
    problem: npt.NDArray[np.str_]
    """A `Problem` each."""


def stack_loss_percent(
    *, gas_celsius: npt.ArrayLike, air_celsius: npt.ArrayLike, oxygen_percent: npt.ArrayLike, fuel: str = "natural_gas"
) -> FloatArray:
    """Siegert's heat loss of the flue gas, by its oxygen.

    Parameters
    ----------
    gas_celsius, air_celsius : array_like
        Of the flue gas behind the last heating surface, and of the combustion air. [°C]
    oxygen_percent : array_like
        Of the dry gas, by volume. [%]
    fuel : str
        One of `FUELS`.

    Returns
    -------
    ndarray
        Share of the fuel's heat, on its lower heating value. [%]

    References
    ----------
    1. BImSchV, annex 2: ``(Tg - Ta)(A2 / (21 - O2) + B)``.
    """
    known = FUELS[fuel]
    difference = np.subtract(gas_celsius, air_celsius, dtype=float)
    with np.errstate(divide="ignore"):
        loss: FloatArray = difference * (known.by_oxygen / (21 - np.asarray(oxygen_percent, float)) + known.constant)
    return loss


def stack_loss_percent_by_dioxide(
    *, gas_celsius: npt.ArrayLike, air_celsius: npt.ArrayLike, dioxide_percent: npt.ArrayLike, fuel: str = "natural_gas"
) -> FloatArray:
    """Siegert's heat loss of the flue gas, by its carbon dioxide. [%]

    References
    ----------
    1. BImSchV, annex 2: ``(Tg - Ta)(A1 / CO2 + B)``.
    """
    known = FUELS[fuel]
    difference = np.subtract(gas_celsius, air_celsius, dtype=float)
    with np.errstate(divide="ignore"):
        loss: FloatArray = difference * (known.by_dioxide / np.asarray(dioxide_percent, float) + known.constant)
    return loss


def carbon_monoxide_loss_percent(*, monoxide_ppm: npt.ArrayLike, oxygen_percent: npt.ArrayLike) -> FloatArray:
    """Heat that leaves unburned in carbon monoxide. [%]

    References
    ----------
    GB/T 10180-2017, short form: ``3.2 · excess air · CO``, with CO in percent and the excess air ``21 / (21 - O2)``.
    """
    with np.errstate(divide="ignore"):
        loss: FloatArray = 3.2 * 21 / (21 - np.asarray(oxygen_percent, float)) * np.asarray(monoxide_ppm, float) / 1e4
    return loss


def radiation_loss_kw(rated_kw: float, *, fuel: str = "natural_gas") -> float:
    """Heat that the boiler's surface gives off, the same at every load. [kW]

    References
    ----------
    EN 12952-15:2003: ``C · Q^0.7`` with the largest useful heat ``Q`` in MW.
    """
    if rated_kw <= 0:
        raise ValueError(f"the rated output is {rated_kw} kW")
    return float(1000 * FUELS[fuel].radiation * (rated_kw / 1000) ** 0.7)


def boiling_water_kj_per_kg(pressure_mpa: npt.ArrayLike) -> FloatArray:
    """Enthalpy of boiling water at an absolute pressure up to 16.5 MPa (IAPWS-IF97); NaN outside. [kJ/kg]"""
    return boiling_water(pressure_mpa=pressure_mpa).enthalpy_kj_per_kg


def balance(
    *,
    fuel_m3_per_h: npt.ArrayLike,
    heating_kj_per_m3: npt.ArrayLike,
    gas_celsius: npt.ArrayLike,
    air_celsius: npt.ArrayLike,
    oxygen_percent: npt.ArrayLike,
    monoxide_ppm: npt.ArrayLike,
    blowdown_t_per_h: npt.ArrayLike,
    feedwater_celsius: npt.ArrayLike,
    pressure_mpa: npt.ArrayLike,
    rated_kw: float,
    fuel: str = "natural_gas",
) -> Balance:
    """Split the fuel's heat, on the lower heating value, into four losses and the useful rest.

    Parameters
    ----------
    pressure_mpa : array_like
        Of the drum, above atmosphere. [MPa]
    rated_kw : float
        Largest useful heat of the boiler. [kW]

    Notes
    -----
    Means of an hour will do: each formula is nearly linear over the range of an hour. Heat of the air above 0 °C, moisture and
    ash are not counted; the stack loss by Siegert is good to about half a point (GB/T 10180 asks for the full form in tests).
    """
    inputs = np.broadcast_arrays(
        *(
            np.asarray(value, float)
            for value in (
                fuel_m3_per_h,
                heating_kj_per_m3,
                gas_celsius,
                air_celsius,
                oxygen_percent,
                monoxide_ppm,
                blowdown_t_per_h,
                feedwater_celsius,
                pressure_mpa,
            )
        )
    )
    flow, heating, gas, air, oxygen, monoxide, blown, feedwater, pressure = inputs
    fuel_kw = flow * heating / 3600
    problem = np.select(
        [
            np.isnan(inputs).any(axis=0),
            fuel_kw < LEAST_FUEL_KW,
            (oxygen < 0) | (oxygen > MOST_OXYGEN_PERCENT),
            (gas < COLDEST_GAS_CELSIUS) | (gas <= air),
        ],
        [Problem.MISSING, Problem.NOT_FIRING, Problem.OXYGEN, Problem.TEMPERATURE],
        Problem.NONE,
    )
    fuel_kw = np.where(problem == Problem.NONE, fuel_kw, np.nan)
    stack = fuel_kw / 100 * stack_loss_percent(gas_celsius=gas, air_celsius=air, oxygen_percent=oxygen, fuel=fuel)
    unburned = fuel_kw / 100 * carbon_monoxide_loss_percent(monoxide_ppm=monoxide, oxygen_percent=oxygen)
    radiation = np.where(np.isnan(fuel_kw), np.nan, radiation_loss_kw(rated_kw, fuel=fuel))
    water = boiling_water_kj_per_kg(pressure + ATMOSPHERE_MPA) - _WATER_KJ_PER_KG_K * feedwater
    blowdown = np.where(np.isnan(fuel_kw), np.nan, blown * 1000 / 3600 * water)
    useful = fuel_kw - stack - unburned - radiation - blowdown
    return Balance(fuel_kw, stack, unburned, radiation, blowdown, useful, problem)
