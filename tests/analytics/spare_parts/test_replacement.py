"""When to replace: computed answers, limits, and a simulated fleet; and the fitted lives that it starts from."""

import numpy as np
import pytest

from analytics.remaining_life.weibull import Weibull, fit
from analytics.result import NotEvaluated
from analytics.spare_parts.replacement import advised, age_replacement, cost_rate


def lives(shape: float, scale: float, *, count: int, seed: int = 1) -> Weibull:
    times = scale * np.random.default_rng(seed).weibull(shape, count)
    return fit(np.minimum(times, 1.5 * scale), times < 1.5 * scale)


def test_the_known_age_and_rate_are_found() -> None:
    # Reference, analytics_newenergy 0.1: shape 2.5, scale 1000, costs 1 and 5; tolerance 1e-4 relative.
    found = age_replacement(shape=2.5, scale=1000.0, planned_cost=1.0, failure_cost=5.0)
    assert found.age == pytest.approx(493.05, rel=1e-4)
    assert found.cost_rate == pytest.approx(0.0034620, rel=1e-4)
    assert found.cost_rate_to_failure == pytest.approx(0.0056353, rel=1e-4)
    assert found.saved_share == pytest.approx(1 - 0.0034620 / 0.0056353, rel=1e-3)


def test_every_other_age_costs_more() -> None:
    known = {"shape": 3.0, "scale": 2000.0, "planned_cost": 2.0, "failure_cost": 9.0}
    found = age_replacement(**known)
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert cost_rate(factor * found.age, **known) > found.cost_rate


def test_a_simulated_fleet_costs_what_is_computed() -> None:
    found = age_replacement(shape=2.5, scale=1000.0, planned_cost=1.0, failure_cost=5.0)
    drawn = 1000 * np.random.default_rng(3).weibull(2.5, 400_000)
    used = np.minimum(drawn, found.age)
    costs = np.where(drawn <= found.age, 5.0, 1.0)
    assert costs.sum() / used.sum() == pytest.approx(found.cost_rate, rel=0.01)


@pytest.mark.parametrize(("shape", "failure_cost"), [(1.0, 5.0), (0.7, 5.0), (2.5, 1.0), (2.5, 0.5)])
def test_it_pays_to_wait_where_parts_do_not_wear_or_failures_cost_no_more(shape: float, failure_cost: float) -> None:
    found = age_replacement(shape=shape, scale=1000.0, planned_cost=1.0, failure_cost=failure_cost)
    assert np.isinf(found.age)
    assert found.cost_rate == found.cost_rate_to_failure


def test_replacement_is_advised_only_where_the_lives_show_wear() -> None:
    assert 350 < advised(lives(2.5, 1000.0, count=80), planned_cost=1.0, failure_cost=5.0).age < 700
    with pytest.raises(NotEvaluated, match="no wear is shown"):
        advised(lives(1.05, 1000.0, count=40), planned_cost=1.0, failure_cost=5.0)


def test_costs_and_lives_must_be_above_nothing() -> None:
    with pytest.raises(ValueError, match="above 0"):
        age_replacement(shape=2.0, scale=1000.0, planned_cost=0.0, failure_cost=5.0)
