"""Days to a limit on simulated wear, with noise, maintenance, healing, and machines that have nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

from analytics.remaining_life.quantiles import Remaining
from analytics.remaining_life.trend import DaysToLimit, days_to_limit, theil_sen
from analytics.result import NotEvaluated
from analytics.window import FloatArray
from device_profiles.kind import Label

DAY_US = 86_400_000_000
DAYS, COUNT = 60.0, 2880


def times_us(count: int = COUNT) -> "npt.NDArray[np.int64]":
    return (np.arange(count) * (DAYS * DAY_US / count)).astype(np.int64)


DAY: FloatArray = times_us() / DAY_US


def judge(values: FloatArray, limit: float, **options: Any) -> DaysToLimit | None:
    label = Label(zh="振动", en="Vibration")
    return days_to_limit(times_us(len(values)), values, limit=limit, label=label, unit="mm/s", **options)


def noise(seed: int, *, bond: float = 0.0, count: int = COUNT) -> FloatArray:
    white = np.random.default_rng(seed).standard_normal(count)
    bonded: FloatArray = lfilter([1.0], [1.0, -bond], white) * np.sqrt(1 - bond**2)
    return bonded


def test_wear_after_its_onset_reaches_the_limit_when_the_line_does() -> None:
    # From 2 mm/s with 0.05 mm/s a day since day 20: 4 on day 60, 5 another 20 days later.
    found = judge(2 + 0.05 * np.maximum(DAY - 20, 0) + 0.3 * noise(1), 5.0)
    assert found is not None
    assert found.days.p50 == pytest.approx(20, rel=0.1)
    assert found.days.p10 < 20 < found.days.p90
    assert found.slope_per_day == pytest.approx(0.05, rel=0.1)
    assert found.level == pytest.approx(4, abs=0.1)
    assert found.onset_us / DAY_US == pytest.approx(20, abs=4)
    assert [piece["form"] for piece in found.evidence] == ["table", "series"]


def test_a_signal_that_worsens_by_falling_is_the_same_upside_down() -> None:
    values = 2 + 0.05 * DAY + 0.3 * noise(2)
    up, down = judge(values, 8.0), judge(-values, -8.0, falls=True)
    assert up is not None
    assert down is not None
    assert up.days == down.days
    assert (down.level, down.slope_per_day) == (-up.level, -up.slope_per_day)


def test_four_fifths_of_the_truths_lie_in_the_band() -> None:
    held, told = 0, 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        onset, rate = rng.uniform(10, 40), rng.uniform(0.02, 0.06)
        # Slowing down a little, straight, and growing ever faster.
        power = rng.uniform(0.9, 1.8)
        limit_day = DAYS + (DAYS - onset) * rng.uniform(0.2, 1.2)
        wear = rate * np.maximum(DAY - onset, 0) ** power
        found = judge(2 + wear + 0.4 * noise(seed), 2 + rate * (limit_day - onset) ** power)
        if found is not None:
            told += 1
            held += found.days.p10 <= limit_day - DAYS <= found.days.p90
    assert told > 95
    assert 0.7 < held / told < 0.9


@pytest.mark.parametrize("bond", [0.0, 0.9, 0.998])
def test_a_machine_that_has_nothing_gets_no_number_however_its_noise_hangs_together(bond: float) -> None:
    assert sum(judge(noise(seed, bond=bond), 4.0) is not None for seed in range(100)) <= 1


def test_what_was_before_the_last_maintenance_does_not_count() -> None:
    values = np.where(DAY < 25, 2 + 0.08 * DAY, 2 + 0.05 * (DAY - 25)) + 0.2 * noise(3)
    found = judge(values, 5.0)
    assert found is not None
    assert found.days.p50 == pytest.approx(25, rel=0.15)  # 3.75 on day 60
    assert found.onset_us >= 24 * DAY_US
    renewed = np.where(DAY < 50, 2 + 0.08 * DAY, 2.0) + 0.2 * noise(4)
    assert judge(renewed, 8.0) is None
    just_renewed = np.where(DAY < 57, 2 + 0.08 * DAY, 2.0) + 0.2 * noise(4)
    with pytest.raises(NotEvaluated, match="since the last maintenance"):
        judge(just_renewed, 8.0)


def test_what_heals_or_stands_still_gets_no_number() -> None:
    heals = 2 + np.where(DAY < 30, 0.08 * DAY, 2.4 - 0.08 * (DAY - 30))
    stays = 2 + np.minimum(0.08 * DAY, 2.0)
    assert judge(heals + 0.2 * noise(5), 5.0) is None
    assert judge(stays + 0.2 * noise(6), 5.0) is None
    assert judge(np.full(COUNT, 3.0), 5.0) is None


def test_a_limit_too_far_off_gets_no_number_and_one_that_is_passed_zero() -> None:
    values = 2 + 0.05 * DAY + 0.2 * noise(7)
    assert judge(values, 100.0) is None
    passed = judge(values, 3.0)
    assert passed is not None
    assert passed.days == (0, 0, 0)


def test_outliers_and_gaps_do_not_bend_the_line() -> None:
    values = 2 + 0.05 * DAY + 0.2 * noise(8)
    rng = np.random.default_rng(8)
    values[rng.random(COUNT) < 0.05] = 50.0
    values[rng.random(COUNT) < 0.3] = np.nan
    values[900:1300] = np.nan
    found = judge(values, 8.0)
    assert found is not None
    assert found.days.p50 == pytest.approx(60, rel=0.15)


def test_a_band_without_an_end_makes_a_figure_doubtful() -> None:
    known = DaysToLimit(days=Remaining(10.0, 15.0, 22.0), level=1.0, slope_per_day=0.1, onset_us=0, evidence=[])
    figure = known.figure("days_left")
    assert (figure.value, figure.validity) == (15.0, "valid")
    # Half of 12 days, which are 80 %; 95 % are 1.960 / 1.282 times as wide.
    assert figure.uncertainty == pytest.approx(6 * 1.960 / 1.282, rel=1e-3)
    endless = replace(known, days=Remaining(10.0, 15.0, np.inf)).figure("days_left")
    assert (endless.value, endless.uncertainty, endless.validity) == (15.0, None, "doubtful")


def test_a_perfect_line_is_extended_without_a_warning() -> None:
    found = judge(2 + 0.05 * DAY, 8.0)
    assert found is not None
    assert found.days.p50 == pytest.approx(60, rel=0.03)


def test_theil_and_sen_by_hand() -> None:
    # Slopes of the pairs of (0, 1), (1, 2), (2, 9): 1, 4, 7.
    slope, intercept = theil_sen(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 9.0]))
    assert [float(slope), float(intercept)] == [4.0, 1.0]  # rests of the line: 1, -2, 1


def test_what_cannot_be_judged_is_declined() -> None:
    with pytest.raises(NotEvaluated):
        judge(np.full(COUNT, np.nan), 5.0)
    with pytest.raises(NotEvaluated):
        days_to_limit(np.zeros(50, np.int64), np.arange(50.0), limit=99.0, label=Label(zh="振动", en="Vibration"), unit="")


def test_steps_and_cycles_are_no_wear() -> None:
    for seed in range(20):
        begin = 10 + 2.2 * seed
        step = np.where(begin > DAY, 2.0, 3.5)
        cycle = 2 + np.sin(2 * np.pi * DAY / 7 + seed)
        assert judge(step + 0.2 * noise(seed), 6.0) is None
        assert judge(cycle + 0.2 * noise(seed), 6.0) is None
