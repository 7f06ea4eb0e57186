"""Which lines the journal of alarms has already, for a worker that went back in time and sees the same again."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.database import Database
from store.sql_files import query


class Told(NamedTuple):
    """What identifies a line of the process; ``gateway`` is only looked at where there is no machine."""

    time: datetime
    equipment_id: int | None
    rule: str
    gateway: str
    act: str


def told_already(database: Database, lines: Sequence[Told]) -> set[int]:
    """Give the places of those lines that are in the journal."""
    times, ids, rules, gateways, acts = ([list(column) for column in zip(*lines, strict=True)]) if lines else ([],) * 5
    values = {
        "places": list(range(len(lines))),
        "times": times,
        "ids": ids,
        "rules": rules,
        "gateways": gateways,
        "acts": acts,
    }
    with database.connection() as connection:
        return {place for (place,) in connection.execute(query("alarm_worker", "told_already"), values)}
