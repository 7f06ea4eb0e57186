"""Listens to a ship's instruments: NMEA 0183 sentences and AIS over UDP or TCP."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from edge_gateway import metrics
from edge_gateway.driver import Answer, Target
from edge_gateway.drivers.nmea.binding import Binding, Moment, bind, poll
from edge_gateway.drivers.nmea.hearing import Hearing
from edge_gateway.drivers.nmea.transport import Link, open_link
from edge_gateway.settings import NmeaTcpSettings, NmeaUdpSettings
from telemetry.quality import Quality

_log = logging.getLogger(__name__)


class Nmea:
    """See `edge_gateway.driver.Driver` for what callers may rely on.

    Instruments speak when they like, so nothing is asked: a reading tells what stands at its time, which is the newest that each
    talker said, as long as it is no older than ``stale_seconds``. Only the first readings wait, until everything was heard once.
    """

    def __init__(self, name: str, settings: NmeaUdpSettings | NmeaTcpSettings, *, now_us: Callable[[], int]) -> None:
        self._name, self._settings, self._now_us = name, settings, now_us
        self._hearing = Hearing(name)
        self._bound: dict[Target, tuple[Binding, ...]] = {}
        self._link: Link | None = None
        self._news = asyncio.Event()
        self._opened_at = 0.0
        self._is_told_silent = False

    async def __aenter__(self) -> Self:
        metrics.CONNECTS.labels(self._name).inc()
        self._hearing, self._is_told_silent = Hearing(self._name), False
        self._link = await open_link(self._name, self._settings, self._take, self._hearing.reject, self._news.set)
        self._opened_at = _clock()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def place(self, target: Target) -> str:
        return target.name

    def forget(self, target: Target) -> None:
        self._bound.pop(target, None)

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:  # noqa: ARG002 - nothing is asked, so nobody has to wait for a turn
        for target in targets:
            if target not in self._bound:
                self._bound[target] = bind(target)
        if self._link is None:
            return self._lost(targets, Quality.BAD_NOT_CONNECTED)
        await self._hear_all(self._link, [binding for target in targets for binding in self._bound[target]])
        if self._link is None or self._link.is_lost:
            return self._lost(targets, Quality.BAD_NOT_CONNECTED)
        if self._is_silent() and isinstance(self._settings, NmeaTcpSettings):
            # A stream that has died says nothing either; a port that listens can only go on listening.
            return self._lost(targets, Quality.BAD_NO_COMMUNICATION)
        moment = self._moment()
        polls = [poll(target, self._bound[target], self._hearing, moment, raw) for target in targets]
        return Answer(time_us=self._now_us(), polls=polls)

    def overheard(self) -> list[str]:
        return self._hearing.overheard()

    async def _hear_all(self, link: Link, bindings: Sequence[Binding]) -> None:
        """Wait for what has not been heard yet, but not so long that what was heard first is stale; nor for what is rare."""
        until = self._opened_at + self._settings.stale_seconds / 2
        if _clock() >= until:
            return
        awaited = [binding for binding in bindings if not binding.field.stands_seconds]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while not link.is_lost and any(binding.find(self._hearing, self._moment()) is None for binding in awaited):
                    self._news.clear()
                    await self._news.wait()

    def _take(self, line: bytes) -> None:
        self._hearing.take(line, at=_clock())
        self._news.set()

    def _is_silent(self) -> bool:
        """Tell whether nothing at all is heard, and say it once."""
        heard_at = self._opened_at if self._hearing.heard_at is None else self._hearing.heard_at
        is_silent = _clock() - heard_at > self._settings.stale_seconds
        if is_silent != self._is_told_silent:
            self._is_told_silent = is_silent
            if is_silent:
                _log.warning("%s: no sentence for %g s", self._name, self._settings.stale_seconds)
            else:
                _log.info("%s: sentences come again", self._name)
        return is_silent

    def _moment(self) -> Moment:
        return Moment(_clock(), self._settings.stale_seconds)

    def _lost(self, targets: Sequence[Target], quality: Quality) -> Answer:
        polls = [target.nothing(quality) for target in targets]
        return Answer(time_us=self._now_us(), polls=polls, answered=False, is_connection_lost=True)


def _clock() -> float:
    return asyncio.get_running_loop().time()
