"""Settlement of sold capacity on what the machines say: parts counted, cycles recorded, and the quality result under its hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from analytics.scheduling.reservations import MachineTime, Reservation, ReservationState
from analytics.scheduling.trading import rounded

Doubt = Literal[
    "no_evidence",
    "counter_fell",
    "cycles_and_count_differ",
    "cycle_outside_time",
    "quality_differs_from_hash",
    "more_good_than_made",
]


class Cycle(NamedTuple):
    """One finished cycle of a machine."""

    machine: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was made, from three sources that know nothing of each other."""

    parts_before: int
    """Of the machine's counter, at the beginning and at the end."""
    parts_after: int
    cycles: Sequence[Cycle]
    quality: Mapping[str, Any]
    """The inspection's result; ``good`` is the number of good parts."""
    quality_sha256: str
    """The hash that the inspection gave with it, see `sha256_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed."""

    quantity: int
    unit_price: Decimal
    due: datetime
    late_percent_a_day: Decimal = Decimal(0)
    """Deducted for each day begun after the due date."""
    late_percent_at_most: Decimal = Decimal(100)
    parts_a_cycle: int = 1
    allowed_difference: int = 1
    """Parts by which counter and cycles may differ: the first may be set by hand, the last cycle may be cut off."""


class Settlement(NamedTuple):
    """What is to be paid, and on what grounds."""

    made: int
    good: int
    amount: Decimal
    """To pay; with doubts only a proposal, of the fewest parts that any source confirms."""
    deduction: Decimal
    """Of it for being late, already taken off."""
    delivered_at: datetime | None
    doubts: tuple[Doubt, ...]
    sha256: str
    """Of all evidence and terms: who has them can check that this is what they give."""


def settle(times: Sequence[MachineTime], terms: Terms, evidence: Evidence) -> Settlement:
    """Hold the sources against each other, and give what is to be paid: good parts up to the quantity, less for being late."""
    counted = evidence.parts_after - evidence.parts_before
    inside = [cycle for cycle in evidence.cycles if any(_is_in(cycle, time) for time in times)]
    cycled = len(inside) * terms.parts_a_cycle
    told = evidence.quality.get("good")
    told_good = told if type(told) is int else 0
    doubts: dict[Doubt, bool] = {
        "no_evidence": not evidence.cycles or type(told) is not int,
        "counter_fell": counted < 0,
        "cycles_and_count_differ": abs(counted - cycled) > terms.allowed_difference,
        "cycle_outside_time": len(inside) < len(evidence.cycles),
        "quality_differs_from_hash": sha256_of(evidence.quality) != evidence.quality_sha256,
        "more_good_than_made": told_good > max(counted, cycled),
    }
    found = tuple(name for name, is_so in doubts.items() if is_so)
    good = max(0, min(told_good, counted, cycled) if found else told_good)
    delivered_at = max((cycle.end for cycle in inside), default=None)
    full = terms.unit_price * min(good, terms.quantity)
    percent = Decimal(0)
    if delivered_at is not None and delivered_at > terms.due:
        days = -((terms.due - delivered_at) // timedelta(days=1))
        percent = min(terms.late_percent_a_day * days, terms.late_percent_at_most)
    deduction = rounded(full * percent / 100)
    return Settlement(
        made=max(counted, 0),
        good=good,
        amount=rounded(full) - deduction,
        deduction=deduction,
        delivered_at=delivered_at,
        doubts=found,
        sha256=sha256_of(_as_plain(times, terms, evidence)),
    )


def sha256_of(content: Mapping[str, Any]) -> str:
    """Give the hash of a result, whatever the order of its keys: SHA-256 of its JSON with sorted keys and no spaces, in UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Indicators(NamedTuple):
    """How the market does; None where nothing can be said yet."""

    fill_rate: float | None
    """Share of the minutes offered that were sold."""
    promise_kept: float | None
    """Share of ended sales that were delivered in time and in full."""
    price_index: float | None
    """Money paid over the money that the same work costs at list price, 1 for equal."""


def indicators(
    reservations: Iterable[Reservation],
    *,
    offered_minutes: float,
    kept: Mapping[str, bool],
    list_prices: Mapping[str, Decimal],
    now: datetime,
) -> Indicators:
    """Give the market's indicators over some reservations.

    Parameters
    ----------
    offered_minutes : float
        Machine time that was for sale over the same span.
    kept : mapping of str to bool
        By the name of a delivered reservation whether it was in time and in full; one that failed counts as not kept.
    list_prices : mapping of str to Decimal
        By name of a reservation what it costs at list price.
    """
    every = list(reservations)
    sold = [one for one in every if one.takes_capacity(now) and one.state is not ReservationState.HELD]
    minutes = sum((time.end - time.start) / timedelta(minutes=1) for one in sold for time in one.times)
    ended = [kept[one.name] for one in every if one.name in kept and one.state is not ReservationState.FAILED]
    ended += [False for one in every if one.state is ReservationState.FAILED]
    priced = [(one.price, list_prices[one.name]) for one in sold if one.name in list_prices]
    listed = sum((at_list for _, at_list in priced), Decimal(0))
    return Indicators(
        fill_rate=minutes / offered_minutes if offered_minutes > 0 else None,
        promise_kept=sum(ended) / len(ended) if ended else None,
        price_index=float(sum((price for price, _ in priced), Decimal(0)) / listed) if listed else None,
    )


def _is_in(cycle: Cycle, time: MachineTime) -> bool:
    return cycle.machine == time.machine and time.start <= cycle.start < cycle.end <= time.end


def _as_plain(times: Sequence[MachineTime], terms: Terms, evidence: Evidence) -> dict[str, Any]:
    return {
        "times": [[time.machine, time.start.isoformat(), time.end.isoformat()] for time in times],
        "terms": [
            terms.quantity,
            str(terms.unit_price),
            terms.due.isoformat(),
            str(terms.late_percent_a_day),
            str(terms.late_percent_at_most),
            terms.parts_a_cycle,
            terms.allowed_difference,
        ],
        "parts": [evidence.parts_before, evidence.parts_after],
        "cycles": [[cycle.machine, cycle.start.isoformat(), cycle.end.isoformat()] for cycle in evidence.cycles],
        "quality": dict(evidence.quality),
        "quality_sha256": evidence.quality_sha256,
    }
