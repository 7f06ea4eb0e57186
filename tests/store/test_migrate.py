"""The schema on both servers: from nothing, again, and with data in it."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from device_profiles.kind import kind_names, load_kind
from store import kind_tables
from store import migrate as migrate_module
from store.database import Database, Edition
from store.kind_tables import TimeTable, known_tables
from store.migrate import migrate
from telemetry.errors import ConfigError


def ask(database: Database, question: str) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(question.encode()).fetchall()


def test_the_edition_is_detected(empty: Database, request: pytest.FixtureRequest) -> None:
    is_timescaledb = "timescaledb" in request.node.name
    for _ in range(2):  # before and after the extension exists
        assert empty.edition.has_hypertables is is_timescaledb
        assert (empty.edition is Edition.POSTGRESQL) is not is_timescaledb
        migrate(empty, report=lambda _: None)
    assert ("TimescaleDB" in empty.versions) is is_timescaledb
    assert empty.versions["PostgreSQL"].startswith("1")


def test_an_empty_database_becomes_complete_and_a_second_run_does_nothing(empty: Database) -> None:
    steps: list[str] = []
    planned = migrate(empty, report=lambda _: None, plan_only=True)
    assert ask(empty, "SELECT to_regclass('store.migration')") == [(None,)]

    assert migrate(empty, report=steps.append) == planned == len(steps)
    assert migrate(empty, report=steps.append) == 0

    for kind in kind_names():
        for suffix in ("", "_1m", "_1h"):
            assert ask(empty, f"SELECT count(*) FROM reading.{kind}{suffix}") == [(0,)]
        indexes = ask(empty, f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'reading' AND tablename = '{kind}'")
        assert len(indexes) == 1
        assert indexes[0][0].endswith('(equipment_id, "time" DESC)')


def with_columns(monkeypatch: pytest.MonkeyPatch, **columns: str) -> None:
    changed = tuple(
        replace(table, columns={**columns, **table.columns}) if table.name == "boiler" else table for table in known_tables()
    )
    monkeypatch.setattr(migrate_module, "known_tables", lambda: changed)


def test_a_new_signal_becomes_a_column_of_a_filled_table_and_of_its_rollups(
    store: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(bundle(1))
    with_columns(monkeypatch, new_signal="real", newer="boolean")
    steps: list[str] = []

    migrate(store.database, report=steps.append)

    assert steps[0] == "add to reading.boiler: new_signal, newer"
    assert store.ask("SELECT steam_flow, new_signal, newer FROM reading.boiler") == [(1.0, None, None)]
    assert store.ask("SELECT steam_flow_mean, new_signal_count, newer_max FROM reading.boiler_1m") == [(1.0, 0, None)]
    assert migrate(store.database, report=steps.append) == 0


def test_a_signal_that_changes_its_type_is_told_and_nothing_is_touched(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tuple(
        TimeTable(name="boiler", columns={**table.columns, "steam_flow": "bigint"}) if table.name == "boiler" else table
        for table in known_tables()
    )
    monkeypatch.setattr(migrate_module, "known_tables", lambda: changed)
    with pytest.raises(ConfigError, match="steam_flow is real in the database and bigint in the profile"):
        migrate(store.database, report=lambda _: None)


def test_rollups_hold_min_max_mean_and_count_per_bucket(store: Any, bundle: Any, batch: Any) -> None:
    nan = float("nan")
    rows = [[1.0, nan], [2.0, 5.0], [6.0, nan]]
    store.commit(bundle(1, batch("boiler-1", rows), batch("boiler-1", [[10.0, 1.0]])))

    columns = "time, steam_flow_min, steam_flow_max, steam_flow_mean, steam_flow_count, steam_pressure_count"
    assert store.ask(f"SELECT {columns} FROM reading.boiler_1m") == [(store.now, 1.0, 10.0, 4.75, 4, 2)]


def test_rows_of_old_days_get_partitions_of_their_own_and_the_default_stays_empty(store: Any, bundle: Any, batch: Any) -> None:
    days = [store.now - timedelta(days=n) for n in (0, 1, 30, 399)]
    store.commit(bundle(1, *(batch("boiler-1", [[1.0, 2.0]], at=day) for day in days)))

    assert store.count("reading.boiler") == 4
    if store.database.edition is Edition.POSTGRESQL:
        assert store.count("reading.boiler_default") == 0
        names = {
            name
            for (name,) in store.ask(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading.boiler'::regclass"
            )
        }
        assert {f"reading.boiler_{day:%Y%m%d}" for day in days} <= names


def test_two_migrations_at_once_wait_for_each_other(empty: Database) -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(migrate(empty, report=lambda _: time.sleep(0.01)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts)[:2] == [0, 0]
    assert max(counts) > 10


def test_a_signal_too_long_for_its_rollups_is_refused() -> None:
    kind = load_kind("boiler")
    long = kind.model_copy(update={"signals": {"x" * 58: kind.signals["steam_flow"]}})
    with pytest.raises(ConfigError, match="longer than 57"):
        kind_tables.table_of(long)
