"""The door to httpx: documents of an agent, one at a time or as a stream, read with GET and nothing else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar
from urllib.parse import quote

import httpx

from edge_gateway import metrics
from edge_gateway.drivers.mtconnect.documents import (
    MAX_BYTES,
    AgentError,
    BadDocument,
    Probe,
    Streams,
    read_probe,
    read_streams,
)
from edge_gateway.drivers.mtconnect.multipart import Parts, boundary_of
from edge_gateway.settings import MtConnectSettings
from telemetry.errors import ConfigError, NotConnected, Refused

_Document = TypeVar("_Document")
_HEADERS = {
    "Accept": "text/xml, application/xml, multipart/x-mixed-replace",
    "Accept-Encoding": "identity",  # a compressed document could unfold to any size
    "User-Agent": "shangyun-gateway",
}


class Cadence(NamedTuple):
    """How an agent is to stream."""

    interval_seconds: float
    """It gathers changes for so long before it sends them."""
    heartbeat_seconds: float
    """After so long without a change it says that it is there."""

    @property
    def query(self) -> dict[str, int]:
        interval, heartbeat = (max(int(seconds * 1000), 1) for seconds in self)
        return {"interval": interval, "heartbeat": heartbeat}


class OutOfRange(Exception):  # noqa: N818 - what it is
    """The agent's buffer does not hold what was asked for."""


class Agent:
    """One agent's HTTP interface; httpx's errors become `NotConnected`, a status that is no success `Refused`."""

    def __init__(self, name: str, settings: MtConnectSettings) -> None:
        self._name, self._settings = name, settings
        self._client = httpx.AsyncClient(
            headers=_HEADERS,
            timeout=httpx.Timeout(settings.timeout_seconds, read=None),  # reading has deadlines of its own, below
            verify=_trust(settings),
            trust_env=False,  # a proxy for the office is not the way to a machine
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def probe(self) -> Probe:
        return await self._get("probe", {}, read_probe)

    async def current(self, device: str) -> Streams:
        return await self._get(_path(device, "current"), {}, read_streams)

    async def sample(self, device: str, *, start: int, count: int) -> Streams:
        """Raises `OutOfRange` where the agent's buffer no longer reaches back to ``start``."""
        return await self._get(_path(device, "sample"), {"from": start, "count": count}, read_streams)

    async def stream(self, device: str, take: Callable[[Streams], None], *, start: int, count: int, cadence: Cadence) -> bool:
        """Hand over documents as the agent sends them, until it stops; False where it gives one document instead of a stream.

        Raises
        ------
        NotConnected
            When it does not answer, or is silent for longer than its heartbeat allows.
        Refused, OutOfRange, BadDocument
        """
        query = {"from": start, "count": count, **cadence.query}
        patience_seconds = max(cadence) + self._settings.timeout_seconds
        async with self._open(_path(device, "sample"), query, patience_seconds) as (response, deadline):
            boundary = boundary_of(response.headers.get("content-type", ""))
            if boundary is None:
                take(read_streams(await _whole(response)))
                return False
            parts = Parts(boundary)
            with suppress(httpx.ReadError, httpx.RemoteProtocolError):  # broken off
                async for chunk in response.aiter_raw():
                    for part in parts.feed(chunk):
                        take(read_streams(part))
                        deadline.reschedule(asyncio.get_running_loop().time() + patience_seconds)
        return True

    async def _get(self, path: str, query: dict[str, int], read: Callable[[bytes], _Document]) -> _Document:
        started = asyncio.get_running_loop().time()
        async with self._open(path, query, self._settings.timeout_seconds) as (response, _):
            document = read(await _whole(response))
        metrics.ROUND_TRIP.labels(self._name).observe(asyncio.get_running_loop().time() - started)
        return document

    @asynccontextmanager
    async def _open(
        self, path: str, query: dict[str, int], patience_seconds: float
    ) -> AsyncIterator[tuple[httpx.Response, asyncio.Timeout]]:
        status = 0
        try:
            async with (
                asyncio.timeout(patience_seconds) as deadline,
                self._client.stream("GET", f"{self._settings.url}/{path}", params=query) as response,
            ):
                status = response.status_code
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise BadDocument("is compressed though that was not asked for")
                if not response.is_success:
                    # Since 2.0 an error document has a status of its own; where there is one, it says more.
                    with suppress(BadDocument):
                        read_streams(await _whole(response))
                    raise Refused(f"{self._where}: {response.reason_phrase or path}", code=status)
                yield response, deadline
        except TimeoutError:
            raise NotConnected(f"{self._where}: nothing from the agent within {patience_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise NotConnected(f"{self._where}: {str(error) or type(error).__name__}") from error
        except AgentError as error:
            if error.code == "OUT_OF_RANGE":
                raise OutOfRange(str(error)) from None
            raise Refused(f"{self._where}: {error}", code=status) from None

    @property
    def _where(self) -> str:
        return f"{self._name} ({self._settings.url})"


async def _whole(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > MAX_BYTES:
            raise BadDocument(f"is longer than {MAX_BYTES} bytes")
    return bytes(data)


def _path(device: str, request: str) -> str:
    return f"{quote(device, safe='')}/{request}" if device else request


def _trust(settings: MtConnectSettings) -> ssl.SSLContext | bool:
    if settings.ca_file is None:
        return settings.url.startswith("https")
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"certificate authority {settings.ca_file}: {error}") from None
