"""Digests of readings by machine, point and day, for comparing two databases without carrying their rows about.

The digest of a bucket is the sum of the first 64 bits of MD5 over the time in microseconds and the value's 64 bits: the order of
rows does not matter, and each copy of a row counts. Values are compared as double precision, so a column may have been widened.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from device_profiles.kind import kind_names, load_kind
from store.binary_arrays import elements
from store.database import Database, quoted
from store.sql_files import query, query_text

_DIGEST = "sum(('x' || left(md5({epoch} || '|' || {word} || '|0'), 16))::bit(64)::int8::numeric)::text"
_EPOCH_US = "(extract(epoch FROM time) * 1000000)::int8"
ROWS = "(rows)"
"""Name of the bucket that stands for a machine's rows of a day as such."""


NARROW = ("other:", "waveform:", "event:")
"""How points of narrow tables begin."""


class VerifiedMachine(NamedTuple):
    id: int
    gateway: str
    name: str
    kind: str


class Bucket(NamedTuple):
    """One point of one machine on one day."""

    rows: int
    """All rows of the day; those of narrow tables, of the point."""
    values: int
    """Without those that are NULL."""
    distinct_times: int
    first: datetime | None
    last: datetime | None
    digest: str


BucketKey = tuple[int, str]
"""Day since 1970 in the zone, and point."""


def machines(database: Database) -> list[VerifiedMachine]:
    with database.connection() as connection:
        return [VerifiedMachine._make(row) for row in connection.execute(query("verification", "machines"))]


def schema(database: Database) -> tuple[dict[tuple[str, str], str], set[tuple[str, bool, str]], set[str]]:
    """Give the types of columns by table and column, the keys (table, is unique, columns), and the migrations that were had."""
    with database.connection() as connection:
        columns = {(table, column): kind for table, column, kind in connection.execute(query("verification", "columns"))}
        keys = {(table, unique, names) for table, unique, names in connection.execute(query("verification", "keys"))}
        had = {name for (name,) in connection.execute(query("verification", "migrations"))}
    return columns, keys, had


def buckets(
    database: Database, machine: VerifiedMachine, *, start: datetime, end: datetime, offset: timedelta
) -> dict[BucketKey, Bucket]:
    """Digest what a machine has in ``[start, end)``, by day of a zone at ``offset`` from UTC."""
    values = {"id": machine.id, "start": start, "end": end, "offset_seconds": offset.total_seconds()}
    found: dict[BucketKey, Bucket] = {}
    with database.connection() as connection:
        if machine.kind in kind_names():
            names = load_kind(machine.kind).numeric_signals
            wide = [f"{quoted(name)}{'::int' if _is_boolean(machine.kind, name) else ''}" for name in names]
            statement = query_text(
                "verification",
                "buckets",
                counts=", ".join(f"count({column})" for column in wide),
                firsts=", ".join(f"min(time) FILTER (WHERE {column} IS NOT NULL)" for column in wide),
                lasts=", ".join(f"max(time) FILTER (WHERE {column} IS NOT NULL)" for column in wide),
                digests=", ".join(
                    _DIGEST.format(epoch=_EPOCH_US, word=f"encode(float8send({column}::float8), 'hex')") for column in wide
                ),
                table=quoted(machine.kind),
            )
            for day, rows, distinct, first, last, counts, firsts, lasts, digests in connection.execute(statement, values):
                found[day, ROWS] = Bucket(rows, rows, distinct, first, last, "")
                for name, count, begin, stop, digest in zip(names, counts, firsts, lasts, digests, strict=True):
                    if count:
                        found[day, name] = Bucket(rows, count, distinct, begin, stop, digest)
        narrow = query_text("verification", "other_buckets", digest=_DIGEST.format(epoch=_EPOCH_US, word="word"))
        for day, rows, distinct, first, last, point, digest in connection.execute(narrow, values):
            found[day, point] = Bucket(rows, rows, distinct, first, last, digest)
    return found


def read_rows(
    database: Database, machine: VerifiedMachine, point: str, *, start: datetime, end: datetime
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Read times (microseconds since 1970) and values (NaN for NULL) of one column, in the order of time."""
    column = f"{quoted(point)}{'::int' if _is_boolean(machine.kind, point) else ''}"
    statement = query_text("verification", "rows", table=quoted(machine.kind), column=column)
    values = {"id": machine.id, "start": start, "end": end}
    with database.connection() as connection:
        row = connection.execute(statement, values, binary=True).fetchone()
    assert row is not None
    return elements(row[0], ">i8").astype(np.int64), elements(row[1], ">f8").astype(np.float64)


def orphans(database: Database, tables: Sequence[str], *, start: datetime, end: datetime) -> dict[str, int]:
    """Count, by table, machines that readings name and the register does not, and values whose signal has no name."""
    span = {"start": start, "end": end}
    with database.connection() as connection:
        found = {}
        for table in tables:
            ((count,),) = connection.execute(query_text("verification", "orphans", table=quoted(table)), span).fetchall()
            found[table] = int(count)
        ((signals,),) = connection.execute(query("verification", "signal_orphans"), span).fetchall()
    return {**found, "other_signal": int(signals)}


def counter_growth(
    database: Database, machine: VerifiedMachine, point: str, *, is_rate: bool, start: datetime, end: datetime, offset: timedelta
) -> dict[int, float]:
    """Give by day how much a counter grew, or the mean of a rate."""
    statement = query_text("verification", "counter_growth", table=quoted(machine.kind), column=quoted(point))
    values = {"id": machine.id, "start": start, "end": end, "offset_seconds": offset.total_seconds()}
    with database.connection() as connection:
        return {day: mean if is_rate else growth for day, growth, mean in connection.execute(statement, values)}


def alarm_counts(database: Database, *, start: datetime, end: datetime) -> dict[tuple[str, str, str, str], int]:
    """Count what alarms did, by gateway, machine, rule and act."""
    with database.connection() as connection:
        rows = connection.execute(query("verification", "alarm_counts"), {"start": start, "end": end}).fetchall()
    return {(gateway, name, rule, act): count for gateway, name, rule, act, count in rows}


def kpi_means(database: Database, *, start: datetime, end: datetime) -> dict[tuple[str, str, str], tuple[int, float]]:
    """Give number and mean of valid figures, by gateway, machine and name."""
    with database.connection() as connection:
        rows = connection.execute(query("verification", "kpi_means"), {"start": start, "end": end}).fetchall()
    return {(gateway, name, figure): (count, mean) for gateway, name, figure, count, mean in rows}


def timed_query(database: Database, machine: VerifiedMachine, point: str, *, start: datetime, end: datetime) -> float:
    """Ask one fixed question, and give how long the answer took. [s]"""
    column = f"{quoted(point)}{'::int' if _is_boolean(machine.kind, point) else ''}"
    statement = query_text("verification", "timed", table=quoted(machine.kind), column=column)
    began = time.perf_counter()
    with database.connection() as connection:
        connection.execute(statement, {"id": machine.id, "start": start, "end": end}).fetchall()
    return time.perf_counter() - began


def _is_boolean(kind: str, name: str) -> bool:
    return load_kind(kind).signals[name].type == "boolean"
