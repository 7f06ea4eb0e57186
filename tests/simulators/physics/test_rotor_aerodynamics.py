"""A rotor's power coefficient and pitch, against the published surface."""

import numpy as np
import pytest

from simulators.physics.rotor_aerodynamics import PitchTable, Rotor, power_coefficient


def test_the_most_that_the_rotor_takes_is_that_of_the_published_surface() -> None:
    """The maximum of Heier's surface with these constants, worked out apart: 0.48001 at a ratio of 8.10, blades at 0°."""
    ratios = np.linspace(2, 14, 12_001)
    found = power_coefficient(ratios, np.zeros_like(ratios))
    assert found.max() == pytest.approx(0.48001, abs=1e-5)
    assert ratios[found.argmax()] == pytest.approx(8.10, abs=0.01)
    assert found.max() < 16 / 27  # Betz


def test_a_rotor_that_stands_takes_nothing() -> None:
    assert power_coefficient(np.array([0.0, 1e-300]), np.zeros(2)) == pytest.approx(0)


def test_the_pitch_that_is_looked_up_takes_what_was_wanted() -> None:
    ratios, wanted = (grid.ravel() for grid in np.meshgrid(np.linspace(3, 9, 25), np.linspace(0.02, 0.2, 10)))
    found = power_coefficient(ratios, PitchTable().pitch_deg(ratios, wanted))
    reachable = power_coefficient(ratios, PitchTable().pitch_deg(ratios, np.ones_like(ratios))) > wanted + 0.01
    assert reachable.mean() > 0.7
    assert found[reachable] == pytest.approx(wanted[reachable], abs=0.003)


def test_a_rotor_of_126_metres_meets_the_power_of_its_disc() -> None:
    """0.5 · 1.225 kg/m³ · π · (63 m)² · (10 m/s)³ = 7637 kW, worked out by hand."""
    rotor = Rotor(radius_m=63.0, slowest_rad_s=0.7, rated_rad_s=1.27)
    assert rotor.air_kw(1.225, np.array([10.0]))[0] == pytest.approx(7637, abs=1)
    assert rotor.best_rad_s(np.array([1.0, 8.0, 20.0])) == pytest.approx([0.7, 8.1 * 8 / 63, 1.27])
