"""Acts on a real database: one transaction each, with the journal."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.alarms.acts import ProcessChange, act, expire_shelves, follow_rules, record_changes
from analytics.alarms.flood import FloodTerms
from analytics.alarms.flood_marks import end_floods
from analytics.alarms.states import ActRefused, Deed
from device_profiles.kind import Label
from store.alarm_journal import JournalFilter, JournalLine, floods_now, list_floods, list_journal
from store.alarm_rules import KindRule, save_rule
from store.alarms import ConditionFilter, ConditionKey, ListedCondition, conditions_changed_after, list_conditions
from store.database import Database

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TITLE = Label(zh="汽包压力过高", en="Drum pressure high")


@dataclass(frozen=True)
class Rule:
    """What a condition needs of its rule."""

    priority: str = "high"
    title: Label = TITLE
    latch: bool = False


RULES = {
    "boiler.steam_pressure.high": Rule(),
    "boiler.drum_level.low_low": Rule(priority="critical", latch=True),
    "boiler.stale": Rule(priority="low"),
    "gateway.offline": Rule(),
}
PRESSURE, LEVEL, STALE, OFFLINE = RULES


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Plant:
    """Machines 1 to 20, the last ten of them behind another gateway, and what happens to them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.connection() as connection:
            connection.execute(
                b"INSERT INTO reading.equipment (gateway, name, kind)"
                b" SELECT CASE WHEN n <= 10 THEN 'gw-a' ELSE 'gw-b' END, 'boiler-' || n, 'boiler' FROM generate_series(1, 20) n"
            )

    def happens(self, *changes: ProcessChange, at: datetime = NOW, **more: Any) -> int:
        return record_changes(self.database, changes, RULES, now=at, **more)

    def conditions(self, view: Any = "standing", **more: Any) -> list[ListedCondition]:
        return list_conditions(self.database, ConditionFilter(view=view, **more))

    def only(self, view: Any = "standing") -> ListedCondition:
        (found,) = self.conditions(view)
        return found

    def journal(self, **more: Any) -> list[JournalLine]:
        """Oldest first."""
        return list_journal(self.database, JournalFilter(**more), limit=10_000)[::-1]

    def does(self, deed: Deed, *ids: int, **more: Any) -> list[str]:
        outcomes = act(self.database, ids, deed, **{"actor": "Wang", "now": NOW, **more})
        return [outcome.refused.en if outcome.refused else "" for outcome in outcomes]


@pytest.fixture
def plant(migrated_database: str) -> Iterator[Plant]:
    with Database(migrated_database) as opened:
        yield Plant(opened)


def active(machine: int = 1, rule: str = PRESSURE, seconds: float = 0, **more: Any) -> ProcessChange:
    return ProcessChange(ConditionKey(machine, rule), after(seconds), is_active=True, **more)


def normal(machine: int = 1, rule: str = PRESSURE, seconds: float = 0) -> ProcessChange:
    return ProcessChange(ConditionKey(machine, rule), after(seconds), is_active=False, is_suppressed=False)


def test_a_condition_is_made_when_it_first_becomes_active_and_the_same_again_changes_nothing(plant: Plant) -> None:
    assert plant.happens(normal(seconds=-5)) == 0
    assert plant.conditions("all") == []

    raised = active(value=2.6, limit_value=2.5)
    assert plant.happens(raised) == 1
    assert plant.happens(raised, at=after(1)) == 0

    (condition, gateway, equipment, kind) = plant.only()
    assert (gateway, equipment, kind) == ("gw-a", "boiler-1", "boiler")
    assert (condition.state, condition.priority, condition.occurrences) == ("unacknowledged", "high", 1)
    assert (condition.value, condition.limit_value, condition.active_since) == (2.6, 2.5, NOW)
    assert condition.title == {"zh": "汽包压力过高", "en": "Drum pressure high"}


def test_the_life_of_a_latching_alarm_is_in_the_journal_line_by_line(plant: Plant) -> None:
    rule = KindRule(LEVEL, "boiler", {"latch": True, "note_required": True})
    assert save_rule(plant.database, rule, expected_version=0, changed_by="Wang", now=NOW)
    plant.happens(active(rule=LEVEL))
    (condition_id,) = (found.condition.id for found in plant.conditions())
    assert plant.does(Deed.ACKNOWLEDGE, condition_id) == ["this alarm is acknowledged with a note"]
    assert plant.does(Deed.ACKNOWLEDGE, condition_id, note="feed pump tripped") == [""]
    plant.happens(normal(rule=LEVEL, seconds=60))
    assert plant.does(Deed.ACKNOWLEDGE, condition_id) == ["there is nothing to acknowledge"]
    assert plant.does(Deed.RESET, condition_id) == [""]

    lines = [line.transition for line in plant.journal()]
    assert [(line.act, line.state_before, line.state_after, line.actor) for line in lines] == [
        ("activate", "normal", "unacknowledged", ""),
        ("acknowledge", "unacknowledged", "acknowledged", "Wang"),
        ("return_to_normal", "acknowledged", "latched", ""),
        ("reset", "latched", "normal", "Wang"),
    ]
    assert lines[1].note == "feed pump tripped"
    assert plant.conditions() == []


def test_a_condition_of_a_gateway_has_no_machine(plant: Plant) -> None:
    keys = [ConditionKey(None, OFFLINE, "gw-a"), ConditionKey(None, OFFLINE, "gw-b")]
    changes = [ProcessChange(key, NOW, is_active=True) for key in keys]
    assert plant.happens(*changes) == 2
    assert plant.happens(*changes) == 0
    assert {(found.gateway, found.equipment, found.condition.equipment_id) for found in plant.conditions()} == {
        ("gw-a", "", None),
        ("gw-b", "", None),
    }


def test_an_activation_that_comes_suppressed_calls_nobody_until_it_is_shown(plant: Plant) -> None:
    plant.happens(active(rule=STALE, is_suppressed=True))
    assert plant.conditions() == []
    assert plant.only("suppressed").condition.state == "unacknowledged"

    plant.happens(ProcessChange(ConditionKey(1, STALE), after(1), is_suppressed=False))
    assert plant.only().condition.rule == STALE
    assert [line.transition.is_annunciated for line in plant.journal()] == [False, True]

    plant.happens(ProcessChange(ConditionKey(1, STALE), after(2), is_suppressed=True), normal(rule=STALE, seconds=3))
    assert plant.conditions("suppressed") == plant.conditions() == []
    plant.happens(active(rule=STALE, seconds=4, is_suppressed=False))
    assert plant.only().condition.occurrences == 2


def test_critical_alarms_are_not_acknowledged_in_bulk(plant: Plant) -> None:
    plant.happens(active(1), active(2), active(3, LEVEL))
    ids = [found.condition.id for found in plant.conditions()]
    with pytest.raises(ActRefused, match="one by one"):
        plant.does(Deed.ACKNOWLEDGE, *ids)
    assert {found.condition.state for found in plant.conditions()} == {"unacknowledged"}

    (critical,) = (found.condition.id for found in plant.conditions(priorities=["critical"]))
    assert plant.does(Deed.ACKNOWLEDGE, critical, critical) == [""]
    assert plant.does(Deed.ACKNOWLEDGE, *(set(ids) - {critical})) == ["", ""]


def test_what_is_behind_another_gateway_does_not_exist(plant: Plant) -> None:
    plant.happens(active(1), active(11))
    ids = [found.condition.id for found in plant.conditions()]
    outcomes = act(plant.database, ids, Deed.ACKNOWLEDGE, actor="Li", now=NOW, gateways={"gw-b"})
    assert len(outcomes) == 1
    assert {found.gateway: found.condition.state for found in plant.conditions()} == {
        "gw-a": "unacknowledged",
        "gw-b": "acknowledged",
    }
    assert act(plant.database, [*ids, 10**12], Deed.COMMENT, note="?", actor="Li", now=NOW, gateways=()) == []


def test_a_shelf_ends_by_itself_and_the_alarm_calls_again(plant: Plant) -> None:
    plant.happens(active())
    condition_id = plant.only().condition.id
    assert plant.does(Deed.SHELVE, condition_id, until=after(7200), longest_shelf=timedelta(hours=1), note="known") == [
        "shelving lasts 1 h at most"
    ]
    assert plant.does(Deed.SHELVE, condition_id, until=after(3600), note="known") == [""]
    assert plant.conditions() == []
    assert plant.only("shelved").condition.shelf_reason == "known"

    assert expire_shelves(plant.database, now=after(3599)) == 0
    assert expire_shelves(plant.database, now=after(3600)) == 1
    assert plant.only().condition.state == "unacknowledged"
    assert plant.journal()[-1].transition.act == "unshelve"


def test_standing_conditions_follow_their_rules(plant: Plant) -> None:
    plant.happens(active(1), active(2, STALE))
    mended = Rule(priority="critical", title=Label(zh="压力", en="Pressure"))

    assert follow_rules(plant.database, {PRESSURE: mended}, now=after(9)) == 2

    by_rule = {found.condition.rule: found.condition for found in plant.conditions()}
    assert by_rule[PRESSURE].priority == "critical"
    assert by_rule[PRESSURE].title["en"] == "Pressure"
    assert by_rule[STALE].state == "returned"
    assert follow_rules(plant.database, {PRESSURE: mended}, now=after(10)) == 0


def test_a_flood_takes_in_what_led_to_it_and_marks_what_came_first(plant: Plant) -> None:
    for machine in range(1, 11):
        plant.happens(active(machine, seconds=machine))
    assert floods_now(plant.database) == {}

    plant.happens(active(11, seconds=11), active(12, seconds=12), at=after(12))

    (flood,) = floods_now(plant.database).values()
    assert (flood.began_at, flood.annunciations) == (after(11), 12)
    standing = [found.condition for found in plant.conditions()]
    assert {condition.flood_id for condition in standing} == {flood.id}
    assert [condition.equipment_id for condition in standing if condition.is_first_out] == [1]

    # The fifth newest is of 8 s.
    assert end_floods(plant.database, now=after(608)) == 0
    assert end_floods(plant.database, now=after(609)) == 1
    plant.happens(active(13, seconds=620))
    (flood,) = list_floods(plant.database, NOW, after(3600))
    assert flood.ended_at == after(608)
    assert {found.condition.flood_id for found in plant.conditions(equipment_ids=[13])} == {None}


def test_floods_are_those_of_each_operators_position(plant: Plant) -> None:
    floods = FloodTerms(begins_above=2, ends_below=2, positions={"gw-b": "north"})
    plant.happens(active(1), active(2), active(11), active(12), floods=floods)
    assert floods_now(plant.database) == {}
    plant.happens(active(13, seconds=1), floods=floods)
    assert list(floods_now(plant.database)) == ["north"]
    assert {found.gateway for found in plant.conditions() if found.condition.flood_id} == {"gw-b"}


def test_a_flood_that_has_ended_unseen_is_closed_by_the_next_alarm(plant: Plant) -> None:
    plant.happens(*(active(machine, seconds=machine) for machine in range(1, 12)))
    plant.happens(active(12, seconds=5000), at=after(5000))
    assert floods_now(plant.database) == {}
    (flood,) = list_floods(plant.database, NOW, after(9000))
    assert flood.ended_at == after(607)


def test_the_first_of_a_machines_alarms_within_a_minute_is_marked_until_its_next_occurrence(plant: Plant) -> None:
    plant.happens(active(1))
    assert not plant.only().condition.is_first_out
    plant.happens(active(1, LEVEL, seconds=30))
    assert [found.condition.rule for found in plant.conditions() if found.condition.is_first_out] == [PRESSURE]

    plant.happens(normal(1, seconds=100), active(1, seconds=300))
    assert not any(found.condition.is_first_out for found in plant.conditions())


def test_every_change_of_a_row_shows_in_its_revision(plant: Plant) -> None:
    plant.happens(active(1))
    seen = conditions_changed_after(plant.database, 0)[-1].condition.revision
    assert conditions_changed_after(plant.database, seen) == []
    plant.happens(active(1, LEVEL, seconds=30))  # which makes the other one the first
    assert {found.condition.rule for found in conditions_changed_after(plant.database, seen)} == {PRESSURE, LEVEL}


def test_ten_thousand_machines_that_fail_at_once_are_recorded_in_one_go(plant: Plant) -> None:
    with plant.database.connection() as connection:
        connection.execute(
            b"INSERT INTO reading.equipment (gateway, name, kind)"
            b" SELECT 'gw-c', 'boiler-' || n, 'boiler' FROM generate_series(21, 10000) n"
        )
    begin = time.perf_counter()
    assert plant.happens(*(active(machine, seconds=machine / 1000) for machine in range(1, 10_001))) == 10_000
    assert time.perf_counter() - begin < 10  # about one on a machine of its own

    (flood,) = floods_now(plant.database).values()
    assert flood.annunciations == 10_000
