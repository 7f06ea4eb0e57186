"""The newest values: what replaces what, and what a tab is told."""

import math
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client import REGISTRY

from dashboards.live import LiveState, Machine
from device_profiles.kind import load_kind
from store.equipment import Equipment
from telemetry.bundle import Batch, Bundle, Event, SignalList
from telemetry.quality import Quality

NOW = 1_800_000_000.0
NOW_US = round(NOW * 1e6)


def batch(
    rows: dict[float, dict[str, float]], *, qualities: dict[str, int] | None = None, single: bool = False, kind: str = "boiler"
) -> Batch:
    names = tuple(dict.fromkeys(name for values in rows.values() for name in values))
    matrix = np.array([[values.get(name, np.nan) for name in names] for values in rows.values()])
    codes = np.array([[(qualities or {}).get(name, 0) for name in names]] * len(rows), np.uint8)
    return Batch(
        equipment="boiler-1",
        signals=SignalList.of(kind, names),
        times=np.array([round(at * 1e6) for at in rows], "<i8").tobytes(),
        values=matrix.astype("<f4" if single else "<f8").tobytes(),
        qualities=codes.tobytes() if qualities else None,
        single=single,
    )


def bundle_of(*batches: Batch, events: tuple[Event, ...] = ()) -> Bundle:
    return Bundle(gateway="g", epoch=1, seq=1, floor=1, sent_at_us=NOW_US, batches=batches, events=events)


@pytest.fixture
def state() -> LiveState:
    made = LiveState()
    made.set_directory([(equipment(1, "boiler-1"), load_kind("boiler"))])
    return made


def equipment(number: int, name: str, kind: str = "boiler") -> Equipment:
    return Equipment(id=number, gateway="g", name=name, kind=kind, first_seen=datetime.now(UTC))


def boiler(state: LiveState) -> Machine:
    machine = state.get(1)
    assert machine is not None
    return machine


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("shangyun_web_dropped_total", {"reason": reason}) or 0.0


def test_a_newer_row_replaces_and_an_older_one_changes_nothing(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW: {"steam_flow": 5}})), now_us=NOW_US)
    version = state.version
    state.apply(bundle_of(batch({NOW - 3600: {"steam_flow": 9}})), now_us=NOW_US)
    assert boiler(state).cells["steam_flow"].value == 5
    assert boiler(state).time_us == NOW_US
    assert state.version == version


def test_the_same_bundle_again_is_no_news(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW: {"steam_flow": 5}})), now_us=NOW_US)
    version = state.version
    state.apply(bundle_of(batch({NOW: {"steam_flow": 5}})), now_us=NOW_US)
    assert state.changed_since(version) == []


def test_the_newest_row_of_a_batch_counts_in_whatever_order_rows_come(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW - 1: {"steam_flow": 4}, NOW: {"steam_flow": 5}, NOW - 2: {"steam_flow": 3}})), now_us=NOW_US)
    assert boiler(state).cells["steam_flow"] == (5.0, 0, NOW_US)


def test_a_failed_read_is_kept_with_its_quality(state: LiveState) -> None:
    bad = int(Quality.BAD_SENSOR_FAILURE)
    state.apply(bundle_of(batch({NOW - 1: {"steam_flow": 5}})), now_us=NOW_US)
    state.apply(bundle_of(batch({NOW: {"steam_flow": math.nan}}, qualities={"steam_flow": bad})), now_us=NOW_US)
    assert boiler(state).cells["steam_flow"] == (None, bad, NOW_US)
    assert (
        boiler(state).as_json(only_key=True)
        == f'{{"id":1,"t":{NOW_US // 1000},"v":{{"steam_flow":null}},"q":{{"steam_flow":132}}}}'
    )


def test_a_slow_signal_keeps_its_value_and_its_own_time(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW - 60: {"steam_flow": 5, "fuel_total": 77}})), now_us=NOW_US)
    state.apply(bundle_of(batch({NOW: {"steam_flow": 6, "fuel_total": math.nan}})), now_us=NOW_US)
    assert boiler(state).cells["fuel_total"].value == 77
    assert f'"at":{{"fuel_total":{NOW_US // 1000 - 60_000}}}' in boiler(state).as_json(only_key=False)


def test_float32_shows_the_seven_digits_that_it_has(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW: {"steam_pressure": 0.9}}, single=True)), now_us=NOW_US)
    assert boiler(state).shown("steam_pressure") == 0.9


def test_a_row_from_the_future_is_counted_and_not_shown(state: LiveState) -> None:
    before = dropped("future")
    state.apply(bundle_of(batch({NOW + 3600: {"steam_flow": 5}, NOW: {"steam_flow": 4}})), now_us=NOW_US)
    assert boiler(state).cells["steam_flow"].value == 4
    assert dropped("future") == before + 1


def test_a_machine_that_the_directory_lacks_is_counted_and_asked_for(state: LiveState) -> None:
    before = dropped("unknown equipment")
    state.set_directory([(equipment(2, "boiler-2"), load_kind("boiler"))])
    state.apply(bundle_of(batch({NOW: {"steam_flow": 4}})), now_us=NOW_US)
    assert state.has_unknown
    assert dropped("unknown equipment") == before + 1


def test_a_machine_without_a_kind_is_not_asked_for_again_and_again(state: LiveState) -> None:
    state.set_directory([(equipment(1, "boiler-1", kind=""), None)])
    state.apply(bundle_of(batch({NOW: {"steam_flow": 4}})), now_us=NOW_US)
    assert not state.has_unknown
    assert len(state) == 0


def test_a_batch_of_another_kind_and_unknown_signals_are_left_out(state: LiveState) -> None:
    before = dropped("kind")
    state.apply(bundle_of(batch({NOW: {"spindle_speed": 4}}, kind="cnc_machine")), now_us=NOW_US)
    state.apply(bundle_of(batch({NOW: {"steam_flow": 4, "no_such_signal": 1}})), now_us=NOW_US)
    assert dropped("kind") == before + 1
    assert set(boiler(state).cells) == {"steam_flow"}


def test_a_text_arrives_as_an_event() -> None:
    state = LiveState()
    state.set_directory([(equipment(1, "mill", "cnc_machine"), load_kind("cnc_machine"))])
    state.apply(bundle_of(events=(Event("mill", NOW_US, "program", "O1234"),)), now_us=NOW_US)
    assert '"program":"O1234"' in boiler(state).as_json(only_key=True)
    assert boiler(state).time_us is None  # a text is no row of values


def test_the_database_fills_what_is_older_there_than_nothing_and_never_goes_back(state: LiveState) -> None:
    earlier = datetime.fromtimestamp(NOW - 5, UTC)
    state.fill(1, time=earlier, values={"steam_flow": 3.0}, qualities={}, now_us=NOW_US)
    assert boiler(state).cells["steam_flow"].value == 3
    state.apply(bundle_of(batch({NOW: {"steam_flow": 5}})), now_us=NOW_US)
    state.fill(1, time=earlier, values={"steam_flow": 3.0}, qualities={}, now_us=NOW_US)
    assert boiler(state).cells["steam_flow"].value == 5


def test_what_a_tab_missed_is_one_row_per_machine_however_long_it_slept() -> None:
    state = LiveState()
    state.set_directory([(equipment(1, "boiler-1"), load_kind("boiler")), (equipment(2, "boiler-2"), load_kind("boiler"))])
    seen = state.version
    for second in range(10_000):
        state.apply(bundle_of(batch({NOW + second: {"steam_flow": second}})), now_us=NOW_US + second * 1_000_000)
    (missed,) = state.changed_since(seen)
    assert missed.cells["steam_flow"].value == 9_999


def test_ten_thousand_machines_are_sorted_and_searched_in_a_moment() -> None:
    state, kind = LiveState(), load_kind("boiler")
    state.set_directory((equipment(number, f"boiler-{number:05}"), kind) for number in range(10_000))
    started = time.perf_counter()
    found = state.find(kind="boiler", search="BOILER-099")
    assert [machine.equipment.name for machine in found] == [f"boiler-099{n:02}" for n in range(100)]
    assert time.perf_counter() - started < 0.5
