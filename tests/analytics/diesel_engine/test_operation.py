"""What an engine is doing, and how it is used."""

import numpy as np
import pytest

from analytics.diesel_engine.duty_cycles import read_duty_table
from analytics.diesel_engine.operation import (
    Condition,
    count_starts,
    hour_weights,
    load_histogram,
    segment,
    transient_percent_per_minute,
    with_hysteresis,
)


def test_hysteresis_does_not_cross_to_and_fro() -> None:
    values = np.array([0, 7, 6, 8, 6, np.nan, 5.5, 4, 6, 9.0])
    found = with_hysteresis(values, low=5, high=8)
    assert found.tolist() == [False, False, False, True, True, True, True, False, False, True]
    with pytest.raises(ValueError, match="hysteresis"):
        with_hysteresis(values, low=8, high=5)


def test_a_day_of_an_engine_is_told_apart() -> None:
    # one step a minute: off, cranking, cold, idle, 60 % for long, a step to 80 %
    speed = np.array([0.0] * 3 + [200] + [1500] * 22)
    load = np.array([0.0] * 4 + [0] * 4 + [1.0] * 6 + [60.0] * 10 + [80.0] * 2)
    coolant = np.array([20.0] * 4 + [40] * 4 + [75] * 18)
    found = segment(speed_rpm=speed, load_percent=load, coolant_celsius=coolant, rated_speed_rpm=1500, step_seconds=60)
    kinds = [Condition.OFF] * 3 + [Condition.CRANKING] + [Condition.WARMING_UP] * 4 + [Condition.IDLE] * 6
    kinds += [Condition.TRANSIENT] * 4 + [Condition.STEADY] * 6 + [Condition.TRANSIENT] * 2
    assert found.tolist() == kinds


def test_without_speed_nothing_is_known_and_without_coolant_it_is_warm() -> None:
    unknown = segment(
        speed_rpm=np.full(3, np.nan),
        load_percent=np.full(3, 50.0),
        coolant_celsius=np.full(3, 80.0),
        rated_speed_rpm=1500,
        step_seconds=60,
    )
    assert (unknown == Condition.UNKNOWN).all()
    warm = segment(
        speed_rpm=np.full(9, 1500.0),
        load_percent=np.full(9, 50.0),
        coolant_celsius=np.full(9, np.nan),
        rated_speed_rpm=1500,
        step_seconds=60,
    )
    assert warm[-1] == Condition.STEADY


def test_starts_are_counted_over_gaps_and_resets() -> None:
    assert count_starts(np.array([7, 7, np.nan, 9, 0, 0, 1.0])) == 3
    assert np.isnan(count_starts(np.array([np.nan, np.nan])))


def test_hours_of_the_histogram_come_to_the_hours_that_are_known() -> None:
    load, speed = np.array([10, 55, 130, np.nan, 55.0]), np.array([100, 100, 100, 100, 60.0])
    found = load_histogram(load_percent=load, speed_percent=speed, step_seconds=900)
    assert found.hours.sum() == pytest.approx(1)
    assert found.hours[10, 5] == found.hours[6, 5] == pytest.approx(0.25)
    assert found.hours[10, 11] == pytest.approx(0.25)  # beyond the last edge


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_the_transient_index_does_not_depend_on_the_step(step_seconds: float) -> None:
    # 10 % more every fifth minute: 2 % a minute
    minutes = np.arange(0, 120, step_seconds / 60)
    load = 10.0 * (minutes // 5 % 10)
    rising = minutes < 50
    found = transient_percent_per_minute(load[rising], np.ones(rising.sum(), bool), step_seconds=step_seconds)
    assert found == pytest.approx(9 * 10 / 49)
    assert np.isnan(transient_percent_per_minute(load, np.zeros(len(load), bool), step_seconds=step_seconds))


def test_ten_kelvin_more_oil_temperature_count_double() -> None:
    wear = read_duty_table().wear
    found = hour_weights(wear, load_percent=np.array([60, 60, 20, 95, np.nan]), oil_celsius=np.array([90, 115, np.nan, 90, 90.0]))
    assert found == pytest.approx([1, 2, wear.low_load_weight, wear.high_load_weight, np.nan], nan_ok=True)
