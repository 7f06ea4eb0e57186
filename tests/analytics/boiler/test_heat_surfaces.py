"""Heating surfaces: UA worked by hand and found again, rates of fouling with their interval, and when cleaning pays."""

import json
import math
from typing import Any

import numpy as np
import pytest

from analytics.boiler.boiler_heat_surfaces import SPEC, Parameters, evaluate, train
from analytics.boiler.heat_surfaces import (
    cleaning_interval_days,
    counterflow_kw_per_k,
    evaporator_kw_per_k,
    fouling_rate,
    gas_flow,
    log_mean_difference_k,
)
from analytics.result import NotEvaluated, Result, Why
from analytics.thermodynamics.water_steam import saturation_temperature_k
from analytics.window import FloatArray, Window


def test_logarithmic_mean_worked_by_hand() -> None:
    # (100 - 50) / ln 2 = 72.13
    assert log_mean_difference_k([100, 50, 80], [50, 100, 80]) == pytest.approx([72.135, 72.135, 80], abs=1e-3)
    assert np.isnan(log_mean_difference_k([0, -5, np.nan], [50, 50, 50])).all()


def test_gas_of_methane_at_3_5_percent_of_oxygen() -> None:
    # A cubic metre: dry 8.547 + .1796 · 9.547 = 10.26; water 2, and of 11.26 m³ of air 0.013 · 28.96 / 18.015 · 11.26 = .235.
    found = gas_flow(fuel_m3_per_h=3600, lower_heating_kj_per_m3=35_818, oxygen_percent=3.5)
    assert float(found.m3_per_s) == pytest.approx(10.26 + 2 + 0.235, abs=0.01)
    # 13.602 kg · 1.05 + (1.6075 + 0.189) kg · 1.93
    assert float(found.kw_per_k) == pytest.approx(14.282 + 3.467, rel=2e-3)


def test_an_evaporators_transfer_is_found_again() -> None:
    # 600 K cool to 60 K at 2.5 kW/K: UA = 2.5 ln 10
    assert float(evaporator_kw_per_k(gas_kw_per_k=2.5, inlet_k=600, outlet_k=60)) == pytest.approx(2.5 * math.log(10))
    assert np.isnan(evaporator_kw_per_k(gas_kw_per_k=2.5, inlet_k=[60, 600, np.nan], outlet_k=[60, -1, 60])).all()


def test_an_economisers_transfer_is_found_again_from_the_method_of_transfer_units() -> None:
    # Counterflow, UA 5, gas 2.5 and water 10 kW/K: r = .25, effectiveness (1 - e^{-2 · .75}) / (1 - .25 e^{-2 · .75}).
    decay = math.exp(-2 * 0.75)
    effectiveness = (1 - decay) / (1 - 0.25 * decay)
    gas_out = 250 - effectiveness * (250 - 104)
    found = counterflow_kw_per_k(
        gas_kw_per_k=2.5, gas_in_celsius=250, gas_out_celsius=gas_out, water_kw_per_k=10.0, water_in_celsius=104
    )
    assert float(found) == pytest.approx(5.0)


def test_temperatures_that_cannot_be_give_no_transfer() -> None:
    found = counterflow_kw_per_k(
        gas_kw_per_k=2.5,
        gas_in_celsius=[250, 120, 250, 250],
        gas_out_celsius=[100, 130, 120, np.nan],
        water_kw_per_k=[10, 10, 0, 10],
        water_in_celsius=104,
    )
    assert np.isnan(found).all()


def test_cleaning_pays_every_50_days() -> None:
    # √(2 · 5000 / (200 · 0.02))
    assert cleaning_interval_days(cleaning_cost=5000, cost_per_unit_day=200, rate_per_day=0.02) == pytest.approx(50.0)
    assert cleaning_interval_days(cleaning_cost=5000, cost_per_unit_day=200, rate_per_day=-0.01) == math.inf


def test_fifty_days_cost_less_than_any_other_interval() -> None:
    def a_day(days: float) -> float:
        return 5000 / days + 200 * 0.02 * days / 2

    assert min((20, 30, 40, 45, 50, 55, 60, 80), key=a_day) == 50


def test_the_rate_is_that_between_cleanings() -> None:
    times = np.arange(120) / 24
    periods = np.arange(120) // 12
    values = 3.0 * (times - periods / 2)
    values[5] = np.nan
    found = fouling_rate(times, values, periods)
    assert found is not None
    assert tuple(found) == pytest.approx((3.0, 3.0, 3.0))
    # Without the periods the cleanings hide it.
    hidden = fouling_rate(times, values, np.zeros(120, int))
    assert hidden is not None
    assert abs(hidden.value) < 0.5


def test_the_interval_of_the_rate_covers_it_in_95_of_100() -> None:
    # White noise; of 400 draws between 93 and 97.5 % (three standard errors of 1.1 % about 95).
    dice = np.random.default_rng(6)
    times, periods = np.arange(84) / 12, np.arange(84) // 28
    covered = 0
    for _ in range(400):
        found = fouling_rate(times, 0.4 * times + dice.normal(0, 1, 84), periods)
        assert found is not None
        covered += found.low <= 0.4 <= found.high
    assert 0.917 <= covered / 400 <= 0.983


def test_an_outlier_in_ten_does_not_move_the_rate() -> None:
    dice = np.random.default_rng(7)
    times = np.arange(100) / 10
    values = 0.5 * times + dice.normal(0, 0.05, 100)
    values[::10] += 30
    found = fouling_rate(times, values, np.zeros(100, int))
    assert found is not None
    assert found.value == pytest.approx(0.5, abs=0.05)


def test_too_few_values_have_no_rate() -> None:
    assert fouling_rate(np.arange(4.0), np.arange(4.0), np.zeros(4, int)) is None
    assert fouling_rate(np.arange(50.0), np.full(50, np.nan), np.zeros(50, int)) is None
    assert fouling_rate(np.arange(50.0), np.arange(50.0), np.arange(50)) is None


def history(*, days: int, dirt: FloatArray | float = 0.0, step_seconds: float = 60.0, seed: int = 1, **changes: Any) -> Window:
    """A boiler whose transfers are 8 and 6 kW/K times (load)^0.6, less ``dirt``; solved by transfer units, with meter noise."""
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600
    load = 0.65 + 0.25 * np.sin(2 * np.pi * hours / 24) + 0.08 * np.sin(2 * np.pi * hours / 5.3)
    fuel, oxygen = 750 * load, np.full(n, 3.5)
    gas = gas_flow(fuel_m3_per_h=fuel, lower_heating_kj_per_m3=36_000, oxygen_percent=oxygen).kw_per_k
    clean = load**0.6 * (1 - np.asarray(dirt))
    boiling = float(saturation_temperature_k(pressure_mpa=1.101)) - 273.15
    exit_c, feed_c, air_c = 850 + 200 * load, np.full(n, 104.0), 20 + 5 * np.sin(2 * np.pi * hours / 24 + 1)
    before = boiling + (exit_c - boiling) * np.exp(-8 * clean / gas)
    water_t_per_h = 9.5 * load
    ratio = gas / (water_t_per_h / 3.6 * 4.22)
    decay = np.exp(-6 * clean / gas * (1 - ratio))
    behind = before - (1 - decay) / (1 - ratio * decay) * (before - feed_c)
    values = {
        "state": np.full(n, 3.0),
        "fuel_flow": fuel * dice.normal(1, 0.003, n),
        "fuel_lower_heating_value": np.full(n, 36_000.0),
        "flue_gas_oxygen": oxygen + dice.normal(0, 0.03, n),
        "steam_pressure": np.full(n, 1.0),
        "feedwater_flow": water_t_per_h * dice.normal(1, 0.004, n),
        "feedwater_temperature": feed_c + dice.normal(0, 0.1, n),
        "flue_gas_temperature_furnace_exit": exit_c + dice.normal(0, 2, n),
        "flue_gas_temperature_economiser_in": before + dice.normal(0, 0.3, n),
        "flue_gas_temperature_economiser_out": behind + dice.normal(0, 0.2, n),
        "flue_gas_temperature_stack": behind - 2 + dice.normal(0, 0.2, n),
        "ambient_temperature": air_c,
        **changes,
    }
    return Window(kind="boiler", start_us=0, step_seconds=step_seconds, values=values)


MODEL = train(history(days=7, seed=9), Parameters())


def figures(result: Result) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in result.figures}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_transfer_and_cleanliness_of_a_clean_boiler(step_seconds: float) -> None:
    found = evaluate(history(days=7, seed=2, step_seconds=step_seconds), Parameters(), MODEL)
    shown = figures(found)
    assert set(shown) == {output.name for output in SPEC.outputs}
    # Mean of load^0.6 over the day is 0.76: 8 · 0.76 and 6 · 0.76 kW/K.
    assert shown["heat_transfer_bank"] == pytest.approx(6.1, rel=0.02)
    assert shown["heat_transfer_economiser"] == pytest.approx(4.57, rel=0.03)
    assert shown["cleanliness_bank"] == pytest.approx(100, abs=0.5)
    assert shown["cleanliness_economiser"] == pytest.approx(100, abs=0.5)
    assert shown["stack_temperature_rise"] == pytest.approx(0, abs=0.3)
    assert not found.findings


def test_a_fifth_of_the_transfer_lost_is_a_cleanliness_of_80() -> None:
    shown = figures(evaluate(history(days=7, dirt=0.2, seed=3), Parameters(), MODEL))
    assert shown["cleanliness_bank"] == pytest.approx(80, abs=1)
    assert shown["cleanliness_economiser"] == pytest.approx(80, abs=1.5)
    assert shown["stack_temperature_rise"] is not None
    assert shown["stack_temperature_rise"] > 5


def test_fouling_between_soot_blows_has_its_rate_and_an_interval_of_cleaning() -> None:
    n = 7 * 1440
    since_blow = np.arange(n) % 1440 / 1440
    blows = (np.arange(n) % 1440 >= 1430).astype(float)
    window = history(days=7, dirt=0.04 * since_blow, seed=4, soot_blow_active=blows)
    shown = figures(evaluate(window, Parameters(cleaning_cost=100, fuel_price_per_m3=3.5), MODEL))
    rate = shown["fouling_rate"]
    assert rate is not None
    assert rate > 1
    shortest, longest = shown["cleaning_interval_shortest"], shown["cleaning_interval_longest"]
    assert shortest is not None
    assert longest is not None
    # 490 m³/h · 24 h · 3.5 · 0.0467 % a kelvin.
    middle = math.sqrt(2 * 100 / (490 * 24 * 3.5 * 0.000467 * rate))
    assert shortest < middle < longest


def test_a_rate_that_may_be_nothing_gives_no_longest_interval() -> None:
    parameters = Parameters(cleaning_cost=100, fuel_price_per_m3=3.5)
    result = evaluate(history(days=7, seed=5), parameters, MODEL)
    (longest,) = (figure for figure in result.figures if figure.name == "cleaning_interval_longest")
    assert longest.value is None
    assert "may be zero" in longest.reason


def test_without_costs_no_interval_is_given() -> None:
    shown = figures(evaluate(history(days=7, seed=5), Parameters(), MODEL))
    assert shown["cleaning_interval_shortest"] is None


def test_the_model_is_plain_data() -> None:
    assert json.loads(json.dumps(MODEL)) == MODEL


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": 0.0}, Why.NOT_RUNNING),
        ({"fuel_lower_heating_value": np.nan}, Why.MISSING_INPUT),
        ({"fuel_lower_heating_value": 3.6}, Why.BAD_INPUT),
    ],
)
def test_without_its_inputs_it_declines(changes: dict[str, float], why: Why) -> None:
    filled: dict[str, Any] = {name: np.full(2 * 1440, value) for name, value in changes.items()}
    window = history(days=2, **filled)
    for run in (lambda: evaluate(window, Parameters(), MODEL), lambda: train(window, Parameters())):
        with pytest.raises(NotEvaluated) as declined:
            run()
        assert declined.value.why == why


def test_a_load_that_was_never_learned_has_no_cleanliness() -> None:
    window = history(days=2)
    window = Window(
        kind="boiler", start_us=0, step_seconds=60.0, values={**window.values, "fuel_flow": np.full(len(window), 2000.0)}
    )
    shown = figures(evaluate(window, Parameters(), MODEL))
    assert shown["cleanliness_bank"] is None
