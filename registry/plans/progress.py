"""How far a target is: pure arithmetic on what was promised and what was reached.

A rate is reached / low in percent, rounded half up to a tenth; of a range the lower end counts. What has no target has no rate,
and what is not known is not 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from store.city_plans import Counted, Target

_TENTH, _HUNDREDTH = Decimal("0.1"), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A target with what was reached of it."""

    target: Target
    first_day: date
    last_day: date
    """The span that is judged: of a target that is due every year, one year of it."""
    is_headline: bool = True
    """False where the city reads the document so that another number is the one to reach; this one stands beside it."""
    reached: Decimal | None = None
    why_unknown: str = ""
    """``no_count``, ``not_declared`` or ``not_begun`` where ``reached`` is None."""
    rate: Decimal | None = None
    shortfall: Decimal | None = None
    is_met: bool | None = None
    is_beyond_range: bool = False
    rank: int | None = None


def judged(progress: Progress, reached: Decimal | int | None, why_unknown: str = "") -> Progress:
    """Fill in what was reached, and what follows from it."""
    if reached is None:
        return replace(progress, why_unknown=why_unknown)
    value, target = Decimal(reached), progress.target
    if target.low is None:
        return replace(progress, reached=value)
    least = target.low + (_step(target) if target.bound == "more_than" else 0)
    return replace(
        progress,
        reached=value,
        rate=(value / target.low * 100).quantize(_TENTH, ROUND_HALF_UP) if target.low else None,
        shortfall=max(least - value, Decimal(0)),
        is_met=value >= least,
        is_beyond_range=target.high is not None and value > target.high,
    )


def _step(target: Target) -> Decimal:
    """Give by how much a target must be passed that is to be passed: one, or one hundredth of a share."""
    return _HUNDREDTH if target.counter == "new_share" else Decimal(1)


def ranked(rows: Iterable[Progress]) -> list[Progress]:
    """Rank those that stand side by side, by their rate; equals share a rank, and what has no rate has none."""
    found = list(rows)
    groups: dict[tuple[object, ...], list[Decimal]] = {}
    for row in found:
        if row.rate is not None:
            groups.setdefault(_group(row), []).append(row.rate)
    return [
        replace(row, rank=1 + sum(other > row.rate for other in groups[_group(row)]))
        if row.rate is not None and row.target.dimension != "total"
        else row
        for row in found
    ]


def _group(row: Progress) -> tuple[object, ...]:
    return row.target.counter, row.target.dimension, row.first_day, row.last_day


def years_of(target: Target) -> list[tuple[date, date]]:
    """Give the spans that a target is judged over: the whole, or each year of it."""
    if not target.every_year:
        return [(target.first_day, target.last_day)]
    years = range(target.first_day.year, target.last_day.year + 1)
    return [(max(target.first_day, date(year, 1, 1)), min(target.last_day, date(year, 12, 31))) for year in years]


def share(part: int, base: int) -> Decimal | None:
    """Give a part in percent to the hundredth; None of nothing."""
    return (Decimal(100 * part) / base).quantize(_HUNDREDTH, ROUND_HALF_UP) if base else None


def sum_of(targets: Iterable[Target]) -> Decimal | None:
    """Add up targets, a joint one once; None where none was issued."""
    known = [target.low for target in targets if target.low is not None]
    return sum(known, Decimal(0)) if known else None


def reporting_member(area: str, members: frozenset[str], parents: Mapping[str, str | None]) -> str | None:
    """Give the member of a plan in which an enterprise of an area counts: the nearest at or above it, so that each counts once.

    An area that stands in another and holds targets of its own, as Kunshan in Suzhou, is not in the other.
    """
    seen: set[str] = set()
    here: str | None = area
    while here is not None and here not in members and here not in seen:
        seen.add(here)
        here = parents.get(here)
    return here if here in members else None


def is_below(area: str, top: str, parents: Mapping[str, str | None]) -> bool:
    return reporting_member(area, frozenset({top}), parents) == top


def counted_for(
    target: Target, counted: Sequence[Counted], *, top: str, members: frozenset[str], parents: Mapping[str, str | None]
) -> int:
    """Add up the enterprises that count for a target; each is in one area, one department and one sector."""
    inside = [row for row in counted if is_below(row.area, top, parents)]
    match target.dimension:
        case "area":
            inside = [row for row in inside if reporting_member(row.area, members, parents) == target.member]
        case "department":
            inside = [row for row in inside if row.department in target.holders]
        case "sector":
            inside = [row for row in inside if row.sector == target.member]
    return sum(row.enterprises for row in inside)
