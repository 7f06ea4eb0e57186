"""Who gets a voucher, once, in which order and from which money (V1 to V3, V7, V9, V14, V16 of the reference)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from registry.vouchers.issuing import accept, apply, grant, newest_policy, register, store_policy
from registry.vouchers.redeeming import cancel, change_provider, disqualify, start_service, terminate
from registry.vouchers.words import NoSuchVoucher, StepRefused
from store.city_budgets import BudgetExceeded, ledger
from store.city_vouchers import Voucher, steps_taken
from store.database import RowRefused
from tests.registry.city import enterprise
from tests.registry.vouchers.town import COUNTY, OTHER_COUNTY, Town, cny, code_of, prolonged

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def registered(town: Town, number: int = 1, **values: Any) -> int:
    with town.desk() as at:
        return register(at, enterprise(at.connection, number, **values))


def test_jining_3_4_register_check_contract_and_the_voucher_is_made_by_itself(town: Town) -> None:
    town.grant(100_000)
    found = registered(town)
    assert town.see(found).state == "draft"
    with town.desk("county") as at:
        accept(at, found)
    told = town.apply(found, list_price=Decimal(120_000))
    assert told.why is None
    made = told.voucher
    assert (made.state, made.number, made.year, made.policy) == ("issued", f"JN2018-{found:06}", 2018, "jining-2018")
    assert (made.rate, made.is_certified) == (Decimal("0.30"), False)
    assert (made.cap, made.amount, made.enterprise_pays, made.provider_discount) == cny(50_000, 30_000, 70_000, 20_000)
    assert [(one.step, one.state, one.actor) for one in steps_taken(town.database, found)] == [
        ("register", "draft", "registrar"),
        ("accept", "member", "county"),
        ("apply", "contracted", "registrar"),
        ("issue", "issued", "registrar"),
    ]
    assert town.sums() == cny(100_000, 30_000, 0, 70_000)


def test_jining_3_4_only_a_member_may_apply(town: Town) -> None:
    town.grant(100_000)
    found = registered(town)
    with pytest.raises(StepRefused, match="to be checked cannot take the step: apply"):
        town.apply(found)
    assert town.see(found).state == "draft"


# --- V1 ------------------------------------------------------------------------------------------------------------


def test_jining_3_no_operation_hands_a_voucher_to_another_enterprise(town: Town) -> None:
    town.grant(100_000)
    found = town.issued()
    with town.desk() as at:
        other = enterprise(at.connection, 2)
    with pytest.raises(RowRefused, match="never handed to another"), town.database.connection() as connection:
        connection.execute(b"UPDATE city.voucher SET uscc = %s WHERE id = %s", [other, found])
    assert town.see(found).uscc == code_of(1)


@pytest.mark.parametrize(
    "statement",
    [
        b"DELETE FROM city.voucher",
        b"TRUNCATE city.voucher CASCADE",
        b"UPDATE city.voucher_step SET actor = 'nobody'",
        b"DELETE FROM city.voucher_step",
        b"UPDATE city.voucher_budget_entry SET amount = 1",
        b"DELETE FROM city.voucher_budget_entry",
        b"UPDATE city.voucher_policy SET made_by = 'nobody'",
        b"UPDATE city.voucher SET amount = amount - 1",
        b"UPDATE city.voucher SET number = 'JN1'",
        b"UPDATE city.voucher_budget SET reserved = granted + 1",
    ],
)
def test_what_is_recorded_is_not_changed_even_by_hand(town: Town, statement: bytes) -> None:
    town.grant(100_000)
    found = town.issued()
    before = town.see(found), steps_taken(town.database, found), town.budget()
    with pytest.raises(Exception, match="database:"), town.database.connection() as connection:
        connection.execute(statement)
    assert (town.see(found), steps_taken(town.database, found), town.budget()) == before


# --- V2, V16 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"uscc": code_of(1, head="92")}, "does not begin with 91"),
        ({"uscc": code_of(1, head="93")}, "does not begin with 91"),
        ({"is_independent": False}, "no independent legal person"),
        ({"code_state": "for_review", "code_problem": "inner"}, "still to be looked at"),
    ],
)
def test_jining_3_1_only_companies_that_are_independent_legal_persons_are_eligible(
    town: Town, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(StepRefused, match=said):
        registered(town, **values)
    assert town.all() == []


def test_jining_3_1_a_branch_is_no_legal_person(town: Town) -> None:
    with town.desk() as at:
        enterprise(at.connection, 1)
    with pytest.raises(StepRefused, match="but a branch"):
        registered(town, 2, head_uscc=code_of(1))


def test_jining_3_1_an_enterprise_of_another_city_is_not_eligible(town: Town) -> None:
    with town.database.connection() as connection:
        connection.execute(
            b"INSERT INTO city.area (code, level, label_zh, label_en, source) VALUES ('jinan', 'city', 'Jinan', 'Jinan', 'test')"
        )
    with pytest.raises(StepRefused, match="no policy on vouchers holds on 2018-03-01 here"):
        registered(town, area="jinan")


def test_jining_3_1_labels_give_priority_in_the_list_and_none_in_the_queue(town: Town) -> None:
    first, second = town.member(1), town.member(2)
    town.label(2, "specialised_new")
    town.apply(first)
    town.apply(second)
    assert town.grant(30_000) == [first]


def test_jining_3_6_who_is_on_the_negative_list_gets_no_voucher(town: Town) -> None:
    town.grant(100_000)
    member = town.member(1)
    town.label(1, "negative_list")
    with pytest.raises(StepRefused, match="negative list"):
        town.apply(member)
    with town.desk() as at:
        other = enterprise(at.connection, 2)
    town.label(2, "negative_list", until=date(2018, 3, 1))
    with pytest.raises(StepRefused, match="negative list"), town.desk() as at:
        register(at, other)
    town.later(date(2018, 3, 2))  # it has ended
    with town.desk() as at:
        register(at, other)


def test_jining_3_6_a_provider_on_the_negative_list_is_not_listed_and_sells_nothing(town: Town) -> None:
    town.grant(100_000)
    with town.desk() as at:
        enterprise(at.connection, 901)
    town.label(901, "negative_list")
    provider = town.add_provider(901, listed=False)
    with pytest.raises(StepRefused, match="on the negative list"), town.desk() as at:
        change_provider(at, provider, "listed", document="目录")
    member = town.member(1)
    with pytest.raises(StepRefused, match="provider is on the city's negative list"):
        town.apply(member, provider=provider)


@pytest.mark.parametrize("state", ["suspended", "struck_off"])
def test_jining_3_2_only_a_listed_provider_sells_for_vouchers(town: Town, state: str) -> None:
    town.grant(100_000)
    member = town.member(1)
    with pytest.raises(StepRefused, match="not on the list"):
        town.apply(member, provider=town.add_provider(901, listed=False))
    with town.desk() as at:
        change_provider(at, town.provider, state, document="决定1")
    with pytest.raises(StepRefused, match="not on the list"):
        town.apply(member)
    with pytest.raises(StepRefused, match="no such provider"):
        town.apply(member, provider=77)


def test_jining_3_6_a_provider_that_is_struck_off_never_comes_back(town: Town) -> None:
    with town.desk() as at:
        change_provider(at, town.provider, "struck_off", document="决定1")
    with pytest.raises(StepRefused, match="nothing else"), town.desk() as at:
        change_provider(at, town.provider, "listed", document="决定2")
    with pytest.raises(RowRefused, match="struck off"), town.database.connection() as connection:
        connection.execute(b"UPDATE city.voucher_provider SET state = 'listed'")


def test_jining_3_6_disqualifying_frees_the_money_and_puts_the_enterprise_on_the_list(town: Town) -> None:
    town.grant(30_000)
    found, waiting = town.issued(1), town.member(2)
    assert town.apply(waiting).voucher.state == "contracted"
    with town.desk("city") as at:
        assert disqualify(at, found, document="处理决定〔2018〕1号") == [waiting]
    assert [town.see(one).state for one in (found, waiting)] == ["disqualified", "issued"]
    with town.database.connection() as connection:
        rows = connection.execute(b"SELECT uscc, document FROM city.enterprise_label WHERE label = 'negative_list'").fetchall()
    assert rows == [(code_of(1), "处理决定〔2018〕1号")]
    assert town.budget().free == 0


# --- V3 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [terminate, disqualify])
def test_jining_3_4_one_enterprise_enjoys_it_once_over_all_years(town: Town, end: Any) -> None:
    town.grant(100_000)
    found = town.issued()
    again = f"an enterprise enjoys it once: there is voucher {found} already"
    with pytest.raises(StepRefused, match=again), town.desk() as at:
        register(at, code_of(1))
    with town.desk("county") as at:
        end(at, found, **{"note" if end is terminate else "document": "未履行"})
    town.later(date(2019, 3, 1))
    with pytest.raises(StepRefused, match="negative list" if end is disqualify else again), town.desk() as at:
        register(at, code_of(1))


def test_jining_3_4_a_voucher_given_back_before_any_service_leaves_room_for_another(town: Town) -> None:
    town.grant(100_000)
    found = town.issued()
    with town.desk() as at:
        cancel(at, found, note="企业撤回")
        again = register(at, code_of(1))
    assert [one.state for one in (town.see(found), town.see(again))] == ["cancelled", "draft"]
    assert town.sums() == cny(100_000, 0, 0, 100_000)


def test_jining_3_4_a_voucher_in_service_is_not_given_back(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    with pytest.raises(StepRefused, match="in service cannot take the step: cancel"), town.desk() as at:
        cancel(at, found, note="x")


# --- V7, V10 -------------------------------------------------------------------------------------------------------


def test_jining_3_5_the_rate_is_that_of_the_year_of_issue_and_not_of_the_contract(town: Town) -> None:
    waiting = town.member(1)
    town.apply(waiting)
    town.later(date(2019, 1, 7))
    assert town.grant(100_000, year=2019) == [waiting]
    made = town.see(waiting)
    assert (made.year, made.rate, made.amount) == (2019, Decimal("0.25"), Decimal(25_000))
    assert town.budget().vouchers == 0


def test_jining_3_5_the_new_year_begins_at_midnight_of_the_town(town: Town) -> None:
    town.grant(100_000, year=2019)
    member = town.member(1)
    town.now = datetime(2018, 12, 31, 15, 59, tzinfo=UTC)
    assert town.apply(member).voucher.state == "contracted"
    town.now = datetime(2018, 12, 31, 16, 0, tzinfo=UTC)
    second = town.member(2)
    town.apply(second)
    assert [town.see(one).year for one in (member, second)] == [2019, 2019]


def test_jining_3_5_the_city_decides_on_the_reading_of_the_decay_by_a_new_version(town: Town) -> None:
    town.grant(100_000, year=2026)
    town.later(date(2026, 3, 2))
    ended = r"no policy on vouchers holds on 2026-03-02 here \(jining-2018 2018-01-23\.\.2020-12-31"
    with pytest.raises(StepRefused, match=ended):
        town.member(1)
    with town.desk("city") as at:
        assert store_policy(at, prolonged(decay_mode="relative"))
        assert not store_policy(at, prolonged())
    assert town.see(town.issued(2)).rate == Decimal("0.285")


def test_the_version_that_a_city_made_goes_before_the_documents_own_whichever_is_needed_first(town: Town) -> None:
    with town.desk("city") as at:
        store_policy(at, prolonged(base_year=2018, rate=Decimal("0.10")))
    town.grant(100_000)
    assert town.see(town.issued()).rate == Decimal("0.10")
    with town.desk() as at:
        assert newest_policy(at.connection).version == "prolonged"


def test_jining_3_4_a_contract_that_is_not_performed_ends_the_voucher_for_good(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    with pytest.raises(StepRefused, match="name the reason"), town.desk("county") as at:
        terminate(at, found, note=" ")
    with town.desk("county") as at:
        terminate(at, found, note="合同未履行")
    assert town.sums() == cny(100_000, 0, 0, 100_000)
    with pytest.raises(StepRefused, match="terminated cannot take the step"), town.desk() as at:
        start_service(at, found, first_day=at.today, last_day=at.today)
    with pytest.raises(RowRefused, match="terminated is an end"), town.database.connection() as connection:
        connection.execute(b"UPDATE city.voucher SET state = 'issued' WHERE id = %s", [found])


# --- V14 -----------------------------------------------------------------------------------------------------------


def test_jining_3_3_who_comes_when_the_money_is_gone_is_told_so_and_waits(town: Town) -> None:
    town.grant(59_999)
    assert town.apply(town.member(1)).voucher.state == "issued"
    second, third = town.member(2), town.member(3)
    told = town.apply(second)
    assert told.voucher.state == "contracted"
    assert told.why
    assert told.why.en.startswith("the budget of jining-rencheng for 2018 is used up: 29,999.00 CNY is free, 30,000.00 is needed")
    assert "0 家排队" in told.why.zh
    assert town.apply(third).waiting_before == 1
    assert town.grant(1) == [second]
    with town.desk() as at:
        assert cancel(at, second, note="撤回") == [third]


def test_jining_3_3_a_small_application_does_not_overtake_a_large_one(town: Town) -> None:
    town.grant(40_000)
    large, small = town.member(1), town.member(2)
    assert town.apply(large, Decimal(200_000)).voucher.state == "contracted"
    assert town.apply(small, Decimal(1_000)).voucher.state == "contracted"
    assert town.grant(10_300) == [large, small]
    assert town.budget().free == 0


def test_who_may_not_have_a_voucher_any_more_holds_nobody_up(town: Town) -> None:
    first, second = town.member(1), town.member(2)
    town.apply(first)
    town.apply(second)
    town.label(1, "negative_list")
    assert town.grant(30_000) == [second]
    assert town.see(first).state == "contracted"


def test_jining_3_3_the_budget_is_the_countys_own(town: Town) -> None:
    town.grant(100_000, area=OTHER_COUNTY)
    assert town.apply(town.member(1)).voucher.state == "contracted"
    assert town.apply(town.member(2, area=OTHER_COUNTY)).voucher.state == "issued"


def test_jining_3_3_a_budget_is_never_cut_below_what_is_reserved(town: Town) -> None:
    town.grant(50_000)
    town.issued()
    with pytest.raises(BudgetExceeded, match=r"20000\.00 CNY is free"):
        town.grant(-20_001)
    town.grant(-20_000)
    assert town.sums() == cny(30_000, 30_000, 0, 0)
    lines = ledger(town.database, COUNTY, 2018)
    assert [one.kind for one in lines] == ["grant", "reservation", "grant"]
    assert tuple(one.amount for one in lines) == cny(50_000, 30_000, -20_000)


@pytest.mark.parametrize(("amount", "document"), [("0", "x"), ("1.001", "x"), ("NaN", "x"), ("1", " "), ("1E+30", "x")])
def test_a_grant_without_an_amount_or_a_document_is_refused(town: Town, amount: str, document: str) -> None:
    with pytest.raises(StepRefused, match="a grant"), town.desk() as at:
        grant(at, COUNTY, 2018, Decimal(amount), document=document)
    with pytest.raises(RowRefused), town.desk() as at:
        grant(at, "nowhere", 2018, Decimal(1), document="x")


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fee": Decimal(0)}, "the fee is above 0"),
        ({"fee": Decimal("NaN")}, "the fee is above 0"),
        ({"fee": Decimal("0.001")}, "whole fen"),
        ({"fee": Decimal(2), "list_price": Decimal(1)}, "at most the list price"),
        ({"fee": Decimal("0.01")}, "the rate of 2018 gives nothing"),
        ({"fee": Decimal(10**30)}, "the fee is above 0"),
        ({"services": ["9.9.99"]}, "the catalogue has no service 9.9.99"),
        ({"number": " "}, "no number"),
        ({"signed_on": date(2018, 3, 2)}, "in the future"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused_and_changes_nothing(town: Town, changes: dict[str, Any], said: str) -> None:
    town.grant(100_000)
    member = town.member(1)
    before: Voucher = town.see(member)
    with pytest.raises(StepRefused, match=said):
        town.apply(member, **changes)
    assert town.see(member) == before


def test_what_is_not_there_is_said_to_be_missing(town: Town) -> None:
    with pytest.raises(NoSuchVoucher, match="no enterprise 91X"), town.desk() as at:
        register(at, "91X")
    with pytest.raises(NoSuchVoucher, match="no voucher 5"), town.desk() as at:
        accept(at, 5)
    with pytest.raises(NoSuchVoucher, match="no voucher 5"), town.desk() as at:
        apply(at, 5, town.contract())
    with pytest.raises(NoSuchVoucher, match="no voucher 5"), town.desk() as at:
        cancel(at, 5, note="x")
    with pytest.raises(NoSuchVoucher, match="no provider 77"), town.desk() as at:
        change_provider(at, 77, "listed", document="x")
