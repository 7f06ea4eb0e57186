"""Parts one by one: how long each took, how long the machine stood before the next, and how far it was off."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.cnc_machine.states import carried
from analytics.window import FloatArray, Window

_LEAST_MEASURED, _LEAST_KELVIN, _ALIKE_SECONDS = 30, 0.3, 7200.0


class Parts(NamedTuple):
    """Parts that a counter told of, in the order of time; each of shape (k,)."""

    row: npt.NDArray[np.int64]
    """In which the counter had gone on."""
    number: FloatArray
    """How many parts it went on by, at least one."""
    executing_seconds: FloatArray
    """Of one part: time in program execution since the part before; NaN of the first."""
    gap_seconds: FloatArray
    """Of one part: the rest of the time without interruptions, which is loading where nothing else happens."""


def executing_seconds(window: Window) -> FloatArray:
    """Give how long programs have been executed since any instant, shape (n,): the machine's counter, or its state summed up."""
    counter = window["operating_time"]
    if not np.isnan(counter).all():
        return np.concatenate([[0.0], np.cumsum(rises(counter))])
    return np.cumsum(window.state_is("active") * window.step_seconds)


def parts_of(window: Window) -> Parts:
    """Find the parts of a window; a counter that falls begins anew and makes no part."""
    made = rises(window["part_count_total"])
    rows = np.flatnonzero(made > 0) + 1
    number = made[rows - 1]
    run = executing_seconds(window)[rows]
    interrupted = np.cumsum(window.state_is("interrupted") * window.step_seconds)[rows]
    took = np.diff(run, prepend=np.nan) / number
    between = np.diff(rows.astype(np.float64), prepend=np.nan) * window.step_seconds / number
    gap = between - took - np.diff(interrupted, prepend=np.nan) / number
    return Parts(rows, number, took, np.maximum(gap, 0.0))


def rises(counter: FloatArray) -> FloatArray:
    """Give by how much a counter goes up in each step, shape (n - 1,); gaps are bridged, a fall counts for nothing."""
    if len(counter) < 2:
        return np.zeros(max(len(counter) - 1, 0))
    steps: FloatArray = np.maximum(np.nan_to_num(np.diff(carried(counter))), 0.0)
    return steps


def bad_share(window: Window, *, from_row: int = 0) -> tuple[float, float, float]:
    """Give how many parts are bad of those made from a row on: share, lower end of its 95 % interval, parts.

    References
    ----------
    Wilson 1927, Journal of the American Statistical Association 22 (interval of a proportion).
    """
    made = float(rises(window["part_count_total"])[from_row:].sum())
    bad = float(rises(window["part_count_bad"])[from_row:].sum())
    if made <= 0 or np.isnan(window["part_count_bad"]).all():
        return float("nan"), float("nan"), made
    share, z2 = min(bad / made, 1.0), 1.96**2
    middle = share + z2 / (2 * made)
    half = 1.96 * np.sqrt(share * (1 - share) / made + z2 / (4 * made**2))
    return share, float((middle - half) / (1 + z2 / made)), made


class Drift(NamedTuple):
    """A measured deviation over the spindle's temperature."""

    slope_mm_per_k: float
    standard_error: float
    within_mm_per_k: float
    within_error: float
    """The same within batches: what one job's tools are off stays in its batches' means."""
    temperature_celsius: FloatArray
    deviation_mm: FloatArray


def thermal_drift(window: Window) -> Drift | None:
    """Fit the probe's result of each part over the spindle's temperature at that time; None of too few parts.

    Least squares, with errors that hold when the parts of two hours have their deviation in common (Liang and Zeger 1986): parts
    that are off for other reasons widen them. Without counts of the job all parts are one batch.
    """
    rows = parts_of(window).row
    warm, off, count = (window[name][rows] for name in ("spindle_temperature", "probe_result", "part_count_job"))
    known = ~(np.isnan(warm) | np.isnan(off))
    warm, off, rows = warm[known], off[known], rows[known]
    stretch = (rows * window.step_seconds // _ALIKE_SECONDS).astype(np.int64)
    if len(warm) < _LEAST_MEASURED or len(np.unique(stretch)) < 3 or warm.std() < _LEAST_KELVIN:
        return None
    batch = np.cumsum((np.diff(np.nan_to_num(count[known]), prepend=0.0) < 0).astype(np.int64))
    slope, error = _slope(warm - warm.mean(), off - off.mean(), stretch)
    within, within_error = _slope(_centred(warm, batch), _centred(off, batch), stretch)
    return Drift(slope, error, within, within_error, warm, off)


def _slope(x: FloatArray, y: FloatArray, group: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Give the slope through the origin and its error, clustered by group."""
    square = float(np.square(x).sum())
    if square <= 0:
        return 0.0, float("inf")
    slope = float((x * y).sum()) / square
    sums = np.bincount(group - group.min(), weights=x * (y - slope * x))
    groups = len(np.unique(group))
    return slope, float(np.sqrt(np.square(sums).sum() * groups / (groups - 1))) / square


def _centred(values: FloatArray, group: npt.NDArray[np.int64]) -> FloatArray:
    counts = np.maximum(np.bincount(group), 1)
    centred: FloatArray = values - (np.bincount(group, weights=values) / counts)[group]
    return centred
