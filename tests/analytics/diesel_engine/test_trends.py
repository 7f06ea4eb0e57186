"""Wear and the day of its limit."""

import numpy as np
import pytest

from analytics.diesel_engine.trends import days_to_limit, find_trend, since_renewal

DAYS = np.arange(0, 14, 0.25)


def test_a_filter_that_grows_one_a_day_is_full_in_twenty_days() -> None:
    noise = np.random.default_rng(2).normal(0, 0.5, len(DAYS))
    trend = find_trend(DAYS, 30 + DAYS + noise)
    assert trend is not None
    left = days_to_limit(trend, 30 + DAYS[-1] + 20)
    assert left is not None
    # The slope is known to 0.5 / (4.04 · sqrt(56)) = 0.017 a day: 20 days to about 0.4, P10 and P90 within.
    assert left.middle == pytest.approx(20, abs=1.2)
    assert left.early < left.middle < left.late
    assert left.late - left.early < 3


def test_where_nothing_wears_there_is_no_number() -> None:
    dice = np.random.default_rng(5)
    found = [find_trend(DAYS, 50 + dice.normal(0, 1, len(DAYS))) for _ in range(200)]
    # The test's level is 0.1 %: two or more of 200 would be chance of 2 %.
    assert sum(one is not None for one in found) <= 1
    assert find_trend(DAYS, np.full(len(DAYS), 50.0)) is None
    assert find_trend(DAYS[:6], DAYS[:6]) is None
    assert find_trend(DAYS[:12] / 2, DAYS[:12]) is None


def test_a_limit_that_is_far_gives_no_number() -> None:
    trend = find_trend(DAYS, 30 + DAYS)
    assert trend is not None
    assert days_to_limit(trend, 30 + 13.75 + 11 * 13.75) is None


def test_a_limit_that_is_passed_leaves_no_days() -> None:
    for way, limit in ((1, 35), (-1, 25)):
        trend = find_trend(DAYS, 30 + way * DAYS)
        assert trend is not None
        left = days_to_limit(trend, limit)
        assert left is not None
        assert left.middle == 0


def test_a_new_filter_begins_anew() -> None:
    values = np.array([*(20 + 0.2 * np.arange(30)), *(14 + 0.2 * np.arange(26))], np.float64)
    assert since_renewal(values, rises=True) == pytest.approx(30, abs=1)
    assert since_renewal(np.linspace(20, 31, 56), rises=True) == 0
    assert since_renewal(values[:8], rises=True) == 0
    oil = np.array([*(5 - 0.02 * np.arange(30)), *(5.2 - 0.02 * np.arange(26))], np.float64)
    assert since_renewal(oil, rises=False) == pytest.approx(30, abs=1)
