"""What was found and is not written yet, in order: a short absence of the database costs nothing but time."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from analytics.alarms import counters
from analytics.alarms.acts import ProcessChange, follow_rules, record_changes
from analytics.alarms.flood import WHOLE_PLANT, FloodTerms
from analytics.alarms.leadership import EVALUATOR, Leadership
from analytics.alarms.rule_set import RuleSet
from analytics.alarms.states import Deed
from store.alarm_rules import save_snapshot
from store.database import Database
from store.told_already import Told, told_already

_MOST_AT_ONCE = 2000


class Recorder:
    """A queue of changes, other rules, and snapshots that hold what the changes before them led to."""

    def __init__(
        self, database: Database, leadership: Leadership, rules: RuleSet, *, most_changes: int, now: Callable[[], datetime]
    ) -> None:
        self._database, self._leadership, self._now = database, leadership, now
        self._rules = rules
        self._most_changes = most_changes
        self._queue: deque[list[ProcessChange] | RuleSet | bytes] = deque()
        self._batch: list[ProcessChange] = []
        self.floods: FloodTerms = WHOLE_PLANT
        self.waiting = 0
        self.has_snapshot = False
        """One waits already: until it is written another would only take memory."""

    @property
    def is_full(self) -> bool:
        return self.waiting >= self._most_changes

    @property
    def is_empty(self) -> bool:
        return not (self._queue or self._batch)

    def add(self, changes: list[ProcessChange]) -> None:
        if changes:
            self._queue.append(changes)
            self.waiting += len(changes)
            counters.QUEUED.set(self.waiting)

    def add_rules(self, rules: RuleSet) -> None:
        self._queue.append(rules)

    def add_snapshot(self, snapshot: bytes) -> None:
        self.has_snapshot = True
        self._queue.append(snapshot)

    def write(self) -> None:
        """Write the next; to be called again until it is empty, and again after an error: nothing is lost or doubled.

        Raises
        ------
        DatabaseError, Deposed
        """
        self._leadership.confirm()
        while self._queue and isinstance(self._queue[0], list) and len(self._batch) < _MOST_AT_ONCE:
            self._batch += self._queue.popleft()  # type: ignore[arg-type]  # a list, as was just seen
        if self._batch:
            self._write_changes()
            return
        if self._queue:
            self._write_other(self._queue[0])  # type: ignore[arg-type]  # the lists are taken
            self._queue.popleft()

    def _write_changes(self) -> None:
        now = self._now()
        told = told_already(self._database, [_line(change) for change in self._batch])
        fresh = [change for place, change in enumerate(self._batch) if place not in told]
        counters.CHANGES.inc(record_changes(self._database, fresh, self._rules.announced, now=now, floods=self.floods))
        for change in fresh:
            counters.LAG_SECONDS.observe(max((now - change.time).total_seconds(), 0))
        self.waiting -= len(self._batch)
        counters.QUEUED.set(self.waiting)
        self._batch = []

    def _write_other(self, item: RuleSet | bytes) -> None:
        now = self._now()
        if isinstance(item, bytes):
            save_snapshot(self._database, EVALUATOR, item, now=now)
            self._leadership.saved_at, self.has_snapshot = now, False
        else:
            self._rules = item
            follow_rules(self._database, item.announced, now=now)


def _line(change: ProcessChange) -> Told:
    if change.is_active is None:
        act = Deed.SUPPRESS if change.is_suppressed else Deed.UNSUPPRESS
    else:
        act = Deed.ACTIVATE if change.is_active else Deed.RETURN_TO_NORMAL
    return Told(change.time, change.key.equipment_id, change.key.rule, change.key.gateway, act)
