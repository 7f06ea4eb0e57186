"""Every alarm that is not simply normal, in memory: one reader of the database for all viewers.

All are read again whenever the database says that one changed, but reading takes at most a fifth of the time. A row is encoded
once, and what a tab hears is put together once for all tabs that see the same gateways.
"""

import asyncio
import json
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Annotated, Any, NamedTuple, cast

from fastapi import Depends, HTTPException, Request

from dashboards.alarms.rows import ACTIVE, UNANSWERED, Alarm, is_listed, sees, sorted_alarms
from dashboards.error_answers import RETRY_AFTER_SECONDS
from store.alarm_journal import floods_now
from store.alarm_rules import RuleRow, list_rules
from store.alarms import PRIORITIES, ConditionFilter, ListedCondition, View, conditions_changed_after, list_conditions
from store.database import Database
from store.sites import Site, gateway_sites, list_sites
from telemetry.errors import ShangyunError

_log = logging.getLogger(__name__)

CHANNEL = "alarm"
VIEWS: tuple[View, ...] = ("standing", "shelved", "suppressed", "out_of_service")
RETRY_SECONDS = 2.0
LOOK_SECONDS = 10.0
"""All is read again after so long at the latest: sites change and say so to nobody."""
MOST_CHANGES = 10_000
"""So many changes are remembered, and"""
MOST_TOLD = 500
"""so many told in one event: a tab that is told as many reads the list anew anyway."""

Gateways = frozenset[str] | None
"""What a viewer may see; None for everything."""


class _Read(NamedTuple):
    """All that lists are made of."""

    conditions: dict[int, ListedCondition]
    revision: int
    """The newest of them, those included that are normal by now."""
    floods: frozenset[int]
    rules: dict[str, RuleRow]
    gateway_sites: dict[str, int]
    sites: dict[int, Site]


class AlarmFeed:
    """The alarms with the thread that keeps them current.

    ``wake`` is called on the loop after each change, and ``on_loss`` when the database has gone away.
    """

    def __init__(self, database: Database, *, wake: Callable[[], None], on_loss: Callable[[], None] = lambda: None) -> None:
        self.version = 0
        self.connected: bool | None = None
        """Whether the database told the alarms as they are now; None until the first attempt has ended."""
        self.floods: frozenset[int] = frozenset()
        """The floods that have not ended."""
        self.sites: dict[int, Site] = {}
        self._database, self._wake, self._on_loss = database, wake, on_loss
        self._alarms: dict[int, Alarm] = {}
        self._changed: OrderedDict[int, tuple[int, str]] = OrderedDict()
        self._rules: dict[str, RuleRow] = {}
        self._gateway_sites: dict[str, int] = {}
        self._sorted: dict[str, list[Alarm]] = {}
        self._summaries: dict[Gateways, dict[str, Any]] = {}
        self._messages: dict[tuple[Gateways, int], str] = {}
        self._stop = threading.Event()

    async def run(self) -> None:
        """Follow the database until closed."""
        loop = asyncio.get_running_loop()
        # A thread of its own: it notices only within a second that it shall end, and the server need not wait for that.
        executor = ThreadPoolExecutor(1, "alarm feed")

        def on_loop(take: Callable[..., None], *given: object) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(take, *given)

        try:
            await loop.run_in_executor(executor, self._follow, on_loop)
        finally:
            self.close()
            executor.shutdown(wait=False)

    def close(self) -> None:
        self._stop.set()

    def __len__(self) -> int:
        return len(self._alarms)

    def get(self, alarm_id: int, gateways: Gateways) -> Alarm | None:
        """Give an alarm; one behind a gateway that is not the viewer's is not there."""
        alarm = self._alarms.get(alarm_id)
        return alarm if alarm is not None and sees(gateways, alarm.gateway) else None

    def site_of(self, gateway: str) -> int | None:
        return self._gateway_sites.get(gateway)

    def gateways_of(self, site: int) -> frozenset[str]:
        return frozenset(gateway for gateway, its_site in self._gateway_sites.items() if its_site == site)

    @property
    def positions(self) -> dict[str, str]:
        """Name the operator's position of each gateway: its site."""
        return {gateway: self.sites[site].name for gateway, site in self._gateway_sites.items() if site in self.sites}

    def alarms(self, sort: str = "priority") -> list[Alarm]:
        """Give all alarms in an order; whoever asks leaves out what the viewer may not see."""
        if sort not in self._sorted:
            self._sorted[sort] = sorted_alarms(self._alarms.values(), sort)
        return self._sorted[sort]

    def summary(self, gateways: Gateways) -> dict[str, Any]:
        """Count what a viewer sees: active and unacknowledged by priority, put aside by view, and the newest."""
        if gateways not in self._summaries:
            self._summaries[gateways] = self._summed([a for a in self.alarms() if sees(gateways, a.gateway)])
        return self._summaries[gateways]

    def message(self, gateways: Gateways, seen: int) -> str:
        """Give the data of a tab's event ``alarms``: the summary, and which alarms changed behind a version."""
        if (gateways, seen) not in self._messages:
            told = {"version": self.version, **self.summary(gateways), "changed": list(self._changed_since(seen, gateways))}
            self._messages[gateways, seen] = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return self._messages[gateways, seen]

    def _changed_since(self, seen: int, gateways: Gateways) -> Iterator[int]:
        told = 0
        for alarm_id, (version, gateway) in reversed(self._changed.items()):
            if version <= seen or told >= MOST_TOLD:
                return
            if sees(gateways, gateway):
                told += 1
                yield alarm_id

    def _summed(self, alarms: list[Alarm]) -> dict[str, Any]:
        standing = [alarm for alarm in alarms if "standing" in alarm.views]
        active = Counter(alarm.condition.priority for alarm in standing if alarm.condition.state in ACTIVE)
        unanswered = [alarm for alarm in standing if alarm.condition.state in UNANSWERED]
        waiting = Counter(alarm.condition.priority for alarm in unanswered)
        newest = max(unanswered, key=lambda alarm: (alarm.condition.changed_at, alarm.condition.id), default=None)
        views = Counter(view for alarm in alarms for view in alarm.views)
        return {
            "active": {name: active[name] for name in PRIORITIES},
            "unacknowledged": {name: waiting[name] for name in PRIORITIES},
            **{name: views[name] for name in ("standing", "shelved", "suppressed", "out_of_service")},
            "flood": any(alarm.condition.flood_id in self.floods for alarm in standing),
            "newest": newest
            and {
                "id": newest.condition.id,
                "title": newest.condition.title,
                "machine": newest.machine,
                "priority": newest.condition.priority,
            },
        }

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _follow(self, on_loop: Callable[..., object]) -> None:
        while not self._stop.is_set():
            try:
                self._listen(on_loop)
            except ShangyunError as error:  # away, or not migrated yet: what is known stays, and says that it is old
                if self._stop.is_set():
                    return
                if self.connected is not False:
                    _log.warning("web: alarms: %s; trying again until it works", error)
                on_loop(self._lost)
                self._stop.wait(RETRY_SECONDS)

    def _listen(self, on_loop: Callable[..., object]) -> None:
        with self._database.listen(CHANNEL) as told:  # before reading, so that no change falls between
            known, whole_at = None, 0.0
            while not self._stop.is_set():
                started = time.monotonic()
                if known is None or started - whole_at > LOOK_SECONDS:
                    known, whole_at = None, started
                known = self.read(known)
                on_loop(self.take, known)
                self._stop.wait(4 * (time.monotonic() - started))
                while not (next(told) or self._stop.is_set() or time.monotonic() - whole_at > LOOK_SECONDS):
                    pass

    def read(self, known: _Read | None = None) -> _Read:
        """Read everything; of the conditions only what changed, where something is known."""
        database = self._database
        if known is None:
            views = (list_conditions(database, ConditionFilter(view=view)) for view in VIEWS)
            changed, conditions, revision = [one for listed in views for one in listed], {}, 0
        else:
            changed = conditions_changed_after(database, known.revision)
            conditions, revision = dict(known.conditions), known.revision
        for one in changed:
            revision = max(revision, one.condition.revision)
            if is_listed(one.condition):
                conditions[one.condition.id] = one
            else:
                conditions.pop(one.condition.id, None)
        return _Read(
            conditions,
            revision,
            frozenset(flood.id for flood in floods_now(database).values()),
            {rule.name: rule for rule in list_rules(database)},
            gateway_sites(database),
            {site.id: site for site in list_sites(database)},
        )

    # --- on the loop --------------------------------------------------------------------------------------------------

    def take(self, read: _Read) -> None:
        version, alarms = self.version + 1, dict[int, Alarm]()
        is_changed = not self.connected or read.floods != self.floods
        if read.rules == self._rules:  # the same objects as before are told apart without looking into them
            read = read._replace(rules=self._rules)
        for alarm_id, listed in read.conditions.items():
            rule, site = read.rules.get(listed.condition.rule), read.gateway_sites.get(listed.gateway)
            alarm = self._alarms.get(alarm_id)
            if alarm is None or alarm.listed != listed or alarm.rule is not rule or alarm.site != site:
                alarm = Alarm(listed=listed, rule=rule, site=site)
                self._touch(alarm, version)
                is_changed = True
            alarms[alarm_id] = alarm
        for gone in self._alarms.keys() - alarms.keys():
            self._touch(self._alarms[gone], version)
            is_changed = True
        self._alarms, self.floods, self.connected = alarms, read.floods, True
        self._rules, self._gateway_sites, self.sites = read.rules, read.gateway_sites, read.sites
        if is_changed:
            self._became(version)

    def _lost(self) -> None:
        if self.connected is not False:
            self.connected = False
            self._became(self.version + 1)
            self._on_loss()

    def _became(self, version: int) -> None:
        self.version = version
        self._sorted, self._summaries, self._messages = {}, {}, {}
        self._wake()

    def _touch(self, alarm: Alarm, version: int) -> None:
        alarm_id = alarm.condition.id
        self._changed[alarm_id] = (version, alarm.gateway)
        self._changed.move_to_end(alarm_id)
        if len(self._changed) > MOST_CHANGES:
            self._changed.popitem(last=False)


def _current(request: Request) -> AlarmFeed:
    return cast("AlarmFeed", request.app.state.alarm_feed)


CurrentAlarms = Annotated[AlarmFeed, Depends(_current)]


def require_alarms(alarms: AlarmFeed) -> None:
    """Refuse while the alarms have not once been read: an empty list would say that all is well."""
    if alarms.connected is not True and not len(alarms):
        raise HTTPException(503, "the alarms have not been read yet", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
