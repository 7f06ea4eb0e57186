"""The trade with machine time: what machines can do, what is free of them, requests with offers, and what becomes of sales."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from analytics.scheduling.trading import NoOffer
from dashboards.api.capacity import Days, Offered, seen_market, seen_tool, set_capability
from dashboards.api.capacity_requests import NewRequest, RequestId, keep_request, offers_for, seen_request
from dashboards.api.reservations import NewReservation, hold_for
from dashboards.asking import EquipmentId
from dashboards.pages.schedule.forms import Cell, checked, listed, local_time
from dashboards.pages.schedule.visit import Acting, Reading, Visit
from dashboards.production.market import slots_of, times_of
from dashboards.production.sales import market_indicators
from store.capacity_market import requests, reservations
from telemetry.settings import Settings

router = APIRouter()

ROWS = 50
MOST_COUNTED = 10_000
"""Sales of the past months that the indicators are about."""
Gateway = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


class CapabilityForm(Settings):
    """A form's fields as they are typed."""

    processes: Cell = ""
    axes: Cell = "3"
    length_mm: Cell = ""
    width_mm: Cell = ""
    height_mm: Cell = ""
    load_kg: Cell = ""
    tolerance_mm: Cell = ""
    materials: Cell = ""
    certificates: Cell = ""
    region: Cell = ""
    hour_price: Cell = ""
    setup_price: Cell = "0"
    withdraw: Cell = ""
    """Take it off the market."""


class RequestForm(Settings):
    """A form's fields as they are typed."""

    gateway: Cell = ""
    buyer: Cell = ""
    title: Cell = ""
    process: Cell = ""
    axes: Cell = "3"
    length_mm: Cell = ""
    width_mm: Cell = ""
    height_mm: Cell = ""
    mass_kg: Cell = "0"
    tolerance_mm: Cell = ""
    material: Cell = ""
    certificates: Cell = ""
    quantity: Cell = ""
    minutes_a_part: Cell = ""
    can_pause: Cell = ""
    due: Cell = ""
    price_cap: Cell = ""
    late_percent_a_day: Cell = "0"


@router.get("/capacity", response_class=HTMLResponse)
def capacity_page(visit: Reading, gateway: Gateway = "", days: Days = 7) -> HTMLResponse:
    """Show the machines on sale, what is free of them, the market's indicators, and the form for a request."""
    return _capacity_page(visit, gateway=gateway, days=days)


@router.get("/capacity/machines/{equipment_id}", response_class=HTMLResponse)
def capability_page(visit: Acting, equipment_id: EquipmentId) -> HTMLResponse:
    """Show the form for what a machine can do."""
    return _capability_page(visit, equipment_id)


@router.post("/capacity/machines/{equipment_id}", response_class=HTMLResponse)
def change_capability(visit: Acting, equipment_id: EquipmentId, given: Annotated[CapabilityForm, Form()]) -> Response:
    """Put a machine's time on sale, or off it."""
    machine = seen_tool(visit.database, visit.viewer, visit.feed, visit.settings, equipment_id)
    offered = None
    if not given.withdraw:
        plain = given.model_dump(exclude={"withdraw", "length_mm", "width_mm", "height_mm"})
        lists = {name: listed(plain[name]) for name in ("processes", "materials", "certificates")}
        size = {"envelope_mm": [given.length_mm, given.width_mm, given.height_mm]}
        offered, wrong = checked(Offered, plain | lists | size)
        if offered is None:
            typed = given.model_dump()
            return _capability_page(visit, equipment_id, typed=typed, wrong=wrong)
    set_capability(visit.database, visit.viewer, machine, offered)
    return RedirectResponse(f"/schedule/capacity?gateway={machine.equipment.gateway}", 303)


@router.post("/capacity/requests", response_class=HTMLResponse)
def ask_for_time(visit: Acting, given: Annotated[RequestForm, Form()]) -> Response:
    """Keep a request, and lead to its offers."""
    names = ("process", "axes", "mass_kg", "tolerance_mm", "material")
    demand = {name: getattr(given, name) for name in names}
    demand |= {"size_mm": [given.length_mm, given.width_mm, given.height_mm], "certificates": listed(given.certificates)}
    plain = given.model_dump(
        include={"gateway", "buyer", "title", "quantity", "minutes_a_part", "price_cap", "late_percent_a_day"}
    )
    due = local_time(given.due, visit.settings)
    new, wrong = checked(NewRequest, plain | {"demand": demand, "can_pause": bool(given.can_pause), "due": due})
    if new is not None:
        seen_market(
            visit.database, visit.viewer, visit.feed, visit.settings, new.gateway, days=1, least_minutes=1
        )  # or there is no such gateway
        try:
            return RedirectResponse(f"/schedule/capacity/requests/{keep_request(visit.database, visit.viewer, new)}", 303)
        except HTTPException as error:
            wrong = {str(error.detail).partition(":")[0]}
    typed = given.model_dump()
    return _capacity_page(visit, gateway=given.gateway, days=7, typed=typed, wrong=wrong)


@router.get("/capacity/requests/{request_id}", response_class=HTMLResponse)
def request_page(visit: Reading, request_id: RequestId) -> HTMLResponse:
    """Show a request, what machines offer for it now, and what was held of it."""
    return _request_page(visit, request_id)


@router.post("/capacity/requests/{request_id}", response_class=HTMLResponse)
def hold_an_offer(
    *,
    visit: Acting,
    request_id: RequestId,
    equipment: Annotated[int, Form(ge=1, le=2**31 - 1)],
    minutes: Annotated[int, Form(ge=1, le=1440)] = 30,
) -> Response:
    """Hold an offer; where it is gone, the page comes with those that there are now."""
    new = NewReservation(request=request_id, equipment=equipment, minutes=minutes)
    try:
        number = hold_for(visit.database, visit.viewer, new, feed=visit.feed, settings=visit.settings)
    except HTTPException as error:
        if error.status_code != 409:
            raise
        return _request_page(visit, request_id, is_gone=True)
    return RedirectResponse(f"/schedule/reservations/{number}", 303)


def _capacity_page(
    visit: Visit,
    *,
    gateway: str,
    days: int,
    typed: Mapping[str, Any] | None = None,
    wrong: frozenset[str] | set[str] = frozenset(),
) -> HTMLResponse:
    now = datetime.now(UTC)
    machines = visit.machines()
    gateways = list(dict.fromkeys(one.equipment.gateway for one in machines))
    content: dict[str, Any] = {
        "pairs": [(name, name) for name in gateways],
        "gateway": "",
        "market": None,
        "slots": [],
        "rows": [],
        "total": 0,
    }
    if gateways:
        name = gateway if gateway in gateways else gateways[0]
        market, slots = seen_market(visit.database, visit.viewer, visit.feed, visit.settings, name, days=days, least_minutes=30)
        seen = frozenset({name})
        _count, sales = reservations(visit.database, now=now, gateways=seen, limit=MOST_COUNTED, sort="-start")
        _count, asked = requests(visit.database, gateways=seen, limit=MOST_COUNTED)
        free = slots_of(market, {}, until=market.origin + timedelta(days=7), least_minutes=1)
        on_sale = [slot for slot in free if slot.machine.terms.capability is not None]
        minutes = sum(slot.open_minutes for slot in on_sale)
        content |= {
            "gateway": name,
            "market": market,
            "slots": slots,
            "rows": asked[:ROWS],
            "total": len(asked),
            "indicators": market_indicators(market, minutes, sales, {one.id: one for one in asked}, now=now),
        }
    due = datetime.now(ZoneInfo(visit.settings.time_zone)) + timedelta(days=5)
    given = {**RequestForm().model_dump(), "due": f"{due:%Y-%m-%dT16:00}", "can_pause": "1"} | dict(typed or {})
    return visit.page("capacity", status=422 if wrong else 200, days=days, given=given, wrong=wrong, **content)


def _capability_page(
    visit: Visit,
    equipment_id: int,
    *,
    typed: Mapping[str, Any] | None = None,
    wrong: frozenset[str] | set[str] = frozenset(),
) -> HTMLResponse:
    machine = seen_tool(visit.database, visit.viewer, visit.feed, visit.settings, equipment_id)
    said, terms = machine.terms.capability, machine.terms
    given: dict[str, Any] = CapabilityForm().model_dump()
    if said is not None:
        given |= {name: said[name] for name in ("axes", "load_kg", "tolerance_mm", "region")}
        given |= {name: ", ".join(said[name]) for name in ("processes", "materials", "certificates")}
        given |= dict(zip(("length_mm", "width_mm", "height_mm"), said["envelope_mm"], strict=True))
        given |= {"hour_price": terms.hour_price, "setup_price": terms.setup_price}
    given |= dict(typed or {})
    status = 422 if wrong else 200
    return visit.page("capability", status=status, machine=machine, given=given, wrong=wrong)


def _request_page(
    visit: Visit,
    request_id: int,
    *,
    is_gone: bool = False,
) -> HTMLResponse:
    asked = seen_request(visit.database, visit.viewer, request_id)
    offered = offers_for(visit.database, visit.viewer, visit.feed, visit.settings, asked)
    _total, held = reservations(visit.database, now=datetime.now(UTC), gateways=visit.viewer.gateways, request_id=request_id)
    return visit.page(
        "request",
        status=409 if is_gone else 200,
        asked=asked,
        answers=[
            (machine, offer, None if isinstance(offer, NoOffer) else times_of(offered.market, offer))
            for machine, offer in offered.answers
        ],
        held=held,
        is_gone=is_gone,
    )
