"""The gateways: who is there, what waits on their disks, whose clock is wrong, and which machines do not answer them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.api.gateways import SORT_KEYS, Sort
from dashboards.asking import Offset, Search
from dashboards.context import CurrentFeed, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found, require_directory
from dashboards.live.gateways import Gateway, list_gateways
from dashboards.live.moment import CurrentMoment
from dashboards.live.shown_values import age_text, condition_text
from dashboards.security.access import Reader
from dashboards.texts import Language, translator
from telemetry.topics import NAME_PATTERN

router = APIRouter()

ROWS = 50


@router.get("/gateways", response_class=HTMLResponse)
async def gateway_list(
    *,
    request: Request,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    search: Search = "",
    sort: Sort = "name",
    offset: Offset = 0,
) -> HTMLResponse:
    language = language_of(request)
    everything = await list_gateways(feed.state, feed.listing, moment, gateways=viewer.gateways)
    found = [gateway for gateway in everything if search.strip().casefold() in gateway.name.casefold()]
    found.sort(key=SORT_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    offset = min(offset, max(len(found) - 1, 0) // ROWS * ROWS)
    sites = {site.id: getattr(site, f"label_{language}") for site in feed.state.sites}
    return render(
        request,
        "gateways/list.html",
        rows=[_row(gateway, sites, moment.now_us, language) for gateway in found[offset : offset + ROWS]],
        total=len(everything),
        found=len(found),
        limit=ROWS,
        offset=offset,
        search=search,
        sort=sort,
        query={"search": search, "sort": "" if sort == "name" else sort},
        is_first_look=feed.database_connected is None,
    )


@router.get("/gateways.csv", response_class=StreamingResponse)
async def gateway_table(
    *,
    request: Request,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    settings: CurrentSettings,
    search: Search = "",
) -> StreamingResponse:
    """Give all gateways as a table for spreadsheets."""
    language = language_of(request)
    _ = translator(language)
    zone = ZoneInfo(settings.time_zone)
    sites = {site.id: getattr(site, f"label_{language}") for site in feed.state.sites}
    header = [_("网关"), _("厂区"), _("在线"), _("最近数据"), _("版本"), _("设备数"), _("异常设备"), _("无应答设备")]
    header += [_("积压数据包"), _("积压字节"), _("时钟偏差（秒）")]
    found = await list_gateways(feed.state, feed.listing, moment, gateways=viewer.gateways)

    def rows() -> Iterator[list[object]]:
        for gateway in found:
            if search.strip().casefold() not in gateway.name.casefold():
                continue
            seen, spool = gateway.last_seen_us, gateway.report.spool
            yield [
                gateway.name,
                sites.get(gateway.site or 0, ""),
                {True: _("在线"), False: _("离线"), None: ""}[gateway.status.is_online],
                "" if seen is None else datetime.fromtimestamp(seen / 1e6, zone).isoformat(" ", "seconds"),
                gateway.report.version,
                len(gateway.machines),
                len(gateway.troubled),
                len(gateway.silent),
                *((spool.bundles, spool.bytes) if gateway.status.report else ("", "")),
                gateway.clock_ahead_seconds,
            ]

    return csv_response("gateways", header, list(rows()))


@router.get("/gateways/{name}", response_class=HTMLResponse)
async def gateway_page(
    *,
    request: Request,
    name: Annotated[str, Path(pattern=NAME_PATTERN)],
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    settings: CurrentSettings,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HTMLResponse:
    require_directory(feed)
    language = language_of(request)
    found = await list_gateways(feed.state, feed.listing, moment, gateways=viewer.gateways, only=name)
    if not found:
        raise not_found(f"gateway {name}")
    gateway = found[0]
    sites = {site.id: getattr(site, f"label_{language}") for site in feed.state.sites}
    zone = ZoneInfo(settings.time_zone)
    silent = set(gateway.silent)
    offset = min(offset, max(len(gateway.machines) - 1, 0) // ROWS * ROWS)
    machines = [
        {
            "equipment": machine.equipment,
            "kind": getattr(machine.kind.label, language),
            "condition": condition_text(feed.listing.condition(machine, moment), language),
            "is_silent": machine.equipment.name in silent,
            "age": "" if machine.time_us is None else age_text((moment.now_us - machine.time_us) / 1e6, language),
            "settings": gateway.report.equipment.get(machine.equipment.name),
        }
        for machine in gateway.machines[offset : offset + ROWS]
    ]
    gaps = [
        {
            "gap": gap,
            "start": datetime.fromtimestamp(gap.from_us / 1e6, zone).isoformat(" ", "seconds"),
            "end": datetime.fromtimestamp(gap.to_us / 1e6, zone).isoformat(" ", "seconds"),
        }
        for gap in gateway.report.spool.gaps
    ]
    return render(
        request,
        "gateways/gateway.html",
        gateway=gateway,
        row=_row(gateway, sites, moment.now_us, language),
        machines=machines,
        gaps=gaps,
        counter_words=_counter_words(language),
        limit=ROWS,
        offset=offset,
        unseen=sorted(silent - {machine.equipment.name for machine in gateway.machines}),
    )


def _row(gateway: Gateway, sites: dict[int, str], now_us: int, language: Language) -> dict[str, Any]:
    seen, told, oldest = gateway.last_seen_us, gateway.report.told_at_us, gateway.report.spool.oldest_us
    return {
        "gateway": gateway,
        "site": sites.get(gateway.site or 0, ""),
        "seen": "" if seen is None else age_text((now_us - seen) / 1e6, language),
        "told": "" if told is None else age_text((now_us - told) / 1e6, language),
        "oldest": age_text(((told or now_us) - oldest) / 1e6, language) if oldest else "",
        "clock": _clock_text(gateway, language),
    }


def _counter_words(language: Language) -> dict[str, str]:
    _ = translator(language)
    return {
        "overruns": _("来不及而略过的采集"),
        "timeouts": _("超时"),
        "device_exceptions": _("设备拒绝的请求"),
        "late_replies": _("迟到并弃用的应答"),
    }


def _clock_text(gateway: Gateway, language: Language) -> str:
    """Judge the clock in words; a little behind is what the way here takes."""
    _ = translator(language)
    ahead = gateway.clock_ahead_seconds
    if ahead is None:
        return _("尚未测得")
    seconds = f"{abs(ahead):,.1f}"
    side = _("快 {n} 秒", n=seconds) if ahead > 0 else _("慢 {n} 秒", n=seconds)
    judged = {
        "good": _("正常"),
        "off": _("偏差 {side}，请校时", side=side),
        "wrong": _("偏差 {side}，数据时间不可信", side=side),
    }
    return judged[gateway.clock_judgement]
