"""The rules of the rating: the table, windows, conditions; the city opens windows, turns conditions and records vetoes."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import Field, StringConstraints

from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.pages.city_stars import words
from dashboards.security.access import CityOfficer, CityReader, Permission, Viewer, record_act
from dashboards.texts import translator
from registry.stars.edition import DEFAULT, edition
from registry.stars.refusals import StarRefusal, refusal
from registry.stars.windows import batches
from registry.uscc import judge
from store.city_stars import (
    Veto,
    Window,
    add_veto,
    add_window,
    known_enterprises,
    switch_condition,
    switched_conditions,
    windows,
)
from store.database import Connection, Database
from telemetry.settings import Settings

router = APIRouter()

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Document = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True, pattern=r"^[^\x00\n\r]+$")]


class NewWindow(Settings):
    first_day: Day
    last_day: Day
    document: Document


class Turned(Settings):
    code: Annotated[str, Field(max_length=60)]
    is_on: bool
    document: Document


class NewVeto(Settings):
    uscc: Annotated[str, Field(max_length=60)]
    condition: Annotated[str, Field(max_length=60)]
    valid_from: Day
    valid_to: Day | None = None
    document: Document


@router.get("/table", response_class=HTMLResponse)
def rules_page(request: Request, database: CurrentDatabase, viewer: CityReader) -> HTMLResponse:
    return _page(request, database, viewer)


@router.get("/table.csv", response_class=StreamingResponse)
def rules_table(request: Request, _viewer: CityReader) -> StreamingResponse:
    """Give the rating table for spreadsheets: a line an item, and one a figure."""
    language = language_of(request)
    _ = translator(language)
    table, obtained = edition(DEFAULT), words.sources(_)
    header = [
        _("行"),
        _("类"),
        _("子类"),
        _("域"),
        _("子域"),
        _("三星"),
        _("四星"),
        _("五星"),
        _("单位"),
        _("取得方式"),
        _("条款"),
    ]

    def cells() -> list[list[object]]:
        found: list[list[object]] = []
        for row in table.rows:
            unit = row.unit_zh if language == "zh" else row.unit_en
            rest = [*(row.needs.get(star, "") for star in (3, 4, 5)), unit, obtained[row.obtained], row.clause]
            lines = [[item.sub_class, item.domain, words.label(item, language)] for item in table.items_of(row.code)]
            found += [[row.code, row.class_zh, *line, *rest] for line in lines or [["", "", words.label(row, language)]]]
        return found

    return csv_response("star-table", header, cells())


@router.post("/windows")
def open_window(request: Request, database: CurrentDatabase, viewer: CityOfficer, new: Annotated[NewWindow, Form()]) -> Response:
    """Open an application window by a notice."""

    def act(connection: Connection) -> None:
        if new.last_day < new.first_day:
            raise refusal("结束日期早于开始日期", "the last day is before the first")
        add_window(connection, DEFAULT, Window(new.first_day, new.last_day, new.document, viewer.name))
        record_act(connection, viewer, "city.star.open_window", DEFAULT, new.model_dump())

    return _done(request, database, viewer, act)


@router.post("/conditions")
def turn_condition(request: Request, database: CurrentDatabase, viewer: CityOfficer, new: Annotated[Turned, Form()]) -> Response:
    """Turn a condition on or off by a notice."""

    def act(connection: Connection) -> None:
        if new.code not in {one.code for one in edition(DEFAULT).conditions}:
            raise refusal("没有这一条件", "there is no such condition")
        switch_condition(connection, DEFAULT, new.code, is_on=new.is_on, document=new.document, decided_by=viewer.name)
        record_act(connection, viewer, "city.star.turn_condition", new.code, new.model_dump())

    return _done(request, database, viewer, act)


@router.post("/vetoes")
def record_veto(request: Request, database: CurrentDatabase, viewer: CityOfficer, new: Annotated[NewVeto, Form()]) -> Response:
    """Record what rules an enterprise out."""

    def act(connection: Connection) -> None:
        code = judge(new.uscc)
        if code.is_refused or code.code not in known_enterprises(connection, [code.code]):
            hint_zh, hint_en = code.hint_zh or "该企业没有登记", code.hint_en or "this enterprise is not registered"
            raise refusal(hint_zh, hint_en)
        if new.condition not in {one.code for one in edition(DEFAULT).conditions if one.form == "veto"}:
            raise refusal("没有这一否决项", "there is no such veto")
        if new.valid_to is not None and new.valid_to < new.valid_from:
            raise refusal("结束日期早于开始日期", "the last day is before the first")
        veto = Veto(new.condition, new.valid_from, new.valid_to, new.document)
        add_veto(connection, code.code, veto, recorded_by=viewer.name)
        record_act(connection, viewer, "city.star.record_veto", code.code, new.model_dump())

    return _done(request, database, viewer, act)


def _done(request: Request, database: Database, viewer: Viewer, act: Callable[[Connection], None]) -> Response:
    try:
        with database.connection() as connection:
            act(connection)
    except StarRefusal as refused:
        return _page(request, database, viewer, problems=refused.problems, status=422)
    return RedirectResponse("/city/stars/table", 303)


def _page(request: Request, database: Database, viewer: Viewer, *, problems: Any = (), status: int = 200) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    table = edition(DEFAULT)
    with database.connection() as connection:
        further = windows(connection, DEFAULT)
        switched = switched_conditions(connection, DEFAULT)
    return render(
        request,
        "city_stars/rules.html",
        status,
        table=table,
        language=language,
        label=words.label,
        obtained=words.sources(_),
        windows=batches(table, ((w.first_day, w.last_day, w.document) for w in further)),
        switched=switched,
        is_on={one.code: switched[one.code][0] if one.code in switched else one.is_on for one in table.conditions},
        condition_options=[(one.code, words.label(one, language)) for one in table.conditions],
        veto_options=[(one.code, words.label(one, language)) for one in table.conditions if one.form == "veto"],
        may_decide=viewer.may(Permission.CITY_DECIDE),
        problems=[getattr(one, language) for one in problems],
    )
