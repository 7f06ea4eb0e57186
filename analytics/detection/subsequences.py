"""Subsequences that are like no other of a series, by their nearest neighbour or by what their components do not explain."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import fftconvolve

from analytics.window import FloatArray

_FLAT = 1e-9
"""A subsequence whose spread is below this share of the series' spread counts as flat."""


def left_profile(values: FloatArray, lengths: Sequence[int]) -> FloatArray:
    """Distance of the subsequence that ends at each row to its nearest neighbour among all that ended before it began.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without gaps, on an even grid.
    lengths : sequence of int
        Of the subsequences, in rows.

    Returns
    -------
    ndarray, shape (lengths, n)
        Root of the mean squared difference, in the unit of the values, not normalised: a level that was never seen is far from
        all. Infinite where there is no earlier one. What a row gets does not depend on later ones.

    Notes
    -----
    All lags one after the other, each vectorised over the rows: O(n²) time and O(n) memory; 22,000 rows take about 3 s.

    References
    ----------
    Akbarinia and Cloez 2019, "Efficient matrix profile computation using different distance functions" (Euclidean, by
    diagonals); left profile: Zhu et al. 2017, "Matrix profile VII".
    """
    n = len(values)
    nearest = np.full((len(lengths), n), np.inf)
    for lag in range(min(lengths, default=n), n):
        sums = np.concatenate([[0.0], np.cumsum(np.square(values[lag:] - values[:-lag]))])
        for length, of in zip(lengths, nearest, strict=True):
            if length <= lag <= n - length:
                tail = of[lag + length - 1 :]
                np.minimum(tail, sums[length:] - sums[:-length], out=tail)
    rooted: FloatArray = np.sqrt(np.maximum(nearest, 0.0) / np.asarray(lengths, float)[:, None])
    return rooted


def mass(query: FloatArray, values: FloatArray) -> FloatArray:
    """Distance between a query and every subsequence of a series, each brought to mean 0 and deviation 1, by the FFT.

    Returns
    -------
    ndarray, shape (n - m + 1,)
        Between 0 (alike) and ``2 √m``. Two flat ones are alike, a flat one and another are ``√m`` apart.

    Raises
    ------
    ValueError
        If the query is longer than the series.

    References
    ----------
    Mueen et al., "The fastest similarity search algorithm for time series subsequences under Euclidean distance" (MASS).
    """
    m = len(query)
    if not 2 <= m <= len(values):
        raise ValueError(f"a query of {m} rows in a series of {len(values)}")
    # What all have in common would cost digits in the sums of squares.
    centred = values - values.mean()
    least = _FLAT * max(float(centred.std()), np.finfo(float).tiny)
    _, deviation = _moments(centred, m)
    own = float(query.std())
    products: FloatArray = fftconvolve(centred, (query - query.mean())[::-1], mode="valid")
    flat, is_flat = deviation <= least, own <= least
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = products / (m * own * deviation)
    distance: FloatArray = np.sqrt(2 * m * np.clip(1 - correlation, 0.0, 2.0))
    distance[flat != is_flat] = np.sqrt(m)
    distance[flat & is_flat] = 0.0
    return distance


def matrix_profile(values: FloatArray, length: int) -> FloatArray:
    """Distance of each subsequence to its nearest neighbour anywhere, normalised as in `mass`; the highest is the discord.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without gaps.
    length : int
        Of the subsequences; those that overlap by more than half are no neighbours.

    Returns
    -------
    ndarray, shape (n - length + 1,)
        By the row at which each begins.

    References
    ----------
    Yeh et al. 2016, "Matrix profile I"; by diagonals: Zhu et al. 2018, "SCRIMP++".
    """
    n = len(values)
    if not 2 <= length <= n // 2:
        raise ValueError(f"subsequences of {length} rows in a series of {n}")
    x = values - values.mean()
    mean, deviation = _moments(x, length)
    flat = deviation <= _FLAT * max(float(x.std()), np.finfo(float).tiny)
    inverse = np.where(flat, 0.0, 1 / np.where(flat, 1.0, deviation))
    best = np.full(n - length + 1, -1.0)
    for lag in range(length // 2 + 1, n - length + 1):
        sums = np.concatenate([[0.0], np.cumsum(x[lag:] * x[:-lag])])
        late, early = slice(lag, None), slice(None, len(best) - lag)
        products = (sums[length:] - sums[:-length]) / length - mean[late] * mean[early]
        correlation = products * inverse[late] * inverse[early]
        # A correlation of 1 makes the distance 0, one of 1/2 makes it √m.
        correlation = np.where(flat[late] & flat[early], 1.0, np.where(flat[late] | flat[early], 0.5, correlation))
        np.maximum(best[late], correlation, out=best[late])
        np.maximum(best[early], correlation, out=best[early])
    profile: FloatArray = np.sqrt(2 * length * np.clip(1 - best, 0.0, 2.0))
    return profile


def subsequence_components(values: FloatArray, length: int, *, components: int = 5, first_rows: int | None = None) -> FloatArray:
    """How much of each subsequence its series' principal components do not explain (Sub-PCA).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without gaps.
    length : int
        About one period.
    first_rows : int, optional
        Learn from the first rows only; from all where it is left out.

    Returns
    -------
    ndarray, shape (n,)
        Of each row the mean over the subsequences that hold it of their squared remainder, in squared units of the values.

    References
    ----------
    Liu and Paparrizos 2024, "The elephant in the room: towards a reliable time-series anomaly detection benchmark" (TSB-AD).
    """
    windows = sliding_window_view(values, length)
    learned = windows if first_rows is None else windows[: first_rows - length + 1]
    if len(learned) <= components:
        raise ValueError(f"{len(learned)} subsequences of {length} rows for {components} components")
    centre = learned.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov(learned, rowvar=False))
    kept = directions[:, -components:]
    remainder = np.square((windows - centre) - (windows - centre) @ kept @ kept.T).mean(axis=1)
    counts = np.convolve(np.ones(len(remainder)), np.ones(length))
    spread: FloatArray = np.convolve(remainder, np.ones(length)) / counts
    return spread


def _moments(values: FloatArray, length: int) -> tuple[FloatArray, FloatArray]:
    """Give mean and deviation of each subsequence."""
    windows = sliding_window_view(values, length)
    return windows.mean(axis=1), windows.std(axis=1)
