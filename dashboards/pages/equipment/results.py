"""What analytics say of a machine: findings that stand with what they rest on, figures over a month, and what has run."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.pages.equipment.analytic_words import analytic_label, figure_label, reason_in_words, reasons
from dashboards.pages.equipment.machine import SeenMachine, show_part
from dashboards.pages.maintenance import words
from dashboards.pages.maintenance.evidence import Evidence, drawn
from dashboards.pictures.sparkline import sparkline
from dashboards.security.access import Reader
from dashboards.texts import Language, translator
from store.pictures import Pictures, pictures
from store.results import STANDING, DayOfRuns, Finding, Kpi, days_of_runs, findings, kpis

router = APIRouter()

COURSE = timedelta(days=30)
MOST_FINDINGS = 50
MOST_DRAWN = 10
"""Findings whose evidence is shown in place; that of the others is on their own pages."""
MOST_FIGURES = 5000


class Figure(NamedTuple):
    """The newest value of a figure, and how it came about."""

    label: str
    analytic: str
    newest: Kpi
    reason: str
    course: Markup


class Shown(NamedTuple):
    """A finding with its evidence."""

    finding: Finding
    analytic: str
    evidence: list[Evidence]


class Look(NamedTuple):
    """What an analytic has drawn."""

    analytic: str
    pictures: Pictures
    pieces: list[Evidence]


class Ran(NamedTuple):
    """An analytic's newest day of runs."""

    label: str
    day: DayOfRuns
    reason: str


@router.get("/results", response_class=HTMLResponse)
def machine_results(
    request: Request, machine: SeenMachine, viewer: Reader, database: CurrentDatabase, settings: CurrentSettings
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    now, number = datetime.now(UTC), machine.equipment.id
    total, found = findings(database, gateways=viewer.gateways, equipment_ids=[number], states=STANDING, limit=MOST_FINDINGS)
    why = reasons(_)
    shown = [
        Shown(one, analytic_label(one.analytic, language), drawn(one.evidence, zone=settings.time_zone, language=language))
        for one in found[:MOST_DRAWN]
    ]
    looks = [
        Look(analytic_label(one.analytic, language), one, drawn(one.pieces, zone=settings.time_zone, language=language))
        for one in pictures(database, number)
    ]
    figures = _figures(
        kpis(database, [number], None, now - COURSE, now, gateways=viewer.gateways, limit=MOST_FIGURES), why, language
    )
    return show_part(
        request,
        machine,
        "results.html",
        _("诊断与指标"),
        findings=found,
        shown=shown,
        total=total,
        figures=figures,
        looks=looks,
        runs=_runs(days_of_runs(database, number, since=(now - COURSE).date()), why, language),
        finding_states=words.finding_states(_),
    )


def _figures(found: Iterable[Kpi], why: dict[str, str], language: Language) -> list[Figure]:
    """Take together what has one name and period length; days and months of a figure are two."""
    ordered = sorted(found, key=lambda kpi: (kpi.analytic, kpi.name, kpi.end - kpi.start, kpi.start))
    groups = (list(group) for _, group in groupby(ordered, key=lambda kpi: (kpi.analytic, kpi.name, kpi.end - kpi.start)))
    return [
        Figure(
            figure_label(group[-1].analytic, group[-1].name, language),
            analytic_label(group[-1].analytic, language),
            group[-1],
            reason_in_words(group[-1].reason, why),
            sparkline([kpi.value for kpi in group]).svg,
        )
        for group in groups
    ]


def _runs(days: Iterable[DayOfRuns], why: dict[str, str], language: Language) -> list[Ran]:
    newest = {day.analytic: day for day in days}
    return [
        Ran(analytic_label(name, language), day, reason_in_words(day.last_detail, why)) for name, day in sorted(newest.items())
    ]
