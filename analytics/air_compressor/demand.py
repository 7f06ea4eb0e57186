"""What a network draws hour by hour, and how much more than on a comparable healthy day: a leak draws the same at all hours."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window
from telemetry.bundle import MICROSECONDS

HOURS_A_DAY = 24
HOURS_A_WEEK = 168
_HOUR_US = 3600 * MICROSECONDS
_LEAST_HOURS = 20
_LEAST_COMPARED_HOURS = 10
_AT_CAPACITY = 0.96
"""An hour with more than this share of the largest flow says little: the network may have asked for more."""
_ENOUGH = 0.75
_SCALE_DEVIATION = 0.1
"""Production of comparable days differs by about so much; how far a day may be scaled before it counts as another."""
_FLAT_SHARE = 0.02
"""Hours of a shut plant still stray by so much of the largest flow."""
_MOST_MISMATCHES = 3.0


class Hourly(NamedTuple):
    """Mean flow of every full hour."""

    first_hour: int
    """Hours since 1970."""
    flow: FloatArray
    """Shape (hours,); NaN where less than three quarters of the hour are known. [m³/min]"""


class Excess(NamedTuple):
    """How a day compares with the healthy day that is most like it: ``flow = added + scale · flow of that day``."""

    added: float
    """[m³/min]"""
    more: float
    """Mean of the day less mean of the healthy one. [m³/min]"""
    scale: float
    mismatch: float
    """Root mean square of what is left. [m³/min]"""

    @property
    def lifted(self) -> float:
        """What is surely more at all hours: neither a busier day nor a flatter one counts. [m³/min]"""
        return min(self.added, self.more)


def hourly_flow(window: Window) -> Hourly:
    """Give the delivered flow by hour: from the total where the machine counts it, else from the flow itself."""
    flow = window["free_air_delivery"]
    grown = np.diff(window["free_air_total"], append=np.nan) * 60 / window.step_seconds
    with np.errstate(invalid="ignore"):
        counted = np.where(grown >= 0, grown, np.nan)
    if np.count_nonzero(~np.isnan(counted)) > 0.5 * len(window):
        flow = counted
    hour = window.times_us // _HOUR_US
    index = hour - hour[0]
    known = ~np.isnan(flow)
    count = np.bincount(index[known], minlength=int(index[-1]) + 1)
    total = np.bincount(index[known], weights=flow[known], minlength=int(index[-1]) + 1)
    enough = count >= _ENOUGH * 3600 / window.step_seconds
    return Hourly(int(hour[0]), np.divide(total, count, out=np.full(len(count), np.nan), where=enough))


def last_day(hourly: Hourly) -> Hourly:
    """Give the last 24 full hours.

    Raises
    ------
    NotEvaluated
        If too few of them are known.
    """
    known = np.flatnonzero(~np.isnan(hourly.flow))
    if not len(known):
        raise NotEvaluated(Why.MISSING_INPUT, "no full hour")
    first = max(int(known[-1]) + 1 - HOURS_A_DAY, 0)
    day = hourly.flow[first : int(known[-1]) + 1]
    if np.count_nonzero(~np.isnan(day)) < _LEAST_HOURS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{np.count_nonzero(~np.isnan(day))} full hours")
    return Hourly(hourly.first_hour + first, day)


def excess(day: Hourly, healthy: Hourly, *, noise: float, capacity: float, apart_hours: int = 0) -> Excess:
    """Compare a day with the healthy stretch of 24 hours at the same time of day whose course is most like its own.

    Parameters
    ----------
    noise : float
        How far hours of comparable days stray. [m³/min]
    capacity : float
        Largest flow of the machine; hours of the day at it are left out. [m³/min]
    apart_hours : int
        Healthy stretches that begin nearer than this to the day itself are left out; to learn how healthy days compare.

    Raises
    ------
    NotEvaluated
        If there is no healthy stretch with enough known hours.

    Notes
    -----
    Each comparison is a regression on the healthy course, its scale held near one by a penalty, so that a flat course (a plant
    that is shut) can be compared as well. More production scales the course, a leak lifts all of it.
    """
    length = len(day.flow)
    flow = healthy.flow
    if len(flow) >= HOURS_A_WEEK:
        # The week goes round: its last day, a day of rest perhaps, is there at whatever hour the day ends.
        flow = np.concatenate([flow, flow[-HOURS_A_WEEK:][: length - 1]])
    starts = np.arange((day.first_hour - healthy.first_hour) % HOURS_A_DAY, len(flow) - length + 1, HOURS_A_DAY)
    away = np.abs(starts + healthy.first_hour - day.first_hour)
    goes_round = starts + length > len(healthy.flow)
    away = np.where(goes_round, np.minimum(away, np.abs(HOURS_A_WEEK - away)), away)
    starts = starts[away >= apart_hours]
    courses = flow[starts[:, None] + np.arange(length)] if len(starts) else np.empty((0, length))
    with np.errstate(invalid="ignore"):
        known = ~np.isnan(courses) & (day.flow <= _AT_CAPACITY * capacity)
    enough = known.sum(axis=1) >= _LEAST_COMPARED_HOURS
    courses, known = courses[enough], known[enough]
    if not len(courses):
        raise NotEvaluated(Why.NOT_TRAINED, "no healthy day to compare with")
    count = known.sum(axis=1)
    x, y = np.where(known, courses, 0.0), np.where(known, day.flow, 0.0)
    mean_x, mean_y = x.sum(axis=1) / count, y.sum(axis=1) / count
    dx, dy = np.where(known, x - mean_x[:, None], 0.0), np.where(known, y - mean_y[:, None], 0.0)
    penalty = (noise / _SCALE_DEVIATION) ** 2
    scale = ((dx * dy).sum(axis=1) + penalty) / ((dx * dx).sum(axis=1) + penalty)
    added = mean_y - scale * mean_x
    mismatch = np.sqrt(((dy - scale[:, None] * dx) ** 2).sum(axis=1) / count)
    best = int((mismatch**2 + ((scale - 1) / _SCALE_DEVIATION * noise) ** 2 / HOURS_A_DAY).argmin())
    more = float(mean_y[best] - mean_x[best])
    return Excess(float(added[best]), more, float(scale[best]), float(mismatch[best]))


class Habit(NamedTuple):
    """How a healthy network draws."""

    hours: Hourly
    noise: float
    """[m³/min]"""
    most_lifted: float
    """By how much healthy days at most seem lifted, 99 of 100. [m³/min]"""
    capacity: float
    """Largest flow of the machine. [m³/min]"""

    def is_comparable(self, found: Excess) -> bool:
        """Tell whether the day is one of those that were learned."""
        return found.mismatch <= _MOST_MISMATCHES * self.noise + _FLAT_SHARE * self.capacity


def learn(history: Window) -> Habit:
    """Learn how comparable healthy days differ.

    Raises
    ------
    NotEvaluated
        If there are fewer than three days.
    """
    hours = hourly_flow(history)
    known = hours.flow[~np.isnan(hours.flow)]
    if len(known) < 3 * HOURS_A_DAY:
        raise NotEvaluated(Why.NOT_TRAINED, f"{len(known)} full hours")
    capacity = float(np.nanmax(history["free_air_delivery"]))
    noise = 0.05 * capacity
    for _ in range(2):
        compared = _each_with_another(hours, noise, capacity)
        noise = max(float(np.median([one.mismatch for one in compared])), _FLAT_SHARE * capacity)
    habit = Habit(hours, noise, 0.0, capacity)
    lifted = [one.lifted for one in compared if habit.is_comparable(one)]
    if len(lifted) < HOURS_A_DAY:
        raise NotEvaluated(Why.NOT_TRAINED, "no two days alike")
    return habit._replace(most_lifted=max(float(np.quantile(lifted, 0.99)), 0.0))


def _each_with_another(hours: Hourly, noise: float, capacity: float) -> list[Excess]:
    found = []
    for start in range(len(hours.flow) - HOURS_A_DAY + 1):
        day = Hourly(hours.first_hour + start, hours.flow[start : start + HOURS_A_DAY])
        if np.count_nonzero(~np.isnan(day.flow)) < _LEAST_HOURS:
            continue
        try:
            found.append(excess(day, hours, noise=noise, capacity=capacity, apart_hours=HOURS_A_DAY))
        except NotEvaluated:
            continue
    if not found:
        raise NotEvaluated(Why.NOT_TRAINED, "no two days")
    return found


def hours_us(hourly: Hourly) -> npt.NDArray[np.int64]:
    """Give when each hour begins."""
    times: npt.NDArray[np.int64] = (hourly.first_hour + np.arange(len(hourly.flow), dtype=np.int64)) * _HOUR_US
    return times
