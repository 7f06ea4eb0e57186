"""From draft to the published list: windows, papers, four eyes, quota, and a report that nobody changes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from registry.stars import procedure
from registry.stars.forms import read_form
from registry.stars.rating import report_hash
from registry.stars.refusals import StarRefusal
from store.city_registry import Enterprise
from store.city_stars import (
    Veto,
    Window,
    add_veto,
    add_window,
    applications,
    report,
    steps,
    switch_condition,
)
from store.database import Connection, Database, DatabaseError
from tests.registry.stars.suzhou import (
    APRIL,
    NOW,
    RULES,
    ZONE,
    add_county,
    add_run,
    add_snapshot,
    enterprise,
    fields,
    filled,
    prove,
)

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ONE = enterprise()
ELSEWHERE = enterprise(2, area="jining")
BRANCH = enterprise(3, head_uscc=ONE.uscc)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database, max_connections=8) as made:
        with made.connection() as connection:
            add_county(connection, ONE, ELSEWHERE, BRANCH)
        yield made


def do(opened: Database, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with opened.connection() as connection:
        return step(connection, *args, **kwargs)


def refused(opened: Database, step: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(StarRefusal) as caught:
        do(opened, step, *args, **kwargs)
    return str(caught.value)


def handed_in(opened: Database, one: Enterprise = ONE, star: int = 3, **changed: str) -> int:
    number = int(do(opened, procedure.draft, one, RULES.code, filled(one.uscc, star, changed), actor="zhang"))
    do(opened, procedure.submit, number, one, actor="zhang", today=APRIL)
    return number


def reviewed(opened: Database, one: Enterprise = ONE, star: int = 3, **changed: str) -> int:
    number = handed_in(opened, one, star, **changed)
    do(opened, procedure.review, number, actor="li")
    return number


def state(opened: Database, number: int) -> str:
    return applications(opened, application_id=number)[1][0].state


def decide(connection: Connection, number: int, one: Enterprise = ONE, *, actor: str = "wang") -> str:
    return procedure.decide(connection, number, one, actor=actor, now=NOW, zone=ZONE)


def test_jiangsu_rating_5_three_stars_go_from_draft_to_the_list_and_the_report_stays(opened: Database) -> None:
    do(opened, prove, ONE.uscc)
    number = reviewed(opened)
    assert do(opened, decide, number) == "rated"
    do(opened, procedure.file_with_province, number, actor="wang", document="备案 2018-1")
    do(opened, procedure.publish, number, actor="wang")
    (one,) = applications(opened, states=["published"], star=3, area="suzhou")[1]
    assert (one.id, one.batch, one.rated_on, one.decided_by) == (number, "2018-04-01", date(2018, 4, 20), "wang")
    assert [step.state for step in steps(opened, number)] == [
        "draft",
        "submitted",
        "material_reviewed",
        "rated",
        "filed",
        "published",
    ]
    frozen = report(opened, number)
    assert frozen is not None
    assert (frozen.month, frozen.report["star"], frozen.report["authority"]) == (date(2018, 3, 1), 3, "昆山市")
    assert frozen.hash == report_hash(frozen.report)
    with pytest.raises(DatabaseError, match="never changed"), opened.connection() as connection:
        connection.execute(b"UPDATE city.star_report SET report = '{}'")


def test_jiangsu_rating_2_2_four_and_five_stars_are_recommended_and_the_province_rates(opened: Database) -> None:
    do(opened, prove, ONE.uscc, 5)
    number = reviewed(opened, star=5)
    assert do(opened, decide, number) == "recommended"
    assert "filed" in refused(opened, procedure.file_with_province, number, actor="wang", document="x")
    province = {"actor": "wang", "rated_on": date(2018, 6, 1), "today": date(2018, 6, 2)}
    assert "document" in refused(opened, procedure.record_province, number, **province, document=" ")
    late = {**province, "rated_on": date(2018, 6, 3)}
    assert "after today" in refused(opened, procedure.record_province, number, **late, document="苏经信 1号")
    do(opened, procedure.record_province, number, **province, document="苏经信 1号")
    assert state(opened, number) == "rated"


def test_a_row_that_is_not_passed_is_named_and_nothing_is_rated(opened: Database) -> None:
    do(opened, prove, ONE.uscc, 3)
    number = reviewed(opened, star=4)
    said = refused(opened, decide, number)
    assert "rows R8, R9, R10 are not passed" in said
    assert (state(opened, number), report(opened, number)) == ("material_reviewed", None)


def test_jiangsu_rating_5_1_outside_a_window_it_is_refused_with_the_next_one_named(opened: Database) -> None:
    number = do(opened, procedure.draft, ONE, RULES.code, filled(ONE.uscc), actor="zhang")
    outside = {"actor": "zhang", "today": date(2018, 5, 1)}
    assert "2018-09-01 to 2018-09-30" in refused(opened, procedure.submit, number, ONE, **outside)
    outside["today"] = date(2026, 11, 26)
    assert "none follows" in refused(opened, procedure.submit, number, ONE, **outside)
    do(opened, add_window, RULES.code, Window(date(2026, 11, 1), date(2026, 11, 30), "通知", "wang"))
    do(opened, procedure.submit, number, ONE, **outside)
    assert applications(opened)[1][0].batch == "2026-11-01"


def test_jiangsu_rating_1_2_who_is_elsewhere_or_a_branch_or_on_a_private_cloud_cannot_apply_for_three_stars(
    opened: Database,
) -> None:
    for one, word in ((ELSEWHERE, "Registered in Jiangsu"), (BRANCH, "independent legal person")):
        number = do(opened, procedure.draft, one, RULES.code, filled(one.uscc), actor="zhang")
        assert word in refused(opened, procedure.submit, number, one, actor="zhang", today=APRIL)
    papers = {"paper.private_contract": "x", "paper.private_plan": "y"}
    made = filled(ONE.uscc, 3, {"deployment": "hybrid", **papers})
    number = do(opened, procedure.draft, ONE, RULES.code, made, actor="zhang")
    assert "public cloud only" in refused(opened, procedure.submit, number, ONE, actor="zhang", today=APRIL)
    do(opened, procedure.change_draft, number, filled(ONE.uscc, 4, {"deployment": "hybrid", **papers}))
    do(opened, procedure.submit, number, ONE, actor="zhang", today=APRIL)


def test_what_is_missing_is_told_all_at_once(opened: Database) -> None:
    made = filled(ONE.uscc, 3, {"contact_mobile": "", "paper.licence": "", "people": "3"})
    number = do(opened, procedure.draft, ONE, RULES.code, made, actor="zhang")
    said = refused(opened, procedure.submit, number, ONE, actor="zhang", today=APRIL)
    assert [part.split(":")[0] for part in said.split("; ")] == ["contact_mobile", "cloud_users", "paper.licence"]
    wrong = filled(ONE.uscc, 3, {"registration_number": BRANCH.uscc})
    do(opened, procedure.change_draft, number, wrong)
    assert "registration_number" in refused(opened, procedure.submit, number, ONE, actor="zhang", today=APRIL)


def test_four_eyes_nobody_reviews_or_rates_what_they_handled_before(opened: Database) -> None:
    do(opened, prove, ONE.uscc)
    number = handed_in(opened)
    assert "whoever" in refused(opened, procedure.review, number, actor="zhang")
    assert "whoever" in refused(opened, procedure.refuse, number, actor="zhang", note="x")
    do(opened, procedure.review, number, actor="li")
    for before in ("zhang", "li"):
        assert "whoever" in refused(opened, decide, number, actor=before)
    assert do(opened, decide, number) == "rated"


def test_one_open_application_an_enterprise_and_no_step_out_of_order(opened: Database) -> None:
    number = do(opened, procedure.draft, ONE, RULES.code, filled(ONE.uscc), actor="zhang")
    assert "open application" in refused(opened, procedure.draft, ONE, RULES.code, filled(ONE.uscc), actor="zhang")
    for step, more in (
        (procedure.review, {}),
        (procedure.publish, {}),
        (procedure.refuse, {"note": "x"}),
        (procedure.record_province, {"rated_on": APRIL, "document": "x", "today": APRIL}),
    ):
        assert "draft" in refused(opened, step, number, actor="li", **more)
    do(opened, procedure.withdraw, number, actor="zhang")
    assert "withdrawn" in refused(opened, procedure.change_draft, number, filled(ONE.uscc))
    do(opened, procedure.draft, ONE, RULES.code, filled(ONE.uscc), actor="zhang")
    with pytest.raises(LookupError):
        do(opened, procedure.publish, 999, actor="li")


def test_a_refusal_says_why(opened: Database) -> None:
    number = handed_in(opened)
    assert "note" in refused(opened, procedure.refuse, number, actor="li", note=" ")
    do(opened, procedure.refuse, number, actor="li", note="材料不实")
    assert steps(opened, number)[-1].note == "材料不实"


def test_jinan_2022_web_vetoes_hold_on_the_day_and_only_once_turned_on(opened: Database) -> None:
    do(opened, prove, ONE.uscc)
    do(opened, add_veto, ONE.uscc, Veto("safety_accident", date(2018, 1, 1), date(2018, 4, 15), "通报"), recorded_by="wang")
    number = reviewed(opened)  # the condition is off
    do(opened, procedure.withdraw, number, actor="zhang")
    do(opened, switch_condition, RULES.code, "safety_accident", is_on=True, document="通知", decided_by="wang")
    number = do(opened, procedure.draft, ONE, RULES.code, filled(ONE.uscc), actor="zhang")
    assert "No safety accident" in refused(opened, procedure.submit, number, ONE, actor="zhang", today=APRIL)
    do(opened, procedure.submit, number, ONE, actor="zhang", today=date(2018, 4, 16))


def test_jinan_2022_web_the_quota_of_a_district_is_kept_when_two_are_rated_at_once(opened: Database) -> None:
    both = [enterprise(number) for number in (10, 11)]
    do(opened, add_county, *both)
    do(opened, switch_condition, RULES.code, "quota", is_on=True, document="通知", decided_by="wang")
    numbers = []
    for one in both:
        machine = do(opened, prove, one.uscc)
        do(opened, add_snapshot, one.uscc, machine, last_day=date(2018, 2, 28 if one is both[0] else 27))
        numbers.append(reviewed(opened, one))
    # 34 enterprises ever on the cloud make one place.
    with opened.connection() as connection:
        connection.execute(
            b"INSERT INTO city.snapshot_enterprise (snapshot_id, uscc, area, sector, machines, counted, is_on_cloud, is_new)"
            b" SELECT (SELECT min(id) FROM city.snapshot), 'other' || n, 'kunshan', 'industry', 1, 1, true, true"
            b" FROM generate_series(1, 32) AS n"
        )

    def rate_it(position: int) -> str:
        try:
            return str(do(opened, decide, numbers[position], both[position]))
        except StarRefusal as refusal:
            return str(refusal)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(rate_it, (0, 1)))
    assert answers[1] == "rated"
    assert "not met (1/1)" in answers[0]


def test_jiangsu_2021_web_analysed_machines_are_asked_for_when_it_is_rated(opened: Database) -> None:
    machine = do(opened, prove, ONE.uscc, 4)
    do(opened, switch_condition, RULES.code, "edge_analysis", is_on=True, document="通知", decided_by="wang")
    number = reviewed(opened, star=4)
    assert "Four stars: equipment" in refused(opened, decide, number)
    do(opened, add_snapshot, ONE.uscc, machine, last_day=date(2018, 3, 31))
    do(opened, add_run, machine, "boiler_efficiency", date(2018, 3, 3))
    assert do(opened, decide, number) == "recommended"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("star", "6"),
        ("deployment", "moon"),
        ("people", "-1"),
        ("people", "99999999999999999999"),
        ("cloud_users", "１"),
        ("cloud_since", "2018-13"),
        ("value.R6", "NaN"),
        ("value.R11", "1e99"),
        ("name", "a\0b"),
        ("name", "x" * 201),
        ("website", "two\nlines"),
        ("text.mes", "x" * 501),
        ("content_summary", "\ud800"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_field(field: str, text: str, database: str) -> None:
    with pytest.raises(StarRefusal) as caught:
        read_form(RULES, fields(ONE.uscc) | {field: text})
    assert [problem.field for problem in caught.value.problems] == [field]
