"""Frozen counts: the list with rule, watermark and hash, files, the form to freeze one, and two compared machine by machine."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, FastAPI, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.city_plans import given_day
from dashboards.asking import MOST_ID, Offset
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Line
from dashboards.pages.city_plans.freezing import Freeze, Freezes
from dashboards.pages.city_plans.shared import FileForm, file_response, labels_of
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityOfficer, CityReader, Permission, Viewer
from dashboards.side_work import Busy
from dashboards.texts import Translate, translator
from registry.counting.comparison import CAUSES, Comparison, compare
from registry.counting.recount import CannotCount
from registry.counting.words import TEST_LABELS
from registry.exports.snapshots import enterprises_of, machines_of
from store.city_registry import areas
from store.city_snapshots import Snapshot, newest_snapshot, snapshot, snapshots
from store.database import Database


@asynccontextmanager
async def _with_freezes(application: FastAPI) -> AsyncIterator[None]:
    application.state.freezes = Freezes()
    try:
        yield
    finally:
        application.state.freezes.close()


router = APIRouter(prefix="/snapshots", lifespan=_with_freezes)

ROWS = 50
MOST_DIFFERENCES = 500
"""Machines that are shown; the file has all."""
FORMS = ("month", "quarter", "year")
SnapshotId = Annotated[int, Path(ge=1, le=MOST_ID)]
Asked = Annotated[int, Query(ge=1, le=MOST_ID)]
Token = Annotated[str, Path(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class FreezeGiven(BaseModel):
    """What to freeze: the period that holds a day; a correction names the count that it replaces, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    area: Annotated[str, Field(max_length=60)] = ""
    form: Literal["month", "quarter", "year"] = "month"
    day: Annotated[str, Field(max_length=10)] = ""
    replaces: Annotated[str, Field(max_length=10, pattern=r"^[0-9]*$")] = ""
    why: Line = ""


@router.get("", response_class=HTMLResponse)
def snapshots_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityReader,
    view: Literal["frozen", "all"] = "frozen",
    offset: Offset = 0,
) -> HTMLResponse:
    return _page(request, database, viewer, view=view, offset=offset)


@router.get("/snapshots.csv", response_class=StreamingResponse)
def snapshots_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    labels, forms = labels_of(database, language), _forms(_)
    _total, rows = snapshots(database, limit=MOST_IN_FILE)
    header = [
        _("编号"),
        _("周期"),
        _("起"),
        _("止"),
        _("区域"),
        _("规则版本"),
        _("水位"),
        _("哈希"),
        _("登记设备"),
        _("上云设备"),
    ]
    header += [_("企业"), _("上云企业"), _("新增"), _("生成时间（UTC）"), _("生成人"), _("更正"), _("原因")]
    cells = (
        [
            *(row.id, forms[row.form], row.first_day.isoformat(), row.last_day.isoformat(), labels.get(row.area, row.area)),
            *(row.rule_version, row.watermark, row.hash.hex(), row.machines, row.counted, row.enterprises, row.on_cloud),
            *(row.new_on_cloud, utc_text(row.made_at), row.made_by, row.replaces or "", row.why),
        ]
        for row in rows
    )
    return csv_response("snapshots", header, cells)


@router.post("", response_class=HTMLResponse)
def freeze(
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityOfficer,
    given: Annotated[FreezeGiven, Form()],
) -> Response:
    """Let a count be frozen; it goes on beside the server, and its page tells how far it is."""
    _ = translator(language_of(request))
    wrong = {}
    if given.area not in {one.code for one in areas(database)}:
        wrong["area"] = _("请选择区域")
    if given_day(given.day) is None:
        wrong["day"] = _("不是日期")
    replaces = int(given.replaces) if given.replaces else None
    if (replaces is None) != (not given.why.strip()) or (replaces or 0) > MOST_ID:
        wrong["why"] = _("更正要写明被更正的快照编号和原因；不是更正时两项都不填")
    if wrong:
        return _page(request, database, viewer, given=given, wrong=wrong, status=422)
    newest = newest_snapshot(database, given.area)
    order = {
        **given.model_dump(exclude={"replaces"}),
        "replaces": replaces,
        "database": settings.database,
        "machines": 0 if newest is None else newest.machines,
        "actor": viewer.name,
        "role": viewer.role,
        "address": viewer.address,
    }
    try:
        token = _freezes(request).ask(order)
    except Busy:
        return _page(request, database, viewer, given=given, wrong={"area": _("已有多个快照在排队，请稍后再试")}, status=503)
    return RedirectResponse(f"/city/plans/snapshots/freezing/{token}", 303)


@router.get("/freezing/{token}", response_class=HTMLResponse)
def freezing_page(request: Request, _viewer: CityOfficer, token: Token) -> Response:
    asked = _asked(request, token)
    if asked.state == "done":
        return RedirectResponse(f"/city/plans/snapshots/{asked.snapshot}", 303)
    return render(request, "city_plans/freezing.html", asked=asked)


@router.get("/freezing/{token}/progress", response_class=HTMLResponse)
def freezing_progress(request: Request, _viewer: CityOfficer, token: Token) -> HTMLResponse:
    """Give the part of the page that changes; once it is over, the page comes anew."""
    asked = _asked(request, token)
    answer = render(request, "city_plans/freezing_progress.html", asked=asked)
    if not asked.is_under_way:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/compare", response_class=HTMLResponse)
def compare_page(request: Request, database: CurrentDatabase, _viewer: CityReader, before: Asked, after: Asked) -> HTMLResponse:
    """Explain the difference between two counts, machine by machine."""
    language = language_of(request)
    _ = translator(language)
    found = _compared(database, before, after)
    return render(
        request,
        "city_plans/compare.html",
        found=found,
        rows=found.rows[:MOST_DIFFERENCES],
        causes=[(_changes(_)[change], _cause(cause, language), count) for (change, cause), count in found.by_cause().items()],
        changes=_changes(_),
        by_area=found.by_area(),
        forms=_forms(_),
        labels=labels_of(database, language),
        sentence=lambda row: row.sentence(language),
    )


@router.get("/compare.csv", response_class=StreamingResponse)
def compare_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, before: Asked, after: Asked
) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    found, labels, changes = _compared(database, before, after), labels_of(database, language), _changes(_)
    header = [_("设备编号"), _("统一社会信用代码"), _("企业名称"), _("设备名称"), _("类型"), _("变化"), _("原因")]
    header += [_("原区域"), _("现区域"), _("说明")]

    def cells() -> Iterator[list[object]]:
        for row in found.rows:
            before_area, after_area = (labels.get(one or "", one or "") for one in (row.area_before, row.area_after))
            yield [
                *(row.machine_id, row.uscc, row.enterprise, row.label, row.kind, changes[row.change]),
                *(_cause(row.cause, language), before_area, after_area, row.sentence(language)),
            ]

    return csv_response(f"comparison-{before}-{after}", header, cells())


@router.get("/{snapshot_id}", response_class=HTMLResponse)
def snapshot_page(request: Request, database: CurrentDatabase, _viewer: CityReader, snapshot_id: SnapshotId) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    one = _snapshot(database, snapshot_id)
    _total, others = snapshots(database, area=one.area, limit=ROWS)
    return render(
        request,
        "city_plans/snapshot.html",
        one=one,
        others=[(other.id, f"{other.id} · {_forms(_)[other.form]} {other.last_day}") for other in others if other.id != one.id],
        forms=_forms(_),
        labels=labels_of(database, language),
        local_time=plant_time(request.app.state.settings),
    )


@router.get("/{snapshot_id}/machines.{form}", response_class=StreamingResponse)
def machines_file(
    request: Request, database: CurrentDatabase, _viewer: CityReader, snapshot_id: SnapshotId, form: FileForm
) -> StreamingResponse:
    """Give all machines of a count with where each was lost."""
    one = _snapshot(database, snapshot_id)
    return file_response(f"machines-{snapshot_id}", machines_of(database, one), form, language_of(request), rows=one.machines)


@router.get("/{snapshot_id}/enterprises.{form}", response_class=StreamingResponse)
def enterprises_file(
    request: Request, database: CurrentDatabase, _viewer: CityReader, snapshot_id: SnapshotId, form: FileForm
) -> StreamingResponse:
    one = _snapshot(database, snapshot_id)
    return file_response(f"enterprises-{snapshot_id}", enterprises_of(database, one), form, language_of(request))


def _page(
    request: Request,
    database: Database,
    viewer: Viewer,
    *,
    view: str = "frozen",
    offset: int = 0,
    given: FreezeGiven | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    forms = _forms(_)
    total, rows = snapshots(database, forms=FORMS if view == "frozen" else None, limit=ROWS, offset=offset)
    content: dict[str, Any] = {"rows": rows, "total": total, "limit": ROWS, "offset": offset, "view": view}
    return render(
        request,
        "city_plans/snapshots.html",
        status,
        **content,
        query={"view": "" if view == "frozen" else view},
        forms=forms,
        form_options=[(form, forms[form]) for form in FORMS],
        area_options=[(one.code, getattr(one, f"label_{language}")) for one in areas(database)],
        labels=labels_of(database, language),
        given=given or FreezeGiven(),
        wrong=wrong or {},
        may_decide=viewer.may(Permission.CITY_DECIDE),
        local_time=plant_time(request.app.state.settings),
    )


def _compared(database: Database, before: int, after: int) -> Comparison:
    try:
        return compare(database, before, after)
    except CannotCount as error:
        raise HTTPException(404, str(error)) from None


def _snapshot(database: Database, snapshot_id: int) -> Snapshot:
    found = snapshot(database, snapshot_id)
    if found is None:
        raise not_found(f"snapshot {snapshot_id}")
    return found


def _freezes(request: Request) -> Freezes:
    return cast("Freezes", request.app.state.freezes)


def _asked(request: Request, token: str) -> Freeze:
    found = _freezes(request).get(token)
    if found is None:
        raise not_found("count under this name; the server may have been started anew")
    return found


def _forms(_: Translate) -> dict[str, str]:
    return {"day": _("日"), "month": _("月"), "quarter": _("季"), "year": _("年")}


def _changes(_: Translate) -> dict[str, str]:
    return {"gained": _("新计入"), "lost": _("不再计入"), "moved": _("换区域")}


def _cause(cause: str, language: str) -> str:
    return (CAUSES | TEST_LABELS)[cause][language]
