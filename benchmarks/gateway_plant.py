"""A whole plant of real processes: simulators, gateway, Mosquitto, ingest, database; each can be killed.

The end-to-end test and the kills of the bench share it.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from device_profiles.kind import load_kind
from shangyun.local_servers import Broker, die_with_parent, free_port

ROOT = Path(__file__).parents[1]
FLUSH_SECONDS = 0.25
POLL_SECONDS = 0.2


class PlantRig:
    """Starts, kills and restarts the parts; every part is the shipped command.

    There is one machine tool, and so many boilers and inverters as are asked for.
    """

    def __init__(self, folder: Path, *, database: str, broker: Broker, boilers: int = 1, inverters: int = 1) -> None:
        self.folder, self.database, self.broker = folder, database, broker
        self.machines = boilers + inverters + 1
        self.truth_log = folder / "truth.jsonl"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._modbus, self._opcua, self._gateway_health, self._ingest_health = (free_port() for _ in range(4))
        self._write_settings(boilers, inverters)
        self._commands: Mapping[str, Sequence[str]] = {
            "simulators": ["sim", "simulators.toml"],
            "gateway": ["gateway", "run", "gateway.toml"],
            "ingest": ["ingest", "run", "ingest.toml"],
        }

    def migrate(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "shangyun", "db", "migrate", "--database", self.database],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self, name: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "shangyun", *self._commands[name]],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls the kernel once and touches nothing of ours
            )

    def kill(self, name: str) -> None:
        """Kill -9."""
        if name == "broker":
            self.broker.kill()
            return
        self._processes[name].kill()
        self._processes.pop(name).wait()

    def revive(self, name: str) -> None:
        if name == "broker":
            self.broker.start()
        else:
            self.start(name)

    def stop(self, name: str, *, within_seconds: float = 30) -> int:
        """Stop in good order and give the exit status."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(within_seconds)

    def end(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def alive(self) -> dict[str, bool]:
        return {name: process.poll() is None for name, process in self._processes.items()}

    def health(self, name: str) -> dict[str, Any]:
        port = self._gateway_health if name == "gateway" else self._ingest_health
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                content = json.load(answer)
        except urllib.error.HTTPError as error:
            content = json.load(error)
        assert isinstance(content, dict)
        return content

    def spooled(self) -> int:
        """Bundles that still wait for a receipt, read from the spool's file while no gateway holds it."""
        ((count,),) = self._ask_spool("SELECT count(*) FROM bundle") or [(0,)]
        return int(count)

    def gaps(self) -> list[tuple[int, int]]:
        """Give what the gateway itself recorded as lost: from when to when, in microseconds."""
        return self._ask_spool("SELECT from_us, to_us FROM gap")

    def _ask_spool(self, question: str) -> list[tuple[Any, ...]]:
        path = self.folder / "spool.sqlite3"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(question).fetchall()

    def stored(self) -> dict[str, tuple[str, list[tuple[int, dict[str, Any]]]]]:
        """Everything in the database, by equipment: kind and rows of (time in microseconds, values)."""
        result = {}
        with psycopg.connect(self.database) as connection:
            equipment = connection.execute("SELECT id, name, kind FROM reading.equipment").fetchall()
            for number, name, kind in equipment:
                signals = load_kind(kind).numeric_signals
                query = sql.SQL("SELECT (extract(epoch FROM time) * 1000000)::bigint, {} FROM {} WHERE equipment_id = %s").format(
                    sql.SQL(", ").join(map(sql.Identifier, signals)), sql.Identifier("reading", kind)
                )
                rows = [(row[0], dict(zip(signals, row[1:], strict=True))) for row in connection.execute(query, [number])]
                result[name] = (kind, rows)
        return result

    def newest_us(self) -> int:
        """Give the time of the newest row, in microseconds; 0 while there is none."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT (extract(epoch FROM max(time)) * 1000000)::bigint FROM reading.boiler").fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def dead_letters(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute("SELECT reason, detail FROM ingest.dead_letter").fetchall()

    def _write_settings(self, boilers: int, inverters: int) -> None:
        units = iter(range(1, 248))
        machines = [
            *(_modbus_machine(f"boiler-{n}", "boiler/generic_plc", self._modbus, next(units)) for n in range(1, boilers + 1)),
            *(
                _modbus_machine(f"pv-{n}", "pv_inverter/sunspec_103", self._modbus, next(units), 'start_time = "10:00"')
                for n in range(1, inverters + 1)
            ),
            ("cnc-1", "cnc_machine/opc_40501", self._opcua, "", 'connection = "tool"\nroot = "Machines/cnc-1"'),
        ]
        broker = f'[broker]\nhost = "127.0.0.1"\nport = {self.broker.port}\nkeepalive_seconds = 2\n'
        texts = {
            "simulators": 'truth_log = "truth.jsonl"\n'
            + "".join(
                f'[[machines]]\nname = "{name}"\nprofile = "{profile}"\nport = {port}\nseed = {seed}\n{more}\n'
                for seed, (name, profile, port, more, _) in enumerate(machines, 1)
            ),
            "gateway": f'gateway = "plant-under-test"\n{broker}[spool]\npath = "spool.sqlite3"\n'
            f"[publish]\nflush_seconds = {FLUSH_SECONDS}\nreceipt_timeout_seconds = 2\n[health]\nport = {self._gateway_health}\n"
            f'[connections.plc]\nprotocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {self._modbus}\n'
            f'[connections.tool]\nprotocol = "opcua"\nurl = "opc.tcp://127.0.0.1:{self._opcua}/"\nsecurity = "none"\n'
            'mode = "poll"\n'  # the join wants a row for each serving
            + "".join(
                f'[[equipment]]\nname = "{name}"\nprofile = "{profile}"\nperiod_seconds = {POLL_SECONDS}\n{place}\n'
                for name, profile, _, _, place in machines
            ),
            "ingest": f'database = "{self.database}"\nhealth_port = {self._ingest_health}\n{broker}',
        }
        for name, text in texts.items():
            (self.folder / f"{name}.toml").write_text(text, encoding="utf-8")


def _modbus_machine(name: str, profile: str, port: int, unit: int, more: str = "") -> tuple[str, str, int, str, str]:
    return name, profile, port, f"unit_id = {unit}\n{more}", f'connection = "plc"\nunit_id = {unit}'


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.1)
