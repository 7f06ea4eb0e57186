"""Counters that start again from 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.rollover import Rollover


def test_a_fall_from_the_upper_to_the_lower_quarter_is_a_turn() -> None:
    counter = Rollover(100)
    assert [counter.unwrap(raw) for raw in (74, 75, 24, 99, 0, 50)] == [74, 75, 124, 199, 200, 250]


@pytest.mark.parametrize(("before", "after"), [(74, 0), (75, 25), (99, 98), (50, 0)])
def test_any_other_fall_is_a_meter_that_was_reset(before: int, after: int) -> None:
    counter = Rollover(100)
    counter.state = (before, 3)
    assert counter.unwrap(after) == after
    assert counter.state == (after, 0)


def test_a_value_that_stays_is_no_turn() -> None:
    counter = Rollover(2**32)
    assert [counter.unwrap(2**32 - 1) for _ in range(3)] == [2**32 - 1] * 3


def test_a_counter_goes_on_with_the_state_of_another() -> None:
    first, second = Rollover(32768), Rollover(32768)
    for raw in (32767, 5):
        first.unwrap(raw)
    second.state = first.state
    assert second.unwrap(6) == first.unwrap(6) == 32774


@pytest.mark.parametrize("state", [(100, 0), (-1, 0), (0, -1)])
def test_an_impossible_state_is_refused(state: tuple[int, int]) -> None:
    counter = Rollover(100)
    with pytest.raises(ValueError, match="is no state of a counter of 100 values"):
        counter.state = state


@pytest.mark.parametrize("raw", [100, -1])
def test_a_value_beyond_the_counter_is_refused_and_forgotten(raw: int) -> None:
    counter = Rollover(100)
    counter.unwrap(80)
    with pytest.raises(ValueError, match=f"{raw} is beyond the counter's largest value 99"):
        counter.unwrap(raw)
    assert counter.state == (80, 0)


def test_a_counter_of_one_value_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot count"):
        Rollover(1)


@given(modulus=st.sampled_from([100, 32768, 2**16, 2**32, 10**8]), data=st.data())
def test_a_counter_that_grows_by_less_than_a_quarter_of_its_range_a_reading_is_followed_exactly(
    modulus: int, data: st.DataObject
) -> None:
    steps = data.draw(st.lists(st.integers(0, modulus // 4 - 1), min_size=1, max_size=50))
    counter, total = Rollover(modulus), 0
    for step in steps:
        total += step
        assert counter.unwrap(total % modulus) == total
