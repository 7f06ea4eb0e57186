"""Registers to values and values to registers: the gateway decodes and the simulator encodes with this one codec."""

import struct
from collections.abc import Mapping, Sequence

from device_profiles.kind import load_kind
from device_profiles.profile import Datatype, ModbusPoint, ModbusProfile, Order, Table
from device_profiles.value import NO_VALUE, Reading, ValueCodec
from telemetry.quality import Quality

_FORMATS = {
    Datatype.INT16: "h",
    Datatype.UINT16: "H",
    Datatype.INT32: "i",
    Datatype.UINT32: "I",
    Datatype.INT64: "q",
    Datatype.UINT64: "Q",
    Datatype.FLOAT32: "f",
    Datatype.FLOAT64: "d",
}
_SCALE_FACTOR_ABSENT = -32768
_LARGEST_EXPONENT = 10  # SunSpec: a scale factor lies between -10 and 10


class BlockCodec:
    """The points inside one contiguous range of one Modbus table, compiled for decoding whole replies.

    Orders reduce to two byte images of the block. Packed high byte first, a big-endian value of big-endian words reads as it
    stands; packed low byte first, the same value with swapped words reads as little-endian. Little byte order swaps the
    roles, so that all four orders need no loop over words.
    """

    def __init__(self, profile: ModbusProfile, points: Sequence[ModbusPoint], *, table: Table, start: int, count: int) -> None:
        inside = [p for p in points if p.table is table and start <= p.address and p.address + p.width <= start + count]
        self.table, self.start, self.count = table, start, count
        fields = {p.label: _Field(p, profile, start) for p in inside}
        self._helpers = {p.name: fields[p.name] for p in inside if p.name and p.type is not Datatype.STRING}
        for p in inside:
            if p.scale_factor is not None and p.scale_factor not in self._helpers:
                raise ValueError(f"scale factor {p.scale_factor!r} of {p.label!r} lies outside the block")
        kind = load_kind(profile.kind)
        self._values = [
            (p, fields[p.signal], ValueCodec(p, kind.signals[p.signal], sentinels=p.sentinels))
            for p in inside
            if p.signal and p.type is not Datatype.STRING
        ]
        self._texts = {p.signal: fields[p.signal] for p in inside if p.signal and p.type is Datatype.STRING}
        self._helper_texts = {p.name: fields[p.name] for p in inside if p.name and p.type is Datatype.STRING}
        self.signals = tuple(p.label for p, _, _ in self._values)
        self.text_signals = tuple(self._texts)

    def decode(self, words: Sequence[int]) -> list[Reading]:
        """Decode a reply of exactly ``count`` registers (0 to 65535) or bits, in the order of ``signals``."""
        if len(words) != self.count:
            raise ValueError(f"{len(words)} words where {self.count} were asked for")
        images = _images(words)
        readings: list[Reading] = []
        for point, field, codec in self._values:
            exponent = 0
            if point.scale_factor is not None:
                exponent = int(self._helpers[point.scale_factor].read(images))
                if abs(exponent) > _LARGEST_EXPONENT:
                    absent = exponent == _SCALE_FACTOR_ABSENT
                    readings.append((NO_VALUE, Quality.BAD_NOT_AVAILABLE if absent else Quality.BAD_DEVICE_FAILURE))
                    continue
            readings.append(codec.decode(field.read(images), exponent))
        return readings

    def decode_texts(self, words: Sequence[int]) -> list[str]:
        """Decode the strings of a reply, in the order of ``text_signals``."""
        images = _images(words)
        return [field.read_text(images) for field in self._texts.values()]

    def encode(self, values: Mapping[str, float | str]) -> list[int]:
        """Give the registers or bits that mean these values, by signal and by name of helper points.

        A signal that is not among them reads as the device's "not available", or 0 where it has none.

        Raises
        ------
        ValueError
            If a value does not fit its datatype.
        """
        memory = bytearray(2 * self.count)
        for name, field in self._helpers.items():
            field.write(memory, float(values.get(name, 0)))
        for point, field, codec in self._values:
            given = values.get(point.label, NO_VALUE if point.sentinels else 0.0)
            exponent = int(values.get(point.scale_factor, 0)) if point.scale_factor is not None else 0
            try:
                field.write(memory, codec.encode(float(given), exponent))
            except (ValueError, struct.error, OverflowError) as error:
                raise ValueError(f"{point.label} = {given}: {error}") from error
        for name, field in (self._texts | self._helper_texts).items():
            field.write_text(memory, str(values.get(name, "")))
        return list(struct.unpack(f">{self.count}H", memory))


def _images(words: Sequence[int]) -> dict[str, bytes]:
    return {">": struct.pack(f">{len(words)}H", *words), "<": struct.pack(f"<{len(words)}H", *words)}


class _Field:
    """Where one point lies inside a block and how its bytes read."""

    def __init__(self, point: ModbusPoint, profile: ModbusProfile, start: int) -> None:
        byte_order: Order = point.byte_order or profile.byte_order
        word_order: Order = point.word_order or profile.word_order
        if point.type in (Datatype.STRING, Datatype.BOOLEAN):
            word_order = "big"  # text and bits have no words to swap
        value_order = ">" if word_order == "big" else "<"
        self._image = ">" if byte_order == word_order else "<"
        self._offset = 2 * (point.address - start)
        self._size = 2 * point.width
        self._bit = point.bit
        self._is_bit = point.table.is_bits
        self._struct = struct.Struct(value_order + _FORMATS.get(point.type, "H"))

    def read(self, images: Mapping[str, bytes]) -> float:
        (raw,) = self._struct.unpack_from(images[self._image], self._offset)
        return raw if self._bit is None else (raw >> self._bit) & 1  # type: ignore[no-any-return]

    def read_text(self, images: Mapping[str, bytes]) -> str:
        data = images[self._image][self._offset : self._offset + self._size]
        return data.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()

    def write(self, memory: bytearray, raw: float) -> None:
        """Write into a block that is packed high byte first."""
        if self._bit is not None:
            (word,) = self._struct.unpack_from(_images(struct.unpack_from(">H", memory, self._offset))[self._image])
            word = word | 1 << self._bit if raw else word & ~(1 << self._bit)
            self._place(memory, self._struct.pack(word), image=self._image)
        elif self._struct.format[-1] in "fd":
            self._place(memory, self._struct.pack(raw), image=self._image)
        else:
            self._place(memory, self._struct.pack(round(raw)), image=self._image)

    def write_text(self, memory: bytearray, text: str) -> None:
        self._place(memory, text.encode()[: self._size].ljust(self._size, b"\0"), image=self._image)

    def _place(self, memory: bytearray, data: bytes, *, image: str) -> None:
        if image == "<":
            data = b"".join(data[i : i + 2][::-1] for i in range(0, len(data), 2))
        memory[self._offset : self._offset + len(data)] = data
