"""The judge of the kills finds what is planted, and nothing else."""

from pathlib import Path

import numpy as np
import psycopg
import pytest

from benchmarks.row_truth import Rows, compare, compare_texts, read_stored, read_truth, truth_dtype
from store.database import Database
from store.migrate import migrate

MACHINES, INSTANTS, SIGNALS = 7, 50, 3
NAN = float("nan")


def truth() -> Rows:
    rng = np.random.default_rng(1)
    machines = np.repeat(np.arange(MACHINES, dtype=np.int32), INSTANTS)
    times_us = np.tile(1_795_132_800_000_000 + np.arange(INSTANTS) * 10_000, MACHINES)
    values = rng.normal(size=(len(machines), SIGNALS))
    values[rng.random(values.shape) < 0.2] = NAN
    return Rows(machines, times_us, values)


def shuffled(rows: Rows, places: list[int] | None = None) -> Rows:
    order = np.random.default_rng(2).permutation(len(rows.times_us) if places is None else places)
    return Rows(rows.machines[order], rows.times_us[order], rows.values[order].copy())


def counts(stored: Rows) -> tuple[int, int, int, int]:
    verdict = compare(truth(), stored, table="boiler")
    assert verdict.rows == MACHINES * INSTANTS
    assert verdict.agrees == (not verdict.examples)
    return verdict.missing, verdict.double, verdict.wrong, verdict.alien


def test_the_same_rows_in_another_order_agree() -> None:
    assert counts(shuffled(truth())) == (0, 0, 0, 0)


def test_rows_that_are_not_there_are_missing() -> None:
    assert counts(shuffled(truth(), list(range(3, 350)))) == (3, 0, 0, 0)


def test_an_empty_table_misses_everything() -> None:
    assert counts(Rows(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((0, SIGNALS)))) == (350, 0, 0, 0)


def test_every_copy_beyond_the_first_is_double() -> None:
    assert counts(shuffled(truth(), [*range(350), 5, 5, 349])) == (0, 3, 0, 0)


def test_one_lost_and_one_double_do_not_make_up_for_each_other() -> None:
    assert counts(shuffled(truth(), [*range(1, 350), 5])) == (1, 1, 0, 0)


@pytest.mark.parametrize("planted", [0.5, NAN, np.inf])
def test_a_value_that_differs_is_wrong(planted: float) -> None:
    stored = shuffled(truth())
    row, column = np.argwhere(~np.isnan(stored.values))[17]
    stored.values[row, column] = planted
    assert counts(stored) == (0, 0, 1, 0)


def test_a_value_where_there_was_none_is_wrong() -> None:
    stored = shuffled(truth())
    row, column = np.argwhere(np.isnan(stored.values))[17]
    stored.values[row, column] = 0.0
    assert counts(stored) == (0, 0, 1, 0)


def test_a_wrong_copy_beside_the_right_one_is_both() -> None:
    stored = shuffled(truth(), [*range(350), 5])
    stored.values[np.flatnonzero((stored.values == stored.values[-1]).all(axis=1))] += 1.0
    stored.values[-1] = 99.0
    missing, double, wrong, alien = counts(stored)
    assert (missing, double, alien) == (0, 1, 0)
    assert wrong >= 1


def test_a_row_of_another_time_or_machine_is_alien() -> None:
    rows = truth()
    stored = Rows(
        np.append(rows.machines, [3, -1]).astype(np.int32),
        np.append(rows.times_us, [rows.times_us[0] + 1, rows.times_us[0]]),
        np.vstack([rows.values, np.zeros((2, SIGNALS))]),
    )
    assert counts(shuffled(stored)) == (0, 0, 0, 2)


def test_rows_of_two_machines_at_one_time_are_not_taken_for_each_other() -> None:
    stored = shuffled(truth())
    swapped = stored.machines.copy()
    swapped[stored.machines == 1], swapped[stored.machines == 2] = 2, 1
    missing, double, wrong, alien = counts(Rows(swapped, stored.times_us, stored.values))
    assert (missing, double, alien) == (0, 0, 0)
    assert wrong > INSTANTS


def test_a_truth_that_contradicts_itself_is_refused() -> None:
    rows = truth()
    with pytest.raises(ValueError, match="twice"):
        compare(shuffled(rows, [*range(350), 0]), rows)


def test_events_are_matched_by_machine_time_and_text() -> None:
    sent = [(1, 10, "O1"), (1, 20, "O2"), (2, 10, "O1")]
    assert compare_texts(sent, sent[::-1]).agrees
    verdict = compare_texts(sent, [(1, 10, "O1"), (1, 10, "O1"), (2, 10, "O9")])
    assert (verdict.missing, verdict.double, verdict.alien) == (2, 1, 1)


def test_a_truth_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    records = np.zeros(2, truth_dtype(("a", "b")))
    records["machine"], records["time_us"], records["values"] = (1, 2), (5, 6), ((1.5, NAN), (3.0, 4.0))
    (tmp_path / "truth").write_bytes(records.tobytes())
    machines, times_us, values = read_truth(str(tmp_path / "truth"), ("a", "b"))
    assert (machines.tolist(), times_us.tolist()) == ([1, 2], [5, 6])
    np.testing.assert_array_equal(values, [[1.5, NAN], [3.0, 4.0]])


def test_stored_rows_are_read_with_their_nulls_and_a_stored_nan_is_none(database: str) -> None:
    signals = ("steam_flow", "fuel_total", "low_water_interlock", "trip_code")
    with Database(database) as opened:
        migrate(opened, report=lambda _: None)
        with psycopg.connect(database) as connection:
            connection.execute(
                "INSERT INTO reading.boiler (time, equipment_id, steam_flow, fuel_total, low_water_interlock, trip_code) VALUES "
                "(to_timestamp(1), 11, 1.5, NULL, true, 1099511627776), (to_timestamp(2), 12, 'NaN', 0.1, NULL, NULL)"
            )
        with opened.connection() as connection:
            found = read_stored(connection, "boiler", signals, boolean=("low_water_interlock",), machines={11: 4})
    order = np.argsort(found.times_us)
    assert (found.machines[order].tolist(), found.times_us[order].tolist()) == ([4, -1], [1_000_000, 2_000_000])
    np.testing.assert_array_equal(found.values[order], [[1.5, NAN, 1.0, 2.0**40], [np.inf, 0.1, NAN, NAN]])
