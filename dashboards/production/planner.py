"""Searches for plans beside the web server; the database knows how they go."""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from dashboards.side_work import SideWork
from store.database import Database, DatabaseError
from store.production import fail_plan, finish_plan, note_progress

_log = logging.getLogger(__name__)

MOST_WAITING = 4
_GRACE_SECONDS = 90.0
"""So much longer than its seconds a search may take: rules, and the model of a large shop, come on top."""
_TRIES, _RETRY_SECONDS = 5, 2.0
_COMMAND = (sys.executable, "-m", "analytics.scheduling.planning_process")


class Planner:
    """Searches that wait, and the one that goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._searches = SideWork[tuple[int, str]]("planner", self._try_to_search, most_waiting=MOST_WAITING)
        self.refuse_if_busy = self._searches.refuse_if_busy
        self.close = self._searches.close
        """End what goes on; its plan will be found lost."""

    def start(self, plan_id: int, asked: Mapping[str, Any]) -> None:
        """Let a search begin as soon as those before it are done.

        Raises
        ------
        Busy
        """
        self._searches.put((plan_id, json.dumps(asked)))

    def _try_to_search(self, waiting: tuple[int, str]) -> None:
        plan_id, asked = waiting
        try:
            self._search(plan_id, asked)
        except DatabaseError as error:
            _log.warning("plan %d: %s", plan_id, error)
        except Exception:
            with suppress(DatabaseError):
                self._fail(plan_id, "the search broke; the server's log tells more")
            raise

    def _search(self, plan_id: int, asked: str) -> None:
        outcome: dict[str, Any] = {}

        def take(said: dict[str, Any]) -> bool:
            if "done" in said or "failed" in said:
                outcome.update(said)
                return False
            return self._tell(plan_id, said)

        self._tell(plan_id, {})
        limit_seconds = float(json.loads(asked)["seconds"]) + _GRACE_SECONDS
        status = self._searches.follow(_COMMAND, take, send=asked, limit_seconds=limit_seconds)
        if self._searches.is_closed:
            return
        if "done" in outcome:
            self._keep_trying(lambda: finish_plan(self._database, plan_id, outcome["done"], now=datetime.now(UTC)))
        else:
            failure = str(outcome.get("failed", f"the search ended without a plan (exit status {status})"))
            self._keep_trying(lambda: self._fail(plan_id, failure))

    def _tell(self, plan_id: int, said: Mapping[str, Any]) -> bool:
        """Write how far a search is, and that the others wait; tell whether somebody wants it to stop."""
        now = datetime.now(UTC)
        try:
            is_stopped = note_progress(self._database, plan_id, now=now, **said)
            for waiting_id, _ in self._searches.waiting:
                note_progress(self._database, waiting_id, now=now, state="waiting")
        except DatabaseError as error:
            _log.warning("plan %d: %s", plan_id, error)
            return False
        return is_stopped

    def _fail(self, plan_id: int, failure: str) -> None:
        fail_plan(self._database, plan_id, failure, now=datetime.now(UTC))

    def _keep_trying(self, write: Callable[[], None]) -> None:
        """Write what a minute's search has found, also when the database is away for a moment."""
        for left in reversed(range(_TRIES)):
            try:
                write()
            except DatabaseError:
                if not left or self._searches.is_closed:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return
