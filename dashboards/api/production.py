"""Plans of workshops: orders on machine tools, searched for in the background."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NoReturn, cast

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import StreamingResponse

from analytics.scheduling import plan_tables
from analytics.scheduling.orders import MOST_OPERATIONS
from analytics.scheduling.plans import Aims
from dashboards.asking import MOST_ID, Offset, Search, SiteId, example
from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Limit, Sort, checked_sort, seen_gateways
from dashboards.live.equipment_json import iso
from dashboards.live.feed import Feed
from dashboards.production.bodies import FARTHEST, NewPlan, NewRest, job_of
from dashboards.production.machines import MachineNow, machines_of
from dashboards.production.planner import Planner
from dashboards.production.plans import (
    PlanQuestion,
    Unfit,
    Whole,
    adopt,
    ask_for_plan,
    ask_for_rest,
    origin_of,
    stop,
    whole_plan,
)
from dashboards.security.access import Permission, Reader, Viewer, require
from dashboards.settings import WebSettings
from dashboards.side_work import Busy
from store.database import Database
from store.production import ORDERS, Plan, PlanRefused, plans
from telemetry.errors import ConfigError

router = APIRouter(prefix="/api/v1/production", tags=["production"])

Scheduler = Annotated[Viewer, require(Permission.SCHEDULE)]
PlanId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a plan")]
_EARLIEST = timedelta(days=31)
"""A plan begins at most so long ago."""
_PLAN: dict[str, Any] = {
    "id": 4,
    "gateway": "plant-1",
    "title": "week 48",
    "state": "done",
    "made_at": "2026-11-26T08:00:00.000Z",
    "made_by": "li",
    "origin": "2026-11-26T08:00:00.000Z",
    "replaces": None,
    "seconds_limit": 30,
    "aims": {"makespan": 1, "tardiness": 10, "setup": 0},
    "seconds": 12.4,
    "cost": 5230,
    "bound": 5100,
    "floor_cost": 6012,
    "method": "cp_sat",
    "rule": "ATC K=3, active",
    "measures": {"makespan_minutes": 4130, "weighted_tardiness": 110, "late_jobs": 1, "setup_minutes": 60},
    "rule_measures": {"makespan_minutes": 4410, "weighted_tardiness": 160, "late_jobs": 2, "setup_minutes": 90},
    "failure": "",
    "adopted_at": None,
    "adopted_by": "",
    "is_current": False,
}
_TASK = {
    "job": "A-17",
    "operation": "rough",
    "machine": "cnc-1",
    "start": "2026-11-26T08:00:00.000Z",
    "end": "2026-11-26T10:00:00.000Z",
    "due": "2026-11-27T08:00:00.000Z",
    "late_minutes": 0,
}


def _planner(request: Request) -> Planner:
    return cast("Planner", request.app.state.planner)


CurrentPlanner = Annotated[Planner, Depends(_planner)]


@router.get("/plans", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_PLAN]}))
def list_plans(
    *,
    database: CurrentDatabase,
    viewer: Reader,
    site: SiteId = None,
    search: Search = "",
    sort: Sort = "-made",
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List plans, the newest first where nothing else is asked for."""
    gateways, order = seen_gateways(viewer, database, site), checked_sort(sort, ORDERS)
    now = datetime.now(UTC)
    total, found = plans(database, now=now, gateways=gateways, search=search, sort=order, limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [plan_json(one) for one in found]}


@router.get("/plans.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_plans(
    database: CurrentDatabase, viewer: Reader, site: SiteId = None, search: Search = "", sort: Sort = "-made"
) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    gateways, order = seen_gateways(viewer, database, site), checked_sort(sort, ORDERS)
    now = datetime.now(UTC)
    _, found = plans(database, now=now, gateways=gateways, search=search, sort=order, limit=MOST_IN_FILE)
    names = [
        "id",
        "gateway",
        "title",
        "state",
        "made_by",
        "method",
        "rule",
        "seconds",
        "cost",
        "bound",
        "floor_cost",
        "is_current",
    ]
    measures = ["makespan_minutes", "weighted_tardiness", "late_jobs", "setup_minutes"]
    rows = (
        [iso(one.made_at), *(getattr(one, name) for name in names), *((one.measures or {}).get(name) for name in measures)]
        for one in found
    )
    return csv_response("plans", ["made (UTC)", *names, *measures], rows)


@router.post("/plans", status_code=202, responses={202: {"content": {"application/json": {"example": {"id": 4}}}}})
def create_plan(
    *,
    new: NewPlan,
    database: CurrentDatabase,
    viewer: Scheduler,
    settings: CurrentSettings,
    feed: CurrentFeed,
    planner: CurrentPlanner,
) -> dict[str, int]:
    """Let orders be planned in the background; the plan itself tells how far it is. 429 where too many wait already."""
    machines = machines_behind(database, viewer, feed, settings, new.gateway)
    origin = start_of(new.start, settings.time_zone)
    jobs = tuple(job_of(one, origin) for one in new.jobs)
    if sum(len(one.operations) for one in jobs) > MOST_OPERATIONS:
        raise HTTPException(422, f"jobs: at most {MOST_OPERATIONS} operations can be planned")
    question = PlanQuestion(
        gateway=new.gateway,
        title=new.title,
        origin=origin,
        jobs=jobs,
        setup_minutes=new.setup_minutes,
        aims=Aims(**new.aims.model_dump()),
        seconds=new.seconds,
    )
    try:
        return {"id": ask(database, planner, viewer, question, machines, zone=settings.time_zone)}
    except Unfit as error:
        raise HTTPException(422, f"jobs: {error}") from None


@router.get("/plans/{plan_id}", responses=example({**_PLAN, "tasks": [_TASK]}))
def show_plan(plan_id: PlanId, database: CurrentDatabase, viewer: Reader) -> dict[str, Any]:
    """Show one plan with its tasks, once it is done."""
    plan = whole_plan(database, seen_plan(database, viewer, plan_id))
    tasks = [
        {
            "job": job,
            "operation": operation,
            "machine": machine,
            "start": iso(start),
            "end": iso(end),
            "due": None if due is None else iso(due),
            "late_minutes": late,
        }
        for job, operation, machine, start, end, due, late in rows_of(plan)
    ]
    return plan_json(plan.about) | {"tasks": tasks}


@router.get("/plans/{plan_id}/tasks.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_plan(plan_id: PlanId, database: CurrentDatabase, viewer: Reader) -> StreamingResponse:
    """Give the tasks of a plan as a table for spreadsheets, times on the plant's clock."""
    plan = whole_plan(database, seen_plan(database, viewer, plan_id))
    zone = origin_of(plan.about.origin, plan.about.zone).tzinfo
    rows = (
        [*names, *("" if at is None else at.astimezone(zone).isoformat(timespec="minutes") for at in (start, end, due)), late]
        for *names, start, end, due, late in rows_of(plan)
    )
    return csv_response(f"plan-{plan_id}", list(plan_tables.HEADER), rows)


@router.post("/plans/{plan_id}/adopt", responses=example({**_PLAN, "is_current": True}))
def adopt_plan(plan_id: PlanId, database: CurrentDatabase, viewer: Scheduler) -> dict[str, Any]:
    """Let a plan hold for its gateway's machines. 409 where it is not done, or takes time that was sold meanwhile."""
    let_hold(database, viewer, whole_plan(database, seen_plan(database, viewer, plan_id)))
    return plan_json(seen_plan(database, viewer, plan_id))


@router.post("/plans/{plan_id}/stop", responses=example(_PLAN))
def stop_plan(plan_id: PlanId, database: CurrentDatabase, viewer: Scheduler) -> dict[str, Any]:
    """Let a search end with the best plan that it has; one that has ended stays as it is."""
    seen_plan(database, viewer, plan_id)
    stop(database, viewer, plan_id)
    return plan_json(seen_plan(database, viewer, plan_id))


@router.post(
    "/plans/{plan_id}/replan", status_code=202, responses={202: {"content": {"application/json": {"example": {"id": 5}}}}}
)
def replan(
    *,
    plan_id: PlanId,
    new: NewRest,
    database: CurrentDatabase,
    viewer: Scheduler,
    settings: CurrentSettings,
    feed: CurrentFeed,
    planner: CurrentPlanner,
) -> dict[str, int]:
    """Let the rest of a plan be planned anew: what has begun stands. 409 where it is not done, 429 where too many wait."""
    plan = whole_plan(database, seen_plan(database, viewer, plan_id))
    return {"id": ask_rest(database, planner, viewer, plan, new, feed=feed, settings=settings)}


def ask(
    database: Database, planner: Planner, viewer: Viewer, question: PlanQuestion, machines: list[MachineNow], *, zone: str
) -> int:
    """Ask for a plan, and say what stands against it as an answer.

    Raises
    ------
    Unfit
    """
    if not any(question.aims):
        raise HTTPException(422, "aims: one of the weights must be positive")
    try:
        return ask_for_plan(database, planner, viewer, question, machines, zone=zone)
    except Busy:
        _refuse_busy()
    except ConfigError as error:
        raise HTTPException(422, f"jobs: {str(error)[:2000]}") from None


def ask_rest(
    database: Database, planner: Planner, viewer: Viewer, plan: Whole, new: NewRest, *, feed: Feed, settings: WebSettings
) -> int:
    """Ask for the rest of a plan, and say what stands against it as an answer."""
    if plan.tasks is None:
        raise HTTPException(409, "the plan is not done; plan its orders anew")
    known = plan.machine_ids
    unknown = [name for name in new.down_until if name not in known]
    if unknown:
        raise HTTPException(422, f"down_until: the plan has no machine {unknown[0]!r}; known: {', '.join(known)}")
    far = [name for name, back in new.down_until.items() if abs(back - plan.about.origin) > FARTHEST]
    if far:
        raise HTTPException(422, f"down_until: {far[0]}: more than ten years from the plan's beginning")
    machines = machines_of(
        database,
        gateways=frozenset({plan.about.gateway}),
        online=feed.state.gateways,
        now=datetime.now(UTC),
        stale_seconds=settings.stale_seconds,
    )
    try:
        return ask_for_rest(
            database,
            planner,
            viewer,
            plan,
            machines,
            down_until=new.down_until,
            frozen_minutes=new.frozen_minutes,
            seconds=new.seconds,
        )
    except Busy:
        _refuse_busy()
    except ConfigError as error:
        raise HTTPException(422, str(error)[:2000]) from None


def let_hold(database: Database, viewer: Viewer, plan: Whole) -> None:
    try:
        adopt(database, viewer, plan)
    except PlanRefused as error:
        raise HTTPException(409, str(error)) from None


def machines_behind(database: Database, viewer: Viewer, feed: Feed, settings: WebSettings, gateway: str) -> list[MachineNow]:
    """Give the machine tools behind a gateway that the viewer sees."""
    found = machines_of(
        database,
        gateways=frozenset({gateway}) if viewer.sees(gateway) else frozenset(),
        online=feed.state.gateways,
        now=datetime.now(UTC),
        stale_seconds=settings.stale_seconds,
    )
    if not found:
        raise not_found(f"gateway {gateway!r} with machine tools")
    return found


def start_of(start: datetime | None, zone: str) -> datetime:
    """Give where a plan begins."""
    now = datetime.now(UTC)
    if start is not None and not now - _EARLIEST <= start <= now + FARTHEST:
        raise HTTPException(422, f"start: {iso(start)} is too far away")
    return origin_of(start or now, zone)


def seen_plan(database: Database, viewer: Viewer, plan_id: int) -> Plan:
    _, found = plans(database, now=datetime.now(UTC), gateways=viewer.gateways, plan_id=plan_id)
    if not found:
        raise not_found(f"plan {plan_id}")
    return found[0]


def rows_of(plan: Whole) -> Iterator[tuple[str, str, str, datetime, datetime, datetime | None, int]]:
    """Give the tasks of a plan in the order of time; none while it is searched for."""
    return iter(()) if plan.tasks is None else plan_tables.rows(plan.shop, plan.tasks, origin=plan.about.origin)


def plan_json(one: Plan) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _PLAN},
        "made_at": iso(one.made_at),
        "origin": iso(one.origin),
        "adopted_at": None if one.adopted_at is None else iso(one.adopted_at),
    }


def _refuse_busy() -> NoReturn:
    raise HTTPException(429, "several plans wait already; come back in a minute", headers={"Retry-After": "60"})
