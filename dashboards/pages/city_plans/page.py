"""Plans: phases, targets against what was reached by area, department and sector, declared figures, tables of targets."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.city_plans import given_day
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import Line
from dashboards.pages.city_plans import pilots, province, snapshots, trainings
from dashboards.pages.city_plans.pictures import areas_picture, course_picture, phases_picture
from dashboards.pages.city_plans.shared import FileForm, PlanCode, file_response, labels_of, today
from dashboards.plant_time import plant_time
from dashboards.security.access import CityOfficer, CityReader, CityRegistrar, Permission, record_act
from dashboards.texts import translator
from registry.exports.plans import member_name, plan_table, remark
from registry.plans.importing import TargetsGiven, read_given, save_given
from registry.plans.standing import BASE, DECLARED, PlanStanding, standing_of
from registry.plans.target_tables import TITLES, Refused
from registry.plans.words import COUNTERS, number, word
from registry.stars.windows import windows_of
from store.city_plans import Plan, add_figure, figures, plans
from store.city_registry import areas
from store.database import Database
from telemetry.errors import ConfigError

router = APIRouter(prefix="/city/plans", include_in_schema=False)

Year = Annotated[int | None, Query(ge=2000, le=2200)]
_MOST_REFUSED_SHOWN = 100


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FigureGiven(_Form):
    """A figure that somebody declares."""

    counter: Annotated[str, Field(max_length=40)]
    as_of: Annotated[str, Field(max_length=10)]
    value: Annotated[int, Field(ge=0, le=1_000_000_000)]
    document: Annotated[Line, Field(min_length=1)]


@router.get("", response_class=HTMLResponse)
def plans_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    plan: Annotated[str, Query(max_length=60)] = "",
    year: Year = None,
) -> HTMLResponse:
    """Show one plan; without a name that which runs today, else the newest."""
    found = plans(database)
    if plan and plan not in {one.code for one in found}:
        raise not_found(f"plan {plan[:40]!r}")
    chosen = next((one for one in found if one.code == plan), None) or _first(found, today(settings))
    return _page(request, database, chosen, found, may=viewer.may, year=year)


def _first(found: list[Plan], day: date) -> Plan | None:
    running = [one for one in found if one.first_day <= day <= one.last_day]
    return (running or found)[-1] if found else None


def _page(
    request: Request,
    database: Database,
    chosen: Plan | None,
    found: list[Plan],
    *,
    may: Any,
    year: int | None = None,
    wrong: str = "",
    status: int = 200,
) -> HTMLResponse:
    settings, language = request.app.state.settings, language_of(request)
    _ = translator(language)
    content: dict[str, Any] = {
        "plan": chosen,
        "may_decide": may(Permission.CITY_DECIDE),
        "may_register": may(Permission.CITY_REGISTER),
        "wrong": wrong,
    }
    if chosen is None:
        return render(request, "city_plans/page.html", status, **content)
    day = today(settings)
    standing, labels = standing_of(database, chosen, today=day), labels_of(database, language)
    windows = windows_of(chosen.code)
    by_area = standing.of("area", year)
    first_counter = [row for row in by_area if row.target.counter == by_area[0].target.counter] if by_area else []
    totals = [row for row in standing.rows if row.target.dimension == "total" and row.target.counter == "on_cloud"]
    zone = settings.time_zone
    return render(
        request,
        "city_plans/page.html",
        status,
        **content,
        standing=standing,
        year=year,
        plan_options=[(one.code, getattr(one, f"label_{language}")) for one in found],
        year_options=[("", _("全部年度")), *((one, one) for one in standing.years)],
        groups=[
            (dimension, title, standing.of(dimension, year))
            for dimension, title in (
                ("total", _("总目标")),
                ("area", _("按区域")),
                ("department", _("按责任部门")),
                ("sector", _("按行业")),
                ("level", _("按级别")),
                ("form", _("按类型")),
            )
        ],
        areas_picture=areas_picture(first_counter, labels, language) if first_counter else None,
        phases_picture=phases_picture(standing, windows, today=day, zone=zone, language=language)
        if standing.phases or windows
        else None,
        course_picture=course_picture(standing, totals[0] if totals else None, zone=zone, language=language) if totals else None,
        figures=figures(database, chosen.area),
        counters=[(code, word(COUNTERS, code, language)) for code in (BASE, *DECLARED)],
        area_options=[(one.code, getattr(one, f"label_{language}")) for one in areas(database)],
        labels=labels,
        name=lambda code: word(COUNTERS, code, language),
        member=lambda row: member_name(row, labels, language),
        remark=lambda row: remark(row, language),
        number=number,
        note=lambda target: getattr(target, f"note_{language}"),
        title=lambda one: getattr(one, f"label_{language}"),
        local_time=plant_time(settings),
    )


def _plan(database: Database, code: str) -> Plan:
    found = next((one for one in plans(database) if one.code == code), None)
    if found is None:
        raise not_found(f"plan {code!r}")
    return found


def _standing(database: Database, settings: CurrentSettings, code: str) -> PlanStanding:
    return standing_of(database, _plan(database, code), today=today(settings))


@router.get("/of/{code}/targets.{form}", response_class=StreamingResponse)
def targets_file(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, code: PlanCode, form: FileForm
) -> StreamingResponse:
    """Give all targets of a plan with what was reached, as a file."""
    language = language_of(request)
    table = plan_table(_standing(database, settings, code), labels_of(database, language), language=language)
    return file_response(f"targets-{code}", table, form, language)


@router.get("/of/{code}/{which}.picture.csv", response_class=StreamingResponse)
def picture_table(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, code: PlanCode, which: str
) -> StreamingResponse:
    """Give the numbers of one of the pictures."""
    language, zone = language_of(request), settings.time_zone
    standing = _standing(database, settings, code)
    match which:
        case "phases":
            drawn = phases_picture(standing, windows_of(code), today=today(settings), zone=zone, language=language)
        case "areas":
            drawn = areas_picture(standing.of("area"), labels_of(database, language), language)
        case "course":
            totals = [row for row in standing.rows if row.target.dimension == "total" and row.target.counter == "on_cloud"]
            drawn = course_picture(standing, totals[0] if totals else None, zone=zone, language=language)
        case _:
            raise not_found(f"picture {which[:40]!r}")
    return csv_response(f"{which}-{code}", drawn.header, drawn.rows)


@router.post("/of/{code}/figures", response_class=HTMLResponse)
def declare_figure(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    code: PlanCode,
    given: Annotated[FigureGiven, Form()],
) -> Response:
    """Take a figure that no reading shows, with the document that says it."""
    plan, _ = _plan(database, code), translator(language_of(request))
    day = given_day(given.as_of)
    if given.counter not in (BASE, *DECLARED) or day is None:
        wrong = _("指标或日期不对，没有记录。")
        return _page(request, database, plan, plans(database), may=viewer.may, wrong=wrong, status=422)
    with database.connection() as connection:
        add_figure(
            connection,
            area=plan.area,
            counter=given.counter,
            as_of=day,
            value=given.value,
            document=given.document,
            declared_by=viewer.name,
        )
        record_act(connection, viewer, "city.plan.declared", f"{plan.area} {given.counter}", given.model_dump())
    return RedirectResponse(f"/city/plans?plan={code}", 303)


@router.get("/import", response_class=HTMLResponse)
def import_page(request: Request, database: CurrentDatabase, _viewer: CityOfficer) -> HTMLResponse:
    return _import_form(request, database)


@router.post("/import", response_class=HTMLResponse)
def import_targets(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityOfficer,
    table: UploadFile,
    code: Annotated[str, Form(max_length=60)] = "",
    label: Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = "",
    area: Annotated[str, Form(max_length=60)] = "",
    cited: Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = "",
) -> Response:
    """Take a table of targets, or show row by row why not."""
    shown = {"code": code, "label": label, "area": area, "cited": cited}
    given = TargetsGiven(code=code, label=label, area=area, document=cited, data=table.file.read(), given_by=viewer.name)
    try:
        read = read_given(database, given)
    except ConfigError as error:
        return _import_form(request, database, shown=shown, wrong=str(error), status=422)
    if read.refused:
        return _import_form(request, database, shown=shown, refused=list(read.refused), status=422)
    with database.connection() as connection:
        saved = save_given(connection, given, read)
        detail = {"document": cited, "targets": len(read.targets), **saved._asdict()}
        record_act(connection, viewer, "city.plan.imported", code, detail)
    return RedirectResponse(f"/city/plans?plan={code}", 303)


def _import_form(
    request: Request,
    database: Database,
    *,
    shown: dict[str, str] | None = None,
    wrong: str = "",
    refused: list[Refused] | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    return render(
        request,
        "city_plans/import.html",
        status,
        shown=shown or {"code": "", "label": "", "area": "", "cited": ""},
        wrong=wrong,
        refused=(refused or [])[:_MOST_REFUSED_SHOWN],
        refused_count=len(refused or []),
        why=lambda mistake: getattr(mistake, language),
        area_options=[(one.code, getattr(one, f"label_{language}")) for one in areas(database)],
        headings=[titles[0 if language == "zh" else 1] for titles in TITLES.values()],
    )


router.include_router(trainings.router)
router.include_router(pilots.router)
router.include_router(snapshots.router)
router.include_router(province.router)
