"""Charts and latest values over a day of a thousand machines, the same calls on every edition.

24 h x 1 Hz x 1,000 boilers with 20 signals each, laid down in the physical order in
which live ingest leaves them (commits of 6,000 rows sorted by machine, so six rows of a machine in each), by the product's own
encoder. Rollups are made by the product's own refresh, the last minutes one by one as they are made live. Then charts of random
machines and signals are timed. MACHINES=n chooses another size (a million rows take about 160 MB while they are there);
SHANGYUN_COMMUNITY_DATABASE=<address> adds the Community edition, also with all chunks compressed.
"""

import os
import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import ingest_rig
from benchmarks.bars import SHORT, Bar
from device_profiles.kind import SignalType, load_kind
from store.copy_binary import CopyEncoder
from store.database import Database, Edition, quoted
from store.equipment import Equipment, EquipmentRegister, list_equipment
from store.kind_tables import ROLLUPS, SQL_TYPES
from store.partitions import create_partitions
from store.readings import latest
from store.rollups import SETTLING, refresh
from store.series import Level, series
from store.sql_files import query

MACHINES = int(os.environ.get("MACHINES", "50" if SHORT else "1000"))
HOURS = 24
LISTED = 10_000
QUERIES = 200
CHART_BAR_SECONDS, LATEST_BAR_SECONDS = 0.1, 1.0
_BYTES_PER_ROW = 200
_ROWS_PER_COMMIT, _ROWS_PER_COPY = 6_000, 300_000
_LIVE_MINUTES = 5
_KIND = load_kind("boiler")
NAMES = tuple(name for name in _KIND.numeric_signals if _KIND.signals[name].type is SignalType.REAL)[:20]
_COMMUNITY = os.environ.get("SHANGYUN_COMMUNITY_DATABASE")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of many calls."""

    seconds: list[float] = field(repr=False)

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]

    def __str__(self) -> str:
        return f"p50 {self.p50 * 1000:.0f} ms, p95 {self.p95 * 1000:.0f} ms"


# --- the day ----------------------------------------------------------------------------------------------------------


def register(database: Database) -> list[Equipment]:
    """Make the machines that send, and so many silent ones that there are enough to list."""
    names = [(f"plant-{number // 20:04}", f"boiler-{number % 20:02}", _KIND.name) for number in range(max(MACHINES, LISTED))]
    EquipmentRegister(database).require(names)
    return list_equipment(database)


def pieces(ids: Sequence[int], start: datetime) -> Iterator[tuple[Any, Any, Any]]:
    """Give the day's rows as ingest would have committed them, some commits at a time."""
    rng = np.random.default_rng(20261120)
    seconds = max(1, _ROWS_PER_COMMIT // len(ids))
    commits = max(1, _ROWS_PER_COPY // (seconds * len(ids)))
    noise = np.round(rng.normal(0, 0.2, (1 << 20, len(NAMES))), 2).astype("<f4")
    phases = rng.uniform(0, 6.28, (len(ids), len(NAMES)))
    start_us = round(start.timestamp() * 1_000_000)
    for first in range(0, HOURS * 3600, seconds * commits):
        ends = min(first + seconds * commits, HOURS * 3600)
        second = np.arange(first, ends)
        commit, machine = (second - first) // seconds, np.arange(len(ids))
        # Commit by commit, within it machine by machine, within that second by second.
        row_second, row_machine = np.repeat(second, len(ids)), np.tile(machine, len(second))
        order = np.lexsort((row_second, row_machine, np.repeat(commit, len(ids))))
        row_second, row_machine = row_second[order], row_machine[order]
        wave = (np.sin(phases + first / 900) * 10 + 100).astype("<f4")  # slower than a piece is long
        offset = int(rng.integers(0, len(noise)))
        values = wave[row_machine] + noise[(offset + np.arange(len(row_second))) % len(noise)]
        values[(row_second * 7 + row_machine) % 20 == 0, first // 60 % len(NAMES)] = np.nan
        times_us = start_us + row_second * 1_000_000 + row_machine * 1000 % 1_000_000
        yield times_us, np.asarray(ids, np.int32)[row_machine], values


def load(database: Database, ids: Sequence[int], start: datetime) -> float:
    """Copy the day, encoding beside the server's work, and give the seconds."""
    encoder = CopyEncoder({name: SQL_TYPES[_KIND.signals[name].type] for name in NAMES})
    columns = ", ".join(map(quoted, ("time", "equipment_id", *NAMES)))
    statement = f"COPY reading.{quoted(_KIND.name)} ({columns}) FROM STDIN (FORMAT binary)".encode()
    if not database.edition.has_hypertables:
        create_partitions(database, _KIND.name, {(start + timedelta(hours=hour)).date() for hour in range(HOURS + 1)})
    total, done, started = HOURS * 3600 * len(ids), 0, time.perf_counter()
    parts = pieces(ids, start)

    def encode_next() -> tuple[int, bytes] | None:
        part = next(parts, None)
        return None if part is None else (len(part[0]), encoder.encode(*part))

    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(encode_next)
        while (found := ahead.result()) is not None:
            ahead = pool.submit(encode_next)
            with database.connection() as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
                for at in range(0, len(found[1]), 1 << 20):
                    copy.write(found[1][at : at + (1 << 20)])
            done += found[0]
            _show(f"loaded {done:,} of {total:,} rows", done / total, started)
    return time.perf_counter() - started


def fill_latest(database: Database, at: datetime) -> None:
    values = ", ".join(f"'{name}', round((random() * 100)::numeric, 2)" for name in NAMES)
    with database.connection() as connection:
        connection.execute(
            f'INSERT INTO reading.latest (equipment_id, time, "values", qualities) SELECT id, %s, jsonb_build_object({values}), '
            "'{}'::jsonb FROM reading.equipment ON CONFLICT DO NOTHING".encode(),
            [at],
        )


def roll_up(database: Database, end: datetime) -> tuple[float, float]:
    """Make all rollups; give the seconds for the day at once, and for its last minutes one by one."""
    everyone, seconds = -1, round(end.timestamp())
    with database.connection() as connection:
        connection.execute(query("rollups", "touch"), [[_KIND.name], [everyone], [seconds - HOURS * 3600], [seconds]])
    times = [end - timedelta(minutes=_LIVE_MINUTES - minute) + SETTLING for minute in range(_LIVE_MINUTES + 1)]
    spent = []
    for now in times:
        started = time.perf_counter()
        for rollup in ROLLUPS.values():
            refresh(database, rollup, now=now)
        spent.append(time.perf_counter() - started)
        _say(f"rollups until {now - SETTLING:%H:%M} took {spent[-1]:.1f} s")
    return spent[0], sum(spent[1:])


# --- the questions ----------------------------------------------------------------------------------------------------


def chart(
    database: Database, machines: Sequence[Equipment], end: datetime, *, span: timedelta, calls: int, level: Level | None = None
) -> Times:
    """Time charts of eight signals, each of another machine at random, ending somewhere at random where the span allows it."""
    rng = random.Random(int(span.total_seconds()))
    seconds = []
    for _ in range(calls):
        machine, signals = rng.choice(machines), rng.sample(NAMES, 8)
        slack = timedelta(hours=HOURS) - span
        until = end - slack * rng.random()
        started = time.perf_counter()
        found = series(database, machine, signals, start=until - span, end=until, level=level)
        seconds.append(time.perf_counter() - started)
        if len(found.columns) != 8 or len(found.times_us) < min(span.total_seconds() / 60, 500):
            raise SystemExit(f"a chart over {span} has {len(found.times_us)} instants")
    return Times(seconds)


def ask(database: Database, machines: Sequence[Equipment], end: datetime) -> dict[str, Times]:
    """Ask everything that a dashboard asks; the first name is the bar's."""
    few = max(QUERIES // 10, 10)
    questions: dict[str, Callable[[], Times]] = {
        "24 h": lambda: chart(database, machines, end, span=timedelta(hours=24), calls=QUERIES),
        "10 min": lambda: chart(database, machines, end, span=timedelta(minutes=10), calls=QUERIES),
        "1 h": lambda: chart(database, machines, end, span=timedelta(hours=1), calls=QUERIES),
        "12 h": lambda: chart(database, machines, end, span=timedelta(hours=12), calls=few),
        "24 h from rows": lambda: chart(database, machines, end, span=timedelta(hours=24), calls=few, level="raw"),
    }
    found = {}
    for name, question in questions.items():
        found[name] = question()
        _say(f"chart of {name}: {found[name]}")
    return found


def ask_latest(database: Database) -> Times:
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        found = latest(database)
        seconds.append(time.perf_counter() - started)
        if len(found) < LISTED:
            raise SystemExit(f"{len(found)} machines have latest values")
    return Times(seconds)


# --- the bars ---------------------------------------------------------------------------------------------------------


def measure(name: str, server: Callable[[], AbstractContextManager[str]]) -> Bar:
    rows = HOURS * 3600 * MACHINES
    free, wanted = shutil.disk_usage("/").free, rows * _BYTES_PER_ROW
    _say(f"{name}: {rows:,} rows, about {wanted / 1e9:.1f} GB of disk; {free / 1e9:.0f} GB are free")
    if free < wanted * 1.2:
        return Bar(name, False, f"not measured: {free / 1e9:.0f} GB of disk are free, it takes {wanted * 1.2 / 1e9:.0f}", {})
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    start = end - timedelta(hours=HOURS)
    with server() as server_address, ingest_rig.fresh_database(server_address) as address, Database(address) as database:
        everyone = register(database)
        machines = everyone[:MACHINES]
        load_seconds = load(database, [machine.id for machine in machines], start)
        fill_latest(database, end)
        whole_seconds, live_seconds = roll_up(database, end)
        with database.autocommit() as connection:
            connection.execute(b"ANALYZE")
        sizes = {table: _size(database, table) for table in (_KIND.name, *(f"{_KIND.name}_{level}" for level in ROLLUPS))}
        charts, newest = ask(database, machines, end), ask_latest(database)
        compressed = None
        if database.edition is Edition.TIMESCALEDB_COMMUNITY:
            compressed = _compress(database)
            charts |= {f"{question}, compressed": times for question, times in ask(database, machines, end).items()}
        versions = dict(database.versions)
    live_rows = _LIVE_MINUTES * 60 * MACHINES
    judged = [times for question, times in charts.items() if question.startswith("24 h") and "rows" not in question]
    holds = all(times.p95 < CHART_BAR_SECONDS for times in judged) and newest.p95 < LATEST_BAR_SECONDS
    raw = charts["24 h from rows"]
    line = (
        f"24 h x 1 Hz x 8 signals among {MACHINES:,} machines: {charts['24 h']}"
        + "".join(f" (compressed: {times})" for question, times in charts.items() if question == "24 h, compressed")
        + f"; {LISTED:,} latest values: {newest} (bars {CHART_BAR_SECONDS * 1000:.0f} ms and {LATEST_BAR_SECONDS:.0f} s; "
        f"from the rows themselves p95 {raw.p95 * 1000:.0f} ms, {raw.p95 / charts['24 h'].p95:.1f} times as long)"
    )
    details = {
        "charts": {question: {"p50_seconds": times.p50, "p95_seconds": times.p95} for question, times in charts.items()},
        "latest": {"p50_seconds": newest.p50, "p95_seconds": newest.p95},
        "rows": rows,
        "signals": len(NAMES),
        "load_rows_per_second": rows / load_seconds,
        "rollup_us_per_row": (whole_seconds / (rows - live_rows)) * 1e6,
        "rollup_us_per_row_live": live_seconds / live_rows * 1e6,
        "size_bytes": sizes,
        "bytes_per_row": sizes[_KIND.name] / rows,
        "compressed_bytes": compressed,
        "versions": versions,
    }
    return Bar(name, holds, line, details)


def _size(database: Database, table: str) -> int:
    statement = (
        f"SELECT hypertable_size('reading.{quoted(table)}')"
        if database.edition.has_hypertables
        else f"SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('reading.{quoted(table)}')"
    )
    with database.connection() as connection:
        (size_bytes,) = connection.execute(statement.encode()).fetchone() or (0,)
    return int(size_bytes)


def _compress(database: Database) -> int:
    started = time.perf_counter()
    with database.autocommit() as connection:
        for (chunk,) in connection.execute(f"SELECT show_chunks('reading.{quoted(_KIND.name)}')::text".encode()).fetchall():
            connection.execute(b"SELECT compress_chunk(%s::regclass)", [chunk])
        connection.execute(b"ANALYZE")
    size_bytes = _size(database, _KIND.name)
    _say(f"compressed to {size_bytes / 1e9:.2f} GB in {time.perf_counter() - started:.0f} s")
    return size_bytes


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(text: str, share: float, started: float) -> None:
    spent = time.perf_counter() - started
    if sys.stderr.isatty():
        end = "\n" if share >= 1 else ""
        print(f"\r{text}, {spent / share - spent:.0f} s left   ", end=end, file=sys.stderr, flush=True)
    elif share >= 1:
        print(f"{text} in {spent:.0f} s", file=sys.stderr, flush=True)


BARS: dict[str, Callable[[Path], Bar]] = {
    "ingest_queries_timescaledb": lambda _: measure("ingest_queries_timescaledb", ingest_rig.timescaledb),
    "ingest_queries_postgresql": lambda _: measure("ingest_queries_postgresql", ingest_rig.postgresql),
}
if _COMMUNITY:
    BARS["ingest_queries_community"] = lambda _: measure("ingest_queries_community", lambda: nullcontext(str(_COMMUNITY)))
