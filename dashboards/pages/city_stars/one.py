"""One application: the form, the table row by row with what each value is made of, the steps, and the form to print."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import Field

from dashboards.api.city_stars import StarApplicationId, current_report, seen_application
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import Text
from dashboards.pages.city_stars import words
from dashboards.pages.city_stars.rules import Day
from dashboards.plant_time import plant_time
from dashboards.security.access import CityReader, CityRegistrar, Permission, Viewer, record_act
from dashboards.settings import WebSettings
from dashboards.texts import translator
from registry.stars import procedure
from registry.stars.edition import DEFAULT, Edition, edition
from registry.stars.form_document import form_document
from registry.stars.forms import read_form
from registry.stars.refusals import Problem, StarRefusal
from registry.uscc import judge
from store.city_registry import Enterprise, enterprise
from store.city_stars import Application, report, steps
from store.database import Connection, Database
from telemetry.settings import Settings

router = APIRouter()

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ActName = Literal["submit", "review", "decide", "refuse", "withdraw", "record_province", "file", "publish"]
ALLOWED: Mapping[str, tuple[Permission, ...]] = {
    "submit": (Permission.CITY_REGISTER,),
    "withdraw": (Permission.CITY_REGISTER,),
    "review": (Permission.CITY_ACCEPT, Permission.CITY_DECIDE),
    "refuse": (Permission.CITY_ACCEPT, Permission.CITY_DECIDE),
    "decide": (Permission.CITY_DECIDE,),
    "record_province": (Permission.CITY_DECIDE,),
    "file": (Permission.CITY_DECIDE,),
    "publish": (Permission.CITY_DECIDE,),
}
"""Who may take a step: one of these permissions; that it is another person than before, the procedure checks."""


class StepAsked(Settings):
    act: ActName
    note: Text = ""
    rated_on: Annotated[Day | Literal[""], Field()] = ""


async def _posted(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=400)
    return {name: text for name, text in form.items() if isinstance(text, str)}


Posted = Annotated[dict[str, str], Depends(_posted)]


@router.get("/new", response_class=HTMLResponse)
def new_page(
    request: Request, database: CurrentDatabase, _viewer: CityRegistrar, uscc: Annotated[str, Query(max_length=60)] = ""
) -> HTMLResponse:
    """Show the empty form for an enterprise, or ask for its code first."""
    if not uscc:
        return _form_page(request, None, {}, ())
    code = judge(uscc)
    owner = None if code.is_refused else enterprise(database, code.code)
    if owner is None:
        problem = Problem("uscc", code.hint_zh or "该企业没有登记", code.hint_en or "this enterprise is not registered")
        return _form_page(request, None, {"uscc": uscc}, (problem,), status=422)
    given = {
        "star": "3",
        "deployment": "public",
        "name": owner.name,
        "registered_address": owner.address,
        "registration_number": owner.uscc,
    }
    return _form_page(request, owner, given, ())


@router.post("/new", response_class=HTMLResponse)
def begin(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    given: Posted,
    uscc: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    owner = _owner(database, judge(uscc).code)
    try:
        filled = read_form(edition(DEFAULT), given)
        with database.connection() as connection:
            number = procedure.draft(connection, owner, DEFAULT, filled, actor=viewer.name)
            record_act(connection, viewer, "city.star.draft", str(number), {"uscc": owner.uscc, "star": filled.star})
    except StarRefusal as refused:
        return _form_page(request, owner, given, refused.problems, status=422)
    return RedirectResponse(f"/city/stars/{number}", 303)


@router.get("/{star_application_id}", response_class=HTMLResponse)
def application_page(
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    star_application_id: StarApplicationId,
) -> HTMLResponse:
    return _one_page(request, database, settings, viewer, seen_application(database, star_application_id))


@router.get("/{star_application_id}/edit", response_class=HTMLResponse)
def edit_page(
    request: Request, database: CurrentDatabase, _viewer: CityRegistrar, star_application_id: StarApplicationId
) -> HTMLResponse:
    one = seen_application(database, star_application_id)
    return _form_page(request, _owner(database, one.uscc), _given(one), (), one=one)


@router.post("/{star_application_id}/edit", response_class=HTMLResponse)
def change(
    request: Request, database: CurrentDatabase, viewer: CityRegistrar, given: Posted, star_application_id: StarApplicationId
) -> Response:
    one = seen_application(database, star_application_id)
    try:
        filled = read_form(edition(one.edition), given)
        with database.connection() as connection:
            procedure.change_draft(connection, one.id, filled)
            record_act(connection, viewer, "city.star.change_draft", str(one.id), {"star": filled.star})
    except StarRefusal as refused:
        return _form_page(request, _owner(database, one.uscc), given, refused.problems, one=one, status=422)
    return RedirectResponse(f"/city/stars/{one.id}", 303)


@router.post("/{star_application_id}/step", response_class=HTMLResponse)
def take_step(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    star_application_id: StarApplicationId,
    asked: Annotated[StepAsked, Form()],
) -> Response:
    """Move an application on, with the audit log in the same transaction."""
    if not any(viewer.may(permission) for permission in ALLOWED[asked.act]):
        raise HTTPException(403, f"this needs the permission {' or '.join(ALLOWED[asked.act])}")
    one = seen_application(database, star_application_id)
    step = _step(asked, one, _owner(database, one.uscc), viewer, ZoneInfo(settings.time_zone))
    try:
        with database.connection() as connection:
            step(connection)
            record_act(connection, viewer, f"city.star.{asked.act}", str(one.id), {"uscc": one.uscc, "note": asked.note})
    except StarRefusal as refused:
        return _one_page(request, database, settings, viewer, one, problems=refused.problems, status=422)
    return RedirectResponse(f"/city/stars/{one.id}", 303)


@router.get("/{star_application_id}/form.docx")
def print_form(
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    star_application_id: StarApplicationId,
) -> Response:
    """Give the form as a Word document with the list of papers."""
    one = seen_application(database, star_application_id)
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    try:
        content = form_document(one, edition(one.edition), today=today)
    except StarRefusal as refused:
        return _one_page(request, database, settings, viewer, one, problems=refused.problems, status=503)
    named = quote(f"星级上云企业评定申请表-{one.name}.docx", safe="")
    headers = {"content-disposition": f"attachment; filename=\"star-application-{one.id}.docx\"; filename*=UTF-8''{named}"}
    return Response(content, media_type=_WORD, headers=headers)


@router.get("/{star_application_id}/rows.csv", response_class=StreamingResponse)
def rows_table(
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    _viewer: CityReader,
    star_application_id: StarApplicationId,
) -> StreamingResponse:
    """Give the table row by row for spreadsheets."""
    language = language_of(request)
    _ = translator(language)
    one = seen_application(database, star_application_id)
    told, _frozen = _told(database, one, settings)
    sources, notes = words.sources(_), words.notes(_)
    header = [
        _("行"),
        _("内容"),
        _("数值"),
        _("单位"),
        _("三星要求"),
        _("四星要求"),
        _("五星要求"),
        _("三星"),
        _("四星"),
        _("五星"),
    ]
    header += [_("来源"), _("说明"), _("证明"), _("条款")]
    marks = {True: _("通过"), False: _("未通过")}
    return csv_response(
        f"star-rows-{one.id}",
        header,
        (
            [
                *(row["row"], row[f"label_{language}"], row["value"] or "", row[f"unit_{language}"]),
                *(row["needs"].get(star, "") for star in "345"),
                *(marks[row["passed"][star]] for star in "345"),
                sources[row["source"]],
                "; ".join(filter(None, [notes.get(row["note"], ""), *words.beside_text(row, _)])),
                "; ".join(words.evidence_text(proof, edition(one.edition), language, _) for proof in row["evidence"]),
                row["clause"],
            ]
            for row in told["rows"]
        ),
    )


def _step(
    asked: StepAsked, one: Application, owner: Enterprise, viewer: Viewer, zone: ZoneInfo
) -> Callable[[Connection], object]:
    """Choose what the procedure does."""
    now, actor, note = datetime.now(UTC), viewer.name, asked.note.strip()
    today = now.astimezone(zone).date()

    def record_province(connection: Connection) -> None:
        if not isinstance(asked.rated_on, date):
            raise StarRefusal(Problem("rated_on", "请填写评定日期", "the day of the rating is missing"))
        procedure.record_province(connection, one.id, actor=actor, rated_on=asked.rated_on, document=note, today=today)

    chosen: Mapping[str, Callable[[Connection], object]] = {
        "submit": lambda c: procedure.submit(c, one.id, owner, actor=actor, today=today),
        "review": lambda c: procedure.review(c, one.id, actor=actor, note=note),
        "decide": lambda c: procedure.decide(c, one.id, owner, actor=actor, now=now, zone=zone, note=note),
        "refuse": lambda c: procedure.refuse(c, one.id, actor=actor, note=note),
        "withdraw": lambda c: procedure.withdraw(c, one.id, actor=actor, note=note),
        "record_province": record_province,
        "file": lambda c: procedure.file_with_province(c, one.id, actor=actor, document=note),
        "publish": lambda c: procedure.publish(c, one.id, actor=actor, note=note),
    }
    return chosen[asked.act]


def _owner(database: Database, uscc: str) -> Enterprise:
    owner = enterprise(database, uscc)
    if owner is None:
        raise not_found("such enterprise")
    return owner


def _told(database: Database, one: Application, settings: WebSettings) -> tuple[dict[str, Any], Any]:
    frozen = report(database, one.id)
    return (current_report(database, one, settings.time_zone) if frozen is None else frozen.report), frozen


def _one_page(
    request: Request,
    database: Database,
    settings: WebSettings,
    viewer: Viewer,
    one: Application,
    *,
    problems: Any = (),
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    told, frozen = _told(database, one, settings)
    rules = edition(one.edition)
    fields = [(words.label(field, language), one.form.get(field.code, "")) for field in rules.fields]
    return render(
        request,
        "city_stars/application.html",
        status,
        one=one,
        told=told,
        frozen=frozen,
        rows=[
            (
                row,
                [(proof, words.evidence_text(proof, rules, language, _)) for proof in row["evidence"]],
                words.beside_text(row, _),
            )
            for row in told["rows"]
        ],
        conditions=[(next(c for c in rules.conditions if c.code == said["code"]), said) for said in told["conditions"]],
        fields=fields,
        papers=[
            (words.label(paper, language), said["title"]) for said in one.attachments for paper in _paper(rules, said["code"])
        ],
        steps=steps(database, one.id),
        acts=_acts(one, viewer),
        states=words.states(_),
        forms=words.deployments(_),
        sources=words.sources(_),
        notes=words.notes(_),
        language=language,
        label=words.label,
        problems=[getattr(problem, language) for problem in problems],
        may_edit=one.state == "draft" and viewer.may(Permission.CITY_REGISTER),
        local_time=plant_time(settings),
    )


def _paper(rules: Edition, code: str) -> list[Any]:
    return [one for one in rules.attachments if one.code == code]


def _acts(one: Application, viewer: Viewer) -> list[str]:
    """Give the steps that an application in its state can take, those that this person may."""
    by_city = one.star <= procedure.RATED_BY_CITY
    possible = {
        "draft": ["submit", "withdraw"],
        "submitted": ["review", "refuse", "withdraw"],
        "material_reviewed": ["decide", "refuse", "withdraw"],
        "recommended": ["record_province", "refuse", "withdraw"],
        "rated": ["file", "publish"] if by_city else ["publish"],
        "published": ["file"] if by_city else [],
    }.get(one.state, [])
    return [act for act in possible if any(viewer.may(permission) for permission in ALLOWED[act])]


def _given(one: Application) -> dict[str, str]:
    """Write an application as the fields of the page."""
    given = {"star": str(one.star), "deployment": one.deployment, **one.form}
    for code, said in one.contents.items():
        given |= {f"has.{code}": "1", f"text.{code}": said["text"], f"document.{code}": said["document"]}
    for row, figure in one.figures.items():
        given |= {f"value.{row}": figure["value"], f"document.{row}": figure["document"]}
    return given | {f"paper.{paper['code']}": paper["title"] for paper in one.attachments}


def _form_page(
    request: Request,
    owner: Enterprise | None,
    given: Mapping[str, str],
    problems: Any,
    *,
    one: Application | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    return render(
        request,
        "city_stars/form.html",
        status,
        owner=owner,
        one=one,
        table=edition(one.edition if one else DEFAULT),
        given=given,
        wrong={problem.field: getattr(problem, language) for problem in problems if problem.field},
        problems=[getattr(problem, language) for problem in problems if not problem.field],
        forms=words.deployments(_),
        language=language,
        label=words.label,
    )
