"""Sharing a demand among boilers: exact answers, the best of all sets tried, and never worse than equal loading."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from analytics.boiler.boiler_dispatch import SPEC, Parameters, evaluate
from analytics.boiler.dispatch import FuelCurve, equal_loading, fit_fuel_curve, share_demand, split
from analytics.result import NotEvaluated, Why
from analytics.window import Window
from benchmarks.analytics_boiler import dispatch


def curve(constant: float, linear: float, square: float, least: float = 2.0, most: float = 10.0) -> FuelCurve:
    return FuelCurve(constant, linear, square, least, most, np.zeros((3, 3)))


def test_two_alike_share_alike() -> None:
    plan = split([curve(10, 70, 0.5)] * 2, 12, [True, True])
    assert plan is not None
    assert plan.steam == pytest.approx((6, 6))
    assert plan.fuel == pytest.approx(2 * (10 + 420 + 18))


def test_incremental_fuel_is_the_same_for_all_within_their_limits() -> None:
    # 70 + 1.0 D1 = 72 + 0.5 D2 and D1 + D2 = 10: D1 = 14 / 3, D2 = 16 / 3
    plan = split([curve(10, 70, 0.5), curve(10, 72, 0.25)], 10, [True, True])
    assert plan is not None
    assert plan.steam == pytest.approx((14 / 3, 16 / 3))


def test_straight_lines_fill_the_cheaper_boiler_first() -> None:
    plan = split([curve(10, 75, 0), curve(10, 70, 0)], 14, [True, True])
    assert plan is not None
    assert plan.steam == pytest.approx((4, 10), abs=1e-3)


def test_one_boiler_is_enough_where_a_second_only_burns_its_constant() -> None:
    found = share_demand([curve(30, 70, 0.1), curve(30, 70, 0.1)], 8)
    assert sorted(found.best.steam) == pytest.approx([0, 8])
    # Equal: 2 · (30 + 280 + 1.6) = 623.2; one alone: 30 + 560 + 6.4 = 596.4
    assert found.saving == pytest.approx(26.8)


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_is_the_best_of_all_sets_and_meets_demand_and_limits(seed: int) -> None:
    dice = np.random.default_rng(seed)
    curves = [
        curve(dice.uniform(5, 60), dice.uniform(65, 76), dice.uniform(0, 1.5), least=dice.uniform(1, 4), most=dice.uniform(6, 20))
        for _ in range(int(dice.integers(2, 6)))
    ]
    demand = float(dice.uniform(0.4, 0.95)) * sum(one.most for one in curves)
    found = share_demand(curves, demand)
    tried = (split(curves, demand, chosen) for chosen in product((False, True), repeat=len(curves)))
    assert found.best.fuel == pytest.approx(min(plan.fuel for plan in tried if plan is not None), rel=1e-6)
    assert sum(found.best.steam) == pytest.approx(demand)
    for steam, one in zip(found.best.steam, curves, strict=True):
        assert steam == 0 or one.least - 1e-6 <= steam <= one.most + 1e-6


def test_random_stations_are_never_worse_off_than_with_equal_loading() -> None:
    found = dispatch(40, seed=3)
    assert found["worse"] == 0
    assert found["missed"] == 0
    assert found["median_saving"] > 0.5


def test_equal_loading_gives_the_same_share_and_turns_the_smallest_off_at_little_demand() -> None:
    curves = [curve(10, 70, 0.1, least=3, most=10), curve(10, 70, 0.1, least=6, most=20)]
    assert equal_loading(curves, 15).steam == pytest.approx((5, 10))
    assert equal_loading(curves, 7).steam == pytest.approx((0, 7))


def test_a_demand_that_nobody_can_meet_is_declined() -> None:
    for demand in (1.0, 21.0):
        with pytest.raises(NotEvaluated) as declined:
            share_demand([curve(10, 70, 0.1)] * 2, demand)
        assert declined.value.why == Why.OUTSIDE_VALIDITY


def test_a_fuel_curve_is_found_again_with_its_uncertainty() -> None:
    dice = np.random.default_rng(5)
    steam = dice.uniform(2.5, 9.5, 300)
    fuel = 20 + 68 * steam + 0.4 * steam**2 + dice.normal(0, 3, 300)
    fuel[::50] = np.nan
    found = fit_fuel_curve(steam, fuel)
    at = np.array([1.0, 6.0, 36.0])
    assert found.fuel(6.0) == pytest.approx(20 + 408 + 14.4, abs=4 * float(np.sqrt(at @ found.covariance @ at)))
    assert float(np.sqrt(at @ found.covariance @ at)) < 0.5
    assert (found.least, found.most) == pytest.approx((2.5, 9.5), abs=0.3)


def test_a_curve_never_falls_with_steam_and_needs_a_range() -> None:
    steam = np.linspace(3, 9, 100)
    found = fit_fuel_curve(steam, 70 * steam - 0.5 * steam**2)
    assert min(found.constant, found.linear, found.square) >= 0
    with pytest.raises(NotEvaluated, match=r"only 5\.0"):
        fit_fuel_curve(np.full(100, 5.0), np.full(100, 350.0))
    with pytest.raises(NotEvaluated, match="0 steady"):
        fit_fuel_curve(np.full(100, np.nan), steam)


def week(*, constant: float, seed: int, last_state: float = 3.0, step_seconds: float = 60.0, **changes: Any) -> Window:
    """A week whose steam wanders between 2.5 and 8.5 t/h and is 5.5 in the mean of its last hour."""
    dice = np.random.default_rng(seed)
    n = round(7 * 86_400 / step_seconds)
    days_to_middle_of_last_hour = np.arange(n) * step_seconds / 86_400 - 7 + 0.5 / 24
    steam = 5.5 + 3 * np.sin(2 * np.pi * 1.5 * days_to_middle_of_last_hour)
    fuel = (constant + 69 * steam + 0.1 * steam**2) * dice.normal(1, 0.004, n)
    state = np.full(n, 3.0)
    if last_state != 3.0:
        last = slice(-round(7200 / step_seconds), None)
        state[last], steam[last], fuel[last] = last_state, 0.0, 0.0
    values = {"state": state, "steam_flow": steam, "fuel_flow": fuel, **changes}
    return Window(kind="boiler", start_us=0, step_seconds=step_seconds, values=values)


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_station_is_advised_to_stop_the_boiler_that_costs_most_at_no_load(step_seconds: float) -> None:
    windows = {
        name: week(constant=constant, seed=seed, step_seconds=step_seconds)
        for seed, (name, constant) in enumerate({"a": 20.0, "b": 20.0, "c": 60.0}.items())
    }
    found = evaluate(windows, Parameters())
    advised = {name: result.figures[0].value for name, result in found.items()}
    assert advised["c"] == 0
    assert advised["a"] == pytest.approx(8.3, abs=0.5)
    for result in found.values():
        assert [figure.name for figure in result.figures] == [output.name for output in SPEC.outputs]
        saving = result.figures[1]
        # Two instead of three: 60 less, and c D² of 8.25 instead of 5.5 t/h is 0.1 (2 · 68.1 - 3 · 30.25) = 4.5 more.
        assert saving.value == pytest.approx(55.5, abs=8)
        assert saving.uncertainty is not None
        assert saving.uncertainty > 2


def test_a_tripped_boiler_takes_no_part() -> None:
    windows = {1: week(constant=20, seed=1), 2: week(constant=30, seed=2), 3: week(constant=5, seed=3, last_state=4.0)}
    found = evaluate(windows, Parameters())
    assert found[3].figures[0].value is None
    assert found[1].figures[0].value is not None


def test_an_idle_boiler_may_be_called_in() -> None:
    windows = {1: week(constant=90, seed=1), 2: week(constant=5, seed=3, last_state=0.0)}
    found = evaluate(windows, Parameters())
    assert [found[name].figures[0].value for name in (1, 2)] == pytest.approx([0.0, 5.5], abs=0.3)


def test_one_boiler_alone_and_one_that_works_without_a_curve_are_declined() -> None:
    with pytest.raises(NotEvaluated, match="1 boilers"):
        evaluate({1: week(constant=20, seed=1)}, Parameters())
    blind = week(constant=20, seed=1, fuel_flow=np.full(7 * 1440, np.nan))
    with pytest.raises(NotEvaluated, match="2: "):
        evaluate({1: week(constant=20, seed=1), 2: blind, 3: week(constant=20, seed=2)}, Parameters())
