"""Croston's family against computed answers, and the classes of Syntetos, Boylan and Croston."""

import numpy as np
import pytest

from analytics.spare_parts.demand_classes import DemandClass, pattern_of
from analytics.spare_parts.intermittent import croston, sba, ses, tsb
from analytics.spare_parts.scores import root_mean_square_error, scaled_error
from analytics.window import FloatArray

SERIES = np.array([0, 0, 3, 0, 0, 0, 2, 0, 1, 0.0])


def test_the_three_methods_give_the_known_answers() -> None:
    # Reference, analytics_newenergy 0.1: alpha 0.1, beta 0.05, begun with the first demand; tolerance 1e-6.
    assert croston(SERIES).mean == pytest.approx(0.906355, abs=1e-6)
    assert sba(SERIES).mean == pytest.approx(0.861037, abs=1e-6)
    assert tsb(SERIES).mean == pytest.approx(0.875731, abs=1e-6)


def test_crostons_states_follow_by_hand() -> None:
    # Demands 3, 2 and 1 after 3, 4 and 2 periods: z = 3, 2.9, 2.71; p = 3, 3.1, 2.99.
    found = croston(SERIES)
    assert found.size == pytest.approx(2.71)
    assert 1 / found.chance == pytest.approx(2.99)


def test_simple_smoothing_follows_by_hand() -> None:
    assert ses(np.array([4.0, 0, 2]), alpha=0.5).mean == pytest.approx((4 / 2 + 0) / 2 + 1)


def test_many_parts_side_by_side_are_forecast_as_each_alone() -> None:
    demand = np.random.default_rng(1).poisson(0.4, (50, 40)).astype(float)
    for method in (croston, sba, tsb, ses):
        alone = [float(method(row).mean) for row in demand]
        assert method(demand).mean == pytest.approx(alone)


def test_a_part_that_was_never_asked_for_is_forecast_as_nothing() -> None:
    for method in (croston, sba, tsb, ses):
        assert method(np.zeros((2, 5))).mean.tolist() == [0, 0]


def test_periods_before_a_part_was_on_sale_are_passed_over() -> None:
    late = np.concatenate([np.full(7, np.nan), SERIES])
    for method in (croston, sba, tsb, ses):
        assert method(late).mean == pytest.approx(float(method(SERIES).mean))
    assert pattern_of(late).interval_months == pattern_of(SERIES).interval_months


def test_only_tsb_forgets_a_part_that_nobody_wants_any_more() -> None:
    dead = np.concatenate([SERIES, np.zeros(36)])
    assert croston(dead).mean == pytest.approx(float(croston(SERIES).mean))
    assert tsb(dead).mean < 0.2 * tsb(SERIES).mean


def test_croston_is_too_high_on_a_steady_chance_and_sba_mends_most_of_it() -> None:
    # Syntetos and Boylan (2005): the bias of z/p is a factor of about 1 / (1 - alpha / 2) for seldom demands.
    demand = (np.random.default_rng(2).random((4000, 400)) < 0.15).astype(float)
    assert croston(demand, alpha=0.3).mean.mean() > 0.15 * 1.1
    assert sba(demand, alpha=0.3).mean.mean() == pytest.approx(0.15, rel=0.03)


def test_each_class_has_its_part() -> None:
    smooth, erratic = np.array([2, 3, 2, 3, 2, 2.0]), np.array([1, 9, 1, 1, 8, 1.0])
    seldom, lumpy = np.array([0, 0, 2, 0, 2, 0.0]), np.array([0, 9, 0, 1, 0, 0.0])
    classes = pattern_of(np.array([smooth, erratic, seldom, lumpy, np.zeros(6)])).classes
    assert list(classes) == list(DemandClass)


def test_interval_and_variation_follow_by_hand() -> None:
    found = pattern_of(SERIES)
    assert found.interval_months == pytest.approx(10 / 3)
    assert found.size_variation == pytest.approx((2 / 3) / 4)  # of 3, 2 and 1


@pytest.mark.parametrize("wrong", [np.array([1, -1.0]), np.array([1, np.inf]), np.empty(0)])
def test_histories_that_cannot_be_are_refused(wrong: FloatArray) -> None:
    for method in (croston, tsb, ses, pattern_of):
        with pytest.raises(ValueError, match=r"demand|period"):
            method(wrong)


def test_smoothing_weights_must_lie_between_nothing_and_all() -> None:
    with pytest.raises(ValueError, match="smoothing"):
        croston(SERIES, alpha=0.0)
    with pytest.raises(ValueError, match="smoothing"):
        tsb(SERIES, beta=1.5)


def test_the_scaled_error_of_the_seasons_own_naive_forecast_is_near_one() -> None:
    demand = np.random.default_rng(3).poisson(3.0, (3000, 48)).astype(float)
    # Independent months: a forecast by the last one errs as much as the season before does.
    assert np.nanmean(scaled_error(demand[:, 35], demand[:, :36], demand[:, 36:])) == pytest.approx(1.0, abs=0.02)
    assert np.isnan(scaled_error(np.zeros(1), np.ones((1, 24)), np.ones((1, 3))))
    assert root_mean_square_error(np.array([1.0]), np.array([[4.0, -2.0]])) == pytest.approx(3.0)
