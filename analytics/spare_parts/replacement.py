"""When to replace a part before it fails: the age at which wear makes waiting dearer than a planned stop."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import gamma, gammainc

from analytics.remaining_life.weibull import Weibull
from analytics.result import NotEvaluated, Why

_LONGEST = 50.0
"""Scales; beyond it nothing is left of any distribution that wears."""


class Replacement(NamedTuple):
    """What replacing by age costs; ages in the unit of the lives, rates in money by that unit."""

    age: float
    """At which to replace; infinite where it pays to wait for the failure."""
    cost_rate: float
    cost_rate_to_failure: float
    """Without replacing before failure."""

    @property
    def saved_share(self) -> float:
        return 1 - self.cost_rate / self.cost_rate_to_failure


def cost_rate(age: float, *, shape: float, scale: float, planned_cost: float, failure_cost: float) -> float:
    """Cost by time of replacing at an age or at failure, whatever comes first: ``(c_p R(T) + c_f F(T)) / int_0^T R``."""
    failed = -np.expm1(-((age / scale) ** shape))
    return float((planned_cost * (1 - failed) + failure_cost * failed) / _mean_use(age, shape, scale))


def age_replacement(*, shape: float, scale: float, planned_cost: float, failure_cost: float) -> Replacement:
    """Find the age at which replacement costs least.

    Parameters
    ----------
    shape, scale : float
        Of the lives' Weibull distribution.
    planned_cost, failure_cost : float
        Of one replacement in a planned stop, and of one after a failure with all that it breaks and stops.

    Raises
    ------
    ValueError
        If one of them is not above 0.

    Notes
    -----
    With a shape of 1 or less a new part fails no later than an old one, and the age is infinite; so it is where a failure
    costs no more than a planned stop.

    References
    ----------
    Barlow and Hunter (1960), "Optimum preventive maintenance policies", Operations Research 8; the condition for the least
    cost is ``h(T) int_0^T R - F(T) = c_p / (c_f - c_p)``.
    """
    if not min(shape, scale, planned_cost, failure_cost) > 0:
        raise ValueError("shape, scale and costs are above 0")
    to_failure = failure_cost / float(scale * gamma(1 + 1 / shape))
    if shape <= 1 or failure_cost <= planned_cost:
        return Replacement(float("inf"), to_failure, to_failure)
    wanted = planned_cost / (failure_cost - planned_cost)

    def missing(age: float) -> float:
        hazard = shape / scale * (age / scale) ** (shape - 1)
        return float(hazard * _mean_use(age, shape, scale) + np.expm1(-((age / scale) ** shape)) - wanted)

    if missing(_LONGEST * scale) < 0:
        return Replacement(float("inf"), to_failure, to_failure)
    age = float(brentq(missing, 1e-9 * scale, _LONGEST * scale, xtol=1e-12 * scale, rtol=1e-14))
    cost = cost_rate(age, shape=shape, scale=scale, planned_cost=planned_cost, failure_cost=failure_cost)
    return Replacement(age, cost, to_failure)


def advised(lives: Weibull, *, planned_cost: float, failure_cost: float) -> Replacement:
    """Find the age for fitted lives, where the fit is sure that the part wears.

    Raises
    ------
    NotEvaluated
        If the shape's 95 % interval reaches down to 1: replacing parts that do not wear only costs.
    """
    low, high = lives.shape_interval
    if low <= 1:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"shape {lives.shape:.2f} ({low:.2f} to {high:.2f}) may be 1: no wear is shown")
    return age_replacement(shape=lives.shape, scale=lives.scale, planned_cost=planned_cost, failure_cost=failure_cost)


def _mean_use(age: float, shape: float, scale: float) -> float:
    """Mean time until failure or that age: the integral of the reliability up to it."""
    return float(scale / shape * gamma(1 / shape) * gammainc(1 / shape, (age / scale) ** shape))
