"""The maintenance log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.database import RowRefused
from store.maintenance_log import MaintenanceEntry, add_entry, entries, find_entries

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def test_the_newest_entries_come_first_and_belong_to_their_machine(store: Any) -> None:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'a', 'boiler'), ('gw-2', 'b', 'boiler')")
    ((first,), (second,)) = store.ask("SELECT id FROM reading.equipment ORDER BY name")
    for days, machine, text in ((3, first, "old"), (1, first, "new"), (2, second, "other")):
        entry = MaintenanceEntry(
            equipment_id=machine, time=NOW - timedelta(days=days), work="service", text=text, author="li", cost=80.5
        )
        add_entry(store.database, entry)
    assert [entry.text for entry in entries(store.database, first)] == ["new", "old"]
    assert [entry.text for entry in entries(store.database, first, limit=1)] == ["new"]
    total, (only,) = find_entries(store.database, gateways=frozenset({"gw-2"}))
    assert (total, only.text, only.gateway, only.machine, only.cost) == (1, "other", "gw-2", "b", 80.5)
    assert find_entries(store.database, search="NEW")[0] == 1
    strange = MaintenanceEntry(equipment_id=first, time=NOW, work="dancing", text="", author="li")
    with pytest.raises(RowRefused):
        add_entry(store.database, strange)
