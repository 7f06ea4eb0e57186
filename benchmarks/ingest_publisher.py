"""A publisher that costs next to nothing: MQTT 3.1.1 over one plain socket, all packets made before the clock starts.

    python -m benchmarks.ingest_publisher PORT FILE

Like a gateway it has at most `WINDOW` bundles of each gateway without a receipt on their way, and repeats what has none.
"""

import heapq
import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from telemetry import mqtt_packets
from telemetry.bundle import Bundle
from telemetry.receipt import decode_receipt
from telemetry.topics import data_topic
from telemetry.wire import encode_bundle

WINDOW = 8
_HEAD = struct.Struct("<IdI")
_REPEAT_SECONDS = 10.0


class Due(NamedTuple):
    """A bundle and when it is to be sent, in seconds from the start."""

    gateway: int
    at_seconds: float
    bundle: Bundle


def gateway_name(number: int) -> str:
    return f"bench-{number:05}"


def write_load(file: Path, load: Iterable[Due]) -> int:
    """Write packets ready to be sent, and give the bytes of their payloads."""
    size_bytes = 0
    with file.open("wb") as out:
        for number, (gateway, at_seconds, bundle) in enumerate(load):
            payload = encode_bundle(bundle)
            size_bytes += len(payload)
            topic = data_topic(bundle.gateway).encode()
            body = len(topic).to_bytes(2, "big") + topic + (number % 65535 + 1).to_bytes(2, "big") + payload
            packet = b"\x32" + _length(len(body)) + body
            out.write(_HEAD.pack(gateway, at_seconds, len(packet)) + packet)
    return size_bytes


def _length(rest: int) -> bytes:
    digits = b""
    while True:
        rest, digit = rest // 128, rest % 128
        digits += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return digits


class _Gateway:
    """Packets in order, with what was sent and what is receipted."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.due: list[float] = []
        self.sent_at: list[float] = []
        self.receipted: set[int] = set()

    def take_due(self, now: float) -> list[bytes]:
        start = len(self.sent_at)
        end = start
        while end < len(self.packets) and self.due[end] <= now and end < len(self.receipted) + WINDOW:
            end += 1
        self.sent_at += [now] * (end - start)
        return self.packets[start:end]

    def lost(self) -> list[bytes]:
        return [packet for seq, packet in enumerate(self.packets[: len(self.sent_at)], 1) if seq not in self.receipted]


def _read_load(file: Path) -> dict[int, _Gateway]:
    gateways: dict[int, _Gateway] = {}
    data = file.read_bytes()
    at = 0
    while at < len(data):
        number, due, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        gateway = gateways.setdefault(number, _Gateway())
        gateway.packets.append(data[at : at + size])
        gateway.due.append(due)
        at += size
    return gateways


class Publisher:
    """Send everything when it is due and wait for all receipts."""

    def __init__(self, gateways: dict[int, _Gateway]) -> None:
        self._gateways = gateways
        self._missing = sum(len(gateway.packets) for gateway in gateways.values())
        self._waits = sorted((due, number) for number, gateway in gateways.items() for due in set(gateway.due))
        self._out = bytearray()
        self._delays: list[float] = []
        self._repeats = 0
        self._heard = 0.0

    def run(self, connection: socket.socket) -> dict[str, float]:
        started, started_cpu = time.perf_counter(), time.process_time()
        buffer = bytearray()
        while self._missing:
            now = time.perf_counter() - started
            wait_seconds = self._prepare(now)
            readable, writable, _ = select.select([connection], [connection] if self._out else [], [], wait_seconds)
            if writable:
                del self._out[: connection.send(memoryview(self._out)[: 1 << 18])]
            if readable:
                buffer += _received(connection)
                self._heard = time.perf_counter() - started
                self._take_receipts(buffer, self._heard)
        self._delays.sort()
        return {
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - started_cpu,
            "repeats": self._repeats,
            "p50_seconds": self._delays[len(self._delays) // 2],
            "p99_seconds": self._delays[int(len(self._delays) * 0.99)],
        }

    def _prepare(self, now: float) -> float:
        """Line up what is due, and tell how long there is nothing more to do."""
        while self._waits and self._waits[0][0] <= now:
            self._out += b"".join(self._gateways[heapq.heappop(self._waits)[1]].take_due(now))
        if now - self._heard > _REPEAT_SECONDS and not self._out:  # whatever was dropped on the way comes again
            lost = [packet for gateway in self._gateways.values() for packet in gateway.lost()]
            self._repeats += len(lost)
            self._out += b"".join(lost)
            self._heard = now
        return min(max(self._waits[0][0] - now, 0), 1.0) if self._waits else 1.0

    def _take_receipts(self, buffer: bytearray, now: float) -> None:
        for kind, body in _packets_of(buffer):
            if kind == mqtt_packets.PUBLISH:
                size = int.from_bytes(body[:2], "big")
                gateway = self._gateways[int(body[2 : 2 + size].split(b"/")[2].split(b"-")[1])]
                for first, last in decode_receipt(body[2 + size :]).ranges:
                    new = set(range(first, last + 1)) - gateway.receipted
                    gateway.receipted |= new
                    self._missing -= len(new)
                    self._delays += [now - gateway.sent_at[seq - 1] for seq in new]
                self._out += b"".join(gateway.take_due(now))


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = f"bench-{os.getpid()}"
    connection.sendall(
        mqtt_packets.connect(level=4, client_id=name, keepalive_seconds=600, username=None, password=None, receive_maximum=1)
    )
    connection.sendall(mqtt_packets.subscribe(1, "sy/1/+/down/receipt", qos=0, level=4))
    buffer = bytearray()
    while not any(kind == mqtt_packets.SUBACK for kind, _ in _packets_of(buffer)):
        buffer += _received(connection)
    connection.setblocking(False)
    return connection


def _received(connection: socket.socket) -> bytes:
    piece = connection.recv(1 << 20)
    if not piece:
        raise SystemExit("the broker closed the connection")
    return piece


def _packets_of(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take complete packets off the front of a buffer."""
    at = 0
    while True:
        try:
            body, after = mqtt_packets.frame(buffer, at, len(buffer))
        except mqtt_packets.Incomplete:
            break
        if after > len(buffer):
            break
        yield buffer[at] >> 4, bytes(buffer[body:after])
        at = after
    del buffer[:at]


if __name__ == "__main__":
    print(json.dumps(Publisher(_read_load(Path(sys.argv[2]))).run(connect(int(sys.argv[1])))))
