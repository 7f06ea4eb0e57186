from collections.abc import Callable

import pytest

from analytics.scheduling.dispatching import RULES, best_dispatch, dispatch
from analytics.scheduling.jobs import Shop
from analytics.scheduling.local_search import anneal
from analytics.scheduling.plans import Aims, check
from analytics.scheduling.workload import Draft, Workload


@pytest.mark.parametrize("seed", range(4))
def test_what_it_finds_holds_and_is_never_worse(shop_of: Callable[..., Shop], seed: int) -> None:
    shop = shop_of(seed, jobs=8, machines=3, steps=4)
    work, aims = Workload(shop), Aims(1, 2, 1)
    before = dispatch(work, RULES["SPT"])
    seen: list[Draft] = []
    after = anneal(work, before, aims, seconds=0.3, seed=seed, on_better=seen.append)
    assert check(shop, work.plan(after)) == []
    costs = [work.cost(draft.end, draft.setup_minutes, aims) for draft in (before, *seen, after)]
    assert costs == sorted(costs, reverse=True)
    assert seen[-1] == after


def test_it_leads_from_the_floor_to_the_optimum_of_a_flow_of_ten_jobs(classic: Callable[[str], Shop]) -> None:
    # la01, optimum 666 (reference 0.1); the best rule gives 735
    work = Workload(classic("la01"))
    _, draft = best_dispatch(work, Aims())
    assert max(draft.end) == 735
    assert 666 <= max(anneal(work, draft, Aims(), seconds=2.0).end) <= 680


def test_a_plan_in_which_nothing_waits_is_given_back_at_once(shop_of: Callable[..., Shop]) -> None:
    work = Workload(shop_of(1, jobs=1, machines=1, steps=1))
    draft = dispatch(work, RULES["SPT"])
    assert anneal(work, draft, Aims(), seconds=60) == draft
