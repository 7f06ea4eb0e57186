"""What is known to be wrong with each machine, gathered for putting them in order."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_profiles.kind import kind_names, load_kind
from store.database import Database
from store.row_pages import as_list
from store.sql_files import query

_DAY = timedelta(days=1)
_LONGEST_BAD = timedelta(days=90)
"""A sensor that has been bad for longer is part of the house and no longer looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptoms:
    """One machine's."""

    equipment_id: int
    gateway: str
    name: str
    kind: str
    findings: tuple[tuple[str, float], ...]
    """Severity and confidence of those that go on and are neither rejected nor closed; what people have confirmed is certain."""
    alarms: tuple[tuple[str, datetime], ...]
    """Priority and beginning of those that are active and neither shelved, suppressed nor out of service."""
    bad_share: float
    """Of the values of the last day."""
    maintained_at: datetime
    """Newest entry of the log; when the machine was first seen where there is none."""
    was_maintained: bool


def symptoms(database: Database, *, gateways: frozenset[str] | None, now: datetime) -> list[Symptoms]:
    """Gather the symptoms of all machines behind some gateways, or behind all."""
    values = {
        "gateways": as_list(gateways),
        "start": now - _DAY,
        "end": now,
        "looked_from": now - _LONGEST_BAD,
    }
    findings: dict[int, list[tuple[str, float]]] = defaultdict(list)
    alarms: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    bad: dict[int, float] = defaultdict(float)
    with database.connection() as connection:
        for number, severity, confidence in connection.execute(query("health", "findings")):
            findings[number].append((severity, confidence))
        for number, priority, since in connection.execute(query("health", "alarms")):
            alarms[number].append((priority, since))
        for number, seconds in connection.execute(query("health", "bad_values"), values):
            bad[number] += seconds
        machines = connection.execute(query("health", "machines"), values).fetchall()
    signals = {kind: _signals_of(kind) for kind in {machine[3] for machine in machines}}
    return [
        Symptoms(
            equipment_id=number,
            gateway=gateway,
            name=name,
            kind=kind,
            findings=tuple(findings[number]),
            alarms=tuple(alarms[number]),
            bad_share=min(bad[number] / (signals[kind] * _DAY.total_seconds()), 1.0),
            maintained_at=maintained_at,
            was_maintained=was_maintained,
        )
        for number, gateway, name, kind, maintained_at, was_maintained in machines
    ]


def _signals_of(kind: str) -> int:
    return len(load_kind(kind).numeric_signals) if kind in kind_names() else 1
