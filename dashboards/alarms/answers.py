"""What the API tells about alarms, as integrators read it in its description."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from device_profiles.kind import Label

Priority = Literal["critical", "high", "medium", "low"]
State = Literal["normal", "unacknowledged", "acknowledged", "returned", "latched"]
Time = Annotated[str, Field(description="ISO 8601 in UTC", examples=["2026-05-01T00:00:00.000Z"])]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AlarmRecord(_Answer):
    """One rule on one machine, or on a gateway itself."""

    id: int
    gateway: str
    site: int | None
    equipment: int | None = Field(description="id of the machine; null for a condition of the gateway itself")
    machine: str = Field(description="name of the machine, or of the gateway")
    kind: str
    rule: str
    title: Label
    priority: Priority
    state: State
    value: float | None = Field(description="when it became active")
    limit: float | None
    unit: str
    active_since: Time | None
    returned_at: Time | None
    acknowledged_at: Time | None
    acknowledged_by: str
    note: str
    changed_at: Time
    occurrences: int
    shelved_until: Time | None
    shelved_once: bool
    shelved_by: str
    shelf_reason: str
    suppressed: bool = Field(description="by design: something else makes it meaningless now")
    out_of_service_since: Time | None
    out_of_service_by: str
    out_of_service_reason: str
    flood: int | None
    first_out: bool


class AlarmList(_Answer):
    total: int
    offset: int
    limit: int
    items: list[AlarmRecord]


class JournalRecord(_Answer):
    """Something that happened to an alarm."""

    id: int
    time: Time
    alarm: int
    gateway: str
    equipment: int | None
    machine: str
    kind: str
    rule: str
    title: Label
    priority: Priority
    act: str
    state_before: State
    state_after: State
    occurrence: int
    value: float | None
    limit: float | None
    actor: str = Field(description="empty for the process and the clock")
    note: str


class JournalList(_Answer):
    total: int
    offset: int
    limit: int
    items: list[JournalRecord]


class AlarmDetail(AlarmRecord):
    """An alarm with what its rule says and what happened to it."""

    consequence: Label | None
    action: Label | None
    respond_within_minutes: int | None
    journal: list[JournalRecord] = Field(description="the newest lines, newest first")


class Result(_Answer):
    """What became of an act on one alarm."""

    id: int
    done: bool
    reason: Label | None = Field(default=None, description="why it was refused")


class Results(_Answer):
    results: list[Result]


class RuleRecord(_Answer):
    """A rule with its version."""

    name: str
    kind: str
    origin: Literal["kind", "plant"] = Field(description="kind: nobody at this plant has confirmed its limit yet")
    enabled: bool
    version: int
    changed_by: str
    changed_at: Time
    definition: dict[str, Any]


class RuleList(_Answer):
    total: int
    offset: int
    limit: int
    items: list[RuleRecord]


class RuleVersion(_Answer):
    version: int
    enabled: bool
    changed_by: str
    changed_at: Time


class RuleDetail(RuleRecord):
    history: list[RuleVersion] = Field(description="newest first")


class FigureRecord(_Answer):
    """A figure; without a target the standards name none."""

    name: str
    label: Label
    unit: str
    value: float | None = Field(description="null where there is nothing to measure")
    target: float | None
    limit: float | None
    sense: Literal["at_most", "below", "at_least"]
    verdict: Literal["good", "acceptable", "exceeded", "none"]


class NamedAlarm(_Answer):
    id: int
    machine: str
    gateway: str
    rule: str
    title: Label


class CountedAlarm(NamedAlarm):
    count: int


class HourRecord(_Answer):
    time: Time
    count: int


class FloodRecord(_Answer):
    begin: Time = Field(alias="from")
    end: Time | None = Field(alias="to", description="null while it lasts")


class PerformanceRecord(_Answer):
    begin: Time = Field(alias="from")
    end: Time = Field(alias="to")
    complete: bool = Field(description="whether the journal is as old as the period is long")
    figures: list[FigureRecord]
    alarms: int
    alarms_by_priority: dict[Priority, int]
    alarms_by_hour: list[HourRecord]
    most_frequent: list[CountedAlarm]
    chattering: list[CountedAlarm]
    stale: list[NamedAlarm] = Field(description="standing for more than a day")
    floods: list[FloodRecord]
