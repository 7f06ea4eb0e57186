"""Means over short stretches of firing: what balances of heat are made of."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from analytics.baselines.load_baseline import stretch_means
from analytics.baselines.steady import runs_since
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

_KNOWN_SHARE = 0.8


def firing_means(
    window: Window, signals: Iterable[str], *, stretch_seconds: float, settle_seconds: float = 0.0
) -> tuple[npt.NDArray[np.int64], dict[str, FloatArray]]:
    """Average signals over stretches of one length; NaN where the burner did not work, or too little is known.

    Parameters
    ----------
    settle_seconds : float
        So long after a start nothing counts.

    Returns
    -------
    starts_us : ndarray, shape (stretches,)
    means : dict of str to ndarray, shape (stretches,)

    Raises
    ------
    NotEvaluated
        If the window is shorter than a stretch, or the burner worked for less than one of them.
    """
    size = window.steps(stretch_seconds)
    if len(window) < size:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(window) * window.step_seconds:g} s")
    works = runs_since(window.state_is("running")) > settle_seconds / window.step_seconds
    if np.count_nonzero(works) < size:
        raise NotEvaluated(Why.NOT_RUNNING, f"{np.count_nonzero(works) * window.step_seconds / 60:.0f} min")
    starts_us = window.times_us[: len(window) // size * size : size]
    return starts_us, {
        name: stretch_means(np.where(works, window[name], np.nan), size, at_least_share=_KNOWN_SHARE) for name in signals
    }
