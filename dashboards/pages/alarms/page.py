"""The alarm list; what people do from it, the journal, the performance and the rules stand beside it in this folder."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.alarms.feed import CurrentAlarms
from dashboards.alarms.questions import AlarmQuestion
from dashboards.alarms.rows import Alarm, sees
from dashboards.context import CurrentSettings, language_of, render
from dashboards.pages.alarms import acting, journal, performance, rules
from dashboards.pages.alarms.shown import ShownAlarm, kind_choices, shown_alarm, site_choices
from dashboards.pages.alarms.words import priority_words, state_words, view_words
from dashboards.security.access import Permission, Reader
from dashboards.templating import address_with
from dashboards.texts import Translate, translator

router = APIRouter()
for part in (acting, journal, performance, rules):
    router.include_router(part.router)


@router.get("/alarms", response_class=HTMLResponse)
async def alarm_list(
    *,
    request: Request,
    viewer: Reader,
    alarms: CurrentAlarms,
    settings: CurrentSettings,
    asked: Annotated[AlarmQuestion, Query()],
) -> HTMLResponse:
    """Show a page of the list; htmx gets the list alone."""
    language, zone = language_of(request), ZoneInfo(settings.time_zone)
    _ = translator(language)
    flood, rest = _split(asked.filter(viewer).of(alarms.alarms(asked.sort)), alarms.floods)
    found = flood + rest
    page = found[asked.offset : asked.offset + asked.limit]
    query, summary = asked.query, alarms.summary(viewer.gateways)
    visible = [alarm for alarm in alarms.alarms() if sees(viewer.gateways, alarm.gateway)]
    title, message = _nothing(asked, _)
    return render(
        request,
        "alarms/rows.html" if request.headers.get("HX-Request") == "true" else "alarms/list.html",
        section="list",
        version=alarms.version,
        asked=asked,
        query=query,
        address=f"/alarms{address_with(query)}",
        csv_address=f"/api/v1/alarms.csv{address_with({**query, 'limit': None, 'offset': None})}",
        tab_items=[(word, f"/alarms?view={name}", name == asked.view, summary[name]) for name, word in view_words(_).items()],
        groups=_groups([shown_alarm(alarm, viewer, language, zone) for alarm in page], alarms.floods, len(flood), _),
        total=len(found),
        limit=asked.limit,
        offset=asked.offset,
        is_flood=summary["flood"],
        is_away=alarms.connected is False,
        is_first_look=alarms.connected is None,
        may_acknowledge=viewer.may(Permission.ACKNOWLEDGE) and asked.view == "standing",
        empty_title=title,
        empty_message=message,
        priorities=[("", _("全部")), *priority_words(_).items()],
        states=[("", _("全部")), *((name, word) for name, word in state_words(_).items() if name != "normal")],
        kinds=[("", _("全部")), *kind_choices({alarm.listed.kind for alarm in visible}, language)],
        sites=[("", _("全部")), *site_choices(alarms, viewer, language)],
        gateways=[("", _("全部")), *((name, name) for name in sorted({alarm.gateway for alarm in visible}))],
    )


def _split(found: list[Alarm], floods: frozenset[int]) -> tuple[list[Alarm], list[Alarm]]:
    """Put what belongs to a flood that lasts before the rest, what came first in front."""
    flood = [alarm for alarm in found if alarm.condition.flood_id in floods]
    flood.sort(key=lambda alarm: (not alarm.condition.is_first_out, alarm.condition.active_since))
    return flood, [alarm for alarm in found if alarm.condition.flood_id not in floods]


def _groups(shown: list[ShownAlarm], floods: frozenset[int], flood_count: int, _: Translate) -> list[dict[str, Any]]:
    flood = [alarm for alarm in shown if alarm.flood in floods]
    rest = [alarm for alarm in shown if alarm.flood not in floods]
    groups = [{"heading": _("报警泛滥：{count} 条", count=flood_count), "alarms": flood}, {"heading": "", "alarms": rest}]
    return [group for group in groups if group["alarms"]]


def _nothing(asked: AlarmQuestion, _: Translate) -> tuple[str, str]:
    """Say why the list is empty: a filter that is too narrow must not look like a plant without alarms."""
    if asked.query.keys() - {"view", "sort", "limit", "offset"}:
        return _("没有符合条件的报警"), _("请放宽筛选条件。")
    return {
        "standing": (_("没有报警"), _("所有设备都在报警限值以内。新的报警会自动出现在这里。")),
        "shelved": (_("没有搁置的报警"), ""),
        "suppressed": (_("没有被设计抑制的报警"), ""),
        "out_of_service": (_("没有退出服务的报警"), ""),
        "all": (_("没有报警"), ""),
    }[asked.view]
