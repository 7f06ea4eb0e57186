"""One ingest worker: messages from the broker, groups into the database, receipts back.

Tasks hand on through bounded queues: receive, build, commit. Building (decoding, encoding) and committing run in threads: one
group is prepared while others are with the server, and two are with it at once, so that it has rows to take in while one of them
waits for the disk. Nothing is acknowledged towards the gateway but by the receipt after the commit; whatever is lost here has no
receipt and is sent again.
"""

import asyncio
import gc
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ingest import counters
from ingest.settings import IngestSettings
from store.database import Database
from store.equipment import EquipmentRegister, OtherSignals
from store.group import Group, GroupBuilder
from store.partitions import Partitions
from store.targets import Targets, load_tables
from store.writer import Outcome, Writer
from telemetry.errors import NotConnected, RetryableError
from telemetry.health import serve_health
from telemetry.mqtt import keep_connected
from telemetry.mqtt_receiver import Receiver, receive_from
from telemetry.receipt import Receipt, encode_receipt
from telemetry.topics import Message, receipt_topic

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_UNWELL_AFTER_SECONDS = 10.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 5.0
_GROWTH = 5
"""While the database is busy a group may grow to so many times its usual size: large commits are the cheap ones."""
_GROUP_BYTES = 32 * 1024 * 1024
_POLL_SECONDS = 0.005
_WRITERS = 2
_MORE_TIDY_SECONDS = 0.25
"""Until the next part of the latest values, when machines are too many for one: commits get most of the time."""


class Daemon:
    """A worker's queues and what is known of its neighbours."""

    def __init__(
        self, settings: IngestSettings, database: Database, *, stop: asyncio.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._database = database
        self._stop = stop
        self._drained = asyncio.Event()
        # One list in the queue and one in the receiver: each holds what came while the one before was taken.
        self._inbox: asyncio.Queue[list[Message] | None] = asyncio.Queue(maxsize=1)
        self._taken: deque[Message] = deque()
        self._built: asyncio.Queue[Group | None] = asyncio.Queue(maxsize=1)
        self._link: Receiver | None = None
        self._clock = clock
        now = clock()
        self._away_since: dict[str, float | None] = {"broker": now, "database": now}

    async def run(self, *, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Work until ``stop`` is set, then commit what was received; ``ready`` is told the health port."""
        settings = self._settings
        async with serve_health(settings.health_port, self.status) as port:
            if ready is not None:
                await ready(port)
            builder = await self._builder()
            if builder is None:
                return
            async with asyncio.TaskGroup() as group:
                connection = group.create_task(
                    keep_connected(
                        lambda: receive_from(settings.broker, inbox=settings.inbox_messages), self._session, name="ingest"
                    ),
                    name="receive",
                )
                writer = Writer(self._database, builder)
                build = group.create_task(self._build(builder), name="build")
                commits = [group.create_task(self._commit(writer), name=f"commit {n}") for n in range(_WRITERS)]
                tidy = group.create_task(self._tidy(writer), name="tidy")
                await self._stop.wait()
                _log.info("stopping: what was received is committed first")
                try:
                    async with asyncio.timeout(settings.grace_seconds):
                        await self._inbox.put(None)
                        await asyncio.gather(build, *commits)
                        tidy.cancel()
                        while await self._until_it_works(writer.tidy):
                            pass
                except TimeoutError:
                    _log.warning("the rest is left to the gateways, which send it again")
                self._drained.set()
                for task in (build, *commits, tidy, connection):
                    task.cancel()

    def status(self) -> tuple[bool, dict[str, Any]]:
        """Well, unless broker or database have been away for longer than a restart takes."""
        now = self._clock()
        away = {name: round(now - since, 1) for name, since in self._away_since.items() if since is not None}
        details = {"away_seconds": away, "queued_messages": len(self._taken)}
        return all(seconds <= _UNWELL_AFTER_SECONDS for seconds in away.values()), details

    async def _builder(self) -> GroupBuilder | None:
        """Wait for the database and read its tables; None when the worker is to stop before that."""
        load = asyncio.create_task(self._until_it_works(lambda: load_tables(self._database)))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({load, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not load.done():
                return None
            tables = load.result()
        finally:
            load.cancel()
            stop.cancel()
        return GroupBuilder(
            targets=Targets(tables, OtherSignals(self._database)),
            register=EquipmentRegister(self._database),
            partitions=Partitions(self._database),
            retention=self._settings.retention,
            tolerance=self._settings.tolerance,
        )

    async def _session(self, link: Receiver) -> None:
        """Receive on one link; while stopping it stays open for the last receipts."""
        await link.subscribe(self._settings.topic_filter)
        self._link, self._away_since["broker"] = link, None
        receive = asyncio.create_task(self._receive(link))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({receive, stop}, return_when=asyncio.FIRST_COMPLETED)
            if receive.done():
                receive.result()
            receive.cancel()
            await self._drained.wait()
        finally:
            receive.cancel()
            stop.cancel()
            self._link, self._away_since["broker"] = None, self._clock()

    async def _receive(self, link: Receiver) -> None:
        while True:
            messages = await link.take()
            counters.RECEIVED.inc(len(messages))
            await self._inbox.put(messages)

    async def _build(self, builder: GroupBuilder) -> None:
        is_last = False
        while not is_last:
            messages, is_last = await self._gather()
            if messages:
                counters.GROUP_BUNDLES.observe(len(messages))
                await self._built.put(await self._until_it_works(lambda messages=messages: builder.build(messages)))  # type: ignore[misc]
        for _ in range(_WRITERS):
            await self._built.put(None)

    async def _gather(self) -> tuple[list[Message], bool]:
        """Take messages for one group; also tell whether they are the last."""
        clock = asyncio.get_running_loop().time
        messages: list[Message] = []
        size_bytes, deadline = 0, float("inf")
        while True:
            while self._taken and len(messages) < self._settings.group_bundles * _GROWTH and size_bytes < _GROUP_BYTES:
                messages.append(self._taken.popleft())
                size_bytes += len(messages[-1].payload)
            if self._taken:
                break  # as large as a group may be
            is_due = len(messages) >= self._settings.group_bundles or clock() >= deadline
            if is_due and not self._built.full():
                break
            if messages and deadline == float("inf"):
                deadline = clock() + self._settings.group_milliseconds / 1000
            try:
                async with asyncio.timeout(None if not messages else _POLL_SECONDS if is_due else deadline - clock()):
                    more = await self._inbox.get()
            except TimeoutError:
                continue
            if more is None:
                return messages, True
            self._taken.extend(more)
        counters.QUEUED.set(len(self._taken))
        return messages, False

    async def _commit(self, writer: Writer) -> None:
        while (group := await self._built.get()) is not None:
            with counters.COMMIT_SECONDS.time():
                outcome = await self._until_it_works(lambda group=group: writer.commit(group))  # type: ignore[misc]
            self._tell(outcome)

    async def _tidy(self, writer: Writer) -> None:
        is_more = False
        while True:
            await asyncio.sleep(_MORE_TIDY_SECONDS if is_more else self._settings.tidy_seconds)
            is_more = await self._until_it_works(writer.tidy)
            gc.collect()  # its automatic form is off in a worker: see ingest/commands.py

    def _tell(self, outcome: Outcome) -> None:
        """Publish one receipt per gateway and epoch. QoS 0: a lost one costs a repeat, which is receipted again."""
        counters.ROWS.inc(outcome.rows)
        counters.DUPLICATES.inc(outcome.duplicates)
        for reason, count in outcome.dead.items():
            counters.DEAD_LETTERS.labels(reason).inc(count)
            _log.warning("%d messages became dead letters: %s", count, reason)
        receipts = [
            (receipt_topic(gateway), encode_receipt(Receipt.of(epoch, seqs)))
            for (gateway, epoch), seqs in outcome.receipts.items()
        ]
        try:
            if self._link is None:
                raise NotConnected("no broker")  # noqa: TRY301 - counted like any other loss
            self._link.publish(receipts)
            counters.RECEIPTS.inc(len(receipts))
        except NotConnected:
            counters.RECEIPTS_LOST.inc(len(receipts))

    async def _until_it_works(self, work: Callable[[], _T]) -> _T:
        """Do database work in a thread, the same again while the database is away or busy; its faults pass through."""
        wait_seconds = _FIRST_WAIT_SECONDS
        while True:
            try:
                result = await asyncio.to_thread(work)
            except RetryableError as error:
                counters.RETRIES.inc()
                if self._away_since["database"] is None or wait_seconds == _FIRST_WAIT_SECONDS:
                    _log.warning("%s; trying again until it works", error)
                self._away_since["database"] = self._away_since["database"] or self._clock()
                await asyncio.sleep(wait_seconds * random.uniform(0.5, 1.5))  # noqa: S311 - spreads workers, guards no secret
                wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
            else:
                if wait_seconds > _FIRST_WAIT_SECONDS:
                    _log.info("the database works again")
                self._away_since["database"] = None
                return result
