"""Runs all channels beside each other, so that one whose other side is away holds up none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from analytics.notifications.messages import Writer
from analytics.notifications.outbox import Outbox
from analytics.notifications.senders import sender_of
from analytics.notifications.settings import Channel
from store.database import Database
from store.notifications import purge
from telemetry.errors import RetryableError

_PURGE_SECONDS = 3600.0

logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes every address, and a robot's holds its key


class Notifier:
    """Sends from the outboxes of channels; only the worker that leads runs it."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel],
        *,
        zone: ZoneInfo,
        public_address: str,
        now: Callable[[], datetime],
        turn_seconds: float = 1.0,
    ) -> None:
        self._database, self._now, self._turn_seconds = database, now, turn_seconds
        self._outboxes = [
            Outbox(
                database,
                channel,
                sender_of(channel, Writer(language=channel.language, zone=zone, public_address=public_address)),
                now=now,
            )
            for channel in channels
        ]

    async def run(self) -> None:
        """Send until cancelled."""
        if not self._outboxes:
            return
        async with asyncio.TaskGroup() as group:
            for outbox in self._outboxes:
                group.create_task(self._again_and_again(outbox.turn, self._turn_seconds))
            group.create_task(self._again_and_again(self._purge, _PURGE_SECONDS))

    async def _again_and_again(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            with suppress(RetryableError):  # the database is away, as the worker itself has told
                await work()
            await asyncio.sleep(seconds)

    async def _purge(self) -> None:
        await asyncio.to_thread(lambda: purge(self._database, now=self._now()))
