"""Forecasts of a Chinese wind site on data that nothing was chosen on, with the floors beside them.

    python -m benchmarks.analytics_forecast

``wind_cn_nwp15min``: 48,673 quarters of an hour, capacity 100; the last 20 % (from 2021-02-09 14:30) are the test. Day ahead is
issued at 09:00 of the day before, the next 4 hours every quarter; at either only earlier power and wind are known. The model is
trained once, on the first 80 %; settings were chosen on the last quarter of these.
"""

import csv
import gzip
import sys
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from analytics.power_forecast import forecaster, intervals, scores
from analytics.power_forecast.features import known_until
from analytics.power_forecast.frame import STEPS_A_DAY, Frame
from analytics.window import FloatArray
from benchmarks.bars import SHORT, Bar
from telemetry.bundle import MICROSECONDS

FILE = Path(__file__).parents[1] / ".." / "shared" / "data" / "wind_cn_nwp15min" / "wind.csv.gz"
ZONE = ZoneInfo("Asia/Shanghai")
TRAIN_SHARE = 0.8
CAPACITY = 100.0
_FIELDS = {"pred_w_dir": "wind_direction", "pred_temp": "temperature", "pred_pressure": "pressure", "pred_humidity": "humidity"}
_DELAY_DAYS = 2
"""When a day ahead is issued, the day before it is not over: the correction knows what came two days before."""


def read() -> Frame:
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    start = datetime.fromisoformat(rows[0]["date"]).replace(tzinfo=ZONE)
    column = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name != "date"}
    return Frame(
        start_us=int(start.timestamp()) * MICROSECONDS,
        power_kw=np.clip(column["target"], 0, None),
        measured=column["ture_w_speed"],
        weather={"wind_speed": column["pred_w_speed"], **{name: column[field] for field, name in _FIELDS.items()}},
        capacity_kw=CAPACITY,
    )


def judge() -> dict[str, Any]:
    """Train on the first part, forecast the rest."""
    frame = read()
    split = int(len(frame) * TRAIN_SHARE)
    rows = np.arange(split, len(frame))
    actual = frame.power_kw[rows]
    days, _ = frame.local(ZONE)
    begun = time.monotonic()
    found: dict[str, Any] = {}
    model = forecaster.train(frame.until(split), horizon="day_ahead", zone=ZONE)
    known = known_until(frame, ZONE, issue_hour=forecaster.ISSUE_HOUR)[rows]
    ahead = forecaster.predict(model, frame, rows, known, zone=ZONE)
    yesterday = frame.power_kw[rows - STEPS_A_DAY]
    mean = np.full(len(rows), frame.power_kw[:split].mean())
    found["day_ahead"] = _daily(actual, ahead.mean_kw, days[rows])
    found["day_ahead_floors"] = {
        "weather through the curve": _daily(actual, ahead.floor_kw, days[rows]),
        "mean": _daily(actual, mean, days[rows]),
        "24 h persistence": _daily(actual, yesterday, days[rows]),
        "boosting of the reference": 0.7807,
    }
    found["day_ahead_quantiles"] = _quantiles(model["intervals"][0], ahead.mean_kw, actual)
    model = forecaster.train(frame.until(split), horizon="ultra_short", zone=ZONE)
    found["leads"] = {}
    for lead in (1, 4, 16):
        short = forecaster.predict(model, frame, rows, rows - lead + 1, zone=ZONE)
        found["leads"][lead] = {
            "accuracy": 1 - scores.normalised_rmse(actual, short.mean_kw, CAPACITY),
            "persistence": 1 - scores.normalised_rmse(actual, frame.power_kw[rows - lead], CAPACITY),
            "quantiles": _quantiles(model["intervals"][lead - 1], short.mean_kw, actual),
        }
    found["seconds"] = time.monotonic() - begun
    return found


def _daily(actual: FloatArray, forecast: FloatArray, days: Any) -> float:
    """Mean over days of 1 - RMSE / capacity; a day at either end that is not whole counts where it has 90 quarters."""
    whole = [day for day in np.unique(days) if (days == day).sum() >= 90]
    return float(np.mean([1 - scores.normalised_rmse(actual[days == day], forecast[days == day], CAPACITY) for day in whole]))


def _quantiles(model: dict[str, Any], mean: FloatArray, actual: FloatArray) -> dict[str, Any]:
    """Issue day by day with the running correction, and tell how far coverage is off."""
    ends = np.arange(0, len(mean) + 1, STEPS_A_DAY)
    asked = intervals.running_probabilities(model, mean, actual, ends, highest=CAPACITY)
    blocks = [
        intervals.quantiles(model, mean[first:end], highest=CAPACITY, probabilities=asked[max(number - _DELAY_DAYS + 1, 0)])
        for number, (first, end) in enumerate(pairwise(ends))
    ]
    issued = np.concatenate(blocks, axis=1)
    came = actual[: issued.shape[1]]
    off = intervals.coverage_error(came, issued)
    # The strict view: where a quantile is zero or the capacity, any power at that end meets it; only the others are counted here.
    inside = (issued > 0) & (issued < CAPACITY)
    strict = [
        100 * abs(float((came[of] < row[of]).mean()) - level)
        for level, row, of in zip(intervals.LEVELS, issued, inside, strict=True)
        if of.any()
    ]
    return {
        "worst_points": 100 * float(np.abs(off).max()),
        "worst_points_inside": max(strict),
        "off_points": dict(zip(intervals.LEVELS, (100 * off).round(2).tolist(), strict=True)),
        "pinball": scores.pinball(came, issued, np.array(intervals.LEVELS)),
        "width_90": scores.mean_width(issued[0], issued[-1], CAPACITY),
    }


def bar(_folder: Path) -> Bar:
    if not FILE.exists():
        return Bar("wind_forecast", SHORT, "not measured: the data set wind_cn_nwp15min is not on this machine", {})
    found = judge()
    four = found["leads"][16]
    floors = ", ".join(f"{name} {value:.4f}" for name, value in found["day_ahead_floors"].items())
    of_all = [found["day_ahead_quantiles"], *(lead["quantiles"] for lead in found["leads"].values())]
    worst, inside = (max(one[name] for one in of_all) for name in ("worst_points", "worst_points_inside"))
    line = (
        f"day ahead {found['day_ahead']:.4f} (bar 0.7915; floors: {floors}); 4 h ahead {four['accuracy']:.4f} (bar 0.807;"
        f" persistence {four['persistence']:.4f}, boosting of the reference 0.8062); coverage of quantiles at worst {worst:.1f}"
        f" points off (bar 2), {inside:.1f} where only quantiles strictly between zero and the capacity count"
    )
    return Bar("wind_forecast", found["day_ahead"] > 0.7915 and four["accuracy"] > 0.807 and worst <= 2, line, found)


if __name__ == "__main__":
    print(__doc__)
    result = bar(Path())
    print(result.name, "holds" if result.holds else "falls short", result.line)
    for name, value in result.details.items():
        print(name, value)
    sys.exit(0 if result.holds else 1)
