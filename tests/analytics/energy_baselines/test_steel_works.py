"""A year of a steel works in quarters of an hour (UCI #851, CC BY 4.0): its meters, and a baseline by hour and weekend."""

import csv
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from analytics.energy_baselines.regression import Regression
from analytics.energy_baselines.savings import avoided_energy
from analytics.window import FloatArray

FILE = Path(__file__).parents[3] / ".." / "shared" / "data" / "steel_energy" / "Steel_industry_data.csv"


class Works(NamedTuple):
    """Columns, shape (35040,)."""

    kwh: FloatArray
    kvarh: FloatArray
    power_factor_percent: FloatArray
    hour: FloatArray
    """0 to 23 on weekdays, 24 to 47 on Saturdays, 48 to 71 on Sundays."""


@pytest.fixture(scope="module")
def works() -> Works:
    if not FILE.exists():
        pytest.skip("the data sets are not here")
    with FILE.open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))[1:]
    at = [datetime.strptime(row[0], "%d/%m/%Y %H:%M") for row in rows]  # noqa: DTZ007 - local time of the works
    # A quarter is stamped with its end; midnight's stands under the day that it ends.
    hours = [max(one.weekday() - 4, 0) * 24 + (int(row[7]) - 900) % 86_400 // 3600 for one, row in zip(at, rows, strict=True)]
    kwh, kvarh, percent = (np.array([row[n] for row in rows], float) for n in (1, 2, 5))
    return Works(kwh, kvarh, percent, np.array(hours, float))


def test_the_power_factor_is_active_over_apparent_energy(works: Works) -> None:
    """Reference: within 0.005 points on 35,039 of 35,040 rows; the other is all zero."""
    apparent = np.hypot(works.kwh, works.kvarh)
    known = apparent > 0
    assert known.sum() == 35_039
    assert np.abs(100 * works.kwh[known] / apparent[known] - works.power_factor_percent[known]).max() <= 0.0051


def test_a_baseline_by_the_hour_and_the_weekend_scatters_far_less_than_the_mean(
    works: Works, capsys: pytest.CaptureFixture[str]
) -> None:
    """Learned on the first 80 % of the year's hours, held against the last 20 %: at least a quarter less."""
    hourly = works.kwh.reshape(-1, 4).sum(axis=1)
    hour = works.hour.reshape(-1, 4)[:, 0]
    drivers = {f"hour_{n}": (hour == n).astype(float) for n in range(1, 72)}
    cut = int(0.8 * len(hourly))
    baseline = Regression.fit({name: column[:cut] for name, column in drivers.items()}, hourly[:cut])
    later = {name: column[cut:] for name, column in drivers.items()}
    test = hourly[cut:]
    error = float(np.sqrt(np.square(test - baseline.expected(later)).mean()))
    floor = float(np.sqrt(np.square(test - hourly[:cut].mean()).mean()))
    found = avoided_energy(baseline, later, test)
    scatter, of_mean = 100 * error / test.mean(), 100 * floor / test.mean()
    width = 100 * found.uncertainty_kwh / found.adjusted_kwh
    lines = (
        f"steel works, last 20 %: CV(RMSE) {scatter:.1f} % against {of_mean:.1f} % of the mean",
        f"R² {baseline.r_squared:.3f}, r {baseline.autocorrelation:.2f}, saved {100 * found.saved_share:.1f} % ± {width:.1f} %",
    )
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201 - the protocol
    assert error < 0.75 * floor
    assert 0.5 < baseline.autocorrelation < 0.95
