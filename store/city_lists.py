"""Lists of the city's registry, page by page, with what the newest count says of each enterprise and machine.

The newest count of an enterprise is the newest of an area, whichever, that no other has replaced and that has the enterprise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from store.city_registry import Declaration, EnterpriseLabel
from store.database import Database
from store.row_pages import read_page
from store.sql_files import query

COUNTS = ("on_cloud", "not_on_cloud", "not_counted")
"""What the newest count may say; not_counted: it is in none."""
ORDERS = {
    "name": "e.name",
    "uscc": "e.uscc",
    "area": "e.area",
    "machines": "machines",
    "counted": "newest.counted",
    "registered": "e.registered_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEnterprise:
    """One row of the list; what comes from a count is None where there is none."""

    uscc: str
    name: str
    area: str
    department: str | None
    head_uscc: str | None
    sector: str
    industry: str
    code_state: str
    registered_at: datetime
    retired_at: datetime | None
    machines: int
    """Standing ones of the registry."""
    labels: list[str]
    """In force."""
    snapshot_id: int | None
    counted: int | None
    is_on_cloud: bool | None
    is_new: bool | None


_LISTED = [column.name for column in fields(ListedEnterprise)]
"""As the query gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMachine:
    """A machine of an enterprise; from ``snapshot_id`` on what the newest count says of it, else None."""

    id: int
    kind: str
    label: str
    maker: str
    model: str
    serial_number: str
    registration_code: str
    made_year: int | None
    place: str
    gateway: str
    equipment_name: str
    is_simulator: bool
    retired_at: datetime | None
    has_twin: bool
    """Whether another standing machine has its nameplate."""
    equipment_id: int | None
    """That its readings are stored under; None while nothing has come."""
    snapshot_id: int | None
    state: str | None
    lost_at: str | None
    reason: Mapping[str, Any] | None


_MACHINE = [column.name for column in fields(ListedMachine)]


class RegisteredGateway(NamedTuple):
    """A gateway of an enterprise."""

    name: str
    certificate_sha256: bytes
    is_simulator: bool
    enrolled_at: datetime
    enrolled_by: str
    revoked_at: datetime | None
    machines: int
    """Standing ones whose readings it is to bring."""


def list_enterprises(
    database: Database,
    *,
    day: date,
    area: str | None = None,
    kind: str | None = None,
    label: str | None = None,
    count: str | None = None,
    department: str | None = None,
    uscc: str | None = None,
    search: str = "",
    is_for_review: bool | None = None,
    with_retired: bool = False,
    sort: str = "name",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[ListedEnterprise]]:
    """Count and list enterprises.

    Filters that are None let all through: ``area`` with all below it, ``kind`` with a standing machine of it, ``label`` in force
    on ``day``, ``count`` one of `COUNTS`. ``sort`` is a name of `ORDERS`, with ``-`` downwards.
    """
    values = {
        "day": day,
        "area": area,
        "kind": kind,
        "label": label,
        "count": count,
        "department": department,
        "uscc": uscc,
        "search": search,
        "is_for_review": is_for_review,
        "with_retired": with_retired,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''} NULLS LAST, e.uscc"
    total, rows = read_page(database, "city_lists", "enterprises", order=order, values=values)
    return total, [ListedEnterprise(**dict(zip(_LISTED, row, strict=True))) for row in rows]


def list_machines(
    database: Database, uscc: str, *, limit: int = 50, offset: int = 0, with_retired: bool = True
) -> tuple[int, list[ListedMachine]]:
    """Count and list the machines of an enterprise, standing ones first."""
    values = {"uscc": uscc, "with_retired": with_retired, "limit": limit, "offset": offset}
    order = "m.retired_at IS NOT NULL, m.kind, m.label, m.id"
    total, rows = read_page(database, "city_lists", "machines", order=order, values=values)
    return total, [ListedMachine(**dict(zip(_MACHINE, row, strict=True))) for row in rows]


def labels_of_enterprise(database: Database, uscc: str) -> list[EnterpriseLabel]:
    """Give all labels that an enterprise has or had, the newest first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_lists", "labels"), [uscc]).fetchall()
    return [EnterpriseLabel(**dict(zip(EnterpriseLabel.__slots__, row, strict=True))) for row in rows]


def declarations_of_enterprise(database: Database, uscc: str) -> list[Declaration]:
    """Give what an enterprise has declared, the newest year first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_lists", "declarations"), [uscc]).fetchall()
    return [Declaration(**dict(zip(Declaration.__slots__, row, strict=True))) for row in rows]


def gateways_of_enterprise(database: Database, uscc: str) -> list[RegisteredGateway]:
    with database.connection() as connection:
        rows = connection.execute(query("city_lists", "gateways"), [uscc]).fetchall()
    return [RegisteredGateway(*row) for row in rows]


def branches_of(database: Database, uscc: str) -> list[tuple[str, str]]:
    """Give code and name of the branches of a legal person."""
    with database.connection() as connection:
        return [(code, name) for code, name in connection.execute(query("city_lists", "branches"), [uscc])]


def machine_owner(database: Database, machine_id: int) -> str | None:
    """Give the code of the enterprise that a machine is registered under."""
    with database.connection() as connection:
        row = connection.execute(query("city_lists", "machine_owner"), [machine_id]).fetchone()
    return None if row is None else str(row[0])
