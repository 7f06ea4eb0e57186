"""The market of machine time: what the plan that holds leaves free, what fits a request into it, and what becomes of a sale."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from analytics.scheduling.calendars import Calendar, Span
from analytics.scheduling.capacity import Capability, Demand, Slot, free_slots
from analytics.scheduling.confidence import confidences
from analytics.scheduling.documents import jobs_of, plan_of, setups_of
from analytics.scheduling.horizon import MachinePlan, make_shop
from analytics.scheduling.jobs import Job, Operation, Shop
from analytics.scheduling.plans import Plan as Tasks
from analytics.scheduling.plans import Task
from analytics.scheduling.shifts import parse_shifts
from analytics.scheduling.trading import NoOffer, Offer, Order, Step, Tariff, make_offer
from dashboards.production.machines import MachineNow
from dashboards.production.plans import MINUTE, origin_of
from store.capacity_market import Request, sold_time
from store.database import Database
from store.production import Documents, current_plan, documents
from store.results import Kpi, kpis

WEEK_MINUTES = 7 * 1440
DAYS_AHEAD = 190
"""So far shifts are laid out, and so far ahead time can be bought."""
_FIGURE = "deliverable_hours"
_FIGURE_AGE = timedelta(days=2)
"""An older figure tells of another week."""


class Market(NamedTuple):
    """The machines behind a gateway from now on: the plan's tasks and all that is sold, in minutes from ``origin``."""

    gateway: str
    origin: datetime
    plan_id: int | None
    shop: Shop
    tasks: Tasks
    names: Mapping[int, str]
    """By machine; those of the plan, where one has been renamed since."""
    machines: Mapping[int, MachineNow]

    def time_of(self, minute: int) -> datetime:
        return self.origin + minute * MINUTE

    def minute_of(self, time: datetime) -> int:
        return (time - self.origin) // MINUTE


class FreeSlot(NamedTuple):
    """Time of a machine that nobody has."""

    machine: MachineNow
    start: datetime
    end: datetime
    open_minutes: int
    confidence: float | None
    """Probability that the machine delivers it beside all before it; None where its figures do not tell."""


def open_market(database: Database, gateway: str, machines: Sequence[MachineNow], *, zone: str) -> Market:
    """Look at the machines behind a gateway as they are now."""
    now = datetime.now(UTC)
    origin = origin_of(now, zone)
    about = current_plan(database, gateway, now=now)
    found = None if about is None else documents(database, about.id)
    shift = 0 if about is None else (origin - about.origin) // MINUTE
    named = {} if found is None else {one["equipment_id"]: one["name"] for one in found.machines}
    names = dict(named)
    for one in machines:
        name = one.equipment.name
        names.setdefault(one.equipment.id, name if name not in named.values() else f"{name}~{one.equipment.id}")
    there = {one.equipment.id: one for one in machines}
    jobs, tasks, families = ([], [], {}) if found is None else _still_to_do(found, shift)
    with database.connection() as connection:
        sold = sold_time(connection, list(there), after=now)
    for number, equipment_id, start, end in sold:
        job, minutes = _sale(number, names[equipment_id], (start - origin) // MINUTE, -((origin - end) // MINUTE))
        jobs.append(job)
        tasks.append(Task(job.name, "sale", names[equipment_id], *minutes))
    down = {} if found is None else {name: minute - shift for name, minute in found.down_until.items()}
    shop = make_shop(
        jobs,
        [
            MachinePlan(
                name=name,
                shifts=parse_shifts(there[number].terms.shifts) if number in there else (),
                closed=(Span(0, down[name]),) if down.get(name, 0) > 0 else (),
                family=families.get(name, there[number].terms.family if number in there else ""),
            )
            for number, name in names.items()
        ],
        origin=origin,
        setups={} if found is None else setups_of(found.setups),
        from_minute=DAYS_AHEAD * 1440,
    )
    return Market(gateway, origin, None if about is None else about.id, shop, Tasks(tuple(tasks)), names, there)


def slots_of(market: Market, figures: Mapping[int, Kpi], *, until: datetime, least_minutes: int) -> list[FreeSlot]:
    """Give the free time of all machines up to an instant, by machine and time."""
    until_minute = market.minute_of(until)
    free = free_slots(market.shop, market.tasks, from_minute=0, until_minute=until_minute, least_minutes=least_minutes)
    found = []
    for number, machine in market.machines.items():
        slots = free[market.names[number]]
        sure = _confidences(market, number, slots, figures.get(number))
        found += [
            FreeSlot(machine, market.time_of(slot.start_minute), market.time_of(slot.end_minute), slot.open_minutes, of)
            for slot, of in zip(slots, sure, strict=True)
        ]
    return found


def figures_of(database: Database, ids: Collection[int]) -> dict[int, Kpi]:
    """Give what machines can deliver in a week, as far as an analytic has said so lately."""
    now = datetime.now(UTC)
    found = kpis(database, ids, [_FIGURE], now - _FIGURE_AGE, now + timedelta(days=1)) if ids else []
    return {one.equipment_id: one for one in found if one.value is not None}  # sorted by time: the newest stays


def offers(market: Market, request: Request) -> list[tuple[MachineNow, Offer | NoOffer]]:
    """Give what each machine that is for sale can do for a request; offers first, the cheapest first."""
    order = Order(
        name="\x1frequest",
        steps=(
            Step(
                name="part",
                demand=demand_of(request.demand),
                minutes_a_part=request.minutes_a_part,
                can_pause=request.can_pause,
            ),
        ),
        quantity=request.quantity,
        due_minute=market.minute_of(request.due),
        price_cap=request.price_cap,
    )
    earliest = max(-((market.origin - request.earliest) // MINUTE), 1)  # the present minute has begun
    found: list[tuple[MachineNow, Offer | NoOffer]] = []
    for number, machine in market.machines.items():
        capability = capability_of(machine, market.names[number])
        if capability is not None:
            terms = machine.terms
            tariff = Tariff(hour_price=terms.hour_price or Decimal(0), setup_price=terms.setup_price or Decimal(0))
            tariffs = {capability.machine: tariff}
            offer = make_offer(order, market.shop, market.tasks, [capability], tariffs, from_minute=earliest)
            found.append((machine, offer))
    return sorted(found, key=lambda one: (isinstance(one[1], NoOffer), one[1].price or Decimal(0), one[0].equipment.name))


def times_of(market: Market, offer: Offer) -> tuple[datetime, datetime]:
    (task,) = offer.tasks
    return market.time_of(task.start_minute), market.time_of(task.end_minute)


def capability_of(machine: MachineNow, name: str) -> Capability | None:
    """Give what a machine offers; None where its time is not for sale."""
    said = machine.terms.capability
    if said is None:
        return None
    return Capability(
        machine=name,
        processes=frozenset(said["processes"]),
        axes=said["axes"],
        envelope_mm=_three(said["envelope_mm"]),
        load_kg=said["load_kg"],
        tolerance_mm=said["tolerance_mm"],
        materials=frozenset(said["materials"]),
        certificates=frozenset(said["certificates"]),
        region=said["region"],
    )


def demand_of(said: Mapping[str, Any]) -> Demand:
    return Demand(
        process=said["process"],
        axes=said["axes"],
        size_mm=_three(said["size_mm"]),
        mass_kg=said["mass_kg"],
        tolerance_mm=said["tolerance_mm"],
        material=said["material"],
        certificates=frozenset(said["certificates"]),
        regions=frozenset(said["regions"]),
    )


def busy_minutes(market: Market, name: str, until_minute: int, *, only: Callable[[Task], bool] = lambda _task: True) -> int:
    """Give the open minutes that tasks take of a machine from now on."""
    machine = next(one for one in market.shop.machines if one.name == name)
    calendar = Calendar(machine.closed)
    busy = 0
    for task in filter(only, market.tasks.by_machine.get(name, ())):
        start, end = max(task.start_minute, 0), min(task.end_minute, until_minute)
        if start < end:
            busy += calendar.open_minutes(end) - calendar.open_minutes(start)
    return busy


def is_sale(task: Task) -> bool:
    return task.job.startswith("\x1f")


def _confidences(market: Market, number: int, slots: Sequence[Slot], figure: Kpi | None) -> list[float | None]:
    if figure is None or figure.value is None:
        return [None] * len(slots)
    return confidences(
        slots,
        busy_hours=busy_minutes(market, market.names[number], WEEK_MINUTES) / 60,
        deliverable_hours=figure.value,
        uncertainty_hours=figure.uncertainty or 0.0,
        until_minute=WEEK_MINUTES,
    )


def _still_to_do(found: Documents, shift: int) -> tuple[list[Job], list[Task], dict[str, str]]:
    """Give the jobs of a plan that are not over, their tasks from now on, and what machines were last set up for."""
    tasks = [
        task._replace(start_minute=task.start_minute - shift, end_minute=task.end_minute - shift)
        for task in plan_of(found.plan or ()).tasks
    ]
    every = jobs_of(found.orders)
    family_of = {(job.name, one.name): one.family for job in every for one in job.operations}
    families = {}
    for task in sorted(tasks, key=lambda task: task.end_minute):
        if task.end_minute <= 0:
            families[task.machine] = family_of[task.job, task.operation]
    left = [task for task in tasks if task.end_minute > 0]
    named = {task.job for task in left}
    jobs = [Job(name=job.name, operations=job.operations) for job in every if job.name in named]
    return jobs, left, families


def _sale(number: int, machine: str, start: int, end: int) -> tuple[Job, tuple[int, int]]:
    """Give a sale as a job; no order can have its name, which no person can write."""
    operation = Operation(name="sale", minutes={machine: max(end - start, 1)})
    return Job(name=f"\x1fsale {number}", operations=(operation,)), (start, end)


def _three(numbers: Sequence[float]) -> tuple[float, float, float]:
    first, second, third = numbers
    return first, second, third
