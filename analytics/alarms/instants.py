"""Microseconds since 1970 UTC, as rows count, and times, as the database does."""

from datetime import UTC, datetime, timedelta

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


def to_time(time_us: int) -> datetime:
    return _ORIGIN + timedelta(microseconds=time_us)


def to_us(time: datetime) -> int:
    return (time - _ORIGIN) // timedelta(microseconds=1)
