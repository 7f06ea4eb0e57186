"""The arrows of ISA-18.2 and OPC UA Part 9, those that are there and those that are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.alarms.states import Act, ActRefused, ConditionState, Deed, State, Terms, Transition, apply

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAIN = Terms()
LATCH = Terms(latch=True)
NORMAL, UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, LATCHED = State
SHELVED = {"shelved_until": NOW + timedelta(hours=1), "shelved_by": "Li", "shelf_reason": "sensor is being changed"}
OUT = {"out_of_service_since": NOW, "out_of_service_by": "Li", "out_of_service_reason": "repair"}


def condition(state: State = State.NORMAL, **more: Any) -> ConditionState:
    return ConditionState(priority="high", state=state, occurrences=0 if state is State.NORMAL else 1, **more)


def person(deed: Deed, **more: Any) -> Act:
    return Act(deed=deed, time=NOW, actor="Wang", **more)


def process(deed: Deed, **more: Any) -> Act:
    return Act(deed=deed, time=NOW, **more)


def shelving(**more: Any) -> Act:
    return person(Deed.SHELVE, **{"until": NOW + timedelta(hours=8), "note": "known", **more})


def changed(before: ConditionState, act: Act, terms: Terms = PLAIN) -> tuple[ConditionState, Transition]:
    after, transition = apply(before, act, terms)
    assert transition is not None
    assert (transition.state_before, transition.state_after) == (before.state, after.state)
    assert transition.act is act.deed
    return after, transition


@pytest.mark.parametrize(
    ("before", "deed", "without_latch", "with_latch"),
    [
        (NORMAL, Deed.ACTIVATE, UNACKNOWLEDGED, UNACKNOWLEDGED),
        (RETURNED, Deed.ACTIVATE, UNACKNOWLEDGED, UNACKNOWLEDGED),
        (LATCHED, Deed.ACTIVATE, UNACKNOWLEDGED, UNACKNOWLEDGED),
        (UNACKNOWLEDGED, Deed.RETURN_TO_NORMAL, RETURNED, RETURNED),
        (ACKNOWLEDGED, Deed.RETURN_TO_NORMAL, NORMAL, LATCHED),
        (UNACKNOWLEDGED, Deed.ACKNOWLEDGE, ACKNOWLEDGED, ACKNOWLEDGED),
        (RETURNED, Deed.ACKNOWLEDGE, NORMAL, LATCHED),
        (LATCHED, Deed.RESET, NORMAL, NORMAL),
    ],
)
def test_an_arrow_of_the_standard_leads_where_the_standard_says(
    before: State, deed: Deed, without_latch: State, with_latch: State
) -> None:
    act = process(deed) if deed.is_of_the_process else person(deed)
    for terms, expected in ((Terms(), without_latch), (LATCH, with_latch)):
        after, transition = changed(condition(before), act, terms)
        assert after.state is expected
        assert transition.is_annunciated == (deed is Deed.ACTIVATE)
        assert after.occurrences == (before is not NORMAL) + (deed is Deed.ACTIVATE)


@pytest.mark.parametrize(
    ("before", "deed"),
    [
        (UNACKNOWLEDGED, Deed.ACTIVATE),
        (ACKNOWLEDGED, Deed.ACTIVATE),
        (NORMAL, Deed.RETURN_TO_NORMAL),
        (RETURNED, Deed.RETURN_TO_NORMAL),
        (LATCHED, Deed.RETURN_TO_NORMAL),
        (UNACKNOWLEDGED, Deed.UNSUPPRESS),
        (UNACKNOWLEDGED, Deed.UNSHELVE),
    ],
)
def test_what_the_process_says_twice_changes_nothing(before: State, deed: Deed) -> None:
    assert apply(condition(before), process(deed), LATCH) == (condition(before), None)


@pytest.mark.parametrize(
    ("before", "act", "reason"),
    [
        (condition(NORMAL), person(Deed.ACKNOWLEDGE), "nothing to acknowledge"),
        (condition(ACKNOWLEDGED), person(Deed.ACKNOWLEDGE), "nothing to acknowledge"),
        (condition(LATCHED), person(Deed.ACKNOWLEDGE), "nothing to acknowledge"),
        (condition(UNACKNOWLEDGED), process(Deed.ACKNOWLEDGE), "name of a person"),
        (condition(NORMAL), person(Deed.RESET), "nothing to reset"),
        (condition(RETURNED), person(Deed.RESET), "acknowledge it first"),
        (condition(UNACKNOWLEDGED), person(Deed.RESET), "still active"),
        (condition(ACKNOWLEDGED), person(Deed.RESET), "still active"),
        (condition(UNACKNOWLEDGED), shelving(note=""), "needs a reason"),
        (condition(UNACKNOWLEDGED), shelving(until=None), "an end that is still to come"),
        (condition(UNACKNOWLEDGED), shelving(until=NOW), "an end that is still to come"),
        (condition(UNACKNOWLEDGED), shelving(until=NOW + timedelta(hours=8, seconds=1)), "lasts 8 h at most"),
        (condition(UNACKNOWLEDGED), person(Deed.UNSHELVE), "not shelved"),
        (condition(UNACKNOWLEDGED), person(Deed.TAKE_OUT_OF_SERVICE), "needs a reason"),
        (condition(UNACKNOWLEDGED, **OUT), person(Deed.TAKE_OUT_OF_SERVICE, note="again"), "already"),
        (condition(UNACKNOWLEDGED), person(Deed.PUT_INTO_SERVICE), "not out of service"),
        (condition(UNACKNOWLEDGED), person(Deed.COMMENT), "needs a text"),
    ],
)
def test_an_act_that_is_no_arrow_is_refused_and_says_why(before: ConditionState, act: Act, reason: str) -> None:
    with pytest.raises(ActRefused, match=reason) as refused:
        apply(before, act)
    assert refused.value.reason.zh


def test_an_acknowledgement_keeps_who_when_and_the_note_and_never_ends_the_alarm() -> None:
    with pytest.raises(ActRefused, match="with a note"):
        apply(condition(UNACKNOWLEDGED), person(Deed.ACKNOWLEDGE), Terms(note_required=True))

    after, transition = changed(condition(UNACKNOWLEDGED), person(Deed.ACKNOWLEDGE, note="pump"), Terms(note_required=True))

    assert after.state.is_active
    assert (after.acknowledged_by, after.acknowledged_at, after.note) == ("Wang", NOW, "pump")
    assert (transition.actor, transition.note) == ("Wang", "pump")


def test_a_new_occurrence_starts_afresh() -> None:
    before = condition(RETURNED, returned_at=NOW, note="old", value=1.0)

    after, transition = changed(before, process(Deed.ACTIVATE, value=2.6, limit_value=2.5))

    assert (after.active_since, after.returned_at, after.note) == (NOW, None, "")
    assert (after.value, after.limit_value, after.occurrences) == (2.6, 2.5, 2)
    assert transition.occurrence == 2


@pytest.mark.parametrize("hidden", [SHELVED, OUT, {"is_suppressed": True}], ids=["shelved", "out of service", "suppressed"])
def test_a_hidden_condition_follows_the_process_and_calls_nobody(hidden: dict[str, Any]) -> None:
    active, transition = changed(condition(NORMAL, **hidden), process(Deed.ACTIVATE))
    assert (active.state, transition.is_annunciated) == (UNACKNOWLEDGED, False)

    assert changed(active, process(Deed.RETURN_TO_NORMAL))[0].state is NORMAL
    assert changed(active, process(Deed.RETURN_TO_NORMAL), LATCH)[0].state is LATCHED
    assert changed(active, person(Deed.ACKNOWLEDGE))[0].state is ACKNOWLEDGED


@pytest.mark.parametrize("state", [UNACKNOWLEDGED, ACKNOWLEDGED])
@pytest.mark.parametrize(
    ("hidden", "act"),
    [
        (SHELVED, person(Deed.UNSHELVE)),
        (SHELVED, Act(deed=Deed.UNSHELVE, time=NOW + timedelta(hours=1))),
        (OUT, person(Deed.PUT_INTO_SERVICE)),
        ({"is_suppressed": True}, process(Deed.UNSUPPRESS)),
    ],
    ids=["unshelved", "shelf ended", "in service", "unsuppressed"],
)
def test_what_is_active_when_it_is_shown_again_calls_as_if_new(state: State, hidden: dict[str, Any], act: Act) -> None:
    after, transition = changed(condition(state, acknowledged_by="Li", **hidden), act)

    assert (after.state, after.acknowledged_by, transition.is_annunciated) == (UNACKNOWLEDGED, "", True)
    assert not after.is_hidden
    assert after.occurrences == 1


def test_a_condition_that_is_hidden_twice_is_shown_when_both_have_gone() -> None:
    before = condition(ACKNOWLEDGED, **SHELVED, is_suppressed=True)

    after, transition = changed(before, person(Deed.UNSHELVE))
    assert (after.state, transition.is_annunciated) == (ACKNOWLEDGED, False)

    assert changed(after, process(Deed.UNSUPPRESS))[1].is_annunciated


def test_a_shelf_lasts_until_its_time_and_one_for_once_until_the_return() -> None:
    shelved, _ = changed(condition(UNACKNOWLEDGED), shelving(once=True))
    assert (shelved.shelved_by, shelved.shelf_reason, shelved.shelved_once) == ("Wang", "known", True)
    assert not shelved.is_calling
    assert apply(shelved, process(Deed.UNSHELVE))[1] is None  # it is not due yet

    for once in (True, False):
        after, _ = changed(replace(shelved, shelved_once=once), process(Deed.RETURN_TO_NORMAL))
        assert (after.state, after.is_hidden) == (NORMAL, not once)


def test_a_shelf_can_be_made_longer_and_counts_its_longest_time_from_then() -> None:
    later = replace(shelving(until=NOW + timedelta(hours=15)), time=NOW + timedelta(hours=7))
    after, _ = changed(changed(condition(UNACKNOWLEDGED), shelving())[0], later)
    assert after.shelved_until == NOW + timedelta(hours=15)


def test_suppression_and_priority_are_no_lines_of_the_journal_while_nothing_stands() -> None:
    after, transition = apply(condition(NORMAL), process(Deed.SUPPRESS))
    assert (after.is_suppressed, transition) == (True, None)
    assert apply(condition(NORMAL), process(Deed.PRIORITY_CHANGED, priority="low"))[1] is None

    after, transition = changed(condition(ACKNOWLEDGED), process(Deed.PRIORITY_CHANGED, priority="critical"))
    assert (after.priority, transition.priority, transition.is_annunciated) == ("critical", "critical", False)


def test_every_comment_is_kept_in_the_journal_in_every_state() -> None:
    for state in State:
        after, _ = changed(condition(state), person(Deed.COMMENT, note="looked at it"))
        assert (after.note, after.state) == ("looked at it", state)
        changed(after, person(Deed.COMMENT, note="looked at it"))
