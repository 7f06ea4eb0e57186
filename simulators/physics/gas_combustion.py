"""Natural gas, taken as methane, burns in air: by volume, with its flue gas, the heat in it, and what is left unburnt.

``CH4 + 2 O2 = CO2 + 2 H2O`` takes 9.52 volumes of air and leaves 8.52 of dry flue gas (Baehr and Stephan, Heat and Mass Transfer,
for the balances). Carbon monoxide rises exponentially as oxygen runs out; nitrogen oxides follow the flame's temperature and the
oxygen to spare, as the thermal mechanism has it.

Limits: one gas of varying heating value, whose air varies with it; no hydrocarbons in the flue gas, no dissociation.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array

METHANE_KJ_PER_M3 = 35_800.0
HIGHER_TO_LOWER = 1.109
AIR_PER_GAS = 9.52
DRY_FLUE_PER_AIR = 8.52 / AIR_PER_GAS  # dry flue gas of stoichiometric combustion, per volume of its air
OXYGEN_OF_AIR = 20.95
CARBON_MONOXIDE_KJ_PER_M3 = 12_630.0


def flue_gas_oxygen(alpha: Array) -> Array:
    """Oxygen in dry flue gas of methane that burns with ``alpha`` times its stoichiometric air. [% by volume]"""
    extra = np.maximum(alpha - 1, 0.0)
    return OXYGEN_OF_AIR * extra / (extra + DRY_FLUE_PER_AIR)


def excess_air(oxygen: Array) -> Array:
    """Air over stoichiometric air that leaves so much oxygen in dry flue gas: the inverse of `flue_gas_oxygen`."""
    return 1 + DRY_FLUE_PER_AIR * oxygen / (OXYGEN_OF_AIR - oxygen)


def air_ratio(*, fuel_m3_per_h: Array, air_m3_per_h: Array, heating_kj_per_m3: Array) -> Array:
    """Air over stoichiometric air; a richer gas needs more in proportion."""
    return np.asarray(air_m3_per_h / np.maximum(fuel_m3_per_h * _air_per_gas(heating_kj_per_m3), 1.0))


def carbon_monoxide_ppm(*, oxygen: Array, alpha: Array, knee: Array) -> Array:
    """Carbon monoxide of a flame whose worst place has so much oxygen; ``knee`` is the logarithm of what comes without any."""
    missing = 5e5 * np.maximum(1 - alpha, 0.0)  # each oxygen atom that is missing leaves a molecule of it
    return np.asarray(2 + np.exp(knee - 1.535 * np.maximum(oxygen, 0.0)) + missing)


def nitrogen_oxides_mg_per_m3(*, flame_c: Array, oxygen: Array, at_tuning: Array) -> Array:
    """Nitrogen oxides referred to 3.5 % oxygen (GB 13271-2014): hotter flames with oxygen to spare make more."""
    made = at_tuning * np.exp((flame_c - 1780) / 300) * np.sqrt(np.maximum(oxygen, 0.2) / 3.5)
    return np.asarray(made * 17.5 / (21 - np.minimum(oxygen, 15)))


class FlueGas(NamedTuple):
    """What leaves a flame: flows under standard conditions, and the heat of its fuel."""

    m3_per_s: Array
    vapour_m3_per_s: Array
    fuel_kw: Array
    unburnt_kw: Array

    @property
    def least_m3_per_s(self) -> Array:
        """The flow, and what draws through where nothing burns: fit for a divisor."""
        return np.maximum(self.m3_per_s, 0.05)


def flue_gas(*, fuel_m3_per_h: Array, air_m3_per_h: Array, heating_kj_per_m3: Array, carbon_monoxide_ppm: Array) -> FlueGas:
    """Balance a flame: volumes by stoichiometry, and the heat that carbon monoxide carries away."""
    flow = (fuel_m3_per_h + air_m3_per_h) / 3600
    vapour = 2 * fuel_m3_per_h * _air_per_gas(heating_kj_per_m3) / AIR_PER_GAS / 3600
    unburnt_kw = carbon_monoxide_ppm * 1e-6 * (flow - vapour) * CARBON_MONOXIDE_KJ_PER_M3
    return FlueGas(flow, vapour, fuel_m3_per_h * heating_kj_per_m3 / 3600, unburnt_kw)


def flue_kj_per_m3(gas_c: Array) -> Array:
    """Heat in wet flue gas of natural gas above 0 °C."""
    return gas_c * (1.345 + 0.000175 * gas_c)


def flue_kj_per_m3_k(gas_c: Array) -> Array:
    """Heat capacity of wet flue gas: the slope of `flue_kj_per_m3`."""
    return 1.345 + 0.00035 * gas_c


def flue_c(kj_per_m3: Array) -> Array:
    """Temperature of flue gas that holds so much heat: the inverse of `flue_kj_per_m3`."""
    return np.asarray((np.sqrt(1.345**2 + 0.0007 * kj_per_m3) - 1.345) / 0.00035)


def _air_per_gas(heating_kj_per_m3: Array) -> Array:
    return AIR_PER_GAS * heating_kj_per_m3 / METHANE_KJ_PER_M3
