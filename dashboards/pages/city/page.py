"""The city at a glance: how many are really on the cloud, where, of which kind, and where the others are lost."""

from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.asking import Name
from dashboards.city_report.overview import Filters, Overview, newest, overview
from dashboards.city_report.planned import planned
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.pages.city import report, words
from dashboards.pages.city.drawn import funnel_picture, kinds_picture, trend_picture
from dashboards.pages.city.tables import TABLES, heat, plan_table, quality_rows
from dashboards.plant_time import plant_time
from dashboards.security.access import CityReader
from dashboards.texts import translator
from device_profiles.kind import kind_names
from store.city_registry import departments
from store.database import Database

router = APIRouter(prefix="/city", include_in_schema=False)
router.include_router(report.router)

MOST_SILENT_SHOWN = 20
TrendForm = Annotated[Literal["", "day", "month", "quarter", "year"], Query()]
TableName = Literal["areas", "cells", "departments", "funnel", "kinds", "plan", "quality", "silent", "suspicions", "trend"]


class _Asked(NamedTuple):
    """What the page and its tables are asked for."""

    city: str
    area: str
    kind: str
    department: str
    trend: str


@router.get("", response_class=HTMLResponse)
def city_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    _viewer: CityReader,
    city: Name = "",
    area: Name = "",
    kind: Name = "",
    department: Name = "",
    trend: TrendForm = "",
) -> HTMLResponse:
    asked = _Asked(city, area, kind, department, trend)
    shown = _shown(database, asked)
    if shown is None:
        return render(request, "city/nothing.html")
    language = language_of(request)
    _ = translator(language)
    labels = {code: words.area_label(shown.areas, code, language) for code in shown.areas}
    kinds = {*kind_names(), *shown.kinds}
    return render(
        request,
        "city/page.html",
        shown=shown,
        query=asked._asdict(),
        asked=asked,
        labels=labels,
        area_options=[
            ("", _("全部区域")),
            *((code, labels.get(code, code)) for code in (one.figures.code or "" for one in shown.ranked)),
        ],
        kind_options=[("", _("全部类型")), *((one, words.kind_label(one, language)) for one in sorted(kinds))],
        department_options=[
            ("", _("全部部门")),
            *((one.code, one.label_zh if language == "zh" else one.label_en) for one in departments(database)),
        ],
        planned=planned(database, shown.snapshot, shown.areas, language),
        heat=heat(shown),
        kind_labels={one: words.kind_label(one, language) for one in shown.kinds},
        tests=words.tests(language),
        meanings=words.meanings(_),
        forms=words.forms(_),
        methods=words.methods(language),
        funnel=funnel_picture(shown, language),
        kinds=kinds_picture(shown, language),
        trends=[(_("上云企业"), trend_picture(shown, language, of="on_cloud")), (_("上云设备"), trend_picture(shown, language))],
        quality=quality_rows(shown),
        silent=shown.silent[:MOST_SILENT_SHOWN],
        local_time=plant_time(settings),
    )


@router.get("/tables/{name}.csv", response_class=StreamingResponse)
def table(
    *,
    request: Request,
    database: CurrentDatabase,
    _viewer: CityReader,
    name: TableName,
    city: Name = "",
    area: Name = "",
    kind: Name = "",
    department: Name = "",
    trend: TrendForm = "",
) -> StreamingResponse:
    """Give one of the page's tables for spreadsheets, narrowed as the page is."""
    shown = _shown(database, _Asked(city, area, kind, department, trend))
    if shown is None:
        raise not_found("count of a city")
    language = language_of(request)
    if name == "plan":
        made = plan_table(planned(database, shown.snapshot, shown.areas, language), language)
    else:
        made = TABLES[name](shown, language)
    return csv_response(f"city-{name}-{shown.snapshot.last_day}", made.header, made.rows)


def _shown(database: Database, asked: _Asked) -> Overview | None:
    of = newest(database, asked.city or None)
    filters = Filters(area=asked.area or None, kind=asked.kind or None, department=asked.department or None)
    return None if of is None else overview(database, of, filters, trend_form=asked.trend)
