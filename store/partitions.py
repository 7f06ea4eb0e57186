"""Daily partitions, for the edition without hypertables."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from store.database import Database, quoted
from store.sql_files import query


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
            known = self._days[table] = existing_days(self._database, table)
        missing = set(days) - known
        if missing:
            create_partitions(self._database, table, missing)
            known |= missing


def existing_days(database: Database, table: str) -> set[date]:
    with database.connection() as connection:
        rows = connection.execute(query("database", "partitions"), [f"reading.{quoted(table)}"]).fetchall()
    return {datetime.strptime(day, "%Y%m%d").date() for (day,) in rows}  # noqa: DTZ007 - the name of a UTC day


def create_partitions(database: Database, table: str, days: Iterable[date]) -> None:
    """Make partitions that are missing; another worker may be making the same."""
    missing = set(days) - existing_days(database, table)
    for day in sorted(missing):
        with database.connection() as connection:
            connection.execute(query("database", "lock_partitions"), [table])
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS reading.{quoted(f'{table}_{day:%Y%m%d}')} PARTITION OF reading.{quoted(table)} "
                f"FOR VALUES FROM ('{day} 00:00+00') TO ('{day + timedelta(days=1)} 00:00+00')".encode()
            )
