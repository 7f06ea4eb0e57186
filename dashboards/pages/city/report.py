"""The report of a frozen count: which there are, the report as a page to print, and as PDF."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.asking import MOST_ID, Offset
from dashboards.city_report.making import paper
from dashboards.city_report.pdf import pdf_of
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.error_answers import not_found
from dashboards.pages.city import words
from dashboards.plant_time import plant_time
from dashboards.security.access import CityReader
from dashboards.texts import translator
from store.city_registry import areas
from store.city_snapshots import Snapshot, snapshot, snapshots
from store.database import Database
from telemetry.errors import ConfigError

router = APIRouter()

ROWS = 50
FROZEN = ("month", "quarter", "year")
SnapshotNumber = Annotated[int, Path(ge=1, le=MOST_ID)]


@router.get("/report", response_class=HTMLResponse)
def reports_page(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, offset: Offset = 0
) -> HTMLResponse:
    """List the frozen counts, each with its report."""
    language = language_of(request)
    total, rows = snapshots(database, forms=FROZEN, limit=ROWS, offset=offset)
    known = {one.code: one for one in areas(database)}
    return render(
        request,
        "city/reports.html",
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        query={},
        forms=words.forms(translator(language)),
        labels={one.area: words.area_label(known, one.area, language) for one in rows},
        local_time=plant_time(settings),
    )


@router.get("/report/{number}", response_class=HTMLResponse)
def report_page(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, number: SnapshotNumber
) -> HTMLResponse:
    """Show the report as a page to print."""
    environment = request.app.state.templates[language_of(request)]
    of = _known(database, number)
    return HTMLResponse(paper(environment, database, of, language=language_of(request), zone=settings.time_zone, is_page=True))


@router.get("/report/{number}/pdf", response_class=Response)
def report_file(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, number: SnapshotNumber
) -> Response:
    """Give the report as PDF; where that cannot be made, say what to install."""
    language = language_of(request)
    of = _known(database, number)
    page = paper(request.app.state.templates[language], database, of, language=language, zone=settings.time_zone)
    try:
        content = pdf_of(page)
    except ConfigError as error:
        return render(request, "city/no_pdf.html", 503, number=number, reason=str(error))
    name = f"city-{of.area}-{of.form}-{of.last_day}.pdf"
    return Response(content, media_type="application/pdf", headers={"content-disposition": f'attachment; filename="{name}"'})


def _known(database: Database, number: int) -> Snapshot:
    found = snapshot(database, number)
    if found is None:
        raise not_found(f"count {number}")
    return found
