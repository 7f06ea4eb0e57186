"""Efficiency of a boiler: direct, useful heat over the fuel's; indirect, what is not lost; and how well the two agree.

Both count the heat that goes into blowdown as useful, so that they can be compared; both are on a stated heating value. The
indirect method hardly depends on the meters of steam and fuel, the direct one on nothing else: a gap between them that exceeds
its uncertainty says that a meter, the fuel's analysis or the balance is wrong.
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.boiler.combustion import WATER_KG_PER_KMOL, Fuel, air_kg, excess_air, flue_gas
from analytics.boiler.losses import COLDEST_GAS_CELSIUS
from analytics.window import FloatArray

Basis = Literal["lower", "higher"]
"""Heating value that the losses are a share of; on the lower one the latent heat of the flue gas's water is no loss."""

MOST_OXYGEN_PERCENT = 15.0
"""Beyond it the balance of oxygen multiplies the error of its meter by more than three."""
_GAS_KJ_PER_KG_K, _VAPOUR_KJ_PER_KG_K = 1.01, 1.88
_LATENT_KJ_PER_KG = 2442.0
"""Of water at 25 °C."""
_MONOXIDE_KJ_PER_KMOL = 282_990.0
"""Heat of combustion of carbon monoxide at 25 °C."""
_UNBURNT_KJ_PER_KG = 33_730.0
"""Of the carbon in ash."""


class HeatLosses(NamedTuple):
    """Losses as shares of the fuel's heat. [%]"""

    dry_gas: FloatArray
    combustion_water: FloatArray
    """Water that the fuel's hydrogen made."""
    fuel_moisture: FloatArray
    air_moisture: FloatArray
    carbon_monoxide: FloatArray
    unburnt: FloatArray
    radiation: FloatArray

    @property
    def efficiency_percent(self) -> FloatArray:
        left: FloatArray = 100 - np.sum(np.broadcast_arrays(*self), axis=0)
        return left


def heat_losses(
    fuel: Fuel,
    *,
    basis: Basis,
    heating_kj: npt.ArrayLike,
    gas_celsius: npt.ArrayLike,
    reference_celsius: npt.ArrayLike,
    oxygen_percent: npt.ArrayLike,
    monoxide_ppm: npt.ArrayLike,
    radiation_percent: npt.ArrayLike,
    air_humidity_kg_per_kg: npt.ArrayLike,
    ash: float = 0.0,
    loss_on_ignition: float = 0.0,
) -> HeatLosses:
    """Balance the losses of a unit of fuel as fired.

    Parameters
    ----------
    fuel : Fuel
        Elements of the unit, a kilogram or a cubic metre.
    heating_kj : array_like
        Of the unit, on the basis. [kJ]
    gas_celsius, reference_celsius : array_like
        Of the gas behind the last heating surface, and of the air that enters. [°C]
    oxygen_percent, monoxide_ppm : array_like
        Of the dry gas at the same place, by volume. [%, ppm]
    radiation_percent : array_like
        Heat from the surface, share of the fuel's. [%]
    air_humidity_kg_per_kg : array_like
        Water in a kilogram of dry air; 0.013 is customary (60 % at 26.7 °C).
    ash, loss_on_ignition : float
        Mass of ash in a unit of fuel, and what burns of it, as a fraction.

    Returns
    -------
    HeatLosses
        NaN where an input is, where the oxygen is not within 0 and 15 %, and where the gas is no warmer than the air or
        its water may condense.

    References
    ----------
    ASME PTC 4-2013, section 5 (on the higher heating value); GB/T 10180-2017 (on the lower one, as received).
    """
    gas, air = np.asarray(gas_celsius, float), np.asarray(reference_celsius, float)
    oxygen, heating = np.asarray(oxygen_percent, float), np.asarray(heating_kj, float)
    humidity = np.asarray(air_humidity_kg_per_kg, float)
    holds = (gas >= COLDEST_GAS_CELSIUS) & (gas > air) & (oxygen >= 0) & (oxygen <= MOST_OXYGEN_PERCENT)
    rise = np.where(holds, gas - air, np.nan)
    beyond = excess_air(fuel, oxygen_percent=oxygen)
    made = flue_gas(fuel, excess_air=beyond)
    vapour = _VAPOUR_KJ_PER_KG_K * rise + (_LATENT_KJ_PER_KG if basis == "higher" else 0.0)
    monoxide = np.asarray(monoxide_ppm, float) / 1e6 * made.dry
    share = 100 / heating
    return HeatLosses(
        dry_gas=share * _GAS_KJ_PER_KG_K * made.dry_kg * rise,
        combustion_water=share * WATER_KG_PER_KMOL * fuel.hydrogen * vapour,
        fuel_moisture=share * WATER_KG_PER_KMOL * fuel.water * vapour,
        air_moisture=share * _VAPOUR_KJ_PER_KG_K * air_kg(fuel, excess_air=beyond) * humidity * rise,
        carbon_monoxide=share * np.minimum(monoxide, fuel.carbon) * _MONOXIDE_KJ_PER_KMOL,
        unburnt=share * ash * loss_on_ignition / (1 - loss_on_ignition) * _UNBURNT_KJ_PER_KG,
        radiation=np.asarray(radiation_percent, float),
    )


def useful_heat_kw(
    *,
    steam_t_per_h: npt.ArrayLike,
    steam_kj_per_kg: npt.ArrayLike,
    feedwater_kj_per_kg: npt.ArrayLike,
    blowdown_t_per_h: npt.ArrayLike,
    boiling_kj_per_kg: npt.ArrayLike,
) -> FloatArray:
    """Heat that steam and blowdown took from the boiler. [kW]"""
    feedwater = np.asarray(feedwater_kj_per_kg, float)
    steam = np.asarray(steam_t_per_h, float) * (np.asarray(steam_kj_per_kg, float) - feedwater)
    blown = np.asarray(blowdown_t_per_h, float) * (np.asarray(boiling_kj_per_kg, float) - feedwater)
    heat: FloatArray = (steam + blown) / 3.6
    return heat


def blowdown_share(*, feedwater_us_per_cm: npt.ArrayLike, boiler_water_us_per_cm: npt.ArrayLike) -> FloatArray:
    """Blowdown over steam by the balance of salts, ``TDS_fw / (TDS_bd - TDS_fw)``, conductivities in their place."""
    feed, drum = np.asarray(feedwater_us_per_cm, float), np.asarray(boiler_water_us_per_cm, float)
    holds = (feed >= 0) & (drum > feed)
    share: FloatArray = np.divide(feed, drum - feed, out=np.full(np.broadcast(feed, drum).shape, np.nan), where=holds)
    return share
