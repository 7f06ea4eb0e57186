"""Work orders: how they move on, and what they leave in the maintenance log."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from store.maintenance_log import entries
from store.work_orders import WorkOrder, change_work_order, open_work_order, order_changes, work_orders

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def machine(store: Any) -> int:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'boiler-1', 'boiler')")
    return int(store.ask("SELECT id FROM reading.equipment")[0][0])


def order(machine: int, **changes: Any) -> WorkOrder:
    return WorkOrder(**{"equipment_id": machine, "title": "吹灰", "opened_at": NOW, "opened_by": "li", **changes})


def test_an_order_is_given_to_someone_done_and_found_in_the_log(store: Any, machine: int) -> None:
    number = open_work_order(store.database, order(machine, due_on=date(2026, 11, 30), condition_id=2**40))
    change_work_order(store.database, number, actor="li", now=NOW + HOUR, state="in_progress", assigned_to="wang")
    change_work_order(
        store.database, number, actor="wang", now=NOW + 2 * HOUR, state="done", note="积灰 4 mm，已清", work="cleaning", hours=1.5
    )
    total, (done,) = work_orders(store.database)
    assert total == 1
    assert (done.state, done.assigned_to, done.closed_at, done.closed_by, done.found) == (
        "done",
        "wang",
        NOW + 2 * HOUR,
        "wang",
        "积灰 4 mm，已清",
    )
    (entry,) = entries(store.database, machine)
    assert (entry.work, entry.text, entry.hours, entry.author, entry.work_order_id, entry.machine) == (
        "cleaning",
        "积灰 4 mm，已清",
        1.5,
        "wang",
        number,
        "boiler-1",
    )
    changes = order_changes(store.database, number)
    assert [(change.actor, change.state, change.assigned_to) for change in changes] == [
        ("li", "open", ""),
        ("li", "in_progress", "wang"),
        ("wang", "done", "wang"),
    ]


LEGAL = {("open", "in_progress"), ("open", "done"), ("open", "cancelled")} | {
    ("in_progress", "open"),
    ("in_progress", "done"),
    ("in_progress", "cancelled"),
}


@pytest.mark.parametrize("before", ["open", "in_progress", "done", "cancelled"])
def test_an_order_moves_only_along_its_arrows(store: Any, machine: int, before: str) -> None:
    for after in ("open", "in_progress", "done", "cancelled"):
        number = open_work_order(store.database, order(machine))
        if before != "open":
            change_work_order(store.database, number, actor="li", now=NOW, state=before, note="so")
        if (before, after) in LEGAL or before == after in {"open", "in_progress"}:
            change_work_order(store.database, number, actor="li", now=NOW, state=after, note="so")
        else:
            with pytest.raises(ValueError, match=f"{before} cannot become {after}"):
                change_work_order(store.database, number, actor="li", now=NOW, state=after, note="so")


def test_an_order_does_not_end_without_a_word(store: Any, machine: int) -> None:
    number = open_work_order(store.database, order(machine))
    with pytest.raises(ValueError, match="what was found"):
        change_work_order(store.database, number, actor="li", now=NOW, state="done", note="  ")
    with pytest.raises(LookupError):
        change_work_order(store.database, number + 1, actor="li", now=NOW, state="done", note="x")
    assert work_orders(store.database)[1][0].state == "open"
    assert entries(store.database, machine) == []


def test_orders_are_filtered_and_sorted(store: Any, machine: int) -> None:
    for title, priority in (("A", "low"), ("B", "critical"), ("C", "high")):
        open_work_order(
            store.database, order(machine, title=title, priority=priority, assigned_to="wang" if title == "C" else "")
        )

    def titles(**asked: Any) -> str:
        return "".join(one.title for one in work_orders(store.database, **asked)[1])

    assert titles() == "BCA"
    assert titles(sort="-priority") == "ACB"
    assert titles(assigned_to="wang") == "C"
    assert titles(priorities=["low", "critical"], limit=1) == "B"
    assert titles(gateways=frozenset({"gw-2"})) == ""
    assert titles(search="wang") == "C"
