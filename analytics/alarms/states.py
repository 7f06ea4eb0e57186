"""The states of an alarm after ISA-18.2 (section 5.4) and OPC UA Part 9, and what each act makes of them.

::

    normal          -- activate ---------> unacknowledged
    unacknowledged  -- acknowledge ------> acknowledged
    unacknowledged  -- return_to_normal -> returned
    acknowledged    -- return_to_normal -> normal, or latched where the rule latches
    returned        -- acknowledge ------> normal, or latched where the rule latches
    latched         -- reset ------------> normal
    returned, latched  -- activate ------> unacknowledged

Beside them, and independent of each other, a condition may be shelved, suppressed by design, or out of service. It is hidden
then: it follows the process and does not call the operator. What returns to normal while hidden needs no acknowledgement; what
is active when nothing hides it any more calls as if it were new.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from device_profiles.kind import Label
from telemetry.errors import ShangyunError

LONGEST_SHELF = timedelta(hours=8)


class State(StrEnum):
    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Back to normal, and nobody has acknowledged it."""
    LATCHED = "latched"
    """Back to normal and acknowledged, and somebody must reset it."""

    @property
    def is_active(self) -> bool:
        return self in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)


class Deed(StrEnum):
    """What can happen to a condition; in the journal by these words."""

    ACTIVATE = "activate"
    RETURN_TO_NORMAL = "return_to_normal"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    PRIORITY_CHANGED = "priority_changed"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    TAKE_OUT_OF_SERVICE = "take_out_of_service"
    PUT_INTO_SERVICE = "put_into_service"
    COMMENT = "comment"

    @property
    def is_of_the_process(self) -> bool:
        return self in (Deed.ACTIVATE, Deed.RETURN_TO_NORMAL, Deed.SUPPRESS, Deed.UNSUPPRESS, Deed.PRIORITY_CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One deed with its circumstances; acts of the process are harmless when they come again, acts of people are refused."""

    deed: Deed
    time: datetime
    actor: str = ""
    """Who does it; empty for the process, and for the clock that ends a shelf."""
    note: str = ""
    """Also the reason why something is shelved or taken out of service."""
    value: float | None = None
    limit_value: float | None = None
    priority: str = ""
    """The new one, of ``priority_changed``."""
    until: datetime | None = None
    once: bool = False
    """The shelf ends already when the condition returns to normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the rule and the settings say about acts."""

    latch: bool = False
    note_required: bool = False
    longest_shelf: timedelta = LONGEST_SHELF


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionState:
    """What is known of a condition; the names are those of the columns of ``alarm.condition``."""

    priority: str
    state: State = State.NORMAL
    value: float | None = None
    limit_value: float | None = None
    active_since: datetime | None = None
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""
    shelved_until: datetime | None = None
    shelved_once: bool = False
    shelved_by: str = ""
    shelf_reason: str = ""
    is_suppressed: bool = False
    out_of_service_since: datetime | None = None
    out_of_service_by: str = ""
    out_of_service_reason: str = ""
    occurrences: int = 0

    @property
    def is_hidden(self) -> bool:
        return self.shelved_until is not None or self.is_suppressed or self.out_of_service_since is not None

    @property
    def is_calling(self) -> bool:
        """Whether it calls for the operator."""
        return self.state is State.UNACKNOWLEDGED and not self.is_hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A line of the journal."""

    time: datetime
    act: Deed
    priority: str
    state_before: State
    state_after: State
    occurrence: int
    is_annunciated: bool
    """With this the condition calls for the operator; a number of alarms is a number of these."""
    value: float | None
    limit_value: float | None
    actor: str
    note: str


class ActRefused(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """An act that is not possible now, or not without more; ``reason`` says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.reason = Label(zh=zh, en=en)
        super().__init__(en)


def apply(before: ConditionState, act: Act, terms: Terms = Terms()) -> tuple[ConditionState, Transition | None]:
    """Do an act, and give the new state with its line for the journal; None where the act changes nothing worth a line.

    Raises
    ------
    ActRefused
        If a person's act is not possible in this state, or lacks what it needs.
    """
    if not act.deed.is_of_the_process and not act.actor and act.deed is not Deed.UNSHELVE:
        raise ActRefused("须有操作人", "it needs the name of a person")
    after = _DEEDS[act.deed](before, act, terms)
    if (after == before and not act.actor) or (act.deed in _QUIET_AT_REST and after.state is State.NORMAL):
        return after, None
    transition = Transition(
        time=act.time,
        act=act.deed,
        priority=after.priority,
        state_before=before.state,
        state_after=after.state,
        occurrence=after.occurrences,
        is_annunciated=after.is_calling and not before.is_calling,
        value=after.value if act.value is None else act.value,
        limit_value=after.limit_value if act.limit_value is None else act.limit_value,
        actor=act.actor,
        note=act.note,
    )
    return after, transition


# --- the process ----------------------------------------------------------------------------------------------------


def _activate(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    if before.state.is_active:
        return before
    return replace(
        before,
        state=State.UNACKNOWLEDGED,
        value=act.value,
        limit_value=act.limit_value,
        active_since=act.time,
        returned_at=None,
        acknowledged_at=None,
        acknowledged_by="",
        note="",
        occurrences=before.occurrences + 1,
    )


def _return_to_normal(before: ConditionState, act: Act, terms: Terms) -> ConditionState:
    if not before.state.is_active:
        return before
    after = replace(before, state=State.RETURNED if before.is_calling else _at_rest(terms), returned_at=act.time)
    return _without_shelf(after) if before.shelved_once else after


def _suppress(before: ConditionState, _: Act, __: Terms) -> ConditionState:
    return replace(before, is_suppressed=True)


def _unsuppress(before: ConditionState, _: Act, __: Terms) -> ConditionState:
    return _shown(before, replace(before, is_suppressed=False))


def _priority_changed(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    return replace(before, priority=act.priority)


# --- people ---------------------------------------------------------------------------------------------------------


def _acknowledge(before: ConditionState, act: Act, terms: Terms) -> ConditionState:
    if before.state not in (State.UNACKNOWLEDGED, State.RETURNED):
        raise ActRefused("没有待确认的报警", "there is nothing to acknowledge")
    if terms.note_required and not act.note:
        raise ActRefused("确认此报警须填写备注", "this alarm is acknowledged with a note")
    state = State.ACKNOWLEDGED if before.state.is_active else _at_rest(terms)
    return replace(before, state=state, acknowledged_at=act.time, acknowledged_by=act.actor, note=act.note or before.note)


def _reset(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    if before.state.is_active:
        raise ActRefused("报警仍在持续，不能复位", "it is still active and cannot be reset")
    if before.state is State.RETURNED:
        raise ActRefused("请先确认再复位", "acknowledge it first, then reset it")
    if before.state is not State.LATCHED:
        raise ActRefused("没有待复位的报警", "there is nothing to reset")
    return replace(before, state=State.NORMAL, note=act.note or before.note)


def _shelve(before: ConditionState, act: Act, terms: Terms) -> ConditionState:
    if not act.note:
        raise ActRefused("搁置须填写原因", "shelving needs a reason")
    if act.until is None or act.until <= act.time:
        raise ActRefused("搁置须有将来的结束时间", "shelving needs an end that is still to come")
    if act.until - act.time > terms.longest_shelf:
        hours = f"{terms.longest_shelf.total_seconds() / 3600:g}"
        raise ActRefused(f"搁置最长 {hours} 小时", f"shelving lasts {hours} h at most")
    return replace(before, shelved_until=act.until, shelved_once=act.once, shelved_by=act.actor, shelf_reason=act.note)


def _unshelve(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    if before.shelved_until is None:
        if act.actor:
            raise ActRefused("该报警未被搁置", "it is not shelved")
        return before
    if not act.actor and act.time < before.shelved_until:
        return before
    return _shown(before, _without_shelf(before))


def _take_out_of_service(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    if not act.note:
        raise ActRefused("停用须填写原因", "taking out of service needs a reason")
    if before.out_of_service_since is not None:
        raise ActRefused("该报警已停用", "it is out of service already")
    return replace(before, out_of_service_since=act.time, out_of_service_by=act.actor, out_of_service_reason=act.note)


def _put_into_service(before: ConditionState, _: Act, __: Terms) -> ConditionState:
    if before.out_of_service_since is None:
        raise ActRefused("该报警未停用", "it is not out of service")
    after = replace(before, out_of_service_since=None, out_of_service_by="", out_of_service_reason="")
    return _shown(before, after)


def _comment(before: ConditionState, act: Act, _: Terms) -> ConditionState:
    if not act.note:
        raise ActRefused("请填写备注", "a comment needs a text")
    return replace(before, note=act.note)


# --- shared ---------------------------------------------------------------------------------------------------------


def _at_rest(terms: Terms) -> State:
    return State.LATCHED if terms.latch else State.NORMAL


def _without_shelf(state: ConditionState) -> ConditionState:
    return replace(state, shelved_until=None, shelved_once=False, shelved_by="", shelf_reason="")


def _shown(before: ConditionState, after: ConditionState) -> ConditionState:
    """Let an active condition call again when the last thing that hid it is gone."""
    if not (before.is_hidden and not after.is_hidden and after.state.is_active):
        return after
    return replace(after, state=State.UNACKNOWLEDGED, acknowledged_at=None, acknowledged_by="")


_QUIET_AT_REST = frozenset({Deed.SUPPRESS, Deed.UNSUPPRESS, Deed.PRIORITY_CHANGED})
"""They come to thousands of conditions at once, and in the normal state there is nothing that they hide or move."""
_DEEDS: dict[Deed, Callable[[ConditionState, Act, Terms], ConditionState]] = {
    Deed.ACTIVATE: _activate,
    Deed.RETURN_TO_NORMAL: _return_to_normal,
    Deed.SUPPRESS: _suppress,
    Deed.UNSUPPRESS: _unsuppress,
    Deed.PRIORITY_CHANGED: _priority_changed,
    Deed.ACKNOWLEDGE: _acknowledge,
    Deed.RESET: _reset,
    Deed.SHELVE: _shelve,
    Deed.UNSHELVE: _unshelve,
    Deed.TAKE_OUT_OF_SERVICE: _take_out_of_service,
    Deed.PUT_INTO_SERVICE: _put_into_service,
    Deed.COMMENT: _comment,
}
