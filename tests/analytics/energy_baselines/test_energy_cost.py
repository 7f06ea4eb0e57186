"""A day of made-up machines at the shipped tariff, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from analytics.catalogue import get_analytic
from analytics.energy_baselines.energy_cost import SPEC, Parameters, evaluate
from analytics.energy_baselines.tariff import PERIODS, tariff_of
from analytics.engine.evaluation import evaluate as run
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.window import FloatArray, Window
from device_profiles.kind import kind_names, load_kind

DAY_US = 86_400_000_000
QUARTER_US = 900_000_000
MIDNIGHT_US = 1_768_060_800_000_000
"""2026-01-11 00:00 in Shanghai."""


def day(kind: str, step_seconds: float = 900.0, *, price: float | None = None, **rates_per_hour: float) -> Window:
    """Give the day of January 10 with the quarter of an hour before it; counters grow evenly by what they are given."""
    steps = round((86_400 + 900) / step_seconds)
    hours: FloatArray = np.arange(steps) * step_seconds / 3600
    known = load_kind(kind)
    counters = {flow.counter for flow in (*known.energy.inputs, *known.energy.outputs)}  # type: ignore[union-attr]
    values = {name: 1e5 + rate * hours if name in counters else np.full(steps, rate) for name, rate in rates_per_hour.items()}
    start_us = MIDNIGHT_US - DAY_US - QUARTER_US
    return Window(
        kind=kind,
        start_us=start_us,
        step_seconds=step_seconds,
        values=values,
        rated={} if price is None else {"feed_in_price": price},
    )


def figures(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0, 900.0])
def test_a_winter_day_of_a_motor_is_split_by_the_periods_and_priced(step_seconds: float) -> None:
    """12 kW all day: 3 h sharp, 3 h peak, 2 h valley, 3 h deep valley, 13 h flat; 0.62 * factor + 0.05 each."""
    found = figures(evaluate(day("motor", step_seconds, energy_total=12.0), Parameters()))
    hours = {"sharp": 3, "peak": 3, "flat": 13, "valley": 2, "deep_valley": 3}
    for period, of in hours.items():
        assert found[f"electricity_{period}"].value == pytest.approx(12 * of, abs=0.05)
    factors = {"sharp": 2.0, "peak": 1.7, "flat": 1.0, "valley": 0.3, "deep_valley": 0.1}
    money = sum(12 * of * (0.62 * factors[period] + 0.05) for period, of in hours.items())
    assert found["electricity_cost"].value == pytest.approx(money, abs=0.2)
    assert found["energy_cost"].value == found["electricity_cost"].value
    assert found["electricity_mean_price"].value == pytest.approx(money / 288, abs=1e-3)
    assert found["peak_demand"].value == pytest.approx(12, abs=0.02)
    assert found["demand_charge"].value == pytest.approx(12 * 38.4, abs=1)
    assert found["energy_carbon_dioxide"].value == pytest.approx(288 * 0.5366, abs=0.1)
    assert found["day_energy"].validity == "valid"
    assert found["electricity_cost"].validity == "doubtful"
    assert set(found) == {output.name for output in SPEC.outputs}


def test_gas_is_priced_by_the_cubic_metre_beside_electricity_and_carbon_by_its_own_price() -> None:
    """100 m³/h at 3.5 and 5 kW flat at 0.65; carbon 2400 * 2.162 + 120 * 0.5366 kg at 100 a tonne."""
    prices = Parameters(tariff="flat", natural_gas_price_per_m3=3.5, carbon_price_per_t=100.0)
    found = figures(evaluate(day("boiler", fuel_total=100.0, auxiliary_power=5.0, steam_flow=8.0), prices))
    assert found["fuel_cost"].value == pytest.approx(8400, abs=0.01)
    assert found["electricity_cost"].value == pytest.approx(120 * 0.65, abs=0.01)
    assert found["energy_cost"].value == pytest.approx(8400 + 78, abs=0.02)
    assert found["energy_carbon_dioxide"].value == pytest.approx(2400 * 2.162 + 120 * 0.5366, rel=1e-6)
    assert found["carbon_cost"].value == pytest.approx((2400 * 2.162 + 120 * 0.5366) / 10, abs=0.01)
    assert found["day_energy"].value == pytest.approx(2400 * 1.33 * 29_307.6 / 3600 + 120, rel=1e-6)


def test_litres_of_diesel_are_priced_by_the_tonne_by_their_density() -> None:
    """10 L/h of 0.84 kg/L for a day at 8000 a tonne: 1612.8, the rounded rows of factors.toml within 0.3 %."""
    found = figures(evaluate(day("construction_machine", fuel_total=10.0), Parameters(diesel_price_per_t=8000.0)))
    assert found["fuel_cost"].value == pytest.approx(240 * 0.84e-3 * 8000, rel=3e-3)


def test_without_a_price_money_is_declined_and_energy_is_not() -> None:
    found = figures(evaluate(day("boiler", fuel_total=100.0, auxiliary_power=5.0), Parameters()))
    assert found["fuel_cost"].reason == "missing_input: natural_gas_price_per_m3"
    assert found["energy_cost"].value is None
    assert found["electricity_cost"].value is not None
    assert found["carbon_cost"].value is None


def test_the_sun_is_not_bought_and_what_it_gives_is_worth_its_price_and_avoids_carbon() -> None:
    found = figures(evaluate(day("pv_inverter", price=0.39, energy_dc_total=20.0, energy_total=19.0), Parameters()))
    assert found["electricity_cost"].value is None
    assert found["energy_cost"].reason == "outside_validity: buys no energy"
    assert found["energy_carbon_dioxide"].value == 0
    assert found["day_generated"].value == pytest.approx(456)
    assert found["generation_value"].value == pytest.approx(456 * 0.39, abs=0.01)
    assert found["carbon_avoided"].value == pytest.approx(456 * 0.5366)


def test_a_generator_that_burns_diesel_avoids_no_carbon() -> None:
    found = figures(evaluate(day("diesel_engine", fuel_total=30.0, energy_total=120.0), Parameters()))
    assert found["carbon_avoided"].reason == "outside_validity: burns fuel"
    assert found["generation_value"].reason == "no_nameplate: feed_in_price"


def test_a_gap_in_the_readings_loses_no_energy_but_a_long_one_makes_it_doubtful() -> None:
    window = day("motor", energy_total=12.0)
    energy = np.array(window["energy_total"])
    energy[10:50] = np.nan
    found = figures(evaluate(replace(window, values={"energy_total": energy}), Parameters()))
    assert found["day_energy"].value == pytest.approx(288)
    assert found["day_energy"].validity == "doubtful"


def test_pictures_show_the_day_by_hours_of_the_plant_and_the_bill() -> None:
    bars, table = evaluate(day("motor", energy_total=12.0), Parameters()).pictures
    assert bars["form"] == "bars"
    assert bars["categories"][0] == "00:00"
    assert sum(sum(column) for column in bars["columns"].values()) == pytest.approx(288)
    assert len(table["rows"]) == len(PERIODS)
    assert tariff_of("shandong_industry").zh in table["label"]["zh"]


@pytest.mark.parametrize("kind", kind_names())
def test_every_kind_is_taken_by_the_engine(kind: str) -> None:
    energy = load_kind(kind).energy
    assert energy is not None
    rates = {flow.counter or flow.rate: 10.0 for flow in (*energy.inputs, *energy.outputs)}
    outcome = run(get_analytic("energy_cost"), day(kind, 900.0, price=None, **rates), Parameters())
    assert outcome.verdict == "evaluated", outcome.reason


def test_a_silent_meter_and_half_a_day_are_declined() -> None:
    with pytest.raises(NotEvaluated, match="energy_total") as declined:
        evaluate(day("motor", run_hours=1.0), Parameters())
    assert declined.value.why is Why.MISSING_INPUT
    whole = day("motor", energy_total=12.0)
    with pytest.raises(NotEvaluated, match="make a day"):
        evaluate(whole.between(whole.start_us + DAY_US // 2, whole.end_us), Parameters())


@pytest.mark.parametrize("wrong", [{"tariff": "moon"}, {"grid_region": "moon"}, {"coal_price_per_t": -1.0}])
def test_parameters_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Parameters.model_validate(wrong)
