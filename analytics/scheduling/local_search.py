"""Better schedules in bounded time, without a solver: simulated annealing over what the last operations wait for.

References
----------
Van Laarhoven, Aarts and Lenstra 1992, Operations Research 40:113 (annealing over swaps on a longest path).
Dell'Amico and Trubian 1993, Annals of Operations Research 41:231.
"""

import math
import random
import time
from collections.abc import Callable

from analytics.scheduling.plans import Aims
from analytics.scheduling.sequences import Timed, timed
from analytics.scheduling.workload import Draft, Workload

_FIRST_HEAT = 0.2
_LAST_HEAT = 0.005
"""By how much a step may worsen the plan, at the beginning and at the end: share of what a mean operation costs."""
_ELSEWHERE = 0.3
"""Share of moves that take an operation to another of its machines, or to another place on its own."""


def anneal(
    work: Workload,
    draft: Draft,
    aims: Aims,
    *,
    seconds: float,
    seed: int = 0,
    on_better: Callable[[Draft], None] = lambda _draft: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Draft:
    """Improve a draft for so many seconds; what is given back is never worse."""
    rng = random.Random(seed)  # noqa: S311 - a search, no secret
    sequences = work.sequences(draft)
    current = timed(work, sequences)
    assert current is not None  # a draft's own times are in order
    at = work.cost(current.draft.end, current.draft.setup_minutes, aims)
    best, best_cost = current.draft, at
    unit = max(aims) * work.mean_minutes
    begun = now = time.monotonic()
    while now < begun + seconds and not is_stopped():
        heat = _FIRST_HEAT * (_LAST_HEAT / _FIRST_HEAT) ** ((now - begun) / seconds) * unit
        undo = _move(work, sequences, current, aims, rng)
        if undo is None:  # no operation waits for a machine: nothing is left to gain
            break
        trial = timed(work, sequences)
        cost = math.inf if trial is None else work.cost(trial.draft.end, trial.draft.setup_minutes, aims)
        if trial is not None and (cost <= at or rng.random() < math.exp((at - cost) / max(heat, 1e-9))):
            current, at = trial, int(cost)
            if at < best_cost:
                best, best_cost = current.draft, at
                on_better(best)
        else:
            undo()
        now = time.monotonic()
    return best


def _move(
    work: Workload, sequences: list[list[int]], current: Timed, aims: Aims, rng: random.Random
) -> Callable[[], None] | None:
    """Change the sequences in one place, and give what changes them back."""
    path = _path(current, _target(work, current.draft, aims, rng))
    waiting = [operation for operation in path if 0 <= current.on_machine[operation] == current.waits_for[operation]]
    flexible = [operation for operation in path if len(work.options[operation]) > 1]
    if flexible and (not waiting or rng.random() < _ELSEWHERE):
        return _elsewhere(work, sequences, current.draft, rng.choice(flexible), rng)
    if not waiting:
        return None
    operation = rng.choice(waiting)
    sequence = sequences[current.draft.machine[operation]]
    place = sequence.index(operation)

    def swap() -> None:
        sequence[place - 1], sequence[place] = sequence[place], sequence[place - 1]

    swap()
    return swap


def _elsewhere(
    work: Workload, sequences: list[list[int]], draft: Draft, operation: int, rng: random.Random
) -> Callable[[], None]:
    old = sequences[draft.machine[operation]]
    place = old.index(operation)
    new = sequences[rng.choice(work.options[operation])[0]]
    old.pop(place)
    about = sum(draft.start[other] < draft.start[operation] for other in new)
    at = min(max(about + rng.randint(-2, 2), 0), len(new))
    new.insert(at, operation)

    def back() -> None:
        new.pop(at)
        old.insert(place, operation)

    return back


def _target(work: Workload, draft: Draft, aims: Aims, rng: random.Random) -> int:
    """Give the end of the whole plan, or of a job that is late."""
    late = [
        last
        for last, due, weight in zip(work.last, work.due, work.weight, strict=True)
        if due is not None and weight and draft.end[last] > due
    ]
    if aims.tardiness and late and (not aims.makespan or rng.random() < 0.7):
        return rng.choice(late)
    return max(work.last, key=lambda last: draft.end[last])


def _path(current: Timed, operation: int) -> list[int]:
    """Give what an operation waits for, and what that waits for, back to the beginning."""
    found = []
    while operation >= 0:
        found.append(operation)
        operation = current.waits_for[operation]
    return found
