"""The process that judges: one worker leads, any other stands by with the same settings."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from analytics.alarms import counters
from analytics.alarms.beginning import begin
from analytics.alarms.leadership import Deposed, Leadership
from analytics.alarms.pace import Pace
from analytics.alarms.session import Session
from analytics.alarms.settings import AlarmSettings
from store.database import Database
from telemetry.errors import RetryableError
from telemetry.health import serve_health

_log = logging.getLogger(__name__)

_UNWELL_AFTER_SECONDS = 10.0


class Worker:
    """Leads or stands by until it is stopped."""

    def __init__(
        self,
        settings: AlarmSettings,
        database: Database,
        *,
        stop: asyncio.Event,
        now: Callable[[], float] = time.time,
        pace: Pace | None = None,
    ) -> None:
        self._settings, self._database, self._stop, self._pace = settings, database, stop, pace or Pace()
        self._wall_clock = now
        self._clock = time.monotonic
        self._leadership = Leadership(database)
        self._session: Session | None = None
        self._away_since: dict[str, float] = {}

    async def run(self, *, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Work until ``stop`` is set; ``ready`` is told the health port."""
        async with serve_health(self._settings.health_port, self.status) as port:
            if ready is not None:
                await ready(port)
            try:
                while not self._stop.is_set():
                    if not await self._try_to_lead():
                        await self._wait(self._pace.stand_by_seconds)
            finally:
                await asyncio.to_thread(self._leadership.release)

    def status(self) -> tuple[bool, dict[str, Any]]:
        """Well, unless broker or database have been away for longer than a restart takes, or nothing is judged any more."""
        session = self._session
        is_away = {
            "database": "database" in self._away_since if session is None else session.is_database_away,
            "broker": session is not None and not session.inbox.is_connected,
        }
        now = self._clock()
        self._away_since = {name: self._away_since.get(name, now) for name, is_so in is_away.items() if is_so}
        away = {name: round(now - since, 1) for name, since in self._away_since.items()}
        details: dict[str, Any] = {"role": "standby" if session is None else "leader", "away_seconds": away}
        is_full = session is not None and session.recorder.is_full
        if session is not None:
            details |= {"queued_messages": len(session.inbox), "queued_changes": session.recorder.waiting, "full": is_full}
            details["known_until"] = session.known_until.isoformat()
        return not is_full and all(seconds <= _UNWELL_AFTER_SECONDS for seconds in away.values()), details

    async def _try_to_lead(self) -> bool:
        """Lead, if nobody else does, until stopped or deposed."""
        try:
            if not await asyncio.to_thread(self._leadership.acquire):
                self._away_since.pop("database", None)
                return False
            beginning = await asyncio.to_thread(begin, self._database, self._settings, self._now())
        except RetryableError as error:
            if "database" not in self._away_since:
                _log.warning("%s; trying again until it works", error)
                self._away_since["database"] = self._clock()
            await asyncio.to_thread(self._leadership.release)
            return False
        self._away_since.pop("database", None)
        self._leadership.saved_at = beginning.saved_at
        session = Session(self._settings, self._database, self._leadership, beginning, now=self._now, pace=self._pace)
        self._session = session
        _log.info(
            "alarms: this worker leads; %d machines, %d rules", len(beginning.directory.kinds), len(beginning.rules.announced)
        )
        counters.LEADS.set(1)
        try:
            await session.run(self._stop)
        except* Deposed:
            _log.warning("alarms: another worker leads by now; this one stands by")
        finally:
            self._session = None
            counters.LEADS.set(0)
            await asyncio.to_thread(self._leadership.release)
        return True

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return
