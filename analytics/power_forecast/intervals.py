"""How far off forecasts have been, as quantiles of the next ones.

Residuals of forecasts that the model had not seen, by the level of the forecast: near zero and near the capacity less can go
wrong. A running correction holds the coverage when the weather model changes (adaptive conformal inference, Gibbs and
Candès 2021).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.power_forecast.frame import Indices
from analytics.window import FloatArray

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
BANDS = 12
"""Bands of the forecast's level, each with equally many residuals."""
LEARNING = 0.2
"""Of what the coverage of a block was off, so much is made good in the next ones."""


def learn(mean: FloatArray, actual: FloatArray) -> dict[str, Any]:
    """Learn the quantiles of what was off, at the middle of each band of levels.

    Parameters
    ----------
    mean, actual : ndarray, shape (n,)
        Forecasts that were made without knowing ``actual``.
    """
    known = ~np.isnan(mean) & ~np.isnan(actual)
    order = np.argsort(mean[known])
    bands = np.array_split(order, min(BANDS, max(1, len(order) // 50)))
    grid = np.linspace(0.005, 0.995, 199)
    off = (actual - mean)[known]
    return {
        "centres": [float(np.median(mean[known][band])) for band in bands],
        "probabilities": grid.tolist(),
        "off": [np.quantile(off[band], grid).tolist() for band in bands],
    }


def quantiles(
    model: Mapping[str, Any], mean: FloatArray, *, highest: float, probabilities: FloatArray | None = None
) -> FloatArray:
    """Give quantiles around forecasts.

    Parameters
    ----------
    mean : ndarray, shape (k,)
    highest : float
        The capacity; no quantile is above it, none below zero.
    probabilities : ndarray, shape (levels,), optional
        Instead of `LEVELS`, after a running correction.

    Returns
    -------
    ndarray, shape (levels, k)
        Ascending along the first axis.
    """
    wanted = np.array(LEVELS) if probabilities is None else probabilities
    grid, off = np.array(model["probabilities"]), np.array(model["off"])
    at = np.array([np.interp(wanted, grid, band) for band in off])
    centres = np.array(model["centres"])
    found = np.array([mean + np.interp(mean, centres, column) for column in at.T])
    return np.clip(np.maximum.accumulate(found, axis=0), 0, highest)


def running_probabilities(
    model: Mapping[str, Any], mean: FloatArray, actual: FloatArray, ends: Indices, *, highest: float
) -> FloatArray:
    """Follow how often the quantiles have covered, and move the probabilities that are asked for accordingly.

    Parameters
    ----------
    mean, actual : ndarray, shape (n,)
        Forecasts by time and what came of them; NaN where it is not known.
    ends : ndarray, shape (blocks + 1,)
        Where each block of forecasts begins, and the end of the last.

    Returns
    -------
    ndarray, shape (blocks + 1, levels)
        Row ``b`` is what the blocks before ``b`` lead to.
    """
    wanted = np.array(LEVELS)
    asked = [wanted]
    for first, end in pairwise(ends):
        found = quantiles(model, mean[first:end], highest=highest, probabilities=asked[-1])
        known = ~np.isnan(actual[first:end]) & ~np.isnan(mean[first:end])
        if not known.any():
            asked.append(asked[-1])
            continue
        off = coverage_error(actual[first:end][known], found[:, known])
        asked.append(np.clip(asked[-1] - LEARNING * off, 0.005, 0.995))
    return np.array(asked)


def coverage_error(actual: FloatArray, found: FloatArray) -> FloatArray:
    """Tell by how much the share of values below each quantile is off its level.

    A plant stands still for many hours, so that a quantile of exactly zero is met by all of them: the share that lies below it
    and the share that does not lie above it are apart, and any level between the two is right.

    Parameters
    ----------
    actual : ndarray, shape (n,)
    found : ndarray, shape (levels, n)

    Returns
    -------
    ndarray, shape (levels,)
        Positive where quantiles lie too high.
    """
    wanted = np.array(LEVELS)
    below, up_to = (actual < found).mean(axis=1), (actual <= found).mean(axis=1)
    error: FloatArray = np.clip(wanted, below, up_to) - wanted
    return error
