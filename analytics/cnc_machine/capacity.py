"""Free capacity: how many hours of program execution the coming days can give beside what is promised already.

Free = calendar · share of it that programs run - jobs on the machine - planned maintenance. The share, which holds breaks,
set-ups, loading and failures, is drawn from the machine's own past days.
"""

from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray

DRAWS = 2000
_SEED = 22_400


class FreeHours(NamedTuple):
    """Free hours with the band in which they lie in four weeks of five, each cumulated over the days to come, shape (days,)."""

    lowest: FloatArray
    """10 % of the draws are lower."""
    median: FloatArray
    highest: FloatArray


def remaining_hours(*, planned_parts: float, made_parts: float, hours_a_part: float) -> float:
    """Give what the job on the machine still takes, (planned - made) · cycle; a job that is done takes nothing."""
    return max(planned_parts - made_parts, 0.0) * hours_a_part


def free_hours(
    shares: FloatArray,
    weekdays: FloatArray,
    *,
    coming_weekdays: FloatArray,
    committed_hours: float,
    maintenance_hours: float = 0.0,
    hours_a_day: float = 24.0,
) -> FreeHours:
    """Draw the coming days from the past ones of the same kind (Saturday, Sunday, others).

    Parameters
    ----------
    shares : ndarray, shape (n,)
        Of each past day the share of the calendar in which programs ran.
    weekdays : ndarray, shape (n,)
        0 for Monday to 6 for Sunday.
    coming_weekdays : ndarray, shape (days,)
    committed_hours, maintenance_hours : float
        Of program execution, and of the calendar, that are spoken for.

    Raises
    ------
    ValueError
        If there is no past day, or a share is none.

    Notes
    -----
    A bootstrap of days with a fixed seed: equal input, equal answer. Days of a kind that the past does not hold are drawn from
    all. The error of the past's mean is drawn too: each draw first draws the days that it draws from.
    """
    if not len(shares) or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("shares of past days lie between 0 and 1")
    dice = np.random.default_rng(_SEED)
    kinds, coming = _kind(weekdays), _kind(coming_weekdays)
    drawn = np.empty((DRAWS, len(coming)))
    for kind in np.unique(coming):
        past = shares[kinds == kind] if (kinds == kind).any() else shares
        columns = np.flatnonzero(coming == kind)
        samples = dice.choice(past, (DRAWS, len(past)))
        index = dice.integers(0, len(past), (DRAWS, len(columns)))
        drawn[:, columns] = np.take_along_axis(samples, index, axis=1)
    usable = max(1 - maintenance_hours / (hours_a_day * len(coming)), 0.0) if len(coming) else 0.0
    free = np.maximum(np.cumsum(drawn * hours_a_day * usable, axis=1) - committed_hours, 0.0)
    lowest, median, highest = np.quantile(free, [0.1, 0.5, 0.9], axis=0)
    return FreeHours(lowest, median, highest)


def _kind(weekdays: FloatArray) -> FloatArray:
    kinds: FloatArray = np.maximum(weekdays, 4.0)
    return kinds
