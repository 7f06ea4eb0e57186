"""Machine time for sale: what machine tools can do and cost, when they work, and what is free of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from analytics.scheduling.shifts import ShiftsWrong, parse_shifts
from dashboards.api.production import Scheduler, machines_behind
from dashboards.asking import EquipmentId, example
from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.live.equipment_json import iso
from dashboards.live.feed import Feed
from dashboards.production.bodies import Family
from dashboards.production.machines import MachineNow, machines_of
from dashboards.production.market import FreeSlot, Market, figures_of, open_market, slots_of
from dashboards.security.access import Reader, Viewer, record_act
from dashboards.settings import WebSettings
from store.database import Database
from store.production import save_capability, save_shifts
from telemetry.settings import Settings

router = APIRouter(prefix="/api/v1/production", tags=["production"])

GatewayName = Annotated[str, Query(min_length=1, max_length=100, pattern=r"^[^\x00]*$", description="gateway with machine tools")]
Days = Annotated[int, Query(ge=1, le=60, description="days ahead")]
LeastMinutes = Annotated[int, Query(ge=1, le=100_000, description="shorter slots are left out")]
Money = Annotated[Decimal, Field(ge=0, le=Decimal(10**9), max_digits=12, decimal_places=2, allow_inf_nan=False)]
Millimetres = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
Kilograms = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Size = Annotated[list[Millimetres], Field(min_length=3, max_length=3)]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f,]+$")]
OptionalWord = Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f\x7f,]*$")]
Names = Annotated[list[Word], Field(max_length=30)]
Axes = Annotated[int, Field(ge=2, le=12)]
_SLOT: dict[str, Any] = {
    "equipment": {"id": 7, "gateway": "plant-1", "name": "cnc-1"},
    "start": "2026-11-27T00:00:00.000Z",
    "end": "2026-11-27T08:00:00.000Z",
    "open_minutes": 480,
    "confidence": 0.93,
}


@router.get("/capacity", responses=example({"plan": 4, "machines": [], "slots": [_SLOT]}))
def show_capacity(
    *,
    gateway: GatewayName,
    database: CurrentDatabase,
    viewer: Reader,
    settings: CurrentSettings,
    feed: CurrentFeed,
    days: Days = 7,
    least_minutes: LeastMinutes = 30,
) -> dict[str, Any]:
    """Show what the machine tools behind a gateway can do, and what the plan that holds leaves free of them."""
    market, slots = seen_market(database, viewer, feed, settings, gateway, days=days, least_minutes=least_minutes)
    return {
        "plan": market.plan_id,
        "machines": [_machine_json(one) for one in market.machines.values()],
        "slots": [_slot_json(one) for one in slots],
    }


@router.get("/capacity.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_capacity(
    *,
    gateway: GatewayName,
    database: CurrentDatabase,
    viewer: Reader,
    settings: CurrentSettings,
    feed: CurrentFeed,
    days: Days = 7,
    least_minutes: LeastMinutes = 30,
) -> StreamingResponse:
    """Give the free slots as a table for spreadsheets."""
    _, slots = seen_market(database, viewer, feed, settings, gateway, days=days, least_minutes=least_minutes)
    header = ["gateway", "machine", "start (UTC)", "end (UTC)", "open minutes", "confidence"]
    rows = (
        [gateway, one.machine.equipment.name, iso(one.start), iso(one.end), one.open_minutes, one.confidence] for one in slots
    )
    return csv_response("free-slots", header, rows)


class Shifts(Settings):
    """When a machine works."""

    shifts: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""
    """Such as 1-5 08:00-20:00; 6 08:00-12:00; empty where it always does."""
    family: Family = ""
    """What it is set up for at the beginning of a plan."""


class Offered(Settings):
    """What a machine can do, and what its time costs."""

    processes: Annotated[Names, Field(min_length=1)]
    axes: Axes = 3
    envelope_mm: Size
    load_kg: Kilograms
    tolerance_mm: Millimetres
    materials: Names = []  # noqa: RUF012 - a model's default is copied
    certificates: Names = []  # noqa: RUF012 - the same
    region: OptionalWord = ""
    hour_price: Money
    setup_price: Money = Decimal(0)


@router.put("/machines/{equipment_id}/shifts", responses=example({"id": 7, "shifts": "1-5 08:00-20:00", "family": ""}))
def put_shifts(
    *,
    equipment_id: EquipmentId,
    shifts: Shifts,
    database: CurrentDatabase,
    viewer: Scheduler,
    settings: CurrentSettings,
    feed: CurrentFeed,
) -> dict[str, Any]:
    """Say when a machine tool works; plans from now on keep to it."""
    machine = seen_tool(database, viewer, feed, settings, equipment_id)
    try:
        set_shifts(database, viewer, machine, shifts)
    except ShiftsWrong as error:
        raise HTTPException(422, f"shifts: {error}") from None
    return {"id": equipment_id, "shifts": shifts.shifts, "family": shifts.family}


@router.put("/machines/{equipment_id}/capability", responses=example({"id": 7}))
def put_capability(
    *,
    equipment_id: EquipmentId,
    offered: Offered,
    database: CurrentDatabase,
    viewer: Scheduler,
    settings: CurrentSettings,
    feed: CurrentFeed,
) -> dict[str, int]:
    """Put a machine tool's time on sale, or say anew what it can do and costs."""
    set_capability(database, viewer, seen_tool(database, viewer, feed, settings, equipment_id), offered)
    return {"id": equipment_id}


@router.delete("/machines/{equipment_id}/capability", responses=example({"id": 7}))
def delete_capability(
    *,
    equipment_id: EquipmentId,
    database: CurrentDatabase,
    viewer: Scheduler,
    settings: CurrentSettings,
    feed: CurrentFeed,
) -> dict[str, int]:
    """Take a machine tool's time off the market; what is sold stays sold."""
    set_capability(database, viewer, seen_tool(database, viewer, feed, settings, equipment_id), None)
    return {"id": equipment_id}


def set_shifts(database: Database, viewer: Viewer, machine: MachineNow, shifts: Shifts) -> None:
    """Say when a machine works.

    Raises
    ------
    ShiftsWrong
    """
    parse_shifts(shifts.shifts)
    number, now = machine.equipment.id, datetime.now(UTC)
    with database.connection() as connection:
        save_shifts(connection, number, shifts=shifts.shifts, family=shifts.family, actor=viewer.name, now=now)
        record_act(connection, viewer, "production.shifts", f"equipment {number}", shifts.model_dump())


def set_capability(database: Database, viewer: Viewer, machine: MachineNow, offered: Offered | None) -> None:
    """Put a machine on sale, or with None off it."""
    said = None if offered is None else offered.model_dump(exclude={"hour_price", "setup_price"})
    number = machine.equipment.id
    with database.connection() as connection:
        save_capability(
            connection,
            number,
            capability=said,
            hour_price=None if offered is None else offered.hour_price,
            setup_price=None if offered is None else offered.setup_price,
            actor=viewer.name,
            now=datetime.now(UTC),
        )
        detail = {} if offered is None else {"hour_price": offered.hour_price, "processes": offered.processes}
        record_act(connection, viewer, "production.capability", f"equipment {number}", detail)


def seen_market(
    database: Database,
    viewer: Viewer,
    feed: Feed,
    settings: WebSettings,
    gateway: str,
    *,
    days: int,
    least_minutes: int,
) -> tuple[Market, list[FreeSlot]]:
    """Look at a gateway's machines, and at what is free of them."""
    machines = machines_behind(database, viewer, feed, settings, gateway)
    market = open_market(database, gateway, machines, zone=settings.time_zone)
    figures = figures_of(database, list(market.machines))
    until = market.origin + timedelta(days=days)
    return market, slots_of(market, figures, until=until, least_minutes=least_minutes)


def seen_tool(database: Database, viewer: Viewer, feed: Feed, settings: WebSettings, equipment_id: int) -> MachineNow:
    """Give a machine tool that the viewer sees."""
    found = machines_of(
        database,
        gateways=viewer.gateways,
        online=feed.state.gateways,
        now=datetime.now(UTC),
        stale_seconds=settings.stale_seconds,
    )
    for one in found:
        if one.equipment.id == equipment_id:
            return one
    raise not_found(f"machine tool {equipment_id}")


def equipment_json(number: int, gateway: str, name: str) -> dict[str, Any]:
    return {"id": number, "gateway": gateway, "name": name}


def _machine_json(one: MachineNow) -> dict[str, Any]:
    return {
        **equipment_json(one.equipment.id, one.equipment.gateway, one.equipment.name),
        "state": one.state,
        "shifts": one.terms.shifts,
        "family": one.terms.family,
        "capability": one.terms.capability,
        "hour_price": money_text(one.terms.hour_price),
        "setup_price": money_text(one.terms.setup_price),
    }


def _slot_json(one: FreeSlot) -> dict[str, Any]:
    equipment = one.machine.equipment
    return {
        "equipment": equipment_json(equipment.id, equipment.gateway, equipment.name),
        "start": iso(one.start),
        "end": iso(one.end),
        "open_minutes": one.open_minutes,
        "confidence": None if one.confidence is None else round(one.confidence, 3),
    }


def money_text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
