"""Balances of elements against a textbook exercise, and against furnaces made up to close."""

from typing import Any

import numpy as np
import pytest

from analytics.blast_furnace.stoichiometry import Analyses, Burden, Flows, Metal, closure, reduction, smelt

EXERCISE = Burden(hematite=160, silica=54, alumina=20, limestone=100, carbon=78)
PIG = Metal(iron=0.95, carbon=0.04, silicon=0.01)


def test_the_exercise_of_burden_and_pig_iron() -> None:
    """Course exercise in ironmaking: 266 m³ of air; utilisation .4185 ± .0001, pig 117.80 kg, slag 127.5 kg."""
    found = smelt(EXERCISE, PIG, air_m3=266)
    assert found.metal_kg == pytest.approx(117.80, abs=0.01)
    assert found.metal_carbon_kg == pytest.approx(4.712, abs=0.001)
    assert found.slag_kg == pytest.approx(127.5, abs=0.05)
    assert found.dioxide_kmol == pytest.approx(2.972, abs=0.001)
    assert found.monoxide_kmol == pytest.approx(4.129, abs=0.001)
    assert found.nitrogen_kmol == pytest.approx(9.375, abs=0.001)
    assert found.utilisation == pytest.approx(0.4185, abs=0.0001)
    assert found.gas_percent == pytest.approx((25.06, 18.04, 56.90), abs=0.01)


@pytest.mark.parametrize("air_m3", [0, 600])
def test_a_blast_that_fits_no_furnace_gas_is_refused(air_m3: float) -> None:
    with pytest.raises(ValueError, match="make no furnace gas"):
        smelt(EXERCISE, PIG, air_m3=air_m3)


ANALYSES = Analyses(
    coke_carbon=0.87,
    coal_carbon=0.78,
    coal_hydrogen=0.045,
    coal_oxygen=0.06,
    metal_iron=0.945,
    metal_carbon=0.046,
    ore_oxygen_per_iron=1.46,
)


def closed_furnace(direct_share: float = 0.28, hydrogen_used_share: float = 0.4, leak_kmol: float = 0.0) -> dict[str, Any]:
    """Make the flows of a furnace that closes: 250 t/h of metal, top gas worked out element by element in kmol/h."""
    dry, steam_kg, oxygen, coal, metal = 325_000.0, 4_500.0, 12_500.0, 42_000.0, 250_000.0
    ore_oxygen = metal * 0.945 / 55.845 * 1.46
    nitrogen = 0.79 * dry / 22.414
    blast_oxygen = 2 * (0.21 * dry + oxygen) / 22.414 + steam_kg / 18.015
    hydrogen_in = steam_kg / 18.015 + coal * 0.045 / 2.016
    hydrogen_used = hydrogen_used_share * hydrogen_in
    coal_oxygen = coal * 0.06 / 15.999
    carbon_gas = blast_oxygen + direct_share * (ore_oxygen + coal_oxygen)
    # Each atom of ore's oxygen makes CO from carbon, CO2 from CO, or water from hydrogen.
    gas_oxygen = blast_oxygen + ore_oxygen + coal_oxygen - hydrogen_used
    # Water that leaks into the stack turns CO to CO2 and leaves as hydrogen.
    dioxide = gas_oxygen - carbon_gas + leak_kmol
    monoxide = carbon_gas - dioxide
    hydrogen = hydrogen_in - hydrogen_used + leak_kmol
    total = (monoxide + dioxide + hydrogen + nitrogen) / 100
    coke = ((carbon_gas + metal * 0.046 / 12.011) * 12.011 - coal * 0.78) / 0.87
    return {
        "blast_dry_m3_per_h": dry,
        "steam_kg_per_h": steam_kg,
        "oxygen_m3_per_h": oxygen,
        "coke_kg_per_h": coke,
        "coal_kg_per_h": coal,
        "metal_kg_per_h": metal,
        "monoxide_percent": monoxide / total,
        "dioxide_percent": dioxide / total,
        "hydrogen_percent": hydrogen / total,
        "nitrogen_percent": nitrogen / total,
        "metered_gas_m3_per_h": total * 100 * 22.414,
    }


def test_a_furnace_that_closes_is_found_closed() -> None:
    found = closure(Flows(**closed_furnace()), ANALYSES)
    assert float(found.carbon) == pytest.approx(0, abs=1e-6)
    assert float(found.oxygen) == pytest.approx(0, abs=0.01)
    assert float(found.nitrogen) == pytest.approx(0, abs=1e-6)
    assert float(found.analysis_sum) == pytest.approx(100)


def test_an_analyser_that_reads_dioxide_low_opens_carbon_oxygen_and_the_sum() -> None:
    flows = closed_furnace()
    flows["dioxide_percent"] -= 1.8
    found = closure(Flows(**flows), ANALYSES)
    assert float(found.analysis_sum) == pytest.approx(98.2)
    assert float(found.carbon) < -2
    assert float(found.oxygen) < -2
    assert float(found.nitrogen) == pytest.approx(0, abs=1e-6)


def of_gas(flows: dict[str, Any]) -> dict[str, Any]:
    names = ("blast_dry_m3_per_h", "steam_kg_per_h", "oxygen_m3_per_h")
    gas = tuple(f"{name}_percent" for name in ("monoxide", "dioxide", "hydrogen", "nitrogen"))
    return {name: flows[name] for name in (*names, *gas)} | {"coal_hydrogen_kg_per_h": flows["coal_kg_per_h"] * 0.045}


@pytest.mark.parametrize("direct_share", [0.22, 0.28, 0.35])
def test_direct_reduction_is_read_from_the_top_gas(direct_share: float) -> None:
    found = reduction(**of_gas(closed_furnace(direct_share=direct_share)))
    assert float(found.direct_percent) == pytest.approx(100 * direct_share, abs=0.01)
    assert float(found.hydrogen_used_percent) == pytest.approx(40, abs=0.1)


def test_water_into_the_stack_moves_the_hydrogen_and_not_the_direct_reduction() -> None:
    # 3.5 m³/h of water are 194 kmol of hydrogen, of 1187 fed.
    leaking = reduction(**of_gas(closed_furnace(leak_kmol=194)))
    assert float(leaking.hydrogen_used_percent) == pytest.approx(40 - 100 * 194 / 1187, abs=0.2)
    assert float(leaking.direct_percent) == pytest.approx(28, abs=0.01)


def test_unknown_flows_give_no_closure() -> None:
    flows = closed_furnace() | {"coke_kg_per_h": np.nan, "nitrogen_percent": np.array([0.0, 54.0])}
    found = closure(Flows(**flows), ANALYSES)
    assert np.isnan(found.carbon).all()
    assert np.isnan(found.oxygen).tolist() == [True, False]
    assert np.isnan(reduction(**of_gas(closed_furnace() | {"nitrogen_percent": 0.0})).direct_percent)
