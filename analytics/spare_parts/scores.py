"""How far a forecast is off. Of parts seldom asked for this rewards forecasting nothing: stocks are judged by service."""

import numpy as np

from analytics.window import FloatArray

SEASON = 12


def scaled_error(forecast: FloatArray, history: FloatArray, actual: FloatArray, *, season: int = SEASON) -> FloatArray:
    """Give the mean absolute scaled error (MASE) of each part; NaN where the history repeats itself exactly.

    Parameters
    ----------
    forecast : ndarray, shape (parts,)
        The same for every period.
    history : ndarray, shape (parts, n)
        The scale is its mean difference from the same period of the season before.
    actual : ndarray, shape (parts, k)

    References
    ----------
    Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", International Journal of Forecasting 22.
    """
    scale = np.abs(history[:, season:] - history[:, :-season]).mean(axis=1)
    error = np.abs(actual - forecast[:, None]).mean(axis=1)
    scaled: FloatArray = np.divide(error, scale, out=np.full(len(scale), np.nan), where=scale > 0)
    return scaled


def root_mean_square_error(forecast: FloatArray, actual: FloatArray) -> FloatArray:
    """Give the root mean square error of each part, shape (parts,) and (parts, k) to (parts,)."""
    error: FloatArray = np.sqrt(np.mean((actual - forecast[:, None]) ** 2, axis=1))
    return error
