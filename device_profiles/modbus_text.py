"""Texts in registers: strings, addresses, dates. A date without a zone is the device's own local time."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address

from device_profiles.datatype import Datatype
from device_profiles.modbus_field import Half, Images, Memory, Order

_NOT_SET = (0, 0xFFFFFFFF)
"""Unix times by which devices say that something has not happened yet."""


class TextField:
    """One text in a block of registers."""

    def __init__(
        self,
        datatype: Datatype,
        offset_bytes: int,
        *,
        registers: int,
        word_order: Order = "big",
        byte_order: Order = "big",
        half: Half | None = None,
    ) -> None:
        if datatype is Datatype.STRING:
            word_order = "big"  # text has no words to swap
        self._is_swapped, self._is_reversed = byte_order != word_order, word_order == "little"
        self._bytes = slice(offset_bytes, offset_bytes + 2 * registers)
        self._half, self._registers = half, registers
        self._decode, self._encode = _CODECS[datatype]

    def read(self, images: Images) -> str:
        data = images.of(is_swapped=self._is_swapped)[self._bytes]
        if self._is_reversed:
            data = data[::-1]
        if self._half is not None:
            data = data[self._half == "low" :: 2]
        return self._decode(data)

    def write(self, memory: Memory, text: str) -> None:
        """Put a text in its place; what is too long is cut.

        Raises
        ------
        ValueError
            If it is not of the datatype's form.
        """
        size = self._registers if self._half is not None else 2 * self._registers
        data = self._encode(text)[:size].ljust(size, b"\0")
        if self._half is not None:
            data = b"".join(b"\0" + data[i : i + 1] if self._half == "low" else data[i : i + 1] + b"\0" for i in range(size))
        memory.of(is_swapped=self._is_swapped)[self._bytes] = data[::-1] if self._is_reversed else data


def _string(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()


def _ipv4(data: bytes) -> str:
    return str(IPv4Address(data))


def _ipv4_bytes(text: str) -> bytes:
    return IPv4Address(text).packed if text else b""


def _unix(data: bytes) -> str:
    seconds = int.from_bytes(data, "big")
    return "" if seconds in _NOT_SET else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unix_bytes(text: str) -> bytes:
    return int(datetime.fromisoformat(text).timestamp()).to_bytes(4, "big") if text else b""


def _date(*parts: int, timespec: str = "seconds") -> str:
    try:
        return datetime(*parts).isoformat(timespec=timespec)  # type: ignore[arg-type]  # noqa: DTZ001 - the device's own time
    except ValueError:  # a clock that was never set
        return ""


def _words(data: bytes) -> str:
    return _date(*struct.unpack(">6H", data))


def _words_bytes(text: str) -> bytes:
    return struct.pack(">6H", *datetime.fromisoformat(text).timetuple()[:6]) if text else b""


def _bytes(data: bytes) -> str:
    return _date(2000 + data[0], *data[1:])


def _bytes_bytes(text: str) -> bytes:
    if not text:
        return b""
    year, *rest = datetime.fromisoformat(text).timetuple()[:6]
    return bytes([year - 2000, *rest])


def _iec870(data: bytes) -> str:
    year, day, minute, milliseconds = struct.unpack(">4H", data)
    if minute & 0x80:  # "not valid or not synchronized"
        return ""
    date = (2000 + (year & 0x7F), day >> 8 & 0x0F, day & 0x1F, minute >> 8 & 0x1F, minute & 0x3F)
    return _date(*date, milliseconds // 1000, milliseconds % 1000 * 1000, timespec="milliseconds")


def _iec870_bytes(text: str) -> bytes:
    if not text:
        return b""
    at = datetime.fromisoformat(text)
    milliseconds = at.second * 1000 + at.microsecond // 1000
    try:
        return struct.pack(">4H", at.year - 2000, at.month << 8 | at.day, at.hour << 8 | at.minute, milliseconds)
    except struct.error:
        raise ValueError(f"{text} lies before 2000") from None


_CODECS: dict[Datatype, tuple[Callable[[bytes], str], Callable[[str], bytes]]] = {
    Datatype.STRING: (_string, str.encode),
    Datatype.IPV4: (_ipv4, _ipv4_bytes),
    Datatype.UNIX32: (_unix, _unix_bytes),
    Datatype.DATETIME_WORDS: (_words, _words_bytes),
    Datatype.DATETIME_BYTES: (_bytes, _bytes_bytes),
    Datatype.DATETIME_IEC870: (_iec870, _iec870_bytes),
}
