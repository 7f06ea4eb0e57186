"""A plan that reality has overtaken: what has begun stands, what is about to begin stands too, the rest is planned anew."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from analytics.scheduling.calendars import Calendar, Span
from analytics.scheduling.cp_sat import WORKERS, IsStopped, OnProgress, never
from analytics.scheduling.jobs import Job, Machine, Shop
from analytics.scheduling.planning import Schedule, schedule
from analytics.scheduling.plans import Aims, Plan, Task


class Rescheduled(NamedTuple):
    """The new plan, and the shop in which it holds: closed up to now, and where it is broken."""

    shop: Shop
    standing: tuple[Task, ...]
    schedule: Schedule


def reschedule(
    shop: Shop,
    plan: Plan,
    aims: Aims,
    *,
    now_minute: int,
    down_until: Mapping[str, int],
    frozen_minutes: int = 0,
    seconds: float = 8.0,
    workers: int = WORKERS,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    is_stopped: IsStopped = never,
) -> Rescheduled:
    """Plan the rest after a breakdown, or at any moment of a rolling horizon.

    Parameters
    ----------
    plan : Plan
        The present one, with actual times of what has begun.
    down_until : mapping of str to int
        Machines that stand still from now on, and when they are back. An operation that is under way on one of them goes on then
        where it may pause; otherwise it starts anew, on any of its machines.
    frozen_minutes : int
        Operations on other machines that begin within so long stay as they are: their material is on the way.
    """
    changed = replace(shop, machines=tuple(_from_now(machine, now_minute, down_until) for machine in shop.machines))
    standing = tuple(_standing(changed, shop, plan, down_until, now_minute=now_minute, frozen_until=now_minute + frozen_minutes))
    found = schedule(
        changed,
        aims,
        seconds=seconds,
        fixed=standing,
        previous=plan,
        workers=workers,
        seed=seed,
        on_progress=on_progress,
        is_stopped=is_stopped,
    )
    return Rescheduled(changed, standing, found)


def _from_now(machine: Machine, now_minute: int, down_until: Mapping[str, int]) -> Machine:
    back = max(down_until.get(machine.name, now_minute), now_minute)
    return replace(machine, closed=(*machine.closed, Span(0, back))) if back else machine


def _standing(
    changed: Shop, shop: Shop, plan: Plan, down_until: Mapping[str, int], *, now_minute: int, frozen_until: int
) -> Iterator[Task]:
    before = {machine.name: Calendar([*machine.closed, (0, machine.from_minute)]) for machine in shop.machines}
    after = {machine.name: Calendar([*machine.closed, (0, machine.from_minute)]) for machine in changed.machines}

    def now_of(job: Job) -> Iterator[Task]:
        arrival = 0
        for operation in job.operations:
            task = plan.by_name[job.name, operation.name]
            is_under_way = task.start_minute < now_minute < task.end_minute
            if task.machine in down_until and task.end_minute > now_minute:
                if not (is_under_way and operation.can_pause):
                    return
                calendar = before[task.machine]
                rest = calendar.open_minutes(task.end_minute) - calendar.open_minutes(now_minute)
                task = task._replace(end_minute=after[task.machine].after(now_minute, rest))
            elif task.start_minute >= max(now_minute, frozen_until) or task.start_minute < arrival:
                return
            arrival = task.end_minute
            yield task

    for job in shop.jobs:
        yield from now_of(job)
