"""Kill workers, database and broker at random under load, then join truth with table row by row.

SEED=n repeats a run's faults; KILLS=n chooses how many; EDITION=postgresql takes the embedded PostgreSQL instead of TimescaleDB.

A hundred gateways send 20,000 rows/s through a real Mosquitto to two ingest workers on one shared subscription. Every few
seconds one part, sometimes two at once, dies by SIGKILL (of the database every process, so that nothing is written in good order)
or is frozen for some seconds, which makes it an undead that wakes up with old work in its hands. The next fault comes only after
commits go on. Gateways seal through all of it. At the end everything is drained, and the judge compares.
"""

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import gateway_fleet, row_truth
from benchmarks.bars import SHORT, Bar
from benchmarks.killable_parts import EmbeddedPostgreSQL, Senders, TimescaleDB, Worker
from device_profiles.kind import SignalType, load_kind
from shangyun.local_servers import Broker, free_port
from store.database import Connection, Database
from store.equipment import list_equipment
from store.kind_tables import ROLLUPS
from store.migrate import migrate
from store.rollups import refresh

KILLS = int(os.environ.get("KILLS", "8" if SHORT else "100"))
WORKERS = ("worker_1", "worker_2")
PARTS = (*WORKERS, "database", "broker")
_TWO_AT_ONCE, _FREEZE = 0.2, 0.15
_RECOVERY_SECONDS = 60.0
_LAST_TIDY_SECONDS = 6.0


class Fault(NamedTuple):
    """What happens next: after a pause, these parts are killed, or one is frozen, for so long."""

    pause_seconds: float
    victims: tuple[str, ...]
    down_seconds: float
    is_freeze: bool


def plan(rng: random.Random, *, kills: int) -> Iterator[Fault]:
    """Draw faults until so many processes have been killed; freezes come on top."""
    while kills > 0:
        pause_seconds = rng.uniform(0.2, 2.0)
        if rng.random() < _FREEZE:
            yield Fault(pause_seconds, (rng.choice((*WORKERS, "broker")),), rng.uniform(1, 5), is_freeze=True)
            continue
        count = min(kills, 2 if rng.random() < _TWO_AT_ONCE else 1)
        yield Fault(pause_seconds, tuple(sorted(rng.sample(PARTS, count))), rng.uniform(0, 1), is_freeze=False)
        kills -= count


def measure(folder: Path) -> Bar:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    edition = os.environ.get("EDITION", "timescaledb")
    print(f"ingest_kills: SEED={seed} EDITION={edition}", file=sys.stderr, flush=True)
    started = time.monotonic()
    with ExitStack() as stack:
        server = EmbeddedPostgreSQL(folder / "kills-postgresql") if edition == "postgresql" else TimescaleDB()
        server.start()
        stack.callback(server.remove)
        with Database(server.address) as database:
            migrate(database, report=lambda _: None)
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        broker = stack.enter_context(Broker.mosquitto(work, free_port()))
        workers = {name: Worker(work, name, database=server.address, broker_port=broker.port) for name in WORKERS}
        for worker in workers.values():
            worker.start()
            stack.callback(worker.kill)
        senders = Senders(work, broker_port=broker.port, seed=seed)
        stack.callback(senders.end)
        kinds, freezes = _strike(
            plan(random.Random(seed), kills=KILLS), {**workers, "broker": broker, "database": server}, senders
        )
        senders.drain()
        time.sleep(_LAST_TIDY_SECONDS)
        statuses = [worker.end() for worker in workers.values()]
        verdict, found = judge(server.address, work)
    minutes = (time.monotonic() - started) / 60
    status, hits = senders.status, sum(worker.duplicates for worker in workers.values())
    bad = Counter({"bad receipts": status.get("bad_receipts", 0), "workers that did not end well": sum(map(bool, statuses))})
    bad.update({name: count for name, count in found.items() if name != "ledger rows"})
    holds = verdict.agrees and not +bad
    for example in verdict.examples:
        print(f"  {example}", file=sys.stderr)
    killed = ", ".join(f"{part} {count}" for part, count in sorted(kinds.items()))
    line = (
        f"{sum(kinds.values())} kills ({killed}) and {freezes} freezes, "
        f"{verdict}; {status.get('repeats', 0):,} bundles sent again, {status.get('strays', 0):,} strays, {hits:,} ledger hits"
        + "".join(f", {count} {name}" for name, count in (+bad).items())
        + f" (bar: none of 100; SEED={seed}, {minutes:.1f} minutes)"
    )
    details = {
        "seed": seed,
        "edition": edition,
        "kills": dict(kinds),
        "freezes": freezes,
        "senders": status,
        "ledger_hits": hits,
        "rows": {name: getattr(verdict, name) for name in ("rows", "missing", "double", "wrong", "alien")},
        "found": found,
        "examples": verdict.examples,
        "minutes": minutes,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Bar("ingest_kills", holds, line, details)


def _strike(faults: Iterator[Fault], parts: dict[str, Any], senders: Senders) -> tuple[Counter[str], int]:
    """Let the faults happen, each under load; give kills by part, and freezes."""
    kinds, freezes = Counter[str](), 0
    _until_commits_go_on(parts, senders)
    for fault in faults:
        time.sleep(fault.pause_seconds)
        if fault.is_freeze:
            pid = parts[fault.victims[0]].pid
            os.kill(pid, signal.SIGSTOP)
            time.sleep(fault.down_seconds)
            os.kill(pid, signal.SIGCONT)
            freezes += 1
        else:
            _at_once([parts[name].kill for name in fault.victims])
            kinds.update(fault.victims)
            time.sleep(fault.down_seconds)
            for name in fault.victims:
                parts[name].start()
        _until_commits_go_on(parts, senders)
        _show(kinds, freezes, senders)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return kinds, freezes


def _at_once(actions: Sequence[Callable[[], None]]) -> None:
    others = [threading.Thread(target=action) for action in actions[1:]]
    for thread in others:
        thread.start()
    actions[0]()
    for thread in others:
        thread.join()


def _until_commits_go_on(parts: dict[str, Any], senders: Senders) -> None:
    before, deadline = senders.receipted, time.monotonic() + _RECOVERY_SECONDS
    while senders.receipted < before + gateway_fleet.GATEWAYS:
        for name in WORKERS:
            parts[name].require_alive()
        if time.monotonic() > deadline:
            tails = "\n".join(f"{name}:\n{parts[name].tail()}" for name in WORKERS)
            raise SystemExit(f"no commits for {_RECOVERY_SECONDS:.0f} s after a fault: {senders.status}\n{tails}")
        time.sleep(0.05)


def _show(kinds: Counter[str], freezes: int, senders: Senders) -> None:
    done, status = sum(kinds.values()), senders.status
    text = f"{done} of {KILLS} kills, {freezes} freezes, {status.get('receipted', 0):,} bundles receipted"
    text += f", {status.get('spooled', 0):,} waiting"
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="", file=sys.stderr, flush=True)
    elif done % 10 == 0:
        print(text, file=sys.stderr, flush=True)


def judge(address: str, folder: Path) -> tuple[row_truth.Verdict, dict[str, int]]:
    """Compare every table with its truth; also count what follows from the rows and is wrong, or should not be there at all."""
    verdict, found = row_truth.Verdict(), Counter[str]()
    with Database(address) as database:
        for rollup in ROLLUPS.values():
            refresh(database, rollup, now=datetime.now(UTC) + timedelta(hours=2))
        numbers = {gateway_fleet.gateway_name(number): number for number in range(gateway_fleet.GATEWAYS)}
        machines = {item.id: numbers.get(item.gateway, -1) for item in list_equipment(database)}
        with database.connection() as connection:
            for fleet in gateway_fleet.FLEETS:
                signals = load_kind(fleet.kind).signals
                boolean = [name for name in fleet.signals if signals[name].type is SignalType.BOOLEAN]
                stored = row_truth.read_stored(connection, fleet.kind, fleet.signals, boolean=boolean, machines=machines)
                truth = row_truth.read_truth(str(folder / f"{fleet.kind}.truth"), fleet.signals)
                verdict.add(row_truth.compare(truth, stored, table=fleet.kind))
                number = next(name for name in fleet.signals if name not in boolean)
                for level, width in (("1m", "1 minute"), ("1h", "1 hour")):
                    found["wrong buckets"] += _count(
                        connection, _WRONG_BUCKETS.format(kind=fleet.kind, level=level, width=width, signal=number)
                    )
                found["stale latest"] += _count(connection, _STALE_LATEST.format(kind=fleet.kind))
            sent = [
                (number, us, text) for number, us, text in map(json.loads, (folder / "events.truth").read_text().splitlines())
            ]
            events = b"SELECT equipment_id, (extract(epoch FROM time) * 1000000)::int8, text FROM reading.event"
            seen = [(machines.get(row[0], -1), row[1], row[2]) for row in connection.execute(events)]
            verdict.add(row_truth.compare_texts(sent, seen))
            found["dead letters"] = _count(connection, "SELECT count(*) FROM ingest.dead_letter")
            found["ledger rows"] = _count(connection, "SELECT count(*) FROM ingest.ledger")
    return verdict, dict(found)


_WRONG_BUCKETS = """
SELECT count(*) FROM (
  SELECT date_bin('{width}', time, TIMESTAMPTZ '2000-01-01 00:00Z') AS time, equipment_id,
         count({signal}) AS number, min({signal}) AS low, max({signal}) AS high
  FROM reading.{kind} GROUP BY 1, 2
) AS of_rows FULL JOIN reading.{kind}_{level} AS made USING (time, equipment_id)
WHERE (number, low, high) IS DISTINCT FROM ({signal}_count, {signal}_min, {signal}_max)
"""
_STALE_LATEST = """
SELECT count(*) FROM (SELECT equipment_id, max(time) AS time FROM reading.{kind} GROUP BY 1) AS newest
LEFT JOIN reading.latest AS told USING (equipment_id)
WHERE coalesce(told.time, '-infinity') < newest.time
"""


def _count(connection: Connection, statement: str) -> int:
    (count,) = connection.execute(statement.encode()).fetchone() or (0,)
    return int(count)


BARS: dict[str, Callable[[Path], Bar]] = {"ingest_kills": measure}
