"""What the gateway's benches share: a site of real processes, and meters of what each of them spends.

The gateway, ingest and the migration are the shipped commands with their settings files; nothing of their insides is used.
"""

import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from benchmarks import gateway_site
from benchmarks.gateway_responder import Polls, read_polls
from benchmarks.ingest_rig import ROOT, Worker, cpu_seconds
from shangyun.local_servers import Broker, die_with_parent, embedded_postgresql, free_port
from store.database import Database
from store.migrate import migrate

GATEWAY = "bench-plant"
_START_SECONDS = 60.0
_SAMPLES_A_MEAN = 5
_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class Process:
    """A child that ends with us; its output goes to a log."""

    def __init__(self, command: list[str], log: Path, *, folder: Path = ROOT) -> None:
        self._command, self.log, self._folder = command, log, folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls the kernel once and touches nothing of ours
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._wait(None)

    def stop(self, *, within_seconds: float = 30.0) -> int:
        """End it in good order and give its status."""
        assert self._process is not None
        self._process.terminate()
        return self._wait(within_seconds)

    def end_input(self, *, within_seconds: float = 30.0) -> int:
        self._close_input()
        return self._wait(within_seconds)

    def _close_input(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _wait(self, seconds: float | None) -> int:
        assert self._process is not None
        status = self._process.wait(seconds)
        self._close_input()
        self._process = None
        return status

    def require_alive(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise SystemExit(f"it ended by itself with status {self._process.returncode}; the end of {self.log}:\n{self.tail()}")

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Devices(Process):
    """The responder: so many devices on loopback addresses, one port."""

    def __init__(self, folder: Path, count: int) -> None:
        self.count, self.port, self._polls = count, free_port(), folder / "polls"
        command = [sys.executable, "-m", "benchmarks.gateway_responder", str(self.port), str(count), str(self._polls)]
        super().__init__(command, folder / "responder.log")

    def start(self) -> None:
        super().start()
        until(lambda: "ready" in self.log.read_text(), seconds=_START_SECONDS, what="devices that listen", of=self)

    def finish(self) -> Polls:
        """Let it write down what it has served, and read that."""
        if self.end_input():
            raise SystemExit(f"the devices failed:\n{self.tail()}")
        return read_polls(self._polls)


class Gateway(Process):
    """``shangyun gateway run`` on a site of devices."""

    def __init__(self, folder: Path, devices: Devices, broker: Broker, *, more: str = "", user: str | None = None) -> None:
        self.folder, self.health_port = folder, free_port()
        gateway_site.write_profile(folder / "site.toml")
        file = folder / "gateway.toml"
        file.write_text(_settings(devices, broker, self.health_port, more=more, user=user), encoding="utf-8")
        super().__init__([sys.executable, "-m", "shangyun", "gateway", "run", str(file)], folder / "gateway.log")

    def start(self) -> None:
        super().start()
        until(lambda: "gateway_spool_bundles" in self.metrics(), seconds=_START_SECONDS, what="a gateway with metrics", of=self)

    def metrics(self) -> Mapping[str, float]:
        """Read its metrics, summed over their labels; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        sums: dict[str, float] = {}
        for name, value in _SAMPLE.findall(text):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums


def _settings(devices: Devices, broker: Broker, health_port: int, *, more: str, user: str | None) -> str:
    lines = [
        f'gateway = "{GATEWAY}"',
        f'[broker]\nhost = "{broker.host}"\nport = {broker.port}',
        f'username = "{user}"' if user else "",
        f'[spool]\npath = "spool.sqlite3"\n[health]\nport = {health_port}',
        more,
    ]
    for n in range(devices.count):
        lines += [
            f'[connections.c{n}]\nprotocol = "modbus_tcp"\nhost = "{gateway_site.device_host(n)}"\nport = {devices.port}',
            f'[[equipment]]\nname = "{gateway_site.device_name(n)}"\nprofile = "site.toml"\nconnection = "c{n}"',
            f"period_seconds = {gateway_site.PERIOD_SECONDS}",
        ]
    return "\n".join(lines) + "\n"


class Site(NamedTuple):
    """Everything but the gateway: devices, broker, ingest and a database that keeps the time of each commit."""

    devices: Devices
    broker: Broker
    ingest: Worker
    database: str


@contextmanager
def site(folder: Path, *, devices: int, acl: str | None = None, broker_config: str = "") -> Iterator[Site]:
    with ExitStack() as stack:
        address = stack.enter_context(
            embedded_postgresql(folder / "postgresql", {"shared_buffers": "256MB", "track_commit_timestamp": "on"})
        )
        with Database(address) as database:
            migrate(database, report=lambda _: None)
        broker = stack.enter_context(
            Broker.mosquitto(folder / "broker", free_port(), acl=acl, extra_config=f"max_queued_messages 0\n{broker_config}")
        )
        ingest = stack.enter_context(Worker(address, broker, folder, "ingest"))
        yield Site(stack.enter_context(Devices(folder, devices)), broker, ingest, address)


def drain(gateway: Gateway, *, seconds: float) -> None:
    """Wait until nothing but the newest bundle is on the gateway's disk, and stop it in good order."""
    deadline = time.monotonic() + seconds
    while gateway.metrics().get("gateway_spool_bundles", 0) > 1:
        gateway.require_alive()
        if time.monotonic() > deadline:
            raise SystemExit(f"the spool did not drain within {seconds:.0f} s:\n{gateway.tail()}")
        time.sleep(0.2)
    if status := gateway.stop():
        raise SystemExit(f"the gateway ended with status {status}:\n{gateway.tail()}")


# --- meters ---------------------------------------------------------------------------------------------------------


class Slope(NamedTuple):
    """A straight line through resident memory: MB an hour, and its standard error."""

    mb_per_hour: float
    error: float

    @property
    def is_flat(self) -> bool:
        """Below 1 MB/h, or not to be told from it."""
        return self.mb_per_hour - 2 * self.error < 1.0


class Meter:
    """Watches one process (with its children, if told so) once a second: CPU time and resident memory."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._samples: list[tuple[float, float, float]] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self._samples.append((time.monotonic(), cpu_seconds([self._pid]), resident_mb(self._pid)))
            if self._over.wait(1.0):
                return

    @property
    def cpu_percent(self) -> float:
        """Mean share of one core."""
        (begin, before, _), (end, after, _) = self._samples[0], self._samples[-1]
        return 100 * (after - before) / (end - begin)

    @property
    def peak_mb(self) -> float:
        return max(mb for _, _, mb in self._samples)

    @property
    def slope(self) -> Slope:
        """Memory over time in the second half, where caches are warm."""
        half = self._samples[len(self._samples) // 2 :]
        return fit_slope([at for at, _, _ in half], [mb for _, _, mb in half])


def fit_slope(seconds: list[float], mb: list[float]) -> Slope:
    """Fit by least squares over means of a few samples: neighbouring samples are alike, and would make the error too small."""
    blocks = len(seconds) // _SAMPLES_A_MEAN
    if blocks < 3:
        raise ValueError(f"{len(seconds)} samples make no slope")
    whole = blocks * _SAMPLES_A_MEAN
    x, y = (np.array(column[:whole]).reshape(blocks, -1).mean(axis=1) for column in (seconds, mb))
    off = (x - x.mean()) / 3600
    slope = float((off * y).sum() / (off**2).sum())
    rest = y - y.mean() - slope * off
    return Slope(slope, float(np.sqrt((rest**2).sum() / (blocks - 2) / (off**2).sum())))


def resident_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def until(condition: Callable[[], bool], *, seconds: float, what: str, of: Process) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        of.require_alive()
        if time.monotonic() > deadline:
            raise SystemExit(f"no {what} within {seconds:.0f} s:\n{of.tail()}")
        time.sleep(0.05)
