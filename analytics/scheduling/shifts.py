"""Shifts as people write them: ``1-5 08:00-12:00 13:00-17:00; 6 08:00-12:00``, days from 1 for Monday to 7 for Sunday.

A time that ends at or before its beginning ends on the next day; no text at all is a machine that is always open.
"""

import re
from collections.abc import Iterator

from analytics.scheduling.calendars import MINUTES_A_DAY, Shift
from device_profiles.kind import Label

LONGEST_TEXT = 300
_DAYS = re.compile(r"([1-7])(?:-([1-7]))?", re.ASCII)
_HOURS = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", re.ASCII)


class ShiftsWrong(ValueError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A text that says no shifts."""

    def __init__(self, text: str) -> None:
        self.said = Label(
            zh=f"{text[:40]!r} 不是班次，例如 1-5 08:00-20:00; 6 08:00-12:00",
            en=f"{text[:40]!r} are no shifts, such as 1-5 08:00-20:00; 6 08:00-12:00",
        )
        super().__init__(self.said.en)


def parse_shifts(text: str) -> tuple[Shift, ...]:
    """Read shifts.

    Raises
    ------
    ShiftsWrong
    """
    if len(text) > LONGEST_TEXT:
        raise ShiftsWrong(text)
    plain = text.replace("；", ";").replace("：", ":").replace("，", ",").replace("–", "-")
    return tuple(shift for part in filter(None, map(str.strip, plain.split(";"))) for shift in _of_part(part))


def _of_part(part: str) -> Iterator[Shift]:
    days, *hours = part.split()
    weekdays: set[int] = set()
    for word in days.split(","):
        match = _DAYS.fullmatch(word)
        if match is None:
            raise ShiftsWrong(part)
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ShiftsWrong(part)
        weekdays |= set(range(first - 1, last))
    if not hours:
        raise ShiftsWrong(part)
    for word in hours:
        begin, end = _minutes(word)
        yield from (Shift(weekday, begin, end) for weekday in sorted(weekdays))


def _minutes(word: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(word)
    if match is None:
        raise ShiftsWrong(word)
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    if max(begin_minute, end_minute) > 59 or begin_hour > 23 or 60 * end_hour + end_minute > MINUTES_A_DAY:
        raise ShiftsWrong(word)
    begin, end = 60 * begin_hour + begin_minute, 60 * end_hour + end_minute
    return begin, end if end > begin else end + MINUTES_A_DAY
