"""A link of the network that can fail: carries any TCP protocol between a client and a server, and counts what it carries.

What a black hole holds back passes when it ends, as TCP would send it again. Limits: a connection is accepted here even in a
black hole, where a real one would not come about; and what the kernels buffer on both sides is not counted as held back.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from simulators.faults import LinkFault, draw
from telemetry.errors import ConfigError

_CHUNK_BYTES = 65536
_MOST_CHUNKS = 64
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Direction = Literal["to_server", "to_client"]


@dataclass(eq=False, slots=True)
class _Pair:
    """One connection on both sides of the link."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter

    def reset(self) -> None:
        for writer in (self.client, self.server):
            connection: socket.socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it is closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()

    def end(self, direction: Direction) -> None:
        writer = self.server if direction == "to_server" else self.client
        with contextlib.suppress(OSError, RuntimeError):  # the other side may have closed it
            if not writer.is_closing():
                writer.write_eof()


class Link:
    """Entered, it listens and carries; left, its connections are broken off."""

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, server_host: str = "127.0.0.1", server_port: int, seed: int = 1
    ) -> None:
        self._host, self.port = host, port
        self._to = (server_host, server_port)
        self.counts: Counter[str] = Counter()
        """``connections``, ``unreachable`` (the server was not there), ``bytes_to_server``, ``bytes_to_client``, and strokes of
        faults by kind."""
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._number = 0
        self._present: dict[int, LinkFault] = {}
        self._timers: dict[int, list[asyncio.TimerHandle]] = {}
        self._open = {"to_server": asyncio.Event(), "to_client": asyncio.Event()}
        self._reopening: asyncio.Task[None] | None = None
        self._is_entered = False

    async def __aenter__(self) -> Self:
        for gate in self._open.values():
            gate.set()
        await self._listen()
        self._is_entered = True
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_entered = False
        self.clear()
        if self._reopening is not None:
            await self._reopening
        if self._server is not None:
            self._server.close()
        for pair in self._pairs:
            pair.reset()
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._pairs)

    def add(self, fault: LinkFault) -> int:
        """Let a fault come, and give the number by which it can be taken away."""
        self._number += 1
        number, loop = self._number, asyncio.get_running_loop()
        timers = self._timers[number] = []
        if fault.from_seconds:
            timers.append(loop.call_later(fault.from_seconds, self._begin, number, fault))
        else:
            self._begin(number, fault)
        if fault.for_seconds is not None:
            timers.append(loop.call_later(fault.from_seconds + fault.for_seconds, self.clear, number))
        return number

    def clear(self, number: int | None = None) -> int:
        """Take one fault away, or all of them; give how many there were."""
        gone = [n for n in self._timers if number in (None, n)]
        for n in gone:
            for timer in self._timers.pop(n):
                timer.cancel()
            self._present.pop(n, None)
        self._adjust()
        return len(gone)

    def _begin(self, number: int, fault: LinkFault) -> None:
        self.counts[fault.kind] += 1
        if fault.kind == "link_reset":
            for pair in self._pairs:
                pair.reset()
        elif fault.kind == "link_half_close":
            for pair in self._pairs:
                for direction in _directions(fault):
                    pair.end(direction)
        else:
            self._present[number] = fault
            self._adjust()

    def _adjust(self) -> None:
        """Make gates and listener what the faults that are there want."""
        for direction, gate in self._open.items():
            holes = (f for f in self._present.values() if f.kind == "link_black_hole" and f.direction in ("both", direction))
            gate.clear() if any(holes) else gate.set()
        refuses = any(fault.kind == "link_refuse" for fault in self._present.values())
        if refuses and self._server is not None:
            self._server.close()
            self._server = None
        elif not refuses and self._server is None and self._reopening is None and self._is_entered:
            self._reopening = asyncio.create_task(self._reopen())

    async def _reopen(self) -> None:
        await self._listen()
        self._reopening = None
        self._adjust()

    async def _listen(self) -> None:
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self.port)
        except (OSError, UnicodeError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self.port} for a link: {why}") from None
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        task = asyncio.create_task(self._connect(reader, client))
        self._carriers.add(task)
        task.add_done_callback(self._carriers.discard)
        task.add_done_callback(lambda _: client.close())  # also where it ended before it was connected

    async def _connect(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            from_server, server = await asyncio.open_connection(*self._to)
        except (OSError, UnicodeError):
            self.counts["unreachable"] += 1
            client.transport.abort()
            return
        pair = _Pair(client, server)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, pair, "to_server"))
                group.create_task(self._carry(from_server, pair, "to_client"))
        finally:
            self._pairs.discard(pair)
            client.close()
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, pair: _Pair, direction: Direction) -> None:
        """Carry one way, until the end of the stream has been carried, too."""
        chunks: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue(_MOST_CHUNKS)
        writer = pair.server if direction == "to_server" else pair.client
        loop = asyncio.get_running_loop()

        async def take() -> None:
            while True:
                chunk = None  # broken off: so is the other side, when its turn has come
                with contextlib.suppress(OSError):
                    chunk = await reader.read(_CHUNK_BYTES)
                await chunks.put((loop.time() + self._delay_seconds(direction), chunk))
                if not chunk:
                    return

        taking = asyncio.create_task(take())
        try:
            while True:
                due, chunk = await chunks.get()
                await asyncio.sleep(due - loop.time())
                await self._open[direction].wait()
                if chunk is None:
                    pair.reset()
                    return
                if not chunk:
                    pair.end(direction)
                    return
                self.counts[f"bytes_{direction}"] += len(chunk)
                try:
                    writer.write(chunk)
                    await writer.drain()
                except (OSError, RuntimeError):  # closed over there; what comes from there will tell
                    return
        finally:
            taking.cancel()

    def _delay_seconds(self, direction: Direction) -> float:
        delays = (f for f in self._present.values() if f.kind == "link_delay" and f.direction in ("both", direction))
        return sum(draw(fault.seconds, self._random) for fault in delays if fault.seconds is not None)


def _directions(fault: LinkFault) -> tuple[Direction, ...]:
    return ("to_server", "to_client") if fault.direction == "both" else (fault.direction,)
