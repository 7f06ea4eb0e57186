"""What one channel does at each turn: makes messages of the journal, and sends those that are due."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from prometheus_client import Counter

from analytics.notifications.entries import entry_of
from analytics.notifications.sending import NotSent, Sender
from analytics.notifications.settings import Channel
from store.alarm_journal import JournalLine, floods_now, journal_after, newest_line
from store.database import Database
from store.notifications import (
    DueMessage,
    NewMessage,
    add_messages,
    add_reminders,
    cursor_of,
    due_messages,
    give_up,
    record_attempt,
)
from store.sites import gateway_sites, list_sites
from telemetry.errors import ConfigError

_log = logging.getLogger(__name__)

SENT = Counter("shangyun_alarms_notifications", "Attempts to send messages, by channel and outcome", ["channel", "outcome"])

_LINES = 1000
_MINUTE = timedelta(minutes=1)
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 2.0, 300.0
_MOST_SINGLE = 3
"""When more are due at once, they travel as one."""


class Outbox:
    """A channel with its cursor in the journal; another turn goes on where the one before stopped, also after a restart."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        sender: Sender,
        *,
        now: Callable[[], datetime],
        rng: random.Random | None = None,
    ) -> None:
        self._database, self._channel, self._sender, self._now = database, channel, sender, now
        self._dice = rng or random.Random()  # noqa: S311 - spreads attempts, guards no secret
        self._sent: deque[datetime] = deque()
        self._digest_at: datetime | None = None
        self._pause_until: datetime | None = None
        self._is_failing = False

    async def turn(self) -> None:
        """Make messages of what is new in the journal, and send what is due and allowed.

        Raises
        ------
        DatabaseError
            And then the same call later.
        """
        due, is_flood = await asyncio.to_thread(self._prepare)
        for messages in self._parcels(due, is_flood=is_flood):
            await self._send(messages)

    def _prepare(self) -> tuple[list[DueMessage], bool]:
        database, channel, now = self._database, self._channel, self._now()
        cursor = cursor_of(database, channel.name)
        if cursor is None:  # what was before the channel is no news
            cursor = newest_line(database)
            add_messages(database, channel.name, (), line_id=cursor, now=now)
        while lines := journal_after(database, cursor, limit=_LINES):
            cursor = lines[-1].id
            add_messages(database, channel.name, list(self._new(lines, now)), line_id=cursor, now=now)
        if channel.remind_minutes is not None:
            add_reminders(database, channel.name, before=now - timedelta(minutes=channel.remind_minutes), now=now)
        if count := give_up(database, channel.name, before=now - channel.longest_age):
            SENT.labels(channel.name, "given up").inc(count)
            _log.warning("channel %s: %d messages are given up: too old", channel.name, count)
        return due_messages(database, channel.name, now=now), bool(floods_now(database))

    def _new(self, lines: Iterable[JournalLine], now: datetime) -> Iterable[NewMessage]:
        channel = self._channel
        gateways = self._gateways()
        for line in lines:
            transition = line.transition
            act = _act_of(line)
            is_wanted = (
                (act in channel.acts)
                and transition.priority in channel.priorities
                and (gateways is None or line.gateway in gateways)
                and (not channel.kinds or line.kind in channel.kinds)
                and transition.recorded_at > now - channel.longest_age
            )
            if is_wanted:
                yield NewMessage(transition.condition_id, act, transition.occurrence, line.id)

    def _gateways(self) -> frozenset[str] | None:
        channel = self._channel
        if not (channel.sites or channel.gateways):
            return None
        sites = {site.id for site in list_sites(self._database) if site.name in channel.sites}
        of_sites = (gateway for gateway, site in gateway_sites(self._database).items() if site in sites)
        return frozenset((*channel.gateways, *of_sites))

    def _parcels(self, due: Sequence[DueMessage], *, is_flood: bool) -> Iterable[Sequence[DueMessage]]:
        """Say what travels together now: each by itself, or all in one digest a minute."""
        now = self._now()
        while self._sent and self._sent[0] <= now - _MINUTE:
            self._sent.popleft()
        room = self._channel.most_per_minute - len(self._sent)
        if not due or room <= 0 or (self._pause_until is not None and now < self._pause_until):
            return
        if is_flood or len(due) > min(_MOST_SINGLE, room):
            if self._digest_at is None or now - self._digest_at >= _MINUTE:
                self._digest_at = now
                yield due
            return
        for message in due:
            yield [message]

    async def _send(self, messages: Sequence[DueMessage]) -> None:
        name, now = self._channel.name, self._now()
        self._sent.append(now)
        again_at: datetime | None = None
        try:
            answer = await self._sender.send([entry_of(message) for message in messages], now=now.timestamp())
        except (NotSent, ConfigError) as error:
            answer = str(error)
            pause_seconds = error.pause_seconds if isinstance(error, NotSent) else 0.0
            again_at = now + timedelta(seconds=max(self._wait_seconds(messages), pause_seconds))
            self._pause_until, self._digest_at = now + timedelta(seconds=pause_seconds), None
        SENT.labels(name, "failed" if again_at else "sent").inc()
        if again_at is not None and not self._is_failing:
            _log.warning("channel %s: %s; trying again", name, answer)
        if again_at is None and self._is_failing:
            _log.info("channel %s works again", name)
        self._is_failing = again_at is not None
        ids = [message.id for message in messages]
        await asyncio.to_thread(lambda: record_attempt(self._database, name, ids, answer=answer, now=now, again_at=again_at))

    def _wait_seconds(self, messages: Sequence[DueMessage]) -> float:
        attempts = min(message.attempts for message in messages)
        wait_seconds = min(_FIRST_WAIT_SECONDS * 2.0 ** min(attempts, 16), _LONGEST_WAIT_SECONDS)
        return wait_seconds * self._dice.uniform(0.5, 1.5)


def _act_of(line: JournalLine) -> str:
    """Name what a line is in messages; also a shelf that ends may let an alarm call."""
    if line.transition.is_annunciated:
        return "activate"
    return {"return_to_normal": "return", "acknowledge": "acknowledge"}.get(line.transition.act, "")
