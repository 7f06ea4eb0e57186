"""Weibull's distribution of lives, fitted to units that failed and units that still run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from analytics.remaining_life.quantiles import LEVELS, Remaining
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

LEAST_FAILURES = 5
"""Of fewer the shape is as good as unknown, and intervals of large samples do not hold."""
_STEEPEST = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull:
    """A fitted distribution; times are in the unit of those that it was fitted to.

    Notes
    -----
    Intervals are those of large samples: of the shape from the profile of the likelihood, of quantiles from Fisher's observed
    information in the logarithms of both parameters, which keeps them above 0.
    """

    shape: float
    """Below 1 failures of youth, 1 chance, above it wear."""
    scale: float
    """By this time 63.2 % have failed."""
    covariance: FloatArray
    """Of the logarithms of shape and scale, shape (2, 2)."""
    log_likelihood: float
    failures: int
    shape_interval: tuple[float, float]
    """95 %, from the likelihood ratio."""

    def reliability(self, time: npt.ArrayLike) -> FloatArray:
        """Share that reaches a time."""
        reached: FloatArray = np.exp(-((np.asarray(time, np.float64) / self.scale) ** self.shape))
        return reached

    def life(self, failed_share: float) -> float:
        """Time by which a share has failed: B10 is ``life(0.1)``."""
        return float(self.scale * (-np.log1p(-failed_share)) ** (1 / self.shape))

    def life_interval(self, failed_share: float, *, confidence: float = 0.95) -> tuple[float, float]:
        """Two-sided interval of `life`."""
        gradient = np.array([-np.log(-np.log1p(-failed_share)) / self.shape, 1.0])
        half = norm.ppf((1 + confidence) / 2) * np.sqrt(gradient @ self.covariance @ gradient)
        return float(self.life(failed_share) * np.exp(-half)), float(self.life(failed_share) * np.exp(half))

    def failure_share(self, *, age: float, within: float) -> float:
        """Chance that a unit that has reached ``age`` fails within the time after it."""
        return float(-np.expm1((age / self.scale) ** self.shape - ((age + within) / self.scale) ** self.shape))

    def remaining(self, *, age: float) -> Remaining:
        """Remaining life of a unit that has reached ``age``."""
        used = (age / self.scale) ** self.shape
        return Remaining(*(float(self.scale * (used - np.log1p(-level)) ** (1 / self.shape) - age) for level in LEVELS))


def fit(times: FloatArray, failed: Flags) -> Weibull:
    """Fit by the largest likelihood.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Life of what failed, age of what still runs; above 0.
    failed : ndarray of bool, shape (n,)

    Raises
    ------
    NotEvaluated
        If a time is no positive number, fewer than `LEAST_FAILURES` have failed, or all of them at one time.

    References
    ----------
    Nelson (1982), "Applied life data analysis", chapters 8 and 12: likelihood with right censoring.
    """
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise NotEvaluated(Why.BAD_INPUT, "times must be above 0")
    count = int(np.count_nonzero(failed))
    if count < LEAST_FAILURES:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{count} failures, {LEAST_FAILURES} are needed")
    if np.ptp(times[failed]) == 0 and times.max() == times[failed].max():
        raise NotEvaluated(Why.BAD_INPUT, "all failures at one time")
    logs = np.log(times / times.max())
    mean_failed = float(logs[failed].mean())

    def score(shape: float) -> float:
        powers = np.exp(shape * logs)
        return float(powers @ logs / powers.sum() - 1 / shape - mean_failed)

    def profile(shape: float) -> float:
        return float(count * (np.log(shape) - np.log(np.exp(shape * logs).sum() / count) + shape * mean_failed - 1))

    shape = float(brentq(score, 1e-3, _STEEPEST, xtol=1e-12))
    log_scale = float(np.log(np.exp(shape * logs).sum() / count) / shape)
    drop = float(chi2.ppf(0.95, 1)) / 2

    def above(other: float) -> float:
        return profile(other) - profile(shape) + drop

    return Weibull(
        shape=shape,
        scale=float(np.exp(log_scale) * times.max()),
        covariance=_covariance(logs - log_scale, failed, shape),
        log_likelihood=profile(shape) - float(np.log(times[failed]).sum()),
        failures=count,
        shape_interval=(float(brentq(above, 1e-6 * shape, shape)), float(brentq(above, shape, 1e3 * shape))),
    )


def _covariance(logs: FloatArray, failed: Flags, shape: float) -> FloatArray:
    """Invert the observed information of the logarithms of shape and scale; ``logs`` are of times over the scale."""
    stretched = shape * logs
    hazard = np.exp(stretched)
    count = np.count_nonzero(failed)
    of_shape = float(np.sum(hazard * (stretched + stretched**2)) - stretched[failed].sum())
    of_both = float(shape * count - shape * np.sum(hazard * (1 + stretched)))
    of_scale = float(shape**2 * hazard.sum())
    inverse: FloatArray = np.linalg.inv(np.array([[of_shape, of_both], [of_both, of_scale]]))
    return inverse
