"""Application windows: whole months of the edition, and further ones that a notice opened."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from registry.stars.edition import Edition, editions


class Batch(NamedTuple):
    """A window, both days included."""

    first_day: date
    last_day: date
    source: str


def batches(edition: Edition, further: Iterable[tuple[date, date, str]] = ()) -> list[Batch]:
    """Give all windows, the first first; ``further`` are first day, last day and notice."""
    own = [
        Batch(date(year, month, 1), date(year, month, monthrange(year, month)[1]), edition.windows.clause)
        for year in edition.windows.years
        for month in edition.windows.months
    ]
    return sorted([*own, *(Batch(*one) for one in further)])


def windows_of(plan: str) -> list[Batch]:
    """Give the windows of all editions that belong to a plan."""
    return sorted(one for edition in editions().values() if edition.plan == plan for one in batches(edition))


def batch_of(day: date, windows: Iterable[Batch]) -> Batch | None:
    """Give the window that a day is in."""
    return next((one for one in windows if one.first_day <= day <= one.last_day), None)


def next_batch(day: date, windows: Iterable[Batch]) -> Batch | None:
    """Give the next window that begins after a day."""
    return next((one for one in sorted(windows) if one.first_day > day), None)
