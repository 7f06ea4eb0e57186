import sys
from collections.abc import Callable

import pytest

from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.planning import schedule
from analytics.scheduling.plans import Aims, Task, check
from telemetry.errors import ConfigError


def test_a_job_shop_is_planned_to_its_optimum(classic: Callable[[str], Shop]) -> None:
    pytest.importorskip("ortools")
    shop = classic("ft06")
    found = schedule(shop, Aims(), seconds=20)
    assert check(shop, found.plan) == []
    assert (found.cost, found.bound, found.status, found.gap_percent) == (55, 55, "optimal", 0.0)
    assert found.measures.makespan_minutes == 55
    assert found.rule_cost >= 55


def test_without_the_library_a_local_search_plans(monkeypatch: pytest.MonkeyPatch, shop_of: Callable[..., Shop]) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    shop = shop_of(2, jobs=10, machines=3, steps=4)
    bounds: list[int] = []
    found = schedule(shop, Aims(1, 1, 1), seconds=0.5, on_progress=lambda of: bounds.append(of.bound))
    assert found.method == "local_search"
    assert check(shop, found.plan) == []
    assert found.bound <= found.cost <= found.rule_cost
    assert set(bounds) <= {found.bound}


def test_an_earlier_plan_is_never_made_worse(monkeypatch: pytest.MonkeyPatch, shop_of: Callable[..., Shop]) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    shop = shop_of(4, jobs=10, machines=3, steps=4)
    aims = Aims(1, 1, 1)
    first = schedule(shop, aims, seconds=1.0)
    assert schedule(shop, aims, seconds=0.0, previous=first.plan).cost <= first.cost


def test_a_shop_in_which_all_stands_is_planned_already() -> None:
    job = Job(name="A", operations=(Operation(name="1", minutes={"M": 5}),), due_minute=3)
    shop = Shop(jobs=(job,), machines=(Machine(name="M"),))
    found = schedule(shop, Aims(1, 1, 0), seconds=1, fixed=[Task("A", "1", "M", 0, 5)])
    assert (found.cost, found.bound, found.status) == (7, 7, "optimal")
    assert schedule(Shop(jobs=(), machines=shop.machines), Aims(), seconds=1).plan.tasks == ()


@pytest.mark.parametrize("aims", [Aims(0, 0, 0), Aims(1, -1, 0)])
def test_something_must_be_aimed_at(aims: Aims) -> None:
    with pytest.raises(ConfigError, match="weights"):
        schedule(Shop(jobs=(), machines=()), aims, seconds=1)
