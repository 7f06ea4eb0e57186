"""Where values lie inside a block of registers: one field each, read together with as few calls as possible.

All byte and word orders reduce to two images of a reply. As it came, high byte first, a big-endian value of big-endian words
reads as it stands; with the bytes of each register swapped, the same value with swapped words reads as little-endian. Little
byte order changes the roles of the images, so that no order needs a loop over words.
"""

import struct
from array import array
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, NamedTuple

from device_profiles.datatype import Datatype, Layout

Order = Literal["big", "little"]
Half = Literal["high", "low"]


def swapped(data: bytes) -> bytes:
    """Swap the two bytes of each register."""
    words = array("H", data)
    words.byteswap()
    return words.tobytes()


class Images:
    """The bytes of a reply, and the same with swapped bytes for who asks."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._swapped: bytes | None = None

    def of(self, *, is_swapped: bool) -> bytes:
        if not is_swapped:
            return self._data
        if self._swapped is None:
            self._swapped = swapped(self._data)
        return self._swapped


class Memory:
    """The bytes of a reply in the making."""

    def __init__(self, size_bytes: int) -> None:
        self._images = (bytearray(size_bytes), bytearray(size_bytes))

    def of(self, *, is_swapped: bool) -> bytearray:
        return self._images[is_swapped]

    def on_the_wire(self) -> bytes:
        direct, other = self._images
        if not any(other):
            return bytes(direct)
        both = int.from_bytes(direct, "big") | int.from_bytes(swapped(bytes(other)), "big")
        return both.to_bytes(len(direct), "big")


class Place(NamedTuple):
    """Bits that `struct` can read."""

    is_swapped: bool
    order: str
    offset_bytes: int
    format: str


class NumberField:
    """One number."""

    def __init__(
        self,
        datatype: Datatype,
        offset_bytes: int,
        *,
        word_order: Order = "big",
        byte_order: Order = "big",
        half: Half | None = None,
        bits: tuple[int, int] | None = None,
    ) -> None:
        layout = datatype.layout
        if layout.registers == 1:
            word_order = "big"  # one word cannot be swapped
        self.place = Place(
            byte_order != word_order, ">" if word_order == "big" else "<", offset_bytes + (half == "low"), layout.format
        )
        self._struct = struct.Struct(self.place.order + layout.format)
        self._layout, self._bits, self._is_float = layout, bits, datatype.is_float
        self.convert = _reader(layout, word_order, bits)
        """The step from what `struct` gives to the number, where there is one; it gives None where the bits mean no number."""

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the greatest whole number that it holds."""
        if self._bits:
            return 0, (1 << self._bits[1] - self._bits[0] + 1) - 1
        return self._layout.lowest, self._layout.highest

    def read(self, images: Images) -> float | None:
        image = images.of(is_swapped=self.place.is_swapped)
        (raw,) = self._struct.unpack_from(image, self.place.offset_bytes)
        number: float | None = raw if self.convert is None else self.convert(raw)
        return number

    def write(self, memory: Memory, number: float) -> None:
        """Put a number in its place; whole numbers are rounded to.

        Raises
        ------
        ValueError, OverflowError
            If it does not fit.
        """
        image = memory.of(is_swapped=self.place.is_swapped)
        if self._is_float:
            self._struct.pack_into(image, self.place.offset_bytes, number)
            return
        whole = round(number)
        lowest, highest = self.limits
        if not lowest <= whole <= highest:
            raise ValueError(f"{whole} is not between {lowest} and {highest}")
        raw: Any = whole if self._layout.encode is None else self._layout.encode(whole)
        if self._bits:
            (word,) = self._struct.unpack_from(image, self.place.offset_bytes)
            raw = word & ~(highest << self._bits[0]) | raw << self._bits[0]
        elif self._layout.format == "6s":
            raw = raw.to_bytes(6, _BYTE_ORDERS[self.place.order])
        self._struct.pack_into(image, self.place.offset_bytes, raw)


_BYTE_ORDERS: dict[str, Order] = {">": "big", "<": "little"}


def _reader(layout: Layout, word_order: Order, bits: tuple[int, int] | None) -> Callable[[Any], float | None] | None:
    if bits is not None:
        first, mask = bits[0], (1 << bits[1] - bits[0] + 1) - 1
        return lambda raw: raw >> first & mask
    if layout.format != "6s":
        return layout.decode
    whole = partial(int.from_bytes, byteorder=word_order)
    decode = layout.decode
    return whole if decode is None else lambda raw: decode(whole(raw))


class _Layer:
    """Fields of one image and order that do not overlap: one call of `struct` reads them all."""

    def __init__(self, place: Place) -> None:
        self.is_swapped, self.order = place.is_swapped, place.order
        self.format, self.end_bytes, self.places = place.order, 0, list[Place]()

    def takes(self, place: Place) -> bool:
        return (self.is_swapped, self.order) == (place.is_swapped, place.order) and self.end_bytes <= place.offset_bytes

    def add(self, place: Place) -> None:
        self.format += f"{place.offset_bytes - self.end_bytes}x{place.format}"
        self.end_bytes = place.offset_bytes + struct.calcsize(place.order + place.format)
        self.places.append(place)


class Layers:
    """Reads the raw bits of all fields of a block."""

    def __init__(self, fields: Iterable[NumberField]) -> None:
        layers: list[_Layer] = []
        for place in sorted({field.place for field in fields}):
            layer = next((layer for layer in layers if layer.takes(place)), None)
            if layer is None:
                layer = _Layer(place)
                layers.append(layer)
            layer.add(place)
        self._structs = [(struct.Struct(layer.format), layer.is_swapped) for layer in layers]
        self._slots = {place: slot for slot, place in enumerate(place for layer in layers for place in layer.places)}

    def slot(self, field: NumberField) -> int:
        """Tell where in the list that `read` gives the field's bits stand."""
        return self._slots[field.place]

    def read(self, images: Images) -> list[Any]:
        raws: list[Any] = []
        for layout, is_swapped in self._structs:
            raws += layout.unpack_from(images.of(is_swapped=is_swapped))
        return raws
