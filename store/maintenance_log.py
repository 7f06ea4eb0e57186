"""The maintenance log: what was done to machines, when and by whom."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from store.database import Connection, Database
from store.row_pages import as_list, read_page
from store.sql_files import query

WORKS = ("inspection", "service", "cleaning", "calibration", "repair", "replacement", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEntry:
    """One piece of work on a machine."""

    id: int = 0
    """0 until it is stored."""
    equipment_id: int
    time: datetime
    work: str
    """One of `WORKS`."""
    text: str
    hours: float | None = None
    cost: float | None = None
    author: str
    work_order_id: int | None = None
    gateway: str = ""
    """These two are the machine's, and are filled in by reading."""
    machine: str = ""


_COLUMNS = [column.name for column in fields(MaintenanceEntry)]
"""As the query gives them."""


def entries(database: Database, equipment_id: int, limit: int = 50) -> list[MaintenanceEntry]:
    """Give the newest entries of one machine, the newest first."""
    return find_entries(database, equipment_id=equipment_id, limit=limit)[1]


def find_entries(
    database: Database,
    *,
    gateways: frozenset[str] | None = None,
    equipment_id: int | None = None,
    search: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[MaintenanceEntry]]:
    """Count entries and list some of them, the newest first."""
    values = {
        "gateways": as_list(gateways),
        "equipment_id": equipment_id,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    total, rows = read_page(database, "plant", "entries", order="", values=values)
    return total, [MaintenanceEntry(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def add_entry(database: Database, entry: MaintenanceEntry) -> int:
    """Store an entry, and give its id."""
    with database.connection() as connection:
        return insert_entry(connection, entry)


def insert_entry(connection: Connection, entry: MaintenanceEntry) -> int:
    """Store an entry within a transaction."""
    ((entry_id,),) = connection.execute(query("plant", "add_entry"), asdict(entry)).fetchall()
    return int(entry_id)
