"""Values that waited in ``reading.other`` get into the column that a migration has made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store import pending
from store.kind_tables import ROLLUPS
from store.pending import adopt, list_pending
from store.rollups import refresh

FLUX = (
    "SELECT e.name, extract(epoch FROM time)::int8, steam_flow, flux "
    "FROM reading.boiler JOIN reading.equipment e ON e.id = equipment_id ORDER BY 1, 2"
)


@pytest.fixture
def waiting(store: Any, bundle: Any, batch: Any) -> Any:
    """Machines with an unknown signal over three days, one of them without any known one."""
    for day in range(3):
        at = store.now - timedelta(days=day, hours=1)
        store.commit(
            bundle(
                2 * day + 1,
                batch("b-1", [[day, 10.0 + day], [day, float("nan")]], signals="boiler:steam_flow,flux", at=at),
                batch("b-2", [[20.0 + day]], signals="boiler:flux", at=at),
                batch("c-1", [[99.0]], signals="cnc_machine:flux", at=at),
            )
        )
    store.run("ALTER TABLE reading.boiler ADD COLUMN flux real")
    return store


def test_values_join_their_rows_and_rows_are_made_where_there_are_none(waiting: Any) -> None:
    told: list[str] = []
    assert adopt(waiting.database, report=told.append) == 6

    at = round(waiting.now.timestamp()) - 3600
    wanted: list[tuple[Any, ...]] = []
    for day in (2, 1, 0):
        wanted += [("b-1", at - day * 86_400, day, 10.0 + day), ("b-1", at - day * 86_400 + 1, day, None)]
    wanted += [("b-2", at - day * 86_400, None, 20.0 + day) for day in (2, 1, 0)]
    assert waiting.ask(FLUX) == wanted
    assert told == ["reading.boiler: 6 rows got values of flux"]
    assert waiting.ask("SELECT DISTINCT value FROM reading.other") == [(99.0,)]  # another kind has no such column
    assert [(p.kind, p.signal) for p in list_pending(waiting.database)] == [("cnc_machine", "flux")]


def test_a_second_pass_an_hour_later_takes_what_a_slow_worker_left_and_forgets_the_signal(
    waiting: Any, bundle: Any, batch: Any
) -> None:
    adopt(waiting.database)
    waiting.commit(bundle(99, batch("b-1", [[5.0, 6.0]], signals="boiler:steam_flow,flux")))  # has not seen the column yet
    assert waiting.count("reading.other") == 4
    assert adopt(waiting.database) == 0
    waiting.run(
        "UPDATE store.pending_signal "
        "SET adopted_at = adopted_at - INTERVAL '61 minutes', last_seen = last_seen - INTERVAL '3 hours'"
    )

    assert adopt(waiting.database) == 1

    assert waiting.count("reading.other") == 3
    assert waiting.ask("SELECT kind FROM store.pending_signal") == [("cnc_machine",)]


def test_a_signal_that_is_still_seen_stays_on_the_list(waiting: Any) -> None:
    adopt(waiting.database)
    waiting.run("UPDATE store.pending_signal SET adopted_at = now() - INTERVAL '2 hours' WHERE kind = 'boiler'")

    adopt(waiting.database)

    assert ("boiler", True) in waiting.ask("SELECT kind, adopted_at > now() - INTERVAL '1 minute' FROM store.pending_signal")


def test_an_adoption_that_is_broken_off_goes_on_where_it_was(waiting: Any) -> None:
    slices = pending._adopt(waiting.database, "boiler", pending._columns(waiting.database, {"flux": "real"}))  # noqa: SLF001
    assert [next(slices), next(slices)] == [1, 1]
    del slices
    assert waiting.count("reading.other") == 3 + 6 - 2

    assert adopt(waiting.database) == 4
    assert waiting.ask("SELECT count(*), count(flux) FROM reading.boiler") == [(9, 6)]


HELD: dict[str, tuple[list[Any], list[float]]] = {
    "real": ([0.0, 0.5, 2.0, float("inf")], [1e300]),
    "double precision": ([1e-300, 0.5, 2.0, 1e300, float("inf")], []),
    "smallint": ([0, 0, 2], [1e300, float("inf")]),
    "boolean": ([False, False], [2.0, 1e300, float("inf")]),
}


@pytest.mark.parametrize("sql_type", HELD)
def test_a_value_that_the_column_cannot_hold_stays_where_it_is(store: Any, bundle: Any, batch: Any, sql_type: str) -> None:
    values = [[1e-300], [0.5], [2.0], [1e300], [float("inf")]]
    moved, kept = HELD[sql_type]
    store.commit(bundle(1, batch("b", values, signals="boiler:flux")))
    store.run(f"ALTER TABLE reading.boiler ADD COLUMN flux {sql_type}")

    assert adopt(store.database) == len(moved)

    assert store.ask("SELECT flux FROM reading.boiler ORDER BY time") == [(value,) for value in moved]
    assert store.ask("SELECT value FROM reading.other ORDER BY time") == [(value,) for value in kept]


def test_several_signals_come_together_and_a_kind_that_gets_its_table_is_adopted_whole(
    store: Any, bundle: Any, batch: Any
) -> None:
    names = [f"signal_{n}" for n in range(5)]
    store.commit(bundle(1, batch("b", [[float(n) for n in range(5)]] * 3, signals=f"boiler:{','.join(names)}")))
    store.run("ALTER TABLE reading.boiler " + ", ".join(f"ADD COLUMN {name} real" for name in names))

    assert adopt(store.database) == 3

    assert store.ask(f"SELECT DISTINCT {', '.join(names)} FROM reading.boiler") == [(0.0, 1.0, 2.0, 3.0, 4.0)]
    assert store.count("reading.other") == 0


def test_rollups_take_adopted_values_in(waiting: Any) -> None:
    later = datetime.now(UTC) + timedelta(days=400)  # the fixed time of the tests may be before or after today
    for rollup in ROLLUPS.values():
        waiting.run(
            f"ALTER TABLE reading.boiler_{rollup.name} ADD COLUMN flux_min real, ADD COLUMN flux_max real, "
            "ADD COLUMN flux_mean double precision, ADD COLUMN flux_count integer"
        )
    for _ in range(2):
        for rollup in ROLLUPS.values():
            refresh(waiting.database, rollup, now=later)
        assert waiting.ask("SELECT coalesce(sum(flux_count), 0) FROM reading.boiler_1m") in ([(0,)], [(6,)])
        adopt(waiting.database)

    assert waiting.ask("SELECT sum(flux_count), sum(flux_mean) FROM reading.boiler_1m") == [(6, 10 + 11 + 12 + 20 + 21 + 22)]
    assert waiting.ask("SELECT sum(flux_count), sum(steam_flow_count) FROM reading.boiler_1h") == [(6, 6)]


def test_compressed_days_are_adopted_too(waiting: Any) -> None:
    if str(waiting.database.edition) != "TimescaleDB Community":
        pytest.skip("only TimescaleDB Community compresses")
    waiting.run("SELECT compress_chunk(c) FROM show_chunks('reading.boiler') c")
    waiting.run("ALTER TABLE reading.other SET (timescaledb.compress, timescaledb.compress_segmentby = 'equipment_id')")
    waiting.run("SELECT compress_chunk(c, true) FROM show_chunks('reading.other') c")

    assert adopt(waiting.database) == 6
    assert waiting.ask("SELECT count(*), count(flux), count(steam_flow) FROM reading.boiler") == [(9, 6, 6)]
