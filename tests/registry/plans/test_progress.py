"""Progress as arithmetic: rates, ranks, shortfalls, ranges, one enterprise in one area, and what a decision changes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from registry.documents.inconsistencies import default_readings
from registry.plans.loading import plan_of
from registry.plans.progress import (
    Progress,
    counted_for,
    judged,
    ranked,
    reporting_member,
    share,
    years_of,
)
from registry.plans.readings import read_targets
from store.city_plans import Counted, Target

YEAR = {"first_day": date(2018, 1, 1), "last_day": date(2018, 12, 31)}
PARENTS = {"jiangsu": None, "suzhou": "jiangsu", "kunshan": "suzhou", "wuxi": "jiangsu", "elsewhere": None}


def target(**values: object) -> Target:
    filled = {"code": "x", "counter": "new_on_cloud", "document": "d", "clause": "c", "low": Decimal(75), **YEAR, **values}
    return Target(**filled)  # type: ignore[arg-type]


def progress(reached: int | Decimal | None, **values: object) -> Progress:
    return judged(Progress(target=target(**values), first_day=YEAR["first_day"], last_day=YEAR["last_day"]), reached, "no_count")


@pytest.mark.parametrize(("reached", "rate", "shortfall", "met"), [(74, "98.7", 1, 0), (75, "100.0", 0, 1), (76, "101.3", 0, 1)])
def test_a_target_is_met_at_its_number_and_not_below(reached: int, rate: str, shortfall: int, met: int) -> None:
    found = progress(reached)
    assert (found.rate, found.shortfall, found.is_met) == (Decimal(rate), Decimal(shortfall), bool(met))


@pytest.mark.parametrize(("reached", "met", "shortfall"), [(10_000, 0, 1), (10_001, 1, 0)])
def test_shanxi_1_2_more_than_ten_thousand_is_not_met_by_ten_thousand(reached: int, met: int, shortfall: int) -> None:
    found = progress(reached, low=Decimal(10_000), bound="more_than")
    assert (found.is_met, found.shortfall) == (bool(met), Decimal(shortfall))


@pytest.mark.parametrize(("reached", "met", "beyond"), [(2, 0, 0), (3, 1, 0), (5, 1, 0), (6, 1, 1)])
def test_shanxi_1_2_a_range_is_met_from_its_lower_end_and_says_when_it_is_passed(reached: int, met: int, beyond: int) -> None:
    found = progress(reached, low=Decimal(3), high=Decimal(5), bound="range")
    assert (found.is_met, found.is_beyond_range) == (bool(met), bool(beyond))


def test_jiangsu_annex_3_without_a_target_there_is_no_rate_no_shortfall_and_no_verdict() -> None:
    found = progress(12, low=None)
    assert (found.reached, found.rate, found.shortfall, found.is_met) == (Decimal(12), None, None, None)


def test_what_is_not_known_is_not_0() -> None:
    found = progress(None)
    assert (found.reached, found.rate, found.why_unknown) == (None, None, "no_count")


def test_equal_rates_share_a_rank_and_what_has_no_rate_has_none() -> None:
    rows = [progress(count, dimension="area", member=name) for name, count in (("a", 30), ("b", 75), ("c", 30), ("d", 10))]
    rows.append(progress(None, dimension="area", member="e"))
    assert [row.rank for row in ranked(rows)] == [2, 1, 2, 4, None]
    assert ranked([progress(75)])[0].rank is None  # a total stands beside nothing


def test_jiaxing_1_share_of_143_in_2504_is_5_71_percent_and_of_145_5_79() -> None:
    assert share(143, 2504) == Decimal("5.71")
    assert share(145, 2504) == Decimal("5.79")
    assert share(1, 0) is None


def test_shanxi_1_2_what_is_due_every_year_is_judged_year_by_year() -> None:
    found = target(first_day=date(2018, 1, 1), last_day=date(2020, 12, 31), every_year=True)
    assert years_of(found) == [(date(year, 1, 1), date(year, 12, 31)) for year in (2018, 2019, 2020)]
    assert len(years_of(replace(found, every_year=False))) == 1


def test_jiangsu_annex_3_kunshan_is_not_in_suzhou_and_each_enterprise_counts_in_one_area() -> None:
    members = frozenset({"suzhou", "kunshan", "wuxi"})
    counted = [
        Counted("suzhou", "", "industry", 5),
        Counted("kunshan", "", "industry", 3),
        Counted("elsewhere", "", "industry", 9),
    ]
    by_area = {
        member: counted_for(target(dimension="area", member=member), counted, top="jiangsu", members=members, parents=PARENTS)
        for member in sorted(members)
    }
    assert by_area == {"kunshan": 3, "suzhou": 5, "wuxi": 0}
    assert counted_for(target(), counted, top="jiangsu", members=members, parents=PARENTS) == 8
    assert reporting_member("kunshan", frozenset({"suzhou"}), PARENTS) == "suzhou"
    assert reporting_member("a", frozenset({"b"}), {"a": "c", "c": "a"}) is None  # areas that name each other end the walk


def test_jiaxing_annex_1_1_a_joint_target_counts_the_enterprises_of_both_departments_once() -> None:
    counted = [
        Counted("wuxi", "zhapu", "industry", 4),
        Counted("wuxi", "social", "services", 3),
        Counted("wuxi", "", "services", 8),
    ]
    joint = target(dimension="department", member="zhapu+social", holders=("zhapu", "social"))
    assert counted_for(joint, counted, top="jiangsu", members=frozenset(), parents=PARENTS) == 7


def read(name: str, **decided: str) -> list[tuple[str, bool, frozenset[str] | None]]:
    readings = default_readings() | {int(number.removeprefix("n")): reading for number, reading in decided.items()}
    return [(one.target.code, one.is_headline, one.levels) for one in read_targets(name, plan_of(name)[2], readings)]


def test_inconsistency_1_the_allocated_145_is_the_one_to_reach_until_the_city_decides_for_143() -> None:
    totals = ("T1.new_on_cloud.goal", "T3.new_on_cloud.allocation")
    assert {code: headline for code, headline, _ in read("jiaxing_port_2017") if code in totals} == dict(
        zip(totals, (False, True), strict=True)
    )
    assert {code: headline for code, headline, _ in read("jiaxing_port_2017", n1="goal") if code in totals} == dict(
        zip(totals, (True, False), strict=True)
    )


def test_inconsistency_2_sectors_and_departments_stand_side_by_side_until_one_is_left_out() -> None:
    rows = {code[:2] for code, _, _ in read("jiaxing_port_2017") if code.count(".") >= 2}
    assert {"T2", "T3"} <= rows
    assert not any(code.startswith("T3.new_on_cloud.allocation.") for code, _, _ in read("jiaxing_port_2017", n2="sectors_only"))
    assert not any(code.startswith("T2.") for code, _, _ in read("jiaxing_port_2017", n2="departments_only"))


def test_inconsistency_3_either_level_meets_the_goal_until_the_province_must() -> None:
    (levels,) = [levels for code, _, levels in read("jiaxing_port_2017") if code == "T1.benchmark"]
    assert levels is None
    (levels,) = [levels for code, _, levels in read("jiaxing_port_2017", n3="province_only") if code == "T1.benchmark"]
    assert levels == frozenset({"province", "national"})


def test_inconsistency_13_cases_and_enterprises_are_two_targets_until_they_are_one() -> None:
    assert "T10.benchmark_case" in {code for code, _, _ in read("shanxi_2018")}
    assert "T10.benchmark_case" not in {code for code, _, _ in read("shanxi_2018", n13="totals_one_target")}
