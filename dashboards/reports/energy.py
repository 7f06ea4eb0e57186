"""What machines of one kind took in and gave out over some days of the plant, beside as many days before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.energy.amounts import Amounts, FloatArray, Hours, IntArray, Specific, by_period, hours_of, specific
from analytics.energy.factors import Factor, factor_of
from device_profiles.kind import EnergyFlow, Kind
from store.database import Database
from store.energy import HOUR, MOST_MACHINE_HOURS, MOST_MACHINES, HourGrid, read_hours
from store.equipment import Equipment

_NEIGHBOURS = timedelta(days=1)
"""A counter's growth at the beginning needs a reading from before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days of a zone, as far as they have passed."""

    first: date
    days: int
    zone: ZoneInfo
    now: datetime

    @property
    def start(self) -> datetime:
        return self.midnight(0)

    @property
    def end(self) -> datetime:
        return min(self.midnight(self.days), self.now)

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.days)]

    @property
    def previous_start(self) -> datetime:
        return self.midnight(-self.days)

    def midnight(self, day: int) -> datetime:
        return datetime.combine(self.first + timedelta(days=day), time(), self.zone)

    def passed_hours(self) -> FloatArray:
        """Give how much of each day has passed."""
        ends = [min(self.midnight(n + 1), self.now) for n in range(self.days)]
        return np.array([max((end - self.midnight(n)) / HOUR, 0) for n, end in enumerate(ends)])


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowReport:
    """One energy or product of all machines; arrays go by machine, those of days by machine and day."""

    flow: EnergyFlow
    is_input: bool
    factor: Factor | None
    hours: Hours
    """Of the period itself."""
    days: Amounts
    total: Amounts
    """Of the whole period, one column."""
    previous: FloatArray
    """Amounts of equally many hours before."""

    def fleet_by_day(self) -> list[float | None]:
        return [None if np.isnan(day).all() else float(np.nansum(day)) for day in self.days.amount.T]

    def fleet(self) -> float | None:
        amounts = self.total.amount[:, 0]
        return None if np.isnan(amounts).all() else float(np.nansum(amounts))

    def fleet_before(self) -> float | None:
        return None if np.isnan(self.previous).all() else float(np.nansum(self.previous))


class SpecificReport(NamedTuple):
    """Consumption of one input for a unit of the product."""

    flow: EnergyFlow
    product: EnergyFlow
    machines: Specific
    fleet: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyReport:
    """Everything about some machines of one kind over one period."""

    kind: Kind
    machines: Sequence[Equipment]
    period: Period
    grid: HourGrid
    inputs: list[FlowReport]
    outputs: list[FlowReport]
    specific: list[SpecificReport]

    @property
    def flows(self) -> list[FlowReport]:
        return [*self.inputs, *self.outputs]

    def standard_coal_kg(self) -> float | None:
        """Give the standard coal of all inputs that have a factor."""
        return _weighted([(one.fleet(), one.factor.kgce_per_unit) for one in self.inputs if one.factor])

    def carbon_dioxide_kg(self) -> float | None:
        return _weighted([(one.fleet(), one.factor.kg_co2_per_unit) for one in self.inputs if one.factor])


def most_machines(days: int) -> int:
    """Tell how many machines one report of so many days can hold."""
    hours = (2 * days + 2) * 24 + 1
    return min(MOST_MACHINES, MOST_MACHINE_HOURS // hours)


def read_report(
    database: Database, kind: Kind, machines: Sequence[Equipment], period: Period, *, more_signals: Sequence[str] = ()
) -> EnergyReport:
    """Read and add up; ``more_signals`` are read into the grid as well."""
    assert kind.energy is not None, kind.name
    flows = [(flow, True) for flow in kind.energy.inputs] + [(flow, False) for flow in kind.energy.outputs]
    signals = list(dict.fromkeys([*(flow.counter or flow.rate for flow, _ in flows), *more_signals]))
    start = period.previous_start - _NEIGHBOURS
    grid = read_hours(database, kind, [machine.id for machine in machines], signals, start=start, end=max(period.end, start))
    reports = [_report(kind, flow, grid, period, is_input=is_input) for flow, is_input in flows]
    inputs, outputs = [[one for one in reports if one.is_input is side] for side in (True, False)]
    return EnergyReport(
        kind=kind,
        machines=machines,
        period=period,
        grid=grid,
        inputs=inputs,
        outputs=outputs,
        specific=[_specific(one, outputs[0]) for one in inputs] if outputs else [],
    )


def _places(grid: HourGrid, period: Period) -> tuple[IntArray, IntArray]:
    """Give the day of each hour, below 0 outside the period, and 0 where an hour belongs to the time before, else -1.

    An hour belongs where its middle lies: zones with half hours share one hour a day.
    """
    days, before = np.full(grid.hours, -1), np.full(grid.hours, -1)
    length = period.end - period.start
    for place, hour in enumerate(grid.times):
        middle = hour + HOUR / 2
        if period.start <= middle < period.midnight(period.days):
            days[place] = (middle.astimezone(period.zone).date() - period.first).days
        elif period.previous_start <= middle < period.previous_start + length:
            before[place] = 0
    return days, before


def _report(kind: Kind, flow: EnergyFlow, grid: HourGrid, period: Period, *, is_input: bool) -> FlowReport:
    name = flow.counter or flow.rate
    hours = hours_of(flow, grid.signals[name], unit=kind.signals[name].unit)
    days, before = _places(grid, period)
    inside = days >= 0
    passed = period.passed_hours()
    all_passed = np.array([passed.sum()])
    return FlowReport(
        flow=flow,
        is_input=is_input,
        factor=factor_of(flow.carrier, flow.unit) if is_input else None,
        hours=hours.part(inside),
        days=by_period(hours, days, passed),
        total=by_period(hours, np.where(inside, 0, -1), all_passed),
        previous=by_period(hours, before, all_passed).amount[:, 0],
    )


def _specific(consumed: FlowReport, made: FlowReport) -> SpecificReport:
    fleet = float(specific(consumed.hours.as_one(), made.hours.as_one()).value[0])
    return SpecificReport(consumed.flow, made.flow, specific(consumed.hours, made.hours), None if np.isnan(fleet) else fleet)


def _weighted(parts: Sequence[tuple[float | None, float]]) -> float | None:
    known = [amount * factor for amount, factor in parts if amount is not None]
    return sum(known) if known else None
