"""Star rating: applications by state, who has a star, and one application with the whole table (`one`), rules (`rules`)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.api.city_stars import StarQuestion, StarsAsked
from dashboards.asking import Offset
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE
from dashboards.pages.city_stars import one, rules, words
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityReader, Permission
from dashboards.texts import Language, translator
from registry.stars.edition import DEFAULT, edition
from registry.stars.windows import batch_of, batches, next_batch
from store.city_registry import areas
from store.city_stars import RATED, applications, count_by_state, windows
from store.database import Database

router = APIRouter(prefix="/city/stars", include_in_schema=False)

ROWS = 50
Which = Annotated[Literal["open", "all"], Query(description="applications that are under way, or all")]
_UNDER_WAY = ["draft", "material_reviewed", "recommended", "submitted"]


@router.get("", response_class=HTMLResponse)
def applications_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    asked: StarsAsked,
    view: Which = "open",
    offset: Offset = 0,
) -> HTMLResponse:
    wanted = asked if asked.states or view == "all" else replace(asked, states=_UNDER_WAY)
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    with database.connection() as connection:
        further = [(w.first_day, w.last_day, w.document) for w in windows(connection, DEFAULT)]
    all_windows = batches(edition(DEFAULT), further)
    return render(
        request,
        "city_stars/list.html",
        **_listed(request, database, wanted, offset),
        query=_query(asked) | {"view": "" if view == "open" else view},
        view=view,
        counts=count_by_state(database),
        window=batch_of(today, all_windows),
        coming=next_batch(today, all_windows),
        may_register=viewer.may(Permission.CITY_REGISTER),
        local_time=plant_time(settings),
    )


@router.get("/rated", response_class=HTMLResponse)
def rated_page(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, asked: StarsAsked, offset: Offset = 0
) -> HTMLResponse:
    """Show who has a star, by star and area."""
    wanted = replace(asked, states=sorted(RATED), sort="-star" if asked.sort == "-made" else asked.sort)
    return render(
        request,
        "city_stars/rated.html",
        **_listed(request, database, wanted, offset),
        query=_query(asked),
    )


@router.get("/applications.csv", response_class=StreamingResponse)
def applications_table(request: Request, database: CurrentDatabase, _viewer: CityReader, asked: StarsAsked) -> StreamingResponse:
    """Give applications as a table for spreadsheets."""
    return _table(request, database, asked, "star-applications")


@router.get("/rated.csv", response_class=StreamingResponse)
def rated_table(request: Request, database: CurrentDatabase, _viewer: CityReader, asked: StarsAsked) -> StreamingResponse:
    """Give who has a star as a table for spreadsheets."""
    return _table(request, database, replace(asked, states=sorted(RATED)), "star-enterprises")


def _table(request: Request, database: Database, asked: StarQuestion, name: str) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    states, forms, labels = words.states(_), words.deployments(_), _area_labels(database, language)
    header = [_("编号"), _("统一社会信用代码"), _("企业"), _("区域"), _("星级"), _("上云形式"), _("批次"), _("状态")]
    header += [_("评定日期"), _("提出时间（UTC）")]
    _total, rows = applications(database, **vars(asked), limit=MOST_IN_FILE)

    def cells() -> Iterator[list[object]]:
        for row in rows:
            yield [
                *(row.id, row.uscc, row.name, labels.get(row.area, row.area), row.star, forms[row.deployment], row.batch),
                *(states[row.state], row.rated_on or "", utc_text(row.made_at or datetime.now(UTC))),
            ]

    return csv_response(name, header, cells())


def _listed(request: Request, database: Database, wanted: StarQuestion, offset: int) -> dict[str, Any]:
    total, rows = applications(database, **vars(wanted), limit=ROWS, offset=offset)
    language = language_of(request)
    _ = translator(language)
    labels = _area_labels(database, language)
    return {
        "problems": [],
        "rows": rows,
        "total": total,
        "limit": ROWS,
        "offset": offset,
        "sort": wanted.sort,
        "asked": wanted,
        "states": words.states(_),
        "forms": words.deployments(_),
        "areas": labels,
        "area_options": [("", _("全部区域")), *labels.items()],
        "star_options": [("", _("全部星级")), *((star, _("{star} 星", star=star)) for star in edition(DEFAULT).stars)],
    }


def _area_labels(database: Database, language: Language) -> dict[str, str]:
    return {area.code: area.label_zh if language == "zh" else area.label_en for area in areas(database)}


def _query(asked: StarQuestion) -> dict[str, Any]:
    return {
        "state": ",".join(asked.states or []),
        "star": asked.star,
        "area": asked.area,
        "search": asked.search,
        "sort": "" if asked.sort == "-made" else asked.sort,
    }


router.include_router(rules.router)
router.include_router(one.router)  # behind all names: its addresses are numbers
