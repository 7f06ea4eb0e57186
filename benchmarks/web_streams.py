"""Five hundred browser tabs on one worker: none dropped, none silent, none behind, and the server's memory flat.

    python -m benchmarks.web_streams PORT COOKIE SECONDS FILE      the tabs themselves, in a process of their own

Three of ten tabs show the overview, five a machine, two a page without live values; the plant sends a row of each machine a
second.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.web_site import LiveLoad, Site, memory_megabytes, running_site

TABS = 100 if SHORT else 500
SECONDS = 20 if SHORT else 300
MACHINES = 1_000
OVERVIEW_MACHINES = 60
LONGEST_SILENCE_SECONDS = 12.0
"""A page calls its stream lost after this silence."""
MOST_MEGABYTES_PER_HOUR = 30.0
WARM_UP_SHARE = 0.3


@dataclass
class Tab:
    """One open page: when it heard something, and how old the values were that it heard."""

    query: str
    events: int = 0
    updates: int = 0
    last_heard: float = 0.0
    longest_silence_seconds: float = 0.0
    ages_seconds: list[float] = field(default_factory=list)
    dropped: str = ""

    async def run(self, port: int, cookie: str, until: float) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
            writer.write(
                f"GET /api/v1/stream?{self.query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
                "Accept: text/event-stream\r\n\r\n".encode()
            )
            status = await reader.readline()
            if b" 200 " not in status:
                raise ConnectionError(status.decode().strip())
            self.last_heard = time.monotonic()
            while time.monotonic() < until:
                line = await asyncio.wait_for(reader.readline(), 30)
                if not line:
                    raise ConnectionError("the server hung up")
                if line.startswith(b"data:"):
                    self._hear(line[5:])
            writer.close()
        except (OSError, TimeoutError, ValueError) as error:
            self.dropped = f"{type(error).__name__}: {error}"

    def _hear(self, data: bytes) -> None:
        now = time.monotonic()
        self.longest_silence_seconds = max(self.longest_silence_seconds, now - self.last_heard)
        self.last_heard = now
        self.events += 1
        if b'"rows":[{' in data:
            self.updates += 1
            if self.updates % 20 == 2:  # decoding each would measure this process
                newest = max(row["t"] or 0 for row in json.loads(data)["rows"])
                self.ages_seconds.append(time.time() - newest / 1000)


async def open_tabs(port: int, cookie: str, seconds: float, ids: list[int]) -> dict[str, object]:
    rng = random.Random(6)
    shown = ",".join(map(str, ids[:OVERVIEW_MACHINES]))
    queries = [f"signals=key&equipment={shown}"] * 3 + [""] * 5 + ["equipment=0"] * 2
    tabs = [Tab(queries[n % 10] or f"signals=all&equipment={rng.choice(ids)}") for n in range(TABS)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(tab.run(port, cookie, until) for tab in tabs))
    ages = sorted(age for tab in tabs for age in tab.ages_seconds)
    return {
        "dropped": [tab.dropped for tab in tabs if tab.dropped],
        "events": sum(tab.events for tab in tabs),
        "longest_silence_seconds": max(tab.longest_silence_seconds for tab in tabs),
        "age_p50_seconds": statistics.median(ages),
        "age_p95_seconds": ages[int(len(ages) * 0.95)],
    }


def streams(folder: Path) -> Bar:
    with running_site(folder, machines=MACHINES) as site, LiveLoad(site.broker, site.machines, seconds=SECONDS + 30):
        answer, memory = _watch(site, folder)
    settled = [(at, megabytes) for at, megabytes in memory if at > SECONDS * WARM_UP_SHARE]
    slope = statistics.linear_regression(*zip(*settled, strict=True)).slope * 3600
    holds = (
        not answer["dropped"]
        and answer["longest_silence_seconds"] < LONGEST_SILENCE_SECONDS
        and answer["age_p95_seconds"] < 2.0
        and slope < MOST_MEGABYTES_PER_HOUR
    )
    line = (
        f"{TABS} tabs for {SECONDS} s on one worker: {len(answer['dropped'])} dropped,"
        f" longest silence {answer['longest_silence_seconds']:.1f} s, value to tab p95 {answer['age_p95_seconds']:.2f} s,"
        f" {answer['events']:,} events, memory {settled[-1][1]:.0f} MB, slope {slope:+.0f} MB/h"
        f" (bars 0, {LONGEST_SILENCE_SECONDS:.0f} s, 2 s, {MOST_MEGABYTES_PER_HOUR:.0f} MB/h)"
    )
    return Bar("web_streams", holds, line, {**answer, "memory_megabytes": memory})


def _watch(site: Site, folder: Path) -> tuple[dict, list[tuple[float, float]]]:  # type: ignore[type-arg]  # JSON of the tabs
    file = folder / "ids.json"
    file.write_text(json.dumps(site.ids))
    command = [sys.executable, "-m", "benchmarks.web_streams", str(site.port), site.cookie, str(SECONDS), str(file)]
    memory = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tabs:
        started = time.monotonic()
        while tabs.poll() is None:
            memory.append((time.monotonic() - started, memory_megabytes(site.pid)))
            time.sleep(1)
        assert tabs.stdout
        return json.loads(tabs.stdout.read()), memory


BARS: dict[str, Measure] = {"web_streams": streams}

if __name__ == "__main__":
    ids = json.loads(Path(sys.argv[4]).read_text())
    print(json.dumps(asyncio.run(open_tabs(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), ids))))
