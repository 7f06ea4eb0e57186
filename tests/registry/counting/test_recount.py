"""Counts of a city: frozen, made again to the same hash, corrected by new ones alone, and compared machine by machine."""

import csv
import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.counting.comparison import compare
from registry.counting.export import export
from registry.counting.periods import Period, newest_over, period
from registry.counting.recount import CannotCount, recount, verify
from registry.counting.rule import DEFAULT_FILE, add_rule, changed, find_rule, load_rule
from registry.counting.worker import count_days
from store.city_counting import Header, drop_day_snapshots
from store.city_snapshots import (
    STATES,
    TESTS,
    appearances,
    by_area,
    by_area_and_kind,
    by_department,
    by_state,
    funnel,
    newest_snapshot,
    ranking,
    snapshot,
    snapshot_enterprises,
    snapshot_machines,
    snapshots,
    trend,
)
from store.database import Database, DatabaseFault
from telemetry.errors import ConfigError
from tests.registry import city
from tests.registry.counting.facts import BOILER, LAST, counted_machine, put_facts

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
DAY = timedelta(days=1)
NOVEMBER, OCTOBER = period("month", LAST), period("month", date(2026, 10, 31))
DECEMBER = period("month", date(2026, 12, 31))
FULL = [LAST - n * DAY for n in range(30)]


class City:
    """Two counties: A with a counted and a silent boiler, B with one that lacks days."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.connection() as connection:
            city.add_city(connection)
            load_rule(connection, DEFAULT_FILE, made_by="test")
            self.a = city.enterprise(connection, 1, name="任城甲")
            self.b = city.enterprise(connection, 2, area=city.OTHER_COUNTY, name="兖州乙")
            self.c = city.enterprise(connection, 3, name="任城丙")
            self.good, self.good_equipment = counted_machine(connection, self.a, 1, label="一号锅炉")
            self.quiet, self.quiet_equipment = counted_machine(connection, self.a, 2)
            self.short, self.short_equipment = counted_machine(connection, self.b, 1)
            connection.execute(b"INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', '2026-12-31')")
            put_facts(connection, self.good_equipment, FULL)
            put_facts(connection, self.quiet_equipment, FULL[10:20])
            put_facts(connection, self.short_equipment, FULL[:19])

    def run(self, statement: str, *values: object) -> None:
        with self.database.connection() as connection:
            connection.execute(statement.encode(), values or None)

    def count(self, over: Period = NOVEMBER, **options: Any) -> Header:
        return recount(self.database, area=city.CITY, period=over, made_by="officer", **options)

    def facts(self, equipment: int, days: list[date], **values: int) -> None:
        with self.database.connection() as connection:
            put_facts(connection, equipment, days, **values)

    def new_rule(self, version: str, **changes: object) -> None:
        with self.database.connection() as connection:
            add_rule(connection, changed(find_rule(connection), version=version, document="d", changes=changes), made_by="test")

    def rows(self, snapshot_id: int) -> dict[int, tuple[str, str]]:
        _, found = snapshot_machines(self.database, snapshot_id)
        return {row.machine_id: (row.state, row.lost_at) for row in found}


@pytest.fixture
def jining(migrated_database: str) -> Iterator[City]:
    with Database(migrated_database, max_connections=6) as opened:
        yield City(opened)


def test_a_count_tells_the_funnel_the_reasons_and_the_enterprises(jining: City) -> None:
    header = jining.count()
    assert (header.machines, header.counted, header.enterprises, header.on_cloud, header.new_on_cloud) == (3, 1, 3, 1, 1)
    assert jining.rows(header.id) == {
        jining.good: ("verified", ""),
        jining.quiet: ("silent", "continuity"),
        jining.short: ("reporting", "continuity"),
    }
    steps = funnel(jining.database, header.id)
    assert [step.test for step in steps] == list(TESTS)
    assert [(step.reached, step.lost, step.left) for step in steps if step.lost] == [(3, 2, 1)]
    assert steps[-1].left == header.counted
    _, (short,) = snapshot_machines(jining.database, header.id, uscc=jining.b)
    assert short.reason == {"code": "days_lacked", "days": 19, "needed": 20, "window": 30, "last_day": "2026-11-30"}
    assert (short.enterprise, short.label, short.first_day, short.last_day) == ("兖州乙", "设备1", FULL[18], LAST)


def test_shanxi_5_3_month_quarter_and_year_are_frozen_and_a_day_is_not(jining: City) -> None:
    """C1: 月度自评, 季度考评, 年度综合评估."""
    assert period("quarter", date(2026, 11, 30)) == Period("quarter", date(2026, 10, 1), date(2026, 12, 31))
    assert period("quarter", date(2026, 2, 1)) == Period("quarter", date(2026, 1, 1), date(2026, 3, 31))
    assert period("year", LAST) == Period("year", date(2026, 1, 1), date(2026, 12, 31))
    assert period("month", date(2028, 2, 3)).last_day == date(2028, 2, 29)
    assert newest_over("month", date(2026, 11, 29)) == OCTOBER
    assert newest_over("month", LAST) == NOVEMBER
    assert newest_over("quarter", LAST).last_day == date(2026, 9, 30)
    for form in ("month", "quarter", "year"):
        header = jining.count(period(form, LAST))
        assert verify(jining.database, header.id).holds
        for statement in (
            f"UPDATE city.snapshot SET counted = 9 WHERE id = {header.id}",
            f"DELETE FROM city.snapshot WHERE id = {header.id}",
            f"UPDATE city.snapshot_machine SET lost_at = '' WHERE snapshot_id = {header.id}",
            f"DELETE FROM city.snapshot_machine WHERE snapshot_id = {header.id}",
            f"UPDATE city.snapshot_enterprise SET is_on_cloud = true WHERE snapshot_id = {header.id}",
            f"DELETE FROM city.snapshot_enterprise WHERE snapshot_id = {header.id}",
            "TRUNCATE city.snapshot_machine",
            "UPDATE city.rule SET parameters = '{}'",
            "DELETE FROM city.rule",
        ):
            with pytest.raises(DatabaseFault, match="never changed"):
                jining.run(statement)
    day = jining.count(period("day", LAST - 40 * DAY))
    newer = jining.count(period("day", LAST))
    assert drop_day_snapshots(jining.database, before=LAST) == 1
    assert snapshot(jining.database, day.id) is None
    assert drop_day_snapshots(jining.database, before=LAST + 9 * DAY) == 0, "the newest stays"
    assert snapshot(jining.database, newer.id) is not None


def test_shanxi_5_3_a_frozen_count_is_the_same_after_late_data_and_changes_of_the_registry(jining: City) -> None:
    """C1: rule version, parameters, watermark, rows and hash are frozen."""
    header = jining.count()
    jining.facts(jining.short_equipment, FULL)  # late rows fill the gap
    jining.facts(jining.good_equipment, FULL[:15], valid=0)
    jining.run("UPDATE city.enterprise SET name = 'x', area = %s, retired_at = now()", city.OTHER_COUNTY)
    jining.run("UPDATE city.machine SET nameplate_key = 'same', serial_number = 'same', retired_at = '2026-11-05'")
    jining.run("INSERT INTO city.hold (machine_id, reason, placed_by) VALUES (%s, 'x', 'y')", jining.good)
    jining.run("UPDATE city.gateway SET revoked_at = '2026-11-05'")
    jining.new_rule("stricter", least_valid_days=30)

    verdict = verify(jining.database, header.id)
    assert verdict.holds
    assert verdict.hash == header.hash == snapshot(jining.database, header.id).hash  # type: ignore[union-attr]
    assert (verdict.wrong_machines, verdict.wrong_enterprises, verdict.wrong_sums) == ([], [], [])
    assert jining.count(replaces=header.id, why="late").hash != header.hash


def test_what_is_changed_behind_the_database_s_back_is_found(jining: City) -> None:
    header = jining.count()

    def forge(statement: str) -> None:
        jining.run("ALTER TABLE city.snapshot_machine DISABLE TRIGGER frozen")
        jining.run("ALTER TABLE city.snapshot_enterprise DISABLE TRIGGER frozen")
        jining.run("ALTER TABLE city.snapshot DISABLE TRIGGER frozen")
        jining.run(statement)

    forge(f"UPDATE city.snapshot_machine SET lost_at = '', state = 'verified' WHERE machine_id = {jining.short}")
    assert verify(jining.database, header.id).wrong_machines == [jining.short]
    forge(f"UPDATE city.snapshot_enterprise SET is_on_cloud = true WHERE uscc = '{jining.b}'")
    forge("UPDATE city.snapshot SET counted = 2")
    verdict = verify(jining.database, header.id)
    assert (verdict.wrong_enterprises, verdict.wrong_sums, verdict.holds) == ([jining.b], ["counted"], False)


def test_a_forged_fact_is_found(jining: City) -> None:
    header = jining.count()
    jining.run("UPDATE city.day_fact SET hours = 23 WHERE equipment_id = %s AND day = %s", jining.good_equipment, LAST)
    assert verify(jining.database, header.id).hash != header.hash


def test_shanxi_5_3_a_correction_names_the_one_it_replaces_and_why(jining: City) -> None:
    first = jining.count()
    with pytest.raises(CannotCount, match=f"is frozen as snapshot {first.id}"):
        jining.count()
    jining.facts(jining.short_equipment, FULL)
    for options, told in (
        ({"replaces": first.id}, "and says why"),
        ({"why": "no reason"}, "names the snapshot"),
        ({"replaces": 99, "why": "x"}, "no snapshot 99"),
        ({"replaces": first.id, "why": "x", "over": OCTOBER}, "not of this period"),
    ):
        with pytest.raises(CannotCount, match=told):
            jining.count(**options)
    second = jining.count(replaces=first.id, why="断网补传")
    assert second.counted == 2
    with pytest.raises(CannotCount, match=f"has been replaced by {second.id}"):
        jining.count(replaces=first.id, why="again")
    third = jining.count(replaces=second.id, why="again")
    assert newest_snapshot(jining.database, city.CITY, forms=["month"]).id == third.id  # type: ignore[union-attr]
    total, found = snapshots(jining.database, area=city.CITY)
    assert (total, [(one.id, one.replaced_by) for one in found]) == (
        3,
        [(third.id, None), (second.id, third.id), (first.id, second.id)],
    )
    assert snapshots(jining.database, area=city.CITY, with_replaced=False)[0] == 1


def test_two_officers_who_freeze_at_once_freeze_once(jining: City) -> None:
    start, told = threading.Barrier(2), list[str]()

    def freeze() -> None:
        start.wait()
        try:
            told.append(jining.count().form)
        except CannotCount as error:
            told.append(str(error))

    workers = [threading.Thread(target=freeze) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert "month" in told
    assert any("frozen" in text for text in told)
    assert snapshots(jining.database)[0] == 1


def test_a_count_that_breaks_in_the_middle_leaves_nothing(jining: City) -> None:
    def stop(machines: int) -> None:
        assert machines == 3
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jining.count(report=stop)
    with jining.database.connection() as connection:
        for table in ("snapshot", "snapshot_machine", "snapshot_enterprise"):
            assert connection.execute(f"SELECT count(*) FROM city.{table}".encode()).fetchone() == (0,)


def test_what_is_to_be_done_with_a_count_is_in_its_transaction(jining: City) -> None:
    def refuse(_connection: object, header: Header) -> None:
        raise ValueError(f"no audit of {header.counted}")

    with pytest.raises(ValueError, match="no audit of 1"):
        jining.count(and_then=refuse)
    assert snapshots(jining.database)[0] == 0


def test_a_period_whose_facts_are_not_made_cannot_be_counted(jining: City) -> None:
    jining.run("DELETE FROM city.fact_progress")
    with pytest.raises(CannotCount, match="no facts are made yet"):
        jining.count()
    jining.run("INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', '2026-11-29'), ('Europe/Berlin', '2026-11-30')")
    with pytest.raises(CannotCount, match=r"facts are made up to 2026-11-29 \(Asia/Shanghai\)"):
        jining.count()
    jining.run("UPDATE city.fact_progress SET last_day = '2026-11-30'")
    assert jining.count().counted == 1


def test_bad_areas_rules_and_periods_are_told(jining: City) -> None:
    with pytest.raises(CannotCount, match="no area 'atlantis'; known: jining"):
        recount(jining.database, area="atlantis", period=NOVEMBER, made_by="x")
    with pytest.raises(ConfigError, match=r"no rule 'x'; known: 2026\.1"):
        jining.count(rule_version="x")
    with pytest.raises(CannotCount, match="no snapshot 4"):
        verify(jining.database, 4)
    for number in (0, -1, 2**31, 2**70):
        assert snapshot(jining.database, number) is None
    for form, day in (("week", LAST), ("month", date.max), ("year", date(1, 1, 1))):
        with pytest.raises(ValueError, match="is not a"):
            period(form, day)


def test_an_enterprise_is_new_in_the_first_frozen_period_that_counts_it(jining: City) -> None:
    jining.facts(jining.good_equipment, [LAST + n * DAY for n in range(1, 32)])
    jining.facts(jining.short_equipment, [LAST + n * DAY for n in range(1, 32)])
    assert jining.count(period("day", LAST)).new_on_cloud == 1
    assert jining.count(NOVEMBER).new_on_cloud == 1, "counts of days do not make it old"
    december = jining.count(DECEMBER)
    assert (december.on_cloud, december.new_on_cloud) == (2, 1)
    assert jining.count(period("day", date(2026, 12, 31))).new_on_cloud == 1, "new this month, the month being frozen already"
    quarter = jining.count(period("quarter", date(2026, 12, 31)))
    assert quarter.new_on_cloud == 2, "both were not on the cloud before October"
    _, new = snapshot_enterprises(jining.database, december.id, is_new=True)
    assert [one.uscc for one in new] == [jining.b]


def test_a_replaced_count_does_not_make_an_enterprise_old(jining: City) -> None:
    first = jining.count(NOVEMBER)
    jining.facts(jining.good_equipment, FULL, valid=0)
    assert jining.count(NOVEMBER, replaces=first.id, why="坏值").on_cloud == 0
    jining.facts(jining.good_equipment, [LAST + n * DAY for n in range(1, 32)])
    assert jining.count(DECEMBER).new_on_cloud == 1


def test_the_rate_is_taken_of_the_latest_declaration_and_is_none_without_one(jining: City) -> None:
    add = "INSERT INTO city.declaration VALUES (%s, %s, %s, %s, '2026-01-01', '文')"
    jining.run(add, jining.a, 2025, "boiler", 9)
    jining.run(add, jining.a, 2026, "boiler", 3)
    jining.run(add, jining.a, 2026, "motor", 1)
    jining.run(add, jining.a, 2027, "boiler", 50)
    header = jining.count()
    _, found = snapshot_enterprises(jining.database, header.id)
    assert {one.uscc: one.declared for one in found} == {jining.a: 4, jining.b: None, jining.c: None}
    areas = {one.code: one for one in by_area(jining.database, header.id)}
    assert set(areas) == {city.COUNTY, city.OTHER_COUNTY}
    assert (areas[city.COUNTY].rate, areas[city.COUNTY].declared, areas[city.COUNTY].counted) == (0.25, 4, 1)
    assert (areas[city.OTHER_COUNTY].rate, areas[city.OTHER_COUNTY].declared) == (None, None)


def test_areas_are_ranked_and_equals_share_a_rank(jining: City) -> None:
    header = jining.count()
    assert [(rank, one.code) for rank, one in ranking(jining.database, header.id)] == [(1, city.COUNTY), (2, city.OTHER_COUNTY)]
    jining.facts(jining.short_equipment, FULL)
    day = jining.count(period("day", LAST))
    assert [rank for rank, _ in ranking(jining.database, day.id, by="counted")] == [1, 1]
    assert [rank for rank, _ in ranking(jining.database, day.id, by="rate")] == [None, None]
    with pytest.raises(ValueError, match="nothing to rank by"):
        ranking(jining.database, day.id, by="; DROP TABLE")


def test_pages_read_a_snapshot_by_area_kind_department_and_state(jining: City) -> None:
    jining.run("INSERT INTO city.department VALUES ('dep', %s, '经信局', 'Bureau', '{}', 'test')", city.CITY)
    jining.run("UPDATE city.enterprise SET department = 'dep' WHERE uscc = %s", jining.a)
    header = jining.count()
    assert [
        (row.area, row.kind, row.machines, row.counted, row.silent, row.data_days)
        for row in by_area_and_kind(jining.database, header.id)
    ] == [
        (city.COUNTY, "boiler", 2, 1, 1, 40),
        (city.OTHER_COUNTY, "boiler", 1, 0, 0, 19),
    ]
    assert by_state(jining.database, header.id) == {**dict.fromkeys(STATES, 0), "verified": 1, "silent": 1, "reporting": 1}
    first, rest = by_department(jining.database, header.id)
    assert (first.code, first.machines, first.counted, first.on_cloud) == ("dep", 2, 1, 1)
    assert (rest.code, rest.enterprises, rest.counted) == (None, 2, 0)
    assert [step.lost for step in funnel(jining.database, header.id, area=city.OTHER_COUNTY) if step.reached] == [
        0,
        0,
        0,
        0,
        0,
        0,
        1,
    ]
    assert funnel(jining.database, header.id, department="dep")[0].reached == 2
    assert funnel(jining.database, header.id, kind="motor")[0].reached == 0
    listed = snapshot_machines(jining.database, header.id, search="一号", sort="-lost_at")
    assert (listed[0], [row.machine_id for row in listed[1]]) == (1, [jining.good])
    assert snapshot_machines(jining.database, header.id, lost_at=[""])[0] == 1
    assert (
        snapshot_machines(
            jining.database, header.id, lost_at=["continuity"], states=["silent"], kinds=["boiler"], department="dep"
        )[0]
        == 1
    )
    assert snapshot_machines(jining.database, header.id, area=city.OTHER_COUNTY, limit=1, offset=1) == (1, [])
    assert [one.name for one in snapshot_enterprises(jining.database, header.id, search="兖州")[1]] == ["兖州乙"]
    (point,) = trend(jining.database, city.CITY, form="month", below=city.OTHER_COUNTY)
    assert (point.last_day, point.enterprises, point.machines, point.counted, point.on_cloud) == (LAST, 1, 1, 0, 0)
    (seen,) = appearances(jining.database, jining.good)
    assert (seen.snapshot_id, seen.state) == (header.id, "verified")


def test_branches_count_for_their_legal_person_where_the_rule_says_so(jining: City) -> None:
    jining.run("UPDATE city.enterprise SET head_uscc = %s, is_independent = false WHERE uscc = %s", jining.c, jining.a)
    own = jining.count()
    jining.new_rule("heads", branch_counts="head")
    heads = jining.count(period("day", LAST))
    for header, on_cloud in ((own, jining.a), (heads, jining.c)):
        _, found = snapshot_enterprises(jining.database, header.id, is_on_cloud=True)
        assert ([one.uscc for one in found], header.counted, header.on_cloud) == ([on_cloud], 1, 1)
        assert verify(jining.database, header.id).holds


def test_twins_shared_certificates_and_other_words_of_the_registry_reach_the_rule(jining: City) -> None:
    jining.run("UPDATE city.machine SET nameplate_key = 'same' WHERE id IN (%s, %s)", jining.good, jining.short)
    jining.run("UPDATE city.gateway SET certificate_sha256 = decode(repeat('ab', 32), 'hex')")
    jining.run("INSERT INTO city.hold (machine_id, reason, placed_by) VALUES (%s, '查', 'y')", jining.good)
    jining.run(
        "INSERT INTO city.suspicion (machine_id, method, score, threshold, since, until, explanation, evidence)"
        " VALUES (%s, 'flatlined', 1, 0.5, '2026-11-10Z', '2026-11-11Z', '{}', '[]')",
        jining.quiet,
    )
    header = jining.count()
    assert {number: lost_at for number, (_, lost_at) in jining.rows(header.id).items()} == {
        jining.good: "gateway",
        jining.quiet: "gateway",
        jining.short: "nameplate",
    }
    _, (good,) = snapshot_machines(jining.database, header.id, machine_id=jining.good)
    assert (good.inputs["twins"], good.inputs["first_twin"], good.inputs["hold"]["reason"]) == ([jining.short], jining.good, "查")
    assert good.reason["with"] == [f"gw-{jining.b[-6:]}"]
    _, (quiet,) = snapshot_machines(jining.database, header.id, machine_id=jining.quiet)
    assert [(one["method"], one["state"]) for one in quiet.inputs["suspicions"]] == [("flatlined", "open")]
    assert verify(jining.database, header.id).holds


def test_the_readings_of_a_renamed_machine_are_found(jining: City) -> None:
    jining.run(
        "INSERT INTO reading.equipment (gateway, name, kind, same_as)"
        " SELECT gateway, 'old', kind, id FROM reading.equipment WHERE id = %s",
        jining.good_equipment,
    )
    jining.run("UPDATE city.machine SET equipment_name = 'old' WHERE id = %s", jining.good)
    assert jining.count().counted == 1


def test_a_comparison_explains_every_machine_and_reconciles(jining: City) -> None:
    with jining.database.connection() as connection:
        gone, gone_equipment = counted_machine(connection, jining.b, 5)
        put_facts(connection, gone_equipment, FULL)
        moving, moving_equipment = counted_machine(connection, jining.c, 1)
        put_facts(connection, moving_equipment, [LAST + n * DAY for n in range(-29, 32)])
    before = jining.count()
    new = {}
    with jining.database.connection() as connection:
        new["machine"], equipment = counted_machine(connection, jining.a, 9)
        put_facts(connection, equipment, [LAST + n * DAY for n in range(1, 32)])
        put_facts(connection, jining.short_equipment, [LAST + n * DAY for n in range(1, 32)])
        put_facts(connection, jining.good_equipment, [LAST + n * DAY for n in range(1, 5)])
    jining.run("UPDATE city.machine SET retired_at = '2026-12-05' WHERE id = %s", gone)
    jining.run("UPDATE city.enterprise SET area = %s WHERE uscc = %s", city.OTHER_COUNTY, jining.c)
    after = jining.count(DECEMBER)

    found = compare(jining.database, before.id, after.id)
    assert {row.machine_id: (row.change, row.cause) for row in found.rows} == {
        jining.good: ("lost", "continuity"),
        jining.short: ("gained", "continuity"),
        gone: ("lost", "retired"),
        new["machine"]: ("gained", "registered"),
        moving: ("moved", "moved"),
    }
    assert found.reconciles
    assert (found.gained, found.lost, after.counted - before.counted) == (2, 2, 0)
    assert found.by_area() == {
        city.COUNTY: {"gained": 1, "lost": 1, "moved_in": 0, "moved_out": 1},
        city.OTHER_COUNTY: {"gained": 1, "lost": 1, "moved_in": 1, "moved_out": 0},
    }
    counts = {one: {row.code: row.counted for row in by_area(jining.database, one)} for one in (before.id, after.id)}
    for area, changes in found.by_area().items():
        difference = changes["gained"] - changes["lost"] + changes["moved_in"] - changes["moved_out"]
        assert counts[after.id][area] - counts[before.id][area] == difference
    sentences = {row.machine_id: row.sentence("zh") for row in found.rows}
    assert sentences[gone] == "停用：设备已于2026-12-05停用"
    assert sentences[moving] == "企业更换填报区域"
    assert sentences[jining.good].startswith("连续性：最近30天中只有")
    assert compare(jining.database, before.id, before.id).rows == []


def test_a_comparison_tells_what_the_rule_alone_has_changed(jining: City) -> None:
    before = jining.count()
    jining.new_rule("gentler", least_valid_days=19)
    after = jining.count(replaces=before.id, why="规则")
    found = compare(jining.database, before.id, after.id)
    assert [(row.machine_id, row.change, row.cause) for row in found.rows] == [(jining.short, "gained", "rule")]
    assert found.parameters == {"least_valid_days": (20, 19)}
    assert found.by_cause() == {("gained", "rule"): 1}
    with pytest.raises(CannotCount, match="no snapshot 77"):
        compare(jining.database, before.id, 77)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_jining_3_2_a_third_party_counts_again_from_the_exported_inputs(jining: City, tmp_path: Path, form: Any) -> None:
    """C2: the evaluator's own few lines, on the files alone."""
    header = jining.count()
    rows = export(jining.database, header.id, tmp_path / "out", form=form)
    assert rows == {"machines": 3, "enterprises": 3, "facts": 30 + 10 + 19}
    tables = {name: _read(tmp_path / "out" / f"{name}.{form}") for name in rows}
    told = json.loads((tmp_path / "out" / "snapshot.json").read_text())
    rule = told["parameters"]
    complete: dict[str, int] = {}
    for fact in tables["facts"]:
        points = json.loads(fact["point_hours"])
        if int(fact["hours"]) >= rule["least_hours"] and all(
            points[p] >= rule["least_hours"] for p in rule["required_points"]["boiler"]
        ):
            complete[fact["equipment"]] = complete.get(fact["equipment"], 0) + 1
    counted = sum(complete.get(row["equipment"], 0) >= rule["least_valid_days"] for row in tables["machines"])
    assert counted == told["counted"] == header.counted == 1
    assert told["hash"] == header.hash.hex()
    assert set(rule["required_points"]["boiler"]) == set(BOILER)
    assert "README.md" in {path.name for path in (tmp_path / "out").iterdir()}
    assert sum(row["is_on_cloud"] == "True" for row in tables["enterprises"]) == told["on_cloud"]


def _read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    from pyarrow import parquet

    return [{name: str(value) for name, value in row.items()} for row in parquet.read_table(path).to_pylist()]


def test_an_export_refuses_a_folder_that_holds_something(jining: City, tmp_path: Path) -> None:
    header = jining.count()
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(CannotCount, match="is not empty"):
        export(jining.database, header.id, tmp_path)
    with pytest.raises(CannotCount, match="no snapshot 99"):
        export(jining.database, 99, tmp_path / "new")
    with pytest.raises(CannotCount, match=r"mine\.txt"):
        export(jining.database, header.id, tmp_path / "mine.txt")


def test_each_day_is_counted_once_for_the_areas_at_the_top(jining: City) -> None:
    jining.run("DELETE FROM city.fact_progress")
    assert count_days(jining.database) == []
    jining.run("INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', %s)", LAST)
    (header,) = count_days(jining.database)
    assert (header.area, header.form, header.last_day, header.made_by) == (city.CITY, "day", LAST, "worker")
    assert count_days(jining.database) == []
    jining.run("UPDATE city.fact_progress SET last_day = last_day + 1")
    assert [one.last_day for one in count_days(jining.database)] == [LAST + DAY]


def test_a_city_without_machines_is_counted_as_none(migrated_database: str) -> None:
    with Database(migrated_database) as database:
        with database.connection() as connection:
            city.add_city(connection)
            load_rule(connection, DEFAULT_FILE, made_by="test")
        header = recount(database, area=city.CITY, period=period("day", LAST), made_by="x")
        assert (header.machines, header.counted, header.enterprises) == (0, 0, 0)
        assert verify(database, header.id).holds
        assert [one.enterprises for one in by_area(database, header.id)] == [0, 0]
