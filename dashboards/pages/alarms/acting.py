"""An act on alarms: a form that says what will be done to which, and its answer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from analytics.alarms.states import LONGEST_SHELF, Deed
from dashboards.alarms.acts import PERMISSIONS, carry_out
from dashboards.alarms.feed import AlarmFeed, CurrentAlarms
from dashboards.alarms.questions import Id, Text
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.error_answers import not_found
from dashboards.pages.alarms.shown import ADDRESS_OF_DEED, shown_alarm
from dashboards.pages.alarms.words import deed_words
from dashboards.security.access import Viewer, require
from dashboards.texts import Translate, translator

router = APIRouter()

_LISTS = r"/(alarms|equipment)(/[0-9]+)?(\?[A-Za-z0-9_=&%.,:+-]*)?"
"""Pages with alarms on them; nothing else is gone back to."""
SHELF_MINUTES = (10, 30, 60, 120, 240, 480)
Ids = Annotated[list[Id], Field(max_length=1000)]


class Answers(BaseModel):
    """What the form sends."""

    model_config = ConfigDict(extra="forbid")
    ids: list[Id] = Field(min_length=1, max_length=1000)
    note: Text = Field(default="", max_length=1000)
    minutes: int = Field(default=60, ge=1, le=525_600)
    once: bool = False
    back: str = Field(default="/alarms", pattern=f"^{_LISTS}$", max_length=2000)
    """Where somebody came from, with the filter that was chosen there."""


def _form_page(deed: Deed) -> Callable[..., HTMLResponse]:
    def ask(
        *,
        request: Request,
        viewer: Annotated[Viewer, require(PERMISSIONS[deed])],
        alarms: CurrentAlarms,
        settings: CurrentSettings,
        ids: Annotated[Ids, Query()] = [],  # noqa: B006 - FastAPI copies it
    ) -> HTMLResponse:
        return _form(request, deed, viewer, alarms, ids, zone=ZoneInfo(settings.time_zone))

    return ask


def _action(deed: Deed) -> Callable[..., Response]:
    def answer(
        *,
        request: Request,
        viewer: Annotated[Viewer, require(PERMISSIONS[deed])],
        alarms: CurrentAlarms,
        database: CurrentDatabase,
        settings: CurrentSettings,
        given: Annotated[Answers, Form()],
    ) -> Response:
        outcomes = carry_out(
            database,
            alarms,
            viewer,
            given.ids,
            deed,
            now=datetime.now(UTC),
            note=given.note,
            shelf=timedelta(minutes=given.minutes) if deed is Deed.SHELVE else None,
            once=given.once,
        )
        refused = {one.condition_id: one.refused for one in outcomes if one.refused is not None}
        if refused:
            language = language_of(request)
            reasons = sorted({getattr(reason, language) for reason in refused.values()})
            status = 200 if _is_htmx(request) else 409
            zone = ZoneInfo(settings.time_zone)
            return _form(request, deed, viewer, alarms, list(refused), zone=zone, reasons=reasons, status=status, back=given.back)
        if _is_htmx(request):
            return Response(status_code=204, headers={"HX-Trigger": "alarms-acted"})
        return RedirectResponse(given.back, 303)

    return answer


for one, address in ADDRESS_OF_DEED.items():
    router.add_api_route(f"/alarms/act/{address}", _form_page(Deed(one)), methods=["GET"], response_class=HTMLResponse)
    router.add_api_route(f"/alarms/act/{address}", _action(Deed(one)), methods=["POST"])


def _form(
    request: Request,
    deed: Deed,
    viewer: Viewer,
    alarms: AlarmFeed,
    ids: list[int],
    *,
    zone: ZoneInfo,
    reasons: list[str] | None = None,
    status: int = 200,
    back: str | None = None,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    found = [alarm for alarm in (alarms.get(alarm_id, viewer.gateways) for alarm_id in dict.fromkeys(ids)) if alarm]
    if ids and not found:
        raise not_found("such alarm")
    shown = [shown_alarm(alarm, viewer, language, zone) for alarm in found]
    return render(
        request,
        "alarms/act.html",
        status,
        is_fragment=_is_htmx(request),
        act=ADDRESS_OF_DEED[deed],
        word=deed_words(_)[deed],
        alarms=shown,
        refusals=reasons or [],
        back=back or _came_from(request),
        needs_note=deed in (Deed.SHELVE, Deed.TAKE_OUT_OF_SERVICE, Deed.COMMENT)
        or (deed is Deed.ACKNOWLEDGE and any(alarm.note_required for alarm in shown)),
        durations=_durations(_),
    )


def _came_from(request: Request) -> str:
    """Name the list that led here, if it was one of ours."""
    parts = urlsplit(request.headers.get("referer", ""))
    address = parts._replace(scheme="", netloc="", fragment="").geturl()
    is_ours = parts.netloc == request.headers.get("host") and re.fullmatch(_LISTS, address) and len(address) <= 2000
    return address if is_ours else "/alarms"


def _durations(_: Translate) -> list[tuple[int, str]]:
    longest = LONGEST_SHELF.total_seconds() / 60
    return [
        (minutes, _("{n} 分钟", n=minutes) if minutes < 60 else _("{n} 小时", n=minutes // 60))
        for minutes in SHELF_MINUTES
        if minutes <= longest
    ]


def _is_htmx(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"
