"""Each of the sixteen faults is named on a plain ship, and nothing is while it is healthy."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from analytics.catalogue import Analytic
from analytics.engine.evaluation import require_inputs
from analytics.result import NotEvaluated, Result, Why
from analytics.ship.diagnosis import SPEC, evaluate, train
from analytics.spec import NoParameters
from analytics.window import Window
from tests.analytics.ship.diagnosis_ship import AT_ANCHOR, IN_PORT, START_US, Values, Wrong, ship_window

NONE = NoParameters()
Change = Callable[[Values], None]
HOUR_US = 3_600_000_000


@pytest.fixture(scope="module", name="model")
def _model() -> Mapping[str, Any]:
    model = train(ship_window(7, seed=1), NONE)
    return json.loads(json.dumps(model, allow_nan=False))  # type: ignore[no-any-return]


def names(result: Result) -> list[tuple[str, str]]:
    return [(found.code, found.part) for found in result.findings]


def grow(signal: str, *, times: float = 1.0, more: float = 0.0) -> Change:
    def change(values: Values) -> None:
        values[signal] = values[signal] * times + more

    return change


def all_of(*changes: Change) -> Change:
    def change(values: Values) -> None:
        for one in changes:
            one(values)

    return change


def test_nothing_is_found_on_healthy_ships_in_other_weather(model: Mapping[str, Any]) -> None:
    for seed in range(2, 8):
        assert names(evaluate(ship_window(5, seed=seed), NONE, model)) == []


def test_a_draught_that_was_never_seen_is_no_fault(model: Mapping[str, Any]) -> None:
    assert names(evaluate(ship_window(5, seed=9, draught_m=6.3), NONE, model)) == []


@pytest.mark.parametrize(
    ("code", "wrong", "size"),
    [
        ("hull_fouling", Wrong(hull=0.12), 12.0),
        ("propeller_damage", Wrong(torque=0.012), 1.2),
        ("log_bias", Wrong(log_kn=0.25), 0.25),
        ("log_bias", Wrong(log_kn=-0.25), -0.25),
        ("torque_meter_drift", Wrong(meter_knm=18.0), 18.0),
    ],
)
def test_hull_propeller_log_and_torque_meter_are_told_apart_and_their_size_is_recovered(
    model: Mapping[str, Any], code: str, wrong: Wrong, size: float
) -> None:
    found = evaluate(ship_window(5, seed=5, wrong=wrong), NONE, model).findings
    assert [one.code for one in found] == [code]
    told = found[0].evidence[0]["rows"][0]
    assert told[0] == code
    assert told[1] == pytest.approx(size, rel=0.25)  # as put into the plain ship's laws
    assert found[0].confidence > 0.7


def test_fouling_costs_energy_a_year(model: Mapping[str, Any]) -> None:
    (found,) = evaluate(ship_window(5, seed=5, wrong=Wrong(hull=0.12)), NONE, model).findings
    kwh, unit = found.effect["energy"]
    # About 5.5 MW x (1 - exp(-0.12)) at sea for four days of five.
    assert unit == "kWh"
    assert kwh == pytest.approx(5500 * 0.113 * 0.8 * 8760, rel=0.25)


_ENGINE: list[tuple[str, str, Change]] = [
    ("fuel_meter_bias", "", grow("fuel_mass_flow_in", times=1.02)),
    ("flow_meter_bypass", "", lambda values: values.update(fuel_mass_flow_in=values["fuel_mass_flow_out"].copy())),
    (
        "cylinder_misfire",
        "4",
        all_of(grow("exhaust_temperature_cylinder_4", more=-45), grow("maximum_pressure_cylinder_4", more=-0.7)),
    ),
    ("injector_wear", "2", grow("exhaust_temperature_cylinder_2", more=22)),
    (
        "tc_fouling",
        "",
        all_of(
            grow("scavenge_air_pressure", times=0.94),
            grow("turbine_speed", times=0.975),
            *(grow(f"exhaust_temperature_cylinder_{cylinder}", more=12) for cylinder in range(1, 7)),
        ),
    ),
    ("jcw_cooler_foul", "", grow("jacket_water_out_temperature", more=4)),
]


@pytest.mark.parametrize(("code", "part", "change"), _ENGINE, ids=[code for code, _, _ in _ENGINE])
def test_faults_of_the_engine_and_its_meters_are_named(model: Mapping[str, Any], code: str, part: str, change: Change) -> None:
    found = evaluate(ship_window(5, seed=4, change=change), NONE, model).findings
    assert [(one.code, one.part) for one in found] == [(code, part)]
    assert 0.5 <= found[0].confidence < 1
    assert found[0].evidence[0]["form"] == "table"
    assert found[0].evidence[1]["form"] == "series"


def _leak(values: Values) -> None:
    hours = np.arange(len(values["state"])) / 60
    values["lube_oil_pressure"] = values["lube_oil_pressure"] * 0.8
    values["tank_level_3"] = np.maximum(values["tank_level_3"] - 0.15 * hours, 1.0)


def _overload(values: Values) -> None:
    for name in ("generator_power_1", "generator_power_2"):
        values[name] = values[name] * 1.4


def _dark(values: Values) -> None:
    for name in ("generator_power_1", "generator_power_2", "bus_voltage", "shaft_speed", "shaft_torque", "shaft_generator_power"):
        values[name][-300:] = 0.0
    values["lube_oil_pressure"][-300:] *= 0.05


def _flood(values: Values) -> None:
    minutes = np.arange(600)
    values["bilge_level"][-600:] = np.minimum(0.2 + minutes * 0.3 / 60, 2.0)


def _fill_fast(values: Values) -> None:
    minutes = np.arange(600)
    values["bilge_level"][-600:] = 0.08 + 0.18 * (minutes % 60) / 60  # the pump still copes


def _burn(values: Values) -> None:
    values["fire_zone_3"][-30:] = 1.0


def _at_anchor(drift_kn: float, swing_nmi: float) -> Change:
    def change(values: Values) -> None:
        hours = np.arange(1200) / 60
        values["state"][-1200:] = AT_ANCHOR
        start = values["longitude"][-1200]
        values["latitude"][-1200:] = -30 + swing_nmi / 60 * np.sin(hours)
        values["longitude"][-1200:] = start + drift_kn * hours / 60 / np.cos(np.radians(30))

    return change


_WATCH: list[tuple[str, str, Change]] = [
    ("lo_leak", "", _leak),
    ("dg_overload", "", _overload),
    ("blackout", "", _dark),
    ("bilge_flooding", "", _flood),
    ("bilge_flooding", "", _fill_fast),
    ("fire", "3", _burn),
    ("anchor_drag", "", _at_anchor(0.5, 0.0)),
]


@pytest.mark.parametrize(("code", "part", "change"), _WATCH)
def test_what_a_watch_keeper_would_see_is_named(model: Mapping[str, Any], code: str, part: str, change: Change) -> None:
    assert names(evaluate(ship_window(5, seed=6, change=change), NONE, model)) == [(code, part)]


def test_a_ship_that_swings_about_its_anchor_does_not_drag(model: Mapping[str, Any]) -> None:
    assert names(evaluate(ship_window(5, seed=6, change=_at_anchor(0.0, 0.1)), NONE, model)) == []


def test_low_oil_pressure_with_a_full_tank_is_no_leak(model: Mapping[str, Any]) -> None:
    result = evaluate(ship_window(5, seed=6, change=grow("lube_oil_pressure", times=0.85)), NONE, model)
    assert ("lo_leak", "") not in names(result)


def test_a_finding_tells_when_it_began(model: Mapping[str, Any]) -> None:
    def later(values: Values) -> None:
        values["exhaust_temperature_cylinder_2"][-24 * 60 :] += 25

    (found,) = evaluate(ship_window(5, seed=3, change=later), NONE, model).findings
    assert abs(found.since_us - (START_US + 4 * 24 * HOUR_US)) <= 2 * HOUR_US


def test_what_was_found_at_sea_stands_in_port(model: Mapping[str, Any]) -> None:
    def moor(values: Values) -> None:
        values["state"][-2 * 1440 :] = IN_PORT
        for name in ("shaft_speed", "shaft_generator_power"):
            values[name][-2 * 1440 :] = 0.0
        for name in ("generator_power_1", "generator_power_2"):
            values[name][-2 * 1440 :] *= 690 / 400

    changes = all_of(grow("exhaust_temperature_cylinder_2", more=25), moor)
    assert names(evaluate(ship_window(5, seed=3, change=changes), NONE, model)) == [("injector_wear", "2")]


@pytest.mark.parametrize("step_seconds", [10.0, 300.0])
def test_it_does_not_depend_on_the_step(step_seconds: float) -> None:
    model = train(ship_window(7, step_seconds=step_seconds), NONE)
    assert names(evaluate(ship_window(5, seed=2, step_seconds=step_seconds), NONE, model)) == []
    fouled = ship_window(5, seed=2, step_seconds=step_seconds, wrong=Wrong(hull=0.12))
    assert names(evaluate(fouled, NONE, model)) == [("hull_fouling", "")]


def test_figures_and_pictures_are_those_of_the_spec(model: Mapping[str, Any]) -> None:
    result = evaluate(ship_window(5, seed=2), NONE, model)
    assert [figure.name for figure in result.figures] == [output.name for output in SPEC.outputs]
    assert all(figure.value is not None and figure.uncertainty for figure in result.figures)
    assert [picture["form"] for picture in result.pictures] == ["curve", "series"]
    json.dumps(result.pictures, allow_nan=False)


def test_a_ship_that_measures_little_is_judged_by_what_it_has(model: Mapping[str, Any]) -> None:
    def strip(values: Values) -> None:
        for name in [one for one in values if one not in {"state", "fire_zone_2", "bilge_level"}]:
            values[name] = np.full_like(values[name], np.nan)
        values["fire_zone_2"][-5:] = 1.0

    result = evaluate(ship_window(5, seed=2, change=strip), NONE, model)
    assert names(result) == [("fire", "2")]
    assert all(figure.value is None and figure.reason for figure in result.figures)


def test_gaps_and_impossible_readings_are_no_faults(model: Mapping[str, Any]) -> None:
    def spoil(values: Values) -> None:
        dice = np.random.default_rng(0)
        for name in values:
            values[name][dice.random(len(values[name])) < 0.2] = np.nan
        values["shaft_torque"][:600] = -1.0
        values["draught_mid"][600:700] = 0.0
        values["scavenge_air_pressure"][700:800] = -5.0

    assert names(evaluate(ship_window(5, seed=2, change=spoil), NONE, model)) == []


def test_a_window_of_less_than_an_hour_says_nothing(model: Mapping[str, Any]) -> None:
    short = ship_window(5, seed=2)
    result = evaluate(short.between(short.start_us, short.start_us + HOUR_US // 2), NONE, model)
    assert names(result) == []


def test_without_hours_there_is_no_model() -> None:
    window = ship_window(0.3)
    with pytest.raises(NotEvaluated) as declined:
        train(window, NONE)
    assert declined.value.why is Why.NOT_TRAINED


def test_the_state_is_needed() -> None:
    values = {name: of for name, of in ship_window(1).values.items() if name != "state"}
    window = Window(kind="ship", start_us=START_US, step_seconds=60.0, values=values)
    with pytest.raises(NotEvaluated, match="state"):
        require_inputs(Analytic(SPEC, evaluate, train), window)
