"""The datatypes of registers: how long each is, what it can hold, and the step between its bits and its number."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Datatype(StrEnum):
    """How a value lies in registers."""

    BOOLEAN = "boolean"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT48 = "int48"
    UINT48 = "uint48"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BCD16 = "bcd16"
    BCD32 = "bcd32"
    BCD64 = "bcd64"
    SM16 = "sm16"
    """Sign and magnitude: the highest bit is the sign, the others are the amount."""
    SM32 = "sm32"
    M10K32 = "m10k32"
    """Modulo 10,000: each register holds four decimal digits (and the sign) of the number, as in PowerLogic ION, CM and PM800."""
    M10K48 = "m10k48"
    M10K64 = "m10k64"
    STRING = "string"
    IPV4 = "ipv4"
    UNIX32 = "unix32"
    """Seconds since 1970 in UTC: Huawei SUN2000 32110, Bender PEM575 9004."""
    DATETIME_WORDS = "datetime_words"
    """Year, month, day, hour, minute, second, one register each: Rockwell Powermonitor 3000 40102 to 40107."""
    DATETIME_BYTES = "datetime_bytes"
    """Year - 2000 and month, day and hour, minute and second, a byte each: Bender PEM575 9000 to 9002."""
    DATETIME_IEC870 = "datetime_iec870"
    """Schneider's DATETIME (TI081), after CP56Time2a, IEC 870-5-4: year, month and day, hour and minute, milliseconds."""

    @property
    def layout(self) -> "Layout":
        return _LAYOUTS[self]

    @property
    def is_text(self) -> bool:
        return not self.layout.format

    @property
    def is_float(self) -> bool:
        return self.layout.format in ("e", "f", "d")

    @property
    def is_unsigned(self) -> bool:
        """Whether it holds whole numbers from 0 up, as a counter does."""
        return self.layout.lowest == 0 and self is not Datatype.BOOLEAN


class Layout(NamedTuple):
    """What the codec has to know of a datatype."""

    registers: int
    """A string says itself how many it covers."""
    format: str = ""
    """Code of `struct` for its bits: a number's, or ``6s`` for the 48 bits that `struct` has no number for. Text has none."""
    lowest: int = 0
    highest: int = 0
    """Range of whole numbers; both 0 for floats and text."""
    decode: Callable[[int], int | None] | None = None
    """From the bits, as an unsigned number, to the number; None where they mean none."""
    encode: Callable[[int], int] | None = None


def _signed(registers: int, code: str, bits: int) -> Layout:
    return Layout(registers, code, -(1 << bits - 1), (1 << bits - 1) - 1)


def _unsigned(registers: int, code: str, bits: int) -> Layout:
    return Layout(registers, code, 0, (1 << bits) - 1)


def _bcd(registers: int, code: str) -> Layout:
    return Layout(registers, code, 0, 10 ** (4 * registers) - 1, _from_bcd, lambda number: int(str(number), 16))


def _from_bcd(raw: int) -> int | None:
    digits = f"{raw:x}"
    return int(digits) if digits.isdecimal() else None


def _sign_and_magnitude(registers: int, code: str) -> Layout:
    sign = 1 << 16 * registers - 1
    return Layout(
        registers,
        code,
        1 - sign,
        sign - 1,
        lambda raw: sign - raw if raw & sign else raw,
        lambda number: number if number >= 0 else sign - number,
    )


def _modulo_10000(registers: int, code: str) -> Layout:
    def decode(raw: int) -> int | None:
        number = 0
        for shift in range(16 * registers - 16, -1, -16):
            word = raw >> shift & 0xFFFF
            digits = word - 0x10000 if word & 0x8000 else word
            if abs(digits) > 9999:
                return None
            number = number * 10_000 + digits
        return number

    def encode(number: int) -> int:
        raw, rest = 0, abs(number)
        for shift in range(0, 16 * registers, 16):
            rest, digits = divmod(rest, 10_000)
            raw |= ((digits if number > 0 else -digits) & 0xFFFF) << shift
        return raw

    limit = 10 ** (4 * registers) - 1
    return Layout(registers, code, -limit, limit, decode, encode)


def _from_48_bits(raw: int) -> int:
    return raw - (1 << 48) if raw >> 47 else raw


_LAYOUTS: dict[Datatype, Layout] = {
    Datatype.BOOLEAN: Layout(1, "H", 0, 1),
    Datatype.INT8: _signed(1, "b", 8),
    Datatype.UINT8: _unsigned(1, "B", 8),
    Datatype.INT16: _signed(1, "h", 16),
    Datatype.UINT16: _unsigned(1, "H", 16),
    Datatype.INT32: _signed(2, "i", 32),
    Datatype.UINT32: _unsigned(2, "I", 32),
    Datatype.INT48: Layout(3, "6s", -(1 << 47), (1 << 47) - 1, _from_48_bits, lambda number: number & (1 << 48) - 1),
    Datatype.UINT48: _unsigned(3, "6s", 48),
    Datatype.INT64: _signed(4, "q", 64),
    Datatype.UINT64: _unsigned(4, "Q", 64),
    Datatype.FLOAT16: Layout(1, "e"),
    Datatype.FLOAT32: Layout(2, "f"),
    Datatype.FLOAT64: Layout(4, "d"),
    Datatype.BCD16: _bcd(1, "H"),
    Datatype.BCD32: _bcd(2, "I"),
    Datatype.BCD64: _bcd(4, "Q"),
    Datatype.SM16: _sign_and_magnitude(1, "H"),
    Datatype.SM32: _sign_and_magnitude(2, "I"),
    Datatype.M10K32: _modulo_10000(2, "I"),
    Datatype.M10K48: _modulo_10000(3, "6s"),
    Datatype.M10K64: _modulo_10000(4, "Q"),
    Datatype.STRING: Layout(1),
    Datatype.IPV4: Layout(2),
    Datatype.UNIX32: Layout(2),
    Datatype.DATETIME_WORDS: Layout(6),
    Datatype.DATETIME_BYTES: Layout(3),
    Datatype.DATETIME_IEC870: Layout(4),
}
