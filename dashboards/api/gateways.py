"""Gateways: whether each is there, what waits on its disk, and how those behind it do."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from dashboards.asking import Offset, Search, SiteId, example
from dashboards.context import CurrentFeed
from dashboards.error_answers import not_found, require_directory
from dashboards.live.equipment_json import iso_us
from dashboards.live.gateways import Gateway, list_gateways
from dashboards.live.listing import Listing, Moment
from dashboards.live.moment import CurrentMoment
from dashboards.security.access import Reader
from telemetry.topics import NAME_PATTERN

router = APIRouter(prefix="/api/v1/gateways", tags=["gateways"])

MOST_LISTED = 1000
Sort = Literal["name", "-name", "last_seen", "-last_seen", "backlog", "-backlog", "troubled", "-troubled"]
SORT_KEYS: dict[str, Callable[[Gateway], Any]] = {
    "name": lambda gateway: gateway.name,
    "last_seen": lambda gateway: gateway.last_seen_us or 0,
    "backlog": lambda gateway: gateway.report.spool.bundles,
    "troubled": lambda gateway: len(gateway.troubled),
}
_EXAMPLE = {
    "name": "works-1",
    "site": 1,
    "online": True,
    "last_seen": "2026-05-01T00:00:00.000Z",
    "version": "0.1.0",
    "machines": 12,
    "troubled_machines": 1,
    "silent_machines": ["pump-3"],
    "lines_down": [],
    "backlog": {"bundles": 2, "bytes": 4096, "oldest": "2026-04-30T23:59:58.000Z", "disk_works": True},
    "clock": {"ahead_seconds": -0.4, "judgement": "good"},
    "other_profiles": [],
}


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_EXAMPLE]}))
async def list_all(
    *,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    site: SiteId = None,
    online: Annotated[bool | None, Query(description="as they or their last wills have said")] = None,
    search: Search = "",
    sort: Annotated[Sort, Query(description="field to sort by; with - before it, downwards")] = "name",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, description="rows at most")] = 50,
    offset: Offset = 0,
) -> JSONResponse:
    """List the gateways that have sent something, have told their state, or have a site."""
    require_directory(feed)
    found = [
        gateway
        for gateway in await list_gateways(feed.state, feed.listing, moment, gateways=viewer.gateways)
        if site in (None, gateway.site)
        and online in (None, gateway.status.is_online)
        and search.strip().casefold() in gateway.name.casefold()
    ]
    found.sort(key=SORT_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    items = [_told(gateway) for gateway in found[offset : offset + limit]]
    return JSONResponse({"total": len(found), "offset": offset, "limit": limit, "items": items})


@router.get("/{name}", responses=example({**_EXAMPLE, "profiles": {"boiler/generic": "0123456789abcdef"}}))
async def show(
    *,
    name: Annotated[str, Path(pattern=NAME_PATTERN, description="name of a gateway")],
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
) -> JSONResponse:
    """Show a gateway with all that its state message says, and the machines behind it."""
    require_directory(feed)
    found = await list_gateways(feed.state, feed.listing, moment, gateways=viewer.gateways, only=name)
    if not found:
        raise not_found(f"gateway {name}")
    return JSONResponse(_told_in_full(found[0], feed.listing, moment))


def _told(gateway: Gateway) -> dict[str, Any]:
    spool = gateway.report.spool
    return {
        "name": gateway.name,
        "site": gateway.site,
        "online": gateway.status.is_online,
        "last_seen": _time(gateway.last_seen_us),
        "version": gateway.report.version,
        "machines": len(gateway.machines),
        "troubled_machines": len(gateway.troubled),
        "silent_machines": gateway.silent,
        "lines_down": gateway.lines_down,
        "backlog": {
            "bundles": spool.bundles,
            "bytes": spool.bytes,
            "oldest": _time(spool.oldest_us or None),
            "disk_works": spool.working,
        }
        if gateway.status.report
        else None,
        "clock": {"ahead_seconds": gateway.clock_ahead_seconds, "judgement": gateway.clock_judgement},
        "other_profiles": gateway.other_profiles,
    }


def _told_in_full(gateway: Gateway, listing: Listing, moment: Moment) -> dict[str, Any]:
    report = gateway.report
    return {
        **_told(gateway),
        "profiles": report.profiles,
        "connections": report.connections,
        "gaps": [
            {**gap.model_dump(exclude={"from_us", "to_us"}), "from": _time(gap.from_us), "to": _time(gap.to_us)}
            for gap in report.spool.gaps
        ],
        "reload": report.reload.model_dump(),
        "counters": report.counters,
        "clock_offset_seconds": report.clock_offset_seconds,
        "equipment": [
            {
                "id": machine.equipment.id,
                "name": machine.equipment.name,
                "kind": machine.kind.name,
                "condition": listing.condition(machine, moment),
                "time": _time(machine.time_us),
                "settings": settings.model_dump() if (settings := report.equipment.get(machine.equipment.name)) else None,
            }
            for machine in gateway.machines
        ],
    }


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else iso_us(time_us)
