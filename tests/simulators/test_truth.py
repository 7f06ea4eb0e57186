"""The truth log survives whoever is killed."""

import math
import subprocess
import sys
from pathlib import Path

from simulators.truth import Served, TruthLog, read_truth


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    log = TruthLog(tmp_path / "new" / "truth.jsonl")
    log.write(Served(1_700_000_000_000_001, "锅炉-1", {"steam_flow": 8.12, "program": "O1000.MPF", "power_factor": math.nan}))
    log.close()
    [served] = read_truth(tmp_path / "new" / "truth.jsonl")
    assert served == Served(1_700_000_000_000_001, "锅炉-1", {"steam_flow": 8.12, "program": "O1000.MPF", "power_factor": None})


def test_a_spoiled_line_names_its_fault_and_is_only_given_to_who_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    log = TruthLog(path)
    log.write(Served(1, "a", {"x": 1.5}))
    log.write(Served(2, "a", {"x": 2.5}).spoiled_by("late"))
    log.close()
    assert path.read_text().splitlines()[1] == '{"t": 2, "equipment": "a", "values": {"x": 2.5}, "fault": "late"}'
    assert [served.time_us for served in read_truth(path)] == [1]
    assert [(served.time_us, served.fault) for served in read_truth(path, spoiled=True)] == [(1, None), (2, "late")]


def test_a_log_is_continued_and_never_begun_anew(tmp_path: Path) -> None:
    for number in range(3):
        log = TruthLog(tmp_path / "truth.jsonl")
        log.write(Served(number, "a", {}))
        log.close()
    assert [served.time_us for served in read_truth(tmp_path / "truth.jsonl")] == [0, 1, 2]


def test_a_line_is_safe_when_its_writer_is_killed(tmp_path: Path) -> None:
    program = """
import os, pathlib, signal, sys
from simulators.truth import Served, TruthLog
log = TruthLog(pathlib.Path(sys.argv[1]))
for number in range(100):
    log.write(Served(number, "a", {"x": number / 3}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "truth.jsonl"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False, cwd=Path(__file__).parents[2])
    assert [served.values["x"] for served in read_truth(path)] == [number / 3 for number in range(100)]


def test_a_line_without_its_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text('{"t": 1, "equipment": "a", "values": {}}\n{"t": 2, "equi')
    assert [served.time_us for served in read_truth(path)] == [1]
