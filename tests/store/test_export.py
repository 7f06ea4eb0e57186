"""Exports: what is written, in which form, and that it is all that was there."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ingest.backfill_commands import add_backfill_command
from store import export as export_module
from store import export_files
from store.database import Database
from store.export_commands import add_commands
from store.migrate import migrate
from telemetry.errors import ConfigError

NAN = float("nan")


@pytest.fixture
def run() -> Any:
    def run(*words: object) -> int:
        parser = argparse.ArgumentParser()
        subparsers = parser.add_subparsers()
        add_commands(subparsers)
        add_backfill_command(subparsers)
        chosen = parser.parse_args([str(word) for word in words])
        return int(chosen.run(chosen))

    return run


@pytest.fixture
def boilers(store: Any, bundle: Any, batch: Any) -> Any:
    """Two machines with all types of signals, over two midnights of UTC."""
    signals = "boiler:steam_flow,fuel_total,trip_code,low_water_interlock,state"
    at = datetime(2026, 11, 17, 12, tzinfo=UTC)
    rows = [
        [1.1, 12345678.123456, 2.0**60, 1, 3],
        [NAN, NAN, NAN, NAN, NAN],
        [float("inf"), -0.1, -(2.0**53), 0, 0],
        [float(np.float32(1e-40)), 1e300, -1, NAN, 5],
    ]
    store.commit(
        bundle(1, batch("b-1", rows, signals=signals, at=at, step=timedelta(hours=16))),
        bundle(2, batch("b-2", rows[:2], signals=signals, at=at + timedelta(microseconds=1))),
    )
    return store


SCHEMAS = """
SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole AND nspname <> 'public'
  AND nspname !~ '^(pg_|information_schema|_?timescaledb)'"""
"""Those that the migrations have made."""
QUESTION = (
    "SELECT e.gateway, e.name, time, steam_flow, fuel_total, trip_code, low_water_interlock, state, steam_pressure "
    "FROM reading.boiler JOIN reading.equipment e ON e.id = equipment_id ORDER BY 1, 2, 3"
)


def test_csv_has_local_times_with_their_offset_and_empty_cells(boilers: Any, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    words = ("--equipment", "gw-1/b-1", "--signals", "steam_flow,trip_code,low_water_interlock,state", "--zone", "Asia/Shanghai")
    assert run("export", "--database", boilers.dsn, "--output", file, *words, "--bom") == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert file.read_text(encoding="utf-8-sig").splitlines() == [
        "time,equipment,steam_flow,trip_code,low_water_interlock,state",
        "2026-11-17T20:00:00.000000+08:00,gw-1/b-1,1.1,1152921504606846976,true,3",
        "2026-11-18T12:00:00.000000+08:00,gw-1/b-1,,,,",
        "2026-11-19T04:00:00.000000+08:00,gw-1/b-1,inf,-9007199254740992,false,0",
        "2026-11-19T20:00:00.000000+08:00,gw-1/b-1,1e-40,-1,,5",
    ]
    assert list(tmp_path.iterdir()) == [file]


def test_parquet_has_types_units_and_labels(boilers: Any, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    assert run("export", "--database", boilers.dsn, "--kind", "boiler", "--output", file, "--zone", "Asia/Shanghai") == 0
    table = parquet.read_table(file)
    assert table.num_rows == 6
    assert table.schema.field("time").type == pa.timestamp("us", "UTC")
    names = ("steam_flow", "fuel_total", "trip_code", "low_water_interlock", "state")
    types = [str(table.schema.field(name).type) for name in names]
    assert types == ["float", "double", "int64", "bool", "int16"]
    assert table.schema.field("steam_flow").metadata[b"unit"] == b"t/h"
    assert table.schema.field("steam_flow").metadata[b"label_zh"].decode() == "蒸汽流量"
    assert table.schema.metadata[b"zone"] == b"Asia/Shanghai"
    assert table["trip_code"].to_pylist()[:4] == [2**60, None, -(2**53), -1]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_that_is_stored_in_an_empty_database_gives_the_same_rows(
    form: str, boilers: Any, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / f"out.{form}"
    assert run("export", "--database", boilers.dsn, "--kind", "boiler", "--output", file, "--zone", "Europe/Berlin") == 0
    expected = boilers.ask(QUESTION)
    made = ", ".join(name for (name,) in boilers.ask(SCHEMAS))
    boilers.run(f"DROP SCHEMA {made} CASCADE")
    with Database(boilers.dsn) as database:
        migrate(database, report=lambda _: None)

    words = ("--gateway", "gw-1", "--kind", "boiler", "--equipment-column", "equipment", "--database", boilers.dsn)
    assert run("backfill", file, *words) == 0

    assert boilers.ask(QUESTION) == expected
    assert len(expected) == 6


def test_start_and_end_are_local_days_of_the_zone_and_the_end_is_not_included(boilers: Any, run: Any, capfdbinary: Any) -> None:
    words = (
        "--equipment",
        "gw-1/b-1",
        "--signals",
        "state",
        "--start",
        "2026-11-18",
        "--end",
        "2026-11-19T20:00",
        "--zone",
        "Asia/Shanghai",
    )
    assert run("export", "--database", boilers.dsn, *words) == 0
    out = capfdbinary.readouterr().out.decode()
    assert [line[:16] for line in out.splitlines()[1:]] == ["2026-11-18T12:00", "2026-11-19T04:00"]


def test_levels_have_mean_minimum_and_maximum_and_no_bucket_twice(
    boilers: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export_module.SLICES, "1h", timedelta(minutes=90))
    for level, count in (("1m", 4), ("1h", 4), ("1d", 3)):
        file = tmp_path / f"{level}.parquet"
        span = ("--start", "2026-11-17", "--end", "2026-11-21", "--zone", "Asia/Kolkata")
        words = ("--equipment", "gw-1/b-1", "--signals", "fuel_total", "--level", level, *span)
        assert run("export", "--database", boilers.dsn, "--output", file, *words) == 0
        table = parquet.read_table(file)
        assert table.schema.names == ["time", "equipment", "fuel_total_mean", "fuel_total_min", "fuel_total_max"]
        assert table.num_rows == count, level
        assert table["fuel_total_max"].to_pylist()[0] == 12345678.123456


def test_quality_codes_stand_beside_the_values(store: Any, bundle: Any, batch: Any, run: Any, capfdbinary: Any) -> None:
    store.commit(bundle(1, batch("b-1", [[1, 2], [3, 4], [5, 6]], qualities=[[0, 0], [0, 132], [64, 132]])))
    assert run("export", "--database", store.dsn, "--kind", "boiler", "--signals", "steam_flow,steam_pressure", "--quality") == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "time,equipment,steam_flow,steam_flow_quality,steam_pressure,steam_pressure_quality"
    assert [line.split(",", 2)[2] for line in lines[1:]] == ["1,0,2,0", "3,0,,132", "5,64,,132"]


def test_signals_outside_any_profile_are_exported(store: Any, bundle: Any, batch: Any, run: Any, capfdbinary: Any) -> None:
    store.commit(bundle(1, batch("t-1", [[1.0, NAN], [2.0, 3.0]], signals="other:flux,phase")))
    assert run("export", "--database", store.dsn, "--gateway", "gw-1") == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "time,equipment,flux,phase"
    assert [line.split(",", 2)[2] for line in lines[1:]] == ["1,", "2,3"]


MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("--equipment", "gw-1/none"), "no equipment gw-1/none"),
    (("--gateway", "none"), "no equipment in the database is what is asked for"),
    (("--kind", "boiler", "--signals", "steam_flwo"), "boiler has no numeric signal steam_flwo; known: state"),
    (("--kind", "boiler", "--zone", "Mars"), "--zone: 'Mars'"),
    (("--kind", "boiler", "--start", "yesterday"), "'yesterday' is no time"),
    (("--kind", "boiler", "--start", "2026-11-20", "--end", "2026-11-20"), "is not after the start"),
    (("--kind", "boiler", "--start", "2026-10-25T02:30", "--zone", "Europe/Berlin"), "comes twice in Europe/Berlin"),
    (("--kind", "boiler", "--start", "2026-03-29T02:30", "--zone", "Europe/Berlin"), "does not exist in Europe/Berlin"),
    (("--kind", "boiler", "--level", "1h", "--quality"), "--quality goes with raw rows only"),
]


def test_what_cannot_be_exported_is_wrong_use(boilers: Any, run: Any, tmp_path: Path) -> None:
    for words, told in MISTAKES:
        with pytest.raises(ConfigError) as refused:
            run("export", "--database", boilers.dsn, "--output", tmp_path / "out.csv", *words)
        assert told in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_machines_of_several_kinds_need_several_files(boilers: Any, bundle: Any, batch: Any, run: Any) -> None:
    boilers.commit(bundle(9, batch("c-1", [[1.0]], signals="cnc_machine:spindle_load")))
    with pytest.raises(ConfigError, match="these are boiler, cnc_machine: choose with --kind"):
        run("export", "--database", boilers.dsn, "--gateway", "gw-1")


def test_an_export_that_is_stopped_leaves_no_file(
    boilers: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        assert (tmp_path / "out.csv.part").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(export_files.CsvSink, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        run("export", "--database", boilers.dsn, "--kind", "boiler", "--output", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(boilers: Any, run: Any, tmp_path: Path) -> None:
    with pytest.raises(export_files.CannotWrite, match=r"out\.csv: No such file"):
        run("export", "--database", boilers.dsn, "--kind", "boiler", "--output", tmp_path / "none" / "out.csv")
