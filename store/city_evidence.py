"""What the registry and people say for a machine and against it: nameplate, gateway and certificate, suspicions, holds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from store.database import Database
from store.sql_files import query


class MachineFile(NamedTuple):
    """A machine as it was registered, with its enterprise."""

    id: int
    uscc: str
    enterprise: str
    area: str
    code_state: str
    kind: str
    label: str
    maker: str
    model: str
    serial_number: str
    nameplate_key: str
    registration_code: str
    made_year: int | None
    place: str
    gateway: str
    equipment_name: str
    is_simulator: bool
    registered_at: datetime
    registered_by: str
    retired_at: datetime | None


class Twin(NamedTuple):
    """Another standing machine with the same nameplate."""

    id: int
    uscc: str
    enterprise: str
    label: str
    registered_at: datetime


class EnrolledGateway(NamedTuple):
    """A gateway with its certificate, and others that were enrolled with the same one."""

    name: str
    uscc: str
    certificate_sha256: bytes
    is_simulator: bool
    enrolled_at: datetime
    enrolled_by: str
    revoked_at: datetime | None
    shared_with: Sequence[str]


class Hold(NamedTuple):
    """A time in which an auditor has kept the machine from counting."""

    id: int
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None


def machine_file(database: Database, machine: int) -> MachineFile | None:
    with database.connection() as connection:
        row = connection.execute(query("city_evidence", "machine"), [machine]).fetchone()
    return None if row is None else MachineFile._make(row)


def twins(database: Database, machine: MachineFile) -> list[Twin]:
    values = {"machine": machine.id, "nameplate_key": machine.nameplate_key}
    with database.connection() as connection:
        return [Twin._make(row) for row in connection.execute(query("city_evidence", "twins"), values)]


def enrolled_gateway(database: Database, name: str) -> EnrolledGateway | None:
    with database.connection() as connection:
        row = connection.execute(query("city_evidence", "gateway"), [name]).fetchone()
    return None if row is None else EnrolledGateway._make(row)


def newest_day(database: Database, equipment_id: int) -> date | None:
    with database.connection() as connection:
        row = connection.execute(query("city_evidence", "newest_day"), [equipment_id]).fetchone()
    return None if row is None else row[0]


def holds_of(database: Database, machine: int) -> list[Hold]:
    """Give the newest 200, the newest first."""
    with database.connection() as connection:
        return [Hold._make(row) for row in connection.execute(query("city_evidence", "holds"), [machine])]
