"""Conditions: one row for each rule on a machine, or on a gateway itself, that has ever been active.

Rows only; what an act makes of them is the business of ``analytics.alarms``. What shall change is read with a lock, changed and
saved in one transaction on the caller's connection, with its lines for the journal (`store.alarm_journal`).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from store.database import Connection, Database
from store.sql_files import query, query_text

View = Literal["standing", "shelved", "suppressed", "out_of_service", "all"]
PRIORITIES = ("critical", "high", "medium", "low")


class ConditionRow(NamedTuple):
    """A row of ``alarm.condition``."""

    id: int
    gateway: str
    equipment_id: int | None
    rule: str
    state: str
    priority: str
    title: Mapping[str, str]
    value: float | None
    limit_value: float | None
    active_since: datetime | None
    returned_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str
    changed_at: datetime
    shelved_until: datetime | None
    shelved_once: bool
    shelved_by: str
    shelf_reason: str
    is_suppressed: bool
    out_of_service_since: datetime | None
    out_of_service_by: str
    out_of_service_reason: str
    occurrences: int
    flood_id: int | None
    is_first_out: bool
    revision: int


class ListedCondition(NamedTuple):
    """A condition under its machine's names of today; ``equipment`` and ``kind`` are empty for one of the gateway itself."""

    condition: ConditionRow
    gateway: str
    equipment: str
    kind: str


class ConditionKey(NamedTuple):
    """What tells conditions apart; ``gateway`` is only looked at where there is no machine."""

    equipment_id: int | None
    rule: str
    gateway: str = ""


class NewCondition(NamedTuple):
    key: ConditionKey
    priority: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFilter:
    """Which conditions are meant; None does not narrow, an empty collection means none at all."""

    view: View = "standing"
    """``standing``: not normal and not hidden. ``suppressed``: those of them that matter, which are not normal."""
    gateways: Collection[str] | None = None
    equipment_ids: Collection[int] | None = None
    kinds: Collection[str] | None = None
    rules: Collection[str] | None = None
    priorities: Collection[str] | None = None
    states: Collection[str] | None = None
    search: str = ""
    """Part of the machine's, the gateway's or the rule's name, or of the title in either language."""
    since: datetime | None = None
    """Active since then or later."""

    @property
    def parameters(self) -> dict[str, Any]:
        lists = ("gateways", "equipment_ids", "kinds", "rules", "priorities", "states")
        return {
            "view": self.view,
            **{name: None if getattr(self, name) is None else list(getattr(self, name)) for name in lists},
            "search": self.search.casefold(),
            "since": self.since,
        }


SORTS: Mapping[str, str] = {
    "priority": "array_position(ARRAY['critical', 'high', 'medium', 'low'], c.priority)",
    "state": "array_position(ARRAY['unacknowledged', 'returned', 'acknowledged', 'latched', 'normal'], c.state)",
    "active_since": "c.active_since",
    "changed_at": "c.changed_at",
    "gateway": "coalesce(m.gateway, c.gateway)",
    "equipment": "m.name",
    "kind": "m.kind",
    "rule": "c.rule",
    "occurrences": "c.occurrences",
}
"""What a list can be sorted by, and by which expression."""
_MATCHES = query("alarms", "matches").decode()


# --- changing -------------------------------------------------------------------------------------------------------


def lock_alarms(connection: Connection) -> None:
    """Let one transaction at a time change alarms, so that the ids of the journal become visible in their order."""
    connection.execute(query("alarms", "lock"))


def conditions_for_update(
    connection: Connection, ids: Collection[int], *, gateways: Collection[str] | None = None
) -> list[ConditionRow]:
    """Read conditions in order of their ids, and keep others from changing them.

    Unknown ids are left out, and those of other gateways where ``gateways`` says which.
    """
    parameters = {"ids": sorted(ids), "gateways": None if gateways is None else list(gateways)}
    return _conditions(connection.execute(query("alarms", "for_update"), parameters))


def conditions_of_keys_for_update(connection: Connection, keys: Collection[ConditionKey]) -> list[ConditionRow]:
    """Do the same by keys; conditions that are not there yet are left out."""
    if not keys:
        return []
    return _conditions(connection.execute(query("alarms", "of_keys_for_update"), _columns(keys)))


def standing_conditions_for_update(connection: Connection) -> list[ConditionRow]:
    """Do the same for all that are not normal."""
    return _conditions(connection.execute(query("alarms", "standing_for_update")))


def due_shelves_for_update(connection: Connection, now: datetime) -> list[ConditionRow]:
    """Do the same for those whose shelf has ended."""
    return _conditions(connection.execute(query("alarms", "due_shelves_for_update"), [now]))


def create_conditions(connection: Connection, new: Collection[NewCondition], now: datetime) -> list[ConditionRow]:
    """Make conditions in the normal state; those that are there are left alone, and unknown machines are left out."""
    if not new:
        return []
    rows = [(*condition.key, condition.priority, json.dumps(condition.title, ensure_ascii=False)) for condition in new]
    return _conditions(connection.execute(query("alarms", "create"), [*_columns(rows), now]))


def save_conditions(connection: Connection, rows: Collection[ConditionRow]) -> None:
    """Write everything but the keys; ``changed_at`` is the caller's, and the revision the database's."""
    values = [(row.id, *row[4:6], json.dumps(row.title, ensure_ascii=False), *row[7:-1]) for row in rows]
    if values:
        connection.execute(query("alarms", "save"), _columns(values))


# --- reading --------------------------------------------------------------------------------------------------------


def list_conditions(
    database: Database, wanted: ConditionFilter, *, sort: str = "priority", limit: int | None = None, offset: int = 0
) -> list[ListedCondition]:
    """Read a page; ``sort`` is one of `SORTS`, with a ``-`` before it for descending, and the newest come first among equals."""
    order = f"{SORTS[sort.removeprefix('-')]} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST"
    with database.connection() as connection:
        rows = connection.execute(
            query_text("alarms", "list", order=order, matches=_MATCHES), {**wanted.parameters, "limit": limit, "offset": offset}
        ).fetchall()
    return [_listed(row) for row in rows]


def count_conditions(database: Database, wanted: ConditionFilter) -> int:
    """Count what `list_conditions` would give on all its pages."""
    with database.connection() as connection:
        ((count,),) = connection.execute(query_text("alarms", "count", matches=_MATCHES), wanted.parameters).fetchall()
    return int(count)


def count_by_priority(database: Database, wanted: ConditionFilter) -> dict[str, int]:
    """Count by priority, zeros included."""
    with database.connection() as connection:
        found = dict(
            connection.execute(query_text("alarms", "count_by_priority", matches=_MATCHES), wanted.parameters).fetchall()
        )
    return {priority: found.get(priority, 0) for priority in PRIORITIES}


def get_conditions(database: Database, ids: Collection[int]) -> list[ListedCondition]:
    """Look up conditions in any state; unknown ids are left out."""
    with database.connection() as connection:
        rows = connection.execute(query("alarms", "get"), [sorted(ids)]).fetchall()
    return [_listed(row) for row in rows]


def conditions_changed_after(database: Database, revision: int) -> list[ListedCondition]:
    """Read on: every condition, in any state, that has changed since the largest revision seen, in order of revisions."""
    with database.connection() as connection:
        rows = connection.execute(query("alarms", "changed_after"), [revision]).fetchall()
    return [_listed(row) for row in rows]


def _conditions(rows: Iterable[Sequence[Any]]) -> list[ConditionRow]:
    return [ConditionRow(*row) for row in rows]


def _listed(row: Sequence[Any]) -> ListedCondition:
    *condition, gateway, equipment, kind = row
    return ListedCondition(ConditionRow(*condition), gateway, equipment, kind)


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into the arrays that ``unnest`` takes."""
    return [list(column) for column in zip(*rows, strict=True)]
