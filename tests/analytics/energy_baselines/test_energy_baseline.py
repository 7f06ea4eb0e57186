"""A compressor that is made up here: 2 kWh an hour and 0.1 kWh a cubic metre, with noise that lasts."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.signal import lfilter

from analytics.catalogue import get_analytic
from analytics.energy_baselines.energy_baseline import SPEC, Parameters, evaluate, train
from analytics.engine.evaluation import evaluate as run
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.window import FloatArray, Window

HOUR_US = 3_600_000_000
START_US = 1_788_192_000_000_000 - 8 * HOUR_US
LEARN_HOURS = 169


def compressor(hours: int = 500, seed: int = 3, step_seconds: float = 3600.0, waste: Mapping[int, float] | None = None) -> Window:
    """Make one; ``waste`` gives by how much more it uses from an hour on."""
    dice = np.random.default_rng(seed)
    of_hour = np.arange(hours) % 24
    air = 400 + 200 * np.sin(2 * np.pi * (of_hour - 6) / 24) + 60 * dice.standard_normal(hours)
    noise: FloatArray = lfilter([1.0], [1.0, -0.5], dice.standard_normal(hours))
    energy = 2 + 0.1 * air + noise
    for since, share in sorted((waste or {}).items()):
        energy[since:] *= 1 + share
    temperature = 20 + 5 * np.sin(2 * np.pi * (of_hour - 9) / 24) + 0.5 * dice.standard_normal(hours)
    steps = round(3600 / step_seconds)
    at, knots = np.arange(hours * steps) / steps, np.arange(hours)

    def counter(growth: FloatArray) -> FloatArray:
        return np.interp(at, knots, np.cumsum(growth))

    values = {
        "state": np.full(hours * steps, 3.0),
        "energy_total": counter(energy),
        "free_air_total": counter(air),
        "run_hours": counter(np.ones(hours)),
        "inlet_temperature": np.repeat(temperature, steps),
    }
    return Window(kind="air_compressor", start_us=START_US, step_seconds=step_seconds, values=values)


def part(whole: Window, first: int, last: int) -> Window:
    return whole.between(START_US + first * HOUR_US, START_US + last * HOUR_US)


def judged(whole: Window, model: Mapping[str, Any], until_hour: int) -> Result:
    return evaluate(part(whole, until_hour - LEARN_HOURS, until_hour), Parameters(), model)


def figures(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def number(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(train(part(compressor(), 0, LEARN_HOURS), Parameters())))
    return made


def test_the_law_that_made_the_machine_is_learned(model: dict[str, Any]) -> None:
    """0.1 kWh a cubic metre within 3 %, residuals' correlation of 0.5 within 0.15; hours, always one, are no driver."""
    regression = model["regression"]
    assert regression["drivers"] == ["free_air"]
    assert regression["coefficients"][1] == pytest.approx(0.1, rel=0.03)
    assert regression["autocorrelation"] == pytest.approx(0.5, abs=0.15)


def test_a_saving_of_10_percent_is_measured_within_its_interval_and_finds_nothing(model: dict[str, Any]) -> None:
    whole = compressor(waste={200: -0.10})
    result = judged(whole, model, 480)
    found = figures(result)
    assert number(found["energy_saved_share"]) == pytest.approx(10, abs=found["energy_saved_share"].uncertainty)
    assert found["energy_saved_share"].uncertainty == pytest.approx(2.0, abs=1.5)
    assert number(found["energy_performance"]) == pytest.approx(0.9, abs=0.02)
    assert number(found["energy_saved"]) == pytest.approx(number(found["energy_expected"]) - number(found["energy_actual"]))
    assert not result.findings
    assert {figure.name for figure in result.figures} == {output.name for output in SPEC.outputs}


def test_a_healthy_machine_saves_nothing_that_its_interval_would_not_allow(model: dict[str, Any]) -> None:
    """On 12 of the 13 days at least: 95 %."""
    whole = compressor()
    inside = 0
    for until in range(192, 500, 24):
        found = figures(judged(whole, model, until))["energy_saved"]
        assert found.uncertainty is not None
        inside += abs(number(found)) <= found.uncertainty
    assert inside >= 12


def test_12_percent_more_on_three_days_in_a_row_is_found_and_on_two_is_not(model: dict[str, Any]) -> None:
    whole = compressor(waste={300: 0.12})
    assert not judged(whole, model, 300 + 48).findings
    (found,) = judged(whole, model, 300 + 72).findings
    assert isinstance(found, Found)
    assert found.code == "energy_use_high"
    assert found.since_us == START_US + 300 * HOUR_US
    assert 0.5 < found.confidence <= 0.6
    energy, unit = found.effect["energy"]
    assert unit == "kWh"
    assert energy == pytest.approx(0.12 * 42 * 24 * 365, rel=0.25)


def test_4_percent_more_is_measured_but_not_found(model: dict[str, Any]) -> None:
    result = judged(compressor(waste={200: 0.04}), model, 480)
    assert number(figures(result)["week_energy_saved"]) < 0
    assert not result.findings


def test_a_change_that_its_plate_tells_of_is_no_waste(model: dict[str, Any]) -> None:
    """12 % of 42 kWh an hour are 121 kWh a day."""
    window = replace(part(compressor(waste={300: 0.12}), 203, 372), rated={"non_routine_energy": 121.0})
    result = evaluate(window, Parameters(), model)
    assert not result.findings
    assert number(figures(result)["energy_saved_share"]) == pytest.approx(0, abs=4)


def test_the_energy_of_a_cubic_metre_stands_beside_what_was_expected(model: dict[str, Any]) -> None:
    found = figures(judged(compressor(waste={200: 0.1}), model, 480))
    assert number(found["product_energy"]) == pytest.approx(1.1 * (0.1 + 2 / 400), rel=0.02)
    assert number(found["product_energy_expected"]) == pytest.approx(0.1 + 2 / 400, rel=0.02)


def test_steps_of_a_minute_give_what_hours_give(model: dict[str, Any]) -> None:
    hourly = figures(judged(compressor(), model, 400))
    minutes = figures(judged(compressor(step_seconds=60.0), model, 400))
    assert number(minutes["energy_actual"]) == pytest.approx(number(hourly["energy_actual"]), rel=0.02)
    assert number(minutes["energy_saved_share"]) == pytest.approx(number(hourly["energy_saved_share"]), abs=1.0)


def test_conditions_that_were_not_seen_are_not_judged(model: dict[str, Any]) -> None:
    whole = compressor()
    hot = np.array(whole["inlet_temperature"])
    hot[-48:] += 20
    with pytest.raises(NotEvaluated, match="inlet_temperature") as declined:
        judged(replace(whole, values={**whole.values, "inlet_temperature": hot}), model, 500)
    assert declined.value.why is Why.OUTSIDE_VALIDITY


def test_a_machine_that_stands_still_has_no_saving(model: dict[str, Any]) -> None:
    whole = compressor()
    values = {name: whole[name].copy() for name in whole.values}
    for name in ("energy_total", "free_air_total", "run_hours"):
        values[name][-30:] = values[name][-31]
    with pytest.raises(NotEvaluated):
        judged(replace(whole, values=values), model, 500)


def test_an_hour_without_data_is_left_out_and_a_day_without_is_declined(model: dict[str, Any]) -> None:
    whole = compressor()
    energy = np.array(whole["energy_total"])
    energy[-6:-4] = np.nan
    found = figures(judged(replace(whole, values={**whole.values, "energy_total": energy}), model, 500))
    assert number(found["energy_saved_share"]) == pytest.approx(0, abs=4)
    energy[-24:] = np.nan
    with pytest.raises(NotEvaluated, match="too few intervals"):
        judged(replace(whole, values={**whole.values, "energy_total": energy}), model, 500)


def test_a_machine_that_sends_nothing_at_night_is_judged_by_its_days() -> None:
    """Sixteen hours of work and eight of silence: a day counts where its meter encloses nine tenths of the energy."""
    whole = compressor()
    at_night = np.arange(500) % 24 < 8
    growth = np.where(at_night, 0.0, np.diff(whole["energy_total"], prepend=0.0))
    values = {name: np.where(at_night, np.nan, whole[name]) for name in whole.values}
    values["energy_total"] = np.where(at_night, np.nan, np.cumsum(growth))
    quiet = replace(whole, values=values)
    model = train(part(quiet, 0, LEARN_HOURS), Parameters())
    assert len(model["regression"]["drivers"]) == 1
    found = figures(evaluate(part(quiet, 311, 480), Parameters(), model))
    assert number(found["energy_saved_share"]) == pytest.approx(0, abs=4)
    assert found["energy_saved_share"].validity == "valid"


def test_a_baseline_that_explains_little_is_doubtful_and_finds_nothing() -> None:
    whole = compressor(waste={300: 0.12})
    dice = np.random.default_rng(9)
    wild = np.cumsum(np.diff(whole["energy_total"], prepend=0.0) + np.abs(30 * dice.standard_normal(500)))
    noisy = replace(whole, values={**whole.values, "energy_total": wild})
    model = train(part(noisy, 0, LEARN_HOURS), Parameters())
    result = evaluate(part(noisy, 203, 372), Parameters(), model)
    assert figures(result)["energy_saved"].validity == "doubtful"
    assert not result.findings


def test_a_history_that_is_too_short_or_silent_makes_no_model() -> None:
    whole = compressor()
    with pytest.raises(NotEvaluated, match="hours with energy") as declined:
        train(part(whole, 0, 40), Parameters())
    assert declined.value.why is Why.NOT_TRAINED
    silent = replace(whole, values={**whole.values, "free_air_total": np.full(500, np.nan)})
    with pytest.raises(NotEvaluated, match="free_air"):
        train(part(silent, 0, LEARN_HOURS), Parameters())
    with pytest.raises(NotEvaluated, match="energy_total"):
        train(replace(whole, values={"run_hours": whole["run_hours"]}), Parameters())


def test_pictures_show_the_course_and_the_energy_over_the_air(model: dict[str, Any]) -> None:
    series, curve = judged(compressor(), model, 400).pictures
    assert series["form"] == "series"
    assert len(series["times"]) == 168
    assert curve["form"] == "curve"
    assert curve["x"]["unit"] == "m³"


def test_the_engine_takes_it_as_it_is(model: dict[str, Any]) -> None:
    outcome = run(get_analytic("energy_baseline"), part(compressor(waste={300: 0.12}), 203, 372), Parameters(), model)
    assert outcome.verdict == "evaluated", outcome.reason
    assert len(outcome.result.findings) == 1


def test_parameters_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError):
        Parameters(days_in_a_row=9)
    with pytest.raises(ValidationError):
        Parameters(least_excess_percent=-1)
