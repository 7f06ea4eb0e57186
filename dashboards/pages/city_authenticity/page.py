"""Authenticity: what speaks against the data of machines, with its evidence, and the forms in which a person decides."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from dashboards.asking import MOST_ID, Name, Offset, Search
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Sort, Text, checked_sort
from dashboards.pages.city import words
from dashboards.pages.maintenance.evidence import Evidence, drawn
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import CityOfficer, CityReader, Permission, record_act
from dashboards.texts import Language, Translate, translator
from registry.authenticity.suspicion import Method
from store.city_evidence import holds_of
from store.city_registry import areas
from store.city_suspicions import ORDERS, StoredSuspicion, decide, place_hold, release_hold, suspicion, suspicions
from store.database import Database
from telemetry.settings import Settings

router = APIRouter(prefix="/city/authenticity", include_in_schema=False)

ROWS = 50
SuspicionId = Annotated[int, Path(ge=1, le=MOST_ID)]
Piece = Annotated[int, Path(ge=1, le=100)]
State = Annotated[Literal["open", "confirmed", "cleared", "all"], Query()]
OfMethod = Annotated[Method | Literal[""], Query()]


class Decision(Settings):
    """What a person makes of a suspicion."""

    state: Literal["confirmed", "cleared"]
    note: Text


class NewHold(Settings):
    """Why a machine shall not count for now."""

    reason: Text


def _question(
    *,
    state: State = "open",
    method: OfMethod = "",
    area: Name = "",
    search: Search = "",
    sort: Sort = "-found",
) -> dict[str, str]:
    return {"state": state, "method": str(method), "area": area, "search": search, "sort": checked_sort(sort, ORDERS)}


Asked = Annotated[dict[str, str], Depends(_question)]


@router.get("", response_class=HTMLResponse)
def list_page(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, asked: Asked, offset: Offset = 0
) -> HTMLResponse:
    """List suspicions, the open ones first of all."""
    language = language_of(request)
    _ = translator(language)
    total, rows = _found(database, asked, limit=ROWS, offset=offset)
    known = {one.code: one for one in areas(database)}
    return render(
        request,
        "city_authenticity/list.html",
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        sort=asked["sort"],
        query=_address(asked),
        methods=words.methods(language),
        states=_states(_),
        area_choices=[(code, words.area_label(known, code, language)) for code in sorted(known)],
        language=language,
        local_time=plant_time(request.app.state.settings),
    )


@router.get("/list.csv", response_class=StreamingResponse)
def list_table(request: Request, database: CurrentDatabase, _viewer: CityReader, asked: Asked) -> StreamingResponse:
    """Give the same list as a table for spreadsheets."""
    language = language_of(request)
    _ = translator(language)
    methods, states = words.methods(language), _states(_)
    _total, rows = _found(database, asked, limit=MOST_IN_FILE)
    header = [
        *(_("编号"), _("设备"), _("设备类型"), _("企业"), _("统一社会信用代码"), _("疑点"), _("评分"), _("阈值"), _("状态")),
        *(_("开始（UTC）"), _("结束（UTC）"), _("发现（UTC）"), _("说明"), _("判定人"), _("判定时间（UTC）"), _("判定依据")),
    ]
    return csv_response(
        "suspicions",
        header,
        (
            [
                *(one.id, one.label, one.kind, one.enterprise, one.uscc, methods.get(one.method, one.method)),
                *(one.score, one.threshold, states[one.state], utc_text(one.since), utc_text(one.until), utc_text(one.found_at)),
                *(one.explanation.get(language, ""), one.decided_by or ""),
                *("" if one.decided_at is None else utc_text(one.decided_at), one.note),
            ]
            for one in rows
        ),
    )


@router.get("/{suspicion_id}", response_class=HTMLResponse)
def suspicion_page(
    request: Request, database: CurrentDatabase, viewer: CityReader, settings: CurrentSettings, suspicion_id: SuspicionId
) -> HTMLResponse:
    """Show one suspicion with all that it rests on, what else there was of the machine, and the forms to decide."""
    language = language_of(request)
    found = _seen(database, suspicion_id)
    return _one(request, database, found, settings.time_zone, language, may_decide=viewer.may(Permission.CITY_DECIDE))


@router.get("/{suspicion_id}/evidence/{number}.csv", response_class=StreamingResponse)
def evidence_table(
    *,
    request: Request,
    database: CurrentDatabase,
    _viewer: CityReader,
    settings: CurrentSettings,
    suspicion_id: SuspicionId,
    number: Piece,
) -> StreamingResponse:
    """Give the numbers of one piece of evidence."""
    pieces = _drawn(_seen(database, suspicion_id), settings.time_zone, language_of(request))
    if number > len(pieces):
        raise not_found(f"suspicion {suspicion_id} has no evidence {number}")
    piece = pieces[number - 1]
    header, rows = (piece.picture.header, piece.picture.rows) if piece.picture else (piece.header, piece.rows)
    return csv_response(f"suspicion-{suspicion_id}-{number}", list(header), (list(row) for row in rows))


@router.post("/{suspicion_id}/decision")
def decide_on(
    database: CurrentDatabase, viewer: CityOfficer, suspicion_id: SuspicionId, decision: Annotated[Decision, Form()]
) -> Response:
    """Confirm or clear a suspicion, once and for all."""
    with database.connection() as connection:
        try:
            machine, method = decide(
                connection, suspicion_id, state=decision.state, actor=viewer.name, note=decision.note, now=datetime.now(UTC)
            )
        except LookupError as error:
            raise not_found(str(error)) from None
        except ValueError as error:
            raise HTTPException(409 if decision.note.strip() else 422, str(error)) from None
        detail = {"machine": machine, "method": method, "state": decision.state, "note": decision.note}
        record_act(connection, viewer, "city.decide_suspicion", str(suspicion_id), detail)
    return RedirectResponse(f"/city/authenticity/{suspicion_id}", 303)


@router.post("/{suspicion_id}/hold")
def hold(
    database: CurrentDatabase, viewer: CityOfficer, suspicion_id: SuspicionId, asked: Annotated[NewHold, Form()]
) -> Response:
    """Put the machine on hold: it does not count until somebody releases it."""
    machine = _seen(database, suspicion_id).machine_id
    with database.connection() as connection:
        try:
            number = place_hold(connection, machine, reason=asked.reason, actor=viewer.name, now=datetime.now(UTC))
        except ValueError as error:
            raise HTTPException(409 if asked.reason.strip() else 422, str(error)) from None
        record_act(connection, viewer, "city.place_hold", str(machine), {"hold": number, "reason": asked.reason})
    return RedirectResponse(f"/city/authenticity/{suspicion_id}", 303)


@router.post("/{suspicion_id}/release")
def release(database: CurrentDatabase, viewer: CityOfficer, suspicion_id: SuspicionId) -> Response:
    """Release the machine's hold."""
    machine = _seen(database, suspicion_id).machine_id
    with database.connection() as connection:
        try:
            number = release_hold(connection, machine, actor=viewer.name, now=datetime.now(UTC))
        except ValueError as error:
            raise HTTPException(409, str(error)) from None
        record_act(connection, viewer, "city.release_hold", str(machine), {"hold": number})
    return RedirectResponse(f"/city/authenticity/{suspicion_id}", 303)


def _found(database: Database, asked: dict[str, str], *, limit: int, offset: int = 0) -> tuple[int, list[StoredSuspicion]]:
    return suspicions(
        database,
        states=None if asked["state"] == "all" else [asked["state"]],
        methods=[asked["method"]] if asked["method"] else None,
        area=asked["area"] or None,
        search=asked["search"],
        sort=asked["sort"],
        limit=limit,
        offset=offset,
    )


def _seen(database: Database, suspicion_id: int) -> StoredSuspicion:
    found = suspicion(database, suspicion_id)
    if found is None:
        raise not_found(f"there is no suspicion {suspicion_id}")
    return found


def _one(
    request: Request, database: Database, found: StoredSuspicion, zone: str, language: Language, *, may_decide: bool
) -> HTMLResponse:
    _ = translator(language)
    _total, others = suspicions(database, machine_id=found.machine_id, sort="-found", limit=100)
    return render(
        request,
        "city_authenticity/one.html",
        one=found,
        evidence=_drawn(found, zone, language),
        others=[other for other in others if other.id != found.id],
        holds=holds_of(database, found.machine_id),
        methods=words.methods(language),
        states=_states(_),
        may_decide=may_decide,
        language=language,
        local_time=plant_time(request.app.state.settings),
    )


def _drawn(found: StoredSuspicion, zone: str, language: Language) -> list[Evidence]:
    return drawn(found.evidence, zone=zone, language=language)


def _address(asked: dict[str, str]) -> dict[str, Any]:
    first = {"state": "open", "sort": "-found"}
    return {name: "" if value == first.get(name) else value for name, value in asked.items()}


def _states(_: Translate) -> dict[str, str]:
    return {"open": _("待判定"), "confirmed": _("属实"), "cleared": _("已排除")}
