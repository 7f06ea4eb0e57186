"""Descent, rests and drops of a burden whose course is known."""

import numpy as np
import pytest

from analytics.blast_furnace.stock import descent_m_per_h, drops_m, spells_of, stock_line_m


def line_of(speed_m_per_min: np.ndarray, *, step_seconds: float, noise_m: float = 0.01) -> np.ndarray:
    """Let a burden come down at a speed; a charge brings it back by half a metre."""
    come_down = np.cumsum(speed_m_per_min) * step_seconds / 60
    line: np.ndarray = 1.0 + come_down % 0.5 + noise_m * np.random.default_rng(1).normal(size=len(come_down))
    return line


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_descent_is_found_between_charges_at_any_step(step_seconds: float) -> None:
    n = round(6 * 3600 / step_seconds)
    speed = descent_m_per_h(line_of(np.full(n, 0.12), step_seconds=step_seconds, noise_m=0.005), step_seconds=step_seconds)
    # The first steps have no difference before them.
    assert np.nanmedian(speed) == pytest.approx(7.2, rel=0.05)


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_rest_of_25_minutes_is_found_with_its_length(step_seconds: float) -> None:
    n, rest = round(3 * 3600 / step_seconds), round(25 * 60 / step_seconds)
    speed = np.full(n, 0.12)
    speed[n // 2 : n // 2 + rest] = 0.0
    stands = descent_m_per_h(line_of(speed, step_seconds=step_seconds, noise_m=0.004), step_seconds=step_seconds) < 3.6
    longest = spells_of(stands)
    at = longest.steps.argmax()
    assert longest.steps[at] * step_seconds / 60 == pytest.approx(25, abs=3)
    assert abs(longest.first[at] - n // 2) * step_seconds <= 180


def test_each_sudden_drop_is_counted_once_with_its_depth() -> None:
    line = line_of(np.full(360, 0.12), step_seconds=60)
    line[100:110] += 1.0
    line[250:260] += 0.8
    steps, depths = drops_m(line, step_seconds=60, least_m=0.6)
    assert len(steps) == 2
    assert abs(steps - np.array([99, 249])).max() <= 2
    assert depths == pytest.approx([1.0, 0.8], abs=0.3)


def test_unknown_probes_are_left_out_and_an_unknown_line_never_stands() -> None:
    probes = np.array([[1.0, np.nan, np.nan], [2.0, 2.0, np.nan]])
    assert stock_line_m(probes)[:2] == pytest.approx([1.5, 2.0])
    assert np.isnan(stock_line_m(probes)[2])
    speed = descent_m_per_h(np.full(60, np.nan), step_seconds=60)
    assert np.isnan(speed).all()
    assert len(spells_of(np.zeros(10, bool))) == 0
    assert len(drops_m(np.full(60, np.nan), step_seconds=60, least_m=0.5)[0]) == 0
