"""From the order of operations on each machine to times: everything as early as its order allows."""

from collections.abc import Sequence
from typing import NamedTuple

from analytics.scheduling.workload import Draft, Workload


class Timed(NamedTuple):
    """A draft, and of each operation which one it waits for."""

    draft: Draft
    waits_for: list[int]
    """The operation before it on its machine or in its job, whichever lets it begin later; -1 for none."""
    on_machine: list[int]
    """The operation before it on its machine; -1 for none."""


def timed(work: Workload, sequences: Sequence[Sequence[int]]) -> Timed | None:
    """Start every operation as early as the one before it in its job and the one before it on its machine allow.

    Returns
    -------
    Timed or None
        None where the orders contradict each other: an operation would wait for itself.
    """
    count = len(work)
    before, after, machine_of = [-1] * count, [-1] * count, [-1] * count
    for machine, sequence in enumerate(sequences):
        last = -1
        for operation in sequence:
            machine_of[operation], before[operation] = machine, last
            if last >= 0:
                after[last] = operation
            last = operation
    first = [True] * count
    for operation in range(1, count):
        first[operation] = work.job[operation] != work.job[operation - 1]
    open_ends = [(not first[operation]) + (before[operation] >= 0) for operation in range(count)]
    stack = [operation for operation in range(count) if not open_ends[operation]]
    start, end, waits_for = [0] * count, [0] * count, [-1] * count
    done = setup_minutes = 0
    while stack:
        operation = stack.pop()
        done += 1
        machine, last = machine_of[operation], before[operation]
        calendar = work.calendars[machine]
        family = work.machine_family[machine] if last < 0 else work.family[last]
        setup = work.setup[family][work.family[operation]]
        setup_minutes += setup
        free = calendar.after(0 if last < 0 else end[last], setup)
        arrival = work.release[work.job[operation]] if first[operation] else end[operation - 1]
        start[operation], end[operation] = calendar.fit(
            max(free, arrival), work.minutes[operation][machine], can_pause=work.can_pause[operation]
        )
        waits_for[operation] = last if free >= arrival and last >= 0 else -1 if first[operation] else operation - 1
        following = operation + 1
        if following < count and not first[following]:
            open_ends[following] -= 1
            if not open_ends[following]:
                stack.append(following)
        following = after[operation]
        if following >= 0:
            open_ends[following] -= 1
            if not open_ends[following]:
                stack.append(following)
    return Timed(Draft(machine_of, start, end, setup_minutes), waits_for, before) if done == count else None


def as_early_as_possible(work: Workload, draft: Draft) -> Draft:
    """Keep the orders of a draft and let every operation begin as early as they allow; nothing ends later than before."""
    found = timed(work, work.sequences(draft))
    assert found is not None  # a draft's own times are in order
    return found.draft
