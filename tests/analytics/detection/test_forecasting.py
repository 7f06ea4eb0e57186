import numpy as np
import pytest

from analytics.detection.forecasting import LagModel, persistence, seasonal_naive
from analytics.result import NotEvaluated
from analytics.window import FloatArray

DAY = 48


def load(days: int, dice: np.random.Generator) -> FloatArray:
    """Give a load that repeats each day, with deviations that last some hours."""
    rows = days * DAY
    lasting = np.zeros(rows)
    for row in range(1, rows):
        lasting[row] = 0.9 * lasting[row - 1] + dice.standard_normal()
    daily: FloatArray = 100 + 30 * np.sin(np.arange(rows) * 2 * np.pi / DAY) + 3 * lasting
    return daily


@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_intervals_hold_the_truth_as_often_as_they_say_and_both_trivial_forecasts_are_beaten(coverage: float) -> None:
    dice = np.random.default_rng(10)
    series = load(400, dice)
    model = LagModel.fit(series[: 60 * DAY], season=DAY, horizon=12, coverage=coverage)
    inside, ours, naive, lasting = [], [], [], []
    for at in range(60 * DAY, len(series) - 12, 7):
        truth, recent = series[at : at + 12], series[:at]
        found = model.forecast(recent)
        inside.append((truth >= found.lowest) & (truth <= found.highest))
        ours.append(np.abs(truth - found.expected))
        naive.append(np.abs(truth - seasonal_naive(recent, season=DAY, horizon=12)))
        lasting.append(np.abs(truth - persistence(recent, horizon=12)))
    assert np.mean(inside) == pytest.approx(coverage, abs=0.03)
    assert np.mean(ours) < 0.75 * np.mean(naive)
    assert np.mean(ours) < 0.75 * np.mean(lasting)


def test_seasonal_naive_repeats_the_season() -> None:
    assert seasonal_naive(np.arange(10.0), season=4, horizon=6).tolist() == [6, 7, 8, 9, 6, 7]
    assert persistence(np.arange(10.0), horizon=2).tolist() == [9, 9]


def test_too_little_history_and_a_gap_are_declined() -> None:
    dice = np.random.default_rng(11)
    with pytest.raises(NotEvaluated, match="rows"):
        LagModel.fit(load(2, dice), season=DAY, horizon=4)
    model = LagModel.fit(load(30, dice), season=DAY, horizon=4)
    recent = load(3, dice)
    recent[-5] = np.nan
    with pytest.raises(NotEvaluated, match="without a gap"):
        model.forecast(recent)
    with pytest.raises(ValueError, match="ahead"):
        LagModel.fit(recent, season=4, horizon=9)
