"""Willans' line: fuel over power is nearly straight; its foot is what friction costs, its slope what combustion gives."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

LEAST_POINTS = 8
LEAST_RANGE = 0.25
"""Powers must differ by this share of the greatest, or the foot is guessed from afar."""


class WillansLine(NamedTuple):
    """``fuel = intercept + slope x power``, with half widths of the 95 % intervals."""

    intercept_kg_per_h: float
    intercept_half_width: float
    slope_kg_per_kwh: float
    slope_half_width: float
    deviation_kg_per_h: float
    """Standard deviation of the residuals."""
    points: int

    def fuel_kg_per_h(self, power_kw: npt.ArrayLike) -> FloatArray:
        return np.asarray(self.intercept_kg_per_h + self.slope_kg_per_kwh * np.asarray(power_kw, float), np.float64)


def willans_line(*, power_kw: npt.ArrayLike, fuel_kg_per_h: npt.ArrayLike) -> WillansLine:
    """Fit the line by least squares.

    Parameters
    ----------
    power_kw, fuel_kg_per_h : array_like, shape (n,)
        Means of steady stretches in the order of time; those with a NaN are left out.

    Raises
    ------
    NotEvaluated
        If there are too few points, or all at nearly one power.

    Notes
    -----
    Residuals that follow each other resemble each other. The intervals count only as many points as would be independent at
    the residuals' correlation of lag one: ``n (1 - r) / (1 + r)``.

    References
    ----------
    J. B. Heywood, "Internal Combustion Engine Fundamentals", chapter 13 (Willans' line); N. R. Draper and H. Smith, "Applied
    Regression Analysis", chapter 1 (intervals); G. V. Bayley and J. M. Hammersley, 1946 (effective number).
    """
    power, fuel = np.asarray(power_kw, float), np.asarray(fuel_kg_per_h, float)
    known = ~(np.isnan(power) | np.isnan(fuel))
    power, fuel = power[known], fuel[known]
    n = len(power)
    if n < LEAST_POINTS:
        raise NotEvaluated(Why.NOT_STEADY, f"{n} steady stretches")
    if np.ptp(power) < LEAST_RANGE * power.max():
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"all loads within {power.min():.0f} to {power.max():.0f} kW")
    middle = power.mean()
    square = float(((power - middle) ** 2).sum())
    slope = float(((power - middle) * (fuel - fuel.mean())).sum()) / square
    intercept = float(fuel.mean() - slope * middle)
    residuals = fuel - intercept - slope * power
    total = float((residuals**2).sum())
    alike = float((residuals[1:] * residuals[:-1]).sum()) / total if total > 0 else 0.0
    alike = min(max(alike, 0.0), 0.95)
    independent = max(n * (1 - alike) / (1 + alike), 4.0)
    deviation = float(np.sqrt(total / (n - 2)))
    widened = float(stats.t.ppf(0.975, independent - 2)) * deviation * np.sqrt(n / independent)
    return WillansLine(
        intercept_kg_per_h=intercept,
        intercept_half_width=float(widened * np.sqrt(1 / n + middle**2 / square)),
        slope_kg_per_kwh=slope,
        slope_half_width=float(widened / np.sqrt(square)),
        deviation_kg_per_h=deviation,
        points=n,
    )
