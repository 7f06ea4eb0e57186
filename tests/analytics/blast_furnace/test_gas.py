"""Gas of a furnace against figures worked by hand and against the regressions of a real furnace of 2500 m³."""

import numpy as np
import pytest

from analytics.blast_furnace.gas import (
    bosh_gas_m3_per_min,
    dry_blast_m3_per_h,
    flame_temperature_celsius,
    gas_resistance,
    heating_value_kj_per_m3,
    permeability_index,
    top_gas_m3_per_h,
    utilisation_percent,
)


def test_bosh_gas_is_the_sum_of_its_four_sources() -> None:
    # 1.21 · 5500 + 2 · 220 + 44.8 · 15 · 5720 / 18000 + 22.4 · 700 · 0.05 / 2 = 6655 + 440 + 213.5 + 392
    found = bosh_gas_m3_per_min(
        blast_m3_per_min=5500, oxygen_m3_per_min=220, humidity_g_per_m3=15, coal_kg_per_min=700, coal_hydrogen_share=0.05
    )
    assert float(found) == pytest.approx(7700.5, abs=0.1)


def test_bosh_gas_moves_with_its_inputs_as_on_the_real_furnace() -> None:
    """Regression on a furnace of 2500 m³: 1.209, 1.997, 44.37 (per 18 000), and 0.573 per kg of coal (H 5.1 %)."""

    def at(blast: float = 5700, oxygen: float = 250, humidity: float = 13, coal: float = 680) -> float:
        return float(
            bosh_gas_m3_per_min(
                blast_m3_per_min=blast,
                oxygen_m3_per_min=oxygen,
                humidity_g_per_m3=humidity,
                coal_kg_per_min=coal,
                coal_hydrogen_share=0.0512,
            )
        )

    assert at(coal=681) - at() == pytest.approx(0.573, abs=0.005)
    assert (at(humidity=14) - at()) * 18_000 / 5950 == pytest.approx(44.37, abs=2)
    # Blast and oxygen carry their steam with them, 44.8 · 13 / 18 000 = 0.03 each.
    assert at(blast=5701) - at() == pytest.approx(1.209, abs=0.04)
    assert at(oxygen=251) - at() == pytest.approx(1.997, abs=0.04)


def test_flame_temperature_of_the_linear_form() -> None:
    # 1489 + 0.82 · 1100 - 5.705 · 13 + 52.778 · 3 - 1.81 · 125 = 1489 + 902 - 74.2 + 158.3 - 226.3
    found = flame_temperature_celsius(blast_celsius=1100, humidity_g_per_m3=13, enrichment_percent=3, coal_g_per_m3=125)
    assert float(found) == pytest.approx(2248.9, abs=0.1)
    shifted = flame_temperature_celsius(
        blast_celsius=1100, humidity_g_per_m3=13, enrichment_percent=3, coal_g_per_m3=125, offset_kelvin=40.7
    )
    assert float(shifted - found) == pytest.approx(40.7)


def test_permeability_is_a_hundred_times_ten_thousand_cubic_metres_per_kilopascal() -> None:
    # 100 · 34.2 / 195
    assert float(permeability_index(blast_m3_per_h=342_000, drop_kpa=195)) == pytest.approx(17.54, abs=0.01)


def test_resistance_of_a_bed_does_not_change_with_flow_and_top_pressure() -> None:
    """A bed with P_b² - P_t² = 0.04 V^1.7 shows 40 whatever the gas and the top pressure."""
    volume = np.array([6000.0, 7000.0, 8000.0])
    top = np.array([180.0, 200.0, 225.0])
    blast = np.sqrt(0.04 * volume**1.7 + (top + 101.325) ** 2) - 101.325
    assert gas_resistance(hot_blast_kpa=blast, top_kpa=top, bosh_gas_m3_per_min=volume) == pytest.approx([40, 40, 40])


def test_utilisation_and_heating_value_of_a_usual_top_gas() -> None:
    assert float(utilisation_percent(monoxide_percent=22, dioxide_percent=21)) == pytest.approx(48.84, abs=0.01)
    # 22 % · 12 626 + 3.5 % · 10 788
    assert float(heating_value_kj_per_m3(monoxide_percent=22, hydrogen_percent=3.5)) == pytest.approx(3155, abs=1)


def test_top_gas_by_its_nitrogen_and_blast_without_steam() -> None:
    # 330 000 · 0.79 / 0.54
    assert float(top_gas_m3_per_h(blast_m3_per_h=330_000, nitrogen_percent=54)) == pytest.approx(482_778, abs=1)
    # 18.015 g of steam are 22.414 L
    assert float(dry_blast_m3_per_h(blast_m3_per_h=1000, humidity_g_per_m3=18.015)) == pytest.approx(977.6, abs=0.1)


def test_what_is_missing_or_impossible_is_no_number() -> None:
    assert np.isnan(permeability_index(blast_m3_per_h=[1.0, np.nan, 1.0], drop_kpa=[0.0, 190.0, np.nan])).all()
    assert np.isnan(utilisation_percent(monoxide_percent=[0.0, np.nan], dioxide_percent=[0.0, 20.0])).all()
    assert np.isnan(gas_resistance(hot_blast_kpa=400, top_kpa=220, bosh_gas_m3_per_min=[0.0, -1.0, np.nan])).all()
    assert np.isnan(top_gas_m3_per_h(blast_m3_per_h=1000, nitrogen_percent=0))
