"""Energy for a unit of product: what it was, how sure that is, and why it falls with the output."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_LEAST_INTERVALS = 3


class PerProduct(NamedTuple):
    """Specific energy of a period."""

    value: float
    """[kWh per unit of product]"""
    uncertainty: float
    """Half width of the 95 % interval, from how the intervals differ."""
    intervals: int


def energy_per_product(energy_kwh: FloatArray, product: FloatArray) -> PerProduct:
    """Divide what was used by what was made, over the intervals in which both are known; those without product count as well.

    The uncertainty is that of a ratio of totals (Cochran 1977, Sampling Techniques, 6.4), intervals taken as independent: it
    tells how steady the process was, not how well its meters measure.

    Raises
    ------
    NotEvaluated
        If there are fewer than three intervals, or nothing was made.
    """
    known = ~(np.isnan(energy_kwh) | np.isnan(product))
    used, made = energy_kwh[known], product[known]
    if len(used) < _LEAST_INTERVALS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(used)} intervals with energy and product")
    total = float(made.sum())
    if total <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "nothing was made")
    value = float(used.sum()) / total
    residuals = used - value * made
    freedom = len(used) - 1
    deviation = float(np.sqrt(np.square(residuals).sum() / freedom * len(used)))
    return PerProduct(value, float(stdtrit(freedom, 0.975)) * deviation / total, len(used))
