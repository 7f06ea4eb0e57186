"""The newest values: what replaces what, and what a tab is told."""

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client import REGISTRY

from dashboards.live.gateway_reports import GatewayReport, read_state
from dashboards.live.state import LiveState, Machine
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
    assert state.changed_since(version, equipment=None, gateways=None) == []


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


def test_a_machine_whose_kind_is_not_told_yet_is_not_asked_for_again_and_again(state: LiveState) -> None:
    state.set_directory([(equipment(1, "boiler-1", kind=""), None)])
    state.apply(bundle_of(batch({NOW: {"steam_flow": 4}})), now_us=NOW_US)
    assert not state.has_unknown
    assert boiler(state).kind.name == "other"


def test_a_machine_of_a_kind_that_nobody_has_described_shows_what_it_sends(state: LiveState) -> None:
    state.set_directory([(equipment(1, "boiler-1", kind="kiln"), None)])
    rows = {NOW: {f"zone_{n}": n / 8 for n in range(1, 9)}}
    state.apply(bundle_of(batch(rows, kind="kiln"), events=(Event("boiler-1", NOW_US, "recipe", "R7"),)), now_us=NOW_US)
    machine = boiler(state)
    assert machine.kind.label.zh == "kiln"
    assert [machine.shown(name) for name in ("zone_1", "zone_8", "recipe")] == [0.125, 1.0, "R7"]
    assert json.loads(machine.as_json(only_key=True))["v"] == {f"zone_{n}": n / 8 for n in range(1, 7)}  # the first six
    state.set_directory([(equipment(1, "boiler-1", kind="kiln"), None)])
    assert boiler(state).shown("zone_8") == 1.0


def test_a_machine_that_makes_up_signals_for_ever_stops_at_what_a_kind_may_have(state: LiveState) -> None:
    state.set_directory([(equipment(1, "boiler-1", kind="kiln"), None)])
    for first in range(0, 1000, 100):
        rows = {NOW: {f"zone_{n}": n / 8 for n in range(first, first + 100)}}
        state.apply(bundle_of(batch(rows, kind="kiln")), now_us=NOW_US)
    assert len(boiler(state).cells) == 390


def test_texts_that_came_before_the_kind_was_told_stay(state: LiveState) -> None:
    state.set_directory([(equipment(1, "mill", ""), None)])
    state.apply(bundle_of(events=(Event("mill", NOW_US, "program", "O1234"), Event("mill", NOW_US, "x", "y"))), now_us=NOW_US)
    state.set_directory([(equipment(1, "mill", "cnc_machine"), load_kind("cnc_machine"))])
    assert set(boiler(state).cells) == {"program"}


def test_a_machine_under_another_name_keeps_its_values(state: LiveState) -> None:
    state.apply(bundle_of(batch({NOW: {"steam_flow": 5}})), now_us=NOW_US)
    version = state.directory_version
    state.set_directory([(equipment(1, "boiler-east"), load_kind("boiler"))])
    assert (boiler(state).equipment.name, boiler(state).cells["steam_flow"].value) == ("boiler-east", 5)
    assert state.directory_version == version + 1


def test_the_same_directory_again_changes_nothing() -> None:
    state, machine = LiveState(), equipment(1, "boiler-1")
    for _ in range(2):
        state.set_directory([(machine, load_kind("boiler"))])
    assert (state.version, state.directory_version) == (1, 1)


STATE = {
    "online": True,
    "version": "0.3.0",
    "profiles": {"boiler/x": "0123456789abcdef"},
    "spool": {"epoch": 7, "bundles": 3, "bytes": 900, "oldest_us": NOW_US, "working": True, "gaps": []},
    "something new": [1, 2, 3],
}


def test_a_state_message_is_read_as_far_as_its_keys_are_known() -> None:
    is_online, report = read_state(json.dumps(STATE).encode())
    assert is_online
    assert report is not None
    assert (report.version, report.spool.bundles, report.spool.oldest_us) == ("0.3.0", 3, NOW_US)
    assert not hasattr(report, "something new")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "x" * 1000},
        {"version": 7},
        {"profiles": {f"p{n}": "x" for n in range(5000)}},
        {"connections": [1]},
        {"spool": {"bundles": -1}},
        {"spool": {"bytes": 2**70}},
        {"clock_offset_seconds": float("inf")},
    ],
)
def test_of_a_state_message_with_nonsense_only_the_one_word_counts(wrong: dict[str, object]) -> None:
    assert read_state(json.dumps(STATE | wrong).encode()) == (True, None)


def test_the_last_report_of_a_gateway_outlives_its_last_will(state: LiveState) -> None:
    state.set_gateway("g", is_online=True, report=GatewayReport(version="0.3.0"))
    state.set_gateway("g", is_online=False)
    status = state.statuses["g"]
    assert (status.is_online, status.report) == (False, GatewayReport(version="0.3.0"))


def test_a_clock_ahead_is_judged_by_the_bundle_that_came_the_fastest(state: LiveState) -> None:
    for late_us in (300_000, 100_000, 7_000_000):  # the last one had waited on the gateway's disk
        state.apply(bundle_of(), now_us=NOW_US + late_us)
    assert state.statuses["g"].clock_ahead_us == -100_000
    state.apply(bundle_of(), now_us=NOW_US + 90_000_000)  # more than a minute later it counts anew
    assert state.statuses["g"].clock_ahead_us == -90_000_000


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
    (missed,) = state.changed_since(seen, equipment=None, gateways=None)
    assert missed.cells["steam_flow"].value == 9_999
