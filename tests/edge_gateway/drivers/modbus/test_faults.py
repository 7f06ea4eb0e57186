"""The gateway's Modbus on the bench of faults: every fault there is, on every transport, judged by the simulators' truth log."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device_profiles.profile import ModbusProfile, load_profile
from edge_gateway.clock import Clock
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.modbus.driver import Modbus
from edge_gateway.drivers.modbus.transport import AnyModbusSettings
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusRtuSettings, ModbusTcpSettings
from simulators.check import Received, Rules, check
from simulators.faults import (
    DelayFault,
    ExceptionFault,
    Faults,
    LateFault,
    PlainFault,
    RequestFault,
    SplitFault,
    WrongLengthFault,
)
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus_serial import ModbusSerialServer
from simulators.settings import MachineSettings
from simulators.truth import Served

TIMEOUT_SECONDS = 0.03
PERIOD_SECONDS = 0.15
STROKES, VALUES = 12, 700
"""So many faults and values make a run, however long that takes."""
LONGEST_SECONDS = 90.0
CHANCE = 0.02
PROFILE = "boiler/generic_plc"
TRANSPORTS = ("modbus_tcp", "modbus_rtu_over_tcp", "modbus_rtu")


def faults(transport: str) -> list[RequestFault]:
    """Everything at once, each with a small chance; a busy device answers in order, and only TCP may let replies overtake."""
    plain = ["drop", "foreign_transaction", "wrong_unit", "wrong_function", "truncated", "noise", "duplicate", "reset"]
    if transport != "modbus_tcp":
        plain = [kind for kind in plain if kind != "foreign_transaction"] + ["bad_crc"]
    if transport == "modbus_rtu":
        plain.remove("reset")
    orders = ["in_order", "at_once"] if transport == "modbus_tcp" else ["in_order"]
    late = (TIMEOUT_SECONDS * 1.1, TIMEOUT_SECONDS * 3)
    return [
        *(PlainFault.model_validate({"kind": kind, "probability": CHANCE}) for kind in plain),
        *(LateFault.model_validate({"seconds": late, "order": order, "probability": CHANCE}) for order in orders),
        DelayFault(kind="delay", seconds=(0.001, 0.01), probability=CHANCE),
        WrongLengthFault(probability=CHANCE),
        SplitFault(probability=CHANCE, seconds=(0.002, 0.005)),
        ExceptionFault(code=6, probability=CHANCE),
    ]


@asynccontextmanager
async def bench(transport: str, folder: Path, truth: list[Served]) -> AsyncIterator[tuple[AnyModbusSettings, Faults]]:
    profile = load_profile(PROFILE)
    assert isinstance(profile, ModbusProfile)
    units = [
        (Equipment(MachineSettings(name=f"boiler-{unit}", profile=PROFILE, port=0, unit_id=unit, seed=unit)), profile)
        for unit in (1, 2)
    ]
    struck = Faults(faults(transport), seed=5)
    values = {"protocol": transport, "timeout_seconds": TIMEOUT_SECONDS}
    if transport == "modbus_rtu":
        path = folder / "line"
        async with ModbusSerialServer(units, truth.append, path=path, baudrate=115_200, faults=struck):
            yield ModbusRtuSettings.model_validate({**values, "device": str(path), "baud": 115_200}), struck
    else:
        async with ModbusServer(units, truth.append, host="127.0.0.1", port=0, protocol=transport, faults=struck) as server:
            model = ModbusTcpSettings if transport == "modbus_tcp" else ModbusRtuOverTcpSettings
            pause = {} if transport == "modbus_tcp" else {"pause_seconds": 0.0}
            yield model.model_validate({**values, **pause, "host": "127.0.0.1", "port": server.port}), struck


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_under_every_fault_at_once_no_value_is_wrong_double_or_taken_from_a_spoiled_reply(
    transport: str, tmp_path: Path
) -> None:
    truth: list[Served] = []
    received: list[Received] = []

    def deliver(target: Target, time_us: int, poll: Poll) -> None:
        received.extend(
            Received(equipment=target.name, signal=signal, time_us=time_us, value=value)
            for signal, (value, quality) in zip(target.signals.names, poll.readings, strict=True)
            if quality == 0
        )

    async with bench(transport, tmp_path, truth) as (settings, struck):
        clock = Clock()
        profile = load_profile(PROFILE)
        # One request a row, or the time of its first would say little of when its second was served.
        only = [point.signal for point in profile.points if point.signal and point.signal != "ambient_temperature"]
        targets = [
            Target.from_profile(profile, name=f"boiler-{unit}", only=only, unit_id=unit, period_seconds=PERIOD_SECONDS)
            for unit in (1, 2)
        ]
        driver = Modbus("bench", settings, now_us=clock.now_us)
        scan = ConnectionScan("bench", driver, targets, deliver=deliver, now_us=clock.now_us, rng=random.Random(3))
        task = asyncio.create_task(scan.run())
        async with asyncio.timeout(LONGEST_SECONDS):
            while struck.counts.total() < STROKES or len(received) < VALUES:  # noqa: ASYNC110 - two conditions of two parts
                await asyncio.sleep(0.1)
        scan.leave()
        task.cancel()
        await asyncio.wait((task,))
    verdict = check(truth, received, Rules(before_us=2_000, after_us=100_000))
    assert verdict.wrong == 0, verdict.examples
    assert verdict.duplicate == 0, verdict.examples
    in_time = {"split", "delay", "duplicate", "noise"}
    assert set(verdict.taken) <= in_time, verdict.examples
    assert verdict.right > VALUES / 2
