"""Modbus on raw asyncio, one machine per unit id: Modbus TCP, and RTU carried over TCP.

Written from the specifications alone: the gateway speaks through pymodbus, and the judge shares no code with the judged.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Self, cast

from device_profiles.profile import ModbusProfile
from simulators.faults import Faults
from simulators.fleet import Equipment
from simulators.servers.modbus_conversation import Conversation, Record, Station
from simulators.servers.modbus_frames import OutOfStep
from telemetry.errors import ConfigError

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class ModbusServer:
    """Entered, it listens; left, it is gone. ``faults`` may be shared by several servers."""

    def __init__(
        self,
        units: Sequence[tuple[Equipment, ModbusProfile]],
        record: Record | None,
        *,
        host: str,
        port: int,
        protocol: str = "modbus_tcp",
        faults: Faults | None = None,
    ) -> None:
        self._host, self._port = host, port
        self.faults = Faults() if faults is None else faults
        self._station = Station(units, record, protocol=protocol, faults=self.faults)
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def requests(self) -> dict[str, int]:
        """How many requests each machine was asked."""
        return {unit.name: unit.requests for unit in self._station.units.values()}

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Connection(self._station, self._connections), self._host, self._port
            )
        except (OSError, UnicodeError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self._port} for Modbus: {why}") from None
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, station: Station, connections: "set[_Connection]") -> None:
        self._station, self._connections = station, connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._conversation = Conversation(self._station, write=self._transport.write, hang_up=self._reset)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._conversation.received(data)
        except OutOfStep:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._connections.discard(self)
        self._conversation.close()

    def pause_writing(self) -> None:
        """Take no more requests from a client that does not read its replies."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def abort(self) -> None:
        self._transport.abort()

    def _reset(self) -> None:
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
