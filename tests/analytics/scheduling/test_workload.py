from collections.abc import Callable

import pytest

from analytics.scheduling.dispatching import RULES, dispatch
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Aims, Task, check, measure
from analytics.scheduling.sequences import as_early_as_possible, timed
from analytics.scheduling.workload import Workload
from telemetry.errors import ConfigError

STEPS = tuple(Operation(name=str(step), minutes={"M": 5}) for step in range(3))
SHOP = Shop(jobs=(Job(name="A", operations=STEPS), Job(name="B", operations=STEPS[:1])), machines=(Machine(name="M"),))


def test_the_rest_goes_on_where_what_stands_ends() -> None:
    stands = [Task("A", "0", "M", 0, 7)]
    work = Workload(SHOP, stands)
    plan = work.plan(dispatch(work, RULES["FIFO"]))
    assert plan.by_name["B", "0"].start_minute == 7
    assert check(SHOP, plan, fixed=stands) == []


def test_something_that_stands_behind_a_gap_is_refused() -> None:
    with pytest.raises(ConfigError, match="A/2: stands, and an operation before it does not"):
        Workload(SHOP, [Task("A", "0", "M", 0, 5), Task("A", "2", "M", 10, 15)])
    with pytest.raises(ConfigError, match="C/0: stands, and is no operation of the shop"):
        Workload(SHOP, [Task("C", "0", "M", 0, 5)])


def test_costs_count_what_stands(shop_of: Callable[..., Shop]) -> None:
    aims = Aims(3, 2, 5)
    for seed in range(10):
        shop = shop_of(seed, jobs=5, machines=2, steps=3)
        whole = Workload(shop)
        plan = whole.plan(dispatch(whole, RULES["SPT"]))
        stands = [task for task in plan.tasks if task.start_minute < 12]
        work = Workload(shop, stands)
        draft = dispatch(work, RULES["EDD"])
        found = work.plan(draft)
        assert check(shop, found, fixed=stands) == []
        assert work.cost(draft.end, draft.setup_minutes, aims) == measure(shop, found).cost(aims)
        assert work.lower_bound(aims) <= measure(shop, found).cost(aims)
        assert work.draft(found) == draft


def test_orders_that_contradict_each_other_have_no_times() -> None:
    two = tuple(Operation(name=str(step), minutes={f"M{step}": 1}) for step in range(2))
    back = tuple(Operation(name=str(step), minutes={f"M{1 - step}": 1}) for step in range(2))
    work = Workload(
        Shop(
            jobs=(Job(name="A", operations=two), Job(name="B", operations=back)),
            machines=(Machine(name="M0"), Machine(name="M1")),
        )
    )
    assert timed(work, [[3, 0], [1, 2]]) is None
    found = timed(work, [[0, 3], [2, 1]])
    assert found is not None
    assert found.draft.end == [1, 2, 1, 2]


def test_as_early_as_possible_never_ends_later(shop_of: Callable[..., Shop]) -> None:
    for seed in range(10):
        shop = shop_of(seed, jobs=5, machines=3, steps=3)
        work = Workload(shop)
        draft = dispatch(work, RULES["SPT"])
        late = draft._replace(start=[start + 50 for start in draft.start], end=[end + 50 for end in draft.end])
        found = as_early_as_possible(work, late)
        assert all(after <= before for after, before in zip(found.end, draft.end, strict=True))
        assert check(shop, work.plan(found)) == []
