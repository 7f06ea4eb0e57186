"""Files of history become rows, each once, or are refused whole with the place of every fault."""

import argparse
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from ingest import backfill_csv, backfill_parquet, backfill_store
from ingest.backfill_commands import add_backfill_command
from ingest.backfill_store import Destination
from simulators.history import Fleet, missing_chunks, write_history
from store.database import Database, DatabaseAway, RowRefused
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from store.writer import store_group
from telemetry.errors import ConfigError, ShangyunError

ROOT = Path(__file__).parents[2]
START_US = round(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000


class Site:
    """A migrated database and the command."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder = database, folder

    def run(self, file: Path, *options: str, more: Sequence[Path] = (), machine: bool = True) -> int:
        parser = argparse.ArgumentParser()
        add_backfill_command(parser.add_subparsers())
        words = ["backfill", str(file), *map(str, more), "--database", self.database, *options]
        if machine:
            words += ["--gateway", "gw-1", "--equipment", "boiler-1", "--kind", "boiler"]
        chosen = parser.parse_args(words)
        return int(chosen.run(chosen))

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            found = connection.execute(question.encode())
            return found.fetchall() if found.description else []

    def flows(self) -> list[float | None]:
        return [flow for (flow,) in self.ask("SELECT steam_flow FROM reading.boiler ORDER BY time")]

    def csv(self, *lines: str, name: str = "history.csv", header: str = "time,steam_flow") -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path


@pytest.fixture
def site(migrated_database: str, tmp_path: Path) -> Site:
    return Site(migrated_database, tmp_path)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill_csv, "PIECE_BYTES", 4096)
    monkeypatch.setattr(backfill_parquet, "PIECE_ROWS", 100)


def lines(count: int, *, first: int = 0) -> list[str]:
    """Rows a second apart whose value is their number."""
    return [f"{START_US // 1_000_000 + number},{number}" for number in range(first, first + count)]


def test_values_are_stored_as_they_stand(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = site.csv(
        "2025-03-01T08:00:00+08:00,1.5,running,true,17,3",
        "2025-03-01T08:00:01.25+08:00,,2,0,,-4",
        "",
        '2025-03-01T08:00:02+08:00,"-1e-3",off,FALSE,12.0,NaN',
        header="time,steam_flow,state,low_water_interlock,trip_code,drum_level",
    )
    assert site.run(file) == 0

    rows = site.ask(
        "SELECT time::text, steam_flow, state, low_water_interlock, trip_code, drum_level FROM reading.boiler ORDER BY time"
    )
    states = {name: code for code, name in enumerate(["off", "purging", "igniting", "running"])}
    assert rows[0][0] == "2025-03-01 00:00:00+00"
    assert rows[1][0] == "2025-03-01 00:00:01.25+00"
    assert rows[0][1] == 1.5
    assert rows[0][2] != rows[2][2] == states["off"]
    assert [row[1:] for row in rows[1:]] == [(None, 2, False, None, -4.0), (pytest.approx(-1e-3), 0, False, 12, None)]
    assert rows[0][3:] == (True, 17, 3.0)
    assert "stored 3 rows" in capsys.readouterr().out
    assert site.ask("SELECT gateway, name, kind FROM reading.equipment") == [("gw-1", "boiler-1", "boiler")]


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("form", ["csv", "gz", "parquet"])
def test_the_same_file_again_is_left_alone_and_the_ledger_is_empty(
    form: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site.csv(*lines(1000))
    if form == "gz":
        file = site.folder / "history.csv.gz"
        file.write_bytes(gzip.compress((site.folder / "history.csv").read_bytes()))
    if form == "parquet":
        file = site.folder / "history.parquet"
        times = pa.array(START_US + np.arange(1000) * 1_000_000).cast(pa.timestamp("us", "UTC"))
        parquet.write_table(pa.table({"time": times, "steam_flow": np.arange(1000.0)}), file, row_group_size=250)
    assert site.run(file) == 0
    assert site.flows() == list(range(1000))
    capsys.readouterr()

    assert site.run(file) == 0

    assert "nothing to do" in capsys.readouterr().out
    assert site.flows() == list(range(1000))
    assert site.ask("SELECT count(*) FROM ingest.ledger") == [(0,)]
    assert site.ask("SELECT gateway, floor FROM ingest.floor") == [("backfill/gw-1", 5 if form != "parquet" else 13)]


@pytest.mark.usefixtures("small_pieces")
def test_a_compressed_copy_of_a_stored_file_is_the_same_file(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = site.csv(*lines(300))
    packed = site.folder / "again.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    site.run(file)
    capsys.readouterr()

    assert site.run(packed) == 0

    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.usefixtures("small_pieces")
def test_after_a_failure_it_goes_on_behind_what_is_stored(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site.csv(*lines(2000))
    commit = Destination.commit

    def fail_later(self: Any, epoch: int, number: int, *rest: Any) -> Any:
        if number == 4:
            raise ShangyunError("as if killed")
        return commit(self, epoch, number, *rest)

    monkeypatch.setattr(Destination, "commit", fail_later)
    with pytest.raises(ShangyunError, match="as if killed"):
        site.run(file)
    before = len(site.flows())
    assert 0 < before < 2000
    monkeypatch.undo()
    monkeypatch.setattr(backfill_csv, "PIECE_BYTES", 4096)
    capsys.readouterr()

    assert site.run(file) == 0

    told = capsys.readouterr().out
    assert "goes on:" in told
    assert f"stored {2000 - before:,} rows" in told
    assert site.flows() == list(range(2000))


def test_killed_again_and_again_it_stores_each_row_once(site: Site) -> None:
    file = site.csv(*lines(60_000))
    program = (
        "import ingest.backfill_csv as c; c.PIECE_BYTES = 8192; import argparse; from ingest.backfill_commands import *;"
        "p = argparse.ArgumentParser(); add_backfill_command(p.add_subparsers()); a = p.parse_args(); raise SystemExit(a.run(a))"
    )
    words = ["backfill", file, "--database", site.database, "--gateway", "gw-1", "--equipment", "boiler-1", "--kind", "boiler"]
    random = np.random.default_rng(5)
    kills = 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", program, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if kills < 3:
            deadline = time.monotonic() + 20
            stored = _stored(site)
            while _stored(site) == stored and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.1))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        break

    assert "goes on:" in told or "nothing to do" in told
    assert site.flows() == list(range(60_000))


def _stored(site: Site) -> int:
    return int(site.ask("SELECT count(*) FROM ingest.ledger")[0][0])


TIMES: list[tuple[str, tuple[str, ...], str]] = [
    ("1740787200,1", (), "2025-03-01 00:00:00"),
    ("1740787200.25,1", (), "2025-03-01 00:00:00.25"),
    ("1740787200001,1", (), "2025-03-01 00:00:00.001"),
    ("1740787200000001,1", (), "2025-03-01 00:00:00.000001"),
    ("1740787200000001999,1", (), "2025-03-01 00:00:00.000001"),
    ("2025-03-01 00:00:00Z,1", (), "2025-03-01 00:00:00"),
    ("2025-03-01T00:00:00.1234567Z,1", (), "2025-03-01 00:00:00.123456"),
    ("2025-03-01 08:00,1", ("--zone", "Asia/Shanghai"), "2025-03-01 00:00:00"),
    ("2025/3/1 8:00,1", ("--zone", "Asia/Shanghai"), "2025-03-01 00:00:00"),
    ("01.03.2025 08:00:00,1", ("--zone", "Asia/Shanghai", "--time-format", "%d.%m.%Y %H:%M:%S"), "2025-03-01 00:00:00"),
    ("2025-10-26 02:30:00,1", ("--zone", "Europe/Berlin", "--dst", "earliest"), "2025-10-26 00:30:00"),
    ("2025-10-26 02:30:00,1", ("--zone", "Europe/Berlin", "--dst", "latest"), "2025-10-26 01:30:00"),
]


def test_times_of_many_forms_mean_the_same_instant(site: Site) -> None:
    for number, (row, options, _) in enumerate(TIMES):
        words = ("--gateway", "gw-1", "--kind", "boiler", "--equipment", f"b-{number:02}")
        assert site.run(site.csv(row), *options, *words, machine=False) == 0
    found = site.ask("SELECT time::text FROM reading.boiler JOIN reading.equipment e ON e.id = equipment_id ORDER BY e.name")
    assert [time for (time,) in found] == [f"{expected}+00" for _, _, expected in TIMES]


MISFITS: list[tuple[str, tuple[str, ...], str]] = [
    ("2025-03-01 00:00:00,1", (), "tell no time zone"),
    ("yesterday,1", (), "no known form of time"),
    ("1,1", (), "no count since 1970"),
    ("2025-03-01T00:00:00Z,1", ("--zone", "Mars/Olympus"), "--zone: 'Mars/Olympus' is not a time zone"),
    ("2025-03-01T00:00:00Z,1", ("--map", "steam_flow"), "--map: 'steam_flow' is not COLUMN=VALUE"),
    ("2025-03-01T00:00:00Z,1", ("--map", "steam_flow=steam_flwo"), "did you mean 'steam_flow'"),
    ("2025-03-01T00:00:00Z,1", ("--map", "Dampf=steam_flow"), "has no column 'Dampf'; it has: time, steam_flow"),
    ("2025-03-01T00:00:00Z,1", ("--unit", "steam_flow=bar"), "'bar' cannot be converted to 't/h'"),
    ("2025-03-01T00:00:00Z,1", ("--time", "when"), "has no column 'when'"),
    ("2025-03-01T00:00:00Z,1", ("--encoding", "utf-16"), "cannot be cut into lines"),
    ("2025-03-01T00:00:00Z,1", ("--equipment-column", "x"), "either --equipment or --equipment-column"),
]


def test_a_mapping_that_does_not_fit_is_wrong_use(site: Site) -> None:
    for row, options, told in MISFITS:
        with pytest.raises(ConfigError) as refused:
            site.run(site.csv(row), *options)
        assert told in str(refused.value)


def test_unknown_columns_are_named_with_the_legal_signals_or_ignored_on_demand(site: Site) -> None:
    file = site.csv("2025-03-01T00:00:00Z,1,x", header="time,steam_flow,remark")
    with pytest.raises(ConfigError, match=r"history.csv: column 'remark': boiler has no numeric signal 'remark'.*known: state, "):
        site.run(file)
    assert site.run(file, "--ignore-unknown") == 0
    assert site.flows() == [1.0]


FAULTS: list[tuple[list[str], str]] = [
    (["2025-03-01T00:00:00Z,1", "2025-03-01T00:00:01Z,x1"], "line 3: steam_flow = 'x1' is no value of steam_flow (real)"),
    (["2025-03-01T00:00:00Z,1", "", "2025-03-01T00:00:01Z,x1"], "line 4: steam_flow = 'x1'"),
    (["2025-03-01T00:00:00Z,1", "2025-03-01T00:00:01Z,1e39"], "line 3: steam_flow = '1e+39'"),
    (["2025-03-01T00:00:00Z,1", "2025-03-01T00:00:01Z,1,2"], "line 3: has 3 cells, the header 2"),
    (["2025-03-01T00:00:00Z,1", "2025-03-01T25:00:01Z,1"], "line 3: time '2025-03-01T25:00:01Z' is no time"),
    (["2025-03-01T00:00:00Z,1", ",1"], "line 3: time has no time"),
    (["2025-03-01T00:00:00Z,1", "1970-03-01T00:00:01Z,1"], "line 3: time 1970-03-01T00:00:01.000000Z is not within 2000"),
    (["2025-03-01T00:00:00Z,1", "2099-03-01T00:00:01Z,1"], "line 3: time 2099-03-01T00:00:01.000000Z is not within"),
    (
        ["2025-03-01T00:00:00Z,1", "2025-03-01T00:00:00Z,2"],
        "line 3: boiler-1 has had a row of 2025-03-01T00:00:00.000000Z before, line 2",
    ),
]


def test_a_fault_is_told_with_its_line_and_nothing_is_written(site: Site) -> None:
    for rows, told in FAULTS:
        with pytest.raises(ShangyunError) as refused:
            site.run(site.csv(*rows))
        assert told in str(refused.value)
        assert "nothing was written" in str(refused.value)
    assert site.ask("SELECT (SELECT count(*) FROM reading.boiler) + (SELECT count(*) FROM ingest.ledger)") == [(0,)]


def test_a_local_time_that_a_change_of_clocks_repeats_or_skips_is_a_fault(site: Site) -> None:
    for hour in ("2025-10-26 02:30:00", "2025-03-30 02:30:00"):
        with pytest.raises(ShangyunError, match=r"line 3: .*repeated or skipped in Europe/Berlin"):
            site.run(site.csv("2025-01-01 00:00:00,0", f"{hour},1"), "--zone", "Europe/Berlin")


def test_bad_cells_and_named_texts_can_become_no_value(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = site.csv(
        "2025-03-01T00:00:00Z,1", "2025-03-01T00:00:01Z,x1", "2025-03-01T00:00:02Z,1e39", "2025-03-01T00:00:03Z,I/O Timeout"
    )
    with pytest.raises(ShangyunError):
        site.run(file, "--null", "I/O Timeout")
    assert site.run(file, "--null", "I/O Timeout", "--bad-cells", "null") == 0
    assert site.flows() == [1.0, None, None, None]
    assert "2 cells stored as no value" in capsys.readouterr().out


def test_a_whole_number_that_no_float64_holds_is_no_value_of_its_signal(site: Site) -> None:
    good = site.csv("2025-03-01T00:00:00Z,1152921504606846976", header="time,trip_code")
    assert site.run(good) == 0
    assert site.ask("SELECT trip_code FROM reading.boiler") == [(2**60,)]
    bad = site.csv("2025-03-02T00:00:00Z,1152921504606846977", header="time,trip_code")
    with pytest.raises(ShangyunError, match="line 2: trip_code = '1152921504606846977' is no value of trip_code"):
        site.run(bad)


@pytest.mark.usefixtures("small_pieces")
def test_of_rows_with_one_time_the_last_can_be_kept_wherever_they_stand(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    file = site.csv(*lines(1000), *[line.split(",")[0] + ",-1" for line in lines(500, first=250)])
    with pytest.raises(ShangyunError, match="and 480 more"):
        site.run(file)
    assert site.run(file, "--duplicates", "last") == 0
    assert site.flows() == [*range(250), *[-1.0] * 500, *range(750, 1000)]
    assert "500 rows replaced" in capsys.readouterr().out


@pytest.mark.usefixtures("small_pieces")
def test_a_file_that_runs_backwards_is_stored_like_any_other(site: Site) -> None:
    assert site.run(site.csv(*lines(1000)[::-1])) == 0
    assert site.flows() == list(range(1000))


@pytest.mark.usefixtures("small_pieces")
def test_rows_in_the_way_are_told_before_anything_is_written_or_kept_on_demand(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run(site.csv(*(line.split(",")[0] + ",-1" for line in lines(100, first=500)), name="live.csv"))
    file = site.csv(*lines(1000))
    with pytest.raises(ShangyunError) as refused:
        site.run(file)
    assert "boiler-1 of gw-1 has rows in the database from 2025-03-01T00:08:20Z to 2025-03-01T00:09:59Z" in str(refused.value)
    assert site.ask("SELECT count(*) FROM reading.boiler") == [(100,)]
    capsys.readouterr()

    assert site.run(file, "--overlap", "skip") == 0

    assert site.flows() == [*range(500), *[-1.0] * 100, *range(600, 1000)]
    assert "stored 900 rows" in (told := capsys.readouterr().out)
    assert "100 rows skipped" in told


def test_two_files_of_one_run_that_overlap_are_refused_before_either_is_written(site: Site) -> None:
    first = site.csv(*lines(100), name="january.csv")
    second = site.csv(*lines(100, first=50), name="february.csv")
    with pytest.raises(ShangyunError, match=r"january.csv and .*february.csv overlap for boiler-1"):
        site.run(first, more=[second])
    assert site.flows() == []
    assert site.run(first, "--overlap", "skip", more=[second]) == 0
    assert site.flows() == list(range(150))


def test_columns_are_renamed_converted_and_read_in_the_encoding_of_the_file(site: Site) -> None:
    path = site.folder / "锅炉.csv"
    path.write_bytes("时间,蒸汽压力(bar),蒸汽温度(K)\r\n2025/3/1 8:00:00,10,273.15\r\n".encode("gb18030"))
    mapping = site.folder / "boiler.toml"
    mapping.write_text(
        'time = "时间"\nzone = "Asia/Shanghai"\nencoding = "gb18030"\ngateway = "gw-1"\nkind = "boiler"\n'
        '[map]\n"蒸汽压力(bar)" = "steam_pressure"\n[unit]\n"蒸汽压力(bar)" = "bar"\n',
        encoding="utf-8",
    )
    options = ("--mapping", str(mapping), "--equipment", "b", "--map", "蒸汽温度(K)=steam_temperature", "--unit", "蒸汽温度(K)=K")
    assert site.run(path, *options, machine=False) == 0
    assert site.ask("SELECT time::text, steam_pressure, steam_temperature FROM reading.boiler") == [
        ("2025-03-01 00:00:00+00", 1.0, 0.0)
    ]


def test_a_mistake_in_a_mapping_file_is_told_with_its_line(site: Site) -> None:
    mapping = site.folder / "boiler.toml"
    mapping.write_text('kind = "boiler"\nbad_cells = "ignore"\n')
    with pytest.raises(ConfigError, match=r"boiler.toml:2: bad_cells: "):
        site.run(site.csv(*lines(1)), "--mapping", str(mapping))


@pytest.mark.usefixtures("small_pieces")
def test_a_file_of_many_machines_is_stored_by_machine(site: Site) -> None:
    rows = [f"{START_US // 1_000_000 + n // 3},{('gw-1/' if n % 2 else '')}b-{n % 3},{n}" for n in range(900)]
    file = site.csv(*rows, header="time,equipment,steam_flow")
    options = ("--gateway", "gw-1", "--kind", "boiler", "--equipment-column", "equipment")
    assert site.run(file, *options, machine=False) == 0
    found = site.ask(
        "SELECT e.name, count(*), min(steam_flow), max(steam_flow) FROM reading.boiler "
        "JOIN reading.equipment e ON e.id = equipment_id GROUP BY 1 ORDER BY 1"
    )
    assert found == [("b-0", 300, 0.0, 897.0), ("b-1", 300, 1.0, 898.0), ("b-2", 300, 2.0, 899.0)]

    for name in ("gw-2/b-0", "", "no spaces"):
        wrong = site.csv(f"2025-04-01T00:00:00Z,{name},1", header="time,equipment,steam_flow", name="wrong.csv")
        with pytest.raises(ShangyunError, match="line 2: equipment "):
            site.run(wrong, *options, machine=False)


def test_rows_older_than_the_retention_are_refused(site: Site) -> None:
    site.ask("UPDATE store.level SET kept_from = '2025-03-01 00:00:10Z' WHERE name = 'raw'")
    with pytest.raises(ShangyunError, match="boiler-1 has rows from 2025-03-01; the database keeps rows from 2025-03-01 on"):
        site.run(site.csv(*lines(20)))
    assert site.run(site.csv(*lines(20, first=10))) == 0


def test_history_is_in_the_rollups_after_the_next_refresh(site: Site) -> None:
    site.run(site.csv(*lines(120)))
    with Database(site.database) as database:
        refresh(database, ROLLUPS["1m"], now=datetime.now(UTC))
    found = site.ask("SELECT time::text, steam_flow_mean, steam_flow_count FROM reading.boiler_1m ORDER BY time")
    assert found == [("2025-03-01 00:00:00+00", 29.5, 60), ("2025-03-01 00:01:00+00", 89.5, 60)]


def test_a_machine_of_another_kind_is_refused(site: Site) -> None:
    site.run(site.csv(*lines(1)))
    file = site.csv("2025-04-01T00:00:00Z,1", header="time,spindle_load")
    with pytest.raises(ShangyunError, match="boiler-1 of gw-1 is a boiler in the database, not a cnc_machine"):
        site.run(file, "--gateway", "gw-1", "--equipment", "boiler-1", "--kind", "cnc_machine", machine=False)


def test_signals_outside_any_profile_are_stored_one_by_one(site: Site) -> None:
    file = site.csv("2025-03-01T00:00:00Z,1,", "2025-03-01T00:00:01Z,2,3", header="time,flux,phase")
    assert site.run(file, "--gateway", "gw-1", "--equipment", "t-1", "--kind", "other", machine=False) == 0
    found = site.ask("SELECT name, value FROM reading.other JOIN reading.other_signal s ON s.id = signal_id ORDER BY value")
    assert found == [("flux", 1.0), ("flux", 2.0), ("phase", 3.0)]


def test_a_dry_run_says_everything_and_writes_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run(site.csv(*lines(10)), "--dry-run") == 0
    told = capsys.readouterr().out
    assert "steam_flow: steam_flow (real)" in told
    assert "boiler-1: 10 rows, 2025-03-01T00:00:00.000Z to 2025-03-01T00:00:09.000Z" in told
    assert site.ask("SELECT (SELECT count(*) FROM reading.boiler) + (SELECT count(*) FROM ingest.ledger)") == [(0,)]


def test_history_never_turns_the_newest_values_back(site: Site) -> None:
    site.run(site.csv(*lines(10, first=100), name="new.csv"))
    (newest,) = site.ask('SELECT time::text, "values" FROM reading.latest')
    assert newest == ("2025-03-01 00:01:49+00", {"steam_flow": 109.0})
    site.run(site.csv(*lines(10), name="old.csv"))
    assert site.ask('SELECT time::text, "values" FROM reading.latest') == [newest]


UNREADABLE: list[tuple[str, bytes | None, str]] = [
    ("gone.csv", None, "No such file"),
    ("a.xlsx", b"PK", "neither .csv, .csv.gz nor .parquet"),
    ("a.csv", b"", "has no header"),
    ("a.csv", b"time,steam_flow,equipment\n", "has no rows"),
    ("a.csv", "时间,steam_flow\n".encode("gb18030"), "its header is not utf-8"),
    ("a.csv.gz", gzip.compress(b"time,steam_flow\n1740787200,1\n" * 50)[:-12], "ended before the end-of-stream"),
    ("a.csv.gz", b"time,steam_flow\n", "Not a gzipped file"),
    ("a.parquet", b"PAR1 no", "Parquet"),
    ("a.csv", "time,steam_flow,equipment\n1740787200,1,锅炉\n".encode("gb18030"), "is the encoding utf-8?"),
]


def test_a_file_that_cannot_be_read_is_told_by_name(site: Site) -> None:
    for name, content, told in UNREADABLE:
        path = site.folder / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ShangyunError) as refused:
            site.run(path, "--gateway", "g", "--kind", "boiler", "--equipment-column", "equipment", machine=False)
        assert str(path) in str(refused.value)
        assert told in str(refused.value)


def test_parquet_holds_times_and_values_of_any_type(site: Site) -> None:
    file = site.folder / "history.parquet"
    table = pa.table(
        {
            "time": pa.array(["2025-03-01 08:00:00", "2025-03-01 08:00:01"]).cast(pa.timestamp("ns")),
            "steam_flow": pa.array(["1.5", "x"]).dictionary_encode(),
            "low_water_interlock": pa.array([True, None]),
            "trip_code": pa.array([2**53 + 1, 5], pa.int64()),
            "state": pa.array([3, None], pa.int8()),
        }
    )
    parquet.write_table(table, file)
    with pytest.raises(ShangyunError) as refused:
        site.run(file, "--zone", "Asia/Shanghai")
    assert "row 2: steam_flow = 'x'" in str(refused.value)
    assert "row 1: trip_code = '9007199254740993'" in str(refused.value)
    assert site.run(file, "--zone", "Asia/Shanghai", "--bad-cells", "null") == 0
    found = site.ask("SELECT time::text, steam_flow, low_water_interlock, trip_code, state FROM reading.boiler ORDER BY time")
    assert found == [("2025-03-01 00:00:00+00", 1.5, True, None, 3), ("2025-03-01 00:00:01+00", None, None, 5, None)]


@pytest.mark.usefixtures("small_pieces")
def test_a_database_that_goes_away_for_a_moment_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(10_000))

    def lose_the_connection(connection: Any, group: Any) -> None:
        store_group(connection, group)
        if next(calls) in (1, 2, 5):
            raise DatabaseAway("the connection is lost")

    monkeypatch.setattr(backfill_store, "store_group", lose_the_connection)
    monkeypatch.setattr(backfill_store, "WAITS_SECONDS", (0.01,) * 5)
    assert site.run(site.csv(*lines(1000))) == 0
    assert site.flows() == list(range(1000))


@pytest.mark.usefixtures("small_pieces")
def test_rows_that_the_database_refuses_stop_it_and_are_no_dead_letters(site: Site) -> None:
    file = site.csv(*lines(1000))
    site.ask("ALTER TABLE reading.boiler ADD CONSTRAINT low CHECK (steam_flow < 900)")
    with pytest.raises(RowRefused, match="low"):
        site.run(file)
    assert site.ask("SELECT count(*) FROM ingest.dead_letter") == [(0,)]
    site.ask("ALTER TABLE reading.boiler DROP CONSTRAINT low")
    assert site.run(file) == 0
    assert site.flows() == list(range(1000))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_history_of_a_simulated_fleet_is_taken_as_it_is(form: Literal["parquet", "csv"], site: Site) -> None:
    fleet = Fleet(("blast_furnace", "ship"), machines=4, start=date(2026, 3, 1), days=1, every_seconds=1800, format=form)
    folder = site.folder / "fleet"
    write_history(fleet, missing_chunks(fleet, folder), folder, processes=1, report=lambda _: None)
    for kind in fleet.kinds:
        (file,) = folder.glob(f"{kind}/*.{form}")
        options = ("--gateway", "history", "--kind", kind, "--equipment-column", "equipment")
        assert site.run(file, *options, machine=False) == 0
        assert site.ask(f"SELECT count(*), count(DISTINCT equipment_id), count(state) FROM reading.{kind}") == [(96, 2, 96)]
