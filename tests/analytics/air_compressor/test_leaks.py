"""Leak tests against published examples."""

import numpy as np
import pytest

from analytics.air_compressor.leaks import (
    bleed_down_flow,
    leak_at,
    leak_share,
    leakage,
    mean_bleed_down_flow,
    storage_m3,
)


def test_eight_minutes_loaded_of_fifty_six_leak_a_seventh() -> None:
    # The worked example of a published page, which rounds to 127.8 cfm and 20.45 kW
    found = leakage(loaded_seconds=480, unloaded_seconds=2880, capacity=900, capacity_per_kw=6.25)
    assert 100 * found.share == pytest.approx(14.286, abs=1e-3)
    assert found.flow == pytest.approx(128.57, abs=0.01)
    assert found.power_kw == pytest.approx(20.57, abs=0.01)


@pytest.mark.parametrize(("loaded", "unloaded"), [(0, 0), (-1, 5), (5, -1)])
def test_no_time_is_no_test(loaded: float, unloaded: float) -> None:
    with pytest.raises(ValueError, match="no test"):
        leak_share(loaded_seconds=loaded, unloaded_seconds=unloaded)


def test_bleed_down_agrees_with_a_network_that_empties_through_a_choked_hole() -> None:
    # dp/dt = -p/T from 0.8 MPa absolute: a leak of q at first empties V with T = V p1 / (q p_atm)
    volume, leak, atmosphere = 10.0, 2.0, 101.325
    first = 700 + atmosphere
    constant_seconds = 60 * volume * first / (leak * atmosphere)
    gauge = (first * np.exp(-120 / constant_seconds) - atmosphere) / 1000
    found = bleed_down_flow(volume_m3=volume, from_mpa=0.7, to_mpa=float(gauge), seconds=120)
    assert found == pytest.approx(leak, rel=1e-9)


def test_the_handbooks_factor_of_one_and_a_quarter_for_a_fall_to_half_the_pressure() -> None:
    # 100 psig to 50 psig: accurateair.com and the US DOE sourcebook give 1.25 on the mean flow
    test = {"volume_m3": 5.0, "from_mpa": 0.6895, "to_mpa": 0.3447, "seconds": 300}
    assert bleed_down_flow(**test) / mean_bleed_down_flow(**test) == pytest.approx(1.28, abs=0.04)


@pytest.mark.parametrize("wrong", [{"to_mpa": 0.8}, {"seconds": 0}, {"volume_m3": 0}])
def test_without_a_fall_of_pressure_there_is_no_number(wrong: dict[str, float]) -> None:
    test = {"volume_m3": 5.0, "from_mpa": 0.7, "to_mpa": 0.5, "seconds": 60} | wrong
    for formula in (bleed_down_flow, mean_bleed_down_flow):
        with pytest.raises(ValueError, match="no fall"):
            formula(**test)


def test_a_leak_follows_the_absolute_pressure() -> None:
    # 0.7 to 0.6 MPa gauge: 701.3 / 801.3
    assert leak_at(8.0, from_mpa=0.7, to_mpa=0.6) == pytest.approx(8 * 701.325 / 801.325)


def test_storage_for_a_burst() -> None:
    # 6 m³/min for 30 s while the pressure falls by 0.1 MPa: 3 · 101.325 / 100
    assert storage_m3(flow_m3_per_min=6, seconds=30, fall_mpa=0.1) == pytest.approx(3.04, abs=0.01)
    with pytest.raises(ValueError, match="falls"):
        storage_m3(flow_m3_per_min=6, seconds=30, fall_mpa=0)
