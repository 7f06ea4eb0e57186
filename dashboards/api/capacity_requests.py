"""Requests for machine time, and what machines offer for them."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import StreamingResponse
from pydantic import Field

from analytics.scheduling.trading import NoOffer, Offer
from dashboards.api.capacity import (
    Axes,
    Kilograms,
    Millimetres,
    Money,
    Names,
    OptionalWord,
    Size,
    Word,
    equipment_json,
    money_text,
)
from dashboards.api.production import Scheduler, machines_behind
from dashboards.asking import MOST_ID, Offset, SiteId, example
from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Limit, Line, seen_gateways
from dashboards.live.equipment_json import iso
from dashboards.live.feed import Feed
from dashboards.production.bodies import Moment
from dashboards.production.machines import MachineNow
from dashboards.production.market import DAYS_AHEAD, Market, offers, open_market, times_of
from dashboards.security.access import Reader, Viewer, record_act
from dashboards.settings import WebSettings
from store.capacity_market import Request, add_request, requests
from store.database import Database
from telemetry.settings import Settings

router = APIRouter(prefix="/api/v1/production", tags=["production"])

RequestId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a request for machine time")]
PartMinutes = Annotated[Decimal, Field(gt=0, le=10_000, max_digits=9, decimal_places=4, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2, allow_inf_nan=False)]
MOST_MINUTES = 14 * 1440
"""Of one sale: evidence of a longer one is too much to be read row by row."""
_REQUEST: dict[str, Any] = {
    "id": 2,
    "gateway": "plant-1",
    "asked_at": "2026-11-26T08:00:00.000Z",
    "asked_by": "li",
    "buyer": "ACME",
    "title": "brackets",
    "demand": {
        "process": "milling",
        "axes": 3,
        "size_mm": [200, 100, 50],
        "mass_kg": 2.5,
        "tolerance_mm": 0.02,
        "material": "",
        "certificates": [],
        "regions": [],
    },
    "quantity": 40,
    "minutes_a_part": "6",
    "can_pause": True,
    "earliest": "2026-11-26T08:00:00.000Z",
    "due": "2026-12-01T08:00:00.000Z",
    "price_cap": "2000.00",
    "late_percent_a_day": "2.00",
    "offers": [
        {
            "equipment": {"id": 7, "gateway": "plant-1", "name": "cnc-1"},
            "price": "920.00",
            "start": "2026-11-27T00:00:00.000Z",
            "end": "2026-11-27T04:00:00.000Z",
            "refused": "",
            "lacking": [],
        }
    ],
}


class Offered(NamedTuple):
    """A market, and what each of its machines says to a request."""

    market: Market
    answers: list[tuple[MachineNow, Offer | NoOffer]]


class NewDemand(Settings):
    """What a part asks of a machine; what is left empty does not matter."""

    process: Word
    axes: Axes = 3
    size_mm: Size
    mass_kg: Kilograms
    tolerance_mm: Millimetres
    material: OptionalWord = ""
    certificates: Names = []  # noqa: RUF012 - a model's default is copied
    regions: Names = []  # noqa: RUF012 - the same


class NewRequest(Settings):
    """What a buyer asks for."""

    gateway: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    buyer: Annotated[Line, Field(min_length=1)]
    title: Annotated[Line, Field(min_length=1)]
    demand: NewDemand
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    minutes_a_part: PartMinutes
    can_pause: bool = True
    """It may stop at the end of a shift and go on with the next."""
    earliest: Moment | None = None
    """Now where it is left out."""
    due: Moment
    price_cap: Money
    late_percent_a_day: Percent = Decimal(0)
    """Deducted of the price for each day begun after the due date."""


@router.get("/requests", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [{**_REQUEST, "offers": []}]}))
def list_requests(
    database: CurrentDatabase, viewer: Reader, site: SiteId = None, limit: Limit = 50, offset: Offset = 0
) -> dict[str, Any]:
    """List requests for machine time, the newest first, without their offers."""
    gateways = seen_gateways(viewer, database, site)
    total, found = requests(database, gateways=gateways, limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [request_json(one) for one in found]}


@router.get("/requests.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_requests(database: CurrentDatabase, viewer: Reader, site: SiteId = None) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    _, found = requests(database, gateways=seen_gateways(viewer, database, site), limit=MOST_IN_FILE)
    header = [
        "id",
        "gateway",
        "buyer",
        "title",
        "process",
        "quantity",
        "minutes a part",
        "earliest (UTC)",
        "due (UTC)",
        "price cap",
    ]
    rows = (
        [
            *(one.id, one.gateway, one.buyer, one.title, one.demand["process"], one.quantity, one.minutes_a_part),
            *(iso(one.earliest), iso(one.due), one.price_cap),
        ]
        for one in found
    )
    return csv_response("requests", header, rows)


@router.post("/requests", status_code=201, responses={201: {"content": {"application/json": {"example": _REQUEST}}}})
def create_request(
    new: NewRequest, database: CurrentDatabase, viewer: Scheduler, settings: CurrentSettings, feed: CurrentFeed
) -> dict[str, Any]:
    """Ask for machine time, and see what each machine that is for sale offers, the cheapest first."""
    machines_behind(database, viewer, feed, settings, new.gateway)
    request = seen_request(database, viewer, keep_request(database, viewer, new))
    return request_json(request, offers_for(database, viewer, feed, settings, request))


@router.get("/requests/{request_id}", responses=example(_REQUEST))
def show_request(
    request_id: RequestId, database: CurrentDatabase, viewer: Reader, settings: CurrentSettings, feed: CurrentFeed
) -> dict[str, Any]:
    """Show a request with what is offered for it now."""
    request = seen_request(database, viewer, request_id)
    return request_json(request, offers_for(database, viewer, feed, settings, request))


def keep_request(database: Database, viewer: Viewer, new: NewRequest) -> int:
    """Keep a request that makes sense, and give its number."""
    now = datetime.now(UTC)
    earliest = max(new.earliest or now, now)
    if not earliest < new.due <= now + timedelta(days=DAYS_AHEAD - 5):
        raise HTTPException(422, f"due: {iso(new.due)} is over, before the earliest start, or more than half a year ahead")
    if new.minutes_a_part * new.quantity > MOST_MINUTES:
        raise HTTPException(422, f"quantity: more than {MOST_MINUTES} minutes in one request; divide it")
    kept = Request(
        asked_at=now,
        asked_by=viewer.name,
        earliest=earliest,
        demand=new.demand.model_dump(),
        **new.model_dump(exclude={"earliest", "demand"}),
    )
    with database.connection() as connection:
        number = add_request(connection, kept)
        detail = {"gateway": new.gateway, "buyer": new.buyer, "quantity": new.quantity}
        record_act(connection, viewer, "capacity.request", f"request {number}", detail)
    return number


def offers_for(database: Database, viewer: Viewer, feed: Feed, settings: WebSettings, request: Request) -> Offered:
    """Ask each machine behind the request's gateway."""
    machines = machines_behind(database, viewer, feed, settings, request.gateway)
    market = open_market(database, request.gateway, machines, zone=settings.time_zone)
    return Offered(market, offers(market, request))


def seen_request(database: Database, viewer: Viewer, request_id: int) -> Request:
    _, found = requests(database, gateways=viewer.gateways, request_id=request_id)
    if not found:
        raise not_found(f"request {request_id}")
    return found[0]


def request_json(one: Request, offered: Offered | None = None) -> dict[str, Any]:
    return {
        **asdict(one),
        **{name: iso(getattr(one, name)) for name in ("asked_at", "earliest", "due")},
        **{name: str(getattr(one, name)) for name in ("minutes_a_part", "price_cap", "late_percent_a_day")},
        "offers": [] if offered is None else [_offer_json(offered.market, *answer) for answer in offered.answers],
    }


def _offer_json(market: Market, machine: MachineNow, offer: Offer | NoOffer) -> dict[str, Any]:
    equipment = {"equipment": equipment_json(machine.equipment.id, machine.equipment.gateway, machine.equipment.name)}
    if isinstance(offer, NoOffer):
        end = None if offer.end_minute is None else iso(market.time_of(offer.end_minute))
        lacking = [lack for of in offer.lacking.values() for lack in of]
        return {
            **equipment,
            "price": money_text(offer.price),
            "start": None,
            "end": end,
            "refused": offer.why,
            "lacking": lacking,
        }
    start, end_time = times_of(market, offer)
    return {**equipment, "price": str(offer.price), "start": iso(start), "end": iso(end_time), "refused": "", "lacking": []}
