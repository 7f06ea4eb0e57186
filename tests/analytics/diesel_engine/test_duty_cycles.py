"""Test cycles of ISO 8178: weights, renormalising, nearest modes."""

import numpy as np
import pytest

from analytics.diesel_engine.duty_cycles import Cycle, nearest_mode, read_duty_table, weighted
from analytics.result import NotEvaluated


def cycle(name: str) -> Cycle:
    return next(one for one in read_duty_table().cycles if one.name == name)


@pytest.mark.parametrize("name", ["D2", "C1", "E3", "E5"])
def test_the_weights_of_a_cycle_come_to_one(name: str) -> None:
    assert cycle(name).weights.sum() == pytest.approx(1)


def test_the_rows_say_that_nobody_has_held_them_against_the_standard() -> None:
    table = read_duty_table()
    assert not any(one.verified for one in table.cycles)
    assert all(one.source and one.clause for one in table.cycles)
    assert not table.wear.verified


def test_a_cycle_of_three_points_is_renormalised() -> None:
    # E3 without its last mode: weights .20 .50 .15 of .85
    found = weighted(cycle("E3"), [200.0, 150.0, 100.0, np.nan], over=[1.0, 1.0, 1.0, 1.0])
    assert found == pytest.approx((0.2 * 200 + 0.5 * 150 + 0.15 * 100) / 0.85)


def test_half_of_the_weight_is_not_enough() -> None:
    with pytest.raises(NotEvaluated, match="50 %"):
        weighted(cycle("E3"), [np.nan, 150.0, np.nan, np.nan], over=np.ones(4))


def test_consumption_of_d2_weighs_fuel_and_power_apart() -> None:
    # fuel 9 + 0.19 P at 500, 375, 250, 125, 50 kW: sum of w·P = 236.25, of w·fuel = 9 + 0.19 · 236.25 = 53.89
    power = np.array([500, 375, 250, 125, 50.0])
    assert 1000 * weighted(cycle("D2"), 9 + 0.19 * power, over=power) == pytest.approx(1000 * (9 / 236.25 + 0.19), abs=1e-6)


def test_each_point_belongs_to_its_nearest_mode() -> None:
    found = nearest_mode(cycle("D2"), load_percent=[98, 70, 40, 30, 5, np.nan], speed_percent=100)
    assert found.tolist() == [0, 1, 2, 3, 4, -1]
    # On the propeller's curve speed decides.
    assert nearest_mode(cycle("E3"), load_percent=[60, 60], speed_percent=[91, 80]).tolist() == [1, 2]
