"""Rows of the running flush interval, kept as columns of plain arrays until they become a bundle."""

import math
import sys
from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_gateway.driver import Poll, Target
from telemetry.bundle import Batch, Block, Event
from telemetry.quality import Quality

MAX_WAITING_BYTES = 32 * 1024 * 1024
"""What the memory of a small box can spare for a disk that hangs."""
_LONGEST_TEXT = 8192


class Loss(NamedTuple):
    """Rows that will never reach the cloud, with the span of their times and the reason."""

    from_us: int
    to_us: int
    rows: int
    reason: str


@dataclass(slots=True)
class _Columns:
    target: Target
    times: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    qualities: bytearray = field(default_factory=bytearray)
    has_flaws: bool = False

    def batch(self) -> Batch:
        values = array("f", self.values) if self.target.single else self.values
        if self.target.single and (math.inf in values or -math.inf in values):
            self._mark_overflows(values)
        if sys.byteorder == "big":
            self.times.byteswap()
            values.byteswap()
        return Batch(
            equipment=self.target.name,
            signals=self.target.signals,
            times=self.times.tobytes(),
            values=values.tobytes(),
            qualities=bytes(self.qualities) if self.has_flaws else None,
            single=self.target.single,
        )

    def _mark_overflows(self, values: "array[float]") -> None:
        """A finite number that float32 cannot hold is no measurement; infinity would be a value that the device never gave."""
        for index, value in enumerate(values):
            if math.isinf(value):
                values[index] = math.nan
                self.qualities[index] = Quality.BAD_SENSOR_FAILURE
        self.has_flaws = True


class Rows:
    """Takes polls as they come and gives them away as batches at the end of each flush interval."""

    def __init__(self, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._columns: dict[Target, _Columns] = {}
        self._events: list[Event] = []
        self._blocks: list[Block] = []
        self._last_texts: dict[tuple[str, str], str] = {}
        self._lost: Loss | None = None

    def add(self, target: Target, *, time_us: int, poll: Poll) -> None:
        """Append one row and its records; a text becomes an event when it differs from the last one, and once at the start."""
        for signal, text in poll.texts.items():
            sound = _sound(text)
            if self._last_texts.get((target.name, signal)) != sound:
                self._last_texts[target.name, signal] = sound
                self._events.append(Event(target.name, time_us, signal, sound))
                self._bytes += len(sound) + 64
        if not poll.readings and not poll.blocks:
            return
        if self._bytes > self._max_bytes:
            lost = self._lost or Loss(time_us, time_us, 0, "memory")
            self._lost = lost._replace(to_us=time_us, rows=lost.rows + 1)
            return
        self._blocks += poll.blocks
        self._bytes += sum(len(block.samples) for block in poll.blocks)
        if not poll.readings:
            return
        columns = self._columns.get(target)
        if columns is None:
            columns = self._columns[target] = _Columns(target)
        columns.times.append(time_us)
        for value, quality in poll.readings:
            columns.values.append(value)
            columns.qualities.append(quality)
        if any(columns.qualities[-len(poll.readings) :]):
            columns.has_flaws = True
        self._bytes += 8 + 9 * len(poll.readings)

    def take(self) -> tuple[list[Batch], list[Event], list[Block], Loss | None]:
        """Give away all that was gathered, and what had to be left out since the last time."""
        columns, events, blocks, lost = self._columns, self._events, self._blocks, self._lost
        self._columns, self._events, self._blocks, self._bytes, self._lost = {}, [], [], 0, None
        return [column.batch() for column in columns.values()], events, blocks, lost


def _sound(text: str) -> str:
    """Make a text fit for the wire and the database, which know neither NUL nor half of a surrogate pair."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST_TEXT else clean[: _LONGEST_TEXT - 1] + "…"
