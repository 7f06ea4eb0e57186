"""When windows end: on a grid that begins at midnight of the plant, so that figures of machines can be compared."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.spec import Spec

_ORIGIN = datetime(2000, 1, 1)  # noqa: DTZ001 - it gets the plant's time zone


def origin(zone: ZoneInfo) -> datetime:
    """Give the instant at which all grids begin."""
    return _ORIGIN.replace(tzinfo=zone)


def newest_end(until: datetime, every: timedelta, zone: ZoneInfo) -> datetime:
    """Give the newest instant of a grid that is not after ``until``."""
    begin = origin(zone).astimezone(UTC)
    return begin + (until - begin) // every * every


def ends_between(spec: Spec, after: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Give the ends of a spec's windows in ``(after, until]``, oldest first."""
    end = newest_end(until, spec.cadence, zone)
    found: list[datetime] = []
    while end > after:
        found.append(end)
        end -= spec.cadence
    return found[::-1]
