"""Alarms: the list from memory, what people do about them, and the journal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from analytics.alarms.acts import Outcome
from analytics.alarms.states import Deed
from dashboards.alarms.acts import carry_out
from dashboards.alarms.answers import AlarmDetail, AlarmList, JournalList, Results
from dashboards.alarms.feed import CurrentAlarms, require_alarms
from dashboards.alarms.questions import LARGEST_ID, AlarmQuestion, Id, JournalQuestion, Text
from dashboards.alarms.rows import Alarm, iso
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.security.access import Permission, Reader, Viewer, require
from store.alarm_journal import JournalFilter, JournalLine, count_journal, list_journal
from store.alarm_rules import get_rule
from store.alarms import get_conditions

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])

LONGEST_JOURNAL = 100
"""Lines that come with an alarm."""
MOST_DOWNLOADED = 100_000
ALARM_COLUMNS = (
    "id", "priority", "state", "active_since", "returned_at", "gateway", "machine", "kind", "rule", "title_zh", "title_en",
    "value", "limit", "unit", "occurrences", "acknowledged_at", "acknowledged_by", "note", "shelved_until", "shelf_reason",
    "out_of_service_since", "out_of_service_reason",
)  # fmt: skip
JOURNAL_COLUMNS = (
    "id", "time", "act", "priority", "gateway", "machine", "kind", "rule", "title_zh", "title_en", "state_before", "state_after",
    "value", "limit", "actor", "note",
)  # fmt: skip

Acknowledging = Annotated[Viewer, require(Permission.ACKNOWLEDGE)]
Shelving = Annotated[Viewer, require(Permission.SHELVE)]
Configuring = Annotated[Viewer, require(Permission.CONFIGURE_ALARMS)]


class Chosen(BaseModel):
    """On which alarms to act."""

    model_config = ConfigDict(extra="forbid")
    ids: list[Id] = Field(min_length=1, max_length=1000, examples=[[7, 12]])


class ChosenWithNote(Chosen):
    note: Text = Field(default="", max_length=1000)


class ChosenWithText(Chosen):
    note: Text = Field(min_length=1, max_length=1000)


class ChosenWithReason(Chosen):
    reason: Text = Field(min_length=1, max_length=1000)


class ChosenForShelf(ChosenWithReason):
    minutes: int = Field(ge=1, le=525_600, description="at most what the plant allows, 8 hours by default")
    once: bool = Field(default=False, description="end already when the alarm returns to normal")


@router.get("", response_model=AlarmList)
async def list_alarms(*, viewer: Reader, alarms: CurrentAlarms, asked: Annotated[AlarmQuestion, Query()]) -> Response:
    """List what stands, is shelved, suppressed or out of service; most urgent first."""
    require_alarms(alarms)
    found = asked.filter(viewer).of(alarms.alarms(asked.sort))
    rows = b",".join(alarm.as_json for alarm in found[asked.offset : asked.offset + asked.limit])
    head = f'{{"total":{len(found)},"offset":{asked.offset},"limit":{asked.limit},"items":['
    return Response(b"%b%b]}" % (head.encode(), rows), media_type="application/json")


@router.get(".csv", response_class=StreamingResponse)
async def download_alarms(*, viewer: Reader, alarms: CurrentAlarms, asked: Annotated[AlarmQuestion, Query()]) -> Response:
    """Give all that a list would have on its pages, as a table for spreadsheets."""
    require_alarms(alarms)
    found = asked.filter(viewer).of(alarms.alarms(asked.sort))
    return csv_response("alarms", list(ALARM_COLUMNS), (_row(alarm.described, ALARM_COLUMNS) for alarm in found))


@router.get("/summary")
async def summarise(viewer: Reader, alarms: CurrentAlarms) -> JSONResponse:
    """Count active and unacknowledged alarms by priority, as the stream's event ``alarms`` does."""
    require_alarms(alarms)
    return JSONResponse({"version": alarms.version, **alarms.summary(viewer.gateways)})


@router.get("/journal", response_model=JournalList)
def show_journal(
    *, viewer: Reader, database: CurrentDatabase, settings: CurrentSettings, asked: Annotated[JournalQuestion, Query()]
) -> dict[str, Any]:
    """List what happened to alarms, newest first."""
    wanted = asked.filter(viewer, ZoneInfo(settings.time_zone), database)
    lines = list_journal(database, wanted, limit=asked.limit, offset=asked.offset)
    return {
        "total": count_journal(database, wanted),
        "offset": asked.offset,
        "limit": asked.limit,
        "items": [line_json(line) for line in lines],
    }


@router.get("/journal.csv", response_class=StreamingResponse)
def download_journal(
    *, viewer: Reader, database: CurrentDatabase, settings: CurrentSettings, asked: Annotated[JournalQuestion, Query()]
) -> Response:
    """Give the lines that were asked for as a table for spreadsheets, the newest 100,000 at most."""
    wanted = asked.filter(viewer, ZoneInfo(settings.time_zone), database)
    lines = list_journal(database, wanted, limit=MOST_DOWNLOADED)
    return csv_response("alarm-journal", list(JOURNAL_COLUMNS), (_row(line_json(line), JOURNAL_COLUMNS) for line in lines))


@router.get("/{alarm_id}", response_model=AlarmDetail)
def show_alarm(
    alarm_id: Annotated[int, Path(ge=1, le=LARGEST_ID, description="id of an alarm")],
    viewer: Reader,
    database: CurrentDatabase,
    alarms: CurrentAlarms,
) -> dict[str, Any]:
    """Show one alarm in any state, with its rule's consequence, action and time to respond, and its journal."""
    listed = next(iter(get_conditions(database, [alarm_id])), None)
    if listed is None or not viewer.sees(listed.gateway):
        raise not_found(f"alarm {alarm_id}")
    rule = get_rule(database, listed.condition.rule)
    alarm = Alarm(listed=listed, rule=rule, site=alarms.site_of(listed.gateway))
    lines = list_journal(database, JournalFilter(condition_ids=[alarm_id], gateways=viewer.gateways), limit=LONGEST_JOURNAL)
    return alarm.described | {
        "consequence": alarm.definition.get("consequence"),
        "action": alarm.definition.get("action"),
        "respond_within_minutes": alarm.definition.get("respond_within_minutes"),
        "journal": [line_json(line) for line in lines],
    }


@router.post("/acknowledge", response_model=Results)
def acknowledge(
    *, viewer: Acknowledging, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithNote
) -> dict[str, Any]:
    """Say that somebody has seen them and acts; it is possible at any time and clears nothing. Critical ones go one by one."""
    return _results(carry_out(database, alarms, viewer, chosen.ids, Deed.ACKNOWLEDGE, now=datetime.now(UTC), note=chosen.note))


@router.post("/comment", response_model=Results)
def comment(*, viewer: Acknowledging, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithText) -> dict[str, Any]:
    """Write a note."""
    return _results(carry_out(database, alarms, viewer, chosen.ids, Deed.COMMENT, now=datetime.now(UTC), note=chosen.note))


@router.post("/reset", response_model=Results)
def reset(*, viewer: Acknowledging, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithNote) -> dict[str, Any]:
    """Release latched ones."""
    return _results(carry_out(database, alarms, viewer, chosen.ids, Deed.RESET, now=datetime.now(UTC), note=chosen.note))


@router.post("/shelve", response_model=Results)
def shelve(*, viewer: Shelving, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenForShelf) -> dict[str, Any]:
    """Put them aside for a time; they come back by themselves."""
    shelf, now = timedelta(minutes=chosen.minutes), datetime.now(UTC)
    told = carry_out(
        database, alarms, viewer, chosen.ids, Deed.SHELVE, now=now, note=chosen.reason, shelf=shelf, once=chosen.once
    )
    return _results(told)


@router.post("/unshelve", response_model=Results)
def unshelve(*, viewer: Shelving, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithNote) -> dict[str, Any]:
    """End shelves before their time; what is active calls again."""
    return _results(carry_out(database, alarms, viewer, chosen.ids, Deed.UNSHELVE, now=datetime.now(UTC), note=chosen.note))


@router.post("/out-of-service", response_model=Results)
def take_out_of_service(
    *, viewer: Configuring, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithReason
) -> dict[str, Any]:
    """Take them out of service, until somebody puts them back."""
    return _results(
        carry_out(database, alarms, viewer, chosen.ids, Deed.TAKE_OUT_OF_SERVICE, now=datetime.now(UTC), note=chosen.reason)
    )


@router.post("/into-service", response_model=Results)
def put_into_service(
    *, viewer: Configuring, database: CurrentDatabase, alarms: CurrentAlarms, chosen: ChosenWithNote
) -> dict[str, Any]:
    """Put them back into service; what is active calls."""
    return _results(
        carry_out(database, alarms, viewer, chosen.ids, Deed.PUT_INTO_SERVICE, now=datetime.now(UTC), note=chosen.note)
    )


def _results(outcomes: list[Outcome]) -> dict[str, Any]:
    return {"results": [{"id": one.condition_id, "done": one.refused is None, "reason": one.refused} for one in outcomes]}


def line_json(line: JournalLine) -> dict[str, Any]:
    transition = line.transition
    return {
        "id": line.id,
        "time": iso(transition.time),
        "alarm": transition.condition_id,
        "gateway": line.gateway,
        "equipment": transition.equipment_id,
        "machine": line.equipment or line.gateway,
        "kind": line.kind,
        "rule": transition.rule,
        "title": line.title,
        "priority": transition.priority,
        "act": transition.act,
        "state_before": transition.state_before,
        "state_after": transition.state_after,
        "occurrence": transition.occurrence,
        "value": transition.value,
        "limit": transition.limit_value,
        "actor": transition.actor,
        "note": transition.note,
    }


def _row(described: dict[str, Any], columns: Iterable[str]) -> Sequence[object]:
    flat = described | {f"title_{language}": text for language, text in described["title"].items()}
    return ["" if flat[name] is None else flat[name] for name in columns]
