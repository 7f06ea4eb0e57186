"""Many gateways in one process, with what the guarantee asks of a gateway and nothing else; runs until its input ends.

    python -m benchmarks.gateway_fleet PORT FOLDER SEED

Each gateway seals a bundle per flush whatever happens elsewhere, writes down what is in it, keeps it until it is receipted, has
at most a window of them in flight, the newest first, and sends those without a receipt again after a time-out that doubles.
Some bundles go out once more long after, as strays of a broker do. When the input ends, sealing ends; the process ends when
every bundle is receipted. A line of JSON four times a second tells how far it is.
"""

import asyncio
import contextlib
import heapq
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

import numpy as np

from benchmarks.row_truth import truth_dtype
from telemetry import mqtt_packets
from telemetry.bundle import Batch, Bundle, Event, SignalList
from telemetry.errors import BadPayload
from telemetry.quality import Quality
from telemetry.receipt import decode_receipt
from telemetry.topics import data_topic, receipt_topic
from telemetry.wire import encode_bundle

GATEWAYS, GATEWAYS_PER_LINK = 100, 20
FLUSH_SECONDS, ROWS_PER_FLUSH = 0.3, 30
"""With two machines on each gateway, 20,000 rows/s."""
WINDOW = 8
FIRST_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS = 1.5, 12.0
STRAY_SHARE, STRAY_AFTER_SECONDS = 0.01, 20.0
MISSING_SHARE, BAD_SHARE, EVENT_SHARE = 0.1, 0.01, 0.05
_LEVEL = 4  # MQTT 3.1.1


class Fleet(NamedTuple):
    """A kind of machine, one on each gateway: its signals, how to draw their values, and which are too fine for float32."""

    kind: str
    name: str
    signals: tuple[str, ...]
    highest: tuple[int, ...]
    single: bool


BOILERS = Fleet(
    "boiler",
    "boiler-1",
    ("state", "steam_flow", "steam_pressure", "drum_level", "fuel_total", "low_water_interlock", "trip_code"),
    (4, 0, 0, 0, -1, 1, 2**40),
    single=False,
)
MILLS = Fleet(
    "cnc_machine",
    "mill-1",
    ("spindle_speed", "spindle_load", "spindle_temperature", "path_feedrate", "axis_load_x", "machine_power"),
    (0, 0, 0, 0, 0, 0),
    single=True,
)
FLEETS = (BOILERS, MILLS)
"""``highest``: whole numbers up to it; 0: any float32; -1: any float64."""


def gateway_name(number: int) -> str:
    return f"site-{number:03}"


def draw(fleet: Fleet, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw the values of one flush, exactly as their columns can hold them."""
    values = rng.normal(100, 30, (ROWS_PER_FLUSH, len(fleet.signals)))
    for column, highest in enumerate(fleet.highest):
        if highest > 0:
            values[:, column] = rng.integers(0, highest, ROWS_PER_FLUSH, endpoint=True)
        elif highest == 0:
            values[:, column] = values[:, column].astype("<f4")
    values[rng.random(values.shape) < MISSING_SHARE] = np.nan
    return values


class Truth:
    """Files of everything that was ever sealed."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._rows: dict[str, BinaryIO] = {
            fleet.kind: stack.enter_context((folder / f"{fleet.kind}.truth").open("wb")) for fleet in FLEETS
        }
        self._events: TextIO = stack.enter_context((folder / "events.truth").open("w"))

    def add_rows(self, fleet: Fleet, number: int, times_us: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> None:
        records = np.zeros(len(times_us), truth_dtype(fleet.signals))
        records["machine"], records["time_us"], records["values"] = number, times_us, values
        self._rows[fleet.kind].write(records.tobytes())

    def add_event(self, number: int, time_us: int, text: str) -> None:
        self._events.write(json.dumps([number, time_us, text]) + "\n")


class Gateway:
    """One gateway's spool and window."""

    def __init__(self, number: int, *, seed: int, truth: Truth) -> None:
        self.name = gateway_name(number)
        self._number = number
        self._truth = truth
        self._rng = np.random.default_rng([seed, number])
        self._epoch = int(self._rng.integers(1, 2**62))
        self._seq = 0
        self._time_us = round(time.time() * 1e6)
        self._spool: dict[int, bytes] = {}
        self._waiting: list[int] = []
        self._deadlines: dict[int, tuple[float, float]] = {}
        self._strays: list[tuple[float, int, bytes]] = []
        self.counts: Counter[str] = Counter()

    @property
    def spooled(self) -> int:
        return len(self._spool)

    def seal(self) -> None:
        rng, self._seq = self._rng, self._seq + 1
        step_us = round(FLUSH_SECONDS * 1e6 / ROWS_PER_FLUSH)
        times_us = self._time_us + step_us * np.arange(ROWS_PER_FLUSH, dtype="<i8")
        self._time_us += step_us * ROWS_PER_FLUSH
        batches, events = [], []
        for fleet in FLEETS:
            values = draw(fleet, rng)
            qualities = np.zeros(values.shape, np.uint8)
            if rng.random() < BAD_SHARE:
                qualities[rng.random(values.shape) < 0.2] = Quality.BAD_NO_COMMUNICATION
                qualities[rng.random(values.shape) < 0.1] = Quality.UNCERTAIN
            stored = np.where(qualities >= Quality.BAD, np.nan, values)
            self._truth.add_rows(fleet, self._number, times_us, stored)
            batches.append(
                Batch(
                    equipment=fleet.name,
                    signals=SignalList.of(fleet.kind, fleet.signals),
                    times=times_us.tobytes(),
                    values=values.astype("<f4" if fleet.single else "<f8").tobytes(),
                    qualities=qualities.tobytes() if qualities.any() else None,
                    single=fleet.single,
                )
            )
        if rng.random() < EVENT_SHARE:
            events.append(Event(MILLS.name, int(times_us[0]), "program", f"O{self._seq:05}"))
            self._truth.add_event(self._number, int(times_us[0]), events[0].text)
        bundle = Bundle(
            gateway=self.name,
            epoch=self._epoch,
            seq=self._seq,
            floor=next(iter(self._spool), self._seq),
            sent_at_us=self._time_us,
            batches=tuple(batches),
            events=tuple(events),
        )
        self._spool[self._seq] = encode_bundle(bundle)
        self._waiting.append(self._seq)
        self.counts["sealed"] += 1

    def due(self, now: float) -> Iterator[bytes]:
        """Give the payloads to publish now."""
        while self._waiting and len(self._deadlines) < WINDOW:
            seq = self._waiting.pop()  # live data first
            payload = self._spool[seq]
            self._deadlines[seq] = (now + FIRST_TIMEOUT_SECONDS, FIRST_TIMEOUT_SECONDS)
            if self._rng.random() < STRAY_SHARE:
                heapq.heappush(self._strays, (now + self._rng.uniform(0, STRAY_AFTER_SECONDS), seq, payload))
            yield payload
        for seq, (deadline, waited_seconds) in self._deadlines.items():
            if now >= deadline:
                wait_seconds = min(2 * waited_seconds, LONGEST_TIMEOUT_SECONDS)
                self._deadlines[seq] = (now + wait_seconds * self._rng.uniform(0.8, 1.2), wait_seconds)
                self.counts["repeats"] += 1
                yield self._spool[seq]
        while self._strays and self._strays[0][0] <= now:
            self.counts["strays"] += 1
            yield heapq.heappop(self._strays)[2]

    def take_receipt(self, payload: bytes) -> None:
        try:
            receipt = decode_receipt(payload)
        except BadPayload:
            self.counts["bad_receipts"] += 1
            return
        if receipt.epoch != self._epoch:
            self.counts["bad_receipts"] += 1
            return
        for first, last in receipt.ranges:
            for seq in range(first, last + 1):
                if self._deadlines.pop(seq, None) is not None:
                    del self._spool[seq]
                    self.counts["receipted"] += 1
                elif seq in self._spool or seq > self._seq:  # it was never sent
                    self.counts["bad_receipts"] += 1


class Link:
    """One connection for some gateways, made again whenever it breaks."""

    def __init__(self, port: int, gateways: list[Gateway]) -> None:
        self._port = port
        self._gateways = gateways
        self._by_topic = {receipt_topic(gateway.name): gateway for gateway in gateways}
        self._packet_id = 0
        self.losses = 0

    async def run(self) -> None:
        while True:
            try:
                await self._session()
            except (OSError, EOFError, ValueError):
                self.losses += 1
            await asyncio.sleep(random.uniform(0.05, 0.5))

    async def _session(self) -> None:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), 5)
        try:
            writer.write(
                mqtt_packets.connect(
                    level=_LEVEL, client_id="", keepalive_seconds=0, username=None, password=None, receive_maximum=100
                )
            )
            for number, topic in enumerate(self._by_topic, 1):
                writer.write(mqtt_packets.subscribe(number, topic, qos=0, level=_LEVEL))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receive(reader))
                group.create_task(self._send(writer))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        buffer = bytearray()
        while piece := await reader.read(1 << 18):
            buffer += piece
            at = 0
            with contextlib.suppress(mqtt_packets.Incomplete):
                while True:
                    start, end = mqtt_packets.frame(buffer, at, len(buffer))
                    if end > len(buffer):
                        break
                    if buffer[at] >> 4 == mqtt_packets.PUBLISH:
                        found = mqtt_packets.publication(buffer, buffer[at], start, end, level=_LEVEL)
                        topic = buffer[found.topic_start : found.topic_end].decode()
                        self._by_topic[topic].take_receipt(bytes(buffer[found.payload_start : end]))
                    at = end
            del buffer[:at]
        raise EOFError

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            now = time.monotonic()
            packets = [self._publication(gateway, payload) for gateway in self._gateways for payload in gateway.due(now)]
            writer.write(b"".join(packets))
            await writer.drain()
            await asyncio.sleep(0.02)

    def _publication(self, gateway: Gateway, payload: bytes) -> bytes:
        """Make a PUBLISH of QoS 1, as a gateway sends it; that nobody reads its PUBACK is the point."""
        self._packet_id = self._packet_id % 65_535 + 1
        topic = data_topic(gateway.name).encode()
        body = len(topic).to_bytes(2, "big") + topic + self._packet_id.to_bytes(2, "big") + payload
        length, rest = bytearray(), len(body)
        while rest > 127:
            length.append(rest & 127 | 128)
            rest >>= 7
        return b"\x32" + bytes(length) + bytes([rest]) + body


async def main(port: int, folder: Path, seed: int) -> None:
    with contextlib.ExitStack() as stack:
        truth = Truth(folder, stack)
        gateways = [Gateway(number, seed=seed, truth=truth) for number in range(GATEWAYS)]
        links = [Link(port, gateways[n : n + GATEWAYS_PER_LINK]) for n in range(0, GATEWAYS, GATEWAYS_PER_LINK)]
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(link.run()) for link in links]
            tasks.append(group.create_task(_tell(gateways, links)))
            await _seal(gateways, ended)
            while any(gateway.spooled for gateway in gateways):  # noqa: ASYNC110 - the answer changes in many places
                await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
        print(_status(gateways, links), flush=True)


async def _seal(gateways: list[Gateway], ended: "asyncio.Task[str]") -> None:
    """Seal in turn, spread evenly over the flush."""
    started, number = time.monotonic(), 0
    while not ended.done():
        while number < (time.monotonic() - started) * len(gateways) / FLUSH_SECONDS:
            gateways[number % len(gateways)].seal()
            number += 1
        await asyncio.sleep(0.01)


async def _tell(gateways: list[Gateway], links: list[Link]) -> None:
    while True:
        print(_status(gateways, links), flush=True)
        await asyncio.sleep(0.25)


def _status(gateways: list[Gateway], links: list[Link]) -> str:
    counts = Counter[str]()
    for gateway in gateways:
        counts.update(gateway.counts)
    return json.dumps({**counts, "spooled": sum(g.spooled for g in gateways), "links_lost": sum(link.losses for link in links)})


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
