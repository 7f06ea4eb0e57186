"""Trainings: what was held, who came, and the form to record one."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.city_plans import given_day
from dashboards.asking import MOST_ID, Offset
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE, Line
from dashboards.pages.city_plans.shared import labels_of
from dashboards.security.access import CityReader, CityRegistrar, Permission, record_act
from dashboards.texts import translator
from registry.plans.trainings import read_participants
from store.city_registry import areas
from store.city_trainings import add_training, participants, trainings
from store.database import Database

router = APIRouter(prefix="/trainings")

ROWS = 50
TrainingId = Annotated[int, Field(ge=1, le=MOST_ID)]
Codes = Annotated[str, Field(max_length=500_000, pattern=r"^[^\x00]*$")]


class TrainingGiven(BaseModel):
    """A training as the form sends it; who came is a list of codes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    area: Annotated[str, Field(max_length=60)] = ""
    held_on: Annotated[str, Field(max_length=10)] = ""
    title: Line = ""
    organisers: Line = ""
    document: Line = ""
    codes: Codes = ""


@router.get("", response_class=HTMLResponse)
def trainings_page(request: Request, database: CurrentDatabase, viewer: CityReader, offset: Offset = 0) -> HTMLResponse:
    return _page(request, database, may_register=viewer.may(Permission.CITY_REGISTER), offset=offset)


@router.get("/trainings.csv", response_class=StreamingResponse)
def trainings_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    labels = labels_of(database, language)
    _total, _enterprises, rows = trainings(database, limit=MOST_IN_FILE)
    header = [_("日期"), _("区域"), _("主题"), _("组织单位"), _("文件"), _("企业数"), _("登记人")]
    cells = (
        [
            *(row.held_on.isoformat(), labels.get(row.area, row.area), row.title, "、".join(row.organisers)),
            *(row.document, row.enterprises, row.recorded_by),
        ]
        for row in rows
    )
    return csv_response("trainings", header, cells)


@router.get("/{training_id}/participants.csv", response_class=StreamingResponse)
def participants_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, training_id: TrainingId
) -> StreamingResponse:
    _ = translator(language_of(request))
    return csv_response(f"training-{training_id}", [_("统一社会信用代码"), _("企业名称")], participants(database, training_id))


@router.post("", response_class=HTMLResponse)
def record_training(
    request: Request, database: CurrentDatabase, viewer: CityRegistrar, given: Annotated[TrainingGiven, Form()]
) -> Response:
    """Record a training; a code that is none is named, and nothing is recorded."""
    _ = translator(language_of(request))
    day, came = given_day(given.held_on), read_participants(given.codes)
    wrong = {}
    if given.area not in {one.code for one in areas(database)}:
        wrong["area"] = _("请选择区域")
    if day is None:
        wrong["held_on"] = _("不是日期")
    if not given.title.strip():
        wrong["title"] = _("请填写主题")
    if came.refused:
        zh = language_of(request) == "zh"
        told = [f"{number}：{text} {hint_zh if zh else hint_en}" for number, text, hint_zh, hint_en in came.refused[:10]]
        wrong["codes"] = _("{count} 个代码不对，没有登记：", count=len(came.refused)) + "；".join(told)
    elif not came.codes:
        wrong["codes"] = _("请填写到会企业的统一社会信用代码")
    if wrong or day is None:
        return _page(request, database, may_register=True, given=given, wrong=wrong, status=422)
    with database.connection() as connection:
        number = add_training(
            connection,
            area=given.area,
            held_on=day,
            title=given.title.strip(),
            organisers=[one.strip() for one in given.organisers.replace("，", "、").split("、") if one.strip()],
            document=given.document,
            codes=came.codes,
            recorded_by=viewer.name,
        )
        if number is not None:
            detail = {"held_on": given.held_on, "area": given.area, "enterprises": len(came.codes)}
            record_act(connection, viewer, "city.training.recorded", str(number), detail)
    if number is None:
        wrong["title"] = _("这一天已有同名培训")
        return _page(request, database, may_register=True, given=given, wrong=wrong, status=409)
    return RedirectResponse("/city/plans/trainings", 303)


def _page(
    request: Request,
    database: Database,
    *,
    may_register: bool,
    offset: int = 0,
    given: TrainingGiven | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    total, enterprises, rows = trainings(database, limit=ROWS, offset=offset)
    content: dict[str, Any] = {"rows": rows, "total": total, "enterprises": enterprises, "limit": ROWS, "offset": offset}
    return render(
        request,
        "city_plans/trainings.html",
        status,
        **content,
        query={},
        given=given or TrainingGiven(),
        wrong=wrong or {},
        labels=labels_of(database, language),
        area_options=[(one.code, getattr(one, f"label_{language}")) for one in areas(database)],
        may_register=may_register,
    )
