"""Efficiency, mean effective pressure and reference conditions against figures worked by hand."""

import numpy as np
import pytest

from analytics.diesel_engine.efficiency import (
    efficiency_percent,
    mean_effective_pressure_bar,
    shaft_power_kw,
    site_factors,
    specific_consumption_g_per_kwh,
)


def test_200_grams_a_kilowatt_hour_are_42_percent() -> None:
    # 3600 / (200 · 42.7) = 42.155 %
    assert float(efficiency_percent(consumption_g_per_kwh=200)) == pytest.approx(42.155, abs=0.01)


def test_100_kilograms_an_hour_for_500_kilowatts_are_200_grams() -> None:
    found = specific_consumption_g_per_kwh(fuel_kg_per_h=[100, 5, np.nan], power_kw=[500, 0, 500])
    assert found == pytest.approx([200, np.nan, np.nan], nan_ok=True)


def test_a_torque_of_1000_newton_metres_at_1500_rpm_is_157_kilowatts() -> None:
    # 2 pi · 25/s · 1000 N m
    assert float(shaft_power_kw(torque_nm=1000, speed_rpm=1500)) == pytest.approx(157.0796, abs=1e-3)


def test_mean_effective_pressure_of_four_and_of_two_strokes() -> None:
    # 500 kW · 2 / (15 L · 25/s) = 2.667 MPa; with two strokes each revolution is a cycle
    four = mean_effective_pressure_bar(power_kw=500, speed_rpm=[1500, 0], displacement_litres=15)
    assert four == pytest.approx([26.667, np.nan], abs=0.001, nan_ok=True)
    two = mean_effective_pressure_bar(power_kw=500, speed_rpm=1500, displacement_litres=15, strokes=2)
    assert float(two) == pytest.approx(13.333, abs=0.001)


def test_work_of_a_cycle_is_pressure_times_displacement() -> None:
    # W = 4 pi T of a four-stroke cycle, and p V: 20 bar · 0.015 m³ = 30 kJ = 4 pi · 2387.3 N m
    power = shaft_power_kw(torque_nm=2387.324, speed_rpm=1800)
    found = mean_effective_pressure_bar(power_kw=power, speed_rpm=1800, displacement_litres=15)
    assert float(found) == pytest.approx(20, abs=1e-4)


def test_at_reference_conditions_nothing_is_corrected() -> None:
    factors = site_factors(air_celsius=25, coolant_celsius=25, pressure_kpa=100)
    assert float(factors.power) == pytest.approx(1)
    assert float(factors.consumption) == pytest.approx(1)


def test_a_ratio_of_nine_tenths_costs_two_percent_of_consumption() -> None:
    # k = 0.9 (pressure alone: 0.9^(1/0.7)); alpha = 0.9 - 0.7 · 0.1 · (1/0.8 - 1) = 0.8825, beta = 0.9/0.8825 = 1.0198
    factors = site_factors(air_celsius=25, coolant_celsius=25, pressure_kpa=100 * 0.9 ** (1 / 0.7))
    assert float(factors.power) == pytest.approx(0.8825, abs=1e-4)
    assert float(factors.consumption) == pytest.approx(1.0198, abs=1e-4)


def test_heat_and_height_lower_the_power() -> None:
    hot = site_factors(air_celsius=[25, 45], coolant_celsius=[25, 45], pressure_kpa=100).power
    high = site_factors(air_celsius=25, coolant_celsius=25, pressure_kpa=[100, 80]).power
    assert hot[1] < hot[0]
    assert high[1] < high[0]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="heating value"):
        efficiency_percent(consumption_g_per_kwh=200, heating_mj_per_kg=0)
    with pytest.raises(ValueError, match="strokes"):
        mean_effective_pressure_bar(power_kw=1, speed_rpm=1, displacement_litres=1, strokes=3)
    with pytest.raises(ValueError, match="mechanical efficiency"):
        site_factors(air_celsius=25, coolant_celsius=25, pressure_kpa=100, mechanical_efficiency=0)
    assert np.isnan(efficiency_percent(consumption_g_per_kwh=[0, np.nan])).all()
