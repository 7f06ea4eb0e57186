"""Work of compression against figures worked by hand and published formulas."""

import numpy as np
import pytest

from analytics.air_compressor.work import (
    at_other_pressures,
    isentropic_efficiency,
    isentropic_work,
    isothermal_work,
    normal_flow,
    polytropic_efficiency,
    surge_margin,
)


@pytest.mark.parametrize(
    ("gauge_mpa", "isentropic", "isothermal"), [(0.7, 4.733, 3.466), (0.8, 5.095, 3.662), (1.0, 5.740, 3.996)]
)
def test_specific_work_from_a_tenth_of_a_megapascal(gauge_mpa: float, isentropic: float, isothermal: float) -> None:
    # p1 k/(k-1) ((p2/p1)^((k-1)/k) - 1) / 60 with p1 = 100 kPa, k = 1.4; p1 ln(p2/p1) / 60
    pressures = {"inlet_kpa": 100, "discharge_kpa": 100 + 1000 * gauge_mpa}
    assert float(isentropic_work(**pressures)) == pytest.approx(isentropic, abs=5e-4)
    assert float(isothermal_work(**pressures)) == pytest.approx(isothermal, abs=5e-4)


def test_isentropic_efficiency_of_specific_powers_at_seven_bar() -> None:
    found = isentropic_efficiency(specific_power=[5.5, 6.0, 6.5, 7.0, 7.5, 8.2], inlet_kpa=100, discharge_kpa=800)
    assert found == pytest.approx([0.861, 0.789, 0.728, 0.676, 0.631, 0.577], abs=6e-4)


def test_power_is_in_proportion_to_the_inlet_pressure_at_an_unchanged_ratio() -> None:
    # ISO 1217: P ~ p1
    pressures = {"inlet_kpa": 95, "discharge_kpa": 760, "to_inlet_kpa": 100, "to_discharge_kpa": 800}
    assert float(at_other_pressures(6.0, **pressures)) == pytest.approx(6.0 * 100 / 95)


def test_one_bar_less_saves_six_to_seven_percent() -> None:
    # US DOE: half a percent a psi, 7 % a bar at most
    less = at_other_pressures(1.0, inlet_kpa=100, discharge_kpa=800, to_inlet_kpa=100, to_discharge_kpa=700)
    assert 0.06 < 1 - float(less) < 0.085


def test_normal_flow_of_warm_moist_air() -> None:
    # Dry share 1 - 0.6 · 5.62 / 98 (saturation at 35 °C: 5.62 kPa by the steam tables); times 98/100 and 293.15/308.15
    found = normal_flow(10.0, inlet_kpa=98, inlet_celsius=35, humidity_percent=60)
    assert float(found) == pytest.approx(10 * (1 - 0.6 * 5.62 / 98) * 0.98 * 293.15 / 308.15, rel=1e-3)


def test_polytropic_efficiency_of_a_stage() -> None:
    # (k-1)/k ln 2.2 / ln(395/300) = 0.2253 / 0.2751
    found = polytropic_efficiency(inlet_kpa=100, discharge_kpa=220, inlet_celsius=26.85, discharge_celsius=121.85)
    assert float(found) == pytest.approx(0.8189, abs=2e-4)


def test_surge_margin_is_the_share_of_the_flow_above_the_line() -> None:
    assert float(surge_margin(flow_coefficient=0.05, surge_flow_coefficient=0.04)) == pytest.approx(0.2)


def test_impossible_pressures_give_no_number() -> None:
    assert np.isnan(isentropic_work(inlet_kpa=[0, -1, 100, np.nan], discharge_kpa=[800, 800, 90, 800])).all()
    assert np.isnan(isentropic_efficiency(specific_power=[0, np.nan], inlet_kpa=100, discharge_kpa=800)).all()
    assert np.isnan(polytropic_efficiency(inlet_kpa=100, discharge_kpa=200, inlet_celsius=30, discharge_celsius=25))
    assert np.isnan(surge_margin(flow_coefficient=0, surge_flow_coefficient=0.04))
