"""A hundred machines in one herd against the same machines one by one: the same rows, kind by kind, on one core."""

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.bars import SHORT, Bar, Measure
from simulators.fleet import JINAN, machine_class, machine_kinds

MACHINES = 100
HOURS = 1 if SHORT else 6
SINGLES = 3
"""So many of the hundred are run one by one; each costs the same."""
BAR = 10.0
MONDAY = datetime(2026, 6, 22, 8, tzinfo=JINAN)


def seconds_of(kind: str, seeds: Iterable[int]) -> float:
    """Give the CPU time of a row a minute for some hours, without the start."""
    machines = machine_class(kind)(seeds=list(seeds), start=MONDAY)
    began = time.process_time()
    for _ in range(HOURS * 60):
        machines.step(60)
        machines.values()
    return time.process_time() - began


def herds_against_singles(_: Path) -> Bar:
    """Compare, for each kind, the herd's time with that of as many singles; the median over kinds counts."""
    times = {
        kind: {
            "herd_seconds": seconds_of(kind, range(MACHINES)),
            "single_seconds": median(seconds_of(kind, [seed]) for seed in range(SINGLES)),
        }
        for kind in machine_kinds()
    }
    ratios = {kind: MACHINES * t["single_seconds"] / t["herd_seconds"] for kind, t in times.items()}
    slowest = max(times, key=lambda kind: times[kind]["herd_seconds"])
    day = {kind: t["herd_seconds"] * 24 / HOURS for kind, t in times.items()}
    middle = median(ratios.values())
    line = (
        f"x {middle:.0f} (a herd of {MACHINES} against {MACHINES} singles, median of {len(times)} kinds, "
        f"{min(ratios.values()):.0f} to {max(ratios.values()):.0f}; bar x {BAR:.0f}); a day of a herd with a row a minute: "
        f"{median(day.values()):.1f} s, slowest {slowest} {day[slowest]:.1f} s"
    )
    return Bar("herds_against_singles", middle >= BAR, line, {"times": times, "ratios": ratios, "hours": HOURS})


BARS: dict[str, Measure] = {"herds_against_singles": herds_against_singles}
