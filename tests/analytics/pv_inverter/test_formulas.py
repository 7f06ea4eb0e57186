import numpy as np
import pytest

from analytics.pv_inverter.cleaning import best_interval_days, clean_now, days_between_rains
from analytics.pv_inverter.inverter import CALIFORNIAN, EUROPEAN, efficiency_at_loads, weighted_efficiency
from analytics.pv_inverter.temperatures import faiman_celsius, ross_celsius, sapm_celsius

LOADS = {5: 0.90, 10: 0.94, 20: 0.96, 30: 0.97, 50: 0.975, 75: 0.975, 100: 0.97}


def test_module_temperatures_are_those_of_faiman_and_of_the_open_rack() -> None:
    """Reference 0.1: G 1000 W/m², 25 °C, 1 m/s gives 56.4070 and 51.3839 °C, to 1e-4."""
    weather = {"light_w_m2": 1000.0, "ambient_celsius": 25.0, "wind_m_s": 1.0}
    assert float(faiman_celsius(**weather)) == pytest.approx(56.4070, abs=1e-4)
    assert float(sapm_celsius(**weather)) == pytest.approx(51.3839, abs=1e-4)
    assert float(sapm_celsius(**weather, cell_over_back_k=3.0)) == pytest.approx(54.3839, abs=1e-4)


def test_ross_gives_the_nominal_temperature_at_nominal_conditions() -> None:
    assert float(ross_celsius(light_w_m2=800.0, ambient_celsius=20.0, nominal_celsius=47.0)) == pytest.approx(47.0)


def test_weighted_efficiencies_are_the_european_and_the_californian() -> None:
    """Reference 0.1: 0.9672 and 0.9720, exact."""
    assert weighted_efficiency(LOADS, EUROPEAN) == pytest.approx(0.9672, abs=1e-12)
    assert weighted_efficiency(LOADS, CALIFORNIAN) == pytest.approx(0.9720, abs=5e-5)


def test_a_missing_load_gives_no_weighted_efficiency() -> None:
    with pytest.raises(ValueError, match="100"):
        weighted_efficiency({load: value for load, value in LOADS.items() if load != 100}, EUROPEAN)


def test_efficiencies_are_read_near_the_loads_that_were_seen() -> None:
    ac = np.linspace(0.5, 60, 600)
    found = efficiency_at_loads(dc_kw=ac / 0.97, ac_kw=ac, rated_kw=100.0)
    assert set(found) == {5, 10, 20, 30, 50}
    assert list(found.values()) == pytest.approx([0.97] * 5)


def test_the_best_cleaning_interval_of_the_reference_is_26_days() -> None:
    """5000 CNY, 20 MWh/d, 0.5 CNY/kWh and 0.15 %/d: 25.8 days."""
    days = best_interval_days(cost=5000, energy_kwh_per_day=20_000, price_per_kwh=0.5, rate_per_day=0.0015)
    assert days == pytest.approx(25.82, abs=0.005)
    with pytest.raises(ValueError, match="above zero"):
        best_interval_days(cost=5000, energy_kwh_per_day=20_000, price_per_kwh=0.5, rate_per_day=0.0)


def test_no_other_interval_costs_less() -> None:
    best = best_interval_days(cost=5000, energy_kwh_per_day=20_000, price_per_kwh=0.5, rate_per_day=0.0015)
    days = np.arange(5.0, 80.0)
    cost = 5000 / days + 20_000 * 0.5 * 0.0015 * days / 2
    assert days[cost.argmin()] == pytest.approx(best, abs=1)


def test_cleaning_waits_when_rain_is_near() -> None:
    terms = {"loss": 0.04, "energy_kwh_per_day": 500.0, "price_per_kwh": 0.4, "cost": 100.0}
    assert clean_now(**terms, days_to_rain=20).is_worth_it
    assert not clean_now(**terms, days_to_rain=5).is_worth_it


def test_rains_that_clean_are_counted_and_unknown_days_are_not() -> None:
    assert days_between_rains(np.array([0, 6, 0, 4.9, np.nan, 0, 8.0])) == pytest.approx(3.0)
    assert days_between_rains(np.zeros(30)) == pytest.approx(30.0)
    assert np.isnan(days_between_rains(np.full(5, np.nan)))
