"""Days until a worsening signal reaches its limit: from where the worsening began, by a line that outliers do not bend.

The line is straight over a power of the time since then, because most wear grows faster as it goes on.
No number where nothing worsens, where it has stopped or heals, or where the limit is too far off to be told.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter
from scipy.special import ndtri

from analytics import evidence
from analytics.remaining_life.quantiles import LEVELS, Remaining
from analytics.result import Figure, NotEvaluated, Why
from analytics.window import FloatArray
from device_profiles.kind import Label

_BINS = 100
_LEAST_BINS = 12
"""Before a trend can be told; after its onset half of them."""
_RESET_NOISES = 8.0
_RESET_SHARE = 0.4
"""A fall between neighbours by so many deviations of the noise, and this share of the whole range, was maintenance."""
_SIGNIFICANCE = 1e-4
"""Of the rise, two-sided; small, because the onset is chosen where the rise looks best."""
_LEAST_RISE_NOISES = 2.0
_RECENT_SHARE = 0.4
"""The last part since the onset has to go on rising, by at least this share of the whole slope."""
_LEAST_RECENT_SLOPE = 0.25
_FARTHEST = 5.0
"""Times the span since the onset: nobody knows what comes later."""
_CHANGE = 0.05
"""Relative deviation of the slope to come, over as long a time as was seen: duties change (a convention)."""
_POWERS = np.array([0.75, 0.875, 1.0, 1.125, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0])
_DRAWS = 300
_DAY_US = 86_400_000_000
_HALF_WIDTHS = float(ndtri(0.975) / ndtri(LEVELS[2]))
"""Of a normal distribution, 95 % over 80 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysToLimit:
    """When a limit will be reached, counted from the last reading."""

    days: Remaining
    """``p90`` is infinite where more than a tenth of the lines that fit never get there."""
    level: float
    """Now, on the line."""
    slope_per_day: float
    onset_us: int
    evidence: list[dict[str, Any]]

    def figure(self, name: str) -> Figure:
        """Give the median, with its uncertainty where the band ends; where it does not, the median is doubtful. [d]"""
        if not np.isfinite(self.days.p90):
            return Figure(name=name, value=self.days.p50, validity="doubtful")
        return Figure(name=name, value=self.days.p50, uncertainty=(self.days.p90 - self.days.p10) / 2 * _HALF_WIDTHS)


class Line(NamedTuple):
    """Straight over ``((day - onset) / span) ** power``."""

    onset: float
    span: float
    power: float
    slope: FloatArray
    intercept: FloatArray
    """Of one or of several series at once."""

    def at(self, days: FloatArray) -> FloatArray:
        return self.intercept[..., None] + self.slope[..., None] * self.stretched(days)

    def stretched(self, days: FloatArray) -> FloatArray:
        stretched: FloatArray = (np.maximum(days - self.onset, 0.0) / self.span) ** self.power
        return stretched

    def days_to(self, limit: float) -> FloatArray:
        """Give the days after the span; infinite where it does not rise, 0 where the limit is passed."""
        rises = self.slope > 0
        goal = np.where(rises, (limit - self.intercept) / np.where(rises, self.slope, 1.0), np.inf)
        left: FloatArray = self.span * (np.maximum(goal, 0.0) ** (1 / self.power) - 1)
        return np.maximum(left, 0.0)


def days_to_limit(
    times_us: npt.NDArray[np.int64],
    values: FloatArray,
    *,
    limit: float,
    falls: bool = False,
    label: Label,
    unit: str,
    seed: int = 1,
) -> DaysToLimit | None:
    """Estimate the days until a signal reaches its limit.

    Parameters
    ----------
    times_us : ndarray of int64, shape (n,)
        Rising, at any distances.
    values : ndarray, shape (n,)
        What worsens: at comparable load, or better the residual of a baseline. NaN where unknown.
    limit : float
        Trip or alarm limit, in the signal's unit.
    falls : bool
        The signal worsens by falling.
    label, unit
        Of the signal, for the evidence.

    Returns
    -------
    DaysToLimit or None
        None where no worsening is seen.

    Raises
    ------
    NotEvaluated
        If too little is known, in all or since the last maintenance.

    Notes
    -----
    Readings are condensed to medians of up to 100 equal spans. What lies before the last maintenance (a sudden fall) is left
    out. The onset is the corner of the best fit of a level followed by a rise, straight over a power of the time since then. The
    rise has to be significant by Kendall's test with the variance of values that hang together, to be more than the noise, and
    to go on in its last part. The slope is Theil's and Sen's. The band comes from such lines through residuals drawn in blocks,
    with onset and power drawn by the likelihood of their fits.

    References
    ----------
    ISO 13381-1 (estimate with confidence, to a set point); Theil (1950), Sen (1968); Hamed and Rao (1998), J. Hydrology 204;
    Künsch (1989), Annals of Statistics 17.
    """
    sign = -1.0 if falls else 1.0
    days, medians = _condensed(times_us, sign * values)
    first = _after_reset(medians)
    days, medians = days[first:], medians[first:]
    if len(days) < _LEAST_BINS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(days)} medians since the last maintenance, {_LEAST_BINS} are needed")
    chances = _onset_chances(days, medians)
    best, first = (int(of) for of in np.unravel_index(chances.argmax(), chances.shape))
    power = float(_POWERS[best])
    now = float(times_us[-1] - times_us[0]) / _DAY_US
    line = _fit(days[first:], medians[first:], power, now)
    if not _rises(days[first:], medians[first:], line):
        return None
    left = _crossings(days, medians, chances, limit=sign * limit, now=now, rng=np.random.default_rng(seed))
    if left.p50 > _FARTHEST * line.span:
        return None
    level, slope = float(line.slope + line.intercept), float(line.slope * power / line.span)
    curve = np.where(np.arange(len(days)) < first, np.nan, line.at(days))
    times = times_us[0] + (days * _DAY_US).astype(np.int64)
    return DaysToLimit(
        days=left,
        level=sign * level,
        slope_per_day=sign * slope,
        onset_us=int(times[first]),
        evidence=[
            evidence.inputs(
                [
                    ("level", sign * level, unit),
                    ("slope", sign * slope, f"{unit}/d"),
                    ("power", power, ""),
                    ("limit", limit, unit),
                    *zip(("P10", "P50", "P90"), left, "ddd", strict=True),
                ]
            ),
            evidence.series(
                label, unit, times, {"median": sign * medians, "trend": sign * curve, "limit": np.full(len(days), limit)}
            ),
        ],
    )


def theil_sen(days: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give slope and intercept of the line through the median of the slopes of all pairs.

    Parameters
    ----------
    days : ndarray, shape (n,)
    values : ndarray, shape (..., n)
        Several series over the same days at once.
    """
    i, j = np.triu_indices(len(days), 1)
    slopes = np.median((values[..., j] - values[..., i]) / (days[j] - days[i]), axis=-1)
    return slopes, np.median(values - slopes[..., None] * days, axis=-1)


def _condensed(times_us: npt.NDArray[np.int64], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = ~np.isnan(values)
    if np.count_nonzero(known) < _LEAST_BINS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{np.count_nonzero(known)} readings, {_LEAST_BINS} are needed")
    if not (np.diff(times_us) > 0).all():
        raise NotEvaluated(Why.BAD_INPUT, "times do not rise")
    days, values = (times_us[known] - times_us[0]) / _DAY_US, values[known]
    edges = np.linspace(days[0], days[-1], min(_BINS, len(days)) + 1)[1:-1]
    cuts = np.unique(np.searchsorted(days, edges, side="right"))
    pieces = zip(np.split(days, cuts), np.split(values, cuts), strict=True)
    medians = np.array([(piece.mean(), np.median(of)) for piece, of in pieces if len(piece)])
    return medians[:, 0], medians[:, 1]


def _noise(values: FloatArray) -> float:
    """Deviation of single medians, from the differences of neighbours that a trend hardly moves."""
    differences = np.diff(values)
    return float(1.4826 * np.median(np.abs(differences - np.median(differences))) / np.sqrt(2))


def _after_reset(values: FloatArray) -> int:
    """Give the first median after the last maintenance."""
    if len(values) < _LEAST_BINS:
        return 0
    # Medians of three on each side of every boundary: an outlier is no maintenance.
    smooth = median_filter(values, 3, mode="nearest")
    fall = smooth[1:-2] - smooth[3:]
    size = np.maximum(_RESET_NOISES * _noise(values), _RESET_SHARE * np.ptp(smooth))
    sudden = np.flatnonzero(fall > size)
    return int(sudden[-1]) + 3 if len(sudden) else 0


def _fit(days: FloatArray, values: FloatArray, power: float, now: float) -> Line:
    """Fit a line from an onset, the first of the days, until now; values may be several series, shape (..., n)."""
    line = Line(float(days[0]), now - float(days[0]), power, np.zeros(1), np.zeros(1))
    slope, intercept = theil_sen(line.stretched(days), values)
    return line._replace(slope=slope, intercept=intercept)


def _rises(days: FloatArray, values: FloatArray, line: Line) -> bool:
    """Tell whether what follows the onset rises beyond doubt, and still does."""
    rests = values - line.at(days)
    noise = max(float(1.4826 * np.median(np.abs(rests))), 1e-12 * float(np.abs(values).max()))
    recent = max(_LEAST_BINS // 3, round(_RECENT_SHARE * len(days)))
    slope, recent_slope = (float(theil_sen(days[-count:], values[-count:])[0]) for count in (len(days), recent))
    return (
        slope > 0
        and float(line.slope) > _LEAST_RISE_NOISES * noise
        and recent_slope > _LEAST_RECENT_SLOPE * slope
        and _kendall_deviations(values, rests) > -float(ndtri(_SIGNIFICANCE / 2))
    )


def _onset_chances(days: FloatArray, values: FloatArray) -> FloatArray:
    """Weigh each median as the onset, with each power, by the likelihood of the best level and rise; shape (powers, onsets)."""
    smooth = median_filter(values, 3, mode="nearest")
    off = smooth - smooth.mean()
    onsets = days[: len(days) - _LEAST_BINS // 2 + 1]
    hinge = np.maximum(days - onsets[:, None], 0.0) / (days[-1] - onsets[:, None])
    hinge = hinge ** _POWERS[:, None, None]
    hinge -= hinge.mean(axis=-1, keepdims=True)
    slopes = hinge @ off / np.sum(hinge**2, axis=-1)
    rests = off - slopes[..., None] * hinge
    power = np.sum(rests**2, axis=-1)
    best = rests[np.unravel_index(power.argmin(), power.shape)]
    # Smoothing and the machine itself make neighbours hang together: they count for fewer than they are.
    count = len(days) * (1 - _bond(best)) / (1 + _bond(best))
    excess = (power - power.min()) / max(float(power.min()), 1e-18 * float(off @ off), 1e-300)
    chances: FloatArray = np.exp(-0.5 * count * excess)
    chances /= chances.sum()
    return chances


def _kendall_deviations(values: FloatArray, rests: FloatArray) -> float:
    """Give Kendall's sum in standard deviations, widened for what is left to hang together from one median to the next."""
    count = len(values)
    i, j = np.triu_indices(count, 1)
    total = float(np.sign(values[j] - values[i]).sum())
    inflation = (1 + _bond(rests)) / (1 - _bond(rests))
    return total / float(np.sqrt(inflation * count * (count - 1) * (2 * count + 5) / 18))


def _bond(rests: FloatArray) -> float:
    off = rests - rests.mean()
    power = float(off @ off)
    return float(np.clip(off[1:] @ off[:-1] / power, 0.0, 0.95)) if power > 0 else 0.0


def _crossings(
    days: FloatArray, values: FloatArray, chances: FloatArray, *, limit: float, now: float, rng: np.random.Generator
) -> Remaining:
    """Draw onset and power by their chances, residuals in blocks, fit each draw again, and see when its line is there."""
    drawn = rng.choice(chances.size, _DRAWS, p=chances.ravel())
    found = []
    for which, number in zip(*np.unique(drawn, return_counts=True), strict=True):
        power, onset = np.unravel_index(which, chances.shape)
        since = days[onset:]
        line = _fit(since, values[onset:], float(_POWERS[power]), now)
        rests = values[onset:] - line.at(since)
        count = len(rests)
        block = int(np.clip(round(count ** (1 / 3) * (1 + _bond(rests)) / (1 - _bond(rests))), 1, count // 3))
        starts = rng.integers(0, count, (number, -(-count // block)))
        rows = (starts[:, :, None] + np.arange(block)).reshape(number, -1)[:, :count] % count
        # The line has taken two degrees of freedom from the residuals, and blocks hide what is longer than they are.
        wider = np.sqrt(count / (count - 1 - block))
        again = _fit(since, line.at(since) + wider * rests[rows], line.power, now)
        spread = _CHANGE * np.sqrt(np.minimum(again.days_to(limit) / line.span, _FARTHEST))
        found.append(again.days_to(limit) * np.exp(spread * rng.standard_normal(number)))
    # Between a finite and an infinite neighbour nothing can be interpolated.
    return Remaining(*(float(q) for q in np.quantile(np.concatenate(found), LEVELS, method="lower")))
