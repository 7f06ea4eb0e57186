"""An OPC UA server is killed, restarted or swallowed by the network, again and again: how long until data comes again?

The server is node-opcua's, a program of its own; SEED=n repeats a run's faults. The gateway's scan watches 1,500 values and a
machine with a bad and a missing node. After each return the machine gets a new number; the time counts from when the server
is ready, or the network is back, until a row has it. Then everything must be there: 1,500 good values in the first row, and
the machine's other nodes. Sessions are counted at the server, attempts at the gateway.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.bars import SHORT, Bar, Measure
from device_profiles.profile import OpcUaProfile
from edge_gateway import metrics
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.opcua.driver import OpcUa
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import OpcUaSettings
from shangyun.local_servers import free_port
from simulators.faults import LinkFault
from simulators.link import Link
from telemetry.quality import Quality

FAULTS = 3 if SHORT else 50
NUMBERS = 1500
BACK_SECONDS = 10.0
_PROGRAM = Path(__file__).parents[1] / "tests" / "edge_gateway" / "drivers" / "opcua" / "node_server"
_KINDS = ("kill", "restart", "black hole")
_LABEL = {"zh": "数", "en": "Number"}
_NAME = "gateway_opcua"


class Server:
    """node-opcua in a process of its own, which takes orders on its input."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)]),
        }
        self._process: subprocess.Popen[str] | None = None
        self.sessions = 0
        """Sessions that were made at processes that have ended."""

    def install(self) -> None:
        shutil.copytree(_PROGRAM, self._folder, dirs_exist_ok=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        subprocess.run(command, cwd=self._folder, env=self._environment, check=True, capture_output=True)

    def start(self) -> None:
        command = ["node", str(self._folder / "server.mjs"), str(self._folder / "data"), str(self.port), str(NUMBERS)]
        self._process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._line("ready")
        self.order(set="Load", value=0, status="BadSensorFailure")

    def order(self, **order: Any) -> str:
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._line("done", "status")

    def sessions_made(self) -> int:
        return self.sessions + int(self.order(status=True).split()[2])

    def end(self, *, kill: bool) -> None:
        assert self._process
        self.sessions = self.sessions_made()
        if kill:
            self._process.kill()
        self._process.communicate(timeout=60)  # the end of its input lets it say goodbye

    def _line(self, *starts: str) -> str:
        assert self._process
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(starts):
                return line.strip()
        raise SystemExit(f"{_NAME}: node-opcua has ended")


class Rows:
    """What the scan delivers."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.numbers: list[Poll] = []
        self.machine: dict[str, tuple[float, int]] = {}

    def deliver(self, target: Target, _: int, poll: Poll) -> None:
        if target.name == "many":
            self.numbers.append(poll)
        else:
            self.machine = dict(zip(target.signals.names, poll.readings, strict=True))
        self.news.set()

    async def until_speed_is(self, value: float, *, seconds: float) -> float:
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            while self.machine.get("spindle_speed") != (value, Quality.GOOD):
                self.news.clear()
                await self.news.wait()
        return time.monotonic() - began

    async def first_whole(self, *, seconds: float) -> int:
        """Give how many of the numbers were good and right in the first row that has any."""
        async with asyncio.timeout(seconds):
            while True:
                for poll in self.numbers:
                    right = sum((float(n), Quality.GOOD) == reading for n, reading in enumerate(poll.readings))
                    if right:
                        return right
                self.news.clear()
                await self.news.wait()


def _targets() -> list[Target]:
    names = {f"value_{n}": {"type": "double", "label": _LABEL} for n in range(NUMBERS)}
    numbers = [{"signal": f"value_{n}", "path": f"m:Monitoring/m:Value{n}"} for n in range(NUMBERS)]
    machine = [
        {"signal": "spindle_speed", "path": "m:Monitoring/m:Speed"},
        {"signal": "spindle_load", "path": "m:Monitoring/m:Load"},
        {"signal": "part_count_total", "path": "m:Monitoring/m:Parts"},
        {"signal": "machine_power", "path": "m:Monitoring/m:Nowhere"},
    ]
    return [
        Target.from_profile(_profile(numbers, names), name="many", root="Machines/many", period_seconds=0.5),
        Target.from_profile(_profile(machine, {}), name="cnc-1", root="Machines/cnc-1", period_seconds=0.2),
    ]


def _profile(points: list[dict[str, str]], signals: dict[str, Any]) -> OpcUaProfile:
    return OpcUaProfile.model_validate(
        {
            "kind": "cnc_machine",
            "maker": "bench",
            "model": "bench",
            "label": _LABEL,
            "source": "benchmarks/gateway_opcua.py",
            "verified": "simulator",
            "protocol": "opcua",
            "namespaces": {"m": "urn:test:machine"},
            "signals": signals,
            "points": points,
        }
    )


async def _strike(server: Server, rng: random.Random) -> tuple[list[tuple[str, float]], Counter[str]]:
    """Let the faults happen; give how long each return took, and what was wrong."""
    rows, wrong, returns = Rows(), Counter[str](), []
    async with Link(server_port=server.port) as link:
        settings = OpcUaSettings(protocol="opcua", url=f"opc.tcp://127.0.0.1:{link.port}/", security="none", timeout_seconds=2.0)
        driver = OpcUa(_NAME, settings, now_us=_now_us)
        scan = ConnectionScan(_NAME, driver, _targets(), deliver=rows.deliver, now_us=_now_us, rng=rng)
        scanning = asyncio.create_task(scan.run())
        await rows.until_speed_is(8000.5, seconds=30)
        wrong["not whole"] += await rows.first_whole(seconds=30) != NUMBERS
        for number in range(FAULTS):
            kind, down_seconds = _KINDS[number % len(_KINDS)], rng.uniform(0.5, 12.0)
            hole = link.add(LinkFault(kind="link_black_hole")) if kind == "black hole" else 0
            if not hole:
                await asyncio.to_thread(server.end, kill=kind == "kill")
            await asyncio.sleep(down_seconds)
            rows.numbers.clear()
            if hole:
                link.clear(hole)
            else:
                await asyncio.to_thread(server.start)
            began = time.monotonic()
            await asyncio.to_thread(server.order, set="Speed", value=float(number))
            try:
                await rows.until_speed_is(float(number), seconds=60)
                wrong["not whole"] += await rows.first_whole(seconds=30) != NUMBERS
            except TimeoutError:
                wrong["no data for a minute after a return"] += 1
            returns.append((kind, time.monotonic() - began))
            wrong["good nodes that a bad one stopped"] += rows.machine.get("part_count_total") != (4e9, Quality.GOOD)
            wrong["bad nodes that were good"] += rows.machine["spindle_load"][1] != Quality.BAD_SENSOR_FAILURE
            wrong["bad nodes that were good"] += rows.machine["machine_power"][1] != Quality.BAD_CONFIGURATION_ERROR
            _show(number + 1, returns)
        wrong["sessions beyond one per attempt"] += max(server.sessions_made() - _attempts(), 0)
        scan.leave()
        scanning.cancel()
        await asyncio.wait([scanning])
    return returns, wrong


def measure(folder: Path) -> Bar:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    server = Server(folder / "node-opcua")
    try:
        server.install()
    except (OSError, subprocess.CalledProcessError) as error:
        return Bar(_NAME, holds=False, line=f"not measured: node-opcua cannot be installed ({error})", details={})
    server.start()
    try:
        returns, wrong = asyncio.run(_strike(server, random.Random(seed)))
        sessions = server.sessions_made()
    finally:
        server.end(kill=True)
    times, kinds = sorted(seconds for _, seconds in returns), Counter(kind for kind, _ in returns)
    line = (
        f"{len(returns)} returns ({', '.join(f'{count} {kind}' for kind, count in kinds.items())}): slowest {times[-1]:.1f} s,"
        f" median {times[len(times) // 2]:.1f} s; {sessions} sessions in {_attempts()} attempts; first rows of {NUMBERS} values"
        + "".join(f", {count} {name}" for name, count in (+wrong or Counter({"faulty": 0})).items())
        + f" (bar: < {BACK_SECONDS:.0f} s, one session per attempt at most, every first row whole; SEED={seed})"
    )
    details = {"seed": seed, "returns": returns, "wrong": dict(wrong), "sessions": sessions, "attempts": _attempts()}
    return Bar(_NAME, times[-1] < BACK_SECONDS and not +wrong, line, details)


def _attempts() -> int:
    return int(metrics.CONNECTS.labels(_NAME)._value.get())  # noqa: SLF001 - the library has no getter


def _now_us() -> int:
    return time.time_ns() // 1000


def _show(done: int, returns: list[tuple[str, float]]) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    kind, seconds = returns[-1]
    print(f"{done} of {FAULTS} faults, the last ({kind}) over after {seconds:.1f} s   ", end=end, file=sys.stderr, flush=True)


BARS: dict[str, Measure] = {_NAME: measure}
