"""What a lender asks of a machine that secures a loan: is it used as agreed, seen every day, and where it should be."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

DAYS = 30


class Risk(NamedTuple):
    """Counts over the newest days; Shangyun gives facts, the lender weighs them."""

    hours: Decimal
    use_of_contract: Decimal | None
    """Hours by those agreed for as many days; None without an agreement or without a statement that knows hours."""
    days_silent: int
    """Without a statement, or with one that knows no hours."""
    days_outside: int
    """On which the machine was outside its region, if only for a while."""
    days_flagged: Mapping[str, int]
    """By flag."""


def risk(statements: Iterable[Mapping[str, Any]], *, today: date, hours_a_month: Decimal | None = None, days: int = DAYS) -> Risk:
    """Count over the days before ``today``.

    Parameters
    ----------
    statements : iterable of mapping
        As `leasing.statement` makes them, of one machine; one for each day.
    hours_a_month : Decimal, optional
        That the contract expects of 30 days. [h]

    Raises
    ------
    ValueError
        If there are no days to count, or the agreed hours are not above 0.
    """
    if days < 1 or (hours_a_month is not None and hours_a_month <= 0):
        raise ValueError("at least one day, and agreed hours above 0")
    first = today - timedelta(days=days)
    of_days = {date.fromisoformat(one["day"]): one for one in statements}
    newest = [one for day, one in sorted(of_days.items()) if first <= day < today]
    known = [Decimal(one["hours"]) for one in newest if one["hours"] is not None]
    flags = sorted({flag for one in newest for flag in one["flags"]})
    hours = sum(known, Decimal(0))
    return Risk(
        hours=hours,
        use_of_contract=None if hours_a_month is None or not known else hours / (hours_a_month * days / DAYS),
        days_silent=days - len(known),
        days_outside=sum(one["region"] in {"outside", "returned"} for one in newest),
        days_flagged={flag: sum(flag in one["flags"] for one in newest) for flag in flags},
    )
