"""Amounts by hour and by day, from counters that are reset and rates that are interrupted.

All arrays have one row a machine and one column an hour, without a missing hour; NaN where an hour has no data.
"""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from device_profiles.kind import EnergyFlow
from telemetry.units import conversion

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ENOUGH = 0.75
"""Share of an hour, or of a day, that must be covered for its amount to be valid; HJ 75-2017 asks 45 minutes of an hour."""


class OfASignal(Protocol):
    """A signal by machine and hour: lowest, highest and mean value, and good samples."""

    @property
    def low(self) -> FloatArray: ...
    @property
    def high(self) -> FloatArray: ...
    @property
    def mean(self) -> FloatArray: ...
    @property
    def count(self) -> FloatArray: ...


class Hours(NamedTuple):
    """Amounts by machine and hour.

    Parameters
    ----------
    amount : ndarray, shape (machines, hours)
        NaN where nothing is known; an hour without data between two readings of a counter has its share of their difference.
    coverage : ndarray, shape (machines, hours)
        Share of the hour that has data, 0 to 1.
    has_fall : ndarray of bool, shape (machines, hours)
        The counter fell: it was reset or replaced, and up to one sample's amount is lost.
    """

    amount: FloatArray
    coverage: FloatArray
    has_fall: BoolArray

    def part(self, inside: BoolArray) -> "Hours":
        """Give some of the hours."""
        return Hours(self.amount[:, inside], self.coverage[:, inside], self.has_fall[:, inside])

    def as_one(self) -> "Hours":
        """Lay all machines' hours behind each other, as if they were one machine's."""
        return Hours(self.amount.reshape(1, -1), self.coverage.reshape(1, -1), self.has_fall.reshape(1, -1))


class Amounts(NamedTuple):
    """Amounts by machine and period; `validity` tells what they are worth."""

    amount: FloatArray
    coverage: FloatArray
    has_fall: BoolArray

    def validity(self) -> npt.NDArray[np.str_]:
        """Give ``valid``, ``doubtful`` (a reset, or less than three quarters covered) or ``not_evaluated``."""
        worth = np.where((self.coverage >= ENOUGH) & ~self.has_fall, "valid", "doubtful")
        return np.where(np.isnan(self.amount), "not_evaluated", worth)


class Specific(NamedTuple):
    """Consumption for one unit of product, over the hours in which both are known."""

    value: FloatArray
    coverage: FloatArray
    """Share of the hours that count."""


def coverage_of(count: FloatArray) -> FloatArray:
    """Share of each hour that has samples, measured against what the machine usually sends.

    Parameters
    ----------
    count : ndarray, shape (machines, hours)
        Good samples in each hour; NaN or 0 for none. The usual number is the 90th percentile of the hours that have any.
    """
    known = np.where(count > 0, count, np.nan)
    usual = np.array(
        [[np.percentile(row[~np.isnan(row)], 90, method="higher")] if (~np.isnan(row)).any() else [np.nan] for row in known]
    )
    share: FloatArray = np.nan_to_num(np.minimum(known / usual.reshape(-1, 1), 1.0))
    return share


def from_counter(low: FloatArray, high: FloatArray, count: FloatArray) -> Hours:
    """Growth of a counter in each hour, from the least and the greatest value of every hour.

    Parameters
    ----------
    low, high, count : ndarray, shape (machines, hours)
        Of the values in each hour. [unit of the counter]

    Notes
    -----
    A counter falls only when it is reset. When an hour begins below the hour before it, the reset lies between them, and the
    hour's growth is ``high - low``; when moreover it reaches above the hour before and the next hour begins below it, the reset
    lies inside, and the growth is what came before it, ``high - high of the hour before``, and what came after,
    ``low of the next hour - low``. Hours without data share the growth between their neighbours evenly.
    """
    before, after = _neighbours(~np.isnan(low))
    high_before, low_after = _taken(high, before), _taken(low, after)
    fell, falls_next = low < high_before, low_after < high
    reaches_above = fell & (high >= high_before)
    growth = high - low
    rest = np.fmax(low_after - low, 0)
    inside = reaches_above & falls_next
    growth = np.where(inside, high - high_before + rest, growth)
    # At either end of the data one neighbour is missing; what is certain counts.
    growth = np.where(reaches_above & np.isnan(low_after), high - high_before, growth)
    growth = np.where(np.isnan(high_before) & falls_next & (low_after >= low), rest, growth)
    step = np.nan_to_num(np.fmax(low - high_before, 0))
    adjacent = (np.arange(low.shape[1]) - before) == 1
    amount = growth + np.where(adjacent, step, 0)
    is_gap = np.isnan(low) & (before >= 0) & (after >= 0)
    share = _taken(step, after) / np.maximum(after - before - 1, 1)
    amount = np.where(is_gap, share, amount)
    return Hours(amount, coverage_of(count), fell | inside)


def from_rate(mean: FloatArray, count: FloatArray) -> Hours:
    """Amount of a rate: its mean over the part of the hour that has data; what was not measured is not made up.

    Parameters
    ----------
    mean : ndarray, shape (machines, hours)
        [unit per hour]
    count : ndarray, shape (machines, hours)
        Good samples in each hour.
    """
    coverage = coverage_of(count)
    return Hours(np.where(coverage > 0, mean * coverage, np.nan), coverage, np.zeros(mean.shape, bool))


def hours_of(flow: EnergyFlow, signal: OfASignal, *, unit: str) -> Hours:
    """Give the amounts of a flow in its own unit, from the signal that it names, whose unit is ``unit``."""
    if flow.counter:
        hours, factor = from_counter(signal.low, signal.high, signal.count), conversion(unit, flow.unit).factor
    else:
        hours, factor = from_rate(signal.mean, signal.count), conversion(f"({unit})*h", flow.unit).factor
    return hours._replace(amount=hours.amount * factor)


def by_period(hours: Hours, period: IntArray, hours_of_period: FloatArray) -> Amounts:
    """Add hours up to days or other periods.

    Parameters
    ----------
    period : ndarray of int, shape (hours,)
        Number of the period that each hour belongs to; below 0 for none.
    hours_of_period : ndarray, shape (periods,)
        How long each period is, as far as it has passed. [h]
    """
    member = (period[:, None] == np.arange(len(hours_of_period))).astype(float)
    known = ~np.isnan(hours.amount)
    amount = np.where(known @ member > 0, np.nan_to_num(hours.amount) @ member, np.nan)
    coverage = np.minimum(hours.coverage @ member / np.maximum(hours_of_period, 1e-9), 1)
    return Amounts(amount, coverage, hours.has_fall @ member > 0)


def specific(consumed: Hours, made: Hours) -> Specific:
    """Consumption per product of each machine; NaN where no hour has both, or nothing was made."""
    both = (consumed.coverage >= ENOUGH) & (made.coverage >= ENOUGH) & ~np.isnan(consumed.amount) & ~np.isnan(made.amount)
    used = np.where(both, consumed.amount, 0).sum(axis=1)
    product = np.where(both, made.amount, 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value: FloatArray = np.where(product > 0, used / product, np.nan)
    return Specific(value, both.mean(axis=1) if both.shape[1] else np.zeros(len(both)))


def _neighbours(known: BoolArray) -> tuple[IntArray, IntArray]:
    """Give the nearest known hours before and after each hour, itself excluded; -1 where there is none."""
    hours = np.arange(known.shape[1])
    last = np.maximum.accumulate(np.where(known, hours, -1), axis=1)
    first = np.minimum.accumulate(np.where(known, hours, known.shape[1])[:, ::-1], axis=1)[:, ::-1]
    before, after = np.full(known.shape, -1), np.full(known.shape, -1)
    before[:, 1:] = last[:, :-1]
    after[:, :-1] = np.where(first[:, 1:] < known.shape[1], first[:, 1:], -1)
    return before, after


def _taken(values: FloatArray, places: IntArray) -> FloatArray:
    if not values.shape[1]:
        return values
    found: FloatArray = np.where(places >= 0, np.take_along_axis(values, np.maximum(places, 0), axis=1), np.nan)
    return found
