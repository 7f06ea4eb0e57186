"""Remaining life by likeness: what was left to those runs of the past that looked as this machine does now."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analytics.remaining_life.quantiles import Remaining, weighted
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_LEAST_RUNS = 5
_LIKEST = 10
"""So many of the likest runs set the scale on which likeness fades."""


class Library:
    """Health curves of runs that ended in failure, one value a step.

    Parameters
    ----------
    runs : sequence of ndarray, shape (length,)
        Each until its failure, on one scale.
    steps : int
        How much of a machine's recent past is compared.

    Raises
    ------
    NotEvaluated
        If fewer than five runs are long enough.

    References
    ----------
    Wang, Yu, Siegel, Lee (2008), "A similarity-based prognostics approach for remaining useful life estimation of engineered
    systems", PHM.
    """

    def __init__(self, runs: Sequence[FloatArray], *, steps: int) -> None:
        long_enough = [run for run in runs if len(run) >= steps and np.isfinite(run).all()]
        if len(long_enough) < _LEAST_RUNS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(long_enough)} runs of {steps} steps, {_LEAST_RUNS} are needed")
        self._steps = steps
        self._windows = [sliding_window_view(run, steps) for run in long_enough]

    def remaining(self, health: FloatArray) -> Remaining:
        """Give the steps left after the last value of a health curve.

        Raises
        ------
        NotEvaluated
            If the curve is too short or has gaps in what is compared.
        """
        recent = health[-self._steps :]
        if len(recent) < self._steps or not np.isfinite(recent).all():
            raise NotEvaluated(Why.MISSING_INPUT, f"the last {self._steps} steps")
        distances, left = [], []
        for windows in self._windows:
            gaps = np.mean((windows - recent) ** 2, axis=1)
            best = int(gaps.argmin())
            distances.append(gaps[best])
            left.append(float(len(windows) - 1 - best))
        distance = np.array(distances)
        scale = max(float(np.sort(distance)[: min(_LIKEST, len(distance))].mean()), 1e-12)
        return weighted(np.array(left), np.exp(-(distance - distance.min()) / scale))
