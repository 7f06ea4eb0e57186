"""Reservations of machine time: held, confirmed, delivered, settled on the machine's evidence."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import StreamingResponse
from pydantic import Field

from analytics.scheduling.reservations import ReservationDeed, SaleRefused
from analytics.scheduling.settlement import Settlement
from dashboards.api.capacity import equipment_json, money_text
from dashboards.api.capacity_requests import offers_for, seen_request
from dashboards.api.production import Scheduler
from dashboards.asking import MOST_ID, Offset, Search, SiteId, example
from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, GivenId, Limit, Sort, Words, checked_sort, chosen, seen_gateways
from dashboards.live.equipment_json import iso
from dashboards.live.feed import Feed
from dashboards.production.sales import Unsettled, do, hold_offer, settle
from dashboards.security.access import Reader, Viewer
from dashboards.settings import WebSettings
from store.capacity_market import ORDERS, STATES, Reservation, SlotTaken, reservations
from store.database import Database
from telemetry.settings import Settings

router = APIRouter(prefix="/api/v1/production", tags=["production"])

ReservationId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a reservation")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Quality = dict[
    Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")],
    Annotated[int, Field(ge=-(10**12), le=10**12)]
    | float
    | bool
    | Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")]
    | None,
]
_RESERVATION: dict[str, Any] = {
    "id": 5,
    "request_id": 2,
    "equipment": {"id": 7, "gateway": "plant-1", "name": "cnc-1"},
    "buyer": "ACME",
    "title": "brackets",
    "start": "2026-11-27T00:00:00.000Z",
    "end": "2026-11-27T04:00:00.000Z",
    "price": "920.00",
    "state": "held",
    "held_until": "2026-11-26T08:30:00.000Z",
    "held_at": "2026-11-26T08:00:00.000Z",
    "held_by": "li",
    "changed_at": "2026-11-26T08:00:00.000Z",
    "changed_by": "li",
    "evidence": None,
    "settlement": None,
    "paid": None,
}


@router.get("/reservations", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_RESERVATION]}))
def list_reservations(
    *,
    database: CurrentDatabase,
    viewer: Reader,
    site: SiteId = None,
    state: Words = "",
    search: Search = "",
    sort: Sort = "-start",
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List reservations, the latest time first where nothing else is asked for."""
    total, found = reservations(
        database,
        now=datetime.now(UTC),
        gateways=seen_gateways(viewer, database, site),
        states=chosen(state, STATES, "state"),
        search=search,
        sort=checked_sort(sort, ORDERS),
        limit=limit,
        offset=offset,
    )
    return {"total": total, "offset": offset, "limit": limit, "items": [reservation_json(one) for one in found]}


@router.get("/reservations.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_reservations(
    database: CurrentDatabase, viewer: Reader, site: SiteId = None, state: Words = "", search: Search = ""
) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    _, found = reservations(
        database,
        now=datetime.now(UTC),
        gateways=seen_gateways(viewer, database, site),
        states=chosen(state, STATES, "state"),
        search=search,
        sort="-start",
        limit=MOST_IN_FILE,
    )
    header = ["id", "gateway", "machine", "buyer", "title", "start (UTC)", "end (UTC)", "price", "state", "paid", "SHA-256"]
    rows = (
        [
            *(one.id, one.gateway, one.machine, one.buyer, one.title, iso(one.start), iso(one.end), one.price, one.state),
            *(one.paid, (one.settlement or {}).get("sha256", "")),
        ]
        for one in found
    )
    return csv_response("reservations", header, rows)


class NewReservation(Settings):
    """Which offer is to be held."""

    request: GivenId
    equipment: GivenId
    minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """So long nobody else can have it; then it must be confirmed."""


@router.post("/reservations", status_code=201, responses={201: {"content": {"application/json": {"example": _RESERVATION}}}})
def create_reservation(
    new: NewReservation, database: CurrentDatabase, viewer: Scheduler, settings: CurrentSettings, feed: CurrentFeed
) -> dict[str, Any]:
    """Hold what a machine offers for a request. 409 where it is gone."""
    number = hold_for(database, viewer, new, feed=feed, settings=settings)
    return reservation_json(seen_reservation(database, viewer, number))


class Deed(Settings):
    """What becomes of a reservation."""

    deed: Literal["confirm", "cancel", "deliver", "fail", "settle"]
    quality: Annotated[Quality, Field(max_length=50)] = {}  # noqa: RUF012 - a model's default is copied
    """To settle: the inspection's result; ``good`` is the number of good parts."""
    quality_sha256: Sha256 | None = None
    """To settle: the hash that the inspection gave with it, of its JSON with sorted keys and no spaces."""
    with_doubts: bool = False
    """To settle: pay the proposal although the sources do not agree."""


@router.get("/reservations/{reservation_id}", responses=example(_RESERVATION))
def show_reservation(reservation_id: ReservationId, database: CurrentDatabase, viewer: Reader) -> dict[str, Any]:
    """Show one reservation with its evidence."""
    return reservation_json(seen_reservation(database, viewer, reservation_id))


@router.post("/reservations/{reservation_id}", responses=example({**_RESERVATION, "state": "confirmed"}))
def change_reservation(reservation_id: ReservationId, deed: Deed, database: CurrentDatabase, viewer: Scheduler) -> dict[str, Any]:
    """Confirm, cancel, deliver, give up, or settle on the machine's evidence. 409 where that is not possible, or in doubt."""
    try:
        act(database, viewer, reservation_id, deed)
    except SaleRefused as error:
        raise HTTPException(409, error.reason.en) from None
    except Unsettled as error:
        raise HTTPException(409, f"{error}; proposed {error.settlement.amount}") from None
    return reservation_json(seen_reservation(database, viewer, reservation_id))


def act(database: Database, viewer: Viewer, reservation_id: int, deed: Deed) -> Settlement | None:
    """Do a deed to a reservation that the viewer sees.

    Raises
    ------
    SaleRefused, Unsettled
    """
    found = seen_reservation(database, viewer, reservation_id)
    if deed.deed != "settle":
        do(database, viewer, found, ReservationDeed(deed.deed))
        return None
    if deed.quality_sha256 is None:
        raise HTTPException(422, "quality_sha256: a settlement needs the hash of the quality result")
    if any(isinstance(value, float) and not math.isfinite(value) for value in deed.quality.values()):
        raise HTTPException(422, "quality: a number is none")
    request = seen_request(database, viewer, found.request_id)
    return settle(
        database,
        viewer,
        found,
        request,
        quality=deed.quality,
        quality_sha256=deed.quality_sha256,
        with_doubts=deed.with_doubts,
    )


def hold_for(database: Database, viewer: Viewer, new: NewReservation, *, feed: Feed, settings: WebSettings) -> int:
    """Hold an offer as it stands now."""
    request = seen_request(database, viewer, new.request)
    offered = offers_for(database, viewer, feed, settings, request)
    chosen_offer = next((offer for machine, offer in offered.answers if machine.equipment.id == new.equipment), None)
    if chosen_offer is None:
        raise not_found(f"machine {new.equipment} for sale behind {request.gateway}")
    try:
        return hold_offer(
            database, viewer, offered.market, request, equipment_id=new.equipment, offer=chosen_offer, minutes=new.minutes
        )
    except SlotTaken as error:
        raise HTTPException(409, str(error)) from None
    except SaleRefused as error:
        raise HTTPException(409, error.reason.en) from None


def seen_reservation(database: Database, viewer: Viewer, reservation_id: int) -> Reservation:
    _, found = reservations(database, now=datetime.now(UTC), gateways=viewer.gateways, reservation_id=reservation_id)
    if not found:
        raise not_found(f"reservation {reservation_id}")
    return found[0]


def reservation_json(one: Reservation) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in _RESERVATION if name not in ("equipment", "start", "end")}
    return {
        **plain,
        "equipment": equipment_json(one.equipment_id, one.gateway, one.machine),
        **{name: iso(getattr(one, name)) for name in ("start", "end", "held_until", "held_at", "changed_at")},
        "price": str(one.price),
        "paid": money_text(one.paid),
    }
