"""The rating table of Jiangsu 2018 at, just below and just above every threshold, for each star."""

from dataclasses import replace
from fractions import Fraction

import pytest

from registry.stars.edition import DEFAULT, edition
from registry.stars.measuring import declared_figure, users_figure
from registry.stars.rating import Content, Evidence, Figure, Rating, rate, rating_json, report_hash, shown
from tests.registry.stars.table_facts import LEAST, facts

RULES = edition(DEFAULT)
TINY = Fraction(1, 1000)
RUN = Evidence("machine", "boiler_efficiency", number="7", amount="28", source="1 (2018-03-31)")
STARS = (3, 4, 5)


def passed(rating: Rating, row: str) -> dict[int, bool]:
    return dict(next(one.passed for one in rating.rows if one.row.code == row))


def at_below_and_above(row: str, *, step: Fraction | int = TINY) -> None:
    """Hold one row against the table: at and above the threshold of each star it passes, below it does not."""
    for star in STARS:
        least = LEAST[star][row]
        rows = {
            change: passed(rate(facts(star, {row: Fraction(least) + change}), RULES), row)[star] for change in (-step, 0, step)
        }
        assert rows == {-step: False, 0: True, step: True}, f"{row} at {star} stars"


@pytest.mark.parametrize("star", STARS)
def test_jiangsu_rating_4_all_rows_just_at_a_star_give_that_star(star: int) -> None:
    rating = rate(facts(star), RULES)
    assert (rating.star, rating.missing(star)) == (star, [])


@pytest.mark.parametrize(("row", "star"), [(row, star) for star in STARS for row, least in LEAST[star].items() if least])
def test_jiangsu_rating_4_one_row_below_takes_the_star_whatever_the_others_reach(row: str, star: int) -> None:
    below = 1 if row in ("R1", "R2", "R3", "R4", "R5") else TINY
    rating = rate(facts(star, {row: Fraction(LEAST[star][row]) - below}), RULES)
    assert row in rating.missing(star)
    assert rating.star < star


def test_jiangsu_rating_4_r1_needs_all_six_items_of_infrastructure_at_every_star() -> None:
    for star in STARS:
        for count, is_enough in ((5, False), (6, True)):
            assert passed(rate(facts(star, {"R1": count}), RULES), "R1")[star] is is_enough


def test_jiangsu_rating_4_r2_needs_three_four_and_five_sub_domains() -> None:
    at_below_and_above("R2", step=1)


def test_jiangsu_rating_4_note_1_r3_needs_one_two_and_all_three_of_it_services() -> None:
    for star, least in ((3, 1), (4, 2), (5, 3)):
        for count in range(4):
            assert passed(rate(facts(star, {"R3": count}), RULES), "R3")[star] is (count >= least)


def test_jiangsu_rating_4_note_1_r3_is_for_it_service_enterprises_alone() -> None:
    rating = rate(facts(5, {"R3": 0}, is_it_service=False), RULES)
    row = next(one for one in rating.rows if one.row.code == "R3")
    assert (rating.star, row.note, row.value) == (5, "not_applicable", None)


def test_jiangsu_rating_4_r4_needs_one_three_and_five_sub_classes() -> None:
    at_below_and_above("R4", step=1)


def test_jiangsu_a7_row_10_r4_counts_a_sub_class_once_however_many_of_its_domains_there_are() -> None:
    made = facts(4, {"R4": 2})
    more = {code: Content(document="合同2") for code in ("design_library", "design_together")}
    rating = rate(replace(made, contents={**made.contents, **more}), RULES)
    row = next(one for one in rating.rows if one.row.code == "R4")
    assert (row.value, row.passed[4]) == (Fraction(2), False)
    assert row.counted == ("研发设计管理", "生产排产管理")


def test_jiangsu_rating_4_r5_is_needed_at_five_stars_alone_with_two_sub_classes() -> None:
    for count, is_enough in ((0, False), (1, False), (2, True), (3, True)):
        assert passed(rate(facts(5, {"R5": count}), RULES), "R5") == {3: True, 4: True, 5: is_enough}


def test_jiangsu_rating_4_r5_three_domains_of_new_modes_are_one_sub_class() -> None:
    made = facts(5, {"R5": 0})
    modes = {code: Content(document="合同") for code in ("customised", "networked", "servitised")}
    assert not passed(rate(replace(made, contents={**made.contents, **modes}), RULES), "R5")[5]


def test_jiangsu_rating_4_r6_it_cost_falls_by_30_percent_at_every_star() -> None:
    at_below_and_above("R6")


def test_jiangsu_rating_4_r7_people_who_use_it_in_a_month_30_50_80_percent() -> None:
    at_below_and_above("R7")


def test_jiangsu_rating_4_r8_processor_of_hosts_5_10_25_percent() -> None:
    at_below_and_above("R8")


def test_jiangsu_rating_4_r9_bandwidth_of_hosts_30_40_50_percent() -> None:
    at_below_and_above("R9")


def test_jiangsu_rating_4_r10_reads_and_writes_a_day_1000_10000_50000() -> None:
    at_below_and_above("R10")


def test_jiangsu_rating_4_r11_spending_50000_500000_4000000_cny() -> None:
    at_below_and_above("R11", step=Fraction(1, 100))


@pytest.mark.parametrize("row", ["R6", "R7", "R8", "R9", "R10", "R11"])
def test_what_is_not_stated_has_not_passed(row: str) -> None:
    rating = rate(facts(5, {row: None}), RULES)
    assert (rating.star, passed(rating, row), rating.missing(3)) == (0, dict.fromkeys(STARS, False), [row])


def test_rows_are_never_averaged() -> None:
    rating = rate(facts(5, {"R8": 100, "R9": Fraction(4999, 100)}), RULES)
    assert (rating.star, rating.missing(5)) == (4, ["R9"])


def test_an_item_without_a_document_counts_for_nothing_and_machines_prove_one_without_words() -> None:
    made = facts(3, {"R4": 0})
    said = rate(replace(made, contents={**made.contents, "mes": Content(text="在用")}), RULES)
    row = next(one for one in said.rows if one.row.code == "R4")
    assert (row.value, row.note, row.source, row.passed[3]) == (Fraction(0), "no_document", "none", False)
    proven = rate(replace(made, contents={**made.contents, "production_data": Content(evidence=(RUN,))}), RULES)
    row = next(one for one in proven.rows if one.row.code == "R4")
    assert (row.value, row.source, row.evidence) == (Fraction(1), "measured", (RUN._replace(item="production_data"),))


def test_jiangsu_form_r7_both_divisors_are_shown_and_users_of_cloud_services_decide() -> None:
    figure = users_figure(40, cloud_users=50, all_people=200, divisor="cloud_users", accounts=60)
    assert figure.value == 80
    assert {name: figure.beside[name] for name in ("percent_of_cloud_users", "percent_of_people", "divisor")} == {
        "percent_of_cloud_users": "80",
        "percent_of_people": "20",
        "divisor": "cloud_users",
    }
    assert users_figure(40, cloud_users=50, all_people=200, divisor="people", accounts=60).value == 20
    nobody = users_figure(40, cloud_users=0, all_people=200, divisor="cloud_users", accounts=60)
    assert (nobody.value, nobody.note, nobody.beside["percent_of_people"]) == (None, "not_stated", "20")


def test_r11_is_mixed_where_a_voucher_holds_the_contract_that_is_named() -> None:
    contracts = [("JN-1", "HT-2018-07", 166667), ("JN-2", "HT-9", 5)]
    figure = declared_figure({"value": "200000.50", "document": "云服务合同 HT-2018-07"}, contracts)  # type: ignore[arg-type]
    assert (figure.value, figure.source, figure.beside["fee_by_vouchers"]) == (Fraction(40_000_100, 200), "mixed", "166667")
    assert declared_figure({"value": "60000", "document": ""}, contracts).note == "no_document"  # type: ignore[arg-type]
    assert declared_figure(None, []) == Figure(value=None, note="not_stated")


def test_a_value_that_falls_short_is_never_shown_as_the_threshold() -> None:
    assert shown(Fraction(29_999_999, 1_000_000)) == "29.99"
    assert [shown(one) for one in (Fraction(1000), Fraction(11, 2), Fraction(-1, 3), None)] == ["1000", "5.5", "-0.34", ""]


def test_the_hash_of_a_report_changes_with_any_value_and_not_with_the_order_of_keys() -> None:
    report = rating_json(rate(facts(3), RULES))
    turned = dict(reversed(report.items()))
    assert report_hash(report) == report_hash(turned)
    assert report_hash(report) != report_hash({**report, "star": 4})


def test_jiangsu_rating_4_the_table_has_all_items_under_the_names_of_the_document() -> None:
    assert {row: len(RULES.items_of(row)) for row in ("R1", "R2", "R3", "R4", "R5")} == {
        "R1": 6,
        "R2": 9,
        "R3": 3,
        "R4": 12,
        "R5": 6,
    }
    assert len({one.sub_class for one in RULES.items_of("R4")}) == 9
    assert len({one.sub_class for one in RULES.items_of("R5")}) == 4


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("产品/设备故障诊断和处理", "diagnosis"),
        ("产品故障诊断和处理", "diagnosis"),
        ("IT开发1", "it_development"),
        ("MES", "mes"),
    ],
)
def test_jiangsu_a7_row_8_other_names_of_items_are_aliases(name: str, code: str) -> None:
    found = RULES.item_named(name)
    assert found is not None
    assert found.code == code


def test_jiangsu_a7_rows_8_and_10_other_names_of_sub_classes_and_rows_are_aliases() -> None:
    assert RULES.sub_class_named("创新模式应用") == "基于云计算的创新应用模式"
    assert RULES.sub_class_named("没有这个") is None
    assert "业务主机宽带使用率" in RULES.row("R9").aliases
    assert "创新应用" in RULES.row("R5").class_aliases


def test_jiangsu_rating_2_2_kunshan_taixing_and_shuyang_organise_their_own_rating() -> None:
    below = {"320583": "320500", "321283": "321200", "321322": "321300"}
    found = [RULES.authority_of([county, city, "320000"]) for county, city in below.items()]
    assert found == ["昆山市", "泰兴市", "沭阳县"]
    assert RULES.authority_of(["320507", "320500", "320000"]) == "苏州市"
    assert RULES.authority_of(["370811"]) == ""
    assert len(RULES.authorities) - 1 == 16
