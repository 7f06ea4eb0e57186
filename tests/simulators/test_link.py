"""A link of the network that fails in each of its ways, between real sockets."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator

import pytest

from simulators.faults import LinkFault
from simulators.link import Link
from telemetry.errors import ConfigError

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """Echoes what it gets, and remembers it; says goodbye when the client has ended its side."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.streams: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.streams.done():
            self.streams.set_result((reader, writer))
        try:
            while chunk := await reader.read(65536):
                self.heard += chunk
                writer.write(chunk)
            writer.write(b"goodbye")
            self._end("end")
        except ConnectionError:
            self._end("reset")
        finally:
            writer.close()

    def _end(self, how: str) -> None:
        if not self.ended.done():
            self.ended.set_result(how)


@contextlib.asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link, Server]]:
    served = Server()
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server, Link(server_port=server.sockets[0].getsockname()[1]) as link:
        yield link, served


@contextlib.asynccontextmanager
async def client_of(link: Link) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def taken(reader: asyncio.StreamReader, length: int, *, within_seconds: float = 5) -> bytes:
    return await asyncio.wait_for(reader.readexactly(length), within_seconds)


async def test_what_passes_is_whole_and_counted_each_way() -> None:
    megabyte = bytes(range(256)) * 4096
    async with linked() as (link, server), client_of(link) as (reader, writer):
        writer.write(megabyte)
        assert await taken(reader, len(megabyte)) == megabyte
        writer.write_eof()
        assert await taken(reader, 7) == b"goodbye"
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert server.heard == megabyte
        assert link.counts == {"connections": 1, "bytes_to_server": 1 << 20, "bytes_to_client": (1 << 20) + 7}
    assert link.connections == 0


async def test_a_delay_holds_each_piece_back_and_keeps_the_order() -> None:
    async with linked() as (link, _), client_of(link) as (reader, writer):
        number = link.add(LinkFault(kind="link_delay", seconds=0.1))
        began = time.monotonic()
        for piece in (b"a", b"b", b"c"):
            writer.write(piece)
            await asyncio.sleep(0.02)
        assert await taken(reader, 3) == b"abc"
        assert 0.2 <= time.monotonic() - began < 0.6  # there and back, and not once per piece
        assert link.clear(number) == 1
        began = time.monotonic()
        writer.write(b"d")
        assert await taken(reader, 1) == b"d"
        assert time.monotonic() - began < 0.1


async def test_a_black_hole_lets_nothing_pass_until_it_ends() -> None:
    async with linked() as (link, server), client_of(link) as (reader, writer):
        writer.write(b"1")
        await taken(reader, 1)
        hole = link.add(LinkFault(kind="link_black_hole"))
        writer.write(b"2")
        async with client_of(link) as (_, new):
            new.write(b"x")
            with pytest.raises(TimeoutError):
                await taken(reader, 1, within_seconds=0.15)
        assert server.heard == b"1"
        link.clear(hole)
        assert await taken(reader, 1) == b"2"


async def test_a_black_hole_of_one_way_swallows_the_replies_only() -> None:
    async with linked() as (link, server), client_of(link) as (reader, writer):
        link.add(LinkFault(kind="link_black_hole", direction="to_client", for_seconds=0.3))
        writer.write(b"asked")
        with pytest.raises(TimeoutError):
            await taken(reader, 1, within_seconds=0.15)
        assert server.heard == b"asked"
        assert await taken(reader, 5) == b"asked"  # it is over


async def test_a_reset_reaches_both_sides_and_new_connections_pass() -> None:
    async with linked() as (link, server), client_of(link) as (reader, writer):
        writer.write(b"1")
        await taken(reader, 1)
        link.add(LinkFault(kind="link_reset"))
        with pytest.raises(ConnectionResetError):
            await taken(reader, 1)
        assert await asyncio.wait_for(server.ended, 5) == "reset"
        async with client_of(link) as (new_reader, new_writer):
            new_writer.write(b"2")
            assert await taken(new_reader, 1) == b"2"
        assert link.counts["link_reset"] == 1
        assert link.counts["connections"] == 2


async def test_a_half_close_ends_one_way_and_the_other_goes_on() -> None:
    async with linked() as (link, server), client_of(link) as (reader, writer):
        writer.write(b"1")
        await taken(reader, 1)
        link.add(LinkFault(kind="link_half_close", direction="to_client"))
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.write(b"2")
        async with asyncio.timeout(5):
            while server.heard != b"12":  # noqa: ASYNC110 - bytes on the way set no event
                await asyncio.sleep(0.001)


async def test_a_refused_link_has_no_listener_and_gets_it_back_on_the_same_port() -> None:
    async with linked() as (link, _), client_of(link) as (reader, writer):
        writer.write(b"1")
        await taken(reader, 1)
        number = link.add(LinkFault(kind="link_refuse"))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"2")
        assert await taken(reader, 1) == b"2"  # who was there before is served
        link.clear(number)
        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    async with client_of(link) as (new_reader, new_writer):
                        new_writer.write(b"3")
                        assert await taken(new_reader, 1) == b"3"
                        break
                await asyncio.sleep(0.001)


async def test_a_reset_of_the_server_is_carried_to_the_client() -> None:
    async with linked() as (link, server), client_of(link) as (reader, writer):
        writer.write(b"1")
        await taken(reader, 1)
        (_, side) = await server.streams
        side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        side.transport.abort()
        with pytest.raises(ConnectionResetError):
            await taken(reader, 1)


async def test_a_link_to_nowhere_hangs_up_and_counts() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with Link(server_port=port) as link, client_of(link) as (reader, _):
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert link.counts == {"connections": 1, "unreachable": 1}


async def test_a_fault_comes_after_its_time_and_goes_after_its_while() -> None:
    async with linked() as (link, _), client_of(link) as (reader, writer):
        link.add(LinkFault(kind="link_black_hole", from_seconds=0.1, for_seconds=0.2))
        writer.write(b"1")
        assert await taken(reader, 1, within_seconds=0.09) == b"1"
        await asyncio.sleep(0.15)
        began = time.monotonic()
        writer.write(b"2")
        assert await taken(reader, 1) == b"2"
        assert time.monotonic() - began > 0.05


async def test_a_port_in_use_is_a_mistake_of_the_settings() -> None:
    async with linked() as (link, _):
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{link.port} for a link: .*in use"):
            async with Link(port=link.port, server_port=1):
                pass
