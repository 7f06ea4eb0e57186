"""Champion against challenger on simulated residuals."""

import numpy as np
import pytest

from analytics.models.challenge import compare
from analytics.result import NotEvaluated

RNG = np.random.default_rng(1)
OLD = RNG.standard_normal(2400)


def test_a_clearly_better_challenger_is_recommended_with_its_gain() -> None:
    found = compare(OLD, 0.7 * OLD + 0.05 * RNG.standard_normal(2400), stretch_rows=24)
    assert found.is_recommended
    assert found.lowest_gain < found.gain < found.highest_gain
    assert found.gain == pytest.approx(0.3, abs=0.02)
    assert found.champion_error == pytest.approx(np.sqrt(2 / np.pi), rel=0.03)


def test_an_equal_a_worse_and_a_barely_better_one_are_not() -> None:
    assert not compare(OLD, RNG.standard_normal(2400), stretch_rows=24).is_recommended
    worse = compare(OLD, 1.5 * OLD, stretch_rows=24)
    assert worse.highest_gain < 0
    assert not worse.is_recommended
    small = compare(OLD, 0.98 * OLD, stretch_rows=24)
    assert small.lowest_gain > 0
    assert not small.is_recommended


def test_of_equal_ones_hardly_any_is_recommended_though_errors_hang_together() -> None:
    recommended = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        days = np.repeat(rng.standard_normal((2, 60)), 24, axis=1) + 0.3 * rng.standard_normal((2, 1440))
        recommended += compare(days[0], days[1], stretch_rows=24).is_recommended
    assert recommended <= 4  # 2.5 % expected on this side


def test_rows_that_one_declines_count_for_neither() -> None:
    hard = np.where(np.arange(2400) % 2 == 0, 5.0, OLD)
    coy = np.where(np.arange(2400) % 2 == 0, np.nan, OLD)
    assert compare(hard, coy, stretch_rows=24).gain == pytest.approx(0)


def test_too_little_and_unlike_rows_are_declined() -> None:
    with pytest.raises(NotEvaluated):
        compare(OLD[:100], OLD[:100], stretch_rows=24)
    with pytest.raises(NotEvaluated):
        compare(np.zeros(2400), OLD, stretch_rows=24)
    with pytest.raises(ValueError, match="same rows"):
        compare(OLD, OLD[:10], stretch_rows=24)
