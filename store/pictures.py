"""What analytics have drawn of machines in their newest runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.database import Database
from store.sql_files import query


class Pictures(NamedTuple):
    """Pieces that one analytic gave of one machine over ``[start, end)``."""

    equipment_id: int
    analytic: str
    start: datetime
    end: datetime
    pieces: Sequence[Mapping[str, Any]]


def write_pictures(database: Database, drawn: Iterable[Pictures]) -> None:
    """Keep the newest of each machine and analytic."""
    newest = {(one.equipment_id, one.analytic): one for one in sorted(drawn, key=lambda one: one.end)}
    rows = [
        {
            "equipment_id": one.equipment_id,
            "analytic": one.analytic,
            "start_time": one.start.isoformat(),
            "end_time": one.end.isoformat(),
            "pieces": list(one.pieces),
        }
        for one in newest.values()
    ]
    if rows:
        with database.connection() as connection:
            connection.execute(query("results", "write_pictures"), [json.dumps(rows, allow_nan=False)])


def pictures(database: Database, equipment_id: int) -> list[Pictures]:
    """Give what is kept of a machine, by analytic."""
    with database.connection() as connection:
        found = [Pictures(*row) for row in connection.execute(query("results", "pictures"), [equipment_id])]
    return list({one.analytic: one for one in reversed(found)}.values())[::-1]
