import json

import numpy as np
import pytest

from analytics.detection.principal_components import PrincipalComponents
from analytics.result import NotEvaluated

DICE = np.random.default_rng(3)


def healthy(n: int, dice: np.random.Generator) -> np.ndarray:
    """Six signals that follow two causes, with noise of their own."""
    mixing = np.array([[1.0, 0.5, -1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, -1.0, 2.0, 0.5]])
    return np.asarray(dice.standard_normal((n, 2)) @ mixing + 0.3 * dice.standard_normal((n, 6)) + 10)


def test_both_limits_are_exceeded_by_one_in_a_hundred_healthy_rows() -> None:
    model = PrincipalComponents.fit(healthy(2_000, DICE))
    rows = healthy(50_000, DICE)
    assert model.kept == 2
    # 500 are expected, their standard deviation is 22; the limits come from 2,000 rows themselves.
    assert np.mean(model.t_squared(rows) > model.t_squared_limit(0.99)) == pytest.approx(0.01, abs=0.003)
    assert np.mean(model.q(rows) > model.q_limit(0.99)) == pytest.approx(0.01, abs=0.003)


def test_the_limit_of_t_squared_is_the_f_distribution_s() -> None:
    # F(0.95; 2, 30) = 3.3158 (tables): 2 * (32² - 1) / (32 * 30) * 3.3158 = 7.067.
    model = PrincipalComponents(
        rows=32, centre=np.zeros(3), scale=np.ones(3), variances=np.array([2.0, 0.8, 0.2]), loadings=np.eye(3)[:, :2]
    )
    assert model.t_squared_limit(0.95) == pytest.approx(7.067, abs=0.002)


def test_the_limit_of_q_with_one_remaining_component_is_chi_squared_by_its_cube_root() -> None:
    # One component of variance v: h0 = 1/3, the approximation of Wilson and Hilferty; chi²(0.99; 1) = 6.635, 1.5 % off.
    model = PrincipalComponents(
        rows=100, centre=np.zeros(2), scale=np.ones(2), variances=np.array([1.5, 0.5]), loadings=np.eye(2)[:, :1]
    )
    assert model.q_limit(0.99) == pytest.approx(0.5 * 6.635, rel=0.02)


def test_a_sensor_that_leaves_the_plane_contributes_most() -> None:
    model = PrincipalComponents.fit(healthy(1_000, DICE))
    row = healthy(1, DICE)
    row[0, 4] += 6
    share = model.contributions(row)[0]
    assert model.q(row)[0] > model.q_limit(0.999)
    assert int(np.abs(share).argmax()) == 4
    assert share[4] > 0
    assert np.abs(share).sum() == pytest.approx(1)


def test_a_far_load_that_follows_the_plane_shows_in_t_squared_alone() -> None:
    model = PrincipalComponents.fit(healthy(1_000, DICE))
    row = np.array([[10.0, 10.0, 10.0, 10.0, 10.0, 10.0]]) + 8 * np.array([[1.0, 0.5, -1.0, 2.0, 0.0, 1.0]])
    assert model.t_squared(row)[0] > 3 * model.t_squared_limit(0.999)
    assert model.q(row)[0] < model.q_limit(0.999)


def test_a_model_survives_json() -> None:
    model = PrincipalComponents.fit(healthy(300, DICE))
    again = PrincipalComponents.from_model(json.loads(json.dumps(model.to_model())))
    rows = healthy(5, DICE)
    assert again.q(rows) == pytest.approx(model.q(rows))


def test_unknown_values_are_left_out_of_learning_and_give_no_verdict() -> None:
    rows = healthy(500, DICE)
    rows[::7, 2] = np.nan
    model = PrincipalComponents.fit(rows)
    assert model.rows == np.count_nonzero(~np.isnan(rows[:, 2]))
    assert np.isnan(model.q(rows)[0])


def test_too_few_rows_and_a_constant_signal_are_refused() -> None:
    with pytest.raises(NotEvaluated, match="5 rows of 6 signals"):
        PrincipalComponents.fit(healthy(5, DICE))
    rows = healthy(100, DICE)
    rows[:, 1] = 4.0
    with pytest.raises(ValueError, match="does not vary"):
        PrincipalComponents.fit(rows)
