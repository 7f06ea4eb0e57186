"""One alarm as lists show it, and how lists are filtered and sorted."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from device_profiles.kind import Signal, kind_names, load_kind
from store.alarm_rules import RuleRow
from store.alarms import PRIORITIES, ConditionRow, ListedCondition, View

STATES = ("normal", "unacknowledged", "acknowledged", "returned", "latched")
Sort = Literal["priority", "since", "machine", "kind", "gateway", "state", "title", "changed"]
ACTIVE = frozenset({"unacknowledged", "acknowledged"})
UNANSWERED = frozenset({"unacknowledged", "returned"})
"""Nobody has acknowledged it yet, whether it still stands or not."""
_RANK = {name: rank for rank, name in enumerate(PRIORITIES)}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A condition with what its rule says; made once and shown to everybody who may see its gateway."""

    listed: ListedCondition
    rule: RuleRow | None = field(repr=False)
    """None where it is no longer there."""
    site: int | None = None

    @cached_property
    def condition(self) -> ConditionRow:
        return self.listed.condition

    @cached_property
    def gateway(self) -> str:
        return self.listed.gateway

    @property
    def machine(self) -> str:
        """Name of the machine; of the gateway where the condition is its own."""
        return self.listed.equipment or self.listed.gateway

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the rule says, as JSON."""
        return {} if self.rule is None else self.rule.definition

    @cached_property
    def signal(self) -> Signal | None:
        """The signal that the rule watches."""
        name = self.definition.get("when", {}).get("signal", "")
        return load_kind(self.listed.kind).signals.get(name) if self.listed.kind in kind_names() else None

    @property
    def unit(self) -> str:
        return "" if self.signal is None or self.signal.unit == "1" else self.signal.unit

    @cached_property
    def views(self) -> frozenset[str]:
        """The lists that it stands in; what somebody or the design has put aside is in none of those that call people."""
        condition = self.condition
        aside = {
            "shelved": condition.shelved_until is not None,
            "suppressed": condition.is_suppressed,
            "out_of_service": condition.out_of_service_since is not None,
        }
        views = {"all", *(name for name, is_so in aside.items() if is_so)}
        return frozenset(views if len(views) > 1 or condition.state == "normal" else {"all", "standing"})

    @cached_property
    def searched(self) -> str:
        condition = self.condition
        words = (self.machine, self.gateway, condition.rule, *condition.title.values())
        return " ".join(words).casefold()

    @cached_property
    def as_json(self) -> bytes:
        return json.dumps(self.described, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def described(self) -> dict[str, Any]:
        condition = self.condition
        return {
            "id": condition.id,
            "gateway": self.gateway,
            "site": self.site,
            "equipment": condition.equipment_id,
            "machine": self.machine,
            "kind": self.listed.kind,
            "rule": condition.rule,
            "title": condition.title,
            "priority": condition.priority,
            "state": condition.state,
            "value": condition.value,
            "limit": condition.limit_value,
            "unit": self.unit,
            "active_since": iso(condition.active_since),
            "returned_at": iso(condition.returned_at),
            "acknowledged_at": iso(condition.acknowledged_at),
            "acknowledged_by": condition.acknowledged_by,
            "note": condition.note,
            "changed_at": iso(condition.changed_at),
            "occurrences": condition.occurrences,
            "shelved_until": iso(condition.shelved_until),
            "shelved_once": condition.shelved_once,
            "shelved_by": condition.shelved_by,
            "shelf_reason": condition.shelf_reason,
            "suppressed": condition.is_suppressed,
            "out_of_service_since": iso(condition.out_of_service_since),
            "out_of_service_by": condition.out_of_service_by,
            "out_of_service_reason": condition.out_of_service_reason,
            "flood": condition.flood_id,
            "first_out": condition.is_first_out,
        }


def is_listed(condition: ConditionRow) -> bool:
    """Whether it stands in a list: it is not normal, or somebody has put it aside."""
    return condition.state != "normal" or condition.shelved_until is not None or condition.out_of_service_since is not None


def sees(gateways: Collection[str] | None, gateway: str) -> bool:
    return gateways is None or gateway in gateways


@dataclass(frozen=True, kw_only=True)
class AlarmFilter:
    """Which alarms are asked for; what is empty asks for all."""

    gateways: frozenset[str] | None
    """Those that the viewer may see; None for all."""
    view: View = "standing"
    priorities: Collection[str] = ()
    states: Collection[str] = ()
    kind: str = ""
    gateway: str = ""
    site: int | None = None
    equipment: int | None = None
    search: str = ""

    def of(self, alarms: Iterable[Alarm]) -> list[Alarm]:
        """Give those asked for in their order; thousands pass through with each request, so only what is asked is looked at."""
        found = [alarm for alarm in alarms if self.view in alarm.views]
        if self.gateways is not None:
            found = [alarm for alarm in found if alarm.gateway in self.gateways]
        if self.priorities:
            found = [alarm for alarm in found if alarm.condition.priority in self.priorities]
        if self.states:
            found = [alarm for alarm in found if alarm.condition.state in self.states]
        if self.kind:
            found = [alarm for alarm in found if alarm.listed.kind == self.kind]
        if self.gateway:
            found = [alarm for alarm in found if alarm.gateway == self.gateway]
        if self.site is not None:
            found = [alarm for alarm in found if alarm.site == self.site]
        if self.equipment is not None:
            found = [alarm for alarm in found if alarm.condition.equipment_id == self.equipment]
        if wanted := self.search.strip().casefold():
            found = [alarm for alarm in found if wanted in alarm.searched]
        return found


def sorted_alarms(alarms: Iterable[Alarm], sort: str) -> list[Alarm]:
    """Sort by a field, backwards after a minus; equals stay most urgent first."""
    name = sort.removeprefix("-")
    urgent = sorted(alarms, key=_urgency)
    return urgent if sort == "priority" else sorted(urgent, key=_KEYS[name], reverse=sort.startswith("-"))


def _urgency(alarm: Alarm) -> tuple[int, bool, float]:
    condition = alarm.condition
    since = condition.active_since or _BEGINNING
    return (_RANK[condition.priority], condition.state not in UNANSWERED, -since.timestamp())


_KEYS: dict[str, Callable[[Alarm], Any]] = {
    "priority": _urgency,
    "since": lambda alarm: alarm.condition.active_since or _BEGINNING,
    "machine": lambda alarm: alarm.machine,
    "kind": lambda alarm: alarm.listed.kind,
    "gateway": lambda alarm: alarm.gateway,
    "state": lambda alarm: STATES.index(alarm.condition.state),
    "title": lambda alarm: alarm.condition.rule,
    "changed": lambda alarm: alarm.condition.changed_at,
}
SORTS = tuple(sign + name for name in _KEYS for sign in ("", "-"))


def iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
