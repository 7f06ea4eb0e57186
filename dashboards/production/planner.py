"""Searches for plans beside the web server, one after the other, each in a process of its own; the database knows how they go."""

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from store.database import Database, DatabaseError
from store.production import fail_plan, finish_plan, note_progress

_log = logging.getLogger(__name__)

MOST_WAITING = 4
_GRACE_SECONDS = 90.0
"""So much longer than its seconds a search may take: rules, and the model of a large shop, come on top."""
_TRIES, _RETRY_SECONDS = 5, 2.0
_COMMAND = (sys.executable, "-m", "analytics.scheduling.planning_process")


class PlannerBusy(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """So many plans wait already."""


class Planner:
    """Searches that wait, and the one that goes on; its thread starts with the first of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.Queue[tuple[int, str] | None] = queue.Queue(MOST_WAITING + 1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._is_closed = False

    def refuse_if_busy(self) -> None:
        """Say no before anything is written.

        Raises
        ------
        PlannerBusy
        """
        if self._waiting.qsize() >= MOST_WAITING:
            raise PlannerBusy

    def start(self, plan_id: int, asked: Mapping[str, Any]) -> None:
        """Let a search begin as soon as those before it are done.

        Raises
        ------
        PlannerBusy
        """
        with self._lock:
            if self._is_closed:
                raise PlannerBusy
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="planner", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait((plan_id, json.dumps(asked)))
            except queue.Full:
                raise PlannerBusy from None

    def close(self) -> None:
        """End what goes on; its plan will be found lost."""
        with self._lock:
            self._is_closed = True
            thread, process = self._thread, self._process
        if thread is None:
            return
        if process is not None:
            process.kill()
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        thread.join(10)

    def _work(self) -> None:
        while not self._is_closed and (waiting := self._waiting.get()) is not None:
            plan_id, asked = waiting
            try:
                self._search(plan_id, asked)
            except DatabaseError as error:
                _log.warning("plan %d: %s", plan_id, error)
            except Exception:  # noqa: BLE001 - one search that breaks must not end those after it
                _log.exception("plan %d: the search broke", plan_id)
                with suppress(DatabaseError):
                    self._fail(plan_id, "the search broke; the server's log tells more")

    def _search(self, plan_id: int, asked: str) -> None:
        limit = float(json.loads(asked)["seconds"]) + _GRACE_SECONDS
        with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:  # noqa: S603 - our own module
            with self._lock:
                self._process = process
                if self._is_closed:
                    process.kill()
            end = threading.Timer(limit, process.kill)
            end.start()
            try:
                outcome = self._follow(plan_id, process, asked)
            finally:
                end.cancel()
                with self._lock:
                    self._process = None
        if self._is_closed:
            return
        if outcome is None:
            failure = f"the search ended without a plan (exit status {process.returncode})"
            self._keep_trying(lambda: self._fail(plan_id, failure))
        elif "failed" in outcome:
            self._keep_trying(lambda: self._fail(plan_id, str(outcome["failed"])))
        else:
            self._keep_trying(lambda: finish_plan(self._database, plan_id, outcome["done"], now=datetime.now(UTC)))

    def _follow(self, plan_id: int, process: "subprocess.Popen[str]", asked: str) -> dict[str, Any] | None:
        """Send what is asked, and tell what comes until the outcome."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(asked + "\n")
            process.stdin.flush()
        self._tell(plan_id, process, {})
        for line in process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "done" in said or "failed" in said:
                return said
            self._tell(plan_id, process, said)
        return None

    def _tell(self, plan_id: int, process: "subprocess.Popen[str]", said: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        try:
            is_stopped = note_progress(self._database, plan_id, now=now, **said)
            for waiting in list(self._waiting.queue):
                if waiting is not None:
                    note_progress(self._database, waiting[0], now=now, state="waiting")
        except DatabaseError as error:
            _log.warning("plan %d: %s", plan_id, error)
            return
        if is_stopped and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def _fail(self, plan_id: int, failure: str) -> None:
        fail_plan(self._database, plan_id, failure, now=datetime.now(UTC))

    def _keep_trying(self, write: Callable[[], None]) -> None:
        """Write what a minute's search has found, also when the database is away for a moment."""
        for left in reversed(range(_TRIES)):
            try:
                write()
            except DatabaseError:
                if not left or self._is_closed:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return
