"""The watch over residuals: false alarms as often as promised, drifts found, and a gas turbine's real one."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from analytics.models.drift import DriftWatch, adaptive_window
from analytics.result import NotEvaluated
from analytics.window import FloatArray
from benchmarks.analytics_life import TURBINE, gas_turbine_drift


def residuals(seed: int, *, count: int, bond: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(count)
    start = [bond * rng.standard_normal() / np.sqrt(1 - bond**2)] if bond else [0.0]
    bonded: FloatArray = lfilter([1.0], [1.0, -bond], white, zi=start)[0] * np.sqrt(1 - bond**2) if bond else white
    return bonded


@pytest.mark.parametrize("bond", [0.0, 0.3, 0.64, 0.8])
def test_a_healthy_model_alarms_once_in_465_stretches(bond: float) -> None:
    # Reference §6: two-sided sums with k 0.5 and h 5 alarm once in 465.4 independent values (Markov chain).
    watch = DriftWatch(stretch_rows=1, centre=0.0, deviation=1.0, bond=bond)
    rows = []
    for seed in range(400):
        found = watch.first_drift(residuals(seed, count=6000, bond=bond))
        rows.append(6000 if found is None else found.alarm_row + 1)
    assert np.mean(rows) == pytest.approx(465, rel=0.15)


def test_the_sums_by_hand() -> None:
    watch = DriftWatch(stretch_rows=2, centre=1.0, deviation=2.0, bond=0.0)
    # Means 1, 5, 5, -7 are 0, 2, 2, -4 deviations off.
    up, down = watch.sums(np.array([0.0, 2, 5, 5, 4, 6, -7, -7]))
    assert up == pytest.approx([0, 1.5, 3, 0])
    assert down == pytest.approx([0, 0, 0, 3.5])


def test_a_drift_is_told_with_its_begin_and_size() -> None:
    values = residuals(1, count=24 * 400)
    watch = DriftWatch.learn(values[: 24 * 200], stretch_rows=24)
    drifting = values[24 * 200 :].copy()
    drifting[24 * 100 :] -= 0.5
    found = watch.first_drift(drifting)
    assert found is not None
    assert found.since_row == pytest.approx(24 * 100, abs=24 * 3)
    assert 24 * 100 < found.alarm_row < 24 * 115
    assert found.size == pytest.approx(-0.5, abs=0.2)
    assert watch.first_drift(values[24 * 200 :]) is None


def test_the_bond_of_autoregressive_stretches_comes_back() -> None:
    watch = DriftWatch.learn(residuals(2, count=4000, bond=0.7), stretch_rows=1)
    assert watch.bond == pytest.approx(0.7, abs=0.04)
    assert watch.inflation == pytest.approx(1.7 / 0.3, rel=0.15)
    assert DriftWatch.from_model(watch.to_model()) == watch


def test_gaps_change_nothing() -> None:
    watch = DriftWatch(stretch_rows=4, centre=0.0, deviation=1.0, bond=0.0)
    values = np.ones(40)
    gaps = np.insert(values, 12, np.full(8, np.nan))
    assert watch.sums(gaps)[0].max() == pytest.approx(watch.sums(values)[0].max())
    assert watch.first_drift(np.full(40, np.nan)) is None


def test_the_evidence_shows_means_and_sums() -> None:
    watch = DriftWatch(stretch_rows=4, centre=0.0, deviation=1.0, bond=0.0)
    pieces = watch.evidence(np.arange(42, dtype=np.int64) * 60_000_000, np.ones(42), unit="kW")
    assert [len(piece["times"]) for piece in pieces] == [10, 10]
    assert pieces[1]["columns"]["up"][-1] == pytest.approx(5.0)


def test_too_short_and_still_residuals_are_declined() -> None:
    with pytest.raises(NotEvaluated):
        DriftWatch.learn(residuals(3, count=100), stretch_rows=10)
    with pytest.raises(NotEvaluated):
        DriftWatch.learn(np.zeros(400), stretch_rows=10)


def test_the_adaptive_window_forgets_what_was_before_a_step() -> None:
    values = residuals(4, count=200)
    values[120:] += 2.0
    begins, cuts = adaptive_window(values, deviation=1.0)
    assert begins[-1] == pytest.approx(120, abs=3)
    assert 120 < cuts[0] < 135


def test_the_adaptive_window_keeps_all_of_what_does_not_change() -> None:
    cut = [len(adaptive_window(residuals(seed, count=150), deviation=1.0)[1]) > 0 for seed in range(60)]
    assert sum(cut) <= 3
    begins, cuts = adaptive_window(np.full(10, np.nan), deviation=1.0)
    assert not begins.any()
    assert not len(cuts)


@pytest.mark.skipif(not Path(TURBINE).is_dir(), reason="the public data set is not there")
def test_a_gas_turbines_drift_is_found_within_2014_and_none_in_the_years_before() -> None:
    found = gas_turbine_drift()
    # Reference §8: ridge NOx MAE 8.38, R² 0.04, mean residual 2014 -3.5, 2015 -8.6; mean of the training years 11.9.
    assert found["nox_mae"] == pytest.approx(8.38, abs=0.01)
    assert found["nox_r2"] == pytest.approx(0.04, abs=0.005)
    assert found["train_mean_mae"] == pytest.approx(11.9, abs=0.05)
    assert found["mean_residuals"][2014] == pytest.approx(-3.5, abs=0.05)
    assert not found["alarm_in_training"]
    assert found["drift"] is not None
