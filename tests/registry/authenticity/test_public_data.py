"""Measured public data pass; a stretch of them that is shown again does not. Rows are taken as if they had come by the minute."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from analytics.general.at_work import measured_signals
from analytics.window import FloatArray, Window
from registry.authenticity import digits, replay, smooth, standstill
from registry.authenticity.suspicion import Method

FOLDER = Path(__file__).parents[4] / "shared" / "data"
TURBINE = ("AT", "AP", "AH", "AFDP", "GTEP", "TIT", "TAT", "TEY", "CDP", "CO", "NOX")
STEEL = (
    "Usage_kWh",
    "Lagging_Current_Reactive.Power_kVarh",
    "Leading_Current_Reactive_Power_kVarh",
    "Lagging_Current_Power_Factor",
    "Leading_Current_Power_Factor",
)
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="needs ../shared/data")


def columns(path: str, names: tuple[str, ...] = ()) -> dict[str, FloatArray]:
    """Read columns of numbers; all that a file has where none is named."""
    file = FOLDER / path
    if not file.exists():
        pytest.skip(f"needs ../shared/data/{path}")
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    found = {name: np.array([_number(row[name]) for row in rows]) for name in names or rows[0]}
    return {name: column for name, column in found.items() if np.isfinite(column).mean() > 0.5}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def window(of: dict[str, FloatArray]) -> Window:
    """Show foreign signals under the names of a kind: the detectors that look at numbers alone do not care."""
    names = measured_signals("pv_inverter")
    return Window(kind="pv_inverter", start_us=0, step_seconds=60.0, values=dict(zip(names, of.values(), strict=False)))


def suspected(shown: Window) -> list[Method]:
    detectors = (standstill.detect, smooth.detect, digits.detect, replay.detect)
    return [found.method for detect in detectors for found in detect(shown)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        *((f"gas_turbine_emissions/gt_{year}.csv", TURBINE) for year in range(2011, 2016)),
        ("steel_energy/Steel_industry_data.csv", STEEL),
        ("pv_pvanalytics/nrel_RSF_II.csv", ()),
        ("pv_pvanalytics/serf_west_15min.csv", ()),
        ("pv_pvanalytics/rmis_weather_data.csv", ()),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_measured_data_are_not_suspected(path: str, names: tuple[str, ...]) -> None:
    of = columns(path, names)
    assert len(of) >= 4
    for first in range(0, len(next(iter(of.values()))), 10_080):
        assert suspected(window({name: column[first : first + 10_080] for name, column in of.items()})) == []


def test_measured_wind_and_power_have_noise_and_a_weather_model_has_none() -> None:
    of = columns("wind_cn_nwp15min/wind.csv.gz", ("ture_w_speed", "target", "pred_temp"))
    turns = dict(zip(of, smooth.turning_share(np.array(list(of.values()))), strict=True))
    assert min(turns["ture_w_speed"], turns["target"]) > 0.2
    assert turns["pred_temp"] < 0.1
    for name in ("ture_w_speed", "target"):
        judged = digits.digits_of(of[name][np.isfinite(of[name])])
        assert judged is not None
        assert judged.excess < 0.1


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_measured_data_that_are_shown_again_are_suspected(noise: float) -> None:
    of = columns("gas_turbine_emissions/gt_2013.csv", TURBINE)
    dice = np.random.default_rng(4)
    for column in of.values():
        piece = column[500:2500]
        column[3500:5500] = piece + noise * np.abs(np.diff(piece, 2)).mean() / 2 * dice.standard_normal(2000)
    assert Method.REPLAYED_ITSELF in suspected(window(of))
