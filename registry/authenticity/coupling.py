"""Whether two quantities of one machine go up and down together, as what has one cause must."""

import numpy as np

from analytics.window import Flags, FloatArray, Window
from registry.authenticity.measured import spread_of_bends

_HOUR_SECONDS = 3600.0
_BLOCK_SECONDS = 600.0
"""Means of ten minutes: sensors' noise is small in them, and delays between two sensors do not matter."""
_DAY_SECONDS = 86_400.0
"""What is slower than a day is left out: two strangers may both rise for a week."""
_LEAST_KNOWN = 0.4
_LEAST_BLOCKS = 72
"""Half a day of judged blocks; of fewer a correlation says little."""
_CLIP = 4.0
_TO_DEVIATION = 1.4826
_LEAST_MOVEMENT = 1.5
"""Deviation of the means against what the sensor's own noise would give them: what does not move says nothing."""
_QUIETEST = 0.1
"""Noise is that of the quietest tenth of the hours: in others a machine in cycles of minutes would pass for it."""


def togetherness(first: FloatArray, second: FloatArray, judged: Flags, window: Window) -> float:
    """Correlate the ups and downs of two series within the day; NaN where either hardly moves, or too little is known.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
    judged : ndarray of bool, shape (n,)
        Rows that count.

    Notes
    -----
    Differences from the mean of a day about each block, clipped at four deviations, so that a few starts and stops do not decide.
    """
    rows, hour = window.steps(_BLOCK_SECONDS), window.steps(_HOUR_SECONDS)
    known = judged & np.isfinite(first) & np.isfinite(second)
    whole = len(known) // rows * rows
    counts = known[:whole].reshape(-1, rows).sum(axis=1)
    kept = counts >= _LEAST_KNOWN * rows
    if kept.sum() < _LEAST_BLOCKS:
        return float("nan")
    day = max(1, round(_DAY_SECONDS / _BLOCK_SECONDS))
    moved = []
    for series in (first, second):
        hours = np.where(known, series, np.nan)[:whole]
        hours = hours[: whole // hour * hour].reshape(-1, hour)
        sums = np.where(known, series, 0.0)[:whole].reshape(-1, rows).sum(axis=1)
        means = np.where(kept, sums / np.maximum(counts, 1), 0.0)
        around = _windowed(means, day) / np.maximum(_windowed(kept.astype(float), day), 1.0)
        apart = (means - around)[kept]
        spread = _TO_DEVIATION * float(np.median(np.abs(apart))) or float(apart.std())
        of_hours = spread_of_bends(hours)
        noise = float(np.nanquantile(of_hours, _QUIETEST)) / np.sqrt(rows) if np.isfinite(of_hours).any() else 0.0
        if spread <= max(_LEAST_MOVEMENT * noise, 1e-6 * float(np.abs(means[kept]).max())):
            return float("nan")
        moved.append(np.clip(apart / spread, -_CLIP, _CLIP))
    one, two = (column - column.mean() for column in moved)
    return float((one * two).sum() / np.sqrt(np.square(one).sum() * np.square(two).sum()))


def _windowed(values: FloatArray, size: int) -> FloatArray:
    """Sum ``size`` values about each one, fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(values))
    found: FloatArray = total[high] - total[low]
    return found
