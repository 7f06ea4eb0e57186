"""Eight of thirty-two units on one line are dead: the others must be read on time, and the dead ones must cost little.

The line is RTU framing over TCP, units answer after 5 ms as on a fast RS-485 bus, and each is read every second with a time-out
of a third of a second. A unit's time-outs are counted at the device: the requests that it swallowed. Then one of the dead comes
to life.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.counting_device import Ask, CountingDevice, Told
from device_profiles.profile import load_profile
from edge_gateway.clock import Clock
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.modbus.driver import Modbus
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import ModbusRtuOverTcpSettings

UNITS = range(1, 33)
DEAD = range(5, 13)
REVIVED = 8
PERIOD_SECONDS = 1.0
TIMEOUT_SECONDS = 0.33
SECONDS = 20.0 if SHORT else 300.0
LEAST_ON_TIME = 0.99
_BACK_OFF_SECONDS = (1, 2, 4, 8, 16, 32)
_LONGEST_BACK_OFF_SECONDS = 60


def most_time_outs(seconds: float) -> int:
    """Give how often a dead unit may be asked: once per step of 1, 2, 4 ... 60 s, each shortened by half at most."""
    asked, at, step = 1, 0.0, iter(_steps())
    while (at := at + next(step) / 2) < seconds:
        asked += 1
    return asked


def _steps() -> Iterator[float]:
    yield from _BACK_OFF_SECONDS
    while True:
        yield _LONGEST_BACK_OFF_SECONDS


async def _scan(seed: int) -> tuple[dict[int, list[float]], Counter[int], list[tuple[float, int]], float]:
    """Give the row times of each unit, requests that dead units swallowed, and the revived unit's rows (time, quality)."""
    loop, revived_at = asyncio.get_running_loop(), 0.0
    swallowed: Counter[int] = Counter()
    is_back = asyncio.Event()

    def behave(ask: Ask) -> Told:
        is_dead = ask.unit in DEAD and not (ask.unit == REVIVED and revived_at)
        swallowed[ask.unit] += is_dead and not revived_at
        return Told(0.005, b"" if is_dead else device.reply(ask))

    good: dict[int, list[float]] = {unit: [] for unit in UNITS}
    of_revived: list[tuple[float, int]] = []

    def deliver(target: Target, time_us: int, poll: Poll) -> None:
        quality = min(reading[1] for reading in poll.readings)
        if quality == 0:
            good[target.unit_id].append(time_us / 1e6)
        if target.unit_id == REVIVED:
            of_revived.append((time_us / 1e6, quality))
            if quality == 0:
                is_back.set()

    profile = load_profile("boiler/generic_plc")
    targets = [
        Target.from_profile(profile, name=f"unit-{unit}", only=("trip_code",), unit_id=unit, period_seconds=PERIOD_SECONDS)
        for unit in UNITS
    ]
    async with CountingDevice("rtu", behave) as device:
        settings = ModbusRtuOverTcpSettings(
            protocol="modbus_rtu_over_tcp",
            host="127.0.0.1",
            port=device.port,
            timeout_seconds=TIMEOUT_SECONDS,
            pause_seconds=0.002,
        )
        clock = Clock()
        driver = Modbus("bus", settings, now_us=clock.now_us)
        scan = ConnectionScan("bus", driver, targets, deliver=deliver, now_us=clock.now_us, rng=random.Random(seed))
        task = asyncio.create_task(scan.run())
        await asyncio.sleep(SECONDS)
        revived_at = loop.time()
        revived_time = time.time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_BACK_OFF_SECONDS + 5):
                await is_back.wait()
        task.cancel()
        await asyncio.wait((task,))
    return good, swallowed, of_revived, revived_time


def measure(_: Path) -> Bar:
    good, swallowed, of_revived, revived_time = asyncio.run(_scan(7))
    polls = late = 0
    for unit in UNITS:
        if unit in DEAD:
            continue
        times = [at for at in good[unit] if at < revived_time]
        polls += round(SECONDS / PERIOD_SECONDS)
        # On time is within one period of its turn: two rows never lie further apart than two periods.
        gaps = [b - a for a, b in pairwise([times[0], *times])] if times else []
        late += max(round(SECONDS / PERIOD_SECONDS) - len(times), 0) + sum(gap > 2 * PERIOD_SECONDS for gap in gaps)
    on_time = 1 - late / polls
    most = most_time_outs(SECONDS)
    worst = max(swallowed[unit] for unit in DEAD)
    back = next((at - revived_time for at, quality in of_revived if at > revived_time and quality == 0), None)
    holds = on_time >= LEAST_ON_TIME and worst <= most and back is not None and back <= _LONGEST_BACK_OFF_SECONDS + 5
    line = (
        f"{100 * on_time:.2f} % of the healthy units' {polls:,} polls on time with 8 of 32 units dead; a dead unit cost at most"
        f" {worst} time-outs in {SECONDS:.0f} s, where steps of 1 to 60 s allow {most}; one that came to life was read after"
        f" {'never' if back is None else f'{back:.0f} s'} (bar 99 %, one time-out per step, 60 s)"
    )
    details = {"on_time": on_time, "worst": worst, "allowed": most, "back_seconds": back}
    return Bar("gateway_dead_units", holds, line, details)


BARS: dict[str, Measure] = {"gateway_dead_units": measure}
