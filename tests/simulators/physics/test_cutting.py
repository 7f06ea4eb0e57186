"""The laws of cutting, against numbers worked out by hand."""

import numpy as np
import pytest

from simulators.physics.cutting import cutting_force_n, cutting_power_kw, tool_life_minutes
from simulators.physics.machining_job import draw_job


def test_force_and_power_of_a_cut_are_kienzles() -> None:
    """k_c1.1 1500 N/mm², m_c 0.25, b 2 mm, h 0.2 mm, v_c 200 m/min, worked out by hand: 1500 · 2 · 0.2^0.75 N."""
    force = cutting_force_n(width_mm=2, thickness_mm=0.2, specific_force_n_per_mm2=1500, exponent=0.25)
    assert force == pytest.approx(897.21, abs=0.005)
    assert cutting_power_kw(force_n=force, speed_m_per_min=200) == pytest.approx(2.9907, abs=5e-5)


def test_an_edge_of_carbide_lasts_a_sixteenth_at_twice_the_speed() -> None:
    """Taylor: v · T^0.25 is constant, so T falls with the fourth power of the speed."""
    slow, fast = (tool_life_minutes(speed_m_per_min=speed, reference_speed_m_per_min=150) for speed in (100, 200))
    assert slow / fast == pytest.approx(16)


def test_the_power_of_every_operation_is_its_specific_force_times_the_metal_it_removes() -> None:
    """P = k_c · a_p · a_e · v_f / 6e7 kW with k_c = k_c1.1 · h_m^-m_c, the form in which handbooks of milling have Kienzle."""
    dice = np.random.default_rng(3)
    for job in (draw_job(dice, "O1000.MPF") for _ in range(4)):
        for o in job.operations:
            mean_chip_mm = o.feed_per_tooth_mm * (o.width_mm / o.diameter_mm) ** 0.5
            specific_n_per_mm2 = o.material.specific_force_n_per_mm2 * mean_chip_mm**-o.material.exponent
            removed_mm3_per_min = o.depth_mm * o.width_mm * o.feed_mm_per_min
            assert o.power_kw == pytest.approx(specific_n_per_mm2 * removed_mm3_per_min / 6e7, rel=1e-9)
