"""Quantiles around forecasts, how often they cover, and the scores, all by hand."""

import numpy as np
import pytest

from analytics.power_forecast import intervals, scores
from analytics.power_forecast.intervals import LEVELS, coverage_error, learn, quantiles, running_probabilities
from analytics.window import FloatArray

HIGHEST = 100.0


def spread(seed: int, rows: int = 6000) -> tuple[FloatArray, FloatArray]:
    """Forecasts, and what came: off by 2 at zero and by 12 at full power, never beyond either end."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0, 100, rows)
    return mean, np.clip(mean + rng.standard_normal(rows) * (2 + 0.1 * mean), 0, HIGHEST)


def test_quantiles_ascend_and_stay_between_nothing_and_the_capacity() -> None:
    model = learn(*spread(1))
    found = quantiles(model, np.linspace(0, 100, 300), highest=HIGHEST)
    assert found.shape == (len(LEVELS), 300)
    assert (np.diff(found, axis=0) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= HIGHEST


def test_crossed_probabilities_give_quantiles_that_ascend_nonetheless() -> None:
    crossed = np.array([0.3, 0.1, 0.5, 0.2, 0.5, 0.4, 0.9, 0.8, 0.95])
    found = quantiles(learn(*spread(1)), np.array([50.0]), highest=HIGHEST, probabilities=crossed)
    assert (np.diff(found[:, 0]) >= 0).all()


def test_quantiles_cover_new_forecasts_as_their_levels_say() -> None:
    """6000 forecasts: the share below a quantile has a standard error of 0.65 points at most."""
    mean, actual = spread(2)
    assert np.abs(coverage_error(actual, quantiles(learn(*spread(1)), mean, highest=HIGHEST))).max() < 0.02


def test_a_forecast_that_is_not_known_has_no_quantiles_and_disturbs_no_other() -> None:
    mean, actual = spread(1, 600)
    gap = np.where(np.arange(600) % 7 == 0, np.nan, actual)
    kept = ~np.isnan(gap)
    assert learn(mean, gap) == learn(mean[kept], actual[kept])
    found = quantiles(learn(mean, gap), np.array([np.nan, 40.0]), highest=HIGHEST)
    assert np.isnan(found[:, 0]).all()
    assert not np.isnan(found[:, 1]).any()


def test_a_plant_that_stands_still_is_covered_at_any_level_between_its_two_shares() -> None:
    """Of ten hours six are 0. A quantile of 0 has none below and 6 up to it: levels to 0.6 are right, 0.7 is 0.1 too low.

    A quantile of 2.5 has 8 of 10 below and up to it: too high for 0.5 by 0.3, right at 0.8, too low for 0.9 by 0.1.
    """
    actual = np.array([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], float)
    zero = coverage_error(actual, np.zeros((len(LEVELS), 10)))
    np.testing.assert_allclose(zero, [0, 0, 0, 0, 0, -0.1, -0.2, -0.3, -0.35], atol=1e-12)
    higher = coverage_error(actual, np.full((len(LEVELS), 10), 2.5))
    np.testing.assert_allclose(higher, np.array([0.75, 0.7, 0.6, 0.5, 0.3, 0.1, 0, -0.1, -0.15]), atol=1e-12)


def test_running_probabilities_make_good_a_fifth_of_what_coverage_was_off_and_know_no_future() -> None:
    mean, actual = spread(3, 960)
    high = np.clip(actual - 30, 0, HIGHEST)
    ends = np.arange(0, 961, 96)
    model = learn(*spread(1))
    asked = running_probabilities(model, mean, high, ends, highest=HIGHEST)
    assert asked.shape == (11, len(LEVELS))
    np.testing.assert_array_equal(asked[0], LEVELS)
    off = coverage_error(high[:96], quantiles(model, mean[:96], highest=HIGHEST))
    np.testing.assert_allclose(asked[1], np.clip(np.array(LEVELS) - intervals.LEARNING * off, 0.005, 0.995))
    late = np.where(np.arange(960) >= 480, 0.0, high)
    np.testing.assert_array_equal(running_probabilities(model, mean, late, ends, highest=HIGHEST)[:6], asked[:6])
    unknown = running_probabilities(model, mean, np.full(960, np.nan), ends, highest=HIGHEST)
    np.testing.assert_array_equal(unknown, np.tile(LEVELS, (11, 1)))


def test_scores_by_hand() -> None:
    """Off by 3, -4 and 0 of a capacity of 10; the fourth row is not known.

    RMSE √(25/3) = 2.8868, MAE 7/3, bias (forecast - actual) = (-3 + 4)/3 = 1/3. The floor is off by 5 each time: skill 1 - 25/75.
    """
    actual, forecast = np.array([8, 2, 5, np.nan]), np.array([5, 6, 5, 1.0])
    assert scores.normalised_rmse(actual, forecast, 10) == pytest.approx(np.sqrt(25 / 3) / 10)
    assert scores.normalised_mae(actual, forecast, 10) == pytest.approx(7 / 30)
    assert scores.normalised_bias(actual, forecast, 10) == pytest.approx(1 / 30)
    assert scores.skill(actual, forecast, actual - 5) == pytest.approx(2 / 3)


def test_pinball_coverage_and_width_by_hand() -> None:
    """At 4 with quantiles 2 (10 %) and 8 (90 %): 0.1 * 2 and 0.1 * 4, mean 0.3; at 9: 0.1 * 7 and 0.9 * 1, mean 0.8."""
    actual = np.array([4.0, 9.0, np.nan])
    low, high = np.full(3, 2.0), np.full(3, 8.0)
    assert scores.pinball(actual, np.array([low, high]), np.array([0.1, 0.9])) == pytest.approx(0.55)
    assert scores.coverage(actual, low, high) == 0.5
    assert scores.mean_width(low, high, 20) == pytest.approx(0.3)


def test_scores_of_nothing_are_refused() -> None:
    nothing, ones = np.full(3, np.nan), np.ones(3)
    for score in (scores.normalised_rmse, scores.normalised_mae, scores.normalised_bias, scores.mean_width):
        with pytest.raises(ValueError, match="no row is known"):
            score(nothing, ones, 1.0)
    with pytest.raises(ValueError, match="no row is known"):
        scores.skill(ones, nothing, ones)
    with pytest.raises(ValueError, match="never off"):
        scores.skill(ones, 2 * ones, ones)
    with pytest.raises(ValueError, match="no row is known"):
        scores.coverage(nothing, ones, ones)
    with pytest.raises(ValueError, match="no row is known"):
        scores.pinball(nothing, np.ones((2, 3)), np.array([0.1, 0.9]))
