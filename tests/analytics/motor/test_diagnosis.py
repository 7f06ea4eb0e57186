"""Diagnosis of motors made by hand: what each fault does is written into the signals of a healthy one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analytics.motor import diagnosis, motor_efficiency, motor_supply, motor_thermal, motor_vibration_zone
from analytics.motor.naming import confidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import NoParameters
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind

DAY = 1440
MIDNIGHT_US = 1_780_000_000_000_000 // 86_400_000_000 * 86_400_000_000
Values = dict[str, FloatArray]


def motor(days: float, *, drive: bool = False, seed: int = 1, step_seconds: float = 60.0) -> Window:
    """Make a healthy motor of 160 kW and four poles: loads of a day, and noise of sensors."""
    n = round(days * 86_400 / step_seconds)
    dice = np.random.default_rng(seed)
    hours = np.arange(n) * step_seconds / 3600
    course = 0.65 + 0.2 * np.sin(2 * np.pi * (hours - 9) / 24) + 0.03 * np.sin(2 * np.pi * hours / 1.7)
    # A fan behind a drive: torque with the square of the speed.
    turn = np.sqrt(course) if drive else np.ones(n)
    hertz = 50 * turn
    slip_rpm = 13 * course

    def noisy(values: Any, share: float = 0.005) -> FloatArray:
        return np.broadcast_to(values, n) * (1 + share * dice.normal(size=n))

    rise = 60 * course**2 + 5
    values: Values = {
        "state": np.full(n, 2.0),
        "has_drive": np.full(n, float(drive)),
        "torque_percent": noisy(100 * course),
        "speed": 30 * hertz - slip_rpm + 0.1 * dice.normal(size=n),
        "frequency": np.full(n, 50.0),
        "output_frequency": hertz if drive else np.full(n, np.nan),
        "motor_current": noisy(277 * (0.25 + 0.75 * course)),
        "motor_power": noisy(167 * course * turn),
        "insulation_resistance": noisy(500.0, 0.05),
        "ambient_temperature": np.full(n, 20.0),
        "cooling_air_in_temperature": np.full(n, 20.0),
        "cooling_air_out_temperature": 20 + noisy(0.2 * rise, 0.01),
        "rated_power": np.full(n, 160.0),
        "rated_efficiency": np.full(n, 95.8),
        "rated_speed": np.full(n, 1487.0),
        "rated_current": np.full(n, 277.0),
    }
    values |= {f"winding_temperature_{i}": 20 + i / 10 + noisy(rise) for i in range(1, 7)}
    values |= {f"voltage_{line}": noisy(400.0, 0.001) for line in ("ab", "bc", "ca")}
    values |= {f"current_{phase}": noisy(277 * course, 0.002) for phase in ("a", "b", "c")}
    values |= {f"thd_current_{phase}": noisy(40.0 if drive else 1.5, 0.02) for phase in ("a", "b", "c")}
    for end in ("drive", "non_drive"):
        values |= {f"vibration_velocity_{end}_{way}": noisy(0.6 * turn, 0.02) for way in ("h", "v", "a")}
        values[f"vibration_acceleration_{end}"] = noisy(1.2 * turn, 0.02)
        values[f"shock_value_{end}"] = noisy(0.8 * turn, 0.02)
        values[f"bearing_temperature_{end}"] = 20 + noisy(0.5 * rise)
    return Window(kind="motor", start_us=MIDNIGHT_US, step_seconds=step_seconds, values=values)


def shaken(values: Values, *, h: Any = 0.0, v: Any = 0.0, a: Any = 0.0, ends: tuple[str, ...] = ("drive", "non_drive")) -> None:
    """Add a vibration of other origin: squares add up."""
    for end in ends:
        for way, more in (("h", h), ("v", v), ("a", a)):
            name = f"vibration_velocity_{end}_{way}"
            values[name] = np.hypot(values[name], more)


def unsteady(n: int) -> FloatArray:
    return np.abs(1 + 0.4 * np.random.default_rng(9).normal(size=n))


def broken_bars(values: Values) -> None:
    synchronous = 30 * np.where(values["has_drive"] > 0, values["output_frequency"], values["frequency"])
    values["speed"] = synchronous - 1.35 * (synchronous - values["speed"])
    shaken(values, h=unsteady(len(synchronous)), v=0.7 * unsteady(len(synchronous)))


def shorted_turns(values: Values) -> None:
    values["winding_temperature_3"] = values["winding_temperature_3"] + 12
    values["insulation_resistance"] = values["insulation_resistance"] / 10
    shaken(values, h=0.8, v=0.9)


def unbalanced_supply(values: Values) -> None:
    values["voltage_ab"] = values["voltage_ab"] * 0.96
    values["current_a"] = values["current_a"] * 1.25
    if values["has_drive"][0] == 0:  # a drive makes its own three voltages
        values["winding_temperature_1"] = values["winding_temperature_1"] + 6
        shaken(values, h=0.8, v=0.9)


def blocked_cooling(values: Values) -> None:
    for name in [f"winding_temperature_{i}" for i in range(1, 7)] + ["cooling_air_out_temperature"]:
        values[name] = 20 + 1.5 * (values[name] - 20)


def overload(values: Values) -> None:
    values["torque_percent"] = values["torque_percent"] * 1.2


def spalled(values: Values) -> None:
    values["shock_value_drive"] = values["shock_value_drive"] + 6
    values["vibration_acceleration_drive"] = values["vibration_acceleration_drive"] + 4
    shaken(values, h=1.0, v=1.0, a=0.6, ends=("drive",))


def dry_bearing(values: Values) -> None:
    values["shock_value_non_drive"] = values["shock_value_non_drive"] + 1
    values["vibration_acceleration_non_drive"] = values["vibration_acceleration_non_drive"] + 5
    values["bearing_temperature_non_drive"] = values["bearing_temperature_non_drive"] + 10


def misaligned(values: Values) -> None:
    shaken(values, h=1.0, v=0.9, a=1.8)


def loose(values: Values) -> None:
    shaken(values, h=0.9, v=2.0 * unsteady(len(values["speed"])), a=0.4)


def unbalanced_rotor(values: Values) -> None:
    turn = (values["speed"] / 1487) ** 2
    shaken(values, h=2 * turn, v=1.6 * turn, a=0.6 * turn)


def bent_rotor(values: Values) -> None:
    turn = values["speed"] / 1487
    shaken(values, h=2 * turn, v=1.6 * turn, a=0.6 * turn)
    more_distortion(values)


def off_centre_rotor(values: Values) -> None:
    shaken(values, h=1.7, v=1.8, a=0.2)
    more_distortion(values)


def more_distortion(values: Values) -> None:
    if values["has_drive"][0] == 0:
        values |= {f"thd_current_{phase}": values[f"thd_current_{phase}"] + 1 for phase in ("a", "b", "c")}


@pytest.fixture(scope="module", params=[False, True], ids=["mains", "drive"])
def learned(request: pytest.FixtureRequest) -> tuple[bool, dict[str, Any]]:
    drive = bool(request.param)
    return drive, diagnosis.train(motor(7, drive=drive), NoParameters())


def judged(
    learned: tuple[bool, dict[str, Any]], change: Callable[[Values], None] | None = None, without: tuple[str, ...] = ()
) -> Result:
    drive, model = learned
    window = motor(1, drive=drive, seed=2)
    values = {
        name: np.array(column, np.float64) for name, column in window.values.items() if not name.startswith(without or ("~",))
    }
    if change is not None:
        change(values)
    return diagnosis.evaluate(replace(window, values=values), NoParameters(), model)


FAULTS: list[tuple[Callable[[Values], None], str, str]] = [
    (broken_bars, "broken_rotor_bar", ""),
    (shorted_turns, "inter_turn_short", ""),
    (unbalanced_supply, "voltage_unbalance", ""),
    (blocked_cooling, "cooling_blocked", ""),
    (overload, "overload", ""),
    (spalled, "bearing_damage", "drive"),
    (dry_bearing, "lubrication_poor", "non_drive"),
    (misaligned, "misalignment", ""),
    (loose, "looseness", ""),
    (unbalanced_rotor, "imbalance", ""),
    (bent_rotor, "eccentricity_dynamic", ""),
    (off_centre_rotor, "eccentricity_static", ""),
]


@pytest.mark.parametrize(("change", "code", "part"), FAULTS, ids=[code for _, code, _ in FAULTS])
def test_a_fault_is_the_first_that_is_named(
    learned: tuple[bool, dict[str, Any]], change: Callable[[Values], None], code: str, part: str
) -> None:
    found = max(judged(learned, change).findings, key=lambda one: one.confidence)
    assert (found.code, found.part) == (code, part)
    assert 0.6 <= found.confidence <= 0.95
    assert found.since_us <= MIDNIGHT_US + 6 * 3600 * 1_000_000  # it stood from the window's first hours on
    assert [piece["form"] for piece in found.evidence] == ["table", "series"]
    assert code in [fault.code for fault in diagnosis.SPEC.faults]


def test_a_healthy_motor_shows_nothing(learned: tuple[bool, dict[str, Any]]) -> None:
    result = judged(learned)
    assert not result.findings
    values = {figure.name: figure.value for figure in result.figures}
    assert values["torque_shift"] == pytest.approx(0, abs=2)
    assert values["winding_rise_shift"] == pytest.approx(0, abs=2)


def test_what_an_unbalanced_supply_does_to_the_motor_is_no_fault_of_its_own(learned: tuple[bool, dict[str, Any]]) -> None:
    assert [one.code for one in judged(learned, unbalanced_supply).findings] == ["voltage_unbalance"]


def test_two_faults_that_do_not_explain_each_other_are_both_named(learned: tuple[bool, dict[str, Any]]) -> None:
    def both(values: Values) -> None:
        blocked_cooling(values)
        spalled(values)

    assert {one.code for one in judged(learned, both).findings} == {"cooling_blocked", "bearing_damage"}


def test_a_fault_that_came_during_the_window_is_dated() -> None:
    model = diagnosis.train(motor(7), NoParameters())
    window = motor(1, seed=2)
    values = {name: np.array(column, np.float64) for name, column in window.values.items()}
    late = {name: np.array(column, np.float64) for name, column in values.items()}
    misaligned(late)
    came = 12 * 60
    mixed = {name: np.concatenate([values[name][:came], late[name][came:]]) for name in values}
    found = diagnosis.evaluate(replace(window, values=mixed), NoParameters(), model).findings[0]
    assert found.code == "misalignment"
    assert (found.since_us - MIDNIGHT_US) / 3.6e9 == pytest.approx(12, abs=0.5)


def test_the_fault_is_seen_without_the_sensors_of_the_other_faults(learned: tuple[bool, dict[str, Any]]) -> None:
    gone = ("voltage", "current_", "thd", "winding", "cooling", "bearing", "insulation")
    assert [one.code for one in judged(learned, misaligned, gone).findings] == ["misalignment"]


def test_readings_every_ten_seconds_give_the_same() -> None:
    model = diagnosis.train(motor(7, step_seconds=30), NoParameters())
    window = motor(1, seed=2, step_seconds=10)
    values = {name: np.array(column, np.float64) for name, column in window.values.items()}
    assert not diagnosis.evaluate(window, NoParameters(), model).findings
    spalled(values)
    found = diagnosis.evaluate(replace(window, values=values), NoParameters(), model).findings
    assert [one.code for one in found] == ["bearing_damage"]


def test_a_motor_at_rest_is_not_judged(learned: tuple[bool, dict[str, Any]]) -> None:
    def stop(values: Values) -> None:
        values["state"] = np.zeros_like(values["state"])

    with pytest.raises(NotEvaluated) as declined:
        judged(learned, stop)
    assert declined.value.why is Why.NOT_RUNNING


def test_without_a_rated_speed_nothing_is_judged(learned: tuple[bool, dict[str, Any]]) -> None:
    with pytest.raises(NotEvaluated) as declined:
        judged(learned, None, ("rated_speed",))
    assert declined.value.why is Why.NO_NAMEPLATE


def test_a_history_that_is_too_short_makes_no_model() -> None:
    with pytest.raises(NotEvaluated) as declined:
        diagnosis.train(motor(0.2), NoParameters())
    assert declined.value.why is Why.NOT_TRAINED


def test_holes_in_the_readings_do_no_harm(learned: tuple[bool, dict[str, Any]]) -> None:
    def holes(values: Values) -> None:
        for number, column in enumerate(values.values()):
            column[100 + 7 * number : 160 + 7 * number] = np.nan

    assert not judged(learned, holes).findings


def test_confidence_grows_from_the_threshold_on_and_never_reaches_certainty() -> None:
    assert confidence([1.0, 5.0]) == pytest.approx(0.6)
    assert confidence([1.0]) < confidence([2.0]) < confidence([100.0]) <= 0.95


def figures(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def test_efficiency_over_a_week_of_a_motor_on_the_mains() -> None:
    found = figures(motor_efficiency.evaluate(motor(7), NoParameters()))
    load = found["load"]
    # 167 kW at full load are 160 / 0.958: the load is the mean of the torque's course.
    assert load.value == pytest.approx(65, abs=0.5)
    assert load.uncertainty is not None
    assert 1 < load.uncertainty < 5
    assert found["ie_class"].value == 3  # 95.8 % at 160 kW is the limit of IE3
    assert found["gb_grade"].value == 3
    assert found["efficiency"].value == pytest.approx(95.8, abs=0.5)
    assert found["efficiency"].validity == "valid"
    assert figures(motor_efficiency.evaluate(motor(7, drive=True), NoParameters()))["efficiency"].validity == "doubtful"


def test_a_motor_that_is_never_loaded_above_a_third_is_too_large() -> None:
    window = motor(7)
    small = replace(window, values={**window.values, "motor_power": window["motor_power"] * 0.35})
    assert [one.code for one in motor_efficiency.evaluate(small, NoParameters()).findings] == ["oversized"]
    assert not motor_efficiency.evaluate(window, NoParameters()).findings


def test_without_power_the_load_comes_from_slip_or_current_if_the_rated_voltage_is_known() -> None:
    window = motor(7)
    without = replace(window, values={name: of for name, of in window.values.items() if name != "motor_power"})
    with pytest.raises(NotEvaluated) as declined:
        motor_efficiency.evaluate(without, NoParameters())
    assert declined.value.why is Why.MISSING_INPUT
    found = figures(motor_efficiency.evaluate(replace(without, rated={"rated_voltage": 400.0}), NoParameters()))
    assert found["load"].value == pytest.approx(65, abs=10)


def test_supply_of_a_motor_on_the_mains_and_behind_a_drive() -> None:
    window = motor(1)
    lines = {"voltage_ab": 400.0, "voltage_bc": 395.0, "voltage_ca": 388.0}
    uneven = {name: np.full(DAY, volt) for name, volt in lines.items()}
    found = figures(motor_supply.evaluate(replace(window, values={**window.values, **uneven}), NoParameters()))
    assert found["voltage_unbalance"].value == pytest.approx(1.606, abs=5e-4)
    assert found["derating"].value == pytest.approx(96.58, abs=0.01)  # between 0.97 at 1.5 and 0.95 at 2 %
    assert found["extra_rise"].value == pytest.approx(2 * 1.606**2, abs=0.01)
    assert figures(motor_supply.evaluate(motor(1, drive=True), NoParameters()))["derating"].value is None


def test_the_zone_is_that_of_the_highest_hour_and_point() -> None:
    window = motor(1)
    shaking = np.array(window["vibration_velocity_drive_v"])
    shaking[300:420] = 3.0
    values = {**window.values, "vibration_velocity_drive_v": shaking}
    found = figures(motor_vibration_zone.evaluate(replace(window, values=values), motor_vibration_zone.Parameters()))
    assert (found["vibration_severity"].value, found["vibration_zone"].value) == (3.0, 3.0)
    assert found["vibration_reserve"].value == pytest.approx(100 * (1 - 3 / 2.8))
    small = replace(window, rated={"rated_power": 11.0})
    with pytest.raises(NotEvaluated) as declined:
        motor_vibration_zone.evaluate(small, motor_vibration_zone.Parameters())
    assert declined.value.why is Why.OUTSIDE_VALIDITY


def test_heat_of_a_motor_and_insulation_only_at_rest() -> None:
    window = motor(1)
    hot = {f"winding_temperature_{i}": np.full(DAY, 145.0) for i in range(1, 7)}
    running = figures(motor_thermal.evaluate(replace(window, values={**window.values, **hot}), motor_thermal.Parameters()))
    assert running["winding_reserve"].value == pytest.approx(10)  # class F: 155 °C
    assert running["ageing"].value == pytest.approx(0.5)
    assert running["insulation_at_40"].value is None
    cold = {
        "state": np.zeros(DAY),
        "insulation_resistance": np.full(DAY, 200.0),
        **{f"winding_temperature_{i}": np.full(DAY, 30.0) for i in range(1, 7)},
    }
    at_rest = figures(motor_thermal.evaluate(replace(window, values={**window.values, **cold}), motor_thermal.Parameters()))
    assert at_rest["insulation_at_40"].value == pytest.approx(100)
    with pytest.raises(NotEvaluated):
        motor_thermal.evaluate(replace(window, values={"state": np.zeros(DAY)}), motor_thermal.Parameters())


@pytest.mark.parametrize("module", [diagnosis, motor_efficiency, motor_supply, motor_thermal, motor_vibration_zone])
def test_specs_name_signals_of_the_kind_with_their_units(module: Any) -> None:
    kind = load_kind("motor")
    for signal, unit, _ in module.SPEC.inputs:
        assert (kind.families.get(signal) or kind.signals[signal]).unit == unit
    assert {fault.part for fault in module.SPEC.faults} <= {"", *kind.parts}
