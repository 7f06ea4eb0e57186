"""Programs of a machining centre: operations that its spindle can take, the cycle they make, and the wear of their tools.

A job is a program of four to seven operations, one tool each. The control exchanges a tool after its planned life, which is
Taylor's, whatever it looks like; the edges in use wear faster or slower than that.

Limits: no geometry, no sister tools, no tool used by two operations. Times and sizes are those of a small-batch shop.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulators.dice import Array
from simulators.physics.cutting import MATERIALS, POWER_PER_VB, VB_LIMIT_MM, Material, Operation
from simulators.physics.machining_plan import (
    CHANGE_LOADS,
    HOME_MM,
    RAPID_MM_PER_MIN,
    RESET,
    Codes,
    Column,
    Says,
    feeding,
    friction_kw,
    rapid_move,
    segment,
    to_and_fro,
)

SPINDLE_KW = 15.0
LARGEST_TORQUE_NM = 110.0
BROKEN_TOOL = 0.5
"""What is left of a cut's power when the tool is broken."""
_SPINDLE_INERTIA_KG_M2 = 0.012


@dataclass(slots=True)
class Job:
    """A program with its tools and the table of its cycle at overrides of 100 %."""

    program: str
    operations: tuple[Operation, ...]
    life_minutes: Array
    """By which the control exchanges each tool."""
    used_minutes: Array
    wear_factor: Array
    """How much faster or slower than Taylor's mean the edge in use wears."""
    vb_mm: Array
    edges: list[int]
    table: Array
    cuts: Codes
    """Rows of the cuts in ``table``."""
    rapids: Codes

    def cycle(self, *, feed_percent: float, rapid_percent: float, spindle_percent: float, broken_tool: float) -> Array:
        """Give the cycle's segments with these overrides and today's wear; the first is the loading."""
        table = self.table.copy()
        thinner = (feed_percent / 100) ** (1 - self.operations[0].material.exponent)
        table[self.cuts, Column.CUT_KW] *= thinner * (1 + POWER_PER_VB * self.vb_mm)
        if broken_tool:
            is_broken = [operation.tool == broken_tool for operation in self.operations]
            table[self.cuts, Column.CUT_KW] *= np.where(is_broken, BROKEN_TOOL, 1.0)
        for rows, override in ((self.cuts, feed_percent), (self.rapids, rapid_percent)):
            if override != 100:
                table[rows, Column.SECONDS] *= 100 / override
                table[rows, Column.FEED] *= override / 100
        if spindle_percent != 100:
            table[:, Column.RPM_FROM : Column.COMMANDED] *= spindle_percent / 100
            table[:, Column.FRICTION_KW] *= friction_kw(spindle_percent) / friction_kw(100.0)
        return table

    def wear(self, *, feed_percent: float, wear_rate: float) -> None:
        """Let the edges have cut one part."""
        minutes = self.table[self.cuts, Column.SECONDS] / 60 * (100 / feed_percent)
        self.used_minutes += minutes
        self.vb_mm += VB_LIMIT_MM * minutes / self.life_minutes * self.wear_factor * wear_rate

    @property
    def has_spent_tools(self) -> bool:
        return bool((self.used_minutes > self.life_minutes).any())

    def exchange_spent_tools(self, dice: np.random.Generator) -> None:
        for index in np.flatnonzero(self.used_minutes > self.life_minutes).tolist():
            self.used_minutes[index] = self.vb_mm[index] = 0.0
            self.wear_factor[index] = _draw_wear_factor(dice)
            self.edges[index] += 1


def draw_job(dice: np.random.Generator, program: str) -> Job:
    material = MATERIALS[int(dice.integers(len(MATERIALS)))]
    tools = dice.choice(np.arange(1, 25), size=int(dice.integers(4, 8)), replace=False)
    operations = tuple(_draw_operation(dice, int(tool), material) for tool in tools)
    rows = [segment(1.0, {Column.EXECUTION: RESET})]
    for index, operation in enumerate(operations):
        rows += _machining_rows(operation, index)
    rows += _probing_rows(operations[-1], len(operations) - 1)
    table = np.array(rows)
    life = np.array([operation.life_minutes for operation in operations])
    used = life * dice.random(len(operations))
    wear = np.array([_draw_wear_factor(dice) for _ in operations])
    return Job(
        program=program,
        operations=operations,
        life_minutes=life,
        used_minutes=used,
        wear_factor=wear,
        vb_mm=VB_LIMIT_MM * used / life * wear,
        edges=[int(dice.integers(1, 40)) for _ in operations],
        table=table,
        cuts=np.flatnonzero(table[:, Column.IS_CUT]),
        rapids=np.flatnonzero(table[:, Column.COMMANDED] == RAPID_MM_PER_MIN),
    )


def _draw_wear_factor(dice: np.random.Generator) -> float:
    """Draw how fast a new edge wears, as a share of Taylor's mean."""
    return 1 + 0.12 * min(max(dice.standard_normal(), -2.5), 2.5)


def _draw_operation(dice: np.random.Generator, tool: int, material: Material) -> Operation:
    diameter = float(dice.choice([8.0, 10.0, 12.0, 16.0, 20.0, 32.0, 50.0]))
    operation = Operation(
        tool=tool,
        seconds=dice.uniform(15, 70),
        change_seconds=dice.uniform(4, 8),
        diameter_mm=diameter,
        teeth=int(dice.integers(2, 6)),
        speed_m_per_min=min(material.reference_speed_m_per_min * dice.uniform(0.92, 1.08), 11_500 * math.pi * diameter / 1000),
        feed_per_tooth_mm=dice.uniform(0.05, 0.16),
        depth_mm=dice.uniform(1.0, 5.0),
        width_mm=diameter * dice.uniform(0.15, 0.7),
        material=material,
        start_mm=(dice.uniform(-200, 0), dice.uniform(-180, 150), dice.uniform(60, 200)),
        stroke_mm=dice.uniform(60, 200),
    )
    # The programmer takes a smaller depth where the spindle would have too much to do, also with a worn tool.
    most_kw = min(0.55 * SPINDLE_KW, 0.6 * LARGEST_TORQUE_NM * operation.rpm / 9549)
    return operation._replace(depth_mm=operation.depth_mm * min(1.0, most_kw / operation.power_kw))


def _machining_rows(operation: Operation, index: int) -> list[list[float]]:
    """Give the segments of an operation: exchange the tool, speed up, go there, cut, come home."""
    rpm, feed, start = operation.rpm, operation.feed_mm_per_min, operation.start_mm
    speed_up_seconds = 0.4 + 1.6 * rpm / 12_000
    speed_up_kw = 0.5 * _SPINDLE_INERTIA_KG_M2 * (rpm * math.pi / 30) ** 2 / speed_up_seconds / 1000
    way, _ = to_and_fro(np.array(feed * operation.seconds / 60), np.array(operation.stroke_mm))
    end = (start[0] + float(way), start[1] + 12.0, start[2])
    push = 8 + 4 * operation.power_kw
    still: Says = {Column.OPERATION: index}
    turning: Says = {**still, Column.RPM_FROM: rpm, Column.RPM_TO: rpm, Column.IS_COOLANT: 1}
    cut = {**turning, **feeding(feed), Column.STROKE: operation.stroke_mm, Column.CUT_KW: operation.power_kw, Column.IS_CUT: 1}
    return [
        segment(operation.change_seconds, still, loads=CHANGE_LOADS),
        segment(speed_up_seconds, {**turning, Column.RPM_FROM: 0, Column.SPEED_UP_KW: speed_up_kw}),
        rapid_move(turning, at=HOME_MM, to=start),
        segment(operation.seconds, cut, at=start, to=end, loads=(push, 0.7 * push, 12 + 0.5 * push)),
        rapid_move({**turning, Column.RPM_TO: 0}, at=end, to=HOME_MM),
    ]


def _probing_rows(operation: Operation, index: int) -> list[list[float]]:
    """Give the segments that measure the part before it leaves."""
    place = operation.start_mm
    below = (place[0], place[1], place[2] - 20)
    still: Says = {Column.OPERATION: index}
    return [
        rapid_move(still, at=HOME_MM, to=place),
        segment(8.0, {**still, **feeding(150.0)}, at=place, to=below),
        rapid_move(still, at=below, to=HOME_MM),
    ]
