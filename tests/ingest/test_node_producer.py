"""The wire document alone is enough: a producer in another language, written from it, is stored to the last value."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SOURCE = Path(__file__).parent / "node_producer"
COUNT, ROWS, BAD = 40, 10, 5


@pytest.fixture(scope="session")
def producer(tmp_path_factory: pytest.TempPathFactory, require_node: Callable[[], dict[str, str]]) -> Path:
    """Path of the producer, with its packages installed beside it."""
    environment = require_node()
    folder = tmp_path_factory.mktemp("node")
    for file in SOURCE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "producer.mjs"


@pytest.fixture
def run(
    producer: Path, require_node: Callable[[], dict[str, str]], site: Any, tmp_path: Path
) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Call it with the time of the first sample for a running producer; always the same spool."""
    running: list[subprocess.Popen[str]] = []

    def start(start_us: int) -> subprocess.Popen[str]:
        spool, broker = tmp_path / "spool", site.broker
        arguments = [broker.host, broker.port, site.name, spool, start_us, COUNT, 1]
        command = ["node", str(producer), *map(str, arguments)]
        running.append(subprocess.Popen(command, env=require_node(), stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_a_producer_in_another_language_is_stored_to_the_last_value(site: Any, run: Callable[[int], Any]) -> None:
    start_us = (time.time_ns() // 1000 - 600_000_000) // 1_000_000 * 1_000_000
    lonely = run(start_us)  # nobody gives receipts yet: it fills its window, sends again, and is killed
    lines = [lonely.stdout.readline().strip() for _ in range(10)]
    lonely.kill()
    assert lines == [f"sent {seq}" for seq in (1, 2, 3, 4, 5, 6, 7, 8, 1, 2)]

    site.running_worker()
    assert run(start_us).wait(timeout=60) == 0

    numbers = np.array([n for n in range(COUNT * ROWS) if n // ROWS != BAD - 1])
    times = [
        datetime.fromtimestamp(start_us / 1e6 + n // 10, UTC).replace(microsecond=n % 10 * 100_000) for n in numbers.tolist()
    ]
    boiler = site.ask("SELECT time, steam_flow, steam_pressure FROM reading.boiler ORDER BY time")
    assert [row[0] for row in boiler] == times
    assert [row[1] for row in boiler] == (numbers + 0.25).tolist()
    assert [row[2] for row in boiler] == [None if n % ROWS == 9 else n / 100 for n in numbers.tolist()]
    mill = site.ask("SELECT time, spindle_speed FROM reading.cnc_machine ORDER BY time")
    assert mill == list(zip(times, numbers.astype(float).tolist(), strict=True))

    bundles = [seq for seq in range(1, COUNT + 1) if seq != BAD]
    assert site.ask("SELECT signal, text FROM reading.event ORDER BY time") == [("program", f"O{seq} 法兰") for seq in bundles]
    ((rate_hz, samples),) = site.ask("SELECT rate_hz, samples FROM reading.waveform")
    assert (rate_hz, np.frombuffer(samples, "<f4").tolist()) == (25_600, [0.0, 0.5, -0.5])
    doubtful = site.ask("SELECT quality, signals, start_time, end_time FROM reading.quality_interval ORDER BY start_time")
    assert doubtful == [
        ({8: 64, 9: 133}[n % ROWS], ["steam_pressure"], at, at)
        for n, at in zip(numbers.tolist(), times, strict=True)
        if n % ROWS >= 8
    ]
    assert site.ask("SELECT seq, reason FROM ingest.dead_letter") == [(BAD, "version")]
