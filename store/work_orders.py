"""Work orders: what is to be done to machines. Open, in progress, then done or cancelled, each change with its author."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import NamedTuple

from store.database import Database
from store.maintenance_log import MaintenanceEntry, insert_entry
from store.row_pages import as_list, by_rank, read_page
from store.sql_files import query

STATES: dict[str, frozenset[str]] = {
    "open": frozenset({"in_progress", "done", "cancelled"}),
    "in_progress": frozenset({"open", "done", "cancelled"}),
    "done": frozenset(),
    "cancelled": frozenset(),
}
"""What a work order in each state may become."""
STANDING = frozenset({"open", "in_progress"})
ORDERS = {
    "priority": by_rank("w.priority"),
    "opened": "w.opened_at",
    "due": "w.due_on",
    "machine": "e.name",
    "state": "array_position(ARRAY['open', 'in_progress', 'done', 'cancelled'], w.state)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One piece of work that is to be done, or was."""

    id: int = 0
    """0 until it is opened, as is all below that it gets then and later."""
    equipment_id: int
    title: str
    text: str = ""
    priority: str = "medium"
    state: str = "open"
    opened_at: datetime
    opened_by: str
    assigned_to: str = ""
    due_on: date | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    found: str = ""
    finding_id: int | None = None
    condition_id: int | None = None
    """The finding or the alarm that it was opened for."""
    gateway: str = ""
    """These three are the machine's, and are filled in by reading."""
    machine: str = ""
    kind: str = ""


_COLUMNS = [column.name for column in fields(WorkOrder)]
"""As the query gives them."""


class OrderChange(NamedTuple):
    """How a work order stood after a change, and who made it."""

    time: datetime
    actor: str
    state: str
    assigned_to: str
    note: str


def work_orders(
    database: Database,
    *,
    gateways: frozenset[str] | None = None,
    order_id: int | None = None,
    equipment_ids: Collection[int] | None = None,
    states: Collection[str] | None = None,
    priorities: Collection[str] | None = None,
    assigned_to: str | None = None,
    search: str = "",
    sort: str = "priority",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[WorkOrder]]:
    """Count and list work orders; filters that are None let all through, ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "id": order_id,
        "gateways": as_list(gateways),
        "equipment_ids": as_list(equipment_ids),
        "states": as_list(states),
        "priorities": as_list(priorities),
        "assigned_to": assigned_to,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, w.opened_at DESC, w.id DESC"
    total, rows = read_page(database, "plant", "orders", order=order, values=values)
    return total, [WorkOrder(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def open_work_order(database: Database, order: WorkOrder) -> int:
    """Store a new work order, and give its id."""
    values = {
        "equipment_id": order.equipment_id,
        "title": order.title,
        "text": order.text,
        "priority": order.priority,
        "now": order.opened_at,
        "actor": order.opened_by,
        "assigned_to": order.assigned_to,
        "due_on": order.due_on,
        "finding_id": order.finding_id,
        "condition_id": order.condition_id,
    }
    with database.connection() as connection:
        ((order_id,),) = connection.execute(query("plant", "open_order"), values).fetchall()
        connection.execute(query("plant", "add_change"), {**values, "id": order_id, "state": "open", "note": ""})
    return int(order_id)


def change_work_order(
    database: Database,
    order_id: int,
    *,
    actor: str,
    now: datetime,
    state: str | None = None,
    assigned_to: str | None = None,
    note: str = "",
    work: str = "repair",
    hours: float | None = None,
    cost: float | None = None,
) -> None:
    """Move a work order on or give it to someone; what is done goes into the machine's maintenance log as well.

    ``note`` says, at the end, what was found and done, or why nothing was.

    Raises
    ------
    LookupError
        If there is no such work order.
    ValueError
        If an order in its state cannot become ``state``, or ends without a note.
    """
    with database.connection() as connection:
        row = connection.execute(query("plant", "lock_order"), [order_id]).fetchone()
        if row is None:
            raise LookupError(f"there is no work order {order_id}")
        before, assignee, equipment_id = row
        after = before if state is None else state
        if before not in STANDING or (after != before and after not in STATES[before]):
            legal = ", ".join(sorted(STATES[before])) or "nothing else"
            raise ValueError(f"a work order that is {before} cannot become {after}, only {legal}")
        is_over = after not in STANDING
        if is_over and not note.strip():
            raise ValueError("a work order ends with a note of what was found")
        values = {
            "id": order_id,
            "now": now,
            "actor": actor,
            "state": after,
            "assigned_to": assignee if assigned_to is None else assigned_to,
            "note": note,
            "closed_at": now if is_over else None,
            "closed_by": actor if is_over else "",
            "found": note if is_over else "",
        }
        connection.execute(query("plant", "change_order"), values)
        connection.execute(query("plant", "add_change"), values)
        if after == "done":
            entry = MaintenanceEntry(
                equipment_id=equipment_id,
                time=now,
                work=work,
                text=note,
                hours=hours,
                cost=cost,
                author=actor,
                work_order_id=order_id,
            )
            insert_entry(connection, entry)


def order_changes(database: Database, order_id: int) -> list[OrderChange]:
    """Give who changed a work order, the first first."""
    with database.connection() as connection:
        return [OrderChange(*row) for row in connection.execute(query("plant", "order_changes"), [order_id])]
