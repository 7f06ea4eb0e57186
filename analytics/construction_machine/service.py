"""When service by the hour meter is due: hours left, and the days until then with their spread."""

import math
from typing import NamedTuple

import numpy as np

from analytics.remaining_life.quantiles import Remaining
from analytics.remaining_life.wiener import Drift
from analytics.window import Flags, FloatArray

INTERVALS_HOURS = (250, 500, 1000, 2000)
MOST_SHORTENED = 0.3
"""Hard use shortens an interval by no more (a convention of this project)."""
HARD_LOAD_PERCENT = 85.0
HOT_OIL_CELSIUS = 85.0
"""Hydraulic oil ages about twice as fast with each 10 K; makers' limits lie near 90 °C."""
_HALF_LIFE_DAYS = 10.0
_LEAST_DAYS = 10


class Pace(NamedTuple):
    """Hours a day, newer days counting more."""

    hours_a_day: float
    deviation: float
    """Standard deviation of a day's hours about it."""
    effective_days: float
    """So many days of equal weight would tell the mean as well."""

    def until(self, hours_left: float) -> Remaining | None:
        """Give the days until so many hours are run: P10, P50, P90; 0 where none are left, None where the machine stands."""
        drift = Drift(-hours_left, self.hours_a_day, self.deviation, self.effective_days)
        return drift.remaining_days(0.0)


class Due(NamedTuple):
    """A service that comes."""

    interval_hours: int
    """The longest interval that falls due then."""
    at_hours: float
    """On the hour meter, use taken into account."""


def pace(hours_by_day: FloatArray) -> Pace | None:
    """Weigh days by age, with a half-life of ten days (EWMA); None of fewer than ten.

    Parameters
    ----------
    hours_by_day : ndarray, shape (n,)
        Oldest first; days of rest are 0, unknown days NaN. [h]
    """
    weights = 0.5 ** (np.arange(len(hours_by_day))[::-1] / _HALF_LIFE_DAYS)
    known = ~np.isnan(hours_by_day)
    if known.sum() < _LEAST_DAYS:
        return None
    weights, hours = weights[known] / weights[known].sum(), hours_by_day[known]
    mean = float(weights @ hours)
    squares = float(weights @ weights)
    variance = float(weights @ (hours - mean) ** 2) / (1 - squares)
    return Pace(mean, math.sqrt(variance), 1 / squares)


def hard_share(*, load_percent: FloatArray, hydraulic_celsius: FloatArray, at_work: Flags) -> float:
    """Share of the known hours at work with the engine near its limit or the hydraulic oil hot; NaN where nothing is known.

    Parameters
    ----------
    load_percent, hydraulic_celsius : ndarray, shape (n,)
        One of them may be NaN throughout.
    at_work : ndarray of bool, shape (n,)
    """
    known = at_work & ~(np.isnan(load_percent) & np.isnan(hydraulic_celsius))
    if not known.any():
        return float("nan")
    with np.errstate(invalid="ignore"):
        hard = (load_percent > HARD_LOAD_PERCENT) | (hydraulic_celsius > HOT_OIL_CELSIUS)
    return float(hard[known].mean())


def shortening(hard: float) -> float:
    """Give by what share an interval is shortened: in proportion to hard hours, all of `MOST_SHORTENED` where all are hard."""
    return MOST_SHORTENED * min(max(hard, 0.0), 1.0)


def next_service(meter_hours: float, *, last_service_hours: float | None = None, shortened: float = 0.0) -> Due:
    """Find which service comes next, and when.

    Parameters
    ----------
    meter_hours : float
        What the hour meter shows, without the hours before a reset. [h]
    last_service_hours : float, optional
        What it showed at the last service; without it services are taken to be at the multiples of the shortest interval, as
        makers' tables have them. One that was left out stays due, and lies before ``meter_hours``.
    shortened : float
        As `shortening` gives it.

    Raises
    ------
    ValueError
        If hours are negative, or the last service lies in the future.
    """
    shortest = INTERVALS_HOURS[0]
    last = shortest * math.floor(meter_hours / shortest) if last_service_hours is None else last_service_hours
    if not 0 <= last <= meter_hours:
        raise ValueError(f"last service at {last:g} h of {meter_hours:g} h")
    # The table's service whose turn it is, after the one that was made nearest to its own hours.
    turn = shortest * (round(last / shortest) + 1)
    interval = max(of for of in INTERVALS_HOURS if turn % of == 0)
    return Due(interval, last + shortest * (1 - shortened))
