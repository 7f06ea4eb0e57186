"""What the kills kill, and the gateways that they do not: real processes that can die and come back."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack, redirect_stderr, suppress
from pathlib import Path

from shangyun.local_servers import die_with_parent, embedded_postgresql, free_port

ROOT = Path(__file__).parents[1]
_DRAIN_SECONDS = 180.0
_DUPLICATES = re.compile(r"^shangyun_ingest_bundles_duplicate_total (\S+)$", re.MULTILINE)


class TimescaleDB:
    """The server of ``scripts/timescaledb`` under a name of this run."""

    def __init__(self) -> None:
        self._name = f"kills-{os.getpid()}"
        self.address = ""

    def start(self) -> None:
        self.address = self._script("start").strip()

    def kill(self) -> None:
        self._script("kill")

    def remove(self) -> None:
        self._script("stop", "--remove")

    def _script(self, *arguments: str) -> str:
        command = [str(ROOT / "scripts" / "timescaledb"), arguments[0], "--name", self._name, *arguments[1:]]
        # A server that comes back says so; nobody needs to read that a hundred times.
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout


class EmbeddedPostgreSQL:
    """The demo's server; its children end by themselves when they miss their postmaster."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self.address = ""

    def start(self) -> None:
        with redirect_stderr(io.StringIO()):  # stopping what was killed fails, and the wheel says so at length
            self._running.close()
        self.address = self._running.enter_context(embedded_postgresql(self._folder))

    def kill(self) -> None:
        os.kill(int((self._folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def remove(self) -> None:
        self._running.close()


class Worker:
    """One ingest worker, the shipped command."""

    def __init__(self, folder: Path, name: str, *, database: str, broker_port: int) -> None:
        self._health_port = free_port()
        self._settings = folder / f"{name}.toml"
        self._settings.write_text(
            f'database = "{database}"\nhealth_port = {self._health_port}\ntidy_seconds = 2\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\nkeepalive_seconds = 2\n'
        )
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.duplicates = 0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shangyun", "ingest", "run", self._settings],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls the kernel once and touches nothing of ours
            )

    def kill(self) -> None:
        assert self._process is not None
        self.count()
        self._process.kill()
        self._process.wait()

    def count(self) -> None:
        """Ask for the ledger's hits; those of a worker that does not answer any more are not counted."""
        with suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health_port}/metrics", timeout=1) as answer:
                found = _DUPLICATES.search(answer.read().decode())
            self.duplicates += int(float(found[1])) if found else 0

    def end(self) -> int:
        """Stop in good order and give the exit status."""
        assert self._process is not None
        self.count()
        self._process.terminate()
        return self._process.wait(60)

    def require_alive(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise SystemExit(
                f"a worker ended by itself with status {self._process.returncode}; the last of {self.log}:\n{self.tail()}"
            )

    def tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-15:])


class Senders:
    """The process of the gateways, and the newest of its lines."""

    def __init__(self, folder: Path, *, broker_port: int, seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gateway_fleet", str(broker_port), str(folder), str(seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the same
        )
        self.status: dict[str, int] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.status = json.loads(line)

    @property
    def receipted(self) -> int:
        return self.status.get("receipted", 0)

    def drain(self) -> None:
        """Seal no more and wait for the last receipt."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise SystemExit(f"not receipted within {_DRAIN_SECONDS:.0f} s: {self.status}") from None
        if self._process.returncode:
            raise SystemExit("the gateways failed")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
