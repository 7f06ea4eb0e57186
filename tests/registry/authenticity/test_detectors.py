"""Each way to feign a machine's data is seen, on real weeks of simulated machines; honest ones are left alone."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from analytics.window import Window
from benchmarks.authenticity_cheats import (
    Severity,
    decoupled,
    drawn,
    flatlined,
    off_and_running,
    replayed_itself,
    shifted_by_half_a_day,
    sines,
    stretched,
    through_points,
    typed,
)
from benchmarks.simulated_plant import simulate
from registry.authenticity import clock, digits, fleet_replay, physics, replay, smooth, standstill
from registry.authenticity.digits import digits_of
from registry.authenticity.examine import examine
from registry.authenticity.suspicion import Method, Suspicion
from simulators.fleet import JINAN

AS_IT_IS, NOISY = Severity("as it is"), Severity("noise", noise=1.0)
START = datetime(2026, 4, 6, tzinfo=JINAN)


@pytest.fixture(scope="module")
def boilers() -> list[Window]:
    return simulate("boiler", range(81, 85), start=START, days=4)


@pytest.fixture(scope="module")
def inverter() -> Window:
    return simulate("pv_inverter", [91], start=START, days=2)[0]


@pytest.fixture
def dice() -> np.random.Generator:
    return np.random.default_rng(7)


def only(found: list[Suspicion], method: Method) -> Suspicion:
    assert [one.method for one in found] == [method]
    assert found[0].score >= found[0].threshold
    assert found[0].explanation.zh
    assert found[0].explanation.en
    assert found[0].evidence
    return found[0]


def test_honest_machines_are_left_alone(boilers: list[Window], inverter: Window) -> None:
    assert [one.method for window in (*boilers, inverter) for one in examine(window)] == []
    assert fleet_replay.find_copies({str(number): window for number, window in enumerate(boilers)}) == []


def test_values_held_while_the_machine_says_that_it_works_are_flat(boilers: list[Window], dice: np.random.Generator) -> None:
    found = only(standstill.detect(flatlined(AS_IT_IS)(boilers[0], dice)), Method.FLATLINED)
    assert found.score > 0.9


def test_a_flat_line_with_the_noise_of_a_sensor_is_flat(boilers: list[Window], dice: np.random.Generator) -> None:
    only(standstill.detect(flatlined(NOISY)(boilers[0], dice)), Method.FLATLINED)


def test_one_sensor_that_is_stuck_is_no_flat_line(boilers: list[Window]) -> None:
    window = boilers[0]
    stuck = np.full(len(window), window["steam_pressure"][0])
    assert standstill.detect(replace(window, values={**window.values, "steam_pressure": stuck})) == []


def test_a_machine_that_says_it_is_off_may_stand_still(boilers: list[Window]) -> None:
    still = {name: np.full(len(boilers[0]), float(boilers[0][name][0])) for name in boilers[0].values}
    off = replace(boilers[0], values={**still, "state": np.zeros(len(boilers[0]))})
    assert standstill.detect(off) == []


def test_a_day_shown_again_with_noise_on_top_is_found_with_its_shift(boilers: list[Window]) -> None:
    window, rng = boilers[1], np.random.default_rng(1)
    again = {}
    for name, column in window.values.items():
        copy = np.array(column, float)
        piece = copy[600:2040]
        copy[2400:3840] = 1.05 * piece + 0.1 * piece.std() + np.abs(np.diff(piece)).mean() * rng.standard_normal(1440)
        again[name] = copy
    found = only(replay.detect(replace(window, values=again)), Method.REPLAYED_ITSELF)
    assert "30.0 h before" in found.explanation.en
    assert found.start_us >= window.start_us + 2300 * 60_000_000


@pytest.mark.parametrize("severity", [AS_IT_IS, NOISY, Severity("half", share=0.5)], ids=lambda one: one.name)
def test_a_replay_of_half_a_day_is_found(boilers: list[Window], severity: Severity) -> None:
    made = replayed_itself(severity, whole_days=False)
    # The cheat takes up to three days and finds room for them twice only in a week.
    columns = {name: np.concatenate([column, boilers[3][name]]) for name, column in boilers[2].values.items()}
    week = replace(boilers[2], values=columns)
    only(replay.detect(made(week, np.random.default_rng(3))), Method.REPLAYED_ITSELF)


def test_a_copy_of_another_machine_is_found_in_the_fleet(boilers: list[Window]) -> None:
    copied = {
        name: np.array(column, float)
        + 0.5 * np.abs(np.diff(column)).mean() * np.random.default_rng(2).standard_normal(len(column))
        for name, column in boilers[2].values.items()
    }
    windows = {"a": boilers[0], "b": boilers[1], "c": boilers[2], "d": replace(boilers[2], values=copied)}
    copies = fleet_replay.find_copies(windows)
    assert [(copy.first, copy.second, copy.match.lag) for copy in copies] == [("c", "d", 0)]


@pytest.mark.parametrize(
    "made",
    [sines(AS_IT_IS), through_points(AS_IT_IS, is_straight=True), through_points(AS_IT_IS, is_straight=False, digits=2)],
    ids=["sines", "lines", "rounded curve"],
)
def test_curves_without_noise_are_too_smooth(boilers: list[Window], dice: np.random.Generator, made: object) -> None:
    only(smooth.detect(made(boilers[0], dice)), Method.TOO_SMOOTH)  # type: ignore[operator]


def test_noise_turns_back_in_two_of_three_steps_and_a_sine_nearly_never() -> None:
    rng, hours = np.random.default_rng(0), np.arange(5000) / 60
    turns = smooth.turning_share(np.array([rng.standard_normal(5000), np.sin(hours)]))
    assert turns[0] == pytest.approx(2 / 3, abs=0.03)
    assert turns[1] < 0.01


@pytest.mark.parametrize("is_even", [True, False], ids=["even", "normal"])
def test_random_numbers_are_no_sensor(boilers: list[Window], dice: np.random.Generator, *, is_even: bool) -> None:
    only(digits.detect(drawn(AS_IT_IS, is_even=is_even)(boilers[0], dice)), Method.DIGITS)


@pytest.mark.parametrize("is_list", [True, False], ids=["a short list", "liked digits"])
def test_typed_numbers_are_no_sensor(boilers: list[Window], dice: np.random.Generator, *, is_list: bool) -> None:
    only(digits.detect(typed(AS_IT_IS, is_list=is_list)(boilers[0], dice)), Method.DIGITS)


def test_a_device_that_rounds_to_halves_has_no_odd_digits() -> None:
    rounded = np.round(2 * np.random.default_rng(0).normal(200, 20, 5000)) / 2
    judged = digits_of(rounded)
    assert judged is not None
    assert judged.step == 0.5
    assert judged.excess < 0.05


def test_signals_of_different_times_cannot_be_one_machine(boilers: list[Window], dice: np.random.Generator) -> None:
    only(physics.detect(decoupled(AS_IT_IS)(boilers[0], dice)), Method.IMPOSSIBLE_PHYSICS)


def test_a_running_machine_that_says_it_is_off_is_impossible(boilers: list[Window], dice: np.random.Generator) -> None:
    found = only(physics.detect(off_and_running(boilers[0], dice)), Method.IMPOSSIBLE_PHYSICS)
    assert "停炉时" in found.explanation.zh


def test_steam_without_fuel_water_and_air_is_impossible(boilers: list[Window]) -> None:
    nothing = {name: np.zeros(len(boilers[0])) for name in ("feedwater_flow", "combustion_air_flow", "fuel_flow")}
    window = replace(boilers[0], values={**boilers[0].values, **nothing})
    assert {one.relation.name for one in physics.broken_relations(window)} >= {"water_balance", "running_burns"}
    only(physics.detect(window), Method.IMPOSSIBLE_PHYSICS)


def test_one_meter_in_another_unit_is_no_cheat(boilers: list[Window]) -> None:
    window = replace(boilers[0], values={**boilers[0].values, "steam_flow": boilers[0]["steam_flow"] * 3.6})
    assert len(physics.broken_relations(window)) >= 2
    assert physics.detect(window) == []


def test_power_at_night_is_impossible(inverter: Window, dice: np.random.Generator) -> None:
    found = physics.broken_relations(shifted_by_half_a_day(inverter, dice))
    assert {"night", "night_irradiance", "night_strings"} <= {one.relation.name for one in found}


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_stretched_time_shows_in_the_counters(boilers: list[Window], dice: np.random.Generator, factor: float) -> None:
    found = only(clock.detect(stretched(factor)(boilers[0], dice)), Method.CLOCK)
    told = float(found.explanation.en.split(" was ")[1].split(" h ")[0])
    assert told == pytest.approx(factor, rel=0.05)


def test_a_window_without_any_value_says_nothing() -> None:
    empty = Window(kind="boiler", start_us=0, step_seconds=60.0, values={})
    nothing = Window(kind="motor", start_us=0, step_seconds=60.0, values={"speed": np.full(10080, np.nan)})
    assert examine(empty) == []
    assert examine(nothing) == []
