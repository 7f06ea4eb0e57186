"""Plans of a city: what documents or tables of targets promise, and what the counts, labels and declarations say about it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from store.database import Connection, Database
from store.sql_files import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A document, or a table of targets that was imported."""

    code: str
    area: str
    label_zh: str
    label_en: str
    document: str
    first_day: date
    last_day: date
    loaded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPhase:
    """A phase as it is printed."""

    number: int
    label_zh: str
    label_en: str
    first_day: date
    last_day: date
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number that is promised; ``low`` None: the document has the row and no number, which is never 0."""

    code: str
    counter: str
    dimension: str = "total"
    member: str = ""
    holders: Sequence[str] = ()
    first_day: date
    last_day: date
    bound: str = "at_least"
    """``at_least``, ``more_than``, or ``range`` with ``high``."""
    low: Decimal | None = None
    high: Decimal | None = None
    every_year: bool = False
    role: str = ""
    document: str
    clause: str
    note_zh: str = ""
    note_en: str = ""


class Counted(NamedTuple):
    """Enterprises of one area, department (may be empty) and sector."""

    area: str
    department: str
    sector: str
    enterprises: int


class Labelled(NamedTuple):
    """An enterprise that was given a label."""

    label: str
    level: str
    form: str
    area: str
    department: str
    sector: str
    uscc: str


class Figure(NamedTuple):
    """A figure that somebody has declared."""

    counter: str
    as_of: date
    value: int
    document: str
    declared_by: str
    declared_at: datetime


class Saved(NamedTuple):
    """What loading a plan has changed."""

    changed: int
    removed: int

    @property
    def is_nothing(self) -> bool:
        return not self.changed and not self.removed


def save_plan(connection: Connection, plan: Plan, phases: Iterable[PlanPhase], targets: Sequence[Target]) -> Saved:
    """Add a plan, or bring the one of the same code up to date; targets that it no longer has go.

    Raises
    ------
    RowRefused
        If its area is not there.
    """
    changed = int(connection.execute(query("city_plans", "save_plan"), asdict(plan)).fetchone() is not None)
    connection.execute(query("city_plans", "delete_phases"), [plan.code])
    for phase in phases:
        connection.execute(query("city_plans", "add_phase"), {"plan": plan.code, **asdict(phase)})
    for target in targets:
        values = {**asdict(target), "plan": plan.code, "holders": list(target.holders)}
        changed += int(connection.execute(query("city_plans", "save_target"), values).fetchone() is not None)
    known = {"plan": plan.code, "codes": [target.code for target in targets]}
    removed = connection.execute(query("city_plans", "delete_other_targets"), known).fetchall()
    return Saved(changed, len(removed))


def plans(database: Database) -> list[Plan]:
    with database.connection() as connection:
        rows = connection.execute(query("city_plans", "plans")).fetchall()
    return [Plan(**dict(zip(Plan.__slots__, row, strict=True))) for row in rows]


def phases(database: Database, plan: str) -> list[PlanPhase]:
    with database.connection() as connection:
        rows = connection.execute(query("city_plans", "phases"), [plan]).fetchall()
    return [PlanPhase(**dict(zip(PlanPhase.__slots__, row, strict=True))) for row in rows]


def targets(database: Database, plan: str) -> list[Target]:
    with database.connection() as connection:
        rows = connection.execute(query("city_plans", "targets"), [plan]).fetchall()
    return [Target(**dict(zip(Target.__slots__, row, strict=True))) for row in rows]


def on_cloud(database: Database, snapshot: int) -> list[Counted]:
    """Count the enterprises that a snapshot has on the cloud."""
    with database.connection() as connection:
        return [Counted(*row) for row in connection.execute(query("city_plans", "on_cloud"), [snapshot])]


def new_on_cloud(database: Database, scope: str, first_day: date, last_day: date) -> list[Counted]:
    """Count the enterprises that came on the cloud in a period: in any count of it, and in no frozen one before."""
    values = {"scope": scope, "first_day": first_day, "last_day": last_day}
    with database.connection() as connection:
        return [Counted(*row) for row in connection.execute(query("city_plans", "new_on_cloud"), values)]


def on_cloud_by_day(database: Database, scope: str, first_day: date, last_day: date) -> list[tuple[date, int]]:
    values = {"scope": scope, "first_day": first_day, "last_day": last_day}
    with database.connection() as connection:
        return [(day, count) for day, count in connection.execute(query("city_plans", "on_cloud_by_day"), values)]


def labelled(database: Database, labels: Sequence[str], first_day: date, last_day: date, *, as_of: date) -> list[Labelled]:
    """List who was given one of the labels in a period and still has it on a day."""
    values = {"labels": list(labels), "first_day": first_day, "last_day": last_day, "as_of": as_of}
    with database.connection() as connection:
        return [Labelled(*row) for row in connection.execute(query("city_plans", "labelled"), values)]


def starred(database: Database, first_day: date, last_day: date) -> list[tuple[int, Counted]]:
    """Count the enterprises that were rated in a period, by the highest star that each was given."""
    values = {"first_day": first_day, "last_day": last_day}
    with database.connection() as connection:
        rows = connection.execute(query("city_plans", "starred"), values).fetchall()
    return [(star, Counted(area, department, sector, count)) for area, department, sector, star, count in rows]


def trainings_held(database: Database, area: str, first_day: date, last_day: date) -> tuple[int, int]:
    """Count the trainings of an area with all below it, and the enterprises that came, each once."""
    values = {"area": area, "first_day": first_day, "last_day": last_day}
    with database.connection() as connection:
        ((held, enterprises),) = connection.execute(query("city_plans", "trainings_held"), values).fetchall()
    return int(held), int(enterprises)


def newest_figure(database: Database, area: str, counter: str, last_day: date) -> Figure | None:
    """Give what was declared last of a counter up to a day; None: not declared, which is not 0."""
    values = {"area": area, "counter": counter, "last_day": last_day}
    with database.connection() as connection:
        row = connection.execute(query("city_plans", "newest_figure"), values).fetchone()
    return None if row is None else Figure(*row)


def figures(database: Database, area: str) -> list[Figure]:
    with database.connection() as connection:
        return [Figure(*row) for row in connection.execute(query("city_plans", "figures"), [area])]


def add_figure(
    connection: Connection, *, area: str, counter: str, as_of: date, value: int, document: str, declared_by: str
) -> None:
    values = {"area": area, "counter": counter, "as_of": as_of, "value": value, "document": document, "declared_by": declared_by}
    connection.execute(query("city_plans", "add_figure"), values)
