"""Shifts as people write them, and how far ahead they are laid out."""

import math
from datetime import UTC, datetime

import pytest

from analytics.scheduling.calendars import Shift
from analytics.scheduling.horizon import MachinePlan, longest_shift, make_shop, too_long
from analytics.scheduling.jobs import Job, Operation
from analytics.scheduling.shifts import ShiftsWrong, parse_shifts

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_days_and_hours_are_read() -> None:
    shifts = parse_shifts("1-2,7 08:00-12:00 13:00-17:30；6 22:00-06:00;")
    assert shifts[:2] == (Shift(0, 480, 720), Shift(1, 480, 720))
    assert Shift(6, 780, 1050) in shifts
    assert shifts[-1] == Shift(5, 1320, 1800)  # until Sunday morning
    assert parse_shifts("  ") == ()
    assert parse_shifts("1 00:00-24:00") == (Shift(0, 0, 1440),)


@pytest.mark.parametrize(
    "text", ["1-5", "8 08:00-09:00", "5-1 08:00-09:00", "1 24:00-25:00", "1 08:60-09:00", "一 08:00-09:00", "1" * 301]
)
def test_what_says_no_shifts_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(ShiftsWrong, match="are no shifts") as caught:
        parse_shifts(text)
    assert "不是班次" in caught.value.said.zh


def test_the_longest_shift_joins_those_that_touch() -> None:
    assert longest_shift(parse_shifts("1-5 08:00-12:00 12:00-16:00 18:00-20:00")) == 480
    assert longest_shift(parse_shifts("1 22:00-06:00; 2 06:00-07:00")) == 540
    assert longest_shift(parse_shifts("7 20:00-04:00; 1 04:00-05:00")) == 540  # over the end of the week
    assert longest_shift(parse_shifts("1-7 00:00-24:00")) == math.inf
    assert longest_shift(()) == math.inf


def job(minutes: int, *, can_pause: bool = False, due_minute: int | None = None) -> Job:
    operation = Operation(name="1", minutes={"M1": minutes}, can_pause=can_pause)
    return Job(name=f"J{minutes}", operations=(operation,), due_minute=due_minute)


def test_what_fits_into_no_shift_is_named_and_the_rest_has_shifts_as_far_as_it_may_reach() -> None:
    machine = MachinePlan(name="M1", shifts=parse_shifts("1-5 08:00-16:00"))
    assert too_long([job(481), job(480), job(481, can_pause=True)], [machine]) == [("J481", "1")]
    # Two months of work, eight hours on five days of seven: the last of it is still in a shift.
    shop = make_shop([job(480 * 40, can_pause=True)], [machine], origin=MONDAY, setups={})
    assert shop.machines[0].closed[-1].end_minute > 56 * 1440
    short = make_shop([job(60, due_minute=1440)], [machine], origin=MONDAY, setups={}, from_minute=100 * 1440)
    assert short.machines[0].closed[-1].end_minute > 100 * 1440
