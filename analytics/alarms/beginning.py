"""What a worker that begins to lead takes over: rules, machines, what was remembered, and what stands."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.alarms.acts import ProcessChange
from analytics.alarms.gateways import OFFLINE, Gateways, Standing
from analytics.alarms.instants import to_us
from analytics.alarms.judge import Judge
from analytics.alarms.leadership import EVALUATOR
from analytics.alarms.machine_directory import Directory, read_directory
from analytics.alarms.rule_set import RuleSet, read_rules, write_kind_rules
from analytics.alarms.settings import AlarmSettings
from store.alarm_rules import load_snapshot
from store.alarms import ConditionFilter, ConditionRow, list_conditions
from store.database import Database
from telemetry.bundle import MICROSECONDS

_log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=1)
"""Read again before the time of a snapshot: rows are stored a moment later than they are judged."""
_PROOF = timedelta(minutes=1)
"""Beyond its delay, for an active condition to be seen anew where no snapshot tells of it."""


@dataclass(frozen=True, kw_only=True)
class Beginning:
    rules: RuleSet
    directory: Directory
    judge: Judge
    changes: list[ProcessChange]
    """Found by taking over: rules that are gone."""
    known_until: datetime
    """Rows since then may have been missed."""
    saved_at: datetime | None
    """Of the snapshot that it begins with."""


def begin(database: Database, settings: AlarmSettings, now: datetime) -> Beginning:
    write_kind_rules(database, now=now, offline_seconds=settings.gateway_offline_seconds)
    rules, directory = read_rules(database), read_directory(database)
    active = [
        listed.condition
        for listed in list_conditions(database, ConditionFilter(view="all", states=("unacknowledged", "acknowledged")))
    ]
    gateways = Gateways(settings.gateway_offline_seconds, _standing(active, rules))
    judge = Judge(rules, directory, gateways, late_us=round(settings.late_seconds * MICROSECONDS))
    saved = load_snapshot(database, EVALUATOR)
    known_until, changes = now - OVERLAP, list[ProcessChange]()
    is_restored = False
    if saved is not None:
        try:
            changes = judge.restore(saved[0], to_us(now))
        except ValueError as error:
            _log.warning("what was remembered cannot be used, the newest values are judged instead: %s", error)
        else:
            is_restored = True
            known_until = max(saved[1] - OVERLAP, now - settings.catch_up)
    if not is_restored:
        judge.take_over(_deadlines_us(active, rules, now))
    judge.expect_all(to_us(now))
    return Beginning(
        rules=rules,
        directory=directory,
        judge=judge,
        changes=changes,
        known_until=min(known_until, now),
        saved_at=None if saved is None else saved[1],
    )


def _standing(active: list[ConditionRow], rules: RuleSet) -> Standing:
    return Standing(
        offline={row.gateway: to_us(row.active_since) for row in active if row.rule == OFFLINE and row.active_since is not None},
        stale=[(row.equipment_id, row.rule) for row in active if row.equipment_id is not None and row.rule in rules.stale],
    )


def _deadlines_us(active: list[ConditionRow], rules: RuleSet, now: datetime) -> dict[tuple[int, str], int]:
    delays = {rule.name: rule.on_delay_seconds for of_kind in rules.by_kind.values() for rule in of_kind}
    return {
        (row.equipment_id, row.rule): to_us(now + timedelta(seconds=delays.get(row.rule, 0)) + _PROOF)
        for row in active
        if row.equipment_id is not None
    }
