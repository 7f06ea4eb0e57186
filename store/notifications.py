"""Messages to people: what each channel has still to tell, and what became of it.

A message is made of a line of the journal of alarms, and the channel's cursor moves in the same transaction. So each is made
once, and sent at least once.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from store.alarm_journal import JournalLine, TransitionRow
from store.database import Database
from store.sql_files import query

KEPT = timedelta(days=90)


class NewMessage(NamedTuple):
    condition_id: int
    act: str
    occurrence: int
    line_id: int


class DueMessage(NamedTuple):
    """A message to be tried now, with the line that it tells of and what its rule says."""

    id: int
    act: str
    repetition: int
    attempts: int
    made_at: datetime
    line: JournalLine
    active_since: datetime | None
    definition: Mapping[str, Any]


def cursor_of(database: Database, channel: str) -> int | None:
    """Give the line up to which messages have been made; None for a new channel."""
    with database.connection() as connection:
        row = connection.execute(query("notifications", "cursor"), [channel]).fetchone()
    return None if row is None else int(row[0])


def add_messages(database: Database, channel: str, new: Collection[NewMessage], *, line_id: int, now: datetime) -> int:
    """Add messages, move the cursor to a line, and give the number of those that are new.

    Of an end only those are taken whose beginning was told.
    """
    with database.connection() as connection:
        # Beginnings first: an end of the same time is then told too.
        count = 0
        for part in ([one for one in new if one.act == "activate"], [one for one in new if one.act != "activate"]):
            ids, acts, occurrences, lines = (list(column) for column in zip(*part, strict=True)) if part else ([],) * 4
            values = {"condition_ids": ids, "acts": acts, "occurrences": occurrences, "line_ids": lines}
            count += connection.execute(query("notifications", "add"), {"channel": channel, "now": now, **values}).rowcount
        connection.execute(query("notifications", "set_cursor"), [channel, line_id])
    return count


def add_reminders(database: Database, channel: str, *, before: datetime, now: datetime) -> int:
    """Add a message for each critical alarm that still calls, and of which nothing was told since ``before``."""
    with database.connection() as connection:
        values = {"channel": channel, "before": before, "now": now}
        return connection.execute(query("notifications", "remind"), values).rowcount


def give_up(database: Database, channel: str, *, before: datetime) -> int:
    """Give up what was made before then and could not be sent."""
    with database.connection() as connection:
        return connection.execute(query("notifications", "give_up"), [channel, before]).rowcount


def due_messages(database: Database, channel: str, *, now: datetime, limit: int = 2000) -> list[DueMessage]:
    """Read what is to be tried now, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(query("notifications", "due"), [channel, now, limit]).fetchall()
    return [_due(row) for row in rows]


def record_attempt(
    database: Database, channel: str, ids: Collection[int], *, answer: str, now: datetime, again_at: datetime | None
) -> None:
    """Write down an attempt; ``again_at`` is None where it succeeded."""
    state = "sent" if again_at is None else "failed"
    values = {"ids": list(ids), "state": state, "answer": answer, "now": now, "due_at": again_at or now}
    with database.connection() as connection:
        connection.execute(query("notifications", "tried"), values)
        connection.execute(query("notifications", "record_attempt"), [channel, now, list(ids), again_at is None, answer])


def purge(database: Database, *, now: datetime) -> None:
    """Forget what is long over."""
    with database.connection() as connection:
        connection.execute(query("notifications", "purge_messages"), [now - KEPT])
        connection.execute(query("notifications", "purge_attempts"), [now - KEPT])


def _due(row: Any) -> DueMessage:
    number, act, repetition, attempts, made_at, line_id, *rest = row
    *transition, gateway, equipment, kind, title, active_since, definition = rest
    line = JournalLine(line_id, TransitionRow(*transition), gateway, equipment, kind, title)
    return DueMessage(number, act, repetition, attempts, made_at, line, active_since, definition or {})
