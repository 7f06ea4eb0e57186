"""Reservations of machine time: the list, and what can be done to each."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from analytics.scheduling.reservations import SaleRefused
from analytics.scheduling.settlement import Settlement
from dashboards.api.capacity_requests import seen_request
from dashboards.api.reservations import Deed, ReservationId, act, seen_reservation
from dashboards.asking import Offset, Search
from dashboards.list_questions import Sort, Words, checked_sort, chosen
from dashboards.pages.schedule.forms import Cell, checked
from dashboards.pages.schedule.visit import Acting, Reading, Visit
from dashboards.production.sales import Unsettled, made_by
from store.capacity_market import ORDERS, STATES, reservations
from telemetry.settings import Settings

router = APIRouter()

ROWS = 50


class DeedForm(Settings):
    """A form's fields as they are typed."""

    deed: Cell
    quality: Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")] = ""
    quality_sha256: Cell = ""
    with_doubts: Cell = ""


@router.get("/reservations", response_class=HTMLResponse)
def reservations_page(
    *,
    visit: Reading,
    state: Words = "",
    search: Search = "",
    sort: Sort = "-start",
    offset: Offset = 0,
) -> HTMLResponse:
    """Show the reservations."""
    total, found = reservations(
        visit.database,
        now=datetime.now(UTC),
        gateways=visit.viewer.gateways,
        states=chosen(state, STATES, "state"),
        search=search,
        sort=checked_sort(sort, ORDERS),
        limit=ROWS,
        offset=offset,
    )
    query = {"state": state, "search": search, "sort": "" if sort == "-start" else sort}
    return visit.page("reservations", rows=found, total=total, limit=ROWS, offset=offset, sort=sort, query=query)


@router.get("/reservations/{reservation_id}", response_class=HTMLResponse)
def reservation_page(visit: Reading, reservation_id: ReservationId) -> HTMLResponse:
    """Show one reservation with what can be done to it."""
    return _reservation_page(visit, reservation_id)


@router.post("/reservations/{reservation_id}", response_class=HTMLResponse)
def change_reservation(visit: Acting, reservation_id: ReservationId, given: Annotated[DeedForm, Form()]) -> Response:
    """Do something to a reservation; what stands against it is told on its page."""
    _ = visit.translate
    refused, doubts = "", None
    try:
        quality = json.loads(given.quality) if given.quality.strip() else {}
        plain = {"deed": given.deed, "quality": quality, "with_doubts": bool(given.with_doubts)}
        hashed = given.quality_sha256.strip().lower()
        deed, _wrong = checked(Deed, plain | ({"quality_sha256": hashed} if hashed else {}))
        if deed is None or (deed.deed == "settle" and not hashed):
            refused = _("检验结果应为 JSON 对象，例如 {example}，并附其 SHA-256。", example='{"good": 98}')
        else:
            act(visit.database, visit.viewer, reservation_id, deed)
    except (ValueError, RecursionError):
        refused = _("检验结果应为 JSON 对象，例如 {example}，并附其 SHA-256。", example='{"good": 98}')
    except SaleRefused as error:
        refused = getattr(error.reason, visit.language)
    except Unsettled as error:
        doubts = error.settlement
    if refused or doubts:
        typed = given.model_dump()
        return _reservation_page(visit, reservation_id, refused=refused, doubts=doubts, typed=typed)
    return RedirectResponse(f"/schedule/reservations/{reservation_id}", 303)


def _reservation_page(
    visit: Visit,
    reservation_id: int,
    *,
    refused: str = "",
    doubts: Settlement | None = None,
    typed: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    sale = seen_reservation(visit.database, visit.viewer, reservation_id)
    return visit.page(
        "reservation",
        status=409 if refused or doubts else 200,
        sale=sale,
        asked=seen_request(visit.database, visit.viewer, sale.request_id),
        made=made_by(visit.database, sale) if sale.state == "delivered" else None,
        refused=refused,
        proposed=doubts,
        given={"quality": "", "quality_sha256": "", "with_doubts": ""} | dict(typed or {}),
    )
