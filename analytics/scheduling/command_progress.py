"""What a person sees while a plan is searched for at the command line."""

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from analytics.scheduling.cp_sat import IsStopped, OnProgress, Progress
from analytics.scheduling.planning import has_solver
from analytics.scheduling.stopping import until_stopped

T = TypeVar("T")
_LOG_SECONDS = 5.0
"""Where nobody looks on, a line each."""


def search(run: Callable[[IsStopped, OnProgress], T], *, seconds: float) -> T:
    """Search, tell on standard error how far it is, and give what there is when Ctrl-C is pressed."""
    if not has_solver():
        sys.stderr.write("OR-Tools is not installed: rules and local search only; pip install 'shangyun[scheduling]'\n")
    line = _Line(seconds)
    try:
        return until_stopped(lambda is_stopped: run(is_stopped, line.note), stop=threading.Event(), tell=line.show)
    finally:
        line.end()


class _Line:
    """One line that renews itself on a terminal."""

    def __init__(self, seconds: float) -> None:
        self._begun, self._seconds = time.monotonic(), seconds
        self._is_terminal = sys.stderr.isatty()
        self._known, self._shown, self._next_at = "trying the rules", "", self._begun + _LOG_SECONDS

    def note(self, of: Progress) -> None:
        self._known = f"cost {of.cost:,}, no plan below {of.bound:,}"

    def show(self) -> None:
        now = time.monotonic()
        text = f"{now - self._begun:5.1f} of {self._seconds:g} s: {self._known}"
        if self._is_terminal:
            sys.stderr.write("\r" + text.ljust(len(self._shown)))
            self._shown = text
        elif now >= self._next_at:
            self._next_at = now + _LOG_SECONDS
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._is_terminal:
            sys.stderr.write("\n")
