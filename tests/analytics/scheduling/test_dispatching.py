"""Rules against the floors of the reference (N.5) and, on one machine, against all orders."""

import random
from collections.abc import Callable
from itertools import permutations

import pytest

from analytics.scheduling.dispatching import RULES, all_drafts, best_dispatch, dispatch, tuned_dispatch
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Aims, check, measure
from analytics.scheduling.workload import Workload


def one_machine(minutes: list[int], due: list[int], weights: list[int]) -> Shop:
    return Shop(
        jobs=tuple(
            Job(
                name=str(number),
                operations=(Operation(name="only", minutes={"M": minutes[number]}),),
                due_minute=due[number],
                weight=weights[number],
            )
            for number in range(len(minutes))
        ),
        machines=(Machine(name="M"),),
    )


@pytest.mark.parametrize(
    ("name", "most_work", "shortest"),
    [
        ("ft06", 67, 94),
        ("ft10", 1178, 1429),
        ("ft20", 1556, 1675),
        ("la01", 735, 1185),
        ("la16", 1219, 1464),
        ("abz5", 1451, 1733),
        ("ta01", 1589, 1966),
        ("swv01", 2101, 2256),
    ],
)
def test_active_schedules_reach_the_floors_of_the_reference(
    classic: Callable[[str], Shop], name: str, most_work: int, shortest: int
) -> None:
    work = Workload(classic(name))
    assert [max(dispatch(work, RULES[rule]).end) for rule in ("MWKR", "SPT")] == [most_work, shortest]


@pytest.mark.parametrize("seed", range(6))
def test_on_one_machine_three_rules_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    minutes, due = ([rng.randint(1, 9) for _ in range(6)] for _ in range(2))
    due, weights = [rng.randint(5, 30) for _ in range(6)], [rng.randint(1, 5) for _ in range(6)]
    work = Workload(one_machine(minutes, due, weights))

    def judged(ends: list[int]) -> tuple[int, int, int]:
        lateness = max(end - at for end, at in zip(ends, due, strict=True))
        return lateness, sum(ends), sum(weight * end for weight, end in zip(weights, ends, strict=True))

    def ends_of(order: tuple[int, ...]) -> list[int]:
        ends, at = [0] * 6, 0
        for number in order:
            at += minutes[number]
            ends[number] = at
        return ends

    best = [min(of) for of in zip(*(judged(ends_of(order)) for order in permutations(range(6))), strict=True)]
    found = [judged(dispatch(work, RULES[rule]).end)[index] for index, rule in enumerate(("EDD", "SPT", "WSPT"))]
    assert found == best


@pytest.mark.parametrize("seed", range(15))
def test_every_rule_keeps_every_constraint(shop_of: Callable[..., Shop], seed: int) -> None:
    shop = shop_of(seed, jobs=6, machines=3, steps=3)
    work = Workload(shop)
    aims = Aims(1, 2, 3)
    for name, draft in all_drafts(work):
        plan = work.plan(draft)
        assert check(shop, plan) == [], name
        assert work.cost(draft.end, draft.setup_minutes, aims) == measure(shop, plan).cost(aims)


def test_the_best_rule_is_no_worse_than_any_and_a_tuned_one_no_worse_than_it(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(3, jobs=12, machines=3, steps=4)
    work, aims = Workload(shop), Aims(1, 1, 1)
    costs = {name: work.cost(draft.end, draft.setup_minutes, aims) for name, draft in all_drafts(work)}
    name, draft = best_dispatch(work, aims)
    assert costs[name] == min(costs.values())
    tuned = tuned_dispatch(work, aims, draft, seconds=0.3)
    assert work.cost(tuned.end, tuned.setup_minutes, aims) <= costs[name]
    assert check(shop, work.plan(tuned)) == []


def test_a_job_without_due_date_waits_for_those_that_have_one() -> None:
    shop = one_machine([5, 5], [100, 100], [1, 1])
    shop = Shop(jobs=(Job(name="none", operations=shop.jobs[0].operations), shop.jobs[1]), machines=shop.machines)
    assert dispatch(Workload(shop), RULES["ATC K=3"]).start == [5, 0]
    assert dispatch(Workload(shop), RULES["EDD"]).start == [5, 0]
