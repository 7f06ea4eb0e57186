"""When a machine is open, and how its open time runs against the clock. All times are whole minutes from the plan's origin on.

A set-up, and an operation that may pause, take open minutes: they stop at the end of a shift and go on with the next. On the axis
of open minutes both have one length wherever they lie, so that rules, search and solver all count on it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

MINUTES_A_DAY = 1440


class Span(NamedTuple):
    """From a minute up to, and without, another."""

    start_minute: int
    end_minute: int


class Shift(NamedTuple):
    """Hours of work that come again each week; one that ends after midnight ends beyond 1440."""

    weekday: int
    """0 is Monday."""
    from_minute: int
    to_minute: int


class Piece(NamedTuple):
    """Starts between which an operation meets the same breaks."""

    first_start: int
    last_start: int
    pause_minutes: int
    """How long it rests on the way."""
    closed_before: int
    """Closed minutes before its start: clock less open time."""


class Calendar:
    """The spans in which a machine is closed, merged; after the last of them it is open for good."""

    def __init__(self, closed: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted((max(start, 0), end) for start, end in closed if max(start, 0) < end):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)
        self._closed_until = [0]  # closed minutes up to the end of each span
        for start, end in zip(self.starts, self.ends, strict=True):
            self._closed_until.append(self._closed_until[-1] + end - start)
        self._open_at_start = [start - closed for start, closed in zip(self.starts, self._closed_until[:-1], strict=True)]

    def with_closed(self, *spans: tuple[int, int]) -> "Calendar":
        return Calendar([*zip(self.starts, self.ends, strict=True), *spans])

    @property
    def is_always_open(self) -> bool:
        return not self.starts

    def open_minutes(self, minute: int) -> int:
        """Open minutes from 0 up to an instant."""
        index = bisect_right(self.starts, minute)
        if index and minute < self.ends[index - 1]:
            return self._open_at_start[index - 1]
        return minute - self._closed_until[index]

    def next_open(self, minute: int) -> int:
        """Give the instant itself, or the end of the span in which it is closed."""
        index = bisect_right(self.starts, minute)
        return self.ends[index - 1] if index and minute < self.ends[index - 1] else minute

    def after(self, minute: int, open_minutes: int) -> int:
        """Give the instant at which so many open minutes have passed since another."""
        if not open_minutes or not self.starts:
            return minute + open_minutes
        target = self.open_minutes(minute) + open_minutes
        return target + self._closed_until[bisect_left(self._open_at_start, target)]

    def fit(self, earliest: int, minutes: int, *, can_pause: bool) -> tuple[int, int]:
        """Give the first start from an instant on, and the end that comes of it."""
        if not self.starts:
            return earliest, earliest + minutes
        start = self.next_open(earliest)
        if can_pause:
            return start, self.after(start, minutes)
        index = bisect_right(self.starts, start)
        while index < len(self.starts) and start + minutes > self.starts[index]:
            start = self.ends[index]
            index += 1
        return start, start + minutes

    def pieces(self, minutes: int, *, can_pause: bool, first: int, last: int) -> list[Piece]:
        """Divide all possible starts in ``first .. last`` into stretches with the same pause."""
        found = []
        low = self.next_open(first)
        while low <= last:
            index = bisect_right(self.starts, low)
            open_until = self.starts[index] if index < len(self.starts) else last + minutes + 1
            end = self.after(low, minutes) if can_pause else low + minutes
            passed = bisect_left(self.starts, end)  # spans that begin before it ends
            next_closed = self.starts[passed] if passed < len(self.starts) else None
            high = open_until - 1 if next_closed is None else min(open_until - 1, low + next_closed - end)
            if can_pause or end <= open_until:
                found.append(Piece(low, min(high, last), end - low - minutes, self._closed_until[index]))
                low = self.next_open(high + 1)
            else:
                low = self.next_open(open_until)
        return found


def closed_by_shifts(origin: datetime, *, days: int, shifts: Sequence[Shift]) -> tuple[Span, ...]:
    """Give the closed spans of a machine that works in shifts, over so many days from the plan's origin on.

    Minutes are those of the origin's clock; a zone with summer time needs an origin with a fixed offset.
    """
    midnight = origin.replace(hour=0, minute=0, second=0, microsecond=0)
    behind = round((origin - midnight) / timedelta(minutes=1))
    worked = []
    for day in range(-1, days + 1):
        weekday = (midnight.weekday() + day) % 7
        base = day * MINUTES_A_DAY - behind
        worked += [(base + shift.from_minute, base + shift.to_minute) for shift in shifts if shift.weekday == weekday]
    closed, at, horizon = [], 0, days * MINUTES_A_DAY
    for start, end in sorted(worked):
        if at < min(start, horizon):
            closed.append(Span(at, min(start, horizon)))
        at = max(at, end)
    return (*closed, Span(at, horizon)) if at < horizon else tuple(closed)
