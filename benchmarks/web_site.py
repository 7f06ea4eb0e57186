"""A large site behind a real web server: machines of every kind, standing alarms, a day for the charts, live rows when wanted."""

import asyncio
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import httpx
import numpy as np

from analytics.alarms.acts import ProcessChange, record_changes
from analytics.alarms.kind_rules import rules_of
from benchmarks import ingest_queries, ingest_rig
from device_profiles.kind import Signal, kind_names, load_kind
from shangyun.local_servers import Broker, free_port
from store.alarms import ConditionKey
from store.database import Database
from store.equipment import Equipment, EquipmentRegister, list_equipment
from store.sessions import open_session
from store.users import add_user
from telemetry.bundle import Batch, Bundle, SignalList
from telemetry.mqtt import BrokerSettings, connect
from telemetry.topics import data_topic
from telemetry.wire import encode_bundle

MACHINES_PER_GATEWAY = 50
CHARTED_KIND = "boiler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a bench needs to visit it."""

    database: str
    broker: Broker
    port: int
    pid: int
    cookie: str
    machines: Sequence[Equipment]
    charted: Sequence[int]
    charted_signals: Sequence[str]

    @property
    def ids(self) -> list[int]:
        return [machine.id for machine in self.machines]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_site(folder: Path, *, machines: int, alarms: int = 0, charted: int = 0) -> Iterator[Site]:
    """Fill a database and serve it until the block is left."""
    with (
        ingest_rig.postgresql() as server,
        ingest_rig.fresh_database(server) as address,
        ingest_rig.mosquitto() as broker,
        Database(address) as database,
    ):
        found = register(database, machines)
        fill_latest(database)
        if charted:
            fill_day(database, [machine.id for machine in found if machine.kind == CHARTED_KIND][:charted])
        if alarms:
            raise_alarms(database, found, alarms)
        cookie = f"sid={sign_in(database)}"
        with _web(folder, address, broker) as (port, pid):
            yield Site(
                database=address,
                broker=broker,
                port=port,
                pid=pid,
                cookie=cookie,
                machines=found,
                charted=[machine.id for machine in found if machine.kind == CHARTED_KIND][:charted],
                charted_signals=ingest_queries.NAMES,
            )


def register(database: Database, count: int) -> list[Equipment]:
    kinds = kind_names()
    names = [
        (f"plant-{number // MACHINES_PER_GATEWAY:04}", f"{kinds[number % len(kinds)]}-{number:05}", kinds[number % len(kinds)])
        for number in range(count)
    ]
    EquipmentRegister(database).require(names)
    return list_equipment(database)


def fill_latest(database: Database) -> None:
    """Give every machine a newest row of a minute ago, with all its signals in their normal range."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    with database.connection() as connection:
        for kind in map(load_kind, kind_names()):
            values = ", ".join(f"('{name}', {plausible(kind.signals[name])})" for name in kind.numeric_signals)
            connection.execute(
                'INSERT INTO reading.latest (equipment_id, time, "values", qualities) '
                f"SELECT id, %s, (SELECT jsonb_object_agg(name, value) FROM (VALUES {values}) AS v (name, value)), '{{}}'::jsonb "
                "FROM reading.equipment WHERE kind = %s".encode(),
                [at, kind.name],
            )


def plausible(signal: Signal) -> float:
    if signal.states:
        return signal.states[min(3, len(signal.states) - 1)].code
    low, high = signal.normal or (0.0, 2.0)
    return round((low + high) / 2, 3)


def fill_day(database: Database, ids: Sequence[int]) -> None:
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    ingest_queries.load(database, ids, end - timedelta(hours=ingest_queries.HOURS))
    ingest_queries.roll_up(database, end)
    with database.autocommit() as connection:
        connection.execute(b"ANALYZE")


def raise_alarms(database: Database, machines: Sequence[Equipment], count: int) -> None:
    """Make conditions stand on machines from the first on, as the evaluator would, over the last day."""
    rules = {rule.name: rule for kind in kind_names() for rule in rules_of(load_kind(kind))}
    of_kind = {kind: [name for name, rule in rules.items() if rule.kind == kind] for kind in kind_names()}
    now = datetime.now(UTC)
    changes = []
    for number in range(count):
        machine = machines[number % len(machines)]
        rule = of_kind[machine.kind][number % len(of_kind[machine.kind])]
        at = now - timedelta(days=1) * (1 - number / count)
        changes.append(ProcessChange(ConditionKey(machine.id, rule), at, is_active=True, value=1.0, limit_value=0.5))
    record_changes(database, changes, rules, now=now)


def sign_in(database: Database) -> str:
    """Make an administrator with a session, and give its secret."""
    secret, half_a_day = secrets.token_urlsafe(32), timedelta(hours=12)
    with database.connection() as connection:
        user = add_user(connection, name="bench", password_hash="none", role="admin", sites=None, must_change_password=False)
        assert user is not None
        open_session(connection, secret, user=user, now=datetime.now(UTC), idle=half_a_day, longest=half_a_day)
    return secret


@contextmanager
def _web(folder: Path, address: str, broker: Broker) -> Iterator[tuple[int, int]]:
    port = free_port()
    settings, log = folder / "web.toml", folder / "web.log"
    settings.write_text(f'port = {port}\ndatabase = "{address}"\n[broker]\nhost = "{broker.host}"\nport = {broker.port}\n')
    with log.open("w") as output:
        command = [sys.executable, "-m", "shangyun", "web", str(settings)]
        process = subprocess.Popen(command, cwd=ingest_rig.ROOT, stdout=subprocess.PIPE, stderr=output, text=True)
    try:
        assert process.stdout
        if "http://" not in process.stdout.readline():
            raise SystemExit(f"the web server did not start:\n{log.read_text()}")
        _wait_for_directory(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_directory(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("the web server did not become well")


def memory_megabytes(pid: int) -> float:
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


class LiveLoad:
    """The plant's gateways: a row of each machine a second, published by a thread of this process.

    All bundles are made before the first is sent, so that what is measured has the machine to itself. ``disturb`` may change what
    is sent: from the second and a machine to signals with other values.
    """

    def __init__(
        self,
        broker: Broker,
        machines: Sequence[Equipment],
        *,
        seconds: int,
        disturb: Callable[[int, Equipment], dict[str, float]] = lambda _second, _machine: {},
    ) -> None:
        self._settings = BrokerSettings(host=broker.host, port=broker.port)
        self._machines, self._seconds, self._disturb = machines, seconds, disturb
        self.late_seconds = 0.0
        """The most by which a bundle was sent too late: then this process is what is measured."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        began = time.perf_counter()
        for _ in self._bundles(0.0, 1):
            pass
        # When the first is due: making all takes as long as that one second for each of them, and some more.
        self._start = time.time() + (time.perf_counter() - began) * self._seconds * 1.5 + 1
        self._made = list(self._bundles(self._start, self._seconds))
        self._thread.start()
        time.sleep(max(0.0, self._start - time.time()))
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _bundles(self, start: float, seconds: int) -> Iterator[tuple[float, str, bytes]]:
        """Give when, to which topic and what; gateways have no common clock, so their rows come spread over the second."""
        rng = np.random.default_rng(6)
        plants: dict[str, list[Equipment]] = {}
        for machine in self._machines:
            plants.setdefault(machine.gateway, []).append(machine)
        models = {kind: _Model(kind) for kind in kind_names()}
        for second in range(seconds):
            for number, (gateway, machines) in enumerate(plants.items()):
                due = start + second + number / len(plants)
                due_us = round(due * 1e6)
                batches = tuple(
                    models[machine.kind].batch(machine.name, due_us, rng, self._disturb(second, machine)) for machine in machines
                )
                bundle = Bundle(gateway=gateway, epoch=1, seq=second + 1, floor=1, sent_at_us=due_us, batches=batches)
                yield due, data_topic(gateway), encode_bundle(bundle)

    async def _run(self) -> None:
        async with connect(self._settings) as link:
            for due, topic, payload in self._made:
                await asyncio.sleep(max(0.0, due - time.time()))
                if self._stop.is_set():
                    return
                self.late_seconds = max(self.late_seconds, time.time() - due)
                await link.publish(topic, payload, qos=0)


class _Model:
    """Rows of a healthy machine of a kind."""

    def __init__(self, kind: str) -> None:
        signals = load_kind(kind).signals
        self._list = SignalList.of(kind, load_kind(kind).numeric_signals)
        self._middle = np.array([plausible(signals[name]) for name in self._list.names])
        self._noise = np.array([0.001 if signals[name].type in ("real", "double") else 0.0 for name in self._list.names])

    def batch(self, name: str, now_us: int, rng: np.random.Generator, changed: dict[str, float]) -> Batch:
        values = self._middle * (1 + self._noise * rng.standard_normal(len(self._noise)))
        for signal, value in changed.items():
            values[self._list.names.index(signal)] = value
        times = np.array([now_us], "<i8").tobytes()
        return Batch(equipment=name, signals=self._list, times=times, values=values.astype("<f8").tobytes())
