"""Where a machine works steadily: the only time at which balances of a steady state and baselines over load hold."""

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from analytics.window import Flags, FloatArray


def is_steady(values: FloatArray, *, span_steps: int, tolerance: float) -> Flags:
    """Tell where a signal has stayed within ``tolerance`` over the last ``span_steps`` steps, all of them known.

    Parameters
    ----------
    values : ndarray, shape (n,)
    span_steps : int
        Length of the stretch that ends at each step.
    tolerance : float
        Largest difference between its highest and lowest value, in the signal's unit.
    """
    if len(values) < span_steps:
        return np.zeros(len(values), bool)
    known = ~np.isnan(values)
    # Centred filters, moved so that each step sees only what came before it.
    origin = (span_steps - 1) // 2
    high = maximum_filter1d(np.where(known, values, np.inf), span_steps, origin=origin, mode="constant", cval=np.inf)
    low = minimum_filter1d(np.where(known, values, -np.inf), span_steps, origin=origin, mode="constant", cval=-np.inf)
    # What is unknown makes the difference infinite.
    steady: Flags = (high - low) <= tolerance
    return steady


def runs_since(flags: Flags) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Count, at each step, for how many steps a flag has been true; 0 where it is not."""
    index = np.arange(1, len(flags) + 1)
    last_false = np.maximum.accumulate(np.where(flags, 0, index))
    counted: np.ndarray[tuple[int], np.dtype[np.int64]] = index - last_false
    return counted


def rolling_mean(values: FloatArray, span_steps: int) -> FloatArray:
    """Mean of the known values of the ``span_steps`` steps that end at each step; NaN where none is known."""
    known = ~np.isnan(values)
    origin = (span_steps - 1) // 2
    total = uniform_filter1d(np.where(known, values, 0.0), span_steps, origin=origin, mode="constant")
    share = uniform_filter1d(known.astype(float), span_steps, origin=origin, mode="constant")
    mean: FloatArray = np.divide(total, share, out=np.full(len(values), np.nan), where=share > 0.5 / span_steps)
    return mean
