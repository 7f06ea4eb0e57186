"""The level of a service over a month: good minutes over all but the agreed ones, and the credit that the contract gives.

A minute is good where anything came of a machine in scope: one machine alone may be silent for reasons of the plant, all of them
at once are the service's. Money is rounded to the fen, halves up.
"""

import calendar
import hashlib
import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from store.city_services import Agreement, Maintenance

BoolArray = npt.NDArray[np.bool_]
_FEN = Decimal("0.01")
_MOST_BAD_SPANS = 1000
"""Kept in a credit note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a month was."""

    minutes: int
    maintenance_minutes: int
    bad_minutes: int
    availability_percent: Decimal | None
    """Rounded down to 0.0001, so that a level just missed is not rounded up to; None where no minute counts."""
    credit_percent: Decimal
    credit_cny: Decimal
    bad_spans: list[tuple[int, int]]
    """First minute, and minutes, of each stretch that was bad."""

    @property
    def counted_minutes(self) -> int:
        return self.minutes - self.maintenance_minutes


def allowed_minutes(target_percent: Decimal, days: int) -> Decimal:
    """Minutes that may be bad in so many days: 43.2 for 99.9 % of 30 days."""
    return (100 - target_percent) / 100 * days * 1440


def check_tiers(tiers: Sequence[tuple[Decimal, Decimal]], target_percent: Decimal) -> None:
    """Check the tiers of a contract.

    Raises
    ------
    ValueError
        If a tier lies above the target, or a lower availability gives no higher credit.
    """
    if not tiers:
        raise ValueError("tiers: there is none")
    ordered = sorted(tiers, reverse=True)
    for below, credit in ordered:
        if not 0 < below <= target_percent:
            raise ValueError(f"tiers: {below} % is not between 0 and the target of {target_percent} %")
        if not 0 <= credit <= 100:
            raise ValueError(f"tiers: a credit of {credit} % is not between 0 and 100 %")
    for (upper, less), (lower, more) in itertools.pairwise(ordered):
        if lower == upper or more <= less:
            raise ValueError(f"tiers: below {lower} % the credit of {more} % is not more than {less} % below {upper} %")


def credit_percent(tiers: Sequence[tuple[Decimal, Decimal]], availability_percent: Decimal) -> Decimal:
    """Give the credit of the lowest tier that the availability is below; 0 where it is below none."""
    return max((credit for below, credit in tiers if availability_percent < below), default=Decimal(0))


def level(good: BoolArray, is_maintenance: BoolArray, agreement: Agreement) -> Level:
    """Judge a month by its minutes.

    Parameters
    ----------
    good, is_maintenance : ndarray of bool, shape (minutes,)
        A minute of agreed maintenance counts neither way.
    """
    counts = ~is_maintenance
    bad = counts & ~good
    counted, bad_count = int(counts.sum()), int(bad.sum())
    percent = None
    if counted:
        percent = Decimal((counted - bad_count) * 1_000_000 // counted) / 10_000
    # The tier is judged by the exact minutes, not by the rounded percentage.
    exact = Decimal(100) if not counted else Decimal(100 * (counted - bad_count)) / counted
    credit = credit_percent(agreement.tiers, exact)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], bad, [False])).astype(np.int8)))
    spans = [(int(start), int(end - start)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return Level(
        minutes=len(good),
        maintenance_minutes=int(is_maintenance.sum()),
        bad_minutes=bad_count,
        availability_percent=percent,
        credit_percent=credit,
        credit_cny=(agreement.monthly_fee_cny * credit / 100).quantize(_FEN, ROUND_HALF_UP),
        bad_spans=spans,
    )


def month_span(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give begin and end of a month of the plant, in UTC."""
    first = month.replace(day=1)
    after = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return datetime.combine(first, time(), zone).astimezone(UTC), datetime.combine(after, time(), zone).astimezone(UTC)


def maintenance_minutes(agreed: Collection[Maintenance], start: datetime, end: datetime) -> BoolArray:
    """Mark the minutes of ``[start, end)`` that lie wholly or partly in agreed maintenance."""
    count = round((end - start).total_seconds() / 60)
    marked = np.zeros(count, np.bool_)
    for one in agreed:
        first = (one.start_time - start).total_seconds() // 60
        last = -((start - one.end_time).total_seconds() // 60)
        marked[max(int(first), 0) : max(int(last), 0)] = True
    return marked


def content_of(
    agreement: Agreement,
    found: Level,
    *,
    month: date,
    zone: ZoneInfo,
    completeness: Mapping[tuple[str, str], float],
    agreed: Collection[Maintenance],
) -> tuple[str, bytes]:
    """Write a month in canonical form, and give it with its SHA-256."""
    start, end = month_span(month, zone)
    content = {
        "agreement": agreement.id,
        "document": agreement.document,
        "provider": agreement.provider,
        "month": month.isoformat()[:7],
        "time_zone": zone.key,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "target_percent": str(agreement.target_percent),
        "tiers": [[str(below), str(credit)] for below, credit in agreement.tiers],
        "monthly_fee_cny": str(agreement.monthly_fee_cny),
        "minutes": found.minutes,
        "maintenance_minutes": found.maintenance_minutes,
        "bad_minutes": found.bad_minutes,
        "availability_percent": None if found.availability_percent is None else str(found.availability_percent),
        "credit_percent": str(found.credit_percent),
        "credit_cny": str(found.credit_cny),
        "bad_spans": [[(start + timedelta(minutes=at)).isoformat(), length] for at, length in found.bad_spans[:_MOST_BAD_SPANS]],
        "bad_spans_left_out": max(len(found.bad_spans) - _MOST_BAD_SPANS, 0),
        "completeness": [[*machine, round(share, 6)] for machine, share in sorted(completeness.items())],
        "maintenance": [[one.start_time.isoformat(), one.end_time.isoformat(), one.reason] for one in agreed],
    }
    text = canonical(content)
    return text, hashlib.sha256(text.encode()).digest()


def canonical(content: object) -> str:
    """Write JSON with sorted keys and no blanks; numbers of a credit note are short, so jsonb gives them back unchanged."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
