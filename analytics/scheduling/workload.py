"""What is left to plan, as numbers: the form in which rules, search and solver see a shop."""

from collections.abc import Collection, Sequence
from statistics import mean
from typing import NamedTuple

from analytics.scheduling.calendars import Calendar
from analytics.scheduling.jobs import Job, Shop
from analytics.scheduling.plans import Aims, Plan, Task
from telemetry.errors import ConfigError, Problem


class Draft(NamedTuple):
    """A plan of the operations that are left, by their number."""

    machine: list[int]
    start: list[int]
    end: list[int]
    setup_minutes: int


class Workload:
    """The operations that do not stand yet, numbered job by job.

    What stands shows only in its effects: on each machine nothing begins before the last of it ends, and sets up from its family;
    each job goes on where it ends. Room between things that stand is thereby left empty.

    Parameters
    ----------
    fixed : collection of Task
        What has begun or is frozen, with its actual times; of a job always the first operations.

    Raises
    ------
    ConfigError
        If something stands while an earlier operation of its job does not, or is no operation of the shop.
    """

    def __init__(self, shop: Shop, fixed: Collection[Task] = ()) -> None:
        self.shop = shop
        self._fixed = {(task.job, task.operation): task for task in fixed}
        self._refuse_gaps()
        number = {machine.name: index for index, machine in enumerate(shop.machines)}
        self._number_families()
        self._take_machines(fixed)

        self.jobs: list[Job] = []
        """Those with something left."""
        self.release: list[int] = []
        self.first: list[int] = []
        self.last: list[int] = []
        self.job: list[int] = []
        """Of each operation, its job; likewise below."""
        self.options: list[list[tuple[int, int]]] = []
        """Machine and minutes."""
        self.family: list[int] = []
        self.can_pause: list[bool] = []
        self.names: list[tuple[str, str]] = []
        self.done_end = 0
        self.done_tardiness = 0
        for job in shop.jobs:
            stood = [self._fixed[job.name, one.name] for one in job.operations if (job.name, one.name) in self._fixed]
            ended = max((task.end_minute for task in stood), default=0)
            self.done_end = max(self.done_end, ended)
            if len(stood) == len(job.operations):
                self.done_tardiness += job.weight * max(0, ended - (ended if job.due_minute is None else job.due_minute))
                continue
            self.first.append(len(self.options))
            for one in job.operations[len(stood) :]:
                self.job.append(len(self.jobs))
                self.options.append([(number[name], minutes) for name, minutes in one.minutes.items()])
                self.family.append(self._families[one.family])
                self.can_pause.append(one.can_pause)
                self.names.append((job.name, one.name))
            self.last.append(len(self.options) - 1)
            self.jobs.append(job)
            self.release.append(max(job.release_minute, ended))
        self.due = [job.due_minute for job in self.jobs]
        self.weight = [job.weight for job in self.jobs]
        self.minutes = [dict(of) for of in self.options]
        self.remaining = self._remaining()
        self.mean_minutes = mean(minutes for of in self.options for _, minutes in of) if self.options else 1.0
        between = [minutes for row in self.setup for minutes in row if minutes]
        self.mean_setup = mean(between) if between else 0.0

    def __len__(self) -> int:
        return len(self.options)

    def cost(self, ends: Sequence[int], setup_minutes: int, aims: Aims) -> int:
        """Give what `plans.Measures.cost` would of the whole plan."""
        makespan, tardiness = self.done_end, self.done_tardiness
        for last, due, weight in zip(self.last, self.due, self.weight, strict=True):
            end = ends[last]
            makespan = max(makespan, end)
            if due is not None and end > due:
                tardiness += weight * (end - due)
        return aims.makespan * makespan + aims.tardiness * tardiness + aims.setup * (self.done_setup + setup_minutes)

    def lower_bound(self, aims: Aims) -> int:
        """Give what no plan costs less than: every job by itself, on the machines that are fastest."""
        ends = [0] * len(self)
        for release, first, last in zip(self.release, self.first, self.last, strict=True):
            ends[last] = release + self.remaining[first]
        return self.cost(ends, 0, aims)

    def sequences(self, draft: Draft) -> list[list[int]]:
        """Give each machine's operations, first to last."""
        found: list[list[int]] = [[] for _ in self.calendars]
        for operation in sorted(range(len(self)), key=lambda one: draft.start[one]):
            found[draft.machine[operation]].append(operation)
        return found

    def setup_minutes(self, sequences: Sequence[Sequence[int]]) -> int:
        total = 0
        for machine, sequence in enumerate(sequences):
            before = self.machine_family[machine]
            for operation in sequence:
                total += self.setup[before][self.family[operation]]
                before = self.family[operation]
        return total

    def plan(self, draft: Draft) -> Plan:
        """Put what stands and what a draft says into one plan."""
        names = [machine.name for machine in self.shop.machines]
        found = dict(self._fixed)
        for operation, (job, name) in enumerate(self.names):
            machine = names[draft.machine[operation]]
            found[job, name] = Task(job, name, machine, draft.start[operation], draft.end[operation])
        return Plan(tuple(found[job.name, one.name] for job in self.shop.jobs for one in job.operations))

    def draft(self, plan: Plan) -> Draft:
        """Take the operations that are left out of a plan."""
        number = {machine.name: index for index, machine in enumerate(self.shop.machines)}
        tasks = [plan.by_name[name] for name in self.names]
        found = Draft(
            [number[task.machine] for task in tasks],
            [task.start_minute for task in tasks],
            [task.end_minute for task in tasks],
            0,
        )
        return found._replace(setup_minutes=self.setup_minutes(self.sequences(found)))

    def _refuse_gaps(self) -> None:
        known = {(job.name, one.name) for job in self.shop.jobs for one in job.operations}
        problems = [
            Problem(message="stands, and is no operation of the shop", key=f"{job}/{name}")
            for job, name in sorted(set(self._fixed) - known)
        ]
        for job in self.shop.jobs:
            stands = [(job.name, one.name) in self._fixed for one in job.operations]
            if stands != sorted(stands, reverse=True):
                name = job.operations[len(stands) - 1 - stands[::-1].index(True)].name
                problems.append(Problem(message="stands, and an operation before it does not", key=f"{job.name}/{name}"))
        if problems:
            raise ConfigError(*problems)

    def _number_families(self) -> None:
        asked = {one.family for job in self.shop.jobs for one in job.operations}
        names = sorted(asked | {machine.family for machine in self.shop.machines})
        self._families = {name: index for index, name in enumerate(names)}
        self.setup = [[self.shop.setup_minutes(before, after) for after in names] for before in names]
        self.has_setups = any(any(row) for row in self.setup)

    def _take_machines(self, fixed: Collection[Task]) -> None:
        family_of = {(job.name, one.name): self._families[one.family] for job in self.shop.jobs for one in job.operations}
        self.calendars: list[Calendar] = []
        self.machine_family: list[int] = []
        self.done_setup = 0
        by_machine = Plan(tuple(fixed)).by_machine
        for machine in self.shop.machines:
            family, ready = self._families[machine.family], machine.from_minute
            for task in by_machine.get(machine.name, ()):
                self.done_setup += self.setup[family][family_of[task.job, task.operation]]
                family, ready = family_of[task.job, task.operation], max(ready, task.end_minute)
            self.machine_family.append(family)
            self.calendars.append(Calendar([*machine.closed, (0, ready)]))

    def _remaining(self) -> list[int]:
        """Least minutes of each operation and all after it."""
        found = [min(minutes for _, minutes in of) for of in self.options]
        for operation in reversed(range(len(found))):
            if operation != self.last[self.job[operation]]:
                found[operation] += found[operation + 1]
        return found
