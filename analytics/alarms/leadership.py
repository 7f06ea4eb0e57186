"""Which of the workers judges: one has the lock, and keeps it while the database is away unless another has led meanwhile."""

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from store.alarm_rules import load_snapshot
from store.database import Database
from store.leadership import Lead, lead

if TYPE_CHECKING:
    from datetime import datetime

EVALUATOR = "main"
_WORK = "alarm worker"


class Deposed(Exception):  # noqa: N818 - an event, not a fault
    """Another worker has led since; what this one knows is of the past."""


class Leadership:
    """The lock of this worker; any thread may ask for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = ExitStack()
        self._lead: Lead | None = None
        self._asked = threading.Lock()
        self.saved_at: datetime | None = None
        """When the newest snapshot was saved by this worker, or by the one before."""

    def acquire(self) -> bool:
        """Try to lead."""
        self._lead = self._stack.enter_context(lead(self._database, _WORK))
        if self._lead is None:
            self._stack.close()
        return self._lead is not None

    def confirm(self) -> None:
        """Make sure that nobody else leads, before writing.

        Raises
        ------
        DatabaseError
            While that cannot be known.
        Deposed
            If somebody else does, or did.
        """
        with self._asked:
            if self._lead is not None:
                if self._lead.is_held():
                    return
                self.release()
            if not self.acquire():
                raise Deposed
            if self._has_another_led():
                self.release()
                raise Deposed

    def _has_another_led(self) -> bool:
        try:
            saved = load_snapshot(self._database, EVALUATOR)
        except BaseException:
            self.release()
            raise
        return saved is not None and saved[1] != self.saved_at

    def release(self) -> None:
        self._lead = None
        self._stack.close()
