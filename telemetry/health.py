"""The health door of every daemon: ``/healthz`` for watchdogs and ``/metrics`` for Prometheus, on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from telemetry.errors import ConfigError

Status = Callable[[], tuple[bool, dict[str, Any]]]
"""Says whether the process does its work, and the details worth reading when it does not."""

_REQUEST_TIMEOUT_SECONDS = 5.0
_LONGEST_REQUEST_BYTES = 8192


@asynccontextmanager
async def serve_health(port: int, status: Status, *, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve until the block is left; port 0 takes a free one. Yields the port.

    Raises
    ------
    ConfigError
        If the port is taken.
    """
    open_writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with suppress(ConnectionError, TimeoutError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_TIMEOUT_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, status))
                await writer.drain()
        writer.close()
        open_writers.discard(writer)

    try:
        server = await asyncio.start_server(serve, host, port, limit=_LONGEST_REQUEST_BYTES)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}", key="health.port") from error
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in list(open_writers):  # a request that never ended must not hold the shutdown
            writer.transport.abort()


def _answer(head: bytes, status: Status) -> bytes:
    method, _, rest = head.split(b"\r\n", 1)[0].partition(b" ")
    path = rest.split(b" ")[0].split(b"?")[0]
    if method != b"GET":
        return _response("405 Method Not Allowed", "text/plain", b"GET only\n")
    if path == b"/metrics":
        return _response("200 OK", CONTENT_TYPE_LATEST, generate_latest())
    if path == b"/healthz":
        is_well, details = status()
        body = json.dumps({"status": "ok" if is_well else "unwell", **details}, ensure_ascii=False, default=str) + "\n"
        return _response("200 OK" if is_well else "503 Service Unavailable", "application/json", body.encode())
    return _response("404 Not Found", "text/plain", b"/healthz and /metrics live here\n")


def _response(status: str, content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
