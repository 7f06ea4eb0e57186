"""Amounts, worked by hand."""

from typing import Any

import numpy as np
import pytest

from analytics.energy.amounts import Hours, by_period, coverage_of, from_counter, from_rate, specific

NAN = np.nan


def row(*values: float) -> Any:
    return np.array([values], float)


def amounts(low: Any, high: Any) -> Any:
    return from_counter(row(*low), row(*high), np.where(np.isnan(row(*low)), NAN, 360)).amount[0]


def test_a_counter_gives_its_growth_with_what_lies_between_the_hours() -> None:
    # 100 to 109 in the first hour, 110 to 119 in the second: 9, then the step of 1 and 9 more.
    assert amounts([100, 110, 120], [109, 119, 125]).tolist() == [9, 10, 6]


def test_a_reset_between_two_hours_loses_nothing_after_it() -> None:
    assert amounts([100, 0, 9], [109, 8, 12]).tolist() == [9, 8, 4]


def test_a_reset_within_an_hour_counts_both_sides_of_it() -> None:
    # 1000, grows to 1005, starts again from 0, has 3 when the next hour begins: 5 and 3.
    assert amounts([990, 0, 3], [1000, 1005, 10]).tolist() == [10, 8, 7]


def test_a_reset_in_the_newest_hour_counts_what_is_certain() -> None:
    assert amounts([990, 0], [1000, 1005]).tolist() == [10, 5]


def test_a_gap_has_the_growth_between_its_ends_shared_evenly_and_no_coverage() -> None:
    low, high = row(100, NAN, NAN, NAN, 140), row(110, NAN, NAN, NAN, 150)
    hours = from_counter(low, high, row(360, NAN, NAN, NAN, 360))
    assert hours.amount[0].tolist() == [10, 10, 10, 10, 10]
    assert hours.coverage[0].tolist() == [1, 0, 0, 0, 1]


def test_before_the_first_and_after_the_last_value_nothing_is_known() -> None:
    assert np.array_equal(amounts([NAN, 5, NAN], [NAN, 7, NAN]), [NAN, 2, NAN], equal_nan=True)


def test_machines_do_not_touch_each_other() -> None:
    low, high = np.array([[100, 110], [5, 6]], float), np.array([[109, 119], [6, 9]], float)
    assert from_counter(low, high, np.full((2, 2), 60.0)).amount.tolist() == [[9, 10], [1, 3]]


def test_a_rate_over_half_an_hour_gives_half_its_amount() -> None:
    hours = from_rate(row(100, 100, 100), row(360, 180, NAN))
    assert np.array_equal(hours.amount[0], [100, 50, NAN], equal_nan=True)
    assert hours.coverage[0].tolist() == [1, 0.5, 0]


def test_the_usual_number_of_samples_is_that_of_most_hours() -> None:
    count = row(*[360] * 20, 36, 0)
    assert coverage_of(count)[0, [0, 20, 21]].tolist() == pytest.approx([1, 0.1, 0])


def test_a_day_of_the_plant_ends_at_its_own_midnight() -> None:
    # Shanghai is eight hours ahead: hours from 14:00 to 18:00 UTC, of which those from 16:00 belong to the next day.
    hours = from_rate(row(1, 2, 4, 8), row(60, 60, 60, 60))
    days = by_period(hours, np.array([0, 0, 1, 1]), np.array([24.0, 24.0]))
    assert days.amount[0].tolist() == [3, 12]
    assert days.coverage[0].tolist() == pytest.approx([2 / 24, 2 / 24])
    assert days.validity()[0].tolist() == ["doubtful", "doubtful"]


def test_validity_follows_coverage_and_resets() -> None:
    amount = np.array([[1.0, 1.0, 1.0, NAN]])
    hours = Hours(amount, row(1, 0.7, 1, 0), np.array([[False, False, True, False]]))
    days = by_period(hours, np.arange(4), np.ones(4))
    assert days.validity()[0].tolist() == ["valid", "doubtful", "doubtful", "not_evaluated"]


def test_specific_consumption_takes_only_hours_that_have_both() -> None:
    consumed = Hours(row(10, 10, 10, NAN), row(1, 1, 0, 0), np.zeros((1, 4), bool))
    made = Hours(row(5, NAN, 5, 5), row(1, 0, 1, 1), np.zeros((1, 4), bool))
    found = specific(consumed, made)
    assert (found.value[0], found.coverage[0]) == (2, 0.25)


def test_nothing_made_is_no_specific_consumption() -> None:
    idle = Hours(row(10, 10), row(1, 1), np.zeros((1, 2), bool))
    nothing = Hours(row(0, 0), row(1, 1), np.zeros((1, 2), bool))
    assert np.isnan(specific(idle, nothing).value[0])
