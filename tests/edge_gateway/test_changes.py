"""Rows of what a device reports change by change; times in microseconds, with the first state at 1,000,000."""

import math
from collections.abc import Iterable

from device_profiles.profile import load_profile
from device_profiles.value import NO_VALUE
from edge_gateway.changes import Change, Changes
from edge_gateway.driver import Poll, Target
from telemetry.quality import Quality

SIGNALS = ("spindle_speed", "spindle_load", "program")
TARGET = Target.from_profile(load_profile("cnc_machine/opc_40501"), name="cnc-1", only=SIGNALS)
BEGIN = 1_000_000


def begun(*, apart_us: int = 100, silence_us: int = 10_000_000) -> Changes:
    changes = Changes(TARGET, apart_us=apart_us, silence_us=silence_us)
    first = [speed(0, 100.0), load(0, 10.0), Change(0, "program", "O1")]
    assert shown(changes.note(first, now_us=BEGIN)) == [(BEGIN, 100.0, 10.0, "O1")]
    return changes


def speed(time_us: int, value: float) -> Change:
    return Change(time_us, "spindle_speed", (value, Quality.GOOD))


def load(time_us: int, value: float) -> Change:
    return Change(time_us, "spindle_load", (value, Quality.GOOD))


def shown(rows: Iterable[tuple[int, Poll]]) -> list[tuple[int, float | str, float | str, str | None]]:
    """Give time, speed, load and program of each row; the name of the quality where there is no value."""
    columns = dict(enumerate(TARGET.signals.names))
    result = []
    for time_us, poll in rows:
        values = {
            columns[number]: Quality(quality).name if math.isnan(value) else value
            for number, (value, quality) in enumerate(poll.readings)
        }
        result.append((time_us, values["spindle_speed"], values["spindle_load"], poll.texts.get("program")))
    return result


def test_the_first_row_waits_until_everything_is_known_and_is_of_now() -> None:
    changes = Changes(TARGET, apart_us=100, silence_us=1_000_000)
    assert shown(changes.note([speed(5, 1.0), load(6, 2.0)], now_us=BEGIN)) == []
    assert shown(changes.note([Change(7, "program", "O1"), speed(8, 3.0)], now_us=BEGIN + 10)) == [(BEGIN + 10, 3.0, 2.0, "O1")]


def test_a_signal_that_never_comes_holds_the_others_up_for_five_seconds_only() -> None:
    changes = Changes(TARGET, apart_us=100, silence_us=1_000_000)
    assert shown(changes.note([speed(5, 1.0)], now_us=BEGIN)) == []
    assert shown(changes.beat(BEGIN + 4_999_999)) == []
    assert shown(changes.beat(BEGIN + 5_000_000)) == [(BEGIN + 5_000_000, 1.0, "BAD_NOT_AVAILABLE", None)]


def test_when_nothing_comes_at_all_that_is_said_too() -> None:
    changes = Changes(TARGET, apart_us=100, silence_us=1_000_000)
    assert shown(changes.beat(BEGIN)) == []
    assert [row[1] for row in shown(changes.beat(BEGIN + 5_000_000))] == ["BAD_NOT_AVAILABLE"]


def test_what_did_not_change_is_what_it_was() -> None:
    assert shown(begun().note([speed(BEGIN + 500, 200.0)], now_us=BEGIN + 600)) == [(BEGIN + 500, 200.0, 10.0, "O1")]


def test_a_signal_that_changed_twice_makes_two_rows() -> None:
    rows = begun(apart_us=1000).note([speed(BEGIN + 10, 1.0), speed(BEGIN + 20, 2.0)], now_us=BEGIN + 30)
    assert shown(rows) == [(BEGIN + 10, 1.0, 10.0, "O1"), (BEGIN + 20, 2.0, 10.0, "O1")]


def test_changes_close_together_share_a_row_of_the_newest_time_and_those_apart_do_not() -> None:
    news = [load(BEGIN + 150, 20.0), speed(BEGIN + 100, 1.0), Change(BEGIN + 1000, "program", "O2")]
    rows = begun(apart_us=100).note(news, now_us=BEGIN + 2000)
    assert shown(rows) == [(BEGIN + 150, 1.0, 20.0, "O1"), (BEGIN + 1000, 1.0, 20.0, "O2")]


def test_no_two_rows_have_the_same_time_and_none_goes_back() -> None:
    changes = begun()
    assert shown(changes.note([speed(BEGIN - 5, 1.0)], now_us=BEGIN + 10)) == [(BEGIN + 1, 1.0, 10.0, "O1")]
    assert shown(changes.note([speed(BEGIN + 1, 2.0)], now_us=BEGIN + 10)) == [(BEGIN + 2, 2.0, 10.0, "O1")]


def test_a_value_that_becomes_bad_keeps_its_reason_and_a_text_is_gone() -> None:
    bad = (NO_VALUE, Quality.BAD_SENSOR_FAILURE)
    changes = begun()
    assert shown(changes.note([Change(BEGIN + 5, "spindle_load", bad)], now_us=BEGIN + 9)) == [
        (BEGIN + 5, 100.0, "BAD_SENSOR_FAILURE", "O1")
    ]
    assert shown(changes.note([Change(BEGIN + 50, "program", bad)], now_us=BEGIN + 60)) == [
        (BEGIN + 50, 100.0, "BAD_SENSOR_FAILURE", None)
    ]


def test_silence_makes_a_row_of_the_same_values() -> None:
    changes = begun(silence_us=1_000_000)
    assert shown(changes.beat(BEGIN + 999_999)) == []
    assert shown(changes.beat(BEGIN + 1_000_000)) == [(BEGIN + 1_000_000, 100.0, 10.0, "O1")]
    assert shown(changes.note([speed(BEGIN + 1_500_000, 1.0)], now_us=BEGIN + 1_500_000)) != []
    assert shown(changes.beat(BEGIN + 2_400_000)) == []


def test_when_all_is_lost_one_row_says_so_and_the_next_waits_until_everything_is_known() -> None:
    changes = begun()
    lost = shown(changes.all_become(Quality.BAD_NOT_CONNECTED, now_us=BEGIN + 10))
    assert lost == [(BEGIN + 10, "BAD_NOT_CONNECTED", "BAD_NOT_CONNECTED", None)]
    assert shown(changes.note([speed(BEGIN + 20, 5.0)], now_us=BEGIN + 20)) == []
    rest = [load(BEGIN + 30, 6.0), Change(BEGIN + 30, "program", "O3")]
    assert shown(changes.note(rest, now_us=BEGIN + 40)) == [(BEGIN + 40, 5.0, 6.0, "O3")]
