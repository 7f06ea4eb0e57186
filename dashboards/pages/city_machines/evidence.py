"""The evidence for one machine: why it counts, or what it lacks."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.asking import MOST_ID
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE
from dashboards.pages.city import words
from dashboards.pages.city_machines.calendar import Valid, calendar
from dashboards.pages.city_machines.tested import tested
from dashboards.pages.equipment.analytic_words import analytic_label
from dashboards.pictures.picture import Picture
from dashboards.plant_time import plant_time
from dashboards.security.access import CityReader
from dashboards.texts import Language, translator
from registry.counting.words import sentence
from store.city_evidence import MachineFile, enrolled_gateway, holds_of, machine_file, newest_day, twins
from store.city_facts import calendar as facts
from store.city_registry import areas
from store.city_snapshots import CountedMachine, Snapshot, appearances, snapshot, snapshot_machines
from store.city_suspicions import suspicions
from store.database import Database
from store.equipment import find_equipment
from store.results import days_of_runs

router = APIRouter()

MachineNumber = Annotated[int, Path(ge=1, le=MOST_ID)]
Days = Annotated[Literal["30", "60", "90"], Query()]
DAYS = ("30", "60", "90")
MOST_SUSPICIONS = 200


class _LastCount(NamedTuple):
    """A count, and how the machine came out of it."""

    snapshot: Snapshot
    counted: CountedMachine


@router.get("/{machine}", response_class=HTMLResponse)
def machine_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    _viewer: CityReader,
    machine: MachineNumber,
    days: Days = "90",
) -> HTMLResponse:
    """Show the tests of the newest count in their order, and what the registry and the readings say."""
    found, last_count = _file(database, machine), _last_count(database, machine)
    language = language_of(request)
    _ = translator(language)
    equipment_id = _equipment_id(database, found, last_count)
    picture, last_day = _calendar(database, equipment_id, last_count, days=int(days), language=language)
    since = (last_day or found.registered_at.date()) - timedelta(days=int(days))
    return render(
        request,
        "city_machines/machine.html",
        machine=found,
        area=words.area_label({one.code: one for one in areas(database)}, found.area, language),
        kind=words.kind_label(found.kind, language),
        equipment_id=equipment_id,
        newest=last_count,
        why=sentence(last_count.counted.reason, language, kind=found.kind) if last_count else "",
        steps=tested(last_count.counted, last_count.snapshot.parameters, found, language) if last_count else [],
        counts=appearances(database, machine),
        states=words.states(language),
        tests=words.tests(language),
        forms=words.forms(_),
        calendar=picture,
        days=days,
        all_days=DAYS,
        twins=twins(database, found),
        gateway=enrolled_gateway(database, found.gateway) if found.gateway else None,
        suspicions=suspicions(database, machine_id=machine, sort="-found", limit=MOST_SUSPICIONS)[1],
        methods=words.methods(language),
        holds=holds_of(database, machine),
        runs=[] if equipment_id is None else _runs(database, equipment_id, since=since, language=language),
        local_time=plant_time(settings),
    )


@router.get("/{machine}/days.csv", response_class=StreamingResponse)
def days_table(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, machine: MachineNumber, days: Days = "90"
) -> StreamingResponse:
    """Give the days of the calendar as a table for spreadsheets."""
    found, last_count = _file(database, machine), _last_count(database, machine)
    equipment_id = _equipment_id(database, found, last_count)
    picture, _last = _calendar(database, equipment_id, last_count, days=int(days), language=language_of(request))
    return csv_response(f"city-machine-{machine}-days", picture.header, picture.rows)


@router.get("/{machine}/counts.csv", response_class=StreamingResponse)
def counts_table(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, machine: MachineNumber
) -> StreamingResponse:
    """Give how the machine came out of each count as a table for spreadsheets."""
    found = _file(database, machine)
    language = language_of(request)
    _ = translator(language)
    header = [_("快照"), _("类型"), _("最后一天"), _("状态"), _("未通过的检验"), _("原因")]
    tests, states, forms = words.tests(language), words.states(language), words.forms(_)
    rows = (
        [
            *(one.snapshot_id, forms[one.form], one.last_day.isoformat(), states[one.state]),
            *(tests.get(one.lost_at, ""), sentence(one.reason, language, kind=found.kind)),
        ]
        for one in appearances(database, machine, limit=MOST_IN_FILE)
    )
    return csv_response(f"city-machine-{machine}-counts", header, rows)


def _file(database: Database, machine: int) -> MachineFile:
    found = machine_file(database, machine)
    if found is None:
        raise not_found(f"registered machine {machine}")
    return found


def _last_count(database: Database, machine: int) -> _LastCount | None:
    """Give the newest count that the machine is in and that no other has replaced."""
    for one in appearances(database, machine):
        of = snapshot(database, one.snapshot_id)
        if of is not None and of.replaced_by is None:
            _total, (counted,) = snapshot_machines(database, of.id, machine_id=machine, limit=1)
            return _LastCount(of, counted)
    return None


def _equipment_id(database: Database, machine: MachineFile, last_count: _LastCount | None) -> int | None:
    """Give whose readings are meant: those of the name, or those that were counted before the name was changed."""
    named = find_equipment(database, gateway=machine.gateway, name=machine.equipment_name) if machine.gateway else None
    if named is not None:
        return named.id
    return last_count.counted.equipment_id if last_count else None


def _calendar(
    database: Database, equipment_id: int | None, last_count: _LastCount | None, *, days: int, language: Language
) -> tuple[Picture, date | None]:
    """Draw the days up to the newest count, or to the newest data where they are newer."""
    ends = (last_count.snapshot.last_day if last_count else None, newest_day(database, equipment_id) if equipment_id else None)
    last = max((day for day in ends if day), default=None)
    if last is None or equipment_id is None:
        return calendar({}, first=date.min, last=date.min, language=language), last
    first = last - timedelta(days=days - 1)
    least_hours = last_count.snapshot.parameters.get("least_hours", 1) if last_count else 1
    valid = {
        day.day: Valid(sum(hours >= least_hours for hours in day.point_hours.values()), len(day.point_hours), day.hours)
        for day in facts(database, equipment_id, first_day=first, last_day=last)
        if day.hours
    }
    return calendar(valid, first=first, last=last, language=language), last


def _runs(database: Database, equipment_id: int, *, since: date, language: Language) -> list[dict[str, Any]]:
    """Sum the runs of each analytic up: that a function runs on a machine is shown, not declared."""
    found: dict[str, dict[str, Any]] = {}
    for day in days_of_runs(database, equipment_id, since=since):
        one = found.setdefault(day.analytic, {"label": analytic_label(day.analytic, language), "evaluated": 0, "all": 0})
        one["evaluated"] += day.evaluated
        one["all"] += day.evaluated + day.not_evaluated + day.failed
        one["last"] = day.last_end
    return list(found.values())
