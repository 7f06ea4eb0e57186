"""A small-batch shop: what each of n machining centres is given to do next, and what it says of its program and order.

A batch of 8 to 30 parts of one of a machine's four programs is set up, its first part is run with care, and each part is loaded
by hand. Two breaks a day, service on Monday morning, and now and then a stop with an alarm. A feed override comes into force
with the next part. Times are engineering defaults of a shop with a night shift that is short of hands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from simulators.dice import Array, Dice
from simulators.physics.machining_job import Job, draw_job
from simulators.physics.machining_plan import (
    INTERRUPTION,
    MAINTENANCE,
    RESET,
    SERVICE,
    SETTING_UP,
    SETUP,
    Column,
    Says,
    segment,
    standing,
    warm_up,
)

AIR_TOO_LOW, CONVEYOR_JAMMED, DOOR_OPEN, EMERGENCY_STOP = 700_012, 700_031, 700_040, 3000
_STOPS = (AIR_TOO_LOW, CONVEYOR_JAMMED, DOOR_OPEN)
_BREAKS = ((12.0, 12.6), (18.5, 19.0))
_JOBS = 4


@dataclass(slots=True)
class Batch:
    """What a machine is at."""

    job: Job
    number: int
    size: int
    due: str
    done: int = 0
    is_set_up: bool = False


class Hindrance(NamedTuple):
    """What is different with a machine's parts today."""

    jam_share: float = 0.0
    """How many of its parts stop for a minute."""
    feed_percent: float | None = None
    """The feed override; the operator's choice when left out."""
    loading_factor: float = 1.0
    broken_tool: float = 0.0
    """Number of the tool that is broken; 0 for none."""


class JobShop:
    """The jobs of n machines and their operators; ``operator_share`` is how long each takes to load, as a share of the usual."""

    def __init__(self, dice: Dice, seeds: Sequence[int], start: datetime, operator_share: Array) -> None:
        self._dice, self._operator_share = dice.events, operator_share
        self.jobs = [
            [draw_job(own, f"O{1000 + 10 * seed % 8000 + number:04d}.MPF") for number in range(_JOBS)]
            for seed, own in zip(seeds, dice.events, strict=True)
        ]
        self.batches = [self._draw_batch(machine, start) for machine in range(dice.n)]
        for batch, own in zip(self.batches, dice.events, strict=True):
            batch.is_set_up, batch.done = True, int(own.integers(0, batch.size))
        self.overrides_percent = np.full((dice.n, 3), 100.0)
        """Of feed, rapid moves and spindle."""
        self.makes_part = np.zeros(dice.n, dtype=bool)
        self._serviced_on = [start.date() if start.weekday() == 0 else None for _ in seeds]
        self._is_in_service = np.zeros(dice.n, dtype=bool)

    def next_plan(self, machine: int, at: datetime, hindrance: Hindrance) -> Array:
        """Decide what a machine does now that its last plan has ended."""
        dice, batch = self._dice[machine], self.batches[machine]
        hour = at.hour + at.minute / 60 + at.second / 3600
        if at.weekday() == 0 and hour >= 8 and self._serviced_on[machine] != at.date():
            self._serviced_on[machine], self._is_in_service[machine] = at.date(), True
            serving: Says = {Column.EXECUTION: RESET, Column.MODE: SERVICE, Column.FUNCTION: MAINTENANCE}
            return standing(dice.uniform(1200, 2400), serving)
        if self._is_in_service[machine]:
            self._is_in_service[machine] = False
            return warm_up()
        for begins, ends in _BREAKS:
            if begins <= hour < ends:
                return standing(3600 * (ends - hour) + dice.uniform(20, 400), {Column.EXECUTION: RESET})
        if batch.done >= batch.size:
            batch = self.batches[machine] = self._draw_batch(machine, at)
        if not batch.is_set_up:
            batch.is_set_up = True
            setting_up: Says = {Column.EXECUTION: RESET, Column.MODE: SETUP, Column.FUNCTION: SETTING_UP}
            return standing(dice.uniform(240, 900), setting_up)
        if dice.random() < 0.006:
            return _stop(dice)
        return self._part(machine, at, hindrance)

    def texts(self, operations: Sequence[int]) -> dict[str, list[str]]:
        """Tell program, tool and order, as a control shows them, of machines that are at these operations."""
        at = list(zip(self.batches, operations, strict=True))
        return {
            "program": [batch.job.program for batch in self.batches],
            "subprogram": [f"L{index + 1:02d}.SPF" for index in operations],
            "block": [f"N{100 * index + 100:04d}" for index in operations],
            "tool_asset": [f"T{b.job.operations[index].tool:02d}.{b.job.edges[index]:03d}" for b, index in at],
            "job_id": [f"J{batch.number}" for batch in self.batches],
            "order_id": [f"ORD-{batch.number // 7:05d}" for batch in self.batches],
            "order_due": [batch.due for batch in self.batches],
        }

    def numbers(self, operations: Sequence[int]) -> dict[str, Array]:
        """Tell the tool of machines that are at these operations, and how far their batches have come."""
        at = zip(self.batches, operations, strict=True)
        return {
            "tool_number": np.array([float(batch.job.operations[index].tool) for batch, index in at]),
            "part_count_job": np.array([float(batch.done) for batch in self.batches]),
            "part_count_target": np.array([float(batch.size) for batch in self.batches]),
        }

    def _draw_batch(self, machine: int, at: datetime) -> Batch:
        dice = self._dice[machine]
        job = self.jobs[machine][int(dice.integers(_JOBS))]
        due = at + timedelta(days=int(dice.integers(2, 15)))
        return Batch(job, int(dice.integers(10_000, 99_999)), int(dice.integers(8, 31)), due.strftime("%Y-%m-%d"))

    def _part(self, machine: int, at: datetime, hindrance: Hindrance) -> Array:
        """Give the plan of a part: tools that have had their time, loading, and the cycle with today's overrides and wear."""
        dice, batch = self._dice[machine], self.batches[machine]
        before = []
        if batch.job.has_spent_tools:
            batch.job.exchange_spent_tools(dice)
            before.append(segment(dice.uniform(90, 200), INTERRUPTION))
        if dice.random() < hindrance.jam_share:
            before.append(segment(60.0, {**INTERRUPTION, Column.ALARM: CONVEYOR_JAMMED}))
        feed, rapid, spindle = _draw_overrides(dice, is_first=batch.done == 0)
        feed = hindrance.feed_percent or feed
        self.overrides_percent[machine] = feed, rapid, spindle
        cycle = batch.job.cycle(
            feed_percent=feed, rapid_percent=rapid, spindle_percent=spindle, broken_tool=hindrance.broken_tool
        )
        crew = 1.0 if 6 <= at.hour < 22 and at.weekday() < 6 else 1.8
        loading_seconds = dice.lognormal(math.log(32), 0.3) * self._operator_share[machine] * crew
        cycle[0, Column.SECONDS] = loading_seconds * hindrance.loading_factor
        self.makes_part[machine] = True
        return np.concatenate([before, cycle]) if before else cycle


def _stop(dice: np.random.Generator) -> Array:
    """Give a stop with an alarm, such as every machine has now and then."""
    is_stopped = dice.random() < 0.15
    alarm = EMERGENCY_STOP if is_stopped else _STOPS[int(dice.integers(len(_STOPS)))]
    return standing(dice.uniform(60, 400), {**INTERRUPTION, Column.ALARM: float(alarm), Column.IS_STOPPED: float(is_stopped)})


def _draw_overrides(dice: np.random.Generator, *, is_first: bool) -> tuple[float, float, float]:
    """Draw what the operator sets of feed, rapid moves and spindle; the first part of a batch is run with care."""
    feed, spindle = dice.random(2)
    usual = 100.0 if feed < 0.8 else 90.0 if feed < 0.9 else 110.0
    return 70.0 if is_first else usual, 50.0 if is_first else 100.0, 90.0 if spindle < 0.04 else 100.0
