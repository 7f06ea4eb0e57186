"""Rollups against numpy: whatever comes, in whatever order, and whatever breaks in between."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store.database import Connection, Database, DatabaseAway, Edition
from store.kind_tables import ROLLUPS
from store.rollups import floor, note_touched, read_levels, refresh
from store.writer import store_group

NaN = float("nan")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def refresh_all(database: Database, now: datetime, **options: Any) -> list[int]:
    return [refresh(database, rollup, now=now, **options) for rollup in ROLLUPS.values()]


def test_buckets_hold_min_max_mean_and_count(store: Any, bundle: Any, batch: Any) -> None:
    rows = [[1.0, NaN], [2.0, 5.0], [6.0, NaN]]
    store.commit(bundle(1, batch("boiler-1", rows), batch("boiler-1", [[10.0, 1.0]], at=store.now + 2 * MINUTE)))
    states = batch("boiler-1", [[3, 1, 70000], [4, NaN, NaN]], signals="boiler:state,low_water_interlock,trip_code")
    store.commit(bundle(2, states))

    refresh_all(store.database, store.now + 2 * HOUR)

    columns = "steam_flow_min, steam_flow_max, steam_flow_mean, steam_flow_count, steam_pressure_mean, steam_pressure_count"
    assert store.ask(f"SELECT time, {columns} FROM reading.boiler_1m ORDER BY time") == [
        (store.now, 1, 6, 3, 3, 5, 1),
        (store.now + 2 * MINUTE, 10, 10, 10, 1, 1, 1),
    ]
    assert store.ask(f"SELECT time, {columns} FROM reading.boiler_1h") == [(store.now, 1, 10, 4.75, 4, 3, 2)]
    states = "state_max, low_water_interlock_max, low_water_interlock_mean, trip_code_min, trip_code_count"
    assert store.ask(f"SELECT {states} FROM reading.boiler_1h") == [(4, 1, 1, 70000, 1)]


def test_only_buckets_that_are_over_are_made(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("boiler-1", [[1.0, 1.0]] * 90, at=store.now + 30 * timedelta(seconds=1))))

    refresh_all(store.database, store.now + MINUTE + timedelta(seconds=20))
    assert store.count("reading.boiler_1m") == 0, "late rows of the minute may be on their way"
    refresh_all(store.database, store.now + MINUTE + timedelta(seconds=40))
    assert store.ask("SELECT time, steam_flow_count FROM reading.boiler_1m") == [(store.now, 30)]
    assert read_levels(store.database)["1m"] == (None, store.now + MINUTE)
    refresh_all(store.database, store.now + HOUR + MINUTE)
    assert store.ask("SELECT time, steam_flow_count FROM reading.boiler_1m ORDER BY time") == [
        (store.now, 30),
        (store.now + MINUTE, 60),
    ]
    assert store.ask("SELECT time, steam_flow_count FROM reading.boiler_1h") == [(store.now, 90)]
    assert store.count("store.rollup_touched") == 0


def test_live_rows_are_noted_once_and_late_ones_by_machine(store: Any, bundle: Any, batch: Any) -> None:
    live = [batch(f"live-{n}", [[1.0, 1.0]] * 3, at=store.now) for n in range(5)]
    late = [batch(f"late-{n}", [[1.0, 1.0]] * 300, at=store.now - HOUR) for n in range(2)]
    stray = batch("late-1", [[1.0, 1.0]], at=store.now - timedelta(days=300))
    group = store.group(bundle(1, *live, *late, stray, batch("box", [[1.0]], signals="other:x")))
    with store.database.connection() as connection:
        note_touched(connection, group.rows, now_us=round(store.now.timestamp() * 1e6))

    ids = dict(store.ask("SELECT name, id FROM reading.equipment"))
    noted = store.ask("SELECT level, table_name, equipment_id, lower(span), upper(span) FROM store.rollup_touched ORDER BY 3, 4")
    early = store.now - timedelta(days=300)
    assert noted == [
        ("1m", "boiler", ids["late-0"], store.now - HOUR, store.now - HOUR + 5 * MINUTE),
        ("1m", "boiler", ids["late-1"], early, early + MINUTE),
        ("1m", "boiler", ids["late-1"], store.now - HOUR, store.now - HOUR + 5 * MINUTE),
        ("1m", "boiler", None, store.now, store.now + MINUTE),
    ]


def test_nothing_below_the_kept_rows_is_made_anew(store: Any, bundle: Any, batch: Any) -> None:
    cut = store.now - HOUR
    store.commit(bundle(1, batch("boiler-1", [[1.0, 1.0]] * 7200, at=store.now - 2 * HOUR)))
    refresh_all(store.database, store.now + HOUR)
    store.run(f"DELETE FROM reading.boiler WHERE time < '{cut}'")
    store.run(f"UPDATE store.level SET kept_from = '{cut}' WHERE name = 'raw'")

    store.commit(bundle(2, batch("boiler-1", [[5.0, 5.0]] * 2, at=cut - timedelta(seconds=1))))
    refresh_all(store.database, store.now + HOUR)

    assert store.ask("SELECT steam_flow_max, steam_flow_count FROM reading.boiler_1h ORDER BY time") == [(1, 3600), (5, 3601)]
    assert store.ask("SELECT count(*), sum(steam_flow_count) FROM reading.boiler_1m") == [(120, 7201)]


def test_late_rows_into_compressed_chunks_are_taken_in(store: Any, bundle: Any, batch: Any) -> None:
    day = store.now - timedelta(days=20)
    machines = [f"boiler-{n}" for n in range(5)]
    store.commit(bundle(1, *(batch(name, [[1.0, 1.0]] * 600, at=day) for name in machines)))
    refresh_all(store.database, store.now)
    if store.database.edition is Edition.TIMESCALEDB_COMMUNITY:
        for table in ("boiler", "boiler_1m", "boiler_1h"):
            store.run(f"SELECT compress_chunk(c) FROM show_chunks('reading.{table}') c")

    store.commit(bundle(2, batch("boiler-3", [[9.0, 9.0]] * 60, at=day + 5 * MINUTE)))
    refresh_all(store.database, store.now)

    assert store.ask("SELECT steam_flow_max, steam_flow_count, count(*) FROM reading.boiler_1m GROUP BY 1, 2 ORDER BY 1") == [
        (1, 60, 49),
        (9, 120, 1),
    ]
    assert store.ask("SELECT steam_flow_max, steam_flow_mean FROM reading.boiler_1h ORDER BY 1 DESC LIMIT 1") == [
        (9, pytest.approx((600 + 540) / 660))
    ]


def test_two_refreshes_at_once_double_nothing(store: Any, bundle: Any, batch: Any) -> None:
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            refresh_all(store.database, store.now + HOUR, slice_buckets=3)

    threads = [threading.Thread(target=go_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seq in range(1, 20):
        store.commit(bundle(seq, batch("boiler-1", [[1.0, 1.0]] * 3, at=store.now - 2 * HOUR, step=timedelta(minutes=seq))))
    is_over.set()
    for thread in threads:
        thread.join()
    refresh_all(store.database, store.now + 4 * HOUR)

    assert store.ask("SELECT count(*) - count(DISTINCT time), sum(steam_flow_count) FROM reading.boiler_1m") == [(0, 57)]
    assert store.ask("SELECT count(*) - count(DISTINCT time), sum(steam_flow_count) FROM reading.boiler_1h") == [(0, 57)]


class Mortal(Database):
    """Goes away in the middle of a transaction, after so many that were committed."""

    def __init__(self, dsn: str, *, transactions: int) -> None:
        super().__init__(dsn)
        self._transactions = transactions

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with super().connection() as connection:
            yield connection
            self._transactions -= 1
            if self._transactions < 0:
                raise DatabaseAway("killed")


def commit_at(store: Any, group: Any, clock: datetime) -> None:
    """Commit as a worker does whose clock shows ``clock``."""
    with store.database.connection() as connection:
        store_group(connection, group)
        connection.execute(b"DELETE FROM store.rollup_touched WHERE xmin = pg_current_xact_id()::xid")
        note_touched(connection, group.rows, now_us=round(clock.timestamp() * 1e6))


def truth(rows: list[tuple[str, datetime, float]], width: timedelta) -> dict[tuple[str, datetime], list[float | None]]:
    buckets: dict[tuple[str, datetime], list[float]] = {}
    made: dict[tuple[str, datetime], list[float | None]] = {}
    for name, at, value in rows:
        buckets.setdefault((name, floor(at, width)), []).append(value)
    for key, listed in buckets.items():
        values = np.array(listed)[~np.isnan(listed)]
        made[key] = [values.min(), values.max(), values.mean(), len(values)] if len(values) else [None, None, None, 0]
    return made


@pytest.mark.parametrize("seed", range(3))
def test_rollups_are_what_numpy_says_after_random_commits_late_rows_kills_and_retention(
    store: Any, bundle: Any, batch: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    clock, rows, broken = store.now - 20 * HOUR, [], 0
    kept_from = store.now - timedelta(days=400)
    for step in range(24):
        clock += timedelta(seconds=int(rng.integers(20, 1200)))
        late = timedelta(seconds=int(rng.choice([0, 0, 300, 7000, 200_000])))
        batches = []
        for machine in rng.choice(4, size=rng.integers(1, 4), replace=False):
            name, at = f"boiler-{machine}", max(clock - late - timedelta(seconds=int(rng.integers(60))), kept_from)
            values = np.round(rng.normal(size=(int(rng.integers(1, 20)), 1)), 2).astype("<f4").astype(float)
            values[rng.random(len(values)) < 0.2] = NaN
            pace = timedelta(seconds=int(rng.choice([1, 40])))
            batches.append(batch(name, values, signals="boiler:steam_flow", at=at, step=pace))
            rows += [(name, at + n * pace, value) for n, value in enumerate(values[:, 0].tolist())]
        commit_at(store, store.group(bundle(step + 1, *batches)), clock)
        if step == 16:
            # All before is made; then the old rows go, and with them whatever comes for that time later.
            refresh_all(store.database, clock + 2 * HOUR)
            kept_from = floor(clock - HOUR, HOUR)
            store.run(f"UPDATE store.level SET kept_from = '{kept_from}' WHERE name = 'raw'")
            store.run(f"DELETE FROM reading.boiler WHERE time < '{kept_from}'")
        if rng.random() < 0.5:
            with Mortal(store.dsn, transactions=int(rng.integers(4, 60))) as mortal:
                try:
                    refresh_all(mortal, clock, slice_buckets=int(rng.integers(1, 50)))
                except DatabaseAway:
                    broken += 1
    end = clock + 3 * HOUR
    refresh_all(store.database, end, slice_buckets=7)

    assert broken, "no refresh was killed"
    assert store.count("store.rollup_touched") == 0
    for level, rollup in ROLLUPS.items():
        found = store.ask(
            "SELECT e.name, r.time, steam_flow_min, steam_flow_max, steam_flow_mean, steam_flow_count"
            f" FROM reading.boiler_{level} r JOIN reading.equipment e ON e.id = r.equipment_id"
        )
        made = {(name, at.astimezone(UTC)): values for name, at, *values in found}
        expected = truth(rows, rollup.width)
        assert len(found) == len(made) == len(expected)
        for key, one in expected.items():
            assert made[key] == pytest.approx(one), key
