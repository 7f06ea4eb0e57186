"""How well the alarms serve their operators: figures with targets, the most frequent ones, and when they come."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from analytics.alarms.performance import Counted, Figure, Performance
from dashboards.alarms.feed import CurrentAlarms
from dashboards.alarms.performance import BASE_DAYS, PerformanceQuestion, measured
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.pages.alarms.shown import local_time, site_choices
from dashboards.pictures.heat_map import heat_map
from dashboards.pictures.pareto import pareto
from dashboards.pictures.picture import Picture
from dashboards.security.access import Reader
from dashboards.templating import address_with
from dashboards.texts import Language, Translate, translator

router = APIRouter()

Table = Literal["figures", "frequent", "hours"]


@router.get("/alarms/performance", response_class=HTMLResponse)
def alarm_performance(
    *,
    request: Request,
    viewer: Reader,
    database: CurrentDatabase,
    alarms: CurrentAlarms,
    settings: CurrentSettings,
    asked: Annotated[PerformanceQuestion, Query()],
) -> HTMLResponse:
    language, zone = language_of(request), ZoneInfo(settings.time_zone)
    _ = translator(language)
    found, is_complete = measured(database, alarms, viewer, asked, now=datetime.now(UTC))
    query = asked.model_dump(exclude_defaults=True)
    return render(
        request,
        "alarms/performance.html",
        section="performance",
        asked=asked,
        spans=[
            (_("{n} 天", n=days), f"/alarms/performance{address_with(query, days=days)}", days == asked.days, None)
            for days in (1, 7, 30)
        ],
        sites=[("", _("全部")), *site_choices(alarms, viewer, language)],
        start=local_time(found.begin, zone),
        end=local_time(found.end, zone),
        is_short=asked.days < BASE_DAYS,
        is_complete=is_complete,
        figures=[_shown(figure, language) for figure in found.figures],
        pictures=[
            (
                _("最频繁的 10 个报警（合计为 100%）"),
                _frequent(found, language),
                f"/alarms/performance/frequent.csv{address_with(query)}",
            ),
            (_("每小时报警数"), _hours(found, language, zone), f"/alarms/performance/hours.csv{address_with(query)}"),
        ],
        figures_address=f"/alarms/performance/figures.csv{address_with(query)}",
        floods=[(local_time(flood.began_at, zone), local_time(flood.ended_at, zone)) for flood in found.floods],
        stale=[(_name(one.equipment or one.gateway, one.condition.title, language), one.condition.id) for one in found.stale],
        chattering=[(_counted_name(one, language), one.listed.condition.id) for one in found.chattering],
    )


@router.get("/alarms/performance/{table}.csv")
def download_performance(
    *,
    request: Request,
    viewer: Reader,
    database: CurrentDatabase,
    alarms: CurrentAlarms,
    settings: CurrentSettings,
    table: Table,
    asked: Annotated[PerformanceQuestion, Query()],
) -> Response:
    language = language_of(request)
    found, _is_complete = measured(database, alarms, viewer, asked, now=datetime.now(UTC))
    if table == "figures":
        columns = ["name", "label", "value", "unit", "target", "limit", "verdict"]
        rows = [
            (one.measure.name, one.measure.label.model_dump()[language], one.value, one.measure.unit, one.measure.target,
             one.measure.limit, str(one.verdict))
            for one in found.figures
        ]  # fmt: skip
        return csv_response("alarm-performance", columns, rows)
    picture = _frequent(found, language) if table == "frequent" else _hours(found, language, ZoneInfo(settings.time_zone))
    return csv_response(f"alarm-performance-{table}", picture.header, picture.rows)


def _frequent(found: Performance, language: Language) -> Picture:
    """Draw the ten most frequent; their share of all is one of the figures."""
    labels = [_counted_name(one, language) for one in found.most_frequent]
    return pareto(labels, [one.count for one in found.most_frequent], language=language)


def _hours(found: Performance, language: Language, zone: ZoneInfo) -> Picture:
    """Lay the hours out by day and hour of the plant's clock."""
    days: dict[str, list[float]] = {}
    for time, count in found.calls_by_hour:
        local = time.astimezone(zone)
        row = days.setdefault(f"{local:%m-%d}", [np.nan] * 24)
        row[local.hour] = count + np.nan_to_num(row[local.hour])  # an hour comes twice when summer time ends
    hours = [f"{hour:02d}" for hour in range(24)]
    return heat_map(list(days.values()), row_labels=list(days), column_labels=hours, unit="1", language=language)


def _counted_name(one: Counted, language: Language) -> str:
    return _name(one.listed.equipment or one.listed.gateway, one.listed.condition.title, language)


def _name(machine: str, title: Any, language: Language) -> str:
    return f"{machine} {title[language]}"


def _shown(figure: Figure, language: Language) -> dict[str, str]:
    _, measure = translator(language), figure.measure
    unit = _units(_)[measure.unit]
    sign = {"at_most": "≤", "below": "<", "at_least": "≥"}[measure.sense]
    return {
        "label": getattr(measure.label, language),
        "value": "–" if figure.value is None else f"{figure.value:,.3g}{unit}",
        "target": "" if measure.target is None else f"{sign} {measure.target:g}{unit}",
        "limit": "" if measure.limit is None else f"{sign} {measure.limit:g}{unit}",
        "verdict": str(figure.verdict),
        "verdict_word": _verdicts(_)[figure.verdict],
    }


def _units(_: Translate) -> dict[str, str]:
    return {"1": "", "%": " %", "s": " s", "1/h": _(" 个/小时"), "1/d": _(" 个/天")}


def _verdicts(_: Translate) -> dict[str, str]:
    return {"good": _("达标"), "acceptable": _("可接受"), "exceeded": _("超限"), "none": _("不评价")}
