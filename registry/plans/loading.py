"""Bring the documents' plans into the database; running it again changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from registry.documents.document import Document, Targets, Value, document
from store.city_plans import Plan, PlanPhase, Saved, Target, save_plan
from store.city_registry import areas, departments
from store.database import Database
from telemetry.errors import ConfigError


def load_plan(database: Database, name: str, *, loaded_by: str) -> Saved:
    """Load the plan of a document, and say how much was new.

    Raises
    ------
    ConfigError
        If there is no such document, or areas or departments that it names are not in the database.
    """
    plan, found_phases, found_targets = plan_of(name)
    check_named(database, name, [plan.area], found_targets)
    with database.connection() as connection:
        return save_plan(connection, replace(plan, loaded_by=loaded_by), found_phases, found_targets)


def plan_of(name: str) -> tuple[Plan, list[PlanPhase], list[Target]]:
    """Make a plan of a document."""
    told = document(name)
    cited = f"{told.title_zh} {told.number}"
    plan = Plan(
        code=name,
        area=told.area,
        label_zh=told.title_zh,
        label_en=told.title_en,
        document=cited,
        first_day=told.first_day,
        last_day=told.last_day,
        loaded_by="",
    )
    phases = [PlanPhase(number=number, **phase.model_dump()) for number, phase in enumerate(told.phases, 1)]
    return plan, phases, [_target(told, cited, *cell) for cell in told.cells()]


def _target(told: Document, cited: str, group: Targets, counter: str, value: Value) -> Target:
    holders = value.holders or group.holders
    member = value.member or ("+".join(value.holders) if group.dimension == "department" else "")
    first_day, last_day = group.first_day or told.first_day, group.last_day or told.last_day
    return Target(
        code=".".join(filter(None, (group.row, counter, group.role, member))),
        counter=counter,
        dimension=group.dimension,
        member=member,
        holders=holders,
        first_day=first_day,
        last_day=last_day,
        bound=group.bound,
        low=value.low,
        high=value.high,
        every_year=group.every_year,
        role=group.role,
        document=cited,
        clause=group.clause,
        note_zh=value.note_zh or group.note_zh,
        note_en=value.note_en or group.note_en,
    )


def check_named(database: Database, name: str, own: Sequence[str], targets: Sequence[Target]) -> None:
    """Refuse a plan that names what is not there.

    Raises
    ------
    ConfigError
    """
    there = {area.code for area in areas(database)}
    missing = sorted({*own, *(one.member for one in targets if one.dimension == "area")} - there)
    if missing:
        hint = "load them first, with `shangyun registry areas load`"
        raise ConfigError(f"{name}: there is no area {', '.join(missing[:5])}; {hint}")
    offices = {office.code for office in departments(database)}
    unknown = sorted({holder for one in targets for holder in one.holders} - offices)
    if unknown:
        raise ConfigError(f"{name}: there is no department {', '.join(unknown[:5])}; load the areas with their departments first")
