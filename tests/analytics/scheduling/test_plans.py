from collections.abc import Sequence
from dataclasses import replace

import pytest

from analytics.scheduling.calendars import Span
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Aims, Plan, Task, check, measure, picture

SHOP = Shop(
    jobs=(
        Job(
            name="A",
            operations=(
                Operation(name="turn", minutes={"M1": 4}, family="steel"),
                Operation(name="mill", minutes={"M2": 5}, can_pause=True),
            ),
            due_minute=10,
            weight=2,
        ),
        Job(name="B", operations=(Operation(name="turn", minutes={"M1": 3, "M2": 6}, family="brass"),), release_minute=2),
    ),
    machines=(Machine(name="M1", family="steel"), Machine(name="M2", closed=(Span(6, 8),))),
    setups={("steel", "brass"): 2},
)
GOOD = (Task("A", "turn", "M1", 0, 4), Task("A", "mill", "M2", 4, 11), Task("B", "turn", "M1", 6, 9))


def with_task(task: Task) -> Plan:
    return Plan(tuple(task if (one.job, one.operation) == (task.job, task.operation) else one for one in GOOD))


def test_a_plan_that_holds_is_found_to_hold_and_measured() -> None:
    assert check(SHOP, Plan(GOOD)) == []
    found = measure(SHOP, Plan(GOOD))
    assert found == (11, 2, 1, 2)
    assert found.cost(Aims(makespan=1, tardiness=10, setup=100)) == 11 + 20 + 200


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Task("A", "mill", "M2", 3, 10), ["A/mill starts before A/turn ends"]),
        (Task("A", "mill", "M2", 6, 13), ["A/mill starts while M2 is closed"]),
        (Task("A", "mill", "M2", 4, 9), ["A/mill has 3 open minutes of M2, and needs 5"]),
        (Task("B", "turn", "M1", 5, 8), ["B/turn leaves no time to set M1 up: 2 minutes"]),
        (Task("B", "turn", "M1", 3, 6), ["B/turn and A/turn overlap on M1"]),
        (Task("B", "turn", "M1", 1, 4), ["B/turn starts before the job is released", "B/turn and A/turn overlap on M1"]),
        (Task("B", "turn", "M2", 12, 17), ["B/turn has 5 open minutes of M2, and needs 6"]),
        (Task("B", "turn", "M2", 3, 11), ["B/turn is interrupted on M2, and may not pause", "A/mill and B/turn overlap on M2"]),
        (Task("A", "turn", "M2", 0, 4), ["A/turn cannot be done on M2"]),
    ],
)
def test_each_broken_constraint_is_named(task: Task, said: Sequence[str]) -> None:
    wrong = check(SHOP, with_task(task))
    for one in said:
        assert any(text.startswith(one) for text in wrong), wrong


def test_operations_that_are_missing_strange_or_doubled_are_named() -> None:
    assert check(SHOP, Plan(GOOD[:2])) == ["B/turn is not planned"]
    assert check(SHOP, Plan((*GOOD, Task("C", "x", "M2", 20, 21)))) == ["C/x is no operation of the shop"]
    assert "an operation is planned more than once" in check(SHOP, Plan((*GOOD, GOOD[0])))


def test_what_stands_may_break_the_calendar_but_must_be_in_the_plan_and_overlap_nothing() -> None:
    actual = Task("A", "mill", "M2", 5, 9)
    assert check(SHOP, with_task(actual), fixed=[actual]) == []
    assert check(SHOP, Plan(GOOD), fixed=[actual]) == ["A/mill stands, and is not in the plan"]
    early = Task("B", "turn", "M1", 3, 6)
    assert "B/turn and A/turn overlap on M1" in check(SHOP, with_task(early), fixed=[early])


def test_the_picture_of_a_few_jobs_has_a_lane_for_each_machine_and_a_colour_for_each_job() -> None:
    found = picture(SHOP, Plan(GOOD), origin_us=60_000_000)
    assert found["form"] == "timeline"
    assert found["lanes"]["M1"] == [[60_000, 300_000, "A"], [420_000, 600_000, "B"]]
    assert found["lanes"]["M2"] == [[300_000, 720_000, "A"], [420_000, 540_000, "closed"]]
    assert list(found["states"]) == ["A", "B", "closed"]


def test_the_picture_of_many_jobs_tells_who_is_late() -> None:
    jobs = [replace(SHOP.jobs[1], name=f"J{number}", due_minute=number * 3 + 4) for number in range(12)]
    shop = replace(SHOP, jobs=tuple(jobs), setups={})
    plan = Plan(tuple(Task(job.name, "turn", "M1", 2 + 3 * at, 5 + 3 * at) for at, job in enumerate(jobs)))
    assert check(shop, plan) == []
    assert {state for _, _, state in picture(shop, plan, origin_us=0)["lanes"]["M1"]} == {"late"}
    relaxed = replace(shop, jobs=tuple(replace(job, due_minute=None) for job in jobs))
    assert {state for _, _, state in picture(relaxed, plan, origin_us=0)["lanes"]["M1"]} == {"in_time"}
