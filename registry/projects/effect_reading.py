"""Reads what the effect of a cut-over is told from: energy, product and states of the machines in scope, by day of the plant."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.energy.amounts import by_period, hours_of
from device_profiles.kind import EnergyFlow, Kind, Label, kind_names, load_kind
from registry.projects.effect import Change, Days, EffectRules, FloatArray, change, effect_rules
from store.city_projects import ScopeEntry
from store.database import Database
from store.energy import read_hours
from store.equipment import Equipment, find_equipment
from store.grids import read_grids

_DAY = timedelta(days=1)
_NEIGHBOURS = timedelta(days=1)


class DailyFigure(NamedTuple):
    """A figure of one machine by day, both sides, and how it changed."""

    name: str
    """``energy``, ``specific_energy`` or ``downtime``."""
    label: Label
    unit: str
    days: list[date]
    values: list[float | None]
    change: Change


class MachineEffect(NamedTuple):
    """What can be said of one machine in scope; ``why_not`` where nothing was ever received of it."""

    name: str
    equipment_id: int | None
    kind: str
    figures: list[DailyFigure]
    why_not: str = ""
    """``no_readings`` or ``unknown_kind``."""


def read_effects(
    database: Database,
    scope: Sequence[ScopeEntry],
    *,
    cut_over: datetime,
    zone: ZoneInfo,
    now: datetime,
    rules: EffectRules | None = None,
) -> list[MachineEffect]:
    """Tell the effect on each machine in scope."""
    sides = _Sides.of(cut_over, zone=zone, now=now, rules=rules or effect_rules())
    found = []
    for entry in scope:
        if entry.machine_id is None:
            continue
        machine = find_equipment(database, gateway=entry.gateway or "", name=entry.equipment_name or "")
        if machine is None:
            found.append(MachineEffect(entry.name, None, entry.kind, [], "no_readings"))
        elif machine.kind not in kind_names():
            found.append(MachineEffect(entry.name, machine.id, machine.kind, [], "unknown_kind"))
        else:
            figures = _figures(database, machine, sides)
            found.append(MachineEffect(entry.name, machine.id, machine.kind, figures))
    return found


class _Sides(NamedTuple):
    """The days before and after that are looked at, in one row."""

    days: list[date]
    count_before: int
    zone: ZoneInfo
    rules: EffectRules
    now: datetime

    @classmethod
    def of(cls, cut_over: datetime, *, zone: ZoneInfo, now: datetime, rules: EffectRules) -> "_Sides":
        """Take whole days on either side, without those in which things settle."""
        there, today = cut_over.astimezone(zone).date(), now.astimezone(zone).date()
        before = [there - (rules.settling_days + n) * _DAY for n in range(rules.window_days, 0, -1)]
        after = [there + (rules.settling_days + n) * _DAY for n in range(1, rules.window_days + 1)]
        return cls([*before, *(day for day in after if day < today)], len(before), zone, rules, now)

    def midnight(self, place: int, *, next_day: bool = False) -> datetime:
        return datetime.combine(self.days[place] + next_day * _DAY, time(), self.zone).astimezone(UTC)

    def figure(self, name: str, label: Label, unit: str, *, amount: FloatArray, per: FloatArray) -> DailyFigure:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = amount / per
        at = self.count_before
        told = change(Days(amount[:at], per[:at]), Days(amount[at:], per[at:]), self.rules)
        shown = [float(value) if np.isfinite(value) else None for value in values]
        return DailyFigure(name, label, unit, self.days, shown, told)


def _figures(database: Database, machine: Equipment, sides: _Sides) -> list[DailyFigure]:
    kind = load_kind(machine.kind)
    figures = []
    if kind.energy is not None and kind.energy.inputs:
        energy = kind.energy.inputs[0]
        product = kind.energy.outputs[0] if kind.energy.outputs else None
        amounts = _daily_amounts(database, machine, kind, [energy, *([product] if product else [])], sides)
        label = Label(zh=f"{energy.label.zh}（每日）", en=f"{energy.label.en} a day")
        figures.append(sides.figure("energy", label, energy.unit, amount=amounts[0], per=np.ones(len(sides.days))))
        if product is not None:
            unit = f"{energy.unit}/{product.unit}" if product.unit != "1" else energy.unit
            label = Label(zh=f"单位{product.label.zh}的{energy.label.zh}", en=f"{energy.label.en} per {product.label.en.lower()}")
            figures.append(sides.figure("specific_energy", label, unit, amount=amounts[0], per=amounts[1]))
    if kind.name in sides.rules.down_states and kind.state_signal is not None:
        down, known = _daily_downtime(database, machine, kind, sides)
        label = Label(zh="故障停机占比", en="Share of time down")
        figures.append(sides.figure("downtime", label, "1", amount=down, per=known))
    return figures


def _daily_amounts(
    database: Database, machine: Equipment, kind: Kind, flows: Sequence[EnergyFlow], sides: _Sides
) -> list[FloatArray]:
    """Amount of each flow by day; NaN where too little of the day is covered or a counter was reset."""
    signals = list(dict.fromkeys(flow.counter or flow.rate for flow in flows))
    start = sides.midnight(0) - _NEIGHBOURS
    end = min(sides.midnight(-1, next_day=True) + _NEIGHBOURS, sides.now)
    grid = read_hours(database, kind, [machine.id], signals, start=start, end=max(end, start))
    places = {day: place for place, day in enumerate(sides.days)}
    half = timedelta(minutes=30)
    day_of_hour = np.array([places.get((hour + half).astimezone(sides.zone).date(), -1) for hour in grid.times], np.int64)
    lengths = np.array(
        [(sides.midnight(n, next_day=True) - sides.midnight(n)).total_seconds() / 3600 for n in range(len(sides.days))]
    )
    found = []
    for flow in flows:
        name = flow.counter or flow.rate
        daily = by_period(hours_of(flow, grid.signals[name], unit=kind.signals[name].unit), day_of_hour, lengths)
        is_sound = (daily.coverage[0] >= sides.rules.enough_of_a_day) & ~daily.has_fall[0]
        found.append(np.where(is_sound, daily.amount[0], np.nan))
    return found


def _daily_downtime(database: Database, machine: Equipment, kind: Kind, sides: _Sides) -> tuple[FloatArray, FloatArray]:
    """Minutes down and minutes with a known state, by day."""
    assert kind.state_signal is not None
    states_of_kind = kind.signals[kind.state_signal].states
    codes = [state.code for state in states_of_kind if state.name in sides.rules.down_states[kind.name]]
    down, known = np.full(len(sides.days), np.nan), np.full(len(sides.days), np.nan)
    for first, last in _runs(sides.days):
        start, end = sides.midnight(first), sides.midnight(last, next_day=True)
        grid = read_grids(database, kind.name, [machine.id], [kind.state_signal], start=start, end=end, step_seconds=60)
        if machine.id not in grid:
            continue
        states = grid[machine.id][kind.state_signal]
        for place in range(first, last + 1):
            begin, stop = sides.midnight(place), sides.midnight(place, next_day=True)
            of_day = states[round((begin - start).total_seconds() / 60) : round((stop - start).total_seconds() / 60)]
            minutes = int((~np.isnan(of_day)).sum())
            if minutes >= sides.rules.enough_of_a_day * len(of_day):
                down[place], known[place] = float(np.isin(of_day, codes).sum()), float(minutes)
    return down, known


def _runs(days: list[date]) -> list[tuple[int, int]]:
    """Cut days into stretches without a hole: those before the cut-over and those after."""
    breaks = [n for n in range(1, len(days)) if days[n] - days[n - 1] != _DAY]
    return list(zip([0, *breaks], [*(n - 1 for n in breaks), len(days) - 1], strict=True))
