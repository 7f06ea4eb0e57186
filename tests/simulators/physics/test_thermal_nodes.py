"""Thermal nodes against the solution of their equation."""

import numpy as np
import pytest

from simulators.physics.thermal_nodes import Node, ThermalNodes

NODES = {"housing": Node("air", 600.0, speed_k=2.0, load_k=4.0), "copper": Node("housing", 60.0, square_k=40.0, trip_c=60.0)}


def nodes() -> ThermalNodes:
    return ThermalNodes(NODES, ("air",), scatter=np.ones((1, 2)), start_c=np.full(1, 20.0))


def test_a_node_settles_at_its_surroundings_and_its_rises() -> None:
    """Air 20 °C: housing 20 + 2 + 0.5 · 4 = 24 °C, copper 24 + 0.25 · 40 = 34 °C."""
    machine = nodes()
    for _ in range(400):
        machine.warm(60.0, machine.rises_k(np.ones(1), np.full(1, 0.5)), [np.full(1, 20.0)])
    assert machine["housing"] == pytest.approx(24)
    assert machine["copper"] == pytest.approx(34)
    assert not machine.are_too_hot


def test_a_node_has_gone_63_percent_of_its_way_after_its_time_constant() -> None:
    machine = nodes()
    machine.warm(600.0, machine.rises_k(np.ones(1), np.zeros(1)), [np.full(1, 20.0)])
    assert machine["housing"] == pytest.approx(20 + 2 * (1 - np.exp(-1)))


def test_a_node_beyond_its_limit_is_told() -> None:
    machine = nodes()
    for _ in range(3):
        machine.settle(machine.rises_k(np.ones(1), np.ones(1)), [np.full(1, 20.0)])
    assert machine["copper"] == pytest.approx(66)
    assert machine.are_too_hot
