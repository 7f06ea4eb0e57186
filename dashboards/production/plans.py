"""Plans as people ask for them: orders on the machines of a gateway, the rest after a breakdown, and the plan that holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from analytics.scheduling.calendars import Span
from analytics.scheduling.documents import (
    plain_jobs,
    plain_machines,
    plain_plan,
    plain_setups,
    plain_shop,
    plan_of,
    shop_of,
)
from analytics.scheduling.horizon import MachinePlan, make_shop, too_long
from analytics.scheduling.jobs import Job, Shop
from analytics.scheduling.machines import all_setups
from analytics.scheduling.plans import Aims
from analytics.scheduling.plans import Plan as Tasks
from analytics.scheduling.shifts import parse_shifts
from dashboards.production.machines import MachineNow
from dashboards.production.planner import Planner
from dashboards.security.access import Viewer, record_act
from store.capacity_market import sold_time
from store.database import Database
from store.production import Documents, NewPlan, Plan, add_plan, adopt_plan, documents, want_stop
from telemetry.errors import ConfigError

MINUTE = timedelta(minutes=1)
MOST_FAMILIES = 100


class Unfit(ValueError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """Operations that fit into no shift of their machines and may not pause."""

    def __init__(self, operations: Sequence[tuple[str, str]]) -> None:
        self.operations = tuple(operations)
        named = ", ".join("/".join(one) for one in self.operations[:20])
        super().__init__(f"longer than any shift of their machines, and may not pause: {named}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """What is to be planned, checked."""

    gateway: str
    title: str
    origin: datetime
    jobs: tuple[Job, ...]
    setup_minutes: int
    aims: Aims
    seconds: float


class Whole(NamedTuple):
    """A plan with its shop."""

    about: Plan
    documents: Documents
    shop: Shop
    tasks: Tasks | None

    @property
    def machine_ids(self) -> dict[str, int]:
        return {machine["name"]: machine["equipment_id"] for machine in self.documents.machines}

    def time_of(self, minute: int) -> datetime:
        return self.about.origin + minute * MINUTE


def origin_of(time: datetime, zone: str) -> datetime:
    """Give the whole minute at which a plan begins, on the plant's clock, which keeps its offset as long as the plan goes."""
    local = time.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()))


def ask_for_plan(
    database: Database,
    planner: Planner,
    viewer: Viewer,
    question: PlanQuestion,
    machines: Sequence[MachineNow],
    *,
    zone: str,
) -> int:
    """Let orders be planned, and give the plan's number.

    Raises
    ------
    Unfit, Busy
    ConfigError
        If orders and machines do not fit together.
    """
    planner.refuse_if_busy()
    now = datetime.now(UTC)
    sold = _sold(database, machines, question.origin, now)
    given = [_machine_plan(one, sold.get(one.equipment.id, [])) for one in machines]
    unfit = too_long(question.jobs, given)
    if unfit:
        raise Unfit(unfit)
    families = {one.family for job in question.jobs for one in job.operations} | {one.family for one in given}
    if len(families) > MOST_FAMILIES:
        raise ConfigError(f"{len(families)} families to set up for; at most {MOST_FAMILIES}")
    setups = all_setups(families, question.setup_minutes)
    shop = make_shop(question.jobs, given, origin=question.origin, setups=setups)
    new = NewPlan(
        gateway=question.gateway,
        title=question.title,
        origin=question.origin,
        zone=zone,
        made_by=viewer.name,
        seconds_limit=question.seconds,
        aims=question.aims._asdict(),
        orders=plain_jobs(question.jobs),
        machines=_described(shop, machines, sold),
        setups=plain_setups(setups),
        down_until={},
    )
    detail = {"gateway": question.gateway, "title": question.title, "jobs": len(question.jobs)}
    with database.connection() as connection:
        number = add_plan(connection, new, now=now)
        record_act(connection, viewer, "production.plan", f"plan {number}", detail)
    asked = {"shop": plain_shop(shop), "aims": question.aims._asdict(), "seconds": question.seconds}
    planner.start(number, asked)
    return number


def ask_for_rest(
    database: Database,
    planner: Planner,
    viewer: Viewer,
    before: Whole,
    machines: Sequence[MachineNow],
    *,
    down_until: Mapping[str, datetime],
    frozen_minutes: int,
    seconds: float,
) -> int:
    """Let the rest of a plan be planned anew, and give the new plan's number.

    Parameters
    ----------
    machines : sequence of MachineNow
        Those of the plan's gateway.
    down_until : mapping of str to datetime
        Machines of the plan, by name, and when each is back.

    Raises
    ------
    Busy
    ConfigError
        If orders and machines do not fit together.
    """
    planner.refuse_if_busy()
    assert before.tasks is not None
    now = datetime.now(UTC)
    about = before.about
    origin = origin_of(about.origin, about.zone)
    now_minute = max((now - origin) // MINUTE, 0)
    there = {one.equipment.id: one for one in machines}
    sold = _sold(database, machines, origin, now)
    closed = {one["name"]: one for one in before.documents.machines}
    given = []
    for machine in before.shop.machines:
        known = there.get(before.machine_ids[machine.name])
        shifts = closed[machine.name].get("shifts", "") if known is None else known.terms.shifts
        spans = [Span(start, end) for start, end, _ in sold.get(before.machine_ids[machine.name], [])]
        given.append(MachinePlan(name=machine.name, shifts=parse_shifts(shifts), closed=tuple(spans), family=machine.family))
    shop = make_shop(before.shop.jobs, given, origin=origin, setups=before.shop.setups, from_minute=now_minute)
    back = {name: -((origin - time) // MINUTE) for name, time in down_until.items()}
    described = [
        plain
        | {"equipment_id": before.machine_ids[plain["name"]], "shifts": closed[plain["name"]].get("shifts", ""), "sold": spans}
        for plain in plain_machines(shop.machines)
        for spans in [sold.get(before.machine_ids[plain["name"]], [])]
    ]
    new = NewPlan(
        gateway=about.gateway,
        title=about.title,
        origin=origin,
        zone=about.zone,
        made_by=viewer.name,
        replaces=about.id,
        seconds_limit=seconds,
        aims=about.aims,
        orders=before.documents.orders,
        machines=described,
        setups=before.documents.setups,
        down_until=back,
    )
    detail = {"replaces": about.id, "down_until": {name: time.isoformat() for name, time in down_until.items()}}
    with database.connection() as connection:
        number = add_plan(connection, new, now=now)
        record_act(connection, viewer, "production.replan", f"plan {number}", detail)
    asked = {
        "shop": plain_shop(shop),
        "aims": dict(about.aims),
        "seconds": seconds,
        "previous": plain_plan(before.tasks),
        "now_minute": now_minute,
        "down_until": back,
        "frozen_minutes": frozen_minutes,
    }
    planner.start(number, asked)
    return number


def whole_plan(database: Database, about: Plan) -> Whole:
    """Give a plan with its documents."""
    found = documents(database, about.id)
    shop = shop_of({"jobs": found.orders, "machines": found.machines, "setups": found.setups})
    return Whole(about, found, shop, None if found.plan is None else plan_of(found.plan))


def adopt(database: Database, viewer: Viewer, plan: Whole) -> None:
    """Let a plan hold.

    Raises
    ------
    PlanRefused
    """
    with database.connection() as connection:
        adopt_plan(connection, plan.about, plan.documents, actor=viewer.name, now=datetime.now(UTC))
        record_act(connection, viewer, "production.adopt", f"plan {plan.about.id}", {"gateway": plan.about.gateway})


def stop(database: Database, viewer: Viewer, plan_id: int) -> None:
    """Let a search end with the best that it has."""
    with database.connection() as connection:
        want_stop(connection, plan_id)
        record_act(connection, viewer, "production.stop", f"plan {plan_id}")


def _sold(database: Database, machines: Sequence[MachineNow], origin: datetime, now: datetime) -> dict[int, list[list[int]]]:
    """Give what is sold of machines: start and end in minutes, and the reservation."""
    found: dict[int, list[list[int]]] = {}
    with database.connection() as connection:
        for number, equipment_id, start, end in sold_time(connection, [one.equipment.id for one in machines], after=now):
            minutes = [(start - origin) // MINUTE, -((origin - end) // MINUTE)]
            found.setdefault(equipment_id, []).append([*minutes, number])
    return found


def _machine_plan(one: MachineNow, sold: Sequence[Sequence[int]]) -> MachinePlan:
    spans = tuple(Span(start, end) for start, end, _ in sold)
    return MachinePlan(name=one.equipment.name, shifts=parse_shifts(one.terms.shifts), closed=spans, family=one.terms.family)


def _described(shop: Shop, machines: Sequence[MachineNow], sold: Mapping[int, list[list[int]]]) -> list[dict[str, Any]]:
    return [
        plain | {"equipment_id": one.equipment.id, "shifts": one.terms.shifts, "sold": sold.get(one.equipment.id, [])}
        for plain, one in zip(plain_machines(shop.machines), machines, strict=True)
    ]
