"""How fast a plant ages: each day against the same day of the year before."""

from typing import Literal, NamedTuple

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

YEAR_DAYS = 365
Convention = Literal["ratio", "first_year_median"]
_LEAST_YEARS = 2
_LEAST_PAIRS = 180
_BLOCK_DAYS = 30


class Degradation(NamedTuple):
    """Per cent a year; negative where it worsens."""

    percent_per_year: float
    lowest: float
    highest: float
    """95 % interval."""
    pairs: int


def year_on_year(index: FloatArray, *, convention: Convention = "ratio", draws: int = 500, seed: int = 1) -> Degradation:
    """Give the median change from each day to the day 365 days later.

    Parameters
    ----------
    index : ndarray, shape (days,)
        Daily performance in any scale, one row a day without gaps; NaN where it is not known.
    convention : {"ratio", "first_year_median"}
        ``ratio``: ``y2 / y1 - 1``, a change in per cent of the year before. ``first_year_median``: ``(y2 - y1) / median of the
        first year``, in per cent of the new plant, as RdTools reckons; of a steady 0.5 % a year over four years it gives 0.4975.
    draws : int
        Of the block bootstrap (30 days, since neighbouring days share season and dirt).

    Raises
    ------
    NotEvaluated
        If there are less than two years, or fewer than 180 pairs.

    References
    ----------
    E. Hasselbrink et al., IEEE PVSC, 2013; D. C. Jordan et al., IEEE J. Photovoltaics 8(2), 2018.
    """
    if len(index) < _LEAST_YEARS * YEAR_DAYS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(index) / YEAR_DAYS:.1f} years, two are needed")
    positive = np.where(np.nan_to_num(index) > 0, index, np.nan)
    before, after = positive[:-YEAR_DAYS], positive[YEAR_DAYS:]
    known = ~(np.isnan(before) | np.isnan(after))
    if np.count_nonzero(known) < _LEAST_PAIRS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{np.count_nonzero(known)} pairs of days, {_LEAST_PAIRS} are needed")
    if convention == "ratio":
        changes = 100 * (after[known] / before[known] - 1)
    else:
        first_year = positive[:YEAR_DAYS]
        changes = 100 * (after[known] - before[known]) / float(np.median(first_year[~np.isnan(first_year)]))
    low, high = _interval(changes, draws, seed)
    return Degradation(float(np.median(changes)), low, high, len(changes))


def _interval(changes: FloatArray, draws: int, seed: int) -> tuple[float, float]:
    """Bootstrap of whole blocks, circular: the median's 95 % interval."""
    blocks = -(-len(changes) // _BLOCK_DAYS)
    first = np.random.default_rng(seed).integers(0, len(changes), (draws, blocks, 1))
    rows = (first + np.arange(_BLOCK_DAYS)).reshape(draws, -1)[:, : len(changes)] % len(changes)
    low, high = np.quantile(np.median(changes[rows], axis=1), [0.025, 0.975]).tolist()
    return low, high
