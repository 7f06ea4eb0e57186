"""Machines of the newest count: those that count, and those that were lost at a test, with the reason of each."""

from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.asking import Name, Offset, Search
from dashboards.city_report.overview import newest
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE, checked_sort
from dashboards.pages.city import words
from dashboards.pages.city_machines import evidence
from dashboards.security.access import CityReader
from dashboards.texts import translator
from device_profiles.kind import kind_names
from registry.counting.words import sentence
from store.city_registry import areas
from store.city_snapshots import SORTS, TESTS, CountedMachine, Snapshot, snapshot_machines
from store.database import Database

router = APIRouter(prefix="/city/machines", include_in_schema=False)

ROWS = 50
FIRST_SORT = "machine"
COUNTED = "counted"
"""Instead of a test: those that pass them all."""
LostAt = Annotated[Literal["", "counted", *TESTS], Query()]  # type: ignore[valid-type]  # the tests that there are


class _Question(NamedTuple):
    """What the list is narrowed to and sorted by; empty: all."""

    city: str
    area: str
    kind: str
    department: str
    uscc: str
    lost_at: str
    search: str
    sort: str

    def query(self) -> dict[str, str]:
        return self._asdict() | {"sort": "" if self.sort == FIRST_SORT else self.sort}


def _question(
    *,
    city: Name = "",
    area: Name = "",
    kind: Name = "",
    department: Name = "",
    uscc: Name = "",
    lost_at: LostAt = "",
    search: Search = "",
    sort: Annotated[str, Query(max_length=40)] = FIRST_SORT,
) -> _Question:
    return _Question(city, area, kind, department, uscc, lost_at, search, checked_sort(sort, SORTS))


Question = Annotated[_Question, Depends(_question)]


@router.get("", response_class=HTMLResponse)
def machines_page(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, asked: Question, offset: Offset = 0
) -> HTMLResponse:
    """List the machines of the newest count."""
    language = language_of(request)
    _ = translator(language)
    of = newest(database, asked.city or None)
    total, rows = _machines(database, of, asked, limit=ROWS, offset=offset)
    known = {one.code: one for one in areas(database)}
    labels = {code: words.area_label(known, code, language) for code in known}
    kinds = {one: words.kind_label(one, language) for one in sorted({*kind_names(), *(row.kind for row in rows)})}
    tests = words.tests(language)
    return render(
        request,
        "city_machines/list.html",
        of=of,
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        sort=asked.sort,
        query=asked.query(),
        labels=labels,
        kind_labels=kinds,
        sentences=[sentence(one.reason, language, kind=one.kind) for one in rows],
        lost_options=[("", _("全部")), (COUNTED, _("计入上云")), *((one, _("未通过：{test}", test=tests[one])) for one in TESTS)],
        area_options=[("", _("全部区域")), *labels.items()],
        kind_options=[("", _("全部类型")), *kinds.items()],
        tests=tests,
        states=words.states(language),
        forms=words.forms(_),
    )


@router.get("/list.csv", response_class=StreamingResponse)
def machines_table(*, request: Request, database: CurrentDatabase, _viewer: CityReader, asked: Question) -> StreamingResponse:
    """Give the list as a table for spreadsheets, narrowed as the page is."""
    language = language_of(request)
    _ = translator(language)
    _total, rows = _machines(database, newest(database, asked.city or None), asked, limit=MOST_IN_FILE)
    header = [
        _("登记号"),
        _("设备"),
        _("统一社会信用代码"),
        _("企业"),
        _("区域"),
        _("设备类型"),
        _("状态"),
        _("未通过的检验"),
        _("原因"),
    ]
    header += [_("有数据的天数"), _("测点齐全的天数"), _("最后有数据的一天")]
    tests, states = words.tests(language), words.states(language)
    cells = (
        [
            *(one.machine_id, one.label, one.uscc, one.enterprise, one.area, words.kind_label(one.kind, language)),
            *(states[one.state], tests.get(one.lost_at, ""), sentence(one.reason, language, kind=one.kind)),
            *(one.data_days, one.complete_days, one.last_day.isoformat() if one.last_day else None),
        ]
        for one in rows
    )
    return csv_response("city-machines", header, cells)


def _machines(
    database: Database, of: Snapshot | None, asked: _Question, *, limit: int, offset: int = 0
) -> tuple[int, list[CountedMachine]]:
    if of is None:
        return 0, []
    return snapshot_machines(
        database,
        of.id,
        area=asked.area or None,
        kinds=[asked.kind] if asked.kind else None,
        uscc=asked.uscc or None,
        department=asked.department or None,
        lost_at=["" if asked.lost_at == COUNTED else asked.lost_at] if asked.lost_at else None,
        search=asked.search,
        sort=asked.sort,
        limit=limit,
        offset=offset,
    )


router.include_router(evidence.router)  # its addresses with a number come after those with a name
