"""Authenticity, examined: honest fleets of all ten kinds must pass, and each way of cheating be caught.

``python -m benchmarks.registry_authenticity --seeds tuning`` is for whoever sets thresholds; the bar runs at seeds, a season and
machines that no threshold has seen. Honest machines include those with faults of the machine and of its sensors, and those that
stand still for days. ``--habits`` prints what honest machines of each kind show at most (`registry/authenticity/habits.toml`).
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analytics.general.at_work import measured_signals
from analytics.window import Window
from benchmarks.authenticity_cheats import DISGUISES, WINDOW_CHEATS, Dice, can_cheat, floor, replayed_another
from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.simulated_plant import Ordered, simulate
from device_profiles.kind import Role, load_kind
from registry.authenticity import clock, digits, fleet_replay, physics, replay, smooth, standstill
from registry.authenticity.examine import examine
from registry.authenticity.measured import Measured
from registry.authenticity.nameplates import Plate, copied, marked
from registry.authenticity.quiet import quiet_signals
from registry.authenticity.suspicion import Suspicion
from registry.authenticity.thresholds import DEFAULTS
from registry.nameplates import nameplate_key
from simulators.fleet import JINAN, machine_class, machine_kinds
from simulators.machine_faults import Growth

DAYS = 7
SEEDS = {"tuning": 40_000, "trial": 900_000, "autumn": 1_300_000, "spring": 2_100_000, "exam": 2_700_000}
STARTS = {"tuning": (3, 9), "trial": (7, 13), "autumn": (10, 19), "spring": (5, 4), "exam": (12, 7)}
"""Month and day of 2026: thresholds were set in March and after trials in summer, autumn and May; the examination is in winter.

What an examination has shown sets thresholds from then on: autumn was one, and no longer is."""
HERD = 6 if SHORT else 24
"""Honest machines of each kind in the examination; a third each healthy, with faults, and with broken sensors or standing
still."""
KINDS_SHORT = ("boiler", "pv_inverter")
TRIALS_A_VARIANT = 1 if SHORT else 5
"""Each variant is tried on so many machines of kinds in turn: at least 40 trials for each method."""
LEAST_CAUGHT, MOST_FALSE = 0.95, 0.01
OWN_DETECTOR: Mapping[str, Callable[[Window], list[Suspicion]]] = {
    "flatlined": standstill.detect,
    "replayed_itself": replay.detect,
    "too_smooth": smooth.detect,
    "random_values": digits.detect,
    "human_digits": digits.detect,
    "impossible_physics": physics.detect,
    "clock_stretched": clock.detect,
}


_OFF = frozenset({"stopped", "off", "off_blast", "in_port", "maintenance", "standby", "sleeping"})
_MARKS: tuple[dict[str, Any], ...] = (
    {"is_simulator": True},
    {"gateway_is_simulator": True},
    {"label": "模拟锅炉"},
    {"texts": ("ModSim 32",)},
    {"gateway": "demo-1"},
)


class Trial(NamedTuple):
    """One machine with one way of cheating."""

    method: str
    variant: str
    kind: str
    caught_by: tuple[str, ...]
    """Methods of the suspicions; the detector of the cheat's own method is asked first, the others only where it says nothing."""


@cache
def herd(kind: str, seeds: str, machines: int, cache_folder: Path | None = None) -> tuple[Window, ...]:
    """Simulate honest machines: healthy, with faults of the machine, and with sensors that fail or days of standing still."""
    first = SEEDS[seeds]
    month, day = STARTS[seeds]
    dice = np.random.default_rng((first, len(kind)))
    faults: list[Ordered | None] = [_fault(kind, dice) if number % 3 == 1 else None for number in range(machines)]
    windows = simulate(
        kind,
        range(first, first + machines),
        start=datetime(2026, month, day, tzinfo=JINAN),
        days=DAYS,
        faults=faults,
        cache=None if cache_folder is None else cache_folder / f"{seeds}-{kind}-{machines}",
    )
    return tuple(
        (_with_broken_sensors(window, dice) if number % 6 == 2 else _standing(window, dice)) if number % 3 == 2 else window
        for number, window in enumerate(windows)
    )


def _fault(kind: str, dice: Dice) -> Ordered:
    faults = machine_class(kind).FAULTS
    name = str(dice.choice(sorted(faults)))
    part = faults[name].part
    growth = Growth(
        severity=float(dice.uniform(0.5, 1.0)),
        from_seconds=float(dice.uniform(0, 4)) * 86_400,
        ramp_seconds=float(dice.choice([0.0, 6.0, 24.0])) * 3600,
    )
    return Ordered(name, str(dice.choice(load_kind(kind).parts[part].all_names)) if part else "", growth)


def _with_broken_sensors(window: Window, dice: Dice) -> Window:
    """Break one or two sensors for the rest of the week: stuck, dead, off, noisy, or in another unit."""
    columns = {}
    for name in dice.choice(measured_signals(window.kind), size=int(dice.integers(1, 3)), replace=False):
        column = window[str(name)].copy()
        since = int(dice.integers(len(window) // 2))
        spread = float(np.nan_to_num(np.nanstd(column))) or 1.0
        rest = column[since:]
        match str(dice.choice(["stuck", "dead", "bias", "noise", "unit"])):
            case "stuck":
                rest[:] = rest[0]
            case "dead":
                rest[:] = np.nan
            case "bias":
                rest += 2 * spread
            case "noise":
                rest += spread * dice.standard_normal(len(rest))
            case _:
                rest *= 3.6
        columns[str(name)] = column
    return replace(window, values={**window.values, **columns})


def _standing(window: Window, dice: Dice) -> Window:
    """Switch the machine off for two to five days: its sensors shiver or, behind some controllers, hold their last value."""
    kind = load_kind(window.kind)
    signal = kind.state_signal or ""
    codes = [state.code for state in kind.signals[signal].states if state.name in _OFF]
    # From the middle of a rest: what was running down or warming up would not stay as it is.
    rest = np.convolve(np.isin(window[signal], codes), np.ones(21), "same") == 21
    rows = np.flatnonzero(rest[:-1])
    if not len(rows):
        return window
    first = int(dice.integers(0, len(window) - window.steps(5 * 86_400)))
    span = slice(first, first + window.steps(int(dice.integers(2, 6)) * 86_400))
    source, shivers = int(dice.choice(rows)), dice.random() < 0.5
    columns = {}
    for name, column in window.values.items():
        held = np.array(column, float)
        if kind.signals[name].role is Role.COUNTER:
            steps = np.diff(held, prepend=held[0])
            steps[span] = held[source + 1] - held[source]
            held = held[0] + np.cumsum(steps)
        else:
            held[span] = held[source]
            if shivers and kind.signals[name].role is Role.AMBIENT:
                held[span] += floor(window[name]) * dice.standard_normal(span.stop - span.start)
        columns[name] = held
    return replace(window, values=columns)


def honest(
    seeds: str, machines: int, kinds: tuple[str, ...], cache_folder: Path | None = None
) -> dict[str, list[tuple[int, str]]]:
    """Examine honest machines, each for itself and against its herd; give by kind who is flagged, by number and method."""
    flagged: dict[str, list[tuple[int, str]]] = {}
    for kind in kinds:
        windows = herd(kind, seeds, machines, cache_folder)
        found = [(number, one.method.value) for number, window in enumerate(windows) for one in examine(window)]
        for copy in fleet_replay.find_copies({str(number): window for number, window in enumerate(windows)}):
            found += [(int(copy.first), "replayed_another"), (int(copy.second), "replayed_another")]
        flagged[kind] = found
    return flagged


def cheats(seeds: str, machines: int, kinds: tuple[str, ...], trials: int, cache_folder: Path | None = None) -> list[Trial]:
    """Let honest machines (healthy or with faults) cheat in every way, and look who is caught."""
    dice = np.random.default_rng(SEEDS[seeds])

    def fleet(kind: str) -> tuple[Window, ...]:
        return herd(kind, seeds, machines, cache_folder)

    done: list[Trial] = []
    turn = 0
    for method, variants in WINDOW_CHEATS.items():
        for variant, cheat in variants.items():
            least = -(-40 // len(variants)) if trials > 1 else 1
            for _ in range(max(trials, least)):
                able = [kind for kind in kinds if can_cheat(kind, variant)]
                if not able:
                    continue
                kind = able[turn % len(able)]
                window = fleet(kind)[3 * int(dice.integers(machines // 3)) + int(dice.integers(2))]
                made = cheat(window, dice)
                found = OWN_DETECTOR[method](made) or examine(made)
                done.append(Trial(method, variant, kind, tuple(one.method.value for one in found)))
                turn += 1
    return done + _copies(fleet, kinds, trials, dice) + _stamps(dice) + _registered(dice)


def _copies(fleet: Callable[[str], tuple[Window, ...]], kinds: tuple[str, ...], trials: int, dice: Dice) -> list[Trial]:
    """Hide one machine that shows another's data in the fleet, and look whether the fleet's check finds the two."""
    done = []
    for number in range(max(trials * len(DISGUISES), 40 if trials > 1 else 0)):
        severity, kind = DISGUISES[number % len(DISGUISES)], kinds[number % len(kinds)]
        windows = {str(index): window for index, window in enumerate(fleet(kind))}
        machines = len(windows)
        own, other = 3 * int(dice.integers(1, machines // 3)), 3 * int(dice.integers(1, machines // 3)) - 3
        own = own if own != other else 0 if other else 3
        windows[str(own)] = replayed_another(windows[str(own)], windows[str(other)], severity, dice)
        copies = fleet_replay.find_copies(windows, only=frozenset({str(own)}))
        hit = any({copy.first, copy.second} == {str(own), str(other)} for copy in copies)
        done.append(Trial("replayed_another", severity.name, kind, ("replayed_another",) if hit else ()))
    return done


def _stamps(dice: Dice) -> list[Trial]:
    """Shift, repeat or make time stamps; honest ones jitter, and come late after an outage."""
    done = []
    for _ in range(10):
        for variant, shift_minutes in (("ahead", -60.0), ("behind", 600.0), ("repeated", 0.0), ("generated", 0.0)):
            times, arrived = honest_stamps(dice)
            if variant == "repeated":
                times = times // 600_000_000 * 600_000_000 + 123_457
            elif variant == "generated":
                times = times[0] // 1_000_000 * 1_000_000 + 654_321 + np.arange(len(times)) * 60_000_000
                arrived = times + 1_500_000
            times = times - round(shift_minutes * 60e6)
            found = clock.detect_stamps(times, arrived_us=arrived)
            done.append(Trial("clock_shifted", variant, "any", tuple(one.method.value for one in found)))
    return done


def honest_stamps(dice: Dice) -> tuple[np.ndarray, np.ndarray]:
    """Make a day of rows of a gateway that polls each minute and may have been offline for some hours."""
    start = int(dice.integers(1_790_000_000, 1_800_000_000)) * 1_000_000
    times = start + np.arange(1440) * 60_000_000 + dice.integers(0, 400_000, 1440)
    arrived = times + dice.integers(300_000, 3_000_000, 1440)
    if dice.random() < 0.5:
        first = int(dice.integers(0, 1000))
        last = first + int(dice.integers(30, 400))
        arrived[first:last] = times[last] + np.sort(dice.integers(0, 600_000_000, last - first))
    return times, arrived


def _registered(dice: Dice) -> list[Trial]:
    """Register a machine twice, typed differently, or one that calls itself a simulator."""
    done = []
    for number in range(50):
        maker, model, serial = f"厂{number % 7}", f"WNS{number % 5}-1.25", f"SN{int(dice.integers(10_000_000)):07d}"
        typed = [
            (maker, model, serial),
            (f" {maker}", model.lower(), serial.lower()),
            (maker, model.replace("-", " - "), f"{serial[:4]} {serial[4:]}"),
            (maker, "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in model), serial),
        ][number % 4]
        plates = [_plate(1, maker, model, serial), _plate(2, *typed), _plate(3, maker, model, f"{serial}9")]
        found = copied(plates, start_us=0, end_us=1)
        done.append(Trial("copied_nameplate", "typed in four ways", "any", ("copied_nameplate",) if set(found) == {1, 2} else ()))
        plate = replace(_plate(1, "", "", ""), **_MARKS[number % len(_MARKS)])
        found_mark = marked(plate, start_us=0, end_us=1)
        done.append(Trial("simulator_mark", "five marks", "any", ("simulator",) if found_mark else ()))
    return done


def _plate(number: int, maker: str, model: str, serial: str) -> Plate:
    return Plate(
        machine_id=number,
        label=f"{number}#",
        enterprise=f"企业{number}",
        maker=maker,
        model=model,
        serial_number=serial,
        nameplate_key=nameplate_key(maker, model, serial),
    )


def report(trials: list[Trial], *, verbose: bool = False) -> dict[str, tuple[int, int, int]]:
    """Print method by caught; give caught, caught by the method of its own, and trials."""
    by_method: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_method[trial.method].append(trial)
    own = {
        "random_values": "digits",
        "human_digits": "digits",
        "clock_stretched": "clock",
        "clock_shifted": "clock",
        "simulator_mark": "simulator",
    }
    print(f"\n{'method':22}{'caught':>12}{'':4}{'by its own':>12}  missed (variant, kind)")
    counts = {}
    for method, of in by_method.items():
        caught = [trial for trial in of if trial.caught_by]
        by_own = [trial for trial in caught if own.get(method, method) in trial.caught_by]
        counts[method] = len(caught), len(by_own), len(of)
        missed = [f"{trial.variant}/{trial.kind}" for trial in of if not trial.caught_by]
        print(
            f"{method:22}{len(caught):6}/{len(of):<5}{len(caught) / len(of):6.1%}{len(by_own):8}  "
            f"{'; '.join(missed[: 40 if verbose else 6])}"
        )
    return counts


def bar(_folder: Path) -> Bar:
    """Examine honest fleets and every cheat at seeds and in a season that no threshold has seen."""
    kinds = KINDS_SHORT if SHORT else machine_kinds()
    flagged = honest("exam", HERD, kinds)
    machines = HERD * len(kinds)
    wrong = {kind: found for kind, found in flagged.items() if found}
    false = sum(len({number for number, _ in found}) for found in flagged.values())
    print(f"honest machines flagged: {false} of {machines} {wrong or ''}")
    counts = report(cheats("exam", HERD, kinds, TRIALS_A_VARIANT))
    herd.cache_clear()
    worst = min(counts, key=lambda method: counts[method][0] / counts[method][2])
    holds = false <= MOST_FALSE * machines and all(caught >= LEAST_CAUGHT * of for caught, _, of in counts.values())
    caught, _, of = counts[worst]
    line = (
        f"{false} of {machines} honest machines flagged (bar {MOST_FALSE:.0%}); {len(counts)} ways of cheating, "
        f"{sum(c for c, _, _ in counts.values())} of {sum(n for _, _, n in counts.values())} trials caught, worst {worst} "
        f"{caught / of:.1%} of {of} (bar {LEAST_CAUGHT:.0%} each)"
    )
    return Bar("registry_authenticity", holds, line, {"false": wrong, "caught, by its own method, trials": counts})


BARS: dict[str, Measure] = {"registry_authenticity": bar}


def habits(seeds: str, machines: int, cache_folder: Path | None) -> None:
    """Print what honest machines show at most; healthy and faulty ones, for standing still is not the kind's habit."""
    for kind in machine_kinds():
        shares = []
        for window in herd(kind, seeds, machines, cache_folder):
            quiet = quiet_signals(window, Measured.of(window), DEFAULTS)
            if quiet.judged:
                shares.append((quiet.is_quiet.sum() / quiet.judged, quiet.is_plain.sum() / quiet.judged))
        most = np.max(shares, axis=0) if shares else np.array([0.5, 0.5])
        print(f"{kind} = {{ quiet = {most[0]:.2f}, plain = {most[1]:.2f} }}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", choices=SEEDS, default="tuning")
    parser.add_argument("--machines", type=int, default=12, help="honest machines of each kind")
    parser.add_argument("--trials", type=int, default=2, help="of each variant")
    parser.add_argument("--kinds", nargs="*", choices=machine_kinds(), default=machine_kinds())
    parser.add_argument("--habits", action="store_true")
    parser.add_argument("--only", choices=("honest", "cheats"))
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keeps what was simulated")
    args = parser.parse_args()
    if args.cache is not None:
        args.cache.mkdir(parents=True, exist_ok=True)
    if args.habits:
        habits(args.seeds, args.machines, args.cache)
        return 0
    began = time.monotonic()
    if args.only != "cheats":
        flagged = honest(args.seeds, args.machines, tuple(args.kinds), args.cache)
        for kind, found in flagged.items():
            print(f"{kind:22} flagged {found or 'none'} of {args.machines}")
    if args.only != "honest":
        report(cheats(args.seeds, args.machines, tuple(args.kinds), args.trials, args.cache), verbose=True)
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
