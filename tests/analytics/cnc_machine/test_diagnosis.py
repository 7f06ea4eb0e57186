"""Diagnosis on a plain machine of this folder's own: known healthy days, then one known change each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analytics.cnc_machine.diagnosis import SPEC, Parameters, evaluate, train
from analytics.result import NotEvaluated, Result
from tests.analytics.cnc_machine.plain_machine import DAY_ROWS, STEP_SECONDS, Signals, is_cutting, machine, window

DAYS, FAULT_DAYS = 10.0, 1.5
DAY_US = 86_400_000_000
Change = Callable[[Signals, slice], None]


@pytest.fixture(scope="module")
def healthy() -> Signals:
    return machine(DAYS)


@pytest.fixture(scope="module")
def model(healthy: Signals) -> Mapping[str, Any]:
    learned = train(window(healthy, first_days=7.0), Parameters())
    plain: Mapping[str, Any] = json.loads(json.dumps(learned, allow_nan=False))
    return plain


def changed(healthy: Signals, change: Change, *, days: float = FAULT_DAYS) -> Signals:
    signals = {name: column.copy() for name, column in healthy.items()}
    n = len(signals["execution"])
    change(signals, slice(n - round(days * DAY_ROWS), n))
    return signals


def diagnose(signals: Signals, model: Mapping[str, Any]) -> Result:
    return evaluate(window(signals, last_days=2.0), Parameters(), model)


def found(result: Result) -> list[str]:
    return [one.code + (f":{one.part}" if one.part else "") for one in sorted(result.findings, key=lambda one: -one.confidence)]


def worn(signals: Signals, rows: slice) -> None:
    signals["spindle_power"][rows] *= 1 + 1.17 * 0.25  # Kienzle with 0.25 mm more of flank wear


def broken(signals: Signals, rows: slice) -> None:
    signals["spindle_power"][rows] *= np.where(signals["tool_number"][rows] == 9, 0.5, 1.0)


def singing(signals: Signals, rows: slice) -> None:
    signals["vibration_velocity_spindle"][rows] += 2.0 * is_cutting(signals)[rows]


def rubbing(signals: Signals, rows: slice) -> None:
    rpm = signals["spindle_speed"][rows]
    signals["vibration_velocity_spindle"][rows] += 2.5 * rpm / 5000
    signals["spindle_temperature"][rows] += 6.0
    signals["spindle_power"][rows] += 1e-4 * rpm


def dry_axis(signals: Signals, rows: slice) -> None:
    signals["axis_load_y"][rows] += 15.0 * (signals["execution"][rows] == 0)
    signals["axis_temperature_y"][rows] += 8.0


def leaking(signals: Signals, rows: slice) -> None:
    hours = np.arange(rows.stop - rows.start) * STEP_SECONDS / 3600
    signals["coolant_level"][rows] = np.maximum(signals["coolant_level"][rows.start] - 10 * hours, 3.0)


def stopped(signals: Signals, rows: slice) -> None:
    signals["execution"][rows], signals["spindle_speed"][rows], signals["machine_power"][rows] = 1.0, 0.0, 2.0
    for counter in ("operating_time", "part_count_total", "part_count_bad"):
        signals[counter][rows] = signals[counter][rows.start]


def off(signals: Signals, rows: slice) -> None:
    stopped(signals, rows)
    signals["execution"][rows], signals["availability"][rows], signals["machine_power"][rows] = 2.0, 0.0, 0.0


def turned_down(signals: Signals, rows: slice) -> None:
    signals["feed_override"][rows] = 80.0
    signals["spindle_power"][rows] *= 0.8**0.75  # by Kienzle a thinner chip takes less: neither wear nor breakage


def flooded(signals: Signals, rows: slice) -> None:
    signals["controller_condition"][rows] = 1.0 + np.arange(rows.stop - rows.start) % 2


def begun_anew(signals: Signals, rows: slice) -> None:
    for counter in ("part_count_total", "part_count_bad"):
        signals[counter][rows] -= signals[counter][rows.start]


def grown(signals: Signals, rows: slice) -> None:
    signals["probe_result"][rows] += 0.002 * (signals["spindle_temperature"][rows] - 28)


def bad_run(signals: Signals, rows: slice) -> None:
    total = signals["part_count_total"][rows]
    signals["part_count_bad"][rows] += np.floor(0.4 * (total - total[0]))


CHANGES: Mapping[str, Change] = {
    "tool_wear": worn,
    "tool_break": broken,
    "chatter": singing,
    "spindle_bearing": rubbing,
    "axis_overload:y": dry_axis,
    "coolant_low": leaking,
    "program_stop": stopped,
    "offline": off,
    "feed_override_80": turned_down,
    "alarm_flood": flooded,
    "counter_reset": begun_anew,
    "thermal_drift": grown,
    "bad_parts_run": bad_run,
}


def test_a_healthy_machine_has_nothing(healthy: Signals, model: Mapping[str, Any]) -> None:
    result = diagnose(healthy, model)
    assert found(result) == []
    values = {figure.name: figure.value for figure in result.figures}
    assert values["cut_power_ratio"] == pytest.approx(100, abs=6)
    assert values["thermal_growth"] == pytest.approx(0.3, abs=0.2)  # as the plain machine was made


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named(name: str, healthy: Signals, model: Mapping[str, Any]) -> None:
    result = diagnose(changed(healthy, CHANGES[name]), model)
    assert found(result) == [name]
    assert result.findings[0].evidence[0]["rows"]
    assert len(result.findings[0].evidence) == 2


def test_long_loading_is_seen_in_the_gaps_between_parts(healthy: Signals, model: Mapping[str, Any]) -> None:
    # Four more rows of 20 s before each part: the gap grows from 40 s to 120 s.
    rows = np.arange(len(healthy["execution"]))
    slow = np.repeat(rows, np.where((rows % 15 == 0) & (rows > 8.5 * DAY_ROWS), 5, 1))
    signals = {name: column[slow] for name, column in healthy.items()}
    for counter, step in (("operating_time", STEP_SECONDS), ("energy_total", 0.0)):
        signals[counter] = healthy[counter][0] + np.cumsum(step * (signals["execution"] == 0))
    assert found(diagnose(signals, model)) == ["long_load"]


def test_the_broken_tool_is_told_by_its_number(healthy: Signals, model: Mapping[str, Any]) -> None:
    numbers = diagnose(changed(healthy, broken), model).findings[0].evidence[0]["rows"]
    assert numbers[0][:2] == ["tool_number", 9.0]


def test_the_wear_that_was_added_is_told(healthy: Signals, model: Mapping[str, Any]) -> None:
    result = diagnose(changed(healthy, worn), model)
    numbers = {row[0]: row[1] for row in result.findings[0].evidence[0]["rows"]}
    assert numbers["flank_wear_added"] == pytest.approx(0.25, abs=0.05)


def test_bad_parts_of_worn_tools_are_no_second_fault(healthy: Signals, model: Mapping[str, Any]) -> None:
    def worn_and_bad(signals: Signals, rows: slice) -> None:
        worn(signals, rows)
        bad_run(signals, rows)

    assert found(diagnose(changed(healthy, worn_and_bad), model)) == ["tool_wear"]


def test_an_emergency_stop_is_no_program_stop(healthy: Signals, model: Mapping[str, Any]) -> None:
    def emergency(signals: Signals, rows: slice) -> None:
        stopped(signals, rows)
        signals["emergency_stop"][rows] = 1.0

    assert found(diagnose(changed(healthy, emergency), model)) == []


def test_a_machine_that_stood_all_day_is_not_judged(healthy: Signals, model: Mapping[str, Any]) -> None:
    def idle(signals: Signals, rows: slice) -> None:
        stopped(signals, rows)
        signals["execution"][rows] = 2.0

    with pytest.raises(NotEvaluated, match="not_running"):
        diagnose(changed(healthy, idle, days=2.0), model)


def test_a_machine_without_cuts_still_tells_of_its_use(healthy: Signals) -> None:
    kept = ("execution", "machine_power", "part_count_total", "operating_time", "controller_condition")
    poor = {name: healthy[name] for name in kept}
    model = json.loads(json.dumps(train(window(poor, first_days=7.0), Parameters()), allow_nan=False))
    assert model["process"] is None
    result = diagnose(changed(poor, flooded), model)
    assert found(result) == ["alarm_flood"]
    assert all(figure.value is None for figure in result.figures)


@pytest.mark.parametrize("gone", ["vibration_velocity_spindle", "probe_result", "axis_load_y", "part_count_bad", "coolant_level"])
def test_a_signal_that_is_gone_is_no_fault(gone: str, healthy: Signals, model: Mapping[str, Any]) -> None:
    signals = changed(healthy, lambda of, rows: of[gone].__setitem__(rows, np.nan), days=2.0)
    assert found(diagnose(signals, model)) == []


def test_gaps_in_all_signals_are_survived(healthy: Signals, model: Mapping[str, Any]) -> None:
    dice = np.random.default_rng(3)
    signals = {name: np.where(dice.random(len(column)) < 0.1, np.nan, column) for name, column in healthy.items()}
    assert found(diagnose(signals, model)) == []


@pytest.mark.parametrize("name", ["tool_wear", "tool_break", "chatter", "thermal_drift"])
def test_a_finer_grid_says_the_same(name: str, healthy: Signals) -> None:
    signals = changed(healthy, CHANGES[name])
    finer = window({of: np.repeat(column, 2) for of, column in signals.items()})
    finer = replace(finer, step_seconds=STEP_SECONDS / 2)
    learned = train(finer.between(0, 7 * DAY_US), Parameters())
    assert found(evaluate(finer.between(8 * DAY_US, 10 * DAY_US), Parameters(), learned)) == [name]


def test_means_over_a_change_of_tools_are_no_broken_tool(healthy: Signals) -> None:
    # Grids of 40 s from readings of 20 s: means of numbers, the highest of counters and tools, no state where it changed.
    highest = ("tool_number", "part_count_total", "part_count_bad", "part_count_job", "operating_time", "energy_total")
    pairs = {name: column.reshape(-1, 2) for name, column in healthy.items()}
    coarse = {name: of.max(axis=1) if name in highest else of.mean(axis=1) for name, of in pairs.items()}
    for state in ("execution", "is_warm_up", "controller_condition"):
        coarse[state] = np.where(np.ptp(pairs[state], axis=1) == 0, pairs[state][:, 0], np.nan)
    whole = replace(window(coarse), step_seconds=2 * STEP_SECONDS)
    learned = train(whole.between(0, 7 * DAY_US), Parameters())
    assert found(evaluate(whole.between(8 * DAY_US, 10 * DAY_US), Parameters(), learned)) == []


def test_operations_of_one_tool_are_told_apart_by_a_thousandth_of_the_feed(healthy: Signals) -> None:
    # 1124.2 and 1123.0 mm/min of one tool in two programs: a light cut must not pass for a broken tool.
    signals = {name: column.copy() for name, column in healthy.items()}
    three = is_cutting(signals) & (signals["tool_number"] == 3)
    light = three & (signals["path_feedrate_commanded"] == 700)
    signals["path_feedrate_commanded"][three] = 1124.2
    signals["path_feedrate_commanded"][light] = 1123.0
    signals["spindle_power"][light] *= 0.4
    learned = train(window(signals, first_days=7.0), Parameters())
    assert found(diagnose(signals, learned)) == []


def test_every_finding_is_one_of_the_spec() -> None:
    assert {fault.code for fault in SPEC.faults} == {name.split(":")[0] for name in CHANGES} | {"long_load"}
