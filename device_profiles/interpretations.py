"""Every reading of the bytes at an address, for the engineer who has the machine's display beside him and not its manual."""

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from device_profiles.datatype import Datatype
from device_profiles.modbus_field import Half, Images, NumberField, Order
from device_profiles.modbus_text import TextField

_ORDERS: tuple[tuple[Order, Order], ...] = (("big", "big"), ("little", "big"), ("big", "little"), ("little", "little"))
_BYTE_ORDERS: tuple[Order, ...] = ("big", "little")
_HALVES: tuple[Half, ...] = ("high", "low")
_USUAL = (
    Datatype.FLOAT32,
    Datatype.UINT16,
    Datatype.INT16,
    Datatype.UINT32,
    Datatype.INT32,
    Datatype.FLOAT64,
    Datatype.UINT64,
    Datatype.INT64,
)
_RARE = (
    Datatype.BCD16,
    Datatype.BCD32,
    Datatype.BCD64,
    Datatype.UINT48,
    Datatype.INT48,
    Datatype.M10K32,
    Datatype.M10K48,
    Datatype.M10K64,
    Datatype.SM16,
    Datatype.SM32,
    Datatype.FLOAT16,
    Datatype.UINT8,
    Datatype.INT8,
)
_DIGITS = {Datatype.FLOAT16: 4, Datatype.FLOAT32: 7, Datatype.FLOAT64: 15}
_LARGEST_EXPONENT = 4


class Interpretation(NamedTuple):
    """One reading."""

    name: str
    """Datatype and order, ``float32 CDAB``: A is the first byte of the number, and they stand as they come."""
    registers: int
    text: str
    number: float | None
    """None for texts, and where the bits mean no number."""
    settings: str
    """What a profile says to read it so."""


def interpretations(registers: bytes) -> list[Interpretation]:
    """Give every reading of the bytes at an address, the usual ones first; what needs more registers is left out.

    Raises
    ------
    ValueError
        If there is no whole register.
    """
    return [*_numbers(registers), *_texts(registers)]


def matching(registers: bytes, expected: float, *more: tuple[bytes, float], tolerance: float = 0.005) -> list[Interpretation]:
    """Give the readings by which the bytes mean the number on the display, also as a tenth to a ten-thousandth of it, best first.

    Readings that round to the very digits of the display come before those that only lie within the tolerance, usual datatypes
    before rare ones, short ones before long ones, unsigned before signed. ``more`` are samples of the same address at other
    times: a negative or a large number rules out what one sample cannot.

    Parameters
    ----------
    registers
        Bytes at the address, high byte first, and some behind it.
    expected
        The number on the display.
    more
        Further pairs of bytes and number.
    tolerance
        Largest relative difference, for the display and the registers are read one after the other.

    Raises
    ------
    ValueError
        If there is no whole register, or what was shown is no finite number.
    """
    samples = ((registers, expected), *more)
    if not all(math.isfinite(shown) for _, shown in samples):
        raise ValueError("only a finite number can be looked for")
    readings = [{reading.name: reading for reading in _numbers(data)} for data, _ in samples]
    found: list[tuple[tuple[int, int, int], Interpretation]] = []
    for rank, (name, reading) in enumerate(readings[0].items()):
        all_readings = [sample.get(name) for sample in readings]
        numbers = [None if other is None else other.number for other in all_readings]
        is_rare = reading.name.split()[0] in _RARE
        for exponent in range(_LARGEST_EXPONENT + 1):
            distance = _distance(
                [(number, shown) for number, (_, shown) in zip(numbers, samples, strict=True)], exponent, tolerance
            )
            if distance is not None:
                found.append(((distance + is_rare, exponent, rank), _scaled(reading, exponent)))
    return [reading for _, reading in sorted(found, key=lambda pair: pair[0])]


def _distance(pairs: Iterable[tuple[float | None, float]], exponent: int, tolerance: float) -> int | None:
    """Tell how far the numbers lie from what was shown: 0 the same digits, 2 within the tolerance, None beyond."""
    worst = 0
    for number, shown in pairs:
        if number is None:
            return None
        step = 10.0 ** min(0, int(Decimal(repr(shown)).normalize().as_tuple().exponent))
        error = abs(number / 10**exponent - shown)
        if error > max(tolerance * abs(shown), step / 2 * (1 + 1e-9)):
            return None
        worst = max(worst, 0 if error <= step / 2 * (1 + 1e-9) else 2)
    return worst


def _scaled(reading: Interpretation, exponent: int) -> Interpretation:
    if exponent == 0 or reading.number is None:
        return reading
    scale = f"{10.0**-exponent:.{exponent}f}"
    number = reading.number / 10**exponent
    return Interpretation(
        f"{reading.name} x {scale}", reading.registers, f"{number:.15g}", number, f"{reading.settings}, scale = {scale}"
    )


def _numbers(registers: bytes) -> Iterator[Interpretation]:
    images, available = _images(registers)
    for datatype in (*_USUAL, *_RARE):
        size = datatype.layout.registers
        if size > available:
            continue
        if datatype in (Datatype.UINT8, Datatype.INT8):
            for half in _HALVES:
                number = NumberField(datatype, 0, half=half).read(images)
                yield _number(f"{datatype} {half} byte", datatype, number, f'type = "{datatype}", half = "{half}"')
            continue
        for word_order, byte_order in _ORDERS if size > 1 else _ORDERS[::2]:
            number = NumberField(datatype, 0, word_order=word_order, byte_order=byte_order).read(images)
            name = f"{datatype} {_letters(size, word_order, byte_order)}"
            yield _number(name, datatype, number, _settings(datatype, word_order, byte_order))


def _number(name: str, datatype: Datatype, number: float | None, settings: str) -> Interpretation:
    if number is None:
        return Interpretation(name, datatype.layout.registers, "no number", None, settings)
    text = f"{number:.{_DIGITS[datatype]}g}" if datatype in _DIGITS else f"{number}"
    return Interpretation(name, datatype.layout.registers, text, float(number) if math.isfinite(number) else None, settings)


def _texts(registers: bytes) -> Iterator[Interpretation]:
    images, available = _images(registers)
    first = int.from_bytes(registers[:2], "big")
    yield Interpretation("bits of the first register", 1, f"{first:016b}", None, 'type = "boolean", bit = ...')
    for order in _BYTE_ORDERS:
        text = TextField(Datatype.STRING, 0, registers=available, byte_order=order).read(images)
        settings = f'type = "string", words = {available}' + (', byte_order = "little"' if order == "little" else "")
        yield Interpretation(f"string, {order} byte order", available, repr(text), None, settings)
    for half in _HALVES:
        text = TextField(Datatype.STRING, 0, registers=available, half=half).read(images)
        settings = f'type = "string", words = {available}, half = "{half}"'
        yield Interpretation(f"string, {half} bytes", available, repr(text), None, settings)
    for datatype in Datatype:
        size = datatype.layout.registers
        if not datatype.is_text or datatype is Datatype.STRING or size > available:
            continue
        for word_order, byte_order in _ORDERS:
            text = TextField(datatype, 0, registers=size, word_order=word_order, byte_order=byte_order).read(images)
            if text:
                name = f"{datatype} {_letters(size, word_order, byte_order)}"
                yield Interpretation(name, size, text, None, _settings(datatype, word_order, byte_order))


def _images(registers: bytes) -> tuple[Images, int]:
    if len(registers) < 2 or len(registers) % 2:
        raise ValueError(f"{len(registers)} bytes are no whole registers")
    return Images(registers), len(registers) // 2


def _settings(datatype: Datatype, word_order: Order, byte_order: Order) -> str:
    orders = {"word_order": word_order, "byte_order": byte_order}
    return ", ".join([f'type = "{datatype}"', *(f'{key} = "little"' for key, order in orders.items() if order == "little")])


def _letters(size: int, word_order: Order, byte_order: Order) -> str:
    """Give the order in which the bytes of a number come, A its highest."""
    words: Sequence[str] = ["ABCDEFGHIJKL"[2 * i : 2 * i + 2] for i in range(size)]
    if word_order == "little":
        words = words[::-1]
    return "".join(word if byte_order == "big" else word[::-1] for word in words)
