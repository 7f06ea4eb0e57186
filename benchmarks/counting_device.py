"""A Modbus device whose every register holds the number of the request, so that a reply taken for another one is seen at once.

It answers in order, as a serial device does: while a reply is late, those to later requests wait behind it. Made of nothing but
asyncio and the specifications (Messaging on TCP/IP 3.1, Serial Line V1.02 2.5.1 and its appendix B), as a judge should be.
"""

import asyncio
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Literal, NamedTuple, Self


class Ask(NamedTuple):
    """One request; ``number`` counts all of them from 1."""

    number: int
    transaction: int
    unit: int
    function: int
    start: int
    count: int  # type: ignore[assignment]  # the protocol's word for it, and tuple.count is not missed


class Told(NamedTuple):
    """What the device sends, after how long; nothing where there are no bytes."""

    after_seconds: float
    frame: bytes


Behaviour = Callable[[Ask], Told | None]
"""None is the right answer at once."""


class CountingDevice:
    """Listens on a free port and speaks one of the framings; ``behave`` may spoil its answers."""

    def __init__(self, framing: Literal["tcp", "rtu"], behave: Behaviour = lambda _: None) -> None:
        self.behave = behave
        self.asked = 0
        self.connections = 0
        self.log: list[Ask] = []
        self.port = 0
        self._is_rtu = framing == "rtu"
        self.request_bytes = 8 if self._is_rtu else 12
        self._handlers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        to_answer: asyncio.Queue[Ask] = asyncio.Queue(maxsize=1000)
        answering = asyncio.create_task(self._answer(to_answer, writer))
        try:
            while True:
                ask = self.read(await reader.readexactly(self.request_bytes))
                self.log[:] = [*self.log[-99:], ask]
                await to_answer.put(ask)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # cancelled is how it ends, and asyncio would print it
        finally:
            answering.cancel()
            writer.transport.abort()
            self._handlers.discard(task)

    def read(self, frame: bytes) -> Ask:
        self.asked += 1
        if self._is_rtu:
            assert crc(frame[:-2]) == frame[-2:], "the gateway sent a wrong checksum"
            return Ask(self.asked, 0, *struct.unpack(">BBHH", frame[:-2]))
        transaction, _, _, unit, function, start, count = struct.unpack(">HHHBBHH", frame)
        return Ask(self.asked, transaction, unit, function, start, count)

    async def _answer(self, to_answer: "asyncio.Queue[Ask]", writer: asyncio.StreamWriter) -> None:
        while True:
            ask = await to_answer.get()
            told = self.behave(ask)
            if told is not None and told.after_seconds:
                await asyncio.sleep(told.after_seconds)
            frame = self.reply(ask) if told is None else told.frame
            if frame and not writer.is_closing():
                writer.write(frame)

    def reply(self, ask: Ask, **changes: int) -> bytes:
        """Frame of the right answer; ``changes`` (unit, function, size, number) spoil it."""
        number = changes.get("number", ask.number) & 0xFFFF
        data = struct.pack(">H", number) * ask.count
        function = changes.get("function", ask.function)
        return self.frame(ask, bytes([function, changes.get("size", len(data))]) + data, unit=changes.get("unit", ask.unit))

    def refusal(self, ask: Ask, code: int) -> bytes:
        return self.frame(ask, bytes([ask.function | 0x80, code]), unit=ask.unit)

    def frame(self, ask: Ask, pdu: bytes, *, unit: int) -> bytes:
        if self._is_rtu:
            body = bytes([unit]) + pdu
            return body + crc(body)
        return struct.pack(">HHHB", ask.transaction, 0, len(pdu) + 1, unit) + pdu


def crc(data: bytes) -> bytes:
    """Give the checksum of an RTU frame, low byte first (Serial Line V1.02, 6.2.2, bit by bit)."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 if register & 1 else register >> 1
    return struct.pack("<H", register)
