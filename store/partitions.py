"""Partitions by time, for the edition without hypertables."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from store.database import Database, quoted
from store.sql_files import query


class Period(StrEnum):
    """The span of one partition, in UTC."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def start(self, day: date) -> date:
        """Give the first day of the period that holds ``day``: the name of its partition."""
        match self:
            case Period.DAY:
                return day
            case Period.MONTH:
                return day.replace(day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)

    def end(self, start: date) -> date:
        """Give the first day of the period after the one that begins on ``start``."""
        return self.start(start + timedelta(days={Period.DAY: 1, Period.MONTH: 31, Period.YEAR: 366}[self]))


class Partitions:
    """Remember which days have a partition, so that the live path asks the database only at midnight."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._days: dict[str, set[date]] = {}

    def require(self, table: str, days: Iterable[date]) -> None:
        """Make the partitions of these days, before any row of theirs is copied."""
        if self._database.edition.has_hypertables:
            return
        known = self._days.get(table)
        if known is None:
            known = self._days[table] = existing_partitions(self._database, table)
        missing = set(days) - known
        if missing:
            create_partitions(self._database, table, missing)
            known |= missing


def existing_partitions(database: Database, table: str) -> set[date]:
    """Give the first day of each partition, the default one apart."""
    with database.connection() as connection:
        rows = connection.execute(query("database", "partitions"), [f"reading.{quoted(table)}"]).fetchall()
    return {datetime.strptime(day, "%Y%m%d").date() for (day,) in rows}  # noqa: DTZ007 - the name of a UTC day


def create_partitions(database: Database, table: str, days: Iterable[date], period: Period = Period.DAY) -> int:
    """Make the partitions of these days that are missing, and count them; another worker may be making the same."""
    missing = {period.start(day) for day in days} - existing_partitions(database, table)
    for start in sorted(missing):
        with database.connection() as connection:
            connection.execute(query("database", "lock_partitions"), [table])
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS reading.{quoted(_name(table, start))} PARTITION OF reading.{quoted(table)} "
                f"FOR VALUES FROM ('{start} 00:00+00') TO ('{period.end(start)} 00:00+00')".encode()
            )
    return len(missing)


def drop_partitions(database: Database, table: str, period: Period, *, before: date) -> int:
    """Drop the partitions that end by the start of the day ``before``, and count them."""
    old = sorted(start for start in existing_partitions(database, table) if period.end(start) <= before)
    for start in old:
        with database.connection() as connection:
            # It waits for the queries that run, and all others wait behind it: not for long, then.
            connection.execute(b"SET LOCAL lock_timeout = '5s'")
            connection.execute(f"DROP TABLE IF EXISTS reading.{quoted(_name(table, start))}".encode())
    return len(old)


def _name(table: str, start: date) -> str:
    return f"{table}_{start:%Y%m%d}"
