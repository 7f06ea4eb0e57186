"""A plan's integrals and motion, against sums over small steps and against geometry."""

import numpy as np
import pytest

from simulators.physics.machining_job import draw_job
from simulators.physics.machining_plan import HOME_MM, Column, Plans, to_and_fro, warm_up


def a_cycle() -> Plans:
    plans = Plans(np.ones(1))
    job = draw_job(np.random.default_rng(1), "O1000.MPF")
    plans.begin(0, job.cycle(feed_percent=100, rapid_percent=100, spindle_percent=100, broken_tool=0))
    return plans


def nothing_follows(machine: int, seconds: float) -> None:
    pytest.fail("the plan has not ended")


def test_integrals_are_the_same_in_one_step_and_in_many() -> None:
    one, many = a_cycle(), a_cycle()
    together = one.advance(np.full(1, 60.0), nothing_follows)
    apart = sum(many.advance(np.full(1, 0.5), nothing_follows) for _ in range(120))
    assert together == pytest.approx(np.asarray(apart), rel=1e-9)
    assert together[0, Column.BASE_KW] > 60 * 1.8


def test_cuts_that_are_weakened_count_less_from_then_on_and_nothing_twice() -> None:
    plans = a_cycle()
    while not plans.moment().rows[0, Column.IS_CUT]:
        plans.advance(np.ones(1), nothing_follows)
    before = plans.advance(np.ones(1), nothing_follows)
    plans.weaken_cuts(0, plans.moment().operations[0], 0.5)
    after = plans.advance(np.ones(1), nothing_follows)
    assert after[0, Column.CUT_KW] == pytest.approx(before[0, Column.CUT_KW] / 2)


def test_a_plan_that_ends_is_followed_by_the_next_and_no_time_is_lost() -> None:
    plans, ends = Plans(np.ones(1)), list[float]()

    def go_on(machine: int, seconds_left: float) -> None:
        ends.append(seconds_left)
        plans.begin(machine, warm_up())

    go_on(0, 0.0)
    done = plans.advance(np.full(1, 100.0), go_on)
    assert ends[1:] == [pytest.approx(10)]
    assert done[0, Column.IS_ACTIVE] == pytest.approx(100)
    assert plans.moment().spent_seconds == pytest.approx(10)


def test_a_stroke_goes_to_and_fro_between_its_ends() -> None:
    place, direction = to_and_fro(np.array([0.0, 50.0, 100.0, 150.0, 250.0]), np.full(5, 100.0))
    assert place == pytest.approx([0, 50, 100, 50, 50])
    assert direction.tolist() == [1, 1, -1, -1, 1]
    assert to_and_fro(np.array([30.0]), np.zeros(1))[1].tolist() == [0]


def test_a_machine_begins_at_its_home() -> None:
    position, velocity = a_cycle().moment().motion(np.zeros(1))
    assert position[0] == pytest.approx(HOME_MM)
    assert not velocity.any()
