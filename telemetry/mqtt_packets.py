"""The few MQTT packets that a receiver of many messages needs, without input or output: bytes in, packets out.

Sections are those of MQTT 5 (OASIS, 2019); for protocol level 4 (3.1.1) the properties are left out.
"""

from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 11, 13, 14
PINGREQ = b"\xc0\x00"
LEAVE = b"\xe0\x00"
FAILURE = 0x80
"""Reason codes from here on mean failure (2.4)."""
UNSUPPORTED_VERSION = frozenset({1, 0x84})
"""What a broker answers to a CONNECT of a version that it does not speak: 3.1.1 says 1, 5 says 0x84."""
LEVELS = {"auto": (5, 4), "5": (5,), "3.1.1": (4,)}
"""Protocol levels to try, in order, for each setting of ``broker.version``."""
_RECEIVE_MAXIMUM = 0x21
_CLEAN, _WITH_PASSWORD, _WITH_USERNAME = 0x02, 0x40, 0x80


class Incomplete(Exception):  # noqa: N818 - not a fault, only not yet
    """The packet goes on behind the bytes that are there."""


class Malformed(ValueError):  # noqa: N818 - named by what the bytes are
    """The bytes are no MQTT."""


class Publication(NamedTuple):
    """A PUBLISH (3.3): where its parts lie in the buffer; ``packet_id`` is 0 for QoS 0."""

    topic_start: int
    topic_end: int
    payload_start: int
    packet_id: int


def connect(
    *, level: int, client_id: str, keepalive_seconds: int, username: str | None, password: str | None, receive_maximum: int
) -> bytes:
    flags = _CLEAN | (_WITH_USERNAME if username is not None else 0) | (_WITH_PASSWORD if password is not None else 0)
    properties = bytes([3, _RECEIVE_MAXIMUM]) + receive_maximum.to_bytes(2, "big") if level >= 5 else b""
    head = _text("MQTT") + bytes([level, flags]) + keepalive_seconds.to_bytes(2, "big") + properties
    return _packet(0x10, head + b"".join(_text(part) for part in (client_id, username, password) if part is not None))


def subscribe(packet_id: int, topic_filter: str, *, qos: int, level: int) -> bytes:
    properties = b"\0" if level >= 5 else b""
    return _packet(0x82, packet_id.to_bytes(2, "big") + properties + _text(topic_filter) + bytes([qos]))


def unsubscribe(packet_id: int, topic_filter: str, *, level: int) -> bytes:
    properties = b"\0" if level >= 5 else b""
    return _packet(0xA2, packet_id.to_bytes(2, "big") + properties + _text(topic_filter))


def publish(topic: str, payload: bytes, *, level: int) -> bytes:
    """Make a PUBLISH of QoS 0."""
    return _packet(0x30, _text(topic) + (b"\0" if level >= 5 else b"") + payload)


def puback(packet_id: int) -> bytes:
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def frame(buffer: bytearray | memoryview, start: int, end: int) -> tuple[int, int]:
    """Find the packet that begins at ``start``: where its body begins and where it ends (2.1.4).

    Raises
    ------
    Incomplete, Malformed
    """
    length, shift, at = 0, 0, start + 1
    while True:
        if at >= end:
            raise Incomplete
        byte = buffer[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return at, at + length
        shift += 7
        if shift > 21:
            raise Malformed("a length of more than four bytes")


def publication(buffer: bytearray | memoryview, first: int, start: int, end: int, *, level: int) -> Publication:
    """Take a PUBLISH apart; ``first`` is its first byte, the body lies from ``start`` to ``end``.

    Raises
    ------
    Malformed
    """
    at = start + 2 + int.from_bytes(buffer[start : start + 2], "big")
    topic_end, packet_id = at, 0
    if first & 0x06:
        packet_id = int.from_bytes(buffer[at : at + 2], "big")
        at += 2
    if level >= 5:
        if at >= end:
            raise Malformed("a publication ends before its properties")
        if buffer[at] == 0:
            at += 1
        else:
            at = _end_of_properties(buffer, at, end)
    if at > end:
        raise Malformed("a publication is shorter than its own parts")
    return Publication(start + 2, topic_end, at, packet_id)


def suback_codes(body: bytes, *, level: int) -> tuple[int, bytes]:
    """Give packet id and reason codes of a SUBACK (3.9)."""
    at = 2
    if level >= 5:
        at = _end_of_properties(memoryview(body), at, len(body))
    return int.from_bytes(body[:2], "big"), body[at:]


def _end_of_properties(buffer: bytearray | memoryview, start: int, end: int) -> int:
    try:
        _, at = frame(buffer, start - 1, end)  # properties are counted as a packet's body is
    except Incomplete:
        raise Malformed("a packet ends before its properties") from None
    return at


def _packet(first: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([first]) + bytes(digits) + body


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
