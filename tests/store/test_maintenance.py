"""What workers do now and then: one of them, on schedule, and nothing is lost by it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from store.chunk_intervals import fitting_hours
from store.database import DatabaseAway, Edition
from store.kind_tables import ROLLUPS
from store.maintenance import Maintenance
from store.partitions import Period
from store.retention import Retention, drop_old
from store.rollups import read_levels, refresh
from store.status import read_status
from telemetry.bundle import Block, Event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def tasks(store: Any) -> dict[str, tuple[datetime, str]]:
    return {name: (ran_at, result) for name, ran_at, result in store.ask("SELECT task, ran_at, result FROM store.maintenance")}


def test_each_task_runs_on_its_schedule_however_many_workers_offer(store: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    workers = [Maintenance(store.database) for _ in range(3)]
    for worker in workers:
        worker.run_due(store.now)
    assert {ran_at for ran_at, _ in tasks(store).values()} == {store.now}
    assert tasks(store)["rollup 1m"][1] == "1 done"

    soon = store.now + timedelta(seconds=16)
    for worker in workers:
        worker.run_due(soon)
    assert [name for name, (ran_at, _) in tasks(store).items() if ran_at == soon] == ["rollup 1m"]


def test_nobody_works_while_a_migration_or_another_worker_does(store: Any) -> None:
    with store.database.autocommit() as other:
        other.execute(b"SELECT pg_advisory_lock(hashtext('shangyun schema'))")
        Maintenance(store.database).run_due(store.now)
        assert tasks(store) == {}
        other.execute(b"SELECT pg_advisory_unlock(hashtext('shangyun schema'))")
    Maintenance(store.database).run_due(store.now)
    assert {"rollup 1m", "retention"} <= tasks(store).keys()


def test_a_task_that_fails_is_told_and_holds_up_no_other(store: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    store.run("ALTER TABLE reading.boiler_1m RENAME COLUMN time TO lost")

    Maintenance(store.database).run_due(store.now)

    assert tasks(store)["rollup 1m"][1].startswith("failed: database: column")
    assert not tasks(store)["rollup 1h"][1]
    assert any("rollup 1m: failed" in warning for warning in read_status(store.database).warnings)


def test_a_database_that_went_away_is_the_callers_affair(store: Any) -> None:
    store.run("ALTER TABLE store.maintenance RENAME TO gone")
    store.run("CREATE VIEW store.maintenance AS SELECT pg_terminate_backend(pg_backend_pid())::text AS task, now() AS ran_at")
    with pytest.raises(DatabaseAway):
        Maintenance(store.database).run_due(store.now)


def parts(store: Any, table: str) -> int:
    if store.database.edition.has_hypertables:
        return int(store.ask(f"SELECT count(*) FROM show_chunks('reading.{table}')")[0][0])
    return int(store.ask(f"SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading.{table}'::regclass")[0][0])


def test_old_rows_go_after_their_rollups_are_made_and_the_rollups_stay(store: Any, bundle: Any, batch: Any) -> None:
    days = [store.now - timedelta(days=n) for n in (0, 9, 10, 30, 200)]
    store.commit(bundle(1, *(batch("boiler-1", [[1.0, 2.0]], at=day) for day in days)))
    retention = Retention(raw_days=9, minute_days=40)

    drop_old(store.database, retention, now=store.now)
    assert store.count("reading.boiler") == 5, "no rollup has them yet"

    refresh(store.database, ROLLUPS["1m"], now=store.now + 2 * HOUR)
    refresh(store.database, ROLLUPS["1h"], now=store.now + 2 * HOUR)
    before = parts(store, "boiler")
    assert "of boiler" in drop_old(store.database, retention, now=store.now)
    assert parts(store, "boiler") == before - 2
    assert store.ask("SELECT time FROM reading.boiler ORDER BY time DESC") == [(day,) for day in days[:3]]
    assert read_levels(store.database)["raw"][0] == datetime(2026, 11, 10, tzinfo=store.now.tzinfo)
    assert store.count("reading.boiler_1m") == 4, "the one of 200 days ago is past its retention"
    assert store.count("reading.boiler_1h") == 5

    store.commit(bundle(2, batch("boiler-1", [[9.0, 9.0]], at=store.now - 30 * DAY)))
    refresh(store.database, ROLLUPS["1m"], now=store.now + 2 * HOUR)
    assert store.ask("SELECT max(steam_flow_max) FROM reading.boiler_1m") == [(1.0,)]
    assert store.count("store.rollup_touched") == 0


def test_events_qualities_waveforms_and_dead_letters_have_retentions_of_their_own(store: Any, bundle: Any, batch: Any) -> None:
    for seq, at in enumerate((store.now - 100 * DAY, store.now), start=1):
        us = round(at.timestamp() * 1e6)
        store.commit(
            bundle(
                seq,
                batch("boiler-1", [[1.0, 2.0]], at=at, qualities=[[128, 0]]),
                events=[Event("cnc-1", us, "program", "O1")],
                blocks=[Block("cnc-1", "vibration", us, 100.0, bytes(40))],
            ),
            bundle(seq + 10, batch("boiler-1", [[1.0, 2.0]], at=store.now - (500 + seq) * DAY)),
        )
    store.run(f"UPDATE ingest.dead_letter SET received_at = '{store.now - 100 * DAY}' WHERE seq = 11")
    retention = Retention(raw_days=None, waveform_days=50, event_days=50, quality_days=50, dead_letter_days=50)

    told = drop_old(store.database, retention, now=store.now)

    assert told.endswith("1 of waveform, 1 events, 1 quality intervals, 1 dead letters")
    for table in ("reading.event", "reading.quality_interval", "reading.waveform", "ingest.dead_letter"):
        assert store.count(table) == 1, table
    assert store.count("reading.boiler") == 2


def test_partitions_are_made_ahead_and_a_row_astray_is_told(store: Any, bundle: Any) -> None:
    if store.database.edition is not Edition.POSTGRESQL:
        pytest.skip("hypertables make their chunks themselves")
    store.commit(bundle(1))
    Maintenance(store.database).run_due(store.now + 100 * DAY)
    (newest,) = [table.newest_part for table in read_status(store.database).tables if table.name == "reading.boiler"]
    assert newest is not None
    assert newest.date() == (store.now + 107 * DAY).date()

    store.run("INSERT INTO reading.boiler (time, equipment_id) VALUES ('2031-01-01', 1)")
    assert any("reading.boiler: 1 rows in the default" in warning for warning in read_status(store.database).warnings)
    late = read_status(store.database, now=store.now + 106 * DAY).warnings
    assert any("reading.boiler: partitions are made until 2027-03-07" in warning for warning in late)


def test_periods_begin_and_end_where_calendars_say() -> None:
    day = datetime(2028, 2, 29).date()  # noqa: DTZ001 - a day
    assert [str(period.start(day)) for period in Period] == ["2028-02-29", "2028-02-01", "2028-01-01"]
    assert [str(period.end(period.start(day))) for period in Period] == ["2028-03-01", "2028-03-01", "2029-01-01"]


@pytest.mark.parametrize(
    ("now_hours", "bytes_per_hour", "expected"),
    [(24, 1e6, 168), (24, 1e9, 8), (24, 100e9, 1), (24, 4e8, 24), (24, 1e8, 24), (4, 4e8, 12), (168, 1e6, 168)],
)
def test_a_chunk_is_as_long_as_its_index_fits_into_memory(now_hours: float, bytes_per_hour: float, expected: float) -> None:
    assert fitting_hours(now_hours, bytes_per_hour, 10e9) == expected


def test_chunk_intervals_follow_the_rate(store: Any, bundle: Any, batch: Any) -> None:
    if not store.database.edition.has_hypertables:
        pytest.skip("partitions are a day each")
    store.commit(bundle(1, batch("boiler-1", [[1.0, 2.0]])))
    Maintenance(store.database).run_due(store.now)
    shown = {table.name: table.chunk_hours for table in read_status(store.database).tables}
    assert shown["reading.boiler"] == 168, "next to nothing comes in"
    assert shown["reading.cnc_machine"] == 24, "nothing is known"
    assert "boiler 24 -> 168" in tasks(store)["chunk intervals"][1]
