"""Names of faults, from a machine made of formulas: each fault changes what its physics changes, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from analytics.air_compressor import diagnosis, unloading
from analytics.result import NotEvaluated, Result
from analytics.spec import NoParameters
from analytics.window import FloatArray
from tests.analytics.air_compressor.conftest import Make

Values = dict[str, FloatArray]
Change = Callable[[Values], object]


@pytest.fixture(scope="module")
def learned(make: Make) -> Mapping[str, Any]:
    return diagnosis.train(make(7), NoParameters())


@pytest.fixture(scope="module")
def blow_down(make: Make) -> Mapping[str, Any]:
    return unloading.train(make(7), NoParameters())


def scaled(**factors: float) -> Change:
    """Multiply signals."""
    return lambda values: values.update({name: values[name] * factor for name, factor in factors.items()})


def shifted(**steps: float) -> Change:
    """Add to signals."""
    return lambda values: values.update({name: values[name] + step for name, step in steps.items()})


def both(*changes: Change) -> Change:
    return lambda values: [change(values) for change in changes]


def codes(result: Result) -> list[str]:
    return [found.code for found in result.findings]


FAULTS: dict[str, Change] = {
    "inlet_filter_clogged": scaled(inlet_filter_pressure_drop=2.8, free_air_delivery=0.96),
    "separator_clogged": scaled(separator_pressure_drop=2.2),
    "oil_cooler_fouling": both(scaled(fan_speed=1.4), shifted(aftercooler_temperature=1.5)),
    "oil_low": both(shifted(oil_level=-30.0), scaled(fan_speed=1.3)),
    "air_end_wear": scaled(vibration_envelope_2=3.0, free_air_delivery=0.94, motor_power=1.02),
    "dryer_fault": both(shifted(pressure_dew_point=7.0), scaled(dryer_power=0.7)),
    "coupling_slip": scaled(airend_speed=0.96, vibration_velocity_1=1.4),
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_named(code: str, make: Make, learned: Mapping[str, Any]) -> None:
    result = diagnosis.evaluate(make(1, start_days=7, seed=2, change=FAULTS[code]), NoParameters(), learned)
    assert codes(result) == [code]
    found = result.findings[0]
    assert 0.6 < found.confidence <= 1
    assert [piece["form"] for piece in found.evidence] == ["table", "series"]


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_day_has_no_findings_and_small_changes(seed: int, make: Make, learned: Mapping[str, Any]) -> None:
    result = diagnosis.evaluate(make(1, start_days=7 + seed, seed=10 + seed), NoParameters(), learned)
    assert codes(result) == []
    by_name = {figure.name: figure.value for figure in result.figures}
    assert set(by_name) == {output.name for output in diagnosis.SPEC.outputs}
    assert by_name["delivery_change"] == pytest.approx(0, abs=0.3)
    assert by_name["specific_power_change"] == pytest.approx(0, abs=0.5)


def test_the_size_of_a_change_is_told(make: Make, learned: Mapping[str, Any]) -> None:
    window = make(1, start_days=7, change=scaled(inlet_filter_pressure_drop=1.3, free_air_delivery=0.99))
    by_name = {figure.name: figure.value for figure in diagnosis.evaluate(window, NoParameters(), learned).figures}
    assert by_name["delivery_change"] == pytest.approx(-1, abs=0.1)
    assert by_name["filter_drop_change"] == pytest.approx(100 * (1.3 / 0.99**2 - 1), abs=1)


def test_a_finding_knows_when_it_began_and_what_it_costs(make: Make, learned: Mapping[str, Any]) -> None:
    def at_noon(values: Values) -> None:
        late = np.arange(len(values["state"])) >= len(values["state"]) // 2
        for name, factor in (("vibration_envelope_2", 3.0), ("free_air_delivery", 0.9), ("motor_power", 1.02)):
            values[name] = np.where(late, values[name] * factor, values[name])

    window = make(1, start_days=7, change=at_noon)
    (found,) = diagnosis.evaluate(window, NoParameters(), learned).findings
    assert found.since_us == pytest.approx(window.start_us + 12 * 3600e6, abs=1.5 * 3600e6)
    mean_kw = float(window["active_power"].mean())
    # 1 - 0.9/1.02 of the energy; six hours at work reach back to a little before noon
    assert found.effect["energy"][0] == pytest.approx(mean_kw * 8760 * (1 - 0.9 / 1.02), rel=0.1)
    assert found.effect["money"][0] == pytest.approx(0.7 * found.effect["energy"][0])


def test_a_machine_that_sends_little_is_judged_by_what_it_sends(make: Make) -> None:
    def few(values: Values) -> None:
        for name in set(values) - {*(one.signal for one in diagnosis.SPEC.inputs if one.required), "oil_level"}:
            del values[name]

    model = diagnosis.train(make(7, change=few), NoParameters())
    result = diagnosis.evaluate(make(1, change=both(few, shifted(oil_level=-20.0))), NoParameters(), model)
    assert codes(result) == ["oil_low"]
    assert any(figure.value is None and "missing_input" in figure.reason for figure in result.figures)


def test_a_machine_at_rest_is_not_judged(make: Make, learned: Mapping[str, Any]) -> None:
    def rest(values: Values) -> None:
        values["state"] = np.zeros(len(values["state"]))

    with pytest.raises(NotEvaluated, match="not_running"):
        diagnosis.evaluate(make(1, change=rest), NoParameters(), learned)
    with pytest.raises(NotEvaluated, match="not_trained"):
        diagnosis.train(make(7, change=rest), NoParameters())


def test_signals_without_any_value_break_nothing(make: Make, learned: Mapping[str, Any]) -> None:
    def unknown(values: Values) -> None:
        for name in set(values) - {"state"}:
            values[name] = np.full(len(values[name]), np.nan)

    with pytest.raises(NotEvaluated):
        diagnosis.evaluate(make(1, change=unknown), NoParameters(), learned)


def _blown(floor: float, constant: float) -> Change:
    def change(values: Values) -> None:
        age = 600 - values["run_on_time_left"]
        idle = values["state"] == 2
        pressure = floor + (0.72 - floor) * np.exp(-age / constant)
        values["sump_pressure"] = np.where(idle, pressure, values["sump_pressure"])

    return change


def test_the_healthy_blow_down_is_learned(blow_down: Mapping[str, Any]) -> None:
    floor, start, constant, offset, error = blow_down["curve"]
    assert (floor, start, constant) == (
        pytest.approx(0.12, abs=0.002),
        pytest.approx(0.72, abs=0.002),
        pytest.approx(20, rel=0.05),
    )
    assert offset == pytest.approx(0, abs=1)
    assert error == pytest.approx(0.002, abs=0.002)


@pytest.mark.parametrize(
    ("floor", "constant", "named"),
    [
        (0.24, 20, ["inlet_valve_leak"]),
        (0.18, 20, ["inlet_valve_leak"]),
        (0.12, 50, ["minimum_pressure_valve_fault"]),
        (0.12, 35, ["minimum_pressure_valve_fault"]),
        (0.125, 21, []),
    ],
)
def test_valves_are_named_by_how_the_sump_blows_down(
    floor: float, constant: float, named: list[str], make: Make, blow_down: Mapping[str, Any]
) -> None:
    result = unloading.evaluate(make(1, start_days=7, change=_blown(floor, constant)), NoParameters(), blow_down)
    assert codes(result) == named


def test_half_an_hour_of_idling_will_do(make: Make, blow_down: Mapping[str, Any]) -> None:
    window = make(0.02, step_seconds=60, change=_blown(0.2, 20))
    assert codes(unloading.evaluate(window, NoParameters(), blow_down)) == ["inlet_valve_leak"]


def test_without_idling_the_valves_are_not_judged(make: Make, blow_down: Mapping[str, Any]) -> None:
    window = make(1, demand=lambda hours: np.full(len(hours), 30.0))
    with pytest.raises(NotEvaluated, match="not_running"):
        unloading.evaluate(window, NoParameters(), blow_down)
    with pytest.raises(NotEvaluated, match="not_running"):
        unloading.train(window, NoParameters())


def test_without_a_run_on_timer_the_steps_since_unloading_are_counted(make: Make) -> None:
    def untold(values: Values) -> None:
        del values["run_on_time_left"]

    fine = {"step_seconds": 10.0}
    model = unloading.train(make(2, change=untold, **fine), NoParameters())
    assert model["run_on_seconds"] is None
    leaking = make(1, start_days=2, change=both(_blown(0.24, 20), untold), **fine)
    assert codes(unloading.evaluate(leaking, NoParameters(), model)) == ["inlet_valve_leak"]
    healthy = make(1, start_days=2, seed=5, change=untold, **fine)
    assert codes(unloading.evaluate(healthy, NoParameters(), model)) == []
