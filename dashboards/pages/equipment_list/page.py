"""The list of machines: searched, filtered, sorted and paged by the server, however many there are."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from dashboards.api.equipment import ConditionFilter, Sort
from dashboards.asking import Name, Offset, Search
from dashboards.context import CurrentFeed, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.live.feed import Feed
from dashboards.live.listing import CONDITIONS, Moment, Wanted
from dashboards.live.moment import CurrentMoment
from dashboards.live.shown_values import age_text, condition_text, shown_value
from dashboards.live.state import Machine
from dashboards.presentation import key_signals
from dashboards.security.access import Reader, Viewer
from dashboards.texts import Language, translator
from device_profiles.kind import load_kind
from telemetry.errors import ConfigError

router = APIRouter()

ROWS = 50
KEY_VALUES = 3


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for."""

    kind: str
    gateway: str
    site: str
    condition: str
    search: str
    sort: str

    @property
    def query(self) -> dict[str, str]:
        return {**self.__dict__, "sort": "" if self.sort == "kind" else self.sort}

    def wanted(self, viewer: Viewer) -> Wanted:
        return Wanted(
            gateways=viewer.gateways,
            kind=self.kind,
            gateway=self.gateway,
            site=int(self.site) if self.site else None,
            condition=self.condition,
            search=self.search,
            sort=self.sort,
        )


def _question(
    *,
    kind: Name = "",
    gateway: Name = "",
    site: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
    condition: ConditionFilter = "",
    search: Search = "",
    sort: Sort = "kind",
) -> Question:
    return Question(kind=kind, gateway=gateway, site=site, condition=condition, search=search, sort=sort)


Asked = Annotated[Question, Depends(_question)]


@router.get("/equipment", response_class=HTMLResponse)
async def equipment_list(
    *,
    request: Request,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    asked: Asked,
    offset: Offset = 0,
    hx_target: Annotated[str, Header(max_length=100)] = "",
) -> HTMLResponse:
    language = language_of(request)
    found = feed.listing.find(asked.wanted(viewer), moment)
    offset = min(offset, max(len(found) - 1, 0) // ROWS * ROWS)
    is_part = hx_target == "list"
    return render(
        request,
        "equipment_list/list.html" if is_part else "equipment_list/page.html",
        asked=asked,
        query=asked.query,
        rows=[_row(machine, feed, moment, language) for machine in found[offset : offset + ROWS]],
        columns=_columns(asked.kind, language),
        found=len(found),
        total=feed.listing.count(viewer.gateways),
        limit=ROWS,
        offset=offset,
        kinds=_kinds(feed, viewer, language),
        conditions=_conditions(feed, viewer, moment, language),
        sites=_sites(feed, viewer, language),
        is_first_look=feed.database_connected is None,
    )


@router.get("/equipment.csv", response_class=StreamingResponse)
async def equipment_table(
    *,
    request: Request,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    settings: CurrentSettings,
    asked: Asked,
) -> StreamingResponse:
    """Give all rows that fit, not only those of one page."""
    language = language_of(request)
    _ = translator(language)
    found = feed.listing.find(asked.wanted(viewer), moment)
    sites = {site.id: getattr(site, f"label_{language}") for site in feed.state.sites}
    values = [title for number in range(1, KEY_VALUES + 1) for title in (_("数值 {n}", n=number), _("单位 {n}", n=number))]
    header = [_("编号"), _("设备名称"), _("设备类型"), _("网关"), _("厂区"), _("状况"), _("报警"), _("数据时间"), *values]
    zone = ZoneInfo(settings.time_zone)

    def rows() -> Iterator[list[object]]:
        for machine in found:
            cells: list[object] = []
            for name in key_signals(machine.kind)[:KEY_VALUES]:
                signal, cell = machine.kind.signals[name], machine.cells.get(name)
                unit = "" if signal.unit == "1" else signal.unit
                cells += [None if cell is None else machine.shown(name), f"{getattr(signal.label, language)} {unit}".strip()]
            time = None if machine.time_us is None else datetime.fromtimestamp(machine.time_us / 1e6, zone)
            yield [
                machine.equipment.id,
                machine.equipment.name,
                getattr(machine.kind.label, language),
                machine.equipment.gateway,
                sites.get(feed.state.site_of(machine.equipment.gateway) or 0, ""),
                condition_text(feed.listing.condition(machine, moment), language),
                moment.alarms.get(machine.equipment.id, ""),
                "" if time is None else time.isoformat(" ", "seconds"),
                *cells,
            ]

    # Made here and not while it is sent: the list changes meanwhile, and this is its thread.
    return csv_response("equipment", header, list(rows()))


def _row(machine: Machine, feed: Feed, moment: Moment, language: Language) -> dict[str, Any]:
    state = machine.kind.state_signal
    condition = feed.listing.condition(machine, moment)
    return {
        "equipment": machine.equipment,
        "kind": getattr(machine.kind.label, language),
        "state": shown_value(machine, state, language).text if state and state in machine.cells else "",
        "condition": condition,
        "condition_text": condition_text(condition, language),
        "age": "" if machine.time_us is None else age_text((moment.now_us - machine.time_us) / 1e6, language),
        "alarm": moment.alarms.get(machine.equipment.id),
        "values": [shown_value(machine, name, language) for name in key_signals(machine.kind)[:KEY_VALUES]],
    }


def _columns(kind: str, language: Language) -> list[str]:
    """Head the key values by their names when all machines have the same; else each value tells its own."""
    try:
        described = load_kind(kind)
    except ConfigError:
        return []
    return [getattr(described.signals[name].label, language) for name in key_signals(described)[:KEY_VALUES]]


def _kinds(feed: Feed, viewer: Viewer, language: Language) -> list[tuple[str, str, int]]:
    counts = Counter(machine.kind.name for machine in feed.listing.seen(viewer.gateways))
    labels = {machine.kind.name: getattr(machine.kind.label, language) for machine in feed.listing.seen(viewer.gateways)}
    return [(name, labels[name], count) for name, count in sorted(counts.items())]


def _conditions(feed: Feed, viewer: Viewer, moment: Moment, language: Language) -> list[tuple[str, str, int]]:
    _ = translator(language)
    machines = feed.listing.seen(viewer.gateways)
    counts = Counter(feed.listing.condition(machine, moment) for machine in machines)
    alarmed = sum(machine.equipment.id in moment.alarms for machine in machines)
    return [("alarmed", _("有报警"), alarmed), *((name, condition_text(name, language), counts[name]) for name in CONDITIONS)]


def _sites(feed: Feed, viewer: Viewer, language: Language) -> list[tuple[str, str]]:
    return [
        (str(site.id), getattr(site, f"label_{language}"))
        for site in feed.state.sites
        if viewer.sites is None or site.id in viewer.sites
    ]
