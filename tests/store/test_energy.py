"""Hours of many machines: the same wherever the rollups end, and bounded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from device_profiles.kind import load_kind
from store.energy import MOST_MACHINES, read_hours
from store.equipment import list_equipment
from store.kind_tables import ROLLUPS
from store.rollups import refresh

HOUR = timedelta(hours=1)
NAN = np.nan
START = datetime(2026, 11, 20, 0, tzinfo=UTC)


def fill(store: Any, bundle: Any, batch: Any) -> list[int]:
    """Fill boiler-1 with two hours and, after a gap of one, another; boiler-2 with its second hour alone."""
    signals = "boiler:fuel_total,auxiliary_power"
    pace = timedelta(minutes=10)
    hours = [[[100.0 + 10 * n, 20.0] for n in range(12)], [[300.0 + n, NAN] for n in range(6)], [[7.0, 10.0]] * 6]
    starts = [START, START + 3 * HOUR, START + HOUR]
    machines = ["boiler-1", "boiler-1", "boiler-2"]
    batches = [
        batch(machine, rows, signals=signals, at=start, step=pace)
        for machine, rows, start in zip(machines, hours, starts, strict=True)
    ]
    store.commit(bundle(1, *batches))
    return [machine.id for machine in list_equipment(store.database)]


def test_hours_are_the_same_wherever_the_rollups_end(store: Any, bundle: Any, batch: Any) -> None:
    ids = fill(store, bundle, batch)
    kind = load_kind("boiler")
    for made in (None, START + 2 * HOUR, START + 5 * HOUR):
        if made is not None:
            for rollup in ROLLUPS.values():
                refresh(store.database, rollup, now=made)
        grid = read_hours(
            store.database, kind, ids, ["fuel_total", "auxiliary_power"], start=START + HOUR / 2, end=START + 3.5 * HOUR
        )
        assert (grid.start, grid.hours) == (START, 4)
        assert grid.times[3] == START + 3 * HOUR
        fuel, power = grid.signals["fuel_total"], grid.signals["auxiliary_power"]
        assert np.array_equal(fuel.low, [[100, 160, NAN, 300], [NAN, 7, NAN, NAN]], equal_nan=True)
        assert np.array_equal(fuel.high, [[150, 210, NAN, 305], [NAN, 7, NAN, NAN]], equal_nan=True)
        assert np.array_equal(power.mean, [[20, 20, NAN, NAN], [NAN, 10, NAN, NAN]], equal_nan=True)
        assert np.array_equal(power.count, [[6, 6, NAN, 0], [NAN, 6, NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_is_asked_for_at_once_is_bounded(store: Any) -> None:
    kind = load_kind("boiler")
    with pytest.raises(ValueError, match=f"at most {MOST_MACHINES}"):
        read_hours(store.database, kind, range(1, MOST_MACHINES + 2), ["fuel_total"], start=START, end=START + HOUR)
    with pytest.raises(ValueError, match="hours in all"):
        read_hours(store.database, kind, range(1, 101), ["fuel_total"], start=START, end=START + 10_000 * HOUR)
    nobody = read_hours(store.database, kind, [], ["fuel_total"], start=START, end=START + HOUR)
    assert nobody.signals["fuel_total"].low.shape == (0, 1)
