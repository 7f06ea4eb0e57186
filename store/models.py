"""What analytics have learned of machines: champions judge, challengers wait for a person to accept them."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from store.database import Database
from store.row_pages import as_list
from store.sql_files import query

Role = Literal["champion", "challenger", "retired"]
IN_USE: tuple[Role, ...] = ("champion", "challenger")


class Model(NamedTuple):
    """One model of one machine."""

    id: int
    analytic: str
    equipment_id: int
    role: Role
    trained_from: datetime
    trained_until: datetime
    made_at: datetime
    made_by: str
    model: Mapping[str, Any]


def models(
    database: Database,
    *,
    roles: Collection[Role] = IN_USE,
    equipment_ids: Collection[int] | None = None,
    analytics: Collection[str] | None = None,
) -> list[Model]:
    """Give models by machine and analytic; of all where a filter is None."""
    values = {"roles": list(roles), "ids": as_list(equipment_ids), "analytics": as_list(analytics)}
    with database.connection() as connection:
        return [Model(*row) for row in connection.execute(query("results", "models"), values)]


def champions(database: Database) -> set[tuple[int, str]]:
    """Name the machines and analytics that have a champion, without loading it."""
    with database.connection() as connection:
        return set(connection.execute(query("results", "champions")).fetchall())


def add_model(
    database: Database,
    *,
    analytic: str,
    equipment_id: int,
    role: Role,
    trained_from: datetime,
    trained_until: datetime,
    made_at: datetime,
    made_by: str,
    model: Mapping[str, Any],
) -> int:
    """Store a model in place of the one that had its role, which retires; give its number."""
    values = {
        "analytic": analytic,
        "equipment_id": equipment_id,
        "role": role,
        "trained_from": trained_from,
        "trained_until": trained_until,
        "made_at": made_at,
        "made_by": made_by,
        "model": json.dumps(model, allow_nan=False),
    }
    with database.connection() as connection:
        connection.execute(query("results", "retire_model"), values)
        (number,) = connection.execute(query("results", "add_model"), values).fetchone() or (0,)
    return int(number)


def accept(database: Database, model_id: int) -> None:
    """Make a challenger the champion; the old one retires.

    Raises
    ------
    LookupError
        If there is no such model.
    ValueError
        If it is no challenger.
    """
    with database.connection() as connection:
        analytic, equipment_id = _challenger(connection.execute(query("results", "lock_model"), [model_id]).fetchone(), model_id)
        values = {"analytic": analytic, "equipment_id": equipment_id, "role": "champion"}
        connection.execute(query("results", "retire_model"), values)
        connection.execute(query("results", "set_model_role"), {"id": model_id, "role": "champion"})


def reject(database: Database, model_id: int) -> None:
    """Retire a challenger; errors as of `accept`."""
    with database.connection() as connection:
        _challenger(connection.execute(query("results", "lock_model"), [model_id]).fetchone(), model_id)
        connection.execute(query("results", "set_model_role"), {"id": model_id, "role": "retired"})


def _challenger(row: tuple[str, int, str] | None, model_id: int) -> tuple[str, int]:
    if row is None:
        raise LookupError(f"there is no model {model_id}")
    analytic, equipment_id, role = row
    if role != "challenger":
        raise ValueError(f"model {model_id} is no challenger but {role}")
    return analytic, equipment_id
