"""A plan, what it is worth, whether it holds, and its picture."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from analytics import evidence
from analytics.scheduling.calendars import Calendar
from analytics.scheduling.jobs import Machine, Operation, Shop
from analytics.spec import label

_MINUTE_US = 60_000_000
_FEW_JOBS = 10
"""So many colours a legend can hold."""


class Task(NamedTuple):
    """One operation with its machine and time."""

    job: str
    operation: str
    machine: str
    start_minute: int
    end_minute: int


@dataclass(frozen=True)
class Plan:
    """Where and when each operation is done; in the shop's order of jobs and operations."""

    tasks: tuple[Task, ...]

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Task]:
        return {(task.job, task.operation): task for task in self.tasks}

    @cached_property
    def by_machine(self) -> Mapping[str, list[Task]]:
        """Tasks of each machine, first to last."""
        found: dict[str, list[Task]] = {}
        for task in sorted(self.tasks, key=lambda task: (task.start_minute, task.end_minute)):
            found.setdefault(task.machine, []).append(task)
        return found

    @cached_property
    def job_ends(self) -> Mapping[str, int]:
        ends: dict[str, int] = {}
        for task in self.tasks:
            ends[task.job] = max(ends.get(task.job, 0), task.end_minute)
        return ends


class Aims(NamedTuple):
    """What a plan is judged by: the sum of these weights times minutes, to be small."""

    makespan: int = 1
    tardiness: int = 0
    """Of each minute after a job's due date, times the job's weight."""
    setup: int = 0


class Measures(NamedTuple):
    """What comes of a plan."""

    makespan_minutes: int
    weighted_tardiness: int
    late_jobs: int
    setup_minutes: int

    def cost(self, aims: Aims) -> int:
        return aims.makespan * self.makespan_minutes + aims.tardiness * self.weighted_tardiness + aims.setup * self.setup_minutes


def measure(shop: Shop, plan: Plan) -> Measures:
    """Give makespan, tardiness and set-ups of a plan that has all operations."""
    ends = plan.job_ends
    late = [(job.weight, ends[job.name] - job.due_minute) for job in shop.jobs if job.due_minute is not None]
    families = _families(shop)
    setups = 0
    for machine in shop.machines:
        seen = [machine.family, *(families[task.job, task.operation] for task in plan.by_machine.get(machine.name, ()))]
        setups += sum(shop.setup_minutes(before, after) for before, after in pairwise(seen))
    return Measures(
        makespan_minutes=max(ends.values(), default=0),
        weighted_tardiness=sum(weight * max(over, 0) for weight, over in late),
        late_jobs=sum(over > 0 for _, over in late),
        setup_minutes=setups,
    )


def check(shop: Shop, plan: Plan, *, fixed: Collection[Task] = ()) -> list[str]:
    """Name every constraint that a plan breaks; an empty list says that it holds.

    Parameters
    ----------
    fixed : collection of Task
        Operations that have begun, or that stand for other reasons: they must be in the plan as they are. How long they take,
        where closed spans lie in them and which set-ups are between them is not asked any more.
    """
    kept = set(fixed)
    wrong = [f"{_of(task)} stands, and is not in the plan" for task in kept - set(plan.tasks)]
    wrong += _not_once(shop, plan)
    calendars = {machine.name: Calendar([*machine.closed, (0, machine.from_minute)]) for machine in shop.machines}
    for job in shop.jobs:
        found = [plan.by_name.get((job.name, operation.name)) for operation in job.operations]
        for operation, task in zip(job.operations, found, strict=True):
            if task is not None and task not in kept:
                wrong += _not_done(operation, task, calendars)
                if task.start_minute < job.release_minute:
                    wrong.append(f"{_of(task)} starts before the job is released")
        done = [task for task in found if task is not None]
        wrong += [f"{_of(after)} starts before {_of(before)} ends" for before, after in pairwise(done) if _overlap(before, after)]
    for machine in shop.machines:
        wrong += _broken_on(shop, machine, calendars[machine.name], plan.by_machine.get(machine.name, []), kept)
    return wrong


def picture(shop: Shop, plan: Plan, *, origin_us: int) -> dict[str, Any]:
    """Give the plan as a Gantt chart, a lane for each machine.

    A few jobs have a colour each; many are told apart by whether they are in time. Closed spans are shown up to the plan's end.
    """
    few = len(shop.jobs) <= _FEW_JOBS
    due = {job.name: job.due_minute for job in shop.jobs}
    ends = plan.job_ends

    def state(task: Task) -> str:
        if few:
            return task.job
        at = due[task.job]
        return "late" if at is not None and ends[task.job] > at else "in_time"

    states = {"in_time": label("按期", "In time"), "late": label("逾期", "Late")}
    if few:
        states = {job.name: label(job.name, job.name) for job in shop.jobs}
    last = max(ends.values(), default=0)
    lanes: dict[str, Sequence[tuple[int, int, str]]] = {}
    for machine in shop.machines:
        spans = [(task.start_minute, task.end_minute, state(task)) for task in plan.by_machine.get(machine.name, ())]
        closed = Calendar([*machine.closed, (0, machine.from_minute)])
        spans += [
            (start, min(end, last), "closed") for start, end in zip(closed.starts, closed.ends, strict=True) if start < last
        ]
        lanes[machine.name] = [
            (origin_us + start * _MINUTE_US, origin_us + end * _MINUTE_US, name) for start, end, name in sorted(spans)
        ]
    states["closed"] = label("停机", "Closed")
    return evidence.timeline(label("排产甘特图", "Schedule by machine"), lanes, states)


def _families(shop: Shop) -> dict[tuple[str, str], str]:
    return {(job.name, operation.name): operation.family for job in shop.jobs for operation in job.operations}


def _of(task: Task) -> str:
    return f"{task.job}/{task.operation}"


def _overlap(before: Task, after: Task) -> bool:
    return after.start_minute < before.end_minute


def _not_once(shop: Shop, plan: Plan) -> Iterator[str]:
    asked = {(job.name, operation.name) for job in shop.jobs for operation in job.operations}
    for job, operation in sorted(asked - set(plan.by_name)):
        yield f"{job}/{operation} is not planned"
    for job, operation in sorted(set(plan.by_name) - asked):
        yield f"{job}/{operation} is no operation of the shop"
    if len(plan.tasks) != len(plan.by_name):
        yield "an operation is planned more than once"


def _not_done(operation: Operation, task: Task, calendars: Mapping[str, Calendar]) -> Iterator[str]:
    if task.machine not in operation.minutes:
        yield f"{_of(task)} cannot be done on {task.machine}"
        return
    calendar, minutes = calendars[task.machine], operation.minutes[task.machine]
    open_minutes = calendar.open_minutes(task.end_minute) - calendar.open_minutes(task.start_minute)
    elapsed = task.end_minute - task.start_minute
    if calendar.next_open(task.start_minute) != task.start_minute:
        yield f"{_of(task)} starts while {task.machine} is closed"
    if open_minutes != minutes:
        yield f"{_of(task)} has {open_minutes} open minutes of {task.machine}, and needs {minutes}"
    elif elapsed != open_minutes and not operation.can_pause:
        yield f"{_of(task)} is interrupted on {task.machine}, and may not pause"


def _broken_on(shop: Shop, machine: Machine, calendar: Calendar, tasks: list[Task], kept: set[Task]) -> Iterator[str]:
    families = _families(shop)
    before, from_minute, last = machine.family, 0, None
    for task in tasks:
        family = families.get((task.job, task.operation), "")
        needed = shop.setup_minutes(before, family)
        if last is not None and _overlap(last, task):
            yield f"{_of(task)} and {_of(last)} overlap on {machine.name}"
        elif task not in kept and calendar.open_minutes(task.start_minute) - calendar.open_minutes(from_minute) < needed:
            yield f"{_of(task)} leaves no time to set {machine.name} up: {needed} minutes"
        before, from_minute, last = family, task.end_minute, task
