"""A device that speaks Sparkplug, or an edge node's own part: what its birth has said, and its values by that."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from ingest.foreign import counters
from ingest.foreign.assembly import Assembly, Place
from ingest.foreign.names import legal_name, marked, signal_names
from ingest.foreign.settings import SparkplugEquipment
from ingest.foreign.sparkplug_payload import SCALARS, TEXTS, quality_of, value_of
from store.kind_tables import OTHER
from telemetry.errors import BadPayload
from telemetry.quality import Quality
from telemetry.topics import SparkplugTopic

_CONTROL = ("bdSeq", "Node Control/", "Device Control/")
"""Beginnings of metrics that steer the conversation and say nothing of the plant."""
_LATEST_MS = 10**14


class UnexplainedError(Exception):
    """No birth that this worker has heard explains a metric."""


class _Metric(NamedTuple):
    signal: str
    datatype: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """``metrics`` by the maker's names; ``aliases`` gives these names."""

    equipment: str
    kind: str
    metrics: dict[str, _Metric]
    aliases: dict[int, str]

    @classmethod
    def born(cls, topic: SparkplugTopic, birth: Any, described: SparkplugEquipment | None) -> "Device":
        """Read a birth certificate.

        Raises
        ------
        BadPayload
            With the reason ``sparkplug``, if a metric has no name.
        """
        metrics = {metric.name: metric.datatype for metric in birth.metrics if not metric.name.startswith(_CONTROL)}
        if "" in metrics:
            raise BadPayload("sparkplug", "a birth with a metric that has no name")
        signals = signal_names(metrics, {} if described is None else described.signals)
        return cls(
            equipment=equipment_name(topic.node, topic.device),
            kind=OTHER if described is None else described.kind,
            metrics={name: _Metric(signals[name], datatype) for name, datatype in metrics.items()},
            aliases={metric.alias: metric.name for metric in birth.metrics if metric.HasField("alias")},
        )

    def take(self, payload: Any, assembly: Assembly, *, is_birth: bool = False, trusts_aliases: bool = True) -> None:
        """Take all values of a message.

        Raises
        ------
        UnexplainedError
            If there is a metric that the birth has not named.
        BadPayload
        """
        for metric in payload.metrics:
            name = metric.name or (self.aliases.get(metric.alias, "") if trusts_aliases else "")
            if name.startswith(_CONTROL):
                continue
            known = self.metrics.get(name)
            if known is None:
                raise UnexplainedError
            datatype = metric.datatype or known.datatype
            if metric.is_transient or datatype not in SCALARS:
                counters.SPARKPLUG_IGNORED.labels("transient" if metric.is_transient else "datatype").inc()
                continue
            value = value_of(metric, datatype)
            if value is None and datatype in TEXTS:  # a text that is not there came up at no instant
                continue
            # What a birth says holds now, even if it was last changed years ago.
            own_time = metric.HasField("timestamp") and (metric.is_historical or not is_birth)
            place = Place(self.equipment, self.kind, time_us_of(metric if own_time else payload))
            assembly.add(place, known.signal, value, quality=quality_of(metric))

    def end(self, time_us: int, assembly: Assembly) -> None:
        """Note that from now on nothing is known of it."""
        for signal, datatype in self.metrics.values():
            if datatype in SCALARS - TEXTS:
                place = Place(self.equipment, self.kind, time_us)
                assembly.add(place, signal, None, quality=Quality.BAD_NO_COMMUNICATION)


def gateway_name(group: str, node: str) -> str:
    """Name an edge node as a gateway: ``<group>.<node>``, in which the first dot always ends the group."""
    whole = f"{legal_name(group, word='group', dot_is_legal=False)}.{legal_name(node, word='node')}"
    return whole if len(whole) <= 64 else marked(f"{group}/{node}", whole)


def equipment_name(node: str, device: str) -> str:
    """Name a device, or the edge node as an equipment of its own; a device that is called like its node keeps apart from it."""
    name, own = legal_name(device or node, word="device"), legal_name(node, word="device")
    return marked(f"{node}/{device}", name) if device and name == own else name


def time_us_of(stamped: Any) -> int:
    """Read the timestamp of a payload or a metric.

    Raises
    ------
    BadPayload
        With the reason ``time``, if there is none; another worker would have to guess a different one.
    """
    if not stamped.HasField("timestamp") or stamped.timestamp > _LATEST_MS:
        raise BadPayload("time", f"timestamp {stamped.timestamp or 'missing'} where milliseconds since 1970 were expected")
    return int(stamped.timestamp) * 1000
