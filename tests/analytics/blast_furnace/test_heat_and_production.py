"""Heat of a tonne by Hess's law, output and energy by their definitions, and limits by their table."""

import numpy as np
import pytest

from analytics.blast_furnace.heat import Tonne, carbon_heat_share, heat_balance
from analytics.blast_furnace.limits import TABLE, limit_of, warning_level
from analytics.blast_furnace.production import (
    amount_of_counter,
    annual_output_t,
    energy_kgce_per_t,
    hearth_coefficient_t_per_m2_d,
    productivity_t_per_m3_d,
    rate_kg_per_t,
    stove_efficiency,
)
from telemetry.errors import ConfigError

TONNE = Tonne(
    blast_m3=1000,
    blast_celsius=1125,
    steam_kg=18.015,
    coal_kg=160,
    top_gas_m3=1600,
    top_steam_m3=44.828,
    top_celsius=175,
    monoxide_percent=22.414,
    dioxide_percent=22.414,
    iron_share=0.945,
    silicon_share=0.005,
    ore_oxygen_per_iron=1.5,
    slag_kg=300,
    metal_celsius=1500,
    cooling_mj=100,
)


def test_heat_of_a_tonne_worked_by_hand() -> None:
    """1600 m³ with 22.414 % each of CO and CO2 hold 16 kmol of each; 44.828 m³ of steam are 2 kmol."""
    heat = heat_balance(TONNE)
    assert heat.combustion == pytest.approx(16 * 110.5 + 16 * 393.5 + 2 * 241.8)
    # (1000 · 1.40 + 22.414 · 1.51) · 1100 K
    assert heat.blast == pytest.approx(1577, abs=1)
    # 945 kg of iron as hematite: 945 / 55.845 / 2 · 824.2 = 6974; 5 kg of silicon: 5 / 28.086 · 910.7 = 162
    assert heat.reduction == pytest.approx(6974 + 162, abs=1)
    assert heat.steam_splitting == pytest.approx(241.8)
    assert heat.top_gas == pytest.approx((1600 * 1.38 + 44.828 * 1.51) * 150 / 1000)
    spent = heat.reduction + heat.steam_splitting + heat.coal_splitting + heat.metal + heat.slag + heat.top_gas + heat.cooling
    assert spent + heat.rest == pytest.approx(heat.given)


def test_carbon_gives_28_percent_of_its_heat_as_monoxide_and_all_as_dioxide() -> None:
    assert carbon_heat_share(0) == pytest.approx(0.281, abs=0.001)
    assert carbon_heat_share(100) == pytest.approx(1)


def test_output_by_the_definitions_of_gb_50427() -> None:
    assert productivity_t_per_m3_d(metal_t_per_day=6000, volume_m3=2500) == pytest.approx(2.4)
    assert hearth_coefficient_t_per_m2_d(metal_t_per_day=6000, hearth_area_m2=98.52) == pytest.approx(60.9, abs=0.01)
    assert annual_output_t(volume_m3=2500, productivity=2.4, operation_rate=0.97) == pytest.approx(2_124_300)
    assert rate_kg_per_t(consumed_t=2280, metal_t=6000) == pytest.approx(380)


def test_energy_of_a_tonne_with_the_factors_of_the_house() -> None:
    # 380 · 0.9714 + 160 · 0.7143 + (1.4 - 4.9 GJ) / 0.029307 - 40 · 0.1229 = 369.1 + 114.3 - 119.4 - 4.9
    found = energy_kgce_per_t(
        coke_t=380, coal_t=160, stove_gas_gj=1400, recovered_gas_gj=4900, recovered_kwh=40_000, metal_t=1000
    )
    assert found == pytest.approx(359.1, abs=0.1)


def test_stoves_that_put_three_quarters_of_their_gas_into_the_blast() -> None:
    # 1000 m³ · 1.4 · 900 K = 1260 MJ of 560 m³ · 3000 kJ = 1680 MJ
    found = stove_efficiency(blast_m3=1000, cold_celsius=200, hot_celsius=1100, gas_m3=560, heating_kj_per_m3=3000)
    assert found == pytest.approx(0.75)


def test_a_counter_that_is_reset_counts_on() -> None:
    assert amount_of_counter(np.array([10.0, 12.0, np.nan, 15.0, 0.0, 3.0])) == pytest.approx(8)
    assert np.isnan(amount_of_counter(np.array([np.nan, 5.0])))


def test_nothing_is_divided_by_nothing() -> None:
    with pytest.raises(ValueError, match="effective volume"):
        productivity_t_per_m3_d(metal_t_per_day=6000, volume_m3=0)
    with pytest.raises(ValueError, match="hot metal"):
        rate_kg_per_t(consumed_t=1, metal_t=0)


def test_warning_levels_rise_with_monoxide_and_with_missing_oxygen() -> None:
    assert [warning_level(value, "ambient_co") for value in (5, 20, 30)] == [0, 1, 2]
    assert [warning_level(value, "ambient_oxygen") for value in (20.9, 19.8, 19.5)] == [0, 1, 2]


def test_no_limit_claims_to_have_been_read_in_its_standard() -> None:
    assert not limit_of("process_energy").verified
    with pytest.raises(ConfigError, match="no limit"):
        limit_of("no_such_limit", TABLE)
