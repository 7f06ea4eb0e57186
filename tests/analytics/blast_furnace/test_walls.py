"""Walls against Fourier's law, with walls whose thickness is known."""

import numpy as np
import pytest

from analytics.blast_furnace.walls import conducted_kw_per_m2, heat_flux_kw_per_m2, remaining_lining_mm, stave_heat_kw


def test_water_that_warms_by_a_kelvin_takes_the_heat_of_its_table() -> None:
    # 320 m³/h · 992.2 kg/m³ · 4.179 kJ/(kg K) / 3600 = 368.6 kW (IAPWS-95 at 40 °C, tolerance 0.5 %)
    heat = stave_heat_kw(water_m3_per_h=320, in_celsius=39.5, out_celsius=40.5)
    assert float(heat) == pytest.approx(368.6, rel=0.005)
    assert float(heat_flux_kw_per_m2(heat, area_m2=40)) == pytest.approx(9.2, abs=0.05)


@pytest.mark.parametrize("thickness_mm", [600.0, 1000.0, 1400.0])
def test_two_couples_in_a_plane_wall_give_its_thickness(thickness_mm: float) -> None:
    """Cold face at 60 °C, 1150 °C at the other; temperatures lie on a line between them."""
    inner, outer = (60 + (1150 - 60) * depth / thickness_mm for depth in (350, 100))
    assert float(remaining_lining_mm(inner_celsius=inner, outer_celsius=outer)) == pytest.approx(thickness_mm)
    # q = λ ΔT / Δx = 15 · (1090 / s)
    flux = conducted_kw_per_m2(inner_celsius=inner, outer_celsius=outer, distance_mm=250, conductivity_w_per_m_k=15)
    assert float(flux) == pytest.approx(15 * 1090 / thickness_mm)


def test_a_lining_that_conducts_half_is_half_as_thick_beyond_the_inner_couple() -> None:
    whole = remaining_lining_mm(inner_celsius=400, outer_celsius=150)
    half = remaining_lining_mm(inner_celsius=400, outer_celsius=150, conductivity_ratio=0.5)
    assert float(half - 350) == pytest.approx(float(whole - 350) / 2)


def test_without_heat_outwards_there_is_no_thickness() -> None:
    found = remaining_lining_mm(inner_celsius=[150.0, 150.5, np.nan, 140.0], outer_celsius=[150.0, 150.0, 150.0, 150.0])
    assert np.isnan(found).all()


def test_couples_in_the_wrong_order_and_empty_areas_are_refused() -> None:
    with pytest.raises(ValueError, match="inner couple"):
        remaining_lining_mm(inner_celsius=400, outer_celsius=150, inner_depth_mm=100, outer_depth_mm=350)
    with pytest.raises(ValueError, match="couples"):
        conducted_kw_per_m2(inner_celsius=400, outer_celsius=150, distance_mm=0, conductivity_w_per_m_k=15)
    with pytest.raises(ValueError, match="area"):
        heat_flux_kw_per_m2(100, area_m2=0)
