"""Shops and plans as plain dictionaries and lists: what a database keeps, and what goes to another process."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analytics.scheduling.calendars import Span
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.planning import Schedule
from analytics.scheduling.plans import Plan, Task

Plain = dict[str, Any]


def plain_jobs(jobs: Iterable[Job]) -> list[Plain]:
    return [
        {
            "name": job.name,
            "release_minute": job.release_minute,
            "due_minute": job.due_minute,
            "weight": job.weight,
            "operations": [
                {"name": one.name, "minutes": dict(one.minutes), "family": one.family, "can_pause": one.can_pause}
                for one in job.operations
            ],
        }
        for job in jobs
    ]


def jobs_of(plain: Sequence[Mapping[str, Any]]) -> tuple[Job, ...]:
    return tuple(Job(**{**job, "operations": tuple(Operation(**operation) for operation in job["operations"])}) for job in plain)


def plain_machines(machines: Iterable[Machine]) -> list[Plain]:
    return [
        {"name": one.name, "closed": [list(span) for span in one.closed], "from_minute": one.from_minute, "family": one.family}
        for one in machines
    ]


def machines_of(plain: Sequence[Mapping[str, Any]]) -> tuple[Machine, ...]:
    """Read machines; what else is said of them is somebody else's."""
    return tuple(
        Machine(
            name=one["name"],
            closed=tuple(Span(*span) for span in one["closed"]),
            from_minute=one["from_minute"],
            family=one["family"],
        )
        for one in plain
    )


def plain_setups(setups: Mapping[tuple[str, str], int]) -> list[list[Any]]:
    return [[before, after, minutes] for (before, after), minutes in setups.items()]


def setups_of(plain: Iterable[Sequence[Any]]) -> dict[tuple[str, str], int]:
    return {(before, after): minutes for before, after, minutes in plain}


def plain_shop(shop: Shop) -> Plain:
    return {"jobs": plain_jobs(shop.jobs), "machines": plain_machines(shop.machines), "setups": plain_setups(shop.setups)}


def shop_of(plain: Mapping[str, Any]) -> Shop:
    return Shop(jobs=jobs_of(plain["jobs"]), machines=machines_of(plain["machines"]), setups=setups_of(plain["setups"]))


def plain_plan(plan: Plan) -> list[list[Any]]:
    return [list(task) for task in plan.tasks]


def plan_of(plain: Iterable[Sequence[Any]]) -> Plan:
    return Plan(tuple(Task(*task) for task in plain))


def plain_schedule(found: Schedule) -> Plain:
    return {
        "plan": plain_plan(found.plan),
        "measures": found.measures._asdict(),
        "rule_measures": found.rule_measures._asdict(),
        "cost": found.cost,
        "bound": found.bound,
        "floor_cost": found.rule_cost,
        "rule": found.rule,
        "method": found.method,
        "seconds": round(found.seconds, 3),
    }
