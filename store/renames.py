"""Machines get new names and move to other gateways; their history stays.

The row of a machine in ``reading.equipment`` has its name of today. Each earlier name is a row of its own that leads to it by
``same_as``, so that bundles that lie in a spool under the old name still find the machine. Where the new name had been registered
as a machine already, that row becomes the earlier name, and its readings are moved to the machine's id.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from store.database import Connection, Database, quoted
from store.kind_tables import OTHER, ROLLUPS, WAVEFORM
from store.moved_rows import alone, end_of_slice, note_moved, sum_until
from store.sql_files import query, query_text
from telemetry.errors import ConfigError
from telemetry.topics import NAME_PATTERN

_RELEASED = "~"
"""In a name that was released: no machine can send it."""
_EVENT = "event"


class Name(NamedTuple):
    gateway: str
    name: str

    def __str__(self) -> str:
        return f"{self.gateway}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Name":
        """Read ``GATEWAY/NAME``.

        Raises
        ------
        ConfigError
            If it is not two names that could be sent.
        """
        gateway, _, name = text.partition("/")
        if not all(re.fullmatch(NAME_PATTERN, part) for part in (gateway, name)):
            raise ConfigError(f"{text!r} is not GATEWAY/NAME, each of letters, digits, '_', '.' and '-'")
        return cls(gateway, name)


class _Row(NamedTuple):
    id: int
    kind: str
    same_as: int | None


class _Alias(NamedTuple):
    id: int
    machine: int
    kind: str


def rename(database: Database, old: Name, new: Name, *, merge: bool = False) -> None:
    """Give a machine another name, at the same gateway or at another one; `move_alias_rows` then moves rows, if there are any.

    Raises
    ------
    ConfigError
        If the old name is no machine's or an earlier one, or if the new name is another machine: of another kind, or at work at
        the same time (which ``merge`` permits).
    """
    if old == new:
        raise ConfigError(f"{old} is its name already")
    with database.connection() as connection:
        connection.execute(query("equipment", "count_name_change"))
        machine = _machine(connection, old)
        namesake = _find(connection, new)
        if namesake is None:
            connection.execute(query("equipment", "give_name"), {"id": machine.id, **new._asdict()})
            connection.execute(query("equipment", "add_earlier_name"), {"id": machine.id, "kind": machine.kind, **old._asdict()})
            return
        if namesake.same_as not in (None, machine.id):
            raise ConfigError(f"{new} is an earlier name of {_name_of(connection, namesake)}: release it first")
        if namesake.same_as is None:
            _check_same(connection, (old, machine), (new, namesake), merge=merge)
            connection.execute(query("equipment", "set_kind"), {"id": machine.id, "kind": machine.kind or namesake.kind})
            ids = {"machine": machine.id, "alias": namesake.id}
            connection.execute(query("equipment", "keep_first_seen"), ids)
            connection.execute(query("equipment", "make_alias"), ids)
        _swap(connection, (old, machine), (new, namesake))


def release(database: Database, name: Name) -> None:
    """Free an earlier name: the next bundle under it registers a new machine.

    Raises
    ------
    ConfigError
        If it is no earlier name.
    """
    with database.connection() as connection:
        connection.execute(query("equipment", "count_name_change"))
        row = _find(connection, name)
        if row is None:
            raise ConfigError(f"nothing is known under {name}")
        if row.same_as is None:
            raise ConfigError(f"{name} is a machine's name of today; rename it first")
        # The row stays, for what a worker may still be writing under its id.
        freed = Name(name.gateway, f"{name.name}{_RELEASED}{row.id}")
        connection.execute(query("equipment", "give_name"), {"id": row.id, **freed._asdict()})


def set_kind(database: Database, name: Name, kind: str, *, known: Collection[str]) -> None:
    """Correct the kind of a machine that was registered under a kind without a table, misspelt perhaps; ``known`` have one.

    Its signals wait under the right kind from then on, so that `store.pending.adopt` moves what it has sent so far.

    Raises
    ------
    ConfigError
        If the machine has its rows in a table already, or the kind has none.
    """
    with database.connection() as connection:
        connection.execute(query("equipment", "count_name_change"))
        machine = _machine(connection, name)
        if machine.kind in known:
            raise ConfigError(
                f"{name} is a {machine.kind} and has its readings there; rename it and give the new machine its name"
            )
        if kind not in known:
            raise ConfigError(f"no table is made for the kind {kind!r}; known: {', '.join(sorted(known))}")
        connection.execute(query("equipment", "set_kind"), {"id": machine.id, "kind": kind})
        connection.execute(query("pending", "wait_as"), {"gateway": name.gateway, "old": machine.kind, "new": kind})


def move_alias_rows(
    database: Database, *, report: Callable[[str], None] = lambda _: None, longest_seconds: float = float("inf")
) -> int:
    """Give the rows that stand under the ids of earlier names to their machines, a day at a time, and count them.

    Workers notice a new name within seconds, but may have been writing until then. It is quick when there is nothing to move, may
    be broken off at any time, and rollups are noted to be made anew for both ids.
    """
    stop_at = time.monotonic() + longest_seconds
    with alone(database):
        with database.connection() as connection:
            aliases = [_Alias(*row) for row in connection.execute(query("equipment", "fresh_aliases"))]
            existing = {name for (name,) in connection.execute(query("equipment", "time_tables"))}
        count = 0
        tables = {table for alias in aliases for table in _tables(alias.kind)} & existing
        # First the values without a column, so that none arrives before its row and is given a row of its own there.
        for table in sorted(tables, key=lambda table: (table != OTHER, table)):
            candidates = {alias.id: alias for alias in aliases if table in _tables(alias.kind)}
            for alias_id in _with_rows(database, table, list(candidates)):
                moved, is_all = sum_until(_move(database, table, candidates[alias_id]), stop_at)
                report(f"reading.{table}: {moved:,} rows moved")
                count += moved
                if not is_all:
                    return count
        _move_states(database, [alias.id for alias in aliases])
    return count


def _move_states(database: Database, alias_ids: list[int]) -> None:
    """Move what a machine has few of: intervals of bad quality, and the newest values."""
    if not alias_ids:
        return
    with database.connection() as connection:
        connection.execute(query("equipment", "move_intervals"), {"ids": alias_ids})
    for alias_id in _with_rows(database, "latest", alias_ids):
        with database.connection() as connection:
            connection.execute(query("equipment", "merge_latest"), {"alias": alias_id})


def _machine(connection: Connection, name: Name) -> _Row:
    row = _find(connection, name)
    if row is None:
        raise ConfigError(f"no machine has sent as {name}")
    if row.same_as is not None:
        raise ConfigError(f"{name} is an earlier name of {_name_of(connection, row)}")
    return row


def _find(connection: Connection, name: Name) -> _Row | None:
    row = connection.execute(query("equipment", "row_of_name"), name).fetchone()
    return None if row is None else _Row(*row)


def _name_of(connection: Connection, row: _Row) -> Name:
    found = connection.execute(query("equipment", "get"), [row.id]).fetchone()
    assert found is not None
    return Name(found[1], found[2])


def _check_same(connection: Connection, old: tuple[Name, _Row], new: tuple[Name, _Row], *, merge: bool) -> None:
    """Refuse to make one machine of two that cannot be the same."""
    (old_name, machine), (new_name, namesake) = old, new
    if machine.kind and namesake.kind and machine.kind != namesake.kind:
        raise ConfigError(f"{old_name} is a {machine.kind} and {new_name} a {namesake.kind}: they are not the same machine")
    if merge:
        return
    kind = machine.kind or namesake.kind
    before, after = _times_of(connection, kind, machine.id), _times_of(connection, kind, namesake.id)
    if before and after and min(after) <= max(before) and min(before) <= max(after):
        spans = (f"{min(times):%Y-%m-%d %H:%M:%S} to {max(times):%Y-%m-%d %H:%M:%S} UTC" for times in (before, after))
        raise ConfigError(
            f"{old_name} ({next(spans)}) and {new_name} ({next(spans)}) were at work at the same time; "
            "if they are one machine nevertheless, say --merge"
        )


def _times_of(connection: Connection, kind: str, equipment_id: int) -> list[datetime]:
    """Give the first and last time of a machine in each table that may hold rows of it."""
    existing = {name for (name,) in connection.execute(query("equipment", "time_tables"))}
    times: list[datetime] = []
    for table in {kind, OTHER, _EVENT} & existing:
        statement = query_text("equipment", "first_and_last", table=_sql_name(table))
        times += filter(None, connection.execute(statement, {"id": equipment_id}).fetchone() or ())
    return times


def _swap(connection: Connection, old: tuple[Name, _Row], new: tuple[Name, _Row]) -> None:
    """Let two rows change names; by way of a third, since no two may have the same for an instant."""
    (old_name, machine), (new_name, namesake) = old, new
    between = Name("", f"{_RELEASED}{namesake.id}")
    for equipment_id, name in ((namesake.id, between), (machine.id, new_name), (namesake.id, old_name)):
        connection.execute(query("equipment", "give_name"), {"id": equipment_id, **name._asdict()})


def _tables(kind: str) -> set[str]:
    """Name the tables split by time that may hold rows of a kind's machine."""
    return {kind, *(f"{kind}_{level}" for level in ROLLUPS), OTHER, WAVEFORM, _EVENT}


def _with_rows(database: Database, table: str, ids: list[int]) -> list[int]:
    with database.connection() as connection:
        statement = query_text("equipment", "ids_with_rows", table=_sql_name(table))
        return [number for (number,) in connection.execute(statement, {"ids": ids})]


def _move(database: Database, table: str, alias: _Alias) -> Iterator[int]:
    """Move the rows of one table, each slice in a transaction of its own."""
    slice_days = 1 if table in (alias.kind, OTHER, _EVENT, WAVEFORM) else 30
    while True:
        with database.connection() as connection:
            statement = query_text("equipment", "first_and_last", table=_sql_name(table))
            start, _ = connection.execute(statement, {"id": alias.id}).fetchone() or (None, None)
            if start is None:
                return
            connection.execute(query("rollups", "allow_compressed"))
            end = end_of_slice(start, slice_days)
            parts = {"machine": alias.machine, "alias": alias.id, "start": start, "end": end}
            statement = query_text("equipment", "move_rows", table=_sql_name(table))
            count, first, last = connection.execute(statement, parts).fetchone() or (0, start, start)
            if count and table == alias.kind:
                note_moved(connection, table, [alias.machine, alias.id], first, last)
        yield count


def _sql_name(table: str) -> str:
    return f"reading.{quoted(table)}"
