"""Figures about vouchers: budgets, what a voucher would be worth, and whose machines were silent."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from dashboards.api.city_vouchers import plain_json
from dashboards.asking import example
from dashboards.context import CurrentDatabase
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader
from registry.vouchers.amount import DECAY_MODES, MOST_FEE, cap_of, fee_at_cap, quote, rate_of
from registry.vouchers.issuing import newest_policy
from registry.vouchers.policy import VoucherPolicy
from store.city_budgets import budgets
from store.city_voucher_parties import Evidence, evidence

router = APIRouter(prefix="/api/v1/city", tags=["city"])

AskedYear = Annotated[int, Query(ge=2000, le=2100, description="year of issue")]


@router.get(
    "/voucher-budgets",
    responses=example(
        {
            "items": [
                {
                    "area": "jining-rencheng",
                    "year": 2018,
                    "granted": "1200000.00",
                    "reserved": "30000.00",
                    "paid": "0.00",
                    "free": "1170000.00",
                    "vouchers": 1,
                    "waiting": 0,
                }
            ]
        }
    ),
)
def list_budgets(
    database: CurrentDatabase,
    _viewer: CityReader,
    year: Annotated[int | None, Query(ge=2000, le=2100, description="year")] = None,
) -> dict[str, Any]:
    """List the counties' budgets: granted, held for vouchers, paid and free, in CNY."""
    keys = ("area", "year", "granted", "reserved", "paid", "free", "vouchers", "waiting")
    return {"items": [{key: plain_json(getattr(one, key)) for key in keys} for one in budgets(database, year=year)]}


@router.get(
    "/voucher-quote",
    responses=example(
        {
            "decay_mode": "points",
            "readings": [
                {
                    "decay_mode": "points",
                    "rate": "0.30",
                    "cap": "50000.00",
                    "public": "30000.00",
                    "enterprise": "70000.00",
                    "provider_discount": "0.00",
                    "is_capped": False,
                    "cap_binds_at_fee": "166666.67",
                }
            ],
        }
    ),
)
def show_quote(
    *,
    database: CurrentDatabase,
    fee: Annotated[Decimal, Query(gt=0, le=MOST_FEE, max_digits=13, decimal_places=2, description="fee of the contract, CNY")],
    year: AskedYear = 2018,
    certified: Annotated[bool, Query(description="whether a certificate of integration holds")] = False,
    _viewer: CityReader,
) -> dict[str, Any]:
    """Compute a voucher by both readings of the decay; ``decay_mode`` names the one that vouchers are issued by."""
    with database.connection() as connection:
        policy = newest_policy(connection)
    try:
        readings = readings_of(policy, fee=fee, year=year, is_certified=certified)
    except ValueError as error:
        raise HTTPException(422, f"year: {error}") from None
    shown = [{key: plain_json(value) for key, value in one.items()} for one in readings]
    return {"decay_mode": policy.amount.decay_mode, "readings": shown}


@router.get(
    "/voucher-evidence",
    responses=example({"items": [{"voucher": 7, "number": "JN2018-000007", "days_with_data": 0, "is_silent": True}]}),
)
def list_evidence(database: CurrentDatabase, _viewer: CityReader) -> dict[str, Any]:
    """Tell of vouchers in redemption or paid whether the enterprise's machines sent anything in the half-year of service.

    ``is_silent`` is null where no facts of that time are there at all.
    """
    with database.connection() as connection:
        return {"items": [_evidence_json(one) for one in evidence(connection)]}


def readings_of(policy: VoucherPolicy, *, fee: Decimal, year: int, is_certified: bool) -> list[dict[str, Any]]:
    """Compute a voucher by each reading of the decay.

    Raises
    ------
    ValueError
        For a year before the first one.
    """
    rules, cap = policy.amount, cap_of(policy.amount, is_certified=is_certified)
    found = []
    for mode in DECAY_MODES:
        split = quote(rules, list_price=fee, fee=fee, year=year, is_certified=is_certified, mode=mode)
        binds_at = fee_at_cap(rate=rate_of(rules, year, mode=mode), cap=cap)
        keys = ("rate", "cap", "public", "enterprise", "provider_discount", "is_capped")
        found.append({"decay_mode": mode, **{key: getattr(split, key) for key in keys}, "cap_binds_at_fee": binds_at})
    return found


def _evidence_json(one: Evidence) -> dict[str, Any]:
    return {
        "voucher": one.voucher_id,
        "number": one.number,
        "uscc": one.uscc,
        "enterprise": one.enterprise,
        "area": one.area,
        "state": one.state,
        "half": f"{one.year}H{one.half}",
        "from": one.first_day.isoformat(),
        "to": one.last_day.isoformat(),
        "machines": one.machines,
        "days_with_data": one.days,
        "newest_reading": None if one.newest is None else iso(one.newest),
        "is_silent": one.is_silent if one.is_known else None,
    }
