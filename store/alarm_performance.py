"""What the journal of alarms says about a period, counted by the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Database
from store.sql_files import query


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalCounts:
    """Counts of a period; conditions are told by their ids."""

    call_times: list[datetime]
    """Of each call for the operator, in order."""
    calls_by_priority: dict[str, int]
    most_frequent: list[tuple[int, int]]
    """Conditions with the number of their calls, most first."""
    chattering: list[tuple[int, int]]
    """Conditions that changed three times within a minute, with how often a change was the third or later one."""
    acknowledged_after_seconds: tuple[float, float] | None
    """Median and 90th percentile from the call; None where nothing was acknowledged."""


def count_journal_of_period(
    database: Database, begin: datetime, end: datetime, *, gateways: Collection[str] | None = None, most: int = 10
) -> JournalCounts:
    """Count from ``begin`` until before ``end``, behind these gateways or all, with the ``most`` frequent conditions."""
    parameters: dict[str, Any] = {
        "begin": begin,
        "end": end,
        "gateways": None if gateways is None else list(gateways),
        "limit": most,
    }
    with database.connection() as connection:
        ((seconds,),) = connection.execute(query("alarms", "seconds_to_acknowledge"), parameters).fetchall()
        return JournalCounts(
            call_times=[time for (time,) in connection.execute(query("alarms", "annunciation_times"), parameters)],
            calls_by_priority=dict(connection.execute(query("alarms", "annunciations_by_priority"), parameters).fetchall()),
            most_frequent=connection.execute(query("alarms", "most_frequent"), parameters).fetchall(),
            chattering=connection.execute(query("alarms", "chattering"), parameters).fetchall(),
            acknowledged_after_seconds=None if seconds is None else (float(seconds[0]), float(seconds[1])),
        )


def stale_conditions(database: Database, since: datetime, *, gateways: Collection[str] | None = None) -> list[int]:
    """Name the conditions that have been active, and not hidden, since before then."""
    parameters = {"since": since, "gateways": None if gateways is None else list(gateways)}
    with database.connection() as connection:
        return [condition_id for (condition_id,) in connection.execute(query("alarms", "stale"), parameters)]
