from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from analytics.scheduling.calendars import Span
from analytics.scheduling.capacity import Capability, Demand, Slot, delays, free_slots, insert, lacks, with_job
from analytics.scheduling.dispatching import RULES, dispatch
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Plan, Task, check
from analytics.scheduling.workload import Workload

MILL = Capability(
    machine="M1",
    processes=frozenset({"milling"}),
    envelope_mm=(800, 500, 400),
    load_kg=300,
    tolerance_mm=0.02,
    axes=5,
    materials=frozenset({"steel"}),
    certificates=frozenset({"ISO 9001"}),
    region="jinan",
)
PART = Demand(process="milling", size_mm=(300, 700, 450), mass_kg=120, tolerance_mm=0.05, material="steel", axes=3)


def test_a_part_may_lie_in_any_direction() -> None:
    assert lacks(MILL, PART) == []
    assert lacks(MILL, replace(PART, size_mm=(450, 450, 450))) == ["envelope"]


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"process": "turning"}, "process"),
        ({"axes": 6}, "axes"),
        ({"mass_kg": 301}, "load"),
        ({"tolerance_mm": 0.01}, "tolerance"),
        ({"material": "titanium"}, "material"),
        ({"certificates": frozenset({"AS 9100"})}, "certificate"),
        ({"regions": frozenset({"qingdao"})}, "region"),
    ],
)
def test_each_lack_is_named(change: dict[str, object], lack: str) -> None:
    assert lacks(MILL, replace(PART, **change)) == [lack]  # type: ignore[arg-type]


def test_free_slots_are_what_tasks_and_breaks_leave() -> None:
    shop = Shop(
        jobs=(Job(name="A", operations=(Operation(name="1", minutes={"M1": 20}), Operation(name="2", minutes={"M1": 10}))),),
        machines=(Machine(name="M1", closed=(Span(60, 80),)), Machine(name="M2", from_minute=95)),
    )
    plan = Plan((Task("A", "1", "M1", 10, 30), Task("A", "2", "M1", 50, 60)))
    found = free_slots(shop, plan, from_minute=0, until_minute=100, least_minutes=6)
    assert found == {"M1": [Slot("M1", 0, 10, 10), Slot("M1", 30, 50, 20), Slot("M1", 60, 100, 20)], "M2": []}
    assert free_slots(shop, plan, from_minute=20, until_minute=40)["M1"] == [Slot("M1", 30, 40, 10)]


@pytest.mark.parametrize("seed", range(12))
def test_one_more_job_delays_nobody_and_ends_as_early_as_any_of_its_places(shop_of: Callable[..., Shop], seed: int) -> None:
    shop = shop_of(seed, jobs=4, machines=3, steps=2)
    names = [machine.name for machine in shop.machines]
    job = Job(
        name="new",
        operations=(
            Operation(name="1", minutes={names[0]: 2, names[1]: 3}, family="a"),
            Operation(name="2", minutes={names[2]: 2}, family="b", can_pause=True),
        ),
    )
    work = Workload(shop)
    before = work.plan(dispatch(work, RULES["EDD"]))
    after = insert(shop, before, job, from_minute=2)
    wide = with_job(shop, job)
    assert check(wide, after) == []
    assert after.tasks[: len(before.tasks)] == before.tasks
    assert delays(shop, before, after) == {}
    starts = [(machine, start) for machine in names[:2] for start in range(2, 40)]
    ends = []
    for (machine, first), second in product(starts, range(2, 40)):
        if second < first:
            continue
        one = Task("new", "1", machine, first, first + job.operations[0].minutes[machine])
        for length in range(2, 12):
            two = Task("new", "2", names[2], second, second + length)
            if two.start_minute >= one.end_minute and two.end_minute < after.job_ends["new"]:
                ends.append(Plan((*before.tasks, one, two)))
    assert not any(check(wide, plan) == [] for plan in ends)


def test_a_delay_is_what_comes_after_the_due_date_or_after_the_promised_end() -> None:
    operations = (Operation(name="1", minutes={"M": 5}),)
    jobs = (Job(name="due", operations=operations, due_minute=12), Job(name="free", operations=operations))
    shop = Shop(jobs=jobs, machines=(Machine(name="M"),))
    before = Plan((Task("due", "1", "M", 0, 5), Task("free", "1", "M", 5, 10)))
    after = Plan((Task("due", "1", "M", 5, 10), Task("free", "1", "M", 15, 20)))
    assert delays(shop, before, after) == {"free": 10}
