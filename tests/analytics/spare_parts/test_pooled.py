"""Demand learned from a whole store, against stores whose demand is known."""

import numpy as np
import pytest

from analytics.result import NotEvaluated
from analytics.spare_parts import stock
from analytics.spare_parts.intermittent import tsb
from analytics.spare_parts.pooled import LEAST_PARTS, Demand, pooled
from analytics.window import FloatArray

LEAD_TIME, TARGET, TRAIN = 3, 0.95, 39


def store(parts: int, seed: int) -> FloatArray:
    """Draw parts of unlike frequency and lot size that do not change over the years."""
    rng = np.random.default_rng(seed)
    chance, beyond = rng.beta(1.2, 6.0, (parts, 1)), rng.gamma(1.0, 1.0, (parts, 1))
    asked = rng.random((parts, TRAIN + 12)) < chance
    return np.where(asked, 1 + rng.poisson(beyond, asked.shape), 0).astype(float)


def test_the_target_is_met_in_the_months_that_follow_with_less_stock_than_tsb_needs() -> None:
    services, ours, theirs = [], [], []
    for seed in range(2):
        demand = store(1200, seed)
        train, test = demand[:, :TRAIN], demand[:, TRAIN:]
        held = pooled(train, lead_time=LEAD_TIME, target=TARGET).stock
        mean, variance = LEAD_TIME * tsb(train, beta=0.1).mean, stock.lead_time_variance(train, lead_time=LEAD_TIME)
        # TSB with a negative binomial, at the first target at which it serves no worse on the same months.
        stocks = (stock.negative_binomial(mean, variance, target=target) for target in np.linspace(0.94, 0.995, 23))
        service = served(held, test)
        theirs.append(next(of.mean() for of in stocks if served(of, test) >= service))
        services.append(service)
        ours.append(held.mean())
    assert np.mean(services) == pytest.approx(TARGET, abs=0.01)
    assert np.mean(ours) < 0.95 * np.mean(theirs)


def served(held: FloatArray, test: FloatArray) -> float:
    return stock.simulate(held, test, lead_time=LEAD_TIME).overall()[0]


def test_the_distribution_of_a_lead_time_adds_up() -> None:
    rng = np.random.default_rng(1)
    demand = Demand(LEAD_TIME, *(np.array([of]) for of in (1.5, 4.0, 2.0, 1.6)))
    chance = rng.beta(1.5, 4.0, 200_000)
    months = rng.binomial(LEAD_TIME, chance)
    drawn = months + rng.poisson(months * rng.gamma(2.0, 1 / 1.6, 200_000))
    for units in (-1, 0, 1, 4, 9):
        assert demand.met(np.array([float(units)])) == pytest.approx(np.mean(drawn <= units), abs=0.004)
    assert demand.mean == pytest.approx(drawn.mean(), rel=0.01)
    assert demand.met(np.array([[0.0, 2.0]])).shape == (1, 2)


def test_the_stock_is_the_least_that_meets_its_level() -> None:
    rng = np.random.default_rng(2)
    demand = Demand(LEAD_TIME, *rng.uniform(0.3, 5.0, (4, 300)))
    held = demand.stock(0.97)
    assert (demand.met(held) >= 0.97).all()
    assert (demand.met(held - 1) < 0.97).all()
    assert demand.stock(1e-6).min() == 0


def test_parts_that_were_asked_for_lately_are_held_in_larger_number() -> None:
    demand = store(400, 3)
    demand[0] = demand[1] = 0.0
    demand[0, 2:12:2], demand[1, TRAIN - 10 : TRAIN : 2] = 1.0, 1.0
    held = pooled(demand[:, :TRAIN], lead_time=LEAD_TIME, target=TARGET).demand
    assert held.mean[1] > 1.3 * held.mean[0]


def test_months_before_the_sale_count_as_not_yet_in_use() -> None:
    demand = store(300, 4)[:, :TRAIN]
    late = demand.copy()
    late[(np.cumsum(demand, axis=1) == 0)] = np.nan
    one, other = (pooled(of, lead_time=LEAD_TIME, target=TARGET).stock for of in (demand, late))
    assert one.tolist() == other.tolist()


def test_parts_that_are_asked_for_one_by_one_are_no_trouble() -> None:
    demand = np.minimum(store(300, 5), 1.0)
    assert pooled(demand, lead_time=LEAD_TIME, target=TARGET).stock.max() <= LEAD_TIME


def test_a_store_that_says_too_little_is_not_judged() -> None:
    demand = store(300, 6)
    with pytest.raises(NotEvaluated, match=f"{LEAST_PARTS} needed"):
        pooled(demand[:50], lead_time=LEAD_TIME, target=TARGET)
    with pytest.raises(NotEvaluated, match="24 needed"):
        pooled(demand[:, :20], lead_time=LEAD_TIME, target=TARGET)
    with pytest.raises(NotEvaluated, match="broken units"):
        pooled(demand / 2, lead_time=LEAD_TIME, target=TARGET)
    with pytest.raises(NotEvaluated, match="asked for"):
        pooled(np.zeros((300, 40)), lead_time=LEAD_TIME, target=TARGET)
    with pytest.raises(ValueError, match="horizon"):
        pooled(demand, lead_time=15, target=TARGET)
