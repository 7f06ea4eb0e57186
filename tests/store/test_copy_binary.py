"""The encoder's bytes are judged by PostgreSQL: what it stores is read back by psycopg and compared."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.copy_binary import EPOCH_2000_US, HEADER, TRAILER, CopyEncoder

TYPES = {"r": "real", "d": "double precision", "i": "bigint", "n": "integer", "b": "boolean", "e": "smallint"}
RANGES = {"i": (-(2**53), 2**53), "n": (-(2**31), 2**31 - 1), "b": (0, 1), "e": (-(2**15), 2**15 - 1)}


@pytest.fixture(scope="module")
def table(postgresql_server: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in TYPES.items())
        connection.execute(f"CREATE TEMP TABLE encoded (time timestamptz, equipment_id int4, {columns})".encode())
        connection.execute(b"SET TIME ZONE 'UTC'")
        yield connection


def round_trip(
    connection: psycopg.Connection[tuple[Any, ...]], names: list[str], times: Any, ids: Any, values: Any
) -> list[tuple[Any, ...]]:
    encoder = CopyEncoder({name: TYPES[name] for name in names})
    assert not encoder.misfits(values).any()
    connection.execute(b"TRUNCATE encoded")
    columns = ", ".join(["time", "equipment_id", *names])
    with connection.cursor() as cursor, cursor.copy(f"COPY encoded ({columns}) FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(encoder.encode(times, ids, values))
    cast = {"time": "(extract(epoch FROM time) * 1000000)::int8", "r": "r::float8"}
    shown = ", ".join(cast.get(name, name) for name in ["time", "equipment_id", *names])
    return connection.execute(f"SELECT {shown} FROM encoded ORDER BY ctid".encode()).fetchall()


def expected(name: str, value: float) -> object:
    if math.isnan(value):
        return None
    if name == "r":
        return float(np.float32(value))
    return value if name == "d" else bool(value) if name == "b" else round(value)


def numbers(name: str, *, single: bool) -> st.SearchStrategy[float]:
    if name in RANGES:
        low, high = RANGES[name]
        exact = 2**24 if single else 2**53
        whole = st.integers(max(low, -exact), min(high, exact)).map(float)
        return st.one_of(whole, st.just(math.nan))
    limit = None if name == "d" or single else float(np.finfo(np.float32).max)
    finite = st.floats(min_value=None if limit is None else -limit, max_value=limit, width=32 if single else 64, allow_nan=False)
    return st.one_of(finite, st.just(math.nan), st.just(math.inf), st.just(-math.inf))


@st.composite
def matrices(draw: st.DrawFn) -> tuple[list[str], Any]:
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, unique=True))
    single = draw(st.booleans())
    rows = draw(st.lists(st.tuples(*(numbers(name, single=single) for name in names)), max_size=20))
    return names, np.array(rows, "<f4" if single else "<f8").reshape(len(rows), len(names))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(matrices())
def test_postgresql_reads_back_what_was_encoded(table: psycopg.Connection[tuple[Any, ...]], drawn: tuple[list[str], Any]) -> None:
    names, values = drawn
    times = EPOCH_2000_US + np.arange(len(values)) * 1_000_003 - 5_000_000
    ids = np.arange(len(values)) - 3

    stored = round_trip(table, names, times, ids, values)

    wanted = [
        (time, number, *(expected(name, value) for name, value in zip(names, row, strict=True)))
        for time, number, row in zip(times.tolist(), ids.tolist(), values.tolist(), strict=True)
    ]
    assert stored == wanted


@pytest.mark.parametrize("names", [["r", "d", "e"], ["r", "b", "d"]])
def test_blocks_with_and_without_nulls_follow_each_other(table: psycopg.Connection[tuple[Any, ...]], names: list[str]) -> None:
    # 5,000 rows are five blocks; NULLs in every second one: lengths left over from it would shift the stream.
    values = np.ones((5000, 3))
    values[:1000:7, 0] = values[2048:3000:5, 1] = values[4999] = np.nan

    stored = round_trip(table, names, EPOCH_2000_US + np.arange(5000), np.arange(5000), values)

    assert [[value is None for value in row[2:]] for row in stored] == np.isnan(values).tolist()


def test_extremes_of_every_type_survive(table: psycopg.Connection[tuple[Any, ...]]) -> None:
    top = np.nextafter(2.0**63, 0)
    values = np.array([[3.4028234663852886e38, 1.7976931348623157e308, top, 2**31 - 1, 1, 32767]])
    values = np.vstack((values, [[-3.4028234663852886e38, 5e-324, -(2.0**63), -(2**31), 0, -32768]]))

    stored = round_trip(table, list("rdinbe"), np.array([EPOCH_2000_US] * 2), np.array([1, 2]), values)

    assert [row[2:] for row in stored] == [
        (3.4028234663852886e38, 1.7976931348623157e308, int(top), 2**31 - 1, True, 32767),
        (-3.4028234663852886e38, 5e-324, -(2**63), -(2**31), False, -32768),
    ]


@pytest.mark.parametrize(
    ("sql_type", "value"),
    [("real", 1e39), ("bigint", 2.0**63), ("integer", 2.0**31), ("smallint", 32768), ("boolean", 2), ("bigint", math.inf)],
)
def test_a_value_beyond_its_column_is_named_before_it_is_encoded(sql_type: str, value: float) -> None:
    encoder = CopyEncoder({"x": sql_type})
    assert encoder.misfits(np.array([[1.0], [value], [math.nan]])).tolist() == [False, True, False]
    if sql_type != "real":
        assert encoder.misfits(np.array([[value]], "<f4")).tolist() == [True]


def test_no_rows_are_a_stream_that_says_so() -> None:
    empty = np.zeros((0, 1))
    assert CopyEncoder({"x": "real"}).encode(np.zeros(0, np.int64), np.zeros(0, np.int32), empty) == HEADER + TRAILER


def test_one_record_is_the_bytes_of_the_manual() -> None:
    # PostgreSQL manual, COPY, "Binary Format": field count, then length and big-endian payload of each field; -1 for NULL.
    stream = CopyEncoder({"x": "real", "y": "smallint"}).encode(
        np.array([EPOCH_2000_US + 1]), np.array([258]), np.array([[1.0, np.nan]])
    )
    record = "00040000000800000000000000010000000400000102000000043f800000ffffffff"
    assert stream.hex() == "5047434f50590aff0d0a00" + "00000000" * 2 + record + "ffff"
