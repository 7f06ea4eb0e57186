"""What is left of a machine's price: by hand, and fitted to sales whose losses are known."""

import numpy as np
import pytest

from analytics.leasing.residual_value import Depreciation, fit_depreciation, residual_value
from analytics.result import NotEvaluated

LOSS = Depreciation(by_year=0.15, by_overuse=0.08, hours_a_year=1800.0)


def test_the_value_follows_by_hand() -> None:
    # 4 years, 9000 h of a customary 7200 h: 1e6 x exp(-0.6) x (1 - 0.08 x 1800 / 1800) x 0.9.
    found = residual_value(LOSS, price_new=1e6, age_years=4.0, hours=9000.0, condition=0.9)
    assert found == pytest.approx(1e6 * np.exp(-0.6) * 0.92 * 0.9)


def test_fewer_hours_than_customary_add_nothing_and_nothing_is_worth_less_than_nothing() -> None:
    values = residual_value(LOSS, price_new=100.0, age_years=[2.0, 2.0, 1.0], hours=[0.0, 3600.0, 1e6])
    assert values[0] == values[1] == pytest.approx(100 * np.exp(-0.3))
    assert values[2] == 0


def test_both_losses_are_found_in_sales_within_their_intervals() -> None:
    rng = np.random.default_rng(1)
    age = rng.uniform(1, 9, 60)
    hours = 1800 * age * rng.uniform(0.5, 2.0, 60)
    sold = residual_value(LOSS, price_new=1.0, age_years=age, hours=hours) * np.exp(0.05 * rng.standard_normal(60))
    found = fit_depreciation(age_years=age, hours=hours, sold_share=sold, hours_a_year=1800.0)
    assert abs(found.by_year - 0.15) < 1.5 * found.by_year_uncertainty < 0.02
    assert abs(found.by_overuse - 0.08) < 1.5 * found.by_overuse_uncertainty < 0.03


def test_too_few_or_too_gentle_sales_say_nothing() -> None:
    age = np.linspace(1, 8, 10)
    with pytest.raises(NotEvaluated, match="8 are needed"):
        fit_depreciation(age_years=age[:5], hours=2000 * age[:5], sold_share=np.full(5, 0.5), hours_a_year=1800.0)
    with pytest.raises(NotEvaluated, match="beyond 1800 h"):
        fit_depreciation(age_years=age, hours=1000 * age, sold_share=np.full(10, 0.5), hours_a_year=1800.0)
    with pytest.raises(NotEvaluated, match="above 0"):
        fit_depreciation(age_years=age, hours=2000 * age, sold_share=np.zeros(10), hours_a_year=1800.0)


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        residual_value(LOSS, price_new=1.0, age_years=-1.0, hours=0.0)
    with pytest.raises(ValueError, match="not negative"):
        residual_value(LOSS, price_new=-1.0, age_years=1.0, hours=0.0)
