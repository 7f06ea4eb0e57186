"""Work orders and the maintenance log."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from dashboards.api.findings import seen_finding
from dashboards.asking import MOST_ID, Name, Offset, Search, SiteId, example
from dashboards.context import CurrentDatabase
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import (
    MOST_IN_FILE,
    GivenId,
    Limit,
    Line,
    MachineId,
    Sort,
    Text,
    Words,
    checked_sort,
    chosen,
    seen_gateways,
)
from dashboards.live.equipment_json import iso
from dashboards.security.access import Permission, Reader, Viewer, record_act, require
from store.alarms import get_conditions
from store.database import Database
from store.equipment import Equipment, get_equipment
from store.maintenance_log import MaintenanceEntry, add_entry, find_entries
from store.results import SEVERITIES
from store.work_orders import ORDERS, STATES, WorkOrder, change_work_order, open_work_order, order_changes, work_orders
from telemetry.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["maintenance"])

Maintainer = Annotated[Viewer, require(Permission.MAINTAIN)]
OrderId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a work order")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 2, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Work = Literal["inspection", "service", "cleaning", "calibration", "repair", "replacement", "other"]
_ORDER: dict[str, Any] = {
    "id": 3,
    "equipment": {"id": 7, "gateway": "plant-1", "name": "boiler-1", "kind": "boiler"},
    "title": "吹灰",
    "text": "",
    "priority": "medium",
    "state": "open",
    "opened_at": "2026-11-20T04:00:00.000Z",
    "opened_by": "li",
    "assigned_to": "wang",
    "due_on": "2026-11-30",
    "closed_at": None,
    "closed_by": "",
    "found": "",
    "finding_id": 12,
    "condition_id": None,
}
_ENTRY: dict[str, Any] = {
    "id": 9,
    "equipment": {"id": 7, "gateway": "plant-1", "name": "boiler-1"},
    "time": "2026-11-20T04:00:00.000Z",
    "work": "cleaning",
    "text": "积灰 4 mm，已清",
    "hours": 1.5,
    "cost": None,
    "author": "wang",
    "work_order_id": 3,
}


@dataclass(frozen=True, kw_only=True)
class OrderQuestion:
    """Checked filters, as `store.work_orders.work_orders` takes them."""

    gateways: frozenset[str] | None
    equipment_ids: list[int] | None
    states: list[str] | None
    priorities: list[str] | None
    assigned_to: str | None
    search: str
    sort: str


def _asked(
    *,
    database: CurrentDatabase,
    viewer: Reader,
    equipment: MachineId = None,
    site: SiteId = None,
    state: Words = "",
    priority: Words = "",
    assigned_to: Annotated[Name, Query(description="who is to do it")] = "",
    search: Search = "",
    sort: Sort = "priority",
) -> OrderQuestion:
    return OrderQuestion(
        gateways=seen_gateways(viewer, database, site),
        equipment_ids=None if equipment is None else [equipment],
        states=chosen(state, STATES, "state"),
        priorities=chosen(priority, SEVERITIES, "priority"),
        assigned_to=assigned_to or None,
        search=search,
        sort=checked_sort(sort, ORDERS),
    )


OrdersAsked = Annotated[OrderQuestion, Depends(_asked)]


@router.get("/work-orders", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_ORDER]}))
def list_orders(asked: OrdersAsked, database: CurrentDatabase, limit: Limit = 50, offset: Offset = 0) -> dict[str, Any]:
    """List work orders, the most urgent first where nothing else is asked for."""
    total, found = work_orders(database, **vars(asked), limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [order_json(one) for one in found]}


@router.get("/work-orders.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_orders(asked: OrdersAsked, database: CurrentDatabase) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    _, found = work_orders(database, **vars(asked), limit=MOST_IN_FILE)
    header = [
        *("id", "gateway", "machine", "kind", "title", "text", "priority", "state", "opened (UTC)", "opened by", "assigned to"),
        *("due", "closed (UTC)", "closed by", "found"),
    ]
    rows = (
        [
            *(one.id, one.gateway, one.machine, one.kind, one.title, one.text, one.priority, one.state, iso(one.opened_at)),
            *(one.opened_by, one.assigned_to, one.due_on, "" if one.closed_at is None else iso(one.closed_at)),
            *(one.closed_by, one.found),
        ]
        for one in found
    )
    return csv_response("work-orders", header, rows)


@router.get("/work-orders/{order_id}", responses=example({**_ORDER, "changes": []}))
def show_order(order_id: OrderId, database: CurrentDatabase, viewer: Reader) -> dict[str, Any]:
    """Show one work order with its changes."""
    found = seen_order(database, viewer, order_id)
    changes = [change._asdict() | {"time": iso(change.time)} for change in order_changes(database, order_id)]
    return order_json(found) | {"changes": changes}


class NewOrder(Settings):
    """A work order to open; its machine may be left to the finding or the alarm that it is for."""

    equipment: GivenId | None = None
    title: Annotated[Line, Field(min_length=1)]
    text: Text = ""
    priority: Literal["critical", "high", "medium", "low"] = "medium"
    assigned_to: Line = ""
    due_on: Day | None = None
    finding: GivenId | None = None
    condition: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Id of an alarm."""


@router.post("/work-orders", status_code=201, responses={201: {"content": {"application/json": {"example": _ORDER}}}})
def create_order(new: NewOrder, database: CurrentDatabase, viewer: Maintainer) -> dict[str, Any]:
    """Open a work order for a machine, a finding or an alarm."""
    return order_json(seen_order(database, viewer, open_for(database, viewer, new)))


class OrderChanged(Settings):
    """What becomes of a work order; what is left out stays."""

    state: Literal["open", "in_progress", "done", "cancelled"] | None = None
    assigned_to: Line | None = None
    note: Text = ""
    """At the end: what was found and done, or why nothing was."""
    work: Work = "repair"
    hours: Amount | None = None
    cost: Amount | None = None


@router.post("/work-orders/{order_id}", responses=example({**_ORDER, "state": "in_progress"}))
def change_order(order_id: OrderId, change: OrderChanged, database: CurrentDatabase, viewer: Maintainer) -> dict[str, Any]:
    """Move a work order on or give it to someone; one that is done is written into the maintenance log. 409 where it is over."""
    apply_change(database, viewer, order_id, change)
    return order_json(seen_order(database, viewer, order_id))


@router.get("/maintenance-entries", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_ENTRY]}))
def list_entries(
    *,
    database: CurrentDatabase,
    viewer: Reader,
    equipment: MachineId = None,
    site: SiteId = None,
    search: Search = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List the maintenance log, the newest entry first."""
    gateways = seen_gateways(viewer, database, site)
    total, found = find_entries(database, gateways=gateways, equipment_id=equipment, search=search, limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [_entry_json(one) for one in found]}


@router.get("/maintenance-entries.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_entries(
    database: CurrentDatabase, viewer: Reader, equipment: MachineId = None, site: SiteId = None, search: Search = ""
) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    gateways = seen_gateways(viewer, database, site)
    _, found = find_entries(database, gateways=gateways, equipment_id=equipment, search=search, limit=MOST_IN_FILE)
    header = ["id", "gateway", "machine", "time (UTC)", "work", "text", "hours", "cost", "author", "work order"]
    rows = (
        [
            *(one.id, one.gateway, one.machine, iso(one.time), one.work, one.text),
            one.hours,
            one.cost,
            one.author,
            one.work_order_id,
        ]
        for one in found
    )
    return csv_response("maintenance-entries", header, rows)


class NewEntry(Settings):
    """Work that was done."""

    equipment: GivenId
    work: Work
    text: Annotated[Text, Field(min_length=1)]
    time: Moment | None = None
    """Now where it is left out."""
    hours: Amount | None = None
    cost: Amount | None = None


@router.post("/maintenance-entries", status_code=201, responses={201: {"content": {"application/json": {"example": {"id": 9}}}}})
def create_entry(new: NewEntry, database: CurrentDatabase, viewer: Maintainer) -> dict[str, int]:
    """Write an entry into a machine's maintenance log."""
    return {"id": write_entry(database, viewer, new)}


def seen_order(database: Database, viewer: Viewer, order_id: int) -> WorkOrder:
    _, found = work_orders(database, gateways=viewer.gateways, order_id=order_id)
    if not found:
        raise not_found(f"work order {order_id}")
    return found[0]


def open_for(database: Database, viewer: Viewer, new: NewOrder) -> int:
    """Open a work order for what the viewer sees, and give its id."""
    machine_id = new.equipment
    if new.finding is not None:
        finding = seen_finding(database, viewer, new.finding)
        machine_id = machine_id or finding.equipment_id
    if new.condition is not None:
        conditions = get_conditions(database, [new.condition])
        if not conditions or not viewer.sees(conditions[0].gateway):
            raise not_found(f"alarm {new.condition}")
        machine_id = machine_id or conditions[0].condition.equipment_id
    if machine_id is None:
        raise HTTPException(422, "equipment: name a machine, or a finding or alarm of one")
    machine = seen_machine(database, viewer, machine_id)
    order = WorkOrder(
        equipment_id=machine.id,
        title=new.title,
        text=new.text,
        priority=new.priority,
        opened_at=datetime.now(UTC),
        opened_by=viewer.name,
        assigned_to=new.assigned_to,
        due_on=new.due_on,
        finding_id=new.finding,
        condition_id=new.condition,
    )
    number = open_work_order(database, order)
    record_act(database, viewer, "work_order.open", f"work order {number}", {"equipment": machine.id, "title": new.title})
    return number


def apply_change(database: Database, viewer: Viewer, order_id: int, change: OrderChanged) -> None:
    """Change a work order that the viewer sees, also in the audit log."""
    seen_order(database, viewer, order_id)
    try:
        change_work_order(database, order_id, actor=viewer.name, now=datetime.now(UTC), **change.model_dump())
    except ValueError as error:
        raise HTTPException(409, str(error)) from None
    record_act(database, viewer, "work_order.change", f"work order {order_id}", change.model_dump(exclude_unset=True))


def write_entry(database: Database, viewer: Viewer, new: NewEntry) -> int:
    """Write about a machine that the viewer sees, also in the audit log, and give the entry's id."""
    machine = seen_machine(database, viewer, new.equipment)
    entry = MaintenanceEntry(
        equipment_id=machine.id,
        time=new.time or datetime.now(UTC),
        work=new.work,
        text=new.text,
        hours=new.hours,
        cost=new.cost,
        author=viewer.name,
    )
    number = add_entry(database, entry)
    record_act(database, viewer, "maintenance.write", f"equipment {machine.id}", {"entry": number})
    return number


def seen_machine(database: Database, viewer: Viewer, equipment_id: int) -> Equipment:
    machine = get_equipment(database, equipment_id)
    if machine is None or not viewer.sees(machine.gateway):
        raise not_found(f"equipment {equipment_id}")
    return machine


def order_json(one: WorkOrder) -> dict[str, Any]:
    left_out = {"equipment_id", "gateway", "machine", "kind"}
    return {
        "id": one.id,
        "equipment": {"id": one.equipment_id, "gateway": one.gateway, "name": one.machine, "kind": one.kind},
        **{name: value for name, value in asdict(one).items() if name not in left_out},
        "opened_at": iso(one.opened_at),
        "closed_at": None if one.closed_at is None else iso(one.closed_at),
    }


def _entry_json(one: MaintenanceEntry) -> dict[str, Any]:
    left_out = {"equipment_id", "gateway", "machine"}
    return {
        "id": one.id,
        "equipment": {"id": one.equipment_id, "gateway": one.gateway, "name": one.machine},
        **{name: value for name, value in asdict(one).items() if name not in left_out},
        "time": iso(one.time),
    }
