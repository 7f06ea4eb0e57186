"""Redemption by half-years: batches of the counties, their publicity and payment, and whose machines were silent."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.asking import MOST_ID
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.pages.city_vouchers.shared import REFUSALS, show, today_of
from dashboards.security.access import CityReader, CityRegistrar, Permission, Viewer, record_act
from dashboards.settings import WebSettings
from registry.vouchers.issuing import desk
from registry.vouchers.redeeming import Paid, pay_batch, publicise
from store import city_voucher_parties as parties
from store.city_vouchers import vouchers_of_batch
from store.database import Database
from telemetry.errors import ShangyunError
from telemetry.settings import Settings

router = APIRouter()
BatchId = Annotated[int, Path(ge=1, le=MOST_ID)]


class BatchAct(Settings):
    """What is done to a whole batch."""

    act: Literal["publicise", "pay"]


@router.get("/batches", response_class=HTMLResponse)
def batches_page(request: Request, database: CurrentDatabase, viewer: CityReader) -> HTMLResponse:
    return show(request, viewer, "batches", part="batches", batches=parties.batches(database))


@router.get("/batches/{batch_id}", response_class=HTMLResponse)
def batch_page(
    request: Request, database: CurrentDatabase, viewer: CityReader, settings: CurrentSettings, batch_id: BatchId
) -> HTMLResponse:
    return _batch(request, database, viewer, settings, batch_id)


@router.post("/batches/{batch_id}")
def act_on_batch(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
    batch_id: BatchId,
    asked: Annotated[BatchAct, Form()],
) -> Response:
    """Publicise a batch (the county) or pay it (the city)."""
    needed = Permission.CITY_ACCEPT if asked.act == "publicise" else Permission.CITY_DECIDE
    if not viewer.may(needed):
        raise HTTPException(403, f"this needs the permission {needed}, which you do not have as {viewer.role}")
    told: Paid | None = None
    try:
        with database.connection() as connection:
            at = desk(connection, viewer.name, zone=settings.time_zone)
            if asked.act == "publicise":
                last_day = publicise(at, batch_id)
                record_act(connection, viewer, "city.voucher.publicise", f"batch {batch_id}", {"last_day": last_day})
            else:
                told = pay_batch(at, batch_id)
                detail = {"paid": told.paid, "refused": {str(key): why.en for key, why in told.refused.items()}}
                record_act(connection, viewer, "city.voucher.pay_batch", f"batch {batch_id}", detail)
    except REFUSALS as error:
        return _batch(request, database, viewer, settings, batch_id, problem=error)
    if told is not None and told.refused:
        return _batch(request, database, viewer, settings, batch_id, told=told)
    return RedirectResponse(f"/city/vouchers/batches/{batch_id}", 303)


@router.get("/silent", response_class=HTMLResponse)
def silent_page(request: Request, database: CurrentDatabase, viewer: CityReader) -> HTMLResponse:
    """Show whose vouchers are redeemed or paid, and whose machines sent nothing in the half-year."""
    with database.connection() as connection:
        rows = parties.evidence(connection)
    return show(
        request,
        viewer,
        "silent",
        part="silent",
        silent=[one for one in rows if one.is_silent],
        unknown=[one for one in rows if not one.is_known],
        total=len(rows),
    )


def _batch(
    request: Request,
    database: Database,
    viewer: Viewer,
    settings: WebSettings,
    batch_id: int,
    *,
    problem: ShangyunError | None = None,
    told: Paid | None = None,
) -> HTMLResponse:
    found = next(iter(parties.batches(database, batch_id)), None)
    if found is None:
        raise HTTPException(404, f"there is no batch {batch_id}")
    with database.connection() as connection:
        rows = vouchers_of_batch(connection, batch_id)
        silent = {one.voucher_id: one for one in parties.evidence(connection, batch_id=batch_id)}
    today = today_of(settings)
    return show(
        request,
        viewer,
        "batch",
        part="batch",
        problem=problem,
        told=told,
        batch=found,
        rows=rows,
        silent=silent,
        is_over=found.last_day is not None and today > found.last_day,
        to_pay=sum(one.state == "publicised" for one in rows),
    )
