"""Each of the twelve faults is named on a plain engine, and nothing is while it is healthy."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytics.diesel_engine.diagnosis import SPEC, evaluate, train
from analytics.result import NotEvaluated, Result, Why
from analytics.spec import NoParameters
from analytics.window import FloatArray, Window
from tests.analytics.diesel_engine.engine import OWN_EXHAUST, START_US, Values, engine_window

HOUR_US = 3_600_000_000
Change = Callable[[Values, FloatArray], None]
NONE = NoParameters()


def grow(signal: str, *, times: float = 1.0, more: float = 0.0) -> Change:
    def change(values: Values, _share: FloatArray) -> None:
        values[signal] = values[signal] * times + more

    return change


def all_of(*changes: Change) -> Change:
    def change(values: Values, share: FloatArray) -> None:
        for one in changes:
            one(values, share)

    return change


def _cylinder(number: int, *, exhaust: float = 0, compression: float = 1, rise: float = 1) -> Change:
    def change(values: Values, _share: FloatArray) -> None:
        highest, least = f"maximum_pressure_cylinder_{number}", f"compression_pressure_cylinder_{number}"
        gained = values[highest] - values[least]
        values[least] = values[least] * compression
        values[highest] = values[least] + rise * gained
        values[f"exhaust_temperature_cylinder_{number}"] = values[f"exhaust_temperature_cylinder_{number}"] + exhaust

    return change


def _all_exhausts(more: float) -> Change:
    return all_of(*(grow(f"exhaust_temperature_cylinder_{number}", more=more) for number in range(1, 7)))


def _hot_at_high_load(values: Values, share: FloatArray) -> None:
    values["coolant_temperature"] = values["coolant_temperature"] + 20 * np.maximum(np.nan_to_num(share) - 0.6, 0)


RIPPLE = "half_order_speed_ripple"
FAULTS: dict[tuple[str, str], Change] = {
    ("injector_dead", "2"): all_of(_cylinder(2, exhaust=-150, rise=0.2), grow(RIPPLE, more=1.0)),
    ("injector_dribble", "5"): all_of(_cylinder(5, exhaust=20, rise=0.75), grow(RIPPLE, more=0.1)),
    ("ring_or_valve_leak", "6"): all_of(
        _cylinder(6, exhaust=20, compression=0.85, rise=0.9), grow("crankcase_pressure", more=200)
    ),
    ("air_filter_clogged", ""): grow("intake_filter_pressure_drop", times=3.5),
    ("fuel_filter_clogged", ""): all_of(grow("fuel_filter_pressure_drop", times=3), grow("fuel_pressure", times=0.93)),
    ("turbocharger_fouling", ""): all_of(
        grow("boost_pressure", times=0.94), grow("turbine_speed", times=0.95), _all_exhausts(25)
    ),
    ("charge_cooler_fouling", ""): all_of(grow("scavenge_air_temperature", more=12), _all_exhausts(25)),
    ("thermostat_stuck_open", ""): all_of(
        grow("coolant_temperature", more=-15), grow("lube_oil_temperature", more=-12), grow("coolant_level", more=-1)
    ),
    ("thermostat_stuck_closed", ""): _hot_at_high_load,
    ("coolant_leak", ""): all_of(
        grow("coolant_level", more=-20), grow("coolant_pressure", more=-0.3), grow("coolant_temperature", more=1)
    ),
    ("lube_degradation", ""): all_of(grow("lube_oil_pressure", times=0.85), grow("lube_oil_temperature", more=4)),
    ("battery_weak", ""): grow("battery_voltage", more=-1.5),
}


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    # Through text and back, as the registry keeps it.
    learned: dict[str, Any] = json.loads(json.dumps(train(engine_window(7), NONE)))
    return learned


def evaluated(change: Change | None, model: dict[str, Any], *, step_seconds: float = 60) -> Result:
    return evaluate(engine_window(1, seed=99, change=change, step_seconds=step_seconds), NONE, model)


@pytest.mark.parametrize(("fault", "change"), FAULTS.items(), ids=[code for code, _ in FAULTS])
def test_a_fault_is_named_with_its_part(fault: tuple[str, str], change: Change, model: dict[str, Any]) -> None:
    findings = evaluated(change, model).findings
    assert [(one.code, one.part) for one in findings] == [fault]
    assert 0.5 < findings[0].confidence <= 0.99
    assert [piece["form"] for piece in findings[0].evidence] == ["table", "series"]
    json.dumps(findings[0].evidence)


def test_a_cylinders_evidence_is_of_that_cylinder(model: dict[str, Any]) -> None:
    inputs, curve = evaluated(FAULTS["injector_dead", "2"], model).findings[0].evidence
    # Beside the clearest sign, ripple, the exhaust of the cylinder is 150 K lower, and is told apart from that of the engine.
    exhaust = next(row for row in inputs["rows"] if "Exhaust temperature against the other cylinders" in row[0])
    assert exhaust[1] == pytest.approx(-150 / OWN_EXHAUST[1], abs=1)  # corrected by what this cylinder always reads
    assert curve["band"][0] < 0 < curve["band"][1]


def test_all_twelve_are_in_the_spec() -> None:
    assert {code for code, _ in FAULTS} == {fault.code for fault in SPEC.faults}


@pytest.mark.parametrize("seed", range(20, 28))
def test_nothing_is_named_while_it_is_healthy(seed: int, model: dict[str, Any]) -> None:
    result = evaluate(engine_window(1, seed=seed), NONE, model)
    assert not result.findings
    assert {figure.name for figure in result.figures} == {output.name for output in SPEC.outputs}
    assert next(figure for figure in result.figures if figure.name == "iso_load_band").value == 0


def test_two_systems_may_fail_together(model: dict[str, Any]) -> None:
    both = all_of(FAULTS["battery_weak", ""], FAULTS["coolant_leak", ""])
    assert {one.code for one in evaluated(both, model).findings} == {"battery_weak", "coolant_leak"}


def test_a_model_of_minutes_serves_readings_of_ten_seconds(model: dict[str, Any]) -> None:
    findings = evaluated(FAULTS["turbocharger_fouling", ""], model, step_seconds=10).findings
    assert [one.code for one in findings] == ["turbocharger_fouling"]
    assert not evaluated(None, model, step_seconds=10).findings


def without_pressures(values: Values, _share: FloatArray) -> None:
    for name in list(values):
        if name.startswith(("maximum_pressure", "compression_pressure")):
            del values[name]


@pytest.mark.parametrize("fault", [("injector_dead", "2"), ("injector_dribble", "5"), ("ring_or_valve_leak", "6")])
def test_cylinders_are_told_apart_without_pressure_sensors(fault: tuple[str, str]) -> None:
    learned = train(engine_window(7, change=without_pressures), NONE)
    found = evaluated(all_of(FAULTS[fault], without_pressures), learned).findings
    assert [(one.code, one.part) for one in found] == [fault]


def test_a_lone_sensor_that_drifts_is_no_turbocharger(model: dict[str, Any]) -> None:
    assert not evaluated(grow("boost_pressure", times=0.9), model).findings
    assert not evaluated(grow("coolant_level", more=-20), model).findings


def test_a_fault_is_dated_from_when_it_came(model: dict[str, Any]) -> None:
    def at_noon(values: Values, _share: FloatArray) -> None:
        values["coolant_level"][12 * 60 :] -= 20
        values["coolant_pressure"][12 * 60 :] -= 0.4

    found = evaluated(at_noon, model).findings
    assert [one.code for one in found] == ["coolant_leak"]
    # The mean of half an hour passes half of the threshold within minutes, and steady load begins anew every 20 minutes.
    assert found[0].since_us == pytest.approx(START_US + 12 * HOUR_US, abs=HOUR_US / 2)


def test_an_engine_at_rest_or_never_steady_is_not_judged(model: dict[str, Any]) -> None:
    night = engine_window(1).between(START_US, START_US + 5 * HOUR_US)
    with pytest.raises(NotEvaluated) as resting:
        evaluate(night, NONE, model)
    assert resting.value.why is Why.NOT_RUNNING

    def restless(values: Values, _share: FloatArray) -> None:
        values["load_percent"] = np.where(np.arange(len(values["load_percent"])) % 2, 30.0, 60.0)

    with pytest.raises(NotEvaluated) as moving:
        evaluated(restless, model)
    assert moving.value.why is Why.NOT_STEADY
    with pytest.raises(NotEvaluated) as unlearned:
        train(night, NONE)
    assert unlearned.value.why is Why.NOT_TRAINED


def test_signals_that_are_missing_now_are_not_judged(model: dict[str, Any]) -> None:
    whole = engine_window(1)
    kept = ("state", "load_percent", "intake_temperature", "battery_voltage")
    bare = Window(kind=whole.kind, start_us=whole.start_us, step_seconds=60, values={name: whole.values[name] for name in kept})
    result = evaluate(bare, NONE, model)
    assert not result.findings
    assert all(figure.value is None and figure.reason for figure in result.figures)


def test_sensors_that_read_what_cannot_be_do_no_harm(model: dict[str, Any]) -> None:
    def break_them(values: Values, _share: FloatArray) -> None:
        values["ambient_pressure"] = np.zeros_like(values["state"])
        values["intake_temperature"] = np.full_like(values["state"], -400.0)
        values["fuel_pressure"] = -values["fuel_pressure"]

    assert not evaluated(break_them, model).findings
