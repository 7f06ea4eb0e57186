"""The door to asyncua: one session per connection, told of changes or polled."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from device_profiles.profile import OpcUaPoint
from edge_gateway import metrics
from edge_gateway.device_clock import DeviceClock
from edge_gateway.driver import Answer, Deliver, Poll, Target
from edge_gateway.drivers.opcua.nodes import Nodes, Signal
from edge_gateway.drivers.opcua.records import Records
from edge_gateway.drivers.opcua.security import protect
from edge_gateway.drivers.opcua.session import LOST, Session, is_loss
from edge_gateway.drivers.opcua.structures import Structures
from edge_gateway.drivers.opcua.subscription import Place
from edge_gateway.drivers.opcua.values import shown, status_name
from edge_gateway.drivers.opcua.watch import Watch
from edge_gateway.settings import OpcUaSettings
from telemetry.errors import NotConnected, RetryableError
from telemetry.quality import Quality

_log = logging.getLogger(__name__)


class OpcUa:
    """See `edge_gateway.driver.Driver` for what callers may rely on."""

    def __init__(self, name: str, settings: OpcUaSettings, *, now_us: Callable[[], int]) -> None:
        self.watches = settings.mode == "subscribe"
        self._name, self._settings, self._now_us = name, settings, now_us
        self._clock = DeviceClock(name, now_us)
        self._session: Session | None = None
        self._place: Place | None = None
        self._watch: Watch | None = None
        self._is_open = False
        self._is_lost = False
        self._signals: dict[Target, dict[str, Signal]] = {}
        self._records = Records(name, self._clock, self._say_once)
        self._said: set[str] = set()
        if settings.security == "none":
            what = "the values" if settings.username is None else "the values, and perhaps read the password"
            _log.warning("%s: security is none: anybody on the way to %s can read and forge %s", name, settings.url, what)

    async def __aenter__(self) -> Self:
        metrics.CONNECTS.labels(self._name).inc()
        where = f"{self._name} ({self._settings.url})"
        session = self._session
        if session is None:
            client = Client(self._settings.url, timeout=self._settings.timeout_seconds)
            await protect(client, self._settings, where)
            session = Session(client, self._name, where, timeout_seconds=self._settings.timeout_seconds, on_lost=self._lose)
        try:
            await session.open()
        except BaseException:
            if session.was_reached:  # it speaks and will not have us as we were, so the next attempt begins with nothing
                self._session, self._watch = None, None
            raise
        if session is not self._session or not session.is_same_server:
            nodes, structures = Nodes(session, self._say_once), Structures(session)
            self._place = Place(self._name, session, nodes, structures, self._clock, self._now_us, self._say_once)
            self._watch = None
        self._session, self._is_open, self._is_lost = session, True, False
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        session, self._is_open = self._session, False
        if session is None:
            return
        if self._is_lost:
            session.drop()  # the server may keep the session; the next attempt asks for it
        else:
            self._session, self._watch = None, None
            await session.close()

    @property
    def session(self) -> Session:
        """The open session, for what is neither reading nor watching.

        Raises
        ------
        NotConnected
            If there is none.
        """
        return self._here.session

    @property
    def _here(self) -> Place:
        if self._place is None or not self._is_open or self._is_lost:
            raise NotConnected(f"{self._name} ({self._settings.url}): connection lost")
        return self._place

    def place(self, target: Target) -> str:
        return target.root

    def forget(self, target: Target) -> None:
        self._signals.pop(target, None)
        self._records.forget(target)
        if self._place is not None:
            self._place.nodes.forget(target)

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:  # noqa: ARG002 - a session carries many requests at a time
        answer = Answer(time_us=self._now_us(), polls=[target.nothing(Quality.BAD_NOT_CONNECTED) for target in targets])
        try:
            place = self._here
            nodes = [{} if target.waveforms else await place.nodes.of(target) for target in targets]
            began, answer.time_us = asyncio.get_running_loop().time(), self._now_us()
            values = await place.session.read([node for some in nodes for node in some.values()])
            metrics.ROUND_TRIP.labels(self._name).observe(asyncio.get_running_loop().time() - began)
            rest = iter(values)
            answer.polls = [
                await self._poll_of(target, place.structures, dict(zip(some, rest, strict=False)), raw)
                for target, some in zip(targets, nodes, strict=True)
            ]
            for target, poll in zip(targets, answer.polls, strict=True):
                if target.waveforms:
                    poll.blocks = await self._records.of(target, place, raw)
        except UaStatusCodeError as error:
            if is_loss(error):
                return self._lost(answer)
            for target in targets:
                metrics.EXCEPTIONS.labels(self._name, target.name, status_name(error.code)).inc()
            answer.polls = [target.nothing(Quality.BAD_REFUSED_BY_DEVICE) for target in targets]
        except (UaError, *LOST):
            for target in targets:
                metrics.TIMEOUTS.labels(self._name, target.name).inc()
            return self._lost(answer)
        except RetryableError:
            return self._lost(answer)
        return answer

    async def watch(self, targets: Sequence[Target], deliver: Deliver) -> None:
        self._watch = self._watch or Watch(self._here)
        try:
            await self._watch.run(targets, deliver, self._poll_by_the_clock)
        except asyncio.CancelledError:
            raise  # the connection is as it was, and so are the subscriptions: the next call goes on with them
        except BaseException:
            self._lose()
            raise
        self._lose()

    async def _poll_by_the_clock(self, target: Target, deliver: Deliver) -> None:
        """Read a target that the server does not tell of, every period; returns when the connection is lost."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            answer = await self.read([target])
            deliver(target, answer.time_us, answer.polls[0])
            if answer.is_connection_lost:
                raise NotConnected(f"{self._name}: connection lost")
            missed = max(int((loop.time() - due) / target.period_seconds), 0)
            if missed:
                metrics.OVERRUNS.labels(self._name, target.name).inc(missed)
            due += (missed + 1) * target.period_seconds
            await asyncio.sleep(due - loop.time())

    async def _poll_of(
        self, target: Target, structures: Structures, values: dict[str, ua.DataValue], raw: dict[str, str] | None
    ) -> Poll:
        poll = target.nothing(Quality.BAD_CONFIGURATION_ERROR)
        columns = {signal: column for column, signal in enumerate(target.signals.names)}
        for name, signal in () if target.waveforms else self._signals_of(target).items():
            data = values.get(name)
            if raw is not None:
                raw[name] = "no such node" if data is None else shown(data)
            if data is None:
                continue
            value = await signal.value(data, structures)
            if isinstance(value, str):
                poll.texts[name] = value
            elif value is not None:
                poll.readings[columns[name]] = value
        return poll

    def _signals_of(self, target: Target) -> dict[str, Signal]:
        if target not in self._signals:
            self._signals[target] = {
                point.signal: Signal(point, target) for point in target.points if isinstance(point, OpcUaPoint)
            }
        return self._signals[target]

    def _lost(self, answer: Answer) -> Answer:
        self._lose()
        answer.answered, answer.is_connection_lost = False, True
        return answer

    def _lose(self) -> None:
        """Give the connection up; what waits for an answer is woken."""
        self._is_lost = True
        if self._session is not None:
            self._session.drop()

    def _say_once(self, message: str) -> None:
        """Tell what will be the same after each reconnection only the first time."""
        if message not in self._said:
            self._said.add(message)
            _log.warning("%s: %s", self._name, message)
