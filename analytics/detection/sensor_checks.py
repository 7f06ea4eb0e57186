"""What a signal itself, a second sensor or a balance says against a sensor.

Arrays have the time as their last axis; NaN is no value, and no check counts it as a fault.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Flags, FloatArray

_TO_DEVIATION = 1.4826
"""From the median absolute deviation of normal noise to its standard deviation."""
_BEND = 1.5
"""Variance of ``x[i] - (x[i-1] + x[i+1]) / 2`` of white noise, in variances of x."""


class Drift(NamedTuple):
    """How two sensors of one quantity part from each other."""

    per_day: float
    """Theil-Sen slope of their difference, in their unit."""
    lowest: float
    highest: float
    """95 % interval of the slope, for independent rows."""

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.lowest > 0 or self.highest < 0


def standstill(values: FloatArray) -> npt.NDArray[np.int64]:
    """Count, at each row, for how many rows before it the value has been exactly the same."""
    same = np.zeros(values.shape, bool)
    same[..., 1:] = values[..., 1:] == values[..., :-1]
    index = np.arange(values.shape[-1])
    counted: npt.NDArray[np.int64] = index - np.maximum.accumulate(np.where(same, 0, index), axis=-1)
    return counted


def flat_share(values: FloatArray) -> FloatArray:
    """Share of the steps from one known value to the next that change nothing; NaN where there is no step."""
    change = np.diff(values, axis=-1)
    steps = (~np.isnan(change)).sum(axis=-1)
    share: FloatArray = np.divide(
        (change == 0).sum(axis=-1), steps, out=np.full(np.shape(steps), np.nan), where=np.asarray(steps) > 0
    )
    return share


def bends(values: FloatArray) -> FloatArray:
    """Difference of each value and the mean of its neighbours: slow changes vanish, noise and spikes stay; NaN at the ends."""
    bent = np.full(values.shape, np.nan)
    bent[..., 1:-1] = values[..., 1:-1] - (values[..., 2:] + values[..., :-2]) / 2
    return bent


def noise(bent: FloatArray) -> FloatArray:
    """Standard deviation of the white noise in a signal, from its `bends`, robust against spikes; NaN where nothing is known."""
    known = ~np.isnan(bent).all(axis=-1)
    level = np.full(bent.shape[:-1], np.nan)
    level[known] = _TO_DEVIATION / np.sqrt(_BEND) * np.nanmedian(np.abs(bent[known]), axis=-1)
    return level


def is_spike(values: FloatArray, bent: FloatArray, least: npt.ArrayLike) -> Flags:
    """Tell which single values lie off both neighbours, by at least ``least``, while those agree within half of that."""
    apart = np.zeros(values.shape)
    apart[..., 1:-1] = np.abs(values[..., 2:] - values[..., :-2])
    spikes: Flags = (np.abs(bent) >= least) & (bent != 0) & (apart <= np.abs(bent) / 2)
    return spikes


def is_outside(values: FloatArray, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> Flags:
    """Tell where a value lies outside what can be."""
    outside: Flags = np.less(values, lowest) | np.greater(values, highest)
    return outside


def is_too_fast(values: FloatArray, highest_per_second: npt.ArrayLike, *, step_seconds: float) -> Flags:
    """Tell which values have come faster than can be from the value before."""
    fast = np.zeros(values.shape, bool)
    fast[..., 1:] = np.abs(np.diff(values, axis=-1)) > np.asarray(highest_per_second) * step_seconds
    return fast


def redundancy_residual(sensors: FloatArray) -> FloatArray:
    """Difference of each of several sensors of one quantity and the median of all.

    Parameters
    ----------
    sensors : ndarray, shape (sensors, n)
        Three or more say which one is wrong; two only that one is.
    """
    if len(sensors) < 2:
        raise ValueError("one sensor has none to be held against")
    known = ~np.isnan(sensors).all(axis=0)
    middle = np.full(sensors.shape[1], np.nan)
    middle[known] = np.nanmedian(sensors[:, known], axis=0)
    residual: FloatArray = sensors - middle
    return residual


def balance_residual(inflows: FloatArray, outflows: FloatArray) -> FloatArray:
    """What goes in less what comes out, as a share of what goes in; NaN where a flow is unknown or nothing goes in.

    Parameters
    ----------
    inflows, outflows : ndarray, shape (flows, n)
        In one unit.
    """
    total = inflows.sum(axis=0)
    residual: FloatArray = np.divide(
        total - outflows.sum(axis=0), total, out=np.full(total.shape, np.nan), where=np.nan_to_num(total) > 0
    )
    return residual


def drift(first: FloatArray, second: FloatArray, days: FloatArray, *, most_rows: int = 300) -> Drift:
    """Find how fast two sensors of one quantity drift apart.

    Parameters
    ----------
    first, second, days : ndarray, shape (n,)
        Readings, and when, in days; more than ``most_rows`` are thinned.

    Raises
    ------
    ValueError
        If fewer than eight rows are known.

    References
    ----------
    Sen 1968, "Estimates of the regression coefficient based on Kendall's tau", for slope and interval.
    """
    known = np.flatnonzero(~(np.isnan(first) | np.isnan(second)))
    if len(known) < 8:
        raise ValueError(f"{len(known)} rows are too few for a slope")
    kept = known[:: -(-len(known) // most_rows)]
    difference, when = first[kept] - second[kept], days[kept]
    early, late = np.triu_indices(len(kept), 1)
    slopes = np.sort((difference[late] - difference[early]) / (when[late] - when[early]))
    n = len(kept)
    half = 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low, high = (round((len(slopes) + sign * half) / 2) for sign in (-1, 1))
    return Drift(float(np.median(slopes)), float(slopes[max(low, 0)]), float(slopes[min(high, len(slopes) - 1)]))
