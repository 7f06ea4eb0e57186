"""Frames of Modbus, read and written: MBAP on TCP and RTU on serial lines.

After "MODBUS Messaging on TCP/IP Implementation Guide V1.0b", 3.1, and "MODBUS over Serial Line V1.02", 2.5.1. On a real line,
silence ends an RTU frame; a stream of bytes has none that can be relied on, so here the function tells the length of a request,
and only what lay unfinished for `IDLE_SECONDS` is forgotten.
"""

import struct
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

IDLE_SECONDS = 0.25
LONGEST_PDU = 253
LONGEST_FRAME = 256
"""Of RTU."""
_MBAP = struct.Struct(">HHHB")
_FIXED_LENGTHS = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 8: 8, 11: 4, 12: 4, 17: 4, 22: 10, 24: 6, 43: 7}
_COUNTED_LENGTHS = {15: (6, 9), 16: (6, 9), 20: (2, 5), 21: (2, 5), 23: (10, 13)}
"""Where the byte count stands, and what is around the bytes that it counts."""


class OutOfStep(Exception):  # noqa: N818 - a state of the stream
    """What follows in this stream cannot be told apart any more."""


class Request(NamedTuple):
    """One request; RTU has no transactions and says 0."""

    transaction: int
    unit: int
    pdu: bytes


class Framing(Protocol):
    """One direction of one connection."""

    is_serial: bool
    """Whether units hang on a line, where nobody answers for one that is absent."""

    def feed(self, data: bytes) -> Iterator[Request]:
        """Take what arrived and give each request that is whole.

        Raises
        ------
        OutOfStep
            If the connection is of no more use.
        """

    @staticmethod
    def frame(transaction: int, unit: int, pdu: bytes) -> bytes: ...


class Mbap:
    """Modbus TCP."""

    is_serial = False

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Request]:
        self._buffer += data
        while len(self._buffer) >= _MBAP.size:
            transaction, protocol, length, unit = _MBAP.unpack_from(self._buffer)
            if protocol != 0 or not 2 <= length <= LONGEST_PDU + 1:
                raise OutOfStep
            if len(self._buffer) < 6 + length:
                return
            pdu, self._buffer = self._buffer[7 : 6 + length], self._buffer[6 + length :]
            yield Request(transaction, unit, pdu)

    @staticmethod
    def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
        return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


class Rtu:
    """Modbus RTU, on a serial line or carried over TCP."""

    is_serial = True

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._buffer = b""
        self._monotonic = monotonic
        self._fed_at = 0.0

    def feed(self, data: bytes) -> Iterator[Request]:
        now = self._monotonic()
        if now - self._fed_at > IDLE_SECONDS:
            self._buffer = b""
        self._fed_at = now
        self._buffer += data
        while found := _find_request(self._buffer):
            start, end = found
            frame, self._buffer = self._buffer[start:end], self._buffer[end:]
            yield Request(0, frame[0], frame[1:-2])
        self._buffer = self._buffer[-LONGEST_FRAME:]

    @staticmethod
    def frame(transaction: int, unit: int, pdu: bytes) -> bytes:  # noqa: ARG004 - RTU has no transactions
        body = bytes([unit]) + pdu
        return body + crc(body).to_bytes(2, "little")


def _find_request(buffer: bytes) -> tuple[int, int] | None:
    """Tell where the first whole request begins and ends; bytes before it are noise."""
    for start in range(len(buffer) - 3):
        length = _request_length(buffer, start)
        if length is not None and start + length <= len(buffer) and crc(buffer[start : start + length]) == 0:
            return start, start + length
    return _find_unknown(buffer)


def _request_length(buffer: bytes, start: int) -> int | None:
    """Tell how long the request that begins there is, checksum included; None where that is not, or not yet, known."""
    function = buffer[start + 1]
    if function in _COUNTED_LENGTHS:
        at, around = _COUNTED_LENGTHS[function]
        return around + buffer[start + at] if len(buffer) > start + at else None
    return _FIXED_LENGTHS.get(function)


def _find_unknown(buffer: bytes) -> tuple[int, int] | None:
    """Find a request of a function that nobody knows: only the checksum tells its end, and only at the front is it looked for."""
    if len(buffer) < 4 or buffer[1] in _FIXED_LENGTHS or buffer[1] in _COUNTED_LENGTHS:
        return None
    value = crc(buffer[:3])
    for end in range(4, min(len(buffer), LONGEST_FRAME) + 1):
        value = _crc_step(value, buffer[end - 1])
        if value == 0:
            return 0, end
    return None


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)  # noqa: PLW2901 - shifted through eight times
        table.append(value)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc(data: bytes) -> int:
    """CRC-16 of the specification, 2.5.1.2 and appendix B."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value


def _crc_step(value: int, byte: int) -> int:
    return value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
