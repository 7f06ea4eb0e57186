"""Losses of boilers against published coefficients and figures worked by hand."""

from typing import Any

import numpy as np
import pytest

from analytics.boiler.losses import (
    Problem,
    balance,
    boiling_water_kj_per_kg,
    carbon_monoxide_loss_percent,
    radiation_loss_kw,
    stack_loss_percent,
    stack_loss_percent_by_dioxide,
)


@pytest.mark.parametrize(
    ("fuel", "gas", "oxygen", "loss"),
    [
        ("natural_gas", 130, 3.5, 5.14),
        ("natural_gas", 160, 3.0, 6.39),
        ("natural_gas", 180, 5.0, 8.04),
        ("natural_gas", 220, 8.0, 11.95),
        ("light_oil", 180, 5.0, 7.92),
        ("liquefied_gas", 160, 3.0, 6.02),
    ],
)
def test_siegerts_loss_at_20_degrees(fuel: str, gas: float, oxygen: float, loss: float) -> None:
    found = stack_loss_percent(gas_celsius=gas, air_celsius=20, oxygen_percent=oxygen, fuel=fuel)
    assert float(found) == pytest.approx(loss, abs=0.01)


def test_siegerts_loss_by_carbon_dioxide() -> None:
    # 140 K · (0.37 / 10 + 0.009) = 6.44
    found = stack_loss_percent_by_dioxide(gas_celsius=160, air_celsius=20, dioxide_percent=10)
    assert float(found) == pytest.approx(6.44)


def test_carbon_monoxide_of_100_ppm_costs_a_few_hundredths() -> None:
    # 3.2 · 21/(21 - 3) · 0.01 = 0.0373
    assert float(carbon_monoxide_loss_percent(monoxide_ppm=100, oxygen_percent=3)) == pytest.approx(0.0373, abs=1e-4)


def test_radiation_of_a_gas_boiler_of_10_mw() -> None:
    # 0.0113 · 10^0.7 = 0.0113 · 5.0119 MW
    assert radiation_loss_kw(10_000) == pytest.approx(56.63, abs=0.01)
    with pytest.raises(ValueError, match="rated output"):
        radiation_loss_kw(0)


def test_boiling_water_has_the_enthalpy_of_the_steam_table() -> None:
    # IAPWS-IF97: 1.1 MPa 781.2, 0.6 MPa 670.5, 2.2 MPa 931.0
    assert boiling_water_kj_per_kg([1.1, 0.6, 2.2]) == pytest.approx([781.2, 670.5, 931.0], abs=1)
    assert np.isnan(boiling_water_kj_per_kg([0.0, 17.0, np.nan])).all()


GOOD: dict[str, Any] = {
    "fuel_m3_per_h": 720,
    "heating_kj_per_m3": 36_000,
    "gas_celsius": 130,
    "air_celsius": 20,
    "oxygen_percent": 3.5,
    "monoxide_ppm": 0,
    "blowdown_t_per_h": 0.18,
    "feedwater_celsius": 105,
    "pressure_mpa": 0.999,
    "rated_kw": 10_000,
}


def test_a_balance_adds_up_to_the_fuel() -> None:
    found = balance(**GOOD)
    assert float(found.fuel) == 7200  # 720 m³/h · 36 MJ/m³ / 3600
    assert float(found.stack) == pytest.approx(369.9, abs=0.1)  # 5.137 % of it
    assert float(found.radiation) == pytest.approx(56.63, abs=0.01)
    assert float(found.blowdown) == pytest.approx(0.05 * (781.2 - 439.95), abs=0.1)  # 0.05 kg/s from 1.1 MPa
    lost = found.stack + found.carbon_monoxide + found.radiation + found.blowdown
    assert float(found.useful + lost) == pytest.approx(7200)
    assert str(found.problem) == Problem.NONE


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"oxygen_percent": np.nan}, Problem.MISSING),
        ({"fuel_m3_per_h": 0}, Problem.NOT_FIRING),
        ({"oxygen_percent": 19.5}, Problem.OXYGEN),
        ({"oxygen_percent": -0.1}, Problem.OXYGEN),
        ({"gas_celsius": 55}, Problem.TEMPERATURE),
    ],
)
def test_out_of_its_range_a_balance_says_why_and_gives_no_number(changes: dict[str, float], problem: Problem) -> None:
    found = balance(**{**GOOD, **changes})
    assert str(found.problem) == problem
    assert np.isnan([found.fuel, found.stack, found.radiation, found.blowdown, found.useful]).all()


def test_hours_are_judged_one_by_one() -> None:
    found = balance(**{**GOOD, "oxygen_percent": [3.5, np.nan]})
    assert np.isnan(found.useful).tolist() == [False, True]
