"""The pieces of equipment that have sent something; ingest registers each at first sight."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.database import Database
from store.sql_files import query
from telemetry.topics import NAME_PATTERN


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One machine, named by its gateway: (gateway, name) is its identity, ``id`` stands for it in every table.

    ``kind`` is empty for a machine that has only sent events so far; its first batch tells.
    """

    id: int
    gateway: str
    name: str
    kind: str
    first_seen: datetime


def list_equipment(database: Database) -> list[Equipment]:
    """Name all equipment, sorted by gateway and name."""
    with database.connection() as connection:
        rows = connection.execute(query("equipment", "list")).fetchall()
    return [_equipment(row) for row in rows]


def get_equipment(database: Database, equipment_id: int) -> Equipment | None:
    with database.connection() as connection:
        row = connection.execute(query("equipment", "get"), [equipment_id]).fetchone()
    return None if row is None else _equipment(row)


def find_equipment(database: Database, *, gateway: str, name: str) -> Equipment | None:
    with database.connection() as connection:
        row = connection.execute(query("equipment", "find"), [gateway, name]).fetchone()
    return None if row is None else _equipment(row)


def _equipment(row: tuple[int, str, str, str, datetime]) -> Equipment:
    equipment_id, gateway, name, kind, first_seen = row
    return Equipment(id=equipment_id, gateway=gateway, name=name, kind=kind, first_seen=first_seen)


class Known(NamedTuple):
    """What the live path needs to know of a machine."""

    id: int
    kind: str


class EquipmentRegister:
    """Ids by (gateway, name), kept in memory; one thread at a time registers, any may look up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, dict[str, Known]] = {}

    def find(self, gateway: str, name: str) -> Known:
        return self._known[gateway][name]

    def id_of(self, gateway: str) -> Callable[[str], int]:
        """Give the look-up of one gateway's machines."""
        known = self._known.get(gateway, {})
        return lambda name: known[name].id

    def require(self, machines: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
        """Make (gateway, name, kind) known, registering those that are new, and give the names that cannot be.

        It commits by itself: an id that is used by no row yet harms nobody.
        """
        missing: dict[tuple[str, str], str] = {}
        for gateway, name, kind in machines:
            known = self._known.get(gateway, {}).get(name)
            if known is None or (kind and not known.kind):
                missing[gateway, name] = missing.get((gateway, name)) or kind
        bad = {(gateway, name) for gateway, name in missing if not re.match(NAME_PATTERN, name)}
        wanted = {key: kind for key, kind in missing.items() if key not in bad}
        if wanted:
            self._load(wanted)
            new = {key: kind for key, kind in wanted.items() if self._is_new(*key, kind)}
            if new:
                self._insert(new)
                self._load(new)
        return bad

    def _is_new(self, gateway: str, name: str, kind: str) -> bool:
        known = self._known.get(gateway, {}).get(name)
        return known is None or bool(kind and not known.kind)

    def _load(self, machines: Iterable[tuple[str, str]]) -> None:
        gateways, names = map(list, zip(*machines, strict=True))
        with self._database.connection() as connection:
            for gateway, name, equipment_id, kind in connection.execute(query("equipment", "look_up"), [gateways, names]):
                self._known.setdefault(gateway, {})[name] = Known(equipment_id, kind)

    def _insert(self, machines: dict[tuple[str, str], str]) -> None:
        gateways, names = map(list, zip(*machines, strict=True))
        with self._database.connection() as connection:
            connection.execute(query("equipment", "register"), [gateways, names, list(machines.values())])


class OtherSignals:
    """Ids of the signals outside any profile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self, names: Sequence[str]) -> list[int]:
        """Look up ids, registering names that are new."""
        with self._database.connection() as connection:
            connection.execute(query("equipment", "register_signals"), [list(names)])
        with self._database.connection() as connection:
            found = dict(connection.execute(query("equipment", "look_up_signals"), [list(names)]).fetchall())
        return [found[name] for name in names]
