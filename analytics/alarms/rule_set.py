"""The rules in force, as the database has them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from analytics.alarms.acts import Announced
from analytics.alarms.gateways import OFFLINE, OFFLINE_RULE
from analytics.alarms.kind_rules import rules_of
from analytics.alarms.rules import Rule
from device_profiles.kind import kind_names, load_kind
from store.alarm_rules import KindRule, RuleRow, list_rules, synchronise_kind_rules
from store.database import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    by_kind: Mapping[str, list[Rule]]
    announced: Mapping[str, Announced]
    """Those that are enabled, by name, with that of gateways."""
    stale: frozenset[str]
    """Names of those that watch for silence."""
    versions: Mapping[str, tuple[int, bool]] = field(repr=False)
    """What this was made from: another one means other rules."""


def write_kind_rules(database: Database, *, now: datetime, offline_seconds: float) -> int:
    """Bring the rules of the kinds' files, and that of gateways, into the database, and give the number of changes."""
    rules = [rule for name in kind_names() for rule in rules_of(load_kind(name))]
    of_kinds = [KindRule(rule.name, rule.kind, rule.model_dump(mode="json")) for rule in rules]
    of_gateways = KindRule(OFFLINE, "gateway", OFFLINE_RULE.definition(offline_seconds))
    return synchronise_kind_rules(database, [*of_kinds, of_gateways], now=now)


def read_rules(database: Database, known: RuleSet | None = None) -> RuleSet:
    """Read the rules; ``known`` comes back where they are the same."""
    rows = list_rules(database)
    versions = {row.name: (row.version, row.is_enabled) for row in rows}
    if known is not None and versions == known.versions:
        return known
    by_kind: dict[str, list[Rule]] = {}
    for row in rows:
        if (rule := _rule(row)) is not None:
            by_kind.setdefault(rule.kind, []).append(rule)
    enabled = [rule for of_kind in by_kind.values() for rule in of_kind if rule.enabled]
    return RuleSet(
        by_kind=by_kind,
        announced={OFFLINE: OFFLINE_RULE, **{rule.name: rule for rule in enabled}},
        stale=frozenset(rule.name for rule in enabled if rule.form == "stale"),
        versions=versions,
    )


def _rule(row: RuleRow) -> Rule | None:
    """Make a rule of its row; one of another version of the house, whose kind or signal is not here, is left out with a word."""
    if row.name == OFFLINE:
        return None
    try:
        return Rule.model_validate(row.definition).model_copy(update={"enabled": row.is_enabled})
    except ValidationError as error:
        _log.warning("rule %s is not evaluated: %s", row.name, "; ".join(problem["msg"] for problem in error.errors()))
        return None
