"""Kienzle, Taylor and wear by power against known answers."""

import numpy as np
import pytest

from analytics.cnc_machine.cutting import (
    HIGH_SPEED_STEEL_EXPONENT,
    at_full_feed,
    cutting_force_n,
    cutting_power_kw,
    tool_life_minutes,
    wear_from_power_mm,
)


def test_kienzle_of_the_reference() -> None:
    # Reference 0.1: k_c1.1 1500, m_c .25, b 2 mm, h .2 mm, v_c 200 m/min: 897.21 N and 2.9907 kW, tolerance 1e-4.
    force = cutting_force_n(width_mm=2, thickness_mm=0.2, specific_force_n_per_mm2=1500, exponent=0.25)
    assert force == pytest.approx(897.21, rel=1e-4)
    assert cutting_power_kw(force_n=force, speed_m_per_min=200) == pytest.approx(2.9907, rel=1e-4)


def test_a_chip_without_size_has_no_force() -> None:
    with pytest.raises(ValueError, match="chip"):
        cutting_force_n(width_mm=2, thickness_mm=0, specific_force_n_per_mm2=1500, exponent=0.25)


def test_taylor_doubles_the_speed_and_loses_a_factor_of_sixteen() -> None:
    # v T^n = C with n = 0.25: T = (C / v)^4; of high-speed steel with n = 0.125 it is (C / v)^8.
    assert tool_life_minutes(speed_m_per_min=200, constant_m_per_min=400) == pytest.approx(16.0)
    steel = tool_life_minutes(speed_m_per_min=20, constant_m_per_min=40, exponent=HIGH_SPEED_STEEL_EXPONENT)
    assert steel == pytest.approx(256.0)
    with pytest.raises(ValueError, match="positive"):
        tool_life_minutes(speed_m_per_min=0, constant_m_per_min=400)


def test_power_grows_by_a_third_at_the_usual_limit_of_wear() -> None:
    # P = P0 (1 + k VB), k = 1.17 / mm: 1.351 at 0.3 mm.
    assert wear_from_power_mm(1.351) == pytest.approx(0.3, abs=1e-9)


def test_power_at_eighty_percent_feed_is_brought_to_full_feed() -> None:
    # Kienzle: P ~ h^0.75, so that 0.8^0.75 of the power at 80 % is all of it at 100 %.
    log_power = np.log(np.array([2.0 * 0.8**0.75, 2.0]))
    assert np.exp(at_full_feed(log_power, np.array([80.0, 100.0]))) == pytest.approx([2.0, 2.0])
    assert np.isnan(at_full_feed(log_power, np.array([0.0, np.nan]))).all()
