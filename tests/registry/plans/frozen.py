"""Frozen counts put into a database as they are: what a plan is held against, without counting anything."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from registry.areas import find, load
from store.database import Connection, Database

RULE = "test.1"


class Seen(NamedTuple):
    """An enterprise in a count."""

    uscc: str
    area: str
    is_on_cloud: bool = True
    department: str | None = None
    sector: str = "industry"


def load_areas(database: Database, *names: str) -> None:
    for name in names:
        load(database, find(name))


def freeze(
    connection: Connection,
    area: str,
    first_day: date,
    last_day: date,
    seen: Iterable[Seen],
    *,
    form: str = "month",
    replaces: int | None = None,
    machines: Iterable[Mapping[str, str]] = (),
) -> int:
    """Add a count with its enterprises (and machines, each with area, kind, state, lost_at), and give its number."""
    rows, counted = list(seen), list(machines)
    connection.execute(
        "INSERT INTO city.rule (version, parameters, document, made_by) VALUES (%s, '{}', 'test', 'test') ON CONFLICT DO NOTHING",
        [RULE],
    )
    on_cloud = sum(one.is_on_cloud for one in rows)
    ((number,),) = connection.execute(
        "INSERT INTO city.snapshot (form, first_day, last_day, area, rule_version, parameters, watermark, hash, machines,"
        " counted, enterprises, on_cloud, new_on_cloud, made_by, replaces, why)"
        " VALUES (%s, %s, %s, %s, %s, '{}', 1, %s, %s, %s, %s, %s, 0, 'test', %s, %s) RETURNING id",
        [
            *(form, first_day, last_day, area, RULE, b"h" * 32, len(counted), sum(not one["lost_at"] for one in counted)),
            *(len(rows), on_cloud, replaces, "" if replaces is None else "late data"),
        ],
    ).fetchall()
    for one in rows:
        connection.execute(
            "INSERT INTO city.snapshot_enterprise (snapshot_id, uscc, area, department, sector, machines, counted, is_on_cloud,"
            " is_new) VALUES (%s, %s, %s, %s, %s, 1, %s, %s, false)",
            [number, one.uscc, one.area, one.department, one.sector, int(one.is_on_cloud), one.is_on_cloud],
        )
    for place, machine in enumerate(counted, 1):
        connection.execute(
            "INSERT INTO city.snapshot_machine (snapshot_id, machine_id, uscc, area, kind, state, lost_at, reason, inputs,"
            " data_days, complete_days) VALUES (%s, %s, %s, %s, %s, %s, %s, '{}', '{}', 30, 30)",
            [number, place, machine.get("uscc", "x"), *(machine[name] for name in ("area", "kind", "state", "lost_at"))],
        )
    return int(number)
