"""Boiler diagnosis on a plain boiler of this file's own: known healthy days, then one known change each."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from analytics.boiler import diagnosis
from analytics.boiler.diagnosis import SPEC, Parameters
from analytics.boiler.diagnosis_motion import level_cycle, low_water, oxygen_standing
from analytics.boiler.diagnosis_signatures import SIGNATURES
from analytics.boiler.residuals import FLOORS, at_work, oxygen_of_air_percent, rows_of
from analytics.result import NotEvaluated, Result, Why
from analytics.window import FloatArray, Window

DAYS = 8
FAULT_HOURS = 18.0
"""The change is there for the last hours of the history."""
HOUR_US = 3_600_000_000

Signals = dict[str, FloatArray]


def boiler(*, step_seconds: float = 60.0, seed: int = 1, days: float = DAYS) -> Signals:
    """Make a boiler whose steam follows the day and a slow wander; every meter has noise."""
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600

    def noise(size: float) -> FloatArray:
        return dice.normal(0, size, n)

    wander = np.interp(hours, 0.5 * np.arange(days * 48 + 1), dice.normal(0, 0.5, round(days * 48) + 1))
    steam = 6 + 2.5 * np.sin(2 * np.pi * hours / 24) + wander
    ambient = 15 + 5 * np.sin(2 * np.pi * (hours - 6) / 24)
    heat_kw = steam / 3.6 * (2781 - 4.19 * 104)
    fuel = heat_kw / 0.93 * 3600 / 35_500 + 5
    oxygen = 5 - 0.2 * steam
    air = fuel * (0.264 * 35.5 + 0.02) * 21 / (21 - oxygen)
    signals: Signals = {
        "state": np.full(n, 3.0),
        "steam_flow": steam + noise(0.03),
        "steam_pressure": 1 + noise(0.003),
        "ambient_temperature": ambient + noise(0.05),
        "feedwater_temperature": 104 + noise(0.2),
        "feedwater_flow": steam + 0.15 + noise(0.05),
        "blowdown_flow": 0.15 + noise(0.01),
        "blowdown_drain_temperature": 30 + noise(0.3),
        "drum_level": noise(1.5),
        "fuel_flow": fuel * (1 + noise(0.003)),
        "fuel_lower_heating_value": np.full(n, 35_500.0),
        "burner_load": fuel / 8.2,
        "combustion_air_flow": air * (1 + noise(0.003)),
        "flue_gas_oxygen": oxygen + noise(0.03),
        "flue_gas_oxygen_stack": oxygen - 0.05 + noise(0.03),
        "flue_gas_carbon_monoxide": np.exp(5 - oxygen + noise(0.05)),
        "flue_gas_temperature_economiser_in": 180 + 4 * steam + noise(0.5),
        "flue_gas_temperature_economiser_out": 104 + 1.7 * steam + noise(0.3),
        "flue_gas_temperature_stack": 103 + 1.7 * steam + noise(0.3),
        "flue_gas_pressure_drop_economiser": 4e-6 * air**2 * (1 + noise(0.01)),
        "flame_signal": 91 + noise(1.3),
        "low_water_interlock": np.zeros(n),
        "soot_blow_active": (hours % 24 < 0.5).astype(float),
    }
    for tube in range(1, 5):
        signals[f"tube_metal_temperature_{tube}"] = 190 + 1.5 * steam + tube + noise(0.4)
    return signals


def as_window(signals: Mapping[str, FloatArray], *, step_seconds: float = 60.0) -> Window:
    return Window(kind="boiler", start_us=0, step_seconds=step_seconds, values=signals)


def judge(signals: Signals, *, step_seconds: float = 60.0, parameters: Parameters | None = None) -> Result:
    """Learn from the first seven days and judge the last; the model goes through its stored form."""
    history = as_window(signals, step_seconds=step_seconds)
    chosen = parameters or Parameters()
    model = json.loads(json.dumps(diagnosis.train(history.between(0, 168 * HOUR_US), chosen)))
    return diagnosis.evaluate(history.between(history.end_us - 24 * HOUR_US, history.end_us), chosen, model)


def names(result: Result) -> list[str]:
    return [found.code for found in result.findings]


def last(signals: Signals, *, step_seconds: float = 60.0) -> slice:
    return slice(len(signals["state"]) - round(FAULT_HOURS * 3600 / step_seconds), None)


def _fouling(s: Signals, at: slice) -> None:
    for name, kelvin in (("in", 30), ("out", 15)):
        s[f"flue_gas_temperature_economiser_{name}"][at] += kelvin
    s["flue_gas_temperature_stack"][at] += 15
    s["flue_gas_pressure_drop_economiser"][at] *= 1.4


def _scale(s: Signals, at: slice) -> None:
    for tube in range(1, 5):
        s[f"tube_metal_temperature_{tube}"][at] += 30
    s["flue_gas_temperature_economiser_in"][at] += 12
    s["flue_gas_temperature_economiser_out"][at] += 4
    s["flue_gas_temperature_stack"][at] += 4


def _true_oxygen(s: Signals, at: slice, change: float) -> None:
    """More or less air, seen by both meters, the air meter and the carbon monoxide."""
    before = s["flue_gas_oxygen"][at].copy()
    s["flue_gas_oxygen"][at] += change
    s["flue_gas_oxygen_stack"][at] += change
    s["combustion_air_flow"][at] *= (21 - before) / (21 - before - change)
    s["flue_gas_carbon_monoxide"][at] *= np.exp(-change)


def _in_leakage(s: Signals, at: slice) -> None:
    s["flue_gas_oxygen_stack"][at] += 1.5
    s["flue_gas_temperature_stack"][at] -= 9


def _wear(s: Signals, at: slice) -> None:
    s["flue_gas_carbon_monoxide"][at] *= 5
    s["flame_signal"][at] = 91 + 3 * (s["flame_signal"][at] - 91)


def _instability(s: Signals, at: slice) -> None:
    s["flame_signal"][at] = 84 + 6 * (s["flame_signal"][at] - 91)


def _tube_leak(s: Signals, at: slice) -> None:
    s["feedwater_flow"][at] += 0.3
    s["flue_gas_temperature_economiser_in"][at] -= 25
    s["flue_gas_temperature_economiser_out"][at] -= 4


def _bias(s: Signals, at: slice) -> None:
    """The trim follows the meter: its reading stays, the truth falls."""
    _true_oxygen(s, at, -1.0)
    s["flue_gas_oxygen"][at] += 1.0


def _meter_stuck(s: Signals, at: slice) -> None:
    s["flue_gas_oxygen"][at] = 3.8 + 0.03 * np.sin(np.arange(len(s["state"]))[at])


def _damper(s: Signals, at: slice) -> None:
    s["combustion_air_flow"][at] = 5000 + 15 * np.sin(np.arange(len(s["state"]))[at])


def _heating_value(s: Signals, at: slice) -> None:
    """Of a gas with 8 % less heat the boiler burns more, and each cubic metre needs less air."""
    s["fuel_flow"][at] /= 0.92
    s["burner_load"][at] /= 0.92


def _stiction(s: Signals, at: slice) -> None:
    minutes = np.arange(len(s["state"]))[at]
    s["drum_level"][at] += 6 * np.sin(2 * np.pi * minutes / 28)


def _no_feedwater(s: Signals, at: slice) -> None:
    s["feedwater_flow"][at] = 1.0
    s["drum_level"][at] = -60
    s["state"][at] = np.where(np.arange(len(s["state"]))[at] % 60 < 10, 3, 4)


def _passing(s: Signals, at: slice) -> None:
    s["feedwater_flow"][at] += 0.3
    s["blowdown_drain_temperature"][at] += 60


CHANGES: dict[str, Callable[[Signals, slice], None]] = {
    "gas_side_fouling": _fouling,
    "water_side_scale": _scale,
    "excess_air_high": lambda s, at: _true_oxygen(s, at, 2.0),
    "air_in_leakage": _in_leakage,
    "air_shortage": lambda s, at: _true_oxygen(s, at, -1.2),
    "burner_wear": _wear,
    "tube_leak": _tube_leak,
    "oxygen_sensor_bias": _bias,
    "oxygen_sensor_stuck": _meter_stuck,
    "damper_stuck": _damper,
    "flame_instability": _instability,
    "fuel_heating_value_shift": _heating_value,
    "feedwater_valve_stiction": _stiction,
    "feedwater_loss": _no_feedwater,
    "blowdown_valve_passing": _passing,
}


@pytest.mark.parametrize("fault", CHANGES)
def test_each_fault_is_named_and_nothing_else(fault: str) -> None:
    signals = boiler()
    CHANGES[fault](signals, last(signals))
    result = judge(signals)
    assert names(result) == [fault]
    assert result.findings[0].confidence > 0.5
    assert [piece["form"] for piece in result.findings[0].evidence][:2] == ["table", "series"]
    json.dumps(result.findings[0].evidence)


def test_the_spec_names_the_faults_that_the_signatures_know() -> None:
    assert {fault.code for fault in SPEC.faults} == {one.code for one in SIGNATURES} == set(CHANGES)


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_boiler_with_soot_blowing_and_changing_load_has_no_findings(seed: int) -> None:
    assert names(judge(boiler(seed=seed))) == []


def test_a_heating_value_3_percent_lower_is_no_fault() -> None:
    signals = boiler()
    at = last(signals)
    signals["fuel_flow"][at] /= 0.97
    signals["burner_load"][at] /= 0.97
    assert names(judge(signals)) == []


def test_a_cold_day_and_a_start_of_the_burner_are_no_faults() -> None:
    signals = boiler()
    at = last(signals)
    signals["ambient_temperature"][at] -= 9
    start = slice(len(signals["state"]) - 300, len(signals["state"]) - 240)
    signals["state"][start] = 0
    signals["drum_level"][start] -= 35
    assert names(judge(signals)) == []


def test_a_finding_says_since_when() -> None:
    signals = boiler()
    CHANGES["gas_side_fouling"](signals, last(signals))
    since_us = judge(signals).findings[0].since_us
    # rows of 10 min, smoothed over an hour
    assert since_us == pytest.approx((DAYS * 24 - FAULT_HOURS) * HOUR_US, abs=HOUR_US)


def test_the_water_balance_shows_what_a_leak_takes() -> None:
    signals = boiler()
    CHANGES["tube_leak"](signals, last(signals))
    figures = {figure.name: figure for figure in judge(signals).figures}
    assert figures["water_balance_residual"].value == pytest.approx(0.30, abs=0.02)
    assert figures["water_balance_residual"].uncertainty == pytest.approx(1.96 * FLOORS["water_balance"], rel=0.01)


def test_a_meter_that_reads_one_percent_high_shows_in_the_gap_to_air_and_fuel() -> None:
    signals = boiler()
    CHANGES["oxygen_sensor_bias"](signals, last(signals))
    figures = {figure.name: figure for figure in judge(signals).figures}
    assert figures["oxygen_gap_residual"].value == pytest.approx(1.0, abs=0.1)


def test_oxygen_of_an_excess_air_ratio_of_1_2() -> None:
    # 21 (1 - 1/1.2) = 3.5; theoretical air 0.264 · 36 + 0.02 = 9.524
    found = oxygen_of_air_percent(np.array([1.2 * 9.524, 0.0]), np.array([1.0, 1.0]), np.array([36_000.0, 36_000.0]))
    assert found[0] == pytest.approx(3.5)
    assert np.isnan(found[1])


@pytest.mark.parametrize("fault", ["", "gas_side_fouling", "burner_wear", "oxygen_sensor_stuck"])
def test_readings_of_every_10_seconds_give_the_same(fault: str) -> None:
    signals = boiler(step_seconds=10)
    if fault:
        CHANGES[fault](signals, last(signals, step_seconds=10))
    assert names(judge(signals, step_seconds=10)) == ([fault] if fault else [])


def test_without_oxygen_meters_other_faults_are_still_named_and_the_figure_says_what_is_missing() -> None:
    signals = boiler()
    CHANGES["gas_side_fouling"](signals, last(signals))
    del signals["flue_gas_oxygen"], signals["flue_gas_oxygen_stack"]
    result = judge(signals)
    assert names(result) == ["gas_side_fouling"]
    figures = {figure.name: figure for figure in result.figures}
    assert figures["oxygen_gap_residual"].value is None
    assert figures["oxygen_gap_residual"].reason == "missing_input: oxygen_gap"


def test_without_the_water_meters_no_leak_is_named() -> None:
    signals = boiler()
    CHANGES["tube_leak"](signals, last(signals))
    del signals["feedwater_flow"]
    assert names(judge(signals)) == []


def test_gaps_in_every_signal_change_nothing() -> None:
    signals = boiler()
    CHANGES["water_side_scale"](signals, last(signals))
    dice = np.random.default_rng(3)
    for name, column in signals.items():
        if name not in {"state", "soot_blow_active"}:
            column[dice.random(len(column)) < 0.1] = np.nan
    assert names(judge(signals)) == ["water_side_scale"]


def test_a_boiler_that_stands_still_is_not_judged() -> None:
    signals = boiler()
    signals["state"][-1500:] = 0
    with pytest.raises(NotEvaluated) as declined:
        judge(signals)
    assert declined.value.why is Why.NOT_RUNNING


def test_too_few_hours_at_work_make_no_model() -> None:
    signals = boiler(days=1)
    signals["state"][120:] = 0
    with pytest.raises(NotEvaluated):
        diagnosis.train(as_window(signals), Parameters())


def test_half_an_hour_after_a_start_and_a_quarter_after_soot_blowing_do_not_count() -> None:
    state = np.full(300, 3.0)
    state[100] = 0
    blowing = np.zeros(300)
    blowing[200:210] = 1
    working = at_work(as_window({"state": state, "soot_blow_active": blowing}))
    assert np.flatnonzero(~working).tolist() == [*range(100, 131), *range(200, 224)]


def test_a_window_shorter_than_a_row_has_none() -> None:
    short = {name: column[:5] for name, column in boiler(days=1).items()}
    assert len(rows_of(as_window(short)).times_us) == 0


def test_a_level_that_swings_is_a_cycle_and_one_that_wanders_is_none() -> None:
    minutes = np.arange(1440)
    dice = np.random.default_rng(5)
    # A first-order wander of ten minutes: its autocorrelation decays and does not come back.
    wander = np.zeros(1440)
    for minute in range(1, 1440):
        wander[minute] = 0.9 * wander[minute - 1] + dice.normal()
    running = {"state": np.full(1440, 3.0)}
    swings = as_window({**running, "drum_level": 5 * np.sin(2 * np.pi * minutes / 25) + dice.normal(0, 1, 1440)})
    assert level_cycle(swings, healthy_deviation_mm=1.0) > 3
    assert level_cycle(swings, healthy_deviation_mm=5.0) < 3
    assert level_cycle(as_window({**running, "drum_level": 3 * wander}), healthy_deviation_mm=1.0) < 3
    assert np.isnan(level_cycle(as_window(running), healthy_deviation_mm=1.0))


def test_a_meter_is_not_called_stuck_while_nothing_moves() -> None:
    still = np.full(1440, 3.5)
    assert np.isnan(
        oxygen_standing(as_window({"state": np.full(1440, 3.0), "flue_gas_oxygen": still, "flue_gas_oxygen_stack": still}))
    )


def test_a_low_level_in_front_of_a_leak_is_no_loss_of_feedwater() -> None:
    def drum(feedwater: float) -> dict[str, Any]:
        flows = {"feedwater_flow": feedwater, "steam_flow": 6.0, "drum_level": -60.0, "state": 3.0}
        return {name: np.full(1440, value) for name, value in flows.items()}

    assert low_water(as_window(drum(8.0)), low_level_mm=-50) == 0
    assert low_water(as_window(drum(2.0)), low_level_mm=-50) > 3
    assert low_water(as_window(drum(2.0)), low_level_mm=-70) == 0
