"""The parts of the diagnosis against known truths."""

import numpy as np
import pytest

from analytics.baselines.load_baseline import LoadBaseline
from analytics.result import NotEvaluated
from analytics.wind_turbine.residuals import Group, forgetting_mean, lagged, shares
from analytics.wind_turbine.residuals_power import Blocks, Curve, fitted
from analytics.wind_turbine.signs import since_us


def test_even_weights_that_forget_are_an_exponentially_weighted_mean() -> None:
    # After k rows the weights 1, q, q²... add up to (1 - q^k) / (1 - q).
    values = np.array([1.0, 0.0, np.nan, 0.0])
    keeps = np.exp(-1 / 2)
    mean = forgetting_mean(values, weights=np.ones(4), memory_steps=2)
    assert mean[[0, 1, 3]] == pytest.approx([1.0, keeps / (1 + keeps), keeps**2 / (1 + keeps + keeps**2)], rel=1e-12)
    assert np.isnan(mean[2])


def test_a_heavy_row_counts_by_its_weight() -> None:
    mean = forgetting_mean(np.array([1.0, 2.0]), weights=np.array([3.0, 1.0]), memory_steps=1e12)
    assert mean[-1] == pytest.approx(1.25, rel=1e-9)


def test_nothing_known_has_no_mean() -> None:
    assert np.isnan(forgetting_mean(np.full(3, np.nan), weights=np.ones(3), memory_steps=5)).all()


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_lag_goes_63_percent_of_a_step_in_its_time(step_seconds: float) -> None:
    n = round(3600 / step_seconds)
    values = np.where(np.arange(2 * n) < n, 0.0, 1.0)
    got = lagged(values, seconds=900, step_seconds=step_seconds)
    assert got[n + round(900 / step_seconds) - 1] == pytest.approx(1 - np.exp(-1), abs=1e-6)


def test_a_lag_holds_over_gaps_and_knows_nothing_before_the_first_value() -> None:
    got = lagged(np.array([np.nan, 4.0, np.nan, 4.0]), seconds=60, step_seconds=60)
    assert np.isnan(got[0])
    assert got[1:] == pytest.approx(4.0)


def test_a_part_that_warms_half_as_much_again_shows_half() -> None:
    dice = np.random.default_rng(0)
    power = dice.uniform(0, 1000, 2000)
    rise = 5 + 0.02 * power
    baseline = LoadBaseline.fit({"power": power}, {"part": rise}, stretch_steps=100, degree=1)
    course = shares(baseline, Group({"power": power}, {"part": 1.5 * rise}), memory_steps=300)["part"]
    assert course[~np.isnan(course)] == pytest.approx(0.5, abs=0.003)  # the ridge draws the plane a little to its middle


def _blocks(*, offset_degrees: float = 0.0, ratio: float = 1.0, noise: float = 0.05, seed: int = 0, n: int = 3000) -> Blocks:
    dice = np.random.default_rng(seed)
    wind = dice.uniform(4, 11, n)
    yaw = dice.normal(0, 4, n)
    along = np.cos(np.radians(yaw - offset_degrees)) ** 3
    power = 2 * wind**3 * along * ratio * (1 + noise * dice.standard_normal(n))
    return Blocks(np.arange(n, dtype=np.int64) * 300_000_000, wind, power, 1.2 * wind, yaw, 0.0)


@pytest.mark.parametrize("offset", [-9.0, -6.0, 0.0, 6.0, 9.0])
def test_the_angle_of_most_power_is_found(offset: float) -> None:
    # Curve and ratio of a turbine that stood straight: its mean of cos³ at 4° of swing is 1 - 1.5 · 0.0698² = 0.9927.
    curve = Curve.fit(_blocks(seed=1))
    fit = fitted(_blocks(offset_degrees=offset), curve)
    assert fit.offset_degrees == pytest.approx(offset, abs=max(3 * fit.offset_error, 0.5))
    assert fit.offset_error < 0.7
    assert fit.ratio == pytest.approx(np.cos(np.radians(offset)) ** 3 / 0.9927, abs=0.008)


def test_a_swinging_vane_makes_no_offset_smaller() -> None:
    blocks = _blocks(offset_degrees=8)
    shaky = blocks._replace(yaw_degrees=blocks.yaw_degrees + np.random.default_rng(9).normal(0, 3, 3000), vane_error_degrees=3.0)
    fit = fitted(shaky, Curve.fit(_blocks(seed=1)))
    assert fit.offset_degrees == pytest.approx(8, abs=3 * fit.offset_error)


def test_a_rotor_that_keeps_its_tip_speed_ratio_has_a_sensitivity_of_one() -> None:
    curve = Curve.fit(_blocks(seed=1))
    assert curve.speed_sensitivity(np.array([6.0, 8.0])) == pytest.approx(1.0, abs=0.02)
    assert np.isnan(curve.expected(np.array([30.0]))[0]).all()


def test_a_curve_of_a_few_winds_is_not_learned() -> None:
    blocks = _blocks()
    narrow = blocks.kept((blocks.wind_mps > 6) & (blocks.wind_mps < 7))
    with pytest.raises(NotEvaluated, match="bins of wind speed"):
        Curve.fit(narrow)
    with pytest.raises(NotEvaluated, match="0 blocks"):
        fitted(blocks.kept(np.zeros(3000, bool)), Curve.fit(_blocks(seed=1)))


def test_a_course_began_when_it_went_half_of_its_way() -> None:
    times = np.arange(10, dtype=np.int64)
    course = np.array([0, 0, 0, 0, -1, -2, -3, np.nan, -4, -4.0])
    assert since_us(times, course, -4.0) == 5
    assert since_us(times, np.full(10, 3.0), 3.0) == 0
