"""One Modbus connection: one request at a time, and never the wrong reply.

A reply that comes after its time-out is the field's oldest trap. Modbus TCP numbers its requests, so there a late reply is known
by its number. RTU frames have no number: unit, function and length are all they tell. So:

* after a time-out on a serial line, a unit that had answered so far is listened to for as long again; what comes is thrown away;
* what is missing then is remembered with its length (`_Owed`). Before a question whose right answer would look the same, the unit
  is asked one whose answer cannot: another length of the same table. Devices answer in order, so once that answer has come,
  nothing of before can come any more. This costs one short request after a lost reply, and no assumption on how late is too late;
* whatever does not fit closes the connection (TCP), or is waited out until the line is silent (serial).
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import NamedTuple

from edge_gateway import metrics
from edge_gateway.drivers.modbus.framing import (
    AnyQuestion,
    Framing,
    Identify,
    OutOfStep,
    Question,
    Reply,
    RtuFraming,
    TcpFraming,
    identification_of,
)
from edge_gateway.drivers.modbus.transport import AnyModbusSettings, Transport, open_transport
from edge_gateway.drivers.modbus.turns import Turns
from edge_gateway.settings import ModbusRtuSettings, ModbusTcpSettings
from telemetry.errors import NotConnected

_log = logging.getLogger(__name__)

_SILENCE_SECONDS = 0.02
"""What a serial line's pause is at most when its bytes come through a network or a USB adapter."""
_LONGEST_NOISE_SECONDS = 1.0
_OWED_FOR_SECONDS = 60.0
"""No device that still works answers after so long."""
_SILENT_IN_A_ROW = 2
_MOST_OWED = 16


class NoAnswer(Exception):  # noqa: N818 - the same kind of name as NotConnected
    """Nothing that fits came in time, though the line was held up so long for it."""

    def __init__(self, spent_seconds: float) -> None:
        self.spent_seconds = spent_seconds
        super().__init__(spent_seconds)


class DeviceSaysNo(Exception):  # noqa: N818
    """The device answered with an exception; ``is_certain`` unless it may belong to an earlier question."""

    def __init__(self, code: int, *, is_certain: bool = True) -> None:
        self.code = code
        self.is_certain = is_certain
        super().__init__(code)


class _Owed(NamedTuple):
    """An answer that has not come, and may yet."""

    function: int
    size: int
    asked_at: float


class Line:
    """Asks questions one after the other; opened and closed by the driver."""

    def __init__(self, name: str, settings: AnyModbusSettings, *, now_us: Callable[[], int]) -> None:
        self._name = name
        self._now_us = now_us
        self._settings = settings
        self._turns = Turns()
        self._framing: Framing = RtuFraming()
        self._transport: Transport | None = None
        self._is_open = False
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._is_lost = False
        self._opened = 0
        self._owed: dict[int, list[_Owed]] = {}
        self._answered_last: set[int] = set()
        self._has_answered: set[int] = set()
        self._silent_in_a_row = 0
        self._next_at = 0.0

    async def open(self) -> None:
        """Connect, once.

        Raises
        ------
        NotConnected
        """
        self._is_open = True
        await self._connect()

    def close(self) -> None:
        """Hang up; who still waits for a turn is told so, and does not dial again."""
        self._is_open = False
        self._hang_up()

    async def _connect(self) -> None:
        self._hang_up()
        metrics.CONNECTS.labels(self._name).inc()
        is_tcp = isinstance(self._settings, ModbusTcpSettings)
        self._framing = TcpFraming(random.randrange(0x10000)) if is_tcp else RtuFraming()  # noqa: S311 - guards no secret
        self._buffer.clear()
        self._has_answered.clear()
        self._silent_in_a_row = 0
        self._is_lost = False
        number = self._opened = self._opened + 1

        def arrived(data: bytes) -> None:
            if number == self._opened:
                self._buffer += data
                self._arrived.set()

        def lost() -> None:
            if number == self._opened:  # and not one that was closed before
                self._is_lost = True
                self._arrived.set()

        try:
            self._transport = await open_transport(self._settings, arrived=arrived, lost=lost)
        except NotConnected as error:
            self._is_open = False
            raise NotConnected(f"{self._name} ({error})") from error

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def ask(self, question: Question, *, due: float) -> tuple[bytes, int]:
        """Give the data of the answer, exactly as long as asked for, and when the question left.

        Raises
        ------
        NotConnected, NoAnswer, DeviceSaysNo
        """
        await self._turns.take(due)
        try:
            await self._be_connected()
            is_in_step = await self._get_in_step(question)
            asked_us = self._now_us()
            reply = await self._exchange(question)
        finally:
            self._turns.release()
        if reply.exception is not None:
            raise DeviceSaysNo(reply.exception, is_certain=is_in_step)
        return reply.data, asked_us

    async def identify(self, unit: int) -> list[str]:
        """Ask a unit who it is; give its texts, none where it does not know the question.

        Raises
        ------
        NotConnected, NoAnswer
        """
        await self._turns.take(0.0)
        try:
            await self._be_connected()
            reply = await self._exchange(Identify(unit))
        finally:
            self._turns.release()
        return [] if reply.exception is not None else identification_of(reply.data)

    async def _be_connected(self) -> None:
        """Connect again after a doubt, or where a device closes idle connections; not where the driver was left."""
        if not self._is_open:
            raise NotConnected(f"{self._name}: closed")
        if self._transport is None or self._is_lost:
            await self._connect()

    async def _get_in_step(self, question: Question) -> bool:
        """Make sure that no answer of before can be taken for this one's; tell whether there is nothing left to fear."""
        taken = self._owed_sizes(question)
        if question.size in taken:
            step = 8 if question.table.is_bits else 1
            lengths = (question._replace(count=n * step) for n in range(1, _MOST_OWED + 2))
            await self._exchange(next(other for other in lengths if other.size not in taken))
            if question.size in self._owed_sizes(question):
                raise NoAnswer(0.0)
        return question.unit not in self._owed

    async def _exchange(self, question: AnyQuestion) -> Reply:
        clock = asyncio.get_running_loop().time
        await self._pace()
        if self._transport is None:  # closed while it waited
            raise NotConnected(f"{self._name}: closed")
        strays, started = self._framing.strays, time.perf_counter()
        if self._framing.is_serial:
            self._owed.setdefault(question.unit, []).append(_Owed(question.function, question.size, clock()))
        self._transport.write(self._framing.ask(question))
        try:
            reply = await self._reply_until(clock() + self._settings.timeout_seconds)
            if reply is None:
                await self._no_reply(question)
                raise NoAnswer(time.perf_counter() - started)
        except OutOfStep as error:
            metrics.DOUBTFUL.labels(self._name).inc()
            _log.debug("%s: %s", self._name, error)
            await self._start_anew()
            raise NoAnswer(time.perf_counter() - started) from error
        finally:
            if self._framing.strays != strays:
                metrics.STRAYS.labels(self._name).inc(self._framing.strays - strays)
            pause = self._settings.pause_seconds
            self._next_at = max(self._next_at, clock() + (self._pause_of_the_standard if pause is None else pause))
        metrics.ROUND_TRIP.labels(self._name).observe(time.perf_counter() - started)
        self._settle(question, reply)
        return reply

    def _owed_sizes(self, question: Question) -> set[int]:
        """Give the lengths of the answers that this unit still owes and that look like this question's."""
        oldest = asyncio.get_running_loop().time() - _OWED_FOR_SECONDS
        owed = [one for one in self._owed.pop(question.unit, ()) if one.asked_at > oldest][-_MOST_OWED:]
        if owed:
            self._owed[question.unit] = owed
        return {one.size for one in owed if one.function == question.function}

    def _settle(self, question: AnyQuestion, reply: Reply) -> None:
        """Note that a unit has answered: what it owed of before cannot come any more, for it answers in order.

        An exception has no length that would tell its question: it is taken for the oldest one's answer.
        """
        self._answered_last.add(question.unit)
        self._has_answered.add(question.unit)
        self._silent_in_a_row = 0
        owed = self._owed.pop(question.unit, [])
        if reply.exception is not None and len(owed) > 1:
            self._owed[question.unit] = owed[1:]

    async def _reply_until(self, deadline: float) -> Reply | None:
        """Give the reply; None when the time is over.

        Raises
        ------
        NotConnected, OutOfStep
        """
        while True:
            self._arrived.clear()
            reply = self._framing.take(self._buffer)
            if reply is not None:
                return reply
            if self._is_lost:
                self._hang_up()
                raise NotConnected(f"{self._name}: closed by the device")
            try:
                async with asyncio.timeout_at(deadline):
                    await self._arrived.wait()
            except TimeoutError:
                return None

    async def _no_reply(self, question: AnyQuestion) -> None:
        """Deal with a time-out: listen on where a reply may be late, and give up a connection that has gone dead."""
        metrics.LINE_TIMEOUTS.labels(self._name).inc()
        if not self._framing.is_serial:
            if self._buffer:
                self._hang_up()  # a frame that has not ended would swallow the next one
        elif question.unit in self._answered_last:
            late = await self._reply_until(asyncio.get_running_loop().time() + self._settings.timeout_seconds)
            if late is not None:
                metrics.LATE_REPLIES.labels(self._name).inc()
                self._settle(question, late)
                return
        self._answered_last.discard(question.unit)
        self._silent_in_a_row += question.unit in self._has_answered
        if self._silent_in_a_row >= _SILENT_IN_A_ROW and not isinstance(self._settings, ModbusRtuSettings):
            self._hang_up()
            raise NotConnected(f"{self._name}: nothing comes any more")

    async def _start_anew(self) -> None:
        """Come back to where a frame begins: with a new connection, or on a serial line after a silence."""
        if not self._framing.is_serial:
            self._hang_up()
            return
        clock = asyncio.get_running_loop().time
        until = clock() + _LONGEST_NOISE_SECONDS
        while clock() < until and not self._is_lost:
            self._arrived.clear()
            self._buffer.clear()
            try:
                async with asyncio.timeout(max(self._pause_of_the_standard, _SILENCE_SECONDS)):
                    await self._arrived.wait()
            except TimeoutError:
                return

    async def _pace(self) -> None:
        """Keep the pause between requests and the request budget; on a serial line, interrupt nobody."""
        clock = asyncio.get_running_loop().time
        if self._framing.is_serial and self._buffer:
            await self._start_anew()
        if self._next_at > clock():
            await asyncio.sleep(self._next_at - clock())
        if self._settings.max_requests_per_second:
            self._next_at = clock() + 1 / self._settings.max_requests_per_second

    @property
    def _pause_of_the_standard(self) -> float:
        """Modbus over Serial Line 2.5.1.1: 3.5 characters, 1.75 ms from 19,200 baud on."""
        settings = self._settings
        return max(3.5 * settings.character_seconds, 0.00175) if isinstance(settings, ModbusRtuSettings) else 0.0
