"""Take a table of targets as a plan of its own, or not at all."""

import re
from dataclasses import dataclass

from registry.documents.document import NAMES
from registry.plans.progress import is_below
from registry.plans.target_tables import Refused, TargetTable, read_target_table
from store.city_plans import Plan, Saved, save_plan
from store.city_registry import areas, departments
from store.database import Connection, Database
from telemetry.errors import ConfigError

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsGiven:
    """A table with what the office says of it."""

    code: str
    label: str
    area: str
    document: str
    data: bytes
    given_by: str


def read_given(database: Database, given: TargetsGiven) -> TargetTable:
    """Read a table against the areas and departments of the plan.

    Raises
    ------
    ConfigError
        If the plan cannot be called so, or its area is not there.
    """
    if _CODE.fullmatch(given.code) is None or given.code in NAMES:
        hint = "small letters, digits, _ and -, at most 40, and not the name of a document"
        raise ConfigError(f"plan {given.code[:60]!r}: {hint}")
    if not given.label.strip() or not given.document.strip():
        raise ConfigError("a plan has a title and the document that issued it")
    all_areas = areas(database)
    parents = {area.code: area.parent for area in all_areas}
    if given.area not in parents:
        raise ConfigError(f"there is no area {given.area[:60]!r}; `shangyun registry areas load` loads areas")
    inside = [area for area in all_areas if is_below(area.code, given.area, parents)]
    return read_target_table(given.data, document=given.document, areas=inside, departments=departments(database))


def save_given(connection: Connection, given: TargetsGiven, table: TargetTable) -> Saved:
    """Save a table in which nothing is refused."""
    assert table.targets
    assert not table.refused
    plan = Plan(
        code=given.code,
        area=given.area,
        label_zh=given.label,
        label_en=given.label,
        document=given.document,
        first_day=min(target.first_day for target in table.targets),
        last_day=max(target.last_day for target in table.targets),
        loaded_by=given.given_by,
    )
    return save_plan(connection, plan, (), table.targets)


def told(refused: Refused) -> str:
    """Write a reason as a line of a report."""
    column = f", {refused.column}" if refused.column else ""
    return f"line {refused.line}{column}: {refused.mistake.en} ({refused.mistake.zh})"
