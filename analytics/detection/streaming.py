"""How surprising each value of one signal is in the light of those before it; one setting for all signals."""

import numpy as np
from scipy.ndimage import maximum_filter1d

from analytics.detection.subsequences import left_profile
from analytics.window import FloatArray

LENGTHS = (10, 20, 40)
"""Of the subsequences, in rows."""
MEMORY_ROWS = 1_000
"""A distance in the past counts e times less after so many rows: what was surprising once may be so again."""
QUIET_SHARE = 2 / 3
"""Only what surprises more than all within so many learning periods before it is told."""
_FLOOR = 0.02
"""Distances below this share of the usual one are all the same."""
_EXTREME_WEIGHT = 6.0
"""Of the root of the share of the range by which a value leaves the range of all before it."""
_LOWEST, _RANGE = -9.0, 20.0
"""What a score of 0 and one of 1 mean, on the scale of logarithms."""


def surprise(values: FloatArray, *, learning_rows: int) -> FloatArray:
    """Score each value by how new the subsequences are that end with it, and by how far it lies outside all that was seen.

    Parameters
    ----------
    values : ndarray, shape (n,)
        On an even grid; a gap repeats the value before it.
    learning_rows : int
        How many rows at the start show the usual; none of them is scored.

    Returns
    -------
    ndarray, shape (n,)
        0 to 1, and 0 wherever something within the last while was as surprising: an anomaly is told once. The score of a row
        depends on no later row.

    Raises
    ------
    ValueError
        If there are too few rows to learn from.

    Notes
    -----
    Of each length the distance to the nearest earlier subsequence is held against the largest such distance of the past, which is
    forgotten slowly; the logarithms of these ratios are averaged over the lengths.

    Thirty settings near this one (subsets of lengths 5, 10, 20, 40; memories of 700, 1,000 and 1,300 rows; weights of 6 and 10)
    score 58 to 64 on the 18 series of ``benchmarks/analytics_nab.py``, and 57 to 61 on the 58 of the full corpus.
    """
    if learning_rows < 2 * max(LENGTHS):
        raise ValueError(f"{learning_rows} rows to learn from are too few, {2 * max(LENGTHS)} are needed")
    known = _filled(values)
    begin = learning_rows // 2
    novelty = np.mean([_against_past(of, begin) for of in left_profile(known, LENGTHS)], axis=0)
    level = novelty + _EXTREME_WEIGHT * np.sqrt(_beyond_range(known))
    level[:begin] = _LOWEST
    before = _highest_before(level, max(5, round(QUIET_SHARE * learning_rows)))
    score: FloatArray = np.where(level > before, np.clip((level - _LOWEST) / _RANGE, 0.0, 1.0), 0.0)
    score[:learning_rows] = 0.0
    return score


def _against_past(distances: FloatArray, begin: int) -> FloatArray:
    """Give the logarithm of each distance over the largest of the past."""
    known = np.where(np.isfinite(distances), distances, 0.0)
    moved = known[:begin][known[:begin] > 0]
    floor = _FLOOR * float(np.median(moved)) if len(moved) else np.finfo(float).tiny
    # The maximum of exponentially forgotten values, as one running maximum on the scale of logarithms.
    age = np.arange(len(known)) / MEMORY_ROWS
    logs = np.log(known + floor)
    ratio: FloatArray = logs[1:] - np.logaddexp((np.maximum.accumulate(logs + age) - age)[:-1] - 1 / MEMORY_ROWS, np.log(floor))
    return np.append(_LOWEST, np.where(known[1:] > 0, np.maximum(ratio, _LOWEST), _LOWEST))


def _beyond_range(values: FloatArray) -> FloatArray:
    """Give by how much each value lies outside the range of all before it, as a share of that range."""
    low, high = np.minimum.accumulate(values)[:-1], np.maximum.accumulate(values)[:-1]
    outside = np.maximum(np.maximum(values[1:] - high, low - values[1:]), 0.0)
    share = np.divide(outside, high - low, out=np.where(outside > 0, 1.0, 0.0), where=high > low)
    return np.append(0.0, share)


def _highest_before(level: FloatArray, rows: int) -> FloatArray:
    """Give the highest of the ``rows`` rows before each; the lowest possible where there is none."""
    highest: FloatArray = maximum_filter1d(level, rows, origin=(rows - 1) // 2, mode="constant", cval=_LOWEST)
    return np.append(_LOWEST, highest[:-1])


def _filled(values: FloatArray) -> FloatArray:
    """Repeat the last known value over gaps; the first one before it."""
    good = ~np.isnan(values)
    if not good.any():
        raise ValueError("there is no value")
    last = np.maximum.accumulate(np.where(good, np.arange(len(values)), -1))
    filled: FloatArray = values[np.where(last < 0, good.argmax(), last)]
    return filled
