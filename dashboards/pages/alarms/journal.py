"""The journal of alarms."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.alarms.questions import JournalQuestion
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.pages.alarms.shown import local_time, shown_number
from dashboards.pages.alarms.words import deed_words, state_words
from dashboards.security.access import Reader
from dashboards.templating import address_with
from dashboards.texts import Language, translator
from store.alarm_journal import JournalLine, count_journal, list_journal

router = APIRouter()


@router.get("/alarms/journal", response_class=HTMLResponse)
def alarm_journal(
    *,
    request: Request,
    viewer: Reader,
    database: CurrentDatabase,
    settings: CurrentSettings,
    asked: Annotated[JournalQuestion, Query()],
) -> HTMLResponse:
    language, zone = language_of(request), ZoneInfo(settings.time_zone)
    wanted = asked.filter(viewer, zone, database)
    lines = list_journal(database, wanted, limit=asked.limit, offset=asked.offset)
    query = asked.query
    _ = translator(language)
    return render(
        request,
        "alarms/journal.html",
        section="journal",
        asked=asked,
        query=query,
        csv_address=f"/api/v1/alarms/journal.csv{address_with({**query, 'limit': None, 'offset': None})}",
        rows=[_shown(line, language, zone) for line in lines],
        total=count_journal(database, wanted),
        acts=[("", _("全部")), *deed_words(_).items()],
    )


def _shown(line: JournalLine, language: Language, zone: ZoneInfo) -> dict[str, str]:
    transition, _ = line.transition, translator(language)
    states = state_words(_)
    before, after = states[transition.state_before], states[transition.state_after]
    return {
        "time": local_time(transition.time, zone),
        "priority": transition.priority,
        "machine": line.equipment or line.gateway,
        "title": line.title[language],
        "act": deed_words(_).get(transition.act, transition.act),
        "state": after if before == after else f"{before} → {after}",
        "value": shown_number(transition.value, None),
        "limit": shown_number(transition.limit_value, None),
        "actor": transition.actor,
        "note": transition.note,
    }
