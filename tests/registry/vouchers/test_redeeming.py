"""Half-yearly redemption, evaluation, review, publicity, payment, deductions, silence (V4, V6, V9, V11 to V13, V16)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from registry.vouchers.halves import Half
from registry.vouchers.issuing import store_policy
from registry.vouchers.redeeming import (
    cancel,
    deduct,
    disqualify,
    evaluate,
    pay,
    pay_batch,
    publicise,
    request_redemption,
    review,
    start_service,
    terminate,
    withdraw_request,
)
from registry.vouchers.words import NoSuchVoucher, StepRefused
from registry.working_days import CalendarUnknown
from store.city_voucher_parties import Evidence, batches, evidence
from store.city_vouchers import deductions, steps_taken
from store.database import RowRefused
from tests.registry.city import gateway, machine
from tests.registry.vouchers.town import FIRST_HALF, Town, cny, code_of, prolonged

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
AFTER = date(2018, 7, 17)
"""The day after the publicity."""


def request(town: Town, voucher_id: int, half: Half = FIRST_HALF, **values: Any) -> list[tuple[str, Decimal]]:
    with town.desk() as at:
        return [(line.reason, line.amount) for line in request_redemption(at, voucher_id, half, **values)]


def paid(town: Town, voucher_id: int, actor: str = "city", **values: Any) -> Decimal:
    with town.desk(actor) as at:
        return pay(at, voucher_id, **values)


def test_jining_3_4_from_service_to_payment_with_all_that_is_recorded(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    town.later(AFTER)
    assert paid(town, found) == 30_000
    made = town.see(found)
    assert (made.state, made.redeemed, made.reviewed_by, made.paid_by, made.paid_on) == (
        *("paid", Decimal(30_000)),
        *("county", "city", AFTER),
    )
    assert town.sums() == cny(100_000, 0, 30_000, 70_000)
    assert [one.step for one in steps_taken(town.database, found)][3:] == [
        *("issue", "start_service", "request_redemption", "evaluate", "review", "publicise", "pay"),
    ]
    with pytest.raises(StepRefused, match="paid cannot take the step: pay"):
        paid(town, found)
    with pytest.raises(RowRefused, match="it is paid"), town.database.connection() as connection:
        connection.execute(b"UPDATE city.voucher SET state = 'publicised'")


# --- V11 -----------------------------------------------------------------------------------------------------------


def test_jining_3_4_redemption_is_asked_for_when_a_half_year_is_over(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    town.later(date(2018, 6, 30))
    with pytest.raises(StepRefused, match="2018H1 is not over"):
        request(town, found)
    town.later(date(2018, 7, 1))
    with pytest.raises(StepRefused, match="2018H2 is not over"):
        request(town, found, Half(2018, 2))
    with pytest.raises(StepRefused, match="began on 2018-03-01, after 2017H2"):
        request(town, found, Half(2017, 2))
    request(town, found)
    assert [(one.year, one.half, one.vouchers, one.amount) for one in batches(town.database)] == [(2018, 1, 1, Decimal(30_000))]
    with pytest.raises(StepRefused, match="redemption requested cannot take"):
        request(town, found)


def test_jining_3_4_who_is_late_comes_with_the_next_half_year(town: Town) -> None:
    town.grant(100_000)
    late = town.in_service(2)
    town.publicised(1)
    with pytest.raises(StepRefused, match=r"2018H1 was publicised on 2018-07-09: ask with the next"):
        request(town, late)
    town.later(date(2019, 1, 2))
    request(town, late, Half(2018, 2))
    assert town.see(late).batch_half == 2


def test_a_request_is_withdrawn_with_its_deductions_and_made_again(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    town.later(date(2018, 7, 2))
    assert request(town, found, actual_fee=Decimal(90_000)) == [("lower_fee", Decimal(3_000))]
    with town.desk() as at:
        withdraw_request(at, found, note="填错")
    assert town.see(found).state == "in_service"
    assert steps_taken(town.database, found)[-1].detail == {"deductions": {"lower_fee: 实际费用低于合同": "3000.00"}}
    assert request(town, found) == []


# --- V12 -----------------------------------------------------------------------------------------------------------


def test_jining_3_4_publicity_lasts_five_full_working_days(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    assert town.see(found).publicity_last_day == date(2018, 7, 16)
    town.later(date(2018, 7, 16))
    with pytest.raises(StepRefused, match="lasts to the end of 2018-07-16"):
        paid(town, found)
    town.later(AFTER)
    assert paid(town, found) == 30_000


def test_jining_3_4_national_day_makes_the_publicity_longer(town: Town) -> None:
    town.grant(100_000)
    town.reviewed()
    town.later(date(2018, 9, 28))
    with town.desk("county") as at:
        assert publicise(at, batches(town.database)[0].id) == date(2018, 10, 10)


def test_jining_3_4_a_publicity_into_a_year_without_known_holidays_is_refused_and_changes_nothing(town: Town) -> None:
    town.grant(100_000)
    found = town.reviewed()
    town.later(date(2099, 12, 30))
    with pytest.raises(CalendarUnknown, match="update it with pip install -U chinesecalendar"), town.desk("county") as at:
        publicise(at, batches(town.database)[0].id)
    assert town.see(found).state == "county_reviewed"
    assert batches(town.database)[0].published_on is None


def test_jining_3_4_nothing_is_publicised_before_evaluation_and_review(town: Town) -> None:
    town.grant(200_000)
    town.reviewed(1)
    open_yet = town.in_service(2)
    town.later(date(2018, 7, 9))
    request(town, open_yet)
    (batch,) = batches(town.database)
    with pytest.raises(StepRefused, match="1 vouchers are not reviewed yet"), town.desk("county") as at:
        publicise(at, batch.id)
    with town.desk("county") as at:
        terminate(at, open_yet, note="未履行")
        publicise(at, batch.id)
    with pytest.raises(StepRefused, match="it was publicised on 2018-07-09"), town.desk("county") as at:
        publicise(at, batch.id)


def test_jining_3_4_a_voucher_that_the_third_party_did_not_pass_is_not_reviewed(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    town.later(date(2018, 7, 9))
    request(town, found)
    with pytest.raises(StepRefused, match="requested cannot take the step: review"), town.desk("county") as at:
        review(at, found)
    with pytest.raises(StepRefused, match="name the third party"), town.desk() as at:
        evaluate(at, found, passed=False, evaluator="", document="x")
    with town.desk() as at:
        evaluate(at, found, passed=False, evaluator="第三方", document="评1")
    with pytest.raises(StepRefused, match="was not passed"), town.desk("county") as at:
        review(at, found)


def test_jining_3_4_who_reviews_does_not_pay(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    town.later(AFTER)
    with pytest.raises(StepRefused, match="four eyes"):
        paid(town, found, "county")
    with pytest.raises(RowRefused, match="voucher_check"), town.database.connection() as connection:
        connection.execute(b"UPDATE city.voucher SET state = 'paid', paid_by = 'county' WHERE id = %s", [found])
    assert town.sums() == cny(100_000, 30_000, 0, 70_000)


# --- V6, V13 -------------------------------------------------------------------------------------------------------


def test_jining_3_5_a_certificate_that_ends_before_redemption_leaves_the_plain_cap(town: Town) -> None:
    town.grant(100_000)
    member = town.member(1)
    town.label(1, "integration_certificate", until=date(2018, 7, 1))
    assert town.apply(member, Decimal(300_000)).voucher.amount == 60_000
    with town.desk() as at:
        start_service(at, member, first_day=at.today, last_day=at.today)
    town.later(date(2018, 7, 2))
    assert request(town, member) == [("certificate_ended", Decimal(10_000))]


def test_jining_3_5_a_certificate_that_holds_on_the_day_of_redemption_keeps_the_cap(town: Town) -> None:
    town.grant(100_000)
    member = town.member(1)
    town.label(1, "integration_certificate", until=date(2018, 7, 2))
    town.apply(member, Decimal(300_000))
    with town.desk() as at:
        start_service(at, member, first_day=at.today, last_day=at.today)
    town.later(date(2018, 7, 2))
    assert request(town, member) == []


def test_jining_3_4_quality_problems_reduce_what_is_redeemed_line_by_line(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    town.later(date(2018, 7, 2))
    request(town, found)
    with town.desk() as at:
        deduct(at, found, Decimal("1234.56"), note="停机两天")
        evaluate(at, found, passed=True, evaluator="第三方", document="评1")
        deduct(at, found, Decimal(1_000), note="响应慢")
    with town.desk("county") as at:
        assert review(at, found) == Decimal("27765.44")
        publicise(at, batches(town.database)[0].id)
    town.later(date(2018, 7, 12))
    assert paid(town, found) == Decimal("27765.44")
    assert town.sums() == (Decimal(100_000), Decimal(0), Decimal("27765.44"), Decimal("72234.56"))
    with town.database.connection() as connection:
        assert [line.note for line in deductions(connection, found)] == ["停机两天", "响应慢"]


@pytest.mark.parametrize(
    ("amount", "note", "said"),
    [
        ("0", "x", "above 0 and at most the 30,000.00 CNY left"),
        ("30000.01", "x", "at most the 30,000.00 CNY left"),
        ("NaN", "x", "above 0"),
        ("1", " ", "names its reason"),
    ],
)
def test_a_deduction_that_makes_no_sense_is_refused(town: Town, amount: str, note: str, said: str) -> None:
    town.grant(100_000)
    found = town.in_service()
    with pytest.raises(StepRefused, match="between request and review"), town.desk() as at:
        deduct(at, found, Decimal(1), note="x")
    town.later(date(2018, 7, 2))
    request(town, found)
    with pytest.raises(StepRefused, match=said), town.desk() as at:
        deduct(at, found, Decimal(amount), note=note)


def test_a_voucher_that_is_deducted_to_nothing_is_paid_as_nothing_and_frees_its_money(town: Town) -> None:
    town.grant(30_000)
    found = town.in_service()
    waiting = town.member(2)
    town.apply(waiting)
    town.later(date(2018, 7, 2))
    request(town, found)
    with town.desk() as at:
        deduct(at, found, Decimal(30_000), note="未达标")
        evaluate(at, found, passed=True, evaluator="第三方", document="评1")
    with town.desk("county") as at:
        review(at, found)
        publicise(at, batches(town.database)[0].id)
    town.later(AFTER)
    assert paid(town, found) == 0
    assert town.see(waiting).state == "issued"


# --- V16 -----------------------------------------------------------------------------------------------------------


def test_jining_3_6_nobody_on_the_negative_list_is_paid(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    town.label(1, "negative_list")
    town.later(AFTER)
    with pytest.raises(StepRefused, match="enterprise is on the negative list"):
        paid(town, found)
    (batch,) = batches(town.database)
    with town.desk("city") as at:
        told = pay_batch(at, batch.id)
    assert (told.paid, list(told.refused)) == ([], [found])


def test_jining_3_6_cheating_that_is_found_after_payment_still_disqualifies(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    town.later(AFTER)
    paid(town, found)
    with town.desk("city") as at:
        disqualify(at, found, document="处理决定")
    assert town.see(found).state == "disqualified"
    assert town.sums() == cny(100_000, 0, 30_000, 70_000)


def test_an_issued_voucher_gives_its_money_back_once(town: Town) -> None:
    town.grant(100_000)
    found = town.issued()
    with town.desk() as at:
        cancel(at, found, note="撤回")
    with pytest.raises(RowRefused, match="more than is held"), town.database.connection() as connection:
        connection.execute(
            b"INSERT INTO city.voucher_budget_entry (area, year, kind, amount, voucher_id, time, actor)"
            b" VALUES ('jining-rencheng', 2018, 'payment', 1, %s, now(), 'x')",
            [found],
        )


# --- paid but silent -----------------------------------------------------------------------------------------------


def reports(town: Town, number: int, *days: date) -> None:
    """Give an enterprise a machine on which something came on some days."""
    with town.database.connection() as connection:
        name = gateway(connection, f"gw-{number}", code_of(number))
        machine(connection, code_of(number), gateway=name, equipment_name="boiler-1")
        row = connection.execute(
            b"INSERT INTO reading.equipment (gateway, name, kind) VALUES (%s, 'boiler-1', 'boiler') RETURNING id", [name]
        ).fetchone()
        assert row is not None
        for day in days:
            connection.execute(
                b"INSERT INTO city.day_fact (equipment_id, day, number, point_set_id, hours, point_hours)"
                b" VALUES (%s, %s, nextval('city.day_fact_number'), 1, 8, '{8}')",
                [row[0], day],
            )


def seen(town: Town, voucher_id: int) -> Evidence:
    with town.database.connection() as connection:
        (found,) = evidence(connection, voucher_id=voucher_id)
    return found


def test_a_voucher_whose_enterprise_sent_nothing_in_the_half_year_is_not_paid_unawares(town: Town) -> None:
    town.grant(100_000)
    silent = town.reviewed(1)
    loud = town.publicised(2)
    reports(town, 1, date(2018, 2, 28), date(2018, 7, 1))  # before the service, and after the half-year
    reports(town, 2, date(2018, 3, 1), date(2018, 6, 30), date(2018, 7, 1))
    assert (seen(town, silent).days, seen(town, silent).is_silent, seen(town, silent).machines) == (0, True, 1)
    assert (seen(town, loud).days, seen(town, loud).is_silent) == (2, False)
    assert (seen(town, loud).first_day, seen(town, loud).last_day) == (date(2018, 3, 1), date(2018, 6, 30))
    town.later(AFTER)
    with town.desk("city") as at:
        told = pay_batch(at, batches(town.database)[0].id)
    assert told.paid == [loud]
    assert told.refused[silent].en == "the enterprise's machines sent nothing from 2018-03-01 to 2018-06-30"
    assert paid(town, silent, although_silent=True, note="已现场核实") == 30_000
    last = steps_taken(town.database, silent)[-1]
    assert (last.note, last.detail["although_silent"], last.detail["days_with_data"]) == ("已现场核实", True, 0)
    assert [one.voucher_id for one in _all(town) if one.is_silent] == [silent]


def _all(town: Town) -> list[Evidence]:
    with town.database.connection() as connection:
        return evidence(connection)


def test_where_no_facts_of_the_time_are_there_nobody_is_called_silent(town: Town) -> None:
    town.grant(100_000)
    found = town.publicised()
    assert (seen(town, found).is_known, seen(town, found).is_silent, seen(town, found).machines) == (False, False, 0)


def test_a_service_that_ended_before_the_half_year_is_looked_at_in_its_own_last_one(town: Town) -> None:
    town.grant(100_000)
    found = town.issued()
    with town.desk() as at:
        start_service(at, found, first_day=date(2018, 3, 1), last_day=date(2018, 5, 31))
    town.later(date(2019, 1, 7))
    request(town, found, Half(2018, 2))
    assert (seen(town, found).first_day, seen(town, found).last_day) == (date(2018, 3, 1), date(2018, 5, 31))


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [(date(2018, 3, 2), date(2018, 3, 1)), (date(2018, 3, 1), date(2028, 3, 1))])
def test_a_service_that_ends_before_it_begins_or_never_is_refused(town: Town, days: tuple[date, date]) -> None:
    town.grant(100_000)
    found = town.issued()
    with pytest.raises(StepRefused, match="the service ends"), town.desk() as at:
        start_service(at, found, first_day=days[0], last_day=days[1])


def test_a_real_fee_that_is_none_is_refused(town: Town) -> None:
    town.grant(100_000)
    found = town.in_service()
    town.later(date(2018, 7, 2))
    for fee in ("0", "-1", "NaN", "0.001", "1E+30"):
        with pytest.raises(StepRefused, match="the real fee"):
            request(town, found, actual_fee=Decimal(fee))
    assert batches(town.database) == []


def test_what_is_not_there_is_said_to_be_missing(town: Town) -> None:
    for act in (publicise, pay_batch):
        with pytest.raises(NoSuchVoucher, match="no batch 5"), town.desk() as at:
            act(at, 5)
    town.later(date(2018, 7, 2))
    steps: list[tuple[Any, dict[str, Any]]] = [
        (pay, {}),
        (review, {}),
        (request_redemption, {"half": FIRST_HALF}),
        (deduct, {"amount": Decimal(1), "note": "x"}),
    ]
    for step, values in steps:
        with pytest.raises(NoSuchVoucher, match="no voucher 5"), town.desk() as at:
            step(at, 5, **values)


def test_a_prolonged_policy_prolongs_its_publicity_as_well(town: Town) -> None:
    longer = prolonged()
    redemption = longer.redemption.model_copy(update={"publicity_working_days": 7})
    with town.desk("city") as at:
        store_policy(at, longer.model_copy(update={"redemption": redemption}))
    town.later(date(2026, 3, 2))
    town.grant(100_000, year=2026)
    found = town.in_service()
    town.later(date(2026, 7, 6))
    request(town, found, Half(2026, 1))
    with town.desk() as at:
        evaluate(at, found, passed=True, evaluator="第三方", document="评1")
    with town.desk("county") as at:
        review(at, found)
        assert publicise(at, batches(town.database)[0].id) == date(2026, 7, 15)
