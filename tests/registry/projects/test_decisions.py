"""Projects from their templates to the verification by the city: what is demanded, by which clause, and who may decide."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from registry.projects.decisions import Refused, decide, missing_for_acceptance, missing_for_go
from registry.projects.templates import TEMPLATES, requirements, template
from store.city_projects import (
    Item,
    add_project,
    add_record,
    change_item,
    events,
    get_project,
    machines_of,
    put_scope,
    records,
    withdraw_document,
)
from store.database import Connection, Database, DatabaseFault, RowRefused
from tests.registry.city import add_city, enterprise, machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 1)


@pytest.fixture
def city(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as opened:
        with opened.connection() as connection:
            add_city(connection)
            machine(connection, enterprise(connection), kind="air_compressor")
        yield opened


def opened_project(connection: Connection, name: str = "jinan_2020") -> int:
    uscc = connection.execute(b"SELECT uscc FROM city.enterprise").fetchall()[0][0]
    number = add_project(
        connection, uscc=uscc, title="空压站上云", template=name, provider="某云", codes=template(name).codes, actor="li"
    )
    assert number is not None
    return number


def document(connection: Connection, project: int, kind: str) -> int:
    values = {"kind": kind, "item_code": "", "title": kind, "reference": f"档案 {kind}"}
    return add_record(connection, project, "document", values, actor="li")


def trial(connection: Connection, project: int, stage: str, kind: str, *, passed: bool = True, paper: str = "T-1") -> None:
    values = {"stage": stage, "type": kind, "performed_on": DAY, "passed": passed, "document": paper, "note": ""}
    add_record(connection, project, "test", values, actor="li")


def drill(connection: Connection, project: int, form: str, *, minutes: float | None = None, succeeded: bool = True) -> None:
    values = {"form": form, "performed_on": DAY, "succeeded": succeeded, "rollback_minutes": minutes, "document": "", "note": ""}
    add_record(connection, project, "drill", values, actor="li")


def scope(connection: Connection, project: int, **changes: Any) -> int | None:
    values: dict[str, Any] = {
        "name": "MES",
        "machine_id": None,
        "strategy": "direct",
        "dependence": "interruptible",
        "longest_interruption_minutes": 60,
        **changes,
    }
    return put_scope(connection, project, **values, actor="li")


def make_ready(connection: Connection, project: int, name: str) -> None:
    scope(connection, project)
    for paper in requirements().documents:
        if name in paper.before_go:
            document(connection, project, paper.code)
    for test in requirements().tests:
        if name in test.rehearsal:
            trial(connection, project, "rehearsal", test.code)
    drill(connection, project, "simulated_migration")
    drill(connection, project, "rollback", minutes=35)


def make_whole(connection: Connection, project: int, name: str) -> None:
    for paper in requirements().documents:
        if name in paper.before_acceptance:
            document(connection, project, paper.code)
    for test in requirements().tests:
        if name in test.after_cut_over:
            trial(connection, project, "after_cut_over", test.code)
    for code in template(name).codes:
        assert change_item(connection, project, Item(code, "done", "wang", None, DAY, ""), actor="li")


def move(connection: Connection, project: int, decision: str, **options: Any) -> str:
    actor = options.pop("actor", "li")
    return decide(connection, project, template="jinan_2020", decision=decision, actor=actor, now=NOW, **options)


def lacks(connection: Connection, project: int, name: str = "jinan_2020") -> set[str]:
    return {one.code for one in missing_for_go(records(connection, project), name)}


def test_jinan_3_1_the_checklist_has_the_seven_steps_in_their_order(city: Database) -> None:  # M1
    steps = [step.label.zh for step in template("jinan_2020").steps]
    assert steps == ["需求分析", "可行性评估", "上云方案设计", "测试和部署", "验证和总结", "运维保障", "效果评估"]
    with city.connection() as connection:
        project = opened_project(connection)
        has = records(connection, project)
    assert sorted(one.code for one in has.items) == sorted(template("jinan_2020").codes)
    assert {one.state for one in has.items} == {"open"}


def test_jiangsu_guide_3_2_2_without_any_of_the_four_plans_there_is_no_go(city: Database) -> None:  # M4
    plans = ["implementation_plan", "application_plan", "data_sync_plan", "rollback_plan"]
    for name in TEMPLATES:
        with city.connection() as connection:
            project = opened_project(connection, name)
            make_ready(connection, project, name)
            assert lacks(connection, project, name) == set()
            for one in records(connection, project).documents:
                if one.kind in plans:
                    assert withdraw_document(connection, project, one.id, actor="li")
                    assert not withdraw_document(connection, project, one.id, actor="li")
            assert lacks(connection, project, name) == {f"document:{plan}" for plan in plans}


def test_jiangsu_guide_3_3_2_the_four_types_of_test_are_demanded_before_go(city: Database) -> None:  # M5
    with city.connection() as connection:
        project = opened_project(connection, "jiangsu_2018")
        wanted = {code for code in lacks(connection, project, "jiangsu_2018") if code.startswith("rehearsal:")}
    assert wanted == {"rehearsal:performance", "rehearsal:stress", "rehearsal:function", "rehearsal:connectivity"}


def test_jinan_3_5_there_are_four_strategies_and_something_must_move(city: Database) -> None:  # M6
    assert [one.zh for one in requirements().strategies] == ["直接迁移", "改造后迁移", "采购云服务重建", "保持现状"]
    with city.connection() as connection:
        project = opened_project(connection)
        scope(connection, project, strategy="stay")
        assert "scope" in lacks(connection, project)
        scope(connection, project, strategy="rebuild_as_service", longest_interruption_minutes=None)
        assert lacks(connection, project) >= {"interruption:MES"}
        assert len(records(connection, project).scope) == 1, "the same name is the same system"
    with pytest.raises(RowRefused), city.connection() as connection:
        scope(connection, project, strategy="teleport")


def test_jinan_3_6_go_is_refused_with_the_list_of_what_is_missing(city: Database) -> None:  # M7
    with city.connection() as connection:
        project = opened_project(connection)
    with pytest.raises(Refused) as refused, city.connection() as connection:
        move(connection, project, "go")
    codes = {one.code for one in refused.value.missing}
    assert codes >= {"scope", "document:rollback_plan", "rehearsal:disaster_recovery", "drill:rollback"}
    assert all(one.document and one.clause for one in refused.value.missing)
    with city.connection() as connection:
        make_ready(connection, project, "jinan_2020")
        drill(connection, project, "rollback", minutes=75)
        trial(connection, project, "rehearsal", "backup", passed=False)
        trial(connection, project, "rehearsal", "function", paper="")
        assert lacks(connection, project) == {"drill:rollback", "rehearsal:backup", "rehearsal:function"}
        drill(connection, project, "rollback", minutes=60)
        trial(connection, project, "rehearsal", "backup")
        trial(connection, project, "rehearsal", "function")
        assert move(connection, project, "go") == "cutting_over"


def test_jinan_3_6_3_a_rollback_needs_its_evidence_and_leads_back_to_the_decision(city: Database) -> None:  # M7
    with city.connection() as connection:
        project = opened_project(connection)
        make_ready(connection, project, "jinan_2020")
        move(connection, project, "go")
    with pytest.raises(Refused, match="evidence"), city.connection() as connection:
        move(connection, project, "roll_back")
    with city.connection() as connection:
        document(connection, project, "rollback_evidence")
        assert move(connection, project, "roll_back") == "rolled_back"
        assert move(connection, project, "go") == "cutting_over"


def test_jinan_3_7_acceptance_needs_reports_tests_and_a_finished_checklist(city: Database) -> None:  # M8
    with city.connection() as connection:
        project = opened_project(connection)
        make_ready(connection, project, "jinan_2020")
        move(connection, project, "go")
        move(connection, project, "cut_over", cut_over_at=NOW - timedelta(hours=3))
        codes = {one.code for one in missing_for_acceptance(records(connection, project), "jinan_2020")}
    assert codes == {
        *("items", "document:migration_report", "document:test_report", "document:summary"),
        *(f"after_cut_over:{test}" for test in ("integrity", "function", "business_process", "performance_comparison")),
        *(f"after_cut_over:{test}" for test in ("backup", "disaster_recovery", "security")),
    }
    with pytest.raises(Refused, match="this is missing"), city.connection() as connection:
        move(connection, project, "accept", actor="county")
    with city.connection() as connection:
        make_whole(connection, project, "jinan_2020")
        assert move(connection, project, "accept", actor="county") == "accepted"
    with pytest.raises(Refused, match="does not verify"), city.connection() as connection:
        move(connection, project, "verify", actor="county")
    with city.connection() as connection:
        assert move(connection, project, "verify", actor="city") == "verified"
    found = get_project(city, project)
    assert found is not None
    assert (found.state, found.accepted_by, found.verified_by, found.items_done) == ("verified", "county", "city", found.items)
    assert [one.act for one in events(city, project)][:2] == ["verify", "accept"]


@pytest.mark.parametrize(
    ("decision", "options", "says"),
    [
        ("cut_over", {"cut_over_at": NOW}, "not at the point"),
        ("accept", {}, "not at the point"),
        ("verify", {}, "not at the point"),
        ("no_go", {"note": " "}, "says why"),
    ],
)
def test_a_decision_out_of_turn_is_refused(city: Database, decision: str, options: dict[str, Any], says: str) -> None:
    with city.connection() as connection:
        project = opened_project(connection)
    with pytest.raises(Refused, match=says), city.connection() as connection:
        move(connection, project, decision, **options)
    with pytest.raises(LookupError), city.connection() as connection:
        move(connection, project + 1, decision, **options)


def test_a_cut_over_is_not_in_the_future(city: Database) -> None:
    with city.connection() as connection:
        project = opened_project(connection)
        make_ready(connection, project, "jinan_2020")
        move(connection, project, "go")
    for at in (None, NOW + timedelta(seconds=1)):
        with pytest.raises(Refused, match="time"), city.connection() as connection:
            move(connection, project, "cut_over", cut_over_at=at)


def test_only_machines_of_the_enterprise_are_in_scope(city: Database) -> None:
    with city.connection() as connection:
        project = opened_project(connection)
        other = machine(connection, enterprise(connection, 2))
        ((own, *_),) = machines_of(city, str(connection.execute(b"SELECT uscc FROM city.project").fetchall()[0][0]))
        assert scope(connection, project, name="空压机", machine_id=own) is not None
        assert scope(connection, project, name="别家的", machine_id=other) is None
    assert [one.name for one in records(city, project).scope] == ["空压机"]


@pytest.mark.parametrize("table", ["project_event", "project_test", "project_drill"])
@pytest.mark.parametrize(
    "statement", [b"DELETE FROM city.%s", b"UPDATE city.%s SET project_id = project_id", b"TRUNCATE city.%s"]
)
def test_history_tests_and_drills_are_never_changed(city: Database, table: str, statement: bytes) -> None:
    with city.connection() as connection:
        make_ready(connection, opened_project(connection), "jinan_2020")
    with pytest.raises(DatabaseFault, match="never changed"), city.connection() as connection:
        connection.execute(statement % table.encode())


def test_an_item_that_is_not_needed_says_why(city: Database) -> None:
    with city.connection() as connection:
        project = opened_project(connection)
    with pytest.raises(RowRefused), city.connection() as connection:
        change_item(connection, project, Item("1.1", "not_needed", "", None, None, ""), actor="li")
    with city.connection() as connection:
        assert not change_item(connection, project, Item("9.9", "done", "", None, DAY, ""), actor="li")
