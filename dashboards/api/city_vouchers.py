"""Vouchers for cloud services: the list, one with its history, registering, applying, and every step after it."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import Field

from dashboards.asking import MOST_ID, Name, Offset, Search, example
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.list_questions import GivenId, Limit, Line, Sort, Text, Words, checked_sort, chosen
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader, CityRegistrar, Permission, Viewer, record_act
from registry.uscc import normalise
from registry.vouchers import issuing, redeeming
from registry.vouchers.amount import MOST_FEE
from registry.vouchers.halves import parse_half
from registry.vouchers.issuing import Applied, Contract, Desk, desk
from registry.vouchers.states import STATES, steps
from registry.vouchers.words import NoSuchVoucher, StepRefused
from registry.working_days import CalendarUnknown
from store.city_vouchers import ORDERS, Voucher, deductions, steps_taken, voucher, vouchers
from store.database import Database
from telemetry.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

router = APIRouter(prefix="/api/v1/city", tags=["city"])

VoucherId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a voucher")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Cny = Annotated[Decimal, Field(gt=0, le=MOST_FEE, max_digits=13, decimal_places=2, allow_inf_nan=False)]
ServiceCode = Annotated[str, Field(pattern=r"^\d{1,2}\.\d{1,2}\.\d{2}$")]
StepName = Literal[
    "accept",
    "start_service",
    "request_redemption",
    "withdraw_request",
    "evaluate",
    "deduct",
    "review",
    "pay",
    "cancel",
    "terminate",
    "disqualify",
]
PERMISSIONS = {name: Permission(step.permission) for name, step in steps().items() if step.permission != "system"} | {
    "deduct": Permission.CITY_REGISTER
}
"""What each step needs, as `registry.vouchers.states` says it."""
_VOUCHER: dict[str, Any] = {
    "id": 7,
    "uscc": "91370811MA3C00003R",
    "enterprise": "济宁某机械有限公司",
    "area": "jining-rencheng",
    "state": "issued",
    "registered_at": "2018-03-01T02:00:00.000Z",
    "registered_by": "li",
    "queue_number": 12,
    "queued_at": "2018-03-05T02:00:00.000Z",
    "provider_id": 2,
    "provider": "某云",
    "services": ["1.1.01"],
    "contract": "HT-2018-7",
    "contract_date": "2018-02-01",
    "list_price": "120000.00",
    "fee": "100000.00",
    "provider_discount": "20000.00",
    "enterprise_pays": "70000.00",
    "number": "JN2018-000007",
    "policy": "jining-2018",
    "year": 2018,
    "issued_on": "2018-03-05",
    "rate": "0.30",
    "cap": "50000.00",
    "is_certified": False,
    "amount": "30000.00",
    "service_from": None,
    "service_to": None,
    "batch_id": None,
    "batch_year": None,
    "batch_half": None,
    "publicity_last_day": None,
    "evaluation_passed": None,
    "redeemed": None,
    "reviewed_by": None,
    "paid_on": None,
    "paid_by": None,
}
_APPLIED = {"voucher": _VOUCHER, "waiting_before": 0, "why": None}


@dataclass(frozen=True, kw_only=True)
class VoucherQuestion:
    """Checked filters, as `store.city_vouchers.vouchers` takes them."""

    areas: list[str] | None
    states: list[str] | None
    search: str
    sort: str


def _asked(
    *,
    area: Annotated[Name, Query(description="county whose budget it is")] = "",
    state: Words = "",
    search: Annotated[Search, Query(description="text in enterprise, code, number of the voucher or provider")] = "",
    sort: Sort = "queue",
) -> VoucherQuestion:
    return VoucherQuestion(
        areas=[area] if area else None, states=chosen(state, STATES, "state"), search=search, sort=checked_sort(sort, ORDERS)
    )


VouchersAsked = Annotated[VoucherQuestion, Depends(_asked)]


@router.get("/vouchers", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_VOUCHER]}))
def list_vouchers(
    *, asked: VouchersAsked, database: CurrentDatabase, _viewer: CityReader, limit: Limit = 50, offset: Offset = 0
) -> dict[str, Any]:
    """List vouchers and applications, in the order of the queue where nothing else is asked for. Money is text in CNY."""
    total, found = vouchers(database, **vars(asked), limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [voucher_json(one) for one in found]}


@router.get(
    "/vouchers/{voucher_id}",
    responses=example({**_VOUCHER, "steps": [], "deductions": []}),
)
def show_voucher(voucher_id: VoucherId, database: CurrentDatabase, _viewer: CityReader) -> dict[str, Any]:
    """Show one voucher with all that was done to it, and what is taken off it."""
    found = seen_voucher(database, voucher_id)
    with database.connection() as connection:
        lines = deductions(connection, voucher_id)
    return voucher_json(found) | {
        "steps": [one._asdict() | {"time": iso(one.time)} for one in steps_taken(database, voucher_id)],
        "deductions": [one._asdict() | {"time": iso(one.time), "amount": str(one.amount)} for one in lines],
    }


class NewVoucher(Settings):
    """Which enterprise registers for a voucher."""

    uscc: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]


@router.post("/vouchers", status_code=201, responses={201: {"content": {"application/json": {"example": _VOUCHER}}}})
def create_voucher(
    new: NewVoucher, database: CurrentDatabase, viewer: CityRegistrar, settings: CurrentSettings
) -> dict[str, Any]:
    """Register an enterprise for a voucher: once, over all years. 409 where it may not have one, or has had one."""
    with refusals():
        number = register_for(database, viewer, new, zone=settings.time_zone)
    return voucher_json(seen_voucher(database, number))


class Application(Settings):
    """A member's contract with a listed provider; money in CNY."""

    provider: GivenId
    contract: Annotated[Line, Field(min_length=1)]
    signed_on: Day
    list_price: Cny
    fee: Cny
    """After the provider's discount, before the voucher."""
    services: Annotated[list[ServiceCode], Field(max_length=93)] = []  # noqa: RUF012 - a model's default is copied
    """Codes of the catalogue."""


@router.post("/vouchers/{voucher_id}/application", responses=example(_APPLIED))
def apply_for_voucher(
    voucher_id: VoucherId,
    application: Application,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
) -> dict[str, Any]:
    """Put a member's contract into the county's queue; the voucher is made at once where the budget reaches.

    ``why`` says why not, and ``waiting_before`` how many wait in front. 409 where rules or state do not allow it.
    """
    with refusals():
        told = apply_for(database, viewer, voucher_id, application, zone=settings.time_zone)
    return {
        "voucher": voucher_json(told.voucher),
        "waiting_before": told.waiting_before,
        "why": None if told.why is None else told.why._asdict(),
    }


class StepTaken(Settings):
    """A step, with what belongs to it: every other field is left out."""

    step: StepName
    note: Text = ""
    """To cancel, terminate, disqualify or deduct: the reason or the document."""
    service_from: Day | None = None
    service_to: Day | None = None
    half: Annotated[str, Field(max_length=6, pattern=r"^(\d{4}[Hh][12])?$")] = ""
    """To request redemption: such as 2018H1."""
    actual_fee: Cny | None = None
    """To request redemption: what the service really cost, where it was less."""
    passed: bool = False
    evaluator: Line = ""
    document: Line = ""
    """To evaluate: whether it was passed, who evaluated, and where that stands."""
    amount: Cny | None = None
    """To deduct."""
    although_silent: bool = False
    """To pay: although the enterprise's machines sent nothing in the half-year."""


@router.post("/vouchers/{voucher_id}/steps", responses=example({**_VOUCHER, "state": "member"}))
def take_a_step(
    voucher_id: VoucherId, taken: StepTaken, database: CurrentDatabase, viewer: CityRegistrar, settings: CurrentSettings
) -> dict[str, Any]:
    """Take a step: accept, serve, redeem, evaluate, review, pay, or end.

    403 where the role may not, 409 where the state does not; whoever has reviewed a voucher does not pay it.
    """
    with refusals():
        take(database, viewer, voucher_id, taken, zone=settings.time_zone)
    return voucher_json(seen_voucher(database, voucher_id))


# --- shared with the pages -----------------------------------------------------------------------------------------


class refusals:  # noqa: N801 - reads as a statement
    """Turn what the rules refuse into answers: 404 where something is not there, else 409."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StepRefused | CalendarUnknown):
            raise HTTPException(404 if isinstance(error, NoSuchVoucher) else 409, str(error)) from None


def seen_voucher(database: Database, voucher_id: int) -> Voucher:
    found = voucher(database, voucher_id)
    if found is None:
        raise HTTPException(404, f"there is no voucher {voucher_id}")
    return found


def register_for(database: Database, viewer: Viewer, new: NewVoucher, *, zone: str) -> int:
    """Register an enterprise, also in the audit log."""
    uscc = normalise(new.uscc)
    with database.connection() as connection:
        number = issuing.register(desk(connection, viewer.name, zone=zone), uscc)
        record_act(connection, viewer, "city.voucher.register", f"voucher {number}", {"uscc": uscc})
    return number


def apply_for(database: Database, viewer: Viewer, voucher_id: int, application: Application, *, zone: str) -> Applied:
    """Apply with a contract, also in the audit log."""
    contract = Contract(
        provider_id=application.provider,
        services=application.services,
        number=application.contract,
        signed_on=application.signed_on,
        list_price=application.list_price,
        fee=application.fee,
    )
    with database.connection() as connection:
        told = issuing.apply(desk(connection, viewer.name, zone=zone), voucher_id, contract)
        detail = {"fee": contract.fee, "state": told.voucher.state, "amount": told.voucher.amount}
        record_act(connection, viewer, "city.voucher.apply", f"voucher {voucher_id}", detail)
    return told


def take(database: Database, viewer: Viewer, voucher_id: int, taken: StepTaken, *, zone: str) -> None:
    """Take a step that the viewer's role allows, also in the audit log.

    Raises
    ------
    HTTPException
        403 for another role, 422 where something is missing that belongs to the step.
    StepRefused
    """
    needed = PERMISSIONS[taken.step]
    if not viewer.may(needed):
        raise HTTPException(403, f"this needs the permission {needed}, which you do not have as {viewer.role}")
    with database.connection() as connection:
        _act(desk(connection, viewer.name, zone=zone), voucher_id, taken)
        detail = taken.model_dump(exclude_unset=True, mode="json")
        record_act(connection, viewer, f"city.voucher.{taken.step}", f"voucher {voucher_id}", detail)


def _act(at: Desk, voucher_id: int, taken: StepTaken) -> None:
    def needed(name: str) -> Any:
        found = getattr(taken, name)
        if found in (None, ""):
            raise HTTPException(422, f"{name}: is missing, to {taken.step}")
        return found

    note = taken.note
    acts: dict[str, Callable[[], object]] = {
        "accept": lambda: issuing.accept(at, voucher_id, note=note),
        "start_service": lambda: redeeming.start_service(
            at, voucher_id, first_day=needed("service_from"), last_day=needed("service_to"), note=note
        ),
        "request_redemption": lambda: redeeming.request_redemption(
            at, voucher_id, parse_half(needed("half")), actual_fee=taken.actual_fee, note=note
        ),
        "withdraw_request": lambda: redeeming.withdraw_request(at, voucher_id, note=note),
        "evaluate": lambda: redeeming.evaluate(
            at, voucher_id, passed=taken.passed, evaluator=taken.evaluator, document=taken.document, note=note
        ),
        "deduct": lambda: redeeming.deduct(at, voucher_id, needed("amount"), note=note),
        "review": lambda: redeeming.review(at, voucher_id, note=note),
        "pay": lambda: redeeming.pay(at, voucher_id, although_silent=taken.although_silent, note=note),
        "cancel": lambda: redeeming.cancel(at, voucher_id, note=note),
        "terminate": lambda: redeeming.terminate(at, voucher_id, note=note),
        "disqualify": lambda: redeeming.disqualify(at, voucher_id, document=note),
    }
    try:
        acts[taken.step]()
    except ValueError as error:  # a half-year that is none
        raise HTTPException(422, str(error)) from None


def voucher_json(one: Voucher) -> dict[str, Any]:
    left_out = {"area_zh", "area_en"}
    plain = {name: plain_json(value) for name, value in asdict(one).items() if name not in left_out}
    return plain | {"provider_discount": plain_json(one.provider_discount), "enterprise_pays": plain_json(one.enterprise_pays)}


def plain_json(value: object) -> object:
    """Write money and days as text: numbers of JSON are binary fractions."""
    if isinstance(value, datetime):
        return iso(value.astimezone(UTC))
    return str(value) if isinstance(value, Decimal | date) else value
