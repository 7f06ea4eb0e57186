"""One session with a server: opened with at most one CreateSession per attempt, or taken over where the server still keeps it.

asyncua's own reconnecting (``auto_reconnect``, ``session_state_path``) stays off, for reasons found in its source: it retries by
itself, beside the scan's back-off; a message that it cannot decode is gone without a word; it takes a session for its own by the
token alone, which a restarted server may have given to somebody else. Here a session is taken over only from a server that has
not been restarted since, and the subscription above checks every sequence number.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar, cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from edge_gateway import metrics
from edge_gateway.drivers.opcua.values import microseconds, status_name
from telemetry.errors import NotConnected, Refused

# What this driver has to say it says itself; the library would add tracebacks.
logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)

SESSION_SECONDS = 60.0
"""How long a server keeps the session and the subscriptions of a gateway that vanished."""
LEAVING_SECONDS = 2.0
LOST = (OSError, TimeoutError)
_SESSION_IS_GONE = (
    "BadSession",
    "BadSecureChannel",
    "BadConnection",
    "BadServerNotConnected",
    "BadServerHalted",
    "BadShutdown",
    "BadTcp",
)
_TOO_MUCH = (
    "BadTooManyOperations",
    "BadRequestTooLarge",
    "BadResponseTooLarge",
    "BadEncodingLimitsExceeded",
    "BadTcpMessageTooLarge",
)
_MOST_PER_REQUEST = 1000
"""Where the server names no limit; small controllers need long for more at a time."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def is_loss(error: UaStatusCodeError) -> bool:
    return status_name(error.code).startswith(_SESSION_IS_GONE)


class Session:
    """A client of the library with what the server said about itself; closed or dropped, it can be opened again."""

    def __init__(self, client: Client, name: str, where: str, *, timeout_seconds: float, on_lost: Callable[[], None]) -> None:
        client.session_timeout = int(SESSION_SECONDS * 1000)
        client.name = client.description = "Shangyun gateway"
        self.client = client
        self.services = client.uaclient
        self.namespaces: list[str] = []
        self.start_time: Any = None
        self.timeout_seconds = timeout_seconds
        self.generation = 0
        """How many sessions there have been; one that is taken over is the same one."""
        self.is_same_server = False
        """Whether the server has run all the time since the opening before, so that what it knew it may still know."""
        self.was_reached = False
        """Whether the last opening found a server at all."""
        self._was_created = False
        self._name, self._where = name, where
        self._on_lost = on_lost
        self._limits = dict.fromkeys(_LIMITS, _MOST_PER_REQUEST)
        self._renewing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect once: take the old session over if there is one and the server still has it, else make one.

        Raises
        ------
        NotConnected, Refused
            Nothing is left open then.
        """
        self.was_reached, self._was_created = False, False
        before = self.start_time
        try:
            await self.client.connect_socket()
            await self.client.send_hello()
            self.was_reached = True
            await self.client.open_secure_channel()
            if not (self.services.has_session and await self._take_over(before)):
                await self._create()
                self.generation += 1
            self.is_same_server = before is not None and before == self.start_time
        except UaStatusCodeError as error:
            await self._abandon()
            raise Refused(f"{self._where}: {status_name(error.code)}", code=error.code) from error
        except (*LOST, UaError) as error:
            await self._abandon()
            raise NotConnected(f"{self._where}: {str(error) or 'no answer in time'}") from error
        except Exception as error:
            await self._abandon()
            raise NotConnected(f"{self._where}: an answer that cannot be understood ({error!r})") from error
        except BaseException:
            await self._abandon()
            raise
        self._renewing = asyncio.create_task(self._renew(), name=f"{self._name}: renewing the channel")

    async def close(self) -> None:
        """Say goodbye, so that the server need not keep anything; never raises and never takes long."""
        self._stop_renewing()
        with suppress(Exception):
            async with asyncio.timeout(LEAVING_SECONDS):
                await self.services.close_session(True)
                await self.services.close_secure_channel()
        self.drop()

    def drop(self) -> None:
        """Cut the connection without a word; the server keeps the session for a while, to be taken over."""
        self._stop_renewing()
        protocol = self.services.protocol
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abort()  # closing would wait until a dead peer has taken what is left
        self.client.disconnect_socket()

    async def read(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value) -> list[ua.DataValue]:
        """Read an attribute of many nodes; a value that cannot be decoded is bad alone, whatever the server packs beside it."""
        return await self.in_batches("MaxNodesPerRead", nodes, lambda some: self._read(some, attribute))

    async def in_batches(self, limit: str, items: Sequence[_T], ask: Callable[[list[_T]], Awaitable[list[_R]]]) -> list[_R]:
        """Ask for many things in as few requests as the server allows; learns a limit that it does not announce."""
        results: list[_R] = []
        while len(results) < len(items):
            some = list(items[len(results) : len(results) + self._limits[limit]])
            try:
                answers = await ask(some)
            except UaStatusCodeError as error:
                if status_name(error.code) not in _TOO_MUCH or len(some) == 1:
                    raise
                self._limits[limit] = len(some) // 2
                continue
            if len(answers) != len(some):
                metrics.DOUBTFUL.labels(self._name).inc()
                raise NotConnected(f"{self._where}: {len(answers)} answers to {len(some)} questions")
            results += answers
        return results

    async def server_time_us(self) -> int:
        """Ask the server for its time, which also tells whether it is there; 0 where it has none."""
        [answer] = await self._read([_id(ObjectIds.Server_ServerStatus_CurrentTime)], AttributeIds.Value)
        at = answer.Value.Value if answer.Value is not None else None
        return microseconds(at) if isinstance(at, datetime) else 0

    async def ask(self, request: Any, response: type[_R]) -> _R:
        """Send a request whose answer the library would take to itself."""

        async def send() -> _R:
            data = await self.services.session._send_request(request)  # noqa: SLF001
            answer = struct_from_binary(response, data)
            cast("Any", answer).ResponseHeader.ServiceResult.check()
            return answer

        return await self.understood(send())

    async def understood(self, answer: Awaitable[_R]) -> _R:
        """Wait for an answer of the library; one that it cannot decode is the server's fault, and no reason for us to end.

        Raises
        ------
        NotConnected
            The answer is counted as doubtful then.
        """
        try:
            return await answer
        except (UaStatusCodeError, *LOST):
            raise
        except Exception as error:
            metrics.DOUBTFUL.labels(self._name).inc()
            raise NotConnected(f"{self._where}: an answer that cannot be understood ({error!r})") from error

    async def _read(self, nodes: list[ua.NodeId], attribute: AttributeIds) -> list[ua.DataValue]:
        try:
            return await self.services.read_attributes(nodes, attribute)
        except (UaStatusCodeError, *LOST):
            raise
        except Exception:  # noqa: BLE001 - whatever a decoder makes of bytes that are not as they should be
            if len(nodes) == 1:
                return [ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(StatusCodes.BadDecodingError)))]
            middle = len(nodes) // 2
            return [*await self._read(nodes[:middle], attribute), *await self._read(nodes[middle:], attribute)]

    async def _take_over(self, start_time: Any) -> bool:
        self.services.session.rebind_authentication_token()
        try:
            await self._activate()
        except UaStatusCodeError:
            pass
        else:
            await self._ask_about_itself()
            # A restarted server may have given our token to somebody else; that session is not ours to use or to close.
            return start_time is not None and bool(start_time == self.start_time)
        return False

    async def _create(self) -> None:
        self.services.session.reset_authentication_token()
        self._was_created = True
        await self.client.create_session()
        await self._activate()
        await self._ask_about_itself()

    async def _activate(self) -> None:
        client = self.client
        await client.activate_session(username=client._username, password=client._password)  # noqa: SLF001 - it has no getter

    async def _ask_about_itself(self) -> None:
        answers = await self._read(
            [_id(node) for node in (ObjectIds.Server_NamespaceArray, ObjectIds.Server_ServerStatus_StartTime, *_LIMITS.values())],
            AttributeIds.Value,
        )
        values = [answer.Value.Value if answer.Value is not None else None for answer in answers]
        self.namespaces = [str(uri) for uri in values[0] or []]
        self.start_time = values[1]
        for limit, value in zip(_LIMITS, values[2:], strict=True):
            told = value if isinstance(value, int) and value > 0 else _MOST_PER_REQUEST
            self._limits[limit] = min(told, self._limits[limit])

    async def _abandon(self) -> None:
        """Leave nothing behind after an attempt that failed: a session that was made and not used would count against us."""
        if self._was_created and self.services.has_session:
            with suppress(Exception):
                async with asyncio.timeout(LEAVING_SECONDS):
                    await self.services.close_session(True)
        self.drop()

    async def _renew(self) -> None:
        """Renew the keys of the channel after three quarters of their life (OPC UA Part 4, 5.5.2)."""
        try:
            while True:
                await asyncio.sleep(self.client.secure_channel_timeout / 1000 * 0.75)
                await self.client.open_secure_channel(renew=True)
                self.services.revolve_security_token()
        except (*LOST, UaError):
            self._on_lost()

    def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None


_LIMITS = {
    "MaxNodesPerRead": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    "MaxNodesPerBrowse": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
    "MaxNodesPerTranslate": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
    "MaxMonitoredItemsPerCall": ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
}


def _id(number: int) -> ua.NodeId:
    return ua.NodeId(ua.Int32(number))
