"""At which trim a ship needs the least power: fitted to what she has shown, and no advice where that is within chance."""

from typing import NamedTuple

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.ship.hull_performance import independent_count
from analytics.window import FloatArray

LEAST_VARIED_M = 0.2
"""Standard deviation of the trim, below which nothing can be said."""
_LEAST_ROWS = 40
_SCHEFFE = 2.4477
"""Root of the 95 % quantile of χ² with two degrees: the best trim is chosen by the same two coefficients that tell its gain."""
_QUANTILES = (0.05, 0.95)


class TrimAdvice(NamedTuple):
    """What another trim would bring."""

    best_m: float
    """Within the band given and what was sailed."""
    gain_percent: float
    """Of the power, against the present trim."""
    half_width: float
    """Of its 95 % interval."""
    level: float
    """The fitted curve: ``level + slope t + bend t²`` is the logarithm of the power at a trim t."""
    slope: float
    bend: float

    @property
    def is_certain(self) -> bool:
        """Whether the interval of the gain excludes zero."""
        return self.gain_percent > self.half_width

    def log_power(self, trim_m: FloatArray) -> FloatArray:
        return self.level + self.slope * trim_m + self.bend * trim_m**2


def advise(
    log_power: FloatArray, *, trim_m: FloatArray, others: FloatArray, present_m: float, lowest_m: float, highest_m: float
) -> TrimAdvice:
    """Fit power over trim, and look for the least of it.

    Parameters
    ----------
    log_power : ndarray, shape (n,)
        Natural logarithm of the power without wind and waves over the third power of the speed, in the order of time.
    trim_m : ndarray, shape (n,)
    others : ndarray, shape (n, k)
        What else moves the power: draught, time since the last cleaning.
    present_m : float
        Trim to compare with.
    lowest_m, highest_m : float
        Safe band, of the loading manual.

    Raises
    ------
    NotEvaluated
        If there are less than 40 rows, the trim was hardly varied beside the others, or the band lies outside what was sailed.
    """
    known = ~(np.isnan(log_power) | np.isnan(trim_m) | np.isnan(others).any(axis=1))
    y, trim, beside = log_power[known], trim_m[known], others[known]
    if len(y) < _LEAST_ROWS:
        raise NotEvaluated(Why.NOT_STEADY, f"{len(y)} blocks, {_LEAST_ROWS} are needed")
    scaled = (beside - beside.mean(axis=0)) / np.where(beside.std(axis=0) > 0, beside.std(axis=0), 1.0)
    plain = np.column_stack([np.ones(len(y)), scaled])
    alone = trim - plain @ np.linalg.lstsq(plain, trim, rcond=None)[0]
    if alone.std() < LEAST_VARIED_M:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"the trim varied by {alone.std():.2f} m, {LEAST_VARIED_M} m are needed")
    low, high = np.quantile(trim, _QUANTILES)
    low, high = max(float(low), lowest_m), min(float(high), highest_m)
    if not low <= high:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"never sailed at a trim of {lowest_m:g} to {highest_m:g} m")
    centre = float(trim.mean())
    design = np.column_stack([trim - centre, (trim - centre) ** 2, plain])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    rests = y - design @ coefficients
    # Weather and growth that the blocks share make them count for fewer than they are.
    freedom = max(independent_count(rests) - design.shape[1], 1.0)
    covariance = np.linalg.pinv(design.T @ design)[:2, :2] * float(rests @ rests) / freedom
    slope, bend = float(coefficients[0]), float(coefficients[1])
    tried = np.linspace(low, high, 201) - centre
    best = float(tried[(slope * tried + bend * tried**2).argmin()])
    present = present_m - centre
    away = np.array([present - best, present**2 - best**2])
    gain, error = float(away @ (slope, bend)), float(np.sqrt(away @ covariance @ away))
    level = float(coefficients[2]) - slope * centre + bend * centre**2
    return TrimAdvice(best + centre, 100 * gain, 100 * _SCHEFFE * error, level=level, slope=slope - 2 * bend * centre, bend=bend)
