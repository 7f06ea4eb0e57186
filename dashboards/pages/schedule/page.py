"""Production: orders planned on machine tools, plans and their progress, shifts; the trade with free time is in `capacity`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from analytics.scheduling.orders import COLUMNS, Mistake, OrdersWrong, parse_orders
from analytics.scheduling.plans import Aims
from analytics.scheduling.shifts import ShiftsWrong
from dashboards.api.capacity import Shifts, seen_tool, set_shifts
from dashboards.api.production import (
    CurrentPlanner,
    PlanId,
    ask,
    ask_rest,
    let_hold,
    machines_behind,
    rows_of,
    seen_plan,
    start_of,
)
from dashboards.asking import EquipmentId, Offset, Search
from dashboards.csv_table import csv_response
from dashboards.list_questions import Line, Sort, checked_sort
from dashboards.pages.schedule import capacity, reservations, shown, words
from dashboards.pages.schedule.forms import local_time
from dashboards.pages.schedule.visit import Acting, Reading, Visit
from dashboards.production.bodies import FARTHEST, NewRest, Seconds
from dashboards.production.machines import MachineNow
from dashboards.production.plans import PlanQuestion, Unfit, Whole, stop, whole_plan
from device_profiles.kind import Label
from store.production import ORDERS, plans

router = APIRouter(prefix="/schedule", include_in_schema=False)

ROWS = 50
Gateway = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
Weight = Annotated[int, Form(ge=0, le=1000)]
Minutes = Annotated[int, Form(ge=0, le=100_000)]
Back = Annotated[str, Form(max_length=40, pattern=r"^[^\x00]*$")]
_EXAMPLE_MINUTES = ((120, 150), (45, 60), (90, 80))


@router.get("", response_class=HTMLResponse)
def plans_page(
    *,
    visit: Reading,
    gateway: Gateway = "",
    search: Search = "",
    sort: Sort = "-made",
    offset: Offset = 0,
) -> HTMLResponse:
    """Show the plans, and the form for a new one."""
    return _plans_page(visit, gateway=gateway, search=search, sort=checked_sort(sort, ORDERS), offset=offset)


@router.get("/example.csv", response_class=StreamingResponse)
def example_table(visit: Reading, gateway: Gateway = "") -> StreamingResponse:
    """Give a table of orders to begin with, on the machines that there are."""
    machines = visit.machines()
    chosen = _chosen(machines, gateway)
    names = [one.equipment.name for one in machines if one.equipment.gateway == chosen] or ["M1", "M2"]
    language = visit.language
    header = [COLUMNS[name] if language == "zh" else name for name in COLUMNS]
    day = datetime.now(ZoneInfo(visit.settings.time_zone)).replace(hour=16, minute=0, second=0, microsecond=0, tzinfo=None)
    yes, family = ("是", "钢") if language == "zh" else ("yes", "steel")
    rows: list[list[object]] = []
    for number, (first, second) in enumerate(_EXAMPLE_MINUTES, 1):
        due = f"{day + timedelta(days=number):%Y-%m-%dT%H:%M}"
        here, there = names[(number - 1) % len(names)], names[number % len(names)]
        either = f"{here}:{first}" if here == there else f"{here}:{first} {there}:{second}"
        rows.append([f"A-{number}", "10", either, family, yes, "", due, number])
        rows.append([f"A-{number}", "20", f"{there}:{second}", "", "", "", "", ""])
    return csv_response("orders", header, rows)


@router.post("/plans", response_class=HTMLResponse)
def new_plan(
    *,
    visit: Acting,
    planner: CurrentPlanner,
    orders: UploadFile,
    gateway: Annotated[str, Form(min_length=1, max_length=100, pattern=r"^[^\x00]*$")],
    title: Annotated[Line, Form()] = "",
    seconds: Annotated[Seconds, Form()] = 30,
    setup_minutes: Minutes = 0,
    makespan: Weight = 1,
    tardiness: Weight = 10,
    setup: Weight = 0,
) -> Response:
    """Let an uploaded table be planned; what is wrong in it is told by line and column."""
    machines = machines_behind(visit.database, visit.viewer, visit.feed, visit.settings, gateway)
    origin = start_of(None, visit.settings.time_zone)
    mistakes: tuple[Mistake, ...] = ()
    names = [one.equipment.name for one in machines]
    try:
        found = parse_orders(orders.file.read(), origin=origin, machines=names)
        question = PlanQuestion(
            gateway=gateway,
            title=title or (orders.filename or "")[:200].replace("\x00", ""),
            origin=origin,
            jobs=found.jobs,
            setup_minutes=setup_minutes,
            aims=Aims(makespan=makespan, tardiness=tardiness, setup=setup),
            seconds=seconds,
        )
        number = ask(visit.database, planner, visit.viewer, question, machines, zone=visit.settings.time_zone)
        return RedirectResponse(f"/schedule/plans/{number}", 303)
    except OrdersWrong as error:
        mistakes = error.mistakes
    except Unfit as error:
        said = Label(
            zh="比所有可用机床的任何一班都长，且不可跨班", en="is longer than any shift of its machines, and may not pause"
        )
        mistakes = tuple(Mistake(found.lines[one], "pause", said) for one in error.operations)
    given = {"title": title, "seconds": seconds, "setup_minutes": setup_minutes}
    aims = {"makespan": makespan, "tardiness": tardiness, "setup": setup}
    return _plans_page(visit, gateway=gateway, mistakes=mistakes, given=given | aims)


@router.get("/plans/{plan_id}", response_class=HTMLResponse)
def plan_page(visit: Reading, plan_id: PlanId, offset: Offset = 0) -> HTMLResponse:
    """Show a plan: how far the search is, or what has come of it."""
    return _plan_page(visit, plan_id, offset=offset)


@router.get("/plans/{plan_id}/progress", response_class=HTMLResponse)
def progress(visit: Reading, plan_id: PlanId) -> HTMLResponse:
    """Give the part of the page that changes while a search goes on; once it is over, the page comes anew."""
    about = seen_plan(visit.database, visit.viewer, plan_id)
    answer = visit.page("progress", plan=about)
    if not about.is_under_way:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/plans/{plan_id}/stop")
def stop_plan(visit: Acting, plan_id: PlanId) -> Response:
    seen_plan(visit.database, visit.viewer, plan_id)
    stop(visit.database, visit.viewer, plan_id)
    return RedirectResponse(f"/schedule/plans/{plan_id}", 303)


@router.post("/plans/{plan_id}/adopt", response_class=HTMLResponse)
def adopt_plan(visit: Acting, plan_id: PlanId) -> Response:
    """Let a plan hold; where time that it takes was sold meanwhile, the page says so."""
    try:
        let_hold(visit.database, visit.viewer, whole_plan(visit.database, seen_plan(visit.database, visit.viewer, plan_id)))
    except HTTPException as error:
        if error.status_code != 409:
            raise
        _ = visit.translate
        refused = _("不能采用：计划未完成，或占用了已售出的时段。请重新排产。")
        return _plan_page(visit, plan_id, refused=refused)
    return RedirectResponse(f"/schedule/plans/{plan_id}", 303)


@router.post("/plans/{plan_id}/replan", response_class=HTMLResponse)
def replan(
    *,
    visit: Acting,
    planner: CurrentPlanner,
    plan_id: PlanId,
    down: Annotated[list[str], Form(max_length=200)] = [],  # noqa: B006 - only read
    back: Back = "",
    frozen_minutes: Minutes = 0,
    seconds: Annotated[Seconds, Form()] = 20,
) -> Response:
    """Plan the rest anew; the machines that were ticked do nothing until the time given."""
    plan = whole_plan(visit.database, seen_plan(visit.database, visit.viewer, plan_id))
    _ = visit.translate
    until = local_time(back, visit.settings)
    named = [name for name in down if name in plan.machine_ids]
    now = datetime.now(UTC)
    if (named and until is None) or (until is not None and not now - FARTHEST < until < now + FARTHEST):
        return _plan_page(visit, plan_id, refused=_("请给出停机机床的恢复时间。"))
    new = NewRest(down_until={name: until for name in named if until}, frozen_minutes=frozen_minutes, seconds=seconds)
    number = ask_rest(visit.database, planner, visit.viewer, plan, new, feed=visit.feed, settings=visit.settings)
    return RedirectResponse(f"/schedule/plans/{number}", 303)


@router.get("/machines", response_class=HTMLResponse)
def machines_page(visit: Reading, search: Search = "", offset: Offset = 0) -> HTMLResponse:
    """Show the machine tools with their state and shifts."""
    return _machines_page(visit, search=search, offset=offset)


@router.get("/machines.csv", response_class=StreamingResponse)
def machines_table(visit: Reading) -> StreamingResponse:
    """Give the machine tools as a table for spreadsheets."""
    _ = visit.translate
    header = [_("网关"), _("设备"), _("状态"), _("班次"), _("初始换型组")]
    states = words.machine_states(_)
    rows = (
        [one.equipment.gateway, one.equipment.name, states[one.state], one.terms.shifts, one.terms.family]
        for one in visit.machines()
    )
    return csv_response("machine-tools", header, rows)


@router.post("/machines/{equipment_id}", response_class=HTMLResponse)
def change_shifts(visit: Acting, equipment_id: EquipmentId, given: Annotated[Shifts, Form()]) -> Response:
    """Say when a machine works."""
    machine = seen_tool(visit.database, visit.viewer, visit.feed, visit.settings, equipment_id)
    try:
        set_shifts(visit.database, visit.viewer, machine, given)
    except ShiftsWrong as error:
        wrong = {"id": equipment_id, "said": getattr(error.said, visit.language), "shifts": given.shifts}
        return _machines_page(visit, search=machine.equipment.name, wrong=wrong)
    return RedirectResponse("/schedule/machines", 303)


router.include_router(capacity.router)
router.include_router(reservations.router)


def _plans_page(
    visit: Visit,
    *,
    gateway: str,
    search: str = "",
    sort: str = "-made",
    offset: int = 0,
    mistakes: tuple[Mistake, ...] = (),
    given: dict[str, Any] | None = None,
) -> HTMLResponse:
    machines, now = visit.machines(), datetime.now(UTC)
    total, found = plans(
        visit.database, now=now, gateways=visit.viewer.gateways, search=search, sort=sort, limit=ROWS, offset=offset
    )
    names = COLUMNS if visit.language == "zh" else {}
    return visit.page(
        "plans",
        status=422 if mistakes else 200,
        rows=found,
        total=total,
        limit=ROWS,
        offset=offset,
        sort=sort,
        query={"search": search, "sort": "" if sort == "-made" else sort, "gateway": gateway},
        pairs=[(name, name) for name in dict.fromkeys(one.equipment.gateway for one in machines)],
        gateway=_chosen(machines, gateway),
        machines=machines,
        mistakes=[(one.line, names.get(one.column, one.column), one.said) for one in mistakes],
        given={"title": "", "seconds": 30, "setup_minutes": 0, "makespan": 1, "tardiness": 10, "setup": 0} | (given or {}),
    )


def _plan_page(
    visit: Visit,
    plan_id: int,
    *,
    offset: int = 0,
    refused: str = "",
) -> HTMLResponse:
    plan = whole_plan(visit.database, seen_plan(visit.database, visit.viewer, plan_id))
    rows = list(rows_of(plan))
    there = {one.equipment.id: one for one in visit.machines(plan.about.gateway)}
    back = datetime.now(ZoneInfo(visit.settings.time_zone)).replace(second=0, microsecond=0) + timedelta(hours=4)
    return visit.page(
        "plan",
        status=409 if refused else 200,
        plan=plan.about,
        picture_of_plan=None if plan.tasks is None else shown.gantt(plan, visit.language),
        rows=rows[offset : offset + 2 * ROWS],
        total=len(rows),
        limit=2 * ROWS,
        offset=offset,
        query={},
        machines=[
            (name, there.get(number), _is_down(plan, name, there.get(number))) for name, number in plan.machine_ids.items()
        ],
        back=f"{back:%Y-%m-%dT%H:%M}",
        refused=refused,
    )


def _is_down(plan: Whole, name: str, machine: MachineNow | None) -> bool:
    """Tell whether a machine can do nothing now: as it says itself, or as the plan was told."""
    until = plan.documents.down_until.get(name)
    return (machine is not None and machine.is_down) or (until is not None and plan.time_of(until) > datetime.now(UTC))


def _machines_page(visit: Visit, *, search: str = "", offset: int = 0, wrong: dict[str, Any] | None = None) -> HTMLResponse:
    wanted = search.strip().casefold()
    found = [one for one in visit.machines() if wanted in f"{one.equipment.gateway}/{one.equipment.name}".casefold()]
    return visit.page(
        "machines",
        status=422 if wrong else 200,
        machines=found[offset : offset + ROWS],
        total=len(found),
        limit=ROWS,
        offset=offset,
        query={"search": search},
        wrong=wrong or {"id": None},
    )


def _chosen(machines: list[MachineNow], gateway: str) -> str:
    there = [one.equipment.gateway for one in machines]
    return gateway if gateway in there else there[0] if there else ""
