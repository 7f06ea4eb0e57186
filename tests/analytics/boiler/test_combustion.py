"""Stoichiometry against figures worked by hand, textbook values and a real coal-fired unit."""

import numpy as np
import pytest

from analytics.boiler.combustion import (
    METHANE_LOWER_KJ_PER_M3,
    air_kg,
    air_ratio,
    excess_air,
    flue_gas,
    gas_fuel,
    methane_like,
    solid_fuel,
)

MOISTURE = 0.17346
COAL = solid_fuel(
    carbon=0.600245 * (1 - MOISTURE),
    hydrogen=0.0456951 * (1 - MOISTURE),
    oxygen=0.108121 * (1 - MOISTURE),
    nitrogen=0.0116837 * (1 - MOISTURE),
    sulphur=0.0138247 * (1 - MOISTURE),
    ash=0.220431 * (1 - MOISTURE),
    moisture=MOISTURE,
)
"""The coal of the IDAES data set, as fired."""


def test_methane_needs_nine_and_a_half_times_its_volume_of_air() -> None:
    # CH4 + 2 O2: 2 / 0.2095 = 9.547
    assert gas_fuel({"methane": 1.0}).dry_air * 22.414 == pytest.approx(9.547, abs=1e-3)


def test_dry_gas_of_methane_burned_exactly_holds_11_7_percent_of_carbon_dioxide() -> None:
    made = flue_gas(gas_fuel({"methane": 1.0}), excess_air=0.0)
    assert float(100 * made.carbon_dioxide / made.dry) == pytest.approx(11.70, abs=0.02)
    assert float(made.oxygen_percent) == 0
    assert float(made.water * 22.414) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("fuel", [COAL, gas_fuel({"methane": 0.9, "ethane": 0.06, "nitrogen": 0.04})])
def test_excess_air_by_oxygen_gives_that_oxygen_again(fuel: object) -> None:
    assert isinstance(fuel, type(COAL))
    oxygen = np.array([0.0, 1.0, 3.5, 8.0, 15.0])
    assert flue_gas(fuel, excess_air=excess_air(fuel, oxygen_percent=oxygen)).oxygen_percent == pytest.approx(oxygen, abs=1e-9)


def test_air_of_the_coal_agrees_with_the_quick_formula() -> None:
    # 11.51 C + 34.3 (H - O / 8) + 4.31 S = 6.672 kg/kg, 6.669 from the elements with air of 28.96 kg/kmol.
    dry = 1 - MOISTURE
    quick = dry * (11.51 * 0.600245 + 34.3 * (0.0456951 - 0.108121 / 8) + 4.31 * 0.0138247)
    assert quick == pytest.approx(6.672, abs=5e-4)
    assert COAL.dry_air * 28.96 == pytest.approx(6.669, abs=2e-3)


def test_mass_is_kept() -> None:
    # Fuel without ash + air = dry gas + water.
    beyond = 0.3
    made = flue_gas(COAL, excess_air=beyond)
    into = 1 - 0.220431 * (1 - MOISTURE) + float(air_kg(COAL, excess_air=beyond))
    # The analysis adds up to 1 within 1e-6, molar masses to 1e-4.
    assert float(made.dry_kg + made.water_kg) == pytest.approx(into, rel=2e-4)


def test_air_ratio_in_short_form() -> None:
    assert float(air_ratio(oxygen_percent=3.5)) == pytest.approx(1.2)
    assert float(air_ratio(oxygen_percent=3.5, monoxide_percent=0.4)) == pytest.approx(21 / 17.7)
    methane = gas_fuel({"methane": 1.0})
    assert float(1 + excess_air(methane, oxygen_percent=3.5)) == pytest.approx(1.2, rel=0.02)


def test_natural_gas_is_taken_for_methane_of_the_same_heat() -> None:
    assert methane_like(lower_heating_kj_per_m3=METHANE_LOWER_KJ_PER_M3) == gas_fuel({"methane": 1.0})
    # A rich gas of 90 % methane, 6 % ethane, 2 % propane, 2 % nitrogen: 37.73 MJ/m³ (ISO 6976: 35.818, 63.76, 91.18).
    rich = gas_fuel({"methane": 0.90, "ethane": 0.06, "propane": 0.02, "nitrogen": 0.02})
    like = methane_like(lower_heating_kj_per_m3=0.9 * 35_818 + 0.06 * 63_760 + 0.02 * 91_180)
    assert like.dry_air == pytest.approx(rich.dry_air, rel=0.01)


@pytest.mark.parametrize("oxygen", [-0.1, 19.1, 21.0, np.nan])
def test_without_a_possible_oxygen_there_is_no_excess_air(oxygen: float) -> None:
    assert np.isnan(excess_air(COAL, oxygen_percent=oxygen))
    assert np.isnan(air_ratio(oxygen_percent=oxygen))


def test_analyses_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 0\.850"):
        solid_fuel(carbon=0.6, hydrogen=0.05, oxygen=0.1, nitrogen=0.01, sulphur=0.01, moisture=0.0, ash=0.08)
    with pytest.raises(ValueError, match=r"add up to 0\.900"):
        gas_fuel({"methane": 0.9})
    with pytest.raises(ValueError, match="unknown gases helium"):
        gas_fuel({"methane": 0.9, "helium": 0.1})
    with pytest.raises(ValueError, match="no natural gas"):
        methane_like(lower_heating_kj_per_m3=8_000)
