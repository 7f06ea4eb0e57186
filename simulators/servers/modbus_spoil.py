"""Turns a right reply into what a fault makes of it on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from simulators.faults import PlainFault, RequestFault, SplitFault, WrongLengthFault, draw
from simulators.servers.modbus_frames import Framing, Request

_OTHERS = ("foreign_transaction", "wrong_unit", "wrong_function")
SPOILING = frozenset({*_OTHERS, "drop", "bad_crc", "truncated", "noise", "wrong_length", "reset", "late"})
"""Faults after which a client must not hold the values of a reply, or need not: they mark the line of the truth log."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply on its way, and the pieces in which it leaves: seconds to wait, then bytes."""

    transaction: int
    unit: int
    pdu: bytes
    pieces: tuple[tuple[float, bytes], ...] = ()


def on_the_wire(
    request: Request, pdu: bytes, struck: Sequence[RequestFault], framing: type[Framing], random: Random
) -> tuple[tuple[float, bytes], ...]:
    """Frame a reply with all that befalls it."""
    reply = Reply(request.transaction, request.unit, pdu)
    for fault in struck:
        if isinstance(fault, PlainFault):
            reply = _misdirected(reply, fault.kind, random)
    lengths = [fault for fault in struck if isinstance(fault, WrongLengthFault)]
    frame = framing.frame(reply.transaction, reply.unit, reply.pdu)
    for fault in lengths:
        frame = _of_wrong_length(reply, fault, framing, random)
    pieces: tuple[tuple[float, bytes], ...] = ((0.0, frame),)
    # Splitting first: what damages a frame must not be mended by cutting the sound one to pieces.
    for fault in sorted(struck, key=lambda fault: not isinstance(fault, SplitFault)):
        if isinstance(fault, SplitFault):
            cuts = sorted(random.sample(range(1, len(frame)), min(fault.pieces - 1, len(frame) - 1)))
            edges = [0, *cuts, len(frame)]
            parts = [frame[a:b] for a, b in pairwise(edges)]
            pieces = tuple((draw(fault.seconds, random) if n else 0.0, part) for n, part in enumerate(parts))
        elif isinstance(fault, PlainFault):
            pieces = _damaged(pieces, frame, fault.kind, random)
    return pieces


def _misdirected(reply: Reply, kind: str, random: Random) -> Reply:
    if kind not in _OTHERS:
        return reply
    head = 1 if reply.pdu[0] & 0x80 else 2
    pdu = reply.pdu[:head] + bytes(byte ^ 0xFF for byte in reply.pdu[head:])
    if kind == "foreign_transaction":
        return replace(reply, pdu=pdu, transaction=(reply.transaction + random.randint(1, 0xFFFF)) & 0xFFFF)
    if kind == "wrong_unit":
        return replace(reply, pdu=pdu, unit=(reply.unit - 1 + random.randint(1, 246)) % 247 + 1)
    # Holding and input registers, or coils and discrete inputs: the other function's reply has the same form.
    other = {1: 2, 2: 1, 3: 4, 4: 3}.get(pdu[0] & 0x7F, 3)
    return replace(reply, pdu=bytes([pdu[0] & 0x80 | other]) + pdu[1:])


def _of_wrong_length(reply: Reply, fault: WrongLengthFault, framing: type[Framing], random: Random) -> bytes:
    ways = ["short", "long", "byte_count"] if framing.is_serial else ["short", "long", "byte_count", "header"]
    how: str = fault.how or random.choice(ways)
    function, data = reply.pdu[0], reply.pdu[2:]
    step = 2 if function in (3, 4) else 1
    if how == "header":
        frame = framing.frame(reply.transaction, reply.unit, reply.pdu)
        length = int.from_bytes(frame[4:6], "big") + random.choice((-1, 1))
        return frame[:4] + length.to_bytes(2, "big") + frame[6:]
    if function & 0x80:
        pdu = reply.pdu + b"\0"
    elif how == "byte_count":
        pdu = bytes([function, (len(data) + step) & 0xFF]) + data
    else:
        data = data[:-step] if how == "short" else data + bytes(step)
        pdu = bytes([function, len(data) & 0xFF]) + data
    return framing.frame(reply.transaction, reply.unit, pdu)


def _damaged(pieces: tuple[tuple[float, bytes], ...], frame: bytes, kind: str, random: Random) -> tuple[tuple[float, bytes], ...]:
    match kind:
        case "bad_crc":  # in what the checksum covers, past unit and function
            at = random.randrange(2, len(frame) - 2)
            return ((0.0, frame[:at] + bytes([frame[at] ^ 1 << random.randrange(8)]) + frame[at + 1 :]),)
        case "truncated":
            return ((0.0, frame[: random.randrange(1, len(frame))]),)
        case "noise":
            return ((0.0, random.randbytes(random.randint(1, 8))), *pieces)
        case "duplicate":
            return (*pieces, (0.0, frame))
        case _:
            return pieces
