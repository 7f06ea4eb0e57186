"""A million requests with one late reply in a hundred, on RTU framing and on Modbus TCP: no value may be another request's.

REQUESTS=n chooses how many. Eight lines at a time, so that their time-outs pass together; behind each stands a device in which
every register holds the number of the request, so a reply that is taken for another shows at once. Replies are late by up to
three and a half time-outs and wait in order, one in five of them never comes, and two units share each line.
"""

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.counting_device import Ask, CountingDevice, Told
from device_profiles.profile import Table
from edge_gateway.clock import Clock
from edge_gateway.drivers.modbus.framing import Question
from edge_gateway.drivers.modbus.line import Line, NoAnswer
from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusTcpSettings
from telemetry.errors import NotConnected

REQUESTS = int(os.environ.get("REQUESTS", "100000" if SHORT else "1000000"))
LINES = 8
TIMEOUT_SECONDS = 0.03
LATE, NEVER = 0.01, 0.2
Framing = Literal["rtu", "tcp"]


class Tally(NamedTuple):
    """What became of the requests of one line."""

    asked: int
    late: int
    wrong: int
    without_value: int
    longest_outage: int


async def _line(framing: Framing, seed: int, requests: int) -> Tally:
    dice, late = random.Random(seed), 0

    def behave(ask: Ask) -> Told | None:
        nonlocal late
        if dice.random() >= LATE:
            return None
        late += 1
        return Told(TIMEOUT_SECONDS * dice.uniform(1.0, 3.5), b"" if dice.random() < NEVER else device.reply(ask))

    settings = ModbusRtuOverTcpSettings if framing == "rtu" else ModbusTcpSettings
    wrong = without = outage = longest = 0
    async with CountingDevice(framing, behave) as device:
        line = Line(
            "line",
            settings.model_validate(
                {
                    "protocol": "modbus_rtu_over_tcp" if framing == "rtu" else "modbus_tcp",
                    "host": "127.0.0.1",
                    "port": device.port,
                    "timeout_seconds": TIMEOUT_SECONDS,
                    "pause_seconds": 0.0,
                }
            ),
            now_us=Clock().now_us,
        )
        await line.open()
        lengths = (3, 3, 3, 10, 125)
        for turn in range(requests):
            question = Question(1 + turn % 2, Table.HOLDING, 7, lengths[turn % len(lengths)])
            try:
                data, _ = await line.ask(question, due=0.0)
            except (NoAnswer, NotConnected):
                without, outage = without + 1, outage + 1
                longest = max(longest, outage)
                continue
            outage = 0
            wrong += data != (device.asked & 0xFFFF).to_bytes(2, "big") * question.count
        line.close()
    return Tally(requests, late, wrong, without, longest)


async def _all_lines(framing: Framing, seed: int) -> Tally:
    tallies = await asyncio.gather(*(_line(framing, seed + n, REQUESTS // LINES) for n in range(LINES)))
    asked, late, wrong, without_value, longest = zip(*tallies, strict=True)
    return Tally(sum(asked), sum(late), sum(wrong), sum(without_value), max(longest))


def measure(framing: Framing) -> Measure:
    def run(_: Path) -> Bar:
        seed, started = int(os.environ.get("SEED", "20261126")), time.monotonic()
        tally = asyncio.run(_all_lines(framing, seed))
        name = f"gateway_wrong_values_{framing}"
        line = (
            f"{tally.wrong} wrong values in {tally.asked:,} requests, {tally.late:,} of them answered late or never,"
            f" {tally.without_value:,} without a value, at most {tally.longest_outage} in a row"
            f" (bar 0 of 1,000,000 with 1 % late; {(time.monotonic() - started) / 60:.1f} minutes)"
        )
        return Bar(name, tally.wrong == 0 and tally.late > REQUESTS / 200, line, {**tally._asdict(), "seed": seed})

    return run


BARS: dict[str, Measure] = {f"gateway_wrong_values_{framing}": measure(framing) for framing in ("rtu", "tcp")}
