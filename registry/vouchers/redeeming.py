"""From service to payment, and the ends of a voucher.

The provider asks each half-year, a third party evaluates, the county reviews and publicises, the city pays (Jining
三(四)). The ends: given back, terminated, or its enterprise disqualified (三(四), 三(六)). Every function runs in its caller's
transaction; locks are taken in the order batch, budgets, voucher.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from registry.vouchers.amount import deductions_due, is_money
from registry.vouchers.eligibility import CERTIFICATE, NEGATIVE_LIST, provider_problems
from registry.vouchers.halves import Half
from registry.vouchers.issuing import (
    Desk,
    issue_waiting,
    known_applicant,
    lock_voucher_after_budgets,
    locked,
    move,
    no_voucher,
    record,
    refuse,
    stored_policy,
)
from registry.vouchers.words import DEDUCTIONS, NoSuchVoucher, StepRefused, Words, money
from registry.working_days import add_working_days
from store.city_budgets import Entry, Kind, book
from store.city_voucher_parties import (
    PROVIDER_STATES,
    LockedBatch,
    evidence,
    lock_batch,
    lock_provider,
    move_provider,
    open_batch,
    providers,
    publish_batch,
    put_on_negative_list,
)
from store.city_vouchers import (
    DeductionLine,
    Voucher,
    add_deduction,
    change,
    deductions,
    drop_deductions,
    lock_voucher,
    place_of,
    vouchers_of_batch,
)

LONGEST_SERVICE = timedelta(days=5 * 366)
HOLDS_MONEY = frozenset({"issued", "in_service", "redemption_requested", "evaluated", "county_reviewed", "publicised"})


class Paid(NamedTuple):
    """What a run over a batch has paid, and what it has not, by voucher and with the reason."""

    paid: list[int]
    refused: dict[int, Words]


def start_service(at: Desk, voucher_id: int, *, first_day: date, last_day: date, note: str = "") -> None:
    """Note that the provider serves, and takes the voucher's amount off its bill.

    Raises
    ------
    StepRefused
    """
    found = locked(at, voucher_id, "start_service")
    if not first_day <= last_day <= first_day + LONGEST_SERVICE:
        raise StepRefused("服务期须有先后，且不超过五年", "the service ends after it begins, and within five years")
    change(at.connection, "serve", {"id": voucher_id, "service_from": first_day, "service_to": last_day})
    record(at, found.id, "start_service", "in_service", note=note, detail={"from": first_day, "to": last_day})


def request_redemption(
    at: Desk, voucher_id: int, half: Half, *, actual_fee: Decimal | None = None, note: str = ""
) -> list[DeductionLine]:
    """Put a voucher into the batch of its county's half-year, which must be over; give what the figures take off it.

    Raises
    ------
    StepRefused
    """
    if half.last_day >= at.today:
        raise StepRefused(f"{half} 尚未结束，每半年申请一次", f"{half} is not over: redemption is asked for each half-year")
    place = place_of(at.connection, voucher_id)
    if place is None:
        raise no_voucher(voucher_id)
    batch = open_batch(at.connection, area=place.area, year=half.year, half=half.half)
    found = locked(at, voucher_id, "request_redemption")
    assert found.policy
    assert found.amount
    assert found.fee
    assert found.rate is not None
    assert found.service_from
    if found.service_from > half.last_day:
        raise StepRefused(
            f"服务从 {found.service_from} 开始，晚于 {half}", f"the service began on {found.service_from}, after {half}"
        )
    if batch.published_on is not None:
        raise StepRefused(
            f"{half} 批次已于 {batch.published_on} 公示，请申请下一个半年",
            f"the batch of {half} was publicised on {batch.published_on}: ask with the next half-year",
        )
    who = known_applicant(at, found.uscc)
    _check_parties(at, found, who.labels)
    real_fee = found.fee if actual_fee is None else actual_fee
    if not is_money(real_fee):
        raise StepRefused("实际费用须大于零、精确到分", "the real fee is above 0, in whole fen")
    change(at.connection, "request", {"id": voucher_id, "batch_id": batch.id})
    due = deductions_due(
        stored_policy(at, found.policy).amount,
        amount=found.amount,
        rate=found.rate,
        was_certified=bool(found.is_certified),
        is_certified=CERTIFICATE in who.labels,
        fee=found.fee,
        actual_fee=real_fee,
    )
    lines = [DeductionLine(one.reason, one.amount, DEDUCTIONS[one.reason].zh, at.now, at.actor) for one in due]
    for line in lines:
        add_deduction(at.connection, voucher_id, line)
    record(
        at,
        voucher_id,
        "request_redemption",
        "redemption_requested",
        note=note,
        detail={"half": str(half), "actual_fee": real_fee, "deductions": {one.reason: str(one.amount) for one in due}},
    )
    return lines


def withdraw_request(at: Desk, voucher_id: int, *, note: str = "") -> None:
    """Take a voucher out of its batch; its deductions go with the request, and stay in the history."""
    found = locked(at, voucher_id, "withdraw_request")
    lines = {f"{line.reason}: {line.note}": str(line.amount) for line in deductions(at.connection, voucher_id)}
    drop_deductions(at.connection, voucher_id)
    change(at.connection, "withdraw", {"id": voucher_id})
    record(at, found.id, "withdraw_request", "in_service", note=note, detail={"deductions": lines})


def evaluate(at: Desk, voucher_id: int, *, passed: bool, evaluator: str, document: str, note: str = "") -> None:
    """Record what the third party found.

    Raises
    ------
    StepRefused
        If it is not said who has evaluated, and in which document.
    """
    found = locked(at, voucher_id, "evaluate")
    if not evaluator.strip() or not document.strip():
        raise StepRefused("请填写第三方机构和评价文件", "name the third party and its document")
    change(at.connection, "evaluate", {"id": voucher_id, "passed": passed})
    detail = {"passed": passed, "evaluator": evaluator, "document": document}
    record(at, found.id, "evaluate", "evaluated", note=note, detail=detail)


def deduct(at: Desk, voucher_id: int, amount: Decimal, *, note: str) -> None:
    """Take something off for the quality of the service, before the county reviews it.

    Raises
    ------
    StepRefused
        If no reason is given, or more is taken off than is left.
    """
    found = lock_voucher(at.connection, voucher_id)
    if found is None:
        raise no_voucher(voucher_id)
    if found.state not in ("redemption_requested", "evaluated"):
        raise StepRefused("只能在申请兑付之后、县级审核之前核减", "deductions are made between request and review")
    assert found.amount
    left = found.amount - sum((line.amount for line in deductions(at.connection, voucher_id)), Decimal(0))
    if not note.strip():
        raise StepRefused("核减须注明原因", "a deduction names its reason")
    if not is_money(amount) or amount > left:
        raise StepRefused(
            f"核减须大于零、不超过余额 {money(left)} 元", f"a deduction is above 0 and at most the {money(left)} CNY left"
        )
    add_deduction(at.connection, voucher_id, DeductionLine("quality", amount, note, at.now, at.actor))
    record(at, voucher_id, "deduct", found.state, note=note, detail={"amount": amount})


def review(at: Desk, voucher_id: int, *, note: str = "") -> Decimal:
    """Let the county confirm what is to be paid, and give it in CNY.

    Raises
    ------
    StepRefused
        If the third party's evaluation was not passed.
    """
    found = locked(at, voucher_id, "review")
    if not found.evaluation_passed:
        raise StepRefused("第三方评价未通过，请撤回或终止", "the evaluation was not passed: withdraw the request or terminate")
    assert found.amount
    redeemed = found.amount - sum((line.amount for line in deductions(at.connection, voucher_id)), Decimal(0))
    change(at.connection, "review", {"id": voucher_id, "redeemed": redeemed, "actor": at.actor})
    record(at, voucher_id, "review", "county_reviewed", note=note, detail={"redeemed": redeemed})
    return redeemed


def publicise(at: Desk, batch_id: int) -> date:
    """Publicise a county's batch, all of whose vouchers are reviewed, and give the last day of the publicity.

    The day of publication does not count; payment begins on the day after the last full working day.

    Raises
    ------
    StepRefused
    registry.working_days.CalendarUnknown
        If the public holidays of a day in between are not known yet.
    """
    batch = _locked_batch(at, batch_id)
    if batch.published_on is not None:
        raise StepRefused(f"已于 {batch.published_on} 公示", f"it was publicised on {batch.published_on}")
    all_there = vouchers_of_batch(at.connection, batch_id)
    open_yet = [one for one in all_there if one.state in ("redemption_requested", "evaluated")]
    ready = [one for one in all_there if one.state == "county_reviewed"]
    if open_yet:
        raise StepRefused(f"还有 {len(open_yet)} 张券未经县级审核", f"{len(open_yet)} vouchers are not reviewed yet")
    if not ready:
        raise StepRefused("批次中没有待公示的券", "there is nothing to publicise in this batch")
    days = max(stored_policy(at, one.policy or "").redemption.publicity_working_days for one in ready)
    last_day = add_working_days(at.today, days)
    publish_batch(at.connection, batch_id, day=at.today, last_day=last_day, actor=at.actor)
    for one in ready:
        move(at, locked(at, one.id, "publicise"), "publicise", detail={"last_day": last_day})
    return last_day


def pay(at: Desk, voucher_id: int, *, although_silent: bool = False, note: str = "") -> Decimal:
    """Pay a voucher after its publicity, and give what was paid in CNY; what was deducted goes back into the budget.

    Raises
    ------
    StepRefused
        If the publicity is not over, the payer has reviewed it, somebody is on the negative list, or the enterprise's machines
        sent nothing in the half-year and nobody says that it shall be paid all the same.
    """
    found = lock_voucher_after_budgets(at, voucher_id, "pay")
    assert found.publicity_last_day
    assert found.amount
    assert found.redeemed is not None
    if at.today <= found.publicity_last_day:
        raise StepRefused(
            f"公示到 {found.publicity_last_day} 为止", f"the publicity lasts to the end of {found.publicity_last_day}"
        )
    if at.actor == found.reviewed_by:
        raise StepRefused("审核与拨付不能是同一人", "who has reviewed it does not pay it: four eyes")
    _check_parties(at, found, known_applicant(at, found.uscc).labels)
    (seen,) = evidence(at.connection, voucher_id=voucher_id)
    if seen.is_silent and not although_silent:
        raise StepRefused(
            f"{seen.first_day} 至 {seen.last_day} 期间，企业设备没有任何数据",
            f"the enterprise's machines sent nothing from {seen.first_day} to {seen.last_day}",
        )
    change(at.connection, "pay", {"id": voucher_id, "day": at.today, "actor": at.actor})
    _book(at, found, "payment", found.redeemed)
    _book(at, found, "release", found.amount - found.redeemed)
    detail = {"paid": found.redeemed, "days_with_data": seen.days, "although_silent": seen.is_silent}
    record(at, voucher_id, "pay", "paid", note=note, detail=detail)
    _pass_on(at, found)
    return found.redeemed


def pay_batch(at: Desk, batch_id: int) -> Paid:
    """Pay all vouchers of a batch that nothing speaks against, and tell of the others why not."""
    _locked_batch(at, batch_id)
    paid, refused = [], {}
    for one in vouchers_of_batch(at.connection, batch_id):
        if one.state == "publicised":
            try:
                pay(at, one.id)
                paid.append(one.id)
            except StepRefused as error:  # it has changed nothing yet
                refused[one.id] = error.words
    return Paid(paid, refused)


def cancel(at: Desk, voucher_id: int, *, note: str) -> list[int]:
    """Give a voucher back before any service, and give those that are issued with the money: the enterprise may apply again."""
    return _end(at, voucher_id, "cancel", note=note)


def terminate(at: Desk, voucher_id: int, *, note: str) -> list[int]:
    """End a voucher whose contract is not performed; there is no way back, and no other voucher for the enterprise."""
    return _end(at, voucher_id, "terminate", note=note)


def disqualify(at: Desk, voucher_id: int, *, document: str) -> list[int]:
    """End a voucher got by cheating, and put its enterprise on the negative list; what was paid is reclaimed elsewhere."""
    issued = _end(at, voucher_id, "disqualify", note=document)
    found = lock_voucher(at.connection, voucher_id)
    assert found is not None
    if NEGATIVE_LIST not in known_applicant(at, found.uscc).labels:
        put_on_negative_list(at.connection, found.uscc, day=at.today, document=document, actor=at.actor)
    return issued


def change_provider(at: Desk, provider_id: int, state: str, *, document: str) -> None:
    """List, suspend or strike off a provider (struck off: for ever).

    Raises
    ------
    StepRefused
    """
    before = lock_provider(at.connection, provider_id)
    if before is None:
        raise NoSuchVoucher(f"没有 {provider_id} 号服务商", f"there is no provider {provider_id}")
    if state not in PROVIDER_STATES[before]:
        legal = ", ".join(sorted(PROVIDER_STATES[before])) or "nothing else"
        raise StepRefused(f"“{before}”的服务商不能改为“{state}”", f"a provider that is {before} can become {legal}")
    if not document.strip():
        raise StepRefused("请注明文件", "name the document of the decision")
    if state == "listed":
        (found,) = providers(at.connection, day=at.today, provider_id=provider_id)
        if found.is_on_negative_list:
            raise StepRefused("服务商列入负面清单", "the provider is on the negative list")
        if not found.services:
            raise StepRefused("服务商没有提交服务目录", "the provider has no services of the catalogue")
    move_provider(at.connection, provider_id, state=state, document=document)


def _end(at: Desk, voucher_id: int, step: str, *, note: str) -> list[int]:
    found = lock_voucher_after_budgets(at, voucher_id, step)
    if not note.strip():
        raise StepRefused("请注明原因或文件", "name the reason or the document")
    move(at, found, step, note=note)
    if found.state in HOLDS_MONEY:
        _book(at, found, "release", found.amount or Decimal(0))
    return _pass_on(at, found)


def _pass_on(at: Desk, found: Voucher) -> list[int]:
    """Issue to who waits what a voucher has left of this year's money; that of years gone by is given to nobody."""
    return issue_waiting(at, found.area) if found.year in (None, at.today.year) else []


def _book(at: Desk, found: Voucher, kind: Kind, amount: Decimal) -> None:
    if amount:
        assert found.year
        entry = Entry(
            area=found.area,
            year=found.year,
            kind=kind,
            amount=amount,
            voucher_id=found.id,
            time=at.now,
            actor=at.actor,
            note=found.number or "",
        )
        book(at.connection, entry)


def _check_parties(at: Desk, found: Voucher, labels: Iterable[str]) -> None:
    reasons = provider_problems(next(iter(providers(at.connection, day=at.today, provider_id=found.provider_id)), None))
    if NEGATIVE_LIST in labels:
        reasons.append(Words("企业列入负面清单", "the enterprise is on the negative list"))
    refuse(reasons)


def _locked_batch(at: Desk, batch_id: int) -> LockedBatch:
    found = lock_batch(at.connection, batch_id)
    if found is None:
        raise NoSuchVoucher(f"没有 {batch_id} 号批次", f"there is no batch {batch_id}")
    return found
