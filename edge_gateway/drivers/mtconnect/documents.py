"""MTConnect's XML documents, bounded: what an agent sends is never trusted to be small, whole or well meant.

Versions 1.2 to 2.x differ in their namespaces, so elements go by their local names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

MAX_BYTES = 16 * 1024 * 1024
_MAX_ELEMENTS = 200_000
_MAX_DEPTH = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\d{1,20}")

UNAVAILABLE = "UNAVAILABLE"


class BadDocument(Exception):  # noqa: N818 - what it is
    """Bytes that are no MTConnect document, or one that nobody should read."""


class AgentError(Exception):
    """The agent's own error document; ``code`` is its word, such as ``OUT_OF_RANGE``."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(f"{code}: {text}" if text else code)


class DataItem(NamedTuple):
    """One thing that a machine can tell."""

    id: str
    name: str | None
    category: str
    type: str
    sub_type: str | None
    units: str | None
    """The unit of its values: agents convert ``nativeUnits``, and leave values alone where there is nothing else."""
    is_scalar: bool
    """False for vectors, data sets, tables and time series."""
    is_plain: bool
    """False for a statistic, such as the mean of the last minute."""
    component: tuple[tuple[str, str], ...]
    """The components from below the device down to its own, each with its type and its name (the type where it has none)."""


class Device(NamedTuple):
    """One machine behind an agent."""

    name: str
    uuid: str
    id: str
    items: tuple[DataItem, ...]


class Observation(NamedTuple):
    """What one data item was since an instant, as the agent numbers it."""

    sequence: int
    time_us: int
    item: str
    text: str
    level: str | None = None
    """Of a condition: ``NORMAL``, ``WARNING``, ``FAULT`` or ``UNAVAILABLE``."""
    code: str = ""
    """Of a condition: which of those that may stand side by side it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Which run of the agent speaks, when, and where in its buffer it stands."""

    instance: int
    created_us: int | None
    buffer_size: int | None = None
    first: int | None = None
    next: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What an agent says of its machines; it holds until the agent's instance changes."""

    header: Header
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Streams:
    """Observations of an agent, in the order of their sequence numbers."""

    header: Header
    observations: list[Observation]
    unreadable: int
    """Observations left out because they lack what every one must have."""


class _Bounded(TreeBuilder):
    """Refuses what can grow past its own size: DTDs with their entities, endless nesting."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = 0

    def doctype(self, *_: str | None) -> None:
        raise BadDocument("has a DTD")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > _MAX_ELEMENTS or self._depth > _MAX_DEPTH:
            raise BadDocument("has too many elements, or nests them too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag)


def read_probe(data: bytes) -> Probe:
    """Read the answer to ``/probe``.

    Raises
    ------
    BadDocument, AgentError
    """
    root = _parse(data, "MTConnectDevices")
    devices = (child for devices in _children(root, "Devices") for child in devices)
    return Probe(_header(root), tuple(_device(device) for device in devices if _local(device) == "Device"))


def read_streams(data: bytes) -> Streams:
    """Read the answer to ``/current`` or ``/sample``, or one part of a stream.

    Raises
    ------
    BadDocument, AgentError
    """
    root = _parse(data, "MTConnectStreams")
    observations, unreadable = [], 0
    for stream in root.iter():
        if _local(stream) in ("Samples", "Events", "Condition"):
            for element in stream:
                observation = _observation(element, is_condition=_local(stream) == "Condition")
                if observation is None:
                    unreadable += 1
                else:
                    observations.append(observation)
    observations.sort(key=lambda observation: observation.sequence)
    return Streams(_header(root), observations, unreadable)


def _parse(data: bytes, wanted: str) -> Element:
    if len(data) > MAX_BYTES:
        raise BadDocument(f"is longer than {MAX_BYTES} bytes")
    parser = XMLParser(target=_Bounded())  # noqa: S314 - bounded by its target, and entities need the DTD that it refuses
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:  # the latter two for an encoding that there is not
        raise BadDocument(f"is no XML: {error}") from None
    name = _local(root)
    if name.startswith("MTConnectError"):
        for told in (child for errors in _children(root, "Errors") for child in errors):
            # Since 2.6 an error has an element of its own name instead of a code, and its text in a child.
            code = told.get("errorCode") or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _local(told)).upper()
            raise AgentError(code[:64], " ".join("".join(told.itertext()).split())[:200])
        raise AgentError("UNKNOWN", "")
    if name != wanted:
        raise BadDocument(f"is {name[:64]!r}, not {wanted}")
    return root


def _header(root: Element) -> Header:
    header = next(_children(root, "Header"), None)
    instance = None if header is None else _integer(header.get("instanceId"))
    if header is None or instance is None:
        raise BadDocument("has no header with an instanceId")
    return Header(
        instance=instance,
        created_us=_microseconds(header.get("creationTime", "")),
        buffer_size=_integer(header.get("bufferSize")),
        first=_integer(header.get("firstSequence")),
        next=_integer(header.get("nextSequence")),
        last=_integer(header.get("lastSequence")),
    )


def _device(element: Element) -> Device:
    return Device(
        name=element.get("name", ""), uuid=element.get("uuid", ""), id=element.get("id", ""), items=tuple(_items(element, ()))
    )


def _items(element: Element, component: tuple[tuple[str, str], ...]) -> Iterator[DataItem]:
    for child in element:
        kind = _local(child)
        if kind == "DataItems":
            for item in child:
                found = _item(item, component)
                if found is not None:
                    yield found
        elif kind == "Components":
            for below in child:
                yield from _items(below, (*component, (_local(below), below.get("name") or _local(below))))


def _item(element: Element, component: tuple[tuple[str, str], ...]) -> DataItem | None:
    identifier, kind = element.get("id"), element.get("type")
    if _local(element) != "DataItem" or not identifier or not kind:
        return None
    units = element.get("units") or element.get("nativeUnits")
    return DataItem(
        id=identifier,
        name=element.get("name"),
        category=element.get("category", ""),
        type=kind,
        sub_type=element.get("subType"),
        units=units,
        is_scalar=element.get("representation", "VALUE") in ("VALUE", "DISCRETE") and not (units or "").endswith("_3D"),
        is_plain=element.get("statistic") is None,
        component=component,
    )


def _observation(element: Element, *, is_condition: bool) -> Observation | None:
    item, sequence = element.get("dataItemId"), _integer(element.get("sequence"))
    time_us = _microseconds(element.get("timestamp", ""))
    if not item or sequence is None or time_us is None:
        return None
    text = (element.text or "").strip()
    if not is_condition:
        return Observation(sequence, time_us, item, text)
    code = element.get("conditionId") or element.get("nativeCode") or ""
    shown = " ".join(part for part in (element.get("nativeCode"), text) if part)
    return Observation(sequence, time_us, item, shown, _local(element).upper(), code)


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None


def _microseconds(text: str) -> int | None:
    """Read a time stamp; without a zone it is UTC, as the standard has it, and digits past the microsecond are cut."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH
    except OverflowError:
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
