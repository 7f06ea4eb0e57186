"""Reporting areas and departments as data: ``data/areas/<name>.toml``, or a file of one's own of the same form.

A reporting area is what a policy gives a target to. It maps to none, one or several division codes, for zones and ports have none
of their own, and it is never read out of an enterprise's code, which only tells where the enterprise was first registered.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from store.city_registry import Area, Department, save_areas, save_departments
from store.city_registry import areas as stored_areas
from store.database import Connection, Database
from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

FOLDER = Path(__file__).parent / "data" / "areas"
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00\n\r]*$")]
DivisionCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3})?$")]


class AreaRow(Settings):
    code: Code
    parent: Code | None = None
    level: Literal["province", "city", "county", "zone"]
    label_zh: Label
    label_en: Label
    division_codes: tuple[DivisionCode, ...] = ()
    """Six digits of GB/T 2260 or the statistical set; nine for a town or street office."""
    valid_from: date | None = None
    valid_to: date | None = None
    """First day on which it is there no more."""
    successor: Code | None = None
    source: Label | None = None
    """Where that of the whole file does not do."""


class DepartmentRow(Settings):
    code: Code
    area: Code
    label_zh: Label
    label_en: Label
    aliases: tuple[Label, ...] = ()
    """How documents call it besides."""
    source: Label | None = None


class AreaTable(Settings):
    """One file: areas, parents before children, and departments."""

    source: Label
    area: tuple[AreaRow, ...] = ()
    department: tuple[DepartmentRow, ...] = ()


def names() -> list[str]:
    """Name the files that Shangyun brings."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def find(name: str) -> Path:
    """Give the file of a name of `names`, or a file of one's own.

    Raises
    ------
    ConfigError
    """
    if name in names():
        return FOLDER / f"{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    raise ConfigError(f"{name!r} is neither a file (.toml) nor one of {', '.join(names())}")


def read(path: Path) -> AreaTable:
    """Read one file.

    Raises
    ------
    ConfigError
        With file, line and key of every mistake.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[TomlFile, AreaTable]:
    file = TomlFile(path)
    table = fit(file, AreaTable)
    problems = list(_problems(file, table))
    if problems:
        raise ConfigError(*problems)
    return file, table


def _problems(file: TomlFile, table: AreaTable) -> Iterator[Problem]:
    """Check what no single row can tell."""
    seen: set[str] = set()
    known = {row.code for row in table.area}
    for index, row in enumerate(table.area):
        place = ("area", index)
        if row.code in seen:
            yield file.problem((*place, "code"), f"{row.code!r} is there twice")
        if row.parent is not None and row.parent in known - seen:
            yield file.problem((*place, "parent"), f"{row.parent!r} stands below, and must stand above")
        if row.successor == row.code:
            yield file.problem((*place, "successor"), "an area does not succeed itself")
        if row.valid_from and row.valid_to and not row.valid_from < row.valid_to:
            yield file.problem((*place, "valid_to"), f"{row.valid_to} is not after {row.valid_from}")
        seen.add(row.code)
    departments: set[str] = set()
    for index, department in enumerate(table.department):
        if department.code in departments:
            yield file.problem(("department", index, "code"), f"{department.code!r} is there twice")
        departments.add(department.code)


def load(database: Database, path: Path) -> AreaTable:
    """Bring the database up to date with one file, in one transaction; what it does not name stays.

    Raises
    ------
    ConfigError
        If the file is wrong, or names a parent, successor or area that is neither in it nor in the database.
    """
    file, table = _read(path)
    known = {area.code for area in stored_areas(database)} | {row.code for row in table.area}
    named = [
        *((("area", index, key), getattr(row, key)) for index, row in enumerate(table.area) for key in ("parent", "successor")),
        *((("department", index, "area"), row.area) for index, row in enumerate(table.department)),
    ]
    missing = [
        file.problem(place, f"there is no area {code!r}") for place, code in named if code is not None and code not in known
    ]
    if missing:
        raise ConfigError(*missing)
    with database.connection() as connection:
        save(connection, table)
    return table


def save(connection: Connection, table: AreaTable) -> None:
    """Add areas and departments, or bring them up to date."""
    areas = [Area(**{**row.model_dump(), "source": row.source or table.source}) for row in table.area]
    save_areas(connection, [replace(area, successor=None) for area in areas])  # a successor may stand below its predecessor
    save_areas(connection, [area for area in areas if area.successor])
    departments = (Department(**{**row.model_dump(), "source": row.source or table.source}) for row in table.department)
    save_departments(connection, departments)


def is_valid(area: Area, day: date) -> bool:
    """Tell whether an area is there on a day."""
    return (area.valid_from is None or area.valid_from <= day) and (area.valid_to is None or day < area.valid_to)
