"""Cycles of the Okuma recording, and of a spindle's power alone."""

import gzip
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from analytics.cnc_machine.cycles import count_by_power, cycles_of_events, period_seconds, repeats_of
from analytics.result import NotEvaluated
from analytics.window import FloatArray

OKUMA = Path(__file__).parents[3] / ".." / "shared" / "data" / "cnc_mtconnect_okuma" / "okuma_shdr.txt.gz"


class Recording(NamedTuple):
    times: list[float]
    execution: list[str]
    count_times: list[float]
    counts: list[float]


@pytest.fixture(scope="module")
def recording() -> Recording:
    if not OKUMA.exists():
        pytest.skip("the recording is not on this machine")
    found = Recording([], [], [], [])
    with gzip.open(OKUMA, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines:
        head, *fields = line.split("|")
        if not head.startswith("2022-") or "@ASSET@" in fields:
            continue
        at = datetime.fromisoformat(head[:26] + "+00:00").timestamp()
        for name, value in pairwise(fields):
            if name == "pexecution":
                found.times.append(at)
                found.execution.append(value)
            elif name == "ppartcount":
                found.count_times.append(at)
                found.counts.append(float(value))
    return found


def test_the_recordings_follow_each_other_out_of_order(recording: Recording) -> None:
    assert any(late < early for early, late in pairwise(recording.times))


def test_the_four_cycles_of_the_okuma(recording: Recording) -> None:
    # Reference N.5: 186.73 s (0 to 1), 604.96 (0 to 1), 548.93 (2 to 3), 16.75 (0 to 1); sum 1357.4 s, 4 parts.
    found = cycles_of_events(
        times_seconds=np.array(recording.times),
        execution=recording.execution,
        count_times_seconds=np.array(recording.count_times),
        counts=np.array(recording.counts),
    )
    assert found.seconds == pytest.approx([604.96, 186.73, 16.75, 548.93], abs=0.006)
    assert found.seconds.sum() == pytest.approx(1357.4, abs=0.05)
    assert found.parts.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_pause_is_part_of_its_cycle_and_a_reset_ends_it() -> None:
    found = cycles_of_events(
        times_seconds=np.array([0.0, 10.0, 20.0, 50.0, 60.0, 80.0]),
        execution=["ACTIVE", "FEED_HOLD", "ACTIVE", "PROGRAM_COMPLETED", "ACTIVE", "READY"],
        count_times_seconds=np.array([50.2]),
        counts=np.array([7.0]),
    )
    assert found.seconds.tolist() == [50.0]
    assert np.isnan(found.parts).all()  # nobody knows what the counter said before


def test_nothing_told_makes_no_cycles() -> None:
    none = cycles_of_events(times_seconds=np.empty(0), execution=[], count_times_seconds=np.empty(0), counts=np.empty(0))
    assert len(none.seconds) == 0


def spindle(cycles: int, period: int, *, seed: int = 0) -> FloatArray:
    """Make a spindle that repeats four cuts with 2 % of noise, one row a second."""
    dice = np.random.default_rng(seed)
    one = np.repeat([0.1, 2.0, 0.3, 5.0, 0.2, 1.0, 0.2, 3.0], [20, 40, 8, 30, 8, 50, 8, period - 164]).astype(np.float64)
    return np.tile(one, cycles) * (1 + 0.02 * dice.standard_normal(cycles * period))


def test_the_period_is_found_by_the_power_alone() -> None:
    found = period_seconds(spindle(20, 217), step_seconds=1.0, shortest_seconds=30, longest_seconds=900)
    assert found == pytest.approx(217, abs=0.5)


def test_each_cycle_is_found_by_its_shape_at_any_scale() -> None:
    power = spindle(12, 217)
    worn = power * np.repeat(np.linspace(1, 1.4, 12), 217)  # z-normalised: wear changes the size, not the shape
    rows = repeats_of(worn, power[:217])
    assert rows == pytest.approx(np.arange(12) * 217, abs=2)
    assert count_by_power(worn, period_rows=217) == 12


def test_noise_has_no_period() -> None:
    noise = np.random.default_rng(1).standard_normal(5000)
    with pytest.raises(NotEvaluated, match="not_steady"):
        period_seconds(noise, step_seconds=1.0, shortest_seconds=30, longest_seconds=900)


def test_a_spindle_that_is_not_measured_or_does_not_turn_has_none() -> None:
    with pytest.raises(NotEvaluated, match="missing_input"):
        period_seconds(np.full(5000, np.nan), step_seconds=1.0, shortest_seconds=30, longest_seconds=900)
    with pytest.raises(NotEvaluated, match="not_running"):
        period_seconds(np.zeros(5000), step_seconds=1.0, shortest_seconds=30, longest_seconds=900)
