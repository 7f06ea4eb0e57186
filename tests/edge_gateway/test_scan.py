import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from types import TracebackType
from typing import Self

import pytest

from edge_gateway import metrics
from edge_gateway.clock import Clock
from edge_gateway.driver import Answer, Deliver, Driver, Poll, Target
from edge_gateway.drivers.modbus.driver import Modbus
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import ModbusTcpSettings
from telemetry.errors import NotConnected
from telemetry.quality import Quality
from tests.edge_gateway.responder import Ask, Responder, Send, profile, reply

MAP = profile({"signal": "steam_flow", "address": 0})
Row = tuple[str, int, Poll]


def targets(count: int, period_seconds: float) -> list[Target]:
    return [Target.from_profile(MAP, name=f"unit-{n}", unit_id=n, period_seconds=period_seconds) for n in range(1, count + 1)]


async def scan_for(seconds: float, driver: Driver, of: list[Target], name: str = "plc") -> list[Row]:
    rows: list[Row] = []
    scan = ConnectionScan(
        name,
        driver,
        of,
        deliver=lambda target, time_us, poll: rows.append((target.name, time_us, poll)),
        now_us=Clock().now_us,
        rng=random.Random(3),
    )
    task = asyncio.create_task(scan.run())
    await asyncio.wait((task,), timeout=seconds)
    if task.done():
        task.result()
    task.cancel()
    await asyncio.wait((task,))
    return rows


def modbus(port: int, timeout_seconds: float = 0.1) -> Modbus:
    settings = ModbusTcpSettings(protocol="modbus_tcp", host="127.0.0.1", port=port, timeout_seconds=timeout_seconds)
    return Modbus("plc", settings, now_us=Clock().now_us)


def times_of(rows: list[Row], name: str) -> list[float]:
    return [time_us / 1e6 for who, time_us, _ in rows if who == name]


class Slow:
    """A driver in memory whose every read takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.running = self.most_running = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def place(self, target: Target) -> str:
        return target.name

    def forget(self, target: Target) -> None:  # noqa: ARG002 - the contract's, as below
        return None

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:  # noqa: ARG002
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(self._seconds)
        self.running -= 1
        return Answer(time_us=time.time_ns() // 1000, polls=[Poll(readings=[(1.0, 0)]) for _ in targets])


async def test_polls_keep_their_rate_without_drift() -> None:
    of = [*targets(2, 0.05), *targets(3, 0.1)[2:]]
    async with Responder(lambda ask, send: send(reply(ask, [1]))) as device:
        rows = await scan_for(1.5, modbus(device.port), of)
    for target in of:
        times = times_of(rows, target.name)
        expected = 1.5 / target.period_seconds
        assert expected - 2 <= len(times) <= expected + 1
        mean = (times[-1] - times[0]) / (len(times) - 1)
        assert mean == pytest.approx(target.period_seconds, rel=0.02)
        assert all(a < b for a, b in pairwise(times))


async def test_a_device_slower_than_its_period_has_one_poll_outstanding_and_its_overruns_are_counted() -> None:
    driver = Slow(0.11)
    overruns = metrics.OVERRUNS.labels("slow", "unit-1")
    before = overruns._value.get()  # noqa: SLF001 - the library offers no other way to read a counter
    rows = await scan_for(1.0, driver, targets(1, 0.05), name="slow")
    assert driver.most_running == 1
    assert 7 <= len(rows) <= 10
    assert overruns._value.get() - before == pytest.approx(1.0 / 0.05 - len(rows), abs=3)  # noqa: SLF001


async def test_dead_units_leave_the_healthy_ones_on_time() -> None:
    """8 of 32 units on one connection never answer; the others must be polled within one period of their turn."""
    dead = set(range(5, 13))

    def answer(ask: Ask, send: Send) -> None:
        if ask.unit not in dead:
            send(reply(ask, [ask.unit]))

    period_seconds = 0.2
    of = targets(32, period_seconds)
    async with Responder(answer) as device:
        rows = await scan_for(3.0, modbus(device.port, timeout_seconds=0.05), of)
        asked_dead = sum(ask.unit in dead for ask in device.log)
    polls = Counter(name for name, _, _ in rows)
    turns = 3.0 / period_seconds
    for target in of:
        assert polls[target.name] >= turns - 3, "a row per period, whether it answers or not"
        for name, _, poll in rows:
            if name == target.name and target.unit_id in dead:
                assert poll.readings[0][1] in (Quality.BAD_NO_COMMUNICATION, Quality.BAD_NOT_CONNECTED)
    healthy = [target for target in of if target.unit_id not in dead]
    late = polled = 0
    for target in healthy:
        times = times_of(rows, target.name)
        times = [at for at in times if at > times[0] + 1.0]  # in the first second each unit is tried once
        late += sum(b - a > 2 * period_seconds for a, b in pairwise(times))
        polled += len(times)
    assert late <= 0.01 * polled
    assert asked_dead <= 8 * 5, "at most one time-out per step of 1, 2, 4 s"


async def test_a_unit_that_comes_back_is_found_by_the_next_probe() -> None:
    is_dead = True

    def answer(ask: Ask, send: Send) -> None:
        if ask.unit != 1 or not is_dead:
            send(reply(ask, [ask.unit]))

    async with Responder(answer) as device:
        scan = asyncio.create_task(scan_for(2.7, modbus(device.port, timeout_seconds=0.05), targets(2, 0.1)))
        await asyncio.sleep(0.4)
        is_dead = False
        rows = await scan
    good = [time_us / 1e6 for name, time_us, poll in rows if name == "unit-1" and poll.readings[0][1] == Quality.GOOD]
    start = min(time_us for _, time_us, _ in rows) / 1e6
    assert good
    assert good[0] - start < 0.4 + 2.2
    assert all(poll.readings[0] == (1.0, 0) for name, _, poll in rows[-6:] if name == "unit-1")


async def test_while_nobody_listens_each_period_says_not_connected_and_it_comes_back_by_itself() -> None:
    device = Responder(lambda ask, send: send(reply(ask, [5])))
    async with device:
        port = device.port
    scan = asyncio.create_task(scan_for(2.4, modbus(port), targets(1, 0.1)))
    await asyncio.sleep(0.3)
    async with device:
        await asyncio.sleep(1.6)
    rows = await scan
    qualities = [poll.readings[0][1] for _, _, poll in rows]
    assert qualities[0] == Quality.BAD_NOT_CONNECTED
    assert Quality.GOOD in qualities
    assert qualities[-1] == Quality.BAD_NOT_CONNECTED
    assert len(rows) >= 21, "no period without a row"
    for _, _, poll in rows:
        value, quality = poll.readings[0]
        assert value == 5 if quality == Quality.GOOD else math.isnan(value)


async def test_a_refusing_device_is_dialled_with_growing_waits(caplog: pytest.LogCaptureFixture) -> None:
    attempts = 0

    class Away(Slow):
        async def __aenter__(self) -> Self:
            nonlocal attempts
            attempts += 1
            raise NotConnected("nobody there")

    await scan_for(2.0, Away(0), targets(1, 0.5), name="away")
    assert 2 <= attempts <= 4
    assert [record.message for record in caplog.records] == ["away: nobody there; trying again until it works"]


async def test_a_bug_in_a_driver_ends_the_scan_loudly() -> None:
    class Broken(Slow):
        async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:  # noqa: ARG002
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await scan_for(2.0, Broken(0), targets(1, 0.05))


class Telling(Slow):
    """A driver that is told of changes: one row as soon as it watches, then nothing until it is lost."""

    watches = True

    def __init__(self) -> None:
        super().__init__(0)
        self.entered = 0
        self.watched: list[list[str]] = []
        self.lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.entered += 1
        self.lost.clear()
        return self

    async def watch(self, targets: Sequence[Target], deliver: Deliver) -> None:
        self.watched.append([target.name for target in targets])
        for target in targets:
            deliver(target, time.time_ns() // 1000, Poll(readings=[(3.0, 0)]))
        await self.lost.wait()


async def test_a_connection_that_is_watched_is_not_polled_and_says_bad_each_period_while_it_is_away() -> None:
    driver = Telling()
    scan = asyncio.create_task(scan_for(1.2, driver, targets(1, 0.1), name="told"))
    await asyncio.sleep(0.25)
    driver.lost.set()
    rows = await scan
    assert driver.most_running == 0, "nobody polled"
    assert driver.entered == 2
    good = [index for index, (_, _, poll) in enumerate(rows) if poll.readings[0] == (3.0, 0)]
    away = rows[good[0] + 1 : good[1]]
    assert len(good) == 2
    assert 2 <= len(away) <= 6
    assert {poll.readings[0][1] for _, _, poll in away} == {Quality.BAD_NOT_CONNECTED}


async def test_other_targets_are_watched_on_the_same_connection() -> None:
    driver, of = Telling(), targets(3, 0.1)
    scan = ConnectionScan("told", driver, of[:2], deliver=lambda *_: None, now_us=Clock().now_us, rng=random.Random(3))
    task = asyncio.create_task(scan.run())
    await asyncio.sleep(0.1)
    scan.replace(of[1:])
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait((task,))
    assert driver.watched == [["unit-1", "unit-2"], ["unit-2", "unit-3"]]
    assert driver.entered == 1
