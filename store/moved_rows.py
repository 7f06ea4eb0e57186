"""Readings that change place: a slice at a time, each in a transaction of its own, with their rollups made anew."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from store.database import Connection, Database
from store.sql_files import query


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Let one move at a time: a value that changes its machine must not meet one that changes its table.

    Raises
    ------
    DatabaseBusy
        If the other one takes longer than the lock time-out.
    """
    with database.autocommit() as connection:
        connection.execute(query("equipment", "lock_moves"))
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute(query("equipment", "unlock_moves"))


def end_of_slice(start: datetime, days: int = 1) -> datetime:
    """Give the midnight at which a slice from ``start`` ends."""
    return start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def sum_until(counts: Iterable[int], stop_at: float) -> tuple[int, bool]:
    """Work through slices until that time of the monotonic clock, add up what they give, and tell whether none is left."""
    total = 0
    for count in counts:
        total += count
        if time.monotonic() >= stop_at:
            return total, False
    return total, True


def note_moved(connection: Connection, table: str, equipment_ids: list[int], first: datetime, last: datetime) -> None:
    """Have the rollups of some machines made anew where rows came or went, within the transaction that moves them."""
    many = len(equipment_ids)
    start_seconds, last_seconds = (int(at.timestamp()) // 60 * 60 for at in (first, last))
    columns = [[table] * many, equipment_ids, [start_seconds] * many, [last_seconds + 60] * many]
    connection.execute(query("rollups", "touch"), columns)
