"""The solver against all plans of tiny shops, and against the proved optima of the reference (0.1)."""

import sys
from collections.abc import Callable, Iterator
from itertools import permutations, product

import pytest

from analytics.scheduling.constraint_model import Part
from analytics.scheduling.cp_sat import Progress, library, solve
from analytics.scheduling.dispatching import RULES, best_dispatch, dispatch
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.neighbourhoods import improve
from analytics.scheduling.plans import Aims, Plan, Task, check, measure
from analytics.scheduling.workload import Workload
from telemetry.errors import ConfigError

pytest.importorskip("ortools")
END = 120


def all_plans(shop: Shop) -> Iterator[Plan]:
    """Every plan in which each operation begins as early as the orders allow, found minute by minute."""
    is_open = {
        machine.name: [
            minute >= machine.from_minute and not any(start <= minute < end for start, end in machine.closed)
            for minute in range(END)
        ]
        for machine in shop.machines
    }
    orders = set(permutations([number for number, job in enumerate(shop.jobs) for _ in job.operations]))
    for order in orders:
        steps: dict[int, int] = {}
        sequence = []
        for number in order:
            sequence.append((shop.jobs[number], shop.jobs[number].operations[steps.get(number, 0)]))
            steps[number] = steps.get(number, 0) + 1
        for machines in product(*(operation.minutes for _, operation in sequence)):
            free = {machine.name: (0, machine.family) for machine in shop.machines}
            ready = {job.name: job.release_minute for job in shop.jobs}
            tasks = []
            for (job, operation), machine in zip(sequence, machines, strict=True):
                at, family = free[machine]
                setup = shop.setup_minutes(family, operation.family)
                while setup:
                    setup -= is_open[machine][at]
                    at += 1
                start = max(at, ready[job.name])
                end = end_of(is_open[machine], start, operation, operation.minutes[machine])
                while end is None:
                    start += 1
                    end = end_of(is_open[machine], start, operation, operation.minutes[machine])
                tasks.append(Task(job.name, operation.name, machine, start, end))
                free[machine], ready[job.name] = (end, operation.family), end
            yield Plan(tuple(tasks))


def end_of(is_open: list[bool], start: int, operation: Operation, minutes: int) -> int | None:
    if not is_open[start]:
        return None
    if not operation.can_pause:
        return start + minutes if all(is_open[start : start + minutes]) else None
    end = start
    while minutes:
        minutes -= is_open[end]
        end += 1
    return end


@pytest.mark.parametrize("aims", [Aims(1, 0, 0), Aims(0, 1, 0), Aims(1, 2, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_no_plan_of_a_tiny_shop_is_better(shop_of: Callable[..., Shop], seed: int, aims: Aims) -> None:
    shop = shop_of(seed)
    work = Workload(shop)
    found = solve(work, dispatch(work, RULES["SPT"]), aims, seconds=5, workers=1)
    plan = work.plan(found.draft)
    assert check(shop, plan) == []
    assert found.status == "optimal"
    assert found.bound == found.cost == measure(shop, plan).cost(aims)
    assert found.cost == min(measure(shop, one).cost(aims) for one in all_plans(shop))


@pytest.mark.parametrize(("name", "optimum"), [("ft06", 55), ("la01", 666)])
def test_job_shops_of_the_literature_are_solved_and_proved(classic: Callable[[str], Shop], name: str, optimum: int) -> None:
    shop = classic(name)
    work = Workload(shop)
    _, hint = best_dispatch(work, Aims())
    told: list[Progress] = []
    found = solve(work, hint, Aims(), seconds=20, on_progress=told.append)
    assert (found.cost, found.bound, found.status) == (optimum, optimum, "optimal")
    assert check(shop, work.plan(found.draft)) == []
    assert [one.cost for one in told] == sorted((one.cost for one in told), reverse=True)
    assert all(one.bound <= optimum <= one.cost for one in told)


def test_a_flexible_job_shop_of_the_literature_is_solved(flexible: Callable[[str], Shop]) -> None:
    shop = flexible("mk01")
    work = Workload(shop)
    _, hint = best_dispatch(work, Aims())
    found = solve(work, hint, Aims(), seconds=20)
    assert check(shop, work.plan(found.draft)) == []
    assert found.cost == 40  # optimum of the reference


@pytest.mark.parametrize("seed", range(4))
def test_a_part_leaves_the_rest_and_is_never_worse(shop_of: Callable[..., Shop], seed: int) -> None:
    shop = shop_of(seed, jobs=10, machines=3, steps=3, longest=20)
    work, aims = Workload(shop), Aims(1, 1, 1)
    hint = dispatch(work, RULES["SPT"])
    order = sorted(range(len(work)), key=lambda one: hint.start[one])
    free, shifting = set(order[5:10]), set(order[10:14])
    found = solve(work, hint, aims, seconds=2, part=Part(free, shifting, 30), workers=1)
    assert check(shop, work.plan(found.draft)) == []
    assert found.cost <= work.cost(hint.end, hint.setup_minutes, aims)
    assert all(found.draft.machine[one] == hint.machine[one] for one in range(len(work)) if one not in free)
    assert all(found.draft.start[one] <= hint.start[one] for one in order[14:])


def test_neighbourhoods_improve_a_plan_and_keep_it_whole(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(5, jobs=8, machines=3, steps=4, longest=20)
    work, aims = Workload(shop), Aims(1, 1, 1)
    hint = dispatch(work, RULES["SPT"])
    told: list[Progress] = []
    found = improve(work, hint, aims, seconds=2.0, workers=2, on_progress=told.append)
    assert check(shop, work.plan(found.draft)) == []
    assert found.bound <= found.cost < work.cost(hint.end, hint.setup_minutes, aims)
    assert told[-1].cost == found.cost


def test_jobs_that_are_done_count_in_cost_and_bound() -> None:
    steps = tuple(Operation(name=str(step), minutes={"M": 5}) for step in range(2))
    done = Job(name="done", operations=steps[:1], due_minute=3, weight=4)
    shop = Shop(jobs=(done, Job(name="open", operations=steps, due_minute=100)), machines=(Machine(name="M"),))
    work = Workload(shop, [Task("done", "0", "M", 0, 50)])
    found = solve(work, dispatch(work, RULES["EDD"]), Aims(1, 1, 1), seconds=2, workers=1)
    assert (found.cost, found.bound) == (60 + 4 * 47, 60 + 4 * 47)


def test_without_the_library_the_error_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    with pytest.raises(ConfigError, match=r"pip install 'shangyun\[scheduling\]'"):
        library()
