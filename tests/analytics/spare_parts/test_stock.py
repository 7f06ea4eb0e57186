"""Base stocks by distribution and by drawing, and what they achieve in a simulation, against closed forms."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from analytics.spare_parts import stock


def test_the_negative_binomial_meets_the_target_with_the_least_stock() -> None:
    mean, variance = np.array([0.4, 3.0, 20.0]), np.array([1.1, 9.0, 45.0])
    held = stock.negative_binomial(mean, variance, target=0.95)
    size, chance = mean**2 / (variance - mean), mean / variance
    assert (nbinom.cdf(held, size, chance) >= 0.95).all()
    assert (nbinom.cdf(held - 1, size, chance) < 0.95).all()


def test_demand_that_varies_less_than_poissons_is_taken_as_poissons() -> None:
    assert stock.negative_binomial(np.array([2.0, 2.0, 0.0]), np.array([1.0, 2.0, 0.0]), target=0.9).tolist() == [
        poisson.ppf(0.9, 2.0),
        poisson.ppf(0.9, 2.0),
        0.0,
    ]


def test_the_normal_stock_follows_by_hand() -> None:
    assert stock.normal(np.array([10.0]), np.array([4.0]), target=0.975).tolist() == [14.0]  # 10 + 1.96 x 2 = 13.92


def test_the_empirical_stock_would_have_met_its_share_of_the_past() -> None:
    demand = np.random.default_rng(1).poisson(0.5, (200, 40)).astype(float)
    held = stock.empirical(demand, lead_time=3, target=0.9)
    sums = stock.lead_time_sums(demand, lead_time=3)
    assert ((sums <= held[:, None]).mean(axis=1) >= 0.9).all()
    assert ((sums <= held[:, None] - 1).mean(axis=1) < 0.9).all()


def test_drawing_months_comes_to_the_stock_of_independent_demand() -> None:
    demand = np.random.default_rng(2).poisson(4.0, (40, 600)).astype(float)
    held = stock.bootstrap(demand, lead_time=3, target=0.95, rng=np.random.default_rng(3), months=600)
    assert held.mean() == pytest.approx(poisson.ppf(0.95, 12.0), abs=0.5)


def test_willemains_chain_holds_more_than_drawing_months_where_demands_come_together() -> None:
    rng = np.random.default_rng(4)
    spells = np.repeat(rng.random((40, 60)) < 0.2, 4, axis=1).astype(np.float64)  # four months with, or four without
    chained = stock.willemain(spells, lead_time=4, target=0.9, rng=rng)
    drawn = stock.bootstrap(spells, lead_time=4, target=0.9, rng=rng, months=240)
    assert chained.mean() > drawn.mean()
    assert stock.willemain(np.zeros((1, 12)), lead_time=3, target=0.9, rng=rng).tolist() == [0.0]


def test_a_stock_serves_as_follows_by_hand() -> None:
    # Stock 3, lead time 2, demand 1 2 0 4: lead times ask for 3, 2 and 4; 0, 1 and -1 are left.
    found = stock.simulate(np.array(3.0), np.array([1, 2, 0, 4.0]), lead_time=2)
    assert found.service == pytest.approx(2 / 3)
    assert found.on_hand == pytest.approx((0 + 1 + 0) / 3)
    # When 4 are asked for 3 are there, so 2 + 3 of 6 units are handed over at once.
    assert found.fill == pytest.approx(5 / 6)


def test_a_part_that_is_not_asked_for_has_no_fill() -> None:
    found = stock.simulate(np.array([2.0, 2.0]), np.array([[0, 0, 0.0], [1, 1, 1.0]]), lead_time=1)
    assert np.isnan(found.fill[0])
    assert found.overall() == pytest.approx((1.0, 1.0, 1.5))


def test_the_service_of_known_demand_is_its_distributions() -> None:
    demand = np.random.default_rng(5).poisson(1.0, (2000, 60)).astype(float)
    held = stock.negative_binomial(np.full(2000, 3.0), np.full(2000, 3.0), target=0.95)
    service, _, _ = stock.simulate(held, demand, lead_time=3).overall()
    assert service == pytest.approx(poisson.cdf(held[0], 3.0), abs=0.003)


@pytest.mark.parametrize("target", [0.0, 1.0, 95.0])
def test_a_target_is_a_share(target: float) -> None:
    with pytest.raises(ValueError, match="target"):
        stock.normal(np.ones(1), np.ones(1), target=target)


def test_a_lead_time_must_fit_the_history() -> None:
    with pytest.raises(ValueError, match="lead time"):
        stock.empirical(np.ones((1, 2)), lead_time=3, target=0.9)
