import sys
from collections.abc import Callable

import pytest

from analytics.scheduling.calendars import Span
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.planning import schedule
from analytics.scheduling.plans import Aims, Plan, Task, check
from analytics.scheduling.reschedule import reschedule

AIMS = Aims(1, 1, 0)


@pytest.fixture(autouse=True)
def without_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands and what moves does not depend on who plans the rest."""
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)


def shop_of_three(*, can_pause: bool) -> tuple[Shop, Plan]:
    def job(name: str, *steps: tuple[str, tuple[str, ...], int]) -> Job:
        operations = tuple(
            Operation(name=step, minutes=dict.fromkeys(machines, minutes), can_pause=can_pause)
            for step, machines, minutes in steps
        )
        return Job(name=name, operations=operations)

    shop = Shop(
        jobs=(
            job("A", ("1", ("M1", "M2"), 10), ("2", ("M3",), 5)),
            job("B", ("1", ("M2",), 12), ("2", ("M3",), 5)),
            job("C", ("1", ("M1", "M2"), 10), ("2", ("M3",), 5)),
        ),
        machines=(Machine(name="M1"), Machine(name="M2"), Machine(name="M3")),
    )
    plan = Plan(
        (
            Task("A", "1", "M1", 0, 10),
            Task("A", "2", "M3", 10, 15),
            Task("B", "1", "M2", 0, 12),
            Task("B", "2", "M3", 15, 20),
            Task("C", "1", "M1", 10, 20),
            Task("C", "2", "M3", 20, 25),
        )
    )
    assert check(shop, plan) == []
    return shop, plan


def test_what_runs_elsewhere_stands_and_what_was_broken_off_starts_anew() -> None:
    shop, plan = shop_of_three(can_pause=False)
    found = reschedule(shop, plan, AIMS, now_minute=4, down_until={"M1": 100}, seconds=0.2)
    assert found.standing == (Task("B", "1", "M2", 0, 12),)
    after = found.schedule.plan
    assert check(found.shop, after, fixed=found.standing) == []
    assert {after.by_name["A", "1"].machine, after.by_name["C", "1"].machine} == {"M2"}
    assert found.schedule.measures.makespan_minutes == 37


def test_an_operation_that_may_pause_goes_on_when_its_machine_is_back() -> None:
    shop, plan = shop_of_three(can_pause=True)
    found = reschedule(shop, plan, AIMS, now_minute=4, down_until={"M1": 9}, seconds=0.2)
    assert Task("A", "1", "M1", 0, 15) in found.standing
    assert check(found.shop, found.schedule.plan, fixed=found.standing) == []


def test_what_is_about_to_begin_stands_in_the_frozen_zone_unless_its_part_comes_late() -> None:
    shop, plan = shop_of_three(can_pause=True)
    calm = reschedule(shop, plan, AIMS, now_minute=4, down_until={}, frozen_minutes=12, seconds=0.2)
    assert calm.standing == (*plan.tasks[:4], plan.tasks[4])
    broken = reschedule(shop, plan, AIMS, now_minute=4, down_until={"M1": 9}, frozen_minutes=12, seconds=0.2)
    assert plan.tasks[3] in broken.standing  # B/2, whose part is in time
    assert ("A", "2") not in {(task.job, task.operation) for task in broken.standing}
    assert check(broken.shop, broken.schedule.plan, fixed=broken.standing) == []


def test_nothing_new_begins_in_the_past(shop_of: Callable[..., Shop]) -> None:
    for seed in range(6):
        shop = shop_of(seed, jobs=6, machines=3, steps=3)
        plan = schedule(shop, AIMS, seconds=0.1).plan
        now = 9
        found = reschedule(shop, plan, AIMS, now_minute=now, down_until={"M0": 25}, frozen_minutes=3, seconds=0.1)
        after = found.schedule.plan
        assert check(found.shop, after, fixed=found.standing) == []
        new = [task for task in after.tasks if task not in found.standing]
        assert all(task.start_minute >= now for task in new)
        assert all(task.start_minute >= 25 for task in new if task.machine == "M0")
        assert found.schedule.cost <= found.schedule.rule_cost


def test_at_the_beginning_a_machine_may_be_broken_already() -> None:
    shop, plan = shop_of_three(can_pause=False)
    found = reschedule(shop, plan, AIMS, now_minute=0, down_until={"M3": 30}, seconds=0.1)
    assert found.standing == ()
    assert found.shop.machines[2].closed == (Span(0, 30),)
    assert found.schedule.plan.by_machine["M3"][0].start_minute == 30
