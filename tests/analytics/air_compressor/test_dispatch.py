"""Dispatch against an exhaustive search of small stations, and never worse than what is done now."""

import itertools

import numpy as np
import pytest

from analytics.air_compressor.dispatch import Unit, best_plan, energy_kwh, power_kw
from benchmarks.analytics_compressors import dispatch, present_split, random_station

FIXED = Unit(20.0, 20.0, 40.0, 120.0, 120.0, 2.0)
SMALL = Unit(10.0, 10.0, 20.0, 62.0, 62.0, 1.0)
VARIABLE = Unit(18.0, 6.0, 20.0, 42.0, 118.0, 2.0)


def test_power_runs_through_its_three_points() -> None:
    found = power_kw(VARIABLE, [0.0, 6.0, 18.0, 12.0, 0.0], [True, True, True, True, False])
    assert found == pytest.approx([20, 42, 118, 80, 0])
    assert power_kw(FIXED, 10.0, is_on=True) == pytest.approx(80)  # half the time at 120, half at 40


def _least_by_search(units: list[Unit], demand: float) -> float:
    """Try every set of machines and every split on a fine grid."""
    best = np.inf
    for running in itertools.product([False, True], repeat=len(units)):
        grids = [np.linspace(0, unit.capacity, 201) if on else np.zeros(1) for unit, on in zip(units, running, strict=True)]
        for flows in itertools.product(*grids[:-1]):
            last = demand - sum(flows)
            if -1e-9 <= last <= units[-1].capacity * running[-1] + 1e-9:
                split = [*flows, max(last, 0.0)]
                powers = (float(power_kw(unit, at, on)) for unit, at, on in zip(units, split, running, strict=True))
                best = min(best, sum(powers))
    return best


@pytest.mark.parametrize("demand", [3.0, 9.0, 16.0, 25.0, 36.0])
def test_one_hour_is_as_good_as_an_exhaustive_search(demand: float) -> None:
    units = [FIXED, VARIABLE]
    flow, is_on = present_split(units, np.array([demand]))
    _, best = best_plan(units, flow, is_on)
    assert best.energy_kwh == pytest.approx(_least_by_search(units, demand), rel=2e-3)
    assert best.flow.sum() == pytest.approx(demand)


def test_a_cheap_start_is_worth_it_and_a_dear_one_is_not() -> None:
    # A machine that is not needed for one hour idles at 20 kW: 20 kWh against what a start costs
    flow = np.array([[20.0, 10.0, 20.0], [8.0, 0.0, 8.0]])
    is_on = np.ones((2, 3), bool)
    _, cheap = best_plan([FIXED, SMALL], flow, is_on)
    _, dear = best_plan([FIXED, SMALL._replace(start_kwh=90.0)], flow, is_on)
    assert not cheap.is_on[1, 1] or not cheap.is_on[0, 1]
    assert dear.is_on[1].all()


def test_the_reserve_keeps_a_machine_ready() -> None:
    flow, is_on = np.array([[19.0], [0.0]]), np.ones((2, 1), bool)
    _, bare = best_plan([FIXED, SMALL], flow, is_on)
    _, ready = best_plan([FIXED, SMALL], flow, is_on, reserve_percent=20)
    assert bare.is_on.sum() == 1
    assert ready.is_on.sum() == 2


def test_random_stations_are_never_worse_off_and_get_the_same_air() -> None:
    rng = np.random.default_rng(11)
    for _ in range(15):
        units = random_station(rng)
        demand = sum(unit.capacity for unit in units) * rng.uniform(0.05, 0.95, 8)
        flow, is_on = present_split(units, demand)
        present, best = best_plan(units, flow, is_on, reserve_percent=10)
        assert best.energy_kwh <= present.energy_kwh
        assert best.energy_kwh == pytest.approx(energy_kwh(units, best.flow, best.is_on))
        assert best.flow.sum(axis=0) == pytest.approx(demand)
        assert (best.flow <= np.array([[unit.capacity] for unit in units]) * best.is_on + 1e-6).all()


def test_the_benchmark_counts_none_that_is_worse() -> None:
    found = dispatch(stations=5)
    assert found["worse_than_present"] == 0
    assert found["median_saving_percent"] > 0


@pytest.mark.parametrize(("flow", "on"), [([[21.0]], [[True]]), ([[5.0]], [[False]]), ([[-1.0]], [[True]])])
def test_an_impossible_present_is_refused(flow: list[list[float]], on: list[list[bool]]) -> None:
    with pytest.raises(ValueError, match="more than it can"):
        best_plan([FIXED], np.array(flow), np.array(on))
