"""How fast something wears towards its limit, by a line that outliers do not bend; no number where nothing wears."""

from typing import NamedTuple

import numpy as np
from scipy.stats import kendalltau, theilslopes

from analytics.window import FloatArray

_LEAST_DAYS = 6
_SIGNIFICANCE = 0.01
RENEWED_SHARE = 0.2
"""A part's value that falls by this share of itself from one day to the next was serviced."""


class Trend(NamedTuple):
    """A rise, or none."""

    level: float
    """On the last day, on the line."""
    slope_per_day: float
    lowest_slope_per_day: float
    highest_slope_per_day: float
    """95 % interval of Theil's estimator."""
    is_rising: bool
    """Kendall's test at 1 %, one-sided, and the whole interval above zero."""

    def days_to(self, limit: float) -> tuple[float, float, float] | None:
        """Give the days to a limit, shortest, likely, longest; None where nothing rises, 0 where it is passed."""
        if not self.is_rising:
            return None
        left = max(limit - self.level, 0.0)
        return left / self.highest_slope_per_day, left / self.slope_per_day, left / self.lowest_slope_per_day


def daily_medians(values: FloatArray, steps_per_day: int, *, least_share: float = 0.02) -> FloatArray:
    """Give the median of each day that has at least a share of its values; NaN of others. Days count from the last step back."""
    days = len(values) // steps_per_day
    blocks = values[len(values) - days * steps_per_day :].reshape(days, steps_per_day)
    enough = np.count_nonzero(~np.isnan(blocks), axis=1) >= max(least_share * steps_per_day, 1)
    return np.array([np.median(block[~np.isnan(block)]) if fine else np.nan for block, fine in zip(blocks, enough, strict=True)])


def trend(daily: FloatArray, *, renewed_share: float = RENEWED_SHARE) -> Trend | None:
    """Fit the days since the last service; None of fewer than six known days.

    References
    ----------
    Theil (1950), Sen (1968): median of the slopes of all pairs; Kendall (1938): test of the order.
    """
    days = np.arange(len(daily), dtype=float)
    known = ~np.isnan(daily)
    days, values = days[known], daily[known]
    if len(values) > 1:
        renewed = np.flatnonzero(np.diff(values) < -renewed_share * np.abs(values[:-1]))
        first = int(renewed[-1]) + 1 if len(renewed) else 0
        days, values = days[first:], values[first:]
    if len(values) < _LEAST_DAYS or np.ptp(values) == 0:
        return None
    slope, intercept, low, high = (float(value) for value in theilslopes(values, days))
    chance = float(kendalltau(days, values, alternative="greater").pvalue)
    return Trend(intercept + slope * (len(daily) - 1), slope, low, high, low > 0 and chance < _SIGNIFICANCE)
