"""Fees by use: a base, rates by tiers of hours, hours that are paid for anyway and a ceiling, all in decimal arithmetic."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import Field, field_validator, model_validator

from analytics.leasing.chain import canonical
from telemetry.settings import Settings

_CENT = Decimal("0.01")
_NONE = Decimal(0)


class Tier(Settings):
    """A rate from so many hours on."""

    from_hours: Decimal = Field(ge=0)
    """Hours of the period."""
    rate: Decimal = Field(ge=0)
    """Money an hour."""


class Terms(Settings):
    """What a contract says of fees."""

    contract: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """ISO 4217, such as CNY."""
    base: Decimal = Field(default=_NONE, ge=0)
    """Of each period."""
    tiers: tuple[Tier, ...] = Field(min_length=1)
    """The first from 0 hours; each rate is for the hours of its own tier."""
    minimum_hours: Decimal = Field(default=_NONE, ge=0)
    """Paid for even where the machine ran less."""
    cap: Decimal | None = Field(default=None, ge=0)
    """Most that a period costs, base and hours together."""

    @field_validator("tiers")
    @classmethod
    def _rising(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if tiers[0].from_hours != 0 or any(low.from_hours >= high.from_hours for low, high in pairwise(tiers)):
            raise ValueError("tiers begin from 0 hours and rise")
        return tiers

    @model_validator(mode="after")
    def _base_below_cap(self) -> "Terms":
        if self.cap is not None and self.cap < self.base:
            raise ValueError("the cap is below the base")
        return self


class Fee(NamedTuple):
    """What a period costs."""

    key: str
    """Of contract and period: the same however often it is computed."""
    contract: str
    start: date
    end: date
    """The day after the last."""
    currency: str
    hours: Decimal
    billed_hours: Decimal
    base: Decimal
    usage: Decimal
    total: Decimal
    is_capped: bool
    days_missing: tuple[date, ...]
    """Without a statement, or with one that knows no hours; they are not charged for."""
    days_doubtful: tuple[date, ...]
    """The hour meter fell or jumped."""
    evidence: str
    """Hash over the statements that it was made of."""


def usage_fee(terms: Terms, hours: Decimal) -> Decimal:
    """Price hours by tiers; not rounded.

    Raises
    ------
    ValueError
        If hours are negative.
    """
    if hours < 0:
        raise ValueError(f"{hours} hours cannot be charged for")
    ends = [tier.from_hours for tier in terms.tiers[1:]]
    amounts = (
        max(min(hours, end) - tier.from_hours, _NONE) * tier.rate for tier, end in zip(terms.tiers, [*ends, hours], strict=True)
    )
    return sum(amounts, _NONE)


def fee(terms: Terms, statements: Iterable[Mapping[str, Any]], *, start: date, end: date) -> Fee:
    """Compute a period's fee.

    Parameters
    ----------
    statements : iterable of mapping
        As `leasing.statement` makes them, of one machine; other days are passed over, and the same one twice counts once.
    start, end : date
        First day, and the day after the last.

    Raises
    ------
    ValueError
        If the period is empty, statements are of several machines, or two of one day differ.
    """
    if not start < end:
        raise ValueError(f"a period from {start} to {end} has no day")
    by_day = _by_day(statements, start, end)
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    hours = sum((Decimal(of["hours"]) for of in by_day.values() if of["hours"] is not None), _NONE)
    billed = max(hours, terms.minimum_hours)
    usage = usage_fee(terms, billed)
    total = terms.base + usage
    capped = terms.cap is not None and total > terms.cap
    if capped and terms.cap is not None:
        total = terms.cap
    return Fee(
        key=hashlib.sha256(canonical([terms.contract, start.isoformat(), end.isoformat()])).hexdigest(),
        contract=terms.contract,
        start=start,
        end=end,
        currency=terms.currency,
        hours=hours,
        billed_hours=billed,
        base=_money(terms.base),
        usage=_money(usage),
        total=_money(total),
        is_capped=capped,
        days_missing=tuple(day for day in days if day not in by_day or by_day[day]["hours"] is None),
        days_doubtful=tuple(day for day in days if day in by_day and "engine_hours" in by_day[day]["doubtful"]),
        evidence=hashlib.sha256(canonical([dict(by_day[day]) for day in days if day in by_day])).hexdigest(),
    )


def book(booked: Mapping[str, Fee], new: Fee) -> dict[str, Fee]:
    """Book a fee once: the same one again changes nothing.

    Raises
    ------
    ValueError
        If the period was booked with another amount or other statements: that is for people to correct.
    """
    old = booked.get(new.key)
    if old is not None and old != new:
        raise ValueError(
            f"{new.contract} from {new.start} to {new.end} is booked with {old.total} {old.currency}, not with {new.total}"
        )
    return {**booked, new.key: new}


def _by_day(statements: Iterable[Mapping[str, Any]], start: date, end: date) -> dict[date, Mapping[str, Any]]:
    found: dict[date, Mapping[str, Any]] = {}
    machines: Sequence[str] = []
    for one in statements:
        day = date.fromisoformat(one["day"])
        machines = sorted({*machines, one["machine"]})
        if len(machines) > 1:
            raise ValueError(f"statements of {' and '.join(machines)} in one fee")
        if start <= day < end and found.setdefault(day, one) != one:
            raise ValueError(f"two statements of {day} that differ")
    return found


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
