"""The gateway's benches hand it settings that it takes, and their meters read what is there."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gateway_rig import Devices, Gateway, fit_slope, resident_mb
from benchmarks.ingest_rig import ROOT
from shangyun.local_servers import Broker

SECONDS = [float(second) for second in range(300)]


def test_memory_that_grows_by_a_megabyte_a_minute_grows_by_60_an_hour() -> None:
    slope = fit_slope(SECONDS, [100 + second / 60 for second in SECONDS])
    assert slope.mb_per_hour == pytest.approx(60)
    assert slope.error == pytest.approx(0, abs=1e-6)
    assert not slope.is_flat


def test_memory_that_only_trembles_is_flat() -> None:
    noise = np.random.default_rng(3).normal(scale=0.5, size=len(SECONDS))
    assert fit_slope(SECONDS, list(100 + noise)).is_flat


def test_too_few_samples_make_no_slope() -> None:
    with pytest.raises(ValueError, match="no slope"):
        fit_slope(SECONDS[:9], SECONDS[:9])


def test_a_process_has_memory_and_one_that_is_not_there_has_none() -> None:
    assert 5 < resident_mb(os.getpid()) < 10_000
    assert resident_mb(2**22 + 1) == 0


@pytest.mark.broker
def test_the_shipped_command_takes_the_settings_of_a_site(tmp_path: Path, broker: Broker) -> None:
    gateway = Gateway(tmp_path, Devices(tmp_path, 3), broker, more="[publish]\nwindow = 1\n")
    command = [sys.executable, "-m", "shangyun", "gateway", "check", str(gateway.folder / "gateway.toml")]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "3 equipment, 90 points, 3 requests per second" in told
