"""Balances of an ironmaking blast furnace as pure functions: gas, carbon, slag, pressure, flame and lining.

Each is a textbook's equation and keeps no state. Amounts of substance are in kmol, gas volumes in m³ at 0 °C and 101.325 kPa;
what is a rate in is a rate out, so the functions serve a batch of an exercise as well as a furnace in kmol/min.

* Elements: what the burden, the blast and the coal bring in leaves as top gas, hot metal and slag (A. K. Biswas, *Principles of
  Blast Furnace Ironmaking*, 1981, the chapters on stoichiometry and heat).
* Bosh gas: nitrogen passes, oxygen and steam burn carbon to CO, hydrogen of the coal is set free. The volumes are those of
  design practice: 1.21 of a volume of air, 2 of one of oxygen, 2 of one of steam.
* Flame: the linear form of the adiabatic temperature that AISI made known; a plant calibrates its constant.
* Pressure: a packed bed's gas, compressible, with the exponent 1.7 of plant practice.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array

CARBON, OXYGEN, IRON, HYDROGEN, SILICON = 12.011, 15.999, 55.845, 1.008, 28.086
"""kg/kmol."""
MOLE_M3 = 22.414
"""m³/kmol."""
STEAM = 18.015
SILICA_PER_SILICON = 60.084 / SILICON
ATMOSPHERE_KPA = 101.325
RESERVE_C = 950.0
"""Of the thermal reserve zone, below which only the hearth's heat counts."""
GAS_MJ_PER_M3_K = 1.42e-3
DIRECT_REDUCTION_MJ_PER_KMOL = 152.0
"""FeO + C = Fe + CO."""
WATER_GAS_MJ_PER_KMOL = 165.0
"""Liquid water on hot coke: evaporation, heating and C + H2O = CO + H2."""
LIQUIDUS_C = 1150.0
"""Iron that has taken up its carbon does not go deeper into the lining than this isotherm."""


class TopGas(NamedTuple):
    """What leaves the furnace at its top."""

    co: Array
    co2: Array
    h2: Array
    h2o: Array
    n2: Array

    @property
    def dry(self) -> Array:
        return self.co + self.co2 + self.h2 + self.n2


def top_gas(*, carbon: Array, oxygen: Array, hydrogen: Array, nitrogen: Array, hydrogen_utilization: Array) -> TopGas:
    """Split kmol of C, O, H2 and N2 that go to the gas: carbon leaves as CO or CO2, and the oxygen says in which shares."""
    h2o = hydrogen_utilization * hydrogen
    co2 = oxygen - h2o - carbon
    return TopGas(carbon - co2, co2, hydrogen - h2o, h2o, nitrogen)


def slag_kg(oxides_kg: Array, silicon_kg: Array) -> Array:
    """Give what is left of gangue, flux and ash when some silica was reduced into the metal."""
    return oxides_kg - SILICA_PER_SILICON * silicon_kg


def steam_kmol(wind_m3: Array, humidity_g_per_m3: Array) -> Array:
    return wind_m3 * humidity_g_per_m3 / (1000 * STEAM)


def bosh_gas_m3(*, blast_m3: Array, oxygen_m3: Array, humidity_g_per_m3: Array, coal_hydrogen_kg: Array) -> Array:
    """Give the reducing gas above the tuyeres from dry air, added oxygen, moisture and the coal's hydrogen."""
    steam_m3 = steam_kmol(blast_m3 + oxygen_m3, humidity_g_per_m3) * MOLE_M3
    return 1.21 * blast_m3 + 2 * oxygen_m3 + 2 * steam_m3 + MOLE_M3 * coal_hydrogen_kg / (2 * HYDROGEN)


def flame_temperature_c(
    *, blast_c: Array, humidity_g_per_m3: Array, enrichment_percent: Array, coal_g_per_m3: Array, offset_c: Array
) -> Array:
    """Give the theoretical temperature before the tuyeres; the offset is the plant's calibration."""
    wet = 0.82 * blast_c - 5.705 * humidity_g_per_m3
    return 1489 + wet + 52.778 * enrichment_percent - 1.81 * coal_g_per_m3 + offset_c


def pressure_drop_kpa(*, bosh_gas_m3_per_min: Array, top_kpa: Array, resistance: Array) -> Array:
    """Give the fall from tuyeres to top: ``p_b² - p_t² = R V^1.7`` in absolute pressures; ``top_kpa`` is gauge."""
    top_absolute_kpa = top_kpa + ATMOSPHERE_KPA
    return np.sqrt(np.square(top_absolute_kpa) + resistance * bosh_gas_m3_per_min**1.7) - top_absolute_kpa


def hearth_flux_kw_per_m2(*, lining_m: Array, conductivity_w_per_m_k: Array, film_m2_k_per_w: float, water_c: float) -> Array:
    """Give the heat that passes the hearth's wall from the isotherm of the liquidus to the water."""
    return (LIQUIDUS_C - water_c) / (lining_m / conductivity_w_per_m_k + film_m2_k_per_w) / 1000


def water_g_per_m3(*, air_c: Array, humidity_percent: Array, air_kpa: Array) -> Array:
    """Give the water in a cubic metre of dry air at 0 °C, by Magnus' formula."""
    steam_kpa = 0.6112 * np.exp(17.62 * air_c / (243.12 + air_c)) * humidity_percent / 100
    return 1000 * STEAM / MOLE_M3 * steam_kpa / (air_kpa - steam_kpa)


def turbine_kw(*, gas_m3_per_min: Array, gas_c: Array, inlet_kpa: Array, outlet_kpa: float, efficiency: float) -> Array:
    """Give the power of the top gas on its way down to the gas main; pressures are absolute."""
    expansion = 1 - np.minimum(outlet_kpa / np.maximum(inlet_kpa, outlet_kpa), 1.0) ** 0.25
    return efficiency * 1.34 * gas_m3_per_min / 60 * (gas_c + 273.15) * expansion
