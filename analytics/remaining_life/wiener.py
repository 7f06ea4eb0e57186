"""Wear as a Wiener process with drift: it reaches a limit for the first time after a time of inverse Gaussian distribution."""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from analytics.remaining_life.quantiles import LEVELS, Remaining
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_LEAST_INCREMENTS = 10
_LEAST_DEVIATIONS = 2.5
"""A drift nearer to 0 than so many of its standard errors is none: less than 1 % of such processes would never get there."""


class Drift(NamedTuple):
    """A process that rises by ``rate`` on average, in values and days."""

    level: float
    """Last value."""
    rate_per_day: float
    diffusion: float
    """Standard deviation of its change in one day, less the rate."""
    days: float
    """Over which it was seen; the rate's standard error is ``diffusion / sqrt(days)``."""

    @property
    def is_rising(self) -> bool:
        return self.rate_per_day > _LEAST_DEVIATIONS * self.diffusion / math.sqrt(self.days)

    def reached(self, days: float, *, limit: float) -> float:
        """Chance that the limit is reached within so many days, the rate being known only from what was seen.

        References
        ----------
        Folks and Chhikara (1978), "The inverse Gaussian distribution and its statistical application", JRSS B 40; mixed over a
        normal rate by Si et al. (2012), "Remaining useful life estimation based on stochastic filtering", EJOR 226.
        """
        way = limit - self.level
        if way <= 0:
            return 1.0
        variance = max(self.diffusion, 1e-12 * way) ** 2
        of_rate = variance / self.days
        spread = np.sqrt(variance * days + of_rate * days**2)
        there = ndtr((self.rate_per_day * days - way) / spread)
        back = 2 * of_rate * way * days + variance * (self.rate_per_day * days + way)
        exponent = 2 * self.rate_per_day * way / variance + 2 * of_rate * way**2 / variance**2
        return float(there + np.exp(exponent + log_ndtr(-back / (variance * spread))))

    def remaining_days(self, limit: float) -> Remaining | None:
        """Give the days to a limit; None where nothing rises, 0 where the last value has passed it."""
        if self.level >= limit:
            return Remaining(0.0, 0.0, 0.0)
        if not self.is_rising:
            return None
        return Remaining(*(self._quantile(level, limit) for level in LEVELS))

    def _quantile(self, level: float, limit: float) -> float:
        likely = (limit - self.level) / self.rate_per_day
        low, high = 1e-9 * likely, likely
        while self.reached(high, limit=limit) < level:
            high *= 2
            if high > 1e6 * likely:
                return float("inf")
        return float(brentq(lambda days: self.reached(days, limit=limit) - level, low, high))


def fit(days: FloatArray, values: FloatArray) -> Drift:
    """Fit rate and diffusion to readings at uneven times; unknown readings are left out.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Rising.
    values : ndarray, shape (n,)
        Of what grows with wear. Noise of the sensor counts as diffusion and widens the band: give means, not single readings.

    Raises
    ------
    NotEvaluated
        If there are too few readings, or times that do not rise.
    """
    known = ~np.isnan(values)
    steps, changes = np.diff(days[known]), np.diff(values[known])
    if len(steps) < _LEAST_INCREMENTS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(steps) + 1} readings, {_LEAST_INCREMENTS + 1} are needed")
    if not (steps > 0).all():
        raise NotEvaluated(Why.BAD_INPUT, "times do not rise")
    rate = float(changes.sum() / steps.sum())
    variance = float(np.sum((changes - rate * steps) ** 2 / steps) / (len(steps) - 1))
    return Drift(float(values[known][-1]), rate, float(np.sqrt(variance)), float(steps.sum()))
