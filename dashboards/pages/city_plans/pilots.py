"""Pilots: how far each is, and the steps: progress, acceptance by the county, verification by the city."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.asking import MOST_ID, Offset
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Line
from dashboards.pages.city_plans.shared import labels_of
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityReader, Permission, Viewer, record_act
from dashboards.texts import Translate, translator
from registry.plans.pilots import StepRefused, take_step
from store.city_trainings import Pilot, pilot_steps, pilots
from store.database import Database

router = APIRouter(prefix="/pilots")

ROWS = 50
LabelId = Annotated[int, Path(ge=1, le=MOST_ID)]
PERMISSIONS = {
    "progress": Permission.CITY_REGISTER,
    "accepted": Permission.CITY_ACCEPT,
    "verified": Permission.CITY_DECIDE,
    "refused": Permission.CITY_DECIDE,
}


class StepGiven(BaseModel):
    """A step of a pilot, as the form sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    step: Literal["progress", "accepted", "verified", "refused"]
    note: Annotated[Line, Field(min_length=1)]
    document: Line = ""


@router.get("", response_class=HTMLResponse)
def pilots_page(request: Request, database: CurrentDatabase, _viewer: CityReader, offset: Offset = 0) -> HTMLResponse:
    language = language_of(request)
    total, rows = pilots(database, limit=ROWS, offset=offset)
    return render(
        request,
        "city_plans/pilots.html",
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        query={},
        labels=labels_of(database, language),
        states=states(translator(language)),
    )


@router.get("/pilots.csv", response_class=StreamingResponse)
def pilots_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    labels, words = labels_of(database, language), states(_)
    _total, rows = pilots(database, limit=MOST_IN_FILE)
    header = [_("统一社会信用代码"), _("企业名称"), _("区域"), _("级别"), _("认定日期"), _("文件"), _("状态"), _("时间（UTC）")]
    cells = (
        [
            *(row.uscc, row.name, labels.get(row.area, row.area), row.level, row.valid_from.isoformat(), row.document),
            *(words[row.step], "" if row.taken_at is None else utc_text(row.taken_at)),
        ]
        for row in rows
    )
    return csv_response("pilots", header, cells)


@router.get("/{label_id}", response_class=HTMLResponse)
def pilot_page(request: Request, database: CurrentDatabase, viewer: CityReader, label_id: LabelId) -> HTMLResponse:
    return _page(request, database, viewer, _pilot(database, label_id))


@router.post("/{label_id}", response_class=HTMLResponse)
def step_of_pilot(
    request: Request, database: CurrentDatabase, viewer: CityReader, label_id: LabelId, given: Annotated[StepGiven, Form()]
) -> Response:
    """Take a step, each with a permission of its own; who accepts does not verify."""
    needed = PERMISSIONS[given.step]
    if not viewer.may(needed):
        raise HTTPException(403, f"this needs the permission {needed}, which you do not have as {viewer.role}")
    pilot = _pilot(database, label_id)
    try:
        with database.connection() as connection:
            take_step(connection, label_id, step=given.step, note=given.note, document=given.document, by=viewer.name)
            detail = {"note": given.note, "document": given.document, "label": label_id}
            record_act(connection, viewer, f"city.pilot.{given.step}", pilot.uscc, detail)
    except StepRefused as refused:
        return _page(request, database, viewer, pilot, wrong=_why(refused, translator(language_of(request))), status=409)
    return RedirectResponse(f"/city/plans/pilots/{label_id}", 303)


def _pilot(database: Database, label_id: int) -> Pilot:
    _total, found = pilots(database, label_id=label_id, limit=1)
    if not found:
        raise not_found(f"pilot {label_id}")
    return found[0]


def _page(
    request: Request, database: Database, viewer: Viewer, pilot: Pilot, *, wrong: str = "", status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    with database.connection() as connection:
        steps = pilot_steps(connection, pilot.label_id)
    follows = {
        "": ["progress"],
        "progress": ["accepted", "progress"],
        "accepted": ["verified", "refused"],
        "refused": ["progress"],
    }
    words = states(_)
    return render(
        request,
        "city_plans/pilot.html",
        status,
        pilot=pilot,
        steps=steps,
        states=words,
        options=[(step, words[step]) for step in follows.get(pilot.step, []) if viewer.may(PERMISSIONS[step])],
        labels=labels_of(database, language),
        wrong=wrong,
        local_time=plant_time(request.app.state.settings),
    )


def states(_: Translate) -> dict[str, str]:
    """Name the steps, and what stands before the first."""
    return {
        "": _("未反馈"),
        "progress": _("已反馈进展"),
        "accepted": _("县级已验收"),
        "verified": _("市级已核验"),
        "refused": _("核验退回"),
    }


def _why(refused: StepRefused, _: Translate) -> str:
    return {
        "verified": _("已核验，不再变更。"),
        "accepted": _("已验收，等待市级核验。"),
        "no_progress": _("先反馈进展，再验收。"),
        "not_accepted": _("县级验收之后才能核验。"),
        "same_person": _("验收人与核验人不能是同一人。"),
    }[refused.reason]
