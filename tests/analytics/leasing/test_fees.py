"""Fees by hand, booked once; and what a lender counts."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from analytics.leasing.fees import Terms, Tier, book, fee, usage_fee
from analytics.leasing.risk import risk
from telemetry.settings import load

TERMS = Terms.model_validate(
    {
        "contract": "L-2026-07",
        "currency": "CNY",
        "base": 3000,
        "tiers": [{"from_hours": 0, "rate": 120}, {"from_hours": 150, "rate": 100}, {"from_hours": 200, "rate": "79.995"}],
        "minimum_hours": 100,
        "cap": 25_000,
    }
)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def statement(day: int, hours: str | None, **changed: Any) -> dict[str, Any]:
    of: dict[str, Any] = {
        "machine": "M1",
        "day": f"2026-03-{day:02d}",
        "hours": hours,
        "doubtful": [],
        "flags": [],
        "region": "inside",
    }
    return of | changed


def simple(rate: str) -> Terms:
    return Terms(contract="x", currency="CNY", tiers=(Tier(from_hours=Decimal(0), rate=Decimal(rate)),))


def month(*hours: str | None) -> list[dict[str, Any]]:
    return [statement(day, of) for day, of in enumerate(hours, start=1)]


@pytest.mark.parametrize(
    ("hours", "money"),
    [
        ("0", "0"),
        ("149.5", "17940"),  # 149.5 x 120
        ("150", "18000"),
        ("160", "19000"),  # 18000 + 10 x 100
        ("200", "23000"),
        ("210", "23799.95"),  # 23000 + 10 x 79.995
    ],
)
def test_each_tier_has_its_own_rate(hours: str, money: str) -> None:
    assert usage_fee(TERMS, Decimal(hours)) == Decimal(money)


@pytest.mark.parametrize(
    ("hours", "billed", "usage", "total", "capped"),
    [
        (month("8.25", "7.75"), "100", "12000.00", "15000.00", False),  # 16 h: the minimum of 100 h
        (month(*["20.10"] * 8), "160.80", "19080.00", "22080.00", False),  # 18000 + 10.80 x 100
        (month(*["24.00"] * 10), "240.00", "26199.80", "25000.00", True),  # 23000 + 40 x 79.995 and the base: above the cap
        ([], "100", "12000.00", "15000.00", False),
    ],
)
def test_a_months_fee_follows_by_hand(hours: list[dict[str, Any]], billed: str, usage: str, total: str, *, capped: bool) -> None:
    found = fee(TERMS, hours, start=MARCH, end=APRIL)
    assert (found.billed_hours, found.usage, found.total) == (Decimal(billed), Decimal(usage), Decimal(total))
    assert found.is_capped == capped
    assert len(found.days_missing) == 31 - len(hours)


def test_cents_are_rounded_half_up_once_and_at_the_end() -> None:
    assert fee(simple("0.005"), month("1.00"), start=MARCH, end=APRIL).total == Decimal("0.01")
    # Ten hundredths of an hour at 0.1 are exact: as binary fractions they come to less than 0.3.
    assert fee(simple("0.1"), month("1.00", "1.00", "1.00"), start=MARCH, end=APRIL).usage == Decimal("0.30")


def test_days_that_nobody_knows_and_days_in_doubt_are_named() -> None:
    days = [statement(1, "8.00"), statement(2, None), statement(4, "3.00", doubtful=["engine_hours"])]
    found = fee(TERMS, days, start=MARCH, end=date(2026, 3, 5))
    assert found.days_missing == (date(2026, 3, 2), date(2026, 3, 3))
    assert found.days_doubtful == (date(2026, 3, 4),)
    assert found.hours == Decimal(11)


def test_a_period_is_booked_once_however_often_it_is_computed() -> None:
    days = month("8.00", "9.00")
    first = fee(TERMS, days, start=MARCH, end=APRIL)
    again = fee(TERMS, [*days, days[0], statement(1, "5.00") | {"day": "2026-02-27"}], start=MARCH, end=APRIL)
    assert first == again
    booked = book({}, first)
    assert book(booked, again) == booked == {first.key: first}
    other = fee(TERMS, month("8.00", "9.50"), start=MARCH, end=APRIL)
    assert other.key == first.key
    with pytest.raises(ValueError, match=r"is booked with 15000\.00 CNY"):
        book(booked, other)
    assert len(book(booked, fee(TERMS, [], start=APRIL, end=date(2026, 5, 1)))) == 2


def test_statements_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="two statements of 2026-03-01"):
        fee(TERMS, [statement(1, "8.00"), statement(1, "9.00")], start=MARCH, end=APRIL)
    with pytest.raises(ValueError, match="M1 and M2"):
        fee(TERMS, [statement(1, "8.00"), statement(2, "9.00", machine="M2")], start=MARCH, end=APRIL)
    with pytest.raises(ValueError, match="no day"):
        fee(TERMS, [], start=MARCH, end=MARCH)
    with pytest.raises(ValueError, match="cannot be charged"):
        usage_fee(TERMS, Decimal(-1))


def test_terms_are_read_from_a_file_with_exact_decimals(tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    file.write_text('contract = "L"\ncurrency = "CNY"\ntiers = [{ from_hours = 0, rate = 0.1 }]\ncap = "99.99"\n')
    terms = load(file, Terms)
    assert terms.tiers[0].rate == Decimal("0.1")
    assert terms.cap == Decimal("99.99")


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": ()},
        {"tiers": ({"from_hours": 10, "rate": 1},)},
        {"tiers": ({"from_hours": 0, "rate": 1}, {"from_hours": 0, "rate": 2})},
        {"tiers": ({"from_hours": 0, "rate": -1},)},
        {"currency": "yuan"},
        {"base": 10, "cap": 5},
    ],
)
def test_terms_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Terms.model_validate({"contract": "x", "currency": "CNY", "tiers": [{"from_hours": 0, "rate": 1}]} | wrong)


def test_a_lender_counts_use_silence_and_absence() -> None:
    days = [statement(day, "6.00") for day in range(2, 27)]
    days[0] |= {"region": "returned", "flags": ["left_region", "power_cut"]}
    days[1] |= {"hours": None}
    found = risk(days, today=APRIL, hours_a_month=Decimal(180))
    assert found.hours == Decimal(144)
    assert found.use_of_contract == Decimal("0.8")
    assert (found.days_silent, found.days_outside) == (6, 1)
    assert found.days_flagged == {"left_region": 1, "power_cut": 1}
    assert risk([], today=APRIL, hours_a_month=Decimal(180)).use_of_contract is None
    assert risk(days, today=APRIL).use_of_contract is None
    with pytest.raises(ValueError, match="above 0"):
        risk(days, today=APRIL, hours_a_month=Decimal(0))
