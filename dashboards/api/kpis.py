"""KPIs: figures of machines over periods, with their uncertainty, or the reason why there is none."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from dashboards.asking import MOST_ID, SPANS, Instant, Offset, example, interval
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.list_questions import Limit, Words
from dashboards.live.equipment_json import iso
from dashboards.security.access import Reader
from store.results import Kpi, kpis

router = APIRouter(prefix="/api/v1/kpis", tags=["kpis"])

MOST_MACHINES = 200
_EXAMPLE = {
    "equipment": 7,
    "name": "efficiency",
    "from": "2026-11-01T16:00:00.000Z",
    "to": "2026-11-02T16:00:00.000Z",
    "value": 92.4,
    "unit": "%",
    "uncertainty": 0.6,
    "validity": "valid",
    "reason": "",
    "analytic": "boiler.efficiency",
}


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_EXAMPLE]}))
def list_kpis(
    *,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: Reader,
    equipment: Annotated[
        list[Annotated[int, Query(ge=1, le=MOST_ID)]],
        Query(min_length=1, max_length=MOST_MACHINES, description="ids of machines: equipment=7&equipment=8"),
    ],
    name: Words = "",
    span: Annotated[str | None, Query(max_length=20, description=f"{', '.join(SPANS)}, up to now")] = None,
    start: Annotated[Instant, Query(alias="from")] = None,
    end: Annotated[Instant, Query(alias="to")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List the figures of machines whose periods touch a stretch of time, by machine, name and time.

    One that could not be evaluated has no value and says why. Machines that you may not see are left out.
    """
    first, last = interval(settings, span=span, start=start, end=end, longest_days=settings.longest_span_days)
    names = list(filter(None, name.split(",")))
    if any("\x00" in one for one in names):
        raise HTTPException(422, "name: holds a character that no name has")
    found = kpis(database, equipment, names or None, first, last, gateways=viewer.gateways)
    shown = [kpi_json(one) for one in found[offset : offset + limit]]
    return {"total": len(found), "offset": offset, "limit": limit, "items": shown}


def kpi_json(one: Kpi) -> dict[str, Any]:
    told = asdict(one)
    for name in ("equipment_id", "start", "end"):
        told.pop(name)
    return {"equipment": one.equipment_id, "from": iso(one.start), "to": iso(one.end), **told}
