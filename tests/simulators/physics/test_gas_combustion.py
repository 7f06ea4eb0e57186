"""Combustion of natural gas against the chemistry of methane."""

import numpy as np
import pytest

from simulators.physics.gas_combustion import AIR_PER_GAS, excess_air, flue_c, flue_gas_oxygen, flue_kj_per_m3


def test_gas_with_three_and_a_half_percent_of_oxygen_left_burned_with_a_fifth_more_air() -> None:
    # The short form 21 / (21 - O2) of GB/T 10180 gives 1.20; it neglects that methane's dry flue gas is less than its air.
    assert excess_air(np.array([3.5]))[0] == pytest.approx(1.2, abs=0.03)
    assert flue_gas_oxygen(excess_air(np.array([0.0, 3.5, 8.0]))) == pytest.approx([0, 3.5, 8.0])


def test_methane_needs_nine_and_a_half_volumes_of_air() -> None:
    assert pytest.approx(2 / 0.21, abs=0.02) == AIR_PER_GAS  # CH4 + 2 O2


def test_the_temperature_of_flue_gas_follows_from_its_heat() -> None:
    gas_c = np.array([20.0, 130.0, 1000.0, 1800.0])
    assert flue_c(flue_kj_per_m3(gas_c)) == pytest.approx(gas_c)
