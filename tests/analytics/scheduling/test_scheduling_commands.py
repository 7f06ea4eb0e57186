"""``shangyun schedule``: tables in, tables out, mistakes by line, and Ctrl-C keeps the best so far."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shangyun.cli import main

ORDERS = """job,operation,machines,family,pause,due,priority
A,rough,M1:120 M2:150,steel,yes,2026-03-02T16:00+00:00,3
A,finish,M2:45,brass,,,
B,mill,M1:200,,yes,,
"""
MACHINES = """
setup_minutes = 15

[[machine]]
name = "M1"
shifts = "1-5 08:00-12:00 13:00-17:00"

[[machine]]
name = "M2"
family = "steel"
closed = [["2026-03-02T08:00:00", "2026-03-02T08:30:00"]]

[[setup]]
before = "steel"
after = "brass"
minutes = 40
"""
FROM = ["--from", "2026-03-02T08:00+00:00", "--seconds", "2"]


def rows(file: Path) -> dict[tuple[str, str], dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return {(row["job"], row["operation"]): row for row in csv.DictReader(stream)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "machines.toml").write_text(MACHINES, encoding="utf-8")
    return tmp_path


def test_orders_are_planned_and_planned_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders, machines, out = (str(folder / name) for name in ("orders.csv", "machines.toml", "plan.csv"))
    assert main(["schedule", "plan", orders, "--machines", machines, "--out", out, *FROM]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()[:3]] == ["floor", "cost", "bound"]
    plan = rows(folder / "plan.csv")
    assert plan["B", "mill"]["start"] == "2026-03-02T08:00+00:00"
    assert plan["B", "mill"]["end"] == "2026-03-02T11:20+00:00"
    # M2 is closed for half an hour, and set up for steel; brass takes 40 minutes more.
    assert (plan["A", "rough"]["machine"], plan["A", "rough"]["start"][11:16]) == ("M2", "08:30")
    assert (plan["A", "finish"]["start"][11:16], plan["A", "finish"]["late_minutes"]) == ("11:40", "0")
    anew = ["schedule", "replan", out, orders, "--machines", machines, "--now", "2026-03-02T09:00+00:00", "--seconds", "2"]
    again = folder / "again.csv"
    assert main([*anew, "--down", "M1=2026-03-03T09:00+00:00", "--out", str(again)]) == 0
    assert "2 operations stand" in capsys.readouterr().out
    # An hour of 200 minutes was done; the rest goes on in Tuesday's shift.
    assert rows(again)["B", "mill"]["end"] == "2026-03-03T11:20+00:00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("M1:200", "M7:200"), r"orders.csv:4: machines: no machine is called 'M7'"),
        (("B,mill,M1:200,,yes", "B,mill,M1:241,,no"), r"orders.csv:4: pause: is longer than any shift"),
        (("08:00-12:00 ", "08:00-27:00 "), r"M1: .* are no shifts"),
        (("[[setup]]", "[[set_up]]"), r"machines.toml:\d+: set_up: is not a known key; did you mean 'setup'"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_place(
    folder: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], said: str
) -> None:
    for file in folder.iterdir():
        file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    assert main(["schedule", "plan", str(folder / "orders.csv"), "--machines", str(folder / "machines.toml"), *FROM]) == 2
    error = capsys.readouterr().err
    assert re.search(said, error), error


def test_other_wrong_use_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders = str(folder / "orders.csv")
    (folder / "plan.csv").write_text("job,operation,machine,start,end\nA,rough,M1,2026-03-02T08:00,soon\n", encoding="utf-8")
    for more, said in (
        (["plan", orders, "--seconds", "nan"], "--seconds nan"),
        (["plan", orders, "--from", "soon"], "--from: 'soon' is not a time"),
        (["plan", str(folder / "none.csv")], "cannot be read"),
        (["plan", orders, "--makespan", "0", "--tardiness", "0"], "must be positive"),
        (["replan", str(folder / "plan.csv"), orders], "plan.csv:2: end: 'soon' is not a time"),
    ):
        assert main(["schedule", *more]) == 2
        assert said in capsys.readouterr().err
    (folder / "plan.csv").write_text("job,operation,machine,start,end\nA,rough,M1,2026-03-02T08:00,2026-03-02T09:00\n")
    assert main(["schedule", "replan", str(folder / "plan.csv"), orders]) == 2
    assert "A/finish: is not in the plan" in capsys.readouterr().err


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path) -> None:
    lines = ["job,operation,machines,family,due"]
    for number in range(25):
        for step in range(5):
            minutes = " ".join(f"M{(number + step + k) % 6}:{10 + number * 7 % 31 + 3 * k}" for k in range(2))
            lines.append(f"J{number},{step},{minutes},f{(number * step) % 4},2026-03-02T12:00+00:00")
    (tmp_path / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "shangyun",
        "schedule",
        "plan",
        "orders.csv",
        "--seconds",
        "100",
        "--from",
        FROM[1],
        "--out",
        "plan.csv",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    begun = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Children of a background job would ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # told after five seconds
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, time.monotonic() - begun < 60) == (0, True)
    assert "plan.csv: written" in said
    assert len(rows(tmp_path / "plan.csv")) == 125
