"""Scores worked by hand."""

import math

import numpy as np
import pytest

from analytics.remaining_life.quantiles import weighted
from analytics.remaining_life.scores import alpha_lambda, coverage, nasa_score, phm2012_accuracy, rmse

TRUE = np.array([100.0, 50.0, 20.0])


def test_rmse_by_hand() -> None:
    assert rmse(TRUE + np.array([3, -4, 0]), TRUE) == pytest.approx((25 / 3) ** 0.5)


def test_a_life_promised_ten_cycles_too_long_costs_as_much_as_thirteen_too_short() -> None:
    assert nasa_score(TRUE + np.array([10, 0, 0]), TRUE) == pytest.approx(math.e - 1)
    assert nasa_score(TRUE + np.array([0, -13, 0]), TRUE) == pytest.approx(math.e - 1)


def test_the_accuracy_of_2012_halves_at_5_percent_late_and_20_percent_early() -> None:
    assert phm2012_accuracy(TRUE * [1.0, 1.05, 0.8], TRUE) == pytest.approx([1, 0.5, 0.5])


def test_shares_by_hand() -> None:
    assert alpha_lambda(TRUE * [1.1, 0.9, 1.3], TRUE) == pytest.approx(2 / 3)
    assert coverage(TRUE - 1, TRUE + np.array([0, 1, -0.5]), TRUE) == pytest.approx(2 / 3)


def test_weights_move_quantiles() -> None:
    values = np.arange(101.0)
    assert weighted(values, np.ones(101)).p50 == pytest.approx(50)
    assert weighted(values, (values < 21).astype(float)).p50 == pytest.approx(10)
