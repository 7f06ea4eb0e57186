"""What analytics say of a machine: findings that stand, and figures with their course over a month."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from dashboards.context import CurrentDatabase, language_of
from dashboards.pages.equipment.machine import SeenMachine, show_part
from dashboards.pages.maintenance import words
from dashboards.pictures.sparkline import sparkline
from dashboards.security.access import Reader
from dashboards.texts import translator
from store.results import STANDING, Kpi, findings, kpis

router = APIRouter()

COURSE = timedelta(days=30)
MOST_FINDINGS = 50
MOST_FIGURES = 5000


class Figure(NamedTuple):
    """The newest value of a figure, and how it came about."""

    newest: Kpi
    course: Markup


@router.get("/results", response_class=HTMLResponse)
def machine_results(request: Request, machine: SeenMachine, viewer: Reader, database: CurrentDatabase) -> HTMLResponse:
    _ = translator(language_of(request))
    now, number = datetime.now(UTC), machine.equipment.id
    total, found = findings(database, gateways=viewer.gateways, equipment_ids=[number], states=STANDING, limit=MOST_FINDINGS)
    return show_part(
        request,
        machine,
        "results.html",
        _("诊断与指标"),
        findings=found,
        total=total,
        figures=_figures(kpis(database, [number], None, now - COURSE, now, gateways=viewer.gateways, limit=MOST_FIGURES)),
        finding_states=words.finding_states(_),
    )


def _figures(found: Iterable[Kpi]) -> list[Figure]:
    """Take together what has one name and period length; days and months of a figure are two."""
    ordered = sorted(found, key=lambda kpi: (kpi.name, kpi.end - kpi.start, kpi.start))
    groups = (list(group) for _, group in groupby(ordered, key=lambda kpi: (kpi.name, kpi.end - kpi.start)))
    return [Figure(group[-1], sparkline([kpi.value for kpi in group]).svg) for group in groups]
