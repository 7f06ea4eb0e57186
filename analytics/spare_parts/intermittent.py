"""Forecasts of demand that comes now and then: Croston's method, its two corrections, and plain smoothing.

Histories have the shape (..., n): any number of parts side by side, their periods last. A NaN is a period in which the part
was not on sale; it is passed over. A part that was never asked for is forecast as 0.
"""

from typing import NamedTuple

import numpy as np

from analytics.spare_parts.demand_classes import check
from analytics.window import FloatArray

ALPHA, BETA = 0.1, 0.05
"""Customary: smoothing of amounts (and of intervals), and of the chance of a demand."""


class Forecast(NamedTuple):
    """What is expected of each period to come; arrays of shape (...)."""

    mean: FloatArray
    """Units a period."""
    size: FloatArray
    """Units of one demand; 0 where there was none."""
    chance: FloatArray
    """Of a demand in a period."""


def croston(demand: FloatArray, *, alpha: float = ALPHA) -> Forecast:
    """Smooth amounts and intervals apart, each when there is a demand: ``z / p``.

    References
    ----------
    Croston (1972), "Forecasting and stock control for intermittent demands", Operational Research Quarterly 23. It begins with
    the first amount and the number of periods up to it.
    """
    size, interval = _croston_states(demand, alpha)
    chance = np.divide(1.0, interval, out=np.zeros(size.shape), where=interval > 0)
    return Forecast(size * chance, size, chance)


def sba(demand: FloatArray, *, alpha: float = ALPHA) -> Forecast:
    """Take from Croston's forecast its bias: ``(1 - alpha / 2) z / p``.

    References
    ----------
    Syntetos and Boylan (2005), "The accuracy of intermittent demand estimates", International Journal of Forecasting 21.
    """
    found = croston(demand, alpha=alpha)
    return found._replace(mean=(1 - alpha / 2) * found.mean)


def tsb(demand: FloatArray, *, alpha: float = ALPHA, beta: float = BETA) -> Forecast:
    """Smooth the chance of a demand in every period, so that a part that nobody wants any more fades: ``d z``.

    References
    ----------
    Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting to inventory obsolescence", European Journal of
    Operational Research 214. It begins with the first amount and one over the number of periods up to it.
    """
    _check_smoothing(alpha, beta)
    check(demand)
    shape = demand.shape[:-1]
    size, chance, periods = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for amount in np.moveaxis(demand, -1, 0):
        known, asked = ~np.isnan(amount), amount > 0
        periods += known
        first, later = asked & (size == 0), known & (size > 0)
        chance = np.where(later, chance + beta * (asked - chance), chance)
        chance = np.where(first, 1 / np.maximum(periods, 1), chance)
        size = np.where(later & asked, size + alpha * (amount - size), np.where(first, amount, size))
    return Forecast(chance * size, size, chance)


def ses(demand: FloatArray, *, alpha: float = ALPHA) -> Forecast:
    """Smooth every period alike, beginning with the first (simple exponential smoothing)."""
    _check_smoothing(alpha)
    check(demand)
    shape = demand.shape[:-1]
    mean, chance, seen = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
    for amount in np.moveaxis(demand, -1, 0):
        known, asked = ~np.isnan(amount), amount > 0
        weight = np.where(known, np.where(seen, alpha, 1.0), 0.0)
        mean += weight * (np.where(known, amount, 0.0) - mean)
        chance += weight * (asked - chance)
        seen |= known
    return Forecast(mean, np.divide(mean, chance, out=np.zeros(shape), where=chance > 0), chance)


def _croston_states(demand: FloatArray, alpha: float) -> tuple[FloatArray, FloatArray]:
    _check_smoothing(alpha)
    check(demand)
    shape = demand.shape[:-1]
    size, interval, since = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for amount in np.moveaxis(demand, -1, 0):
        asked = amount > 0
        since += ~np.isnan(amount)
        later = asked & (size > 0)
        # The first demand sets both states, those after it move them.
        interval = np.where(asked, np.where(later, interval + alpha * (since - interval), since), interval)
        size = np.where(asked, np.where(later, size + alpha * (amount - size), amount), size)
        since = np.where(asked, 0.0, since)
    return size, interval


def _check_smoothing(*weights: float) -> None:
    if not all(0 < weight <= 1 for weight in weights):
        raise ValueError(f"smoothing weights lie above 0 and up to 1, not {weights}")
