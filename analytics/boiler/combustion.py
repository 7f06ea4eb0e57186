"""Stoichiometry: how much air a fuel needs and what flue gas it makes, from its elements; complete combustion.

Amounts are in kmol for each unit of fuel: a kilogram of solid fuel, a cubic metre of gas at 0 °C and 101.325 kPa.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.boiler.losses import MOST_OXYGEN_PERCENT
from analytics.window import FloatArray

OXYGEN_SHARE = 0.2095
"""Of dry air, by volume; the rest counts as nitrogen."""
NITROGEN_FOR_OXYGEN = (1 - OXYGEN_SHARE) / OXYGEN_SHARE
CUBIC_METRES_PER_KMOL = 22.414
METHANE_LOWER_KJ_PER_M3, METHANE_HIGHER_KJ_PER_M3 = 35_818.0, 39_735.0
"""ISO 6976:2016, burned at 25 °C, metered at 0 °C and 101.325 kPa."""
_DIOXIDE, _SULPHUR_DIOXIDE, _NITROGEN, _OXYGEN, WATER_KG_PER_KMOL = 44.010, 64.06, 28.014, 31.998, 18.015
"""Molar masses. [kg/kmol]"""
# Atoms of C, H, O, N in a molecule.
_GASES = {
    "methane": (1, 4, 0, 0),
    "ethane": (2, 6, 0, 0),
    "propane": (3, 8, 0, 0),
    "butane": (4, 10, 0, 0),
    "carbon_monoxide": (1, 0, 1, 0),
    "carbon_dioxide": (1, 0, 2, 0),
    "hydrogen": (0, 2, 0, 0),
    "nitrogen": (0, 0, 0, 2),
    "oxygen": (0, 0, 2, 0),
}


class Fuel(NamedTuple):
    """What a unit of fuel holds. [kmol]"""

    carbon: float
    hydrogen: float
    """As H2, that of its moisture not counted."""
    oxygen: float
    """As O2."""
    nitrogen: float
    """As N2."""
    sulphur: float
    water: float
    """Moisture."""

    @property
    def oxygen_demand(self) -> float:
        """Oxygen for complete combustion. [kmol]"""
        return self.carbon + self.sulphur + self.hydrogen / 2 - self.oxygen

    @property
    def dry_air(self) -> float:
        """Air for complete combustion. [kmol]"""
        return self.oxygen_demand / OXYGEN_SHARE

    def scaled(self, factor: float) -> "Fuel":
        """Give so many times as much of it."""
        return Fuel(*(factor * amount for amount in self))


class FlueGas(NamedTuple):
    """What a unit of fuel makes at some excess of air. [kmol]"""

    carbon_dioxide: FloatArray
    sulphur_dioxide: FloatArray
    nitrogen: FloatArray
    oxygen: FloatArray
    water: FloatArray
    """From the fuel; that of the air comes on top."""

    @property
    def dry(self) -> FloatArray:
        return self.carbon_dioxide + self.sulphur_dioxide + self.nitrogen + self.oxygen

    @property
    def dry_kg(self) -> FloatArray:
        """Mass of the dry gas. [kg]"""
        return (
            _DIOXIDE * self.carbon_dioxide
            + _SULPHUR_DIOXIDE * self.sulphur_dioxide
            + _NITROGEN * self.nitrogen
            + _OXYGEN * self.oxygen
        )

    @property
    def water_kg(self) -> FloatArray:
        return WATER_KG_PER_KMOL * self.water

    @property
    def oxygen_percent(self) -> FloatArray:
        """Of the dry gas, by volume. [%]"""
        return 100 * self.oxygen / self.dry


def solid_fuel(
    *, carbon: float, hydrogen: float, oxygen: float, nitrogen: float, sulphur: float, moisture: float, ash: float
) -> Fuel:
    """Give the elements of a kilogram of solid or liquid fuel by its ultimate analysis as fired, in mass fractions.

    Raises
    ------
    ValueError
        If the fractions do not add up to 1 within 0.02, or one is negative.
    """
    parts = (carbon, hydrogen, oxygen, nitrogen, sulphur, moisture, ash)
    if min(parts) < 0 or abs(sum(parts) - 1) > 0.02:
        raise ValueError(f"the fractions of the analysis add up to {sum(parts):.3f}")
    return Fuel(
        carbon=carbon / 12.011,
        hydrogen=hydrogen / 2.016,
        oxygen=oxygen / _OXYGEN,
        nitrogen=nitrogen / _NITROGEN,
        sulphur=sulphur / 32.06,
        water=moisture / WATER_KG_PER_KMOL,
    )


def gas_fuel(fractions: Mapping[str, float]) -> Fuel:
    """Give the elements of a cubic metre of gas by its volume fractions: ``methane``, ``ethane``, ...

    Raises
    ------
    ValueError
        If a gas is unknown, or the fractions do not add up to 1 within 0.02.
    """
    unknown = set(fractions) - set(_GASES)
    if unknown:
        raise ValueError(f"unknown gases {', '.join(sorted(unknown))}; known: {', '.join(_GASES)}")
    if min(fractions.values(), default=0) < 0 or abs(sum(fractions.values()) - 1) > 0.02:
        raise ValueError(f"the fractions of the gas add up to {sum(fractions.values()):.3f}")
    atoms = np.sum([share * np.array(_GASES[name], float) for name, share in fractions.items()], axis=0)
    carbon, hydrogen, oxygen, nitrogen = (float(atom) / CUBIC_METRES_PER_KMOL for atom in atoms)
    return Fuel(carbon, hydrogen / 2, oxygen / 2, nitrogen / 2, 0.0, 0.0)


def methane_like(*, lower_heating_kj_per_m3: float) -> Fuel:
    """Take a natural gas for methane, as much of it as its lower heating value makes.

    Air and flue gas for each unit of heat differ by less than 1 % between natural gases, far less than their heating values
    do: the rest that does not burn, carbon dioxide or nitrogen, is left out.

    Raises
    ------
    ValueError
        If the heating value is none of a natural gas, 25 to 48 MJ/m³.
    """
    if not 25_000 <= lower_heating_kj_per_m3 <= 48_000:
        raise ValueError(f"{lower_heating_kj_per_m3:g} kJ/m³ is no natural gas")
    return gas_fuel({"methane": 1.0}).scaled(lower_heating_kj_per_m3 / METHANE_LOWER_KJ_PER_M3)


def excess_air(fuel: Fuel, *, oxygen_percent: npt.ArrayLike) -> FloatArray:
    """Share of air beyond what the fuel needs, by the oxygen of the dry flue gas; NaN below 0 and above 19 %.

    ``x (CO2 + SO2 + N2) / [O2 demand (1 - x / 0.2095)]`` with the stoichiometric amounts: the balance of oxygen.
    """
    x = _known(oxygen_percent) / 100
    least = fuel.carbon + fuel.sulphur + fuel.nitrogen + fuel.oxygen_demand * NITROGEN_FOR_OXYGEN
    share: FloatArray = x * least / (fuel.oxygen_demand * (1 - x / OXYGEN_SHARE))
    return share


def air_ratio(*, oxygen_percent: npt.ArrayLike, monoxide_percent: npt.ArrayLike = 0.0) -> FloatArray:
    """Air over the air that is needed, ``21 / (21 - (O2 - CO / 2))``; NaN below 0 and above 19 % of oxygen.

    References
    ----------
    GB/T 10180-2017, short form: for fuels whose dry gas is mostly nitrogen, within 2 % of `excess_air` for natural gas.
    """
    oxygen = _known(oxygen_percent) - np.asarray(monoxide_percent, float) / 2
    ratio: FloatArray = 21 / (21 - oxygen)
    return ratio


def flue_gas(fuel: Fuel, *, excess_air: npt.ArrayLike) -> FlueGas:
    """Give the gas that a unit of fuel makes with so much air beyond its need."""
    beyond = np.asarray(excess_air, float)
    still = np.zeros(beyond.shape)
    return FlueGas(
        carbon_dioxide=still + fuel.carbon,
        sulphur_dioxide=still + fuel.sulphur,
        nitrogen=fuel.nitrogen + (1 + beyond) * fuel.oxygen_demand * NITROGEN_FOR_OXYGEN,
        oxygen=beyond * fuel.oxygen_demand,
        water=still + fuel.hydrogen + fuel.water,
    )


def air_kg(fuel: Fuel, *, excess_air: npt.ArrayLike) -> FloatArray:
    """Mass of the dry air that a unit of fuel gets. [kg]"""
    mass: FloatArray = (1 + np.asarray(excess_air, float)) * fuel.oxygen_demand * (_OXYGEN + _NITROGEN * NITROGEN_FOR_OXYGEN)
    return mass


def _known(oxygen_percent: npt.ArrayLike) -> FloatArray:
    oxygen = np.asarray(oxygen_percent, float)
    known: FloatArray = np.where((oxygen >= 0) & (oxygen <= MOST_OXYGEN_PERCENT), oxygen, np.nan)
    return known
