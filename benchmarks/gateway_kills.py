"""Kill gateway, broker and ingest at random under load, then join every value that the machines served with the database.

SEED=n repeats a run's faults; KILLS=n chooses how many. What may be lost is what a killed gateway had not yet committed to its
disk: each loss must lie in the window before a gateway's kill, and in a gap that the gateway itself has recorded.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.gateway_plant import FLUSH_SECONDS, PlantRig, wait_until
from benchmarks.gateway_truth_join import Verdict, join
from shangyun.local_servers import Broker, embedded_postgresql, free_port
from simulators.truth import read_truth

KILLS = int(os.environ.get("KILLS", "6" if SHORT else "200"))
PARTS = ("gateway", "broker", "ingest")
COMMIT_WINDOW_SECONDS = FLUSH_SECONDS + 0.25
"""What a killed gateway may lose: the samples since its last flush, and a flush whose fsync had not returned."""
BOILERS, INVERTERS = 6, 3
STOPPING_US = 50_000
_TWO_AT_ONCE = 0.2
_RECOVERY_SECONDS = 60.0
_DRAIN_TURNS, _DRAIN_SECONDS = 10, 5.0


class Kill(NamedTuple):
    """After a pause under load these parts die, and come back after so long."""

    pause_seconds: float
    victims: tuple[str, ...]
    away_seconds: float


def plan(rng: random.Random, *, kills: int) -> Iterator[Kill]:
    """Draw until so many processes have been killed; sometimes two die at once."""
    while kills > 0:
        count = min(kills, 2 if rng.random() < _TWO_AT_ONCE else 1)
        yield Kill(rng.uniform(0.5, 4.0), tuple(sorted(rng.sample(PARTS, count))), rng.uniform(0.0, 3.0))
        kills -= count


def measure(folder: Path) -> Bar:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    print(f"gateway_kills: SEED={seed}", file=sys.stderr, flush=True)
    started = time.monotonic()
    with ExitStack() as stack:
        address = stack.enter_context(embedded_postgresql(folder / "postgresql"))
        broker = stack.enter_context(Broker.mosquitto(folder / "broker", free_port()))
        rig = PlantRig(folder, database=address, broker=broker, boilers=BOILERS, inverters=INVERTERS)
        rig.migrate()
        stack.callback(rig.end)
        rig.start("simulators")
        wait_until(
            lambda: "cnc-1" in (folder / "simulators.log").read_text(), seconds=_RECOVERY_SECONDS, what="simulators listening"
        )
        rig.start("ingest")
        rig.start("gateway")
        wait_until(lambda: rig.newest_us() > 0, seconds=_RECOVERY_SECONDS, what="first rows")
        gateway_kills_us, kinds = _strike(rig, plan(random.Random(seed), kills=KILLS))
        stops_us = _drain(rig)
        verdict = join(
            list(read_truth(rig.truth_log)),
            rig.stored(),
            gateway_kills_us=gateway_kills_us,
            window_us=int(COMMIT_WINDOW_SECONDS * 1_000_000),
            stopped_us=stops_us[-1],
            stops_before_us=stops_us[:-1],
        )
        others = {"dead letters": len(rig.dead_letters()), "losses without a gap": unrecorded(verdict, rig.gaps(), stops_us)}
    return _told(verdict, kinds, others, seed=seed, minutes=(time.monotonic() - started) / 60)


def unrecorded(verdict: Verdict, gaps: Sequence[tuple[int, int]], stops_us: Sequence[int]) -> int:
    """Count losses that lie in no recorded gap; a poll that a stop gave up was never read, so nobody can record it."""
    first_stop_us = stops_us[0] - STOPPING_US
    return sum(
        1
        for time_us in verdict.lost_us
        if time_us < first_stop_us and not any(begin_us <= time_us <= end_us for begin_us, end_us in gaps)
    )


def _told(verdict: Verdict, kinds: Counter[str], others: Mapping[str, int], *, seed: int, minutes: float) -> Bar:
    for example in (*verdict.missing[:5], *verdict.double[:5], *verdict.wrong[:5]):
        print(f"  {example}", file=sys.stderr)
    killed = ", ".join(f"{part} {count}" for part, count in sorted(kinds.items()))
    line = (
        f"{kinds.total()} kills ({killed}): {verdict}, {', '.join(f'{count} {name}' for name, count in others.items())}"
        f" (bar: 0 missing beyond the window of {COMMIT_WINDOW_SECONDS:g} s, 0 double, 0 wrong, 0 without a gap;"
        f" SEED={seed}, {minutes:.1f} minutes)"
    )
    details = {
        "seed": seed,
        "kills": dict(kinds),
        "served": verdict.served,
        "rows": verdict.rows,
        "values": verdict.values,
        "missing": len(verdict.missing),
        "double": len(verdict.double),
        "wrong": len(verdict.wrong),
        "lost_in_window": verdict.lost_in_window,
        **others,
        "minutes": minutes,
    }
    holds = not (verdict.missing or verdict.double or verdict.wrong or any(others.values())) and verdict.values > 0
    return Bar("gateway_kills", holds, line, details)


def _strike(rig: PlantRig, kills: Iterator[Kill]) -> tuple[list[int], Counter[str]]:
    """Kill under load: the next kill comes only after rows read since the last one have been committed."""
    gateway_kills_us, kinds = [], Counter[str]()
    for kill in kills:
        time.sleep(kill.pause_seconds)
        for victim in kill.victims:
            rig.kill(victim)
            if victim == "gateway":
                gateway_kills_us.append(time.time_ns() // 1000)
        time.sleep(kill.away_seconds)
        for victim in kill.victims:
            rig.revive(victim)
        revived_us = time.time_ns() // 1000
        wait_until(partial(_has_rows_since, rig, revived_us), seconds=_RECOVERY_SECONDS, what=f"commits after {kill.victims}")
        if not all(rig.alive().values()):
            raise SystemExit(f"a part ended by itself: {rig.alive()}; its log is in {rig.folder}")
        kinds.update(kill.victims)
        print(f"\r{kinds.total()} of {KILLS} kills", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return gateway_kills_us, kinds


def _has_rows_since(rig: PlantRig, time_us: int) -> bool:
    return rig.newest_us() > time_us


def _drain(rig: PlantRig) -> list[int]:
    """Stop everything in good order with nothing left on the gateway's disk, and give when the gateway was asked to stop."""
    stops_us = [time.time_ns() // 1000]
    statuses = [rig.stop("gateway")]
    while rig.spooled() and len(stops_us) <= _DRAIN_TURNS:
        rig.start("gateway")  # what the stopping gateway could not send is on its disk, and goes when it is back
        time.sleep(_DRAIN_SECONDS)
        stops_us.append(time.time_ns() // 1000)
        statuses.append(rig.stop("gateway"))
    left = rig.spooled()
    statuses += [rig.stop("ingest"), rig.stop("simulators")]
    if left or any(statuses):
        raise SystemExit(f"{left} bundles are left on the disk; the parts ended with {statuses}")
    return stops_us


BARS: dict[str, Measure] = {"gateway_kills": measure}
