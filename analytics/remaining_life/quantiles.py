"""The form of every remaining life: three quantiles, never one number."""

from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray

LEVELS = (0.1, 0.5, 0.9)


class Remaining(NamedTuple):
    """Remaining life in the unit of the times that it was made from; 80 % of cases lie between ``p10`` and ``p90``."""

    p10: float
    p50: float
    p90: float
    """Infinite where more than a tenth of what is possible never gets there."""


def weighted(values: FloatArray, weights: FloatArray) -> Remaining:
    """Give the quantiles of weighted values, between neighbours by interpolation.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)
        Weights are not negative, and one of them is larger than 0.
    """
    order = np.argsort(values)
    share = np.cumsum(weights[order]) - weights[order] / 2
    return Remaining(*(float(q) for q in np.interp(LEVELS, share / weights.sum(), values[order])))
