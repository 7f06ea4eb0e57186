"""From single values to a bundle: what every foreign form of message has in common.

Foreign messages are small and hold one object per value anyway, so here values are handled one by one; the bulk path is the
house's own wire format.
"""

import hashlib
import re
import struct
from collections import defaultdict
from typing import NamedTuple

from device_profiles.kind import SignalType, kind_names, load_kind
from store.arrivals import Key
from telemetry.bundle import Batch, Bundle, Event, SignalList
from telemetry.errors import BadPayload
from telemetry.quality import Quality
from telemetry.topics import NAME_PATTERN, Message

MAX_TEXT_LENGTH = 65_536
_NO_VALUE = float("nan")

Values = dict[str, tuple[float, Quality]]
"""Of one row, by signal."""


class Place(NamedTuple):
    """Where a value belongs: values of one place are one row."""

    equipment: str
    kind: str
    time_us: int


class Assembly:
    """Values of one message, gathered by place; where a signal comes twice in one place, the later value counts."""

    def __init__(self) -> None:
        self._rows: dict[Place, Values] = defaultdict(dict)
        self._events: list[Event] = []

    def add(self, place: Place, signal: str, value: float | str | None, *, quality: Quality = Quality.GOOD) -> None:
        """Take a value; None is "no value", a text becomes an event.

        Raises
        ------
        BadPayload
            With the reason ``signal_name``, ``signal_type`` or ``text``.
        """
        if not re.fullmatch(NAME_PATTERN, signal):
            raise BadPayload("signal_name", f"{signal[:80]!r} cannot name a signal")
        if _is_number(place.kind, signal, value):
            self._rows[place][signal] = (_NO_VALUE if value is None else float(value), quality)
        elif isinstance(value, str):  # a text that is not there came up at no instant
            _check_text(signal, value)
            self._events.append(Event(place.equipment, place.time_us, signal, value))

    def bundle(self, key: Key, gateway: str, *, arrived_us: int) -> Bundle | None:
        """Give all that was taken, None when it was nothing. Rows with the same signals share a batch."""
        batches: dict[tuple[str, str, tuple[str, ...]], list[tuple[int, Values]]] = defaultdict(list)
        for place, values in sorted(self._rows.items(), key=lambda row: row[0].time_us):
            batches[place.equipment, place.kind, tuple(sorted(values))].append((place.time_us, values))
        if not batches and not self._events:
            return None
        _, epoch, seq = key
        return Bundle(
            gateway=gateway,
            epoch=epoch,
            seq=seq,
            floor=1,
            sent_at_us=arrived_us,
            batches=tuple(_batch(*names, rows) for names, rows in batches.items()),
            events=tuple(self._events),
        )


def digest_key(source: str, message: Message, *more: bytes) -> Key:
    """Name a message by its bytes, so that a copy of it is recognised; ``more`` tells apart what only looks the same."""
    digest = hashlib.blake2b(message.topic.encode(), digest_size=16)
    for part in (message.payload, *more):
        digest.update(len(part).to_bytes(4, "big") + part)
    high, low = (int.from_bytes(half, "big") >> 1 for half in (digest.digest()[:8], digest.digest()[8:]))
    return source, high, low or 1


def _is_number(kind: str, signal: str, value: float | str | None) -> bool:
    """Tell a number from a text: what the kind says its signal is, the value must be."""
    known = load_kind(kind).signals.get(signal) if kind in kind_names() else None
    if known is not None and known.type is SignalType.WAVEFORM:
        raise BadPayload("signal_type", f"{kind}.{signal} is a waveform, which comes in blocks")
    is_number = not isinstance(value, str) if known is None else known.is_numeric
    if value is not None and is_number == isinstance(value, str):
        raise BadPayload("signal_type", f"{kind}.{signal} is a {'number' if is_number else 'text'}, not {str(value)[:40]!r}")
    return is_number


def _check_text(signal: str, text: str) -> None:
    """Refuse what no database takes: JSON can write NUL and half a character."""
    if len(text) > MAX_TEXT_LENGTH or "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadPayload("text", f"{signal}: {text[:40]!r} is no text of at most {MAX_TEXT_LENGTH} characters without NUL")


def _batch(equipment: str, kind: str, signals: tuple[str, ...], rows: list[tuple[int, Values]]) -> Batch:
    cells = [values[signal] for _, values in rows for signal in signals]
    qualities = bytes(quality for _, quality in cells)
    return Batch(
        equipment=equipment,
        signals=SignalList.of(kind, signals),
        times=struct.pack(f"<{len(rows)}q", *(time_us for time_us, _ in rows)),
        values=struct.pack(f"<{len(cells)}d", *(value for value, _ in cells)),
        qualities=qualities if any(qualities) else None,
    )
