"""Holtrop and Mennen's example of 1982, waves, wind and depth."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.ship.holtrop import Hull, resistance_kn
from analytics.ship.waves_and_wind import KNOT_M_PER_S, least_depth_m, stawave1_kn, true_wind, wind_resistance_kn

EXAMPLE = Hull(
    length_m=205,
    breadth_m=32,
    draught_m=10,
    displacement_m3=37_500,
    buoyancy_centre_percent=-0.75,
    bulb_m2=20,
    bulb_height_m=4,
    midship_coefficient=0.98,
    waterplane_coefficient=0.75,
    transom_m2=16,
    wetted_m2=7381.45,
    appendages_m2=50,
    appendage_factor=1.5,
    stern_coefficient=10,
)
"""The example of the paper, at 25 kn."""


def test_the_papers_example_is_met_in_every_intermediate_value() -> None:
    """Holtrop and Mennen 1982, within 0.1 %; parts as the reference tells them."""
    assert EXAMPLE.prismatic_coefficient == pytest.approx(0.5833, rel=1e-3)
    assert EXAMPLE.run_length_m == pytest.approx(81.385, rel=1e-3)
    assert EXAMPLE.c12 == pytest.approx(0.5102, rel=1e-3)
    assert EXAMPLE.form_factor == pytest.approx(1.156, rel=1e-3)
    found = resistance_kn(EXAMPLE, 25 * KNOT_M_PER_S)
    assert found.friction == pytest.approx(869.63, rel=1e-3)
    assert found.appendages == pytest.approx(8.83, rel=1e-3)
    assert found.waves == pytest.approx(557.11, rel=1e-3)
    assert found.bulb == pytest.approx(0.049, abs=5e-4)
    assert found.transom == 0
    assert found.allowance == pytest.approx(221.98, rel=1e-3)
    assert found.total == pytest.approx(1793.26, rel=1e-3)


def test_the_wetted_surface_is_estimated_where_it_is_not_known() -> None:
    """7381.45 m² in the paper's example."""
    assert replace(EXAMPLE, wetted_m2=None).wetted_surface_m2 == pytest.approx(7381.45, rel=1e-5)


def test_resistance_of_many_speeds_at_once_and_none_of_no_speed() -> None:
    found = resistance_kn(EXAMPLE, [0.0, -3.0, np.nan, 10.0, 12.0]).total
    assert np.isnan(found[:3]).all()
    assert found[4] > found[3] > 0


def test_a_full_ships_dimensions_give_a_hull_and_impossible_ones_none() -> None:
    full = Hull.of_main_dimensions(length_m=185, breadth_m=32.26, draught_m=12, block_coefficient=0.86)
    assert full.midship_coefficient == pytest.approx(0.996, abs=0.002)
    assert 2 < full.buoyancy_centre_percent < 4
    assert resistance_kn(full, 6.5).total == pytest.approx(600, rel=0.4)
    with pytest.raises(ValueError, match="prismatic"):
        Hull.of_main_dimensions(length_m=185, breadth_m=32, draught_m=12, block_coefficient=0.95)
    with pytest.raises(ValueError, match="hull"):
        replace(EXAMPLE, length_m=0)
    with pytest.raises(ValueError, match="buoyancy"):
        replace(EXAMPLE, buoyancy_centre_percent=30)


def test_head_waves_count_whole_to_45_degrees_and_not_from_astern() -> None:
    """ρ g H² B √(B/L) / 16 by hand: 1025·9.81·4·32·√(32/20)/16 = 101.8 kN for 2 m."""
    head = 1025 * 9.81 * 4 * 32 * np.sqrt(32 / 20) / 16_000
    found = stawave1_kn(2.0, from_bow_deg=[0, 44, -44, 316, 90, 180, np.nan], breadth_m=32, bow_length_m=20)
    assert found[:4] == pytest.approx(head)
    assert found[4] == pytest.approx(head / 2)
    assert found[5] == 0
    assert np.isnan(found[6])


def test_still_air_has_no_resistance_of_wind_and_head_wind_has() -> None:
    still = wind_resistance_kn(relative_m_per_s=7.0, from_bow_deg=0.0, speed_m_per_s=7.0, transverse_m2=700, drag_coefficient=0.8)
    assert still == pytest.approx(0)
    head = wind_resistance_kn(relative_m_per_s=17.0, from_bow_deg=0.0, speed_m_per_s=7.0, transverse_m2=700, drag_coefficient=0.8)
    assert head == pytest.approx(0.5 * 1.225 * 700 * 0.8 * (17**2 - 7**2) / 1000)


def test_the_true_wind_is_the_relative_one_less_the_ships_way() -> None:
    wind = true_wind(relative_m_per_s=[10.0, 5.0], from_bow_deg=[0.0, 90.0], speed_m_per_s=[6.0, 5.0])
    assert wind.speed_m_per_s == pytest.approx([4, np.sqrt(50)])
    assert wind.from_bow_deg == pytest.approx([0, 135])


def test_depth_that_slows_a_ship_is_by_size_or_by_speed() -> None:
    """3 √(32·12) = 58.8 m; 2.75·15²/9.81 = 63.1 m."""
    found = least_depth_m(breadth_m=32, draught_m=12.0, speed_m_per_s=[6.0, 15.0])
    assert found == pytest.approx([58.788, 63.073], abs=1e-3)
