"""Open time against the clock; every function is held against counting minute by minute."""

import random
from datetime import UTC, datetime

import pytest

from analytics.scheduling.calendars import Calendar, Shift, Span, closed_by_shifts

END = 80


def some(seed: int) -> tuple[Calendar, list[bool]]:
    rng = random.Random(seed)
    spans = [(at, at + rng.randint(1, 6)) for at in rng.sample(range(30), rng.randint(0, 5))]
    return Calendar(spans), [not any(start <= minute < end for start, end in spans) for minute in range(END)]


@pytest.mark.parametrize("seed", range(20))
def test_open_minutes_are_those_that_one_counts(seed: int) -> None:
    calendar, is_open = some(seed)
    assert [calendar.open_minutes(minute) for minute in range(END)] == [sum(is_open[:minute]) for minute in range(END)]


@pytest.mark.parametrize("seed", range(20))
def test_after_is_the_first_instant_at_which_so_many_open_minutes_have_passed(seed: int) -> None:
    calendar, is_open = some(seed)
    for minute in range(40):
        for needed in range(1, 8):
            end = calendar.after(minute, needed)
            assert sum(is_open[minute:end]) == needed
            assert is_open[end - 1]
        assert calendar.after(minute, 0) == minute


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("can_pause", [False, True])
def test_the_first_fit_is_the_first_of_all_starts_that_hold(seed: int, *, can_pause: bool) -> None:
    calendar, is_open = some(seed)
    for earliest in range(35):
        for minutes in (1, 3, 6):
            start, end = calendar.fit(earliest, minutes, can_pause=can_pause)
            holds = [at for at in range(earliest, END - 10) if is_open[at] and (can_pause or all(is_open[at : at + minutes]))]
            assert start == holds[0]
            assert sum(is_open[start:end]) == minutes
            assert can_pause or end - start == minutes


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("can_pause", [False, True])
def test_the_pieces_hold_every_start_that_holds_once_and_tell_its_end(seed: int, *, can_pause: bool) -> None:
    calendar, is_open = some(seed)
    for minutes in (1, 2, 5):
        pieces = calendar.pieces(minutes, can_pause=can_pause, first=0, last=50)
        starts = [start for piece in pieces for start in range(piece.first_start, piece.last_start + 1)]
        assert starts == [at for at in range(51) if is_open[at] and (can_pause or all(is_open[at : at + minutes]))]
        for piece in pieces:
            for start in (piece.first_start, piece.last_start):
                assert calendar.fit(start, minutes, can_pause=can_pause) == (start, start + minutes + piece.pause_minutes)
                assert start - piece.closed_before == calendar.open_minutes(start)


def test_spans_that_touch_or_overlap_are_one() -> None:
    calendar = Calendar([(5, 8), (8, 9), (1, 3), (2, 4), (-5, 0)])
    assert (calendar.starts, calendar.ends) == ([1, 5], [4, 9])


def test_shifts_leave_the_nights_and_the_weekend_closed() -> None:
    friday = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)  # a Friday
    shifts = [Shift(day, 8 * 60, 16 * 60) for day in range(5)]
    closed = closed_by_shifts(friday, days=4, shifts=shifts)
    assert closed == (Span(360, 360 + 64 * 60), Span(360 + 72 * 60, 360 + 88 * 60))


def test_a_night_shift_reaches_into_the_day_after() -> None:
    monday = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    closed = closed_by_shifts(monday, days=1, shifts=[Shift(6, 22 * 60, 30 * 60), Shift(0, 22 * 60, 30 * 60)])
    assert closed == (Span(6 * 60, 22 * 60),)
