"""From disk to the cloud: publish, wait for the receipt, and only then forget."""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from edge_gateway import metrics
from edge_gateway.settings import PublishSettings
from edge_gateway.spool import Spool, SpoolFailed, Waiting
from telemetry.errors import BadPayload, NotConnected, Refused
from telemetry.mqtt import Link, Will
from telemetry.receipt import Receipt, decode_receipt
from telemetry.topics import data_topic, receipt_topic, state_topic

_log = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 120.0
_FIRST_REFUSED_WAIT_SECONDS, _LONGEST_REFUSED_WAIT_SECONDS = 1.0, 30.0
_STATE_SECONDS = 60.0
_DISK_WAIT_SECONDS = 1.0


class Publisher:
    """Keeps at most ``window`` bundles on their way: the newest flush first, then the backlog from its oldest end.

    A bundle leaves the window and the spool by its receipt alone. PUBACK ends one attempt, nothing more. The window counts
    bundles and not transmissions, so that a slow database slows the gateway instead of flooding the broker.
    """

    def __init__(
        self,
        gateway: str,
        settings: PublishSettings,
        spool: Spool,
        *,
        describe: Callable[[], dict[str, Any]],
        rng: random.Random,
    ) -> None:
        self._gateway = gateway
        self._settings = settings
        self._spool = spool
        self._describe = describe
        self._rng = rng
        self._live: deque[Waiting] = deque()
        self._backlog: deque[Waiting] = deque()
        self._cursor = 0
        self._epoch = 0
        self._in_flight: dict[int, asyncio.Event] = {}
        self._wake = asyncio.Event()
        self._state_changed = asyncio.Event()
        self._has_left = False
        self.is_connected = False

    @property
    def will(self) -> Will:
        return Will(state_topic(self._gateway), json.dumps({"online": False, "gateway": self._gateway}).encode(), retain=True)

    def committed(self, sealed: Sequence[Waiting]) -> None:
        """Take note of bundles that have just reached the disk."""
        self._live.extend(sealed)
        while len(self._live) > self._settings.window:
            # Too many to be live: they join the backlog, and the backlog must not already be past them.
            self._cursor = min(self._cursor, self._live.popleft().seq - 1)
        self._wake.set()

    def tell_state(self) -> None:
        """Publish the state now, and not only at the next turn."""
        self._state_changed.set()

    async def session(self, link: Link) -> None:
        """Work on one MQTT session until it is lost; made for `telemetry.mqtt.keep_connected`.

        Raises
        ------
        NotConnected, Refused
        """
        self._in_flight.clear()
        self._backlog.clear()
        self._live.clear()
        self._cursor = 0
        self._epoch = self._spool.status.epoch
        await link.subscribe(receipt_topic(self._gateway))
        self.is_connected = True
        lost: list[NotConnected] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_receipts(link), name="receipts")
                group.create_task(self._send(link, group), name="send")
                group.create_task(self._tell_state(link), name="state")
        except* NotConnected as errors:
            lost = [error for error in _leaves(errors) if isinstance(error, NotConnected)]
        finally:
            self.is_connected = False
        if lost:
            raise lost[0]

    async def say_goodbye(self, link: Link) -> None:
        """Tell what the last will would tell, and nothing else after it."""
        self._has_left = True
        await link.publish(self.will.topic, self.will.payload, retain=True)

    async def _send(self, link: Link, group: asyncio.TaskGroup) -> None:
        slots = asyncio.Semaphore(self._settings.window)
        while True:
            await slots.acquire()
            bundle = await self._next()
            self._in_flight[bundle.seq] = asyncio.Event()
            metrics.IN_FLIGHT.set(len(self._in_flight))
            group.create_task(self._deliver(link, bundle, slots), name=f"bundle {bundle.seq}")

    async def _next(self) -> Waiting:
        while True:
            self._wake.clear()
            self._hold_to_one_epoch()
            if self._live:
                bundle = self._live.popleft()
            else:
                if not self._backlog:
                    await self._look_for_backlog()
                if self._live:
                    continue
                if not self._backlog:
                    await self._wake.wait()
                    continue
                bundle = self._backlog.popleft()
            if bundle.seq not in self._in_flight:
                return bundle

    def _hold_to_one_epoch(self) -> None:
        """Begin a new session when the spool was replaced: its seqs start again, and no receipt will come for the old ones."""
        if self._spool.status.epoch != self._epoch:
            raise NotConnected("the spool was replaced by a new one")

    async def _look_for_backlog(self) -> None:
        try:
            found = await self._spool.pending(self._cursor, self._settings.window)
        except SpoolFailed:
            await asyncio.sleep(_DISK_WAIT_SECONDS)
            self._wake.set()
            return
        live = {bundle.seq for bundle in self._live}
        self._backlog.extend(bundle for bundle in found if bundle.seq not in self._in_flight and bundle.seq not in live)
        if found:
            self._cursor = found[-1].seq
            self._wake.set()  # there may be more behind these, even if all of these are on their way already

    async def _deliver(self, link: Link, bundle: Waiting, slots: asyncio.Semaphore) -> None:
        """Send one bundle until its receipt is there."""
        receipted = self._in_flight[bundle.seq]
        wait_seconds = self._settings.receipt_timeout_seconds
        refused_wait_seconds, unheard_wait_seconds = _FIRST_REFUSED_WAIT_SECONDS, min(_FIRST_REFUSED_WAIT_SECONDS, wait_seconds)
        topic, attempt = data_topic(self._gateway), 0
        try:
            while not receipted.is_set():
                attempt += 1
                if attempt > 1:
                    self._hold_to_one_epoch()
                    metrics.REPEATED.inc()
                this_wait = wait_seconds * (1 if attempt == 1 else self._rng.uniform(1.0, 1.25))
                wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
                try:
                    async with asyncio.timeout(this_wait) as limit:
                        if await link.publish(topic, bundle.payload):
                            metrics.PUBLISHED.inc()
                        else:  # ingest is away, and nobody will give a receipt
                            metrics.UNHEARD.inc()
                            # All that are on their way wait equally long, so that they come in order.
                            limit.reschedule(asyncio.get_running_loop().time() + unheard_wait_seconds)
                            wait_seconds = self._settings.receipt_timeout_seconds
                            unheard_wait_seconds = min(unheard_wait_seconds * 2, self._settings.receipt_timeout_seconds)
                        await receipted.wait()
                except TimeoutError:
                    continue
                except Refused as refusal:
                    metrics.REFUSED.labels(str(refusal.code)).inc()
                    if attempt == 1:
                        _log.warning("bundle %d: %s; it stays on disk", bundle.seq, refusal)
                    try:
                        async with asyncio.timeout(refused_wait_seconds * self._rng.uniform(0.75, 1.25)):
                            await receipted.wait()
                    except TimeoutError:
                        refused_wait_seconds = min(refused_wait_seconds * 2, _LONGEST_REFUSED_WAIT_SECONDS)
        finally:
            self._in_flight.pop(bundle.seq, None)
            metrics.IN_FLIGHT.set(len(self._in_flight))
            slots.release()

    async def _take_receipts(self, link: Link) -> None:
        async for message in link.messages():
            if message.topic != receipt_topic(self._gateway):
                continue
            try:
                receipt = decode_receipt(message.payload)
            except BadPayload as error:
                metrics.FOREIGN_RECEIPTS.labels("unreadable").inc()
                _log.warning("a receipt that cannot be read was left aside: %s", error)
                continue
            await self._forget(receipt)

    async def _forget(self, receipt: Receipt) -> None:
        if receipt.epoch != self._spool.status.epoch:
            metrics.FOREIGN_RECEIPTS.labels("epoch").inc()
            return
        try:
            metrics.RECEIPTED.inc(await self._spool.receipt(receipt))
        except SpoolFailed:
            return  # the bundles are sent and receipted again
        for seq, receipted in self._in_flight.items():
            if any(first <= seq <= last for first, last in receipt.ranges):
                receipted.set()

    async def _tell_state(self, link: Link) -> None:
        while not self._has_left:
            status = self._spool.status
            state = {
                "online": True,
                "gateway": self._gateway,
                **self._describe(),
                "spool": {
                    "epoch": status.epoch,
                    "bundles": status.bundles,
                    "bytes": status.bytes,
                    "oldest_us": status.oldest_us,
                    "working": status.is_working,
                    "gaps": [gap._asdict() for gap in status.gaps],
                },
            }
            try:
                await link.publish(state_topic(self._gateway), json.dumps(state, ensure_ascii=False).encode(), retain=True)
            except Refused as refusal:
                _log.warning("state: %s", refusal)
            self._state_changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STATE_SECONDS):
                    await self._state_changed.wait()


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [leaf for error in group.exceptions for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])]
