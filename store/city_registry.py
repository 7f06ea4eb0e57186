"""Whom a city counts: areas, departments, enterprises, their gateways and machines, as they were registered.

Keys come normalised: a code of an enterprise by `registry.uscc`, a nameplate by `registry.nameplates`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from store.database import Connection, Database
from store.sql_files import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A reporting area; ``division_codes`` are those of GB/T 2260 (or of the statistical set) that it maps to."""

    code: str
    parent: str | None = None
    level: str
    """``province``, ``city``, ``county`` or ``zone``."""
    label_zh: str
    label_en: str
    division_codes: Sequence[str] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """Who answers for a target."""

    code: str
    area: str
    label_zh: str
    label_en: str
    aliases: Sequence[str] = ()
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """One enterprise, or a branch of one (``head_uscc`` then names its legal person)."""

    uscc: str
    name: str
    area: str
    department: str | None = None
    head_uscc: str | None = None
    sector: str = "industry"
    """``industry``, ``services`` or ``individual_or_farm``."""
    industry: str = ""
    """GB/T 4754: letter and up to four digits, of ``industry_edition`` (2011 or 2017)."""
    industry_edition: str = ""
    is_independent: bool = True
    address: str = ""
    contact: str = ""
    code_state: str = "valid"
    """``valid``, or ``for_review`` with ``code_problem``."""
    code_problem: str = ""
    verified_by: str = ""
    verified_on: date | None = None
    registered_at: datetime | None = None
    """Filled in by the database."""
    registered_by: str
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway with the SHA-256 of the certificate that it enrolled with."""

    name: str
    uscc: str
    certificate_sha256: bytes
    is_simulator: bool = False
    enrolled_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A registered piece of equipment; (``gateway``, ``equipment_name``) leads to its readings, both empty until known."""

    uscc: str
    kind: str
    label: str = ""
    maker: str = ""
    model: str = ""
    serial_number: str = ""
    nameplate_key: str = ""
    registration_code: str = ""
    made_year: int | None = None
    place: str = ""
    gateway: str = ""
    equipment_name: str = ""
    is_simulator: bool = False
    registered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseLabel:
    """What an enterprise was named: pilot, benchmark ...; ``form`` is what of, where a document tells some apart."""

    uscc: str
    label: str
    level: str = ""
    form: str = ""
    valid_from: date
    valid_to: date | None = None
    """Last day on which it holds."""
    document: str
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """How many machines of a kind an enterprise says it has, in a year."""

    uscc: str
    year: int
    kind: str
    machines: int
    declared_on: date
    document: str


def save_areas(connection: Connection, areas: Iterable[Area]) -> None:
    """Add areas, or bring those with the same code up to date; parents before children, successors before predecessors."""
    for area in areas:
        connection.execute(query("city_registry", "save_area"), {**asdict(area), "division_codes": list(area.division_codes)})


def areas(database: Database) -> list[Area]:
    with database.connection() as connection:
        rows = connection.execute(query("city_registry", "areas")).fetchall()
    names = Area.__slots__
    return [Area(**dict(zip(names, row, strict=True))) for row in rows]


def save_departments(connection: Connection, departments: Iterable[Department]) -> None:
    for department in departments:
        connection.execute(query("city_registry", "save_department"), {**asdict(department), "aliases": list(department.aliases)})


def departments(database: Database) -> list[Department]:
    with database.connection() as connection:
        rows = connection.execute(query("city_registry", "departments")).fetchall()
    return [Department(**dict(zip(Department.__slots__, row, strict=True))) for row in rows]


def add_enterprise(connection: Connection, enterprise: Enterprise) -> bool:
    """Register an enterprise; False if the code is registered already.

    Raises
    ------
    RowRefused
        If area, department or legal person are not there.
    """
    return connection.execute(query("city_registry", "add_enterprise"), asdict(enterprise)).fetchone() is not None


def enterprise(database: Database, uscc: str) -> Enterprise | None:
    with database.connection() as connection:
        row = connection.execute(query("city_registry", "enterprise"), [uscc]).fetchone()
    return None if row is None else Enterprise(**dict(zip(Enterprise.__slots__, row, strict=True)))


def add_gateway(connection: Connection, gateway: Gateway) -> bool:
    """Enrol a gateway; False if one of that name is enrolled already."""
    return connection.execute(query("city_registry", "add_gateway"), asdict(gateway)).fetchone() is not None


def add_machine(connection: Connection, machine: Machine) -> int:
    """Register a machine and give its number.

    Raises
    ------
    RowRefused
        If the enterprise is not there, or another machine has these readings.
    """
    row = connection.execute(query("city_registry", "add_machine"), asdict(machine)).fetchone()
    assert row is not None
    return int(row[0])


def labels_in_force(database: Database, uscc: str, day: date) -> list[EnterpriseLabel]:
    """Give the labels of an enterprise that hold on a day."""
    with database.connection() as connection:
        rows = connection.execute(query("city_registry", "labels_in_force"), {"uscc": uscc, "day": day}).fetchall()
    return [EnterpriseLabel(**dict(zip(EnterpriseLabel.__slots__, row, strict=True))) for row in rows]


def count_labelled(
    database: Database, label: str, *, day: date, level: str | None = None, form: str | None = None, area: str | None = None
) -> int:
    """Count the enterprises with a label in force on a day; filters that are None let all through, ``area`` takes those below."""
    values = {"label": label, "day": day, "level": level, "form": form, "area": area}
    with database.connection() as connection:
        ((count,),) = connection.execute(query("city_registry", "count_labelled"), values).fetchall()
    return int(count)


def retire_enterprise(connection: Connection, uscc: str) -> bool:
    """Take an enterprise out of the registry with all its standing machines; False if it is not there or out already."""
    if connection.execute(query("city_registry", "retire_enterprise"), {"uscc": uscc}).fetchone() is None:
        return False
    connection.execute(query("city_registry", "retire_machines_of"), {"uscc": uscc})
    return True


def reinstate_enterprise(connection: Connection, uscc: str) -> bool:
    """Bring an enterprise back with the machines that went with it; False if it is not out.

    Raises
    ------
    RowRefused
        If another machine has the readings of one of them by now.
    """
    values = {"uscc": uscc}
    row = connection.execute(query("city_registry", "lock_retired_enterprise"), values).fetchone()
    if row is None:
        return False
    connection.execute(query("city_registry", "reinstate_machines_of"), {**values, "retired_at": row[0]})
    connection.execute(query("city_registry", "reinstate_enterprise"), values)
    return True


def retire_machine(connection: Connection, machine_id: int) -> bool:
    """Take a machine out; False if it is not there or out already."""
    return connection.execute(query("city_registry", "retire_machine"), {"id": machine_id}).fetchone() is not None


def reinstate_machine(connection: Connection, machine_id: int) -> bool:
    """Bring a machine back; False if it is not out, or its enterprise is.

    Raises
    ------
    RowRefused
        If another machine has its readings by now.
    """
    return connection.execute(query("city_registry", "reinstate_machine"), {"id": machine_id}).fetchone() is not None
