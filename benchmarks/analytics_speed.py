"""How fast the whole set of analytics is: 1,000 machine-days at 10 s on two cores, reading included and excluded.

Machines of the five kinds live one simulated day again and again, so that the database holds all the rows of 1,000 machine-days
while simulating takes minutes. Each analytic runs over every machine-day in windows of its own length that do not overlap; what
learns has learned before. A sample is one value of one signal that an analytic reads.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analytics.catalogue import Analytic, analytics_of
from analytics.engine.evaluation import evaluate, evaluate_station, train
from analytics.engine.reading import read_windows, signals_of
from analytics.engine.task import Machine
from analytics.result import NotEvaluated
from analytics.window import Window
from benchmarks import ingest_rig
from benchmarks.analytics_faults import KINDS
from benchmarks.analytics_site import Site
from benchmarks.bars import SHORT, Bar
from benchmarks.simulated_plant import repeated, simulate
from store.database import Database
from store.kind_tables import known_tables
from store.partitions import create_partitions

STEP_SECONDS = 10.0
MACHINES, DAYS = (2, 1) if SHORT else (20, 10)
"""Of each of five kinds."""
PROCESSES = 2
START = datetime(2026, 3, 1, 16, tzinfo=UTC)
_DAY = timedelta(days=1)
RATED = {"steam_flow": 10.0}


class Chunk(NamedTuple):
    """What one process takes at a time: some days of some machines of a kind."""

    address: str
    kind: str
    machines: tuple[Machine, ...]
    start: datetime
    days: int


class Spent(NamedTuple):
    """Seconds of a chunk."""

    reading: float
    evaluating: dict[str, float]
    windows: dict[str, int]
    verdicts: dict[str, int]


@contextmanager
def filled() -> Iterator[tuple[str, dict[str, list[Window]], list[Chunk]]]:
    """Fill a database, and give its address, a day of each machine, and the work."""
    days = {kind: simulate(kind, range(900, 900 + MACHINES), start=START, days=1, every_seconds=STEP_SECONDS) for kind in KINDS}
    with ingest_rig.postgresql() as server, ingest_rig.fresh_database(server) as address, Database(address) as database:
        site = Site(database)
        chunks = []
        for kind, of_kind in days.items():
            names = {f"{kind.replace('_', '-')}-{n}": day for n, day in enumerate(of_kind, start=1)}
            ids = site.fill("plant-1", names)
            _repeat(database, kind)
            machines = tuple(Machine(number, "plant-1", name) for name, number in ids.items())
            chunks += [Chunk(address, kind, machines[n : n + 5], START, DAYS) for n in range(0, len(machines), 5)]
        with database.autocommit() as connection:
            connection.execute(b"ANALYZE")
        yield address, days, chunks


def _repeat(database: Database, kind: str) -> None:
    """Copy the first day of all machines of a kind behind itself; counters go on as they did."""
    table = next(one for one in known_tables() if one.name == kind)
    dates = {(START + timedelta(days=n)).date() for n in range(DAYS + 2)}
    create_partitions(database, kind, dates, table.period)
    others = ", ".join(f'"{name}"' for name in table.columns)
    moved = f"SELECT time + %s, equipment_id, {others} FROM reading.{kind} WHERE time < %s"
    with database.connection() as connection:
        for n in range(1, DAYS):
            statement = f"INSERT INTO reading.{kind} (time, equipment_id, {others}) {moved}"
            connection.execute(statement.encode(), [n * _DAY, START + _DAY])


def speed(_folder: Path) -> Bar:
    """Run the set over all machine-days."""
    with filled() as (_, days, chunks):
        models = {
            f"{kind.replace('_', '-')}-{n}": _models(kind, day) for kind, of in days.items() for n, day in enumerate(of, start=1)
        }
        begun = time.perf_counter()
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork"), initializer=_set, initargs=(models,)) as pool:
            spent = list(pool.map(_run, chunks))
        wall = time.perf_counter() - begun
        sums = {kind: _numpy_sum(kind, of_kind) for kind, of_kind in days.items()}
    machine_days = sum(len(chunk.machines) * chunk.days for chunk in chunks)
    reading, evaluating = sum(one.reading for one in spent), sum(sum(one.evaluating.values()) for one in spent)
    table = _table(chunks, spent, sums)
    for line in table:
        print(line)
    line = (
        f"{machine_days} machine-days at {STEP_SECONDS:g} s in {wall:.1f} s on {PROCESSES} cores,"
        f" {1000 * wall / machine_days:.0f} ms each;"
        f" CPU of each: reading {1000 * reading / machine_days:.0f} ms, analytics {1000 * evaluating / machine_days:.0f} ms"
    )
    details: dict[str, Any] = {"table": table, "wall_seconds": wall, "reading_seconds": reading}
    verdicts = {name: sum(one.verdicts.get(name, 0) for one in spent) for name in ("evaluated", "not_evaluated", "failed")}
    line += f"; {verdicts['evaluated']:,} windows evaluated, {verdicts['not_evaluated']:,} declined, {verdicts['failed']} failed"
    holds = wall / machine_days < 1.0 and not verdicts["failed"]
    return Bar("analytics_speed", holds, f"{line} (bar: a second each)", details | verdicts)


_models_of: Mapping[str, Mapping[str, Any]] = {}


def _set(models: Mapping[str, Mapping[str, Any]]) -> None:
    global _models_of  # noqa: PLW0603 - handed to each process once
    _models_of = models


def _models(kind: str, day: Window) -> dict[str, Any]:
    """Make a model of each learner from a machine's own days."""
    history = _rated(repeated(day, 7))
    made = {one.spec.name: train(one, history, one.spec.parameters()) for one in analytics_of(kind) if one.train is not None}
    return {name: model for name, model in made.items() if not isinstance(model, NotEvaluated)}


def _rated(window: Window) -> Window:
    return Window(kind=window.kind, start_us=window.start_us, step_seconds=window.step_seconds, values=window.values, rated=RATED)


def _run(chunk: Chunk) -> Spent:
    analytics = analytics_of(chunk.kind)
    spent: dict[str, float] = {}
    windows: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    reading = 0.0
    with Database(chunk.address, max_connections=1) as database:
        for n in range(chunk.days):
            begun = time.process_time()
            start = chunk.start + n * _DAY
            read = read_windows(
                database, chunk.kind, chunk.machines, analytics, start=start, end=start + _DAY, step_seconds=STEP_SECONDS
            )
            by_name = {machine.name: _rated(read[machine.id]) for machine in chunk.machines}
            reading += time.process_time() - begun
            for one in analytics:
                begun = time.process_time()
                for verdict in _verdicts(one, by_name):
                    verdicts[verdict] = verdicts.get(verdict, 0) + 1
                spent[one.spec.name] = spent.get(one.spec.name, 0.0) + time.process_time() - begun
                windows[one.spec.name] = windows.get(one.spec.name, 0) + len(by_name)
    return Spent(reading, spent, windows, verdicts)


def _verdicts(one: Analytic, windows: Mapping[str, Window]) -> Iterator[str]:
    parameters = one.spec.parameters()
    span_us = one.spec.window // timedelta(microseconds=1)
    first = next(iter(windows.values()))
    ends = range(first.start_us + min(span_us, _DAY // timedelta(microseconds=1)), first.end_us + 1, span_us)
    for end_us in ends:
        cut = {name: window.between(end_us - span_us, end_us) for name, window in windows.items()}
        if one.spec.scope == "station":
            yield from (outcome.verdict for outcome in evaluate_station(one, cut, parameters).values())
        else:
            yield from (
                evaluate(one, window, parameters, _models_of[name].get(one.spec.name)).verdict for name, window in cut.items()
            )


def _numpy_sum(kind: str, days: Sequence[Window]) -> float:
    """Nanoseconds a sample of one pass of numpy's sum over a machine-day; median of many."""
    columns = [np.ascontiguousarray(days[0][name]) for name in signals_of(analytics_of(kind), kind)]
    times = []
    for _ in range(31):
        begun = time.perf_counter()
        for column in columns:
            column.sum()
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) / sum(map(len, columns)) * 1e9


def _table(chunks: Sequence[Chunk], spent: Sequence[Spent], sums: Mapping[str, float]) -> list[str]:
    lines = [f"{'kind':22}{'analytic':36}{'signals':>8}{'ns a sample':>13}{'x sum':>8}{'ms a machine-day':>18}"]
    for kind in KINDS:
        of_kind = [one for chunk, one in zip(chunks, spent, strict=True) if chunk.kind == kind]
        for one in analytics_of(kind):
            seconds = sum(part.evaluating[one.spec.name] for part in of_kind)
            machine_days = sum(part.windows[one.spec.name] for part in of_kind)
            signals = len(signals_of([one], kind))
            nanoseconds = seconds / machine_days / (signals * _DAY.total_seconds() / STEP_SECONDS) * 1e9
            lines.append(
                f"{kind:22}{one.spec.name:36}{signals:8}{nanoseconds:13.1f}{nanoseconds / sums[kind]:8.0f}"
                f"{1000 * seconds / machine_days:18.1f}"
            )
        lines.append(f"{kind:22}{'(one pass of numpy.sum)':36}{'':8}{sums[kind]:13.2f}")
    return lines


BARS = {"analytics_speed": speed}
