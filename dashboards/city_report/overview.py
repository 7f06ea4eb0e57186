"""A city at a glance: the newest count, or a frozen one, with all that pages, screen, report and API show of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from store.city_quality import OpenSuspicions, SilentGateway, open_suspicions, silent_gateways
from store.city_registry import Area, areas
from store.city_snapshots import (
    AreaKind,
    Figures,
    FunnelStep,
    Point,
    Snapshot,
    by_area_and_kind,
    by_department,
    funnel,
    newest_snapshot,
    ranking,
    snapshots,
    trend,
)
from store.database import Database

SILENT_AFTER_DAYS = 7
"""Where the rule says nothing."""
WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Narrow what is shown to an area with all below it, a kind, a department; None lets all through."""

    area: str | None = None
    kind: str | None = None
    department: str | None = None


class Ranked(NamedTuple):
    """An area with its rank; equals share one, and what has no rate has none."""

    rank: int | None
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One snapshot, narrowed by filters where a figure can be."""

    snapshot: Snapshot
    areas: Mapping[str, Area]
    filters: Filters
    steps: list[FunnelStep]
    cells: list[AreaKind]
    ranked: list[Ranked]
    departments: list[Figures]
    trend: list[Point]
    silent: list[SilentGateway]
    suspicions: list[OpenSuspicions]

    @property
    def declared(self) -> int | None:
        return declared_in(one.figures for one in self.ranked)

    @property
    def rate(self) -> float | None:
        return rate_of(one.figures for one in self.ranked)

    @property
    def window_days(self) -> int:
        return whole(self.snapshot.parameters.get("window_days"), WINDOW_DAYS)

    @property
    def silent_after_days(self) -> int:
        return whole(self.snapshot.parameters.get("silent_after_days"), SILENT_AFTER_DAYS)

    @property
    def kinds(self) -> list[str]:
        return sorted({one.kind for one in self.cells})


class Days(NamedTuple):
    """Machines with the days on which they sent something, of how many there could be, and on which all points were valid."""

    machines: int
    counted: int
    silent: int
    possible_days: int
    data_days: int
    complete_days: int

    @property
    def continuity(self) -> float | None:
        return self.data_days / self.possible_days if self.possible_days else None

    @property
    def completeness(self) -> float | None:
        return self.complete_days / self.data_days if self.data_days else None


def overview(database: Database, of: Snapshot, filters: Filters | None = None, *, trend_form: str = "") -> Overview:
    """Gather what a snapshot says; the trend is that of its area in a form, or in that which has one."""
    chosen = filters or Filters()
    days = whole(of.parameters.get("silent_after_days"), SILENT_AFTER_DAYS)
    cells = by_area_and_kind(database, of.id, area=chosen.area)
    return Overview(
        snapshot=of,
        areas={one.code: one for one in areas(database)},
        filters=chosen,
        steps=funnel(database, of.id, area=chosen.area, kind=chosen.kind, department=chosen.department),
        cells=[one for one in cells if chosen.kind in (None, one.kind)],
        ranked=[Ranked(*row) for row in ranking(database, of.id)],
        departments=by_department(database, of.id, area=chosen.area),
        trend=_trend(database, of, trend_form, chosen.area),
        silent=silent_gateways(database, of.id, before=of.last_day - timedelta(days=days - 1), area=chosen.area),
        suspicions=open_suspicions(database, of.id, area=chosen.area),
    )


def _trend(database: Database, of: Snapshot, form: str, below: str | None) -> list[Point]:
    """Give the counts of a form; where none is asked for, those by day or, while there is but one of them, those by month."""
    if form:
        return trend(database, of.area, form=form, below=below)
    by_day = trend(database, of.area, form="day", below=below)
    return by_day if len(by_day) > 1 else trend(database, of.area, form="month", below=below) or by_day


def newest(database: Database, area: str | None = None) -> Snapshot | None:
    """Give the newest count of an area; without one, of whichever area was counted last."""
    if area is not None:
        return newest_snapshot(database, area)
    _total, found = snapshots(database, with_replaced=False, limit=1)
    return found[0] if found else None


def days_of(cells: Iterable[AreaKind], *, window_days: int) -> Days:
    """Sum cells up."""
    found = list(cells)
    machines = sum(one.machines for one in found)
    return Days(
        machines=machines,
        counted=sum(one.counted for one in found),
        silent=sum(one.silent for one in found),
        possible_days=machines * window_days,
        data_days=sum(one.data_days for one in found),
        complete_days=sum(one.complete_days for one in found),
    )


def declared_in(figures: Iterable[Figures]) -> int | None:
    """Sum declared key equipment up; None where nobody has declared any, which is not 0."""
    known = [one.declared for one in figures if one.declared is not None]
    return sum(known) if known else None


def rate_of(figures: Iterable[Figures]) -> float | None:
    """Give the counted machines of those who have declared, of what they have declared."""
    known = [(one.counted_of_declared or 0, one.declared) for one in figures if one.declared is not None]
    declared = sum(of for _, of in known)
    return sum(counted for counted, _ in known) / declared if declared else None


def whole(value: object, default: int) -> int:
    """Read a parameter of a rule; a rule of another make may have others."""
    return value if isinstance(value, int) and value > 0 else default
