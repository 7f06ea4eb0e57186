"""An alarm in one language, ready for a template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboards.alarms.feed import AlarmFeed
from dashboards.alarms.rows import UNANSWERED, Alarm
from dashboards.pages.alarms.words import deed_words, state_words
from dashboards.presentation import decimals
from dashboards.security.access import Permission, Viewer
from dashboards.texts import Language, Translate, translator
from device_profiles.kind import Signal, kind_names, load_kind
from telemetry.quality import Quality

ADDRESS_OF_DEED = {
    "acknowledge": "acknowledge",
    "comment": "comment",
    "reset": "reset",
    "shelve": "shelve",
    "unshelve": "unshelve",
    "take_out_of_service": "out-of-service",
    "put_into_service": "into-service",
}


@dataclass(frozen=True, kw_only=True)
class ShownAlarm:
    """What a row of the list holds."""

    id: int
    href: str
    machine: str
    gateway: str
    kind_label: str
    title: str
    priority: str
    state: str
    state_word: str
    unanswered: bool
    since: str
    returned: str
    value: str
    limit: str
    unit: str
    consequence: str
    action: str
    respond_within_minutes: int | None
    occurrences: int
    acknowledged_by: str
    acknowledged_at: str
    note: str
    aside: list[tuple[str, str]]
    """Words and texts on who put it aside, until when and why."""
    acts: list[tuple[str, str]]
    """Addresses and words of what its viewer can do at once, and"""
    lesser_acts: list[tuple[str, str]]
    """of what one does seldom."""
    flood: int | None
    first_out: bool
    note_required: bool


def shown_alarm(alarm: Alarm, viewer: Viewer, language: Language, zone: ZoneInfo) -> ShownAlarm:
    condition, rule = alarm.condition, alarm.definition
    _ = translator(language)
    deeds, lesser = _possible(alarm, viewer)
    words = deed_words(_)
    aside = []
    if condition.shelved_until:
        until = local_time(condition.shelved_until, zone)
        once = _("或恢复正常为止") if condition.shelved_once else ""
        aside.append((_("搁置至"), f"{until} {once} · {condition.shelved_by}: {condition.shelf_reason}"))
    if condition.out_of_service_since:
        since = local_time(condition.out_of_service_since, zone)
        aside.append((_("退出服务自"), f"{since} · {condition.out_of_service_by}: {condition.out_of_service_reason}"))
    return ShownAlarm(
        id=condition.id,
        href=f"/equipment/{condition.equipment_id}" if condition.equipment_id else f"/gateways/{alarm.gateway}",
        machine=alarm.machine,
        gateway=alarm.gateway,
        kind_label=kind_label(alarm.listed.kind, language),
        title=condition.title[language],
        priority=condition.priority,
        state=condition.state,
        state_word=state_words(_)[condition.state],
        unanswered=condition.state in UNANSWERED,
        since=local_time(condition.active_since, zone),
        returned=local_time(condition.returned_at, zone),
        value=_value(alarm, _),
        limit=shown_number(condition.limit_value, alarm.signal),
        unit=alarm.unit,
        consequence=rule.get("consequence", {}).get(language, ""),
        action=rule.get("action", {}).get(language, ""),
        respond_within_minutes=rule.get("respond_within_minutes"),
        occurrences=condition.occurrences,
        acknowledged_by=condition.acknowledged_by,
        acknowledged_at=local_time(condition.acknowledged_at, zone),
        note=condition.note,
        aside=aside,
        acts=[(ADDRESS_OF_DEED[deed], words[deed]) for deed in deeds],
        lesser_acts=[(ADDRESS_OF_DEED[deed], words[deed]) for deed in lesser],
        flood=condition.flood_id,
        first_out=condition.is_first_out,
        note_required=bool(rule.get("note_required")),
    )


def _possible(alarm: Alarm, viewer: Viewer) -> tuple[list[str], list[str]]:
    """Name what the viewer can do with an alarm: what its state calls for, and the rest."""
    condition = alarm.condition
    at_once, seldom = [], []
    if viewer.may(Permission.ACKNOWLEDGE):
        if condition.state in UNANSWERED:
            at_once.append("acknowledge")
        if condition.state == "latched":
            at_once.append("reset")
        seldom.append("comment")
    if viewer.may(Permission.SHELVE):
        (at_once if condition.shelved_until else seldom).append("unshelve" if condition.shelved_until else "shelve")
    if viewer.may(Permission.CONFIGURE_ALARMS):
        is_out = condition.out_of_service_since is not None
        (at_once if is_out else seldom).append("put_into_service" if is_out else "take_out_of_service")
    return at_once, seldom


def kind_label(kind: str, language: Language) -> str:
    return str(getattr(load_kind(kind).label, language)) if kind in kind_names() else kind


def kind_choices(kinds: Iterable[str], language: Language) -> list[tuple[str, str]]:
    return [(kind, kind_label(kind, language)) for kind in sorted(filter(None, kinds))]


def site_choices(alarms: AlarmFeed, viewer: Viewer, language: Language) -> list[tuple[str, str]]:
    seen = alarms.sites.values() if viewer.sites is None else [alarms.sites[one] for one in viewer.sites if one in alarms.sites]
    return [(str(site.id), site.label_zh if language == "zh" else site.label_en) for site in seen]


def local_time(time: datetime | None, zone: ZoneInfo) -> str:
    return "" if time is None else f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _value(alarm: Alarm, _: Translate) -> str:
    """Write what was measured; the number of a bad quality is a code."""
    value = alarm.condition.value
    if value is not None and alarm.definition.get("when", {}).get("form") == "bad_quality":
        return _("坏值") if value >= Quality.BAD else _("存疑")
    return shown_number(value, alarm.signal)


def shown_number(value: float | None, signal: Signal | None) -> str:
    """Write a value with the decimals of the signal that the rule watches."""
    if value is None:
        return ""
    text = f"{value:,.4g}" if signal is None else f"{value:,.{decimals(signal)}f}"
    return text.replace("-", "\N{MINUS SIGN}")
