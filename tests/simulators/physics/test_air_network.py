"""A receiver that meets its pressure band in the middle of a step."""

import numpy as np
import pytest

from simulators.physics.air_network import AirNetwork, Filling


def filled(pressure_mpa: float, *, is_loaded: bool) -> tuple[Filling, float]:
    """Fill 10 m³ for 12 s between 0.65 and 0.75 MPa; 1 m³/s is drawn, and 2 m³/s are delivered. Give also the new pressure."""
    network = AirNetwork(
        volume_m3=np.array([10.0]), leak_share=np.zeros(1), plant_level=np.zeros(1), rests_on_sunday=np.array([False])
    )
    network.drawn_m3_per_min = np.array([60.0])
    network.pressure_mpa = np.array([pressure_mpa])
    filling = network.fill(
        12.0,
        delivered=np.array([120.0]),
        flows_back=np.zeros(1),
        load_mpa=np.array([0.65]),
        unload_mpa=np.array([0.75]),
        is_loaded=np.array([is_loaded]),
        is_idle=np.array([not is_loaded]),
    )
    return filling, float(network.pressure_mpa[0])


# 1 m³/s of air of 100 kPa more or less in 10 m³ is 0.01 MPa a second.


def test_a_machine_unloads_at_the_moment_at_which_the_pressure_meets_the_band() -> None:
    filling, mpa = filled(0.70, is_loaded=True)
    assert filling.unloads[0]
    assert filling.loaded_seconds[0] == pytest.approx(5)
    assert mpa == pytest.approx(0.75 - 0.07)


def test_a_machine_loads_at_the_moment_at_which_the_pressure_meets_the_band() -> None:
    filling, mpa = filled(0.68, is_loaded=False)
    assert filling.loads[0]
    assert filling.loaded_seconds[0] == pytest.approx(9)
    assert mpa == pytest.approx(0.65 + 0.09)


def test_within_the_band_nothing_changes() -> None:
    filling, mpa = filled(0.60, is_loaded=True)
    assert not filling.unloads[0]
    assert filling.loaded_seconds[0] == pytest.approx(12)
    assert mpa == pytest.approx(0.72)


def test_leaks_grow_with_absolute_pressure() -> None:
    network = AirNetwork(
        volume_m3=np.array([10.0]), leak_share=np.array([0.1]), plant_level=np.zeros(1), rests_on_sunday=np.array([False])
    )
    drawn = []
    for mpa in (0.3, 0.7):
        network.pressure_mpa = np.array([mpa])
        network.settle(
            demand_share=np.zeros(1),
            added_leak_share=np.zeros(1),
            is_sunday=False,
            inlet_kpa=np.array([100.0]),
            inlet_c=np.array([20.0]),
        )
        drawn.append(network.drawn_m3_per_min[0])
    assert drawn == pytest.approx([0.925, 1.85])  # a tenth of 18.5 m³/min at 0.8 MPa absolute, half of it at 0.4 MPa
