"""The client's side of Modbus, byte by byte and independent of the server's: framing, checksum and a raw connection."""

import asyncio
import contextlib
import os
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from device_profiles.profile import ModbusProfile, read_profile
from simulators.faults import Faults
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus_serial import ModbusSerialServer
from simulators.settings import MachineSettings
from simulators.truth import Served

TRANSPORTS = ("modbus_tcp", "modbus_rtu_over_tcp", "modbus_rtu")
RTU = TRANSPORTS[1:]
UNIT, OTHER_UNIT = 7, 8
READ = bytes.fromhex("03 0000 0004")
REPLY = bytes.fromhex("03 08 0000 1234 abcd 5678")
MAP = """kind = "boiler"
maker = "Works of Jinan"
model = "four registers"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
protocol = "modbus"
points = [
  { signal = "trip_code", address = 0, type = "uint16" },
  { name = "one", address = 1, type = "uint16", constant = 0x1234 },
  { name = "two", address = 2, type = "uint16", constant = 0xABCD },
  { name = "three", address = 3, type = "uint16", constant = 0x5678 },
  { name = "device_time", address = 10, type = "uint32" },
]
"""


def crc(data: bytes) -> bytes:
    """Bit by bit, as the specification's prose goes: MODBUS over Serial Line V1.02, 2.5.1.2."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return struct.pack("<H", register)


def framed(transport: str, pdu: bytes, *, unit: int = UNIT, transaction: int = 0x0101) -> bytes:
    body = bytes([unit]) + pdu
    if transport == "modbus_tcp":
        return struct.pack(">HHH", transaction, 0, len(body)) + body
    return body + crc(body)


class Line:
    """A raw connection: what arrived, when, in which pieces, and how it ended."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.send = write
        self.pieces: list[bytes] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._news = asyncio.Event()
        self._taken = 0

    def arrived(self, data: bytes) -> None:
        self.pieces.append(data)
        self._news.set()

    def end(self, how: str) -> None:
        if not self.ended.done():
            self.ended.set_result(how)

    async def take(self, length: int) -> bytes:
        """Give the next bytes, when they are there."""
        async with asyncio.timeout(5):
            while len(self._left()) < length:
                self._news.clear()
                await self._news.wait()
        taken = self._left()[:length]
        self._taken += length
        return taken

    def _left(self) -> bytes:
        return b"".join(self.pieces)[self._taken :]

    async def ask(
        self, transport: str, pdu: bytes = READ, *, unit: int = UNIT, transaction: int = 0x0101, length: int = 0
    ) -> bytes:
        """Send one request and take as many bytes as the right reply to `READ` has, or so many."""
        self.send(framed(transport, pdu, unit=unit, transaction=transaction))
        return await self.take(length or len(framed(transport, REPLY)))


class _Receiver(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.line = Line(transport.write)

    def data_received(self, data: bytes) -> None:
        self.line.arrived(data)

    def eof_received(self) -> None:
        self.line.end("end")

    def connection_lost(self, error: Exception | None) -> None:
        self.line.end("reset" if isinstance(error, ConnectionResetError) else "closed")


class Place:
    """A server with two units of the map above, the truth that it told, and where it is."""

    def __init__(self, transport: str, folder: Path, faults: Faults) -> None:
        path = folder / "map.toml"
        path.write_text(MAP, encoding="utf-8")
        profile = read_profile(path)
        assert isinstance(profile, ModbusProfile)
        self.transport, self.faults, self.truth = transport, faults, list[Served]()
        self.path = folder / "ttyS0"
        self.units = units = [
            (Equipment(MachineSettings(name=f"u{unit}", profile="boiler/map", port=0, unit_id=unit)), profile)
            for unit in (UNIT, OTHER_UNIT)
        ]
        self.server: ModbusServer | ModbusSerialServer
        if transport == "modbus_rtu":
            self.server = ModbusSerialServer(units, self.truth.append, path=self.path, faults=faults)
        else:
            self.server = ModbusServer(units, self.truth.append, host="127.0.0.1", port=0, protocol=transport, faults=faults)

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        if isinstance(self.server, ModbusServer):
            loop = asyncio.get_running_loop()
            transport, receiver = await loop.create_connection(_Receiver, "127.0.0.1", self.server.port)
            try:
                yield receiver.line
            finally:
                transport.abort()
        else:
            with serial_line(os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)) as line:
                yield line

    def marks(self) -> list[str | None]:
        return [served.fault for served in self.truth]


@contextlib.contextmanager
def serial_line(descriptor: int) -> Any:
    """Give a line on an open terminal, and close it."""
    loop = asyncio.get_running_loop()
    line = Line(lambda data: os.write(descriptor, data))

    def read() -> None:
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            data = b""
        if data:
            line.arrived(data)
        else:
            loop.remove_reader(descriptor)
            line.end("hung up")

    loop.add_reader(descriptor, read)
    try:
        yield line
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@contextlib.asynccontextmanager
async def place(transport: str, folder: Path, faults: Sequence[Any] = (), *, seed: int = 1) -> AsyncIterator[tuple[Place, Line]]:
    made = Place(transport, folder, Faults(faults, seed=seed))
    async with made.server, made.line() as line:
        yield made, line
