"""Schedules by dispatching rules: the floor for any other method, and where each of them begins.

References
----------
Giffler and Thompson 1960, Operations Research 8:487 (active schedules). Vepsalainen and Morton 1987, Management Science 33:1035
(apparent tardiness cost). Lee, Bhaskaran and Pinedo 1997, IIE Transactions 29:45 (the same with set-ups).
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from analytics.scheduling.plans import Aims
from analytics.scheduling.workload import Draft, Workload

_NO_HURRY = 100.0
"""Where a job without a due date stands on the logarithm of the index: behind all others."""
_NO_WEIGHT = 1e-9


class Choice(NamedTuple):
    """One operation that could be next on a machine."""

    operation: int
    minutes: int
    start: int
    setup_minutes: int
    ready: int
    """When it arrives."""


Rule = Callable[[Workload, Choice], float]
"""Gives a number; the smallest is taken."""


def _weight_over(work: Workload, choice: Choice) -> float:
    return -work.weight[work.job[choice.operation]] / choice.minutes


def _due(work: Workload, choice: Choice) -> float:
    due = work.due[work.job[choice.operation]]
    return math.inf if due is None else due


def apparent_tardiness_cost(*, look_ahead: float, setup_look_ahead: float = 1.0) -> Rule:
    """Make the rule that weighs a job's price for a minute against its slack and its set-up.

    Parameters
    ----------
    look_ahead : float
        Slack counts against so many mean operations; the literature uses 2 to 4 on one machine, more where jobs wait for many.
    setup_look_ahead : float
        Likewise the set-up against so many mean set-ups.
    """

    def rule(work: Workload, choice: Choice) -> float:
        number = work.job[choice.operation]
        due = work.due[number]
        slack = 0 if due is None else max(due - work.remaining[choice.operation] - choice.start, 0)
        urgency = -slack / (look_ahead * work.mean_minutes) if due is not None else -_NO_HURRY
        if work.mean_setup:
            urgency -= choice.setup_minutes / (setup_look_ahead * work.mean_setup)
        # the index itself underflows where slack is long; its logarithm has the same order
        return -(math.log(max(work.weight[number], _NO_WEIGHT) / choice.minutes) + urgency)

    return rule


RULES: dict[str, Rule] = {
    **{f"ATC K={look_ahead}": apparent_tardiness_cost(look_ahead=look_ahead) for look_ahead in (2, 3, 4)},
    "SPT": lambda _work, choice: choice.minutes,
    "WSPT": _weight_over,
    "MWKR": lambda work, choice: -work.remaining[choice.operation],
    "EDD": _due,
    "SST": lambda _work, choice: choice.setup_minutes,
    "FIFO": lambda _work, choice: choice.ready,
}
"""Apparent tardiness cost, shortest and weighted shortest processing time, most work remaining, earliest due date, shortest
set-up, first in first out."""


def dispatch(work: Workload, rule: Rule, *, is_active: bool = True) -> Draft:
    """Fill the machines in order of time, each time with the operation that a rule prefers.

    Parameters
    ----------
    is_active : bool
        Among all that could begin before the earliest possible end (Giffler and Thompson); otherwise a machine never waits while
        something could begin (non-delay).
    """
    state = _State(work)
    while state.waiting:
        state.place(min(state.conflict(is_active=is_active), key=lambda choice: (rule(work, choice), choice.operation)))
    return state.draft


def all_drafts(work: Workload) -> Iterator[tuple[str, Draft]]:
    """Give what every rule makes, non-delay and active."""
    for name, rule in RULES.items():
        yield f"{name}, non-delay", dispatch(work, rule, is_active=False)
        yield f"{name}, active", dispatch(work, rule)


def best_dispatch(work: Workload, aims: Aims) -> tuple[str, Draft]:
    """Give the best of all rules by name."""
    return min(all_drafts(work), key=lambda named: work.cost(named[1].end, named[1].setup_minutes, aims))


def tuned_dispatch(work: Workload, aims: Aims, draft: Draft, *, seconds: float) -> Draft:
    """Turn the look-aheads of the apparent tardiness cost towards what serves this shop, as far as the time goes; never worse.

    What a shop needs differs widely from the literature's 2 to 4, and one more try costs little.
    """
    begun = time.monotonic()
    best, best_cost = draft, work.cost(draft.end, draft.setup_minutes, aims)
    look_ahead, setup_look_ahead, factor = 4.0, 1.0, 1.5
    while factor > 1.05:
        kept = look_ahead, setup_look_ahead
        for turn, setup_turn in ((factor, 1.0), (1 / factor, 1.0), (1.0, factor), (1.0, 1 / factor)):
            if time.monotonic() - begun > seconds:
                return best
            if setup_turn != 1.0 and not work.mean_setup:
                continue
            tried = kept[0] * turn, kept[1] * setup_turn
            rule = apparent_tardiness_cost(look_ahead=tried[0], setup_look_ahead=tried[1])
            found = dispatch(work, rule, is_active=False)
            cost = work.cost(found.end, found.setup_minutes, aims)
            if cost < best_cost:
                best, best_cost, (look_ahead, setup_look_ahead) = found, cost, tried
        if (look_ahead, setup_look_ahead) == kept:
            factor **= 0.5
    return best


class _State:
    """Machines as far as they are filled, and the next operation of each job."""

    def __init__(self, work: Workload) -> None:
        self.work = work
        count = len(work)
        self._machine, self._start, self._end, self._setup_minutes = [-1] * count, [0] * count, [0] * count, 0
        self._machine_end = [0] * len(work.calendars)
        self._family = list(work.machine_family)
        self._ready = dict(zip(work.first, work.release, strict=True))
        self.waiting: dict[int, tuple[int, int, int, Choice]] = {}
        """Of each operation that could be next: end and start on the machine where it ends first, that machine, the choice."""
        for operation in work.first:
            self._try(operation)

    @property
    def draft(self) -> Draft:
        return Draft(self._machine, self._start, self._end, self._setup_minutes)

    def conflict(self, *, is_active: bool) -> list[Choice]:
        if is_active:
            before, _, machine, _ = min(self.waiting.values())
        else:
            # a machine that could begin to set up does not wait either
            at, _, machine = min((start - of.setup_minutes, end, on) for end, start, on, of in self.waiting.values())
            return [of for _, start, on, of in self.waiting.values() if on == machine and start - of.setup_minutes <= at]
        return [of for _, start, on, of in self.waiting.values() if on == machine and start < before]

    def place(self, choice: Choice) -> None:
        operation, work = choice.operation, self.work
        end, start, machine, _ = self.waiting.pop(operation)
        self._machine[operation], self._start[operation], self._end[operation] = machine, start, end
        self._setup_minutes += choice.setup_minutes
        self._machine_end[machine], self._family[machine] = end, work.family[operation]
        for other, trial in list(self.waiting.items()):
            # without set-ups a machine that was not the best for it is so less than ever
            if trial[2] == machine or (work.has_setups and machine in work.minutes[other]):
                self._try(other)
        if operation != work.last[work.job[operation]]:
            self._ready[operation + 1] = end
            self._try(operation + 1)

    def _try(self, operation: int) -> None:
        work, ready = self.work, self._ready[operation]
        family, can_pause = work.family[operation], work.can_pause[operation]
        best: tuple[int, int, int, Choice] | None = None
        for machine, minutes in work.options[operation]:
            calendar = work.calendars[machine]
            setup = work.setup[self._family[machine]][family]
            earliest = max(ready, calendar.after(self._machine_end[machine], setup))
            start, end = calendar.fit(earliest, minutes, can_pause=can_pause)
            if best is None or (end, start) < best[:2]:
                best = (end, start, machine, Choice(operation, minutes, start, setup, ready))
        assert best is not None  # every operation has a machine
        self.waiting[operation] = best
