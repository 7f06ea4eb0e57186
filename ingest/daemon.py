"""One ingest worker: messages from the broker, groups into the database, receipts back.

Tasks hand on through bounded queues: receive, build, commit. Building (decoding, encoding) and committing run in threads: one
group is prepared while others are with the server, and two are with it at once, so that it has rows to take in while one of them
waits for the disk. Nothing is acknowledged towards the gateway but by the receipt after the commit; whatever is lost here has no
receipt and is sent again.
"""

import asyncio
import contextlib
import gc
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ingest import counters
from ingest.foreign.reader import Reader
from ingest.settings import IngestSettings
from store.database import Database
from store.equipment import EquipmentRegister
from store.group import Group, GroupBuilder
from store.maintenance import Maintenance
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.targets import Targets, load_tables
from store.writer import Outcome, Writer
from telemetry.errors import NotConnected, RetryableError
from telemetry.health import serve_health
from telemetry.mqtt import keep_connected
from telemetry.mqtt_receiver import Receiver, receive_from
from telemetry.receipt import Receipt, encode_receipt
from telemetry.topics import Message, has_receipts, receipt_topic

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_UNWELL_AFTER_SECONDS = 10.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 5.0
_GROUP_BYTES = 3 * 512 * 1024
"""Some 20,000 rows: larger groups save little and let the database wait for the next."""
_POLL_SECONDS = 0.005
_WRITERS = 2
_QUIET_SECONDS = 0.1
_MAINTENANCE_SECONDS = 5.0
_COLLECT_SECONDS = 60.0
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
        self._left, self._drained = asyncio.Event(), asyncio.Event()
        self._received = 0
        # One list in the queue and one in the receiver: each holds what came while the one before was taken.
        self._inbox: asyncio.Queue[list[Message] | None] = asyncio.Queue(maxsize=1)
        self._taken: deque[Message] = deque()
        self._built: asyncio.Queue[Group | None] = asyncio.Queue(maxsize=1)
        self._reader = Reader(settings.sparkplug, publish=self._ask_a_node)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: Receiver | None = None
        self._clock = clock
        now = clock()
        self._away_since: dict[str, float | None] = {"broker": now, "database": now}

    async def run(self, *, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Work until ``stop`` is set, then commit what was received; ``ready`` is told the health port."""
        settings = self._settings
        self._loop = asyncio.get_running_loop()
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
                background = [
                    group.create_task(self._tidy(writer), name="tidy"),
                    group.create_task(self._maintain(), name="maintain"),
                    group.create_task(self._collect_garbage(), name="collect garbage"),
                ]
                await self._stop.wait()
                _log.info("stopping: what was received is committed first")
                try:
                    async with asyncio.timeout(settings.grace_seconds):
                        if self._link is not None:
                            await self._left.wait()
                        await self._inbox.put(None)
                        await asyncio.gather(build, *commits)
                        background[0].cancel()
                        while await self._until_it_works(writer.tidy, "tidy"):
                            pass
                except TimeoutError:
                    _log.warning("the rest is left to the gateways, which send it again")
                self._drained.set()
                for task in (build, *commits, *background, connection):
                    task.cancel()

    def status(self) -> tuple[bool, dict[str, Any]]:
        """Well, unless broker or database have been away for longer than a restart takes."""
        now = self._clock()
        away = {name: round(now - since, 1) for name, since in self._away_since.items() if since is not None}
        details = {"away_seconds": away, "queued_messages": len(self._taken)}
        return all(seconds <= _UNWELL_AFTER_SECONDS for seconds in away.values()), details

    async def _builder(self) -> GroupBuilder | None:
        """Wait for the database and read its tables; None when the worker is to stop before that."""
        load = asyncio.create_task(self._until_it_works(lambda: load_tables(self._database), "build"))
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
            retention=self._settings.retention.believed,
            tolerance=self._settings.tolerance,
            read=self._reader,
        )

    async def _session(self, link: Receiver) -> None:
        """Receive on one link; while stopping it stays open for the last receipts."""
        self._reader.missed_something()
        for topic_filter in self._settings.topic_filters:
            await link.subscribe(topic_filter)
        self._link, self._away_since["broker"] = link, None
        self._left.clear()  # the session before may have ended otherwise
        receive = asyncio.create_task(self._receive(link))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({receive, stop}, return_when=asyncio.FIRST_COMPLETED)
            if receive.done():
                receive.result()
            await self._leave(link)
            receive.cancel()
            await self._drained.wait()
        finally:
            receive.cancel()
            stop.cancel()
            self._link, self._away_since["broker"] = None, self._clock()
            self._left.set()

    async def _leave(self, link: Receiver) -> None:
        """Leave the sharing to the other workers, and take what is on its way here: otherwise it would come again, but late."""
        for topic_filter in self._settings.topic_filters:
            await link.unsubscribe(topic_filter)
        seen = -1
        while seen != self._received or self._inbox.full():
            seen = self._received
            await asyncio.sleep(_QUIET_SECONDS)
        self._left.set()

    async def _receive(self, link: Receiver) -> None:
        spent_seconds = time.thread_time()
        while True:
            messages = await link.take()
            self._received += len(messages)
            counters.RECEIVED.inc(len(messages))
            spent_before, spent_seconds = spent_seconds, time.thread_time()
            counters.CPU_SECONDS.labels("loop").inc(spent_seconds - spent_before)
            await self._inbox.put(messages)

    async def _build(self, builder: GroupBuilder) -> None:
        is_last = False
        while not is_last:
            messages, is_last = await self._gather()
            if messages:
                counters.GROUP_BUNDLES.observe(len(messages))
                read = await self._until_it_works(lambda messages=messages: builder.read(messages), "build")  # type: ignore[misc]
                await self._built.put(await self._until_it_works(lambda read=read: builder.gather(*read), "build"))  # type: ignore[misc]
        for _ in range(_WRITERS):
            await self._built.put(None)

    async def _gather(self) -> tuple[list[Message], bool]:
        """Take messages for one group; also tell whether they are the last."""
        clock = asyncio.get_running_loop().time
        messages: list[Message] = []
        size_bytes, deadline = 0, float("inf")
        while True:
            while self._taken and len(messages) < self._settings.group_bundles and size_bytes < _GROUP_BYTES:
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
                outcome = await self._until_it_works(lambda group=group: writer.commit(group), "commit")  # type: ignore[misc]
            self._tell(outcome)

    async def _tidy(self, writer: Writer) -> None:
        is_more = False
        while True:
            await asyncio.sleep(_MORE_TIDY_SECONDS if is_more else self._settings.tidy_seconds)
            is_more = await self._until_it_works(writer.tidy, "tidy")

    async def _maintain(self) -> None:
        """Offer to do what the database needs now and then; one of the workers does it, beside its commits."""
        maintenance = Maintenance(self._database, retention=self._settings.retention.kept)
        while True:
            await asyncio.sleep(_MAINTENANCE_SECONDS)
            await self._until_it_works(lambda: maintenance.run_due(datetime.now(UTC)), "maintenance")

    async def _collect_garbage(self) -> None:
        """Stand in for the collector's automatic form, which is off in a worker: see ingest/commands.py."""
        while True:
            await asyncio.sleep(_COLLECT_SECONDS)
            gc.collect()

    def _tell(self, outcome: Outcome) -> None:
        """Publish one receipt per gateway and epoch. QoS 0: a lost one costs a repeat, which is receipted again."""
        counters.ROWS.inc(outcome.rows)
        counters.LATE_ROWS.inc(outcome.late_rows)
        counters.DUPLICATES.inc(outcome.duplicates)
        if outcome.sealed_us:
            counters.LAG_SECONDS.observe(max(time.time() - outcome.sealed_us / 1e6, 0))
        for reason, count in outcome.dead.items():
            counters.DEAD_LETTERS.labels(reason).inc(count)
            _log.warning("%d messages became dead letters: %s", count, reason)
        receipts = [
            (receipt_topic(gateway), encode_receipt(Receipt.of(epoch, seqs)))
            for (gateway, epoch), seqs in outcome.receipts.items()
            if has_receipts(gateway)
        ]
        try:
            if self._link is None:
                raise NotConnected("no broker")  # noqa: TRY301 - counted like any other loss
            self._link.publish(receipts)
            counters.RECEIPTS.inc(len(receipts))
        except NotConnected:
            counters.RECEIPTS_LOST.inc(len(receipts))

    def _ask_a_node(self, topic: str, payload: bytes) -> None:
        """Publish a request to a foreign node, from the thread that reads; a lost one is asked again when it is due."""

        def publish() -> None:
            with contextlib.suppress(NotConnected):
                if self._link is not None:
                    self._link.publish([(topic, payload)])

        assert self._loop is not None
        self._loop.call_soon_threadsafe(publish)

    async def _until_it_works(self, work: Callable[[], _T], stage: str) -> _T:
        """Do database work in a thread, the same again while the database is away or busy; its faults pass through."""

        def metered() -> _T:
            started = time.thread_time()
            try:
                return work()
            finally:
                counters.CPU_SECONDS.labels(stage).inc(time.thread_time() - started)

        wait_seconds = _FIRST_WAIT_SECONDS
        while True:
            try:
                result = await asyncio.to_thread(metered)
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
