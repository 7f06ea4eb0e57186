"""A gateway that is away is one alarm of its own; that its machines are silent is then expected, and suppressed by design."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from analytics.alarms.acts import ProcessChange
from analytics.alarms.changes import Change, Changes, Suppression
from analytics.alarms.instants import to_time
from device_profiles.kind import Label
from store.alarms import ConditionKey
from telemetry.bundle import MICROSECONDS

OFFLINE = "gateway.offline"
RETURN_GRACE_US = 30 * MICROSECONDS
"""So long the machines of a gateway that has come back may take to be heard again."""
BEHIND_US = 30 * MICROSECONDS
"""A gateway that sends bundles older than this catches up: its machines are only silent until it is done."""


class GatewayRule(NamedTuple):
    """What the alarm pages show of a rule, of one that no machine has."""

    name: str
    priority: str
    title: Label
    consequence: Label
    action: Label
    respond_within_minutes: int
    latch: bool = False

    def definition(self, offline_seconds: float) -> dict[str, Any]:
        """Give it as the pages read rules: silence of a thing that is no machine."""
        return {
            "name": self.name,
            "kind": "gateway",
            "equipment": [],
            "when": {"form": "stale", "after_seconds": offline_seconds},
            "on_delay_seconds": 0,
            "off_delay_seconds": 0,
            "applies_in": [],
            "suppressed_by": [],
            **{name: getattr(self, name).model_dump() for name in ("title", "consequence", "action")},
            "priority": self.priority,
            "respond_within_minutes": self.respond_within_minutes,
            "latch": self.latch,
            "note_required": False,
            "enabled": True,
        }


OFFLINE_RULE = GatewayRule(
    name=OFFLINE,
    priority="high",
    title=Label(zh="网关离线", en="Gateway offline"),
    consequence=Label(
        zh="该网关所有设备的数据和报警都停在断线时刻",
        en="Values and alarms of all its machines stand where they were when it was lost",
    ),
    action=Label(
        zh="检查网关供电、网络和到云端的链路；数据在网关本地缓存",
        en="Check its power, its network and the way to the cloud; it keeps the data on its own disk meanwhile",
    ),
    respond_within_minutes=10,
)


class Standing(NamedTuple):
    """What the database holds at the start: active conditions of gateways, and of silence."""

    offline: Mapping[str, int]
    """Since when, by gateway; microseconds."""
    stale: Collection[tuple[int, str]]
    """Machine and rule."""


class Gateways:
    """Which gateways are away, and what of their machines that covers."""

    def __init__(self, offline_seconds: float, standing: Standing) -> None:
        self._delay_us = round(offline_seconds * MICROSECONDS)
        self._away = dict(standing.offline)
        self._active = set(standing.offline)
        self._returning: dict[str, int] = {}
        self._stale: dict[tuple[int, str], bool] = dict.fromkeys(standing.stale, False)
        """Active conditions of silence, and whether the rule itself suppresses them."""
        self.of_machine: Mapping[int, str] = {}
        self.stale_rules: Collection[str] = ()

    def hear(self, gateway: str, *, is_online: bool, now_us: int) -> list[ProcessChange]:
        """Take a state message or last will."""
        if not is_online:
            self._away.setdefault(gateway, now_us)
            self._returning.pop(gateway, None)
            return []
        if self._away.pop(gateway, None) is None or gateway not in self._active:
            return []
        self._active.remove(gateway)
        self._returning[gateway] = now_us + RETURN_GRACE_US
        return [_offline(gateway, now_us, is_active=False)]

    def expect_all(self, now_us: int) -> None:
        """Give every gateway time to be heard: the broker was away, or this worker."""
        self._returning |= dict.fromkeys(self.of_machine.values(), now_us + RETURN_GRACE_US)

    def note_bundle(self, gateway: str, *, sent_at_us: int, now_us: int) -> None:
        if now_us - sent_at_us > BEHIND_US:
            self._returning[gateway] = now_us + RETURN_GRACE_US

    def tick(self, now_us: int) -> list[ProcessChange]:
        """Tell of gateways that have been away long enough, and of machines that are silent although theirs is back."""
        changes: list[ProcessChange] = []
        known = set(self.of_machine.values())
        for gateway, since_us in self._away.items():
            due_us = since_us + self._delay_us
            if gateway not in self._active and gateway in known and due_us <= now_us:
                self._active.add(gateway)
                changes += [_offline(gateway, due_us, is_active=True), *self._turn(gateway, due_us, is_suppressed=True)]
        for gateway, due_us in list(self._returning.items()):
            if due_us <= now_us:
                del self._returning[gateway]
                changes += self._turn(gateway, due_us, is_suppressed=False)
        return changes

    def cover(self, found: Changes) -> Changes:
        """Suppress the silence of machines whose gateway is away."""
        return Changes([self._covered(change) for change in found.changes], list(self._uncovered(found.suppressions)))

    def _covered(self, change: Change) -> Change:
        if change.rule not in self.stale_rules:
            return change
        key = (change.equipment_id, change.rule)
        if not change.is_active:
            self._stale.pop(key, None)
            return change
        self._stale[key] = change.is_suppressed
        return change._replace(is_suppressed=change.is_suppressed or self._covers(change.equipment_id))

    def _uncovered(self, suppressions: Iterable[Suppression]) -> Iterable[Suppression]:
        for one in suppressions:
            key = (one.equipment_id, one.rule)
            if key in self._stale:
                self._stale[key] = one.is_suppressed
                if self._covers(one.equipment_id):
                    continue
            yield one

    def _covers(self, machine: int) -> bool:
        gateway = self.of_machine.get(machine, "")
        return gateway in self._active or gateway in self._returning

    def _turn(self, gateway: str, time_us: int, *, is_suppressed: bool) -> Iterable[ProcessChange]:
        for (machine, rule), is_by_design in self._stale.items():
            if self.of_machine.get(machine) == gateway and not is_by_design:
                yield ProcessChange(ConditionKey(machine, rule), to_time(time_us), is_suppressed=is_suppressed)


def _offline(gateway: str, time_us: int, *, is_active: bool) -> ProcessChange:
    return ProcessChange(ConditionKey(None, OFFLINE, gateway), to_time(time_us), is_active=is_active)
