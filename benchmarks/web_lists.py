"""Fifty users at once at the API: ten thousand machines listed, a thousand alarms listed, a chart of a day.

    python -m benchmarks.web_lists PORT COOKIE FILE      the users themselves, in a process of their own

Each user asks again as soon as the answer is there, so the server is always full; a user who reads waits less. The reference
in the same run is the same fifty users asking for /healthz, which costs the server next to nothing: what is beyond it is ours.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.web_site import running_site

USERS = 50
SECONDS = 4 if SHORT else 20
MACHINES = 2_000 if SHORT else 10_000
ALARMS = 200 if SHORT else 1_000
CHARTED = 4 if SHORT else 40
BAR_SECONDS = 1.0

SORTS = ("name", "-time", "kind", "gateway", "condition")
KINDS = ("", "boiler", "motor", "wind_turbine")


def addresses(name: str, rng: random.Random, charted: list[int], signals: list[str]) -> str:
    """Give one request of a kind, never the same twice in a row."""
    if name == "equipment":
        kind, offset = rng.choice(KINDS), rng.randrange(0, MACHINES // 10, 100)
        return f"/api/v1/equipment?limit=100&offset={offset}&sort={rng.choice(SORTS)}&kind={kind}"
    if name == "search":
        return f"/api/v1/equipment?limit=100&search=-{rng.randrange(100)}"
    if name == "alarms":
        return f"/api/v1/alarms?limit=1000&sort={rng.choice(('priority', '-since', 'machine'))}"
    if name == "chart":
        return f"/api/v1/equipment/{rng.choice(charted)}/series?span=24h&signals={','.join(rng.sample(signals, 8))}"
    return "/healthz"


async def ask(port: int, cookie: str, name: str, charted: list[int], signals: list[str]) -> dict[str, float]:
    seconds: list[float] = []
    sizes: list[int] = []
    until = time.perf_counter() + SECONDS

    async def user(number: int) -> None:
        rng = random.Random(number)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Cookie": cookie}, timeout=60) as client:
            while time.perf_counter() < until:
                started = time.perf_counter()
                answer = await client.get(addresses(name, rng, charted, signals))
                seconds.append(time.perf_counter() - started)
                sizes.append(len(answer.content))
                if answer.status_code != 200:
                    raise SystemExit(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")

    await asyncio.gather(*map(user, range(USERS)))
    return {
        "p50_seconds": statistics.median(seconds),
        "p95_seconds": sorted(seconds)[int(len(seconds) * 0.95)],
        "answers_per_second": len(seconds) / SECONDS,
        "median_bytes": statistics.median(sizes),
    }


async def ask_all(port: int, cookie: str, charted: list[int], signals: list[str]) -> dict[str, dict[str, float]]:
    names = ("healthz", "equipment", "search", "alarms", "chart")
    return {name: await ask(port, cookie, name, charted, signals) for name in names}


def lists(folder: Path) -> Bar:
    with running_site(folder, machines=MACHINES, alarms=ALARMS, charted=CHARTED) as site:
        file = folder / "charted.json"
        file.write_text(json.dumps([site.charted, list(site.charted_signals)]))
        command = [sys.executable, "-m", "benchmarks.web_lists", str(site.port), site.cookie, str(file)]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    floor = found.pop("healthz")["p95_seconds"]
    told = [
        f"{name} p95 {times['p95_seconds']:.2f} s (x {times['p95_seconds'] / floor:.1f}, {times['answers_per_second']:.0f}/s)"
        for name, times in found.items()
    ]
    line = (
        f"{USERS} users, {MACHINES:,} machines, {ALARMS:,} alarms: {', '.join(told)}"
        f" (bar {BAR_SECONDS:.0f} s; healthz p95 {floor:.2f} s)"
    )
    return Bar("web_lists", all(times["p95_seconds"] < BAR_SECONDS for times in found.values()), line, found)


BARS: dict[str, Measure] = {"web_lists": lists}

if __name__ == "__main__":
    charted, signals = json.loads(Path(sys.argv[3]).read_text())
    print(json.dumps(asyncio.run(ask_all(int(sys.argv[1]), sys.argv[2], charted, signals))))
