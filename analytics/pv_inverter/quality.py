"""Values that stand still, are drawn as straight lines, stick out, or change their level: what a plant's records suffer from."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.detection.change_points import change_points
from analytics.detection.sensor_checks import is_outside
from analytics.window import Flags, FloatArray

_TO_DEVIATION = 1.4826


class Score(NamedTuple):
    """How flags agree with labels."""

    precision: float
    recall: float


def stale(values: FloatArray, *, least: int = 5, above: float = 0.001) -> Flags:
    """Flag values that are repeated.

    Parameters
    ----------
    values : ndarray, shape (n,)
    least : int
        Length of the shortest run of equal values.
    above : float
        Values up to here may stand still: nights. [unit of the values]

    References
    ----------
    The rule of the reference for `pv_pvanalytics`: five or more equal values above 0.001 of the rating.
    """
    same = values[1:] == values[:-1]
    with np.errstate(invalid="ignore"):
        return _long_runs(same, least - 1, reach=1) & (values > above)


def interpolated(values: FloatArray, *, least: int = 6, above: float = 0.001, tolerance: float = 1e-5) -> Flags:
    """Flag values on a straight line that is not level.

    Parameters
    ----------
    least : int
        Points of the shortest line.
    above : float
        As in `stale`.
    tolerance : float
        How much two steps of a line may differ, as a share of the step.
    """
    step = np.diff(values)
    with np.errstate(invalid="ignore"):
        straight = np.abs(np.diff(step)) <= tolerance * np.abs(step[:-1]) + 1e-9
        return _long_runs(straight, least - 2, reach=2) & (values > above)


def outliers(
    values: FloatArray, *, lowest: float, highest: float, neighbours: int = 3, deviations: float = 3.0, floor: float = 0.2
) -> Flags:
    """Flag values beyond what can be, and those that stick out of their neighbours (Hampel's filter).

    Parameters
    ----------
    lowest, highest : float
        What the quantity can be.
    neighbours : int
        So many on either side make the median and the median absolute deviation.
    deviations : float
    floor : float
        Smallest deviation that counts, as a share of ``highest``.

    References
    ----------
    F. R. Hampel, J. American Statistical Association 69, 1974.
    """
    padded = np.pad(values, neighbours, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * neighbours + 1)
    some = ~np.isnan(around).all(axis=1)
    middle, spread = (np.full(len(values), np.nan) for _ in range(2))
    middle[some] = np.nanmedian(around[some], axis=1)
    spread[some] = _TO_DEVIATION * np.nanmedian(np.abs(around[some] - middle[some, None]), axis=1)
    with np.errstate(invalid="ignore"):
        sticks_out: Flags = np.abs(values - middle) > deviations * np.maximum(spread, floor * highest / deviations)
    return sticks_out | is_outside(values, lowest, highest)


def level_shifts(daily: FloatArray, *, year_days: int = 365, least_days: int = 60) -> list[int]:
    """Find the days from which on a daily series of a plant has another level: units, meter or plant changed.

    The season is taken out by the median of the same time of the year over all years; the ratio to it is smoothed over eight days
    and cut into stretches.

    Parameters
    ----------
    daily : ndarray, shape (days,)
        Energy of each day, above zero; NaN where it is not known.

    Returns
    -------
    list of int
        Rows at which a new level begins, to some days.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.log(np.where(daily > 0, daily, np.nan))
    season = _season(size, year_days)
    block = 8
    cut = len(size) // block * block
    blocks = (size - season)[:cut].reshape(-1, block)
    some = ~np.isnan(blocks).all(axis=1)
    middles = np.full(len(blocks), np.nan)
    middles[some] = np.nanmedian(blocks[some], axis=1)
    return [block * row for row in change_points(middles, least_rows=-(-least_days // block), penalty_logs=12.0)]


def score(flags: Flags, labels: Flags) -> Score:
    """Give precision and recall; NaN where nothing is flagged, or nothing is labelled."""
    hits = np.count_nonzero(flags & labels)
    flagged, labelled = np.count_nonzero(flags), np.count_nonzero(labels)
    return Score(hits / flagged if flagged else np.nan, hits / labelled if labelled else np.nan)


def _season(values: FloatArray, year_days: int) -> FloatArray:
    half = 10
    years = -(-len(values) // year_days)
    table = np.full((years, year_days), np.nan)
    table.reshape(-1)[: len(values)] = values
    around = np.concatenate([np.roll(table, shift, axis=1) for shift in range(-half, half + 1)])
    some = ~np.isnan(around).all(axis=0)
    middle = np.full(year_days, np.nan)
    middle[some] = np.nanmedian(around[:, some], axis=0)
    return np.tile(middle, years)[: len(values)]


def _long_runs(flags: Flags, least: int, *, reach: int) -> Flags:
    """Flag the rows of runs of ``least`` flags and more, each of which reaches over ``reach`` further rows."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    begins, ends = edges[::2], edges[1::2]
    kept = ends - begins >= least
    marks: npt.NDArray[np.int64] = np.zeros(len(flags) + reach + 1, np.int64)
    np.add.at(marks, begins[kept], 1)
    np.add.at(marks, ends[kept] + reach, -1)
    covered: Flags = np.cumsum(marks)[:-1] > 0
    return covered
