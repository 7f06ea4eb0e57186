"""Sparkplug B 3.0, as an application that listens: births explain data, and data become bundles.

An edge node says once, in its births, what its metrics are called and what they are, and later sends what has changed, often by
alias alone. So this state is kept in memory, by every worker for itself, and a worker that lacks a birth or has missed a message
asks for a rebirth. Until then it stores nothing of a message that it understands in part: another worker may understand all of
it, and the ledger keeps what is committed first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ingest.foreign import counters
from ingest.foreign.assembly import Assembly, digest_key
from ingest.foreign.settings import SparkplugSettings
from ingest.foreign.sparkplug_device import Device, UnexplainedError, gateway_name, time_us_of
from ingest.foreign.sparkplug_payload import value_of
from store.arrivals import DeadLetter, Item, Key
from telemetry.errors import BadPayload
from telemetry.sparkplug_payload import BD_SEQ, REBIRTH, Datatype, Payload, decode_payload, encode_payload
from telemetry.topics import Message, SparkplugTopic, sparkplug_command_topic, sparkplug_topic

_MAX_BYTES = 1024 * 1024
"""Births name every metric, so they are larger than any bundle."""
_MAX_NODES = 10_000

Publish = Callable[[str, bytes], None]
_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class _Node:
    """An edge node since its birth; ``is_sure`` as long as no message was missed, and only so long an alias is believed."""

    birth_ms: int
    bd_seq: float | str | None
    next_seq: int
    is_sure: bool = True
    devices: dict[str, Device] = field(default_factory=dict)
    """By id; empty for the node's own part."""


class Sparkplug:
    """All edge nodes that this worker has heard of; for one thread. ``publish`` takes the requests for rebirth."""

    def __init__(self, settings: SparkplugSettings, *, publish: Publish, clock: Callable[[], float] = time.monotonic) -> None:
        self._rebirth_seconds = settings.rebirth_seconds
        self._described = {(entry.group, entry.node, entry.device): entry for entry in settings.equipment}
        self._publish = publish
        self._clock = clock
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._asked_at: dict[tuple[str, str], float] = {}

    def read(self, message: Message, *, arrived_us: int) -> Item | DeadLetter | None:
        """Read a message; None where there is nothing to store. Each message once, and in the order of its arrival."""
        key: Key | None = None
        try:
            topic = sparkplug_topic(message.topic)
            if topic is None:
                raise BadPayload("topic", f"{message.topic[:200]!r} is no topic of Sparkplug B")  # noqa: TRY301
            if topic.type in ("NCMD", "DCMD", "STATE"):
                return None
            key = digest_key(f"sparkplug/{topic.group}/{topic.node}", message)
            if len(message.payload) > _MAX_BYTES:
                raise BadPayload("oversized", f"{len(message.payload)} bytes; at most {_MAX_BYTES} are read")  # noqa: TRY301
            assembly = Assembly()
            try:
                mark = self._take(topic, decode_payload(message.payload), assembly, arrived_us)
            except UnexplainedError:
                counters.SPARKPLUG_IGNORED.labels("unknown").inc()
                self._ask_for_rebirth(topic, arrived_us)
                return None
            key = digest_key(key[0], message, mark)
            bundle = assembly.bundle(key, gateway_name(topic.group, topic.node), arrived_us=arrived_us)
        except BadPayload as error:
            return DeadLetter(message, key, error.reason, error.detail)
        return None if bundle is None else Item(key, message, bundle)

    def missed_something(self) -> None:
        """Believe no alias until the next birth: what went by unheard may have given it another meaning."""
        for node in list(self._nodes.values()):
            node.is_sure = False

    def _take(self, topic: SparkplugTopic, payload: Any, assembly: Assembly, arrived_us: int) -> bytes:
        """Learn from a message and take its values; what is returned tells apart messages that are equal byte by byte."""
        if topic.type == "NDEATH":
            return self._bury(topic, payload, assembly, arrived_us)
        if topic.type == "NBIRTH":
            node = _Node(birth_ms=time_us_of(payload) // 1000, bd_seq=_bd_seq(payload), next_seq=payload.seq)
            _put(self._nodes, (topic.group, topic.node), node)
        else:
            found = self._nodes.get((topic.group, topic.node))
            if found is None:
                raise UnexplainedError
            node = found
        self._follow(node, topic, payload, arrived_us)
        if topic.type.endswith("BIRTH"):
            device = Device.born(topic, payload, self._described.get((topic.group, topic.node, topic.device)))
            node.devices[topic.device] = device
            device.take(payload, assembly, is_birth=True)
        elif topic.type == "DDEATH":
            ended = node.devices.pop(topic.device, None)
            if ended is not None:
                ended.end(time_us_of(payload), assembly)
        elif topic.device in node.devices:
            node.devices[topic.device].take(payload, assembly, trusts_aliases=node.is_sure)
        else:
            raise UnexplainedError
        return b""

    def _bury(self, topic: SparkplugTopic, will: Any, assembly: Assembly, arrived_us: int) -> bytes:
        """Note the end of all that the node has brought to life. A will knows no time, so its moment is that of its arrival."""
        node = self._nodes.get((topic.group, topic.node))
        if node is None or _bd_seq(will) != node.bd_seq:
            counters.SPARKPLUG_IGNORED.labels("stale").inc()
            return b""
        for device in node.devices.values():
            device.end(arrived_us, assembly)
        del self._nodes[topic.group, topic.node]
        return node.birth_ms.to_bytes(8, "big")  # the same will may come from many lives

    def _follow(self, node: _Node, topic: SparkplugTopic, payload: Any, arrived_us: int) -> None:
        """Count along; after a jump a birth may have been missed, and with it what the aliases mean now."""
        if node.is_sure and payload.HasField("seq") and payload.seq != node.next_seq:
            counters.SPARKPLUG_GAPS.inc()
            node.is_sure = False
        node.next_seq = (payload.seq + 1) % 256
        if not node.is_sure:
            self._ask_for_rebirth(topic, arrived_us)

    def _ask_for_rebirth(self, topic: SparkplugTopic, arrived_us: int) -> None:
        now, node = self._clock(), (topic.group, topic.node)
        if now - self._asked_at.get(node, float("-inf")) < self._rebirth_seconds:
            return
        _put(self._asked_at, node, now)
        counters.SPARKPLUG_REBIRTHS.inc()
        command = Payload(timestamp=arrived_us // 1000)
        command.metrics.add(name=REBIRTH, timestamp=arrived_us // 1000, datatype=Datatype.BOOLEAN, boolean_value=True)
        self._publish(sparkplug_command_topic(*node), encode_payload(command))


def _bd_seq(payload: Any) -> float | str | None:
    """Read the number that a node's will and birth have in common."""
    return next((value_of(metric, Datatype.UINT64) for metric in payload.metrics if metric.name == BD_SEQ), None)


def _put(nodes: dict[tuple[str, str], _T], name: tuple[str, str], value: _T) -> None:
    """Remember, and forget the oldest where made-up names would fill the memory."""
    nodes.pop(name, None)
    if len(nodes) >= _MAX_NODES:
        del nodes[next(iter(nodes))]
    nodes[name] = value
