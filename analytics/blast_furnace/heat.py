"""Where the heat of a blast furnace comes from and where it goes, for a tonne of hot metal."""

from typing import NamedTuple

from analytics.blast_furnace.gas import MOLAR_M3_PER_KMOL
from analytics.blast_furnace.stoichiometry import IRON, SILICON, WATER

_TO_MONOXIDE_MJ, _TO_DIOXIDE_MJ, _TO_STEAM_MJ = 110.5, 393.5, 241.8
"""Heat of forming CO, CO2 and steam from carbon, oxygen and hydrogen. [MJ/kmol]"""
_OXIDE_MJ_PER_KMOL_OXYGEN = 824.2 / 3
"""Heat of forming hematite, of each atom of its oxygen; magnetite has 279.6, 2 % more."""
_SILICA_MJ = 910.7
"""Formation enthalpies at 25 °C: NIST-JANAF tables, 4th edition."""
_AIR_KJ_PER_M3_K = 1.40
"""Mean of air from 25 to 1100 °C; at 900 °C it is 1.39, at 1250 °C 1.42."""
_GAS_KJ_PER_M3_K = 1.38
"""Mean of top gas from 25 to 200 °C by its usual analysis."""
_STEAM_KJ_PER_M3_K = 1.51
_METAL_KJ_PER_KG, _METAL_KJ_PER_KG_K = 1290.0, 0.84
_SLAG_KJ_PER_KG, _SLAG_KJ_PER_KG_K = 1760.0, 1.25
"""Heat content at 1500 °C above 25 °C and its slope; handbook values of ironmaking, good to about 5 %."""
_COAL_SPLITS_MJ_PER_KG = 1.0
"""Heat that splits injected coal into coke and gas; 0.8 of anthracite to 1.2 of bituminous coal."""
_AMBIENT_CELSIUS = 25.0


class Tonne(NamedTuple):
    """What belongs to a tonne of hot metal; gas volumes at standard conditions."""

    blast_m3: float
    """With enriching oxygen, dry."""
    blast_celsius: float
    steam_kg: float
    coal_kg: float
    top_gas_m3: float
    """Dry."""
    top_steam_m3: float
    """From hydrogen only; the burden's moisture is not known."""
    top_celsius: float
    monoxide_percent: float
    dioxide_percent: float
    iron_share: float
    silicon_share: float
    ore_oxygen_per_iron: float
    slag_kg: float
    metal_celsius: float
    cooling_mj: float
    """Into measured cooling water."""


class Heat(NamedTuple):
    """Heat for a tonne of hot metal. [MJ/t]"""

    combustion: float
    """Of carbon to both oxides, whoever gave the oxygen, and of hydrogen to steam."""
    blast: float
    reduction: float
    steam_splitting: float
    coal_splitting: float
    metal: float
    slag: float
    top_gas: float
    cooling: float
    rest: float
    """What is not accounted for: losses of the shell and unmeasured water, the burden's moisture, errors."""

    @property
    def given(self) -> float:
        return self.combustion + self.blast


def carbon_heat_share(utilisation_percent: float) -> float:
    """Share of carbon's heat that a gas of this CO utilisation has set free, 0.28 (all CO) to 1 (all CO2)."""
    return (_TO_MONOXIDE_MJ + (_TO_DIOXIDE_MJ - _TO_MONOXIDE_MJ) * utilisation_percent / 100) / _TO_DIOXIDE_MJ


def heat_balance(tonne: Tonne) -> Heat:
    """Split the heat that carbon, hydrogen and blast give.

    References
    ----------
    Overall (first) heat balance of ironmaking by Hess's law, with 25 °C as the zero.
    """
    gas_kmol = tonne.top_gas_m3 / MOLAR_M3_PER_KMOL
    combustion = gas_kmol / 100 * (_TO_MONOXIDE_MJ * tonne.monoxide_percent + _TO_DIOXIDE_MJ * tonne.dioxide_percent)
    combustion += tonne.top_steam_m3 / MOLAR_M3_PER_KMOL * _TO_STEAM_MJ
    warm = tonne.top_celsius - _AMBIENT_CELSIUS
    steam_m3 = tonne.steam_kg / WATER * MOLAR_M3_PER_KMOL
    blast = (tonne.blast_m3 * _AIR_KJ_PER_M3_K + steam_m3 * _STEAM_KJ_PER_M3_K) * (tonne.blast_celsius - _AMBIENT_CELSIUS) / 1e3
    reduction = 1000 * tonne.iron_share / IRON * tonne.ore_oxygen_per_iron * _OXIDE_MJ_PER_KMOL_OXYGEN
    reduction += 1000 * tonne.silicon_share / SILICON * _SILICA_MJ
    hot = tonne.metal_celsius - 1500
    spent = {
        "reduction": reduction,
        "steam_splitting": tonne.steam_kg / WATER * _TO_STEAM_MJ,
        "coal_splitting": tonne.coal_kg * _COAL_SPLITS_MJ_PER_KG,
        "metal": _METAL_KJ_PER_KG + _METAL_KJ_PER_KG_K * hot,
        # Slag leaves as hot as the metal, or some tens of kelvin hotter, which is within the error of its heat content.
        "slag": tonne.slag_kg / 1000 * (_SLAG_KJ_PER_KG + _SLAG_KJ_PER_KG_K * hot),
        "top_gas": (tonne.top_gas_m3 * _GAS_KJ_PER_M3_K + tonne.top_steam_m3 * _STEAM_KJ_PER_M3_K) * warm / 1e3,
        "cooling": tonne.cooling_mj,
    }
    return Heat(combustion=combustion, blast=blast, rest=combustion + blast - sum(spent.values()), **spent)
