"""The schedule of one connection: every piece of equipment at its fixed rate, and none at the cost of another."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

from device_profiles.value import NO_VALUE, Reading
from edge_gateway import metrics
from edge_gateway.driver import Driver, Poll, Target
from telemetry.errors import RetryableError
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_PROBE_WAIT_SECONDS = 60.0
_LONGEST_CONNECT_WAIT_SECONDS = 10.0
_SHARE_OF_SILENT = 4
"""After asking silent equipment in vain, the connection works for the others at least so many times as long."""

Deliver = Callable[[Target, int, Poll], None]


class _Unit:
    """One target's place in the schedule and its record of silence."""

    def __init__(self, target: Target, start: float) -> None:
        self.target = target
        self.due = start
        self.failures = 0
        self.ask_again_at = 0.0
        self.has_answered = False
        self.was_told = False
        self._start = start
        self._turn = 0

    def next_turn(self, now: float) -> int:
        """Move to the next turn that is still worth taking; give how many were missed.

        Turns are counted from the start, so that rounding never adds up to a drift.
        """
        self._turn += 1
        period = self.target.period_seconds
        missed = max(int((now - self._start) / period) - self._turn, 0)
        self._turn += missed
        self.due = self._start + self._turn * period
        return missed


class ConnectionScan:
    """Polls the equipment of one connection for ever; see `run`."""

    def __init__(
        self,
        name: str,
        driver: Driver,
        targets: Sequence[Target],
        *,
        deliver: Deliver,
        now_us: Callable[[], int],
        rng: random.Random,
    ) -> None:
        self.name = name
        self.is_connected = False
        self._driver = driver
        self._targets = targets
        self._deliver = deliver
        self._now_us = now_us
        self._rng = rng
        self._lost = asyncio.Event()
        self._is_leaving = False
        self._spare_until = 0.0

    async def run(self) -> None:
        """Hold the connection open and poll by the clock, until cancelled.

        Each target yields one row per period, whatever the plant does: while the connection is away or the equipment is silent,
        the row says so with bad qualities. Only a poll that comes a whole period late is left out, and counted.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_connected(), name=f"connection {self.name}")
            group.create_task(self._poll_by_the_clock(), name=f"scan {self.name}")

    def leave(self) -> None:
        """Say that the next cancellation is meant: Python 3.11's ``wait_for``, inside the libraries, can swallow one."""
        self._is_leaving = True

    async def _stay_connected(self) -> None:
        wait_seconds, loss_was_told, return_was_told = _FIRST_WAIT_SECONDS / 2, False, False
        while not self._is_leaving:
            try:
                self._lost.clear()
                async with self._driver:
                    if self._is_leaving:
                        return
                    self._now_connected(is_connected=True)
                    if loss_was_told and not return_was_told:
                        _log.info("%s: back", self.name)
                        return_was_told = True
                    opened = self._clock()
                    await self._lost.wait()
                if self._clock() - opened > _LONGEST_CONNECT_WAIT_SECONDS:  # a link that only flaps stays told and backs off
                    wait_seconds, loss_was_told, return_was_told = _FIRST_WAIT_SECONDS / 2, False, False
                reason = "connection lost"
            except RetryableError as error:
                reason = str(error)
            finally:
                self._now_connected(is_connected=False)
            if not loss_was_told:
                _log.warning("%s: %s; trying again until it works", self.name, reason)
            loss_was_told = True
            await asyncio.sleep(wait_seconds * self._rng.uniform(0.5, 1.0))
            wait_seconds = min(wait_seconds * 2, _LONGEST_CONNECT_WAIT_SECONDS)

    def _now_connected(self, *, is_connected: bool) -> None:
        self.is_connected = is_connected
        metrics.CONNECTED.labels(self.name).set(is_connected)

    async def _poll_by_the_clock(self) -> None:
        # Spread over the period: neither the plant's network nor this machine likes everything at the same instant.
        start = self._clock()
        spread = 1 / len(self._targets)
        phase = self._rng.random()
        units = [
            _Unit(target, start + (index + phase) * spread * min(target.period_seconds, 1.0))
            for index, target in enumerate(self._targets)
        ]
        while not self._is_leaving:
            # Whoever is due first; a silent one gives way by half a period, so that healthy neighbours stay on time.
            unit = min(units, key=lambda u: u.due + (0.5 * u.target.period_seconds if u.failures else 0.0))
            soonest = min(u.due for u in units)
            now = self._clock()
            if unit.due > now:
                if soonest > now:
                    await asyncio.sleep(soonest - now)
                    continue
                unit = min(units, key=lambda u: u.due)
            await self._take_turn(unit)
            missed = unit.next_turn(self._clock())
            if missed:
                metrics.OVERRUNS.labels(self.name, unit.target.name).inc(missed)
            await asyncio.sleep(0)

    async def _take_turn(self, unit: _Unit) -> None:
        target, started = unit.target, self._clock()
        time_us = self._now_us()
        if not self.is_connected or self._lost.is_set():
            poll = _bad(target, Quality.BAD_NOT_CONNECTED)
        elif started < unit.ask_again_at or (unit.failures > 1 and started < self._spare_until):
            metrics.DEMOTED.labels(self.name, target.name).inc()
            poll = _bad(target, Quality.BAD_NO_COMMUNICATION)
        else:
            poll = await self._driver.read(target)
            if poll.is_connection_lost:
                self._lost.set()
            elif poll.answered:
                self._answered(unit)
            else:
                self._silent(unit, spent_seconds=self._clock() - started)
        self._deliver(target, time_us, poll)

    def _answered(self, unit: _Unit) -> None:
        metrics.POLLS.labels(self.name, unit.target.name).inc()
        if unit.was_told:
            unit.was_told = False
            _log.info("%s: %s answers again", self.name, unit.target.name)
        unit.failures, unit.ask_again_at, unit.has_answered = 0, 0.0, True

    def _silent(self, unit: _Unit, *, spent_seconds: float) -> None:
        unit.failures += 1 if unit.has_answered else 2
        if unit.failures > 1 and not unit.was_told:  # the first may be a single lost reply
            unit.was_told = True
            _log.warning("%s: %s does not answer; asking less often until it does", self.name, unit.target.name)
        wait = min(_FIRST_WAIT_SECONDS * 2 ** min(unit.failures - 1, 10), _LONGEST_PROBE_WAIT_SECONDS)
        now = self._clock()
        unit.ask_again_at = now + wait * self._rng.uniform(0.5, 1.0)
        self._spare_until = now + _SHARE_OF_SILENT * spent_seconds

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()


def _bad(target: Target, quality: Quality) -> Poll:
    reading: Reading = (NO_VALUE, quality)
    return Poll(readings=[reading] * len(target.signals.names), answered=False)
