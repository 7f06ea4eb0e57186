"""Willans' line: an exact one is found again, and the intervals hold what they promise."""

import numpy as np
import pytest

from analytics.diesel_engine.willans import willans_line
from analytics.result import NotEvaluated, Why


def test_an_exact_line_is_found_again() -> None:
    power = np.linspace(50, 500, 20)
    line = willans_line(power_kw=[*power, np.nan], fuel_kg_per_h=[*(9 + 0.19 * power), 5])
    assert line.intercept_kg_per_h == pytest.approx(9)
    assert line.slope_kg_per_kwh == pytest.approx(0.19)
    assert line.slope_half_width == pytest.approx(0, abs=1e-9)
    assert float(line.fuel_kg_per_h(100)) == pytest.approx(28)


def test_intervals_hold_the_truth_in_95_of_100_cases() -> None:
    dice = np.random.default_rng(7)
    hits = np.zeros(2)
    for _ in range(400):
        power = dice.uniform(50, 500, 60)
        line = willans_line(power_kw=power, fuel_kg_per_h=9 + 0.19 * power + dice.normal(0, 1, 60))
        hits += [
            abs(line.intercept_kg_per_h - 9) < line.intercept_half_width,
            abs(line.slope_kg_per_kwh - 0.19) < line.slope_half_width,
        ]
    # Binomial: 95 % of 400 within 3 sigma, 3.3 points; the estimated correlation only widens.
    assert (hits / 400 > 0.917).all()
    assert (hits / 400 < 0.99).all()


def test_residuals_that_follow_each_other_widen_the_intervals() -> None:
    dice = np.random.default_rng(3)
    power = dice.uniform(50, 500, 200)
    white = dice.normal(0, 1, 200)
    slow = np.convolve(dice.normal(0, 1, 209), np.ones(10), "valid") / np.sqrt(10)
    of_white = willans_line(power_kw=power, fuel_kg_per_h=9 + 0.19 * power + white)
    of_slow = willans_line(power_kw=power, fuel_kg_per_h=9 + 0.19 * power + slow)
    assert of_slow.intercept_half_width > 2 * of_white.intercept_half_width


def test_too_few_points_or_a_single_load_give_no_line() -> None:
    with pytest.raises(NotEvaluated) as few:
        willans_line(power_kw=[100, 200, 300], fuel_kg_per_h=[28, 47, 66])
    assert few.value.why is Why.NOT_STEADY
    with pytest.raises(NotEvaluated) as narrow:
        willans_line(power_kw=np.linspace(300, 310, 20), fuel_kg_per_h=np.full(20, 60.0))
    assert narrow.value.why is Why.OUTSIDE_VALIDITY
