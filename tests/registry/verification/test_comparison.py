"""Two Shangyun databases, on PostgreSQL and on TimescaleDB, compared as `verify-migration` does."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from registry.projects import commands
from registry.verification.comparison import Question, Report, compare
from registry.verification.sources import DatabaseSource, FolderSource
from store.database import Database
from store.equipment import list_equipment
from store.export import Selection, export
from store.export_files import open_sink
from telemetry.errors import ConfigError
from tests.dashboards.plant import Filler, Plant

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, tzinfo=SHANGHAI)
QUESTION = Question(start=START, end=START + timedelta(days=2), zone=SHANGHAI)
STEP_SECONDS = 300
MakeDatabase = Callable[..., Database]


@pytest.fixture
def make_database(request: pytest.FixtureRequest) -> Iterator[MakeDatabase]:
    """Call it with ``postgresql`` or ``timescaledb`` for a migrated database of one's own."""
    with ExitStack() as stack:

        def make(kind: str = "postgresql") -> Database:
            server, template = request.getfixturevalue(f"{kind}_server"), request.getfixturevalue(f"{kind}_template")
            name = f"test_{uuid.uuid4().hex[:16]}"
            run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
            stack.callback(run, server, "DROP DATABASE {} WITH (FORCE)", name)
            address = (
                urlsplit(server)._replace(path=f"/{name}").geturl() if "://" in server else make_conninfo(server, dbname=name)
            )
            opened = stack.enter_context(Database(address))
            opened.address = address  # type: ignore[attr-defined]
            return opened

        yield make


def run(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def rows(seed: int = 1) -> dict[float, dict[str, float]]:
    """Two days of an air compressor, a row each five minutes."""
    random = np.random.default_rng(seed)
    count = 2 * 86_400 // STEP_SECONDS
    power, pressure = 90 + random.normal(size=count).cumsum() / 10, 0.7 + 0.01 * random.normal(size=count)
    return {
        START.timestamp() + n * STEP_SECONDS: {
            "active_power": float(power[n]),
            "discharge_pressure": float(pressure[n]),
            "energy_total": 1000 + 7.5 * n,
            "state": 3,
        }
        for n in range(count)
    }


def fill(database: Database, *names: str, before: int = 0) -> None:
    """Commit rows as ingest does; ``before`` machines come first, so that ids differ between databases."""
    filler, plant = Filler(database), Plant()
    for number in range(before):
        filler.commit(plant.boiler(START.timestamp() - 86_400, name=f"early-{number}"))
    batches = [plant.batch(name, "air_compressor", rows(number)) for number, name in enumerate(names or ("ac-1",), start=1)]
    filler.commit(plant.bundle(*batches))


def change(database: Database, statement: str) -> None:
    with database.connection() as connection:
        connection.execute(statement.encode())


def compared(source: Database, target: Database, **changes: Any) -> Report:
    question = Question(**{**{name: getattr(QUESTION, name) for name in ("start", "end", "zone")}, **changes})
    return compare(DatabaseSource(source), DatabaseSource(target), question)


def failed(report: Report) -> set[str]:
    return {f"{one.level}:{one.name}" for one in report.checks if one.result == "fail"}


@pytest.mark.timeout(func_only=True)
@pytest.mark.parametrize(("source", "target"), [("postgresql", "timescaledb"), ("timescaledb", "postgresql")])
def test_jinan_3_7_the_same_rows_are_the_same_on_postgresql_and_timescaledb(
    make_database: MakeDatabase, source: str, target: str
) -> None:
    one, other = make_database(source), make_database(target)
    fill(one)
    fill(other, before=3)
    report = compared(one, other, machines=frozenset({"plant-1/ac-1"}))
    assert failed(report) == set()
    assert (report.is_go, report.machines, report.rows, report.unequal) == (True, 1, 576, 0)
    change(other, "UPDATE reading.air_compressor SET active_power = active_power + 1e-3 WHERE time = '2026-03-01 12:00+08'")
    report = compared(one, other, machines=frozenset({"plant-1/ac-1"}))
    assert failed(report) == {"values:buckets"}
    ((bad,),) = [report.bad_buckets]
    assert (bad.machine, bad.point, bad.day, bad.fault.name) == ("plant-1/ac-1", "active_power", "2026-03-01", "different_values")
    ((shown,),) = [report.rows_shown]
    assert shown.row.time_us == datetime(2026, 3, 1, 4, tzinfo=UTC).timestamp() * 1e6


FAULTS = {
    "time_zone_shift": "UPDATE reading.air_compressor SET time = time + INTERVAL '8 hours'",
    "duplicates": "INSERT INTO reading.air_compressor SELECT * FROM reading.air_compressor WHERE time = '2026-03-01 12:00+08'",
    "late_rows": "DELETE FROM reading.air_compressor WHERE time IN ('2026-03-01 12:05+08', '2026-03-01 17:05+08')",
    "missing_hour": "DELETE FROM reading.air_compressor WHERE time >= '2026-03-02 02:00+08' AND time < '2026-03-02 03:00+08'",
    "unit_scaling": "UPDATE reading.air_compressor SET discharge_pressure = discharge_pressure * 10",
    "swapped_columns": "UPDATE reading.air_compressor SET active_power = discharge_pressure, discharge_pressure = active_power",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_jinan_3_7_each_fault_of_a_migration_is_found_and_named_and_is_a_no_go(make_database: MakeDatabase, fault: str) -> None:
    source, target = make_database(), make_database()
    for database in (source, target):
        fill(database)
    change(target, FAULTS[fault])
    report = compared(source, target)
    assert not report.is_go
    assert fault in report.faults()
    if fault != "time_zone_shift":  # which also leaves the window's last hours empty
        assert set(report.faults()) == {fault}
    assert report.rows_shown


def test_jinan_3_7_missing_machines_orphans_columns_and_alarms_are_a_no_go(make_database: MakeDatabase) -> None:
    source, target = make_database(), make_database()
    fill(source, "ac-1", "ac-2")
    fill(target)
    change(target, "INSERT INTO reading.air_compressor (time, equipment_id, active_power) VALUES ('2026-03-01 12:00+08', 777, 1)")
    change(target, "ALTER TABLE reading.event ALTER COLUMN text TYPE varchar")
    change(target, "DROP INDEX reading.air_compressor_equipment_time")
    assert failed(compared(source, target, machines=frozenset({"plant-1/ac-1"}))) == {
        "references:orphans",
        "schema:columns",
        "schema:keys",
    }
    report = compared(source, target, machines=frozenset({"plant-1/ac-2", "plant-1/nobody"}))
    assert {"references:machines", "references:orphans", "counts:anything"} <= failed(report)
    told = {f"{one.level}:{one.name}": one.detail for one in report.checks}
    assert told["references:machines"]["missing"] == ["plant-1/ac-2"]
    assert told["references:machines"]["unknown"] == ["plant-1/nobody"]


def test_a_column_that_was_widened_is_no_fault_and_one_that_was_lost_is(make_database: MakeDatabase) -> None:
    source, target = make_database(), make_database()
    for database in (source, target):
        fill(database)
    change(target, "ALTER TABLE reading.air_compressor ALTER COLUMN active_power TYPE double precision")
    assert failed(compared(source, target)) == set()
    change(source, "ALTER TABLE reading.equipment ADD COLUMN extra text")
    assert failed(compared(source, target)) == {"schema:columns"}


def test_jinan_3_7_alarms_and_energy_are_compared_as_business_sees_them(make_database: MakeDatabase) -> None:
    source, target = make_database(), make_database()
    for database in (source, target):
        fill(database)
    change(target, "UPDATE reading.air_compressor SET energy_total = 0 WHERE time < '2026-03-01 00:05+08'")
    change(
        source,
        "WITH made AS (INSERT INTO alarm.condition (gateway, equipment_id, rule, priority, title, changed_at)"
        " SELECT 'plant-1', id, 'r', 'high', '{}', now() FROM reading.equipment RETURNING id, equipment_id)"
        " INSERT INTO alarm.transition (time, recorded_at, condition_id, gateway, equipment_id, rule, priority, act,"
        " state_before, state_after, occurrence, is_annunciated) SELECT '2026-03-01 12:00+08', now(), id, 'plant-1',"
        " equipment_id, 'r', 'high', 'activate', 'normal', 'unacknowledged', 1, true FROM made",
    )
    assert failed(compared(source, target)) == {"values:buckets", "business:energy", "business:alarms"}


def test_rescaled_values_pass_with_a_tolerance_that_the_report_names(make_database: MakeDatabase) -> None:
    source, target = make_database(), make_database()
    for database in (source, target):
        fill(database)
    change(target, "UPDATE reading.air_compressor SET energy_total = energy_total * (1 + 1e-9)")
    assert not compared(source, target).is_go
    report = compared(source, target, tolerance=1e-6)
    assert report.is_go
    assert report.faults() == {"within_tolerance": 2}


def test_an_exported_folder_is_compared_with_a_database(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = make_database()
    fill(database)
    (machine,) = list_equipment(database)
    selection = Selection(
        machines=(machine,),
        signals=("active_power", "discharge_pressure", "energy_total", "state"),
        start=START,
        end=QUESTION.end,
        quality=True,
    )
    with open_sink(str(tmp_path / "ac.parquet"), selection.schema, form="parquet", zone="UTC", bom=False) as sink:
        export(database, selection, sink)
    report = compare(FolderSource(tmp_path), DatabaseSource(database), QUESTION)
    assert failed(report) == set()
    assert report.rows == 576
    change(database, FAULTS["unit_scaling"])
    assert compare(FolderSource(tmp_path), DatabaseSource(database), QUESTION).faults() == {"unit_scaling": 2}


@pytest.mark.parametrize("content", [b"", b"PAR1 nothing", None])
def test_a_folder_that_is_no_export_is_refused_with_its_file(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "bad.parquet").write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.parquet" if content is not None else "no Parquet"):
        FolderSource(tmp_path)


def verify(*arguments: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers(required=True))
    chosen = parser.parse_args(["verify-migration", *arguments])
    return int(chosen.run(chosen))


def test_the_command_writes_a_report_and_ends_with_the_verdict(
    make_database: MakeDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = make_database(), make_database()
    for database in (source, target):
        fill(database)
    span = ["--from", "2026-03-01", "--to", "2026-03-03", "--output", str(tmp_path / "report")]
    addresses = [source.address, target.address]  # type: ignore[attr-defined]
    assert verify(*addresses, *span) == 0
    content = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (content["verdict"], content["comparison"], content["machines"]) == ("go", "bitwise", 1)
    change(target, FAULTS["late_rows"])
    assert verify(*addresses, *span) == 1
    page = (tmp_path / "report" / "report.html").read_text()
    assert "不可割接" in page
    assert "缺少迟到的行" in page
    assert "no-go" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/no/such/folder", "postgresql:///x", "--from", "2026-03-01", "--to", "2026-03-02"], "neither a folder"),
        (["postgresql:///x", "postgresql:///x", "--from", "2026-03-02", "--to", "2026-03-01"], "not after"),
        (["postgresql:///x", "postgresql:///x", "--from", "soon", "--to", "2026-03-01"], "no time"),
        (["postgresql:///x", "postgresql:///x", "--from", "2026-03-01", "--to", "2026-03-02", "--zone", "Mars"], "--zone"),
        (
            ["postgresql:///x", "postgresql:///x", "--from", "2026-03-01", "--to", "2026-03-02", "--tolerance", "nan"],
            "--tolerance",
        ),
    ],
)
def test_a_wrong_question_is_refused_by_name(arguments: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        verify(*arguments)


def test_a_password_is_not_written_into_the_report() -> None:
    from registry.projects.commands import _shown

    assert _shown("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert "secret" not in _shown("host=h password=secret dbname=d")
