"""When it pays to wash modules."""

from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray

CLEANING_RAIN_MM = 5.0
"""Of a day: A. Kimber et al., WCPEC 2006."""


class Advice(NamedTuple):
    """Whether to clean today."""

    regained: float
    """Worth of the energy until the next rain, in the price's money."""
    cost: float

    @property
    def is_worth_it(self) -> bool:
        return self.regained > self.cost


def best_interval_days(*, cost: float, energy_kwh_per_day: float, price_per_kwh: float, rate_per_day: float) -> float:
    """Give the interval between cleanings at which lost energy and cleaning cost least: ``sqrt(2 C / (E p s))``. [d]

    Parameters
    ----------
    cost : float
        Of one cleaning.
    energy_kwh_per_day : float
        Of clean modules. [kWh/d]
    rate_per_day : float
        Share that is lost more with each day.

    Raises
    ------
    ValueError
        If one of them is zero or less.

    Notes
    -----
    The mean loss over an interval of n days is ``s n / 2`` and the cost a day ``C / n``; rain is left out.
    """
    if min(cost, energy_kwh_per_day, price_per_kwh, rate_per_day) <= 0:
        raise ValueError("cost, energy, price and rate are above zero")
    return float(np.sqrt(2 * cost / (energy_kwh_per_day * price_per_kwh * rate_per_day)))


def clean_now(*, loss: float, energy_kwh_per_day: float, price_per_kwh: float, cost: float, days_to_rain: float) -> Advice:
    """Hold what a cleaning today would bring until the next rain against its cost.

    Parameters
    ----------
    loss : float
        Share that the dirt takes now; what settles anew settles on clean and dirty modules alike, so that the difference stays.
    energy_kwh_per_day : float
        Of clean modules. [kWh/d]
    days_to_rain : float
        Until a rain that cleans. [d]
    """
    return Advice(max(loss, 0.0) * energy_kwh_per_day * price_per_kwh * max(days_to_rain, 0.0), cost)


def days_between_rains(rain_mm: FloatArray) -> float:
    """Mean number of days between rains of 5 mm and more; NaN where it is not known, the whole stretch where it was dry. [d]"""
    known = ~np.isnan(rain_mm)
    if not known.any():
        return float("nan")
    with np.errstate(invalid="ignore"):
        rains = int(np.count_nonzero(rain_mm >= CLEANING_RAIN_MM))
    return float(np.count_nonzero(known)) / max(rains, 1)
