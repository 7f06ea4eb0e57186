"""Symptoms of machines, gathered in bulk."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from device_profiles.kind import load_kind
from store.health import symptoms
from store.maintenance_log import MaintenanceEntry, add_entry
from store.results import Finding, findings, judge, write_findings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def test_each_machine_has_its_own_symptoms_and_those_that_count_alone(store: Any) -> None:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'a', 'boiler'), ('gw-2', 'b', 'motor')")
    ((first,), (second,)) = store.ask("SELECT id FROM reading.equipment ORDER BY name")

    def finding(code: str, until: datetime | None = None) -> Finding:
        return Finding(
            equipment_id=first,
            analytic="x",
            code=code,
            title={"zh": "x", "en": "x"},
            severity="high",
            since=NOW - HOUR,
            until=until,
            seen_at=NOW,
            confidence=0.5,
            advice={"zh": "x", "en": "x"},
            source="x",
        )

    write_findings(store.database, [finding("stands"), finding("over", NOW), finding("confirmed"), finding("rejected")])
    for stored in findings(store.database)[1]:
        if stored.code in {"confirmed", "rejected"}:
            judge(store.database, stored.id, stored.code, "li", now=NOW)
    for rule, state, extra in (
        ("active", "acknowledged", "NULL"),
        ("gone", "returned", "NULL"),
        ("shelved", "unacknowledged", f"'{NOW}'"),
    ):
        store.run(
            "INSERT INTO alarm.condition (gateway, equipment_id, rule, state, priority, title, active_since, changed_at,"
            f" shelved_until) VALUES ('gw-1', {first}, '{rule}', '{state}', 'low', '{{}}', '{NOW - HOUR}', '{NOW}', {extra})"
        )
    # Two signals bad since two days ago, for six hours of the last day.
    store.run(
        "INSERT INTO reading.quality_interval VALUES"
        f" ({first}, ARRAY['steam_flow', 'drum_level'], 128, '{NOW - 48 * HOUR}', '{NOW - 18 * HOUR}'),"
        f" ({first}, ARRAY['steam_flow'], 64, '{NOW - 2 * HOUR}', '{NOW}')"
    )
    add_entry(store.database, MaintenanceEntry(equipment_id=second, time=NOW - 5 * HOUR, work="service", text="oil", author="li"))
    one, two = symptoms(store.database, gateways=None, now=NOW)
    assert sorted(one.findings) == [("high", 0.5), ("high", 1.0)]
    assert one.alarms == (("low", NOW - HOUR),)
    assert one.bad_share == pytest.approx(2 * 6 / 24 / len(load_kind("boiler").numeric_signals))
    assert not one.was_maintained
    assert (two.findings, two.alarms, two.bad_share, two.maintained_at) == ((), (), 0, NOW - 5 * HOUR)
    assert [machine.name for machine in symptoms(store.database, gateways=frozenset({"gw-2"}), now=NOW)] == ["b"]
