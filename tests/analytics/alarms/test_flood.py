"""When a flood begins and ends, worked by hand, and which alarm came first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.alarms.flood import WHOLE_PLANT, Call, Flood, FloodTerms, FloodWatch, find_bursts, find_floods

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_ten_in_ten_minutes_are_no_flood_and_the_eleventh_begins_one() -> None:
    ten = [after(60 * n) for n in range(10)]
    assert find_floods(ten, after(86400), WHOLE_PLANT) == []
    # The first is not yet ten minutes old when the eleventh comes; at exactly ten minutes it no longer counts.
    assert find_floods([*ten, after(599)], after(599), WHOLE_PLANT) == [Flood(after(599), None)]
    assert find_floods([*ten, after(600)], after(600), WHOLE_PLANT) == []


def test_ten_alarms_a_second_for_two_minutes_are_one_flood_until_fewer_than_five_are_left() -> None:
    times = [after(n / 10) for n in range(1200)]  # the last five at 119.5 to 119.9 s
    assert find_floods(times, after(719), WHOLE_PLANT) == [Flood(after(1), None)]
    assert find_floods(times, after(720), WHOLE_PLANT) == [Flood(after(1), after(719.5))]


def test_a_flood_goes_on_while_five_come_in_ten_minutes() -> None:
    burst = [after(n) for n in range(11)]
    steady = [after(10 + 120 * n) for n in range(1, 11)]  # one each two minutes is five in any ten
    assert find_floods([*burst, *steady], steady[-1], WHOLE_PLANT) == [Flood(after(10), None)]
    assert find_floods([*burst, after(490), after(1210)], after(1210), WHOLE_PLANT) == [Flood(after(10), after(607))]


@given(st.lists(st.integers(0, 3000), max_size=80))
def test_floods_are_those_of_counting_at_every_second(seconds: list[int]) -> None:
    seconds.sort()
    expected: list[Flood] = []
    began: int | None = None
    for second in range(4001):
        count = sum(second - 600 < s <= second for s in seconds)
        if began is not None and count < 5:
            expected.append(Flood(after(began), after(second)))
            began = None
        elif began is None and count > 10:
            began = second
    assert find_floods([after(s) for s in seconds], after(4000), WHOLE_PLANT) == expected


def test_a_watch_is_brought_back_by_the_newest_eleven_calls() -> None:
    times = [after(n) for n in range(30)]
    watch, other = FloodWatch(WHOLE_PLANT), FloodWatch(WHOLE_PLANT, times[9:20], began_at=times[10])
    for time in times[:20]:
        watch.take(time)
    assert watch.began_at == times[10]
    for time in (*times[20:], after(2000), after(2001)):
        assert watch.take(time) == other.take(time)


def test_a_late_call_counts_as_of_now() -> None:
    watch = FloodWatch(WHOLE_PLANT, [after(n) for n in range(10)])
    assert watch.take(after(-1000)) == "began"
    assert watch.began_at == after(9)


def test_a_flood_that_ends_above_where_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends below"):
        FloodTerms(begins_above=4, ends_below=5)


def test_the_first_of_several_alarms_of_a_machine_within_a_minute_is_found() -> None:
    fresh = [Call(after(0), 1, 7), Call(after(5), 2, 8), Call(after(60), 3, 7), Call(after(100), 4, 7), Call(after(161), 5, 7)]
    bursts = find_bursts([], fresh)
    assert bursts.firsts == {1}
    assert bursts.starts == {1, 2, 5}


def test_the_first_is_found_among_those_that_came_before_and_only_once() -> None:
    known = [Call(after(0), 1, 7), Call(after(50), 2, 7)]
    assert find_bursts(known, [Call(after(90), 3, 7)]).firsts == set()
    assert find_bursts(known[:1], [Call(after(50), 2, 7)]).firsts == {1}


def test_one_alarm_that_comes_and_goes_is_not_the_first_of_itself() -> None:
    bursts = find_bursts([], [Call(after(n), 1, 7) for n in range(0, 50, 10)])
    assert bursts.firsts == set()
    assert find_bursts([], [Call(after(0), 1, 7), Call(after(10), 1, 7), Call(after(20), 2, 7)]).firsts == {1}
