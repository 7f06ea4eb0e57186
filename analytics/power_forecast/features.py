"""What is known when a forecast is issued, as a matrix; nothing in a row of it comes from after its issue.

Weather forecasts are known for the target and around it. Power and measured weather are known up to the issue: how far the floor
was off of late tells how far the weather model is off at this plant.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from analytics.power_forecast.driver_curve import power
from analytics.power_forecast.frame import STEP_SECONDS, Frame, Indices
from analytics.window import FloatArray
from telemetry.bundle import MICROSECONDS

ULTRA_SHORT, DAY_AHEAD = "ultra_short", "day_ahead"
HORIZONS = {ULTRA_SHORT: 16, DAY_AHEAD: 96}
"""Steps of 15 minutes: 4 h, and the whole of the next day."""
AROUND = (-16, -8, -4, -2, 2, 4, 8, 16)
"""Steps before and after the target at which the driving field is read, too: a front comes early or late."""
SMOOTHED = (4, 12, 24)
LOOKS_AHEAD = max(*AROUND, *SMOOTHED)
"""Steps after the target whose weather is read: it must come from the issue that counts for the target."""
SPANS = {ULTRA_SHORT: (4, 16, 48, 96, 288), DAY_AHEAD: (96, 288, 672)}
"""Steps up to the issue over which what was off is averaged."""
LAGS = (1, 2, 3, 5, 9, 17)
"""Rows before the issue whose power is read, for the next hours."""


def known_until(frame: Frame, zone: ZoneInfo, *, issue_hour: float) -> Indices:
    """Give for each row of a day how many rows are over when its day-ahead forecast is issued, at an hour of the day before."""
    days, _ = frame.local(zone)
    distinct, place = np.unique(days, return_inverse=True)
    issue = timedelta(hours=issue_hour)
    # Each issue by the clock: days on which clocks change have 92 or 100 quarters.
    at = [datetime(1970, 1, 1, tzinfo=zone) + timedelta(days=day - 1) + issue for day in distinct.tolist()]
    issued_us = np.array([int(one.timestamp()) for one in at], np.int64) * MICROSECONDS
    over = (issued_us - frame.start_us) // (STEP_SECONDS * MICROSECONDS)
    known: Indices = np.clip(over[place], 0, len(frame)).astype(np.intp)
    return known


def matrix(frame: Frame, curve: Mapping[str, Any], rows: Indices, known: Indices, *, horizon: str, zone: ZoneInfo) -> FloatArray:
    """Give the features of targets.

    Parameters
    ----------
    rows : ndarray, shape (k,)
        Of the frame, the targets.
    known : ndarray, shape (k,)
        Of each target, how many rows of power are known at its issue.

    Returns
    -------
    ndarray, shape (k, features)
        NaN where something is not known, which boosting takes as it is.
    """
    driving, floor = frame.driving, power(curve, frame.driving)
    _, hours = frame.local(zone)
    nothing = np.full(len(frame), np.nan)
    direction = np.radians(frame.weather.get("wind_direction", nothing))
    pressure = frame.weather.get("pressure", nothing)
    columns = [
        floor[rows],
        driving[rows],
        hours[rows],
        (rows - known).astype(float),
        *(_at(driving, rows + shift) for shift in AROUND),
        *(_mean(driving, rows - steps, rows + steps + 1) for steps in SMOOTHED),
        *(frame.weather.get(name, nothing)[rows] for name in ("temperature", "pressure", "humidity", "cloud_cover")),
        (driving * np.cos(direction))[rows],
        (driving * np.sin(direction))[rows],
        _at(pressure, rows - 12) - pressure[rows],
    ]
    for column in (frame.power_kw - floor, frame.measured - driving):
        columns += [_mean(column, known - steps, known) for steps in SPANS[horizon]]
    if horizon == ULTRA_SHORT:
        last = known - 1
        columns += [_at(frame.power_kw, known - lag) for lag in LAGS]
        columns += [_at(frame.measured, last), _mean(frame.measured, known - 16, known)]
        columns += [_at(driving, last), _at(floor, last), driving[rows] - _at(driving, last)]
    return np.column_stack(columns)


def _at(column: FloatArray, rows: Indices) -> FloatArray:
    inside = (rows >= 0) & (rows < len(column))
    return np.where(inside, column[np.clip(rows, 0, len(column) - 1)], np.nan)


def _mean(column: FloatArray, first: Indices, end: Indices) -> FloatArray:
    """Give the mean of each stretch ``[first, end)``; NaN where less than half of it is known."""
    there = ~np.isnan(column)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, column, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    low, high = (np.clip(place, 0, len(column)) for place in (first, end))
    known = count[high] - count[low]
    found: FloatArray = np.divide(
        total[high] - total[low], known, out=np.full(len(known), np.nan), where=2 * known >= np.maximum(end - first, 1)
    )
    return found
