"""What was done to a machine and what is to be done, with the form for an entry of the log."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field, NaiveDatetime

from dashboards.api.maintenance import Amount, Maintainer, NewEntry, Work, write_entry
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.list_questions import Text
from dashboards.pages.equipment.machine import SeenMachine, back_to, show_part
from dashboards.pages.maintenance import words
from dashboards.security.access import Reader
from dashboards.texts import translator
from store.maintenance_log import find_entries
from store.work_orders import STANDING, work_orders
from telemetry.settings import Settings

router = APIRouter()

MOST_ENTRIES = 20
MOST_ORDERS = 20
_FIRST, _LAST = datetime(1971, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001 - forms send the plant's time, without a zone
LocalTime = Annotated[NaiveDatetime, Field(ge=_FIRST, le=_LAST)]


class FilledEntry(Settings):
    """What the form sends."""

    work: Work
    text: Annotated[Text, Field(min_length=1)]
    time: LocalTime | None = None
    """In the plant's zone; now where it is left out."""
    hours: Amount | None = None
    cost: Amount | None = None


@router.get("/maintenance", response_class=HTMLResponse)
def machine_maintenance(
    request: Request, machine: SeenMachine, viewer: Reader, database: CurrentDatabase, settings: CurrentSettings
) -> HTMLResponse:
    _ = translator(language_of(request))
    number = machine.equipment.id
    to_do, orders = work_orders(database, gateways=viewer.gateways, equipment_ids=[number], states=STANDING, limit=MOST_ORDERS)
    total, entries = find_entries(database, gateways=viewer.gateways, equipment_id=number, limit=MOST_ENTRIES)
    return show_part(
        request,
        machine,
        "maintenance.html",
        _("维护"),
        orders=orders,
        to_do=to_do,
        entries=entries,
        total=total,
        works=words.works(_),
        order_states=words.order_states(_),
        now=f"{datetime.now(ZoneInfo(settings.time_zone)):%Y-%m-%dT%H:%M}",
    )


@router.post("/maintenance")
def add_to_log(
    *,
    machine: SeenMachine,
    viewer: Maintainer,
    database: CurrentDatabase,
    settings: CurrentSettings,
    filled: Annotated[FilledEntry, Form()],
) -> Response:
    time = None if filled.time is None else filled.time.replace(tzinfo=ZoneInfo(settings.time_zone)).astimezone(UTC)
    entry = NewEntry(
        equipment=machine.equipment.id,
        work=filled.work,
        text=filled.text,
        time=time,
        hours=filled.hours,
        cost=filled.cost,
    )
    write_entry(database, viewer, entry)
    return back_to(machine, "maintenance")
