"""How much to hold so that the demand of a lead time is met, and what a stock would have done.

The policy throughout is base stock: what was taken is ordered at once, so that stock on hand and on order is always ``S``. A
period's demand is met if the demand of the lead time that ends with it is no more than ``S``; so ``S`` is the least that
``P(D_L <= S) >= target`` holds for.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import nbinom, norm, poisson

from analytics.spare_parts.demand_classes import check
from analytics.window import FloatArray

BOOTSTRAP_MONTHS = 24
_DRAWS = 1000
_AT_ONCE = 200
"""Parts that are drawn for together: it bounds the memory."""


def lead_time_sums(demand: FloatArray, *, lead_time: int) -> FloatArray:
    """Add up the demand of every lead time in a history, shape (..., n) to (..., n - lead_time + 1); NaN where a period is.

    Raises
    ------
    ValueError
        If the lead time is not 1 to n periods.
    """
    if not 1 <= lead_time <= demand.shape[-1]:
        raise ValueError(f"a lead time of {lead_time} in a history of {demand.shape[-1]} periods")
    sums: FloatArray = sliding_window_view(demand, lead_time, axis=-1).sum(axis=-1)
    return sums


def lead_time_variance(demand: FloatArray, *, lead_time: int) -> FloatArray:
    """Give the variance of a lead time's demand, its periods taken as independent of each other: shape (..., n) to (...)."""
    known = ~np.isnan(demand)
    count = known.sum(axis=-1)
    mean = np.where(known, demand, 0.0).sum(axis=-1) / np.maximum(count, 1)
    squares = np.where(known, (demand - mean[..., None]) ** 2, 0.0).sum(axis=-1)
    variance: FloatArray = lead_time * squares / np.maximum(count - 1, 1)
    return variance


def negative_binomial(mean: FloatArray, variance: FloatArray, *, target: float) -> FloatArray:
    """Give the base stock for negative binomial demand of these moments; Poisson's where it varies no more than that.

    Parameters
    ----------
    mean, variance : ndarray, shape (...)
        Of a lead time's demand.
    target : float
        Chance that the demand is met, above 0 and below 1.
    """
    check_target(target)
    spread = variance > mean * (1 + 1e-9)
    safe = np.where(spread, variance, mean + 1.0)
    positive = np.where(mean > 0, mean, 1.0)
    by_moments = nbinom.ppf(target, positive**2 / (safe - mean), positive / (positive + safe - mean))
    stock: FloatArray = np.where(mean > 0, np.where(spread, by_moments, poisson.ppf(target, positive)), 0.0)
    return stock


def normal(mean: FloatArray, variance: FloatArray, *, target: float) -> FloatArray:
    """Give the base stock for normal demand, rounded up to whole units; a rough form, for fast movers."""
    check_target(target)
    stock: FloatArray = np.ceil(np.maximum(mean + norm.ppf(target) * np.sqrt(variance), 0.0) - 1e-9)
    return stock


def empirical(demand: FloatArray, *, lead_time: int, target: float) -> FloatArray:
    """Give the least stock that would have met this share of all past lead times; 0 where no lead time is known throughout."""
    check_target(target)
    check(demand)
    return least_stock(lead_time_sums(demand, lead_time=lead_time), target=target)


def drawn_sums(
    demand: FloatArray, *, lead_time: int, rng: np.random.Generator, months: int = BOOTSTRAP_MONTHS, draws: int = _DRAWS
) -> FloatArray:
    """Put lead times together of months drawn from the newest ones, shape (parts, n) to (parts, draws).

    Parameters
    ----------
    months : int
        So many of the newest are drawn from; what lies behind them says little of a part that comes or goes.
    """
    check(demand)

    def drawn(newest: FloatArray) -> FloatArray:
        picked = rng.integers(newest.shape[-1], size=(len(newest), draws, lead_time))
        taken: FloatArray = np.take_along_axis(newest[:, None, :], picked, axis=-1).sum(axis=-1)
        return taken

    return _by_groups(np.nan_to_num(demand[:, -months:]), drawn)


def bootstrap(
    demand: FloatArray, *, lead_time: int, target: float, rng: np.random.Generator, months: int = BOOTSTRAP_MONTHS
) -> FloatArray:
    """Give the base stock from lead times put together of months drawn from the newest ones, shape (parts, n) to (parts,)."""
    check_target(target)
    return least_stock(drawn_sums(demand, lead_time=lead_time, rng=rng, months=months), target=target)


def willemain(demand: FloatArray, *, lead_time: int, target: float, rng: np.random.Generator, draws: int = _DRAWS) -> FloatArray:
    """Give the base stock from lead times that a part's own Markov chain of demand and none would make, with jittered amounts.

    Parameters
    ----------
    demand : ndarray, shape (parts, n)

    References
    ----------
    Willemain, Smart and Schwarz (2004), "A new approach to forecasting intermittent demand for service parts inventories",
    International Journal of Forecasting 20: chances of demand after demand and after none, amounts drawn from the past and
    jittered by ``1 + int(x + z sqrt(x))``.
    """
    check_target(target)
    check(demand)

    def drawn(group: FloatArray) -> FloatArray:
        asked = group > 0
        # Half a count is added to each, so that a chain that was never seen to turn may still do so.
        after = [
            (np.sum(asked[:, 1:] & (asked[:, :-1] == before), axis=1) + 0.5) / (np.sum(asked[:, :-1] == before, axis=1) + 1.0)
            for before in (False, True)
        ]
        amounts = [row[row > 0] if (row > 0).any() else np.zeros(1) for row in group]
        state = np.repeat(asked[:, -1:], draws, axis=1)
        total = np.zeros((len(group), draws))
        for _ in range(lead_time):
            state = rng.random(state.shape) < np.where(state, after[1][:, None], after[0][:, None])
            picked = np.stack([rng.choice(of, draws) for of in amounts])
            jittered = 1 + np.floor(picked + rng.standard_normal(picked.shape) * np.sqrt(picked))
            total += np.where(state & (picked > 0), np.where(jittered > 0, jittered, picked), 0.0)
        return total

    return least_stock(_by_groups(np.nan_to_num(demand), drawn), target=target)


class Outcome(NamedTuple):
    """What stocks did over a time; arrays of shape (...)."""

    service: FloatArray
    """Share of the lead times whose demand was met in full."""
    fill: FloatArray
    """Share of the units that were there when asked for; NaN where none was asked for."""
    on_hand: FloatArray
    """Mean units in stock at the ends of the periods."""
    demand: FloatArray
    """Units asked for in the periods that are counted."""

    def overall(self) -> tuple[float, float, float]:
        """Give service, fill and units on hand over all parts: fill by units, the others by parts."""
        total = float(self.demand.sum())
        filled = float(np.nansum(self.fill * self.demand))
        return float(self.service.mean()), filled / total if total else float("nan"), float(self.on_hand.mean())


def simulate(stock: FloatArray, demand: FloatArray, *, lead_time: int) -> Outcome:
    """Let base stocks meet a demand; what is not there is handed over as soon as it comes.

    Parameters
    ----------
    stock : ndarray, shape (...)
        Base stock of each part.
    demand : ndarray, shape (..., n)
        What was asked for. The first full lead time ends with period ``lead_time``; from there on it is counted.
    lead_time : int
        Periods from an order to its arrival; orders go out at a period's end, and may serve the period after they have come.
    """
    sums = lead_time_sums(demand, lead_time=lead_time)
    counted = demand[..., lead_time - 1 :]
    left = stock[..., None] - sums
    # What is there as a period begins: the stock less what was taken in the lead time before its own demand.
    there = np.maximum(left + counted, 0.0)
    asked = counted.sum(axis=-1)
    met = np.minimum(counted, there).sum(axis=-1)
    return Outcome(
        (left >= 0).mean(axis=-1),
        np.divide(met, asked, out=np.full(asked.shape, np.nan), where=asked > 0),
        np.maximum(left, 0.0).mean(axis=-1),
        asked,
    )


def least_stock(sums: FloatArray, *, target: float) -> FloatArray:
    """Give the least of the sums that a share of them does not exceed, shape (..., n) to (...); 0 where all are NaN."""
    ordered = np.sort(sums, axis=-1)  # NaN come last
    count = (~np.isnan(sums)).sum(axis=-1)
    place = np.clip(np.ceil(target * count - 1e-9).astype(int) - 1, 0, None)
    found = np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0]
    return np.where(count > 0, found, 0.0)


def _by_groups(demand: FloatArray, drawn: Callable[[FloatArray], FloatArray]) -> FloatArray:
    groups = [drawn(demand[first : first + _AT_ONCE]) for first in range(0, len(demand), _AT_ONCE)]
    return np.concatenate(groups) if groups else np.empty((0, 1))


def check_target(target: float) -> None:
    if not 0 < target < 1:
        raise ValueError(f"a target lies between 0 and 1, not at {target}")
