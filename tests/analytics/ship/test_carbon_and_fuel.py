"""The known answers of CII, EEOI, EEXI, fuels and generators."""

from pathlib import Path

import numpy as np
import pytest

from analytics.ship import carbon_intensity, fuel
from analytics.ship.carbon_intensity import (
    attained,
    bounds,
    capacity_of,
    existing_ship_index,
    line_of,
    operational_indicator,
    read_table,
    reduction_percent,
    required,
)
from analytics.ship.fuel import at_reference_conditions, in_use, read_fuels, specific_consumption_g_per_kwh
from analytics.ship.generators import fewest_sets
from analytics.window import Window
from telemetry.errors import ConfigError


def test_the_ro_pax_ship_of_the_reference() -> None:
    """Reference 0.1, to 1e-6: GT 25,000, 150,000 nmi, 19,000 t of diesel oil; B in 2023, C in 2025."""
    co2_t = 19_000 * read_fuels()["marine_diesel_oil"].co2_t_per_t
    now = attained(co2_t=co2_t, capacity=25_000, nmi=150_000)
    assert now == pytest.approx(16.243733, abs=1e-6)
    line = line_of("ro_ro_passenger_ship", 25_000)
    assert line.reference(25_000) == pytest.approx(19.184191, abs=1e-6)
    ratios = []
    for year in (2023, 2025):
        reduction = reduction_percent(year)
        assert reduction is not None
        ratios.append(now / required(line, capacity=25_000, reduction=reduction))
    assert required(line, capacity=25_000, reduction=5) == pytest.approx(18.224981, abs=1e-6)
    assert ratios == pytest.approx([0.891289, 0.930467], abs=1e-6)
    assert [line.rating(ratio) for ratio in ratios] == ["B", "C"]


def test_the_bulk_carrier_of_the_reference() -> None:
    """Required 10: bounds 8.6, 9.4, 10.6, 11.8; 9 is B, 11 is D."""
    line = line_of("bulk_carrier", 57_000)
    assert bounds(line, 10) == pytest.approx([8.6, 9.4, 10.6, 11.8], abs=1e-9)
    assert [line.rating(one / 10) for one in (8, 9, 10, 11, 12)] == list("ABCDE")


def test_sizes_choose_the_row_and_the_capacity_that_counts() -> None:
    """Spot checks of the table's splits."""
    assert line_of("bulk_carrier", 300_000).counted(300_000) == 279_000
    assert line_of("bulk_carrier", 278_999).counted(278_999) == 278_999
    assert (line_of("gas_carrier", 65_000).c, line_of("gas_carrier", 64_999).c) == (2.071, 0.639)
    assert line_of("lng_carrier", 120_000).reference(120_000) == pytest.approx(9.827)
    assert line_of("lng_carrier", 20_000).counted(20_000) == 65_000
    assert line_of("ro_ro_vehicle_carrier", 70_000).counted(70_000) == 57_700
    assert capacity_of("cruise_passenger_ship") == "gross_tonnage"
    with pytest.raises(ValueError, match="tanker of 0"):
        line_of("tanker", 0)


def test_every_row_names_its_resolution_and_waits_for_someone_to_compare_it() -> None:
    table = read_table()
    assert len(table.lines) == 20
    assert all("MEPC" in row.source and not row.verified for row in table.lines)
    assert all("MEPC" in row.source and not row.verified for row in table.reductions)
    assert all("MEPC" in row.source and not row.verified for row in read_fuels().values())
    assert [row.percent for row in table.reductions] == [5, 7, 9, 11, 13.625, 16.25, 18.875, 21.5]
    assert reduction_percent(2031) is None


def test_bounds_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    text = carbon_intensity.TABLE.read_text().replace("d = [0.86, 0.94", "d = [0.96, 0.94", 1)
    file = tmp_path / "table.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="do not rise"):
        read_table(file)
    file.write_text(fuel.TABLE.read_text().replace("3.114", "31.14"))
    with pytest.raises(ConfigError, match="co2_t_per_t"):
        read_fuels(file)


def test_eeoi_of_a_voyage() -> None:
    """100 t of CO2, 50,000 t of cargo, 400 nmi: 5 g/(t·nmi)."""
    assert operational_indicator(co2_t=100, cargo_t=50_000, nmi=400) == pytest.approx(5)


def test_eexi_of_a_bulk_carrier_by_hand() -> None:
    """9480 kW: 7110 kW at 170 g/kWh and 474 kW at 215 g/kWh of fuel with 3.114; 57,000 t, 14.2 kn."""
    data = {
        "main_g_per_kwh": 170.0,
        "main_co2_t_per_t": 3.114,
        "auxiliary_g_per_kwh": 215.0,
        "auxiliary_co2_t_per_t": 3.114,
        "capacity": 57_000.0,
        "reference_speed_kn": 14.2,
    }
    found = existing_ship_index(rated_kw=9480, **data)
    assert found == pytest.approx((7110 * 170 + 474 * 215) * 3.114 / (57_000 * 14.2))
    # From 10 MW on the auxiliary power is 0.025 MCR + 250; a limitation to 60 % counts with 83 %.
    large = existing_ship_index(rated_kw=20_000, limited_kw=12_000, **data)
    assert large == pytest.approx((0.83 * 12_000 * 170 + 750 * 215) * 3.114 / (57_000 * 14.2))


def test_consumption_at_reference_conditions() -> None:
    """180 g/kWh of fuel with 40.2 MJ/kg at 45 °C air and 32 °C coolant: 180·(40.2/42.7)·(1 − .004 − .0042)."""
    found = at_reference_conditions(180, heating_value_mj_per_kg=40.2, air_celsius=45, coolant_celsius=32)
    assert found == pytest.approx(180 * 40.2 / 42.7 * (1 - 0.004 - 0.0042))
    assert specific_consumption_g_per_kwh(fuel_kg=900, energy_kwh=5000) == pytest.approx(180)
    with pytest.raises(ValueError, match="energy"):
        specific_consumption_g_per_kwh(fuel_kg=900, energy_kwh=0)


def test_the_last_fuel_that_was_known_counts() -> None:
    codes = np.array([np.nan, 0, np.nan, 1, np.nan])
    co2, heat = in_use(Window(kind="ship", start_us=0, step_seconds=60, values={"fuel_type": codes}))
    assert np.isnan(co2[0])
    assert co2[1:].tolist() == [3.114, 3.114, 3.206, 3.206]
    assert heat[1:].tolist() == [40.2, 40.2, 42.7, 42.7]


def test_the_fewest_sets_that_carry_a_demand() -> None:
    """Three sets of 600 kW at no more than 85 %: up to 510, 1020 and 1530 kW; more than that overloads all three."""
    found = fewest_sets([0, 300, 510, 511, 1020, 1500, 1700, np.nan], rated_kw=[600, 600, 600])
    assert found.number[:7].tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert np.isnan(found.number[7])
    assert found.load[2] == pytest.approx(0.85)
    assert found.load[6] == pytest.approx(1700 / 1800)


def test_of_as_many_sets_the_smallest_that_carry_are_chosen_whatever_is_asked() -> None:
    """Against all 15 choices, tried one by one, for 300 demands."""
    rated = [300.0, 500, 500, 900]
    demand = np.random.default_rng(2).uniform(1, 1800, 300)
    found = fewest_sets(demand, rated_kw=rated)
    for kw, bits, number in zip(demand, found.sets, found.number, strict=True):
        able = []
        for choice in range(1, 16):
            capacity = sum(rating for place, rating in enumerate(rated) if choice >> place & 1)
            if kw <= 0.85 * capacity:
                able.append((choice.bit_count(), capacity))
        chosen = sum(rating for place, rating in enumerate(rated) if int(bits) >> place & 1)
        assert (int(number), chosen) == min(able)


@pytest.mark.parametrize("rated", [[], [600.0, 0.0], [600.0] * 9])
def test_sets_that_cannot_be_are_refused(rated: list[float]) -> None:
    with pytest.raises(ValueError, match="sets"):
        fewest_sets(100, rated_kw=rated)
