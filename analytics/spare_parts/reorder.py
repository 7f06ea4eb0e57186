"""What to order now: each part's base stock against what is there or on its way, and the most useful units first for a budget."""

import heapq
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analytics.result import NotEvaluated
from analytics.spare_parts.demand_classes import pattern_of
from analytics.spare_parts.demand_table import DemandHistory, Kept, read_demand, read_stock
from analytics.spare_parts.pooled import HORIZON_MONTHS, pooled
from analytics.spare_parts.stock import check_target, drawn_sums, least_stock
from analytics.window import FloatArray
from telemetry.errors import ConfigError

A_SHARE, B_SHARE = 0.80, 0.95
"""Of the money that parts turn over in a year (customary)."""
X_VARIATION, Y_VARIATION = 0.5, 1.0
"""Coefficients of variation of a month's demand (customary)."""
TARGET = 0.95
LEAD_TIME_MONTHS = 3
_SEED = 1
Method = Literal["pooled", "bootstrap"]


class Order(NamedTuple):
    """One line of the list."""

    part: str
    quantity: int
    money: float
    chance_short: float
    """Of demand beyond what is there and on its way within a lead time."""
    base_stock: int
    position: float
    """On hand and on order."""
    value_class: str
    """Money and evenness: A, B or C with X, Y or Z."""
    demand_class: str
    method: Method


class ReorderList(NamedTuple):
    """Orders, those first that a unit of money helps most."""

    orders: tuple[Order, ...]
    money: float
    left_out: float
    """Money of the units that the budget did not reach."""
    without_history: tuple[str, ...]
    """Parts in the store that were never asked for."""


def value_classes(money_a_year: FloatArray) -> npt.NDArray[np.str_]:
    """Sort parts into A, B and C by the money that they turn over: A up to 80 % of it, B up to 95 %.

    Parameters
    ----------
    money_a_year : ndarray, shape (parts,)
        0 or more; a part that turns over nothing is C.
    """
    order = np.argsort(-money_a_year, kind="stable")
    total = float(money_a_year.sum())
    # A part belongs to the class in which its money begins: the largest is A even where it makes more than 80 % alone.
    before = (np.cumsum(money_a_year[order]) - money_a_year[order]) / (total or 1.0)
    classes = np.empty(len(order), "<U1")
    classes[order] = np.where(before < A_SHARE, "A", np.where(before < B_SHARE, "B", "C"))
    return np.where(money_a_year > 0, classes, "C")


def variation_classes(demand: FloatArray) -> npt.NDArray[np.str_]:
    """Sort parts into X, Y and Z by how evenly they are asked for, shape (parts, n) to (parts,)."""
    mean, deviation = demand.mean(axis=1), demand.std(axis=1)
    variation = np.divide(deviation, mean, out=np.full(len(mean), np.inf), where=mean > 0)
    return np.where(variation <= X_VARIATION, "X", np.where(variation <= Y_VARIATION, "Y", "Z"))


def within_budget(
    shortfall: Sequence[FloatArray], *, prices: FloatArray, criticality: FloatArray, budget: float | None
) -> npt.NDArray[np.int64]:
    """Give how many units of each part to order for a budget: unit by unit, whichever is likeliest to be missed for its money.

    Parameters
    ----------
    shortfall : sequence of ndarray
        For each part the chances that its first, second, ... further unit is needed; falling.
    prices, criticality : ndarray, shape (parts,)
    budget : float, optional
        Without one everything is ordered.
    """
    counts = np.zeros(len(shortfall), np.int64)
    left = np.inf if budget is None else budget
    waiting = [(-criticality[part] * of[0] / prices[part], part) for part, of in enumerate(shortfall) if len(of)]
    heapq.heapify(waiting)
    while waiting:
        _, part = heapq.heappop(waiting)
        # A unit that is too dear lets cheaper ones of other parts through; more of its own cost no less.
        if prices[part] > left:
            continue
        left -= prices[part]
        counts[part] += 1
        if counts[part] < len(shortfall[part]):
            heapq.heappush(waiting, (-criticality[part] * shortfall[part][counts[part]] / prices[part], part))
    return counts


class _Store(NamedTuple):
    """What all parts need over one lead time."""

    stock: FloatArray
    """Base stocks, shape (parts,)."""
    method: Method
    met: Callable[[int, FloatArray], FloatArray]
    """Chance that stocks of one part, shape (k,), meet its demand."""

    @classmethod
    def of(cls, demand: FloatArray, *, lead_time: int, target: float) -> Self:
        try:
            found = pooled(demand, lead_time=lead_time, target=target, horizon=max(HORIZON_MONTHS, lead_time))
        except NotEvaluated:
            sums = np.sort(drawn_sums(demand, lead_time=lead_time, rng=np.random.default_rng(_SEED)), axis=1)
            return cls(
                least_stock(sums, target=target),
                "bootstrap",
                lambda part, stocks: np.asarray(np.searchsorted(sums[part], stocks, side="right") / sums.shape[1], np.float64),
            )
        return cls(found.stock, "pooled", lambda part, stocks: found.demand.take(np.array([part])).met(stocks[None, :])[0])


def reorder(
    history: DemandHistory,
    kept: Sequence[Kept],
    *,
    target: float = TARGET,
    lead_time_months: int = LEAD_TIME_MONTHS,
    budget: float | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReorderList:
    """Make the list of what to order.

    Parameters
    ----------
    kept : sequence of Kept
        Parts without a history are named apart and not ordered.
    target : float
        Share of lead times whose demand is to be met in full.
    lead_time_months : int
        Of parts that have none of their own.
    budget : float, optional
        In the money of the prices.
    on_progress : callable
        Told how many of how many lead times are done; each takes seconds.

    Raises
    ------
    ValueError
        If the target does not lie between 0 and 1, or a lead time is longer than the history.

    Notes
    -----
    Base stocks are those of `pooled`; of a store that is too small or too young for it, of the bootstrap of each part by itself.
    """
    check_target(target)
    place = {part: row for row, part in enumerate(history.parts)}
    known = [one for one in kept if one.part in place]
    rows = np.array([place[one.part] for one in known], np.intp)
    demand = history.quantities[rows]
    months = demand.shape[1]
    prices, criticality = (np.array(of, np.float64) for of in ([one.price for one in known], [one.criticality for one in known]))
    lead_times = [one.lead_time_months or lead_time_months for one in known]
    if max(lead_times, default=1) > months:
        raise ValueError(f"a lead time of {max(lead_times)} in a history of {months} months")
    stores: dict[int, _Store] = {}
    for of in (distinct := sorted(set(lead_times))):
        on_progress(len(stores), len(distinct))
        stores[of] = _Store.of(history.quantities, lead_time=of, target=target)
    missed = [_missed(stores[of], int(row), one) for of, row, one in zip(lead_times, rows, known, strict=True)]
    counts = within_budget(missed, prices=prices, criticality=criticality, budget=budget)
    wanted = np.array([len(of) for of in missed], np.int64)
    values = value_classes(demand[:, -12:].sum(axis=1) * (12 / min(months, 12)) * prices)
    variations, patterns = variation_classes(demand), pattern_of(demand).classes
    orders = [
        Order(
            part=one.part,
            quantity=int(counts[index]),
            money=float(counts[index] * one.price),
            chance_short=float(missed[index][0]),
            base_stock=int(stores[lead_times[index]].stock[rows[index]]),
            position=one.on_hand + one.on_order,
            value_class=f"{values[index]}{variations[index]}",
            demand_class=str(patterns[index]),
            method=stores[lead_times[index]].method,
        )
        for index, one in enumerate(known)
        if counts[index]
    ]
    by_need = {one.part: one.criticality / one.price for one in known}
    return ReorderList(
        tuple(sorted(orders, key=lambda order: (-order.chance_short * by_need[order.part], order.part))),
        float(counts @ prices),
        float((wanted - counts) @ prices),
        tuple(one.part for one in kept if one.part not in place),
    )


def reorder_files(
    demand_file: Path,
    stock_file: Path,
    *,
    target: float = TARGET,
    lead_time_months: int = LEAD_TIME_MONTHS,
    budget: float | None = None,
) -> ReorderList:
    """Make the list from the tables of `demand_table`.

    Raises
    ------
    ConfigError
        With every mistake in the tables, each by file, line and column.
    """
    history, kept = read_demand(demand_file), read_stock(stock_file)
    longest = max([lead_time_months, *(one.lead_time_months or 0 for one in kept)])
    if longest > len(history.months):
        raise ConfigError(f"a lead time of {longest} months in a history of {len(history.months)}", file=demand_file)
    return reorder(history, kept, target=target, lead_time_months=lead_time_months, budget=budget)


def _missed(store: _Store, row: int, one: Kept) -> FloatArray:
    """Give the chances that a first, second, ... further unit is needed, up to the base stock."""
    position = one.on_hand + one.on_order
    count = max(math.ceil(float(store.stock[row]) - position - 1e-9), 0)
    return 1 - store.met(row, np.asarray(position + np.arange(count), np.float64))
