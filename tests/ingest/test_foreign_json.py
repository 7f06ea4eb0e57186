"""Plain JSON of small makers: what it means, what is refused and why, and that copies are stored once."""

import json
import struct
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from ingest.foreign.plain_json import read_json
from store.arrivals import DeadLetter, Item
from telemetry.bundle import Batch, Event
from telemetry.topics import Message

TOPIC = "sy/1/plant-7/up/json/boiler/boiler-1"
ARRIVED_US = 1_795_176_000_000_000
AT_US = 1_795_168_800_123_456
AT = datetime.fromtimestamp(AT_US / 1e6, UTC).isoformat()


def read(payload: Any, *, topic: str = TOPIC) -> Item:
    found = read_json(message(payload, topic), arrived_us=ARRIVED_US)
    assert isinstance(found, Item), found
    return found


def refused(payload: Any, *, topic: str = TOPIC) -> DeadLetter:
    found = read_json(message(payload, topic), arrived_us=ARRIVED_US)
    assert isinstance(found, DeadLetter)
    return found


def message(payload: Any, topic: str) -> Message:
    return Message(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def rows(batch: Batch) -> list[tuple[int, dict[str, float]]]:
    width = len(batch.signals.names)
    values = struct.unpack(f"<{batch.rows * width}d", batch.values)
    times = struct.unpack(f"<{batch.rows}q", batch.times)
    return [(time_us, dict(zip(batch.signals.names, values[n * width :], strict=False))) for n, time_us in enumerate(times)]


def test_an_object_is_a_row_of_its_equipment() -> None:
    item = read({"time": AT, "steam_pressure": 1.05, "steam_flow": 8, "low_water_interlock": True})

    (batch,) = item.bundle.batches
    assert (item.bundle.gateway, batch.equipment, batch.signals.kind) == ("plant-7", "boiler-1", "boiler")
    assert rows(batch) == [(AT_US, {"low_water_interlock": 1.0, "steam_flow": 8.0, "steam_pressure": 1.05})]
    assert item.key[0] == "json/plant-7"
    assert (item.bundle.epoch, item.bundle.seq, item.bundle.floor) == (*item.key[1:], 1)


def test_an_array_is_many_rows_and_rows_with_the_same_signals_share_a_batch() -> None:
    item = read([{"time": 1795168802, "steam_flow": 3}, {"time": 1795168801, "steam_flow": 2}, {"time": 1795168801, "state": 1}])

    assert [rows(batch) for batch in item.bundle.batches] == [
        [(1795168801_000_000, {"state": 1.0, "steam_flow": 2.0})],
        [(1795168802_000_000, {"steam_flow": 3.0})],
    ]


def test_the_later_of_two_values_at_one_time_counts() -> None:
    (batch,) = read([{"time": 1795168801, "steam_flow": 2}, {"time": 1795168801, "steam_flow": 3}]).bundle.batches
    assert rows(batch) == [(1795168801_000_000, {"steam_flow": 3.0})]


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-20T10:00:00.123456Z",
        "2026-11-20T18:00:00.123456+08:00",
        "2026-11-20 10:00:00.123456+00:00",
        "20261120T100000.123456Z",
        1795168800.123456,
        1795168800123.456,
        1795168800123456,
    ],
)
def test_a_time_is_iso_8601_with_an_offset_or_a_number_whose_size_tells_its_unit(time: Any) -> None:
    (batch,) = read({"time": time, "steam_flow": 1}).bundle.batches
    assert rows(batch)[0][0] == AT_US


def test_without_a_time_a_value_has_that_of_its_arrival_and_each_message_is_a_new_one() -> None:
    first, second = read({"steam_flow": 1}), read({"steam_flow": 1})
    assert rows(first.bundle.batches[0])[0][0] == ARRIVED_US
    assert first.key != second.key


def test_the_same_bytes_on_the_same_topic_have_the_same_name() -> None:
    sample = {"time": AT, "steam_flow": 1}
    assert read(sample).key == read(sample).key
    assert read(sample).key != read(sample, topic=TOPIC.replace("boiler-1", "boiler-2")).key
    assert read(sample).key != read({**sample, "steam_flow": 2}).key
    assert all(0 <= number < 2**63 for number in read(sample).key[1:])


def test_null_is_no_value_and_a_text_is_an_event() -> None:
    item = read({"time": AT, "program": "O1234", "spindle_speed": None}, topic="sy/1/shop/up/json/cnc_machine/mill-1")
    (batch,) = item.bundle.batches
    assert str(rows(batch)) == str([(AT_US, {"spindle_speed": float("nan")})])
    assert item.bundle.events == (Event("mill-1", AT_US, "program", "O1234"),)


def test_any_signal_is_welcome_under_the_kind_other() -> None:
    item = read({"time": AT, "Wirkungsgrad.Ofen-3": 0.9, "remark": "fine"}, topic="sy/1/shop/up/json/other/oven")
    assert item.bundle.batches[0].signals.text == "other:Wirkungsgrad.Ofen-3"
    assert item.bundle.events == (Event("oven", AT_US, "remark", "fine"),)


@pytest.mark.parametrize(
    ("payload", "reason", "said"),
    [
        (b"", "empty", "no bytes"),
        (b" \n", "empty", "no bytes"),
        (b"[" + b" " * 200_000 + b"]", "oversized", "196608"),
        (b"hello", "json", "Expecting value"),
        (b'{"a": 1', "json", "Expecting"),
        (b'{"a": \xff}', "json", "utf-8"),
        ('{"a": 1}'.encode("utf-16"), "json", "utf-8"),
        (b'{"steam_flow": NaN}', "json", "NaN is not JSON"),
        (b'{"steam_flow": -Infinity}', "json", "-Infinity is not JSON"),
        (b'{"steam_flow": 1, "steam_flow": 2}', "json", "'steam_flow' comes twice"),
        (b"[" * 100_000, "json", "RecursionError"),
        (b'{"steam_flow": ' + b"9" * 5000 + b"}", "json", "4300"),
        (b'{"steam_flow": 1e999}', "number", "'steam_flow'"),
        (b'{"steam_flow": ' + b"9" * 400 + b"}", "number", "'steam_flow'"),
        (3, "structure", "neither an object nor an array"),
        ([1, 2], "structure", "neither an object nor an array"),
        ({}, "structure", "no signal"),
        ([], "structure", "no signal"),
        ({"time": AT}, "structure", "no signal"),
        ({"steam_flow": [1]}, "structure", "'steam_flow' is an array"),
        ({"values": {"steam_flow": 1}}, "structure", "'values' is an object"),
        ({"time": "2026-11-20T10:00:00", "steam_flow": 1}, "time", "no offset"),
        ({"time": "2026-11-20", "steam_flow": 1}, "time", "neither ISO 8601"),
        ({"time": "2026-13-20T10:00:00Z", "steam_flow": 1}, "time", "month"),
        ({"time": "10 o'clock", "steam_flow": 1}, "time", "neither ISO 8601"),
        ({"time": None, "steam_flow": 1}, "time", "neither ISO 8601"),
        ({"time": True, "steam_flow": 1}, "time", "neither ISO 8601"),
        ({"time": 10**18, "steam_flow": 1}, "time", "neither ISO 8601"),
        ({"steam_flow": "high"}, "signal_type", "boiler.steam_flow is a number, not 'high'"),
        ({"steam flow": 1}, "signal_name", "'steam flow'"),
        ({"a,b": 1}, "signal_name", "'a,b'"),
        ({"remark": "a\0b"}, "text", "remark"),
        (b'{"remark": "\\ud800"}', "text", "remark"),
        ({"remark": "x" * 65_537}, "text", "remark"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(payload: Any, reason: str, said: str) -> None:
    letter = refused(payload)
    assert (letter.reason, letter.key) == (reason, None)
    assert said in letter.detail


def test_a_number_for_a_text_is_refused_too() -> None:
    letter = refused({"program": 17}, topic="sy/1/shop/up/json/cnc_machine/mill-1")
    assert (letter.reason, letter.detail) == ("signal_type", "cnc_machine.program is a text, not '17.0'")


def test_a_topic_that_names_nobody_is_refused() -> None:
    assert refused({"steam_flow": 1}, topic="sy/1/plant-7/up/json/boiler/a b").reason == "topic"


@hypothesis.given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["time", "steam_flow"]) | st.text(), inner, max_size=4)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_payload_is_more_than_a_bundle_or_a_dead_letter(payload: bytes) -> None:
    assert isinstance(read_json(Message(TOPIC, payload), arrived_us=ARRIVED_US), Item | DeadLetter)
