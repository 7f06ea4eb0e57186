"""A profile's points held against what an agent says it has, and the readings that its observations give."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from device_profiles.kind import Signal, SignalType
from device_profiles.profile import MtConnectPoint
from device_profiles.value import NO_VALUE, Reading, ValueCodec
from edge_gateway import metrics
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.mtconnect.documents import UNAVAILABLE, DataItem, Device, Observation, Probe
from edge_gateway.drivers.mtconnect.units import spelled
from telemetry.quality import Quality
from telemetry.units import conversion

_log = logging.getLogger(__name__)

_NUMBERS = (SignalType.REAL, SignalType.DOUBLE, SignalType.INTEGER)
_LEVELS = ("UNAVAILABLE", "NORMAL", "WARNING", "FAULT")
"""The states of a condition, the worst last."""
_MOST_CONDITIONS = 100
"""How many faults and warnings of one item may stand at a time; a machine that shows more has no use for the next."""

NOT_THERE: Reading = (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR)
NOT_AVAILABLE: Reading = (NO_VALUE, Quality.BAD_NOT_AVAILABLE)


class _Mismatch(Exception):  # noqa: N818 - what it is
    """Why a point has no data item."""


class Binding(NamedTuple):
    """One signal and the data item that carries it."""

    signal: str
    item: DataItem
    codec: ValueCodec | None
    """None for a text."""
    is_number: bool = False

    def value(self, text: str) -> Reading | str:
        """Give what an observation's text means."""
        if not text or text == UNAVAILABLE:
            return NOT_AVAILABLE
        if self.codec is None:
            return text
        if self.is_number and "_" in text:
            return NOT_THERE  # Python would take 1_0 for 10
        return self.codec.decode_text(text)


class Bound(NamedTuple):
    """A target's points as one agent's instance has them; what it lacks is in ``missing``."""

    target: Target
    bindings: tuple[Binding, ...]
    missing: tuple[str, ...]

    @property
    def items(self) -> frozenset[str]:
        return frozenset(binding.item.id for binding in self.bindings)

    def poll(self, state: "State", raw: dict[str, str] | None = None) -> Poll:
        """Give the row that a state of the machine makes."""
        values: dict[str, Reading | str] = {binding.signal: state.value(binding) for binding in self.bindings}
        poll = Poll(readings=[])
        for signal in self.target.signals.names:
            value = values.get(signal, NOT_THERE)
            poll.readings.append(NOT_THERE if isinstance(value, str) else value)
        for signal in self.target.text_signals:
            value = values.get(signal, NOT_THERE)
            if isinstance(value, str):
                poll.texts[signal] = value
        if raw is not None:
            raw.update(dict.fromkeys(self.missing, "no such data item"))
            raw.update({binding.signal: state.shown(binding.item) for binding in self.bindings})
        return poll


class State:
    """What is known of the items, with the faults and warnings that stand side by side in a condition."""

    def __init__(self, name: str, items: Iterable[str]) -> None:
        self._name = name
        self._items = frozenset(items)
        self._texts: dict[str, str] = {}
        self._conditions: dict[str, dict[str, tuple[str, str]]] = {}

    def take(self, observation: Observation) -> bool:
        """Take note; tell whether anybody asked for this item."""
        item = observation.item
        if item not in self._items:
            return False
        if observation.level is None:
            self._texts[item] = observation.text
            return True
        standing = self._conditions.setdefault(item, {})
        if observation.level == "NORMAL" and observation.code:
            standing.pop(observation.code, None)
        elif observation.level in ("WARNING", "FAULT"):
            standing.pop(observation.code, None)
            standing[observation.code] = observation.level, observation.text
            if len(standing) > _MOST_CONDITIONS:
                standing.pop(next(iter(standing)))
                metrics.MISSED_CHANGES.labels(self._name, "too_many_conditions").inc()
        else:
            standing.clear()
        worst = max((level for level, _ in standing.values()), key=_LEVELS.index, default="NORMAL")
        self._texts[item] = worst if observation.level in _LEVELS and observation.level != UNAVAILABLE else UNAVAILABLE
        return True

    def value(self, binding: Binding) -> Reading | str:
        value = binding.value(self._texts.get(binding.item.id, ""))
        return self.shown(binding.item) if isinstance(value, str) else value

    def shown(self, item: DataItem) -> str:
        """Give an item's text; for a condition, all that stands, the worst first: ``FAULT 401 overtravel; WARNING 7 low``."""
        standing = self._conditions.get(item.id)
        if standing:
            ordered = sorted(standing.values(), key=lambda entry: _LEVELS.index(entry[0]), reverse=True)
            return "; ".join(f"{level} {text}".strip() for level, text in ordered)
        return self._texts.get(item.id, UNAVAILABLE)


def bind(name: str, probe: Probe, target: Target) -> Bound:
    """Find the data item of each point; one that is not there, or not what it should be, leaves the others alone."""
    points = [point for point in target.points if isinstance(point, MtConnectPoint)]
    try:
        device = _device(probe, target.root)
    except _Mismatch as error:
        _log.warning("%s: %s: %s", name, target.name, error)
        return Bound(target, (), tuple(point.signal for point in points))
    bindings, missing = [], []
    for point in points:
        try:
            bindings.append(_bind(point, target.kind_signals[point.signal], device.items))
        except _Mismatch as error:
            missing.append(point.signal)
            _log.warning("%s: %s: %s: %s", name, target.name, point.signal, error)
    return Bound(target, tuple(bindings), tuple(missing))


def _device(probe: Probe, root: str) -> Device:
    names = ", ".join(device.name for device in probe.devices) or "none"
    if not root:
        if len(probe.devices) == 1:
            return probe.devices[0]
        raise _Mismatch(f"the agent has several devices or none, so 'root' must name one; it has: {names}")
    for device in probe.devices:
        if root in (device.name, device.uuid, device.id):
            return device
    raise _Mismatch(f"the agent has no device {root!r}; it has: {names}")


def _bind(point: MtConnectPoint, signal: Signal, items: Sequence[DataItem]) -> Binding:
    found = list(_candidates(point, signal, items))
    if not found:
        raise _Mismatch("the agent has no data item for it")
    if len(found) > 1:
        shown = ", ".join(f"{item.id} in {path_of(item) or 'the device'}" for item in found[:10])
        raise _Mismatch(
            f"{len(found)} data items fit, and only one can be meant; narrow it with 'component' or 'data_item': {shown}"
        )
    item = found[0]
    if not item.is_scalar:
        raise _Mismatch(f"data item {item.id} holds more than one value")
    if not signal.is_numeric:
        return Binding(point.signal, item, None)
    codec = ValueCodec(point.model_copy(update={"unit": _unit(point, signal, item)}), signal)
    return Binding(point.signal, item, codec, signal.type in _NUMBERS)


def _candidates(point: MtConnectPoint, signal: Signal, items: Sequence[DataItem]) -> Iterator[DataItem]:
    if point.data_item is not None:
        exact = [item for item in items if item.id == point.data_item]
        yield from exact or [item for item in items if item.name == point.data_item]
        return
    # A type may be had both as a measurement and as a condition (LOAD, TEMPERATURE): the signal's own type decides.
    unfit = ("CONDITION",) if signal.type in _NUMBERS else ("SAMPLE",)
    of_type = [
        item
        for item in items
        if item.type == point.type
        and item.category not in unfit
        and item.is_plain
        and point.sub_type in (None, item.sub_type)
        and _is_in(item, point.component)
    ]
    # A point that asks for no subType means the item without one, where there is such an item.
    yield from [item for item in of_type if item.sub_type == point.sub_type] or of_type


def _is_in(item: DataItem, pattern: str | None) -> bool:
    if pattern is None:
        return True
    own = item.component[-1] if item.component else ()
    return any(fnmatchcase(text, pattern) for text in (*own, path_of(item)))


def path_of(item: DataItem) -> str:
    """Give the way to an item's component, ``Axes/Linear:X``: types, with the names where they have any."""
    return "/".join(kind if name == kind else f"{kind}:{name}" for kind, name in item.component)


def _unit(point: MtConnectPoint, signal: Signal, item: DataItem) -> str | None:
    """Give the unit of an item's values: what the agent says comes before what the profile says, but must not contradict it."""
    if signal.type not in _NUMBERS or item.units is None:
        return point.unit
    unit = spelled(item.units)
    if unit is None:
        raise _Mismatch(f"data item {item.id} has the unit {item.units!r}, which is not known")
    try:
        for wanted in (point.unit or signal.unit, signal.unit):
            conversion(unit, wanted)
    except ValueError as error:
        raise _Mismatch(f"data item {item.id} has the unit {item.units!r}: {error}") from None
    return unit
