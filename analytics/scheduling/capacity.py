"""What a machine can do, what is free of it in a plan, and where one more job fits without delaying any other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analytics.scheduling.calendars import Calendar
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Plan, Task

Lack = Literal["process", "axes", "envelope", "load", "tolerance", "material", "certificate", "region"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a machine offers."""

    machine: str
    processes: frozenset[str]
    """Milling, turning, grinding, welding; a berth: mooring."""
    envelope_mm: tuple[float, float, float]
    load_kg: float
    tolerance_mm: float
    """The closest that it holds."""
    axes: int = 3
    materials: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a part asks of a machine; what is left empty does not matter."""

    process: str
    size_mm: tuple[float, float, float]
    mass_kg: float
    tolerance_mm: float
    axes: int = 3
    material: str = ""
    certificates: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()


class Slot(NamedTuple):
    """A machine is free from one instant to another."""

    machine: str
    start_minute: int
    end_minute: int
    open_minutes: int
    """Without breaks; set-ups are still to be taken off."""


def lacks(capability: Capability, demand: Demand) -> list[Lack]:
    """Name what keeps a machine from making a part; an empty list is a match. A part may lie in any direction."""
    fits = all(part <= room for part, room in zip(sorted(demand.size_mm), sorted(capability.envelope_mm), strict=True))
    met: dict[Lack, bool] = {
        "process": demand.process in capability.processes,
        "axes": demand.axes <= capability.axes,
        "envelope": fits,
        "load": demand.mass_kg <= capability.load_kg,
        "tolerance": demand.tolerance_mm >= capability.tolerance_mm,
        "material": not demand.material or demand.material in capability.materials,
        "certificate": demand.certificates <= capability.certificates,
        "region": not demand.regions or capability.region in demand.regions,
    }
    return [name for name, is_met in met.items() if not is_met]


def free_slots(
    shop: Shop, plan: Plan, *, from_minute: int, until_minute: int, least_minutes: int = 1
) -> Mapping[str, list[Slot]]:
    """Give what each machine is free between two instants, longer than so many open minutes."""
    found = {}
    for machine in shop.machines:
        calendar = Calendar([*machine.closed, (0, machine.from_minute)])
        tasks = plan.by_machine.get(machine.name, [])
        bounds = [(from_minute, from_minute), *((task.start_minute, task.end_minute) for task in tasks), (until_minute,) * 2]
        slots = []
        at = from_minute
        for start, end in bounds:
            upto = min(start, until_minute)
            slot = Slot(machine.name, at, upto, calendar.open_minutes(upto) - calendar.open_minutes(at) if at < upto else 0)
            if slot.open_minutes >= least_minutes:
                slots.append(slot)
            at = max(at, end)
        found[machine.name] = slots
    return found


def insert(shop: Shop, plan: Plan, job: Job, *, from_minute: int) -> Plan:
    """Let one more job into the gaps of a plan: everything else stays where it is, and it ends as early as that allows.

    Each operation takes the gap in which it ends first. That is best for a single job, as an operation that ends earlier never
    holds up the next; only where the job comes twice to one gap, with set-ups between its own operations, may there be a better.

    Parameters
    ----------
    shop : Shop
        Without the job; `with_job` gives the shop of the plan that comes of it.
    """
    families = {(of.name, one.name): one.family for of in shop.jobs for one in of.operations}
    tasks: list[Task] = []
    arrival = max(job.release_minute, from_minute)
    for operation in job.operations:
        full = Plan((*plan.tasks, *tasks))
        task = min(
            (
                task
                for machine in shop.machines
                if machine.name in operation.minutes
                for task in _gaps(
                    shop, machine, full, families, operation, job=job.name, arrival=arrival, from_minute=from_minute
                )
            ),
            key=lambda task: (task.end_minute, task.start_minute),
        )
        families[job.name, operation.name] = operation.family
        tasks.append(task)
        arrival = task.end_minute
    return Plan((*plan.tasks, *tasks))


def with_job(shop: Shop, job: Job) -> Shop:
    """Give the shop with one more job."""
    return replace(shop, jobs=(*shop.jobs, job))


def delays(shop: Shop, before: Plan, after: Plan) -> dict[str, int]:
    """Give by how many minutes each committed job of the shop is late for the change from one plan to another.

    Ending later than before is no delay up to the due date; a job without one is committed to the end that it had.
    """
    found = {}
    for job in shop.jobs:
        promised = before.job_ends[job.name]
        if job.due_minute is not None:
            promised = max(promised, job.due_minute)
        if after.job_ends[job.name] > promised:
            found[job.name] = after.job_ends[job.name] - promised
    return found


def _gaps(
    shop: Shop,
    machine: Machine,
    plan: Plan,
    families: Mapping[tuple[str, str], str],
    operation: Operation,
    *,
    job: str,
    arrival: int,
    from_minute: int,
) -> Iterator[Task]:
    """Give the first place on a machine where an operation fits; the time after the last task always does."""
    calendar = Calendar([*machine.closed, (0, max(machine.from_minute, from_minute))])
    minutes = operation.minutes[machine.name]
    tasks = plan.by_machine.get(machine.name, [])
    # one that pauses while another is done ends after it
    ends: list[Task | None] = [None]
    for task in tasks:
        ends.append(max(ends[-1] or task, task, key=lambda one: one.end_minute))
    for before, after in zip(ends, [*tasks, None], strict=True):
        family = machine.family if before is None else families[before.job, before.operation]
        free = calendar.after(0 if before is None else before.end_minute, shop.setup_minutes(family, operation.family))
        start, end = calendar.fit(max(free, arrival), minutes, can_pause=operation.can_pause)
        if after is not None:
            needed = shop.setup_minutes(operation.family, families[after.job, after.operation])
            if end > after.start_minute or calendar.after(end, needed) > after.start_minute:
                continue
        yield Task(job, operation.name, machine.name, start, end)
        return
