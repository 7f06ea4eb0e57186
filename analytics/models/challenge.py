"""Champion and challenger on the same recent rows: the challenger is recommended only where its gain is clear."""

from typing import NamedTuple

import numpy as np

from analytics.baselines.load_baseline import stretch_means
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

LEAST_GAIN = 0.05
"""Less than this share is not worth a person's decision."""
LEAST_STRETCHES = 10
_DRAWS = 2_000


class Comparison(NamedTuple):
    """What the challenger gains over the champion."""

    champion_error: float
    challenger_error: float
    """Mean absolute residuals."""
    gain: float
    """Share of the champion's error that the challenger saves; negative where it is worse."""
    lowest_gain: float
    highest_gain: float
    """95 % interval."""
    is_recommended: bool
    """The whole interval lies above 0, and the gain is worth a change."""


def compare(champion: FloatArray, challenger: FloatArray, *, stretch_rows: int, seed: int = 1) -> Comparison:
    """Compare residuals of both models over the same rows, none of which the challenger was trained on.

    Parameters
    ----------
    champion, challenger : ndarray, shape (n,)
        Residuals; rows that one of them does not answer are left out of both, or the one that declines what is hard would win.
    stretch_rows : int
        Length of the blocks that are drawn: as long as residuals hang together.

    Raises
    ------
    NotEvaluated
        If fewer than ten stretches are known.

    References
    ----------
    Künsch (1989), "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 17.
    """
    if champion.shape != challenger.shape:
        raise ValueError("residuals of both models are needed for the same rows")
    both = ~(np.isnan(champion) | np.isnan(challenger))
    errors = np.array([stretch_means(np.where(both, np.abs(of), np.nan), stretch_rows) for of in (champion, challenger)])
    counts = stretch_means(both.astype(float), stretch_rows)
    known = ~np.isnan(errors).any(axis=0)
    sums = errors[:, known] * counts[known]
    if sums.shape[1] < LEAST_STRETCHES:
        raise NotEvaluated(Why.MISSING_INPUT, f"{sums.shape[1]} stretches, {LEAST_STRETCHES} are needed")
    if not sums[0].any():
        raise NotEvaluated(Why.BAD_INPUT, "the champion's residuals are all 0")
    drawn = np.random.default_rng(seed).integers(0, sums.shape[1], (_DRAWS, sums.shape[1]))
    old, new = sums[0][drawn].sum(axis=1), sums[1][drawn].sum(axis=1)
    low, high = np.quantile(1 - new[old > 0] / old[old > 0], [0.025, 0.975])
    champion_error, challenger_error = sums.sum(axis=1) / counts[known].sum()
    gain = float(1 - challenger_error / champion_error)
    return Comparison(
        float(champion_error), float(challenger_error), gain, float(low), float(high), bool(low > 0 and gain >= LEAST_GAIN)
    )
