"""Which machines of a station should run, and with how much air each: by merit order and by mixed-integer programming."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from analytics.window import Flags, FloatArray

_SOLVER_SECONDS = 10.0
_GAP = 1e-3
"""The solver stops within so much of the optimum."""


class Unit(NamedTuple):
    """One machine: what it takes over what it delivers is two straight lines.

    Up to the knee it loads and unloads: a machine of fixed speed up to its capacity, one of variable speed up to its least flow.
    """

    capacity: float
    """[m³/min]"""
    knee_flow: float
    """The capacity for fixed speed. [m³/min]"""
    unloaded_kw: float
    knee_kw: float
    full_kw: float
    start_kwh: float = 0.0
    """What a start costs: the blow-down, the wear, written as energy."""

    @property
    def is_variable(self) -> bool:
        return self.knee_flow < self.capacity

    @property
    def slopes(self) -> tuple[float, float]:
        """Power for another m³/min, below and above the knee; the second is 0 for fixed speed. [kW/(m³/min)]"""
        below = (self.knee_kw - self.unloaded_kw) / self.knee_flow
        return below, (self.full_kw - self.knee_kw) / (self.capacity - self.knee_flow) if self.is_variable else 0.0


class Plan(NamedTuple):
    """Who runs when, and how much it takes."""

    flow: FloatArray
    """Shape (units, hours). [m³/min]"""
    is_on: Flags
    """Shape (units, hours)."""
    energy_kwh: float
    """Starts included."""
    origin: str
    """``present``, ``merit_order`` or ``program``."""


def power_kw(unit: Unit, flow: npt.ArrayLike, is_on: npt.ArrayLike) -> FloatArray:
    """Power of a machine at mean flows; 0 while it is off. [kW]"""
    delivered = np.asarray(flow, float)
    below, above = unit.slopes
    power = unit.unloaded_kw + below * np.minimum(delivered, unit.knee_flow) + above * np.maximum(delivered - unit.knee_flow, 0)
    found: FloatArray = np.where(is_on, power, 0.0)
    return found


def energy_kwh(units: Sequence[Unit], flow: FloatArray, is_on: Flags) -> float:
    """Energy of a plan by hours, with its starts after the first hour. [kWh]"""
    running = sum(float(power_kw(unit, flow[index], is_on[index]).sum()) for index, unit in enumerate(units))
    starts = (is_on[:, 1:] & ~is_on[:, :-1]).sum(axis=1)
    return running + sum(float(count) * unit.start_kwh for count, unit in zip(starts, units, strict=True))


def best_plan(
    units: Sequence[Unit], present_flow: FloatArray, present_on: Flags, *, reserve_percent: float = 0.0
) -> tuple[Plan, Plan]:
    """Give the present plan, and the best one that delivers the same air each hour; it is never worse than the present.

    Parameters
    ----------
    units : sequence of Unit
    present_flow, present_on : ndarray, shape (units, hours)
        What each delivers now, mean of the hour, no more than its capacity, and whether it is on. [m³/min]
    reserve_percent : float
        The machines that run could deliver so much more than is drawn, as far as the station can at all. [%]

    Raises
    ------
    ValueError
        If a machine delivers more than it can, or while it is off.
    """
    capacity = np.array([unit.capacity for unit in units])
    if (present_flow > capacity[:, None] * (1 + 1e-9)).any() or (present_flow[~present_on] > 0).any() or (present_flow < 0).any():
        raise ValueError("a machine delivers more than it can, or while it is off")
    demand = present_flow.sum(axis=0)
    needed = np.minimum(demand * (1 + reserve_percent / 100), capacity.sum())
    present = Plan(present_flow, present_on, energy_kwh(units, present_flow, present_on), "present")
    candidates = [present, merit_order(units, demand, needed)]
    solved = _program(units, demand, needed)
    if solved is not None:
        candidates.append(solved)
    return present, min(candidates, key=lambda plan: plan.energy_kwh)


def merit_order(units: Sequence[Unit], demand: FloatArray, needed: FloatArray) -> Plan:
    """Switch machines on by their specific power at full load until they suffice; share the air by slopes."""
    order = sorted(range(len(units)), key=lambda index: units[index].full_kw / units[index].capacity)
    reached = np.cumsum([units[index].capacity for index in order])
    running = np.searchsorted(reached, needed * (1 - 1e-9)) + 1
    running = np.where(demand > 0, np.minimum(running, len(units)), 0)
    is_on = np.zeros((len(units), len(demand)), bool)
    for place, index in enumerate(order):
        is_on[index] = running > place
    flow = np.zeros(is_on.shape)
    left = demand.copy()
    # Each machine's lower line comes before its upper one, whichever is flatter.
    parts = []
    for index, unit in enumerate(units):
        below, above = unit.slopes
        parts.append((below, index, unit.knee_flow))
        if unit.is_variable:
            parts.append((max(above, below), index, unit.capacity - unit.knee_flow))
    for _, index, size in sorted(parts):
        taken = np.where(is_on[index], np.minimum(left, size), 0.0)
        flow[index] += taken
        left -= taken
    return Plan(flow, is_on, energy_kwh(units, flow, is_on), "merit_order")


def _program(units: Sequence[Unit], demand: FloatArray, needed: FloatArray) -> Plan | None:
    """Solve the mixed-integer program; None where the solver gives nothing in its time.

    Of each unit and hour there are five unknowns: on, above the knee, started, flow below and flow above the knee.
    """
    number, hours = len(units), len(demand)
    cells = np.arange(number * hours).reshape(number, hours)
    on, over, started, low, high = (cells + block * number * hours for block in range(5))
    size = 5 * number * hours
    cost, upper = np.zeros(size), np.ones(size)
    for index, unit in enumerate(units):
        below, above = unit.slopes
        cost[on[index]], cost[low[index]], cost[high[index]] = unit.unloaded_kw, below, above
        cost[started[index, 1:]] = unit.start_kwh
        upper[low[index]], upper[high[index]] = unit.knee_flow, unit.capacity - unit.knee_flow
        upper[over[index]] = float(unit.is_variable)
    knee = np.repeat([unit.knee_flow for unit in units], hours)
    span = np.repeat([unit.capacity - unit.knee_flow for unit in units], hours)
    capacity = np.array([unit.capacity for unit in units])
    one = np.ones(number * hours)
    rows = _Rows(size)
    rows.at_most([(low.ravel(), one), (on.ravel(), -knee)], 0.0)
    rows.at_most([(high.ravel(), one), (over.ravel(), -span)], 0.0)
    rows.at_most([(over.ravel(), knee), (low.ravel(), -one)], 0.0)
    rows.at_most([(over.ravel(), one), (on.ravel(), -one)], 0.0)
    later = on[:, 1:].ravel()
    steps = np.ones(len(later))
    rows.at_most([(later, steps), (on[:, :-1].ravel(), -steps), (started[:, 1:].ravel(), -steps)], 0.0)
    each = np.ones(hours)
    delivered = [(block[index], each) for block in (low, high) for index in range(number)]
    rows.between(delivered, demand, demand)
    rows.between([(on[index], capacity[index] * each) for index in range(number)], needed * (1 - 1e-9), np.full(hours, np.inf))
    whole = np.concatenate([np.ones(3 * number * hours), np.zeros(2 * number * hours)])
    solved = milp(
        cost,
        integrality=whole,
        bounds=Bounds(np.zeros(size), upper),
        constraints=rows.constraint(),
        options={"time_limit": _SOLVER_SECONDS, "mip_rel_gap": _GAP},
    )
    if solved.x is None:
        return None
    is_on = solved.x[on] > 0.5
    flow = np.where(is_on, np.minimum(np.maximum(solved.x[low] + solved.x[high], 0.0), capacity[:, None]), 0.0)
    return Plan(flow, is_on, energy_kwh(units, flow, is_on), "program")


class _Rows:
    """Collects the rows of a sparse matrix of constraints."""

    def __init__(self, columns: int) -> None:
        self._columns, self._count = columns, 0
        self._parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]] = []
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []

    def at_most(self, terms: Sequence[tuple[npt.NDArray[np.int64], FloatArray]], limit: float) -> None:
        count = len(terms[0][0])
        self.between(terms, np.full(count, -np.inf), np.full(count, limit))

    def between(self, terms: Sequence[tuple[npt.NDArray[np.int64], FloatArray]], low: FloatArray, high: FloatArray) -> None:
        numbers = self._count + np.arange(len(low))
        self._parts += [(numbers, columns, weights) for columns, weights in terms]
        self._low.append(low)
        self._high.append(high)
        self._count += len(low)

    def constraint(self) -> LinearConstraint:
        rows, columns, weights = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        matrix = coo_array((weights, (rows, columns)), shape=(self._count, self._columns)).tocsr()
        return LinearConstraint(matrix, np.concatenate(self._low), np.concatenate(self._high))
