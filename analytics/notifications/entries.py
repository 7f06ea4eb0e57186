"""One alarm as messages tell it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from device_profiles.kind import Label, Signal, kind_names, load_kind
from store.notifications import DueMessage

Language = Literal["zh", "en"]

PRIORITIES = {
    "critical": Label(zh="紧急", en="Critical"),
    "high": Label(zh="高", en="High"),
    "medium": Label(zh="中", en="Medium"),
    "low": Label(zh="低", en="Low"),
}
ACTS = {
    "activate": Label(zh="报警", en="Alarm"),
    "remind": Label(zh="仍未确认", en="Still not acknowledged"),
    "return": Label(zh="恢复", en="Back to normal"),
    "acknowledge": Label(zh="已确认", en="Acknowledged"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    act: str
    priority: str
    gateway: str
    machine: str
    """Empty where the alarm is the gateway's own."""
    equipment_id: int | None
    kind: str
    rule: str
    title: Label
    value: float | None
    limit: float | None
    unit: str
    time: datetime
    """Of the act."""
    since: datetime | None
    occurrence: int
    condition_id: int
    repetition: int
    actor: str
    consequence: Label | None
    action: Label | None
    """None where the rule is no longer there."""

    @property
    def name(self) -> str:
        return f"{self.gateway}/{self.machine}" if self.machine else self.gateway

    @property
    def key(self) -> str:
        """What a receiver knows a repeated delivery by."""
        return f"{self.condition_id}.{self.occurrence}.{self.act}.{self.repetition}"


def entry_of(message: DueMessage) -> Entry:
    line, transition, definition = message.line, message.line.transition, message.definition
    signal = _signal(line.kind, definition.get("when", {}))
    return Entry(
        act=message.act,
        priority=transition.priority,
        gateway=line.gateway,
        machine=line.equipment,
        equipment_id=transition.equipment_id,
        kind=line.kind,
        rule=transition.rule,
        title=Label.model_validate(line.title),
        value=transition.value,
        limit=transition.limit_value,
        unit="" if signal is None or signal.unit == "1" else signal.unit,
        time=transition.time,
        since=message.active_since,
        occurrence=transition.occurrence,
        condition_id=transition.condition_id,
        repetition=message.repetition,
        actor=transition.actor,
        consequence=_label(definition.get("consequence")),
        action=_label(definition.get("action")),
    )


def entry_of_a_test(now: datetime) -> Entry:
    """Make an alarm that is none, for trying out a channel."""
    return Entry(
        act="activate",
        priority="low",
        gateway="test",
        machine="",
        equipment_id=None,
        kind="",
        rule="test",
        title=Label(zh="这是一条测试消息", en="This is a test message"),
        value=None,
        limit=None,
        unit="",
        time=now,
        since=now,
        occurrence=1,
        condition_id=0,
        repetition=0,
        actor="",
        consequence=Label(zh="无，这不是报警", en="None, it is no alarm"),
        action=Label(zh="收到即说明通道可用", en="That it arrived says that the channel works"),
    )


def _signal(kind: str, when: dict[str, Any]) -> Signal | None:
    return load_kind(kind).signals.get(when.get("signal", "")) if kind in kind_names() else None


def _label(told: Any) -> Label | None:
    return Label.model_validate(told) if told else None
