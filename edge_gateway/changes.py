"""Changes that a device reports one by one become whole rows.

A row says what every signal of a target was at an instant. Where a device tells changes only, the others are what they were: the
subscription stands for that. So no row has a hole, a chart needs no guessing, and no change is lost: a signal that changed twice
makes two rows.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from device_profiles.value import Reading
from edge_gateway.driver import Poll, Target
from telemetry.quality import Quality

FIRST_STATE_US = 5_000_000
"""How long the first row waits for signals of which nothing has come yet; a large device takes its time to tell everything."""


class Change(NamedTuple):
    """A signal's new value (or text) since an instant, by the gateway's clock."""

    time_us: int
    signal: str
    value: Reading | str


class Changes:
    """Gathers the changes of one target.

    ``apart_us`` is how far the changes of different signals may lie apart and still share a row, which then carries the newest of
    their times. The first row waits until every signal is known, or until `beat` finds that some will not come.
    """

    def __init__(self, target: Target, *, apart_us: int, silence_us: int) -> None:
        self._target = target
        self._apart_us = apart_us
        self._silence_us = silence_us
        self._columns = {signal: index for index, signal in enumerate(target.signals.names)}
        self._readings = list(target.nothing(Quality.BAD_NOT_AVAILABLE).readings)
        self._unknown = {*target.signals.names, *target.text_signals}
        self._texts: dict[str, str] = {}
        self._last_us: int | None = None
        self._began_us: int | None = None

    def note(self, changes: Iterable[Change], *, now_us: int) -> Iterator[tuple[int, Poll]]:
        """Take what came in one message and give the rows that it makes."""
        if self._last_us is None:
            self._began_us = now_us if self._began_us is None else self._began_us
            for change in sorted(changes, key=lambda c: c.time_us):
                self._apply(change)
            if not self._unknown:
                yield self._row(now_us)  # how long the values had been so before is not ours to say
            return
        row: dict[str, Change] = {}
        for change in sorted(changes, key=lambda c: c.time_us):
            if row and (change.signal in row or change.time_us - next(iter(row.values())).time_us > self._apart_us):
                yield self._row(max(c.time_us for c in row.values()))
                row.clear()
            self._apply(change)
            row[change.signal] = change
        if row:
            yield self._row(max(c.time_us for c in row.values()))

    def beat(self, now_us: int) -> Iterator[tuple[int, Poll]]:
        """Give a row when there was none for the longest silence: unchanged is a thing to say too."""
        if self._last_us is not None:
            is_due = now_us - self._last_us >= self._silence_us
        else:
            self._began_us = now_us if self._began_us is None else self._began_us
            is_due = now_us - self._began_us >= FIRST_STATE_US
        if is_due:
            yield self._row(now_us)

    def all_become(self, quality: Quality, *, now_us: int) -> Iterator[tuple[int, Poll]]:
        """Give the row that says that nothing is known any more; what comes next begins anew."""
        self._readings = list(self._target.nothing(quality).readings)
        self._texts.clear()
        yield self._row(now_us)
        self._unknown = {*self._target.signals.names, *self._target.text_signals}
        self._began_us, self._last_us = None, None

    def _apply(self, change: Change) -> None:
        self._unknown.discard(change.signal)
        if isinstance(change.value, str):
            self._texts[change.signal] = change.value
        elif change.signal in self._columns:
            self._readings[self._columns[change.signal]] = change.value
        else:
            self._texts.pop(change.signal, None)  # a text that is bad now

    def _row(self, time_us: int) -> tuple[int, Poll]:
        self._last_us = time_us if self._last_us is None else max(time_us, self._last_us + 1)
        return self._last_us, Poll(readings=list(self._readings), texts=dict(self._texts))
