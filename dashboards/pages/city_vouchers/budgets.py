"""The counties' budgets with their ledgers, and the calculator that shows both readings of the decay."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from dashboards.api.city_voucher_figures import readings_of
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.list_questions import Line
from dashboards.pages.city_vouchers.shared import REFUSALS, area_choices, show, today_of
from dashboards.security.access import CityOfficer, CityReader, Viewer, record_act
from registry.vouchers.amount import MOST_FEE, cap_of, fee_at_cap, rate_of
from registry.vouchers.issuing import desk, grant, newest_policy
from registry.vouchers.policy import VoucherPolicy
from store import city_budgets
from store.database import Database
from telemetry.errors import ShangyunError
from telemetry.settings import Settings

router = APIRouter()
AreaPath = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9-]+$")]
Year = Annotated[int, Path(ge=2000, le=2100)]
AskedFee = Annotated[Decimal, Query(gt=0, le=MOST_FEE, max_digits=13, decimal_places=2)]


class NewGrant(Settings):
    """Money for a county's year; below zero it is a cut."""

    area: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9-]+$")]
    year: Annotated[int, Field(ge=2000, le=2100)]
    amount: Annotated[Decimal, Field(ge=-MOST_FEE, le=MOST_FEE, max_digits=13, decimal_places=2, allow_inf_nan=False)]
    document: Annotated[Line, Field(min_length=1)]


@router.get("/budgets", response_class=HTMLResponse)
def budgets_page(request: Request, database: CurrentDatabase, viewer: CityReader, settings: CurrentSettings) -> HTMLResponse:
    return _budgets(request, database, viewer, year=today_of(settings).year)


@router.post("/budgets")
def grant_money(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityOfficer,
    settings: CurrentSettings,
    new: Annotated[NewGrant, Form()],
) -> Response:
    try:
        with database.connection() as connection:
            at = desk(connection, viewer.name, zone=settings.time_zone)
            issued = grant(at, new.area, new.year, new.amount, document=new.document)
            detail = {"amount": new.amount, "document": new.document, "issued": issued}
            record_act(connection, viewer, "city.voucher.grant", f"budget {new.area} {new.year}", detail)
    except REFUSALS as error:
        return _budgets(request, database, viewer, year=new.year, problem=error)
    return RedirectResponse(f"/city/vouchers/budgets/{new.area}/{new.year}", 303)


@router.get("/budgets/{area}/{year}", response_class=HTMLResponse)
def ledger_page(request: Request, database: CurrentDatabase, viewer: CityReader, area: AreaPath, year: Year) -> HTMLResponse:
    found = next(iter(city_budgets.budgets(database, area=area, year=year)), None)
    if found is None:
        raise HTTPException(404, f"{area} has no budget for {year}")
    label = found.label_zh if language_of(request) == "zh" else found.label_en
    entries = city_budgets.ledger(database, area, year)
    return show(request, viewer, "ledger", part="ledger", budget=found, label=label, entries=entries)


@router.get("/calculator", response_class=HTMLResponse)
def calculator_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityReader,
    fee: AskedFee = Decimal(100_000),
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    certified: bool = False,
) -> HTMLResponse:
    """Compute a voucher by both readings, and show from which fee on the cap binds in each year (Jining 三(五))."""
    with database.connection() as connection:
        policy = newest_policy(connection)
    years = policy_years(policy)
    asked = year or years[0]
    try:
        readings = readings_of(policy, fee=fee, year=asked, is_certified=certified)
    except ValueError:
        readings = []
    return show(
        request,
        viewer,
        "calculator",
        part="calculator",
        policy=policy,
        fee=fee,
        year=asked,
        years=years,
        certified=certified,
        readings=readings,
        caps=caps_of(policy),
    )


def policy_years(policy: VoucherPolicy) -> list[int]:
    return list(range(max(policy.amount.base_year, policy.valid_from.year), policy.valid_to.year + 1))


def caps_of(policy: VoucherPolicy) -> list[tuple[int, str, Decimal, Decimal | None, Decimal | None]]:
    """Give year, reading, rate, and the fees at which the plain and the certified cap bind."""
    plain, more = (cap_of(policy.amount, is_certified=is_certified) for is_certified in (False, True))
    found = []
    for year in policy_years(policy):
        for mode in ("points", "relative"):
            rate = rate_of(policy.amount, year, mode=mode)
            found.append((year, mode, rate, fee_at_cap(rate=rate, cap=plain), fee_at_cap(rate=rate, cap=more)))
    return found


def _budgets(
    request: Request, database: Database, viewer: Viewer, *, year: int, problem: ShangyunError | None = None
) -> HTMLResponse:
    language = language_of(request)
    return show(
        request,
        viewer,
        "budgets",
        part="budgets",
        problem=problem,
        budgets=city_budgets.budgets(database),
        budget_label=lambda one: one.label_zh if language == "zh" else one.label_en,
        year=year,
        area_options=area_choices(database, language),
        differences=city_budgets.ledger_differences(database),
    )
