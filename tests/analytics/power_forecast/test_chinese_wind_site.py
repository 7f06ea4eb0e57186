"""The public wind site ``wind_cn_nwp15min`` (PaddleSpatial, Apache-2.0): the floor of the reference, judged by the grid."""

import csv
import gzip
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.power_forecast import driver_curve
from analytics.power_forecast.assessment import assess
from analytics.power_forecast.frame import Frame
from analytics.power_forecast.grid_rules import rule_set_of

FILE = Path(__file__).parents[3] / ".." / "shared" / "data" / "wind_cn_nwp15min" / "wind.csv.gz"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def site() -> Frame:
    if not FILE.is_file():
        pytest.skip("the data set wind_cn_nwp15min is not on this machine")
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    start = datetime.fromisoformat(rows[0]["date"]).replace(tzinfo=SHANGHAI)
    return Frame(
        start_us=int(start.timestamp()) * 1_000_000,
        power_kw=np.clip([float(row["target"]) for row in rows], 0, None),
        measured=np.array([float(row["ture_w_speed"]) for row in rows]),
        weather={"wind_speed": np.array([float(row["pred_w_speed"]) for row in rows])},
        capacity_kw=100.0,
    )


def test_weather_through_the_binned_curve_has_the_accuracy_of_the_reference(site: Frame) -> None:
    """Reference W.5: mean over days of 1 - RMSE/Cap 0.7915 on the last 20 %; days at the ends are cut differently, hence 0.005.

    The rules of 2011 ask for 75 % a month, those of North China for 85 %: the floor meets the first in every month, the second
    in none.
    """
    split = int(len(site) * 0.8)
    floor = driver_curve.power(driver_curve.learn(site.until(split)), site.driving[split:])
    times, actual = site.times_us[split:], site.power_kw[split:]
    found = assess(rule_set_of("nea_2011", "day_ahead"), times, actual, floor, site.capacity_kw, zone=SHANGHAI)
    accuracy = [one for one in found if one.rule.measure == "accuracy"]
    days = [one.value_percent for one in accuracy if len(one.span) == 10 and one.points >= 90 and one.value_percent is not None]
    assert len(days) == 101
    assert np.mean(days) == pytest.approx(79.15, abs=0.5)
    assert all(one.holds for one in accuracy if len(one.span) == 7)
    north = assess(rule_set_of("north_china_2019", "day_ahead"), times, actual, floor, site.capacity_kw, zone=SHANGHAI)
    assert not any(one.holds for one in north if one.rule.measure == "accuracy" and len(one.span) == 7)
