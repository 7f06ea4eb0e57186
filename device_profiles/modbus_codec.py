"""Bytes of a reply to values and values to bytes: the gateway decodes and the simulator encodes with this one codec."""

import math
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from device_profiles.modbus_field import Images, Layers, Memory, NumberField
from device_profiles.modbus_text import TextField
from device_profiles.profile import ModbusPoint, ModbusProfile, Table, signals_of
from device_profiles.rollover import Rollover
from device_profiles.value import NO_VALUE, Reading, ValueCodec
from telemetry.quality import Quality

_SCALE_FACTOR_ABSENT = -32768
_LARGEST_EXPONENT = 10  # SunSpec: a scale factor lies between -10 and 10
_NO_COUNTERS: Mapping[str, Rollover] = {}


class _Step(NamedTuple):
    """From the raw bits of a block to the reading of one point."""

    slot: int
    convert: Callable[[Any], float | None] | None
    decode: Callable[[float, int], Reading]
    exponent_slot: int | None


class BlockCodec:
    """The points inside one contiguous range of one Modbus table, compiled for decoding whole replies.

    A reply is what stands in the frame behind its byte count: two bytes per register, high byte first; of a table of bits one
    byte per eight, the first in the least significant (Modbus Application Protocol V1.1b3, 6.1).
    """

    def __init__(self, profile: ModbusProfile, points: Sequence[ModbusPoint], *, table: Table, start: int, count: int) -> None:
        inside = [p for p in points if p.table is table and start <= p.address and p.address + p.width <= start + count]
        self.table, self.start, self.count = table, start, count
        self._size_bytes = (count + 7) // 8 if table.is_bits else 2 * count
        signals = signals_of(profile)
        self._values = [
            (p, ValueCodec(p, signals[p.signal], sentinels=_sentinels(p), failures=_raw(p, p.failures)))
            for p in inside
            if p.signal and not p.type.is_text
        ]
        self._texts = {p.label: _text_field(p, profile, start) for p in inside if p.type.is_text}
        self.signals = tuple(p.label for p, _ in self._values)
        self.text_signals = tuple(p.label for p in inside if p.signal and p.type.is_text)
        self.moduli = {p.label: p.modulus for p, _ in self._values if p.modulus is not None}
        """How many values the counters have that turn over, by signal; each needs a `Rollover` of its own to go on."""
        self._fields = {} if table.is_bits else {p.label: _number_field(p, profile, start) for p in inside if not p.type.is_text}
        self._layers = Layers(self._fields.values())
        self._helpers = [p.name for p in inside if p.name and not p.type.is_text]
        self._bits = {p.label: divmod(p.address - start, 8) for p in inside} if table.is_bits else {}
        self._steps = [self._step(p, codec) for p, codec in self._values]

    def _step(self, point: ModbusPoint, codec: ValueCodec) -> _Step:
        if self.table.is_bits:
            return _Step(list(self._bits).index(point.label), None, codec.decode, None)
        exponent_slot = None
        if point.scale_factor is not None:
            if point.scale_factor not in self._helpers:
                raise ValueError(f"scale factor {point.scale_factor!r} of {point.label!r} lies outside the block")
            exponent_slot = self._layers.slot(self._fields[point.scale_factor])
        field = self._fields[point.label]
        return _Step(self._layers.slot(field), field.convert, codec.decode, exponent_slot)

    def decode(self, data: bytes, counters: Mapping[str, Rollover] = _NO_COUNTERS) -> list[Reading]:
        """Decode a reply in the order of ``signals``; signals among ``counters`` go on where the device starts again from 0."""
        raws = self._raws(data)
        readings: list[Reading] = []
        for slot, convert, decode, exponent_slot in self._steps:
            raw = raws[slot] if convert is None else convert(raws[slot])
            if raw is None:
                readings.append((NO_VALUE, Quality.BAD_SENSOR_FAILURE))
            elif exponent_slot is None:
                readings.append(decode(raw, 0))
            else:
                readings.append(_scaled(raw, raws[exponent_slot], decode))
        for signal, rollover in counters.items():
            place = self.signals.index(signal)
            if readings[place][1] is Quality.GOOD:
                readings[place] = _unwrapped(self._steps[place], raws, rollover)
        return readings

    def decode_texts(self, data: bytes) -> list[str]:
        """Decode the texts of a reply, in the order of ``text_signals``."""
        if not self.text_signals:
            return []
        self._check(data)
        images = Images(data)
        return [self._texts[signal].read(images) for signal in self.text_signals]

    def encode(self, values: Mapping[str, float | str], *, saturates: bool = False) -> bytes:
        """Give the reply that means these values, by signal and by name of helper points.

        A signal that is not among them reads as the device's "not available", or 0 where it has none. A counter turns over where
        the device's does. With ``saturates`` a number that does not fit stops at the end of the range, as in most devices.

        Raises
        ------
        ValueError
            If a value does not fit its datatype.
        """
        numbers: dict[str, float] = {name: float(values.get(name, 0)) for name in self._helpers}
        for point, codec in self._values:
            given = float(values.get(point.label, NO_VALUE if point.sentinels else 0.0))
            exponent = int(values.get(point.scale_factor, 0)) if point.scale_factor is not None else 0
            try:
                number = codec.encode(given, exponent)
            except ValueError as error:
                raise ValueError(f"{point.label} = {given:g}: {error}") from error
            if point.modulus is not None and not math.isnan(given):
                number = math.floor(number) % point.modulus
            if saturates and point.label in self._fields and not point.type.is_float and not math.isnan(given):
                number = _saturated(number, self._fields[point.label], codec.marks)
            numbers[point.label] = number
        memory = Memory(self._size_bytes)
        for label, number in numbers.items():
            try:
                self._write(memory, label, number)
            except (ValueError, OverflowError) as error:
                raise ValueError(f"{label} = {values.get(label)}: {error}") from error
        for label, field in self._texts.items():
            try:
                field.write(memory, str(values.get(label, "")))
            except ValueError as error:
                raise ValueError(f"{label} = {values[label]!r}: {error}") from error
        return memory.on_the_wire()

    def _check(self, data: bytes) -> None:
        if len(data) != self._size_bytes:
            raise ValueError(f"{len(data)} bytes where {self._size_bytes} were asked for")

    def _raws(self, data: bytes) -> list[Any]:
        self._check(data)
        if self.table.is_bits:
            return [data[byte] >> bit & 1 for byte, bit in self._bits.values()]
        return self._layers.read(Images(data))

    def _write(self, memory: Memory, label: str, number: float) -> None:
        if self.table.is_bits:
            byte, bit = self._bits[label]
            memory.of(is_swapped=False)[byte] |= bool(number) << bit
        else:
            self._fields[label].write(memory, number)


def _number_field(point: ModbusPoint, profile: ModbusProfile, start: int) -> NumberField:
    return NumberField(
        point.type,
        2 * (point.address - start),
        word_order=point.word_order or profile.word_order,
        byte_order=point.byte_order or profile.byte_order,
        half=point.half,
        bits=point.bit_range,
    )


def _text_field(point: ModbusPoint, profile: ModbusProfile, start: int) -> TextField:
    return TextField(
        point.type,
        2 * (point.address - start),
        registers=point.width,
        word_order=point.word_order or profile.word_order,
        byte_order=point.byte_order or profile.byte_order,
        half=point.half,
    )


def _sentinels(point: ModbusPoint) -> list[float]:
    raw = _raw(point, point.sentinels)
    return [*raw, math.nan] if point.type.is_float else raw  # where no other is named, NaN is a float's own way to say it


def _raw(point: ModbusPoint, numbers: Sequence[float]) -> list[float]:
    """Give marks as their datatype reads them: 0x8000 of an int16 is -32768, 9999.9 of a float32 is not quite it."""
    if point.type.is_float:
        as_bits = struct.Struct(f">{point.type.layout.format}")
        return [as_bits.unpack(as_bits.pack(number))[0] for number in numbers]
    highest = point.type.layout.highest
    is_twos_complement = point.type.layout.lowest == -highest - 1
    return [number - 2 * (highest + 1) if is_twos_complement and number > highest else number for number in numbers]


def _saturated(number: float, field: NumberField, marks: Collection[float]) -> float:
    """Stop at the end of the range, or before it where the end means that there is no number."""
    lowest, highest = field.limits
    stopped = min(max(number, lowest), highest)
    while stopped != number and stopped in marks:
        stopped += 1 if number < lowest else -1
    return stopped


def _scaled(raw: float, exponent: int, decode: Callable[[float, int], Reading]) -> Reading:
    if abs(exponent) <= _LARGEST_EXPONENT:
        return decode(raw, exponent)
    is_absent = exponent == _SCALE_FACTOR_ABSENT
    return NO_VALUE, Quality.BAD_NOT_AVAILABLE if is_absent else Quality.BAD_DEVICE_FAILURE


def _unwrapped(step: _Step, raws: Sequence[Any], rollover: Rollover) -> Reading:
    raw: Any = raws[step.slot] if step.convert is None else step.convert(raws[step.slot])
    try:
        count = rollover.unwrap(raw)
    except ValueError:  # the profile names a modulus that the device does not keep
        return NO_VALUE, Quality.BAD_CONFIGURATION_ERROR
    return step.decode(count, 0) if step.exponent_slot is None else _scaled(count, raws[step.exponent_slot], step.decode)
