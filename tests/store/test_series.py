"""Series that are put together from levels: the same, however far the rollups are made."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from store.equipment import Equipment, find_equipment
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from store.series import series

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SIGNALS = ["steam_flow", "steam_pressure"]


def boiler(store: Any) -> Equipment:
    found = find_equipment(store.database, gateway="gw-1", name="boiler-1")
    assert found is not None
    return found


def fill(store: Any, bundle: Any, batch: Any, *, start: datetime, rows: int, pace: timedelta) -> np.ndarray[Any, Any]:
    values = np.round(np.random.default_rng(5).normal(size=(rows, 2)), 2).astype("<f4").astype(float)
    values[::7, 1] = np.nan
    values[rows // 2 : rows // 2 + 200] = np.nan
    store.commit(bundle(1, batch("boiler-1", values, at=start, step=pace)))
    return values


@pytest.mark.parametrize("level", ["1m", "1h"])
def test_a_series_is_the_same_wherever_the_rollups_end(store: Any, bundle: Any, batch: Any, level: Any) -> None:
    start = store.now - 6 * HOUR
    fill(store, bundle, batch, start=start, rows=4000, pace=5 * SECOND)
    asked: dict[str, Any] = {"start": start + 17 * SECOND, "end": store.now, "level": level, "max_points": 100}
    before = series(store.database, boiler(store), SIGNALS, **asked)
    assert before.times_us[0] == round(start.timestamp() * 1e6), "the first bucket is whole"

    for made in (start + 2 * HOUR, start + 4 * HOUR, store.now + 2 * HOUR):
        for rollup in ROLLUPS.values():
            refresh(store.database, rollup, now=made)
        if made > store.now:
            store.run("TRUNCATE reading.boiler")  # nothing but rollups
        after = series(store.database, boiler(store), SIGNALS, **asked)
        assert after.times_us.tolist() == before.times_us.tolist()
        for name in SIGNALS:
            assert np.array_equal(after.minimum[name], before.minimum[name], equal_nan=True)
            assert np.array_equal(after.maximum[name], before.maximum[name], equal_nan=True)
            assert np.allclose(after.columns[name], before.columns[name], equal_nan=True)
    assert np.isnan(before.columns["steam_flow"]).any() == (level == "1m"), "a bucket without values is there, and empty"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin"])
def test_days_go_from_midnight_to_midnight_of_a_zone(store: Any, bundle: Any, batch: Any, zone: str) -> None:
    start = datetime(2026, 10, 23, 1, tzinfo=UTC)  # Berlin sets its clocks back on the 25th
    values = fill(store, bundle, batch, start=start, rows=1000, pace=timedelta(minutes=7))[:, 0]
    days = [(start + n * timedelta(minutes=7)).astimezone(ZoneInfo(zone)).date() for n in range(1000)]
    truth = {day: np.nanmean([value for value, at in zip(values, days, strict=True) if at == day]) for day in sorted(set(days))}

    for made in (start, start + timedelta(days=3), store.now):
        for rollup in ROLLUPS.values():
            refresh(store.database, rollup, now=made)
        read = series(
            store.database, boiler(store), ["steam_flow"], start=start, end=start + timedelta(days=6), level="1d", zone=zone
        )
        shown = [datetime.fromtimestamp(us / 1e6, ZoneInfo(zone)) for us in read.times_us.tolist()]
        assert [at.date() for at in shown] == list(truth)
        assert all((at.hour, at.minute) == (0, 0) for at in shown)
        assert np.allclose(read.columns["steam_flow"], list(truth.values()))


def test_what_retention_has_dropped_is_read_from_the_level_above(store: Any, bundle: Any, batch: Any) -> None:
    start = store.now - 10 * HOUR
    fill(store, bundle, batch, start=start, rows=600, pace=SECOND)

    def level() -> str:
        return series(store.database, boiler(store), SIGNALS, start=start, end=start + HOUR).level

    assert level() == "raw"
    store.run(f"UPDATE store.level SET kept_from = '{store.now - HOUR}' WHERE name = 'raw'")
    assert level() == "1m"
    store.run(f"UPDATE store.level SET kept_from = '{store.now - HOUR}' WHERE name = '1m'")
    assert level() == "1h"


def test_a_span_that_holds_nothing_is_empty_at_every_level(store: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    for level in ("raw", "1m", "1h", "1d"):
        for start, end in ((store.now - HOUR, store.now - HOUR), (store.now - 100 * HOUR, store.now - 90 * HOUR)):
            read = series(store.database, boiler(store), SIGNALS, start=start, end=end, level=level)
            assert len(read.times_us) == len(read.columns["steam_flow"]) == 0
