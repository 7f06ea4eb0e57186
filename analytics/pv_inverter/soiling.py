"""How much dirt takes, from the plant's own daily performance: stochastic rate and recovery."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import theilslopes

from analytics.pv_inverter.cleaning import CLEANING_RAIN_MM
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

_SIDE_DAYS = 5
_LEAST_DAYS = 7
_FULL_QUANTILE = 0.95
"""Of the daily index: what clean modules give; higher ones are noise."""
_SLOPE_CONFIDENCE = 0.682


class Soiling(NamedTuple):
    """Of a stretch of days."""

    ratio: float
    """Insolation-weighted: 1 is clean."""
    lowest: float
    highest: float
    """95 % interval of the ratio."""
    now: float
    now_lowest: float
    now_highest: float
    """On the last day."""
    rate_per_day: float
    """Mean loss a day while dirt settles, as a share; NaN where no interval shows it."""
    rate_lowest: float
    rate_highest: float
    daily: FloatArray
    """Shape (days,): the median of all draws."""
    cleanings: npt.NDArray[np.int64]
    """Days on which modules were clean again."""


class _Interval(NamedTuple):
    """Days between two cleanings."""

    first: int
    last: int
    start: float
    """Of the fitted line, at ``first``."""
    slope: float
    slope_low: float
    slope_high: float
    is_valid: bool


def stochastic_rate_and_recovery(
    index: FloatArray, insolation: FloatArray, *, rain_mm: FloatArray | None = None, draws: int = 400, seed: int = 1
) -> Soiling:
    """Estimate the soiling ratio of a stretch of days.

    Parameters
    ----------
    index : ndarray, shape (days,)
        Energy over expected energy of each day, in any scale; NaN where it is not known.
    insolation : ndarray, shape (days,)
        Weights; NaN counts as none. [any unit]
    rain_mm : ndarray, shape (days,), optional
        Days with 5 mm and more end an interval too, unless the index did not rise. [mm]
    draws : int
        Of the Monte Carlo; the same seed gives the same figures.

    Raises
    ------
    NotEvaluated
        If fewer than 30 days are known.

    Notes
    -----
    A cleaning is a rise of the level (medians of five days on either side) by more than the upper quartile of all rises and one
    and a half interquartile ranges. Between cleanings the Theil-Sen line tells the rate. Each draw takes a rate out of the line's
    68 % interval, a recovery anywhere between the line's start and clean modules, and a level of clean modules out of its
    scatter. An interval that is shorter than seven days or does not fall is level.
    Noise of the daily index passes for dirt: the ratio comes out low by some 0.7 of the noise's standard deviation.

    References
    ----------
    M. G. Deceglie, L. Micheli, M. Muller, IEEE J. Photovoltaics 8(2), 2018.
    """
    known = ~np.isnan(index)
    if np.count_nonzero(known) < 30:
        raise NotEvaluated(Why.MISSING_INPUT, f"{np.count_nonzero(known)} days with a daily index, 30 are needed")
    level = index / float(np.quantile(index[known], _FULL_QUANTILE))
    cleanings = _cleanings(level, rain_mm)
    edges = [0, *cleanings.tolist(), len(level)]
    intervals = [_fit(level, first, last) for first, last in pairwise(edges)]
    dice = np.random.default_rng(seed)
    scale = _scales(level[known], draws, dice)
    profiles = np.concatenate([_drawn(one, scale, dice, is_first=one.first == 0) for one in intervals], axis=1)
    weights = np.where(np.isnan(insolation), 0.0, insolation)
    if not weights.sum() > 0:
        raise NotEvaluated(Why.MISSING_INPUT, "insolation")
    ratios = profiles @ weights / weights.sum()
    low, middle, high = np.quantile(ratios, [0.025, 0.5, 0.975]).tolist()
    now_low, now, now_high = np.quantile(profiles[:, -1], [0.025, 0.5, 0.975]).tolist()
    return Soiling(middle, low, high, now, now_low, now_high, *_rate(intervals), np.median(profiles, axis=0), cleanings)


def _cleanings(level: FloatArray, rain_mm: FloatArray | None) -> npt.NDArray[np.int64]:
    rise = _rises(level)
    known = rise[~np.isnan(rise)]
    if not len(known):
        return np.zeros(0, np.int64)
    lower, upper = np.quantile(known, [0.25, 0.75])
    with np.errstate(invalid="ignore"):
        wanted: Flags = rise > max(upper + 1.5 * (upper - lower), 0.0)
        if rain_mm is not None:
            # Rain on a day shows the day after at the latest.
            rained = rain_mm >= CLEANING_RAIN_MM
            wanted |= (rained | np.concatenate([[False], rained[:-1]])) & ((rise > 0) | np.isnan(rise))
    height = np.where(wanted, np.nan_to_num(rise), -np.inf)
    found: list[int] = []
    for day in np.argsort(-height, kind="stable").tolist():  # the highest of those close together
        if not wanted[day]:
            break
        if all(abs(day - other) >= _SIDE_DAYS for other in found):
            found.append(day)
    return np.array(sorted(found), np.int64)


def _rises(level: FloatArray) -> FloatArray:
    """Median of the five days from each day on less that of the five before; NaN where fewer than three are known."""
    padded = np.pad(level, _SIDE_DAYS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SIDE_DAYS)
    enough = (~np.isnan(windows)).sum(axis=1) >= 3
    middles = np.full(len(windows), np.nan)
    middles[enough] = np.nanmedian(windows[enough], axis=1)
    rises: FloatArray = middles[_SIDE_DAYS : _SIDE_DAYS + len(level)] - middles[: len(level)]
    return rises


def _scales(level: FloatArray, draws: int, dice: np.random.Generator) -> FloatArray:
    """Draw how far the level of clean modules may be off: the quantile's own scatter, bootstrapped by blocks of a week."""
    blocks = -(-len(level) // _LEAST_DAYS)
    first = dice.integers(0, len(level), (draws, blocks, 1))
    rows = (first + np.arange(_LEAST_DAYS)).reshape(draws, -1)[:, : len(level)] % len(level)
    scales: FloatArray = 1 / np.quantile(level[rows], _FULL_QUANTILE, axis=1)
    return scales


def _fit(level: FloatArray, first: int, last: int) -> _Interval:
    days = np.arange(last - first)
    values = level[first:last]
    known = ~np.isnan(values)
    middle = float(np.median(values[known])) if known.any() else 1.0
    if np.count_nonzero(known) >= _LEAST_DAYS:
        slope, foot, low, high = theilslopes(values[known], days[known], _SLOPE_CONFIDENCE)
        if slope < 0:
            return _Interval(first, last, float(foot), float(slope), float(low), min(float(high), 0.0), is_valid=True)
    return _Interval(first, last, middle, 0.0, 0.0, 0.0, is_valid=False)


def _drawn(interval: _Interval, scale: FloatArray, dice: np.random.Generator, *, is_first: bool) -> FloatArray:
    """Give profiles of an interval, shape (draws, days); ``scale`` of shape (draws,) says what clean modules give."""
    days = np.arange(interval.last - interval.first)
    start, draws = min(interval.start, 1.0), len(scale)
    # The first interval began somewhere in between.
    starts = scale * dice.uniform(start, start if is_first else 1.0, draws)
    slopes = dice.uniform(interval.slope_low, interval.slope_high, draws)
    profiles: FloatArray = np.clip(starts[:, None] + slopes[:, None] * days, 0.0, 1.0)
    return profiles


def _rate(intervals: list[_Interval]) -> tuple[float, float, float]:
    """Mean rate and 95 % interval, weighted by the days of valid intervals."""
    valid = [one for one in intervals if one.is_valid]
    if not valid:
        return np.nan, np.nan, np.nan
    days = np.array([one.last - one.first for one in valid], float)
    share = days / days.sum()
    rate = -float(share @ np.array([one.slope for one in valid]))
    # From one standard deviation on either side to 95 %; intervals are independent.
    half = 0.5 * np.array([one.slope_high - one.slope_low for one in valid])
    spread = 1.96 * float(np.sqrt(np.square(share * half).sum()))
    return rate, max(rate - spread, 0.0), rate + spread
