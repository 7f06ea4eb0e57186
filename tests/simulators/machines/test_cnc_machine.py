"""Machining centres: what a workshop would expect of its machines, what faults look like, and what a SINUMERIK can say."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from device_profiles.kind import load_kind
from device_profiles.profile import OpcUaProfile, load_profile
from device_profiles.value import ValueCodec
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.cnc_machine import CncMachine
from simulators.physics.machining_job import SPINDLE_KW
from simulators.physics.machining_plan import ACTIVE, INTERRUPTED, RAPID_MM_PER_MIN, RESET

MONDAY = datetime(2026, 6, 22, 9, tzinfo=JINAN)
Columns = dict[str, Any]
Lives = dict[str, Columns]
"""Four machines' lives with each fault, and with none under ``""``."""
SEEDS = range(4)
PARTS = {"axis": "y"}


def life_of(machine: CncMachine, *, hours: float) -> Columns:
    """Let machines live, and give each signal's readings, a row a minute."""
    rows = []
    for _ in range(round(hours * 60)):
        machine.step(60)
        rows.append(machine.values())
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def workshop() -> Columns:
    """A day of six machines, from Monday morning."""
    return life_of(CncMachine(seeds=range(6), start=MONDAY), hours=24)


@pytest.fixture(scope="module")
def lives() -> Lives:
    """Half a day of the same four machines, side by side with each fault and without."""
    faults = ["", *CncMachine.FAULTS]
    machine = CncMachine(seeds=[seed for _ in faults for seed in SEEDS], start=MONDAY)
    machine.step(1)
    places = {
        fault: slice(first, first + len(SEEDS)) for fault, first in zip(faults, range(0, machine.n, len(SEEDS)), strict=True)
    }
    for fault in faults[1:]:
        for index in range(machine.n)[places[fault]]:
            part = PARTS.get(machine.FAULTS[fault].part, "")
            machine.faults.order(fault, Growth(), at=machine.now, machine=index, part=part)
    seen = life_of(machine, hours=12)
    return {fault: {name: of[:, place] for name, of in seen.items()} for fault, place in places.items()}


def now(machine: CncMachine, name: str) -> float:
    return float(machine.true_values()[name][0])


# --- what a workshop would expect -------------------------------------------------------------------------------------


def test_torque_is_power_over_angular_speed_in_a_cut(workshop: Columns) -> None:
    """M = 9549 · P / n, to the noise of both sensors."""
    cut = in_cut(workshop) & (workshop["spindle_power"] > 1) & (workshop["spindle_speed_commanded"] > 0)
    expected = 9549 * workshop["spindle_power"][cut] / workshop["spindle_speed"][cut]
    assert np.median(workshop["spindle_torque"][cut] / expected) == pytest.approx(1, abs=0.02)


def test_a_rapid_move_takes_its_way_at_24_metres_a_minute() -> None:
    machine = CncMachine(seeds=range(12), start=MONDAY)
    machine.step(180)
    before = machine.true_values()
    moves = 0
    for _ in range(400):
        machine.step(0.1)
        after = machine.true_values()
        is_rapid = np.all([np.asarray(row["path_feedrate"]) == RAPID_MM_PER_MIN for row in (before, after)], axis=0)
        way = np.linalg.norm(
            [np.asarray(after[n]) - np.asarray(before[n]) for n in after if n.startswith("axis_position")], axis=0
        )
        moves += np.sum(is_rapid & (np.abs(way / (RAPID_MM_PER_MIN / 60 * 0.1) - 1) < 1e-6))
        before = after
    assert moves > 50


def test_a_machine_executes_half_to_five_sixths_of_its_time(workshop: Columns) -> None:
    share = np.mean(workshop["execution"] == ACTIVE, axis=0)
    assert np.all((share > 0.5) & (share < 0.85))
    assert set(np.unique(workshop["execution"])) == {ACTIVE, INTERRUPTED, RESET}
    assert set(np.unique(workshop["operation_mode"])) >= {0.0, 1.0, 2.0}
    assert len(np.unique(workshop["program"])) > 6


def test_parts_are_counted_one_by_one_and_are_good_or_bad(workshop: Columns) -> None:
    made = np.diff(workshop["part_count_total"], axis=0)
    assert set(np.unique(made)) == {0.0, 1.0}
    assert np.all((made.sum(axis=0) > 150) & (made.sum(axis=0) < 900))
    assert np.array_equal(workshop["part_count_good"] + workshop["part_count_bad"], workshop["part_count_total"])
    assert 0 < np.diff(workshop["part_count_bad"], axis=0).sum() < 0.02 * made.sum()
    assert np.all(workshop["part_count_job"] <= workshop["part_count_target"])


def cycles_of(seen: Columns) -> dict[str, list[float]]:
    """Give each program's whole cycles at overrides of 100 %, whoever ran it."""
    cycles: dict[str, list[float]] = {}
    for at, machine in np.argwhere(np.diff(seen["part_count_total"], axis=0)):
        is_usual = seen["rapid_override"][at, machine] == 100 and seen["feed_override"][at, machine] in (80, 100)
        if is_usual and seen["execution"][at + 1, machine] == RESET:  # the next one runs not yet
            cycles.setdefault(seen["program"][at, machine], []).append(float(seen["cycle_time"][at + 1, machine]))
    return cycles


def test_a_program_repeats_its_cycle_within_two_percent_and_cycles_are_as_long_as_recorded_ones(workshop: Columns) -> None:
    """Four cycles of an Okuma MULTUS in a published MTConnect recording: 16.75, 186.73, 548.93 and 604.96 s."""
    cycles = cycles_of(workshop)
    assert len(cycles) > 6
    for seconds in cycles.values():
        assert 16 < np.median(seconds) < 650
        assert np.ptp(seconds) < 0.02 * np.median(seconds)


def test_counters_never_fall_and_times_contain_each_other(workshop: Columns) -> None:
    for name in ("energy_total", "power_on_time", "operating_time", "cutting_time", "part_count_total"):
        assert np.all(np.diff(workshop[name], axis=0) >= 0), name
    on, works, cuts = (
        np.ptp(workshop[n], axis=0) * k for n, k in (("power_on_time", 3600), ("operating_time", 1), ("cutting_time", 1))
    )
    assert np.all((cuts < works) & (works < on))
    assert on == pytest.approx(24 * 3600 - 60)


def test_energy_is_the_integral_of_the_power() -> None:
    machine = CncMachine(seeds=range(8), start=MONDAY)
    before, summed_kj = np.asarray(machine.true_values()["energy_total"]), np.zeros(machine.n)
    for _ in range(600):
        machine.step(0.25)
        summed_kj += np.asarray(machine.true_values()["machine_power"]) * 0.25
    drawn_kwh = np.asarray(machine.true_values()["energy_total"]) - before
    assert drawn_kwh.sum() == pytest.approx(summed_kj.sum() / 3600, rel=3e-3)


def test_counts_do_not_depend_on_the_step() -> None:
    fine, coarse = (CncMachine(seeds=[7, 8], start=MONDAY) for _ in range(2))
    for _ in range(60):
        for _ in range(12):
            fine.step(5)
        coarse.step(60)
    one, other = fine.true_values(), coarse.true_values()
    for name in ("part_count_total", "energy_total", "cutting_time", "axis_position_x", "execution"):
        assert one[name] == pytest.approx(other[name], rel=1e-9), name
    assert one["block"] == other["block"]


def test_a_healthy_machine_stays_within_its_normal_ranges(workshop: Columns) -> None:
    states = {state.name: state.code for state in load_kind("cnc_machine").signals["execution"].states}
    for name, signal in load_kind("cnc_machine").signals.items():
        if not signal.normal:
            continue
        applies = np.isin(workshop["execution"], [states[s] for s in signal.applies_in or states])
        values = workshop[name][applies]
        is_out = (values < signal.normal[0]) | (values > signal.normal[1])
        assert np.mean(is_out) < 0.01, name
        for alarm in signal.alarms:
            is_beyond = values > alarm.value if alarm.limit.startswith("high") else values < alarm.value
            assert not np.any(is_beyond), f"{name} {alarm.limit}"


def test_a_machine_stays_within_its_drives(workshop: Columns) -> None:
    assert np.max(workshop["spindle_speed"]) < 12_000
    assert np.max(workshop["spindle_power"]) < SPINDLE_KW
    assert 1 < np.min(workshop["machine_power"]) < np.max(workshop["machine_power"]) < 25


def test_a_machine_warms_up_first() -> None:
    machine = CncMachine(seeds=[2], start=MONDAY)
    machine.step(60)
    assert machine.values()["is_warm_up"] == 1
    machine.step(60)
    assert machine.values()["is_warm_up"] == 0


def test_a_worn_tool_is_exchanged_and_named_anew(workshop: Columns) -> None:
    edges = set(np.unique(workshop["tool_asset"][:, 0]))
    tools = {text.partition(".")[0] for text in edges}
    assert len(edges) > len(tools)


# --- faults -----------------------------------------------------------------------------------------------------------


def in_cut(seen: Columns) -> Any:
    return (
        (seen["path_feedrate"] > 0) & (seen["path_feedrate"] < 20_000) & (seen["spindle_power"] > 0.5) & (seen["is_warm_up"] == 0)
    )


def in_rapid(seen: Columns) -> Any:
    return seen["path_feedrate"] > 20_000


def test_wear_raises_the_power_of_the_same_cuts(lives: Lives) -> None:
    worn, fresh = lives["tool_wear"], lives[""]
    cut = in_cut(fresh)
    more = np.mean(worn["spindle_power"][cut]) / np.mean(fresh["spindle_power"][cut])
    assert 1.2 < more < 1.41, "the cut's power and not the friction"
    assert np.array_equal(worn["part_count_total"], fresh["part_count_total"]), "it costs no time"


def test_a_broken_tool_takes_a_third_less_power_at_once_and_its_parts_are_bad() -> None:
    machine = CncMachine(seeds=[1], start=MONDAY)
    while not (now(machine, "path_feedrate") > 0 and now(machine, "spindle_power") > 1.5):
        machine.step(1)
    before = now(machine, "spindle_power")
    machine.faults.order("tool_break", Growth(), at=machine.now)
    machine.step(0.2)
    assert now(machine, "spindle_power") < 0.7 * before
    bad = now(machine, "part_count_bad")
    machine.step(3600)
    assert now(machine, "part_count_bad") > bad + 5


def test_chatter_shows_in_cuts_only_and_stops_with_another_speed(lives: Lives) -> None:
    sung, quiet = lives["chatter"], lives[""]
    cut, usual = in_cut(quiet), quiet["spindle_override"] == 100
    more = sung["vibration_velocity_spindle"] - quiet["vibration_velocity_spindle"]
    assert np.mean(more[cut & usual]) > 3
    assert np.mean(more[cut & ~usual]) == pytest.approx(0, abs=0.1)
    assert np.mean(more[quiet["execution"] == RESET]) == pytest.approx(0, abs=0.1)


def test_a_worn_bearing_heats_and_shakes_the_spindle_without_more_load(lives: Lives) -> None:
    worn, sound = lives["spindle_bearing"], lives[""]
    fast = sound["spindle_speed"] > 5000
    assert np.mean((worn["vibration_velocity_spindle"] - sound["vibration_velocity_spindle"])[fast]) > 3
    assert np.mean(worn["spindle_temperature"][-200:] - sound["spindle_temperature"][-200:]) > 5


def test_a_dry_guideway_loads_its_own_axis_in_rapid_moves(lives: Lives) -> None:
    dry, greased = lives["axis_overload"], lives[""]
    rapid = in_rapid(greased)
    assert np.mean((dry["axis_load_y"] - greased["axis_load_y"])[rapid]) > 40
    assert np.mean((dry["axis_load_x"] - greased["axis_load_x"])[rapid]) == pytest.approx(0, abs=1)


def test_heat_moves_the_parts_and_only_with_drift_out_of_tolerance(lives: Lives) -> None:
    warm, steady = lives["thermal_drift"], lives[""]
    drift, usual = (
        np.polyfit(seen["spindle_temperature"][60:].ravel(), seen["probe_result"][60:].ravel(), 1)[0] for seen in (warm, steady)
    )
    assert usual < 0.0007
    assert drift > 0.001, "about 2.7 µm a kelvin"


@pytest.mark.parametrize(
    ("fault", "signal", "lowest", "highest"),
    [
        ("coolant_low", "coolant_level", -100, -20),
        ("coolant_low", "coolant_flow", -23, -2),
        ("coolant_low", "coolant_condition", 0.5, 3),
        ("program_stop", "machine_power", -10, -1),
        ("program_stop", "controller_condition", 0.8, 1),
        ("offline", "machine_power", -10, -3),
        ("offline", "availability", -1, -1),
        ("alarm_flood", "controller_condition", 0.5, 2),
        ("feed_override_80", "feed_override", -30, -10),
        ("counter_reset", "part_count_total", -np.inf, -1000),
    ],
)
def test_a_fault_moves_its_signal(lives: Lives, fault: str, signal: str, lowest: float, highest: float) -> None:
    faulty, healthy = lives[fault], lives[""]
    assert lowest <= np.mean(faulty[signal][-180:]) - np.mean(healthy[signal][-180:]) <= highest


@pytest.mark.parametrize("fault", ["long_load", "feed_override_80", "alarm_flood", "program_stop"])
def test_these_faults_cost_parts(lives: Lives, fault: str) -> None:
    slow, usual = lives[fault], lives[""]
    assert np.ptp(slow["part_count_total"], axis=0).sum() < 0.93 * np.ptp(usual["part_count_total"], axis=0).sum()


def test_with_a_lower_override_cycles_are_longer_and_with_long_loading_they_are_not(lives: Lives) -> None:
    usual = cycles_of(lives[""])
    for fault, lowest, highest in (("feed_override_80", 1.1, 1.25), ("long_load", 0.99, 1.01)):
        struck = cycles_of(lives[fault])
        for program in struck.keys() & usual.keys():
            assert lowest < np.median(struck[program]) / np.median(usual[program]) < highest, fault


def test_a_program_that_stands_draws_little_and_says_so(lives: Lives) -> None:
    stopped = lives["program_stop"]
    assert np.all(stopped["execution"] == INTERRUPTED)
    assert set(np.unique(stopped["alarm"])) == {"10209 program stop M0"}
    assert not np.any(stopped["spindle_speed"])


def test_a_run_of_bad_parts_fills_the_scrap_box(lives: Lives) -> None:
    poor, good = lives["bad_parts_run"], lives[""]
    made, bad = (np.ptp(poor[name], axis=0).sum() for name in ("part_count_total", "part_count_bad"))
    assert bad / made == pytest.approx(0.6, abs=0.12)
    assert np.ptp(good["part_count_bad"], axis=0).sum() < 0.05 * made
    assert np.array_equal(np.diff(poor["part_count_total"], axis=0), np.diff(good["part_count_total"], axis=0))


def test_a_counter_that_is_reset_counts_on_from_nothing_in_the_same_program() -> None:
    machine = CncMachine(seeds=[1], start=MONDAY)
    machine.step(3600)
    program = machine.values()["program"]
    machine.faults.order("counter_reset", Growth(for_seconds=60), at=machine.now)
    machine.step(1)
    assert now(machine, "part_count_total") == 0
    assert machine.values()["program"] == program
    machine.step(1800)
    assert now(machine, "part_count_total") >= 2


def test_a_machine_goes_on_when_its_fault_is_mended() -> None:
    machine = CncMachine(seeds=[1], start=MONDAY)
    machine.step(600)
    machine.faults.order("offline", Growth(for_seconds=600), at=machine.now)
    machine.step(300)
    assert [now(machine, name) for name in ("machine_power", "spindle_speed", "availability")] == [0, 0, 0]
    made = now(machine, "part_count_total")
    machine.step(2160)
    assert now(machine, "availability") == 1
    assert now(machine, "part_count_total") > made


# --- served by a SINUMERIK --------------------------------------------------------------------------------------------


def moments() -> Iterator[Columns]:
    machine = CncMachine(seeds=[1], start=MONDAY - timedelta(hours=2))
    for _ in range(200):
        machine.step(120)
        yield dict(machine.values())


def test_whatever_a_machine_does_a_sinumerik_has_a_code_for_it() -> None:
    profile = load_profile("cnc_machine/siemens_sinumerik")
    assert isinstance(profile, OpcUaProfile)
    signals = load_kind("cnc_machine").signals
    codecs = {
        point.signal: ValueCodec(point, signals[point.signal]) for point in profile.points if signals[point.signal].is_numeric
    }
    for values in moments():
        for name, codec in codecs.items():
            value = float(values[name][0])
            assert codec.decode(codec.encode(value))[0] == pytest.approx(value, rel=1e-9), name
