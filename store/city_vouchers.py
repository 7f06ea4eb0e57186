"""Vouchers for cloud services as they are stored: each with its state, what was done to it, and what is taken off it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.row_pages import as_list
from store.sql_files import query, query_text

ORDERS = {
    "queue": "v.queue_number",
    "number": "v.number",
    "enterprise": "e.name",
    "area": "v.area",
    "amount": "v.amount",
    "registered": "v.registered_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """One application and the voucher that came of it; money in CNY, what is not known yet is None."""

    id: int
    uscc: str
    enterprise: str
    area: str
    area_zh: str
    area_en: str
    state: str
    registered_at: datetime
    registered_by: str
    queue_number: int | None
    queued_at: datetime | None
    provider_id: int | None
    provider: str
    services: list[str]
    contract: str
    contract_date: date | None
    list_price: Decimal | None
    fee: Decimal | None
    number: str | None
    policy: str | None
    year: int | None
    issued_on: date | None
    rate: Decimal | None
    cap: Decimal | None
    is_certified: bool | None
    amount: Decimal | None
    service_from: date | None
    service_to: date | None
    batch_id: int | None
    batch_year: int | None
    batch_half: int | None
    publicity_last_day: date | None
    evaluation_passed: bool | None
    redeemed: Decimal | None
    reviewed_by: str | None
    paid_on: date | None
    paid_by: str | None

    @property
    def provider_discount(self) -> Decimal | None:
        return None if self.list_price is None or self.fee is None else self.list_price - self.fee

    @property
    def enterprise_pays(self) -> Decimal | None:
        """What is left for the enterprise of the contract, once the voucher is issued."""
        return None if self.fee is None or self.amount is None else self.fee - self.amount


class Taken(NamedTuple):
    """A step that was taken, and the state after it."""

    time: datetime
    actor: str
    step: str
    state: str
    note: str
    detail: dict[str, Any]


class DeductionLine(NamedTuple):
    """What is taken off at redemption: ``quality``, ``certificate_ended`` or ``lower_fee``."""

    reason: str
    amount: Decimal
    note: str
    time: datetime
    actor: str


class Waiting(NamedTuple):
    """The next application of a county's queue."""

    id: int
    queue_number: int
    uscc: str
    list_price: Decimal
    fee: Decimal
    provider_id: int


def add_draft(connection: Connection, *, uscc: str, area: str, now: datetime, actor: str) -> int | None:
    """Register an application and give its id; None if the enterprise has one that was not cancelled, of whatever year.

    Raises
    ------
    RowRefused
        If enterprise or area are not there.
    """
    row = connection.execute(
        query("city_vouchers", "add_draft"), {"uscc": uscc, "area": area, "now": now, "actor": actor}
    ).fetchone()
    return None if row is None else int(row[0])


def standing_of(connection: Connection, uscc: str) -> int | None:
    """Give the voucher that stands in an enterprise's way to another."""
    row = connection.execute(query("city_vouchers", "standing_of"), [uscc]).fetchone()
    return None if row is None else int(row[0])


class Place(NamedTuple):
    """Whose voucher it is, and which budget it is paid from, as read without a lock."""

    uscc: str
    area: str
    year: int | None


def place_of(connection: Connection, voucher_id: int) -> Place | None:
    """Tell what is to be locked before the voucher itself; None if there is no such voucher."""
    row = connection.execute(query("city_vouchers", "place_of"), [voucher_id]).fetchone()
    return None if row is None else Place(*row)


def lock_voucher(connection: Connection, voucher_id: int) -> Voucher | None:
    """Read a voucher that nobody else changes until the transaction ends."""
    if connection.execute(query("city_vouchers", "lock_voucher"), [voucher_id]).fetchone() is None:
        return None
    _total, (found,) = _read(connection, voucher_id=voucher_id)
    return found


def change(connection: Connection, statement: str, values: Mapping[str, object]) -> None:
    """Run one of the changing statements of a locked voucher: ``move``, ``queue``, ``issue``, ``serve``, ..."""
    connection.execute(query("city_vouchers", statement), values)


def next_waiting(connection: Connection, area: str, *, after: int = 0) -> Waiting | None:
    """Give, and lock, the application of a county that has waited longest, behind a place in the queue."""
    row = connection.execute(query("city_vouchers", "waiting"), {"area": area, "after": after}).fetchone()
    return None if row is None else Waiting(*row)


def count_before(connection: Connection, voucher_id: int) -> int:
    """Count the applications of the county that wait in front of one."""
    ((count,),) = connection.execute(query("city_vouchers", "waiting_before"), [voucher_id]).fetchall()
    return int(count)


def add_step(
    connection: Connection,
    voucher_id: int,
    *,
    time: datetime,
    actor: str,
    step: str,
    state: str,
    note: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    values = {
        "voucher_id": voucher_id,
        "time": time,
        "actor": actor,
        "step": step,
        "state": state,
        "note": note,
        "detail": json.dumps(dict(detail or {}), ensure_ascii=False, default=str),
    }
    connection.execute(query("city_vouchers", "add_step"), values)


def steps_taken(database: Database, voucher_id: int) -> list[Taken]:
    """Give what was done to a voucher, the first first."""
    with database.connection() as connection:
        return [Taken(*row) for row in connection.execute(query("city_vouchers", "steps"), [voucher_id])]


def add_deduction(connection: Connection, voucher_id: int, line: DeductionLine) -> None:
    connection.execute(query("city_vouchers", "add_deduction"), {"voucher_id": voucher_id, **line._asdict()})


def deductions(connection: Connection, voucher_id: int) -> list[DeductionLine]:
    return [DeductionLine(*row) for row in connection.execute(query("city_vouchers", "deductions"), [voucher_id])]


def drop_deductions(connection: Connection, voucher_id: int) -> None:
    """Forget the lines of a request that is withdrawn."""
    connection.execute(query("city_vouchers", "drop_deductions"), [voucher_id])


def vouchers(
    database: Database,
    *,
    areas: Collection[str] | None = None,
    states: Collection[str] | None = None,
    batch_id: int | None = None,
    search: str = "",
    sort: str = "queue",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Voucher]]:
    """Count and list vouchers; filters that are None let all through, ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    with database.connection() as connection:
        return _read(
            connection, areas=areas, states=states, batch_id=batch_id, search=search, sort=sort, limit=limit, offset=offset
        )


def voucher(database: Database, voucher_id: int) -> Voucher | None:
    with database.connection() as connection:
        _total, found = _read(connection, voucher_id=voucher_id)
    return found[0] if found else None


def vouchers_of_batch(connection: Connection, batch_id: int) -> list[Voucher]:
    return _read(connection, batch_id=batch_id, sort="number", limit=100_000)[1]


def count_by_state(database: Database, areas: Collection[str] | None = None) -> dict[str, tuple[int, Decimal]]:
    """Give number and amount (CNY) of vouchers by state."""
    with database.connection() as connection:
        rows = connection.execute(query("city_vouchers", "count_by_state"), {"areas": as_list(areas)}).fetchall()
    return {state: (count, amount) for state, count, amount in rows}


def redeemed_by_area(database: Database, year: int) -> list[tuple[str, int, Decimal]]:
    """Give, by county, how many vouchers of a year are paid, and how much that was in CNY."""
    with database.connection() as connection:
        return [
            (area, count, amount)
            for area, count, amount in connection.execute(query("city_vouchers", "redeemed_by_area"), [year])
        ]


def _read(
    connection: Connection,
    *,
    voucher_id: int | None = None,
    areas: Collection[str] | None = None,
    states: Collection[str] | None = None,
    batch_id: int | None = None,
    search: str = "",
    sort: str = "queue",
    limit: int = 1,
    offset: int = 0,
) -> tuple[int, list[Voucher]]:
    values = {
        "id": voucher_id,
        "areas": as_list(areas),
        "states": as_list(states),
        "batch_id": batch_id,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    expression = ORDERS[sort.removeprefix("-")]
    order = f"{expression}{' DESC' if sort.startswith('-') else ''} NULLS LAST, v.id"
    found = query_text("city_vouchers", "vouchers_found").decode()
    ((total,),) = connection.execute(query_text("city_vouchers", "count_vouchers", found=found), values).fetchall()
    rows = connection.execute(query_text("city_vouchers", "list_vouchers", found=found, order=order), values).fetchall()
    return total, [Voucher(**dict(zip(Voucher.__slots__, row, strict=True))) for row in rows]
