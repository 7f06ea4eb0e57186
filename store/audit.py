"""The audit log: who did what. Rows are numbered and hash-chained by the database, which refuses to change them."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.sql_files import query, query_text


class Act(NamedTuple):
    """One row of the log; ``hash`` is bound to all rows before."""

    id: int
    time: datetime
    actor: str
    role: str
    address: str
    action: str
    object: str
    detail: dict[str, Any]
    result: str
    hash: bytes


class Filter(NamedTuple):
    """Which rows are asked for; ``action`` is a beginning, such as ``user.``."""

    actor: str = ""
    action: str = ""
    search: str = ""
    start: datetime | None = None
    end: datetime | None = None


def record(
    where: Database | Connection,
    *,
    actor: str,
    role: str,
    address: str,
    action: str,
    obj: str,
    detail: Mapping[str, object] | None = None,
    result: str = "done",
) -> None:
    """Write one row: with a connection in the transaction of the act itself, so that neither is there without the other."""
    values = {
        "actor": actor,
        "role": role,
        "address": address,
        "action": action,
        "object": obj,
        "detail": json.dumps(dict(detail or {}), ensure_ascii=False, default=str),
        "result": result,
    }
    opened: AbstractContextManager[Connection] = where.connection() if isinstance(where, Database) else nullcontext(where)
    with opened as connection:
        connection.execute(query("audit", "record"), values)


def list_acts(database: Database, wanted: Filter, *, limit: int, offset: int = 0) -> tuple[int, list[Act]]:
    """Give how many rows there are, and some of them, newest first."""
    found = query("audit", "found").decode()
    values = {**wanted._asdict(), "limit": limit, "offset": offset}
    with database.connection() as connection:
        ((total,),) = connection.execute(query_text("audit", "count", found=found), values).fetchall()
        rows = connection.execute(query_text("audit", "list", found=found), values).fetchall()
    return total, [Act._make(row) for row in rows]


def first_broken_row(database: Database) -> int | None:
    """Check the whole chain: give the first row that was changed, or behind which rows are missing; None if all is well."""
    with database.connection() as connection:
        row = connection.execute(query("audit", "first_broken")).fetchone()
    return None if row is None else row[0]


def count_acts(database: Database) -> int:
    """Give the number of the newest row."""
    with database.connection() as connection:
        ((count,),) = connection.execute(query("audit", "size")).fetchall()
    return int(count)
