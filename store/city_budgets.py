"""The counties' budgets for vouchers: a ledger that only grows, and its sums, whose rows are the locks.

Lock a county's budgets before any of its vouchers, always in this order, so that nobody waits for each other.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from store.database import Connection, Database, RowRefused
from store.sql_files import query

Kind = Literal["grant", "reservation", "release", "payment"]


class BudgetExceeded(RowRefused):
    """More would be given away, or taken back, than there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger; a grant has a document as its note, all others a voucher."""

    area: str
    year: int
    kind: Kind
    amount: Decimal
    """CNY; of a grant below zero where a budget is cut."""
    voucher_id: int | None = None
    time: datetime
    actor: str
    note: str = ""


class Budget(NamedTuple):
    """How a county's budget of a year stands, in CNY."""

    area: str
    label_zh: str
    label_en: str
    year: int
    granted: Decimal
    reserved: Decimal
    paid: Decimal
    free: Decimal
    vouchers: int
    """Issued in the year and not given back."""
    waiting: int
    """Applications of the county that wait for money, of whatever year."""


class Booked(NamedTuple):
    """One line of the ledger as it is read."""

    time: datetime
    kind: Kind
    amount: Decimal
    actor: str
    note: str
    voucher_id: int | None
    number: str


def lock_budgets(connection: Connection, area: str, year: int) -> Decimal:
    """Take the lock on all budgets of a county, and give what is free in a year, in CNY; a year without a grant has nothing.

    Raises
    ------
    RowRefused
        If there is no such area.
    """
    connection.execute(query("city_vouchers", "ensure_budget"), {"area": area, "year": year})
    # A second statement, so that it sees what the one before us in the line has committed.
    rows = connection.execute(query("city_vouchers", "lock_budgets"), [area]).fetchall()
    return next(Decimal(free) for of_year, free in rows if of_year == year)


def free_money(connection: Connection, area: str, year: int) -> Decimal:
    row = connection.execute(query("city_vouchers", "free"), {"area": area, "year": year}).fetchone()
    return Decimal(0) if row is None else row[0]


def book(connection: Connection, entry: Entry) -> None:
    """Write a line into the ledger; the database keeps the sums, and refuses what would make one negative.

    Raises
    ------
    psycopg's check violation, which the end of the transaction turns into `RowRefused`; callers ask `lock_budgets` before.
    """
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    connection.execute(query("city_vouchers", "book"), values)


def grant(connection: Connection, entry: Entry) -> None:
    """Add money to a county's year, or take some back.

    Raises
    ------
    BudgetExceeded
        If less would stay than is reserved and paid.
    """
    free = lock_budgets(connection, entry.area, entry.year)
    if entry.amount < -free:
        raise BudgetExceeded(f"{entry.area} {entry.year}: {free} CNY is free, so {-entry.amount} cannot be taken back")
    book(connection, entry)


def budgets(database: Database, *, area: str | None = None, year: int | None = None) -> list[Budget]:
    """Give all budgets, the newest year first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_vouchers", "budgets"), {"area": area, "year": year})
        return [Budget(*row) for row in rows]


def ledger(database: Database, area: str, year: int) -> list[Booked]:
    with database.connection() as connection:
        return [Booked(*row) for row in connection.execute(query("city_vouchers", "entries"), {"area": area, "year": year})]


def ledger_differences(database: Database) -> list[tuple[str, int]]:
    """Give the counties and years whose sums are not those of their ledger: none, unless somebody went past us."""
    with database.connection() as connection:
        return [(area, year) for area, year in connection.execute(query("city_vouchers", "ledger_difference"))]
