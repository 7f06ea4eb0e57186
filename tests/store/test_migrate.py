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
from store.kind_tables import ROLLUPS, known_tables
from store.migrate import migrate
from store.rollups import refresh
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
    assert migrate(store.database, report=steps.append) == 0
    store.run("UPDATE reading.boiler SET newer = true")
    refresh(store.database, ROLLUPS["1m"], now=store.now)
    assert store.ask("SELECT steam_flow_mean, new_signal_count, newer_max FROM reading.boiler_1m") == [(1.0, 0, 1)]


def with_types(monkeypatch: pytest.MonkeyPatch, **types: str) -> None:
    changed = tuple(
        replace(table, columns={**table.columns, **types}) if table.name == "boiler" else table for table in known_tables()
    )
    monkeypatch.setattr(migrate_module, "known_tables", lambda: changed)


def test_a_type_that_would_lose_values_is_refused_and_nothing_is_touched(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with_types(monkeypatch, steam_flow="bigint", trip_code="double precision", new_signal="real")
    with pytest.raises(ConfigError) as refused:
        migrate(store.database, report=lambda _: None)

    assert len(refused.value.problems) == 2
    assert "reading.boiler.steam_flow is real in the database and bigint in the profile" in str(refused.value)
    assert "old type in kind.toml, or a new name" in str(refused.value)
    assert not store.ask("SELECT FROM pg_attribute WHERE attname = 'new_signal'")


def test_a_wider_type_keeps_all_values_also_in_rollups(
    store: Any, bundle: Any, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = "boiler:steam_flow,low_water_interlock,state"
    days = [store.now - timedelta(days=n) for n in (0, 40)]
    store.commit(bundle(1, *(batch("boiler-1", [[0.1, 1, 3], [0.2, 0, 4]], signals=signals, at=at, single=True) for at in days)))
    refresh(store.database, ROLLUPS["1m"], now=store.now + timedelta(hours=1))
    if store.database.edition is Edition.TIMESCALEDB_COMMUNITY:
        store.run("SELECT compress_chunk(c) FROM show_chunks('reading.boiler') c")
        store.run("SELECT compress_chunk(c) FROM show_chunks('reading.boiler_1m') c")
    columns = "steam_flow, low_water_interlock::int, state FROM reading.boiler"
    minutes = "steam_flow_max, low_water_interlock_max, state_max, state_count FROM reading.boiler_1m"
    before = [store.ask(f"SELECT time, {asked} ORDER BY time") for asked in (columns, minutes)]
    with_types(monkeypatch, steam_flow="double precision", low_water_interlock="smallint", state="bigint")
    steps: list[str] = []

    assert migrate(store.database, report=steps.append) == len(steps) == 3
    assert migrate(store.database, report=steps.append) == 0

    assert steps[0].startswith("widen in reading.boiler: ")
    assert "steam_flow from real to double precision" in steps[0]
    after = [store.ask(f"SELECT time, {asked} ORDER BY time") for asked in (columns, minutes)]
    assert [(row[0], pytest.approx(row[1]), *row[2:]) for row in before[0]] == after[0]
    assert [(row[0], pytest.approx(row[1]), *row[2:]) for row in before[1]] == after[1]
    if store.database.edition is Edition.TIMESCALEDB_COMMUNITY:
        asked = "SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_name IN ('boiler', 'boiler_1m')"
        assert store.ask(asked) == [(2,)], "and they will be compressed again"


def test_a_worker_that_knows_an_older_type_reads_the_types_again_and_goes_on(
    store: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(bundle(1))
    built_before = store.group(bundle(2))
    with_types(monkeypatch, steam_flow="double precision")
    migrate(store.database, report=lambda _: None)

    store.writer.commit(built_before)
    store.commit(bundle(3))

    assert store.ask("SELECT steam_flow FROM reading.boiler ORDER BY 1") == [(1.0,), (2.0,), (3.0,)]
    assert store.count("ingest.dead_letter") == 0


def test_a_worker_may_write_while_columns_are_added(store: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seqs = iter(range(1, 1000))
    with_columns(monkeypatch, new_signal="real", newer="boolean")
    migration = threading.Thread(target=lambda: migrate(store.database, report=lambda _: time.sleep(0.05)))
    migration.start()
    while migration.is_alive():
        store.commit(bundle(next(seqs)))
    migration.join()

    assert store.count("reading.boiler") == next(seqs) - 1
    assert store.count("ingest.dead_letter") == 0


def test_a_signal_that_vanished_keeps_its_column_and_is_mentioned(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(
        replace(table, columns={name: kind for name, kind in table.columns.items() if name != "steam_flow"})
        if table.name == "boiler"
        else table
        for table in known_tables()
    )
    monkeypatch.setattr(migrate_module, "known_tables", lambda: kept)
    told: list[str] = []

    assert migrate(store.database, report=told.append) == 0
    assert told == ["kept, though no profile names it any more: reading.boiler: steam_flow"]
    assert store.ask("SELECT steam_flow FROM reading.boiler") == []


def test_rollups_that_were_views_become_tables_with_all_that_is_there(store: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    for level in ROLLUPS:
        store.run(f"DROP TABLE reading.boiler_{level}")
        store.run(f"CREATE VIEW reading.boiler_{level} AS SELECT time FROM reading.boiler")
    store.run("DROP TABLE store.level, store.rollup_touched, store.maintenance")
    store.run("DELETE FROM store.migration WHERE name LIKE '0005%'")

    steps: list[str] = []
    migrate(store.database, report=steps.append)
    for rollup in ROLLUPS.values():
        refresh(store.database, rollup, now=store.now + timedelta(hours=1))

    assert steps == ["0005 create levels", "create table reading.boiler_1m", "create table reading.boiler_1h"]
    assert store.ask("SELECT steam_flow_count FROM reading.boiler_1h") == [(1,)]


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
