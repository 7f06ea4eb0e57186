"""What has one cause moves together; what was taken from different times, or belongs to another state, does not."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from analytics.window import FloatArray, Window
from benchmarks.authenticity_cheats import Severity, decoupled, off_and_running
from benchmarks.simulated_plant import simulate
from registry.authenticity import physics
from registry.authenticity.coupling import togetherness
from registry.authenticity.noise import Noise
from registry.authenticity.replay import Match, alike_share
from simulators.fleet import JINAN

START = datetime(2026, 4, 6, tzinfo=JINAN)
ROWS = 3 * 1440


def together(first: FloatArray, second: FloatArray, rows: slice = slice(None)) -> float:
    judged = np.zeros(len(first), bool)
    judged[rows] = True
    return togetherness(first, second, judged, Window(kind="boiler", start_us=0, step_seconds=60.0, values={}))


def load(dice: np.random.Generator) -> FloatArray:
    walk = np.cumsum(dice.standard_normal(ROWS))
    return walk - np.convolve(walk, np.ones(600) / 600, "same")


def test_two_readings_of_one_load_move_together_whatever_their_gain_and_offset() -> None:
    dice = np.random.default_rng(1)
    cause = load(dice)
    other = 100 - 3 * cause + dice.standard_normal(ROWS)
    assert together(cause + dice.standard_normal(ROWS), other) < -0.9
    assert together(cause, 5 + cause) == pytest.approx(1)


def test_readings_of_different_times_do_not_move_together() -> None:
    cause = load(np.random.default_rng(2))
    assert abs(together(cause, np.roll(cause, 1000))) < 0.4


def test_of_what_stands_still_or_is_known_for_hours_only_nothing_is_said() -> None:
    dice = np.random.default_rng(3)
    cause = load(dice)
    assert np.isnan(together(cause, np.full(ROWS, 7.0)))
    assert np.isnan(together(cause, dice.standard_normal(ROWS)))
    assert np.isnan(together(cause, cause, slice(600)))
    assert np.isnan(together(cause, np.full(ROWS, np.nan)))


def test_wrong_sensors_are_counted_by_what_they_explain() -> None:
    broken = [frozenset({"a", "b"}), frozenset({"b", "c"}), frozenset({"d", "e"})]
    assert not physics.are_sensors(broken, 1)
    assert physics.are_sensors(broken, 2)
    assert physics.are_sensors(broken[:2], 1)
    assert physics.are_sensors([], 1)


def test_a_steady_furnace_put_together_of_different_times_is_impossible_though_all_bounds_hold() -> None:
    furnace = simulate("blast_furnace", [71], start=START, days=3)[0]
    made = decoupled(Severity("", share=0.5))(furnace, np.random.default_rng(4))
    assert physics.broken_relations(furnace) == []
    (found,) = physics.detect(made)
    assert all(one.relation.moves_with is not None for one in physics.broken_relations(made))
    assert "2 wrong sensors would not explain it" in found.explanation.en


def test_two_sensors_that_move_with_nothing_are_no_cheat_and_three_are() -> None:
    furnace = simulate("blast_furnace", [72], start=START, days=3)[0]
    names = ("stave_temperature_3", "stove_gas_flow_1", "hot_blast_pressure")
    lost = {name: np.roll(furnace[name], 1000 + 300 * number) for number, name in enumerate(names)}
    three = replace(furnace, values={**furnace.values, **lost})
    two = replace(three, values={**three.values, names[2]: furnace[names[2]]})
    assert len(physics.broken_relations(two)) >= 2
    assert physics.detect(two) == []
    assert physics.detect(three)


def test_a_machine_tool_that_cuts_while_it_says_that_it_is_interrupted_is_impossible() -> None:
    tool = simulate("cnc_machine", [73], start=START, days=2)[0]
    assert physics.detect(tool) == []
    (found,) = physics.detect(off_and_running(tool, np.random.default_rng(6)))
    assert "中断" in found.explanation.zh


def test_signals_in_cycles_are_no_witnesses_of_a_copy_and_noise_that_comes_twice_is() -> None:
    dice, rows = np.random.default_rng(7), 360
    noise = dice.standard_normal((8, 2 * rows))
    copied = noise.copy()
    copied[:3, rows:] = noise[:3, :rows] + dice.standard_normal((3, rows))
    cycles = noise.copy()
    cycles[:3] = np.tile(dice.standard_normal((3, 8)), 2 * rows // 8) + 0.3 * noise[:3]
    match = Match(20.0, 0, rows, rows, 0.2, np.arange(1), np.zeros(1))

    def share(values: FloatArray) -> float:
        of = Noise(tuple("abcdefgh"), values)
        return alike_share(of, of, match)

    assert share(copied) == 3 / 8
    assert share(cycles) == 0.0
