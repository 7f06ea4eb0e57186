"""Bytes to and from a device: a TCP connection, or a serial port of this machine."""

import asyncio
import os
import socket
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import serial

from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusRtuSettings, ModbusTcpSettings
from telemetry.errors import NotConnected

AnyModbusSettings = ModbusTcpSettings | ModbusRtuOverTcpSettings | ModbusRtuSettings

_PARITIES = {"even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD, "none": serial.PARITY_NONE}
_READ_BYTES = 4096


class Transport(Protocol):
    """An open way to the device; what arrives goes to the callbacks it was opened with."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


Arrived = Callable[[bytes], None]
Lost = Callable[[], None]


async def open_transport(settings: AnyModbusSettings, *, arrived: Arrived, lost: Lost) -> Transport:
    """Open the way to a device, once.

    Raises
    ------
    NotConnected
    """
    if isinstance(settings, ModbusRtuSettings):
        return _SerialPort(settings, arrived, lost)
    try:
        async with asyncio.timeout(max(settings.timeout_seconds, 1.0)):
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(arrived, lost), settings.host, settings.port
            )
    except (OSError, TimeoutError) as error:
        reason = "no connection in time" if isinstance(error, TimeoutError) else _reason(error)
        raise NotConnected(f"{settings.host}:{settings.port}: {reason}") from error
    return _Tcp(transport)


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)


class _Connection(asyncio.Protocol):
    def __init__(self, arrived: Arrived, lost: Lost) -> None:
        self._arrived, self._lost = arrived, lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connected: socket.socket = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        self._arrived(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._lost()


class _Tcp:
    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        self._transport.abort()  # no waiting for a device that may be gone


class _SerialPort:
    """A serial port, locked for this process: two masters on one line would take each other's replies."""

    def __init__(self, settings: ModbusRtuSettings, arrived: Arrived, lost: Lost) -> None:
        # A pseudo terminal, such as socat makes for a serial server far away, has no parity and refuses to be set to one.
        is_pseudo = Path(settings.device).resolve().is_relative_to("/dev/pts")
        try:
            self._port = serial.Serial(
                settings.device,
                baudrate=settings.baud,
                parity=serial.PARITY_NONE if is_pseudo else _PARITIES[settings.parity],
                stopbits=settings.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
            raise NotConnected(f"{settings.device}: {_reason(error)}") from error
        self._arrived, self._lost = arrived, lost
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._port.fileno()
        self._loop.add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # an adapter that was unplugged
            data = b""
        if data:
            self._arrived(data)
        else:
            self.close()
            self._lost()

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (OSError, serial.SerialException):
            self.close()
            self._lost()

    def close(self) -> None:
        if self._port.is_open:
            self._loop.remove_reader(self._descriptor)
            with suppress(OSError):
                self._port.close()
