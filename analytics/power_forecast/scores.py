"""How good forecasts are: errors relative to the capacity, skill against a floor, quantiles."""

import numpy as np

from analytics.window import Flags, FloatArray


def normalised_rmse(actual: FloatArray, forecast: FloatArray, capacity: float) -> float:
    """Root mean square error over rows that are known in both, as a share of the capacity.

    Raises
    ------
    ValueError
        If no row is known in both; the other scores do the same.
    """
    return float(np.sqrt(np.mean(_off(actual, forecast) ** 2)) / capacity)


def normalised_mae(actual: FloatArray, forecast: FloatArray, capacity: float) -> float:
    return float(np.mean(np.abs(_off(actual, forecast))) / capacity)


def normalised_bias(actual: FloatArray, forecast: FloatArray, capacity: float) -> float:
    """Positive where forecasts were too high."""
    return float(-np.mean(_off(actual, forecast)) / capacity)


def skill(actual: FloatArray, forecast: FloatArray, floor: FloatArray) -> float:
    """Share of the floor's mean square error that the forecast saves.

    Raises
    ------
    ValueError
        If no row is known in all three, or the floor is never off.
    """
    both = _some(~np.isnan(actual) & ~np.isnan(forecast) & ~np.isnan(floor))
    of_floor = float(np.mean((actual - floor)[both] ** 2))
    if of_floor == 0:
        raise ValueError("the floor is never off")
    return 1 - float(np.mean((actual - forecast)[both] ** 2)) / of_floor


def pinball(actual: FloatArray, quantiles: FloatArray, levels: FloatArray) -> float:
    """Mean pinball loss over levels, in the unit of the power; twice it is close to the CRPS (Gneiting and Raftery 2007).

    Parameters
    ----------
    actual : ndarray, shape (n,)
    quantiles : ndarray, shape (levels, n)
    levels : ndarray, shape (levels,)
    """
    known = _some(~np.isnan(actual) & ~np.isnan(quantiles).any(axis=0))
    off = actual[known] - quantiles[:, known]
    share = levels[:, None]
    return float(np.mean(np.maximum(share * off, (share - 1) * off)))


def coverage(actual: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Share of actual values within an interval (PICP)."""
    known = _some(~np.isnan(actual) & ~np.isnan(lower) & ~np.isnan(upper))
    return float(np.mean((actual[known] >= lower[known]) & (actual[known] <= upper[known])))


def mean_width(lower: FloatArray, upper: FloatArray, capacity: float) -> float:
    """Mean width of an interval as a share of the capacity (PINAW)."""
    width = upper - lower
    return float(np.mean(width[_some(~np.isnan(width))]) / capacity)


def _off(actual: FloatArray, forecast: FloatArray) -> FloatArray:
    off: FloatArray = (actual - forecast)[_some(~np.isnan(actual) & ~np.isnan(forecast))]
    return off


def _some(known: Flags) -> Flags:
    if not known.any():
        raise ValueError("no row is known in all columns")
    return known
