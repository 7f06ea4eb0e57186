"""Which tasks are due: windows that have ended since the last run, windows that late rows touch, and models that are missing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from analytics.catalogue import Analytic
from analytics.engine.grid_of_windows import ends_between
from analytics.engine.task import MOST_MACHINES, Machine, Task, TrainingTask, microseconds
from device_profiles.kind import kind_names
from store.equipment import Equipment
from store.grids import MadeUntil
from store.models import Model

K = TypeVar("K")
_Wanted = dict[tuple[str, str], dict[Machine, dict[str, list[int]]]]
"""By kind and gateway: of each machine the ends of windows by analytic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the planner knows."""

    equipment: Sequence[Equipment]
    analytics: Mapping[str, Analytic]
    zone: ZoneInfo
    learned: Collection[tuple[int, str]] = ()
    """Machines and analytics that have a model."""
    models: Sequence[Model] | None = None
    """To judge by instead of the champions of the database."""
    parameters: Mapping[str, Mapping[str, object]]


def due(
    plan: Plan,
    *,
    made_until: MadeUntil,
    last_ends: Mapping[tuple[int, str], datetime],
    catch_up: timedelta,
) -> Iterator[Task]:
    """Give what has ended since the last runs; a machine that has never been judged begins with its newest window.

    Parameters
    ----------
    made_until : MadeUntil
        Up to where readings are complete.
    """
    wanted: _Wanted = {}
    for one in plan.equipment:
        for analytic in _of_kind(plan.analytics, one.kind):
            spec = analytic.spec
            last = last_ends.get((one.id, spec.name))
            until = made_until.of(spec.step_seconds)
            if until is None:
                continue
            # However little is caught up, the newest window is due: of a week's cadence it may have ended days ago.
            after = until - spec.cadence if last is None else max(last, until - max(catch_up, spec.cadence))
            ends = [microseconds(end) for end in ends_between(spec, after, until, plan.zone)]
            if ends:
                _want(wanted, one, spec.name, ends)
    yield from _tasks(plan, wanted, is_newest=True)


def touched(
    plan: Plan,
    spans: Iterable[tuple[int, datetime, datetime]],
    *,
    last_ends: Mapping[tuple[int, str], datetime],
    not_before: datetime,
) -> Iterator[Task]:
    """Give the windows that late rows of machines fall into, up to the newest that has been run."""
    by_machine: dict[int, list[tuple[datetime, datetime]]] = {}
    for equipment_id, start, end in spans:
        if end > not_before:
            by_machine.setdefault(equipment_id, []).append((max(start, not_before), end))
    wanted: dict[bool, _Wanted] = {True: {}, False: {}}
    for one in plan.equipment:
        for analytic in _of_kind(plan.analytics, one.kind) if one.id in by_machine else ():
            spec = analytic.spec
            last = last_ends.get((one.id, spec.name))
            if last is None:
                continue
            ends = {
                microseconds(window_end)
                for start, end in by_machine[one.id]
                for window_end in ends_between(spec, start, min(end + spec.window, last), plan.zone)
            }
            if ends:
                _want(wanted[max(ends) >= microseconds(last)], one, spec.name, sorted(ends))
    for is_newest, of in wanted.items():
        yield from _tasks(plan, of, is_newest=is_newest)


def training(plan: Plan, *, until: datetime, skip: set[tuple[int, str]]) -> Iterator[TrainingTask]:
    """Give the models that are missing; whether there is history enough is found out when it is read."""
    wanted: dict[tuple[str, float], dict[Machine, list[str]]] = {}
    for one in plan.equipment:
        for analytic in _of_kind(plan.analytics, one.kind):
            spec = analytic.spec
            key = (one.id, spec.name)
            if spec.training is None or key in plan.learned or key in skip:
                continue
            of = wanted.setdefault((one.kind, spec.training.days), {})
            of.setdefault(Machine(one.id, one.gateway, one.name), []).append(spec.name)
    for (kind, days), machines in wanted.items():
        for names, alike in _alike((machine, tuple(sorted(names))) for machine, names in machines.items()):
            for some in _batched(alike):
                yield TrainingTask(
                    kind=kind,
                    machines=some,
                    analytics=names,
                    start=until - timedelta(days=days),
                    end=until,
                    parameters=plan.parameters,
                )


def whole_span(plan: Plan, start: datetime, end: datetime, *, is_newest: bool) -> Iterator[Task]:
    """Give every window that ends in ``(start, end]``, of all machines of the plan; ``is_newest`` where it reaches until now."""
    wanted: _Wanted = {}
    for one in plan.equipment:
        for analytic in _of_kind(plan.analytics, one.kind):
            ends = [microseconds(at) for at in ends_between(analytic.spec, start, end, plan.zone)]
            if ends:
                _want(wanted, one, analytic.spec.name, ends)
    yield from _tasks(plan, wanted, is_newest=is_newest)


def _want(wanted: _Wanted, one: Equipment, analytic: str, ends: list[int]) -> None:
    of_gateway = wanted.setdefault((one.kind, one.gateway), {})
    of_gateway.setdefault(Machine(one.id, one.gateway, one.name), {})[analytic] = ends


def _of_kind(analytics: Mapping[str, Analytic], kind: str) -> list[Analytic]:
    if kind not in kind_names():  # not told yet, or of no profile of ours: nothing is known of its signals
        return []
    return [one for one in analytics.values() if not one.spec.kinds or kind in one.spec.kinds]


def _tasks(plan: Plan, wanted: _Wanted, *, is_newest: bool) -> Iterator[Task]:
    """Make tasks of machines that want the same; a station stays together."""
    for (kind, _), machines in wanted.items():
        station: dict[str, tuple[int, ...]] = {}
        for of in machines.values():
            for name, ends in of.items():
                if plan.analytics[name].spec.scope == "station":
                    station[name] = tuple(sorted({*station.get(name, ()), *ends}))
        if station:
            yield _task(plan, kind, tuple(machines), station, is_newest=is_newest)
        single = (
            (
                machine,
                tuple((name, tuple(ends)) for name, ends in sorted(of.items()) if name not in station),
            )
            for machine, of in machines.items()
        )
        for ends_of, alike in _alike(single):
            if ends_of:
                for some in _batched(alike):
                    yield _task(plan, kind, some, dict(ends_of), is_newest=is_newest)


def _task(
    plan: Plan, kind: str, machines: tuple[Machine, ...], ends_us: Mapping[str, tuple[int, ...]], *, is_newest: bool
) -> Task:
    ids = {machine.id for machine in machines}
    return Task(
        kind=kind,
        machines=machines,
        ends_us=ends_us,
        is_newest=is_newest,
        parameters={name: plan.parameters[name] for name in ends_us if name in plan.parameters},
        models=None if plan.models is None else tuple(model for model in plan.models if model.equipment_id in ids),
    )


def _alike(things: Iterable[tuple[Machine, K]]) -> Iterator[tuple[K, list[Machine]]]:
    """Take machines together that want the same."""
    groups: dict[K, list[Machine]] = {}
    for machine, wants in things:
        groups.setdefault(wants, []).append(machine)
    yield from groups.items()


def _batched(machines: Sequence[Machine]) -> Iterator[tuple[Machine, ...]]:
    for first in range(0, len(machines), MOST_MACHINES):
        yield tuple(machines[first : first + MOST_MACHINES])
