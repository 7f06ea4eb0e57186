"""Schedules by constraint programming with OR-Tools: best or proved optimal where the time suffices.

References
----------
Laborie, Rogerie, Shaw and Vilim 2018, Constraints 23:210 (intervals with presence). Perron and Didier, CP-SAT, OR-Tools 9.15.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from analytics.scheduling.constraint_model import ConstraintModel, Part
from analytics.scheduling.plans import Aims
from analytics.scheduling.sequences import as_early_as_possible
from analytics.scheduling.workload import Draft, Workload
from telemetry.errors import ConfigError

WORKERS = 8
"""Search strategies side by side, also on two cores: the solver's portfolio needs them more than it needs cores."""


class Progress(NamedTuple):
    """A better plan was found."""

    seconds: float
    cost: int
    bound: int
    """No plan costs less."""


OnProgress = Callable[[Progress], None]
IsStopped = Callable[[], bool]
"""Asked again and again, perhaps from another thread; once it says so, the best so far is given back."""
_ASK_SECONDS = 0.1


def never() -> bool:
    return False


class Outcome(NamedTuple):
    """What came of a search."""

    draft: Draft
    cost: int
    bound: int
    """No plan costs less; of a part, none that leaves the rest as it is."""
    status: Literal["optimal", "feasible"]
    seconds: float


def solve(
    work: Workload,
    hint: Draft,
    aims: Aims,
    *,
    seconds: float,
    part: Part | None = None,
    workers: int = WORKERS,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    is_stopped: IsStopped = never,
) -> Outcome:
    """Improve a draft by constraint programming; what is given back never costs more than the hint.

    Parameters
    ----------
    part : Part, optional
        Change only this; bound and status are then those of the neighbourhood.
    seed : int
        The same seed begins the same search; with several workers and a limit of time it need not end with the same plan.

    Raises
    ------
    ConfigError
        If OR-Tools is not installed.
    """
    begun = time.monotonic()
    cp = library()
    built = ConstraintModel(cp, work, hint, aims, part)
    solver = cp.CpSolver()
    solver.parameters.max_time_in_seconds = max(seconds - (time.monotonic() - begun), 0.01)
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    if part is not None:
        solver.parameters.cp_model_probing_level = 0  # it takes as long as a neighbourhood may
    solver.parameters.catch_sigint_signal = False  # a library does not take a process's signals
    with _stopping(solver, is_stopped):
        status = solver.solve(built.model, None if on_progress is None else _callback(cp, on_progress))
    before = work.cost(hint.end, hint.setup_minutes, aims)
    draft, cost = hint, before
    if status in (cp.OPTIMAL, cp.FEASIBLE):
        draft = as_early_as_possible(work, built.draft(solver.value))
        cost = work.cost(draft.end, draft.setup_minutes, aims)
        if cost > before:
            draft, cost = hint, before
    bound = min(math.ceil(solver.best_objective_bound - 1e-6), cost)
    is_optimal = status == cp.OPTIMAL or cost == bound
    return Outcome(draft, cost, bound, "optimal" if is_optimal else "feasible", time.monotonic() - begun)


@contextmanager
def _stopping(solver: Any, is_stopped: IsStopped) -> Iterator[None]:
    """Stop the solver when somebody says so; while it works, its thread sees nothing of the world."""
    if is_stopped is never:
        yield
        return
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(_ASK_SECONDS):
            if is_stopped():
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="stop of the solver", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def library() -> Any:
    """Give OR-Tools' CP-SAT.

    Raises
    ------
    ConfigError
        If it is not installed; the text tells how to get it.
    """
    try:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise ConfigError("optimal schedules need OR-Tools: pip install 'shangyun[scheduling]'") from error
    return cp_model


def _callback(cp: Any, on_progress: OnProgress) -> Any:
    class Callback(cp.CpSolverSolutionCallback):  # type: ignore[misc]  # the library is untyped
        def on_solution_callback(self) -> None:
            on_progress(Progress(self.wall_time, round(self.objective_value), math.ceil(self.best_objective_bound - 1e-6)))

    return Callback()
