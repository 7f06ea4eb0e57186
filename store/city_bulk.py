"""Rows of the city's registry by the thousand: what is there of those that a table names, and writing them in one transaction."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NamedTuple

from store.city_registry import Declaration, Enterprise, EnterpriseLabel, Gateway, Machine
from store.database import Connection
from store.sql_files import query

_ROWS_A_PIECE = 2000


class EnrolledGateway(NamedTuple):
    """A gateway as it is enrolled."""

    gateway: Gateway
    enrolled_at: datetime
    revoked_at: datetime | None


def lock_registry(connection: Connection) -> None:
    """Wait until nobody else writes into the registry, and keep it so until the transaction ends."""
    connection.execute(query("city_bulk", "lock"))


def enterprises_by_code(connection: Connection, usccs: Collection[str]) -> dict[str, Enterprise]:
    rows = connection.execute(query("city_bulk", "enterprises"), {"usccs": list(usccs)})
    found = (Enterprise(**dict(zip(Enterprise.__slots__, row, strict=True))) for row in rows)
    return {one.uscc: one for one in found}


def branch_heads(connection: Connection, usccs: Collection[str]) -> frozenset[str]:
    """Give those of the codes that branches name as their legal person."""
    rows = connection.execute(query("city_bulk", "branch_heads"), {"usccs": list(usccs)})
    return frozenset(code for (code,) in rows)


def save_enterprises(connection: Connection, enterprises: Sequence[Enterprise]) -> None:
    """Register enterprises, or bring those with the same code up to date; legal persons come before their branches.

    Raises
    ------
    RowRefused
        If area, department or legal person are not there.
    """
    first = [asdict(one) for one in enterprises if one.head_uscc is None]
    for rows in (first, [asdict(one) for one in enterprises if one.head_uscc is not None]):
        _write(connection, "save_enterprises", rows)


def standing_machines(
    connection: Connection, *, usccs: Collection[str], keys: Collection[str], gateways: Collection[str]
) -> list[tuple[int, Machine]]:
    """Give number and facts of the machines of these enterprises, with these nameplates, or behind these gateways."""
    values = {"usccs": list(usccs), "keys": list(keys), "gateways": list(gateways)}
    rows = connection.execute(query("city_bulk", "machines"), values)
    return [(row[0], Machine(**dict(zip(Machine.__slots__, row[1:], strict=True)))) for row in rows]


def add_machines(connection: Connection, machines: Iterable[Machine]) -> None:
    """Register machines.

    Raises
    ------
    RowRefused
        If an enterprise is not there, or another machine has the readings of one.
    """
    _write(connection, "add_machines", [asdict(one) for one in machines])


def change_machines(connection: Connection, machines: Iterable[tuple[int, Machine]]) -> None:
    """Bring machines up to date, by number."""
    _write(connection, "change_machines", [asdict(one) | {"id": number} for number, one in machines])


def labels_of(connection: Connection, usccs: Collection[str]) -> list[tuple[int, EnterpriseLabel]]:
    rows = connection.execute(query("city_bulk", "labels"), {"usccs": list(usccs)})
    return [(row[0], EnterpriseLabel(**dict(zip(EnterpriseLabel.__slots__, row[1:], strict=True)))) for row in rows]


def add_labels(connection: Connection, labels: Iterable[EnterpriseLabel]) -> None:
    _write(connection, "add_labels", [asdict(one) for one in labels])


def change_labels(connection: Connection, labels: Iterable[tuple[int, EnterpriseLabel]]) -> None:
    """Bring last day and document of labels up to date, by number."""
    _write(connection, "change_labels", [asdict(one) | {"id": number} for number, one in labels])


def declarations_of(connection: Connection, usccs: Collection[str]) -> list[Declaration]:
    rows = connection.execute(query("city_bulk", "declarations"), {"usccs": list(usccs)})
    return [Declaration(**dict(zip(Declaration.__slots__, row, strict=True))) for row in rows]


def save_declarations(connection: Connection, declarations: Iterable[Declaration]) -> None:
    """Store declarations in place of those of the same enterprise, year and kind."""
    _write(connection, "save_declarations", [asdict(one) for one in declarations])


def gateways_like(connection: Connection, *, names: Collection[str], certificates: Collection[bytes]) -> list[EnrolledGateway]:
    """Give the gateways that have one of these names or certificates, those that were revoked as well."""
    values = {"names": list(names), "certificates": list(certificates)}
    rows = connection.execute(query("city_bulk", "gateways"), values)
    return [EnrolledGateway(Gateway(**dict(zip(Gateway.__slots__, row[:5], strict=True))), *row[5:]) for row in rows]


def save_gateways(connection: Connection, gateways: Iterable[Gateway]) -> None:
    """Enrol gateways, or give those of the same name their new certificate."""
    rows = [asdict(one) | {"certificate_sha256": one.certificate_sha256.hex()} for one in gateways]
    _write(connection, "save_gateways", rows)


def revoke_gateway(connection: Connection, name: str) -> str | None:
    """Shut a gateway out, and give whose it is; None if none of that name is enrolled."""
    row = connection.execute(query("city_bulk", "revoke_gateway"), {"name": name}).fetchone()
    return None if row is None else str(row[0])


def _write(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _ROWS_A_PIECE):
        piece = json.dumps(rows[start : start + _ROWS_A_PIECE], ensure_ascii=False, default=_plain)
        connection.execute(query("city_bulk", name), {"rows": piece})


def _plain(value: object) -> str:
    assert isinstance(value, date)  # a datetime is one
    return value.isoformat()
