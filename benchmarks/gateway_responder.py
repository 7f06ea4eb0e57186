"""The devices of the gateway's benches, in a process of their own: Modbus TCP as cheap as Python can answer it.

    python -m benchmarks.gateway_responder PORT DEVICES LOG

Each device listens on its own loopback address. Every read of the first register begins the device's next poll, whose number
its values carry. When the input ends, the polls are written to LOG: time (microseconds, int64), device and number (int32 each).
Written from the Modbus Application Protocol V1.1b3, and it shares no code with the gateway.
"""

import asyncio
import json
import resource
import struct
import sys
import time
from array import array
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks import gateway_site

_HEADER = struct.Struct(">HHHBB")
_QUERY = struct.Struct(">HH")
_READ_HOLDING = 3
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS = 1, 2


class Polls(NamedTuple):
    """What was served, in the order of serving; ``numbers`` count each device's polls from 1."""

    times_us: npt.NDArray[np.int64]
    devices: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int64]


class Log:
    """Gathers what was served; 16 bytes a poll."""

    def __init__(self) -> None:
        self.times_us, self.devices, self.numbers = array("q"), array("i"), array("i")
        self.requests = 0

    def write(self, path: Path) -> None:
        with path.open("wb") as file:
            np.array([len(self.times_us)], np.int64).tofile(file)
            for column in (self.times_us, self.devices, self.numbers):
                column.tofile(file)


def read_polls(path: Path) -> Polls:
    with path.open("rb") as file:
        (count,) = np.fromfile(file, np.int64, 1)
        times_us = np.fromfile(file, np.int64, count)
        devices = np.fromfile(file, np.int32, count)
        return Polls(times_us, devices, np.fromfile(file, np.int32, count).astype(np.int64))


class Device:
    """One device: its number, the number of its poll, and its registers at that poll."""

    def __init__(self, number: int, *, devices: int, log: Log) -> None:
        self._number, self._devices, self._log = number, devices, log
        self._poll = 0
        self._image = b""

    def answer(self, unit: int, transaction: int, function: int, body: bytes) -> bytes:
        """Answer one request; the poll is in the log before the reply leaves."""
        self._log.requests += 1
        if function != _READ_HOLDING or len(body) != _QUERY.size:
            return _HEADER.pack(transaction, 0, 3, unit, function | 0x80) + bytes([_ILLEGAL_FUNCTION])
        start, count = _QUERY.unpack(body)
        if not 1 <= count <= gateway_site.REGISTERS - start:
            return _HEADER.pack(transaction, 0, 3, unit, function | 0x80) + bytes([_ILLEGAL_ADDRESS])
        if start == 0 or not self._image:
            self._poll += 1
            self._image = gateway_site.registers(gateway_site.base_value(self._number, self._poll, devices=self._devices))
            self._log.times_us.append(time.time_ns() // 1000)
            self._log.devices.append(self._number)
            self._log.numbers.append(self._poll)
        data = self._image[2 * start : 2 * (start + count)]
        return _HEADER.pack(transaction, 0, len(data) + 3, unit, function) + bytes([len(data)]) + data


class Connection(asyncio.Protocol):
    """Cuts the stream into requests; several in a segment and one over several are both fine."""

    def __init__(self, devices: dict[str, Device]) -> None:
        self._devices = devices
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._device = self._devices[transport.get_extra_info("sockname")[0]]

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= _HEADER.size:
            transaction, _, length, unit, function = _HEADER.unpack_from(self._rest)
            end = 6 + length
            if length < 2:
                self._transport.abort()
                return
            if len(self._rest) < end:
                return
            body, self._rest = self._rest[_HEADER.size : end], self._rest[end:]
            self._transport.write(self._device.answer(unit, transaction, function, body))


async def serve(port: int, count: int, log: Log) -> None:
    """Serve until the input ends."""
    _allow_sockets(2 * count + 100)
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    devices = {gateway_site.device_host(n): Device(n, devices=count, log=log) for n in range(count)}
    loop.add_reader(sys.stdin, over.set)
    server = await loop.create_server(lambda: Connection(devices), list(devices), port, backlog=16)
    print("ready", flush=True)
    await over.wait()
    server.close()


def _allow_sockets(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


if __name__ == "__main__":
    gathered = Log()
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), gathered))
    gathered.write(Path(sys.argv[3]))
    print(json.dumps({"requests": gathered.requests}))
