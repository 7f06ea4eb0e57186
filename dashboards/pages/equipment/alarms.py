"""Alarms of a machine: what stands, and the newest lines of its journal."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dashboards.alarms.feed import CurrentAlarms
from dashboards.alarms.rows import AlarmFilter
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.pages.alarms.shown import shown_alarm
from dashboards.pages.alarms.words import deed_words, state_words
from dashboards.pages.equipment.machine import SeenMachine, show_part
from dashboards.security.access import Reader
from dashboards.texts import translator
from store.alarm_journal import JournalFilter, list_journal

router = APIRouter()

JOURNAL_LINES = 50


@router.get("/alarms", response_class=HTMLResponse)
def machine_alarms(
    *,
    request: Request,
    machine: SeenMachine,
    viewer: Reader,
    alarms: CurrentAlarms,
    database: CurrentDatabase,
    settings: CurrentSettings,
) -> HTMLResponse:
    language, zone = language_of(request), ZoneInfo(settings.time_zone)
    _ = translator(language)
    number = machine.equipment.id
    found = AlarmFilter(gateways=viewer.gateways, view="all", equipment=number).of(alarms.alarms())
    standing = [shown_alarm(alarm, viewer, language, zone) for alarm in found if "standing" in alarm.views]
    wanted = JournalFilter(gateways=viewer.gateways, equipment_ids=[number])
    return show_part(
        request,
        machine,
        "alarms.html",
        _("报警"),
        standing=standing,
        put_aside=len(found) - len(standing),
        journal=list_journal(database, wanted, limit=JOURNAL_LINES),
        deeds=deed_words(_),
        states=state_words(_),
    )
