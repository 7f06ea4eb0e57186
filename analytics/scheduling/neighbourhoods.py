"""Large plans by constraint programming on one neighbourhood after the other.

References
----------
Shaw 1998, CP'98, LNCS 1520:417 (large neighbourhood search). Carchrae and Beck 2009, Journal of Mathematical Modelling and
Algorithms 8:245 (neighbourhoods by time and by machine for job shops).
"""

import random
import time

from analytics.scheduling.constraint_model import Part
from analytics.scheduling.cp_sat import WORKERS, IsStopped, OnProgress, Outcome, Progress, never, solve
from analytics.scheduling.plans import Aims
from analytics.scheduling.workload import Draft, Workload

_FIRST_SIZE, _LEAST_SIZE, _GREATEST_SIZE = 24, 8, 300
_STEP_SECONDS = 1.0
"""At most for one neighbourhood."""


def improve(
    work: Workload,
    draft: Draft,
    aims: Aims,
    *,
    seconds: float,
    workers: int = WORKERS,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    is_stopped: IsStopped = never,
) -> Outcome:
    """Improve a draft for so many seconds; what is given back never costs more.

    Neighbourhoods lie on the way of a job that is late or last, or anywhere. They grow while they are solved to the end in time,
    and shrink while they are not.

    Raises
    ------
    ConfigError
        If OR-Tools is not installed.
    """
    rng = random.Random(seed)  # noqa: S311 - a search, no secret
    begun, bound = time.monotonic(), work.lower_bound(aims)
    cost, size = work.cost(draft.end, draft.setup_minutes, aims), float(_FIRST_SIZE)
    while (left := seconds - (time.monotonic() - begun)) > 0.05 and not is_stopped():
        part = _part(work, draft, round(size), aims, rng)
        step = min(_STEP_SECONDS, left)
        found = solve(
            work, draft, aims, seconds=step, part=part, workers=workers, seed=rng.randrange(2**31), is_stopped=is_stopped
        )
        size = min(max(size * (1.2 if found.status == "optimal" else 0.8), _LEAST_SIZE), _GREATEST_SIZE)
        if found.cost < cost and on_progress is not None:
            on_progress(Progress(time.monotonic() - begun, found.cost, bound))
        draft, cost = found.draft, found.cost
    return Outcome(draft, cost, bound, "feasible", time.monotonic() - begun)


def _part(work: Workload, draft: Draft, size: int, aims: Aims, rng: random.Random) -> Part:
    """Choose operations near each other in time, on all machines or on a few, and let those after them shift."""
    late = [
        last
        for last, due, weight in zip(work.last, work.due, work.weight, strict=True)
        if due is not None and weight and draft.end[last] > due
    ]
    ends = late if aims.tardiness and late else [max(work.last, key=lambda last: draft.end[last])]
    centre = rng.randrange(len(work))
    if rng.random() < 0.7:
        job = work.job[rng.choice(ends)]
        centre = rng.randint(work.first[job], work.last[job])
    at = draft.start[centre]
    near = sorted(range(len(work)), key=lambda one: abs(draft.start[one] - at))
    if rng.random() < 0.5:
        machines = set(work.minutes[centre])
        near = [one for one in near if not machines.isdisjoint(work.minutes[one])]
    free = set(near[:size])
    low, high = min(draft.start[one] for one in free), max(draft.end[one] for one in free)
    reach = (high - low) // 2 + round(2 * work.mean_minutes)
    shifting = {one for one in range(len(work)) if low <= draft.start[one] < high + reach} - free
    return Part(free, shifting, reach)
