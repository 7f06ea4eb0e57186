import numpy as np
import pytest

from analytics.detection.sensor_checks import (
    balance_residual,
    bends,
    drift,
    flat_share,
    is_outside,
    is_spike,
    is_too_fast,
    noise,
    redundancy_residual,
    standstill,
)


def test_a_standstill_is_counted_and_a_gap_ends_it() -> None:
    assert standstill(np.array([1.0, 1.0, 1.0, 2.0, np.nan, 2.0, 2.0])).tolist() == [0, 1, 2, 0, 0, 0, 1]
    assert standstill(np.array([[5.0, 5.0], [1.0, 2.0]])).tolist() == [[0, 1], [0, 0]]


def test_the_share_of_steps_without_change_leaves_gaps_out() -> None:
    assert flat_share(np.array([[1.0, 1.0, 2.0, np.nan, 2.0, 2.0]]))[0] == pytest.approx(2 / 3)
    assert np.isnan(flat_share(np.array([[np.nan, 1.0, np.nan]]))[0])


def test_noise_is_measured_beside_a_trend_and_spikes() -> None:
    x = 0.7 * np.random.default_rng(4).standard_normal(20_000) + 0.01 * np.arange(20_000)
    x[::50] += 30
    assert noise(bends(x[None]))[0] == pytest.approx(0.7, rel=0.1)
    assert np.isnan(noise(bends(np.full((1, 9), np.nan)))[0])


def test_a_spike_is_single_and_a_step_is_none() -> None:
    x = np.zeros(30)
    x[10], x[20:] = 5.0, 5.0
    assert np.flatnonzero(is_spike(x, bends(x), 2.0)).tolist() == [10]


def test_what_cannot_be_is_told_by_range_and_rate() -> None:
    x = np.array([20.0, 21.0, -300.0, np.nan, 22.0])
    assert is_outside(x, -273.15, 100).tolist() == [False, False, True, False, False]
    assert is_too_fast(x, 0.1, step_seconds=60).tolist() == [False, False, True, False, False]


def test_of_three_sensors_the_wrong_one_stands_out() -> None:
    residual = redundancy_residual(np.array([[10.0, 10.1], [10.2, 10.0], [14.0, np.nan]]))
    assert residual[:, 0] == pytest.approx([-0.2, 0.0, 3.8])
    with pytest.raises(ValueError, match="one sensor"):
        redundancy_residual(np.ones((1, 3)))


def test_a_balance_that_closes_leaves_nothing() -> None:
    found = balance_residual(np.array([[6.0, 6.0, 0.0], [4.0, 4.0, 0.0]]), np.array([[10.0, 9.0, 1.0]]))
    assert found[:2] == pytest.approx([0.0, 0.1])
    assert np.isnan(found[2])


def test_a_drift_is_measured_and_none_is_claimed_of_noise() -> None:
    dice = np.random.default_rng(5)
    days = np.arange(2_000) / 288
    good, bad = (50 + dice.standard_normal(2_000) for _ in range(2))
    found = drift(bad + 0.5 * days, good, days)
    assert found.per_day == pytest.approx(0.5, abs=0.1)
    assert found.is_certain
    assert found.lowest < 0.5 < found.highest
    assert not drift(bad, good, days).is_certain
    with pytest.raises(ValueError, match="3 rows"):
        drift(bad[:3], good[:3], days[:3])
