"""Service agreements of cloud projects: what was agreed, which minutes were good, and the months that were settled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from store.binary_arrays import elements
from store.city_projects import add_event
from store.database import Connection, Database, quoted
from store.equipment import find_equipment
from store.kind_tables import OTHER
from store.sql_files import query, query_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a provider promised; ``tiers`` are pairs: an availability, and the credit below it in percent of the fee. [%]"""

    id: int
    project_id: int
    provider: str
    target_percent: Decimal
    tiers: Sequence[tuple[Decimal, Decimal]]
    monthly_fee_cny: Decimal
    valid_from: date
    valid_to: date | None
    document: str
    recorded_by: str


class Maintenance(NamedTuple):
    """Time that was agreed not to count."""

    id: int
    start_time: datetime
    end_time: datetime
    reason: str
    recorded_by: str


class CreditNote(NamedTuple):
    """A settled month."""

    id: int
    agreement_id: int
    month: date
    credit_cny: Decimal
    content: dict[str, Any]
    hash: bytes
    frozen_at: datetime
    frozen_by: str


def agreements(database: Database, project_id: int) -> list[Agreement]:
    with database.connection() as connection:
        rows = connection.execute(query("city_projects", "agreements"), [project_id]).fetchall()
    found = [dict(zip(Agreement.__slots__, row, strict=True)) for row in rows]
    return [Agreement(**{**one, "tiers": _tiers(one["tiers"])}) for one in found]


def add_agreement(connection: Connection, project_id: int, values: Mapping[str, object], *, actor: str) -> int:
    """Keep an agreement; ``values`` are the columns, ``tiers`` as pairs of decimals."""
    tiers = [[str(below), str(credit)] for below, credit in values["tiers"]]  # type: ignore[attr-defined]
    plain = {**values, "tiers": json.dumps(tiers), "project_id": project_id, "actor": actor}
    row = connection.execute(query("city_projects", "add_agreement"), plain).fetchone()
    assert row is not None
    add_event(connection, project_id, actor, "agreement", {**values, "tiers": tiers, "id": row[0]})
    return int(row[0])


def maintenance(database: Database, agreement_id: int) -> list[Maintenance]:
    with database.connection() as connection:
        rows = connection.execute(query("city_projects", "maintenance"), [agreement_id]).fetchall()
    return [Maintenance._make(row) for row in rows]


def add_maintenance(
    connection: Connection, agreement: Agreement, *, start: datetime, end: datetime, reason: str, zone: str, actor: str
) -> int:
    """Agree on time that does not count.

    Raises
    ------
    ValueError
        If it touches a month that is settled.
    """
    values = {"agreement_id": agreement.id, "start_time": start, "end_time": end, "reason": reason}
    frozen = connection.execute(query("city_projects", "is_frozen"), {**values, "zone": zone}).fetchone()
    if frozen is not None and frozen[0]:
        raise ValueError("the month is settled already: maintenance is agreed on before it is")
    row = connection.execute(query("city_projects", "add_maintenance"), {**values, "actor": actor}).fetchone()
    assert row is not None
    add_event(connection, agreement.project_id, actor, "maintenance", values)
    return int(row[0])


def add_credit_note(
    connection: Connection,
    agreement: Agreement,
    *,
    month: date,
    credit_cny: Decimal,
    content: str,
    content_hash: bytes,
    actor: str,
) -> int | None:
    """Settle a month; None if it is settled already."""
    values = {"agreement_id": agreement.id, "month": month, "credit_cny": credit_cny, "content": content, "hash": content_hash}
    row = connection.execute(query("city_projects", "add_credit_note"), {**values, "actor": actor}).fetchone()
    if row is None:
        return None
    detail = {"agreement": agreement.id, "month": month, "credit_cny": credit_cny, "hash": content_hash.hex()}
    add_event(connection, agreement.project_id, actor, "credit_note", detail)
    return int(row[0])


def credit_notes(database: Database, agreement_id: int) -> list[CreditNote]:
    with database.connection() as connection:
        rows = connection.execute(query("city_projects", "credit_notes"), [agreement_id]).fetchall()
    return [CreditNote._make((*row[:5], bytes(row[5]), *row[6:])) for row in rows]


def minutes_with_rows(
    database: Database, machines: Sequence[tuple[str, str]], *, start: datetime, end: datetime
) -> dict[tuple[str, str], npt.NDArray[np.bool_]]:
    """Tell for machines (gateway, name) in which minutes of ``[start, end)`` something came; those unknown are left out."""
    count = round((end - start).total_seconds() / 60)
    first = round(start.timestamp())
    found: dict[tuple[str, str], npt.NDArray[np.bool_]] = {}
    for gateway, name in machines:
        machine = find_equipment(database, gateway=gateway, name=name)
        if machine is None:
            continue
        came = np.zeros(count, np.bool_)
        table = machine.table if machine.table == OTHER else f"{machine.table}_1m"
        statement = query_text("city_projects", "machine_minutes", table=quoted(table))
        with database.connection() as connection:
            row = connection.execute(statement, {"id": machine.id, "start": start, "end": end}, binary=True).fetchone()
        if row is not None and row[0] is not None:
            came[(elements(row[0], ">i8").astype(np.int64) - first) // 60] = True
        found[gateway, name] = came
    return found


def _tiers(pairs: Sequence[Sequence[str]]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(below), Decimal(credit)) for below, credit in pairs]
