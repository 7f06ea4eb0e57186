"""The floor: power over the forecast's wind speed or irradiance, bin by bin. Whatever a model says must beat it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.power_forecast.frame import Frame
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

BIN_WIDTHS = {"wind_speed": 1.0, "irradiance": 50.0}
"""[m/s] and [W/m²], centred on multiples."""
LEAST_ROWS = 5
"""A bin with fewer says nothing; its neighbours speak for it."""


def learn(frame: Frame) -> dict[str, Any]:
    """Learn the mean power of each bin.

    Raises
    ------
    NotEvaluated
        If fewer than two bins have enough rows.
    """
    driving = frame.driving
    known = ~np.isnan(driving) & ~np.isnan(frame.power_kw)
    number = np.round(driving[known] / BIN_WIDTHS[frame.driver]).astype(np.int64)
    bins, place, count = np.unique(number, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=frame.power_kw[known]) / np.maximum(count, 1)
    whole = count >= LEAST_ROWS
    if whole.sum() < 2:
        raise NotEvaluated(Why.MISSING_INPUT, f"{frame.driver} and power: {int(known.sum())} rows")
    return {"driver": frame.driver, "bins": bins[whole].tolist(), "power_kw": means[whole].tolist()}


def power(curve: Mapping[str, Any], driving: FloatArray) -> FloatArray:
    """Give the power of each forecast; a bin that was never seen has that of the nearest ones, NaN stays NaN."""
    number = np.round(driving / BIN_WIDTHS[str(curve["driver"])])
    found: FloatArray = np.interp(number, np.array(curve["bins"], float), np.array(curve["power_kw"], float))
    return found
