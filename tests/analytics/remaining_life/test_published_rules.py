"""AI4I 2020: three of its failure modes are exact functions of its columns (UCI 601, Matzka 2020)."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "ai4i2020" / "ai4i2020.csv"
STRAIN_LIMITS = {"L": 11_000.0, "M": 12_000.0, "H": 13_000.0}


@pytest.mark.skipif(not DATA.exists(), reason="the public data set is not there")
def test_heat_power_and_overstrain_failures_follow_from_their_rules_exactly() -> None:
    with DATA.open(newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> "npt.NDArray[np.float64]":
        return np.array([float(row[name]) for row in rows])

    speed, torque = column("Rotational speed [rpm]"), column("Torque [Nm]")
    # Not rounded: 8.6 K between decimals may be a little less between binary numbers, and the labels were made from these.
    warming = column("Process temperature [K]") - column("Air temperature [K]")
    power = torque * speed * 2 * np.pi / 60
    strain_limit = np.array([STRAIN_LIMITS[row["Type"]] for row in rows])
    rules = {
        "HDF": (warming < 8.6) & (speed < 1380),
        "PWF": (power < 3500) | (power > 9000),
        "OSF": column("Tool wear [min]") * torque > strain_limit,
    }
    for (name, told), count in zip(rules.items(), (115, 95, 98), strict=True):
        assert np.count_nonzero(told) == count
        assert (told == (column(name) == 1)).all(), name
    union, failed = np.logical_or.reduce(list(rules.values())), column("Machine failure") == 1
    assert (union & ~failed).sum() == 0
    assert (union & failed).sum() / failed.sum() == pytest.approx(0.847, abs=5e-4)
