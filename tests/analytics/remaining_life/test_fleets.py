"""Lives learned from runs to failure: a made fleet whose truth is known, and C-MAPSS FD001."""

from pathlib import Path

import numpy as np
import pytest

from analytics.remaining_life.fleet import Fleet, ewma
from analytics.remaining_life.similarity import Library
from analytics.result import NotEvaluated
from analytics.window import FloatArray
from benchmarks.analytics_life import CMAPSS, read_cmapss

needs_data = pytest.mark.skipif(not Path(CMAPSS).is_dir(), reason="the public data set is not there")


def made_run(rng: np.random.Generator, *, life: int) -> FloatArray:
    """Three sensors of which two worsen in the last 80 cycles, and one that never moves."""
    wear = np.exp(-np.arange(life)[::-1] / 40.0)
    noise = 0.05 * rng.standard_normal((3, life))
    return np.column_stack([5 + wear + noise[0], 2 - 0.5 * wear + noise[1], 7 + noise[2], np.full(life, 3.0)])


@pytest.fixture(scope="module")
def made() -> tuple[Fleet, list[FloatArray]]:
    rng = np.random.default_rng(1)
    runs = [made_run(rng, life=int(life)) for life in rng.integers(120, 240, 60)]
    return Fleet.fit(runs[:30], ceiling=80.0), runs[30:]


def test_a_fleet_tells_what_is_left_to_machines_that_it_has_not_seen(made: tuple[Fleet, list[FloatArray]]) -> None:
    fleet, unseen = made
    left = np.random.default_rng(2).integers(5, 70, len(unseen))
    found = np.array([fleet.remaining(run[: len(run) - of]) for run, of in zip(unseen, left + 1, strict=False)])
    error = found[:, 1] - left - 1
    assert np.sqrt(np.mean(error**2)) < 10  # the constant: 19
    assert 0.6 <= np.mean((found[:, 0] <= left + 1) & (left + 1 <= found[:, 2])) <= 0.95
    assert (np.diff(found, axis=1) >= 0).all()


def test_nothing_that_comes_later_changes_a_prediction(made: tuple[Fleet, list[FloatArray]]) -> None:
    fleet, (run, *_) = made
    assert fleet.predict(run)[:90] == pytest.approx(fleet.predict(run[:90]), abs=1e-9)


def test_smoothing_weighs_the_first_rows_in_full() -> None:
    # Span 2: the weights of the second row are 1/2 of it and 1/4 of the first, over their sum.
    assert ewma(np.array([[4.0], [10.0]]), 2)[:, 0] == pytest.approx([4, (5 + 1) / 0.75])


def test_a_fleet_declines_gaps_other_sensors_and_few_runs(made: tuple[Fleet, list[FloatArray]]) -> None:
    fleet, (run, *_) = made
    with pytest.raises(NotEvaluated):
        fleet.predict(np.where(run > 6.9, np.nan, run))
    with pytest.raises(NotEvaluated):
        fleet.predict(run[:, :2])
    with pytest.raises(NotEvaluated):
        fleet.predict(run[:0])
    with pytest.raises(NotEvaluated):
        Fleet.fit([run] * 5, ceiling=80.0)


def test_the_likest_runs_tell_what_is_left() -> None:
    rng = np.random.default_rng(3)
    runs = [np.exp(-np.arange(life)[::-1] / 40.0) + 0.01 * rng.standard_normal(life) for life in rng.integers(100, 200, 25)]
    library = Library(runs[:20], steps=20)
    for run in runs[20:]:
        found = library.remaining(run[:-31])
        assert found.p50 == pytest.approx(31, abs=6)
        assert found.p10 <= found.p50 <= found.p90


def test_a_library_declines_short_and_broken_curves() -> None:
    curve = np.linspace(0, 1, 50)
    with pytest.raises(NotEvaluated):
        Library([curve] * 4, steps=10)
    with pytest.raises(NotEvaluated):
        Library([curve] * 5, steps=10).remaining(curve[:9])
    with pytest.raises(NotEvaluated):
        Library([curve] * 5, steps=10).remaining(np.append(curve, np.nan))


@needs_data
def test_turbofans_last_cycles_are_told_within_the_bar() -> None:
    train, test, left = read_cmapss()
    assert (len(train), len(test), len(left)) == (100, 100, 100)
    # Every second run, for the time that it takes; benchmarks/analytics_life.py learns from all.
    fleet = Fleet.fit(train[::2], ceiling=125.0)
    found = np.array([fleet.remaining(run) for run in test])
    clipped = np.minimum(left, 125)
    assert np.sqrt(np.mean((found[:, 1] - clipped) ** 2)) < 14.5  # constant 41.9, ridge of the reference 14.50
    assert 0.7 <= np.mean((found[:, 0] <= clipped) & (clipped <= found[:, 2])) <= 0.9
