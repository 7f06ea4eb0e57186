"""Sensors that are wrong, on machines of several kinds whose signals are made up here: a level, a slow swing, and noise."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analytics.catalogue import get_analytic
from analytics.general.at_work import measured_signals, working_states
from analytics.general.sensor_validation import SPEC, Parameters, evaluate, train
from analytics.result import NotEvaluated, Result
from analytics.window import FloatArray, Window
from device_profiles.kind import kind_names, load_kind

DAY = 1_440
LEARN = 7 * DAY
CASES = {
    "boiler": "flue_gas_temperature_stack",
    "motor": "winding_temperature_3",
    "wind_turbine": "generator_speed",
    "diesel_engine": "boost_pressure",
}


def machine(kind: str, days: int = 9) -> Window:
    """Give a healthy machine that works by day and rests for a quarter of it."""
    dice = np.random.default_rng(21)
    rows = days * DAY
    time = np.arange(rows)
    works = time % DAY < 0.75 * DAY
    loaded = load_kind(kind)
    assert loaded.state_signal is not None
    codes = {state.name: state.code for state in loaded.signals[loaded.state_signal].states}
    resting = next(name for name in codes if name not in working_states(kind))
    values: dict[str, FloatArray] = {
        loaded.state_signal: np.where(works, codes[working_states(kind)[0]], codes[resting]).astype(float)
    }
    for name in measured_signals(kind):
        low, high = loaded.signals[name].normal or (0.0, 100.0)
        span = high - low
        swing = 0.2 * np.sin(time * 2 * np.pi / dice.uniform(200, 900))
        column = low + span * (0.5 + swing + 0.01 * dice.standard_normal(rows))
        values[name] = np.where(works, column, low)
    return Window(kind=kind, start_us=0, step_seconds=60.0, values=values)


@pytest.fixture(scope="module")
def machines() -> dict[str, tuple[Window, Mapping[str, Any]]]:
    made = {}
    for kind in CASES:
        whole = machine(kind)
        model = json.loads(json.dumps(train(whole.between(0, LEARN * 60_000_000), Parameters())))
        made[kind] = whole, model
    return made


def judged(whole: Window, model: Mapping[str, Any], until_row: int = 8 * DAY + 900) -> Result:
    return evaluate(whole.between((until_row - DAY) * 60_000_000, until_row * 60_000_000), Parameters(), model)


def spoilt(whole: Window, name: str, spoil: Callable[[FloatArray], FloatArray], from_row: int = 8 * DAY + 60) -> Window:
    column = whole[name].copy()
    column[from_row:] = spoil(column[from_row:])
    return replace(whole, values={**whole.values, name: column})


FAULTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "stuck": lambda x: np.full(len(x), x[0]),
    "no_value": lambda x: np.full(len(x), np.nan),
    "noisy": lambda x: x + 0.1 * np.ptp(x) * np.random.default_rng(1).standard_normal(len(x)),
    "spikes": lambda x: x + 2 * np.ptp(x) * (np.random.default_rng(2).random(len(x)) < 0.02),
    "impossible": lambda x: x + 1e6,
}


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize("kind", CASES)
def test_a_wrong_sensor_is_found_and_named(machines: dict[str, Any], kind: str, how: str) -> None:
    whole, model = machines[kind]
    name = CASES[kind]
    found = judged(spoilt(whole, name, FAULTS[how]), model).findings
    assert [(one.code, one.part) for one in found] == [("sensor_fault", name)]
    assert found[0].evidence[0]["rows"][0][0].startswith(how)
    assert found[0].evidence[1]["form"] == "series"
    assert found[0].since_us >= (8 * DAY + 60 - 60) * 60_000_000


@pytest.mark.parametrize("kind", CASES)
def test_a_healthy_machine_has_none_at_work_or_at_rest(machines: dict[str, Any], kind: str) -> None:
    whole, model = machines[kind]
    for hour in range(8 * 24, 9 * 24):
        result = judged(whole, model, 60 * hour)
        assert not result.findings
        assert {figure.name for figure in result.figures} == {output.name for output in SPEC.outputs}


def test_what_may_stand_still_is_no_fault(machines: dict[str, Any]) -> None:
    whole, model = machines["boiler"]
    name = "flue_gas_temperature_stack"
    # At the end of the range that was seen, as a valve that is open.
    highest = float(np.nanmax(whole[name][:LEARN]))
    assert not judged(spoilt(whole, name, lambda x: np.full(len(x), highest)), model).findings
    # And what stood still for long while learning: a value of the laboratory.
    still = replace(whole, values={**whole.values, name: np.repeat(np.arange(len(whole) // 240 + 1.0), 240)[: len(whole)]})
    learned = train(still.between(0, LEARN * 60_000_000), Parameters())
    assert not judged(still, learned).findings


def test_states_set_points_counters_and_nameplates_are_not_judged() -> None:
    for kind in kind_names():
        signals = load_kind(kind).signals
        assert not {signals[name].role for name in measured_signals(kind)} & {"state", "setpoint", "counter", "nameplate"}
        assert working_states(kind)


def test_a_machine_that_grows_rough_as_a_whole_has_no_noisy_sensor(machines: dict[str, Any]) -> None:
    whole, model = machines["motor"]
    for name in ("vibration_velocity_drive_h", "vibration_velocity_drive_v"):
        whole = spoilt(whole, name, FAULTS["noisy"])
    assert not judged(whole, model).findings


def test_when_all_stands_still_it_is_no_sensor(machines: dict[str, Any]) -> None:
    whole, model = machines["boiler"]
    for name in measured_signals("boiler"):
        whole = spoilt(whole, name, FAULTS["stuck"])
    with pytest.raises(NotEvaluated, match="all signals stand still"):
        judged(whole, model)


def test_when_nothing_comes_it_is_no_sensor(machines: dict[str, Any]) -> None:
    whole, model = machines["boiler"]
    for name in measured_signals("boiler"):
        whole = spoilt(whole, name, FAULTS["no_value"])
    with pytest.raises(NotEvaluated, match="most signals"):
        judged(whole, model)


def test_a_machine_at_rest_is_not_judged_and_too_short_a_history_teaches_nothing(machines: dict[str, Any]) -> None:
    whole, model = machines["boiler"]
    state = load_kind("boiler").state_signal
    assert state is not None
    resting = replace(whole, values={**whole.values, state: np.zeros(len(whole))})
    with pytest.raises(NotEvaluated, match="not_running"):
        judged(resting, model)
    with pytest.raises(NotEvaluated, match="not_trained"):
        train(whole.between(0, 600 * 60_000_000), Parameters())
    unknown = replace(whole, values={**whole.values, state: np.full(len(whole), np.nan)})
    with pytest.raises(NotEvaluated, match="state"):
        judged(unknown, model)


def test_it_is_in_the_catalogue_for_every_kind() -> None:
    assert get_analytic("sensor_validation").spec.kinds == ()
