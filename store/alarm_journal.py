"""The journal of alarms: what happened to conditions, line by line; lines are added and never changed.

Also the floods, which are made of its lines.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.sql_files import query, query_text

_MATCHES = query("alarms", "journal_matches").decode()


class TransitionRow(NamedTuple):
    """A row of ``alarm.transition`` without its id."""

    time: datetime
    recorded_at: datetime
    condition_id: int
    gateway: str
    equipment_id: int | None
    rule: str
    priority: str
    act: str
    state_before: str
    state_after: str
    occurrence: int
    is_annunciated: bool
    value: float | None
    limit_value: float | None
    actor: str
    note: str


class JournalLine(NamedTuple):
    """A line under the machine's names of today; ``equipment`` and ``kind`` are empty for one of the gateway itself."""

    id: int
    transition: TransitionRow
    gateway: str
    equipment: str
    kind: str
    title: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """Which lines are meant; None does not narrow, an empty collection means none at all."""

    gateways: Collection[str] | None = None
    equipment_ids: Collection[int] | None = None
    condition_ids: Collection[int] | None = None
    kinds: Collection[str] | None = None
    rules: Collection[str] | None = None
    priorities: Collection[str] | None = None
    acts: Collection[str] | None = None
    actors: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    before_id: int | None = None
    """Older than this line: what a next page begins with."""

    @property
    def parameters(self) -> dict[str, Any]:
        lists = ("gateways", "equipment_ids", "condition_ids", "kinds", "rules", "priorities", "acts", "actors")
        return {
            **{name: None if getattr(self, name) is None else list(getattr(self, name)) for name in lists},
            "since": self.since,
            "until": self.until,
            "before_id": self.before_id,
        }


class Annunciation(NamedTuple):
    """A call for the operator."""

    time: datetime
    condition_id: int
    equipment_id: int | None
    gateway: str


class FloodRow(NamedTuple):
    """A row of ``alarm.flood``; ``ended_at`` is None while it lasts."""

    id: int
    position: str
    began_at: datetime
    ended_at: datetime | None
    annunciations: int


# --- changing -------------------------------------------------------------------------------------------------------


def append_transitions(connection: Connection, rows: Collection[TransitionRow]) -> None:
    """Add lines in the order given; in the transaction that saves their conditions."""
    if rows:
        connection.execute(query("alarms", "append"), [list(column) for column in zip(*rows, strict=True)])


def annunciations_of_machines(connection: Connection, since: datetime, equipment_ids: Collection[int]) -> list[Annunciation]:
    """Read the calls after ``since`` of these machines and of the gateways themselves, oldest first."""
    rows = connection.execute(query("alarms", "annunciations_of_machines"), [since, sorted(equipment_ids)])
    return [Annunciation(*row) for row in rows]


def newest_annunciations(
    connection: Connection, position: str, positions: Mapping[str, str], *, since: datetime, limit: int
) -> list[Annunciation]:
    """Read at most ``limit`` calls of an operator's position after ``since``, oldest first; ``positions`` are by gateway."""
    parameters = {
        "position": position,
        "gateways": list(positions),
        "positions": list(positions.values()),
        "since": since,
        "limit": limit,
    }
    return [Annunciation(*row) for row in connection.execute(query("alarms", "newest_annunciations"), parameters)]


def open_floods(connection: Connection) -> dict[str, FloodRow]:
    """Give the floods that last, by position."""
    rows = [FloodRow(*row) for row in connection.execute(query("alarms", "open_floods"))]
    return {row.position: row for row in rows}


def begin_flood(connection: Connection, position: str, began_at: datetime) -> int:
    """Open a flood and give its id."""
    ((flood_id,),) = connection.execute(query("alarms", "begin_flood"), [position, began_at]).fetchall()
    return int(flood_id)


def grow_flood(connection: Connection, flood_id: int, annunciations: int) -> None:
    connection.execute(query("alarms", "grow_flood"), [annunciations, flood_id])


def end_flood(connection: Connection, flood_id: int, ended_at: datetime) -> None:
    connection.execute(query("alarms", "end_flood"), [ended_at, flood_id])


def set_flood(connection: Connection, flood_id: int | None, condition_ids: Collection[int]) -> None:
    """Count conditions to a flood, or to none."""
    connection.execute(query("alarms", "set_flood"), [flood_id, list(condition_ids)])


def set_first_out(connection: Connection, condition_ids: Collection[int]) -> None:
    connection.execute(query("alarms", "set_first_out"), [list(condition_ids)])


def clear_first_out(connection: Connection, condition_ids: Collection[int]) -> None:
    """Take the mark off, but not off the first of a flood that still lasts."""
    connection.execute(query("alarms", "clear_first_out"), [list(condition_ids)])


# --- reading --------------------------------------------------------------------------------------------------------


def list_journal(database: Database, wanted: JournalFilter, *, limit: int = 50, offset: int = 0) -> list[JournalLine]:
    """Read a page, newest first by the order of writing."""
    with database.connection() as connection:
        rows = connection.execute(
            query_text("alarms", "journal", journal_matches=_MATCHES), {**wanted.parameters, "limit": limit, "offset": offset}
        ).fetchall()
    return [_line(row) for row in rows]


def count_journal(database: Database, wanted: JournalFilter) -> int:
    """Count what `list_journal` would give on all its pages."""
    with database.connection() as connection:
        ((count,),) = connection.execute(
            query_text("alarms", "count_journal", journal_matches=_MATCHES), wanted.parameters
        ).fetchall()
    return int(count)


def journal_after(database: Database, line_id: int, *, limit: int = 1000) -> list[JournalLine]:
    """Read on from a line, oldest first; nothing can appear before what was read."""
    with database.connection() as connection:
        rows = connection.execute(query("alarms", "journal_after"), [line_id, limit]).fetchall()
    return [_line(row) for row in rows]


def newest_line(database: Database) -> int:
    """Give the id of the newest line, 0 where there is none: where to begin to read on."""
    with database.connection() as connection:
        ((line_id,),) = connection.execute(query("alarms", "newest_line")).fetchall()
    return int(line_id)


def list_floods(database: Database, since: datetime, until: datetime) -> list[FloodRow]:
    """Give the floods of a period, those that reach into it included, newest first."""
    with database.connection() as connection:
        return [FloodRow(*row) for row in connection.execute(query("alarms", "list_floods"), [until, since])]


def floods_now(database: Database) -> dict[str, FloodRow]:
    """Give the floods that last, by position."""
    with database.connection() as connection:
        return open_floods(connection)


def _line(row: Sequence[Any]) -> JournalLine:
    line_id, *transition, gateway, equipment, kind, title = row
    return JournalLine(line_id, TransitionRow(*transition), gateway, equipment, kind, title)
