"""Cycles of programs: from a control's events, and from nothing but the spindle's power."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks

from analytics.detection.subsequences import mass
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_PAUSES = ("INTERRUPTED", "FEED_HOLD", "OPTIONAL_STOP", "PROGRAM_STOPPED", "WAIT")
"""A cycle goes on after them."""
_LEAST_CORRELATION = 0.3
"""A weaker one says that no cycle is like the next."""
_ALIKE = 0.6
"""Correlation with the template from which a stretch is the same cycle."""


class Cycles(NamedTuple):
    """Whole cycles in the order of time, each of shape (k,)."""

    start_seconds: FloatArray
    end_seconds: FloatArray
    parts: FloatArray
    """By which the part counter went on in each."""

    @property
    def seconds(self) -> FloatArray:
        return self.end_seconds - self.start_seconds


def cycles_of_events(
    *,
    times_seconds: FloatArray,
    execution: Sequence[str],
    count_times_seconds: FloatArray,
    counts: FloatArray,
    settle_seconds: float = 1.0,
) -> Cycles:
    """Give the cycles from ACTIVE to PROGRAM_COMPLETED.

    Parameters
    ----------
    times_seconds, execution : ndarray of shape (n,) and sequence of str
        Changes of MTConnect's EXECUTION. In any order: late records are sorted in, none is dropped.
    count_times_seconds, counts : ndarray, each of shape (m,)
        Values of the part counter.
    settle_seconds : float
        So long after the end the counter may still come; READY may come before it.

    Notes
    -----
    A pause is part of its cycle. A program that is stopped or reset before its end makes none.
    """
    order = np.argsort(times_seconds, kind="stable")
    words = np.array([word.upper() for word in execution])[order]
    kept = ~np.isin(words, _PAUSES)
    times, words = times_seconds[order][kept], words[kept]
    changes = np.concatenate([[True], words[1:] != words[:-1]]) if len(words) else np.zeros(0, bool)
    times, words = times[changes], words[changes]
    begins = (
        np.flatnonzero((words[:-1] == "ACTIVE") & (words[1:] == "PROGRAM_COMPLETED")) if len(words) else np.zeros(0, np.int64)
    )
    starts, ends = times[begins], times[begins + 1]
    by_time = np.argsort(count_times_seconds, kind="stable")
    at, values = count_times_seconds[by_time], counts[by_time]
    before, after = _last(at, values, starts), _last(at, values, ends + settle_seconds)
    return Cycles(starts, ends, after - before)


def _last(at: FloatArray, values: FloatArray, when: FloatArray) -> FloatArray:
    """Give the newest value at each instant; NaN before the first."""
    index = np.searchsorted(at, when, side="right") - 1
    found: FloatArray = np.where(index >= 0, values[np.maximum(index, 0)], np.nan) if len(at) else np.full(len(when), np.nan)
    return found


def period_seconds(power_kw: FloatArray, *, step_seconds: float, shortest_seconds: float, longest_seconds: float) -> float:
    """Give the period at which a spindle's power repeats itself: the first high peak of its autocorrelation.

    Parameters
    ----------
    power_kw : ndarray, shape (n,)
        On an even grid; NaN is taken for a spindle at its mean.

    Raises
    ------
    NotEvaluated
        If there are fewer than three of the longest period, or nothing repeats.
    """
    known = ~np.isnan(power_kw)
    if len(power_kw) * step_seconds < 3 * longest_seconds or known.sum() < 0.5 * len(power_kw):
        raise NotEvaluated(Why.MISSING_INPUT, "spindle_power")
    centred = np.where(known, power_kw - power_kw[known].mean(), 0.0)
    variance = float(np.square(centred).mean())
    if variance <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "spindle_power")
    size = 2 * len(centred)
    spectrum = np.fft.rfft(centred, size)
    correlation: FloatArray = np.fft.irfft(np.square(np.abs(spectrum)), size)[: len(centred)]
    correlation /= variance * np.arange(len(centred), 0, -1)
    first, last = max(1, round(shortest_seconds / step_seconds)), round(longest_seconds / step_seconds)
    peaks, _ = find_peaks(correlation[: last + 2])
    peaks = peaks[(peaks >= first) & (peaks <= last)]
    if not len(peaks) or correlation[peaks].max() < _LEAST_CORRELATION:
        raise NotEvaluated(Why.NOT_STEADY, "no cycle is like the next")
    # Twice the period correlates as well: the first that is nearly as high as the highest counts.
    best = peaks[correlation[peaks] >= 0.9 * correlation[peaks].max()][0]
    left, middle, right = correlation[best - 1 : best + 2]
    curvature = left - 2 * middle + right
    return float((best + (0.5 * (left - right) / curvature if curvature < 0 else 0.0)) * step_seconds)


def repeats_of(power_kw: FloatArray, template_kw: FloatArray) -> npt.NDArray[np.int64]:
    """Give the rows at which a cycle like the template begins, by the distance of z-normalised stretches.

    Parameters
    ----------
    power_kw : ndarray, shape (n,)
        Without gaps.
    template_kw : ndarray, shape (m,)
        One cycle of the spindle's power.

    Raises
    ------
    ValueError
        If the template is longer than the series.
    """
    length = len(template_kw)
    likeness = 1 - np.square(mass(template_kw, power_kw)) / (2 * length)
    padded = np.concatenate([[-1.0], likeness, [-1.0]])
    peaks, _ = find_peaks(padded, height=_ALIKE, distance=max(1, length // 2))
    rows: npt.NDArray[np.int64] = peaks.astype(np.int64) - 1
    return rows


def count_by_power(power_kw: FloatArray, *, period_rows: int, candidates: int = 8) -> int:
    """Count the cycles of a spindle without part counter: repeats of the stretch that is repeated most.

    Parameters
    ----------
    power_kw : ndarray, shape (n,)
        NaN is taken for a spindle at its mean.
    period_rows : int
        Of one cycle, as `period_seconds` gives it.
    candidates : int
        So many stretches over the series are tried as template.
    """
    known = ~np.isnan(power_kw)
    filled = np.where(known, power_kw, power_kw[known].mean())
    starts = np.linspace(0, len(filled) - period_rows, candidates).astype(np.int64)
    return max(len(repeats_of(filled, filled[start : start + period_rows])) for start in starts.tolist())
