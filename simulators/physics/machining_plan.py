"""What a machining centre does until it is told something else: a table of segments, and how far each of n machines has come.

A plan is a table of segments (load, change the tool, speed up, rapid move, cut, probe), a row each, with constant power and
linear motion. The integrals of its rates are kept beside it, so that energy, times and counts are exact for any step.

Limits: cuts are strokes along X while Y goes on slowly, the spindle's power is constant while it speeds up, loads of axes follow
the kind of segment. Friction, idle power and loads are engineering defaults of a spindle of 15 kW.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

RAPID_MM_PER_MIN = 24_000.0
HOME_MM = (0.0, 300.0, 450.0)
IDLE_KW = 1.8
REST_LOADS = (4.0, 4.0, 12.0)  # Z carries the head's weight
CHANGE_LOADS = (3.0, 3.0, 35.0)
_RAPID_LOADS = (45.0, 38.0, 42.0)
_COOLANT_KW, _AXIS_KW_PER_PERCENT = 0.9, 0.012
_MOST_SEGMENTS = 44

ACTIVE, INTERRUPTED, RESET = range(3)
MANUAL, AUTOMATIC, SETUP, INTERVENTION, SERVICE = range(5)
PRODUCTION, SETTING_UP, TEARDOWN, MAINTENANCE = range(4)


class Column(IntEnum):
    """What a segment says; the first ones are rates, of which the integrals are kept."""

    BASE_KW = 0
    """All that the machine draws but the cut; idle power and friction are added when the plan begins."""
    CUT_KW = 1
    """At the tool."""
    FRICTION_KW = 2
    """Of the usual spindle, until the plan begins."""
    IS_CUT = 3
    IS_ACTIVE = 4
    IS_COOLANT = 5
    SECONDS = 6
    EXECUTION = 7
    MODE = 8
    FUNCTION = 9
    RPM_FROM = 10
    RPM_TO = 11
    COMMANDED = 12
    FEED = 13
    FROM = 14
    TO = 17
    STROKE = 20
    LOAD = 21
    SPEED_UP_KW = 24
    OPERATION = 25
    IS_WARM_UP = 26
    IS_STOPPED = 27
    ALARM = 28


_WIDTH = len(Column) + 6  # three axes each of FROM, TO and LOAD
RATES = slice(0, Column.SECONDS)
FROM, TO = slice(Column.FROM, Column.TO), slice(Column.TO, Column.STROKE)
LOADS = slice(Column.LOAD, Column.SPEED_UP_KW)
Says = Mapping[Column, float]
Codes = npt.NDArray[np.int64]
INTERRUPTION: Says = {Column.EXECUTION: INTERRUPTED, Column.MODE: MANUAL}


def friction_kw(rpm: Array | float) -> Array | float:
    """Give the usual spindle's friction."""
    return 1.4 * (rpm / 12_000) ** 1.5


def segment(
    seconds: float,
    says: Says,
    *,
    at: Sequence[float] = HOME_MM,
    to: Sequence[float] | None = None,
    loads: Sequence[float] = REST_LOADS,
) -> list[float]:
    """Give a row of a plan: a machine in automatic that stands at its home, unless told otherwise."""
    row = [0.0] * _WIDTH
    row[Column.SECONDS] = seconds
    row[Column.EXECUTION], row[Column.MODE] = ACTIVE, AUTOMATIC
    row[FROM], row[TO], row[LOADS] = at, at if to is None else to, loads
    for column, value in says.items():
        row[column] = value
    row[Column.IS_ACTIVE] = float(row[Column.EXECUTION] == ACTIVE)
    row[Column.FRICTION_KW] = float(friction_kw((row[Column.RPM_FROM] + row[Column.RPM_TO]) / 2))
    row[Column.BASE_KW] = row[Column.SPEED_UP_KW] + _AXIS_KW_PER_PERCENT * sum(loads) + _COOLANT_KW * row[Column.IS_COOLANT]
    return row


def standing(seconds: float, says: Says) -> Array:
    """Give a plan in which nothing moves."""
    return np.array([segment(seconds, says)])


def warm_up() -> Array:
    """Give the plan with which a machine begins: a minute and a half to and fro at a low speed."""
    says = feeding(6000.0) | {Column.RPM_FROM: 3000, Column.RPM_TO: 3000, Column.STROKE: 200, Column.IS_WARM_UP: 1}
    return np.array([segment(90.0, says, loads=(12.0, 12.0, 20.0))])


def rapid_move(says: Says, *, at: Sequence[float], to: Sequence[float]) -> list[float]:
    seconds = 60 * math.dist(at, to) / RAPID_MM_PER_MIN
    return segment(seconds, {**says, **feeding(RAPID_MM_PER_MIN)}, at=at, to=to, loads=_RAPID_LOADS)


def feeding(mm_per_min: float) -> dict[Column, float]:
    return {Column.COMMANDED: mm_per_min, Column.FEED: mm_per_min}


def to_and_fro(way_mm: Array, stroke_mm: Array) -> tuple[Array, Array]:
    """Give where a to and fro of this stroke is after so much way, and its direction; nowhere without a stroke."""
    half = way_mm / np.where(stroke_mm > 0, stroke_mm, 1.0) % 2
    return stroke_mm * (1 - np.abs(1 - half)), np.where(stroke_mm > 0, np.where(half < 1, 1.0, -1.0), 0.0)


class Moment(NamedTuple):
    """Where each of n machines is in its plan."""

    rows: Array
    """The segments that run, shape ``(n, columns)``."""
    spent_seconds: Array
    """In them."""
    share: Array
    """Of their length."""

    @property
    def operations(self) -> list[int]:
        """Index of each machine's operation in its job."""
        indices: list[int] = self.rows[:, Column.OPERATION].astype(int).tolist()
        return indices

    def motion(self, feed_mm_per_min: Array) -> tuple[Array, Array]:
        """Give the axes' positions and velocities at this feed: linear from end to end, or strokes along X."""
        begins, ends = self.rows[:, FROM], self.rows[:, TO]
        position = begins + (ends - begins) * self.share[:, None]
        velocity = (ends - begins) / (self.rows[:, Column.SECONDS] / 60)[:, None] * (feed_mm_per_min > 0)[:, None]
        stroke = self.rows[:, Column.STROKE]
        offset, direction = to_and_fro(self.rows[:, Column.FEED] * self.spent_seconds / 60, stroke)
        position[:, 0] = np.where(stroke > 0, begins[:, 0] + offset, position[:, 0])
        velocity[:, 0] = np.where(stroke > 0, feed_mm_per_min * direction, velocity[:, 0])
        return position, velocity


class Plans:
    """The plans of n machines side by side; ``idle_share`` is how much each draws idle, as a share of the usual."""

    def __init__(self, idle_share: Array) -> None:
        n = len(idle_share)
        self._idle_share, self._every = idle_share, np.arange(n)
        self._table = np.zeros((n, _MOST_SEGMENTS, _WIDTH))
        self._ends = np.full((n, _MOST_SEGMENTS), np.inf)
        self._sums = np.zeros((n, _MOST_SEGMENTS + 1, Column.SECONDS))
        self._count, self._elapsed, self._length = np.ones(n, dtype=int), np.zeros(n), np.zeros(n)
        self.since_begin = np.zeros((n, Column.SECONDS))
        """The rates' integrals since each machine began its plan."""

    def begin(self, machine: int, table: Array) -> None:
        """Put a machine on a new plan; its own friction and idle power are filled in."""
        rows, ends = len(table), table[:, Column.SECONDS].cumsum()
        table[:, Column.FRICTION_KW] *= self._idle_share[machine]
        table[:, Column.BASE_KW] += table[:, Column.FRICTION_KW] + self._idle_share[machine] * IDLE_KW
        self._table[machine, :rows] = table
        self._ends[machine, :rows], self._ends[machine, rows:] = ends, np.inf
        self._length[machine] = ends[-1]
        self._count[machine], self._elapsed[machine], self.since_begin[machine] = rows, 0.0, 0.0
        self._sum_up(machine)

    def weaken_cuts(self, machine: int, operation: int, share: float) -> None:
        """Let the cuts of an operation take only a share of their power, from now on and without a jump of the integrals."""
        rows = self._table[machine, : self._count[machine]]
        rows[rows[:, Column.OPERATION] == operation, Column.CUT_KW] *= share
        self._sum_up(machine)
        self.since_begin[machine] = self._integrals()[machine]

    def advance(self, seconds: Array, go_on: Callable[[int, float], None]) -> Array:
        """Let each machine work for so long, and give by how much the rates' integrals have grown.

        When a plan ends, ``go_on`` is called with the machine and the seconds that are left, and begins another.
        """
        left, done = seconds, np.zeros_like(self.since_begin)
        while True:
            used = np.minimum(left, self._length - self._elapsed)
            self._elapsed += used
            left = left - used
            integrals = self._integrals()
            done += integrals - self.since_begin
            self.since_begin = integrals
            ended = np.flatnonzero(left > 1e-9).tolist()
            if not ended:
                return done
            for machine in ended:
                go_on(machine, float(left[machine]))

    def moment(self) -> Moment:
        _, rows, spent = self._present()
        return Moment(rows, spent, np.clip(spent / rows[:, Column.SECONDS], 0, 1))

    def _present(self) -> tuple[Codes, Array, Array]:
        """Give the number and the row of each machine's segment, and the seconds spent in it."""
        at: Codes = np.minimum((self._elapsed[:, None] >= self._ends).sum(axis=1), self._count - 1)
        rows = self._table[self._every, at]
        return at, rows, self._elapsed - (self._ends[self._every, at] - rows[:, Column.SECONDS])

    def _integrals(self) -> Array:
        at, rows, spent = self._present()
        return self._sums[self._every, at] + rows[:, RATES] * spent[:, None]

    def _sum_up(self, machine: int) -> None:
        table = self._table[machine, : self._count[machine]]
        np.cumsum(table[:, RATES] * table[:, Column.SECONDS, None], axis=0, out=self._sums[machine, 1 : len(table) + 1])
