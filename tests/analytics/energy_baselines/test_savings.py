"""Savings and their uncertainty, against the formula worked by hand and against many made-up years."""

import numpy as np
import pytest
from scipy.signal import lfilter

from analytics.energy_baselines.per_product import energy_per_product
from analytics.energy_baselines.regression import Regression
from analytics.energy_baselines.savings import NonRoutine, avoided_energy, fractional_savings_uncertainty
from analytics.result import NotEvaluated
from analytics.window import FloatArray


def year(dice: np.random.Generator, rows: int, keep: float, saved: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Energy of 50 + 3 per unit of output, with AR(1) noise of a standard deviation of 10."""
    x = dice.uniform(20, 60, rows)
    noise: FloatArray = lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], dice.standard_normal(rows + 50))[50:]
    return x, (50 + 3 * x) * (1 - saved) + 10 * noise


@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_the_interval_of_95_percent_holds_the_truth_in_95_of_100_cases(keep: float) -> None:
    """400 baselines of 120 rows and reporting periods of 60: within 3.5 points, neighbours alike or not."""
    dice = np.random.default_rng(11)
    inside = 0
    for _ in range(400):
        x, energy = year(dice, 120, keep)
        baseline = Regression.fit({"x": x}, energy)
        x, energy = year(dice, 60, keep, saved=0.1)
        truth = 0.1 * float((50 + 3 * x).sum())
        found = avoided_energy(baseline, {"x": x}, energy)
        inside += abs(found.saved_kwh - truth) <= found.uncertainty_kwh
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


def test_the_short_formula_of_guideline_14_is_what_it_says() -> None:
    """By hand: t(0.95; 10) = 2.2281, CV 8 %, n = n' = m = 12, F = 0.15; 2.2281 * 1.26 * 0.08 * sqrt(14/12 / 12) / 0.15."""
    found = fractional_savings_uncertainty(
        cv_rmse_percent=8.0, saved_share=0.15, baseline_rows=12, effective_rows=12, reporting_rows=12
    )
    assert found == pytest.approx(2.22814 * 1.26 * 0.08 * np.sqrt(14 / 12 / 12) / 0.15, rel=1e-5)


def test_the_exact_interval_is_within_the_factor_of_1_26_of_the_short_formula() -> None:
    """Reddy and Claridge took 1.26 for the matrix term: over a like period the exact one lies between 1 / 1.26 and 1.1 of it."""
    dice = np.random.default_rng(12)
    x, energy = year(dice, 365, 0.0)
    baseline = Regression.fit({"x": x}, energy)
    x, energy = year(dice, 90, 0.0, saved=0.1)
    found = avoided_energy(baseline, {"x": x}, energy)
    short = fractional_savings_uncertainty(
        cv_rmse_percent=baseline.cv_rmse_percent,
        saved_share=found.saved_share,
        baseline_rows=365,
        effective_rows=baseline.effective_rows,
        reporting_rows=90,
    )
    assert 1 / 1.26 < found.fractional_uncertainty / short < 1.1


def test_savings_are_the_adjusted_baseline_less_what_was_used() -> None:
    x = np.arange(40.0)
    baseline = Regression.fit({"x": x}, 10 + 2 * x + np.where(x % 2 == 0, 0.1, -0.1))
    rows = {"x": np.array([10.0, 20.0, np.nan])}
    changes = [NonRoutine("second shift", 6.0, 3.0), NonRoutine("office moved out", -1.0, 4.0)]
    plain = avoided_energy(baseline, rows, np.array([28.0, 45.0, 99.0]))
    found = avoided_energy(baseline, rows, np.array([28.0, 45.0, 99.0]), non_routine=changes)
    assert plain.expected_kwh == pytest.approx(80, abs=0.1)
    assert plain.actual_kwh == 73
    assert found.saved_kwh == pytest.approx(plain.saved_kwh + 5)
    assert found.performance == pytest.approx(73 / (plain.expected_kwh + 5))
    assert found.uncertainty_kwh == pytest.approx(np.hypot(plain.uncertainty_kwh, 5.0))


def test_a_period_without_known_rows_is_declined() -> None:
    baseline = Regression.fit({"x": np.arange(40.0)}, 10 + 2 * np.arange(40.0))
    with pytest.raises(NotEvaluated, match="energy, x"):
        avoided_energy(baseline, {"x": np.array([np.nan])}, np.array([5.0]))
    with pytest.raises(NotEvaluated, match="expects no energy"):
        avoided_energy(baseline, {"x": np.array([-20.0])}, np.array([5.0]))


def test_energy_per_product_is_that_of_the_totals_with_the_interval_of_a_ratio() -> None:
    """By hand: 30 kWh for 10 pieces; residuals 1, -1, 0 of three hours: t(0.95; 2) = 4.3027 * sqrt(2 / 2 * 3) / 10."""
    found = energy_per_product(np.array([7.0, 11.0, 12.0, np.nan]), np.array([2.0, 4.0, 4.0, 9.0]))
    assert found.value == 3.0
    assert found.uncertainty == pytest.approx(4.302653 * np.sqrt(3) / 10, rel=1e-6)
    assert found.intervals == 3


def test_energy_of_hours_without_product_counts_and_none_without_product_at_all() -> None:
    assert energy_per_product(np.array([4.0, 8.0, 4.0]), np.array([0.0, 4.0, 0.0])).value == 4.0
    with pytest.raises(NotEvaluated, match="nothing was made"):
        energy_per_product(np.ones(5), np.zeros(5))
    with pytest.raises(NotEvaluated, match="2 intervals"):
        energy_per_product(np.ones(2), np.ones(2))
