"""Elements in, elements out: what a burden and a blast must become, and how well measured flows close.

The first half works out iron, slag and top gas of a given burden (as textbooks ask); the second holds a running furnace's flows
against each other, which is how a meter or an analyser that is wrong is found.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.blast_furnace.gas import AIR_NITROGEN_SHARE, AIR_OXYGEN_SHARE, MOLAR_M3_PER_KMOL
from analytics.window import FloatArray

CARBON, OXYGEN, HYDROGEN = 12.011, 15.999, 1.008
IRON, SILICON, CALCIUM, ALUMINIUM = 55.845, 28.086, 40.078, 26.982
"""Standard atomic weights (IUPAC). [kg/kmol]"""
WATER = 2 * HYDROGEN + OXYGEN
HEMATITE = 2 * IRON + 3 * OXYGEN
SILICA = SILICON + 2 * OXYGEN
LIMESTONE = CALCIUM + CARBON + 3 * OXYGEN
LIME = CALCIUM + OXYGEN


class Burden(NamedTuple):
    """What is charged. [kg]"""

    hematite: float
    silica: float
    alumina: float
    limestone: float
    carbon: float


class Metal(NamedTuple):
    """Mass shares of the hot metal, 0 to 1."""

    iron: float
    carbon: float
    silicon: float


class Smelted(NamedTuple):
    """What comes of a burden."""

    metal_kg: float
    metal_carbon_kg: float
    slag_kg: float
    dioxide_kmol: float
    monoxide_kmol: float
    nitrogen_kmol: float

    @property
    def utilisation(self) -> float:
        """Share of dioxide in the carbon oxides, 0 to 1."""
        return self.dioxide_kmol / (self.dioxide_kmol + self.monoxide_kmol)

    @property
    def gas_percent(self) -> tuple[float, float, float]:
        """CO, CO2 and N2 of the dry top gas."""
        total = self.dioxide_kmol + self.monoxide_kmol + self.nitrogen_kmol
        return tuple(100 * part / total for part in (self.monoxide_kmol, self.dioxide_kmol, self.nitrogen_kmol))  # type: ignore[return-value]


def smelt(burden: Burden, metal: Metal, *, air_m3: float) -> Smelted:
    """Work out metal, slag and top gas of a burden from its carbon, oxygen and nitrogen, all iron going into the metal.

    Parameters
    ----------
    air_m3 : float
        Dry air, at standard conditions.

    Raises
    ------
    ValueError
        If carbon and oxygen fit no gas of carbon monoxide and dioxide.

    References
    ----------
    Balance of elements; the exercise is that of courses in ironmaking (79 % nitrogen, 21 % oxygen).
    """
    metal_kg = burden.hematite * 2 * IRON / HEMATITE / metal.iron
    silicon_kmol = metal_kg * metal.silicon / SILICON
    carbonate_kmol = burden.limestone / LIMESTONE
    air_kmol = air_m3 / MOLAR_M3_PER_KMOL
    metal_carbon_kg = metal_kg * metal.carbon
    carbon_kmol = (burden.carbon - metal_carbon_kg) / CARBON + carbonate_kmol
    oxygen_kmol = 2 * AIR_OXYGEN_SHARE * air_kmol + 3 * burden.hematite / HEMATITE + 2 * silicon_kmol + 2 * carbonate_kmol
    dioxide_kmol = oxygen_kmol - carbon_kmol
    if not 0 <= dioxide_kmol <= carbon_kmol:
        raise ValueError(f"{carbon_kmol:.3f} kmol of carbon and {oxygen_kmol:.3f} of oxygen make no furnace gas")
    return Smelted(
        metal_kg=metal_kg,
        metal_carbon_kg=metal_carbon_kg,
        slag_kg=burden.silica - silicon_kmol * SILICA + burden.alumina + carbonate_kmol * LIME,
        dioxide_kmol=dioxide_kmol,
        monoxide_kmol=carbon_kmol - dioxide_kmol,
        nitrogen_kmol=AIR_NITROGEN_SHARE * air_kmol,
    )


class Closure(NamedTuple):
    """What comes out less what goes in, as a share of what goes in. [%]

    NaN where something is not known.
    """

    carbon: FloatArray
    oxygen: FloatArray
    nitrogen: FloatArray
    analysis_sum: FloatArray
    """CO + CO2 + H2 + N2 of the analyser: 100 of a dry gas."""
    top_gas_m3_per_h: FloatArray
    """By nitrogen."""
    steam_m3_per_h: FloatArray
    """Water of the top gas that was hydrogen: by the balance of hydrogen."""


class Flows(NamedTuple):
    """What a running furnace is fed with and gives, means of the same hours; arrays or numbers that fit each other."""

    blast_dry_m3_per_h: npt.ArrayLike
    steam_kg_per_h: npt.ArrayLike
    oxygen_m3_per_h: npt.ArrayLike
    coke_kg_per_h: npt.ArrayLike
    coal_kg_per_h: npt.ArrayLike
    metal_kg_per_h: npt.ArrayLike
    monoxide_percent: npt.ArrayLike
    dioxide_percent: npt.ArrayLike
    hydrogen_percent: npt.ArrayLike
    nitrogen_percent: npt.ArrayLike
    metered_gas_m3_per_h: npt.ArrayLike
    """Dry top gas by its meter, flared gas included."""


class Analyses(NamedTuple):
    """Of coke, coal, ore and metal, mass shares 0 to 1 but for the last."""

    coke_carbon: float
    coal_carbon: float
    coal_hydrogen: float
    coal_oxygen: float
    metal_iron: float
    metal_carbon: float
    ore_oxygen_per_iron: float
    """Atoms of oxygen per atom of iron in sinter, pellets and ore: 1.5 of hematite, 1.33 of magnetite."""


def closure(flows: Flows, analyses: Analyses) -> Closure:
    """Close carbon and oxygen over the whole furnace with the gas that nitrogen gives, and nitrogen with the gas meter.

    Notes
    -----
    Dust (a few kg/t) and silicon's oxygen (1 % of the ore's) are not counted. Without a term for storage the furnace must have
    run evenly for about the 8 hours that its burden stays in it.

    References
    ----------
    Element balances of ironmaking; closures within 2 to 3 % are usual, beyond that an analyser or a meter is suspected.
    """
    dry, steam_kg, oxygen, coke, coal, metal, monoxide_percent, dioxide_percent, hydrogen_percent, nitrogen_percent, metered = (
        _array(value) for value in flows
    )
    nitrogen_kmol = AIR_NITROGEN_SHARE * dry / MOLAR_M3_PER_KMOL
    gas_kmol = nitrogen_kmol / np.where(nitrogen_percent > 0, nitrogen_percent, np.nan) * 100
    monoxide, dioxide, hydrogen = (share / 100 * gas_kmol for share in (monoxide_percent, dioxide_percent, hydrogen_percent))
    # Steam on its way through the furnace becomes hydrogen and back; what is not found as hydrogen left as water.
    hydrogen_in = steam_kg / WATER + coal * analyses.coal_hydrogen / (2 * HYDROGEN)
    steam = hydrogen_in - hydrogen
    carbon_in = (coke * analyses.coke_carbon + coal * analyses.coal_carbon) / CARBON
    carbon_out = monoxide + dioxide + metal * analyses.metal_carbon / CARBON
    oxygen_in = (
        2 * (AIR_OXYGEN_SHARE * dry + oxygen) / MOLAR_M3_PER_KMOL
        + steam_kg / WATER
        + coal * analyses.coal_oxygen / OXYGEN
        + metal * analyses.metal_iron / IRON * analyses.ore_oxygen_per_iron
    )
    return Closure(
        carbon=_excess_percent(carbon_out, carbon_in),
        oxygen=_excess_percent(monoxide + 2 * dioxide + steam, oxygen_in),
        nitrogen=_excess_percent(metered * nitrogen_percent / 100 / MOLAR_M3_PER_KMOL, nitrogen_kmol),
        analysis_sum=monoxide_percent + dioxide_percent + hydrogen_percent + nitrogen_percent,
        top_gas_m3_per_h=gas_kmol * MOLAR_M3_PER_KMOL,
        steam_m3_per_h=steam * MOLAR_M3_PER_KMOL,
    )


def _array(value: npt.ArrayLike) -> FloatArray:
    return np.asarray(value, np.float64)


def _excess_percent(out: FloatArray, into: FloatArray) -> FloatArray:
    found: FloatArray = 100 * (out / np.where(into > 0, into, np.nan) - 1)
    return found


class Reduction(NamedTuple):
    """How the ore's oxygen is taken, by the top gas alone; arrays, NaN where something is not known."""

    direct_percent: FloatArray
    """Share of the ore's oxygen that solid carbon takes: above 35 is a poorly prepared burden, below 25 a very good one."""
    hydrogen_used_percent: FloatArray
    """Share of the hydrogen fed with steam and coal that does not leave as hydrogen: 30 to 45. Water that leaks in is hydrogen
    that nobody has fed, and lowers it, even below zero."""


def reduction(
    *,
    blast_dry_m3_per_h: npt.ArrayLike,
    steam_kg_per_h: npt.ArrayLike,
    oxygen_m3_per_h: npt.ArrayLike,
    coal_hydrogen_kg_per_h: npt.ArrayLike,
    monoxide_percent: npt.ArrayLike,
    dioxide_percent: npt.ArrayLike,
    hydrogen_percent: npt.ArrayLike,
    nitrogen_percent: npt.ArrayLike,
) -> Reduction:
    """Split reduction into direct and indirect, per nitrogen of the blast, which needs neither weights nor a gas meter.

    Notes
    -----
    What oxygen the gas has beyond the blast's came from ore; what carbon it has beyond the blast's oxygen was gasified by ore.
    Oxygen and carbon of volatile matter and of limestone are counted to the ore, which shifts the level of a furnace by a few
    points and hardly its changes.

    References
    ----------
    Balances of carbon and oxygen after Rist (operating line); element balances of ironmaking.
    """
    dry, steam, oxygen, coal, monoxide, dioxide, hydrogen, nitrogen = (
        _array(value)
        for value in (
            blast_dry_m3_per_h,
            steam_kg_per_h,
            oxygen_m3_per_h,
            coal_hydrogen_kg_per_h,
            monoxide_percent,
            dioxide_percent,
            hydrogen_percent,
            nitrogen_percent,
        )
    )
    by_nitrogen = AIR_NITROGEN_SHARE * dry / MOLAR_M3_PER_KMOL / np.where(nitrogen > 0, nitrogen, np.nan)
    hydrogen_in = steam / WATER + coal / (2 * HYDROGEN)
    hydrogen_used = hydrogen_in - hydrogen * by_nitrogen
    blast_oxygen = 2 * (AIR_OXYGEN_SHARE * dry + oxygen) / MOLAR_M3_PER_KMOL + steam / WATER
    direct = (monoxide + dioxide) * by_nitrogen - blast_oxygen
    ore_oxygen = (monoxide + 2 * dioxide) * by_nitrogen + hydrogen_used - blast_oxygen
    return Reduction(
        direct_percent=100 * direct / np.where(ore_oxygen > 0, ore_oxygen, np.nan),
        hydrogen_used_percent=100 * hydrogen_used / np.where(hydrogen_in > 0, hydrogen_in, np.nan),
    )
