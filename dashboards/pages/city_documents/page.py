"""Policy documents: figures with clauses, the fifteen inconsistencies with the decision that holds, kinds, and the crosswalk."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import Line
from dashboards.pages.city_plans.shared import labels_of
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityOfficer, CityReader, Permission, record_act
from dashboards.texts import Language, translator
from registry.documents.contents import contents
from registry.documents.document import NAMES, Counter, Document, Targets, Value, document
from registry.documents.equipment_kinds import guide_kinds
from registry.documents.inconsistencies import Standing, inconsistencies, standing
from registry.plans.words import COUNTERS, LEVELS, NO_TARGET, SECTORS, number, word
from store.city_decisions import add_decision, decisions
from store.database import Database

router = APIRouter(prefix="/city/documents", include_in_schema=False)

DocumentName = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9_]+$")]
Number = Annotated[int, Path(ge=1, le=15)]


class DecisionGiven(BaseModel):
    """Which reading the city chooses, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reading: Annotated[str, Field(max_length=60)]
    why: Line = ""


@router.get("", response_class=HTMLResponse)
def documents_page(request: Request, database: CurrentDatabase, viewer: CityReader) -> HTMLResponse:
    return _page(request, database, may_decide=viewer.may(Permission.CITY_DECIDE))


@router.get("/targets.csv", response_class=StreamingResponse)
def targets_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    """Give every figure of every document with its clause."""
    language = language_of(request)
    _ = translator(language)
    header = [_("文件"), _("文号"), _("行"), _("指标"), _("对象"), _("目标"), _("上限"), _("条款"), _("备注")]
    names = labels_of(database, language)

    def cells() -> Iterator[list[object]]:
        for name in NAMES:
            told = document(name)
            for group, counter, value in told.cells():
                shown = _cell(group, counter, value, names, language)
                low = "" if value.low is None else number(value.low)
                high = "" if value.high is None else number(value.high)
                title = getattr(told, f"title_{language}")
                yield [title, told.number, group.row, shown["counter"], shown["member"], low, high, group.clause, shown["note"]]

    return csv_response("policy-targets", header, cells())


@router.get("/inconsistencies.csv", response_class=StreamingResponse)
def inconsistencies_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    header = [
        _("编号"),
        _("文件"),
        _("不一致之处"),
        _("现行处理"),
        _("是否默认"),
        _("生效之处"),
        _("决定人"),
        _("决定时间（UTC）"),
        _("理由"),
    ]
    cells = (
        [
            one.inconsistency.number,
            "；".join(_short(name) for name in one.inconsistency.documents),
            getattr(one.inconsistency, f"found_{language}"),
            getattr(one.reading, language),
            int(one.reading.code == one.inconsistency.default),
            getattr(one.inconsistency, f"effect_{language}"),
            "" if one.decision is None else one.decision.decided_by,
            "" if one.decision is None else utc_text(one.decision.decided_at),
            "" if one.decision is None else one.decision.why,
        ]
        for one in standing(database)
    )
    return csv_response("inconsistencies", header, cells)


@router.get("/crosswalk.csv", response_class=StreamingResponse)
def crosswalk_table(request: Request, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    told = contents()
    header = [_("主题"), *(getattr(one, language) for one in told.taxonomies)]
    rows = ([getattr(row, language), *(getattr(row, one.code) for one in told.taxonomies)] for row in told.crosswalk)
    return csv_response("crosswalk", header, rows)


@router.get("/kinds.csv", response_class=StreamingResponse)
def kinds_table(request: Request, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    rows = (
        [
            *(one.aim.row, getattr(one.group_label, f"label_{language}"), one.name_zh, one.aim.kind),
            *(getattr(function.label, language), "；".join(by.name for by in function.served_by)),
            getattr(one.aim, f"aim_{language}"),
        ]
        for one in guide_kinds()
        for function in one.functions
    )
    return csv_response("guide-kinds", [_("行"), _("类别"), _("设备"), _("代码"), _("功能"), _("实现"), _("目的")], rows)


@router.post("/inconsistencies/{inconsistency}", response_class=HTMLResponse)
def decide(
    request: Request,
    database: CurrentDatabase,
    viewer: CityOfficer,
    inconsistency: Number,
    given: Annotated[DecisionGiven, Form()],
) -> Response:
    """Let the city read it in another way from now on; the audit log keeps who, when and why."""
    _ = translator(language_of(request))
    found = next((one for one in inconsistencies() if one.number == inconsistency), None)
    if found is None:
        raise not_found(f"inconsistency {inconsistency}")
    wrong = ""
    if given.reading not in found.codes:
        wrong = _("没有这种处理方式")
    elif not given.why.strip():
        wrong = _("请写明理由")
    if wrong:
        return _page(request, database, may_decide=True, wrong={inconsistency: wrong}, status=422)
    with database.connection() as connection:
        add_decision(connection, number=inconsistency, reading=given.reading, why=given.why.strip(), decided_by=viewer.name)
        record_act(connection, viewer, "city.document.decided", str(inconsistency), given.model_dump())
    return RedirectResponse(f"/city/documents#inconsistency-{inconsistency}", 303)


@router.get("/{name}", response_class=HTMLResponse)
def document_page(request: Request, database: CurrentDatabase, _viewer: CityReader, name: DocumentName) -> HTMLResponse:
    """Show one document: phases, every figure with its clause, duties, and what it leaves open."""
    if name not in NAMES:
        raise not_found(f"document {name!r}")
    language = language_of(request)
    told, names = document(name), labels_of(database, language)
    return render(
        request,
        "city_documents/one.html",
        told=told,
        name=name,
        title=getattr(told, f"title_{language}"),
        label=lambda one: getattr(one, f"label_{language}"),
        rows=[_cell(group, counter, value, names, language) for group, counter, value in told.cells()],
        cadence=[(one, getattr(one, f"rule_{language}")) for one in told.cadence],
        open_points=[one for one in standing(database) if name in one.inconsistency.documents],
        found=lambda one: getattr(one.inconsistency, f"found_{language}"),
        reading=lambda one: getattr(one.reading, language),
    )


def _page(
    request: Request, database: Database, *, may_decide: bool, wrong: dict[int, str] | None = None, status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    told = contents()
    shown: list[tuple[str, Document]] = [(name, document(name)) for name in NAMES]
    return render(
        request,
        "city_documents/list.html",
        status,
        documents=shown,
        title=lambda one: getattr(one, f"title_{language}"),
        standing=standing(database),
        history=decisions(database),
        found=lambda one: getattr(one.inconsistency, f"found_{language}"),
        effect=lambda one: getattr(one.inconsistency, f"effect_{language}"),
        text=lambda one: getattr(one, language),
        label=lambda one: getattr(one, f"label_{language}"),
        aim=lambda one: getattr(one, f"aim_{language}"),
        options=_options(language),
        short=_short,
        may_decide=may_decide,
        wrong=wrong or {},
        taxonomies=told.taxonomies,
        crosswalk=told.crosswalk,
        place=lambda subject, taxonomy: getattr(subject, taxonomy.code),
        kinds=guide_kinds(),
        local_time=plant_time(request.app.state.settings),
    )


def _options(language: Language) -> Any:
    def options(one: Standing) -> list[tuple[str, str]]:
        return [(reading.code, getattr(reading, language)) for reading in one.inconsistency.readings]

    return options


def _short(name: str) -> str:
    """Give the number of a document, by which offices know it; without one its title."""
    told = document(name)
    return told.number if told.issued_on else told.title_zh


def _cell(group: Targets, counter: Counter, value: Value, names: dict[str, str], language: Language) -> dict[str, str]:
    holders = value.holders or group.holders
    member = value.member or ("+".join(value.holders) if group.dimension == "department" else "")
    parts = [names.get(one) or word(SECTORS | LEVELS, one, language) for one in member.split("+") if one]
    target = getattr(NO_TARGET, language)
    if value.low is not None:
        mark = {"more_than": "> ", "at_least": "≥ ", "range": ""}[group.bound]
        target = f"{mark}{number(value.low)}{'' if value.high is None else f'–{number(value.high)}'}"
    return {
        "row": group.row,
        "counter": word(COUNTERS, counter, language),
        "member": "、".join(parts),
        "target": target,
        "holders": "、".join(names.get(one, one) for one in holders),
        "clause": group.clause,
        "note": getattr(value, f"note_{language}") or getattr(group, f"note_{language}"),
    }
