"""Machines: the list, and what each of them says now."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from dashboards.asking import EquipmentId, Name, Offset, Search, SiteId, example
from dashboards.context import CurrentFeed
from dashboards.error_answers import not_found, require_directory
from dashboards.live.equipment_json import judged, machine_json, row_json, values_json
from dashboards.live.feed import Feed
from dashboards.live.listing import Wanted
from dashboards.live.moment import CurrentMoment
from dashboards.live.state import Machine
from dashboards.presentation import signal_json
from dashboards.security.access import Reader, Viewer

router = APIRouter(prefix="/api/v1/equipment", tags=["equipment"])

MOST_LISTED = 2000
Sort = Literal["kind", "-kind", "name", "-name", "gateway", "-gateway", "time", "-time", "condition", "-condition"]
ConditionFilter = Literal["", "live", "stale", "offline", "no_data", "alarmed"]
_VALUE = {"value": 9.84, "quality": "good", "time": "2026-05-01T00:00:00.000Z"}
_LABEL = {"zh": "蒸汽流量", "en": "Steam flow"}
_HEAD = {
    "id": 7,
    "gateway": "works-1",
    "name": "boiler-1",
    "kind": "boiler",
    "kind_label": {"zh": "工业锅炉", "en": "Industrial boiler"},
    "time": "2026-05-01T00:00:00.000Z",
    "activity": "running",
}
_JUDGED = {
    "site": 1,
    "gateway_online": True,
    "age_seconds": 0.6,
    "stale": False,
    "condition": "live",
    "alarm": None,
}
_SIGNAL = {"label": _LABEL, "type": "real", "unit": "t/h", "key": True, "role": "output", "normal": [2.0, 12.0]}
_ROW = {**_HEAD, "values": {"steam_flow": {**_VALUE, "label": _LABEL, "unit": "t/h"}}, **_JUDGED}


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_ROW]}))
async def list_all(
    *,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    kind: Annotated[Name, Query(description="name of a kind; ``other`` for machines that have none")] = "",
    gateway: Annotated[Name, Query(description="name of a gateway")] = "",
    site: SiteId = None,
    condition: Annotated[ConditionFilter, Query(description="alarmed: with an active alarm, whatever its condition")] = "",
    search: Search = "",
    sort: Annotated[Sort, Query(description="condition: what is worst comes first")] = "kind",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, description="rows at most")] = 50,
    offset: Offset = 0,
) -> Response:
    """List machines with the newest values of their key signals."""
    require_directory(feed)
    wanted = Wanted(
        gateways=viewer.gateways, kind=kind, gateway=gateway, site=site, condition=condition, search=search, sort=sort
    )
    found = feed.listing.find(wanted, moment)
    rows = ",".join(row_json(machine, feed.state, feed.listing, moment) for machine in found[offset : offset + limit])
    content = f'{{"total":{len(found)},"offset":{offset},"limit":{limit},"items":[{rows}]}}'
    return Response(content, media_type="application/json")


@router.get("/{equipment_id}", responses=example({**_HEAD, "values": {"steam_flow": {**_SIGNAL, **_VALUE}}, **_JUDGED}))
async def show(*, equipment_id: EquipmentId, feed: CurrentFeed, viewer: Reader, moment: CurrentMoment) -> JSONResponse:
    """Show one machine: what its signals are, and the newest value of each."""
    return JSONResponse(machine_json(_machine(feed, viewer, equipment_id), feed.state, feed.listing, moment))


@router.get("/{equipment_id}/latest", responses=example({"id": 7, "values": {"steam_flow": _VALUE}, **_JUDGED}))
async def show_latest(*, equipment_id: EquipmentId, feed: CurrentFeed, viewer: Reader, moment: CurrentMoment) -> JSONResponse:
    """Show the newest values of one machine alone."""
    machine = _machine(feed, viewer, equipment_id)
    values = values_json(machine, only_key=False)
    return JSONResponse({"id": equipment_id, "values": values, **judged(machine, feed.state, feed.listing, moment)})


@router.get("/{equipment_id}/signals", responses=example({"id": 7, "kind": "boiler", "signals": {"steam_flow": _SIGNAL}}))
async def show_signals(*, equipment_id: EquipmentId, feed: CurrentFeed, viewer: Reader) -> dict[str, Any]:
    """Show what a machine measures: those of its kind, or, where nobody has described it, those that it has sent."""
    machine = _machine(feed, viewer, equipment_id)
    signals = {name: signal_json(signal) for name, signal in machine.kind.signals.items()}
    return {"id": equipment_id, "kind": machine.kind.name, "signals": signals}


def _machine(feed: Feed, viewer: Viewer, equipment_id: int) -> Machine:
    require_directory(feed)
    machine = feed.state.get(equipment_id)
    if machine is None or not viewer.sees(machine.equipment.gateway):
        raise not_found(f"equipment {equipment_id}")
    return machine
