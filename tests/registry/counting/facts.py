"""Facts for tests of the count: of machines that need no readings."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from registry.counting.funnel import EPOCH
from store.city_facts import Facts, required_points
from store.database import Connection
from tests.registry import city

LAST = date(2026, 11, 30)
BOILER = required_points("boiler")


def facts(rows: Iterable[tuple[int, date, int, dict[str, int] | int]], signals: tuple[str, ...] = BOILER) -> Facts:
    """Make facts of (equipment, day, hours, hours by point or of all points)."""
    table = list(rows)
    points = [[given if isinstance(given, int) else given.get(name, 24) for name in signals] for *_, given in table]
    return Facts(
        signals,
        np.array([row[0] for row in table], np.int32),
        np.array([(row[1] - EPOCH).days for row in table], np.int32),
        np.array([row[2] for row in table], np.int16),
        np.array(points, np.int16).reshape(len(table), len(signals)),
    )


def counted_machine(connection: Connection, uscc: str, number: int = 1, **values: Any) -> tuple[int, int]:
    """Register a machine behind the enterprise's gateway, with the equipment of its readings; give both numbers."""
    name = f"gw-{uscc[-6:]}"
    if connection.execute(b"SELECT FROM city.gateway WHERE name = %s", [name]).fetchone() is None:
        city.gateway(connection, name, uscc)
    equipment_name = f"boiler-{number}"
    machine = city.machine(connection, uscc, number=number, gateway=name, equipment_name=equipment_name, **values)
    kind = values.get("kind", "boiler")
    ((equipment,),) = connection.execute(
        b"INSERT INTO reading.equipment (gateway, name, kind) VALUES (%s, %s, %s) RETURNING id", [name, equipment_name, kind]
    ).fetchall()
    return machine, equipment


def put_facts(connection: Connection, equipment: int, days: Iterable[date], *, hours: int = 24, valid: int = 24) -> None:
    """Put one fact of a boiler for each day, numbered as one transaction would; one that is there is superseded."""
    ((point_set,),) = connection.execute(
        b"INSERT INTO city.point_set (kind, signals) VALUES ('boiler', %s)"
        b" ON CONFLICT (kind, signals) DO UPDATE SET kind = excluded.kind RETURNING id",
        [list(BOILER)],
    ).fetchall()
    ((number,),) = connection.execute(b"SELECT nextval('city.day_fact_number')").fetchall()
    for day in days:
        values = [equipment, day, number, point_set, hours, [valid] * len(BOILER)]
        connection.execute(
            b"INSERT INTO city.day_fact_superseded SELECT f.*, %s FROM city.day_fact f WHERE equipment_id = %s AND day = %s",
            [number, equipment, day],
        )
        connection.execute(
            b"INSERT INTO city.day_fact VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (equipment_id, day) DO UPDATE SET"
            b" (number, hours, point_hours) = (excluded.number, excluded.hours, excluded.point_hours)",
            values,
        )
