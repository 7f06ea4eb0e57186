"""What speaks against the data of machines, what people decided on it, and the holds that auditors place."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from store.database import Connection, Database, quoted
from store.row_pages import as_list, read_page
from store.sql_files import query, query_text
from telemetry.bundle import MICROSECONDS

STATES = ("open", "confirmed", "cleared")
ORDERS = {
    "state": "array_position(ARRAY['open', 'confirmed', 'cleared'], s.state)",
    "score": "s.score / s.threshold",
    "since": "s.since",
    "found": "s.found_at",
    "machine": "m.label",
    "enterprise": "n.name",
    "method": "s.method",
}
MOST_ROW_TIMES = 20_000


class CheckedMachine(NamedTuple):
    """A registered machine with what its check needs; ``equipment_id`` is None while no data have come."""

    machine_id: int
    uscc: str
    enterprise: str
    kind: str
    label: str
    maker: str
    model: str
    serial_number: str
    nameplate_key: str
    registration_code: str
    gateway: str
    equipment_name: str
    is_simulator: bool
    gateway_is_simulator: bool
    registered_at: datetime
    equipment_id: int | None
    equipment_kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSuspicion:
    """What a check has found, to be raised."""

    machine_id: int
    method: str
    score: float
    threshold: float
    since: datetime
    until: datetime
    other: int | None = None
    explanation: Mapping[str, str]
    evidence: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSuspicion:
    """One suspicion with its machine."""

    id: int
    machine_id: int
    method: str
    score: float
    threshold: float
    since: datetime
    until: datetime
    found_at: datetime
    explanation: Mapping[str, str]
    evidence: Sequence[Mapping[str, Any]]
    state: str
    decided_at: datetime | None
    decided_by: str | None
    note: str
    label: str
    kind: str
    uscc: str
    enterprise: str
    area: str
    other_machine_id: int | None
    other_label: str
    other_enterprise: str
    is_on_hold: bool


_COLUMNS = [column.name for column in fields(StoredSuspicion)]
"""As the query gives them."""


def machines_to_check(database: Database, *, area: str | None = None, machine_id: int | None = None) -> list[CheckedMachine]:
    """List registered machines of an area with all below it, or one; by number."""
    with database.connection() as connection:
        rows = connection.execute(query("city_suspicions", "machines"), {"area": area, "machine_id": machine_id}).fetchall()
    return [CheckedMachine(*row) for row in rows]


def row_times(database: Database, kind: str, equipment_id: int, *, start: datetime, end: datetime) -> npt.NDArray[np.int64]:
    """Give the time stamps of a machine's rows in ``[start, end)``, in microseconds, at most `MOST_ROW_TIMES`."""
    statement = query_text("city_suspicions", "row_times", source=f"reading.{quoted(kind)}")
    values = {"equipment_id": equipment_id, "start": start, "end": end, "limit": MOST_ROW_TIMES}
    with database.connection() as connection:
        rows = connection.execute(statement, values).fetchall()
    return np.array([round(time.timestamp() * MICROSECONDS) for (time,) in rows], np.int64)


def raise_suspicion(connection: Connection, suspicion: NewSuspicion, *, now: datetime) -> bool | None:
    """Write what was found: one open row for each machine and method, whose span grows.

    Returns
    -------
    bool or None
        True for a new row, False where an open one was brought up to date, None where a person has decided on this span already.
    """
    values = {
        "machine_id": suspicion.machine_id,
        "method": suspicion.method,
        "score": suspicion.score,
        "threshold": suspicion.threshold,
        "since": suspicion.since,
        "until": suspicion.until,
        "other": suspicion.other,
        "explanation": json.dumps(dict(suspicion.explanation)),
        "evidence": json.dumps([dict(piece) for piece in suspicion.evidence], allow_nan=False),
        "now": now,
    }
    row = connection.execute(query("city_suspicions", "raise"), values).fetchone()
    return None if row is None else bool(row[1])


def suspicions(
    database: Database,
    *,
    suspicion_id: int | None = None,
    machine_id: int | None = None,
    states: Collection[str] | None = None,
    methods: Collection[str] | None = None,
    area: str | None = None,
    search: str = "",
    sort: str = "state",
    with_evidence: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[StoredSuspicion]]:
    """Count and list suspicions; filters that are None let all through, ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "id": suspicion_id,
        "machine_id": machine_id,
        "states": as_list(states),
        "methods": as_list(methods),
        "area": area,
        "search": search,
        "with_evidence": with_evidence,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, s.found_at DESC, s.id DESC"
    total, rows = read_page(database, "city_suspicions", "suspicions", order=order, values=values)
    return total, [StoredSuspicion(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def suspicion(database: Database, suspicion_id: int) -> StoredSuspicion | None:
    """Give one with its evidence."""
    _total, rows = suspicions(database, suspicion_id=suspicion_id, with_evidence=True, limit=1)
    return rows[0] if rows else None


def decide(connection: Connection, suspicion_id: int, *, state: str, actor: str, note: str, now: datetime) -> tuple[int, str]:
    """Confirm or clear a suspicion once and for all, and give its machine and method.

    Raises
    ------
    LookupError
        If there is no such suspicion.
    ValueError
        If it has been decided on already, or there is no note or no such state.
    """
    if state not in STATES[1:]:
        raise ValueError(f"a suspicion is confirmed or cleared, and not {state}")
    if not note.strip():
        raise ValueError("a decision needs a note of what was looked at")
    values = {"id": suspicion_id, "state": state, "actor": actor, "note": note, "now": now}
    row = connection.execute(query("city_suspicions", "decide"), values).fetchone()
    if row is not None:
        return int(row[0]), str(row[1])
    before = connection.execute(query("city_suspicions", "state_of"), [suspicion_id]).fetchone()
    if before is None:
        raise LookupError(f"there is no suspicion {suspicion_id}")
    raise ValueError(f"it is {before[0]} already, by {before[1]}")


def place_hold(connection: Connection, machine_id: int, *, reason: str, actor: str, now: datetime) -> int:
    """Put a machine on hold, and give the hold's number.

    Raises
    ------
    LookupError
        If there is no such machine.
    ValueError
        If it is on hold already, or no reason is given.
    """
    if not reason.strip():
        raise ValueError("a hold needs a reason")
    ((is_there,),) = connection.execute(query("city_suspicions", "is_machine"), [machine_id]).fetchall()
    if not is_there:
        raise LookupError(f"there is no machine {machine_id}")
    values = {"machine_id": machine_id, "reason": reason, "actor": actor, "now": now}
    row = connection.execute(query("city_suspicions", "place_hold"), values).fetchone()
    if row is None:
        raise ValueError(f"machine {machine_id} is on hold already")
    return int(row[0])


def release_hold(connection: Connection, machine_id: int, *, actor: str, now: datetime) -> int:
    """Release the hold that stands on a machine, and give its number.

    Raises
    ------
    ValueError
        If none stands.
    """
    values = {"machine_id": machine_id, "actor": actor, "now": now}
    row = connection.execute(query("city_suspicions", "release_hold"), values).fetchone()
    if row is None:
        raise ValueError(f"machine {machine_id} is not on hold")
    return int(row[0])
