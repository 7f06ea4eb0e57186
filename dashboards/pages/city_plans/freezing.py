"""Counts that officers have asked to freeze: one after the other, in a process beside the server."""

import secrets
import sys
import threading
import time
from dataclasses import dataclass, field
from json import dumps
from typing import Any, Literal

from dashboards.side_work import SideWork

MOST_WAITING = 4
MOST_KEPT = 50
LONGEST_SECONDS = 1800.0
_COMMAND = (sys.executable, "-m", "registry.plans.freeze_process")


@dataclass(kw_only=True)
class Freeze:
    """One count that is being frozen; the working thread changes it."""

    order: dict[str, Any]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    asked_at: float = field(default_factory=time.monotonic)
    state: Literal["waiting", "working", "done", "wrong", "failed"] = "waiting"
    done: int = 0
    total: int = 0
    snapshot: int | None = None
    problem: str = ""

    @property
    def is_under_way(self) -> bool:
        return self.state in ("waiting", "working")

    @property
    def seconds(self) -> int:
        return int(time.monotonic() - self.asked_at)


class Freezes:
    """All of them, until the server ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Freeze] = {}
        self._work = SideWork[Freeze]("frozen counts", self._make, most_waiting=MOST_WAITING)
        self.close = self._work.close

    def ask(self, order: dict[str, Any]) -> str:
        """Let a count be frozen, and give the word under which it is found.

        Raises
        ------
        Busy
        """
        asked = Freeze(order=order)
        with self._lock:
            self._work.refuse_if_busy()
            self._work.put(asked)
            over = [one.token for one in self._kept.values() if not one.is_under_way]
            for token in over[: max(len(over) - MOST_KEPT, 0)]:
                del self._kept[token]
            self._kept[asked.token] = asked
        return asked.token

    def get(self, token: str) -> Freeze | None:
        with self._lock:
            return self._kept.get(token)

    def _make(self, asked: Freeze) -> None:
        asked.state = "working"

        def take(said: dict[str, Any]) -> bool:
            match said:
                case {"done": int(done), "total": int(total)}:
                    asked.done, asked.total = done, total
                case {"snapshot": int(number)}:
                    asked.snapshot, asked.state = number, "done"
                case {"problem": str(problem)}:
                    asked.problem, asked.state = problem, "wrong"
            return False

        try:
            self._work.follow(_COMMAND, take, send=dumps(asked.order), limit_seconds=LONGEST_SECONDS)
        finally:
            asked.order = {}
            if asked.is_under_way:
                asked.state = "failed"
