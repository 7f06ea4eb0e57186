"""Rules of alarms as rows with their history, and what an evaluator keeps over a restart."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.sql_files import query

KIND, PLANT = "kind", "plant"


class RuleRow(NamedTuple):
    """A row of ``alarm.rule``; of origin ``kind`` its limit has been confirmed by nobody at this plant."""

    name: str
    kind: str
    definition: Mapping[str, Any]
    origin: str
    is_enabled: bool
    version: int
    changed_by: str
    changed_at: datetime


class RuleVersion(NamedTuple):
    """A line of a rule's history; ``definition`` is None where the rule was removed."""

    version: int
    definition: Mapping[str, Any] | None
    is_enabled: bool
    changed_by: str
    changed_at: datetime


class KindRule(NamedTuple):
    """A rule as a kind's file has it."""

    name: str
    kind: str
    definition: Mapping[str, Any]


def list_rules(database: Database) -> list[RuleRow]:
    """Give all rules by name."""
    with database.connection() as connection:
        return [RuleRow(*row) for row in connection.execute(query("alarms", "list_rules"))]


def get_rule(database: Database, name: str) -> RuleRow | None:
    with database.connection() as connection:
        row = connection.execute(query("alarms", "get_rule"), [name]).fetchone()
    return None if row is None else RuleRow(*row)


def definitions_of(connection: Connection, names: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Give definitions by name, within the caller's transaction; unknown names are left out."""
    return dict(connection.execute(query("alarms", "definitions"), [list(names)]).fetchall())


def save_rule(
    database: Database,
    rule: KindRule,
    *,
    is_enabled: bool = True,
    expected_version: int,
    changed_by: str,
    now: datetime,
) -> bool:
    """Write a rule as the plant's own, 0 expected for a new one; False if another version is there, and nothing is changed.

    To save a kind's rule unchanged confirms it.
    """
    parameters = {
        **_parameters(rule, changed_by=changed_by, now=now),
        "is_enabled": is_enabled,
        "expected_version": expected_version,
    }
    name = "save_rule" if expected_version else "add_rule"
    with database.connection() as connection:
        return connection.execute(query("alarms", name), parameters).rowcount > 0


def remove_rule(database: Database, name: str, *, changed_by: str, now: datetime) -> bool:
    """Remove a rule; one of a kind comes back, as the kind has it, when the kinds' rules are next synchronised."""
    parameters = {"name": name, "changed_by": changed_by, "now": now}
    with database.connection() as connection:
        return connection.execute(query("alarms", "remove_rule"), parameters).rowcount > 0


def synchronise_kind_rules(database: Database, rules: Collection[KindRule], *, now: datetime) -> int:
    """Make the rules of origin ``kind`` those of the kinds' files, and give the number of changes; the plant's stay."""
    names, kinds, definitions = (list(column) for column in zip(*rules, strict=True)) if rules else ([], [], [])
    parameters = {
        "names": names,
        "kinds": kinds,
        "definitions": [json.dumps(definition, ensure_ascii=False) for definition in definitions],
        "now": now,
    }
    with database.connection() as connection:
        connection.execute(query("alarms", "lock"))
        changed = connection.execute(query("alarms", "put_kind_rules"), parameters).rowcount
        return changed + connection.execute(query("alarms", "remove_vanished_kind_rules"), parameters).rowcount


def rule_history(database: Database, name: str) -> list[RuleVersion]:
    """Give all versions of a rule, newest first; also of one that was removed."""
    with database.connection() as connection:
        return [RuleVersion(*row) for row in connection.execute(query("alarms", "rule_history"), [name])]


def save_snapshot(database: Database, evaluator: str, snapshot: bytes, *, now: datetime) -> None:
    with database.connection() as connection:
        connection.execute(query("alarms", "save_snapshot"), [evaluator, snapshot, now])


def load_snapshot(database: Database, evaluator: str) -> tuple[bytes, datetime] | None:
    """Give the newest snapshot and when it was saved."""
    with database.connection() as connection:
        row: Sequence[Any] | None = connection.execute(query("alarms", "load_snapshot"), [evaluator]).fetchone()
    return None if row is None else (bytes(row[0]), row[1])


def _parameters(rule: KindRule, *, changed_by: str, now: datetime) -> dict[str, Any]:
    definition = json.dumps(rule.definition, ensure_ascii=False)
    return {"name": rule.name, "kind": rule.kind, "definition": definition, "changed_by": changed_by, "now": now}
