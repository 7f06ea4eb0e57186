"""Regressions against the certified values of the NIST's reference data sets, and against data made to be known."""

import json

import numpy as np
import pytest
from scipy.signal import lfilter

from analytics.energy_baselines.change_points import best_change_point, fit_change_point
from analytics.energy_baselines.regression import Regression, fit_significant
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

# NIST Statistical Reference Datasets, linear least squares: Norris (lower difficulty) and Longley (higher).
NORRIS = """
0.1 0.2 338.8 337.4 118.1 118.2 888.0 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3 449.1 448.6 778.9 777.0 559.2 558.2
0.3 0.4 0.1 0.6 778.1 775.5 668.8 666.9 339.3 338.0 448.9 447.5 10.8 11.6 557.7 556.0 228.3 228.1 998.0 995.8 888.8 887.6
119.6 120.2 0.3 0.3 0.6 0.3 557.6 556.8 339.3 339.1 888.0 887.2 998.5 999.0 778.9 779.0 10.2 11.1 117.6 118.3 228.9 229.2
668.4 669.1 449.2 448.9 0.2 0.5
"""
LONGLEY = """
60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962
"""


def numbers(text: str, width: int) -> FloatArray:
    return np.array(text.split(), float).reshape(-1, width)


def test_norris_agrees_with_the_certified_values_to_nine_digits() -> None:
    rows = numbers(NORRIS, 2)
    found = Regression.fit({"x": rows[:, 1]}, rows[:, 0])
    assert found.coefficients == pytest.approx([-0.262323073774029, 1.00211681802045], rel=1e-9)
    assert found.standard_errors == pytest.approx([0.232818234301152, 0.429796848199937e-03], rel=1e-9)
    assert found.deviation == pytest.approx(0.884796396144373, rel=1e-9)
    assert found.r_squared == pytest.approx(0.999993745883712, rel=1e-9)


def test_longley_agrees_with_the_certified_values_to_nine_digits_for_all_that_its_drivers_are_nearly_collinear() -> None:
    rows = numbers(LONGLEY, 7)
    found = Regression.fit({f"x{n}": rows[:, n] for n in range(1, 7)}, rows[:, 0])
    certified = [
        (-3482258.63459582, 890420.383607373),
        (15.0618722713733, 84.9149257747669),
        (-0.358191792925910e-01, 0.334910077722432e-01),
        (-2.02022980381683, 0.488399681651699),
        (-1.03322686717359, 0.214274163161675),
        (-0.511041056535807e-01, 0.226073200069370),
        (1829.15146461355, 455.478499142212),
    ]
    assert found.coefficients == pytest.approx([value for value, _ in certified], rel=1e-9)
    assert found.standard_errors == pytest.approx([error for _, error in certified], rel=1e-9)
    assert found.deviation == pytest.approx(304.854073561965, rel=1e-9)
    assert found.r_squared == pytest.approx(0.995479004577296, rel=1e-9)


def test_t_and_p_and_adjusted_r_squared_follow_their_definitions() -> None:
    """With a known small case: x = 0..9, residuals that alternate, so that neighbours are not alike."""
    x = np.arange(10.0)
    found = Regression.fit({"x": x}, 3 + 2 * x + np.where(x % 2 == 0, 0.5, -0.5))
    assert found.autocorrelation == 0
    assert found.effective_rows == 10
    assert found.t_values == pytest.approx(found.coefficients / found.standard_errors)
    assert found.p_values[1] < 1e-8
    assert found.adjusted_r_squared == pytest.approx(1 - (1 - found.r_squared) * 9 / 8)
    assert found.cv_rmse_percent == pytest.approx(100 * found.deviation / 12.0)


def test_autocorrelation_is_found_and_shrinks_the_effective_number_of_rows() -> None:
    """AR(1) of 0.6 over 4,000 rows: r within 0.04, and n' = n (1 - r) / (1 + r) near n / 4."""
    dice = np.random.default_rng(5)
    x = dice.uniform(0, 10, 4000)
    noise: FloatArray = lfilter([1.0], [1.0, -0.6], dice.standard_normal(4000))
    found = Regression.fit({"x": x}, 50 + 3 * x + noise)
    assert found.autocorrelation == pytest.approx(0.6, abs=0.04)
    assert found.effective_rows == pytest.approx(1000, rel=0.15)


def test_drivers_that_do_not_matter_or_tell_nothing_new_are_left_out() -> None:
    dice = np.random.default_rng(6)
    x = dice.uniform(0, 10, 200)
    constant = np.cumsum(np.full(201, 0.1))
    drivers = {
        "output": x,
        "twice the output": 2 * x - 1,
        "noise": dice.standard_normal(200),
        "constant but for rounding": np.diff(constant),
        "constant": np.full(200, 4.0),
    }
    found = fit_significant(drivers, 5 + 2 * x + 0.1 * dice.standard_normal(200), most_p=0.001)
    assert found.drivers == ("output",)


def test_without_a_driver_that_matters_the_baseline_is_a_mean() -> None:
    energy = 10 + np.random.default_rng(7).standard_normal(50)
    found = fit_significant({"constant": np.ones(50)}, energy)
    assert found.drivers == ()
    assert found.expected({"constant": np.ones(3)}) == pytest.approx([energy.mean()] * 3)


def test_gaps_are_left_out_and_expected_where_a_driver_is_unknown_is_unknown() -> None:
    x = np.arange(30.0)
    energy = 1 + 2 * x
    x[3], energy[7] = np.nan, np.nan
    found = Regression.fit({"x": x}, energy)
    assert found.rows == 28
    assert found.coefficients == pytest.approx([1, 2])
    expected = found.expected({"x": np.array([5.0, np.nan])})
    assert expected[0] == pytest.approx(11)
    assert np.isnan(expected[1])


def test_a_model_comes_back_from_the_registry_as_it_was() -> None:
    rows = numbers(NORRIS, 2)
    found = Regression.fit({"x": rows[:, 1]}, rows[:, 0])
    back = Regression.from_model(json.loads(json.dumps(found.to_model())))
    assert back.expected({"x": rows[:, 1]}) == pytest.approx(found.expected({"x": rows[:, 1]}), rel=1e-15)
    assert back.uncertainty_of_sum({"x": rows[:5, 1]}) == found.uncertainty_of_sum({"x": rows[:5, 1]})


@pytest.mark.parametrize(
    ("drivers", "energy", "why"),
    [
        ({"x": np.arange(5.0)}, np.arange(5.0), Why.NOT_TRAINED),
        ({"x": np.full(40, np.nan)}, np.arange(40.0), Why.NOT_TRAINED),
        ({"x": np.ones(40)}, np.arange(40.0), Why.OUTSIDE_VALIDITY),
        ({"x": np.arange(40.0), "y": 2 * np.arange(40.0)}, np.arange(40.0), Why.OUTSIDE_VALIDITY),
    ],
)
def test_what_cannot_be_fitted_is_declined(drivers: dict[str, FloatArray], energy: FloatArray, why: Why) -> None:
    with pytest.raises(NotEvaluated) as declined:
        Regression.fit(drivers, energy)
    assert declined.value.why is why


def test_a_driver_that_is_not_measured_any_more_is_named() -> None:
    found = Regression.fit({"x": np.arange(20.0)}, np.arange(20.0) ** 2)
    with pytest.raises(NotEvaluated, match="goes by x"):
        found.expected({"y": np.arange(3.0)})


TEMPERATURE = np.linspace(-10, 35, 181)


@pytest.mark.parametrize(
    ("form", "points", "energy"),
    [
        ("3P below", (14.0,), 40 + 5 * np.maximum(14 - TEMPERATURE, 0)),
        ("3P above", (19.5,), 40 + 3 * np.maximum(TEMPERATURE - 19.5, 0)),
        ("4P", (16.0,), 40 + 5 * np.maximum(16 - TEMPERATURE, 0) + 2 * np.maximum(TEMPERATURE - 16, 0)),
        ("5P", (12.0, 22.0), 40 + 5 * np.maximum(12 - TEMPERATURE, 0) + 3 * np.maximum(TEMPERATURE - 22, 0)),
    ],
)
def test_change_points_are_found_where_they_were_put(form: str, points: tuple[float, ...], energy: FloatArray) -> None:
    """Forms of ASHRAE Guideline 14, annex D, without noise: each within 0.05 K, and its form is chosen among the four."""
    best = best_change_point(TEMPERATURE, energy)
    assert best.form == form
    assert best.points == pytest.approx(points, abs=0.05)
    assert best.expected(TEMPERATURE) == pytest.approx(energy, abs=0.2)


def test_a_change_point_is_found_beside_another_driver_and_under_noise() -> None:
    dice = np.random.default_rng(8)
    output, temperature = dice.uniform(0, 50, 600), dice.uniform(-5, 35, 600)
    energy = 100 + 4 * output + 6 * np.maximum(15 - temperature, 0) + 5 * dice.standard_normal(600)
    found = fit_change_point(temperature, energy, "3P below", others={"output": output})
    assert found.points[0] == pytest.approx(15, abs=0.7)
    assert found.regression.coefficients[1] == pytest.approx(4, abs=0.1)
    assert found.cv_rmse_percent == pytest.approx(found.regression.cv_rmse_percent, rel=1e-2)


def test_a_temperature_that_does_not_vary_has_no_change_point() -> None:
    with pytest.raises(NotEvaluated, match="does not vary"):
        fit_change_point(np.full(50, 20.0), np.arange(50.0), "3P above")
    with pytest.raises(NotEvaluated, match="rows"):
        fit_change_point(np.full(50, np.nan), np.arange(50.0), "3P above")
