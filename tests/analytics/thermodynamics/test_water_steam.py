"""Properties of water and steam against the verification values of IAPWS R7-97(2012), tables 5, 15, 33, 35 and 36."""

from collections.abc import Callable

import numpy as np
import pytest

from analytics.thermodynamics.water_steam import (
    WaterState,
    boiling_water,
    boundary_23_mpa,
    dry_saturated_steam,
    liquid,
    saturation_pressure_mpa,
    saturation_temperature_k,
    steam,
)

EXACT = 1e-8


@pytest.mark.parametrize(
    ("properties", "kelvin", "mpa", "expected"),
    [
        (liquid, 300, 3, (0.00100215168, 115.331273, 0.392294792)),
        (liquid, 300, 80, (0.000971180894, 184.142828, 0.368563852)),
        (liquid, 500, 3, (0.00120241800, 975.542239, 2.58041912)),
        (steam, 300, 0.0035, (39.4913866, 2549.91145, 8.52238967)),
        (steam, 700, 0.0035, (92.3015898, 3335.68375, 10.1749996)),
        (steam, 700, 30, (0.00542946619, 2631.49474, 5.17540298)),
    ],
)
def test_the_verification_values_of_regions_1_and_2(
    properties: Callable[..., WaterState], kelvin: float, mpa: float, expected: tuple[float, float, float]
) -> None:
    found = properties(pressure_mpa=mpa, temperature_k=kelvin)
    assert [float(value) for value in found] == pytest.approx(expected, rel=EXACT)


def test_the_verification_values_of_the_line_of_saturation() -> None:
    kelvin = saturation_temperature_k(pressure_mpa=[0.1, 1, 10])
    assert kelvin == pytest.approx([372.755919, 453.035632, 584.149488], rel=EXACT)
    pressure = saturation_pressure_mpa(temperature_k=[300, 500, 600])
    assert pressure == pytest.approx([0.00353658941, 2.63889776, 12.3443146], rel=EXACT)


def test_the_boundary_to_region_3_begins_where_the_release_says() -> None:
    assert float(boundary_23_mpa(temperature_k=623.15)) == pytest.approx(16.5291643, rel=EXACT)


def test_boiling_water_and_its_steam_are_in_balance() -> None:
    # Their Gibbs energies are equal by nature; two fits of their own agree within 0.02 kJ/kg, and any wrong coefficient shows.
    pressure = saturation_pressure_mpa(temperature_k=np.linspace(274, 622, 200))
    kelvin = saturation_temperature_k(pressure_mpa=pressure)
    water, vapour = boiling_water(pressure_mpa=pressure), dry_saturated_steam(pressure_mpa=pressure)
    of_water = water.enthalpy_kj_per_kg - kelvin * water.entropy_kj_per_kg_k
    of_vapour = vapour.enthalpy_kj_per_kg - kelvin * vapour.entropy_kj_per_kg_k
    assert np.abs(of_water - of_vapour).max() < 0.02


def test_entropy_and_volume_are_derivatives_of_the_gibbs_energy() -> None:
    def gibbs(mpa: float, kelvin: float) -> float:
        state = steam(pressure_mpa=mpa, temperature_k=kelvin)
        return float(state.enthalpy_kj_per_kg - kelvin * state.entropy_kj_per_kg_k)

    state = steam(pressure_mpa=1.0, temperature_k=550.0)
    by_kelvin = (gibbs(1.0, 550.01) - gibbs(1.0, 549.99)) / 0.02
    by_mpa = (gibbs(1.001, 550.0) - gibbs(0.999, 550.0)) / 0.002
    assert -by_kelvin == pytest.approx(float(state.entropy_kj_per_kg_k), rel=1e-6)
    assert by_mpa / 1000 == pytest.approx(float(state.volume_m3_per_kg), rel=1e-6)


@pytest.mark.parametrize(
    ("kelvin", "mpa"), [(650, 25), (700, 60), (273, 1), (1074, 1), (400, 101), (np.nan, 1), (400, np.nan), (400, -1)]
)
def test_near_the_critical_point_and_outside_the_ranges_there_is_no_number(kelvin: float, mpa: float) -> None:
    for state in (liquid(pressure_mpa=mpa, temperature_k=kelvin), steam(pressure_mpa=mpa, temperature_k=kelvin)):
        assert np.isnan(state).all()


def test_water_is_no_steam_and_steam_no_water() -> None:
    assert np.isnan(liquid(pressure_mpa=0.1, temperature_k=400)).all()
    assert np.isnan(steam(pressure_mpa=1.0, temperature_k=400)).all()


def test_states_broadcast_and_are_judged_one_by_one() -> None:
    found = steam(pressure_mpa=[[0.1], [np.nan]], temperature_k=[400.0, 500.0, 300.0])
    assert found.enthalpy_kj_per_kg.shape == (2, 3)
    assert np.isnan(found.enthalpy_kj_per_kg).tolist() == [[False, False, True], [True, True, True]]


def test_saturation_outside_its_line_is_unknown() -> None:
    assert np.isnan(saturation_temperature_k(pressure_mpa=[0.0, -1.0, 23.0, np.nan])).all()
    assert np.isnan(saturation_pressure_mpa(temperature_k=[200.0, 650.0, np.nan])).all()
