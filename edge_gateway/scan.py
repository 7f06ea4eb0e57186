"""The schedule of one connection: every target at its fixed rate, and none at the cost of another."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

from edge_gateway import metrics
from edge_gateway.driver import Answer, Deliver, Driver, Poll, Target, Watcher
from telemetry.errors import RetryableError
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS = 1.0
_LONGEST_PROBE_WAIT_SECONDS = 60.0
_LONGEST_CONNECT_WAIT_SECONDS = 5.0
_STEADY_SECONDS = 10.0
_LEAVING_SECONDS = 3.0
_SHARE_OF_SILENT = 4
"""After asking silent equipment in vain, the connection works for the others at least so many times as long."""


class _Place:
    """What answers or is silent as a whole, such as a Modbus unit, and its record of silence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failures = 0
        self.ask_again_at = 0.0
        self.has_answered = False
        self.was_told = False


class _Job:
    """Targets that are read together, and their place in the schedule."""

    def __init__(self, targets: Sequence[Target], place: _Place, *, start: float) -> None:
        self.targets = targets
        self.place = place
        self.period_seconds = targets[0].period_seconds
        self.due = start
        self._start = start
        self._turn = 0

    def next_turn(self, now: float) -> int:
        """Move to the next turn that is still worth taking; give how many were missed.

        Turns are counted from the start, so that rounding never adds up to a drift.
        """
        self._turn += 1
        missed = max(int((now - self._start) / self.period_seconds) - self._turn, 0)
        self._turn += missed
        self.due = self._start + self._turn * self.period_seconds
        return missed

    def nothing(self, quality: Quality, *, time_us: int) -> Answer:
        return Answer(time_us=time_us, polls=[target.nothing(quality) for target in self.targets], answered=False)


class ConnectionScan:
    """Reads the targets of one connection for ever; see `run`."""

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
        self.answering: dict[str, bool] = {}
        """By equipment, whether its last reading gave any value; what was not read yet is not in it."""
        self._driver = driver
        self._watcher = driver if isinstance(driver, Watcher) and driver.watches else None
        self._targets = targets
        self._deliver = deliver
        self._now_us = now_us
        self._rng = rng
        self._lost = asyncio.Event()
        self._is_leaving = False
        self._spare_until = 0.0
        self._is_probing = False
        self._watching: asyncio.Future[None] | None = None
        self._places: dict[str, _Place] = {}
        self._tasks: dict[_Job, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Hold the connection open and read by the clock, until cancelled.

        Each target that is polled yields one row per period, whatever the plant does: while the connection is away or the
        equipment is silent, the row says so with bad qualities. Only a poll that comes a whole period late is left out, and
        counted. Targets that are watched yield rows as they change, and bad ones by the clock while the connection is away.
        """
        async with asyncio.TaskGroup() as self._group:
            self._group.create_task(self._stay_connected(), name=f"connection {self.name}")
            self._start(self._targets)

    def replace(self, targets: Sequence[Target]) -> None:
        """Read these targets from now on; those that were read before keep their turns, and whoever is read with them."""
        gone = set(self._targets).difference(targets)
        self._targets = targets
        for job, task in [*self._tasks.items()]:
            if not gone.isdisjoint(job.targets):
                task.cancel()
                del self._tasks[job]
                self._places.pop(job.place.name, None)  # its record of silence says nothing of what stands there now
        for target in gone:
            self._driver.forget(target)
            self.answering.pop(target.name, None)
        if self._watching is not None:
            self._watching.cancel()
        at_work = {target for job in self._tasks for target in job.targets}
        self._start([target for target in targets if target not in at_work])

    def leave(self) -> None:
        """Say that the next cancellation is meant: Python 3.11's ``wait_for``, inside the libraries, can swallow one."""
        self._is_leaving = True

    def _start(self, targets: Sequence[Target]) -> None:
        groups: dict[tuple[str, float], list[Target]] = {}
        for target in targets:
            groups.setdefault((self._driver.place(target), target.period_seconds), []).append(target)
        # Spread over the period: neither the plant's network nor this machine likes everything at the same instant.
        start, phase = self._clock(), self._rng.random()
        for index, ((name, period_seconds), together) in enumerate(groups.items()):
            place = self._places.setdefault(name, _Place(name))
            job = _Job(together, place, start=start + (index + phase) / len(groups) * min(period_seconds, 1.0))
            self._tasks[job] = self._group.create_task(self._work_by_the_clock(job), name=f"scan {self.name}: {name}")

    # --- the connection -----------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        wait_seconds, loss_was_told, return_was_told = _FIRST_WAIT_SECONDS / 2, False, False
        while not self._is_leaving:
            opened: float | None = None
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
                    await (self._lost.wait() if self._watcher is None else self._watch(self._watcher))
                reason = "connection lost"
            except RetryableError as error:
                reason = str(error)
            finally:
                self._now_connected(is_connected=False)
            if opened is not None and self._clock() - opened > _STEADY_SECONDS:  # a link that only flaps stays told and backs off
                wait_seconds, loss_was_told, return_was_told = _FIRST_WAIT_SECONDS / 2, False, False
            if not loss_was_told:
                _log.warning("%s: %s; trying again until it works", self.name, reason)
            loss_was_told = True
            await asyncio.sleep(wait_seconds * self._rng.uniform(0.5, 1.0))
            wait_seconds = min(wait_seconds * 2, _LONGEST_CONNECT_WAIT_SECONDS)

    async def _watch(self, watcher: Watcher) -> None:
        """Watch the targets until the connection is lost, and anew on the same connection when others take their place."""
        while True:
            self._watching = asyncio.ensure_future(watcher.watch(self._targets, self._deliver_watched))
            try:
                await asyncio.wait((self._watching,))
            except asyncio.CancelledError:
                self._watching.cancel()
                await asyncio.wait((self._watching,), timeout=_LEAVING_SECONDS)
                raise
            if not self._watching.cancelled():
                return self._watching.result()

    def _now_connected(self, *, is_connected: bool) -> None:
        self.is_connected = is_connected
        metrics.CONNECTED.labels(self.name).set(is_connected)

    def _deliver_watched(self, target: Target, time_us: int, poll: Poll) -> None:
        self._note_answer(target, poll)
        self._deliver(target, time_us, poll)

    def _note_answer(self, target: Target, poll: Poll) -> None:
        if target.waveforms:
            return  # most looks find no new record
        self.answering[target.name] = bool(poll.texts) or any(quality < Quality.BAD for _, quality in poll.readings)

    # --- the schedule -------------------------------------------------------------------------------------------------

    async def _work_by_the_clock(self, job: _Job) -> None:
        while not self._is_leaving:
            wait = job.due - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
            if not self._is_watching:
                answer = await self._take_turn(job)
                for target, poll in zip(job.targets, answer.polls, strict=True):
                    self._note_answer(target, poll)
                    self._deliver(target, answer.time_us, poll)
            missed = job.next_turn(self._clock())
            if missed:
                for target in job.targets:
                    metrics.OVERRUNS.labels(self.name, target.name).inc(missed)

    @property
    def _is_watching(self) -> bool:
        return self._watcher is not None and self.is_connected

    async def _take_turn(self, job: _Job) -> Answer:
        place, started = job.place, self._clock()
        if not self.is_connected or self._lost.is_set():
            return job.nothing(Quality.BAD_NOT_CONNECTED, time_us=self._now_us())
        is_silent = place.failures > 1
        if started < place.ask_again_at or (is_silent and (started < self._spare_until or self._is_probing)):
            for target in job.targets:
                metrics.DEMOTED.labels(self.name, target.name).inc()
            return job.nothing(Quality.BAD_NO_COMMUNICATION, time_us=self._now_us())
        # Whoever is not known to answer gives way by half a period, so that healthy neighbours stay on time.
        gives_way = place.failures or not place.has_answered
        self._is_probing |= is_silent
        try:
            answer = await self._driver.read(job.targets, due=job.due + (job.period_seconds / 2 if gives_way else 0))
        finally:
            self._is_probing &= not is_silent
        if answer.is_connection_lost:
            self._lost.set()
        elif answer.answered:
            self._answered(job)
        else:
            self._silent(place, spent_seconds=answer.spent_seconds)
        return answer

    def _answered(self, job: _Job) -> None:
        place = job.place
        for target in job.targets:
            metrics.POLLS.labels(self.name, target.name).inc()
        if place.was_told:
            place.was_told = False
            _log.info("%s: %s answers again", self.name, place.name)
        place.failures, place.ask_again_at, place.has_answered = 0, 0.0, True

    def _silent(self, place: _Place, *, spent_seconds: float) -> None:
        place.failures += 1 if place.has_answered else 2
        if place.failures > 1 and not place.was_told:  # the first may be a single lost reply
            place.was_told = True
            _log.warning("%s: %s does not answer; asking less often until it does", self.name, place.name)
        wait = min(_FIRST_WAIT_SECONDS * 2 ** min(place.failures - 1, 10), _LONGEST_PROBE_WAIT_SECONDS)
        now = self._clock()
        place.ask_again_at = now + wait * self._rng.uniform(0.5, 1.0)
        self._spare_until = now + _SHARE_OF_SILENT * spent_seconds

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()
