"""The propeller against the Wageningen series, and behind a ship."""

import numpy as np
import pytest

from simulators.physics.propeller import Propeller, thrust_coefficient, torque_coefficient


@pytest.mark.parametrize(
    ("advance", "thrust", "ten_torque"),
    [(0.0, 0.2930, 0.3149), (0.2, 0.2359, 0.2655), (0.4, 0.1640, 0.2025), (0.5, 0.1234, 0.1656), (0.6, 0.0804, 0.1250)],
)
def test_the_propeller_is_that_of_the_wageningen_series(advance: float, thrust: float, ten_torque: float) -> None:
    """B4-55, P/D 0.70, from the 39 and 47 terms of Bernitsas, Ray and Kinley (1981)."""
    assert thrust_coefficient(np.array([advance]))[0] == pytest.approx(thrust, abs=0.0015)
    assert 10 * torque_coefficient(np.array([advance]))[0] == pytest.approx(ten_torque, abs=0.0006)


def test_a_propeller_behind_a_ship_that_stands_pulls_with_its_bollard_thrust_and_one_that_stands_not_at_all() -> None:
    propeller = Propeller(diameter_m=5.0, wake=np.array([0.3, 0.3]), thrust_deduction=0.1, rotative_efficiency=1.0)
    turns, at_rest = np.array([2.0, 0.0]), np.zeros(2)
    assert propeller.pull_kn(turns, at_rest) == pytest.approx([1.025 * 5**4 * 2**2 * 0.2941 * 0.9, 0])
    assert propeller.torque_knm(turns, at_rest) == pytest.approx([1.025 * 5**5 * 2**2 * 0.03146, 0])
