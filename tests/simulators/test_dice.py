"""Chance of machines that stand side by side."""

import numpy as np
import pytest

from simulators.dice import Dice


def test_a_machine_draws_the_same_numbers_alone_and_among_others() -> None:
    alone, among = Dice([7]), Dice([5, 7, 9])
    for _ in range(1000):  # past the block that is drawn ahead
        assert alone.normal()[0] == among.normal()[1]
        assert alone.uniforms(3)[0].tolist() == among.uniforms(3)[1].tolist()
    assert alone.events[0].random() == among.events[1].random()


def test_two_streams_of_one_seed_are_not_the_same() -> None:
    assert Dice([7]).normal()[0] != Dice([7], stream=1).normal()[0]


def test_what_happens_every_hour_happens_as_often_in_steps_of_any_length() -> None:
    for seconds in (1.0, 60.0, 600.0):
        dice = Dice(range(100))
        steps = round(36_000 / seconds)
        count = sum(int(np.count_nonzero(dice.happens(seconds, mean_seconds=3600.0))) for _ in range(steps))
        # 100 machines x 10 hours; a step counts at most once, which the longest ones show.
        expected = 100 * steps * -np.expm1(-seconds / 3600)
        assert count == pytest.approx(expected, abs=4 * np.sqrt(expected))
