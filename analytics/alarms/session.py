"""The time in which a worker leads: its tasks and what they share."""

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from analytics.alarms import counters
from analytics.alarms.acts import ProcessChange, expire_shelves
from analytics.alarms.beginning import OVERLAP, Beginning
from analytics.alarms.flood import FloodTerms
from analytics.alarms.flood_marks import end_floods
from analytics.alarms.inbox import Inbox
from analytics.alarms.instants import to_us
from analytics.alarms.leadership import Leadership
from analytics.alarms.machine_directory import read_directory
from analytics.alarms.missed import missed_rows, slices
from analytics.alarms.pace import Pace
from analytics.alarms.recorder import Recorder
from analytics.alarms.rule_set import read_rules
from analytics.alarms.settings import AlarmSettings
from analytics.notifications.notifier import Notifier
from store.alarms import ConditionFilter, count_by_priority
from store.database import Database
from store.readings import Latest, latest
from telemetry.errors import RetryableError
from telemetry.mqtt import keep_connected
from telemetry.mqtt_receiver import receive_from

_log = logging.getLogger(__name__)

_ACTIVE = ("unacknowledged", "acknowledged")
_INBOX_MESSAGES = 10_000


class Session:
    """What a worker knows while it leads."""

    def __init__(
        self,
        settings: AlarmSettings,
        database: Database,
        leadership: Leadership,
        beginning: Beginning,
        *,
        now: Callable[[], datetime],
        pace: Pace,
    ) -> None:
        self._settings, self._database, self._now, self._pace = settings, database, now, pace
        self._leadership = leadership
        self._judge = beginning.judge
        self._rules, self._directory = beginning.rules, beginning.directory
        self.known_until = beginning.known_until
        """Everything before it is judged, whatever comes late."""
        self._sessions_seen = 0
        self._stop = asyncio.Event()
        self._orders: list[Callable[[], list[ProcessChange]]] = []
        """What the judging task shall do between two looks at the inbox."""
        self._newest: list[Latest] = []
        self.inbox = Inbox()
        self.recorder = Recorder(database, leadership, beginning.rules, most_changes=settings.queued_changes, now=now)
        self.recorder.add_rules(beginning.rules)
        self.recorder.add(beginning.changes)
        self.is_database_away = False
        self._notifier = Notifier(
            database, settings.channels, zone=settings.zone, public_address=settings.public_address, now=now
        )
        self._use_floods()

    async def run(self, stop: asyncio.Event) -> None:
        """Lead until ``stop`` is set, and then write what was found.

        Raises
        ------
        Deposed
            Within a group, when another worker leads.
        """
        self._stop = stop
        async with asyncio.TaskGroup() as group:
            receive = group.create_task(
                keep_connected(lambda: receive_from(self._settings.broker, inbox=_INBOX_MESSAGES), self.inbox.fill, name="alarms")
            )
            tasks = [group.create_task(work()) for work in (self._keep_judging, self._keep_books, self._keep_up)]
            notify = group.create_task(self._notifier.run())
            await asyncio.wait(tasks)
            is_current = self._is_current
            receive.cancel()
            notify.cancel()
        if is_current:
            await self._turn()
            self.recorder.add_snapshot(await asyncio.to_thread(self._judge.snapshot))
        await self._write_the_rest()

    @property
    def _is_current(self) -> bool:
        """Whether nothing was missed; otherwise a snapshot would say that what the broker is to bring is judged already."""
        return self.inbox.is_connected and self.inbox.sessions == self._sessions_seen

    # --- judging ------------------------------------------------------------------------------------------------------

    async def _keep_judging(self) -> None:
        clock = asyncio.get_running_loop().time
        snapshot_at = clock() + self._pace.snapshot_seconds
        is_full = False
        while not self._stop.is_set():
            await asyncio.sleep(self._pace.gather_seconds)
            if self.recorder.is_full != is_full:
                is_full = self.recorder.is_full
                outcome = "nothing more is judged until there is room" if is_full else "judging goes on"
                _log.warning("%d changes wait for the database: %s", self.recorder.waiting, outcome)
            if is_full:
                continue
            while self.inbox.is_connected and not self._is_current:
                await self._catch_up()
            await self._turn()
            if clock() >= snapshot_at and self._is_current and not self.recorder.has_snapshot:
                self.recorder.add_snapshot(await asyncio.to_thread(self._judge.snapshot))
                snapshot_at = clock() + self._pace.snapshot_seconds

    async def _turn(self) -> None:
        if self.inbox.is_connected and not self._is_current:
            return  # a session that has only just begun: what was stored before it comes first
        orders, self._orders = self._orders, []
        newest, self._newest = self._newest, []
        messages, is_connected, now = self.inbox.take(), self.inbox.is_connected, self._now()
        since_us = to_us(now - self._settings.catch_up)

        def judge() -> list[ProcessChange]:
            changes = [change for order in orders for change in order()]
            changes += self._judge.take(messages, to_us(now))
            if is_connected:  # otherwise all machines are silent, and what a value became in the meantime is not known
                changes += self._judge.take_latest(newest, since_us=since_us, now_us=to_us(now))
                changes += self._judge.tick(to_us(now))
            return changes

        self.recorder.add(await asyncio.to_thread(judge))
        if is_connected:
            self.known_until = now - OVERLAP

    async def _catch_up(self) -> None:
        """Judge what was stored since the last session; what the broker brings meanwhile waits."""
        self._sessions_seen = self.inbox.sessions
        start = self.known_until
        await asyncio.sleep(self._pace.settle_seconds)
        now = self._now()
        self._judge.expect_all(to_us(now))
        try:
            for first, last in slices(start, now):
                if self._stop.is_set():
                    return
                for rows in await asyncio.to_thread(missed_rows, self._database, self._directory, first, last):
                    self.recorder.add(await asyncio.to_thread(self._judge.take_rows, rows))
        except RetryableError as error:
            _log.warning("alarms: what was stored since %s is passed over: %s", start, error)

    # --- the database -------------------------------------------------------------------------------------------------

    async def _keep_books(self) -> None:
        """Write what was found, and nothing else: an alarm waits for no chore."""
        while not self._stop.is_set():
            await asyncio.sleep(self._pace.gather_seconds / 2)
            try:
                while not self.recorder.is_empty:
                    await asyncio.to_thread(self.recorder.write)
            except RetryableError as error:
                counters.RETRIES.inc()
                if not self.is_database_away:
                    _log.warning("%s; judging goes on, and it is tried again until it works", error)
                    self.is_database_away = True
                await asyncio.sleep(self._pace.retry_seconds)
            else:
                if self.is_database_away:
                    _log.info("the database works again")
                self.is_database_away = False

    async def _keep_up(self) -> None:
        clock = asyncio.get_running_loop().time
        directory_at = 0.0
        while not self._stop.is_set():
            is_due = clock() >= directory_at or self._judge.has_unknown
            try:
                await self._do_chores(with_directory=is_due)
            except RetryableError as error:  # `_keep_books` says it
                _log.debug("chores: %s", error)
            else:
                directory_at = clock() + self._pace.directory_seconds if is_due else directory_at
            gc.collect()
            await self._pause(self._pace.chores_seconds)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _do_chores(self, *, with_directory: bool) -> None:
        database, now, floods = self._database, self._now(), self.recorder.floods
        await asyncio.to_thread(self._leadership.confirm)
        if with_directory:
            self._directory = directory = await asyncio.to_thread(read_directory, database)
            self._orders.append(lambda: self._judge.use_directory(directory))
            self._use_floods()
        rules = await asyncio.to_thread(read_rules, database, self._rules)
        if rules is not self._rules:
            self._rules = rules
            self.recorder.add_rules(rules)  # before what comes of them
            self._orders.append(lambda: self._judge.use_rules(rules, to_us(now)))
        if unheard := self._judge.unheard():
            self._newest = await asyncio.to_thread(latest, database, unheard)
        await asyncio.to_thread(lambda: expire_shelves(database, now=now, floods=floods))
        await asyncio.to_thread(lambda: end_floods(database, now=now, terms=floods))
        active = await asyncio.to_thread(count_by_priority, database, ConditionFilter(states=_ACTIVE))
        for priority, count in active.items():
            counters.ACTIVE.labels(priority).set(count)

    async def _write_the_rest(self) -> None:
        try:
            async with asyncio.timeout(self._settings.grace_seconds):
                while not self.recorder.is_empty:
                    try:
                        await asyncio.to_thread(self.recorder.write)
                    except RetryableError:
                        await asyncio.sleep(self._pace.retry_seconds)
        except TimeoutError:
            _log.warning("%d changes are not written; the next worker finds them again", self.recorder.waiting)

    def _use_floods(self) -> None:
        flood = self._settings.flood
        self.recorder.floods = FloodTerms(
            begins_above=flood.begins_above,
            ends_below=flood.ends_below,
            window=flood.window,
            positions=self._directory.sites,
        )
