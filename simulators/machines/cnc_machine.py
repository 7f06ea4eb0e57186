"""A vertical machining centre with a spindle of 15 kW that works through a list of jobs.

The day is a script of phases (warm up, set up, load, change tool, approach, cut, unload, pause), each with its speed, feed and
cutting power; the power of a cut grows with the wear of its tool, and a worn tool is exchanged. Spindle speed, feed and
temperatures follow the phases with first-order lags.
Limits of the model: no geometry (axis loads follow the kind of phase), no scrap, power drawn from the cut's power divided by an
efficiency of 0.8; times and powers are those of a typical small-batch shop, not of one machine.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

SPINDLE_KW = 15.0
LONGEST_STEP_SECONDS = 0.5
ACTIVE, INTERRUPTED, RESET = range(3)
MANUAL, AUTOMATIC, SETUP = range(3)
RAPID_MM_PER_MIN = 24_000.0
TOOL_LIFE_MINUTES = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What the machine does for a while; axis loads in percent for X, Y, Z."""

    seconds: float
    execution: int = ACTIVE
    mode: int = AUTOMATIC
    rpm: float = 0.0
    feed_mm_per_min: float = 0.0
    cut_kw: float = 0.0
    axes: tuple[float, float, float] = (4.0, 4.0, 12.0)  # Z carries the head's weight
    coolant: bool = False
    warm_up: bool = False


@dataclass(slots=True, kw_only=True)
class Cut:
    """One tool's work on a part."""

    seconds: float
    rpm: float
    feed_mm_per_min: float
    cut_kw: float
    used_minutes: float = 0.0


class CncMachine:
    """The machine; `step` plays the script, `values` reads the control and the drives."""

    def __init__(self, *, seed: int, start: datetime) -> None:
        self._rng, self._sensor = random.Random(seed), random.Random(seed + 1)
        self.now = start
        self._jobs = [(f"O{1000 + 10 * seed % 8000 + n:04d}.MPF", self._draw_cuts()) for n in range(4)]
        self._program, self._parts = self._jobs[0][0], self._rng.randrange(2_000, 40_000)
        self._feed_override = self._spindle_override = 100.0
        self._rpm, self._feed, self._cut_kw = 0.0, 0.0, 0.0
        self._axes = [4.0, 4.0, 12.0]
        self._spindle_c, self._coolant_percent = 23.0, self._rng.uniform(60, 95)
        self._energy_kwh, self._power_on_hours = self._rng.uniform(1e4, 2e5), self._rng.uniform(2e3, 3e4)
        self._machine_kw = 1.8
        self._script = self._play()
        self._phase = next(self._script)
        self._left_seconds = self._phase.seconds

    def _draw_cuts(self) -> list[Cut]:
        rng = self._rng
        return [
            Cut(
                seconds=rng.uniform(8, 45),
                rpm=rng.choice((1500, 3000, 4500, 8000, 11000)),
                feed_mm_per_min=rng.choice((200, 450, 900, 1800, 3200)),
                cut_kw=rng.uniform(1.0, 9.5),
            )
            for _ in range(rng.randint(4, 7))
        ]

    def _play(self) -> Iterator[Phase]:
        """Tell what happens, phase by phase, for ever; counters move between the phases."""
        rng = self._rng
        yield Phase(seconds=90, rpm=3000, feed_mm_per_min=6000, axes=(12, 12, 20), warm_up=True)
        while True:
            self._program, cuts = rng.choice(self._jobs)
            yield Phase(seconds=rng.uniform(120, 420), execution=RESET, mode=SETUP, axes=(3, 3, 12))
            self._coolant_percent = max(self._coolant_percent, 92.0) if self._coolant_percent < 45 else self._coolant_percent
            for number in range(rng.randint(8, 30)):
                # The first part of a batch is run with care.
                self._feed_override = 70.0 if number == 0 else rng.choices((100.0, 90.0, 110.0), weights=(8, 1, 1))[0]
                yield Phase(seconds=rng.lognormvariate(math.log(28), 0.35), execution=RESET)
                yield from self._machine_a_part(cuts)
                self._parts += 1
                if rng.random() < 0.04:
                    yield Phase(seconds=rng.uniform(60, 400), execution=RESET, mode=MANUAL)  # measuring, chips, a break

    def _machine_a_part(self, cuts: list[Cut]) -> Iterator[Phase]:
        rng = self._rng
        for cut in cuts:
            if cut.used_minutes > TOOL_LIFE_MINUTES:
                yield Phase(seconds=rng.uniform(90, 200), execution=INTERRUPTED, mode=MANUAL)
                cut.used_minutes = 0.0
            yield Phase(seconds=rng.uniform(4, 8), axes=(3, 3, 35))
            yield Phase(seconds=2.5, rpm=cut.rpm, feed_mm_per_min=RAPID_MM_PER_MIN, axes=(45, 38, 42), coolant=True)
            worn = 1 + 0.35 * cut.used_minutes / TOOL_LIFE_MINUTES
            speed = self._feed_override / 100
            minutes = cut.seconds / 60 / speed
            push = 8 + 4 * cut.cut_kw
            yield Phase(
                seconds=60 * minutes,
                rpm=cut.rpm,
                feed_mm_per_min=cut.feed_mm_per_min * speed,
                cut_kw=cut.cut_kw * worn * speed,
                axes=(push * rng.uniform(0.6, 1.1), push * rng.uniform(0.4, 0.9), 12 + push * rng.uniform(0.3, 0.6)),
                coolant=True,
            )
            cut.used_minutes += minutes

    def step(self, seconds: float) -> None:
        while seconds > 0:
            part = min(seconds, LONGEST_STEP_SECONDS, self._left_seconds)
            self._move(part)
            seconds -= part
            self._left_seconds -= part
            if self._left_seconds <= 1e-9:
                self._phase = next(self._script)
                self._left_seconds = self._phase.seconds

    def _move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        phase = self._phase
        before = self._rpm
        self._rpm += (phase.rpm * self._spindle_override / 100 - self._rpm) * min(seconds / 0.8, 1)
        self._feed += (phase.feed_mm_per_min - self._feed) * min(seconds / 0.3, 1)
        self._cut_kw += (phase.cut_kw - self._cut_kw) * min(seconds / 0.4, 1)
        for index, load in enumerate(phase.axes):
            self._axes[index] += (load - self._axes[index]) * min(seconds / 0.4, 1)
        friction_kw = 1.4 * (self._rpm / 12_000) ** 1.5
        speeding_up_kw = max(self._rpm - before, 0) * self._rpm / seconds * 1.5e-7
        self._machine_kw = (
            1.8 + friction_kw + min(speeding_up_kw, 9) + self._cut_kw / 0.8 + 0.9 * phase.coolant + 0.012 * sum(self._axes)
        )
        heat_c = 23 + 14 * self._rpm / 12_000 + 9 * self._cut_kw / SPINDLE_KW
        self._spindle_c += (heat_c - self._spindle_c) * seconds / 900
        self._coolant_percent = max(self._coolant_percent - phase.coolant * seconds * 2.5 / 3600, 25.0)
        self._energy_kwh += self._machine_kw * seconds / 3600
        self._power_on_hours += seconds / 3600

    def values(self) -> dict[str, float | str]:
        def at_least_0(value: float, sigma: float) -> float:
            return max(value + self._sensor.gauss(0, sigma), 0.0)

        load = 100 * (self._cut_kw + 1.4 * (self._rpm / 12_000) ** 1.5) / SPINDLE_KW
        return {
            "execution": float(self._phase.execution),
            "operation_mode": float(self._phase.mode),
            "program": self._program,
            "part_count_total": float(self._parts),
            "spindle_speed": at_least_0(self._rpm, 1.5) if self._rpm > 5 else 0.0,
            "spindle_load": at_least_0(load, 0.8),
            "spindle_override": self._spindle_override,
            "spindle_temperature": self._spindle_c + self._sensor.gauss(0, 0.05),
            "path_feedrate": at_least_0(self._feed, 0.002 * self._feed),
            "feed_override": self._feed_override,
            **{f"axis_load_{axis}": at_least_0(self._axes[index], 0.7) for index, axis in enumerate("xyz")},
            "machine_power": at_least_0(self._machine_kw, 0.03),
            "energy_total": self._energy_kwh,
            "power_on_time": self._power_on_hours,
            "coolant_level": at_least_0(self._coolant_percent, 0.2),
            "is_warm_up": float(self._phase.warm_up),
        }
