"""Rows of alarms: lists, journal, rules, notices."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.alarm_journal import (
    JournalFilter,
    TransitionRow,
    append_transitions,
    count_journal,
    journal_after,
    list_journal,
    newest_line,
)
from store.alarm_rules import (
    KindRule,
    get_rule,
    list_rules,
    load_snapshot,
    remove_rule,
    rule_history,
    save_rule,
    save_snapshot,
    synchronise_kind_rules,
)
from store.alarms import (
    SORTS,
    ConditionFilter,
    ConditionKey,
    NewCondition,
    conditions_of_keys_for_update,
    count_by_priority,
    count_conditions,
    create_conditions,
    get_conditions,
    list_conditions,
    lock_alarms,
    save_conditions,
)
from store.database import Database, DatabaseAway
from store.renames import Name, rename

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONCE = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as database:
        with database.connection() as connection:
            connection.execute(
                b"INSERT INTO reading.equipment (gateway, name, kind)"
                b" VALUES ('gw-a', 'boiler-1', 'boiler'), ('gw-a', 'pump-1', 'motor'), ('gw-b', 'boiler-2', 'boiler')"
            )
        yield database


def fill(database: Database) -> list[int]:
    """Make five conditions: three that stand, one shelved and one of a gateway that is out of service."""
    new = [
        NewCondition(ConditionKey(1, "boiler.steam_pressure.high"), "high", {"zh": "蒸汽压力过高", "en": "Steam pressure high"}),
        NewCondition(ConditionKey(2, "motor.stale"), "low", {"zh": "无数据", "en": "Silent"}),
        NewCondition(ConditionKey(3, "boiler.drum_level.low"), "critical", {"zh": "锅筒水位过低", "en": "Drum level low"}),
        NewCondition(ConditionKey(3, "boiler.stale"), "low", {"zh": "无数据", "en": "Silent"}),
        NewCondition(ConditionKey(None, "gateway.offline", "gw-b"), "high", {"zh": "网关离线", "en": "Gateway offline"}),
    ]
    told: Sequence[dict[str, Any]] = [
        {"state": "unacknowledged"},
        {"state": "acknowledged"},
        {"state": "returned"},
        {"state": "unacknowledged", "shelved_until": NOW + timedelta(hours=1)},
        {"state": "normal", "out_of_service_since": NOW},
    ]
    with database.connection() as connection:
        lock_alarms(connection)
        rows = create_conditions(connection, new, NOW)
        assert create_conditions(connection, new, NOW) == []
        rows = conditions_of_keys_for_update(connection, [one.key for one in new])
        since = [NOW + timedelta(minutes=n) for n in range(5)]
        save_conditions(
            connection, [row._replace(active_since=at, **more) for row, at, more in zip(rows, since, told, strict=True)]
        )
    return [row.id for row in rows]


def test_a_condition_keeps_what_is_saved(opened: Database) -> None:
    fill(opened)
    with opened.connection() as connection:
        (row,) = conditions_of_keys_for_update(connection, [ConditionKey(1, "boiler.steam_pressure.high", "any")])
        wanted = row._replace(
            state="latched", priority="low", title={"zh": "甲'\"\\", "en": "x,{}"}, value=float("inf"), limit_value=1.5,
            returned_at=NOW, acknowledged_at=NOW, acknowledged_by="王", note='"; DROP', shelved_once=True, shelved_by="a",
            shelf_reason="b", is_suppressed=True, out_of_service_by="c", out_of_service_reason="d", occurrences=7,
            is_first_out=True, changed_at=NOW + timedelta(seconds=1),
        )  # fmt: skip
        save_conditions(connection, [wanted])
        (saved,) = conditions_of_keys_for_update(connection, [ConditionKey(1, row.rule)])
    assert saved._replace(revision=0) == wanted._replace(revision=0)
    assert saved.revision > row.revision


def test_a_condition_of_a_machine_that_nobody_knows_is_not_made(opened: Database) -> None:
    with opened.connection() as connection:
        assert create_conditions(connection, [NewCondition(ConditionKey(99, "x"), "low", {})], NOW) == []


@ONCE
def test_a_filter_gives_what_it_says_and_counts_the_same(opened: Database) -> None:
    ids = fill(opened)
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [0, 1, 2]),
        ({"view": "shelved"}, [3]),
        ({"view": "suppressed"}, []),
        ({"view": "out_of_service"}, [4]),
        ({"view": "all"}, [0, 1, 2, 3, 4]),
        ({"gateways": ["gw-b"], "view": "all"}, [2, 3, 4]),
        ({"gateways": [], "view": "all"}, []),
        ({"equipment_ids": [3]}, [2]),
        ({"kinds": ["boiler"]}, [0, 2]),
        ({"rules": ["motor.stale"]}, [1]),
        ({"priorities": ["critical", "low"]}, [1, 2]),
        ({"states": ["returned"]}, [2]),
        ({"since": NOW + timedelta(minutes=1)}, [1, 2]),
        ({"search": "GW-A/pump"}, [1]),
        ({"search": "水位"}, [2]),
        ({"search": "steam pressure"}, [0]),
        ({"search": "%"}, []),
    ]
    for narrowed, expected in cases:
        wanted = ConditionFilter(**narrowed)
        found = list_conditions(opened, wanted, sort="active_since")
        assert [one.condition.id for one in found] == [ids[n] for n in expected], narrowed
        assert count_conditions(opened, wanted) == len(expected)
        assert sum(count_by_priority(opened, wanted).values()) == len(expected)


@ONCE
def test_a_list_is_sorted_and_paged(opened: Database) -> None:
    ids = fill(opened)
    everything = ConditionFilter(view="all")
    assert [one.condition.id for one in list_conditions(opened, everything)] == [ids[n] for n in (2, 4, 0, 3, 1)]
    backwards = list_conditions(opened, everything, sort="-active_since", limit=2, offset=1)
    assert [one.condition.id for one in backwards] == [ids[3], ids[2]]
    for sort in SORTS:
        assert len(list_conditions(opened, everything, sort=sort)) == 5
    with pytest.raises(KeyError):
        list_conditions(opened, everything, sort="id; DROP TABLE alarm.condition")


@ONCE
def test_a_condition_is_shown_under_its_machines_name_of_today(opened: Database) -> None:
    ids = fill(opened)
    rename(opened, Name("gw-a", "boiler-1"), Name("gw-b", "east"))
    (found,) = get_conditions(opened, [ids[0], 10**15])
    assert (found.gateway, found.equipment, found.kind) == ("gw-b", "east", "boiler")
    assert [one.gateway for one in get_conditions(opened, [ids[4]])] == ["gw-b"]


def line(condition_id: int, n: int, **more: Any) -> TransitionRow:
    return TransitionRow(
        time=NOW + timedelta(seconds=n),
        recorded_at=NOW,
        condition_id=condition_id,
        gateway="gw-a",
        equipment_id=1,
        rule="boiler.steam_pressure.high",
        priority="high",
        act="comment",
        state_before="normal",
        state_after="normal",
        occurrence=1,
        is_annunciated=False,
        value=None,
        limit_value=1.5,
        actor="Wang",
        note=f"note {n}",
    )._replace(**more)


def test_the_journal_is_read_backwards_in_pages_and_forwards_from_a_line(opened: Database) -> None:
    ids = fill(opened)
    assert newest_line(opened) == 0
    lines = [line(ids[0], n) for n in range(5)] + [line(ids[4], 5, gateway="gw-b", equipment_id=None, act="activate", actor="")]
    with opened.connection() as connection:
        append_transitions(connection, lines)

    everything = list_journal(opened, JournalFilter())
    assert [one.transition for one in everything] == lines[::-1]
    assert everything[0].title == {"zh": "网关离线", "en": "Gateway offline"}
    assert (everything[0].equipment, everything[1].equipment) == ("", "boiler-1")
    page = list_journal(opened, JournalFilter(before_id=everything[2].id), limit=2)
    assert [one.transition.note for one in page] == ["note 2", "note 1"]
    assert [one.id for one in journal_after(opened, everything[2].id)] == [everything[1].id, everything[0].id]
    assert newest_line(opened) == everything[0].id

    for wanted, count in (
        ({"gateways": ["gw-b"]}, 1),
        ({"gateways": []}, 0),
        ({"equipment_ids": [1]}, 5),
        ({"condition_ids": [ids[4]]}, 1),
        ({"kinds": ["boiler"]}, 5),
        ({"rules": ["none"]}, 0),
        ({"priorities": ["high"]}, 6),
        ({"acts": ["activate"]}, 1),
        ({"actors": ["Wang"]}, 5),
        ({"since": NOW + timedelta(seconds=1), "until": NOW + timedelta(seconds=4)}, 3),
    ):
        assert count_journal(opened, JournalFilter(**wanted)) == len(list_journal(opened, JournalFilter(**wanted))) == count


@ONCE
def test_a_rule_is_changed_only_from_the_version_that_was_seen(opened: Database) -> None:
    rule = KindRule("own.rule", "boiler", {"title": {"zh": "自定"}})
    told: dict[str, Any] = {"changed_by": "Wang", "now": NOW}
    assert save_rule(opened, rule, expected_version=0, **told)
    assert not save_rule(opened, rule, expected_version=0, **told)
    assert save_rule(opened, rule._replace(definition={"a": 1}), is_enabled=False, expected_version=1, **told)
    assert not save_rule(opened, rule, expected_version=1, **told)

    found = get_rule(opened, "own.rule")
    assert found is not None
    assert (found.version, found.definition, found.origin, found.is_enabled) == (2, {"a": 1}, "plant", False)
    assert remove_rule(opened, "own.rule", **told)
    assert not remove_rule(opened, "own.rule", **told)
    assert save_rule(opened, rule, expected_version=0, **told)
    assert [(old.version, old.definition) for old in rule_history(opened, "own.rule")] == [
        (4, {"title": {"zh": "自定"}}),
        (3, None),
        (2, {"a": 1}),
        (1, {"title": {"zh": "自定"}}),
    ]


@ONCE
def test_the_kinds_rules_follow_their_files_but_for_those_that_the_plant_has_touched(opened: Database) -> None:
    rules = [KindRule(name, "boiler", {"value": 1}) for name in ("boiler.a", "boiler.b", "boiler.c")]
    assert synchronise_kind_rules(opened, rules, now=NOW) == 3
    assert synchronise_kind_rules(opened, rules, now=NOW) == 0
    assert save_rule(opened, rules[0], expected_version=1, changed_by="Wang", now=NOW)  # confirmed

    newer = [rule._replace(definition={"value": 2}) for rule in rules[:2]]
    assert synchronise_kind_rules(opened, newer, now=NOW) == 2  # b is changed, c is gone

    assert [(rule.name, rule.definition["value"], rule.origin) for rule in list_rules(opened)] == [
        ("boiler.a", 1, "plant"),
        ("boiler.b", 2, "kind"),
    ]
    assert synchronise_kind_rules(opened, [], now=NOW) == 1


@ONCE
def test_a_snapshot_is_the_newest_one(opened: Database) -> None:
    assert load_snapshot(opened, "a") is None
    save_snapshot(opened, "a", b"\0old", now=NOW)
    save_snapshot(opened, "a", b"\0new", now=NOW + timedelta(seconds=5))
    assert load_snapshot(opened, "a") == (b"\0new", NOW + timedelta(seconds=5))


def test_who_listens_hears_of_a_line_of_the_journal_and_wakes_when_nothing_comes(opened: Database) -> None:
    ids = fill(opened)
    with opened.listen("alarm") as notices:
        assert next(notices) == []
        with opened.connection() as connection:
            append_transitions(connection, [line(ids[0], 0), line(ids[0], 1)])
        assert next(notices) == [""]


@ONCE
def test_who_listens_is_told_when_the_connection_is_lost(opened: Database) -> None:
    cut = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"

    def listen() -> None:
        with opened.listen("alarm") as notices:
            with opened.connection() as connection:
                connection.execute(cut)
            next(notices)
            next(notices)

    with pytest.raises(DatabaseAway):
        listen()


@ONCE
def test_lines_become_visible_in_the_order_of_their_ids(opened: Database) -> None:
    ids = fill(opened)
    is_written = threading.Event()
    may_commit = threading.Event()

    def write_slowly() -> None:
        with opened.connection() as connection:
            lock_alarms(connection)
            append_transitions(connection, [line(ids[0], 0)])
            is_written.set()
            may_commit.wait(10)

    def write_fast() -> None:
        with opened.connection() as connection:
            lock_alarms(connection)
            append_transitions(connection, [line(ids[0], 1)])

    slow, fast = threading.Thread(target=write_slowly), threading.Thread(target=write_fast)
    slow.start()
    assert is_written.wait(10)
    fast.start()
    fast.join(0.3)
    assert fast.is_alive()
    assert journal_after(opened, 0) == []
    may_commit.set()
    slow.join(10)
    fast.join(10)
    assert [one.transition.note for one in journal_after(opened, 0)] == ["note 0", "note 1"]
