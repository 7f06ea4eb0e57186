"""Statements of use, a row for each machine and day, chained and signed; the database refuses to change them."""

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from store.database import Database
from store.row_pages import as_list, read_page
from store.sql_files import query

ORDERS = {"machine": "own.name", "days": "newest.number", "newest": "newest.day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One statement as it is kept."""

    equipment_id: int
    number: int
    """From 1 on, by machine."""
    day: date
    text: str
    """The statement in canonical form."""
    previous_hash: bytes
    hash: bytes
    signature: bytes
    key_id: str
    seen_at: datetime | None = None
    """When the counters showed what it ends with; None where they showed nothing."""
    made_at: datetime | None = None
    """Filled in by the database."""

    @property
    def line(self) -> bytes:
        """The record as a file of statements has it; nothing is put in order, so that whoever checks it sees what is kept."""
        return (
            f'{{"hash":"{self.hash.hex()}","number":{self.number},"previous":"{self.previous_hash.hex()}",'
            f'"signature":"{self.signature.hex()}","statement":{self.text}}}'
        ).encode()

    @property
    def statement(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


class Chain(NamedTuple):
    """What there is of one machine."""

    equipment_id: int
    gateway: str
    machine: str
    days: int
    first_day: date
    last_day: date
    newest_hash: bytes
    key_id: str
    made_at: datetime


_COLUMNS = [column.name for column in fields(StatementRow)]


def add_key(database: Database, public_key: bytes) -> None:
    """Keep a public key; the same one again changes nothing."""
    with database.connection() as connection:
        connection.execute(query("statements", "add_key"), {"key": public_key})


def public_keys(database: Database) -> dict[str, bytes]:
    """Give the public keys by their ids."""
    with database.connection() as connection:
        return {key_id: bytes(key) for key_id, key in connection.execute(query("statements", "keys"))}


def add_statement(database: Database, row: StatementRow) -> None:
    """Append a statement to its machine's chain.

    Raises
    ------
    RowRefused
        If it does not follow the last one, as when two write at once.
    """
    with database.connection() as connection:
        connection.execute(query("statements", "add"), {name: getattr(row, name) for name in _COLUMNS})


def statements(database: Database, equipment_id: int, *, after: int = 0, limit: int | None = None) -> list[StatementRow]:
    """Give a machine's statements, the first first; those with a number above ``after``, at most ``limit`` of them."""
    values = {"id": equipment_id, "after": after, "limit": limit}
    with database.connection() as connection:
        return [_row(row) for row in connection.execute(query("statements", "chain"), values)]


def newest_statements(database: Database, equipment_ids: Collection[int]) -> dict[int, StatementRow]:
    """Give the newest statement of each machine that has one."""
    with database.connection() as connection:
        return {row[0]: _row(row) for row in connection.execute(query("statements", "newest"), [sorted(equipment_ids)])}


class Shown(NamedTuple):
    """What a machine's statements say that its counters showed last."""

    at: datetime
    counters: dict[str, float]


def last_shown(database: Database, equipment_ids: Collection[int], counters: Collection[str]) -> dict[int, Shown]:
    """Give what counters showed last, each from the newest statement that knows it; a statement's text must be sound."""
    found: dict[int, Shown] = {}
    values = {"ids": sorted(equipment_ids), "counters": sorted(counters)}
    with database.connection() as connection:
        for equipment_id, counter, value, at in connection.execute(query("statements", "last_shown"), values):
            found.setdefault(equipment_id, Shown(at, {})).counters[counter] = float(value)
    return found


def chains(
    database: Database,
    *,
    gateways: frozenset[str] | None = None,
    equipment_id: int | None = None,
    search: str = "",
    sort: str = "machine",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Chain]]:
    """Count and list the machines that have statements; ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {"id": equipment_id, "gateways": as_list(gateways), "search": search, "limit": limit, "offset": offset}
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, own.gateway, own.name, own.id"
    total, rows = read_page(database, "statements", "chains", order=order, values=values)
    return total, [Chain._make((*row[:6], bytes(row[6]), *row[7:])) for row in rows]


def _row(row: tuple[Any, ...]) -> StatementRow:
    of = dict(zip(_COLUMNS, row, strict=True))
    return StatementRow(**{**of, **{name: bytes(of[name]) for name in ("previous_hash", "hash", "signature")}})
