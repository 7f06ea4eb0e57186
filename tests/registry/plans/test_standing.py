"""A plan in a real database: what counts, labels, trainings, stars and declarations say about its targets."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from registry.documents.inconsistencies import current_readings, standing
from registry.plans.commands import add_commands
from registry.plans.loading import load_plan
from registry.plans.progress import Progress
from registry.plans.standing import PlanStanding, standing_of
from store.city_decisions import add_decision, decisions
from store.city_plans import add_figure, plans, targets
from store.city_trainings import add_training
from store.database import Database, DatabaseError
from telemetry.errors import ConfigError
from tests.registry.city import code_of, enterprise
from tests.registry.plans.frozen import Seen, freeze, load_areas

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
END = date(2018, 12, 31)
A, B, C, D = (code_of(number) for number in range(1, 5))


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        yield made


@pytest.fixture
def plan(opened: Database) -> Callable[..., PlanStanding]:
    """Load a plan with its areas, and give how it stands."""

    def stand(name: str, today: date = END) -> PlanStanding:
        (found,) = [one for one in plans(opened) if one.code == name]
        return standing_of(opened, found, today=today)

    return stand


def load(database: Database, name: str, *areas: str) -> None:
    load_areas(database, *areas)
    load_plan(database, name, loaded_by="test")


def row(standing: PlanStanding, code: str) -> Progress:
    return next(one for one in standing.rows if one.target.code == code)


def test_loading_a_document_twice_changes_nothing_and_without_its_areas_nothing_is_loaded(opened: Database) -> None:
    with pytest.raises(ConfigError, match=r"no area jining.*registry areas load"):
        load_plan(opened, "jining_2018", loaded_by="test")
    assert plans(opened) == []
    load_areas(opened, "jining")
    assert load_plan(opened, "jining_2018", loaded_by="test").changed > 20
    assert load_plan(opened, "jining_2018", loaded_by="other").is_nothing
    assert len(targets(opened, "jining_2018")) == 1 + 1 + 14 + 6


def test_jining_annex_3_counties_are_held_against_what_came_on_the_cloud_in_the_year(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T7
    load(opened, "jining_2018", "jining")
    with opened.connection() as connection:
        early = [Seen(A, "jining-rencheng")]
        freeze(connection, "jining", date(2017, 12, 1), date(2017, 12, 31), early)
        freeze(connection, "jining", date(2018, 5, 1), date(2018, 5, 31), [*early, Seen(B, "jining-rencheng")])
        moved = [*early, Seen(B, "jining-gaoxin"), Seen(C, "jining-taibaihu", is_on_cloud=False)]
        freeze(connection, "jining", date(2018, 12, 1), END, moved)
    found = plan("jining_2018")
    by_area = {one.target.member: one.reached for one in found.of("area")}
    assert by_area["jining-gaoxin"] == 1  # where it was last counted
    assert by_area["jining-rencheng"] == 0  # on the cloud before the year
    assert by_area["jining-taibaihu"] == 0
    assert row(found, "T7.new_on_cloud").reached == 1
    high_tech = row(found, "T7.new_on_cloud.jining-gaoxin")
    assert (high_tech.rate, high_tech.shortfall, high_tech.rank) == (Decimal("0.8"), Decimal(129), 1)


def test_jining_1_the_5000_are_held_against_the_newest_count_and_2019_is_not_split(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T6, inconsistency 5
    load(opened, "jining_2018", "jining")
    with opened.connection() as connection:
        first = freeze(connection, "jining", date(2018, 11, 1), date(2018, 11, 30), [Seen(A, "jining-rencheng")])
        seen = [Seen(A, "jining-rencheng"), Seen(B, "jining-yanzhou")]
        freeze(connection, "jining", date(2018, 11, 1), date(2018, 11, 30), seen, replaces=first)
    found = plan("jining_2018")
    total = row(found, "T6.on_cloud")
    assert (total.reached, total.rate, total.shortfall) == (Decimal(2), Decimal("0.0"), Decimal(4998))
    assert list(found.course) == [(date(2018, 11, 30), 2)]  # the corrected count is the one that holds
    assert found.of("area", 2019) == []


def test_without_a_count_nothing_is_said_to_be_reached(opened: Database, plan: Callable[..., PlanStanding]) -> None:
    load(opened, "jining_2018", "jining")
    found = plan("jining_2018")
    assert {one.why_unknown for one in found.of("area")} == {"no_count"}
    assert row(plan("jining_2018", date(2017, 6, 1)), "T6.on_cloud").why_unknown == "not_begun"
    assert row(found, "T8.experience_centre").why_unknown == "not_declared"


def test_jiaxing_1_the_share_needs_a_declared_base_and_never_works_one_out(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T1
    load(opened, "jiaxing_port_2017", "jiaxing_port")
    today = date(2017, 12, 31)
    with opened.connection() as connection:
        seen = [Seen(code_of(number), "jiaxing-port") for number in range(143)]
        seen.append(Seen(code_of(900), "jiaxing-pinghu"))  # in the city, not in the port zone
        freeze(connection, "jiaxing", date(2017, 12, 1), today, seen)  # the city above counts it
    assert row(plan("jiaxing_port_2017", today), "T1.new_share").why_unknown == "not_declared"
    with opened.connection() as connection:
        add_figure(
            connection,
            area="jiaxing-port",
            counter="enterprise_base",
            as_of=date(2017, 6, 30),
            value=2504,
            document="统计年报",
            declared_by="officer",
        )
    found = plan("jiaxing_port_2017", today)
    share = row(found, "T1.new_share")
    assert (share.reached, share.is_met) == (Decimal("5.71"), True)
    goal, allocation = row(found, "T1.new_on_cloud.goal"), row(found, "T3.new_on_cloud.allocation")
    assert (goal.is_met, goal.is_headline, allocation.is_met, allocation.is_headline) == (True, False, False, True)
    assert allocation.shortfall == 2


def test_jiaxing_annex_1_1_departments_and_jiaxing_3_sectors_count_each_enterprise_once(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T2, T3
    load(opened, "jiaxing_port_2017", "jiaxing_port")
    today = date(2017, 12, 31)
    with opened.connection() as connection:
        seen = [
            Seen(A, "jiaxing-port", department="jiaxing-port-zhapu"),
            Seen(B, "jiaxing-port", department="jiaxing-port-social", sector="services"),
            Seen(C, "jiaxing-port", department="jiaxing-port-market", sector="individual_or_farm"),
        ]
        freeze(connection, "jiaxing-port", date(2017, 12, 1), today, seen)
    found = plan("jiaxing_port_2017", today)
    assert {one.target.member: one.reached for one in found.of("department")} == {
        "jiaxing-port-economy": 0,
        "jiaxing-port-services": 0,
        "jiaxing-port-zhapu+jiaxing-port-social": 2,
        "jiaxing-port-bonded": 0,
        "jiaxing-port-market": 1,
    }
    assert [one.reached for one in found.of("sector")] == [1, 1, 1]


def test_jiaxing_annex_1_2_and_shanxi_1_2_an_enterprise_that_came_twice_is_covered_once(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T4, T11
    load(opened, "jiaxing_port_2017", "jiaxing_port")
    load(opened, "shanxi_2018", "shanxi")
    with opened.connection() as connection:
        for area, day in (("jiaxing-port", date(2017, 5, 2)), ("shanxi-taiyuan", date(2018, 5, 2)), ("shanxi", date(2019, 5, 2))):
            for title, codes in (("第一批", [A, B]), ("第二批", [B, C])):
                assert add_training(
                    connection, area=area, held_on=day, title=title, organisers=["a"], document="", codes=codes, recorded_by="t"
                )
        assert (
            add_training(
                connection,
                area="shanxi",
                held_on=date(2019, 5, 2),
                title="第一批",
                organisers=[],
                document="",
                codes=[D],
                recorded_by="t",
            )
            is None
        )
    found = plan("jiaxing_port_2017", date(2017, 12, 31))
    assert (row(found, "T4.trainings").reached, row(found, "T4.trained").reached) == (Decimal(2), Decimal(3))
    shanxi = plan("shanxi_2018", date(2020, 12, 31))
    assert [one.reached for one in shanxi.rows if one.target.code == "T11.trainings"] == [2, 2, 0]
    assert row(shanxi, "T11.trained").reached == 3


def test_jiaxing_annex_1_3_jining_4_3_and_shanxi_3_8_labels_count_by_level_and_form(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T5, T8, T12
    load(opened, "jiaxing_port_2017", "jiaxing_port")
    load(opened, "jining_2018", "jining")
    with opened.connection() as connection:
        for number, area in ((1, "jiaxing-port"), (2, "jiaxing-port"), (3, "jining-rencheng")):
            enterprise(connection, number, area=area)
        for code, label, level, form, day, until in (
            (A, "benchmark", "city", "", date(2017, 10, 1), None),
            (B, "pilot", "city", "", date(2017, 6, 1), None),
            (B, "pilot", "province", "", date(2017, 6, 1), date(2017, 7, 1)),  # it ran out
            (C, "benchmark", "city", "生产制造", date(2018, 6, 1), None),
        ):
            connection.execute(
                "INSERT INTO city.enterprise_label (uscc, label, level, form, valid_from, valid_to, document, recorded_by)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'd', 't')",
                [code, label, level, form, day, until],
            )
    found = plan("jiaxing_port_2017", date(2017, 12, 31))
    assert {one.target.member: one.reached for one in found.of("level")} == {"city": 2, "province": 0}
    assert row(found, "T1.benchmark").is_met
    with opened.connection() as connection:
        add_decision(connection, number=3, reading="province_only", why="市局要求", decided_by="officer")
    assert row(plan("jiaxing_port_2017", date(2017, 12, 31)), "T1.benchmark").is_met is False
    forms = {one.target.member: one.reached for one in plan("jining_2018").of("form")}
    assert forms == {"研发设计": 0, "生产制造": 1, "企业管理": 0, "产品销售": 0, "综合集成": 0}


def test_jiangsu_annex_3_shows_what_was_reached_without_a_target_and_kunshan_apart_from_suzhou(
    opened: Database, plan: Callable[..., PlanStanding]
) -> None:  # T9, inconsistency 11
    load(opened, "jiangsu_2018", "jiangsu")
    with opened.connection() as connection:
        enterprise(connection, 1, area="jiangsu-kunshan")
        freeze(connection, "jiangsu", date(2018, 12, 1), END, [Seen(A, "jiangsu-kunshan"), Seen(B, "jiangsu-suzhou")])
        connection.execute(
            "INSERT INTO city.star_application (uscc, edition, star, deployment, state, form, contents, figures, attachments,"
            " made_by, rated_on) VALUES (%s, 'e', 3, 'public', 'rated', '{}', '{}', '{}', '[]', 't', '2018-10-01')",
            [A],
        )
    found = plan("jiangsu_2018")
    kunshan, suzhou = (row(found, f"T9.new_on_cloud.jiangsu-{name}") for name in ("kunshan", "suzhou"))
    assert (kunshan.reached, suzhou.reached, kunshan.rate, kunshan.is_met, kunshan.rank) == (
        Decimal(1),
        Decimal(1),
        None,
        None,
        None,
    )
    assert row(found, "T9.stars_3.jiangsu-kunshan").reached == 1
    assert row(found, "T9.stars_4.jiangsu-kunshan").reached == 0


def test_a_decision_holds_until_the_next_and_is_never_changed(opened: Database) -> None:
    assert all(one.decision is None for one in standing(opened))
    with opened.connection() as connection:
        add_decision(connection, number=6, reading="relative_of_issue_year", why="财政局意见", decided_by="a")
        add_decision(connection, number=6, reading="points_of_issue_year", why="更正", decided_by="b")
        add_decision(connection, number=9, reading="gone", why="x", decided_by="b")  # of an edition that is no more
    assert current_readings(opened)[6] == "points_of_issue_year"
    assert current_readings(opened)[9] == "both"
    assert [one.decided_by for one in decisions(opened) if one.number == 6] == ["b", "a"]
    with pytest.raises(DatabaseError, match="never changed"), opened.connection() as connection:
        connection.execute("DELETE FROM city.policy_decision")


def test_the_commands_load_import_and_show_plans(
    opened: Database, database: str, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse
    from pathlib import Path

    folder = Path(str(tmp_path))
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())

    def run(*arguments: str) -> tuple[int, str]:
        args = parser.parse_args([*arguments, "--database", database])
        return args.run(args), capsys.readouterr().out

    assert run("plans", "load")[0] == 1
    load_areas(opened, "jining")
    assert run("plans", "load") == (0, "jining_2018: 23 changed, 0 removed\n")
    assert run("plans", "load")[1] == "jining_2018: unchanged\n"
    file = folder / "targets.csv"
    file.write_text("县市区,年度,目标任务\n任城区,2019,300\n任城,2019,1\n", encoding="utf-8")
    wanted = ("plans", "import", str(file), "--plan", "jining-2019", "--label", "2019", "--area", "jining", "--document", "1号")
    status, told = run(*wanted)
    assert status == 1
    assert "targets.csv: line 3, 统计区域: '任城' is not known" in told
    file.write_text("县市区,年度,目标任务\n任城区,2019,300\n", encoding="utf-8")
    assert run(*wanted, "--dry-run")[1].endswith("1 targets, not imported\n")
    assert [one.code for one in plans(opened)] == ["jining_2018"]
    assert run(*wanted)[0] == 0
    status, told = run("plans", "show", "jining-2019", "--day", "2019-05-01")
    assert (status, "Not counted yet of 300" in told) == (0, True)
    with pytest.raises(ConfigError, match="not the name of a document"):
        run(*wanted[:4], "jining_2018", *wanted[5:])
