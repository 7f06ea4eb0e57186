"""The first passage of a drifted Wiener process against scipy's inverse Gaussian and simulated wear."""

import numpy as np
import pytest
from scipy.stats import invgauss

from analytics.remaining_life.wiener import Drift, fit
from analytics.result import NotEvaluated


def test_with_a_known_rate_the_passage_is_inverse_gaussian() -> None:
    way, rate, diffusion = 8.0, 0.4, 0.9
    drift = Drift(2.0, rate, diffusion, days=1e9)
    mean, shape = way / rate, (way / diffusion) ** 2
    expected = invgauss(mean / shape, scale=shape)
    for days in (3.0, 12.0, 20.0, 60.0):
        assert drift.reached(days, limit=10.0) == pytest.approx(expected.cdf(days), abs=1e-7)
    found = drift.remaining_days(10.0)
    assert found is not None
    assert found == pytest.approx(tuple(expected.ppf([0.1, 0.5, 0.9])), rel=1e-6)


def test_rate_and_diffusion_come_back_from_uneven_readings() -> None:
    rng = np.random.default_rng(2)
    steps = rng.uniform(0.2, 2.0, 20_000)
    values = np.cumsum(0.3 * steps + 0.7 * np.sqrt(steps) * rng.standard_normal(20_000))
    found = fit(np.cumsum(steps), values)
    assert found.rate_per_day == pytest.approx(0.3, abs=3 * 0.7 / np.sqrt(steps.sum()))
    assert found.diffusion == pytest.approx(0.7, rel=0.02)


def test_the_band_holds_the_passage_of_four_fifths_of_simulated_machines() -> None:
    held, told = 0, 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        wear = np.concatenate([[0.0], np.cumsum(0.1 + 0.2 * rng.standard_normal(2000))])
        seen = 60
        limit = max(wear[: seen + 1].max(), 0.0) + 8.0
        found = fit(np.arange(seen + 1.0), wear[: seen + 1]).remaining_days(limit)
        passed = np.flatnonzero(wear[seen:] >= limit)
        if found is None or not len(passed):
            continue
        told += 1
        held += found.p10 <= passed[0] <= found.p90
    assert told > 300
    assert held / told == pytest.approx(0.8, abs=0.06)


def test_what_does_not_rise_beyond_doubt_gets_no_number() -> None:
    flat = np.random.default_rng(3).standard_normal(100).cumsum()
    assert fit(np.arange(100.0), flat - flat[-1]).remaining_days(1000.0) is None


def test_a_limit_that_is_passed_leaves_nothing() -> None:
    assert Drift(5.0, -1.0, 0.1, 10.0).remaining_days(4.0) == (0, 0, 0)


def test_unknown_readings_are_left_out_and_too_few_declined() -> None:
    days = np.arange(30.0)
    values = 0.5 * days + 0.1 * np.sin(days)
    values[5:9] = np.nan
    assert fit(days, values).rate_per_day == pytest.approx(0.5, abs=0.01)
    with pytest.raises(NotEvaluated):
        fit(days[:8], values[:8])
    with pytest.raises(NotEvaluated):
        fit(np.zeros(30), values)
