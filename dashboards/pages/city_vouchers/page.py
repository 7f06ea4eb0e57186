"""Vouchers: how the budgets stand, who waits and who has one, and one voucher with its history and its next steps."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.api.city_vouchers import (
    PERMISSIONS,
    Application,
    NewVoucher,
    StepTaken,
    VoucherId,
    VouchersAsked,
    apply_for,
    register_for,
    seen_voucher,
    take,
)
from dashboards.asking import Offset
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.pages.city_vouchers import batches, budgets, providers, tables
from dashboards.pages.city_vouchers.shared import REFUSALS, ROWS, area_choices, show, today_of
from dashboards.pictures.bars import bars
from dashboards.security.access import CityReader, CityRegistrar, Viewer
from dashboards.settings import WebSettings
from dashboards.texts import translator
from registry.vouchers.catalogue import catalogue
from registry.vouchers.eligibility import CERTIFICATE, priorities
from registry.vouchers.halves import half_of
from registry.vouchers.issuing import newest_policy
from registry.vouchers.states import STATES, steps_from
from store import city_budgets
from store.city_voucher_parties import applicant, evidence
from store.city_voucher_parties import providers as all_providers
from store.city_vouchers import count_before, count_by_state, deductions, steps_taken, vouchers
from store.database import Database
from telemetry.errors import ShangyunError

router = APIRouter(prefix="/city/vouchers", include_in_schema=False)
for part in (tables, batches, budgets, providers):  # before the pages of one voucher, whose address is a number
    router.include_router(part.router)


@router.get("", response_class=HTMLResponse)
def vouchers_page(
    *, request: Request, database: CurrentDatabase, viewer: CityReader, asked: VouchersAsked, offset: Offset = 0
) -> HTMLResponse:
    return _list(request, database, viewer, asked, offset=offset)


@router.post("")
def register(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
    asked: VouchersAsked,
    new: Annotated[NewVoucher, Form()],
) -> Response:
    try:
        number = register_for(database, viewer, new, zone=settings.time_zone)
    except REFUSALS as error:
        return _list(request, database, viewer, asked, problem=error, given=new.uscc)
    return RedirectResponse(f"/city/vouchers/{number}", 303)


@router.get("/{voucher_id}", response_class=HTMLResponse)
def voucher_page(
    request: Request, database: CurrentDatabase, viewer: CityReader, settings: CurrentSettings, voucher_id: VoucherId
) -> HTMLResponse:
    return _one(request, database, viewer, settings, voucher_id)


@router.post("/{voucher_id}/application")
def apply_with_a_contract(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
    voucher_id: VoucherId,
    application: Annotated[Application, Form()],
) -> Response:
    try:
        apply_for(database, viewer, voucher_id, application, zone=settings.time_zone)
    except REFUSALS as error:
        return _one(request, database, viewer, settings, voucher_id, problem=error)
    return RedirectResponse(f"/city/vouchers/{voucher_id}", 303)


@router.post("/{voucher_id}/steps")
def take_a_step(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
    voucher_id: VoucherId,
    taken: Annotated[StepTaken, Form()],
) -> Response:
    try:
        take(database, viewer, voucher_id, taken, zone=settings.time_zone)
    except REFUSALS as error:
        return _one(request, database, viewer, settings, voucher_id, problem=error)
    return RedirectResponse(f"/city/vouchers/{voucher_id}", 303)


def _list(
    request: Request,
    database: Database,
    viewer: Viewer,
    asked: VouchersAsked,
    *,
    offset: int = 0,
    problem: ShangyunError | None = None,
    given: str = "",
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    total, rows = vouchers(database, **vars(asked), limit=ROWS, offset=offset)
    standing = city_budgets.budgets(database)
    newest = max((one.year for one in standing), default=None)
    drawn = [one for one in standing if one.year == newest]
    label = "label_zh" if language == "zh" else "label_en"
    picture = bars(
        [getattr(one, label) for one in drawn],
        {
            _("已拨付"): [float(one.paid) for one in drawn],
            _("已预留"): [float(one.reserved) for one in drawn],
            _("余额"): [float(one.free) for one in drawn],
        },
        unit=_("元"),
        language=language,
    )
    return show(
        request,
        viewer,
        "list",
        part="vouchers",
        problem=problem,
        given=given,
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        sort=asked.sort,
        query={
            "area": (asked.areas or [""])[0],
            "state": ",".join(asked.states or ()),
            "search": asked.search,
            "sort": "" if asked.sort == "queue" else asked.sort,
        },
        counts=count_by_state(database, asked.areas),
        all_states=STATES,
        budgets=standing,
        budget_label=lambda one: getattr(one, label),
        year=newest,
        picture_of_budgets=picture,
        area_options=[("", _("全部")), *area_choices(database, language)],
    )


def _one(
    request: Request,
    database: Database,
    viewer: Viewer,
    settings: WebSettings,
    voucher_id: int,
    *,
    problem: ShangyunError | None = None,
) -> HTMLResponse:
    found = seen_voucher(database, voucher_id)
    today = today_of(settings)
    with database.connection() as connection:
        who = applicant(connection, found.uscc, day=today)
        assert who is not None  # the voucher refers to it
        lines = deductions(connection, voucher_id)
        seen = evidence(connection, voucher_id=voucher_id)
        waiting_before = count_before(connection, voucher_id)
        policy = newest_policy(connection)
        listed = [one for one in all_providers(connection, day=today) if one.state == "listed"]
        free = city_budgets.free_money(connection, found.area, found.year or today.year)
    steps = [step.name for step in steps_from(found.state) if step.name not in ("apply", "publicise")]
    last = half_of(today)
    return show(
        request,
        viewer,
        "one",
        part="voucher",
        problem=problem,
        one=found,
        priorities=priorities(who, policy.eligibility),
        is_certified=CERTIFICATE in who.labels,
        lines=lines,
        left=None if found.amount is None else found.amount - sum(line.amount for line in lines),
        seen=seen[0] if seen else None,
        waiting_before=waiting_before,
        free=free,
        taken=steps_taken(database, voucher_id),
        steps=[name for name in steps if viewer.may(PERMISSIONS[name])],
        may_deduct=found.state in ("redemption_requested", "evaluated") and viewer.may(PERMISSIONS["deduct"]),
        may_apply=found.state == "member" and viewer.may(PERMISSIONS["apply"]),
        providers=listed,
        classes=catalogue().classes,
        services_by_group=_services_by_group(),
        half=str(last) if last.last_day < today else f"{today.year - 1}H2" if last.half == 1 else f"{today.year}H1",
        today=today,
    )


def _services_by_group() -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Give code and names of the services, by the names of their sub-class."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for one in catalogue().services():
        found.setdefault((one.group_zh, one.group_en), []).append((one.code, one.zh, one.en))
    return found
