"""What a database needs now and then: rollups, partitions ahead, retention. Every ingest worker offers, and one of them does it.

When each task ran last is in the database, so that it runs as often with ten workers as with one, and a restart changes nothing.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from store.chunk_intervals import fit_chunk_intervals
from store.database import Database, DatabaseAway, DatabaseError
from store.foreign_ledger import purge_foreign
from store.kind_tables import ROLLUPS
from store.migrate import create_partitions_ahead
from store.pending import adopt
from store.renames import move_alias_rows
from store.retention import Retention, drop_old
from store.rollups import refresh
from store.sql_files import query

_log = logging.getLogger(__name__)

_REFRESH_SECONDS = 10.0
"""Late buckets are made for so long at a time; the live ones of the next minutes go before the rest."""
_MOVE_SECONDS = 10.0
_RARE = timedelta(minutes=5)
"""Tasks no more frequent than this are worth a line in the log each time."""


class Task(NamedTuple):
    """``work`` gets the time, and tells what it did; empty when nothing worth a line."""

    name: str
    every: timedelta
    work: Callable[[datetime], str]


class Maintenance:
    """The tasks and their schedules."""

    def __init__(self, database: Database, *, retention: Retention | None = None) -> None:
        self._database = database
        kept = retention or Retention()
        self._tasks = (
            Task("rollup 1m", timedelta(seconds=15), lambda now: self._refresh("1m", now)),
            Task("rollup 1h", timedelta(minutes=1), lambda now: self._refresh("1h", now)),
            Task(
                "renamed machines",
                timedelta(minutes=1),
                lambda _: _told(move_alias_rows(database, longest_seconds=_MOVE_SECONDS)),
            ),
            Task("new columns", timedelta(minutes=10), lambda _: _told(adopt(database, longest_seconds=_MOVE_SECONDS))),
            Task("partitions ahead", timedelta(hours=1), self._create_partitions),
            Task("chunk intervals", timedelta(hours=1), lambda now: fit_chunk_intervals(database, now=now)),
            Task("retention", timedelta(hours=6), lambda now: drop_old(database, kept, now=now)),
            Task("foreign ledger", timedelta(hours=1), lambda _: _told(purge_foreign(database))),
        )

    def run_due(self, now: datetime) -> None:
        """Do what is due, unless another worker or a migration is at it; call every few seconds, in a thread.

        A task that fails is logged and comes again on its schedule; readings must not wait for it.

        Raises
        ------
        DatabaseAway
            And then the same call later.
        """
        with self._database.autocommit() as connection:
            (is_ours,) = connection.execute(query("database", "try_lock_schema")).fetchone() or (False,)
            if not is_ours:
                return
            try:
                ran_at: dict[str, datetime] = dict(connection.execute(query("maintenance", "tasks")).fetchall())
                for task in self._tasks:
                    if task.name not in ran_at or not timedelta(0) <= now - ran_at[task.name] < task.every:
                        result = self._run(task, now)
                        connection.execute(query("maintenance", "record_task"), [task.name, now, result])
            finally:
                if not connection.closed:
                    connection.execute(query("database", "unlock_schema"))

    def _run(self, task: Task, now: datetime) -> str:
        try:
            result = task.work(now)
        except DatabaseAway:
            raise
        except DatabaseError as error:
            _log.warning("%s: %s", task.name, error)
            return f"failed: {error}"
        if result:
            _log.log(logging.INFO if task.every >= _RARE else logging.DEBUG, "%s: %s", task.name, result)
        return result

    def _refresh(self, level: str, now: datetime) -> str:
        count = refresh(self._database, ROLLUPS[level], now=now, longest_seconds=_REFRESH_SECONDS)
        return _told(count)

    def _create_partitions(self, now: datetime) -> str:
        count = create_partitions_ahead(self._database, now)
        return _told(count)


def _told(count: int) -> str:
    return f"{count:,} done" if count else ""
