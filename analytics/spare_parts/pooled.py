"""Demand of a lead time, learned from all parts of a store together: what parts of like history asked for afterwards.

A single part with five demands in three years says little of its own 95 % quantile; two thousand of them say it together.
Whether a month has a demand follows from how often there was one lately and before, and from the part's age; how much is asked
for follows from the part's amounts and those of all. At last the level of the quantile is set so that the target would have
been met in the newest months of all parts (split conformal prediction), less half of what a level set so a year ago was off.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betainc, betaln, digamma, expit, gammaln

from analytics.result import NotEvaluated, Why
from analytics.spare_parts.demand_classes import check
from analytics.spare_parts.stock import check_target, lead_time_sums
from analytics.window import FloatArray

LEAST_PARTS = 100
LEAST_MONTHS = 12
"""Of history before the newest stretch that is held out, and besides it."""
HORIZON_MONTHS = 12
_KEPT_FAST, _KEPT_SLOW = 0.75, 0.93
"""Of what is known of a part's frequency so much is kept from month to month: memories of a quarter and of a year."""
_KEPT_SIZES = (1.0, 0.9, 0.8)
_BETWEEN_ORIGINS = 3
_ORIGINS = 4
_RIDGE = 1e-4
_TAKEN_BACK = 0.5
"""Of what stocks set a year ago would have been off: they knew a year less, and so were off by more than those of today."""
_LEAST_LEVEL = 1e-6


class Demand(NamedTuple):
    """What a lead time of each part may ask for; arrays of shape (parts,).

    Months with a demand are beta-binomial; each asks for one unit and a number more that is Poisson's with a gamma-distributed
    mean.
    """

    lead_time: int
    often: FloatArray
    seldom: FloatArray
    """Parameters of the beta distribution of the chance of a demand in a month."""
    more: FloatArray
    demands: FloatArray
    """Shape and rate of the gamma distribution of the units beyond one."""

    @property
    def mean(self) -> FloatArray:
        """Units a lead time."""
        mean: FloatArray = self.lead_time * self.often / (self.often + self.seldom) * (1 + self.more / self.demands)
        return mean

    def met(self, stock: FloatArray) -> FloatArray:
        """Chance that a stock meets the demand: ``P(D_L <= stock)``, 0 below 0.

        Parameters
        ----------
        stock : ndarray, shape (parts,) or (parts, k)
        """
        wide = np.ndim(stock) > 1
        of = [one[:, None] if wide else one for one in (self.often, self.seldom, self.more, self.demands)]
        often, seldom, more, demands = of
        chance = np.zeros(np.shape(stock))
        for months in range(self.lead_time + 1):
            left = np.floor(stock) - months
            ways = gammaln(self.lead_time + 1) - gammaln(months + 1) - gammaln(self.lead_time - months + 1)
            weight = np.exp(ways + betaln(often + months, seldom + self.lead_time - months) - betaln(often, seldom))
            # The sum of `months` Poisson numbers of one gamma-distributed mean is negative binomial.
            within = betainc(more, np.maximum(left, 0) + 1, demands / (demands + months)) if months else 1.0
            chance += np.where(left >= 0, weight * within, 0.0)
        return chance

    def stock(self, level: float) -> FloatArray:
        """Give the least whole stock that meets the demand with at least this chance."""
        low, high = np.full(len(self.often), -1.0), np.ones(len(self.often))
        while (short := self.met(high) < level).any():
            low, high = np.where(short, high, low), np.where(short, 2 * high, high)
        while (open_ := high - low > 1).any():
            middle = np.floor((low + high) / 2)
            enough = self.met(middle) >= level
            high = np.where(open_ & enough, middle, high)
            low = np.where(open_ & ~enough, middle, low)
        return high

    def take(self, parts: npt.NDArray[np.intp]) -> "Demand":
        return Demand(self.lead_time, self.often[parts], self.seldom[parts], self.more[parts], self.demands[parts])


class Pooled(NamedTuple):
    """Demand of a store's parts, and the level at which the target is met."""

    demand: Demand
    level: float
    """Of the quantile."""

    @property
    def stock(self) -> FloatArray:
        return self.demand.stock(self.level)


def pooled(demand: FloatArray, *, lead_time: int, target: float, horizon: int = HORIZON_MONTHS) -> Pooled:
    """Learn from all parts what a lead time of each may ask for.

    Parameters
    ----------
    demand : ndarray, shape (parts, n)
        Whole units of each month; NaN before a part was on sale.
    lead_time : int
        In months.
    target : float
        Share of the lead times, over all parts, whose demand is to be met.
    horizon : int
        For so many months the stocks will stand.

    Raises
    ------
    NotEvaluated
        If there are fewer than `LEAST_PARTS` parts that were ever asked for, too few months, or broken units.

    References
    ----------
    Beta-binomial regression (Williams 1982, Applied Statistics 31) for the months with a demand; gamma-Poisson amounts with
    discounted memory (Harvey and Fernandes 1989, Journal of Business and Economic Statistics 7); level by split conformal
    prediction (Vovk, Gammerman and Shafer 2005). Their combination is this project's.
    """
    check_target(target)
    check(demand)
    if horizon < lead_time:
        raise ValueError(f"a horizon of {horizon} months is shorter than the lead time of {lead_time}")
    units = np.nan_to_num(demand)
    _check_store(units, horizon)
    learned = _Learned.of(units, lead_time=lead_time, horizon=horizon)
    level = learned.level(target - _TAKEN_BACK * _seen_off(units, target=target, lead_time=lead_time, horizon=horizon))
    return Pooled(learned.demand, level)


class _Learned(NamedTuple):
    """What a history says of its last month's parts."""

    demand: Demand
    reached: FloatArray
    """Levels that would just not have met each lead time of the months held out."""

    @classmethod
    def of(cls, units: FloatArray, *, lead_time: int, horizon: int) -> "_Learned":
        count = np.cumsum(units > 0, axis=1, dtype=np.int64)
        # A store that lists parts from their m-th demand on must be judged by parts that had as many by then: those that were yet
        # to come into use are not among the parts of today.
        least = _least_listed(count)
        memory, months = _Memory.of(units), units.shape[1]
        held_out = months - horizon
        back = [held_out - _BETWEEN_ORIGINS * number for number in range(_ORIGINS)]
        listed = {origin: np.flatnonzero(count[:, origin - 1] >= least) for origin in back if origin >= LEAST_MONTHS}
        parts = listed[held_out]
        if len(parts) < LEAST_PARTS:
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{len(parts)} parts in use {horizon} months ago, {LEAST_PARTS} needed")
        frequency = _Frequency.fit(units, memory, listed, lead_time=lead_time, horizon=horizon)
        amounts = _Amounts.fit(units)

        def at(origin: int) -> Demand:
            return Demand(lead_time, *frequency.predict(memory.at(origin)), *amounts.at(origin))

        # A stock at the level's quantile is exceeded where one unit less than the demand reaches the level.
        sums = lead_time_sums(units[parts, held_out:], lead_time=lead_time)
        return cls(at(months), at(held_out).take(parts).met(sums - 1).ravel())

    def level(self, target: float) -> float:
        """Give the level at which the target would have been met in the months held out."""
        return float(np.clip(np.quantile(self.reached, target), _LEAST_LEVEL, 1 - _LEAST_LEVEL))


def _seen_off(units: FloatArray, *, target: float, lead_time: int, horizon: int) -> float:
    """Give by how much stocks set a horizon ago would have served more than the target; 0 where too little was known by then."""
    then = units.shape[1] - horizon
    count = np.cumsum(units > 0, axis=1, dtype=np.int64)
    listed = count[:, then - 1] >= _least_listed(count)
    try:
        _check_store(units[listed, :then], horizon)
        learned = _Learned.of(units[listed, :then], lead_time=lead_time, horizon=horizon)
    except NotEvaluated:
        return 0.0
    stock = learned.demand.stock(learned.level(target))
    served = float(np.mean(lead_time_sums(units[listed, then:], lead_time=lead_time) <= stock[:, None]))
    most = (1 - target) / 2
    return float(np.clip(served - target, -most, most))


def _least_listed(count: npt.NDArray[np.int64]) -> int:
    """Give the fewest demands that a part of the store has, parts that were never asked for left aside."""
    return int(count[count[:, -1] > 0, -1].min())


def _check_store(units: FloatArray, horizon: int) -> None:
    asked_for = int((units > 0).any(axis=1).sum())
    if (units != np.floor(units)).any():
        raise NotEvaluated(Why.BAD_INPUT, "broken units")
    if asked_for < LEAST_PARTS:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{asked_for} parts that were asked for, {LEAST_PARTS} needed")
    if units.shape[1] < horizon + LEAST_MONTHS:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{units.shape[1]} months, {horizon + LEAST_MONTHS} needed")


class _Memory(NamedTuple):
    """What is known of each part's frequency before each month, shape (parts, n + 1, 3)."""

    known: FloatArray

    @classmethod
    def of(cls, units: FloatArray) -> "_Memory":
        asked = units > 0
        months = asked.shape[1]
        known = np.empty((len(asked), months + 1, 3))
        for place, kept in enumerate((_KEPT_FAST, _KEPT_SLOW)):
            with_demand, without, seen = np.zeros(len(asked)), np.zeros(len(asked)), np.zeros(len(asked), bool)
            known[:, 0, place] = np.log(0.5 / 1.5)
            for month in range(months):
                # It begins after the first demand: the months before it tell when the part came into use, not how it is used.
                with_demand = np.where(seen, kept * with_demand + asked[:, month], 0.0)
                without = np.where(seen, kept * without + ~asked[:, month], 0.0)
                seen |= asked[:, month]
                known[:, month + 1, place] = np.log((with_demand + 0.5) / (without + 1.5))
        first = np.where(asked.any(axis=1), asked.argmax(axis=1), months)
        known[:, :, 2] = np.log(np.maximum(np.arange(months + 1) - first[:, None], 1))
        return cls(known)

    def at(self, origin: int) -> FloatArray:
        return self.known[:, origin]


class _Frequency(NamedTuple):
    """Beta-binomial regression of the months with a demand on what was known."""

    intercept: float
    slopes: FloatArray
    centre: FloatArray
    scale: FloatArray
    concentration: float

    @classmethod
    def fit(
        cls,
        units: FloatArray,
        memory: _Memory,
        listed: dict[int, npt.NDArray[np.intp]],
        *,
        lead_time: int,
        horizon: int,
    ) -> "_Frequency":
        rows, counts = [], []
        for origin, parts in listed.items():
            sums = lead_time_sums((units[parts, origin : origin + horizon] > 0).astype(np.float64), lead_time=lead_time)
            # Each second window: neighbours share most of their months.
            rows.append(np.repeat(memory.at(origin)[parts], sums[:, ::2].shape[1], axis=0))
            counts.append(sums[:, ::2].ravel())
        table, count = np.concatenate(rows), np.concatenate(counts)
        centre, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
        scaled = (table - centre) / scale

        def loss(weights: FloatArray) -> tuple[float, FloatArray]:
            chance, concentration = expit(weights[0] + scaled @ weights[1:-1]), np.exp(weights[-1])
            often, seldom = chance * concentration, (1 - chance) * concentration
            likelihood = betaln(often + count, seldom + lead_time - count) - betaln(often, seldom)
            shared = digamma(concentration) - digamma(concentration + lead_time)
            by_often = digamma(often + count) - digamma(often) + shared
            by_seldom = digamma(seldom + lead_time - count) - digamma(seldom) + shared
            by_logit = chance * seldom * (by_often - by_seldom)
            slopes = 2 * _RIDGE * weights[1:-1] - scaled.T @ by_logit / len(scaled)
            by_concentration = -np.mean(often * by_often + seldom * by_seldom)
            gradient = np.concatenate([[-by_logit.mean()], slopes, [by_concentration]])
            return float(_RIDGE * np.sum(weights[1:-1] ** 2) - likelihood.mean()), gradient

        # Bounds keep the chances inside (0, 1) and the distribution proper for parts that are all alike.
        limits = [(-10, 10), *[(-5, 5)] * table.shape[1], (-2, 6)]
        found: FloatArray = minimize(loss, np.array([-1.0, *np.zeros(table.shape[1]), 1.0]), jac=True, bounds=limits).x
        return cls(float(found[0]), found[1:-1], centre, scale, float(np.exp(found[-1])))

    def predict(self, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        chance = np.clip(expit(self.intercept + (known - self.centre) / self.scale @ self.slopes), 1e-6, 1 - 1e-6)
        return chance * self.concentration, (1 - chance) * self.concentration


class _Amounts(NamedTuple):
    """Units beyond one of each demand: what is known of them before each month, shape (parts, n + 1), and what holds for all."""

    more: FloatArray
    demands: FloatArray
    prior: tuple[float, float]

    @classmethod
    def fit(cls, units: FloatArray) -> "_Amounts":
        best: tuple[float, _Amounts] | None = None
        for kept in _KEPT_SIZES:
            more, demands = _discounted(units, kept)
            later = (units > 0) & (demands[:, :-1] > 0)
            loss, prior = _gamma_prior(units[later] - 1, more[:, :-1][later], demands[:, :-1][later])
            if best is None or loss < best[0]:
                best = loss, cls(more, demands, prior)
        assert best is not None  # there is at least one memory to choose from
        return best[1]

    def at(self, origin: int) -> tuple[FloatArray, FloatArray]:
        return self.prior[0] + self.more[:, origin], self.prior[1] + self.demands[:, origin]


def _discounted(units: FloatArray, kept: float) -> tuple[FloatArray, FloatArray]:
    more, demands = np.zeros((2, len(units), units.shape[1] + 1))
    for month in range(units.shape[1]):
        asked = units[:, month] > 0
        keep = np.where(asked, kept, 1.0)
        more[:, month + 1] = keep * more[:, month] + np.where(asked, units[:, month] - 1, 0.0)
        demands[:, month + 1] = keep * demands[:, month] + asked
    return more, demands


def _gamma_prior(beyond: FloatArray, more: FloatArray, demands: FloatArray) -> tuple[float, tuple[float, float]]:
    """Give the loss a demand, and shape and rate of the prior that make the amounts seen most likely."""
    if not beyond.any():
        return 0.0, (1e-3, 1.0)  # everything is asked for one by one

    def loss(logarithms: FloatArray) -> float:
        shape, rate = more + np.exp(logarithms[0]), demands + np.exp(logarithms[1])
        ways = gammaln(shape + beyond) - gammaln(shape) - gammaln(beyond + 1)
        return float(-np.mean(ways + shape * np.log(rate / (rate + 1)) - beyond * np.log(rate + 1)))

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-7, 7), (-7, 7)])
    shape, rate = np.exp(found.x)
    return float(found.fun), (float(shape), float(rate))
