"""Maintenance: machines by health, findings with their evidence, work orders, and what was done."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboards.api.findings import Asked, FindingId, FindingQuestion, Judgement, give_verdict, seen_finding
from dashboards.api.maintenance import (
    Maintainer,
    NewEntry,
    NewOrder,
    OrderChanged,
    OrderId,
    OrderQuestion,
    OrdersAsked,
    apply_change,
    open_for,
    seen_machine,
    seen_order,
    write_entry,
)
from dashboards.asking import MOST_ID, Name, Offset, Search, SiteId
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.list_questions import MachineId, checked_sort, seen_gateways
from dashboards.pages.maintenance import words
from dashboards.pages.maintenance.evidence import drawn
from dashboards.pages.maintenance.ranking import ORDERS as HEALTH_ORDERS
from dashboards.pages.maintenance.ranking import Ranked, ranking
from dashboards.plant_time import plant_time
from dashboards.security.access import Permission, Reader, Viewer
from dashboards.texts import Language, translator
from device_profiles.kind import kind_names
from store.alarms import get_conditions
from store.database import Database
from store.maintenance_log import find_entries
from store.results import STANDING as STANDING_FINDINGS
from store.results import VERDICTS, findings, verdicts
from store.sites import gateway_sites, list_sites
from store.work_orders import STANDING as STANDING_ORDERS
from store.work_orders import STATES, order_changes, work_orders

router = APIRouter(prefix="/maintenance", include_in_schema=False)

ROWS = 50
View = Annotated[Literal["standing", "all"], Query(description="those that stand, or all there were")]
Identity = Annotated[int | None, Query(ge=1, le=2**53)]
HealthSort = Annotated[str, Query(max_length=40)]


@router.get("", response_class=HTMLResponse)
def health_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    site: SiteId = None,
    kind: Name = "",
    search: Search = "",
    sort: HealthSort = "score",
    offset: Offset = 0,
) -> HTMLResponse:
    found = _ranked(database, viewer, site=site, kind=kind, search=search, sort=sort)
    offset = min(offset, max(len(found) - 1, 0) // ROWS * ROWS)
    query = {"site": site, "kind": kind, "search": search, "sort": "" if sort == "score" else sort}
    shown = found[offset : offset + ROWS]
    return _page(request, database, viewer, "health", rows=shown, total=len(found), offset=offset, sort=sort, query=query)


@router.get("/health.csv", response_class=StreamingResponse)
def health_table(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    site: SiteId = None,
    kind: Name = "",
    search: Search = "",
    sort: HealthSort = "score",
) -> StreamingResponse:
    """Give the ranking of all machines as a table for spreadsheets."""
    _ = translator(language_of(request))
    header = [
        *(_("网关"), _("设备"), _("设备类型"), _("健康分"), _("发现扣分"), _("报警扣分"), _("坏值扣分"), _("久未维护扣分")),
        *(_("坏值占比"), _("最近维护")),
    ]
    local = plant_time(request.app.state.settings)
    rows = (
        [
            *(one.symptoms.gateway, one.symptoms.name, one.symptoms.kind, round(one.health.score, 1)),
            *(round(points, 1) for points in (one.health.findings, one.health.alarms, one.health.data, one.health.maintenance)),
            *(round(one.symptoms.bad_share, 4), local(one.symptoms.maintained_at) if one.symptoms.was_maintained else ""),
        ]
        for one in _ranked(database, viewer, site=site, kind=kind, search=search, sort=sort)
    )
    return csv_response("health", header, rows)


@router.get("/findings", response_class=HTMLResponse)
def findings_page(
    *, request: Request, database: CurrentDatabase, viewer: Reader, asked: Asked, view: View = "standing", offset: Offset = 0
) -> HTMLResponse:
    wanted = asked if asked.states or view == "all" else replace(asked, states=sorted(STANDING_FINDINGS))
    total, rows = findings(database, **vars(wanted), limit=ROWS, offset=offset)
    asked_with = ("site", "kind", "state", "severity", "search", "equipment", "view", "sort")
    return _list_page(request, database, viewer, "findings", wanted, asked_with=asked_with, rows=rows, total=total, offset=offset)


@router.get("/findings/{finding_id}", response_class=HTMLResponse)
def finding_page(
    request: Request, database: CurrentDatabase, viewer: Reader, settings: CurrentSettings, finding_id: FindingId
) -> HTMLResponse:
    found = seen_finding(database, viewer, finding_id)
    _, orders = work_orders(database, gateways=viewer.gateways, equipment_ids=[found.equipment_id], sort="-opened", limit=200)
    return _page(
        request,
        database,
        viewer,
        "finding",
        finding=found,
        evidence=drawn(found.evidence, zone=settings.time_zone, language=language_of(request)),
        said=verdicts(database, finding_id),
        verdicts=[state for state in ("acknowledged", "confirmed", "rejected", "closed") if state in VERDICTS[found.state]],
        orders=[order for order in orders if order.finding_id == finding_id],
    )


@router.post("/findings/{finding_id}")
def judge_finding(
    database: CurrentDatabase, viewer: Maintainer, finding_id: FindingId, judgement: Annotated[Judgement, Form()]
) -> Response:
    give_verdict(database, viewer, finding_id, judgement)
    return RedirectResponse(f"/maintenance/findings/{finding_id}", 303)


@router.get("/orders", response_class=HTMLResponse)
def orders_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    asked: OrdersAsked,
    view: View = "standing",
    offset: Offset = 0,
) -> HTMLResponse:
    wanted = asked if asked.states or view == "all" else replace(asked, states=sorted(STANDING_ORDERS))
    total, rows = work_orders(database, **vars(wanted), limit=ROWS, offset=offset)
    asked_with = ("site", "state", "priority", "assigned_to", "search", "equipment", "view", "sort")
    return _list_page(request, database, viewer, "orders", wanted, asked_with=asked_with, rows=rows, total=total, offset=offset)


@router.get("/orders/new", response_class=HTMLResponse)
def new_order_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Maintainer,
    equipment: MachineId = None,
    finding: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
    condition: Identity = None,
) -> HTMLResponse:
    """Show the form for a work order, filled in from the finding or the alarm that it is for."""
    language = language_of(request)
    title, urgency = "", "medium"
    if finding is not None:
        about = seen_finding(database, viewer, finding)
        equipment, title, urgency = about.equipment_id, about.title[language], about.severity
    elif condition is not None:
        listed = next((one for one in get_conditions(database, [condition]) if viewer.sees(one.gateway)), None)
        if listed is not None:
            equipment, urgency = listed.condition.equipment_id, listed.condition.priority
            title = listed.condition.title[language]
    machine = None if equipment is None else seen_machine(database, viewer, equipment)
    given = {"title": title[:200], "priority": urgency, "finding": finding, "condition": condition}
    return _page(request, database, viewer, "new_order", machine=machine, given=given)


@router.post("/orders")
def open_order(database: CurrentDatabase, viewer: Maintainer, new: Annotated[NewOrder, Form()]) -> Response:
    return RedirectResponse(f"/maintenance/orders/{open_for(database, viewer, new)}", 303)


@router.get("/orders/{order_id}", response_class=HTMLResponse)
def order_page(request: Request, database: CurrentDatabase, viewer: Reader, order_id: OrderId) -> HTMLResponse:
    found = seen_order(database, viewer, order_id)
    next_states = [state for state in STATES if state in STATES[found.state]]
    changes = order_changes(database, order_id)
    return _page(request, database, viewer, "order", order=found, changes=changes, next_states=next_states)


@router.post("/orders/{order_id}")
def change_order(
    database: CurrentDatabase, viewer: Maintainer, order_id: OrderId, change: Annotated[OrderChanged, Form()]
) -> Response:
    apply_change(database, viewer, order_id, change)
    return RedirectResponse(f"/maintenance/orders/{order_id}", 303)


@router.get("/log", response_class=HTMLResponse)
def log_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    equipment: MachineId = None,
    site: SiteId = None,
    search: Search = "",
    offset: Offset = 0,
) -> HTMLResponse:
    gateways = seen_gateways(viewer, database, site)
    total, found = find_entries(database, gateways=gateways, equipment_id=equipment, search=search, limit=ROWS, offset=offset)
    query = {"site": site, "search": search, "equipment": equipment}
    machine = None if equipment is None else seen_machine(database, viewer, equipment)
    return _page(request, database, viewer, "log", rows=found, total=total, offset=offset, query=query, machine=machine)


@router.post("/log")
def add_to_log(database: CurrentDatabase, viewer: Maintainer, new: Annotated[NewEntry, Form()]) -> Response:
    write_entry(database, viewer, new)
    return RedirectResponse(f"/maintenance/log?equipment={new.equipment}", 303)


def _ranked(database: Database, viewer: Viewer, *, site: int | None, kind: str, search: str, sort: str) -> list[Ranked]:
    gateways = seen_gateways(viewer, database, site)
    return ranking(database, gateways=gateways, kind=kind, search=search, sort=checked_sort(sort, HEALTH_ORDERS))


def _sites(database: Database, viewer: Viewer, language: Language) -> list[tuple[int, str]]:
    """Name the sites that a viewer sees something of."""
    seen = {site for gateway, site in gateway_sites(database).items() if viewer.sees(gateway)}
    return [(site.id, getattr(site, f"label_{language}")) for site in list_sites(database) if site.id in seen]


def _list_page(
    request: Request,
    database: Database,
    viewer: Viewer,
    name: str,
    wanted: FindingQuestion | OrderQuestion,
    *,
    asked_with: Iterable[str],
    **content: Any,
) -> HTMLResponse:
    """Show a list; its links keep the parameters that it was asked with, and its table has the same rows."""
    query = {parameter: request.query_params.get(parameter, "") for parameter in asked_with}
    table = query | {"view": "", "state": ",".join(wanted.states or ())}
    return _page(request, database, viewer, name, query=query, table=table, sort=wanted.sort, **content)


def _page(request: Request, database: Database, viewer: Viewer, name: str, **content: Any) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    standing, _found = findings(database, gateways=viewer.gateways, states=STANDING_FINDINGS, limit=0)
    to_do, _orders = work_orders(database, gateways=viewer.gateways, states=STANDING_ORDERS, limit=0)
    return render(
        request,
        f"maintenance/{name}.html",
        may_maintain=viewer.may(Permission.MAINTAIN),
        section=name,
        standing=standing,
        to_do=to_do,
        limit=ROWS,
        site_choices=_sites(database, viewer, language),
        kind_choices=[(kind, words.kind_label(kind, language)) for kind in kind_names()],
        local_time=plant_time(request.app.state.settings),
        kind_label=lambda kind: words.kind_label(kind, language),
        finding_states=words.finding_states(_),
        verdict_words=words.verdict_words(_),
        order_states=words.order_states(_),
        works=words.works(_),
        severities=words.severities(_),
        **content,
    )
