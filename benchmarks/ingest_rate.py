r"""MQTT to committed, against ``psql \\copy`` of the same rows into the same table and index, same server, same run.

250 gateways publish bundles of one batch (60 rows x 20 signals of a boiler, float32, 5 % missing) to a real Mosquitto, each with
a window of eight bundles without a receipt, as a real gateway does; a real ingest process commits them. The clock runs from the
first publish to the last receipt. Then psql copies a binary file of the same rows, in the order in which they were sent. Each
round has fresh databases; rates are medians. Broker, publisher, worker and server share the machine's cores, while psql has them
for the server alone: that is the handicap of the bar. Beside it, without a bar, the same values go to the narrow table, as those
of an equipment without a profile do.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.bars import SHORT, Bar
from benchmarks.ingest_publisher import WINDOW, Due, gateway_name, write_load
from benchmarks.ingest_rig import (
    Spent,
    Worker,
    copy_with_psql,
    count_rows,
    fresh_database,
    mosquitto,
    postgresql,
    run_load,
    timescaledb,
)
from device_profiles.kind import SignalType, load_kind
from store.copy_binary import CopyEncoder
from store.database import Database
from store.kind_tables import SQL_TYPES
from store.partitions import create_partitions
from telemetry.bundle import Batch, Bundle, SignalList
from telemetry.wire import decode_bundle, encode_bundle

LEAST_RATIO = 0.8
ROUNDS = 1 if SHORT else 5
GATEWAYS, ROWS_PER_BATCH, SIGNALS = 250, 60, 20
BUNDLES, NARROW_BUNDLES = (6_000, 250) if SHORT else (20_000, 2_000)
MISSING = 0.05
_KIND = load_kind("boiler")
NAMES = tuple(name for name in _KIND.numeric_signals if _KIND.signals[name].type is SignalType.REAL)[:SIGNALS]


class Rows(NamedTuple):
    """In sending order; ``values`` are float32, NaN where nothing was measured."""

    times_us: np.ndarray[Any, Any]
    equipment: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]


def make_rows(bundles: int) -> Rows:
    """Make sensor-like rows: slow waves with noise, in steps of a hundredth."""
    rng = np.random.default_rng(20261120)
    rows = bundles * ROWS_PER_BATCH
    start_us = round((datetime.now(UTC) - timedelta(hours=3)).timestamp() * 1e6)
    bundle = np.repeat(np.arange(bundles), ROWS_PER_BATCH)
    row = np.tile(np.arange(ROWS_PER_BATCH), bundles)
    times_us = start_us + (bundle // GATEWAYS * ROWS_PER_BATCH + row) * 1_000_000
    wave = np.sin(np.arange(rows)[:, None] / 600 + np.arange(SIGNALS)) * 10 + 100
    values = np.round(wave + rng.normal(size=(rows, SIGNALS)) * 0.2, 2).astype("<f4")
    values[rng.random(values.shape) < MISSING] = np.nan
    return Rows(times_us.astype("<i8"), (bundle % GATEWAYS + 1).astype("<i4"), values)


def load_of(rows: Rows, kind: str) -> Iterator[Due]:
    signals = SignalList.of(kind, NAMES)
    for number in range(len(rows.times_us) // ROWS_PER_BATCH):
        part = slice(number * ROWS_PER_BATCH, (number + 1) * ROWS_PER_BATCH)
        gateway, seq = number % GATEWAYS, number // GATEWAYS + 1
        times = rows.times_us[part]
        batch = Batch("machine-1", signals, times.tobytes(), rows.values[part].tobytes(), single=True)
        bundle = Bundle(
            gateway=gateway_name(gateway),
            epoch=1,
            seq=seq,
            floor=max(1, seq - WINDOW),
            sent_at_us=int(times[-1]),
            batches=(batch,),
        )
        yield Due(gateway, 0.0, bundle)


class Form(NamedTuple):
    """Where the values go: the wide table of a kind, or one row per value."""

    kind: str
    columns: dict[str, str]
    bundles: int

    def copy_file(self, rows: Rows) -> tuple[bytes, int]:
        """Encode what psql copies, and count its rows."""
        encoder = CopyEncoder(self.columns)
        if self.kind != "other":
            return encoder.encode(*rows), len(rows.times_us)
        row, column = np.nonzero(~np.isnan(rows.values))
        narrow = np.column_stack((column + 1.0, rows.values[row, column].astype("<f8")))
        return encoder.encode(rows.times_us[row], rows.equipment[row], narrow), len(row)


WIDE = Form("boiler", {name: SQL_TYPES[_KIND.signals[name].type] for name in NAMES}, BUNDLES)
NARROW = Form("other", {"signal_id": "integer", "value": "double precision"}, NARROW_BUNDLES)


class Measured(NamedTuple):
    """Medians of the rounds, in values per second."""

    ingest: float
    psql: float
    values: int
    spent: Spent

    @property
    def ratio(self) -> float:
        return self.ingest / self.psql


def measure(title: str, server: str, form: Form, folder: Path) -> Measured:
    rows = make_rows(form.bundles)
    write_load(folder / "load", load_of(rows, form.kind))
    stream, stored = form.copy_file(rows)
    (folder / "rows.copy").write_bytes(stream)
    values = int((~np.isnan(rows.values)).sum()) if form.kind == "other" else rows.values.size
    ours, theirs = [], []
    for number in range(ROUNDS):
        print(f"{title} {form.kind}: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        with mosquitto() as broker, fresh_database(server) as address, Worker(address, broker, folder, "worker") as worker:
            ours.append(run_load(folder / "load", address=address, broker=broker, workers=[worker]))
            _expect(address, form, stored)
        with fresh_database(server) as address:
            _make_partitions(address, form, rows)
            columns = ("time", "equipment_id", *form.columns)
            theirs.append(copy_with_psql(address, table=f"reading.{form.kind}", columns=columns, file=folder / "rows.copy"))
            _expect(address, form, stored)
    middle = sorted(ours, key=lambda spent: spent.seconds)[len(ours) // 2]
    return Measured(values / middle.seconds, values / statistics.median(theirs), values, middle)


def _expect(address: str, form: Form, stored: int) -> None:
    found = count_rows(address, f"reading.{form.kind}")
    if found != stored:
        raise SystemExit(f"{found} rows are in reading.{form.kind}, {stored} were sent")


def _make_partitions(address: str, form: Form, rows: Rows) -> None:
    with Database(address) as database:
        if not database.edition.has_hypertables:
            ends = (int(rows.times_us.min()), int(rows.times_us.max()))
            create_partitions(database, form.kind, {datetime.fromtimestamp(us / 1e6, UTC).date() for us in ends})


def stage_nanoseconds() -> dict[str, float]:
    """Time the steps of a worker's build on bundles of the load, alone and in one thread, per value."""
    rows = make_rows(500)
    bundles = [due.bundle for due in load_of(rows, "boiler")]
    payloads = [encode_bundle(bundle) for bundle in bundles]
    batches = [bundle.batches[0] for bundle in bundles]
    encoder = CopyEncoder(WIDE.columns)

    def join() -> None:
        np.frombuffer(b"".join([batch.times for batch in batches]), "<i8")
        np.frombuffer(bytearray().join([batch.values for batch in batches]), "<f4")

    steps: dict[str, Callable[[], object]] = {
        "inflate and decode": lambda: [decode_bundle(payload) for payload in payloads],
        "join": join,
        "encode COPY": lambda: encoder.encode(*rows),
    }
    return {name: _best_seconds(step) / rows.values.size * 1e9 for name, step in steps.items()}


def _best_seconds(step: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(9):
        started = time.thread_time()
        step()
        best = min(best, time.thread_time() - started)
    return best


def costs(measured: Measured) -> str:
    """Tell the CPU of each part in nanoseconds per value."""
    spent, scale = measured.spent, 1e9 / measured.values
    stages = ", ".join(f"{stage} {seconds * scale:.1f}" for stage, seconds in spent.worker_stages.items() if stage != "tidy")
    return (
        f"publisher {spent.publisher * scale:.1f}, broker {spent.broker * scale:.1f}, "
        f"worker {spent.worker * scale:.1f} ({stages}), database {spent.database * scale:.1f}"
    )


def rate(name: str, start_server: Callable[[], AbstractContextManager[str]], folder: Path) -> Bar:
    with start_server() as server:
        wide = measure(name, server, WIDE, folder)
        narrow = measure(name, server, NARROW, folder)
    steps = stage_nanoseconds()
    lines: Iterable[str] = (
        f"{wide.ingest / 1e6:.2f} M values/s (psql \\copy {wide.psql / 1e6:.2f} M, ratio {wide.ratio:.2f}, bar {LEAST_RATIO})",
        f"  CPU, ns/value: {costs(wide)}",
        f"  of the build, alone: {', '.join(f'{step} {ns:.1f}' for step, ns in steps.items())}",
        (
            f"  narrow table beside it: {narrow.ingest / 1e6:.2f} M values/s (psql \\copy {narrow.psql / 1e6:.2f} M, ratio"
            f" {narrow.ratio:.2f}); wide is {wide.ingest / narrow.ingest:.1f} times as fast"
        ),
        f"  CPU, ns/value: {costs(narrow)}",
    )
    details = {
        "bar": LEAST_RATIO,
        "rounds": ROUNDS,
        "signals": SIGNALS,
        "build_ns_per_value": steps,
        **{
            form: {"values_per_second": m.ingest, "psql_values_per_second": m.psql, "ratio": m.ratio, "cpu_seconds": m.spent}
            for form, m in (("wide", wide), ("narrow", narrow))
        },
    }
    return Bar(name, wide.ratio >= LEAST_RATIO, "\n".join(lines), details)


BARS: dict[str, Callable[[Path], Bar]] = {
    "ingest_timescaledb": lambda folder: rate("ingest_timescaledb", timescaledb, folder),
    "ingest_postgresql": lambda folder: rate("ingest_postgresql", postgresql, folder),
}
