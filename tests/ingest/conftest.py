"""Ingest workers as real processes, and gateways as small as a test needs."""

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psycopg
import pytest

from shangyun.local_servers import free_port
from telemetry.bundle import Batch, Bundle, SignalList
from telemetry.mqtt import BrokerSettings, Link, connect
from telemetry.receipt import decode_receipt
from telemetry.topics import data_topic, receipt_topic
from telemetry.wire import encode_bundle

ROOT = Path(__file__).parents[2]


class Address(Protocol):
    host: str
    port: int
    supports_mqtt5: bool


def broker_settings(broker: Address) -> dict[str, Any]:
    # Named, where it is old: finding out takes a broker that ignores MQTT 5 ten seconds.
    return {"host": broker.host, "port": broker.port, "version": "auto" if broker.supports_mqtt5 else "3.1.1"}


class Worker:
    """An ingest process; ``kill`` is SIGKILL, ``stop`` is SIGTERM."""

    def __init__(self, settings: Path, log: Path, health_port: int) -> None:
        self.settings, self.log, self.health_port = settings, log, health_port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "shangyun", "ingest", "run", str(self.settings)]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def wait_until_connected(self, seconds: float = 20, *, times: int = 1) -> None:
        """Wait until it has been connected so many times in all, or once more if it is not running yet."""
        deadline = time.monotonic() + seconds
        seen = self.log.read_text().count("connected to the broker") if self.process is None else times - 1
        while self.log.read_text().count("connected to the broker") <= seen:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)


@pytest.fixture
def make_worker(tmp_path: Path, migrated_database: str) -> Iterator[Callable[..., Worker]]:
    """Call it with a broker, and settings as TOML lines, for a worker that is not started yet."""
    workers: list[Worker] = []

    def make(broker: Address, extra: str = "", *, database: str = migrated_database) -> Worker:
        port, number = free_port(), len(workers)
        settings = tmp_path / f"ingest-{number}.toml"
        settings.write_text(
            f'database = "{database}"\nhealth_port = {port}\ntidy_seconds = 0.3\n{extra}\n'
            + "".join(["[broker]\n", *(f"{key} = {json.dumps(value)}\n" for key, value in broker_settings(broker).items())])
        )
        workers.append(Worker(settings, tmp_path / f"ingest-{number}.log", port))
        return workers[-1]

    yield make
    for worker in workers:
        worker.kill()


def make_bundle(
    seq: int, *, gateway: str, equipment: str = "boiler-1", rows: int = 3, floor: int = 1, kind: str = "boiler"
) -> Bundle:
    """Rows whose time and steam_flow both tell bundle and row."""
    start = round(datetime.now(UTC).timestamp()) * 1_000_000 - 3_600_000_000
    numbers = np.arange(rows) + seq * 1000
    return Bundle(
        gateway=gateway,
        epoch=11,
        seq=seq,
        floor=floor,
        sent_at_us=start,
        batches=(
            Batch(
                equipment=equipment,
                signals=SignalList.parse(f"{kind}:steam_flow,steam_pressure"),
                times=(start + numbers * 1000).astype("<i8").tobytes(),
                values=np.column_stack((numbers, np.ones(rows))).astype("<f8").tobytes(),
            ),
        ),
    )


class Gateway:
    """Publishes bundles until each has a receipt, as the spool of a real one does."""

    def __init__(self, name: str, broker: Address) -> None:
        self.name = name
        self.receipted: set[int] = set()
        self.sent = 0
        self._news = asyncio.Event()
        self._broker = BrokerSettings(**broker_settings(broker))

    async def deliver(self, payloads: dict[int, bytes], *, timeout_seconds: float = 60, resend_seconds: float = 1.0) -> None:
        """Send bundles by seq, again and again, until all are receipted."""
        async with asyncio.timeout(timeout_seconds), connect(self._broker) as link:
            await link.subscribe(receipt_topic(self.name))
            listen = asyncio.create_task(self._listen(link))
            try:
                while missing := sorted(payloads.keys() - self.receipted):
                    for seq in missing:
                        if seq not in self.receipted:
                            await link.publish(data_topic(self.name), payloads[seq])
                            self.sent += 1
                    with suppress(TimeoutError):
                        async with asyncio.timeout(resend_seconds):
                            while payloads.keys() - self.receipted:
                                self._news.clear()
                                await self._news.wait()
            finally:
                listen.cancel()

    async def _listen(self, link: Link) -> None:
        async for message in link.messages():
            for first, last in decode_receipt(message.payload).ranges:
                self.receipted |= set(range(first, last + 1))
            self._news.set()


class Site:
    """All parts of a test in one place: a broker, a migrated database, workers and gateways with a name of their own."""

    def __init__(self, broker: Address, database: str, make_worker: Callable[..., Worker]) -> None:
        self.broker = broker
        self.database = database
        self.name = f"gw-{uuid.uuid4().hex[:8]}"
        self.topic = data_topic(self.name)
        self._make_worker = make_worker

    def worker(self, extra: str = "") -> Worker:
        """Describe a worker with more settings as TOML lines; it is not started yet."""
        return self._make_worker(self.broker, extra)

    def running_worker(self, extra: str = "") -> Worker:
        worker = self.worker(extra)
        worker.start()
        worker.wait_until_connected()
        return worker

    def gateway(self, suffix: str = "") -> Gateway:
        return Gateway(self.name + suffix, self.broker)

    def link(self) -> AbstractAsyncContextManager[Link]:
        return connect(BrokerSettings(**broker_settings(self.broker)))

    def bundle(self, seq: int, **options: Any) -> Bundle:
        return make_bundle(seq, **{"gateway": self.name, **options})

    def encoded(self, first: int, last: int, *, suffix: str = "") -> dict[int, bytes]:
        """Bundles ``first`` to ``last`` of a gateway, by seq."""
        return {seq: encode_bundle(make_bundle(seq, gateway=self.name + suffix)) for seq in range(first, last + 1)}

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(question.encode()).fetchall()


@pytest.fixture
def make_site(migrated_database: str, make_worker: Callable[..., Worker]) -> Callable[[Address], Site]:
    return lambda broker: Site(broker, migrated_database, make_worker)


@pytest.fixture
def site(broker: Address, make_site: Callable[[Address], Site]) -> Site:
    return make_site(broker)
