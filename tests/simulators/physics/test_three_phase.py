"""Three phases against what is known of them by hand."""

import numpy as np
import pytest

from simulators.physics.three_phase import (
    line_volts,
    line_volts_at_120_degrees,
    phase_factors,
    phases,
    power_factor,
    unbalance_percent,
)


def test_a_balanced_system_of_230_volts_has_398_between_its_lines() -> None:
    balanced = phases(np.array([230.0]), np.array([0.0]))
    assert line_volts(balanced)[0] == pytest.approx([398.37] * 3, abs=0.01)
    assert line_volts_at_120_degrees(np.array([[230.0] * 3]))[0] == pytest.approx([398.37] * 3, abs=0.01)


def test_unbalance_is_that_of_the_example_in_nema_mg_1() -> None:
    # NEMA MG 1, 14.36.2: 460, 467 and 450 V have a mean of 459 V, the largest deviation is 9 V, 1.96 %
    assert unbalance_percent(np.array([[460.0, 467.0, 450.0]]))[0] == pytest.approx(1.96, abs=0.01)


def test_a_negative_sequence_of_two_percent_is_an_unbalance_of_two_percent_at_most() -> None:
    angle = np.exp(1j * np.linspace(0, 2 * np.pi, 60))
    found = unbalance_percent(line_volts(phases(np.full(60, 230.0), 0.02 * 230 * angle)))
    assert found.max() == pytest.approx(2.0, abs=0.05)
    assert found.min() > 1.7


def test_factors_of_phases_have_a_mean_of_one() -> None:
    factors = phase_factors(np.array([[0.01, -0.004], [0.5, 0.5]]))
    assert factors.shape == (2, 3)
    assert factors.mean(axis=1) == pytest.approx([1, 1])
    assert np.abs(factors - 1).max() == pytest.approx(0.04)  # no phase is taken further from the mean than 2 %, so the third 4 %


def test_a_meter_without_load_shows_a_power_factor_of_one() -> None:
    assert power_factor(np.array([0.0, 3.0]), np.array([0.0, 5.0])) == pytest.approx([1, 0.6])
