"""Whether something wears, and when it reaches its limit; no number where no wear is seen."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from analytics.diesel_engine.cylinders import middle_of_known
from analytics.window import FloatArray

LEAST_POINTS = 12
LEAST_DAYS = 3.0
SIGNIFICANCE = 0.001
"""Of the rank test; strict, because neighbouring points resemble each other."""
HORIZON = 10.0
"""Not further ahead than so many times the span that was seen: beyond it a straight line is a guess."""
_SIDE = 6
_RENEWED = 0.15
"""A fall by this share, from the middle of six points to that of the next six, is a new part and no healing."""
_NORMAL_90_OVER_97_5 = 1.2816 / 1.96


class Trend(NamedTuple):
    """A straight line through the middle."""

    now: float
    """Where it stands at the last point."""
    slope_a_day: float
    low_a_day: float
    high_a_day: float
    """95 % interval of the slope."""
    days: float
    """Span that was seen."""


class Remaining(NamedTuple):
    """Days until the limit."""

    middle: float
    early: float
    late: float
    """P50, P10 and P90."""


def since_renewal(values: FloatArray, *, rises: bool) -> int:
    """Give the index from which on no part was renewed; NaN are not allowed.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Positive readings in the order of time.
    rises : bool
        Whether wear makes them grow; a renewal is a step the other way.
    """
    if len(values) < 2 * _SIDE:
        return 0
    middles = middle_of_known(np.lib.stride_tricks.sliding_window_view(values, _SIDE), axis=1)
    before, after = middles[:-_SIDE], middles[_SIDE:]
    step = (before - after) / before if rises else (after - before) / before
    renewed = np.flatnonzero(step > _RENEWED)
    if not len(renewed):
        return 0
    # Of the last step's neighbours, which see it too, the one that sees it best.
    last = renewed[-1]
    near = np.arange(max(last - _SIDE, 0), last + 1)
    return int(near[step[near].argmax()] + _SIDE)


def find_trend(days: FloatArray, values: FloatArray) -> Trend | None:
    """Find a trend, or none.

    Parameters
    ----------
    days, values : ndarray, shape (n,)
        Means of stretches in the order of time, without NaN.

    References
    ----------
    P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968); H. B. Mann, "Nonparametric
    tests against trend", Econometrica 13 (1945).
    """
    if len(values) < LEAST_POINTS or np.ptp(days) < LEAST_DAYS or np.ptp(values) == 0:
        return None
    if stats.kendalltau(days, values).pvalue > SIGNIFICANCE:
        return None
    slope, _, low, high = stats.theilslopes(values, days, 0.95)
    if low * high <= 0:
        return None
    now = float(np.median(values - slope * days) + slope * days[-1])
    return Trend(now, float(slope), float(low), float(high), float(np.ptp(days)))


def days_to_limit(trend: Trend, limit: float) -> Remaining | None:
    """Give the days until a limit is reached, none where it is passed already; None where it is beyond the horizon.

    Parameters
    ----------
    trend : Trend
        One that goes the way of wear, so that a limit behind it has been passed.

    References
    ----------
    ISO 13381-1: an estimate with its confidence and the limit it is for. P10 and P90 follow from the slope's interval.
    """
    distance = limit - trend.now
    if distance * trend.slope_a_day <= 0:
        return Remaining(0.0, 0.0, 0.0)
    middle = distance / trend.slope_a_day
    if middle > HORIZON * trend.days:
        return None
    slow, fast = sorted((trend.low_a_day, trend.high_a_day), key=abs)
    slow, fast = (trend.slope_a_day + (of - trend.slope_a_day) * _NORMAL_90_OVER_97_5 for of in (slow, fast))
    return Remaining(middle, distance / fast, distance / slow)
