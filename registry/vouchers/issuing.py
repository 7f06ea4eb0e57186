"""From registration to the voucher: who comes first is served first, until the county's money is gone (Jining 三(三), 三(四)).

Every function runs in the transaction of its caller, who also writes the audit log in it. The lock on the county's budgets is
taken before that on a voucher, always.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from registry.vouchers.amount import Quote, is_money, quote
from registry.vouchers.catalogue import unknown
from registry.vouchers.eligibility import CERTIFICATE, problems, provider_problems
from registry.vouchers.policy import VoucherPolicy, default_policy
from registry.vouchers.states import Step, steps
from registry.vouchers.words import STATES, STEPS, NoSuchVoucher, StepRefused, Words, money
from store.city_budgets import Entry, book, free_money, lock_budgets
from store.city_budgets import grant as book_grant
from store.city_voucher_parties import Applicant, add_policy, applicant, policies, providers
from store.city_vouchers import (
    Voucher,
    add_draft,
    add_step,
    change,
    count_before,
    lock_voucher,
    next_waiting,
    place_of,
    standing_of,
)
from store.database import Connection

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who acts, when, and in which transaction; days are those of the city's time zone."""

    connection: Connection
    actor: str
    now: datetime
    zone: str = ZONE

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()


class Contract(NamedTuple):
    """What an enterprise has agreed with a provider; money in CNY."""

    provider_id: int
    services: list[str]
    """Codes of the catalogue."""
    number: str
    signed_on: date
    list_price: Decimal
    fee: Decimal
    """What it costs after the provider's discount, before the voucher."""


class Applied(NamedTuple):
    """What became of an application: issued, or where it waits and why."""

    voucher: Voucher
    waiting_before: int
    why: Words | None


def desk(connection: Connection, actor: str, *, now: datetime | None = None, zone: str = ZONE) -> Desk:
    return Desk(connection=connection, actor=actor, now=now or datetime.now(UTC), zone=zone)


def policy_for(at: Desk, areas: list[str]) -> VoucherPolicy:
    """Give the newest policy that holds today in one of some areas.

    Raises
    ------
    StepRefused
    """
    store_policy(at, default_policy())
    stored = policies(at.connection)
    there = [one for one in stored if one.area in areas]
    holding = [one for one in there if one.valid_from <= at.today <= one.valid_to]
    if not holding:
        known = "; ".join(f"{one.version} {one.valid_from}..{one.valid_to}" for one in there) or "—"
        raise StepRefused(
            f"{at.today} 没有生效的云服务券政策（{known}）",
            f"no policy on vouchers holds on {at.today} here ({known}); load one with shangyun registry vouchers policy",
        )
    return VoucherPolicy.model_validate(holding[-1].parameters)


def newest_policy(connection: Connection) -> VoucherPolicy:
    """Give the policy that was stored last, for figures without an enterprise; the document's own where there is none."""
    stored = policies(connection)
    return VoucherPolicy.model_validate(stored[-1].parameters) if stored else default_policy()


def stored_policy(at: Desk, version: str) -> VoucherPolicy:
    """Give the policy that a voucher was issued by."""
    found = next(one for one in policies(at.connection) if one.version == version)
    return VoucherPolicy.model_validate(found.parameters)


def store_policy(at: Desk, policy: VoucherPolicy) -> bool:
    """Store a version; False if it is there already (it is never changed). The document's own is always the oldest."""
    if policy.version != default_policy().version:
        store_policy(at, default_policy())
    return add_policy(
        at.connection,
        version=policy.version,
        document=policy.document,
        area=policy.area,
        valid_from=policy.valid_from,
        valid_to=policy.valid_to,
        parameters=policy.model_dump(mode="json"),
        actor=at.actor,
    )


def register(at: Desk, uscc: str) -> int:
    """Register an enterprise for a voucher (draft), and give its number.

    Raises
    ------
    StepRefused
        If it may not have one, or has had one: once over all years (三(四)).
    """
    who = known_applicant(at, uscc)
    policy = policy_for(at, who.areas)
    refuse(problems(who, policy.eligibility, city=policy.area))
    number = add_draft(at.connection, uscc=uscc, area=who.area, now=at.now, actor=at.actor)
    if number is None:
        raise StepRefused(
            f"每家企业只享受一次：已有云服务券 {standing_of(at.connection, uscc)} 号",
            f"an enterprise enjoys it once: there is voucher {standing_of(at.connection, uscc)} already",
        )
    record(at, number, "register", "draft")
    return number


def accept(at: Desk, voucher_id: int, *, note: str = "") -> None:
    """Make an enterprise a member, after the county has checked its registration."""
    found = locked(at, voucher_id, "accept")
    who = known_applicant(at, found.uscc)
    policy = policy_for(at, who.areas)
    refuse(problems(who, policy.eligibility, city=policy.area))
    move(at, found, "accept", note=note)


def apply(at: Desk, voucher_id: int, contract: Contract) -> Applied:
    """Put a member's contract into the county's queue, and issue what the queue and the budget give.

    Raises
    ------
    StepRefused
        If enterprise, provider, contract or state do not allow it. A budget that is used up refuses nobody here: the application
        waits in its place, and `Applied.why` says so.
    """
    place = place_of(at.connection, voucher_id)
    if place is None:
        raise no_voucher(voucher_id)
    who = known_applicant(at, place.uscc)
    lock_budgets(at.connection, who.area, at.today.year)
    locked(at, voucher_id, "apply")
    policy = policy_for(at, who.areas)
    refuse(problems(who, policy.eligibility, city=policy.area))
    refuse(_provider_problems(at, contract.provider_id))
    wanted = _quote(at, policy, who, contract.list_price, contract.fee)
    _check_contract(at, contract)
    change(
        at.connection,
        "queue",
        {
            "id": voucher_id,
            "area": who.area,
            "provider_id": contract.provider_id,
            "services": contract.services,
            "contract": contract.number,
            "contract_date": contract.signed_on,
            "list_price": contract.list_price,
            "fee": contract.fee,
        },
    )
    detail = {"contract": contract.number, "fee": contract.fee, "list_price": contract.list_price}
    record(at, voucher_id, "apply", "contracted", detail=detail)
    issue_waiting(at, who.area)
    after = lock_voucher(at.connection, voucher_id)
    assert after is not None
    if after.state != "contracted":
        return Applied(after, 0, None)
    before = count_before(at.connection, voucher_id)
    free = free_money(at.connection, who.area, at.today.year)
    return Applied(after, before, exhausted(who.area, at.today.year, free=free, wanted=wanted.public, before=before))


def exhausted(area: str, year: int, *, free: Decimal, wanted: Decimal, before: int) -> Words:
    """Say that a budget is used up (补完为止)."""
    return Words(
        f"{area} {year} 年度预算已用完：余额 {money(free)} 元，本券需 {money(wanted)} 元，前面还有 {before} 家排队；"
        "追加预算或有券退回时按顺序发放",
        f"the budget of {area} for {year} is used up: {money(free)} CNY is free, {money(wanted)} is needed and {before} wait"
        " in front; it is issued in its turn when money is granted or given back",
    )


def issue_waiting(at: Desk, area: str) -> list[int]:
    """Issue vouchers in the order of the queue as long as the county's money of the year reaches, and give their ids.

    Nobody is overtaken: the first whose amount does not fit ends it, even if a smaller one behind would fit. Those who may not
    have a voucher any more keep nobody up and stay where they are.
    """
    free, after, issued = lock_budgets(at.connection, area, at.today.year), 0, []
    while waiting := next_waiting(at.connection, area, after=after):
        after = waiting.queue_number
        who = known_applicant(at, waiting.uscc)
        policy = policy_for(at, who.areas)
        if problems(who, policy.eligibility, city=policy.area) or _provider_problems(at, waiting.provider_id):
            continue
        worth = _quote(at, policy, who, waiting.list_price, waiting.fee)
        if worth.public > free:
            break
        free -= worth.public
        _issue(at, waiting.id, area, policy, worth)
        issued.append(waiting.id)
    return issued


def grant(at: Desk, area: str, year: int, amount: Decimal, *, document: str) -> list[int]:
    """Grant money to a county's year (less than zero: cut it), and issue what can be issued with it.

    Raises
    ------
    store.city_budgets.BudgetExceeded
        If more is taken back than is free.
    StepRefused
        If the amount is 0, has parts of a fen or no document names it.
    """
    if not is_money(abs(amount)) or not document.strip():
        raise StepRefused("预算金额不为零、精确到分，并须注明文件", "a grant is not 0, in whole fen, and names its document")
    entry = Entry(area=area, year=year, kind="grant", amount=amount, time=at.now, actor=at.actor, note=document)
    book_grant(at.connection, entry)
    return issue_waiting(at, area) if year == at.today.year and amount > 0 else []


# --- what all steps share -------------------------------------------------------------------------------------------


def known_applicant(at: Desk, uscc: str) -> Applicant:
    found = applicant(at.connection, uscc, day=at.today)
    if found is None:
        raise NoSuchVoucher(f"没有登记企业 {uscc}", f"no enterprise {uscc} is registered")
    return found


def no_voucher(voucher_id: int) -> NoSuchVoucher:
    return NoSuchVoucher(f"没有 {voucher_id} 号云服务券", f"there is no voucher {voucher_id}")


def refuse(reasons: list[Words]) -> None:
    if reasons:
        raise StepRefused("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons))


def locked(at: Desk, voucher_id: int, step: str) -> Voucher:
    """Lock a voucher for a step that its state allows."""
    found = lock_voucher(at.connection, voucher_id)
    if found is None:
        raise no_voucher(voucher_id)
    _check_state(found, steps()[step])
    return found


def lock_voucher_after_budgets(at: Desk, voucher_id: int, step: str) -> Voucher:
    """Lock the budgets of the county, then the voucher: for steps that move money or people in the queue."""
    place = place_of(at.connection, voucher_id)
    if place is None:
        raise no_voucher(voucher_id)
    lock_budgets(at.connection, place.area, place.year or at.today.year)
    return locked(at, voucher_id, step)


def move(at: Desk, found: Voucher, step: str, *, note: str = "", detail: dict[str, object] | None = None) -> None:
    """Put a locked voucher into the state that a step leads to."""
    to = steps()[step].to
    change(at.connection, "move", {"id": found.id, "state": to})
    record(at, found.id, step, to, note=note, detail=detail)


def record(at: Desk, voucher_id: int, step: str, state: str, *, note: str = "", detail: dict[str, object] | None = None) -> None:
    add_step(at.connection, voucher_id, time=at.now, actor=at.actor, step=step, state=state, note=note, detail=detail)


def _check_state(found: Voucher, step: Step) -> None:
    if found.state not in step.origins:
        state, name = STATES[found.state], STEPS[step.name]
        raise StepRefused(f"“{state.zh}”的券不能{name.zh}", f"a voucher that is {state.en} cannot take the step: {name.en}")


def _provider_problems(at: Desk, provider_id: int) -> list[Words]:
    found = providers(at.connection, day=at.today, provider_id=provider_id)
    return provider_problems(found[0] if found else None)


def _quote(at: Desk, policy: VoucherPolicy, who: Applicant, list_price: Decimal, fee: Decimal) -> Quote:
    """Compute a voucher as of today, with the certificate as it stands today."""
    if not is_money(fee) or not is_money(list_price) or fee > list_price:
        raise StepRefused(
            f"费用须大于零、不高于标价 {list_price}，并精确到分",
            f"the fee is above 0, at most the list price {list_price}, in whole fen",
        )
    try:
        found = quote(policy.amount, list_price=list_price, fee=fee, year=at.today.year, is_certified=CERTIFICATE in who.labels)
    except ValueError as error:
        raise StepRefused(f"无法计算补贴：{error}", str(error)) from None
    if not found.public:
        raise StepRefused(f"{at.today.year} 年补贴比例为零", f"the rate of {at.today.year} gives nothing")
    return found


def _check_contract(at: Desk, contract: Contract) -> None:
    wrong = unknown(contract.services)
    if wrong:
        raise StepRefused(f"目录中没有服务 {wrong[0]}", f"the catalogue has no service {wrong[0]}")
    if contract.signed_on > at.today:
        raise StepRefused(f"合同日期 {contract.signed_on} 在将来", f"the contract is dated {contract.signed_on}, in the future")
    if not contract.number.strip():
        raise StepRefused("缺少合同编号", "the contract has no number")


def _issue(at: Desk, voucher_id: int, area: str, policy: VoucherPolicy, worth: Quote) -> None:
    number = f"{policy.number_prefix}{at.today.year}-{voucher_id:06}"
    values = {
        "id": voucher_id,
        "number": number,
        "policy": policy.version,
        "year": at.today.year,
        "day": at.today,
        "rate": worth.rate,
        "cap": worth.cap,
        "is_certified": worth.is_certified,
        "amount": worth.public,
    }
    change(at.connection, "issue", values)
    book(
        at.connection,
        Entry(
            area=area,
            year=at.today.year,
            kind="reservation",
            amount=worth.public,
            voucher_id=voucher_id,
            time=at.now,
            actor=at.actor,
            note=number,
        ),
    )
    detail = {"amount": worth.public, "rate": worth.rate, "cap": worth.cap, "policy": policy.version}
    record(at, voucher_id, "issue", "issued", detail=detail)
