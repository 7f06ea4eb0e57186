"""The pictures of a machine's kind, each loaded by itself, and the numbers of each as a table."""

from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.asking import SPANS
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.pages.equipment.machine import SeenMachine, show_part
from dashboards.pictures.picture import Picture
from dashboards.reports.machine_pictures import draw
from dashboards.security.access import Reader
from dashboards.texts import translator
from device_profiles.kind import Kind

router = APIRouter()

Number = Annotated[int, Path(ge=0, le=99)]
Span = Annotated[Literal["24h", "7d", "30d"], Query()]


def drawn_numbers(kind: Kind) -> list[int]:
    """Number the pictures that stand among the pictures; spectra stand beside the records that they are of."""
    return [number for number, picture in enumerate(kind.pictures) if picture.form != "spectrum"]


class Drawn(NamedTuple):
    title: str
    picture: Picture
    span: str


def _drawn(
    *,
    request: Request,
    machine: SeenMachine,
    number: Number,
    database: CurrentDatabase,
    settings: CurrentSettings,
    span: Span = "7d",
) -> Drawn:
    if number >= len(machine.kind.pictures):
        raise not_found(f"picture {number}")
    wanted, now, language = machine.kind.pictures[number], datetime.now(UTC), language_of(request)
    drawn = draw(
        database,
        machine.equipment,
        machine.kind,
        wanted,
        start=now - SPANS[span],
        end=now,
        zone=settings.time_zone,
        language=language,
    )
    return Drawn(getattr(wanted.label, language), drawn, span)


AskedPicture = Annotated[Drawn, Depends(_drawn)]


@router.get("/pictures/{number}", response_class=HTMLResponse)
def machine_picture(*, request: Request, machine: SeenMachine, number: int, drawn: AskedPicture, _viewer: Reader) -> HTMLResponse:
    _ = translator(language_of(request))
    return show_part(
        request,
        machine,
        "picture.html",
        drawn.title,
        picture=drawn.picture,
        address=f"/equipment/{machine.equipment.id}/pictures/{number}",
        span=drawn.span,
        spans=[("24h", _("24 小时")), ("7d", _("7 天")), ("30d", _("30 天"))],
    )


@router.get("/pictures/{number}/numbers.csv", response_class=StreamingResponse)
def picture_numbers(*, machine: SeenMachine, number: int, drawn: AskedPicture, _viewer: Reader) -> StreamingResponse:
    """Give the numbers of a picture as a table for spreadsheets."""
    name = f"{machine.equipment.name} {number} {drawn.title}"
    return csv_response(name, drawn.picture.header, drawn.picture.rows)
