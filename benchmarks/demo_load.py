"""What the whole demo takes: processor and memory of all its processes, with an overview open and machines of every kind."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from benchmarks.bars import SHORT, Bar, Measure
from shangyun.local_servers import free_port

SETTLE_SECONDS = 15
SECONDS = 20 if SHORT else 120
MOST_CORES, MOST_GB = 1.5, 1.5
ROOT = Path(__file__).parents[1]
TICKS = 100


class Tree:
    """A process with all its descendants, and the database's, which are nobody's children."""

    def __init__(self, root: int, folder: Path) -> None:
        self._root, self._folder = root, str(folder)

    def usage(self) -> dict[int, tuple[str, float, float]]:
        """Give by process its name, its CPU seconds so far, and its share of memory in MB (pages that several map are split)."""
        found = {}
        for pid in self._pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                share = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            except OSError:
                continue  # it has just ended
            cpu_seconds = sum(int(field) for field in fields[11:13]) / TICKS
            found[pid] = (command[:80], cpu_seconds, int(share[1]) / 1024 if share else 0.0)
        return found

    def _pids(self) -> set[int]:
        parents: dict[int, int] = {}
        pids = {self._root}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                if b"postgres" in (command := (path / "cmdline").read_bytes()) and self._folder.encode() in command:
                    pids.add(int(path.name))
            except OSError:
                continue
        while more := {pid for pid, parent in parents.items() if parent in pids} - pids:
            pids |= more
        return pids


def demo_load(folder: Path) -> Bar:
    """Run the demo, watch it as a browser does, and add up what its processes took."""
    data, port = folder / "demo", free_port()
    command = [sys.executable, "-m", "shangyun", "demo", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            lines = ""
            for line in process.stdout:
                lines += line
                if (said := re.search(r"Sign in as (\S+) with the password (\S+)", line)) is not None:
                    break
            assert said is not None, lines
            threading.Thread(target=_watch, args=(port, said[1], said[2]), daemon=True).start()
            time.sleep(SETTLE_SECONDS)
            tree = Tree(process.pid, data)
            before, began = tree.usage(), time.monotonic()
            time.sleep(SECONDS)
            after, took = tree.usage(), time.monotonic() - began
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    parts = {
        f"{command} ({pid})": {"cores": (cpu - before[pid][1]) / took, "megabytes": memory}
        for pid, (command, cpu, memory) in after.items()
        if pid in before
    }
    cores = sum(part["cores"] for part in parts.values())
    gigabytes = sum(part["megabytes"] for part in parts.values()) / 1024
    line = f"{100 * cores:.0f} % of a core, {gigabytes:.2f} GB in all (bar {100 * MOST_CORES:.0f} %, {MOST_GB} GB)"
    return Bar("demo_load", cores <= MOST_CORES and gigabytes <= MOST_GB, line, {"parts": parts, "seconds": took})


def _watch(port: int, name: str, password: str) -> None:
    """Follow the live values of all machines, as an open overview does."""
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as client:
        client.post("/login", data={"name": name, "password": password})
        with client.stream("GET", "/api/v1/stream?signals=key") as answer:
            for _ in answer.iter_lines():
                pass


BARS: dict[str, Measure] = {"demo_load": demo_load}
