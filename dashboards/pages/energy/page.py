"""Energy: consumption and product by day, machines by what a unit of product takes, and where a boiler's heat goes."""

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.api.energy import Asked, EnergyQuestion, specific_unit
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import checked_sort
from dashboards.pages.energy import shown
from dashboards.pictures.figures import significant
from dashboards.reports.boiler import SIGNALS, BoilerReport, boiler_report
from dashboards.reports.energy import EnergyReport, read_report
from dashboards.security.access import Reader, Viewer
from dashboards.texts import Language, translator
from device_profiles.kind import kind_names, load_kind
from store.database import Database
from store.nameplates import nameplate
from store.sites import gateway_sites, list_sites

router = APIRouter(prefix="/energy", include_in_schema=False)

SPANS = (1, 7, 30, 92)
SORTS = ("specific", "amount", "coverage", "machine")
Sort = Annotated[str, Query(max_length=40)]
FlowNumber = Annotated[int, Query(ge=0, le=20)]


@router.get("", response_class=HTMLResponse)
def energy_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    asked: Asked,
    sort: Sort = "-specific",
) -> HTMLResponse:
    language = language_of(request)
    report = read_report(database, asked.kind, asked.machines, asked.period)
    pictures = [shown.coal_by_day(report, language)] if any(one.factor for one in report.inputs) else []
    return render(
        request,
        "energy/page.html",
        report=report,
        asked=asked,
        rows=_ranked(report, checked_sort(sort, SORTS)),
        sort=sort,
        coal=pictures,
        pictures=[(one, shown.flow_by_day(report, one, language)) for one in report.flows],
        **_choices(database, viewer, asked, request, language),
    )


@router.get("/days.csv", response_class=StreamingResponse)
def days_table(request: Request, database: CurrentDatabase, asked: Asked, _viewer: Reader) -> StreamingResponse:
    """Give all amounts by machine and day, with their coverage and validity."""
    language = language_of(request)
    _ = translator(language)
    report = read_report(database, asked.kind, asked.machines, asked.period)
    header = [_("日期"), _("网关"), _("设备"), _("项目"), _("数量"), _("单位"), _("数据覆盖率"), _("有效性")]

    def rows() -> Iterator[list[object]]:
        for one in report.flows:
            worth = one.days.validity()
            for place, machine in enumerate(report.machines):
                for day, date in enumerate(report.period.dates):
                    amount, coverage = float(one.days.amount[place, day]), float(one.days.coverage[place, day])
                    label = getattr(one.flow.label, language)
                    row = [date.isoformat(), machine.gateway, machine.name, label, amount, one.flow.unit]
                    yield [*row, round(coverage, 4), str(worth[place, day])]

    return csv_response(f"energy-{asked.kind.name}", header, rows())


@router.get("/machines.csv", response_class=StreamingResponse)
def machines_table(
    request: Request, database: CurrentDatabase, asked: Asked, _viewer: Reader, sort: Sort = "-specific"
) -> StreamingResponse:
    """Give the machines by what a unit of product takes."""
    language = language_of(request)
    _ = translator(language)
    report = read_report(database, asked.kind, asked.machines, asked.period)
    header = [_("网关"), _("设备")]
    header += [f"{getattr(one.flow.label, language)} ({one.flow.unit})" for one in report.flows]
    header += [_("单耗：{label}", label=getattr(one.flow.label, language)) for one in report.specific]
    header += [_("数据覆盖率"), _("有效性")]
    rows = (
        [
            *(report.machines[place].gateway, report.machines[place].name),
            *(float(one.total.amount[place, 0]) for one in report.flows),
            *(float(one.machines.value[place]) for one in report.specific),
            *(round(float(report.flows[0].total.coverage[place, 0]), 4), str(report.flows[0].total.validity()[place, 0])),
        ]
        for place in _ranked(report, checked_sort(sort, SORTS))
    )
    return csv_response(f"energy-machines-{asked.kind.name}", header, rows)


@router.get("/machine", response_class=HTMLResponse)
def machine_page(
    *, request: Request, database: CurrentDatabase, viewer: Reader, asked: Asked, flow: FlowNumber = 0
) -> HTMLResponse:
    """Show one machine: its hours, its days, and of a boiler where the heat goes."""
    _require_one(asked)
    language = language_of(request)
    is_boiler = asked.kind.name == "boiler"
    report = read_report(
        database, asked.kind, asked.machines, asked.period, more_signals=[*SIGNALS.values()] if is_boiler else []
    )
    flow = min(flow, len(report.flows) - 1)
    boiler = _boiler(database, report) if is_boiler else None
    return render(
        request,
        "energy/machine.html",
        report=report,
        asked=asked,
        machine=asked.machines[0],
        flow=flow,
        hours=shown.hours_by_day(report, report.flows[flow], language),
        boiler=boiler,
        heat=shown.heat_flows(boiler, language) if boiler else None,
        problems=shown.problems(boiler, translator(language)) if boiler else [],
        **_choices(database, viewer, asked, request, language),
    )


@router.get("/hours.csv", response_class=StreamingResponse)
def hours_table(
    *, request: Request, database: CurrentDatabase, _viewer: Reader, asked: Asked, flow: FlowNumber = 0
) -> StreamingResponse:
    """Give the hours of one machine, a row an hour of the day and a column a day."""
    _require_one(asked)
    report = read_report(database, asked.kind, asked.machines, asked.period)
    picture = shown.hours_by_day(report, report.flows[min(flow, len(report.flows) - 1)], language_of(request))
    return csv_response("energy-hours", picture.header, picture.rows)


@router.get("/losses.csv", response_class=StreamingResponse)
def losses_table(request: Request, database: CurrentDatabase, asked: Asked, _viewer: Reader) -> StreamingResponse:
    """Give where a boiler's heat went."""
    _require_one(asked)
    if asked.kind.name != "boiler":
        raise not_found("balance of losses for this kind")
    report = read_report(database, asked.kind, asked.machines, asked.period, more_signals=[*SIGNALS.values()])
    picture = shown.heat_flows(_boiler(database, report), language_of(request))
    return csv_response("boiler-losses", picture.header, picture.rows)


def _require_one(asked: EnergyQuestion) -> None:
    if not asked.is_one:
        raise not_found("machine, for the address names none")


def _boiler(database: Database, report: EnergyReport) -> BoilerReport:
    first = sum(hour < report.period.start for hour in report.grid.times)
    return boiler_report(report.grid, nameplate(database, report.machines[0].id), first_hour=first)


def _ranked(report: EnergyReport, sort: str) -> list[int]:
    """Give the places of the machines in order; one whose figure is not known comes last, whichever way."""
    keys: dict[str, Callable[[int], Any]] = {
        "specific": lambda place: float(report.specific[0].machines.value[place]) if report.specific else math.nan,
        "amount": lambda place: float(report.flows[0].total.amount[place, 0]),
        "coverage": lambda place: float(report.flows[0].total.coverage[place, 0]),
        "machine": lambda place: report.machines[place].name,
    }
    key = keys[sort.removeprefix("-")]
    places = range(len(report.machines))
    unknown = [place for place in places if isinstance(value := key(place), float) and math.isnan(value)]
    return sorted(set(places) - set(unknown), key=key, reverse=sort.startswith("-")) + unknown


def _choices(database: Database, viewer: Viewer, asked: EnergyQuestion, request: Request, language: Language) -> dict[str, Any]:
    seen = {site for gateway, site in gateway_sites(database).items() if viewer.sees(gateway)}
    query = {name: request.query_params.get(name, "") for name in ("site", "search", "days", "until", "sort")}
    return {
        "query": query | {"kind": asked.kind.name},
        "spans": SPANS,
        "kinds": [(name, getattr(load_kind(name).label, language)) for name in kind_names()],
        "sites": [(site.id, getattr(site, f"label_{language}")) for site in list_sites(database) if site.id in seen],
        "in_words": lambda label: getattr(label, language),
        "amount": _amount,
        "change": _change,
        "specific_unit": specific_unit,
    }


def _amount(value: float | None) -> str:
    return "—" if value is None or math.isnan(value) else significant(value, digits=4)


def _change(now: float | None, before: float | None) -> str:
    """Write how much more or less than before, in percent."""
    if now is None or not before:
        return "—"
    percent = 100 * (now / before - 1)
    return f"{'+' if percent >= 0 else '−'}{abs(percent):.1f}%"
