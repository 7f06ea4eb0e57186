"""A host that hears an edge node through a real broker and reads protobuf by itself, and nodes on machines made of rows."""

import asyncio
import contextlib
import json
import random
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from device_profiles.profile import load_profile
from edge_gateway.driver import Poll, Target
from edge_gateway.sparkplug.node import SparkplugNode
from edge_gateway.sparkplug.settings import SparkplugSettings
from telemetry.mqtt import BrokerSettings, Link, connect
from telemetry.quality import Quality
from telemetry.topics import Message

NOW_US = 1_795_168_800_000_000
SIGNALS = ("execution", "program", "part_count_total", "spindle_speed", "energy_total", "is_warm_up")
COLUMNS = tuple(name for name in SIGNALS if name != "program")

# Names by field number, from the specification 3.0, section 6.4.1; a type for what is no plain number.
PAYLOAD = {1: "timestamp", 2: "metrics", 3: "seq"}
METRIC = {
    1: "name",
    2: "alias",
    3: "timestamp",
    4: "datatype",
    5: "is_historical",
    7: "is_null",
    9: "properties",
    10: "int_value",
    11: "long_value",
    12: "float_value",
    13: "double_value",
    14: "boolean_value",
    15: "string_value",
}
PROPERTIES = {1: "keys", 2: "values"}
PROPERTY = {1: "type", 3: "int_value", 8: "string_value"}


def fields(data: bytes) -> list[tuple[int, Any]]:
    """Split a protobuf message into field numbers and raw values, by the encoding's own rules."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(data):
        number, wire_type = divmod(varint(), 8)
        value: Any
        if wire_type == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}.get(wire_type) or varint()
            value, at = data[at : at + size], at + size
        found.append((number, value))
    return found


def metric_of(data: bytes) -> dict[str, Any]:
    metric: dict[str, Any] = {}
    for number, raw in fields(data):
        name, value = METRIC[number], raw
        if name in ("name", "string_value"):
            value = raw.decode()
        elif name in ("float_value", "double_value"):
            (value,) = struct.unpack("<f" if name == "float_value" else "<d", raw)
        elif name == "properties":
            parts = [(PROPERTIES[n], part) for n, part in fields(raw)]
            keys = [part.decode() for kind, part in parts if kind == "keys"]
            values = [{PROPERTY[n]: v for n, v in fields(part)} for kind, part in parts if kind == "values"]
            value = dict(zip(keys, values, strict=True))
        metric[name] = value
    return metric


class Heard:
    """One message, decoded."""

    def __init__(self, message: Message) -> None:
        self.topic, self.payload = message
        self.kind, self.device = self.topic.split("/")[2], "/".join(self.topic.split("/")[4:])
        parts = [(PAYLOAD[number], value) for number, value in fields(self.payload)]
        self.seq: int | None = dict(parts).get("seq")
        self.timestamp: int | None = dict(parts).get("timestamp")
        self.metrics = [metric_of(value) for name, value in parts if name == "metrics"]

    def named(self, name: str) -> dict[str, Any]:
        (metric,) = (metric for metric in self.metrics if metric["name"] == name)
        return metric

    @property
    def only(self) -> dict[str, Any]:
        (metric,) = self.metrics
        return metric

    @property
    def bd_seq(self) -> int:
        return int(self.named("bdSeq")["long_value"])


class Host:
    """Hears all of a group, in order, and speaks as a SCADA host does."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def hear(self, seconds: float = 20) -> Heard:
        async with asyncio.timeout(seconds):
            return Heard(await anext(self.link.messages()))

    async def hear_kinds(self, *kinds: str) -> list[Heard]:
        """Hear just these, in this order."""
        heard = [await self.hear() for _ in kinds]
        assert tuple(message.kind for message in heard) == kinds
        return heard

    async def hears_nothing(self, seconds: float = 0.3) -> None:
        with pytest.raises(TimeoutError):
            await self.hear(seconds)

    async def command(self, payload: bytes, node: str = "gw-1") -> None:
        await self.link.publish(f"spBv1.0/Plant/NCMD/{node}", payload)

    async def ask_for_rebirth(self) -> None:
        name = b"Node Control/Rebirth"  # metric: name (1), datatype (4) Boolean, boolean_value (14) true
        metric = b"\x0a" + bytes([len(name)]) + name + b"\x20\x0b" + b"\x70\x01"
        await self.command(b"\x12" + bytes([len(metric)]) + metric)

    async def say_state(self, *, online: bool, at_ms: int, host: str = "scada") -> None:
        state = json.dumps({"online": online, "timestamp": at_ms}).encode()
        await self.link.publish(f"spBv1.0/STATE/{host}", state, retain=True)


def settings_of(broker: Any) -> BrokerSettings:
    return BrokerSettings(host=broker.host, port=broker.port)


@pytest.fixture
def host_on() -> Callable[[Any], AbstractAsyncContextManager[Host]]:
    """Call it with a broker."""

    @contextlib.asynccontextmanager
    async def enter(broker: Any) -> AsyncIterator[Host]:
        async with connect(settings_of(broker)) as link:
            for kind in ("NBIRTH", "NDATA", "NDEATH"):
                await link.subscribe(f"spBv1.0/Plant/{kind}/+")
            for kind in ("DBIRTH", "DDATA", "DDEATH"):
                await link.subscribe(f"spBv1.0/Plant/{kind}/+/+")
            yield Host(link)

    return enter


@pytest.fixture
def machine() -> Callable[..., Target]:
    """Call it for a target with a signal of each type, or some of them."""
    return lambda name="mill-1", only=SIGNALS: Target.from_profile(load_profile("cnc_machine/opc_40501"), name=name, only=only)


@pytest.fixture
def row() -> Callable[..., Poll]:
    """Call it for a good row of a whole machine; values by signal, or a quality for the lack of one."""

    def make(*, program: str | None = "O1", columns: tuple[str, ...] = COLUMNS, **given: Any) -> Poll:
        values = {"execution": 0.0, "part_count_total": 7.0, "spindle_speed": 800.0, "energy_total": 0.1, "is_warm_up": 1.0}
        values.update(given)
        readings: list[tuple[float, int]] = [
            (float("nan"), value) if isinstance(value := values[name], Quality) else (value, Quality.GOOD) for name in columns
        ]
        return Poll(readings=readings, texts={} if program is None else {"program": program})

    return make


@pytest.fixture
async def run_node() -> AsyncIterator[Callable[..., tuple[SparkplugNode, "asyncio.Task[Any]"]]]:
    """Call it with a broker, targets and settings for a node that runs until the test ends."""
    tasks: list[asyncio.Task[Any]] = []

    def start(broker: Any, targets: list[Target], **settings: Any) -> tuple[SparkplugNode, "asyncio.Task[Any]"]:
        node = SparkplugNode(
            SparkplugSettings(group="Plant", **{"rebirth_seconds": 0, **settings}),
            gateway="gw-1",
            broker=settings_of(broker),
            targets=targets,
            now_us=lambda: NOW_US,
            rng=random.Random(1),
        )
        tasks.append(asyncio.create_task(node.run()))
        return node, tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, asyncio.CancelledError), result
