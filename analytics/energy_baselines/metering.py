"""What a machine took in and gave out by hours or quarters of an hour, from the meters that its kind names."""

from typing import NamedTuple

import numpy as np

from analytics.baselines.load_baseline import stretch_means
from analytics.energy.amounts import ENOUGH, from_counter, from_rate
from analytics.energy.factors import factor_of
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window
from device_profiles.kind import EnergyFlow, load_kind
from telemetry.units import conversion

KWH_OF_COAL_EQUIVALENT = 29_307.6 / 3600
"""One kilogram: 7000 kcal at 4.1868 kJ (GB/T 2589-2020, 3.5)."""


class Metered(NamedTuple):
    """Amounts of one meter by interval, the last ending with the window.

    Parameters
    ----------
    amount : ndarray, shape (n,)
        [unit of the flow] What a counter's readings enclose is spread over the gap between them; NaN where nothing is known.
    coverage : ndarray, shape (n,)
        Share of the interval with readings, 0 where the counter was reset: its amount is incomplete.
    """

    amount: FloatArray
    coverage: FloatArray

    @property
    def complete(self) -> FloatArray:
        """The amounts of intervals that are known well enough to be compared; NaN elsewhere."""
        kept: FloatArray = np.where(self.coverage >= ENOUGH, self.amount, np.nan)
        return kept


class Grid(NamedTuple):
    """Intervals that a window is cut into, counted back from its end; its first step is left out.

    A counter's growth in the first step would need the reading before it.
    """

    steps: int
    """Of each interval."""
    number: int
    first: int

    @classmethod
    def of(cls, window: Window, seconds: float) -> "Grid":
        """Cut a window.

        Raises
        ------
        NotEvaluated
            If its steps are longer than the intervals, or do not fit into them.
        """
        steps = round(seconds / window.step_seconds)
        if steps * window.step_seconds != seconds:
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"steps of {window.step_seconds:g} s in intervals of {seconds:g} s")
        count = max(len(window) - 1, 0) // steps
        return cls(steps, count, len(window) - count * steps)

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up what is known; NaN where nothing is."""
        blocks = values[self.first :].reshape(self.number, self.steps)
        known = ~np.isnan(blocks)
        found: FloatArray = np.where(known.any(axis=1), np.where(known, blocks, 0.0).sum(axis=1), np.nan)
        return found

    def means(self, values: FloatArray) -> FloatArray:
        """Give means; NaN where less than three quarters are known."""
        return stretch_means(values[self.first :], self.steps, at_least_share=ENOUGH)

    def times_us(self, window: Window) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Give the instants at which intervals begin."""
        found: np.ndarray[tuple[int], np.dtype[np.int64]] = window.times_us[self.first :: self.steps][: self.number]
        return found


def metered(window: Window, flow: EnergyFlow, grid: Grid) -> Metered:
    """Read a meter of the kind's energy balance, counter or rate."""
    signal = flow.counter or flow.rate
    unit = load_kind(window.kind).signals[signal].unit
    if flow.counter:
        found = grown(window[signal], grid)
        return found._replace(amount=found.amount * conversion(unit, flow.unit).factor)
    values = window[signal].reshape(1, -1)
    of_steps = from_rate(values, (~np.isnan(values)).astype(float))
    hours = window.step_seconds / 3600
    amount = grid.sums(of_steps.amount[0]) * hours * conversion(f"({unit})*h", flow.unit).factor
    coverage = grid.means(of_steps.coverage[0])
    # Three quarters of an interval stand for all of it; less is not made up into an amount.
    return Metered(np.divide(amount, coverage, out=np.full(grid.number, np.nan), where=coverage >= ENOUGH), coverage)


def grown(counter: FloatArray, grid: Grid) -> Metered:
    """Give the growth of a counter, in its own unit."""
    values = counter.reshape(1, -1)
    known = ~np.isnan(counter)
    of_steps = from_counter(values, values, known.astype(float).reshape(1, -1))
    fell = grid.sums(of_steps.has_fall[0].astype(float)) > 0
    # What grew up to the first reading after a gap belongs to the gap as well.
    covered = known & np.concatenate([[False], known[:-1]])
    return Metered(grid.sums(of_steps.amount[0]), np.where(fell, 0.0, grid.means(covered.astype(float))))


def kwh_per_unit(flow: EnergyFlow) -> float:
    """Give the energy of a unit of a flow, electricity and sun as such, fuels by the coal equivalent of the table of factors.

    Raises
    ------
    NotEvaluated
        If the table has no factor for it.
    """
    try:
        return conversion(flow.unit, "kWh").factor
    except ValueError:
        factor = factor_of(flow.carrier, flow.unit)
    if factor is None:
        raise NotEvaluated(Why.NO_NAMEPLATE, f"no coal equivalent of {flow.carrier} in {flow.unit}")
    return factor.kgce_per_unit * KWH_OF_COAL_EQUIVALENT


def energy_used_kwh(window: Window, grid: Grid) -> Metered:
    """Give the energy of all that a machine takes in; an interval without one of its meters has none.

    Raises
    ------
    NotEvaluated
        If a meter has no value at all.
    """
    energy = load_kind(window.kind).energy
    if energy is None:
        raise NotEvaluated(Why.MISSING_INPUT, f"{window.kind} has no energy meter")
    amount, coverage = np.zeros(grid.number), np.ones(grid.number)
    for flow in energy.inputs:
        if np.isnan(window[flow.counter or flow.rate]).all():
            raise NotEvaluated(Why.MISSING_INPUT, flow.counter or flow.rate)
        one = metered(window, flow, grid)
        amount, coverage = amount + one.amount * kwh_per_unit(flow), np.minimum(coverage, one.coverage)
    return Metered(amount, coverage)
