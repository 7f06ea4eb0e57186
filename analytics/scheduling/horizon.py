"""From machines with shifts to a shop: how far ahead shifts must be laid out, and what fits into none of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics.scheduling.calendars import MINUTES_A_DAY, Calendar, Shift, Span, closed_by_shifts
from analytics.scheduling.jobs import Job, Machine, Shop

_LEAST_DAYS, _MOST_DAYS, _SPARE_DAYS = 14, 400, 10
_WEEK_MINUTES = 7 * MINUTES_A_DAY
_LOAD_FACTOR = 4
"""How much longer than an even load on all machines a plan may come to be; jobs wait for one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePlan:
    """A machine as people describe it."""

    name: str
    shifts: tuple[Shift, ...] = ()
    """None: it is always open."""
    closed: tuple[Span, ...] = ()
    """Holidays, downtime, time that is sold."""
    family: str = ""


def make_shop(
    jobs: Sequence[Job],
    machines: Iterable[MachinePlan],
    *,
    origin: datetime,
    setups: Mapping[tuple[str, str], int],
    from_minute: int = 0,
) -> Shop:
    """Lay the shifts out as far as the jobs may reach.

    Parameters
    ----------
    from_minute : int
        What is left is done from here on.
    """
    given = list(machines)
    days = _days(jobs, given, setups, from_minute)
    return Shop(
        jobs=tuple(jobs),
        machines=tuple(
            Machine(
                name=one.name,
                closed=(*one.closed, *(closed_by_shifts(origin, days=days, shifts=one.shifts) if one.shifts else ())),
                family=one.family,
            )
            for one in given
        ),
        setups=setups,
    )


def too_long(jobs: Iterable[Job], machines: Iterable[MachinePlan]) -> list[tuple[str, str]]:
    """Name the operations that may not pause and fit into no shift of any of their machines."""
    longest = {one.name: longest_shift(one.shifts) for one in machines}
    return [
        (job.name, operation.name)
        for job in jobs
        for operation in job.operations
        if not operation.can_pause and all(minutes > longest.get(name, math.inf) for name, minutes in operation.minutes.items())
    ]


def longest_shift(shifts: Sequence[Shift]) -> float:
    """Give the longest stretch without a break, in minutes; without end where there are no shifts or no breaks."""
    if not shifts:
        return math.inf
    worked = sorted(
        (
            week * _WEEK_MINUTES + one.weekday * MINUTES_A_DAY + one.from_minute,
            week * _WEEK_MINUTES + one.weekday * MINUTES_A_DAY + one.to_minute,
        )
        for one in shifts
        for week in (0, 1, 2)
    )
    longest, (begin, end) = 0, worked[0]
    for start, stop in worked[1:]:
        if start > end:
            longest, begin, end = max(longest, end - begin), start, stop
        else:
            end = max(end, stop)
    longest = max(longest, end - begin)
    return math.inf if longest > _WEEK_MINUTES else longest


def _days(jobs: Sequence[Job], machines: Sequence[MachinePlan], setups: Mapping[tuple[str, str], int], from_minute: int) -> int:
    if not machines:
        return _LEAST_DAYS
    setup = max(setups.values(), default=0)
    times = [[max(operation.minutes.values(), default=0) + setup for operation in job.operations] for job in jobs]
    load = _LOAD_FACTOR * sum(map(sum, times)) / len(machines) + max(map(sum, times), default=0)
    share = min(_open_share(one.shifts) for one in machines)
    latest = max((max(job.release_minute, job.due_minute or 0) for job in jobs), default=0)
    minutes = max(from_minute, max((job.release_minute for job in jobs), default=0)) + load / share
    return min(max(_LEAST_DAYS, math.ceil(max(minutes, latest) / MINUTES_A_DAY) + _SPARE_DAYS), _MOST_DAYS)


def _open_share(shifts: Sequence[Shift]) -> float:
    if not shifts:
        return 1.0
    closed = Calendar(_closed_in_a_week(shifts))
    return max(1 - sum(end - start for start, end in zip(closed.starts, closed.ends, strict=True)) / _WEEK_MINUTES, 0.02)


def _closed_in_a_week(shifts: Sequence[Shift]) -> tuple[Span, ...]:
    """Give a week's closed spans, from a Monday at midnight on."""
    return closed_by_shifts(datetime(2001, 1, 1), days=7, shifts=shifts)  # noqa: DTZ001 - a Monday without a place
