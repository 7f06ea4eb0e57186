"""Rollups by minute and by hour: tables that hold minimum, maximum, mean and count of each signal and machine.

Every commit notes in its own transaction which buckets its rows fall into. A refresh deletes the noted buckets that are over and
makes them anew from the level below; so it may run again, or be killed, at any time, and rows that come late are in at the next
refresh. Live rows are noted once for all machines, late ones by machine: a gateway that drains its spool is recomputed alone.

Up to ``done_until`` of its level every bucket is made; a reader takes what comes after from the level below.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from store.database import Connection, Database, quoted
from store.group import Rows
from store.kind_tables import KEY_COLUMNS, OTHER, RAW, ROLLUPS, Rollup
from store.partitions import create_partitions
from store.sql_files import query, query_text
from telemetry.bundle import MICROSECONDS

SETTLING = timedelta(seconds=30)
"""So long after its end a minute is taken for complete: gateways flush every second, commits take less than one."""
_MINUTE_US = 60 * MICROSECONDS
_GAP_US = 86_400 * MICROSECONDS
"""Late rows of a machine further apart are noted apart, so that one stray old row does not cause a year's work."""
_EVERYONE = -1
_MOST_LIVE, _MOST_LATE = 50_000, 2_000
"""Notes taken at once."""
_SLICE_BUCKETS = 10_000
"""Buckets made in one transaction; from 60 rows each it takes about a second."""


class Slice(NamedTuple):
    """Machines of one table and a span of whole buckets."""

    table: str
    start: datetime
    end: datetime
    ids: list[int]


def note_touched(connection: Connection, rows: Sequence[Rows], *, now_us: int | None = None) -> int:
    """Note which minutes rows fall into, within the transaction that stores them, and count the rows that are late."""
    if now_us is None:
        now_us = time.time_ns() // 1000
    open_from_us = (now_us - SETTLING // timedelta(microseconds=1)) // _MINUTE_US * _MINUTE_US
    tables: list[str] = []
    spans: list[npt.NDArray[np.int64]] = []
    late_rows = 0
    for part in rows:
        if part.target.table == OTHER or not len(part.times_us):
            continue
        late = part.times_us < open_from_us
        late_rows += int(late.sum())
        found = _touched(part.times_us, part.equipment_ids, late)
        tables += [part.target.table] * found.shape[1]
        spans.append(found)
    if tables:
        ids, starts, ends = np.concatenate(spans, axis=1)
        seconds = ((starts // _MINUTE_US * 60).tolist(), (ends // _MINUTE_US * 60 + 60).tolist())
        connection.execute(query("rollups", "touch"), [tables, ids.tolist(), *seconds])
    return late_rows


def _touched(
    times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[np.int32], late: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Give machine, first and last time of each note; rows are sorted by machine and time."""
    if not late.any():
        return np.array([[_EVERYONE], [times_us.min()], [times_us.max()]])
    times, ids = times_us[late], equipment_ids[late]
    breaks = np.flatnonzero((ids[1:] != ids[:-1]) | (times[1:] - times[:-1] > _GAP_US))
    firsts, lasts = np.concatenate(([0], breaks + 1)), np.append(breaks, len(ids) - 1)
    found = np.stack((ids[firsts].astype(np.int64), times[firsts], times[lasts]))
    if late.all():
        return found
    live = times_us[~late]
    return np.concatenate((found, [[_EVERYONE], [live.min()], [live.max()]]), axis=1)


def refresh(
    database: Database,
    rollup: Rollup,
    *,
    now: datetime,
    longest_seconds: float = float("inf"),
    slice_buckets: int = _SLICE_BUCKETS,
) -> int:
    """Make the noted buckets of one level that are over, and count the machines' spans; late ones wait when time is up.

    Raises
    ------
    DatabaseError
        And then the same call goes on where this one was.
    """
    stop_at = time.monotonic() + longest_seconds
    levels = read_levels(database)
    kept_from, source_done = levels[rollup.source]
    closed = floor(now - SETTLING, rollup.width) if rollup.source == RAW else source_done and floor(source_done, rollup.width)
    if closed is None:
        return 0
    work = _Refresh(database, rollup, closed, kept_from, slice_buckets)
    count = 0
    while done := work.batch(everyone=True, limit=_MOST_LIVE):
        count += done
    with database.connection() as connection:
        connection.execute(query("rollups", "raise_done_until"), {"level": rollup.name, "done_until": closed})
    while time.monotonic() < stop_at and (done := work.batch(everyone=False, limit=_MOST_LATE)):
        count += done
    return count


def read_levels(database: Database) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Read from where each level is whole and until where it is made."""
    with database.connection() as connection:
        rows = connection.execute(query("rollups", "levels")).fetchall()
    return {name: (kept_from, done_until) for name, kept_from, done_until in rows}


def floor(at: datetime, width: timedelta) -> datetime:
    """Give the start of the bucket that holds an instant; widths divide the day."""
    return at - (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) % width


class _Refresh:
    """One level up to one instant."""

    def __init__(
        self, database: Database, rollup: Rollup, closed: datetime, kept_from: datetime | None, slice_buckets: int
    ) -> None:
        self._database = database
        self._rollup = rollup
        self._parts = {"level": rollup.name, "closed": closed, "kept_from": kept_from}
        self._slice_buckets = slice_buckets
        with database.connection() as connection:
            self._columns: dict[str, dict[str, str]] = {}
            for table, column, sql_type in connection.execute(query("database", "reading_columns")):
                self._columns.setdefault(table, {})[column] = sql_type

    def batch(self, *, everyone: bool, limit: int) -> int:
        """Take some notes, make their buckets, note them for the next level, and forget them."""
        with self._database.connection() as connection:
            taken = connection.execute(
                query("rollups", "take_touched"), {**self._parts, "everyone": everyone, "limit": limit}
            ).fetchall()
            if not taken:
                return 0
            parts = {**self._parts, "ids": [number for (number,) in taken]}
            merged = [Slice(*row) for row in connection.execute(query("rollups", "merge_touched"), parts)]
        for span in merged:
            for piece in self._pieces(span if not everyone else span._replace(ids=self._machines(span.table))):
                self._make(piece)
        with self._database.connection() as connection:
            for above in ROLLUPS.values():
                if above.source == self._rollup.name:
                    connection.execute(
                        query("rollups", "cascade_touched"), {**parts, "next_level": above.name, "width": above.width}
                    )
            if not everyone and self._rollup.source == RAW:  # what analytics have made of these minutes is due again
                connection.execute(query("rollups", "note_late"), parts)
            connection.execute(query("rollups", "forget_touched"), parts)
            connection.execute(query("rollups", "shorten_touched"), parts)
        return len(taken)

    def _machines(self, table: str) -> list[int]:
        with self._database.connection() as connection:
            return [number for (number,) in connection.execute(query("rollups", "machines_of_kind"), [table])]

    def _pieces(self, span: Slice) -> Iterator[Slice]:
        """Cut into what one transaction takes: some machines over the whole span, or one machine over parts of it."""
        width, most = self._rollup.width, self._slice_buckets
        buckets = (span.end - span.start) // width
        machines = max(1, most // buckets)
        for first in range(0, len(span.ids), machines):
            for bucket in range(0, buckets, most):
                start = span.start + bucket * width
                yield Slice(span.table, start, min(span.end, start + most * width), span.ids[first : first + machines])

    def _make(self, piece: Slice) -> None:
        rollup = self._rollup
        target_name = f"{piece.table}_{rollup.name}"
        source_name = piece.table if rollup.source == RAW else f"{piece.table}_{rollup.source}"
        if target_name not in self._columns or source_name not in self._columns:
            return  # a kind that is gone, or not migrated yet
        columns = _expressions(self._columns[piece.table], self._columns[target_name], is_from_raw=rollup.source == RAW)
        if not self._database.edition.has_hypertables:
            days = [piece.start.date(), (piece.end - rollup.width).date()]
            span_days = {days[0] + timedelta(days=n) for n in range((days[1] - days[0]).days + 1)}
            create_partitions(self._database, target_name, span_days, rollup.period)
        statements = [
            query_text("rollups", name, target=f"reading.{quoted(target_name)}", **parts)
            for name, parts in (
                ("delete_buckets", {}),
                (
                    "insert_buckets",
                    {
                        "source": f"reading.{quoted(source_name)}",
                        "columns": ", ".join(map(quoted, columns)),
                        "values": ", ".join(columns.values()),
                    },
                ),
            )
        ]
        with self._database.connection() as connection:
            (_, kept_from) = connection.execute(query("rollups", "kept_from"), [rollup.source]).fetchone() or (None, None)
            connection.execute(query("rollups", "allow_compressed"))
            start = piece.start if kept_from is None else max(piece.start, kept_from)
            for statement in statements:
                connection.execute(statement, {"ids": piece.ids, "start": start, "end": piece.end, "width": rollup.width})


def _expressions(raw: dict[str, str], target: dict[str, str], *, is_from_raw: bool) -> dict[str, str]:
    """Write how each column of a rollup comes from the level below; of signals that both have, whatever the profiles say now."""
    found: dict[str, str] = {}
    for name, sql_type in raw.items():
        if name in KEY_COLUMNS or f"{name}_count" not in target:
            continue
        low, high, mean, count = (quoted(f"{name}_{part}") for part in ("min", "max", "mean", "count"))
        if is_from_raw:
            value = quoted(name) + ("::int" if sql_type == "boolean" else "")
            forms = (f"min({value})", f"max({value})", f"avg({value}::float8)", f"count({quoted(name)})")
        else:
            # Weighted, and a bucket without values weighs nothing.
            forms = (f"min({low})", f"max({high})", f"sum({mean} * {count}) / nullif(sum({count}), 0)", f"sum({count})")
        found |= {f"{name}_{part}": form for part, form in zip(("min", "max", "mean", "count"), forms, strict=True)}
    return found
