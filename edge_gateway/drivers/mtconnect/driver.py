"""Reads an MTConnect agent: its stream of changes, or its current state every period."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from edge_gateway import metrics
from edge_gateway.device_clock import DeviceClock
from edge_gateway.driver import Answer, Deliver, Target
from edge_gateway.drivers.mtconnect.agent import Agent, OutOfRange
from edge_gateway.drivers.mtconnect.binding import Bound, State, bind
from edge_gateway.drivers.mtconnect.documents import BadDocument, Probe, Streams
from edge_gateway.drivers.mtconnect.watch import BegunAnew, Watch
from edge_gateway.settings import MtConnectSettings
from telemetry.errors import NotConnected, Refused
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_SHORTEST_STREAM_SECONDS = 1.0
"""A stream that breaks sooner is left to the scan, which waits longer every time."""


class MtConnect:
    """See `edge_gateway.driver.Driver` for what callers may rely on."""

    def __init__(self, name: str, settings: MtConnectSettings, *, now_us: Callable[[], int]) -> None:
        self.watches = settings.mode == "stream"
        self._name, self._settings, self._now_us = name, settings, now_us
        self._agent: Agent | None = None
        self._probe: Probe | None = None
        self._bound: dict[Target, Bound] = {}
        self._clock = DeviceClock(name, now_us)
        self._watch: Watch | None = None
        """Kept when the connection breaks: an agent that runs on still has what we missed."""

    async def __aenter__(self) -> Self:
        metrics.CONNECTS.labels(self._name).inc()
        agent = Agent(self._name, self._settings)
        try:
            await self._look_again(agent)
        except BaseException:
            await agent.close()
            raise
        self._agent = agent
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        agent, self._agent = self._agent, None
        if agent is not None:
            await agent.close()

    def place(self, target: Target) -> str:
        return target.root

    def forget(self, target: Target) -> None:
        self._bound.pop(target, None)

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:  # noqa: ARG002 - HTTP carries as many requests at a time as there are
        time_us, started = self._now_us(), asyncio.get_running_loop().time()
        if self._agent is None:
            return _lost(targets, time_us)
        try:
            streams = await self._current(self._agent, targets[0].root)
        except NotConnected:
            for target in targets:
                metrics.TIMEOUTS.labels(self._name, target.name).inc()
            return _lost(targets, time_us, spent_seconds=asyncio.get_running_loop().time() - started)
        except Refused as error:
            for target in targets:
                metrics.EXCEPTIONS.labels(self._name, target.name, str(error.code)).inc()
            return _nothing(targets, time_us, Quality.BAD_REFUSED_BY_DEVICE)
        except (BadDocument, OutOfRange):
            metrics.DOUBTFUL.labels(self._name).inc()
            return _nothing(targets, time_us, Quality.BAD_NO_COMMUNICATION)
        bounds = [self._bind(target) for target in targets]
        state = State(self._name, (item for bound in bounds for item in bound.items))
        for observation in streams.observations:
            state.take(observation)
        return Answer(time_us=time_us, polls=[bound.poll(state, raw) for bound in bounds])

    async def watch(self, targets: Sequence[Target], deliver: Deliver) -> None:
        agent = self._agent
        if agent is None or self._probe is None:
            raise NotConnected(f"{self._name}: not connected")
        if self._watch is None or self._watch.targets != tuple(targets):
            self._watch = Watch(self._name, targets, now_us=self._now_us, heard=self._heard, clock=self._clock)
        watch, watch.deliver = self._watch, deliver
        roots = {target.root for target in targets}
        device = roots.pop() if len(roots) == 1 else ""
        if watch.instance != self._probe.header.instance:
            watch.lose("agent_restarted")
        try:
            while True:
                if watch.instance is None:
                    current = await self._current(agent, device)
                    watch.begin(current, [self._bind(target) for target in targets])
                try:
                    await self._follow(agent, device, watch)
                except OutOfRange:
                    watch.lose("out_of_range")
                except BegunAnew as begun:
                    watch.lose(str(begun))
        except (BadDocument, OutOfRange) as error:
            metrics.DOUBTFUL.labels(self._name).inc()
            watch.lose("bad_document")  # asked for again, it would be no better
            raise NotConnected(f"{self._where}: a document {error}") from error

    async def _follow(self, agent: Agent, device: str, watch: Watch) -> None:
        """Take changes from where the watch stands, streamed or, where the agent cannot, asked for; ends with an exception.

        A stream that held and broke is taken up at once where it stood: the agent has kept what came meanwhile.
        """
        clock = asyncio.get_running_loop().time
        while True:
            opened = clock()
            if not await agent.stream(device, watch.take, start=watch.next, count=watch.count, cadence=watch.cadence):
                break
            if clock() - opened < _SHORTEST_STREAM_SECONDS:
                raise NotConnected(f"{self._where}: the agent ended its stream")
        _log.info("%s: the agent does not stream; asking for its changes every %g s", self._name, watch.cadence.interval_seconds)
        while True:
            if watch.is_up_to_date:
                await asyncio.sleep(watch.cadence.interval_seconds)
            watch.take(await agent.sample(device, start=watch.next, count=watch.count))

    async def _current(self, agent: Agent, device: str) -> Streams:
        """Ask for the current state; where the agent was started anew, after asking which machines it has now."""
        for _ in range(2):
            streams = await agent.current(device)
            if self._probe is not None and streams.header.instance == self._probe.header.instance:
                self._heard(streams)
                return streams
            await self._look_again(agent)
        raise NotConnected(f"{self._where}: the agent keeps restarting")

    async def _look_again(self, agent: Agent) -> None:
        try:
            self._probe = await agent.probe()
        except (BadDocument, OutOfRange) as error:
            metrics.DOUBTFUL.labels(self._name).inc()
            raise NotConnected(f"{self._where}: the answer to /probe {error}") from error
        self._bound.clear()

    def _bind(self, target: Target) -> Bound:
        assert self._probe is not None
        if target not in self._bound:
            self._bound[target] = bind(self._name, self._probe, target)
        return self._bound[target]

    def _heard(self, streams: Streams) -> None:
        if streams.header.created_us is not None:
            self._clock.says(streams.header.created_us)
        if streams.unreadable:
            metrics.DOUBTFUL.labels(self._name).inc(streams.unreadable)

    @property
    def _where(self) -> str:
        return f"{self._name} ({self._settings.url})"


def _nothing(targets: Sequence[Target], time_us: int, quality: Quality) -> Answer:
    return Answer(time_us=time_us, polls=[target.nothing(quality) for target in targets])


def _lost(targets: Sequence[Target], time_us: int, *, spent_seconds: float = 0.0) -> Answer:
    polls = [target.nothing(Quality.BAD_NOT_CONNECTED) for target in targets]
    return Answer(time_us=time_us, polls=polls, answered=False, spent_seconds=spent_seconds, is_connection_lost=True)
