"""What a value costs when the same values come from five thousand small plants instead of ten large ones, and what workers share.

The load is real time: 100,000 machines x 20 signals at 1 Hz for ten seconds, one row per machine and flush, each gateway at its
own phase of the second. It comes from 5,000 gateways with 20 machines, and again from 10 gateways with 10,000 machines. The total
is held, not the load per gateway: with that held, the small fleet is the dear one, since its commits are tiny. The cost is CPU of
worker and database per value; the broker's is printed beside it, since it counts messages and knows nothing of values.

Then 2 and 4 workers share the load of the 5,000; rows, machines and seconds are counted in the table.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.bars import SHORT, Bar
from benchmarks.ingest_publisher import WINDOW, Due, gateway_name, write_load
from benchmarks.ingest_rate import NAMES
from benchmarks.ingest_rig import Spent, Worker, fresh_database, mosquitto, run_load, timescaledb
from store.database import Database
from telemetry.bundle import Batch, Bundle, SignalList

MOST_RATIO = 1.3
MACHINES = 20_000 if SHORT else 100_000
SECONDS = 3 if SHORT else 10
SMALL_PLANT, LARGE_PLANTS = 20, 10
_MACHINES_PER_BUNDLE = 1_000
"""A gateway with more seals several bundles a flush: more would not pass 192 KiB."""
_PREPARATION_SECONDS = 30
"""Rows carry about the time at which they will be sent: late rows cost more, since their rollups are noted machine by machine."""
_SIGNALS = SignalList.of("boiler", NAMES)


def load_of(gateways: int) -> Iterator[Due]:
    """Make the bundles of a fleet in the order in which they are due."""
    rng = np.random.default_rng(20261120)
    start_us = round((datetime.now(UTC).timestamp() + _PREPARATION_SECONDS) * 1e6)
    machines = MACHINES // gateways
    parts = [range(first, min(first + _MACHINES_PER_BUNDLE, machines)) for first in range(0, machines, _MACHINES_PER_BUNDLE)]
    phases = np.sort(rng.random(gateways))
    level = 100 + 10 * rng.random((MACHINES, len(NAMES)))
    for second in range(SECONDS):
        values = np.round(level + rng.normal(size=level.shape) * 0.2, 2).astype("<f4")
        times = [(start_us + second * 1_000_000 + round(phase * 1e6)).to_bytes(8, "little") for phase in phases.tolist()]
        for gateway in range(gateways):
            for number, part in enumerate(parts):
                seq = second * len(parts) + number + 1
                rows = values[gateway * machines + part.start : gateway * machines + part.stop]
                batches = tuple(
                    [
                        Batch(f"boiler-{machine}", _SIGNALS, times[gateway], row.tobytes(), single=True)
                        for machine, row in zip(part, rows, strict=True)
                    ]
                )
                bundle = Bundle(
                    gateway=gateway_name(gateway),
                    epoch=1,
                    seq=seq,
                    floor=max(1, seq - WINDOW),
                    sent_at_us=start_us,
                    batches=batches,
                )
                yield Due(gateway, second + float(phases[gateway]), bundle)


def run(server: str, folder: Path, load: Path, *, workers: int) -> tuple[Spent, list[float]]:
    """Run a load on a fresh database, count what is stored, and give each worker's share of the rows."""
    with mosquitto() as broker, fresh_database(server) as address:
        running = [Worker(address, broker, folder, f"worker-{number}") for number in range(workers)]
        for worker in running:
            worker.__enter__()
        try:
            wal_start = _wal_bytes(address)
            spent = run_load(load, address=address, broker=broker, workers=running)
            print(
                f"  log of the database: {(_wal_bytes(address) - wal_start) / MACHINES / SECONDS:.0f} bytes a row",
                file=sys.stderr,
            )
            rows = [worker.metrics()["shangyun_ingest_rows_committed_total"] for worker in running]
        finally:
            for worker in running:
                worker.__exit__()
        with Database(address) as database, database.connection() as connection:
            statement = b"SELECT count(*), count(DISTINCT (equipment_id, time)), count(DISTINCT equipment_id) FROM reading.boiler"
            found = connection.execute(statement).fetchone()
    if found != (MACHINES * SECONDS, MACHINES * SECONDS, MACHINES):
        raise SystemExit(f"rows, distinct rows and machines in the table: {found}; {MACHINES * SECONDS} rows were sent")
    return spent, [count / sum(rows) for count in rows]


def _wal_bytes(address: str) -> int:
    with Database(address) as database, database.connection() as connection:
        (written,) = connection.execute(b"SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone() or (0,)
    return int(written)


def cost(spent: Spent) -> float:
    """CPU of worker and database in nanoseconds per value."""
    return (spent.worker + spent.database) / (MACHINES * SECONDS * len(NAMES)) * 1e9


def _told(spent: Spent) -> str:
    scale = 1e9 / (MACHINES * SECONDS * len(NAMES))
    return (
        f"worker {spent.worker * scale:.0f} + database {spent.database * scale:.0f}, broker {spent.broker * scale:.0f}; "
        f"all committed {spent.seconds:.1f} s after the start of {SECONDS} s, sent to receipt p99 {spent.p99_seconds:.2f} s"
    )


def growth(folder: Path) -> Bar:
    small, large = MACHINES // SMALL_PLANT, LARGE_PLANTS
    results: dict[int, list[Spent]] = {small: [], large: []}
    with timescaledb() as server:
        for gateways in results:
            write_load(folder / f"load-{gateways}", load_of(gateways))
        for number in range(1 if SHORT else 3):
            for gateways, spent in results.items():
                print(f"ingest_growth: {gateways} gateways, round {number + 1}", file=sys.stderr, flush=True)
                spent.append(run(server, folder, folder / f"load-{gateways}", workers=1)[0])
    middle = {gateways: sorted(spent, key=cost)[len(spent) // 2] for gateways, spent in results.items()}
    ratio = cost(middle[small]) / cost(middle[large])
    lines = [
        (
            f"{cost(middle[small]):.0f} ns of CPU per value from {small:,} gateways (from {large} {cost(middle[large]):.0f}, "
            f"ratio {ratio:.2f}, bar {MOST_RATIO})"
        ),
        *(f"  {gateways:,} gateways: {_told(spent)}" for gateways, spent in middle.items()),
    ]
    return Bar("ingest_growth", ratio <= MOST_RATIO, "\n".join(lines), {"ratio": ratio, "rounds": results})


def shared(folder: Path, workers: int) -> Bar:
    name = f"ingest_workers_{workers}"
    gateways = MACHINES // SMALL_PLANT
    write_load(folder / f"load-{gateways}", load_of(gateways))
    with timescaledb() as server:
        print(f"{name}: {gateways} gateways", file=sys.stderr, flush=True)
        spent, shares = run(server, folder, folder / f"load-{gateways}", workers=workers)
    holds = min(shares) >= 0.5 / workers
    line = (
        f"{MACHINES * SECONDS:,} rows, none lost, none double; shares {', '.join(f'{share:.0%}' for share in shares)}"
        f" (bar: each at least half of 1/{workers})\n  {_told(spent)}"
    )
    return Bar(name, holds, line, {"shares": shares, "spent": spent})


BARS: dict[str, Callable[[Path], Bar]] = {
    "ingest_growth": growth,
    "ingest_workers_2": lambda folder: shared(folder, 2),
    "ingest_workers_4": lambda folder: shared(folder, 4),
}
