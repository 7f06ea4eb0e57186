"""A Modbus TCP server made of nothing but asyncio, which can do everything that a device must not do."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NamedTuple, Self

from device_profiles.profile import ModbusProfile


class Ask(NamedTuple):
    """One request; ``number`` counts all of them from 1."""

    number: int
    transaction: int
    unit: int
    function: int
    start: int
    count: int  # type: ignore[assignment]  # the protocol's word for it, and tuple.count is not missed


Send = Callable[[bytes], None]
Answer = Callable[[Ask, Send], Awaitable[None] | None]


class Responder:
    """Listens on a free port; ``answer`` decides what each request gets."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = 0
        self.connections = 0
        self.log: list[Ask] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None] | None] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        self.hang_up()
        for task in self._tasks:
            task.cancel()
        handlers = (handler for handler in self._handlers if handler is not None)
        await asyncio.gather(*self._tasks, *handlers, return_exceptions=True)
        await self._server.wait_closed()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._handlers.add(asyncio.current_task())
        self._writers.add(writer)

        def send(frame: bytes) -> None:
            if not writer.is_closing():
                writer.write(frame)

        try:
            while True:
                transaction, _, _, unit, function, start, count = struct.unpack(">HHHBBHH", await reader.readexactly(12))
                self.asked += 1
                ask = Ask(self.asked, transaction, unit, function, start, count)
                self.log.append(ask)
                answer = self.answer(ask, send)
                if answer is not None:
                    task = asyncio.ensure_future(answer)
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


def reply(ask: Ask, words: list[int], **changes: int) -> bytes:
    """Frame of a right answer, after the Modbus Application Protocol V1.1b3; ``changes`` spoil its header."""
    if ask.function <= 2:
        bits = sum(bit << index for index, bit in enumerate(words))
        data = bits.to_bytes((len(words) + 7) // 8, "little")
    else:
        data = struct.pack(f">{len(words)}H", *words)
    body = bytes([changes.get("function", ask.function), changes.get("size", len(data))]) + data
    transaction, unit = changes.get("transaction", ask.transaction), changes.get("unit", ask.unit)
    return struct.pack(">HHHB", transaction, changes.get("protocol", 0), changes.get("length", len(body) + 1), unit) + body


def refusal(ask: Ask, code: int) -> bytes:
    return struct.pack(">HHHBBB", ask.transaction, 0, 3, ask.unit, ask.function | 0x80, code)


def profile(*points: dict[str, object], **head: object) -> ModbusProfile:
    """A register map of a boiler with the given points, unsigned 16 bit in holding registers unless they say otherwise."""
    return ModbusProfile.model_validate(
        {
            "kind": "boiler",
            "maker": "test",
            "model": "test",
            "label": {"zh": "测试", "en": "Test"},
            "source": "this test",
            "verified": "simulator",
            "protocol": "modbus",
            "points": [{"type": "uint16", **point} for point in points],
            **head,
        }
    )
