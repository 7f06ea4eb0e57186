"""The history of a fleet on disk: what it holds, that it goes on after a break, and that it can be told from another."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from pyarrow import csv, parquet

from device_profiles.kind import load_kind
from simulators.fleet import machine_kinds
from simulators.history import Chunk, Done, Fleet, chunks_of, missing_chunks, write_history
from simulators.truth import read_wrongs
from telemetry.errors import ConfigError

KINDS = ("blast_furnace", "ship")
FLEET = Fleet(kinds=KINDS, machines=5, start=date(2026, 6, 22), days=2, every_seconds=1800, seed=3, faulty_share=1.0)


def write(fleet: Fleet, folder: Path) -> Done:
    reports: list[Done] = []
    done = write_history(fleet, missing_chunks(fleet, folder), folder, processes=2, report=reports.append)
    assert sum(report.rows for report in reports) == done.rows
    return done


def test_machines_are_spread_over_kinds_and_chunks() -> None:
    chunks = list(chunks_of(Fleet(kinds=("a", "b", "c"), machines=320, start=date(2026, 1, 1), days=1)))
    assert [(chunk.kind, chunk.first, chunk.machines) for chunk in chunks] == [
        ("a", 1, 100), ("a", 101, 7), ("b", 1, 100), ("b", 101, 7), ("c", 1, 100), ("c", 101, 6),
    ]  # fmt: skip
    assert chunks[1].names == [f"a-{number:04d}" for number in range(101, 108)]


def test_a_history_holds_every_machine_row_by_row_and_what_was_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    done = write(FLEET, folder)
    assert done.rows == FLEET.rows == 5 * 2 * 48
    table = parquet.read_table(folder / "blast_furnace" / "blast_furnace-0001-2026-06-22.parquet")
    assert table.column_names == ["time", "equipment", *load_kind("blast_furnace").numeric_signals]
    assert table.num_rows == 3 * 48
    assert pc.unique(table["equipment"]).to_pylist() == ["blast-furnace-0001", "blast-furnace-0002", "blast-furnace-0003"]
    first = table.slice(0, 48)["time"].cast("int64").to_numpy()
    assert first[0] == int(np.datetime64("2026-06-21T16:00", "us").astype(int))  # midnight in Jinan
    assert set(np.diff(first)) == {1_800_000_000}
    wrongs = list(read_wrongs(folder / "blast_furnace" / "blast_furnace-0001-wrong.jsonl"))
    assert {wrong.equipment for wrong in wrongs} == {"blast-furnace-0001", "blast-furnace-0002", "blast-furnace-0003"}


def test_the_same_fleet_is_the_same_in_csv(tmp_path: Path) -> None:
    write(FLEET, tmp_path / "parquet")
    write(FLEET._replace(format="csv"), tmp_path / "csv")
    name = "ship/ship-0001-2026-06-23"
    one, other = parquet.read_table(tmp_path / "parquet" / f"{name}.parquet"), csv.read_csv(tmp_path / "csv" / f"{name}.csv")
    assert one["equipment"].cast("string").to_pylist() == other["equipment"].to_pylist()
    for column in ("shaft_power", "state"):
        assert other[column].to_numpy() == pytest.approx(one[column].to_numpy(), rel=1e-5)


def test_a_broken_run_goes_on_and_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write(FLEET, whole)
    shutil.copytree(whole, broken)
    (broken / "blast_furnace" / "blast_furnace-0001-wrong.jsonl").unlink()
    (broken / "blast_furnace" / "blast_furnace-0001-2026-06-23.parquet").unlink()
    assert missing_chunks(FLEET, broken) == [Chunk("blast_furnace", 1, 3)]
    assert write(FLEET, broken).rows == 3 * 2 * 48
    for path in sorted(whole.rglob("*.parquet")):
        assert parquet.read_table(broken / path.relative_to(whole)).equals(parquet.read_table(path)), path
    assert missing_chunks(FLEET, broken) == []


def test_a_folder_of_another_fleet_or_of_anything_else_is_refused(tmp_path: Path) -> None:
    missing_chunks(FLEET, tmp_path / "fleet")
    with pytest.raises(ConfigError, match="holds another fleet"):
        missing_chunks(FLEET._replace(seed=4), tmp_path / "fleet")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").touch()
    with pytest.raises(ConfigError, match="is not empty and holds no fleet"):
        missing_chunks(FLEET, tmp_path / "letters")


def sim(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "shangyun", "sim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_the_command_writes_every_kind_and_tells_its_rate(tmp_path: Path) -> None:
    kinds = len(machine_kinds())
    options = ["--fleet", str(kinds), "--days", "1", "--every", "1800", "--start", "2026-03-01", "--out", str(tmp_path / "f")]
    done = sim(*options)
    assert done.returncode == 0, done.stderr
    assert f"{kinds * 48:,} rows of {kinds} machines" in done.stdout
    assert "rows/s" in done.stdout
    assert sorted(path.name for path in (tmp_path / "f").iterdir() if path.is_dir()) == sorted(machine_kinds())
    again = sim(*options)
    assert f"{kinds * 48:,} rows are there already" in again.stdout


def test_the_command_tells_all_its_mistakes_at_once() -> None:
    done = sim("--fleet", "1", "--days", "0", "--every", "7", "--faulty", "2", "--kinds", "kettle,boiler", "--processes", "0")
    assert done.returncode == 2
    for option in ("--out", "--fleet", "--days", "--every", "--faulty", "--kinds", "--processes"):
        assert f"{option}:" in done.stderr


def test_the_command_lists_the_faults_of_a_kind() -> None:
    done = sim("--faults", "boiler")
    assert done.returncode == 0, done.stderr
    assert "gas_side_fouling" in done.stdout
    assert sim("--faults", "kettle").returncode == 2


@pytest.mark.parametrize("victim", ["worker", "command"])
def test_a_kill_is_told_leaves_no_process_and_the_same_command_goes_on(victim: str, tmp_path: Path) -> None:
    options = ["--fleet", "2", "--days", "400", "--kinds", "ship,blast_furnace", "--every", "3600", "--out", str(tmp_path / "f")]
    command = [sys.executable, "-m", "shangyun", "sim", *options]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root) as process:
        workers = wait_until(lambda: list((tmp_path / "f").rglob("*.parquet")) and workers_of(process.pid))
        os.kill(workers[-1] if victim == "worker" else process.pid, signal.SIGKILL)
        _, told = process.communicate(timeout=20)
    if victim == "worker":
        assert process.returncode == 1
        assert "a process ended with status -9; the same command goes on" in told
        assert "Traceback" not in told
    wait_until(lambda: not any(Path(f"/proc/{pid}/status").exists() for pid in workers))
    assert not list((tmp_path / "f").rglob("*-wrong.jsonl")), "no chunk passes for done"


def workers_of(parent: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(parent), "-f", "spawn_main"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listed.stdout.split()]


def wait_until(condition: Any) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found
