"""One Modbus unit: what a machine answers, after the "MODBUS Application Protocol Specification V1.1b3".

All registers of a reply come from one reading of the machine. Addresses that no point of the profile covers answer "illegal data
address", requests longer than the profile's limit "illegal data value", and every write "illegal function".
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusPoint, ModbusProfile, Table
from simulators.fleet import Equipment
from simulators.settings import DEVICE_TIME
from simulators.truth import Served, Value

READ_TABLES = {1: Table.COIL, 2: Table.DISCRETE_INPUT, 3: Table.HOLDING, 4: Table.INPUT}
_READ_DEVICE_IDENTIFICATION = (0x2B, 0x0E)
_BASIC_IDENTIFICATION = 0x81  # as a stream and one by one
_REVISION = "simulated 1.0"
_MOST_PLANS = 1000  # a client that scans every range must not fill the memory
_log = logging.getLogger(__name__)


class Refusal(IntEnum):
    """Exception codes, 7."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4
    GATEWAY_TARGET_FAILED_TO_RESPOND = 11


class Answer(NamedTuple):
    """A response, and the line that tells the truth about it where it holds values."""

    pdu: bytes
    served: Served | None = None


def refusal(function: int, code: int) -> Answer:
    return Answer(bytes([function | 0x80, code]))


def read_range(pdu: bytes) -> tuple[Table, int, int] | None:
    """Give table, first address and count of a request that reads; None of any other."""
    if len(pdu) != 5 or pdu[0] not in READ_TABLES:
        return None
    return READ_TABLES[pdu[0]], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")


@dataclass(frozen=True, slots=True)
class _Area:
    """A run of addresses without a hole."""

    codec: BlockCodec
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one range is answered; ``reply`` holds the points that can be told from it alone."""

    area: _Area
    start: int
    count: int
    reply: BlockCodec


@dataclass(slots=True)
class _Reading:
    """One look at the machine, and what was made of it so far."""

    values: Mapping[str, float | str]
    until: float
    images: dict[int, bytes] = field(default_factory=dict)
    replies: dict[bytes, tuple[bytes, dict[str, Value]]] = field(default_factory=dict)


class Unit:
    """Answers requests; ``device_time`` is the device's own clock, the machine's where none is given."""

    def __init__(
        self,
        equipment: Equipment,
        profile: ModbusProfile,
        *,
        keeps_truth: bool = True,
        device_time: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.requests = equipment.name, 0
        self.free_at = 0.0
        """When a slow unit is done with what it was asked before."""
        self._equipment, self._profile = equipment, profile
        self._keeps_truth, self._device_time, self._monotonic = keeps_truth, device_time or equipment.now, monotonic
        self._helpers = {
            point.name: value
            for point in profile.points
            if point.name and (value := point.simulated if point.constant is None else point.constant) is not None
        }
        self._clock_points = [point for point in profile.points if point.name == DEVICE_TIME]
        self._areas = {table: list(self._find_areas(table)) for table in Table}
        self._plans: dict[bytes, _Plan | Refusal] = {}
        self._reading = _Reading({}, until=0.0)
        self._is_unfit = False

    def answer(self, pdu: bytes, *, refused_with: int | None = None) -> Answer:
        """Answer a request, or refuse it with an exception code that somebody ordered."""
        self.requests += 1
        if refused_with is not None:
            return refusal(pdu[0], refused_with)
        if pdu[0] in READ_TABLES:
            plan = self._plans.get(pdu) or self._plan(pdu)
            return refusal(pdu[0], plan) if isinstance(plan, Refusal) else self._read(pdu, plan)
        if tuple(pdu[:2]) == _READ_DEVICE_IDENTIFICATION:
            return self._identification(pdu)
        return refusal(pdu[0], Refusal.ILLEGAL_FUNCTION)

    def _find_areas(self, table: Table) -> Iterator[_Area]:
        points = self._profile.points
        used = sorted({a for p in points if p.table is table for a in range(p.address, p.address + p.width)})
        first = 0
        for index, address in enumerate(used):
            if index == 0 or used[index - 1] != address - 1:
                first = address
            if index == len(used) - 1 or used[index + 1] != address + 1:
                codec = BlockCodec(self._profile, points, table=table, start=first, count=address + 1 - first)
                yield _Area(codec, first, address + 1)

    def _plan(self, pdu: bytes) -> _Plan | Refusal:
        """Decide how a range is answered, in the order of the specification's diagrams: quantity first, then address."""
        asked = read_range(pdu)
        if asked is None:
            return Refusal.ILLEGAL_DATA_VALUE
        table, start, count = asked
        plan: _Plan | Refusal
        if not 1 <= count <= (self._profile.max_bits if table.is_bits else self._profile.max_registers):
            plan = Refusal.ILLEGAL_DATA_VALUE
        elif area := next((a for a in self._areas[table] if a.first <= start and start + count <= a.end), None):
            plan = _Plan(area, start, count, self._reply_codec(table, start, count))
        else:
            plan = Refusal.ILLEGAL_DATA_ADDRESS
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        self._plans[pdu] = plan
        return plan

    def _reply_codec(self, table: Table, start: int, count: int) -> BlockCodec:
        """Give the codec of one range: a value whose scale factor was not asked for cannot be told from the reply."""
        inside = [p for p in self._profile.points if start <= p.address and p.address + p.width <= start + count]
        names = {p.name for p in inside if p.table is table}
        points: list[ModbusPoint] = [p for p in inside if p.scale_factor is None or p.scale_factor in names]
        return BlockCodec(self._profile, points, table=table, start=start, count=count)

    def _read(self, pdu: bytes, plan: _Plan) -> Answer:
        time_us = time.time_ns() // 1000
        reading = self._look()
        made = reading.replies.get(pdu)
        if made is None:
            try:
                made = reading.replies[pdu] = self._make(pdu[0], plan, reading)
            except ValueError as error:
                if not self._is_unfit:
                    self._is_unfit = True
                    _log.error("%s: %s", self.name, error)
                return refusal(pdu[0], Refusal.SERVER_DEVICE_FAILURE)
        response, values = made
        return Answer(response, Served(time_us, self.name, values) if values else None)

    def _look(self) -> _Reading:
        now = self._monotonic()
        if now >= self._reading.until:
            values: dict[str, float | str] = {**self._equipment.read(), **self._helpers}
            for point in self._clock_points:
                at = self._device_time()
                values[DEVICE_TIME] = at.isoformat() if point.type.is_text else int(at.timestamp())
            self._reading = _Reading(values, until=now + self._equipment.settings.refresh_seconds)
        return self._reading

    def _make(self, function: int, plan: _Plan, reading: _Reading) -> tuple[bytes, dict[str, Value]]:
        image = reading.images.get(id(plan.area))
        if image is None:
            image = reading.images[id(plan.area)] = plan.area.codec.encode(reading.values, saturates=True)
        skipped = plan.start - plan.area.first
        if plan.area.codec.table.is_bits:
            bits = int.from_bytes(image, "little") >> skipped & (1 << plan.count) - 1
            data = bits.to_bytes((plan.count + 7) // 8, "little")
        else:
            data = image[2 * skipped : 2 * (skipped + plan.count)]
        values: dict[str, Value] = {}
        if self._keeps_truth:
            values.update(zip(plan.reply.signals, (value for value, _ in plan.reply.decode(data)), strict=True))
            values.update(zip(plan.reply.text_signals, plan.reply.decode_texts(data), strict=True))
        return bytes([function, len(data)]) + data, values

    def _identification(self, pdu: bytes) -> Answer:
        """Read Device Identification, 6.21: maker, model and revision; all three always fit into one response."""
        if len(pdu) != 4 or not 1 <= pdu[2] <= 4:
            return refusal(pdu[0], Refusal.ILLEGAL_DATA_VALUE)
        texts = (self._profile.maker, self._profile.model, _REVISION)
        objects = {number: text.encode("ascii", "replace")[:75] for number, text in enumerate(texts)}
        first = pdu[3]
        if pdu[2] == 4:
            if first not in objects:
                return refusal(pdu[0], Refusal.ILLEGAL_DATA_ADDRESS)
            asked = {first: objects[first]}
        else:  # a stream that begins at an object that is not there begins at the first
            asked = {number: text for number, text in objects.items() if number >= first} or objects
        body = b"".join(bytes([number, len(text)]) + text for number, text in asked.items())
        return Answer(bytes([*pdu[:3], _BASIC_IDENTIFICATION, 0, 0, len(asked)]) + body)
