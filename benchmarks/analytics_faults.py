"""The fault matrix: each fault of a kind comes to simulated machines, and the analytics must find it and name it right.

``python -m benchmarks.analytics_faults --kind boiler --seeds tuning`` is for whoever works on the analytics; the examination runs
at seeds, seasons and severities that no tuning has seen (``--seeds exam``). Each machine first runs healthy for as long as the
analytics learn, then on for a while, and then its fault comes. Healthy machines run for a month more, with all that is no fault:
starts and stops, load changes, changes of fuel, noise of the sensors, weather.
"""

import argparse
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analytics.catalogue import Analytic, analytics_of
from analytics.engine.replay import Course, replay, train_all
from analytics.result import Found
from analytics.window import Window
from benchmarks.bars import SHORT, Bar
from benchmarks.simulated_plant import Ordered, at_days, simulate
from simulators.fleet import JINAN, machine_class
from simulators.machine_faults import Growth

KINDS = (
    "boiler",
    "blast_furnace",
    "diesel_engine",
    "air_compressor",
    "motor",
    "wind_turbine",
    "pv_inverter",
    "construction_machine",
    "ship",
    "cnc_machine",
)
UNNAMED = frozenset({"unknown_anomaly", "sensor_fault", "bearing_damage", "energy_use_high"})
"""Findings that name no fault of the machine; they count as false on healthy machines, and as no name on faulty ones."""
FIRST_SEED = {"tuning": 1_000, "trial": 300_000, "exam": 700_000}
"""A trial shows what tuning has overlooked, and is thereby used up; the examination comes last."""
ACTS_ONLY = {"anchor_drag": ("at_anchor",)}
"""Faults that come about only in some states; a machine that was never in one of them after its fault has not had it."""
LEAST_HOURS = 2.0
HERDS = 1 if SHORT else 2
SETTLE_DAYS = 1.0
FAULT_DAYS = 2.0 if SHORT else 5.0
HEALTHY_DAYS = 30.0
CADENCE = timedelta(hours=6) if SHORT else None
"""Each analytic's own where it is None."""


class Case(NamedTuple):
    """One machine of the examination and what came of it."""

    fault: str
    """Empty: healthy."""
    part: str
    severity: float
    ramp_hours: float
    named: str
    """Code and part of the surest named finding that stood at the end; empty where there was none."""
    is_right: bool
    delay_hours: float
    """From the fault's coming to the first window that named it right."""
    false_findings: tuple[str, ...]
    """On a healthy machine all findings, on a faulty one those before the fault came."""
    all_named: tuple[str, ...]


def training_days(kind: str) -> float:
    """So long the slowest learner of a kind learns."""
    return max((one.spec.training.days for one in _analytics(kind) if one.spec.training), default=7.0)


def run(
    kind: str,
    *,
    seeds: str,
    machines_a_fault: int,
    healthy_machines: int,
    only: Sequence[str] = (),
    every_seconds: float = 60.0,
    processes: int = 2,
    cache: Path | None = None,
) -> list[Case]:
    """Examine one kind: two herds of faulty machines that begin in different seasons, and healthy ones."""
    faults = tuple(name for name in machine_class(kind).FAULTS if not only or name in only)
    jobs = [_Job(kind, seeds, faults, machines_a_fault // HERDS, herd, every_seconds, cache) for herd in range(HERDS)]
    if healthy_machines:
        jobs += [_Job(kind, seeds, (), healthy_machines // HERDS, HERDS + herd, every_seconds, cache) for herd in range(HERDS)]
    if processes == 1:
        return [case for job in jobs for case in _examine_herd(job)]
    with ProcessPoolExecutor(processes) as pool:
        return [case for cases in pool.map(_examine_herd, jobs) for case in cases]


class _Job(NamedTuple):
    """A herd: so many machines of each fault, or healthy ones."""

    kind: str
    seeds: str
    faults: tuple[str, ...]
    machines: int
    herd: int
    every_seconds: float
    cache: Path | None


def _examine_herd(job: _Job) -> list[Case]:
    kind, learns = job.kind, training_days(job.kind)
    dice = np.random.default_rng((FIRST_SEED[job.seeds], job.herd))
    start = datetime(2026, 1, 5, tzinfo=JINAN) + timedelta(days=int(dice.integers(0, 330)))
    healthy_days = learns + SETTLE_DAYS
    orders: list[Ordered | None] = [None] * (0 if job.faults else job.machines)
    for fault in job.faults:
        # Each fault's machines are the same whichever others are examined beside it.
        dice = np.random.default_rng((FIRST_SEED[job.seeds], job.herd, _number_of(fault)))
        parts = _part_names(kind, machine_class(kind).FAULTS[fault].part)
        for _ in range(job.machines):
            growth = Growth(
                severity=float(dice.uniform(0.6, 1.0)),
                from_seconds=(healthy_days + float(dice.uniform(0, 1))) * 86_400,
                ramp_seconds=float(dice.choice([0.0, 6.0, 24.0])) * 3600,
            )
            orders.append(Ordered(fault, str(dice.choice(parts)) if parts else "", growth))
    first = FIRST_SEED[job.seeds] + 10_000 * job.herd
    days = healthy_days + (1 + FAULT_DAYS if job.faults else HEALTHY_DAYS)
    which = f"{kind}-{job.seeds}-{job.herd}-{len(orders)}-{learns:g}-{job.every_seconds:g}-{_number_of('+'.join(job.faults))}"
    histories = simulate(
        kind,
        range(first, first + len(orders)),
        start=start,
        days=days,
        every_seconds=job.every_seconds,
        faults=orders,
        records_from_day=learns,
        cache=None if job.cache is None else job.cache / which,
    )
    cases = zip(histories, orders, strict=True)
    return [examine(history, ordered, _analytics(kind), learns) for history, ordered in cases if _has_come(history, ordered)]


def _has_come(history: Window, ordered: Ordered | None) -> bool:
    """Tell whether the machine was in a state in which its fault acts."""
    if ordered is None or ordered.fault not in ACTS_ONLY:
        return True
    faulty = history.between(at_days(history, ordered.growth.from_seconds / 86_400), history.end_us)
    hours = faulty.state_is(*ACTS_ONLY[ordered.fault]).sum() * history.step_seconds / 3600
    return bool(hours >= LEAST_HOURS)


def _number_of(text: str) -> int:
    """Give a number that a text always has."""
    return zlib.crc32(text.encode())


def examine(history: Window, ordered: Ordered | None, analytics: Sequence[Analytic], learns: float) -> Case:
    """Train on the healthy days, run on, and compare what stands at the end with what is wrong."""
    begin_us = at_days(history, learns)
    models = train_all(analytics, history.between(history.start_us, begin_us))
    done = replay(analytics, history, models, start_us=begin_us, cadence=CADENCE)
    broken = {name: counts["failed"] for name, counts in done.runs.items() if "failed" in counts}
    if broken:
        raise RuntimeError(f"analytics broke: {broken} {done.reasons}")
    if ordered is None:
        return Case("", "", 0, 0, "", True, np.nan, tuple(_name(one) for one in done.courses), ())
    came_us = at_days(history, ordered.growth.from_seconds / 86_400)
    # Where a fault's signs do not tell the part, its name is all that can be right.
    names_part = any(fault.part for one in analytics for fault in one.spec.faults if fault.code == ordered.fault)
    true_name = _spelled(ordered.fault, ordered.part if names_part else "")
    before = [one for one in done.courses if one.first_us <= came_us]
    standing = [one for one in done.standing_at(history.end_us) if one.code not in UNNAMED and one not in before]
    named = _name(standing[0]) if standing else ""
    hits = [one.first_us for one in done.courses if _name(one) == true_name and one.first_us > came_us]
    return Case(
        fault=ordered.fault,
        part=ordered.part,
        severity=ordered.growth.severity,
        ramp_hours=ordered.growth.ramp_seconds / 3600,
        named=named,
        is_right=named == true_name,
        delay_hours=(hits[0] - came_us) / 3.6e9 if hits else np.nan,
        false_findings=tuple(_name(one) for one in before),
        all_named=tuple(f"{_name(one)} {one.newest.confidence:.2f}" for one in standing),
    )


def report(kind: str, cases: Sequence[Case], *, verbose: bool = False) -> None:
    """Print the table of one kind."""
    by_fault: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_fault[case.fault].append(case)
    print(f"\n{kind}\n{'fault':28}{'right':>9}{'median delay h':>16}  named instead")
    for fault, of in by_fault.items():
        if not fault:
            continue
        right = [case for case in of if case.is_right]
        wrong = Counter(case.named or "nothing" for case in of if not case.is_right)
        delays = [case.delay_hours for case in right]
        delay = f"{np.nanmedian(delays):.1f}" if delays else "-"
        print(f"{fault:28}{len(right):4}/{len(of):<4}{delay:>16}  {', '.join(f'{n} x {c}' for n, c in wrong.most_common())}")
        if verbose:
            for case in of:
                mark = "ok " if case.is_right else "BAD"
                ramp = f"{case.ramp_hours:.0f}"
                print(f"    {mark} {case.part:10} severity {case.severity:.2f} ramp {ramp} h: {'; '.join(case.all_named)}")
    faulty = [case for case in cases if case.fault]
    if faulty:
        print(f"{'found and named right':28}{sum(c.is_right for c in faulty):4}/{len(faulty):<4}")
    _, months = _false(cases)
    false = Counter(name for case in cases for name in case.false_findings)
    print(f"false findings {sum(false.values())} in {months:.1f} machine-months: {dict(false.most_common())}")


def bar(_folder: Path) -> Bar:
    """Examine the ten kinds at seeds that no tuning has seen."""
    rights: dict[str, str] = {}
    holds, right, total, false, months = True, 0, 0, 0, 0.0
    delays: list[float] = []
    with ProcessPoolExecutor(2) as pool:
        examined = list(pool.map(_examine_kind, KINDS))
    for kind, cases in zip(KINDS, examined, strict=True):
        report(kind, cases)
        faulty = [case for case in cases if case.fault]
        found = sum(case.is_right for case in faulty)
        wrong, of_months = _false(cases)
        holds &= found >= 0.9 * len(faulty) and wrong <= of_months
        right, total, false, months = right + found, total + len(faulty), false + wrong, months + of_months
        delays += [case.delay_hours for case in faulty if case.is_right]
        rights[kind] = f"{found}/{len(faulty)}, false {wrong} in {of_months:.1f} machine-months"
    line = (
        f"{right} of {total} faults found and named right (bar 90 % of each kind), median delay {np.nanmedian(delays):.1f} h,"
        f" {false} false findings in {months:.0f} machine-months (bar 1 each)"
    )
    return Bar("fault_matrix", holds, line, dict(rights))


def _examine_kind(kind: str) -> list[Case]:
    machines, healthy = (1, 0) if SHORT else (10, 10)
    return run(kind, seeds="exam", machines_a_fault=machines, healthy_machines=healthy, processes=1)


def _false(cases: Sequence[Case]) -> tuple[int, float]:
    """Count false findings, and the machine-months in which they could come."""
    months = sum(SETTLE_DAYS if case.fault else HEALTHY_DAYS for case in cases) / 30
    return sum(len(case.false_findings) for case in cases), months


def _analytics(kind: str) -> list[Analytic]:
    return [one for one in analytics_of(kind) if one.spec.scope == "machine"]


def _part_names(kind: str, part: str) -> tuple[str, ...]:
    from device_profiles.kind import load_kind

    return load_kind(kind).parts[part].all_names if part else ()


def _name(course: Course | Found) -> str:
    return _spelled(course.code, course.part)


def _spelled(code: str, part: str) -> str:
    return f"{code}:{part}" if part else code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--seeds", choices=FIRST_SEED, default="tuning")
    parser.add_argument("--faults", nargs="*", default=(), metavar="FAULT")
    parser.add_argument("--machines", type=int, default=10, help="of each fault")
    parser.add_argument("--healthy", type=int, default=10, help="machines that run for a month")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between readings")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keeps what was simulated")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if args.cache is not None:
        args.cache.mkdir(parents=True, exist_ok=True)
    cases = run(
        args.kind,
        seeds=args.seeds,
        machines_a_fault=args.machines,
        healthy_machines=args.healthy,
        only=args.faults,
        every_seconds=args.every,
        processes=args.processes,
        cache=args.cache,
    )
    report(args.kind, cases, verbose=args.verbose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
