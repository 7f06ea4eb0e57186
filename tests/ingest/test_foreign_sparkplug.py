"""Sparkplug B as it comes from edge nodes: births, data, deaths, and everything that gets lost between them."""

import struct
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from ingest.foreign.names import legal_name, signal_names
from ingest.foreign.settings import SparkplugEquipment, SparkplugSettings
from ingest.foreign.sparkplug import Sparkplug
from ingest.foreign.sparkplug_device import equipment_name, gateway_name
from store.arrivals import DeadLetter, Item
from telemetry.bundle import Bundle, Event
from telemetry.quality import Quality
from telemetry.sparkplug_payload import Payload, decode_payload
from telemetry.topics import Message

ARRIVED_US = 1_795_176_000_000_000
MS = 1_795_168_800_000
INT8, INT32, UINT64, DOUBLE, BOOLEAN, STRING, DATE_TIME, DATA_SET, FLOAT = 1, 3, 8, 10, 11, 12, 13, 16, 9
MAPPED = SparkplugSettings(
    rebirth_seconds=60,
    equipment=(
        SparkplugEquipment(
            group="Plant", node="Edge", device="B1", kind="boiler", signals={"Boiler/Steam Pressure": "steam_pressure"}
        ),
    ),
)


class EdgeNode:
    """Speaks as an edge node does, with sequence numbers of its own."""

    def __init__(self, group: str = "Plant", node: str = "Edge") -> None:
        self.group, self.node, self.seq, self.bd_seq = group, node, 0, 0

    def birth(self, *metrics: dict[str, Any], at_ms: int = MS) -> Message:
        self.seq = 0
        return self.say("NBIRTH", *metrics, {"name": "bdSeq", "datatype": UINT64, "long_value": self.bd_seq}, at_ms=at_ms)

    def death(self) -> Message:
        payload = Payload()
        payload.metrics.add(name="bdSeq", datatype=UINT64, long_value=self.bd_seq)
        return Message(f"spBv1.0/{self.group}/NDEATH/{self.node}", payload.SerializeToString())

    def say(self, kind: str, *metrics: dict[str, Any], device: str = "", at_ms: int | None = MS) -> Message:
        payload = Payload(seq=self.seq)
        if at_ms is not None:
            payload.timestamp = at_ms
        self.seq = (self.seq + 1) % 256
        for described in metrics:
            quality = described.get("quality")
            metric = payload.metrics.add(**{key: value for key, value in described.items() if key != "quality"})
            if quality is not None:
                metric.properties.keys.append("Quality")
                metric.properties.values.add(int_value=quality)
        topic = f"spBv1.0/{self.group}/{kind}/{self.node}" + (f"/{device}" if device else "")
        return Message(topic, payload.SerializeToString())


class Listener:
    """A worker's adapter and what it asked for."""

    def __init__(self, settings: SparkplugSettings = MAPPED) -> None:
        self.now = 0.0
        self.asked: list[tuple[str, bytes]] = []
        self._adapter = Sparkplug(settings, publish=lambda *request: self.asked.append(request), clock=lambda: self.now)
        self.lose_connection = self._adapter.missed_something

    def hear(self, message: Message) -> Item | DeadLetter | None:
        return self._adapter.read(message, arrived_us=ARRIVED_US)

    def bundle(self, message: Message) -> Bundle:
        found = self.hear(message)
        assert isinstance(found, Item), found
        return found.bundle


def cells(bundle: Bundle) -> dict[tuple[str, str, int], float | Quality]:
    """Values by equipment, signal and time; a quality stands for a value that is not good."""
    found: dict[tuple[str, str, int], float | Quality] = {}
    for batch in bundle.batches:
        names = batch.signals.names
        values = struct.unpack(f"<{batch.rows * len(names)}d", batch.values)
        times = struct.unpack(f"<{batch.rows}q", batch.times)
        for n, value in enumerate(values):
            quality = Quality(batch.qualities[n]) if batch.qualities else Quality.GOOD
            place = (batch.equipment, names[n % len(names)], times[n // len(names)])
            found[place] = value if quality.is_good else quality
    return found


PRESSURE = {"name": "Boiler/Steam Pressure", "alias": 7, "datatype": DOUBLE, "double_value": 1.05, "timestamp": MS}
BURNER = {"name": "Burner on", "alias": 8, "datatype": BOOLEAN, "boolean_value": True, "timestamp": MS}
BY_ALIAS = {"alias": 7, "double_value": 1.5, "timestamp": MS + 1000}


def test_a_birth_explains_the_aliases_of_the_data_that_follow() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth())
    born = listener.bundle(node.say("DBIRTH", PRESSURE, BURNER, device="B1"))
    data = listener.bundle(node.say("DDATA", BY_ALIAS, device="B1"))

    assert born.gateway == "Plant.Edge"
    assert born.batches[0].signals.kind == "boiler"
    assert cells(born) == {("B1", "steam_pressure", MS * 1000): 1.05, ("B1", "Burner_on", MS * 1000): 1.0}
    assert cells(data) == {("B1", "steam_pressure", (MS + 1000) * 1000): 1.5}
    assert listener.asked == []


def test_a_payload_assembled_by_hand_from_the_specification_is_read() -> None:
    listener = Listener()
    # name (1), alias (2), datatype (4) Float, float_value (12); timestamp (1) 300, metrics (2), seq (3)
    metric = b"\x0a\x04temp" + b"\x10\x05" + b"\x20\x09" + b"\x65\x00\x00\xac\x41"
    payload = b"\x08\xac\x02" + b"\x12\x0f" + metric + b"\x18\x00"
    bundle = listener.bundle(Message("spBv1.0/Plant/NBIRTH/Edge", payload))
    assert cells(bundle) == {("Edge", "temp", 300_000): 21.5}


@pytest.mark.parametrize(
    ("datatype", "value", "wanted"),
    [
        (INT8, {"int_value": 0xFF}, -1.0),
        (INT8, {"int_value": 2**32 - 1}, -1.0),
        (2, {"int_value": 0x8000}, -32768.0),
        (INT32, {"int_value": 2**32 - 5}, -5.0),
        (4, {"long_value": 2**64 - 5}, -5.0),
        (5, {"int_value": 255}, 255.0),
        (7, {"int_value": 2**32 - 1}, 2.0**32 - 1),
        (7, {"long_value": 2**32 - 1}, 2.0**32 - 1),
        (UINT64, {"long_value": 2**63}, 2.0**63),
        (FLOAT, {"float_value": 0.5}, 0.5),
        (DOUBLE, {"double_value": 0.1}, 0.1),
        (BOOLEAN, {"boolean_value": True}, 1.0),
    ],
)
def test_every_scalar_datatype_becomes_a_number(datatype: int, value: dict[str, Any], wanted: float) -> None:
    bundle = Listener().bundle(EdgeNode().birth({"name": "x", "datatype": datatype, **value}))
    assert cells(bundle) == {("Edge", "x", MS * 1000): wanted}


@pytest.mark.parametrize(
    ("datatype", "value", "text"),
    [
        (STRING, {"string_value": "O1234 锅炉"}, "O1234 锅炉"),
        (14, {"string_value": "long"}, "long"),
        (15, {"string_value": "f81d4fae"}, "f81d4fae"),
        (DATE_TIME, {"long_value": MS}, "2026-11-20T10:00:00.000+00:00"),
        (DATE_TIME, {"long_value": 2**64 - 1}, "18446744073709551615 ms since 1970"),
    ],
)
def test_texts_and_dates_become_events(datatype: int, value: dict[str, Any], text: str) -> None:
    bundle = Listener().bundle(EdgeNode().birth({"name": "x", "datatype": datatype, **value}))
    assert bundle.events == (Event("Edge", MS * 1000, "x", text),)
    assert bundle.batches == ()


def test_null_is_no_value_and_infinity_too() -> None:
    metrics = (
        {"name": "a", "datatype": DOUBLE, "is_null": True},
        {"name": "b", "datatype": DOUBLE, "double_value": float("inf")},
    )
    bundle = Listener().bundle(EdgeNode().birth(*metrics, {"name": "t", "datatype": STRING, "is_null": True}))
    assert str(list(cells(bundle).values())) == "[nan, nan]"
    assert bundle.events == ()


@pytest.mark.parametrize(
    ("code", "quality"),
    [
        (0, Quality.BAD),
        (24, Quality.BAD),
        (64, Quality.UNCERTAIN),
        (500, Quality.UNCERTAIN_LAST_USABLE_VALUE),
        (192, None),
        (216, None),
    ],
)
def test_the_property_quality_travels_with_the_value(code: int, quality: Quality | None) -> None:
    bundle = Listener().bundle(EdgeNode().birth({"name": "x", "datatype": DOUBLE, "double_value": 1.0, "quality": code}))
    assert list(cells(bundle).values()) == [1.0 if quality is None else quality]


def test_data_sets_bytes_arrays_and_transient_metrics_are_passed_over() -> None:
    others = [{"name": f"n{datatype}", "datatype": datatype} for datatype in (DATA_SET, 17, 18, 19, 22, 34)]
    transient = {"name": "t", "datatype": DOUBLE, "double_value": 1.0, "is_transient": True}
    bundle = Listener().bundle(EdgeNode().birth(*others, transient, {"name": "x", "datatype": DOUBLE, "double_value": 2.0}))
    assert cells(bundle) == {("Edge", "x", MS * 1000): 2.0}


def test_a_birth_tells_what_holds_now_and_historical_values_keep_their_time() -> None:
    old = {"name": "setpoint", "datatype": DOUBLE, "double_value": 1.0, "timestamp": MS - 10**11}
    buffered = {"name": "level", "datatype": DOUBLE, "double_value": 2.0, "timestamp": MS - 5000, "is_historical": True}
    bundle = Listener().bundle(EdgeNode().birth(old, buffered))
    assert cells(bundle) == {("Edge", "setpoint", MS * 1000): 1.0, ("Edge", "level", (MS - 5000) * 1000): 2.0}


def test_node_control_and_bdseq_are_no_signals() -> None:
    control = {"name": "Node Control/Rebirth", "datatype": BOOLEAN, "boolean_value": False}
    assert Listener().hear(EdgeNode().birth(control)) is None


def test_data_without_a_birth_ask_for_one_and_not_too_often() -> None:
    node, listener = EdgeNode(), Listener()
    for _ in range(3):
        assert listener.hear(node.say("DDATA", BY_ALIAS, device="B1")) is None
    ((topic, request),) = listener.asked
    assert topic == "spBv1.0/Plant/NCMD/Edge"
    (metric,) = decode_payload(request).metrics
    assert (metric.name, metric.datatype, metric.boolean_value) == ("Node Control/Rebirth", BOOLEAN, True)
    listener.now = 61
    listener.hear(node.say("DDATA", BY_ALIAS, device="B1"))
    assert len(listener.asked) == 2


def test_after_a_gap_no_alias_is_believed_until_the_next_birth_but_names_are() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth())
    listener.hear(node.say("DBIRTH", PRESSURE, device="B1"))
    node.say("NDATA")  # lost on the way

    assert listener.hear(node.say("DDATA", BY_ALIAS, device="B1")) is None
    assert len(listener.asked) == 1
    assert cells(listener.bundle(node.say("DDATA", {**PRESSURE, "double_value": 2.0}, device="B1")))
    listener.hear(node.birth(at_ms=MS + 1))
    listener.hear(node.say("DBIRTH", {**PRESSURE, "alias": 9}, device="B1"))
    again = listener.bundle(node.say("DDATA", {**BY_ALIAS, "alias": 9}, device="B1"))
    assert list(cells(again).values()) == [1.5]


def test_sequence_numbers_go_round() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth(PRESSURE))
    for _ in range(600):
        listener.bundle(node.say("NDATA", BY_ALIAS))
    assert listener.asked == []


def test_a_new_connection_asks_for_births_since_some_may_have_gone_by() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth(PRESSURE))
    listener.lose_connection()
    assert listener.hear(node.say("NDATA", BY_ALIAS)) is None
    assert len(listener.asked) == 1


def test_a_message_with_one_unknown_metric_is_not_stored_in_part() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth(PRESSURE))
    assert listener.hear(node.say("NDATA", BY_ALIAS, {**BY_ALIAS, "alias": 99})) is None
    assert len(listener.asked) == 1


def test_the_death_of_a_node_ends_the_values_of_all_its_devices() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth({"name": "cpu", "datatype": DOUBLE, "double_value": 1.0}))
    listener.hear(node.say("DBIRTH", PRESSURE, {"name": "text", "datatype": STRING, "string_value": "x"}, device="B1"))

    assert cells(listener.bundle(node.death())) == {
        ("Edge", "cpu", ARRIVED_US): Quality.BAD_NO_COMMUNICATION,
        ("B1", "steam_pressure", ARRIVED_US): Quality.BAD_NO_COMMUNICATION,
    }
    assert listener.hear(node.death()) is None
    assert listener.hear(node.say("DDATA", BY_ALIAS, device="B1")) is None


def test_the_will_of_an_earlier_life_ends_nothing_and_equal_wills_of_two_lives_differ() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth(PRESSURE))
    node.bd_seq = 5
    assert listener.hear(node.death()) is None
    node.bd_seq = 0
    first = listener.hear(node.death())
    listener.hear(node.birth(PRESSURE, at_ms=MS + 60_000))
    second = listener.hear(node.death())
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert first.arrival == second.arrival
    assert first.key != second.key


def test_the_death_of_a_device_ends_its_values_alone() -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth())
    listener.hear(node.say("DBIRTH", PRESSURE, device="B1"))
    bundle = listener.bundle(node.say("DDEATH", device="B1", at_ms=MS + 9000))
    assert cells(bundle) == {("B1", "steam_pressure", (MS + 9000) * 1000): Quality.BAD_NO_COMMUNICATION}


def test_workers_give_one_message_the_same_name() -> None:
    node = EdgeNode()
    messages = [node.birth(PRESSURE), node.say("NDATA", BY_ALIAS), node.death()]
    first, second = ([listener.hear(message) for message in messages] for listener in (Listener(), Listener()))
    keys = [[item.key for item in items if isinstance(item, Item)] for items in (first, second)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3
    assert keys[0][0][0] == "sparkplug/Plant/Edge"


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("spBv1.0/G/NDATA/N/D", b"", "topic"),
        ("spBv1.0/G/NBIRTH/N", b"\xff\xff", "sparkplug"),
        ("spBv1.0/G/NBIRTH/N", b"\x12\x04\x0a\x02\xff\xfe", "sparkplug"),
        ("spBv1.0/G/NBIRTH/N", b'{"a": 1}', "sparkplug"),
        ("spBv1.0/G/NBIRTH/N", bytes(1_100_000), "oversized"),
        ("spBv1.0/G/NBIRTH/N", b"", "time"),
        ("spBv1.0/G/NBIRTH/N", Payload(timestamp=2**63, seq=0).SerializeToString(), "time"),
    ],
)
def test_what_is_no_sparkplug_is_refused_with_its_reason(topic: str, payload: bytes, reason: str) -> None:
    letter = Listener().hear(Message(topic, payload))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == reason
    assert (letter.key is None) == (reason == "topic")


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ({"name": "x", "datatype": DOUBLE, "string_value": "1"}, "sparkplug"),
        ({"name": "x", "datatype": DOUBLE}, "sparkplug"),
        ({"datatype": DOUBLE, "double_value": 1.0}, "sparkplug"),
        ({"name": "steam_flow", "datatype": STRING, "string_value": "high"}, "signal_type"),
        ({"name": "x", "datatype": STRING, "string_value": "a\0b"}, "text"),
    ],
)
def test_a_value_that_is_not_what_it_says_refuses_the_message(metric: dict[str, Any], reason: str) -> None:
    node, listener = EdgeNode(), Listener()
    listener.hear(node.birth())
    letter = listener.hear(node.say("DBIRTH", metric, device="B1"))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == reason


def test_commands_and_states_of_hosts_are_none_of_our_business() -> None:
    for topic in ("spBv1.0/G/NCMD/N", "spBv1.0/G/DCMD/N/D", "spBv1.0/STATE/host"):
        assert Listener().hear(Message(topic, b"\xff")) is None


def test_names_become_legal_and_stay_apart() -> None:
    assert legal_name("Boiler/Steam Pressure", word="metric") == "Boiler.Steam_Pressure"
    assert legal_name("ok-1.2_x", word="metric") == "ok-1.2_x"
    assert legal_name("蒸汽压力", word="metric").startswith("metric-")
    assert legal_name("锅炉1", word="device").startswith("1-")
    names = signal_names(["a/b", "a.b", "a b", "蒸汽压力", "蒸汽流量", "x" * 70, "x" * 71, "P"], {"P": "steam_pressure"})
    assert len(set(names.values())) == len(names)
    assert names["a.b"] == "a.b"
    assert names["a/b"].startswith("a.b-")
    assert names["a b"] == "a_b"
    assert names["P"] == "steam_pressure"
    assert max(map(len, names.values())) <= 64


def test_group_and_node_cannot_be_told_in_two_ways() -> None:
    assert gateway_name("Plant 1", "Edge") == "Plant_1.Edge"
    assert gateway_name("a.b", "c") != gateway_name("a", "b.c") == "a.b.c"
    assert len(gateway_name("g" * 60, "n" * 60)) <= 64
    assert equipment_name("Edge", "") == "Edge"
    assert equipment_name("Edge", "Edge") != "Edge"


@hypothesis.given(
    st.lists(
        st.tuples(
            st.sampled_from(["NBIRTH/N", "DBIRTH/N/D", "NDATA/N", "DDATA/N/D", "NDEATH/N", "DDEATH/N/D"]),
            st.binary(max_size=60)
            | st.builds(
                lambda seq, alias, name, datatype, value: (
                    EdgeNode().say("NDATA", {"alias": alias, "name": name, "datatype": datatype, "double_value": value}).payload
                    + bytes([0x18, seq])
                ),
                st.integers(0, 4),
                st.integers(0, 3),
                st.sampled_from(["a", "b", "bdSeq"]),
                st.integers(0, 12),
                st.floats(),
            ),
        ),
        max_size=8,
    )
)
def test_no_message_in_any_order_ends_the_adapter(messages: list[tuple[str, bytes]]) -> None:
    listener = Listener()
    for level, payload in messages:
        found = listener.hear(Message(f"spBv1.0/G/{level}", payload))
        assert found is None or isinstance(found, Item | DeadLetter)
