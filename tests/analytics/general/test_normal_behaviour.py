"""Normal behaviour on a machine that is made up here: signals that follow load and weather, with noise and slow wander."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from analytics.catalogue import get_analytic
from analytics.general.at_work import measured_signals, working_states
from analytics.general.normal_behaviour import SPEC, Parameters, evaluate, train
from analytics.result import NotEvaluated, Result
from analytics.window import FloatArray, Window
from device_profiles.kind import Role, load_kind

DAY = 1_440
DAY_US = 86_400_000_000
KIND = "motor"


def machine(days: int = 21, seed: int = 31) -> Window:
    dice = np.random.default_rng(seed)
    rows = days * DAY
    kind = load_kind(KIND)
    assert kind.state_signal is not None
    code = next(s.code for s in kind.signals[kind.state_signal].states if s.name == working_states(KIND)[0])

    def wander(hours: float) -> FloatArray:
        keep = np.exp(-1 / (60 * hours))
        walk: FloatArray = lfilter([np.sqrt(1 - keep**2)], [1, -keep], dice.standard_normal(rows + 10_000))[10_000:]
        return walk

    load, weather = wander(3), wander(12)
    values: dict[str, FloatArray] = {kind.state_signal: np.full(rows, float(code))}
    for name in measured_signals(KIND):
        low, high = kind.signals[name].normal or (0.0, 100.0)
        by_load, by_weather = dice.uniform(-1, 1, 2)
        if kind.signals[name].role is Role.AMBIENT:
            by_load = 0.0
        own = by_load * load + by_weather * weather + 0.15 * wander(6) + 0.1 * dice.standard_normal(rows)
        values[name] = low + (high - low) * (0.5 + 0.1 * own)
    return Window(kind=KIND, start_us=0, step_seconds=60.0, values=values)


@pytest.fixture(scope="module")
def whole() -> Window:
    return machine()


@pytest.fixture(scope="module")
def model(whole: Window) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(train(whole.between(0, 7 * DAY_US), Parameters())))
    return made


def judged(whole: Window, model: Mapping[str, Any], day: float) -> Result:
    return evaluate(whole.between(round((day - 1) * DAY_US), round(day * DAY_US)), Parameters(), model)


def shifted(whole: Window, day: float, shifts: Mapping[str, float]) -> Window:
    changed = dict(whole.values)
    for name, share in shifts.items():
        low, high = load_kind(KIND).signals[name].normal or (0.0, 100.0)
        changed[name] = whole[name] + np.where(np.arange(len(whole)) >= day * DAY, share * (high - low), 0.0)
    return replace(whole, values=changed)


def departure(result: Result) -> float:
    value = next(figure.value for figure in result.figures if figure.name == "departure")
    assert value is not None
    return value


def test_a_healthy_machine_is_never_reported(whole: Window, model: Mapping[str, Any]) -> None:
    evaluated = 0
    for hour in range(8 * 24, 21 * 24, 3):
        try:
            assert not judged(whole, model, hour / 24).findings
            evaluated += 1
        except NotEvaluated as declined:
            assert declined.why == "outside_validity"
    assert evaluated > 50


def test_a_machine_that_parts_from_its_plane_is_reported_with_what_departs_most(whole: Window, model: Mapping[str, Any]) -> None:
    shifts = {"winding_temperature_1": 0.4, "winding_temperature_2": 0.4, "bearing_temperature_drive": -0.3}
    result = judged(shifted(whole, 8.0, shifts), model, 8.5)
    (found,) = result.findings
    assert (found.code, found.part) == ("unknown_anomaly", "")
    assert found.since_us >= 8 * DAY_US
    assert 0.5 < found.confidence <= 0.9
    forms = [piece["form"] for piece in found.evidence]
    assert forms == ["table", "table", "series"]
    assert {row[0] for row in found.evidence[1]["rows"][:3]} == set(shifts)
    assert "expected" in found.evidence[2]["columns"]
    assert {figure.name for figure in result.figures} == {output.name for output in SPEC.outputs}


def test_what_it_knows_fades_with_the_time_since_it_learned(whole: Window, model: Mapping[str, Any]) -> None:
    long_ago = {**model, "until_us": model["until_us"] - 60 * DAY_US}
    changed = shifted(whole, 8.0, {"winding_temperature_1": 0.4})
    assert departure(judged(changed, long_ago, 8.5)) < departure(judged(changed, model, 8.5)) / 20


def test_a_load_that_was_never_seen_is_declined(whole: Window, model: Mapping[str, Any]) -> None:
    with pytest.raises(NotEvaluated, match="outside_validity: torque_percent"):
        judged(shifted(whole, 8.0, {"torque_percent": 5.0}), model, 8.5)


def test_a_filter_that_clogs_all_week_is_no_part_of_the_plane(whole: Window) -> None:
    name = "drive_temperature"
    ramp = replace(whole, values={**whole.values, name: np.linspace(0, 60, len(whole))})
    assert name not in train(ramp.between(0, 7 * DAY_US), Parameters())["signals"]
    assert name in train(whole.between(0, 7 * DAY_US), Parameters())["signals"]


def test_a_missing_signal_and_a_machine_at_rest_are_declined(whole: Window, model: Mapping[str, Any]) -> None:
    gone = replace(whole, values={name: of for name, of in whole.values.items() if name != "winding_temperature_1"})
    with pytest.raises(NotEvaluated, match="missing_input: winding_temperature_1"):
        judged(gone, model, 8.5)
    state = load_kind(KIND).state_signal
    assert state is not None
    resting = replace(whole, values={**whole.values, state: np.zeros(len(whole))})
    with pytest.raises(NotEvaluated, match="not_running"):
        judged(resting, model, 8.5)
    with pytest.raises(NotEvaluated, match="not_trained"):
        train(whole.between(0, DAY_US // 4), Parameters())


def test_it_is_in_the_catalogue_for_every_kind() -> None:
    assert get_analytic("normal_behaviour").spec.kinds == ()
