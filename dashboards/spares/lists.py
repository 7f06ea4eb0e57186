"""Reorder lists that people have asked for: one after the other in a process beside the server, kept in memory for an hour."""

import json
import secrets
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analytics.spare_parts.plan_process import plan_of, problems_of
from analytics.spare_parts.reorder_plan import ReorderPlan, Wishes
from dashboards.side_work import SideWork
from telemetry.errors import Problem

MOST_WAITING = 4
MOST_KEPT = 20
"""Lists that are done; the oldest is forgotten first."""
KEPT_SECONDS = 3600.0
LONGEST_SECONDS = 300.0
"""So long a list may take; a store of three thousand parts takes some twenty seconds."""
_COMMAND = (sys.executable, "-m", "analytics.spare_parts.plan_process")
Owner = tuple[int | None, str]


@dataclass(kw_only=True)
class Asked:
    """One list, from the question on; the working thread changes it."""

    owner: Owner
    wishes: Wishes
    demand: bytes
    stock: bytes
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    asked_at: float = field(default_factory=time.monotonic)
    state: Literal["waiting", "working", "done", "wrong", "failed"] = "waiting"
    done: int = 0
    total: int = 0
    """Lead times that are learned, of how many."""
    plan: ReorderPlan | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_under_way(self) -> bool:
        return self.state in ("waiting", "working")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.asked_at


class Lists:
    """All of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Asked] = {}
        self._work = SideWork[Asked]("reorder lists", self._make, most_waiting=MOST_WAITING)
        self.close = self._work.close

    def ask(self, *, owner: Owner, demand: bytes, stock: bytes, wishes: Wishes) -> str:
        """Let a list be made, and give the word under which it is found.

        Raises
        ------
        Busy
        """
        asked = Asked(owner=owner, wishes=wishes, demand=demand, stock=stock)
        with self._lock:
            self._work.refuse_if_busy()
            self._work.put(asked)
            self._forget()
            self._kept[asked.token] = asked
        return asked.token

    def get(self, token: str, *, owner: Owner) -> Asked | None:
        """Give a list to who asked for it; None once it is forgotten."""
        with self._lock:
            self._forget()
            found = self._kept.get(token)
        return found if found is not None and found.owner == owner else None

    def _forget(self) -> None:
        over = [one for one in self._kept.values() if not one.is_under_way]
        too_many = max(len(over) - MOST_KEPT + 1, 0)
        for number, one in enumerate(over):  # in the order in which they were asked for
            if number < too_many or one.seconds > KEPT_SECONDS:
                del self._kept[one.token]

    def _make(self, asked: Asked) -> None:
        asked.state = "working"

        def take(said: dict[str, object]) -> bool:
            _note(asked, said)
            return False

        try:
            with tempfile.TemporaryDirectory(prefix="shangyun-spares-") as folder:
                demand, stock = Path(folder, "demand.csv"), Path(folder, "stock.csv")
                demand.write_bytes(asked.demand)
                stock.write_bytes(asked.stock)
                command = (*_COMMAND, str(demand), str(stock), json.dumps(asked.wishes._asdict()))
                self._work.follow(command, take, limit_seconds=LONGEST_SECONDS)
        finally:
            asked.demand = asked.stock = b""
            if asked.is_under_way:
                asked.state = "failed"


def _note(asked: Asked, said: dict[str, object]) -> None:
    match said:
        case {"done": int(done), "total": int(total)}:
            asked.done, asked.total = done, total
        case {"problems": list(problems)}:
            asked.problems, asked.state = problems_of(problems), "wrong"
        case {"plan": dict(plan)}:
            asked.plan, asked.state = plan_of(plan), "done"
