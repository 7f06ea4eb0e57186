"""The pieces of equipment that have sent something; ingest registers each at first sight.

A machine may have earlier names (`store.renames`): rows of their own with ``same_as``, and look-ups lead to the machine.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from device_profiles.kind import kind_names
from store.database import Database
from store.kind_tables import OTHER
from store.sql_files import query
from telemetry.topics import NAME_PATTERN

_LOOK_SECONDS = 5.0
"""How long a worker may go on under a name that was changed or released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One machine: it sends as (gateway, name), and ``id`` stands for it in every table, whatever it is called later.

    ``kind`` is empty for a machine that has only sent events so far; its first batch tells.
    """

    id: int
    gateway: str
    name: str
    kind: str
    first_seen: datetime

    @property
    def table(self) -> str:
        """Where its rows are: the table of its kind, or ``other`` for a kind that this installation does not know."""
        return self.kind if self.kind in kind_names() else OTHER


def list_equipment(database: Database, *, gateway: str | None = None, kind: str | None = None) -> list[Equipment]:
    """Name all equipment, or that of a gateway or kind, sorted by gateway and name."""
    with database.connection() as connection:
        rows = connection.execute(query("equipment", "list"), {"gateway": gateway, "kind": kind}).fetchall()
    return [_equipment(row) for row in rows]


def get_equipment(database: Database, equipment_id: int) -> Equipment | None:
    """Look up an id; that of an earlier name leads to the machine itself."""
    with database.connection() as connection:
        row = connection.execute(query("equipment", "get"), [equipment_id]).fetchone()
    return None if row is None else _equipment(row)


def find_equipment(database: Database, *, gateway: str, name: str) -> Equipment | None:
    """Look up a name, also an earlier one."""
    with database.connection() as connection:
        row = connection.execute(query("equipment", "find"), [gateway, name]).fetchone()
    return None if row is None else _equipment(row)


def earlier_names(database: Database) -> dict[int, list[str]]:
    """Give the earlier names of machines by id, as GATEWAY/NAME, oldest first."""
    found: dict[int, list[str]] = {}
    with database.connection() as connection:
        for equipment_id, gateway, name in connection.execute(query("equipment", "earlier_names")):
            found.setdefault(equipment_id, []).append(f"{gateway}/{name}")
    return found


def last_times(database: Database) -> dict[int, datetime]:
    """Give the newest time of machines by id; at most a few seconds behind."""
    with database.connection() as connection:
        return dict(connection.execute(query("equipment", "last_times")).fetchall())


def _equipment(row: tuple[int, str, str, str, datetime]) -> Equipment:
    equipment_id, gateway, name, kind, first_seen = row
    return Equipment(id=equipment_id, gateway=gateway, name=name, kind=kind, first_seen=first_seen)


class Known(NamedTuple):
    """What the live path needs to know of a machine; ``number`` counts the name changes that it takes account of."""

    id: int
    kind: str
    number: int


class EquipmentRegister:
    """Ids by (gateway, name), kept in memory; one thread at a time registers, any may look up."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, dict[str, Known]] = {}
        self._number = -1
        self._look_at = 0.0

    def machines_of(self, gateway: str) -> dict[str, Known]:
        """Give what is known of one gateway's machines by name; read it, do not write to it."""
        return self._known.setdefault(gateway, {})

    def require(self, machines: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
        """Make (gateway, name, kind) known, registering those that are new, and give the names that cannot be.

        It commits by itself: an id that is used by no row yet harms nobody.
        """
        self.count_name_changes()
        missing: dict[tuple[str, str], str] = {}
        for gateway, name, kind in machines:
            if self._is_missing(gateway, name, kind):
                missing[gateway, name] = missing.get((gateway, name)) or kind
        bad = {(gateway, name) for gateway, name in missing if not re.fullmatch(NAME_PATTERN, name)}
        wanted = {key: kind for key, kind in missing.items() if key not in bad}
        if wanted:
            self._load(wanted)
            new = {key: kind for key, kind in wanted.items() if self._is_missing(*key, kind)}
            if new:
                self._insert(new)
                self._load(new)
        return bad

    def count_name_changes(self) -> int:
        """After a change each name is looked up again when it next comes; until then its old id stays, for groups under way."""
        if self._clock() >= self._look_at:
            with self._database.connection() as connection:
                ((self._number,),) = connection.execute(query("equipment", "name_changes")).fetchall()
            self._look_at = self._clock() + _LOOK_SECONDS
        return self._number

    def _is_missing(self, gateway: str, name: str, kind: str) -> bool:
        known = self._known.get(gateway, {}).get(name)
        return known is None or known.number != self._number or bool(kind and not known.kind)

    def _load(self, machines: Iterable[tuple[str, str]]) -> None:
        gateways, names = map(list, zip(*machines, strict=True))
        with self._database.connection() as connection:
            for gateway, name, equipment_id, kind in connection.execute(query("equipment", "look_up"), [gateways, names]):
                self._known.setdefault(gateway, {})[name] = Known(equipment_id, kind, self._number)

    def _insert(self, machines: dict[tuple[str, str], str]) -> None:
        gateways, names = map(list, zip(*machines, strict=True))
        with self._database.connection() as connection:
            connection.execute(query("equipment", "register"), [gateways, names, list(machines.values())])
            connection.execute(query("equipment", "tell_kinds"), [gateways, names, list(machines.values())])
