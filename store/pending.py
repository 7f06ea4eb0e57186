"""Signals that wait for a column, and their way into it once a migration has made it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from store.copy_binary import LIMITS
from store.database import Database, quoted
from store.moved_rows import alone, end_of_slice, note_moved, sum_until
from store.partitions import Partitions
from store.sql_files import query, query_text
from store.targets import load_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignal:
    """A signal of a gateway that lies in ``reading.other``; without ``has_table`` its whole kind is unknown."""

    gateway: str
    kind: str
    signal: str
    first_seen: datetime
    last_seen: datetime
    has_table: bool
    has_column: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """Where the values of one signal go; SQL text of their conversion, which must never fail in the middle of a slice."""

    name: str
    sql_type: str
    signal_id: int

    @property
    def fits(self) -> str:
        condition = f"signal_id = {self.signal_id}"
        if self.sql_type in LIMITS:
            low, high = LIMITS[self.sql_type]
            condition += f" AND (value BETWEEN {float(low)!r} AND {float(high)!r}"
            condition += " OR abs(value) = 'Infinity')" if self.sql_type == "real" else ")"
        return condition

    @property
    def value(self) -> str:
        # What real is too coarse for becomes zero, as it does on the way of COPY; a cast would refuse it.
        value = "CASE WHEN abs(value) < 1e-45 THEN 0 ELSE value END" if self.sql_type == "real" else "value"
        by_way_of = "::integer" if self.sql_type == "boolean" else ""
        return f"(max({value}) FILTER (WHERE signal_id = {self.signal_id})){by_way_of}::{self.sql_type}"


def list_pending(database: Database) -> list[PendingSignal]:
    """Read what waits, sorted by kind, signal and gateway."""
    tables = load_tables(database)
    with database.connection() as connection:
        rows = connection.execute(query("pending", "list")).fetchall()
    return [
        PendingSignal(
            gateway=gateway,
            kind=kind,
            signal=signal,
            first_seen=first_seen,
            last_seen=last_seen,
            has_table=bool(tables.columns_of(kind)),
            has_column=signal in tables.columns_of(kind),
        )
        for gateway, kind, signal, first_seen, last_seen in rows
    ]


def forget_pending(database: Database, gateway: str) -> int:
    """Take the signals of a gateway off the list, and count them; their values stay, and those still sent come back to it."""
    with database.connection() as connection:
        return connection.execute(query("pending", "forget"), [gateway]).rowcount


def adopt(database: Database, *, report: Callable[[str], None] = lambda _: None, longest_seconds: float = float("inf")) -> int:
    """Move values from ``reading.other`` to the columns that have been made for them, and count the rows that got some.

    A machine and a day make a transaction, so it may be broken off at any time and goes on when it is called again; with nothing
    to do it costs one look-up. A value that the column's type cannot hold stays where it is. Signals leave the list at the second
    pass, an hour later or more: until then a worker may not have known of the column.

    Raises
    ------
    DatabaseError
        And then the same call goes on where this one was.
    """
    stop_at = time.monotonic() + longest_seconds
    tables = load_tables(database)
    count = 0
    with alone(database):
        with database.connection() as connection:
            due = connection.execute(query("pending", "due"), {"kinds": list(tables.kinds)}).fetchall()
        for kind, pairs in groupby(due, key=lambda row: str(row[0])):
            wanted = {signal: tables.columns_of(kind)[signal] for _, signal in pairs if signal in tables.columns_of(kind)}
            columns = _columns(database, wanted)
            moved, is_all = sum_until(_adopt(database, kind, columns) if columns else (), stop_at)
            if moved:
                report(f"reading.{kind}: {moved:,} rows got values of {', '.join(column.name for column in columns)}")
            count += moved
            if not is_all:
                break
            with database.connection() as connection:
                connection.execute(query("pending", "settle"), {"kind": kind, "signals": list(wanted)})
    return count


def _columns(database: Database, wanted: Mapping[str, str]) -> list[_Column]:
    with database.connection() as connection:
        ids = dict(connection.execute(query("pending", "look_up_signals"), [list(wanted)]).fetchall())
    return [_Column(name=name, sql_type=sql_type, signal_id=ids[name]) for name, sql_type in wanted.items() if name in ids]


def _adopt(database: Database, kind: str, columns: list[_Column]) -> Iterator[int]:
    """Go through the machines of a kind, day by day."""
    names = [quoted(column.name) for column in columns]
    parts = {
        "table": f"reading.{quoted(kind)}",
        "columns": ", ".join(names),
        "values": ", ".join(column.value for column in columns),
        "fits": " OR ".join(f"({column.fits})" for column in columns),
        "assignments": ", ".join(f"{name} = coalesce(a.{name}, r.{name})" for name in names),
    }
    statements = [query_text("pending", name, **parts) for name in ("rows_to_fill", "take_values", "fill_rows", "add_rows")]
    first_value = query_text("pending", "first_value", **parts)
    partitions = Partitions(database)
    with database.connection() as connection:
        machines = [number for (number,) in connection.execute(query("pending", "machines"), {"kind": kind})]
    for machine in machines:
        place = {"id": machine, "signal_ids": [column.signal_id for column in columns]}
        start: datetime | None = datetime(1970, 1, 1, tzinfo=UTC)
        while start is not None:
            with database.connection() as connection:
                (start,) = connection.execute(first_value, {**place, "start": start}).fetchone() or (None,)
            if start is None:
                break
            end = end_of_slice(start)
            partitions.require(kind, {start.astimezone(UTC).date()})
            with database.connection() as connection:
                connection.execute(query("rollups", "allow_compressed"))
                for statement in statements:
                    connection.execute(statement, {**place, "start": start, "end": end})
                count, first, last = connection.execute(query("pending", "filled_rows")).fetchone() or (0, start, start)
                if count:
                    note_moved(connection, kind, [machine], first, last)
            yield count
            start = end
