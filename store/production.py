"""Plans of workshops: what was asked, how the search goes on, what came of it, and which plan holds; and when machines work.

Documents (orders, machines, plans) are those of `analytics.scheduling.documents`; here they are kept and given back.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from store.capacity_market import sold_time
from store.database import Connection, Database
from store.row_pages import as_list, read_page
from store.sql_files import query

Document = Any
"""What JSON can say."""
ORDERS = {"made": "p.made_at", "title": "p.title", "gateway": "p.gateway", "state": "p.state", "cost": "p.cost"}
UNDER_WAY = frozenset({"waiting", "searching"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is known of a plan, without its documents."""

    id: int
    gateway: str
    title: str
    origin: datetime
    zone: str
    made_at: datetime
    made_by: str
    replaces: int | None
    state: str
    """waiting, searching, done, failed; lost where the search has gone down with its server."""
    seconds_limit: float
    aims: Mapping[str, int]
    seconds: float | None
    cost: int | None
    bound: int | None
    floor_cost: int | None
    """What the best dispatching rule costs."""
    method: str
    rule: str
    measures: Mapping[str, int] | None
    rule_measures: Mapping[str, int] | None
    failure: str
    adopted_at: datetime | None
    adopted_by: str
    is_current: bool
    """It is the one that holds for its gateway."""

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY


_COLUMNS = [column.name for column in fields(Plan)]


class Documents(NamedTuple):
    """What a plan was made of, and the plan itself once it is there."""

    orders: Document
    machines: Document
    setups: Document
    down_until: dict[str, int]
    plan: Document | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """What is to be planned."""

    gateway: str
    title: str
    origin: datetime
    zone: str
    made_by: str
    replaces: int | None = None
    seconds_limit: float
    aims: Mapping[str, int]
    orders: Document
    machines: Document
    setups: Document
    down_until: Mapping[str, int]


class PlanRefused(ValueError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A plan that cannot hold: it is none yet, or time that it takes has been sold meanwhile; ``sales`` are those."""

    def __init__(self, message: str, sales: Sequence[int] = ()) -> None:
        self.sales = tuple(sales)
        super().__init__(message)


def add_plan(connection: Connection, new: NewPlan, *, now: datetime) -> int:
    """Keep what is to be planned, and give its number."""
    documents = {name: _json(getattr(new, name)) for name in ("aims", "orders", "machines", "setups", "down_until")}
    plain = {name: getattr(new, name) for name in ("gateway", "title", "origin", "zone", "made_by", "replaces", "seconds_limit")}
    ((number,),) = connection.execute(query("production", "add_plan"), {**plain, **documents, "now": now}).fetchall()
    return int(number)


def note_progress(
    database: Database,
    plan_id: int,
    *,
    now: datetime,
    state: str = "searching",
    seconds: float | None = None,
    cost: int | None = None,
    bound: int | None = None,
) -> bool:
    """Tell that a search goes on, or that it waits; gives whether it is to stop."""
    values = {"id": plan_id, "now": now, "state": state, "seconds": seconds, "cost": cost, "bound": bound}
    with database.connection() as connection:
        row = connection.execute(query("production", "note_progress"), values).fetchone()
    return row is None or bool(row[0])


def finish_plan(database: Database, plan_id: int, outcome: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what a search has found, as `analytics.scheduling.documents.plain_schedule` puts it down."""
    values = {
        **{name: outcome[name] for name in ("seconds", "cost", "bound", "floor_cost", "method", "rule")},
        **{name: _json(outcome[name]) for name in ("measures", "rule_measures", "plan")},
        "id": plan_id,
        "now": now,
    }
    with database.connection() as connection:
        connection.execute(query("production", "finish_plan"), values)


def fail_plan(database: Database, plan_id: int, failure: str, *, now: datetime) -> None:
    """Keep why a search has found nothing."""
    with database.connection() as connection:
        connection.execute(query("production", "fail_plan"), {"id": plan_id, "failure": failure, "now": now})


def want_stop(connection: Connection, plan_id: int) -> None:
    """Let a search end with the best that it has; the server that runs it looks each second."""
    connection.execute(query("production", "want_stop"), [plan_id])


def plans(
    database: Database,
    *,
    now: datetime,
    gateways: frozenset[str] | None = None,
    plan_id: int | None = None,
    current_only: bool = False,
    search: str = "",
    sort: str = "-made",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Plan]]:
    """Count and list plans; ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "id": plan_id,
        "gateways": as_list(gateways),
        "current": current_only,
        "search": search,
        "now": now,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC NULLS LAST' if sort.startswith('-') else ''}, p.id DESC"
    total, rows = read_page(database, "production", "plans", order=order, values=values)
    return total, [Plan(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def current_plan(database: Database, gateway: str, *, now: datetime) -> Plan | None:
    """Give the plan that holds for a gateway's machines."""
    _, found = plans(database, now=now, gateways=frozenset({gateway}), current_only=True, limit=1)
    return found[0] if found else None


def documents(database: Database, plan_id: int) -> Documents:
    """Give a plan's documents.

    Raises
    ------
    LookupError
        If there is no such plan.
    """
    with database.connection() as connection:
        row = connection.execute(query("production", "plan_documents"), [plan_id]).fetchone()
    if row is None:
        raise LookupError(f"there is no plan {plan_id}")
    return Documents(*row)


def adopt_plan(connection: Connection, plan: Plan, found: Documents, *, actor: str, now: datetime) -> None:
    """Let a plan hold from now on; nobody can sell time of its machines in the same moment.

    Raises
    ------
    PlanRefused
        If it is not done, or time that it takes has been sold since it was asked for.
    """
    if found.plan is None:
        raise PlanRefused("a plan that is not done cannot be adopted")
    connection.execute(query("production", "open_workshop"), [plan.gateway])
    connection.execute(query("production", "take_workshop"), [plan.gateway])
    known = {number for machine in found.machines for *_, number in machine.get("sold", ())}
    ids = {machine["name"]: machine["equipment_id"] for machine in found.machines}
    minute = timedelta(minutes=1)
    taken = [(ids.get(name), plan.origin + start * minute, plan.origin + end * minute) for _, _, name, start, end in found.plan]
    sales = [
        number
        for number, equipment_id, start, end in sold_time(connection, ids.values(), after=now)
        if number not in known and any(one == equipment_id and begin < end and start < stop for one, begin, stop in taken)
    ]
    if sales:
        raise PlanRefused(f"it takes time that was sold meanwhile (reservations {', '.join(map(str, sales))}); plan anew", sales)
    connection.execute(query("production", "adopt_plan"), {"id": plan.id, "actor": actor, "now": now})
    connection.execute(query("production", "set_workshop"), {"id": plan.id, "gateway": plan.gateway})


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTerms:
    """When a machine works; and, where its time is for sale, what it can do and what that costs."""

    equipment_id: int
    shifts: str = ""
    family: str = ""
    capability: Mapping[str, Any] | None = None
    hour_price: Decimal | None = None
    setup_price: Decimal | None = None
    changed_at: datetime | None = None
    changed_by: str = ""


def machine_terms(database: Database, equipment_ids: Collection[int]) -> dict[int, MachineTerms]:
    """Give what was said of machines by id; of one of which nothing was said there is nothing."""
    with database.connection() as connection:
        rows = connection.execute(query("production", "machines"), [sorted(equipment_ids)]).fetchall()
    names = [column.name for column in fields(MachineTerms)]
    return {row[0]: MachineTerms(**dict(zip(names, row, strict=True))) for row in rows}


def save_shifts(connection: Connection, equipment_id: int, *, shifts: str, family: str, actor: str, now: datetime) -> None:
    """Say when a machine works, and what it is set up for."""
    values = {"id": equipment_id, "shifts": shifts, "family": family, "actor": actor, "now": now}
    connection.execute(query("production", "save_shifts"), values)


def save_capability(
    connection: Connection,
    equipment_id: int,
    *,
    capability: Mapping[str, Any] | None,
    hour_price: Decimal | None,
    setup_price: Decimal | None,
    actor: str,
    now: datetime,
) -> None:
    """Put a machine's time on sale; with None for all three take it off."""
    values = {
        "id": equipment_id,
        "capability": None if capability is None else _json(capability),
        "hour_price": hour_price,
        "setup_price": setup_price,
        "actor": actor,
        "now": now,
    }
    connection.execute(query("production", "save_capability"), values)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)
