"""Utilisation, productive hours, idling and fuel of a machine by its counters, and its hours by day and by duty."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Flags, FloatArray

RESOLUTION_HOURS = 0.05
"""Of an hour meter on the vehicle's bus (SAE J1939-71, SPN 247)."""
LOAD_EDGES_PERCENT = (0, 20, 40, 60, 80, 100)
_US_A_DAY = 86_400_000_000


class Use(NamedTuple):
    """How a machine was used. [h; shares of 1]"""

    operating_hours: float
    idle_hours: float
    productive_hours: float
    """Operating less idle."""
    utilisation: float
    """Operating hours of those that it was available."""
    idle_ratio: float
    """Idle hours of the operating ones; NaN where it did not operate."""


def use_of(*, operating_hours: float, idle_hours: float, available_hours: float) -> Use:
    """Give the ratios of ISO/TS 15143-3 counters' growth.

    Raises
    ------
    ValueError
        If no hours were available, or growth is negative.
    """
    if not (available_hours > 0 and operating_hours >= 0 and idle_hours >= 0):
        raise ValueError(f"{operating_hours} h operating, {idle_hours} h idle and {available_hours} h available cannot be")
    # Two meters of finite resolution may differ by it.
    idle = min(idle_hours, operating_hours)
    return Use(
        operating_hours,
        idle,
        operating_hours - idle,
        operating_hours / available_hours,
        idle / operating_hours if operating_hours > 0 else float("nan"),
    )


def fuel_per_hour(*, fuel_litres: float, operating_hours: float) -> float:
    """Give fuel by operating hour; NaN where the machine did not operate. [L/h]"""
    return fuel_litres / operating_hours if operating_hours > 0 else float("nan")


def fuel_per_tonne(*, fuel_litres: float, payload_tonnes: float) -> float:
    """Give fuel by tonne moved; NaN where nothing was. [L/t]"""
    return fuel_litres / payload_tonnes if payload_tonnes > 0 else float("nan")


def day_numbers(times_us: npt.NDArray[np.int64], *, utc_offset_hours: float) -> npt.NDArray[np.int64]:
    """Give the number of each instant's day in local time, counted from 1970-01-01.

    Parameters
    ----------
    times_us : ndarray of int, shape (n,)
        Microseconds since 1970 in UTC.
    """
    return (times_us + round(utc_offset_hours * 3600e6)) // _US_A_DAY


def by_day(amount: FloatArray, days: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    """Add up by day: the days' numbers, their sums, and the share of each day's steps that is known.

    Parameters
    ----------
    amount : ndarray, shape (n,)
        Growth in each step; NaN counts as unknown.
    days : ndarray of int, shape (n,)
        As `day_numbers` gives them.
    """
    numbers, place = np.unique(days, return_inverse=True)
    known = ~np.isnan(amount)
    steps = np.bincount(place, minlength=len(numbers))
    sums: FloatArray = np.bincount(place, weights=np.where(known, amount, 0.0), minlength=len(numbers)).astype(np.float64)
    share = np.bincount(place, weights=known.astype(float), minlength=len(numbers)) / np.maximum(steps, 1)
    return numbers, sums, share


def load_hours(load_percent: FloatArray, at_work: Flags, *, step_seconds: float) -> FloatArray:
    """Give the hours at work in each span between `LOAD_EDGES_PERCENT`; what lies beyond an end counts to the last span. [h]

    Parameters
    ----------
    load_percent : ndarray, shape (n,)
        Engine's load at current speed (SAE J1939-71, SPN 92); unknown load counts nowhere. [%]
    at_work : ndarray of bool, shape (n,)
    """
    known = at_work & ~np.isnan(load_percent)
    place = np.digitize(load_percent[known], LOAD_EDGES_PERCENT[1:-1])
    counts = np.bincount(place, minlength=len(LOAD_EDGES_PERCENT) - 1)
    return np.asarray(counts * step_seconds / 3600, np.float64)
