"""How the samples of a flush interval are cut into bundles that pass a broker's packet limit."""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from telemetry.bundle import MAX_BUNDLE_BYTES, MICROSECONDS, Batch, Block, Event

MOST_SAMPLES = 30_000
"""Longest block; a longer record goes as several that follow each other, which `store.readings.waveforms` joins again."""
_HEADER_BYTES = 1024
_OVERHEAD_BYTES = 160
"""More than the tags, lengths and names around one batch or event: a name has at most 64 characters."""


class Parcel(NamedTuple):
    """The contents of one bundle."""

    batches: list[Batch]
    events: list[Event]
    blocks: list[Block]


def pack(
    batches: Sequence[Batch], events: Sequence[Event], blocks: Sequence[Block] = (), *, limit_bytes: int = MAX_BUNDLE_BYTES
) -> list[Parcel]:
    """Fill parcels in order. Sizes are counted before compression, so that no content can make a bundle too large."""
    parcels: list[Parcel] = []
    room = 0
    lists: set[str] = set()

    def place(size: int, signals: str = "") -> Parcel:
        nonlocal room
        if not parcels or size + len(signals) > room:
            parcels.append(Parcel([], [], []))
            room = limit_bytes - _HEADER_BYTES
            lists.clear()
        room -= size if signals in lists else size + len(signals)  # a list of signals travels once per bundle
        lists.add(signals)
        return parcels[-1]

    for batch in batches:
        for part in _parts(batch, limit_bytes - _HEADER_BYTES):
            place(_size(part), part.signals.text).batches.append(part)
    for event in events:
        place(_OVERHEAD_BYTES + len(event.text.encode()) + len(event.signal)).events.append(event)
    for block in blocks:
        for piece in _pieces(block):
            place(_OVERHEAD_BYTES + len(piece.samples) + len(piece.signal)).blocks.append(piece)
    return parcels


def time_span(batches: Sequence[Batch], events: Sequence[Event], blocks: Sequence[Block] = ()) -> tuple[int, int]:
    """Give the first and the last instant of a parcel; a record counts by its start."""
    ends = [event.time_us for event in events] + [block.start_us for block in blocks]
    for batch in batches:
        for offset in (0, len(batch.times) - 8):
            ends += struct.unpack_from("<q", batch.times, offset)
    return min(ends), max(ends)


def _size(batch: Batch) -> int:
    qualities = 0 if batch.qualities is None else len(batch.qualities)
    return _OVERHEAD_BYTES + len(batch.times) + len(batch.values) + qualities


def _parts(batch: Batch, limit_bytes: int) -> list[Batch]:
    limit_bytes -= len(batch.signals.text)
    size = _size(batch)
    if size <= limit_bytes:
        return [batch]
    rows = max(int((limit_bytes - _OVERHEAD_BYTES) // ((size - _OVERHEAD_BYTES) / batch.rows)), 1)
    columns, width = len(batch.signals.names), 4 if batch.single else 8
    return [
        batch._replace(
            times=batch.times[8 * first : 8 * (first + rows)],
            values=batch.values[width * columns * first : width * columns * (first + rows)],
            qualities=None if batch.qualities is None else batch.qualities[columns * first : columns * (first + rows)],
        )
        for first in range(0, batch.rows, rows)
    ]


def _pieces(block: Block) -> Iterator[Block]:
    size = 4 * MOST_SAMPLES
    for at in range(0, len(block.samples), size):
        # Each start from the record's, so that rounding never adds up.
        start_us = block.start_us + round(at / 4 * MICROSECONDS / block.rate_hz)
        yield block._replace(start_us=start_us, samples=block.samples[at : at + size])
