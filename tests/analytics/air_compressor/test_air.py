"""Moist air against tables."""

import numpy as np
import pytest

from analytics.thermodynamics.air import (
    density_kg_per_m3,
    dew_point_celsius,
    dry_share,
    pressure_dew_point_celsius,
    saturation_kpa,
    vapour_kpa,
)


@pytest.mark.parametrize(("celsius", "kpa"), [(0.01, 0.6117), (20, 2.339), (30, 4.247), (40, 7.384), (50, 12.352)])
def test_saturated_vapour_has_the_pressure_of_the_steam_table(celsius: float, kpa: float) -> None:
    # IAPWS-IF97; Magnus's formula is good to 0.3 %
    assert float(saturation_kpa(celsius)) == pytest.approx(kpa, rel=4e-3)
    assert float(dew_point_celsius(kpa)) == pytest.approx(celsius, abs=0.1)


def test_density_of_dry_and_moist_air() -> None:
    # Dry at 101.325 kPa, 20 °C: 1.2041 kg/m³; at 50 % humidity 1.1988 (CIPM-2007)
    assert float(density_kg_per_m3(pressure_kpa=101.325, celsius=20, humidity_percent=0)) == pytest.approx(1.2041, abs=2e-4)
    assert float(density_kg_per_m3(pressure_kpa=101.325, celsius=20, humidity_percent=50)) == pytest.approx(1.1988, abs=6e-4)


def test_compressed_air_is_dew_wet_at_a_higher_temperature() -> None:
    # Air at 20 °C and 50 % has its dew point at 9.3 °C; at eight times the pressure 8 · 1.17 = 9.36 kPa saturate at 44.5 °C
    vapour = vapour_kpa(celsius=20, humidity_percent=50)
    assert float(dew_point_celsius(vapour)) == pytest.approx(9.3, abs=0.1)
    assert float(pressure_dew_point_celsius(vapour_kpa=vapour, from_kpa=100, to_kpa=800)) == pytest.approx(44.5, abs=0.2)


def test_dry_share_and_what_is_unknown() -> None:
    assert float(dry_share(pressure_kpa=100, celsius=30, humidity_percent=100)) == pytest.approx(1 - 0.04247, abs=2e-4)
    assert np.isnan(dry_share(pressure_kpa=np.nan, celsius=30, humidity_percent=50))
    assert np.isnan(dew_point_celsius([0.0, -1.0, np.nan])).all()
