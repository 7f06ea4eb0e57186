"""Saturated water against the steam tables, and a drum that neither makes nor loses water."""

import numpy as np
import pytest

from simulators.physics.steam_drum import SteamDrum, WaterFlows, saturation_pressure_mpa, steam_kj_per_kg, water_kj_per_kg


@pytest.mark.parametrize(("kelvin", "mpa"), [(372.755919, 0.1), (453.035632, 1.0), (457.21, 1.1), (584.149488, 10.0)])
def test_saturated_water_stands_under_the_pressure_of_the_steam_tables(kelvin: float, mpa: float) -> None:
    # IAPWS-IF97, verification values of the saturation temperature (0.1, 1 and 10 MPa), and 184.06 °C at 1.1 MPa
    assert saturation_pressure_mpa(np.array([kelvin - 273.15]))[0] == pytest.approx(mpa, rel=0.006)


def test_heat_of_water_and_steam_is_that_of_the_steam_tables() -> None:
    # IAPWS-IF97 at 1.1 MPa, 184.06 °C: 781 and 2781 kJ/kg
    at = np.array([184.06])
    assert water_kj_per_kg(at)[0] == pytest.approx(781, rel=0.002)
    assert steam_kj_per_kg(at)[0] == pytest.approx(2781, rel=0.002)


def test_water_that_comes_and_does_not_leave_raises_the_level_and_cools_the_drum() -> None:
    drum = SteamDrum(water_c=np.array([184.0]))
    before_kg, before_mpa = drum.water_kg[0], drum.pressure_mpa[0]
    none = np.zeros(1)
    drum.boil(
        10.0, none, WaterFlows(feedwater=np.array([3.6]), steam=none, blowdown=none, leak=none), feedwater_c=np.array([104.0])
    )
    assert drum.water_kg[0] - before_kg == pytest.approx(10)
    assert drum.pressure_mpa[0] < before_mpa
    assert drum.level_mm[0] > 10 / 8  # it swells as the pressure falls
