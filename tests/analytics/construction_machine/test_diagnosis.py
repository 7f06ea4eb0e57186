"""Each of the fourteen faults is named on a plain excavator, and nothing is while it is healthy."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analytics.construction_machine.diagnosis import SPEC, Parameters, evaluate, train
from analytics.construction_machine.fuel_theft import drops
from analytics.construction_machine.healthy import is_running
from analytics.result import NotEvaluated, Result, Why
from analytics.window import Flags, Window
from tests.analytics.construction_machine.machine import HOUR_US, IDLE, SITE_DEG, START_US, Change, Values, machine_window

DAYS, COMES_DAY = 11.0, 8.0
NONE = Parameters()


def _since(values: Values) -> slice:
    return slice(round(len(values["state"]) * COMES_DAY / DAYS), None)


def grow(signal: str, *, times: float = 1.0, more: float = 0.0) -> Change:
    def change(values: Values, _running: Flags) -> None:
        since = _since(values)
        values[signal][since] = values[signal][since] * times + more

    return change


def at_work(signal: str, *, times: float = 1.0, more: float = 0.0) -> Change:
    def change(values: Values, running: Flags) -> None:
        where = running & (np.arange(len(running)) >= _since(values).start)
        values[signal][where] = values[signal][where] * times + more

    return change


def all_of(*changes: Change) -> Change:
    def change(values: Values, running: Flags) -> None:
        for one in changes:
            one(values, running)

    return change


def _steal(values: Values, _running: Flags) -> None:
    first = len(values["state"]) - 60 * 20  # four in the morning of the last day
    values["fuel_level"][first : first + 5] -= np.arange(4.0, 24.0, 4.0)
    values["fuel_level"][first + 5 :] -= 20


def _jam(values: Values, _running: Flags) -> None:
    since = _since(values)
    count = len(values["state"]) - since.start
    dice = np.random.default_rng(5)
    places = np.cumsum(dice.uniform(-0.006, 0.006, (2, count // 20 + 1)), axis=1)[:, np.arange(count) // 20]
    values["latitude"][since], values["longitude"][since] = SITE_DEG[0] + places[0], SITE_DEG[1] + places[1]
    values["gps_speed"][since] = 0.05


def _unplug_the_antenna(values: Values, _running: Flags) -> None:
    since = _since(values)
    values["antenna_ok"][since] = 0
    for name in ("latitude", "longitude"):
        values[name][since] = values[name][since.start]
    values["gps_speed"][since] = 0.0


def _set_back(values: Values, _running: Flags) -> None:
    since = _since(values)
    for name in ("engine_hours", "idle_hours", "fuel_total", "payload_total", "load_count"):
        values[name][since] -= values[name][since.start]


def _slow_the_meter(values: Values, _running: Flags) -> None:
    since = _since(values)
    hours = values["engine_hours"]
    hours[since] = hours[since.start] + 0.3 * (hours[since] - hours[since.start])


def _idle_for_long(values: Values, running: Flags) -> None:
    clock = np.arange(len(running)) / 60 % 1.5
    where = running & (np.arange(len(running)) >= _since(values).start) & (clock < 0.8)
    values["state"][where] = IDLE


def _carry_away(values: Values, _running: Flags) -> None:
    since = _since(values)
    values["latitude"][since] += 0.08  # 8.9 km
    values["gps_speed"][since.start : since.start + 15] = 45.0
    values["latitude"][since.start : since.start + 15] -= np.linspace(0.08, 0.0, 15)
    values["main_power_ok"][since] = 0.0


def _cut_the_wire(values: Values, _running: Flags) -> None:
    since = _since(values)
    values["coolant_temperature"][since] = -40.0
    values["diagnostic_spn"][since], values["diagnostic_fmi"][since], values["diagnostic_count"][since] = 110, 3, 1


FAULTS: dict[str, Change] = {
    "coolant_leak": all_of(grow("coolant_level", more=-25), at_work("coolant_temperature", more=3)),
    "radiator_clog": at_work("coolant_temperature", more=4),
    "oil_pressure_drop": grow("lube_oil_pressure", times=0.6),
    "injector_wear": all_of(grow("fuel_rate", times=1.05), at_work("exhaust_temperature", more=25)),
    "hyd_pump_wear": all_of(
        grow("hydraulic_flow", times=0.87), grow("cycle_time", times=1.13), at_work("hydraulic_oil_temperature", more=7)
    ),
    "alternator_fail": at_work("battery_voltage", more=-4.0),
    "fuel_theft": _steal,
    "gps_jam": _jam,
    "antenna_tamper": _unplug_the_antenna,
    "counter_reset": _set_back,
    "hour_meter_tamper": _slow_the_meter,
    "excess_idle": _idle_for_long,
    "geofence_violation": _carry_away,
    "sensor_wiring": _cut_the_wire,
}


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    history = machine_window(DAYS)
    found = train(history.between(START_US, START_US + 7 * 24 * HOUR_US), NONE)
    json.dumps(found, allow_nan=False)
    return found


def last_days(change: Change | None = None, *, days: float = 3.0) -> Window:
    window = machine_window(DAYS, change=change)
    return window.between(window.end_us - round(days * 24 * HOUR_US), window.end_us)


def codes(result: Result) -> list[str]:
    return [found.code for found in result.findings]


def test_the_spec_names_what_the_signs_and_rules_can_find() -> None:
    assert {fault.code for fault in SPEC.faults} == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_alone_with_evidence(fault: str, model: dict[str, Any]) -> None:
    window = last_days(FAULTS[fault])
    result = evaluate(window, NONE, model)
    assert codes(result) == [fault]
    found = result.findings[0]
    assert found.confidence > 0.5
    assert window.start_us <= found.since_us <= window.end_us
    assert [piece["form"] for piece in found.evidence] == ["table", "series"]
    json.dumps([found.evidence, found.confidence], allow_nan=False)


def test_a_healthy_machine_has_figures_and_no_findings(model: dict[str, Any]) -> None:
    for seed in (1, 2):
        window = machine_window(DAYS, seed=seed)
        own = train(window.between(START_US, START_US + 7 * 24 * HOUR_US), NONE)
        for end_day in np.arange(8.0, 11.01, 0.5):
            end_us = START_US + round(end_day * 24 * HOUR_US)
            result = evaluate(window.between(end_us - 72 * HOUR_US, end_us), NONE, own)
            assert codes(result) == []
        assert {figure.name for figure in result.figures} == {output.name for output in SPEC.outputs}
        figures = {figure.name: figure.value for figure in result.figures}
        assert figures["hours_metered"] == pytest.approx(100, abs=0.5)
        assert figures["beyond_the_fence"] == 0
        assert figures["fuel_lost_standing"] == 0


def test_ten_second_readings_give_the_same_names() -> None:
    fault = all_of(FAULTS["injector_wear"], FAULTS["oil_pressure_drop"])
    window = machine_window(DAYS, step_seconds=10.0, change=fault)
    model = train(window.between(START_US, START_US + 7 * 24 * HOUR_US), NONE)
    result = evaluate(window.between(window.end_us - 72 * HOUR_US, window.end_us), NONE, model)
    assert sorted(codes(result)) == ["injector_wear", "oil_pressure_drop"]


def test_worn_pumps_are_named_where_the_oil_strays_too_much_to_tell(model: dict[str, Any]) -> None:
    worn = all_of(grow("hydraulic_flow", times=0.87), grow("cycle_time", times=1.13))
    assert codes(evaluate(last_days(worn), NONE, model)) == ["hyd_pump_wear"]


def test_a_slower_operator_or_a_hard_working_fan_is_no_worn_pump(model: dict[str, Any]) -> None:
    assert codes(evaluate(last_days(grow("cycle_time", times=1.13)), NONE, model)) == []
    assert codes(evaluate(last_days(grow("hydraulic_flow", times=0.93)), NONE, model)) == []


def test_two_faults_of_different_systems_are_both_named(model: dict[str, Any]) -> None:
    result = evaluate(last_days(all_of(FAULTS["alternator_fail"], FAULTS["fuel_theft"])), NONE, model)
    assert sorted(codes(result)) == ["alternator_fail", "fuel_theft"]


def test_a_drawn_fence_is_fifty_metres_wide_and_a_learned_one_five_hundred(model: dict[str, Any]) -> None:
    moved = last_days(grow("latitude", more=0.0025))  # 278 m
    assert codes(evaluate(moved, NONE, model)) == []
    drawn = Parameters(region=((36.599, 116.999), (36.599, 117.001), (36.601, 117.001), (36.601, 116.999)))
    assert codes(evaluate(moved, drawn, model)) == ["geofence_violation"]


def test_a_circle_on_the_nameplate_goes_before_what_was_learned(model: dict[str, Any]) -> None:
    moved = last_days(grow("latitude", more=0.0025))
    plate = {"site_latitude": SITE_DEG[0], "site_longitude": SITE_DEG[1], "site_radius": 150.0}
    assert codes(evaluate(replace(moved, rated=plate), NONE, model)) == ["geofence_violation"]
    assert codes(evaluate(replace(last_days(), rated=plate), NONE, model)) == []
    with pytest.raises(NotEvaluated, match="no circle"):
        evaluate(replace(moved, rated=plate | {"site_radius": -1.0}), NONE, model)


def test_a_position_that_comes_back_is_no_jam_and_no_theft(model: dict[str, Any]) -> None:
    def stray(values: Values, _running: Flags) -> None:
        for at in range(round(8.4 * 1440), round(10.9 * 1440), 700):
            values["latitude"][at] += 0.003  # one fix, 330 m off

    assert codes(evaluate(last_days(stray), NONE, model)) == []


def test_a_receiver_that_stands_still_while_the_machine_travels_is_jammed(model: dict[str, Any]) -> None:
    def freeze(values: Values, _running: Flags) -> None:
        since = _since(values)
        for name in ("latitude", "longitude"):
            values[name][since] = values[name][since.start]
        values["gps_speed"][since] = 0.0

    result = evaluate(last_days(freeze), NONE, model)
    assert codes(result) == ["gps_jam"]
    assert result.findings[0].confidence == 0.85  # one of two signs


def test_a_finding_tells_since_when(model: dict[str, Any]) -> None:
    came = round(10.5 * 1440)  # noon of the last day

    def leak(values: Values, _running: Flags) -> None:
        values["coolant_level"][came:] -= 30

    (found,) = evaluate(last_days(leak), NONE, model).findings
    # After the break, at 13:00, it takes 45 minutes until the engine counts as warm.
    assert found.since_us - (START_US + came * 60_000_000) == pytest.approx(1.75 * HOUR_US, abs=0.25 * HOUR_US)


def test_fuel_that_swings_back_was_not_stolen_and_refuelling_is_no_theft() -> None:
    def swing(values: Values, _running: Flags) -> None:
        first = len(values["state"]) - 60 * 20
        values["fuel_level"][first : first + 9] -= 8

    window = last_days(swing)
    assert drops(window, is_running(window)) == []
    stolen = last_days(_steal)
    (drop,) = drops(stolen, is_running(stolen))
    assert drop.percent == pytest.approx(20, abs=0.5)


def test_a_short_gap_in_all_signals_changes_nothing(model: dict[str, Any]) -> None:
    def lose(values: Values, _running: Flags) -> None:
        for column in values.values():
            column[-2000:-1500] = np.nan

    assert codes(evaluate(last_days(all_of(FAULTS["hyd_pump_wear"], lose)), NONE, model)) == ["hyd_pump_wear"]
    assert codes(evaluate(last_days(lose), NONE, model)) == []


def test_a_broken_coolant_sensor_without_a_code_is_seen_by_the_end_of_its_range(model: dict[str, Any]) -> None:
    result = evaluate(last_days(grow("coolant_temperature", times=0.0, more=-40.0)), NONE, model)
    assert "sensor_wiring" in codes(result)


def test_what_a_machine_does_not_measure_is_declined() -> None:
    window = machine_window(DAYS)
    kept = {name: window.values[name] for name in ("state", "engine_running", "engine_hours")}
    bare = Window(kind=window.kind, start_us=window.start_us, step_seconds=60.0, values=kept)
    model = train(bare.between(START_US, START_US + 7 * 24 * HOUR_US), NONE)
    result = evaluate(bare.between(bare.end_us - 72 * HOUR_US, bare.end_us), NONE, model)
    assert not result.findings
    known = {figure.name for figure in result.figures if figure.value is not None}
    assert known == {"hours_metered", "idle_share_recent"}


def test_a_machine_that_stands_is_not_evaluated_and_one_that_never_worked_not_learned(model: dict[str, Any]) -> None:
    def stop(values: Values, _running: Flags) -> None:
        for name in ("state", "engine_running", "engine_speed"):
            values[name][:] = 0

    standing = machine_window(3, change=stop)
    with pytest.raises(NotEvaluated) as declined:
        evaluate(standing, NONE, {**model, "counters": {}})
    assert declined.value.why is Why.NOT_RUNNING
    with pytest.raises(NotEvaluated) as declined:
        train(standing, NONE)
    assert declined.value.why is Why.NOT_TRAINED
