"""The daemon that keeps facts and the counts of days: it makes what is due, stands by behind another, and ends when told."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from registry.counting.rule import DEFAULT_FILE, load_rule
from registry.counting.worker import make_facts, newest_made_day, run
from store.city_facts import due
from store.city_snapshots import Snapshot, newest_snapshot
from store.database import Database
from store.leadership import lead
from tests.registry import city
from tests.registry.counting.facts import BOILER, LAST, counted_machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def plant(migrated_database: str) -> Iterator[Database]:
    """Give a city with a boiler whose hours of 29 and 30 November are rolled up."""
    hours = ", ".join(f"{name}_count" for name in BOILER)
    with Database(migrated_database, max_connections=6) as opened:
        with opened.connection() as connection:
            city.add_city(connection)
            _, equipment = counted_machine(connection, city.enterprise(connection, 1))
            # The default partition is as good as any for two days.
            connection.execute(
                f"INSERT INTO reading.boiler_1h (time, equipment_id, {hours}) SELECT h, %s, {', '.join('1' for _ in BOILER)}"
                " FROM generate_series(TIMESTAMPTZ '2026-11-28 16:00Z', '2026-11-30 15:00Z', '1 hour') AS h".encode(),
                [equipment],
            )
            connection.execute(b"UPDATE store.level SET done_until = '2026-11-30 16:00Z' WHERE name = '1h'")
        yield opened


def wait_for(found: Callable[[], Any]) -> Any:
    for _ in range(300):
        if (there := found()) is not None:
            return there
        threading.Event().wait(0.1)
    raise AssertionError("it did not come")


def test_the_daemon_makes_the_facts_and_counts_the_day(plant: Database) -> None:
    with plant.connection() as connection:
        load_rule(connection, DEFAULT_FILE, made_by="test")
    stop = threading.Event()
    options: dict[str, Any] = {"zone": "Asia/Shanghai", "every_seconds": 60.0, "keep_days": 35, "stopped": stop.is_set}
    worker = threading.Thread(target=run, args=(plant,), kwargs=options)
    worker.start()
    try:
        found: Snapshot = wait_for(lambda: newest_snapshot(plant, city.CITY))
    finally:
        stop.set()
        worker.join()
    assert (found.form, found.last_day, found.machines, found.made_by) == ("day", LAST, 1, "worker")
    with plant.connection() as connection:
        facts = connection.execute(b"SELECT day, hours, point_hours FROM city.day_fact ORDER BY day").fetchall()
    assert facts == [(LAST - timedelta(days=1), 24, [24] * 7), (LAST, 24, [24] * 7)]


def test_a_second_daemon_stands_by(plant: Database) -> None:
    stop = threading.Event()
    with lead(plant, "city counting") as leading:
        assert leading is not None
        options: dict[str, Any] = {"zone": "Asia/Shanghai", "every_seconds": 1.0, "keep_days": 35, "stopped": stop.is_set}
        worker = threading.Thread(target=run, args=(plant,), kwargs=options)
        worker.start()
        stop.wait(1.0)
        assert newest_made_day(plant) is None
        stop.set()
        worker.join()


def test_without_a_rule_the_daemon_makes_facts_and_says_what_is_missing(
    plant: Database, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    options: dict[str, Any] = {"zone": "Asia/Shanghai", "every_seconds": 60.0, "keep_days": 35, "stopped": stop.is_set}
    worker = threading.Thread(target=run, args=(plant,), kwargs=options)
    worker.start()
    try:
        wait_for(lambda: "registry rule load" in caplog.text or None)
    finally:
        stop.set()
        worker.join()
    assert newest_made_day(plant) == LAST


def test_a_daemon_that_is_told_to_stop_leaves_the_rest_due(plant: Database) -> None:
    notes = due(plant, zone="Asia/Shanghai")
    assert make_facts(plant, notes, stopped=lambda: True) == 0
    assert newest_made_day(plant) is None
    assert due(plant, zone="Asia/Shanghai") == notes
