"""A shop's plan: the best that rules, search and solver find in the time that there is."""

import time
from collections.abc import Collection
from typing import Literal, NamedTuple

from analytics.scheduling import cp_sat, neighbourhoods
from analytics.scheduling.cp_sat import WORKERS, IsStopped, OnProgress, Progress, never
from analytics.scheduling.dispatching import best_dispatch, tuned_dispatch
from analytics.scheduling.jobs import Shop
from analytics.scheduling.local_search import anneal
from analytics.scheduling.plans import Aims, Measures, Plan, Task, measure
from analytics.scheduling.sequences import timed
from analytics.scheduling.workload import Draft, Workload
from telemetry.errors import ConfigError

Method = Literal["cp_sat", "neighbourhoods", "local_search"]

_LARGE = 20_000
"""Pairs of operations on one machine, or starts between breaks, beyond which the solver has the plan part by part."""
_TUNED, _ANNEALED = 0.25, 0.3
"""Shares of the time, of a large plan, before the solver comes."""
_BRIEF_SECONDS = 1.0
"""So long a small plan is annealed, at most, for the solver to begin with."""


class Schedule(NamedTuple):
    """A plan, and what is known of it."""

    plan: Plan
    measures: Measures
    cost: int
    bound: int
    """No plan costs less."""
    status: Literal["optimal", "feasible"]
    seconds: float
    method: Method
    rule: str
    """The best dispatching rule."""
    rule_cost: int
    rule_measures: Measures
    """What comes of that rule's plan."""

    @property
    def gap_percent(self) -> float:
        """How much better a plan could be at most."""
        return 100 * (self.cost - self.bound) / self.cost if self.cost else 0.0


def has_solver() -> bool:
    """Tell whether OR-Tools is installed."""
    try:
        cp_sat.library()
    except ConfigError:
        return False
    return True


def schedule(
    shop: Shop,
    aims: Aims,
    *,
    seconds: float,
    fixed: Collection[Task] = (),
    previous: Plan | None = None,
    workers: int = WORKERS,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    is_stopped: IsStopped = never,
) -> Schedule:
    """Plan a shop: dispatching rules first, then constraint programming, or a local search where OR-Tools is not installed.

    Parameters
    ----------
    seconds : float
        Of wall time. The rules are tried in any case: of a thousand operations that takes a second or two.
    fixed : collection of Task
        What stands as it is.
    previous : Plan, optional
        Its orders on the machines are tried too.
    is_stopped : callable, optional
        When it says so, the best plan so far is given back.
    seed : int
        For the searches; a limit of wall time still makes two runs differ.

    Raises
    ------
    ConfigError
        If there is nothing to aim at, or what stands does not fit the shop (see `Workload`).
    """
    if min(aims) < 0 or max(aims) == 0:
        raise ConfigError(f"the weights of {aims} must not be negative, and one of them must be positive")
    begun = time.monotonic()
    work = Workload(shop, fixed)
    rule, draft = best_dispatch(work, aims) if len(work) else ("", Draft([], [], [], 0))
    rule_cost = work.cost(draft.end, draft.setup_minutes, aims)
    rule_measures = measure(shop, work.plan(draft))
    draft = _better(work, aims, draft, previous)
    search = _Search(work, aims, begun, seconds, workers, seed, on_progress, is_stopped)
    draft, bound, method = search.run(draft) if len(work) else (draft, rule_cost, "cp_sat")
    cost = work.cost(draft.end, draft.setup_minutes, aims)
    plan = work.plan(draft)
    return Schedule(
        plan=plan,
        measures=measure(shop, plan),
        cost=cost,
        bound=bound,
        status="optimal" if cost == bound else "feasible",
        seconds=time.monotonic() - begun,
        method=method,
        rule=rule,
        rule_cost=rule_cost,
        rule_measures=rule_measures,
    )


def _better(work: Workload, aims: Aims, draft: Draft, previous: Plan | None) -> Draft:
    if previous is None:
        return draft
    found = timed(work, work.sequences(work.draft(previous)))
    if found is None or work.cost(found.draft.end, found.draft.setup_minutes, aims) > work.cost(
        draft.end, draft.setup_minutes, aims
    ):
        return draft
    return found.draft


class _Search(NamedTuple):
    work: Workload
    aims: Aims
    begun: float
    seconds: float
    workers: int
    seed: int
    on_progress: OnProgress | None
    is_stopped: IsStopped

    def run(self, draft: Draft) -> tuple[Draft, int, Method]:
        """Give the best draft, what none can cost less than, and how it was found."""
        work, aims = self.work, self.aims
        bound = work.lower_bound(aims)
        if work.cost(draft.end, draft.setup_minutes, aims) <= bound:
            return draft, bound, "local_search"
        has_library, is_large = has_solver(), _size(work) > _LARGE
        if is_large and aims.tardiness:
            draft = tuned_dispatch(work, aims, draft, seconds=self._left() * _TUNED)
        share = (
            1.0 if not has_library else _ANNEALED if is_large else min(0.2, _BRIEF_SECONDS / max(self._left(), _BRIEF_SECONDS))
        )
        draft = anneal(
            work,
            draft,
            aims,
            seconds=self._left() * share,
            seed=self.seed,
            on_better=self._tell,
            is_stopped=self.is_stopped,
        )
        if not has_library or self.is_stopped() or work.cost(draft.end, draft.setup_minutes, aims) <= bound:
            return draft, bound, "local_search"
        solve = neighbourhoods.improve if is_large else cp_sat.solve
        found = solve(
            work,
            draft,
            aims,
            seconds=self._left(),
            workers=self.workers,
            seed=self.seed,
            on_progress=self._shifted(),
            is_stopped=self.is_stopped,
        )
        return found.draft, max(bound, found.bound), "neighbourhoods" if is_large else "cp_sat"

    def _left(self) -> float:
        return max(self.seconds - (time.monotonic() - self.begun), 0.0)

    def _tell(self, draft: Draft) -> None:
        if self.on_progress is not None:
            cost = self.work.cost(draft.end, draft.setup_minutes, self.aims)
            self.on_progress(Progress(time.monotonic() - self.begun, cost, self.work.lower_bound(self.aims)))

    def _shifted(self) -> OnProgress | None:
        """The solver's clock starts later than ours."""
        told, before = self.on_progress, time.monotonic() - self.begun
        return None if told is None else lambda of: told(of._replace(seconds=of.seconds + before))


def _size(work: Workload) -> int:
    on = [0] * len(work.calendars)
    for options in work.options:
        for machine, _ in options:
            on[machine] += 1
    pairs = sum(count * count for count in on) if work.has_setups else 0
    starts = sum(count * (1 + len(calendar.starts)) for count, calendar in zip(on, work.calendars, strict=True))
    return max(pairs, starts)
