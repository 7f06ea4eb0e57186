"""What a count of a city reads and writes: rules, what the registry says of machines and enterprises, and snapshots.

A count is one transaction that sees one moment (`one_moment`); a snapshot once written is refused any change by the database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.sql_files import query

CHUNK_MACHINES = 5_000


class StoredRule(NamedTuple):
    """One version of the counting rule."""

    version: str
    parameters: dict[str, Any]
    document: str
    made_at: datetime
    made_by: str


class RegisteredMachine(NamedTuple):
    """A machine as the registry has it; ``inputs`` as `registry.counting.testing` reads them."""

    machine_id: int
    equipment_id: int | None
    uscc: str
    area: str
    kind: str
    inputs: dict[str, Any]


class FrozenMachine(NamedTuple):
    """A machine as a snapshot has it."""

    registered: RegisteredMachine
    state: str
    lost_at: str
    reason: dict[str, Any]
    first_day: date | None
    last_day: date | None
    data_days: int
    complete_days: int


class RegisteredEnterprise(NamedTuple):
    """An enterprise as the registry has it: name, head, what it declares, since when it counts."""

    uscc: str
    area: str
    department: str | None
    sector: str
    inputs: dict[str, Any]


class EnterpriseRow(NamedTuple):
    """An enterprise as a snapshot has it."""

    registered: RegisteredEnterprise
    machines: int
    counted: int
    declared: int | None
    is_on_cloud: bool
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A snapshot without its rows, to be stored."""

    id: int
    form: str
    first_day: date
    last_day: date
    area: str
    rule_version: str
    parameters: Mapping[str, Any]
    """Of the rule, as `registry.counting.rule.Parameters` writes them."""
    watermark: int
    hash: bytes
    machines: int
    counted: int
    enterprises: int
    on_cloud: int
    new_on_cloud: int
    made_by: str
    replaces: int | None = None
    why: str = ""


@contextmanager
def one_moment(database: Database) -> Iterator[Connection]:
    """Lend a connection whose whole transaction sees the database as it is now."""
    with database.connection() as connection:
        connection.execute(query("city_counting", "read_one_moment"))
        connection.execute(query("city_counting", "allow_long"))
        yield connection


def save_rule(connection: Connection, *, version: str, parameters: Mapping[str, Any], document: str, made_by: str) -> bool:
    """Store a version of the rule; False if there is one of that name, which is left as it is."""
    values = {"version": version, "parameters": _json(parameters), "document": document, "made_by": made_by}
    return connection.execute(query("city_counting", "save_rule"), values).fetchone() is not None


def rules(where: Connection) -> list[StoredRule]:
    """Give all versions, the newest first."""
    return [StoredRule(*row) for row in where.execute(query("city_counting", "rules"))]


def machines_to_count(connection: Connection, area: str, *, chunk: int = CHUNK_MACHINES) -> Iterator[list[RegisteredMachine]]:
    """Give the machines of an area and all below it, by their numbers, some at a time."""
    after = 0
    while True:
        values = {"area": area, "after": after, "limit": chunk}
        rows = connection.execute(query("city_counting", "machines_to_count"), values).fetchall()
        if not rows:
            return
        yield [RegisteredMachine(*row) for row in rows]
        after = rows[-1][0]


def count_registered(database: Database) -> int:
    """Count the machines of the whole registry."""
    with database.connection() as connection:
        ((count,),) = connection.execute(query("city_counting", "count_registered")).fetchall()
    return int(count)


def enterprises_to_count(connection: Connection, area: str, *, year: int, new_since: date) -> list[RegisteredEnterprise]:
    """Give the enterprises of an area and all below it, by their codes.

    ``first_counted`` of their inputs is the last day of the first frozen count before ``new_since`` that has them on the cloud.
    """
    values = {"area": area, "year": year, "new_since": new_since}
    return [RegisteredEnterprise(*row) for row in connection.execute(query("city_counting", "enterprises_to_count"), values)]


def next_snapshot(connection: Connection) -> int:
    """Reserve the number of a snapshot: its rows come before its header, which holds their hash."""
    ((number,),) = connection.execute(query("city_counting", "next_snapshot")).fetchall()
    return int(number)


def save_machines(connection: Connection, snapshot_id: int, rows: Iterable[FrozenMachine]) -> None:
    with connection.cursor() as cursor, cursor.copy(query("city_counting", "copy_machines")) as copy:
        for row in rows:
            one = row.registered
            copy.write_row(
                (
                    *(snapshot_id, one.machine_id, one.equipment_id, one.uscc, one.area, one.kind, row.state, row.lost_at),
                    *(_json(row.reason), _json(one.inputs), row.first_day, row.last_day, row.data_days, row.complete_days),
                )
            )


def save_enterprises(connection: Connection, snapshot_id: int, rows: Iterable[EnterpriseRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(query("city_counting", "copy_enterprises")) as copy:
        for row in rows:
            one = row.registered
            copy.write_row(
                (
                    *(snapshot_id, one.uscc, one.area, one.department, one.sector, row.machines, row.counted, row.declared),
                    *(row.is_on_cloud, row.is_new, _json(one.inputs)),
                )
            )


def save_header(connection: Connection, header: Header) -> None:
    """Store the header.

    Raises
    ------
    RowRefused
        If the period has been frozen, or the snapshot that it names replaced, in the meantime.
    """
    values = {name: getattr(header, name) for name in Header.__slots__}
    connection.execute(query("city_counting", "save_snapshot"), {**values, "parameters": _json(header.parameters)})


def frozen_machines(
    connection: Connection, snapshot_id: int, *, only: list[int] | None = None, chunk: int = CHUNK_MACHINES
) -> Iterator[list[FrozenMachine]]:
    """Give the machines of a snapshot, or some of them, by their numbers, some at a time."""
    after = 0
    while True:
        values = {"snapshot": snapshot_id, "after": after, "limit": chunk, "only": only}
        rows = connection.execute(query("city_counting", "frozen_machines"), values).fetchall()
        if not rows:
            return
        yield [FrozenMachine(RegisteredMachine(*row[:6]), *row[6:]) for row in rows]
        after = rows[-1][0]


def frozen_enterprises(connection: Connection, snapshot_id: int) -> list[EnterpriseRow]:
    """Give the enterprises of a snapshot, by their codes."""
    rows = connection.execute(query("city_counting", "frozen_enterprises"), [snapshot_id])
    return [EnterpriseRow(RegisteredEnterprise(*row[:5]), *row[5:]) for row in rows]


def top_areas(database: Database) -> list[str]:
    """Give the areas that are in no other, and in which an enterprise is registered."""
    with database.connection() as connection:
        return [code for (code,) in connection.execute(query("city_counting", "tops"))]


def drop_day_snapshots(database: Database, *, before: date) -> int:
    """Forget snapshots of days before a day, and count them; the newest of an area stays, and all frozen ones."""
    with database.connection() as connection:
        old = [number for (number,) in connection.execute(query("city_counting", "old_day_snapshots"), [before])]
        for number in old:
            for name in ("delete_snapshot_machines", "delete_snapshot_enterprises", "delete_snapshot"):
                connection.execute(query("city_counting", name), [number])
    return len(old)


def differences(connection: Connection, before: int, after: int) -> list[tuple[Any, ...]]:
    """Give the machines that count in one snapshot only, or in both in two areas; see `registry.counting.comparison`."""
    return connection.execute(query("city_counting", "differences"), {"before": before, "after": after}).fetchall()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)
