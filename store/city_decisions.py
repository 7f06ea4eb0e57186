"""How the city reads what policy documents leave open: decisions of people, of which the newest holds; none is ever changed."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import NamedTuple

from store.database import Connection, Database
from store.sql_files import query


class Decision(NamedTuple):
    """Who chose which reading of an inconsistency, when and why."""

    number: int
    reading: str
    why: str
    decided_at: datetime
    decided_by: str


def newest_decisions(where: Database | Connection) -> dict[int, Decision]:
    """Give the decision that holds, by number; those that nobody has decided are not there."""
    opened: AbstractContextManager[Connection] = where.connection() if isinstance(where, Database) else nullcontext(where)
    with opened as connection:
        return {row[0]: Decision(*row) for row in connection.execute(query("city_plans", "newest_decisions"))}


def decisions(database: Database) -> list[Decision]:
    """Give all decisions, the newest first."""
    with database.connection() as connection:
        return [Decision(*row) for row in connection.execute(query("city_plans", "decisions"))]


def add_decision(connection: Connection, *, number: int, reading: str, why: str, decided_by: str) -> None:
    values = {"number": number, "reading": reading, "why": why, "decided_by": decided_by}
    connection.execute(query("city_plans", "add_decision"), values)
