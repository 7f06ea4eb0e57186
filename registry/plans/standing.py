"""Where a plan stands: its targets as the city reads them, against counts, labels, trainings, stars and declarations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from registry.documents.inconsistencies import current_readings
from registry.plans.progress import Progress, counted_for, is_below, judged, ranked, reporting_member, share, years_of
from registry.plans.readings import Read, read_targets
from store.city_plans import (
    Counted,
    Labelled,
    Plan,
    PlanPhase,
    Target,
    labelled,
    new_on_cloud,
    newest_figure,
    on_cloud,
    on_cloud_by_day,
    phases,
    starred,
    targets,
    trainings_held,
)
from store.city_registry import areas
from store.city_snapshots import Snapshot, newest_snapshot
from store.database import Database

_LABELS = {"pilot": ("pilot",), "benchmark": ("benchmark",), "pilot_or_benchmark": ("pilot", "benchmark")}
DECLARED = ("platform_provider", "application_provider", "experience_centre", "benchmark_case")
"""What no reading shows, and somebody declares with a document."""
BASE = "enterprise_base"
"""How many enterprises there are at all: declared, never worked out from a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStanding:
    """A plan as it stands on a day."""

    plan: Plan
    phases: Sequence[PlanPhase]
    rows: Sequence[Progress]
    snapshot: Snapshot | None
    """The count that the newest figures are taken of; None: the city has not been counted yet."""
    course: Sequence[tuple[date, int]]
    """Enterprises on the cloud at the end of each count of the plan's span."""

    def of(self, dimension: str, year: int | None = None) -> list[Progress]:
        return [
            row
            for row in self.rows
            if row.target.dimension == dimension and (year is None or row.first_day.year <= year <= row.last_day.year)
        ]

    @property
    def years(self) -> list[int]:
        return list(range(self.plan.first_day.year, self.plan.last_day.year + 1))


def standing_of(database: Database, plan: Plan, *, today: date) -> PlanStanding:
    """Judge all targets of a plan as they stand on a day."""
    found = targets(database, plan.code)
    reader = _Reader(database, plan, found, today)
    rows = [
        reader.progress(read, first_day, last_day)
        for read in read_targets(plan.code, found, current_readings(database))
        for first_day, last_day in years_of(read.target)
    ]
    newest = reader.scope
    course = [] if newest is None else on_cloud_by_day(database, newest.area, plan.first_day, min(plan.last_day, today))
    return PlanStanding(plan=plan, phases=phases(database, plan.code), rows=ranked(rows), snapshot=newest, course=course)


class _Reader:
    """Reads what was reached, each thing once for a plan."""

    def __init__(self, database: Database, plan: Plan, found: Sequence[Target], today: date) -> None:
        self._database, self._plan, self._today = database, plan, today
        self._parents: Mapping[str, str | None] = {area.code: area.parent for area in areas(database)}
        self._members = frozenset(target.member for target in found if target.dimension == "area")
        self._new: dict[tuple[date, date], list[Counted]] = {}
        self._stars: dict[tuple[date, date], list[tuple[int, Counted]]] = {}

    @cached_property
    def scope(self) -> Snapshot | None:
        """The newest count of the plan's area or, where that is not counted by itself, of the nearest above it."""
        seen: set[str] = set()
        area: str | None = self._plan.area
        while area is not None and area not in seen:
            if found := newest_snapshot(self._database, area, until=self._today):
                return found
            seen.add(area)
            area = self._parents.get(area)
        return None

    def progress(self, read: Read, first_day: date, last_day: date) -> Progress:
        begun = Progress(target=read.target, first_day=first_day, last_day=last_day, is_headline=read.is_headline)
        if first_day > self._today:
            return judged(begun, None, "not_begun")
        until = min(last_day, self._today)
        counter = read.target.counter
        if counter in _LABELS:
            return judged(begun, self._labels(read, first_day, until))
        if counter in DECLARED:
            figure = newest_figure(self._database, self._plan.area, counter, until)
            return judged(begun, None if figure is None else figure.value, "not_declared")
        if counter.startswith("stars_"):
            rated = self._rated(first_day, until)
            return judged(begun, self._sum(read.target, [row for star, row in rated if star == int(counter[-1])]))
        if counter in ("trainings", "trained"):
            held, enterprises = trainings_held(self._database, self._plan.area, first_day, until)
            return judged(begun, held if counter == "trainings" else enterprises)
        return self._of_counts(begun, read.target, first_day, until)

    def _of_counts(self, begun: Progress, target: Target, first_day: date, until: date) -> Progress:
        scope = self.scope
        if scope is None:
            return judged(begun, None, "no_count")
        if target.counter == "on_cloud":
            at_end = newest_snapshot(self._database, scope.area, until=until)
            reached = None if at_end is None else self._sum(target, on_cloud(self._database, at_end.id))
            return judged(begun, reached, "no_count")
        if newest_snapshot(self._database, scope.area, until=until) is None:
            return judged(begun, None, "no_count")
        if (first_day, until) not in self._new:
            self._new[first_day, until] = new_on_cloud(self._database, scope.area, first_day, until)
        reached = self._sum(target, self._new[first_day, until])
        if target.counter != "new_share":
            return judged(begun, reached)
        base = newest_figure(self._database, self._plan.area, BASE, until)
        return judged(begun, None if base is None else share(reached, base.value), "not_declared")

    def _sum(self, target: Target, counted: Sequence[Counted]) -> int:
        return counted_for(target, counted, top=self._plan.area, members=self._members, parents=self._parents)

    def _rated(self, first_day: date, until: date) -> list[tuple[int, Counted]]:
        if (first_day, until) not in self._stars:
            self._stars[first_day, until] = starred(self._database, first_day, until)
        return self._stars[first_day, until]

    def _labels(self, read: Read, first_day: date, until: date) -> int:
        target = read.target
        found = labelled(self._database, _LABELS[target.counter], first_day, until, as_of=until)
        return len({row.uscc for row in found if self._has(row, read)})

    def _has(self, row: Labelled, read: Read) -> bool:
        target = read.target
        if not is_below(row.area, self._plan.area, self._parents) or (read.levels is not None and row.level not in read.levels):
            return False
        if target.dimension == "department":
            return row.department in target.holders
        place = {"level": row.level, "form": row.form, "sector": row.sector}
        if target.dimension == "area":
            place["area"] = reporting_member(row.area, self._members, self._parents) or ""
        return place.get(target.dimension, "") == target.member
