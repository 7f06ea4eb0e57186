"""Demand from machines in the field, against closed forms and a simulated fleet."""

import numpy as np
import pytest
from scipy.stats import binom

from analytics.remaining_life.weibull import Weibull
from analytics.spare_parts.installed_base import base_demand, failures_distribution

# Nelson's fans (1982), as fitted in tests/analytics/remaining_life/test_weibull.py: 1.0584 and 26,296.8 h.
FANS = Weibull(shape=1.0584, scale=26_296.8, covariance=np.eye(2), log_likelihood=0.0, failures=12, shape_interval=(0.6, 1.7))


def test_the_fan_that_has_run_5000_hours_fails_in_the_next_1000_by_the_known_chance() -> None:
    found = base_demand(FANS, part_ages=np.array([5000.0]), hours_to_come=np.array([1000.0]))
    assert found.failures == pytest.approx(0.03606, abs=2e-5)  # reference, analytics_newenergy 0.1
    assert found.failures == pytest.approx(FANS.failure_share(age=5000, within=1000))


def test_the_failures_of_like_parts_are_binomial() -> None:
    np.testing.assert_allclose(failures_distribution(np.full(30, 0.2)), binom.pmf(np.arange(31), 30, 0.2), atol=1e-12)


def test_the_stock_of_a_fleet_meets_its_demand_as_often_as_it_should() -> None:
    rng = np.random.default_rng(1)
    ages, hours = rng.uniform(0, 20_000, 300), rng.uniform(200, 900, 300)
    found = base_demand(FANS, part_ages=ages, hours_to_come=hours, parts_each=2)
    assert len(found.chances) == 600
    needed = (rng.random((20_000, 600)) < found.chances).sum(axis=1)
    assert found.failures == pytest.approx(needed.mean(), rel=0.01)
    assert found.variance == pytest.approx(needed.var(), rel=0.03)
    stock = found.stock(0.95)
    assert np.mean(needed <= stock) >= 0.94
    assert np.mean(needed <= stock - 1) < 0.96
    assert np.mean(needed <= stock - 2) < 0.95


def test_services_that_fall_due_take_their_kits() -> None:
    found = base_demand(
        FANS,
        part_ages=np.zeros(3),
        hours_to_come=np.array([100.0, 600.0, 10.0]),
        meter_hours=np.array([450.0, 450.0, 450.0]),
        service_hours=500.0,
        parts_a_service=2.0,
    )
    # 450 h to 550 h passes 500 h, to 1050 h passes 500 h and 1000 h, to 460 h none.
    assert found.kits == 6.0
    assert found.mean == pytest.approx(found.failures + 6.0)
    assert found.stock(0.5) >= 6.0


def test_ages_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        base_demand(FANS, part_ages=np.array([-1.0]), hours_to_come=np.array([1.0]))
    with pytest.raises(ValueError, match="0 or more"):
        base_demand(FANS, part_ages=np.array([1.0]), hours_to_come=np.array([np.nan]))
    with pytest.raises(ValueError, match="hour meters"):
        base_demand(FANS, part_ages=np.ones(1), hours_to_come=np.ones(1), service_hours=250.0)
    with pytest.raises(ValueError, match="target"):
        base_demand(FANS, part_ages=np.ones(1), hours_to_come=np.ones(1)).stock(1.0)
