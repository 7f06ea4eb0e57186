"""Each of the eighteen faults is named on a plain plant, with its part; and nothing is while it is healthy, dark or stale."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from analytics.pv_inverter.diagnosis import SPEC, evaluate, train
from analytics.pv_inverter.signs_curve import lacking_voltage
from analytics.pv_inverter.signs_machine import soiling_per_day
from analytics.result import NotEvaluated, Result, Why
from analytics.spec import NoParameters
from analytics.window import Flags, Window
from tests.analytics.pv_inverter.diagnosis_plant import (
    CAME,
    CAME_DAY,
    DAY_US,
    DAYS,
    FAULTS,
    MODULES,
    START_US,
    Change,
    Truth,
    all_of,
    at_common_maximum,
    column,
    dirt,
    plant_window,
    plus,
    read,
    short_of,
    times,
    without,
)

NONE = NoParameters()


@cache
def trained() -> dict[str, Any]:
    healthy = plant_window()
    model: dict[str, Any] = json.loads(json.dumps(train(healthy.between(START_US, START_US + 7 * DAY_US), NONE), allow_nan=False))
    return model


def judged(window: Window, *, until_day: float = DAYS) -> Result:
    end_us = START_US + round(until_day * DAY_US)
    return evaluate(window.between(end_us - 7 * DAY_US, end_us), NONE, trained())


def named(result: Result) -> list[tuple[str, str]]:
    return [(found.code, found.part) for found in result.findings]


@pytest.mark.parametrize(("fault", "change"), FAULTS.items(), ids=lambda one: one[0] if isinstance(one, tuple) else "")
def test_a_fault_is_named_with_its_part(fault: tuple[str, str], change: Change) -> None:
    result = judged(plant_window(change))
    assert named(result) == [fault]
    assert result.findings[0].confidence > 0.6
    assert [piece["form"] for piece in result.findings[0].evidence] == ["table", "series"]
    json.dumps([dict(piece) for piece in result.findings[0].evidence], allow_nan=False)


def test_all_eighteen_are_in_the_spec() -> None:
    assert {fault.code for fault in SPEC.faults} == {code for code, _ in FAULTS}
    assert len(SPEC.faults) == 18


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_nothing_is_named_while_it_is_healthy(seed: int) -> None:
    window = plant_window(days=24, seed=seed)
    for end_day in np.arange(7.5, 24, 0.75):
        assert named(judged(window, until_day=float(end_day))) == []


@pytest.mark.parametrize("fault", [("string_open", "5"), ("pid", "1"), ("snow", ""), ("cooling_blocked", "")])
def test_the_days_verdict_stands_at_night(fault: tuple[str, str]) -> None:
    window = plant_window(FAULTS[fault])
    assert named(judged(window, until_day=12.0)) == named(judged(window, until_day=12.2)) == [fault]


@pytest.mark.parametrize(
    "fault", [("string_open", "5"), ("bypass_short", "12"), ("inverter_efficiency_drop", ""), ("counter_reset", "")]
)
def test_a_fault_is_dated_from_when_it_came(fault: tuple[str, str]) -> None:
    found = judged(plant_window(FAULTS[fault])).findings[0]
    assert abs(found.since_us - (START_US + CAME_DAY * DAY_US)) < 3 * 3.6e9


def test_a_string_that_is_mended_is_no_longer_named() -> None:
    def for_a_day(truth: Truth, on: Flags) -> None:
        truth["share"][4, on & (truth["day"] < CAME_DAY + 1)] = 0.0

    assert named(judged(plant_window(for_a_day))) == []


@pytest.mark.parametrize("step_seconds", [60.0, 10.0])
def test_a_model_of_ten_minutes_serves_finer_readings(step_seconds: float) -> None:
    window = plant_window(FAULTS["hot_spot", "24"], step_seconds=step_seconds, days=12.1)
    assert named(judged(window, until_day=12.1)) == [("hot_spot", "24")]


def test_stale_data_gives_no_verdict() -> None:
    window = plant_window(FAULTS["bypass_short", "12"])
    frozen = round(8.5 * 144)
    for name in window.values:
        column(window, name)[frozen:] = column(window, name)[frozen]
    assert named(judged(window)) == []


def test_a_current_that_stands_still_while_the_others_move_is_no_fault_of_its_string() -> None:
    window = plant_window()
    column(window, "string_current_6")[CAME:] = 3.21
    assert named(judged(window)) == []


@pytest.mark.parametrize("event", [1 << 0, 1 << 7])
def test_a_stop_by_an_earth_fault_or_by_heat_is_no_trip(event: int) -> None:
    stopped = all_of(read("state", 7.0), read("alarm_1", float(event)))
    assert named(judged(plant_window(stopped))) == []


def test_an_irradiance_sensor_that_reads_too_much_is_no_worn_module() -> None:
    window = plant_window()
    column(window, "poa_irradiance")[CAME:] *= 1.06
    assert named(judged(window)) == []


def test_a_thermometer_that_reads_too_little_is_neither_blocked_cooling_nor_a_loose_terminal() -> None:
    window = plant_window()
    column(window, "ambient_temperature")[CAME:] -= 8.0
    assert named(judged(window)) == []


def test_dirt_at_the_usual_pace_and_rain_are_no_fault() -> None:
    assert named(judged(plant_window(dirt(0.0005)))) == []
    assert named(judged(plant_window(plus("clean", 0.02)))) == []


@pytest.mark.parametrize("rate", [0.002, 0.01])
def test_the_pace_of_dirt_is_read_between_two_rains(rate: float) -> None:
    hours = np.arange(24.0)
    ratio = np.where(hours < 9, 0.95, 0.998 + rate * 9 / 24) - rate * hours / 24
    assert soiling_per_day(ratio) == pytest.approx(rate, rel=1e-9)  # by construction
    assert soiling_per_day(ratio[:5]) is None
    assert soiling_per_day(np.full(24, np.nan)) is None


def test_without_the_number_of_modules_no_modules_are_counted() -> None:
    assert named(judged(plant_window(FAULTS["bypass_short", "12"], modules=None))) == []
    assert named(judged(plant_window(FAULTS["pid", "1"], modules=None))) == [("pid", "1")]
    assert named(judged(plant_window(FAULTS["string_shading", "9"], modules=None))) == [("string_shading", "9")]


@pytest.mark.parametrize(("lost", "drop_v", "true"), [(1.0, 0.0, 1.0), (1.0, 1.5, 1.05), (1 / 3, 0.5, 0.35), (0.0, 0.0, 0.0)])
@pytest.mark.parametrize("place", ["common maximum", "half way", "the sound string's"])
def test_the_modules_that_a_string_lacks_are_counted_wherever_its_tracker_works(
    lost: float, drop_v: float, true: float, place: str
) -> None:
    """Two parallel strings solved by exhaustion: a shorted module, one that diodes bypass, a third of one, none."""
    weak, _, voltage = at_common_maximum(lost, drop_v, place=place)
    share = lacking_voltage(
        np.array([weak - 1]), np.array([voltage - 1]), module_c=np.array([25.0]), light_share=np.array([0.95])
    )
    assert MODULES * share[0] == pytest.approx(true, abs=0.04)  # the common constants are not those of this module


def test_a_cell_that_limits_the_current_of_its_string_is_a_crack() -> None:
    assert named(judged(plant_window(times("share", 0.9, 13)))) == [("module_crack", "14")]


def test_a_single_shorted_diode_is_no_hot_spot() -> None:
    assert named(judged(plant_window(short_of(8, 1 / 3)))) == [("bypass_short", "8")]


def test_where_most_strings_stray_there_are_no_peers_to_hold_them_against() -> None:
    change = all_of(*(short_of(string, 0.8) for string in range(1, 24, 4)))
    assert named(judged(plant_window(change))) == []


def test_an_input_that_never_had_a_string_is_not_open() -> None:
    window = plant_window()
    column(window, "string_current_10")[:] = 0.0
    model = train(window.between(START_US, START_US + 7 * DAY_US), NONE)
    assert named(evaluate(window.between(START_US + 6 * DAY_US, window.end_us), NONE, model)) == []


def test_currents_of_the_combiner_box_stand_in_for_those_of_the_inverter() -> None:
    window = plant_window(FAULTS["string_open", "5"])
    moved = {name.replace("string_current", "combiner_current"): column for name, column in window.values.items()}
    other = Window(kind=window.kind, start_us=window.start_us, step_seconds=window.step_seconds, values=moved)
    assert named(judged(other)) == [("string_open", "5")]


def test_an_order_is_read_off_the_reason_for_derating_where_it_is_not_sent() -> None:
    window = without(plant_window(all_of(read("derate_mode", 7.0), read("state", 5.0))), "power_setpoint")
    assert named(judged(window)) == [("curtailment", "")]


def test_a_day_counter_zeroed_once_by_hand_is_no_clock() -> None:
    window = plant_window()
    energy = column(window, "energy_day")
    noon = round(9.5 * 144)
    energy[noon : noon + 72] -= energy[noon]
    assert named(judged(window)) == []


def test_without_voltages_only_what_currents_tell_is_named() -> None:
    assert named(judged(without(plant_window(FAULTS["bypass_short", "12"]), "mppt"))) == []
    assert named(judged(without(plant_window(FAULTS["string_open", "5"]), "mppt"))) == [("string_open", "5")]


def test_signals_that_are_missing_now_are_not_judged() -> None:
    window = plant_window(FAULTS["cooling_blocked", ""])
    bare = without(window, "heatsink", "poa", "soiling", "insulation", "energy", "power_setpoint", "alarm_1")
    result = judged(bare)
    assert result.findings == []
    reasons = {figure.name: figure.reason for figure in result.figures if figure.value is None}
    assert {"current_at_light", "heat_sink_at_loss", "combiner_at_power", "soiling_a_day"} <= set(reasons)
    assert all(reasons.values())


def test_a_window_without_light_gives_no_numbers() -> None:
    window = plant_window()
    result = judged(without(window, "string", "mppt", "dc_", "active", "poa"))
    assert result.findings == []
    assert all(figure.value is None for figure in result.figures if figure.name != "soiling_a_day")


def test_nothing_is_learned_from_nights() -> None:
    window = without(plant_window(days=7), "string")
    with pytest.raises(NotEvaluated) as refused:
        train(window, NONE)
    assert refused.value.why is Why.NOT_TRAINED


@pytest.mark.parametrize("nonsense", [-1e6, 0.0, 1e9])
def test_readings_that_cannot_be_do_no_harm(nonsense: float) -> None:
    window = plant_window()
    for name in ("poa_irradiance", "dc_power", "active_power", "module_temperature", "soiling_ratio", "mppt_voltage_2"):
        column(window, name)[(10 * 144) : round(10.4 * 144)] = nonsense
    result = judged(window)
    json.dumps([figure.value for figure in result.figures], allow_nan=False)


def test_the_strings_are_shown_by_day() -> None:
    heat_map = judged(plant_window(FAULTS["string_open", "5"])).pictures[0]
    assert heat_map["form"] == "heat_map"
    assert len(heat_map["rows"]) == 24
    assert len(heat_map["columns"]) == 7
    assert heat_map["values"][4][-1] == pytest.approx(-100, abs=1)
    assert heat_map["values"][5][-1] == pytest.approx(0, abs=0.5)


def test_figures_say_how_far_the_plant_is_from_healthy() -> None:
    figures = {figure.name: figure for figure in judged(plant_window(FAULTS["inverter_efficiency_drop", ""])).figures}
    # Thrice the loss of 0.9 % and more of the power, some 1.3 % at half of it (by the plant's formula).
    assert figures["efficiency_at_power"].value == pytest.approx(-2.5, abs=0.5)
    assert figures["efficiency_at_power"].uncertainty == pytest.approx(0.1, abs=0.1)
    assert figures["current_at_light"].value == pytest.approx(0, abs=0.3)
    assert set(figures) == {output.name for output in SPEC.outputs}
