"""Cylinders beside each other, and the air side."""

import numpy as np
import pytest

from analytics.diesel_engine.charge_air import (
    at_reference_intake_celsius,
    compressor_outlet_celsius,
    cooler_effectiveness,
)
from analytics.diesel_engine.cylinders import Band, band_of, deviations, half_order_ripple, learned_shares, separate

OWN = np.array([1.0, 0.95, 1.05, 1.02, 0.98, 1.0])[:, None]
LOADS = np.array([200, 300, 400, 500.0])


def test_what_a_cylinder_always_reads_is_no_deviation() -> None:
    values = OWN * LOADS
    shares = learned_shares(values)
    assert shares == pytest.approx(OWN[:, 0])
    assert deviations(values * 1.3, shares) == pytest.approx(np.zeros((6, 4)), abs=1e-9)


def test_one_bad_cylinder_does_not_move_the_others() -> None:
    values = OWN * LOADS
    shares = learned_shares(values)
    values[2] += 1.05 * 40
    found = deviations(values, shares)
    assert found[2] == pytest.approx(40)
    assert np.delete(found, 2, axis=0) == pytest.approx(np.zeros((5, 4)), abs=1e-9)


def test_a_cylinder_without_a_sensor_is_left_out() -> None:
    values = OWN * LOADS
    values[4] = np.nan
    shares = learned_shares(values)
    assert np.isnan(shares[4])
    found = deviations(values, shares)
    assert np.isnan(found[4]).all()
    assert np.isfinite(np.delete(found, 4, axis=0)).all()
    assert np.isnan(learned_shares(np.full((6, 3), np.nan))).all()


def test_a_bad_injector_lowers_the_rise_and_a_leak_both() -> None:
    compression, rise = np.full((6, 3), 100.0), np.full((6, 3), 50.0)
    ones = np.ones(6)
    compression[1] *= 0.8  # leaks
    rise[[1, 4]] *= 0.7  # the fifth only burns badly
    apart = separate(maximum_bar=compression + rise, compression_bar=compression, compression_shares=ones, rise_shares=ones)
    assert apart.compression_percent[:, 0] == pytest.approx([0, -20, 0, 0, 0, 0])
    assert apart.rise_percent[:, 0] == pytest.approx([0, -30, 0, 0, -30, 0])


def test_bands_of_five_and_ten_percent() -> None:
    found = band_of([100, 104, 93, 120, np.nan, 5], [100, 100, 100, 100, 100, 0])
    assert found.tolist() == [Band.GREEN, Band.GREEN, Band.YELLOW, Band.RED, Band.UNKNOWN, Band.UNKNOWN]


def test_ripple_at_half_the_speed_of_rotation_and_where_it_is_highest() -> None:
    # 5 working cycles of 720 degrees; 2 rpm at order one half, highest at 240 degrees, beside firing at order three
    angle = np.arange(5 * 120) * 6.0
    speed = 1500 + 2 * np.cos(np.radians((angle - 240) / 2)) + 5 * np.cos(np.radians(3 * angle))
    amplitude, degrees = half_order_ripple(speed, cycles=5)
    assert amplitude == pytest.approx(2)
    assert degrees == pytest.approx(240)
    with pytest.raises(ValueError, match="cycles"):
        half_order_ripple(speed[:10], cycles=5)


def test_a_cooler_that_takes_out_90_of_120_kelvin_is_75_percent_effective() -> None:
    found = cooler_effectiveness(air_in_celsius=[140, 20], air_out_celsius=[50, 20], coolant_in_celsius=20)
    assert found == pytest.approx([0.75, np.nan], nan_ok=True)


def test_air_behind_a_compressor() -> None:
    # isentropic: 298.15 K · 3^0.2857 = 408.1 K; at 72 % 298.15 + 109.95/0.72 = 450.9 K
    found = compressor_outlet_celsius(intake_celsius=25, pressure_ratio=[3, -1], efficiency=0.72)
    assert found == pytest.approx([450.9 - 273.15, np.nan], abs=0.2, nan_ok=True)
    with pytest.raises(ValueError, match="efficiency"):
        compressor_outlet_celsius(intake_celsius=25, pressure_ratio=3, efficiency=0)


def test_exhaust_temperatures_go_with_the_intakes_absolute_temperature() -> None:
    assert float(at_reference_intake_celsius(400, intake_celsius=25)) == pytest.approx(400)
    # (400 + 273.15) · 298.15/313.15 - 273.15
    assert float(at_reference_intake_celsius(400, intake_celsius=40)) == pytest.approx(367.76, abs=0.01)
