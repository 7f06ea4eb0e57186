"""``shangyun demo``: PostgreSQL, broker, machines, gateway, ingest and web in one command."""

import fcntl
import json
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from shangyun.demo.city import add_demo_city
from shangyun.demo.plant import MACHINES, Ports, write_settings
from shangyun.demo.processes import Child
from shangyun.demo.sign_in import NAME, sign_in, token
from shangyun.local_servers import Broker, embedded_postgresql, free_port, local_broker, require_free
from store.database import Database
from store.migrate import migrate
from telemetry.errors import ConfigError, ShangyunError

_FIRST_VALUES_SECONDS = 90.0
STEPS = 11
_PARTS = {
    "web": "web",
    "analytics": "analytics worker",
    "alarms": "alarms run",
    "ingest": "ingest run",
    "simulators": "sim",
    "gateway": "gateway run",
}


def run_demo(
    folder: Path, *, port: int, truth_log: Path | None = None, pure_python_broker: bool = False, out: TextIO = sys.stdout
) -> int:
    """Start everything, print the address and stay until Ctrl-C or SIGTERM; data stay in ``folder`` for the next time.

    Raises
    ------
    ConfigError
        If the port or the folder is in use, or a part is not installed.
    ShangyunError
        If a part ends by itself; the message holds the end of its log.
    """
    folder = folder.expanduser().resolve()
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    progress = _Progress(out)
    with ExitStack() as stack:
        stack.enter_context(_only_one_in(folder))
        stopped = stack.enter_context(_until_signal())
        require_free("127.0.0.1", port)
        ports = _ports(web=port)
        progress.step(f"data and logs in {folder}")
        progress.step("PostgreSQL")
        database = stack.enter_context(embedded_postgresql(folder / "postgresql"))
        progress.step("MQTT broker")
        choose = Broker.amqtt if pure_python_broker else local_broker
        broker = choose(folder / "broker", ports.broker)
        stack.enter_context(broker)
        progress.done(broker.name)
        progress.step("database tables")
        opened = stack.enter_context(Database(database))
        migrate(opened, report=lambda _: None)
        add_demo_city(opened)
        password = sign_in(opened, folder)
        mqtt_version = "auto" if broker.supports_mqtt5 else "3.1.1"
        files = write_settings(folder, ports=ports, database=database, mqtt_version=mqtt_version, truth_log=truth_log)
        children: list[Child] = []
        # Started against the direction of the data and stopped along it, so that the last values still find their way.
        for name, command in _PARTS.items():
            progress.step(name)
            child = Child(name, [*command.split(), files[name]], log=logs / f"{name}.log")
            stack.callback(child.stop)
            children.append(child)
        progress.step("city")
        child = Child("city", ["registry", "count", "--database", database], log=logs / "city.log")
        stack.callback(child.stop)
        children.append(child)
        address = f"http://127.0.0.1:{ports.web}/"
        progress.wait("first values")
        with token(opened) as secret:
            _wait_for_values(address, secret, children, stopped)
        if not stopped():
            out.write(f"\n  Shangyun runs: {address}\n  Sign in as {NAME} with the password {password}\n")
            out.write(f"  Ctrl-C stops it; the data stay in {folder}\n")
            out.flush()
        while not stopped():
            for child in children:
                child.check()
            time.sleep(0.3)
        out.write("\nstopping: the gateway spools and sends its last values\n")
        out.flush()
    out.write("stopped\n")
    return 0


class _Progress:
    """One line for each step, so that a person knows what takes the time and a log shows where it stopped."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._number, self._started = out, 0, time.monotonic()

    def step(self, what: str) -> None:
        self._number += 1
        self._out.write(f"[{self._number}/{STEPS}] {time.monotonic() - self._started:4.1f} s  {what}\n")
        self._out.flush()

    def done(self, detail: str) -> None:
        self._out.write(f"               {detail}\n")
        self._out.flush()

    def wait(self, what: str) -> None:
        self._out.write(f"        waiting for the {what} ...\n")
        self._out.flush()


def _ports(*, web: int) -> Ports:
    ports: set[int] = set()
    while len(ports) < len(Ports._fields) - 1:
        ports.add(free_port())
    return Ports._make([*ports, web])


def _wait_for_values(address: str, secret: str, children: list[Child], stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _FIRST_VALUES_SECONDS
    while not stopped():
        for child in children:
            child.check()
        if _live_machines(address, secret) >= len(MACHINES):
            return
        if time.monotonic() > deadline:
            raise ShangyunError(f"no values on {address} after {_FIRST_VALUES_SECONDS:.0f} s; the logs may say why")
        time.sleep(0.3)


def _live_machines(address: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    asked = urllib.request.Request(f"{address}api/v1/equipment", headers=headers)  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310 - the same
            machines = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return 0
    return sum(not item["stale"] for item in machines["items"])


@contextmanager
def _only_one_in(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"another demo runs on {folder}; stop it, or name another folder with --data") from None
        yield


@contextmanager
def _until_signal() -> Iterator[Callable[[], bool]]:
    """Turn SIGINT and SIGTERM into a flag, so that each part is stopped in its turn."""
    is_stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopped
        is_stopped = True

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: is_stopped
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
