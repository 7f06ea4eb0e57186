"""Signals of many machines on an even grid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store.grids import forget_late_spans, late_spans, made_until, read_grids
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.store.conftest import make_batch, make_bundle

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
SIGNALS = "boiler:state,steam_flow,fuel_total,trip_code,soot_blow_active"
NAMES = SIGNALS.removeprefix("boiler:").split(",")


def rows(minutes: int) -> list[list[float]]:
    """A reading a second: the state changes in the third minute, the counter grows."""
    return [
        [2.0 if n < 150 else 3.0, 10 + n % 60, 1000.0 + n, 7.0 if n % 60 == 30 else 0.0, float(60 <= n < 120)]
        for n in range(60 * minutes)
    ]


@pytest.fixture
def boiler(store: Any) -> int:
    store.commit(make_bundle(1, make_batch("boiler-1", rows(4), signals=SIGNALS, at=START)))
    roll_up(store, START + timedelta(hours=3))
    return int(store.ask("SELECT id FROM reading.equipment")[0][0])


def roll_up(store: Any, now: datetime) -> None:
    for rollup in ROLLUPS.values():
        refresh(store.database, rollup, now=now)


def read(store: Any, ids: list[int], step_seconds: float, minutes: int = 5) -> Any:
    end = START + timedelta(minutes=minutes)
    return read_grids(store.database, "boiler", ids, NAMES, start=START, end=end, step_seconds=step_seconds)


def test_a_minute_holds_means_the_state_that_stood_throughout_and_the_highest_count(store: Any, boiler: int) -> None:
    grid = read(store, [boiler], 60.0)[boiler]
    np.testing.assert_allclose(grid["steam_flow"], [39.5] * 4 + [np.nan])
    np.testing.assert_array_equal(grid["state"], [2, 2, np.nan, 3, np.nan])
    np.testing.assert_array_equal(grid["fuel_total"], [1059, 1119, 1179, 1239, np.nan])
    np.testing.assert_array_equal(grid["trip_code"], [7, 7, 7, 7, np.nan])
    np.testing.assert_array_equal(grid["soot_blow_active"], [0, 1, 0, 0, np.nan])
    assert grid["steam_flow"].dtype == np.float32
    assert grid["fuel_total"].dtype == np.float64


def test_ten_seconds_come_from_the_rows_by_the_same_rules(store: Any, boiler: int) -> None:
    grid = read(store, [boiler], 10.0)[boiler]
    np.testing.assert_allclose(grid["steam_flow"][:6], [14.5, 24.5, 34.5, 44.5, 54.5, 64.5])
    assert grid["state"][14:16].tolist() == [2, 3]
    assert grid["fuel_total"][3] == 1039
    assert grid["trip_code"][:6].tolist() == [0, 0, 0, 7, 0, 0]
    assert np.isnan(grid["steam_flow"][24:]).all()


def test_two_minutes_come_from_the_minutes_by_the_same_rules(store: Any, boiler: int) -> None:
    grid = read(store, [boiler], 120.0, minutes=6)[boiler]
    np.testing.assert_allclose(grid["steam_flow"], [39.5, 39.5, np.nan])
    np.testing.assert_array_equal(grid["state"], [2, 3, np.nan])  # a minute in which it changed says nothing
    np.testing.assert_array_equal(grid["fuel_total"], [1119, 1239, np.nan])


def test_machines_that_sent_nothing_are_left_out(store: Any, boiler: int) -> None:
    assert read(store, [boiler, boiler + 1], 60.0).keys() == {boiler}
    assert read(store, [], 60.0) == {}


def test_minutes_are_complete_up_to_where_the_rollups_are(store: Any, boiler: int) -> None:
    now = START + timedelta(hours=3)
    until = made_until(store.database)
    assert until is not None
    assert (until.of(10.0), until.of(600.0)) == (now - timedelta(minutes=1),) * 2
    assert until.of(3600.0) == until.of(86_400.0) == now - timedelta(hours=1)


def test_rows_that_come_late_are_told_once_their_minutes_are_made_anew(store: Any, boiler: int) -> None:
    # The fixture's rows were hours old when they came, so they were late, too.
    forget_late_spans(store.database, late_spans(store.database))
    late = make_batch("boiler-1", [[3.0, 99.0, 5000.0, 0.0, 0.0]], signals=SIGNALS, at=START + timedelta(minutes=4, seconds=5))
    store.commit(make_bundle(2, late))
    assert late_spans(store.database) == []
    roll_up(store, START + timedelta(hours=4))
    (span,) = late_spans(store.database)
    assert (span.equipment_id, span.start, span.end) == (boiler, START + timedelta(minutes=4), START + timedelta(minutes=5))
    assert read(store, [boiler], 60.0)[boiler]["steam_flow"][4] == 99
    forget_late_spans(store.database, [span])
    assert late_spans(store.database) == []
