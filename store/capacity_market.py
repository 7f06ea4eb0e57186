"""Machine time for sale: what buyers ask for, and reservations, of which no two ever have a minute of a machine in common."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from store.database import Connection, Database, RowRefused
from store.row_pages import as_list
from store.sql_files import query, query_text

LIVE = frozenset({"held", "confirmed", "delivered", "settled"})
"""States in which the time is gone."""
STATES = ("held", "confirmed", "delivered", "settled", "expired", "cancelled", "failed")
ORDERS = {
    "start": "lower(v.slot)",
    "held": "v.held_at",
    "machine": "e.name",
    "buyer": "r.buyer",
    "price": "v.price",
    "state": "array_position(ARRAY['held', 'confirmed', 'delivered', 'settled', 'expired', 'cancelled', 'failed'], v.state)",
}
_OVERLAP = "23P01"
"""SQLSTATE of an exclusion constraint."""


class SlotTaken(ValueError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """Somebody else has it, or the plan that left it free holds no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a buyer asks for."""

    id: int = 0
    """0 until it is kept."""
    gateway: str
    asked_at: datetime
    asked_by: str
    buyer: str
    title: str
    demand: Mapping[str, Any]
    quantity: int
    minutes_a_part: Decimal
    can_pause: bool
    earliest: datetime
    due: datetime
    price_cap: Decimal
    late_percent_a_day: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One sale of a machine's time."""

    id: int
    request_id: int
    equipment_id: int
    gateway: str
    machine: str
    buyer: str
    title: str
    start: datetime
    end: datetime
    price: Decimal
    state: str
    held_until: datetime
    held_at: datetime
    held_by: str
    changed_at: datetime
    changed_by: str
    evidence: Mapping[str, Any] | None
    settlement: Mapping[str, Any] | None
    paid: Decimal | None


_REQUEST = [column.name for column in fields(Request)]
_RESERVATION = [column.name for column in fields(Reservation)]


def add_request(connection: Connection, new: Request) -> int:
    """Keep what a buyer asks for, and give its number."""
    values = {name: getattr(new, name) for name in _REQUEST} | {"demand": json.dumps(dict(new.demand), ensure_ascii=False)}
    ((number,),) = connection.execute(query("production", "add_request"), values).fetchall()
    return int(number)


def requests(
    database: Database,
    *,
    gateways: frozenset[str] | None = None,
    request_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Request]]:
    """Count and list what buyers ask for, the newest first."""
    values = {"id": request_id, "gateways": as_list(gateways), "limit": limit, "offset": offset}
    found = query("production", "requests_found").decode()
    with database.connection() as connection:
        ((total,),) = connection.execute(query_text("production", "count_requests", found=found), values).fetchall()
        statement = query_text("production", "list_requests", found=found, order="r.asked_at DESC, r.id DESC")
        rows = connection.execute(statement, values).fetchall()
    return total, [Request(**dict(zip(_REQUEST, row, strict=True))) for row in rows]


def reservations(
    database: Database,
    *,
    now: datetime,
    gateways: frozenset[str] | None = None,
    reservation_id: int | None = None,
    request_id: int | None = None,
    equipment_ids: Collection[int] | None = None,
    states: Collection[str] | None = None,
    ends_after: datetime | None = None,
    search: str = "",
    sort: str = "start",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Reservation]]:
    """Count and list reservations as they stand now; ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "now": now,
        "id": reservation_id,
        "gateways": as_list(gateways),
        "request": request_id,
        "equipment_ids": as_list(equipment_ids),
        "states": as_list(states),
        "ends_after": ends_after,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    state = query("production", "reservation_state").decode()
    found = query_text("production", "reservations_found", state=state).decode()
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, v.id DESC"
    with database.connection() as connection:
        ((total,),) = connection.execute(query_text("production", "count_reservations", found=found), values).fetchall()
        statement = query_text("production", "list_reservations", found=found, state=state, order=order)
        rows = connection.execute(statement, values).fetchall()
    return total, [Reservation(**dict(zip(_RESERVATION, row, strict=True))) for row in rows]


def sold_time(
    connection: Connection, equipment_ids: Collection[int], *, after: datetime
) -> list[tuple[int, int, datetime, datetime]]:
    """Give the time of machines that is gone after an instant: reservation, machine, start, end."""
    return connection.execute(query("production", "sold_time"), {"ids": sorted(equipment_ids), "now": after}).fetchall()


def hold(
    database: Database,
    *,
    request_id: int,
    gateway: str,
    plan_id: int | None,
    equipment_id: int,
    start: datetime,
    end: datetime,
    price: Decimal,
    held_until: datetime,
    actor: str,
    now: datetime,
    record: Callable[[Connection, int], None] = lambda _connection, _number: None,
) -> int:
    """Hold a slot for a buyer, and give the reservation's number; of many who want one at once exactly one gets it.

    Parameters
    ----------
    plan_id : int or None
        The plan that leaves the slot free; it must hold still, and does until this is done.
    record : callable
        Writes the act down in the same transaction.

    Raises
    ------
    SlotTaken
    """
    values = {
        "request_id": request_id,
        "equipment_id": equipment_id,
        "start": start,
        "end": end,
        "price": price,
        "held_until": held_until,
        "actor": actor,
        "now": now,
    }
    try:
        with database.connection() as connection:
            connection.execute(query("production", "open_workshop"), [gateway])
            ((current,),) = connection.execute(query("production", "keep_workshop"), [gateway]).fetchall()
            if current != plan_id:
                raise SlotTaken("the plan has changed; ask for offers again")
            if connection.execute(query("production", "lock_machine"), [equipment_id]).fetchone() is None:
                raise SlotTaken("the machine's time is not for sale any more")
            connection.execute(query("production", "expire_holds"), [now])
            ((number,),) = connection.execute(query("production", "hold"), values).fetchall()
            record(connection, number)
    except RowRefused as error:
        if error.sqlstate != _OVERLAP:
            raise
        raise SlotTaken("this time is gone") from None
    return int(number)


def lock_reservation(connection: Connection, reservation_id: int) -> tuple[str, datetime]:
    """Give state and end of the hold, and let nobody else change them until the transaction ends.

    Raises
    ------
    LookupError
    """
    row = connection.execute(query("production", "lock_reservation"), [reservation_id]).fetchone()
    if row is None:
        raise LookupError(f"there is no reservation {reservation_id}")
    return row[0], row[1]


def change_reservation(
    connection: Connection,
    reservation_id: int,
    *,
    state: str,
    actor: str,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
    settlement: Mapping[str, Any] | None = None,
    paid: Decimal | None = None,
) -> None:
    """Move a reservation on; whether it may is the caller's to know, with `lock_reservation` before."""
    values = {
        "id": reservation_id,
        "state": state,
        "actor": actor,
        "now": now,
        "evidence": None if evidence is None else json.dumps(dict(evidence), ensure_ascii=False),
        "settlement": None if settlement is None else json.dumps(dict(settlement), ensure_ascii=False),
        "paid": paid,
    }
    connection.execute(query("production", "change_reservation"), values)
