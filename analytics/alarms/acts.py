"""Acts on conditions: of the process, which the evaluator saw, and of people. Each call is one transaction with its journal.

A transaction locks all alarms against other writers, reads its conditions in order of their ids, applies the rules of the states,
saves, marks floods and adds to the journal.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from analytics.alarms.changes import Changes
from analytics.alarms.flood import WHOLE_PLANT, FloodTerms
from analytics.alarms.flood_marks import mark_calls
from analytics.alarms.states import LONGEST_SHELF, Act, ActRefused, ConditionState, Deed, State, Terms, Transition, apply
from device_profiles.kind import Label
from store.alarm_journal import TransitionRow, append_transitions
from store.alarm_rules import definitions_of
from store.alarms import (
    ConditionKey,
    ConditionRow,
    NewCondition,
    conditions_for_update,
    conditions_of_keys_for_update,
    create_conditions,
    due_shelves_for_update,
    lock_alarms,
    save_conditions,
    standing_conditions_for_update,
)
from store.database import Connection, Database

_STATE_FIELDS = tuple(field.name for field in fields(ConditionState) if field.name != "state")


class Announced(Protocol):
    """What a condition needs of its rule; an `analytics.alarms.rules.Rule` has it."""

    @property
    def priority(self) -> str: ...
    @property
    def title(self) -> Label: ...
    @property
    def latch(self) -> bool: ...


class ProcessChange(NamedTuple):
    """What the process did to a condition; None leaves that as it is."""

    key: ConditionKey
    time: datetime
    is_active: bool | None = None
    is_suppressed: bool | None = None
    value: float | None = None
    limit_value: float | None = None


class Outcome(NamedTuple):
    """What became of a person's act on one condition: None, it is done; or why not."""

    condition_id: int
    refused: Label | None


def process_changes(found: Changes) -> list[ProcessChange]:
    """Put what the evaluator tells into one order of time."""
    changes = [
        ProcessChange(
            ConditionKey(change.equipment_id, change.rule),
            _time(change.time_us),
            is_active=change.is_active,
            is_suppressed=change.is_active and change.is_suppressed,
            value=change.value,
            limit_value=change.limit,
        )
        for change in found.changes
    ]
    changes += [
        ProcessChange(ConditionKey(one.equipment_id, one.rule), _time(one.time_us), is_suppressed=one.is_suppressed)
        for one in found.suppressions
    ]
    return sorted(changes, key=lambda change: change.time)


def record_changes(
    database: Database,
    changes: Sequence[ProcessChange],
    rules: Mapping[str, Announced],
    *,
    now: datetime,
    floods: FloodTerms = WHOLE_PLANT,
) -> int:
    """Record what the process did, in the order given, and give the number of lines in the journal.

    A condition is made when it first becomes active. The same changes again change nothing, so a caller whose commit was in doubt
    may repeat them.
    """
    with database.connection() as connection:
        lock_alarms(connection)
        desk = _Desk(connection, now, floods)
        keys = {_identity(change.key) for change in changes}
        desk.add(conditions_of_keys_for_update(connection, keys))
        first = (change.key for change in changes if change.is_active and change.key.rule in rules)
        missing = dict.fromkeys(key for key in map(_identity, first) if key not in desk.ids)
        new = [NewCondition(key, rules[key.rule].priority, rules[key.rule].title.model_dump()) for key in missing]
        desk.add(create_conditions(connection, new, now))
        for change in changes:
            condition_id = desk.ids.get(_identity(change.key))
            if condition_id is None:  # it was never active, or nothing is known of its machine
                continue
            rule = rules.get(change.key.rule)
            if change.is_active and rule is not None:
                desk.follow(condition_id, rule)
            terms = Terms(latch=rule is not None and rule.latch)
            for deed in _deeds(change):
                act = Act(deed=deed, time=change.time, value=change.value, limit_value=change.limit_value)
                desk.apply(condition_id, act, terms)
        return desk.save()


def act(
    database: Database,
    ids: Collection[int],
    deed: Deed,
    *,
    actor: str,
    now: datetime,
    note: str = "",
    until: datetime | None = None,
    once: bool = False,
    gateways: Collection[str] | None = None,
    longest_shelf: timedelta = LONGEST_SHELF,
    floods: FloodTerms = WHOLE_PLANT,
) -> list[Outcome]:
    """Do a person's act on conditions, and tell for each what became of it, in order of ids.

    Conditions that are not there, or not behind one of ``gateways``, are left out.

    Raises
    ------
    ActRefused
        If several conditions with a critical one among them are to be acknowledged at once; nothing is done then.
    """
    with database.connection() as connection:
        lock_alarms(connection)
        desk = _Desk(connection, now, floods)
        rows = conditions_for_update(connection, set(ids), gateways=gateways)
        if deed is Deed.ACKNOWLEDGE and len(rows) > 1 and any(row.priority == "critical" for row in rows):
            raise ActRefused("紧急报警须逐条确认", "critical alarms are acknowledged one by one")
        desk.add(rows)
        definitions = definitions_of(connection, {row.rule for row in rows})
        done = Act(deed=deed, time=now, actor=actor, note=note, until=until, once=once)
        outcomes = []
        for row in rows:
            definition = definitions.get(row.rule, {})
            terms = Terms(
                latch=definition.get("latch", False),
                note_required=definition.get("note_required", False),
                longest_shelf=longest_shelf,
            )
            try:
                desk.apply(row.id, done, terms)
            except ActRefused as refusal:
                outcomes.append(Outcome(row.id, refusal.reason))
            else:
                outcomes.append(Outcome(row.id, None))
        desk.save()
    return outcomes


def expire_shelves(
    database: Database,
    *,
    now: datetime,
    floods: FloodTerms = WHOLE_PLANT,
) -> int:
    """End the shelves whose time is over, and give their number; to be called every few seconds."""
    with database.connection() as connection:
        lock_alarms(connection)
        desk = _Desk(connection, now, floods)
        rows = due_shelves_for_update(connection, now)
        desk.add(rows)
        for row in rows:
            desk.apply(row.id, Act(deed=Deed.UNSHELVE, time=now), Terms())
        return desk.save()


def follow_rules(database: Database, rules: Mapping[str, Announced], *, now: datetime) -> int:
    """Bring standing conditions to what the rules in force say, and give the number of lines in the journal.

    A new title and priority are taken over; what no rule watches any more returns to normal.
    """
    with database.connection() as connection:
        lock_alarms(connection)
        desk = _Desk(connection, now, WHOLE_PLANT)
        rows = standing_conditions_for_update(connection)
        desk.add(rows)
        for row in rows:
            rule = rules.get(row.rule)
            if rule is None:
                desk.apply(row.id, Act(deed=Deed.RETURN_TO_NORMAL, time=now), Terms())
                desk.apply(row.id, Act(deed=Deed.UNSUPPRESS, time=now), Terms())
            else:
                desk.follow(row.id, rule)
        return desk.save()


class _Desk:
    """The conditions of one transaction, what has become of them, and the lines that say so."""

    def __init__(self, connection: Connection, now: datetime, floods: FloodTerms) -> None:
        self._connection, self._now, self._floods = connection, now, floods
        self._rows: dict[int, ConditionRow] = {}
        self._states: dict[int, ConditionState] = {}
        self._changed: set[int] = set()
        self._lines: list[TransitionRow] = []
        self.ids: dict[ConditionKey, int] = {}

    def add(self, rows: Sequence[ConditionRow]) -> None:
        for row in rows:
            self._rows[row.id] = row
            self._states[row.id] = _state(row)
            self.ids[_identity(ConditionKey(row.equipment_id, row.rule, row.gateway))] = row.id

    def apply(self, condition_id: int, done: Act, terms: Terms) -> None:
        before = self._states[condition_id]
        after, transition = apply(before, done, terms)
        self._states[condition_id] = after
        if after != before or transition is not None:
            self._changed.add(condition_id)
        if transition is not None:
            self._lines.append(_line(self._rows[condition_id], transition, self._now))

    def follow(self, condition_id: int, rule: Announced) -> None:
        """Take over title and priority, which may have changed since the condition was last active."""
        if self._states[condition_id].priority != rule.priority:
            done = Act(deed=Deed.PRIORITY_CHANGED, time=self._now, priority=str(rule.priority))
            self.apply(condition_id, done, Terms())
        title = rule.title.model_dump()
        if self._rows[condition_id].title != title:
            self._rows[condition_id] = self._rows[condition_id]._replace(title=title)
            self._changed.add(condition_id)

    def save(self) -> int:
        rows = [self._saved(condition_id) for condition_id in sorted(self._changed)]
        save_conditions(self._connection, rows)
        calls = [line for line in self._lines if line.is_annunciated]
        mark_calls(self._connection, calls, self._floods)
        append_transitions(self._connection, self._lines)
        return len(self._lines)

    def _saved(self, condition_id: int) -> ConditionRow:
        state = self._states[condition_id]
        told: dict[str, Any] = {name: getattr(state, name) for name in _STATE_FIELDS}
        return self._rows[condition_id]._replace(state=state.state.value, changed_at=self._now, **told)


def _deeds(change: ProcessChange) -> Iterator[Deed]:
    """Suppression comes before an activation that it hides, and goes after a return."""
    hiding = {None: (), True: (Deed.SUPPRESS,), False: (Deed.UNSUPPRESS,)}[change.is_suppressed]
    if change.is_active is False:
        yield Deed.RETURN_TO_NORMAL
    yield from hiding
    if change.is_active:
        yield Deed.ACTIVATE


def _state(row: ConditionRow) -> ConditionState:
    told: dict[str, Any] = {name: getattr(row, name) for name in _STATE_FIELDS}
    return ConditionState(state=State(row.state), **told)


def _line(row: ConditionRow, transition: Transition, now: datetime) -> TransitionRow:
    return TransitionRow(
        time=transition.time,
        recorded_at=now,
        condition_id=row.id,
        gateway=row.gateway,
        equipment_id=row.equipment_id,
        rule=row.rule,
        priority=transition.priority,
        act=transition.act.value,
        state_before=transition.state_before.value,
        state_after=transition.state_after.value,
        occurrence=transition.occurrence,
        is_annunciated=transition.is_annunciated,
        value=transition.value,
        limit_value=transition.limit_value,
        actor=transition.actor,
        note=transition.note,
    )


def _identity(key: ConditionKey) -> ConditionKey:
    """Leave the gateway out where the machine tells enough."""
    return key if key.equipment_id is None or not key.gateway else key._replace(gateway="")


def _time(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
