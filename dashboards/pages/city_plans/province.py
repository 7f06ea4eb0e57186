"""The province: what cities have told, day by day, with a city's own funnel; a day that was not told is missing, not 0."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.api.city_plans import given_day
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityReader
from dashboards.texts import translator
from device_profiles.kind import kind_names, load_kind
from registry.counting.words import TEST_LABELS
from store.city_province import by_city_and_kind, cities, city_days, newest_day, province_funnel
from store.database import Database

router = APIRouter(prefix="/province")

DAYS = 14
"""Of which the page shows who has told."""
Day = Annotated[str, Query(max_length=10)]
CityCode = Annotated[str, Query(max_length=60, pattern=r"^[a-z0-9-]*$")]


def _asked(database: Database, text: str) -> date | None:
    if not text:
        return newest_day(database)
    day = given_day(text)
    if day is None:
        raise HTTPException(422, f"day: {text!r} is not a day, such as 2026-03-01")
    return day


@router.get("", response_class=HTMLResponse)
def province_page(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, day: Day = "", city: CityCode = ""
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    known, wanted = cities(database), _asked(database, day)
    if wanted is None:
        return render(request, "city_plans/province.html", day=None)
    span = [wanted - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    told = {(one.city, one.day): one for one in city_days(database, span[0], wanted)}
    kinds = by_city_and_kind(database, wanted)
    names = sorted({one.kind for one in kinds})
    return render(
        request,
        "city_plans/province.html",
        day=wanted,
        city=city,
        cities=known,
        span=span,
        told=told,
        there=[told[one.city, wanted] for one in known if (one.city, wanted) in told],
        missing=[one for one in known if (one.city, wanted) not in told],
        steps=province_funnel(database, wanted, city=city or None),
        tests={test: labels[language] for test, labels in TEST_LABELS.items()},
        kinds={(one.city, one.kind): one for one in kinds},
        kind_names=[(name, _kind(name, language)) for name in names],
        labels={one.city: getattr(one, f"label_{language}") for one in known},
        city_options=[("", _("全部城市")), *((one.city, getattr(one, f"label_{language}")) for one in known)],
        query={"day": day, "city": city},
        local_time=plant_time(request.app.state.settings),
    )


@router.get("/cities.csv", response_class=StreamingResponse)
def cities_table(request: Request, database: CurrentDatabase, _viewer: CityReader, day: Day = "") -> StreamingResponse:
    """Give what each city has told of the last days; a city that has not told of a day has no row of it."""
    language = language_of(request)
    _ = translator(language)
    labels = {one.city: getattr(one, f"label_{language}") for one in cities(database)}
    wanted = _asked(database, day)
    rows = [] if wanted is None else city_days(database, wanted - timedelta(days=DAYS - 1), wanted)
    header = [_("城市"), _("日期"), _("修订"), _("规则版本"), _("登记设备"), _("上云设备"), _("企业"), _("上云企业"), _("新增")]
    header += [_("签名"), _("计数时间（UTC）"), _("哈希")]
    cells = (
        [
            *(labels.get(one.city, one.city), one.day.isoformat(), one.revision, one.rule_version, one.machines, one.counted),
            *(one.enterprises, one.on_cloud, one.new_on_cloud, int(one.is_signed), utc_text(one.counted_at), one.hash.hex()),
        ]
        for one in rows
    )
    return csv_response("province", header, cells)


@router.get("/funnel.csv", response_class=StreamingResponse)
def funnel_table(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, day: Day = "", city: CityCode = ""
) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    wanted = _asked(database, day)
    steps = [] if wanted is None else province_funnel(database, wanted, city=city or None)
    rows = ([TEST_LABELS[step.test][language], step.reached, step.lost, step.left] for step in steps)
    return csv_response("province-funnel", [_("检验"), _("进入"), _("未通过"), _("通过")], rows)


@router.get("/kinds.csv", response_class=StreamingResponse)
def kinds_table(request: Request, database: CurrentDatabase, _viewer: CityReader, day: Day = "") -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    wanted = _asked(database, day)
    labels = {one.city: getattr(one, f"label_{language}") for one in cities(database)}
    rows = [] if wanted is None else by_city_and_kind(database, wanted)
    cells = ([labels.get(one.city, one.city), _kind(one.kind, language), one.machines, one.counted] for one in rows)
    return csv_response("province-kinds", [_("城市"), _("设备类型"), _("登记设备"), _("上云设备")], cells)


def _kind(name: str, language: str) -> str:
    return str(getattr(load_kind(name).label, language)) if name in kind_names() else name
