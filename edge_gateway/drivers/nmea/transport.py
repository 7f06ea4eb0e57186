"""What brings the lines: datagrams to a port of ours, or a stream from a server. Nothing is ever sent."""

import asyncio
from collections.abc import Callable

from edge_gateway.settings import NmeaTcpSettings, NmeaUdpSettings
from telemetry.errors import NotConnected

_MOST_BYTES = 4096
"""Of a line, before its end comes; whatever is longer is no sentence, nor one with a tag block."""
_UDP_HEAD = b"UdPbC\x00"
"""What a datagram of sentences begins with on networks of IEC 61162-450."""
Take = Callable[[bytes], None]
Reject = Callable[[str, bytes], None]


class Lines:
    """Cuts a stream into lines; one that does not end is thrown away as far as it came, and with it the rest of it."""

    def __init__(self, take: Take, reject: Reject) -> None:
        self._take, self._reject = take, reject
        self._buffer = b""
        self._is_skipping = False

    def feed(self, data: bytes) -> None:
        *whole, self._buffer = (self._buffer + data).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if self._is_skipping:
                self._is_skipping = False
            elif len(line) > _MOST_BYTES:
                self._reject("overlong", line)
            else:
                self._take(line)
        if len(self._buffer) > _MOST_BYTES:
            if not self._is_skipping:
                self._reject("overlong", self._buffer)
            self._buffer, self._is_skipping = b"", True


class Link(asyncio.DatagramProtocol, asyncio.Protocol):
    """One way to hear."""

    def __init__(self, take: Take, reject: Reject, gone: Callable[[], None], *, sender: str | None = None) -> None:
        self.is_lost = False
        self._take, self._reject, self._gone, self._sender = take, reject, gone, sender
        self._lines = Lines(take, reject)
        self._transport: asyncio.BaseTransport | None = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        self.is_lost = True
        self._gone()

    def data_received(self, data: bytes) -> None:
        self._lines.feed(data)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if self._sender is not None and addr[0] != self._sender:
            self._reject("foreign_sender", data)
            return
        for line in data.removeprefix(_UDP_HEAD).replace(b"\r", b"\n").split(b"\n"):
            self._take(line)

    def error_received(self, exc: Exception) -> None:
        """Leave it: a port that only listens has nothing to lose by it."""


async def open_link(
    name: str, settings: NmeaUdpSettings | NmeaTcpSettings, take: Take, reject: Reject, gone: Callable[[], None]
) -> Link:
    """Listen on a port, or connect to a server; ``gone`` is called when that is no more.

    Raises
    ------
    NotConnected
    """
    loop = asyncio.get_running_loop()
    place = f"{settings.host}:{settings.port}"
    try:
        if isinstance(settings, NmeaUdpSettings):
            _, link = await loop.create_datagram_endpoint(
                lambda: Link(take, reject, gone, sender=settings.sender), local_addr=(settings.host, settings.port)
            )
        else:
            async with asyncio.timeout(settings.timeout_seconds):
                _, link = await loop.create_connection(lambda: Link(take, reject, gone), settings.host, settings.port)
    except TimeoutError:
        raise NotConnected(f"{name}: {place} does not answer") from None
    except (OSError, UnicodeError) as error:
        what = "cannot listen on UDP" if isinstance(settings, NmeaUdpSettings) else "cannot connect to"
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise NotConnected(f"{name}: {what} {place}: {why}") from error
    return link
