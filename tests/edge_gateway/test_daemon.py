import asyncio
import json
import math
import signal
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge_gateway.daemon import Gateway
from edge_gateway.settings import GatewaySettings, load_gateway
from edge_gateway.spool import Spool
from shangyun.local_servers import Broker, free_port
from telemetry.bundle import Batch, Bundle
from telemetry.errors import ConfigError
from telemetry.quality import Quality
from telemetry.wire import decode_bundle
from tests.edge_gateway.responder import Ask, Responder, Send, reply
from tests.edge_gateway.test_publisher import ingest, until

ROOT = Path(__file__).parents[2]
BOILER = """
[[equipment]]
name = "boiler-1"
profile = "boiler/generic_plc"
connection = "plc"
period_seconds = {period}
"""


def write_settings(folder: Path, gateway: str, *, broker_port: int, plc_port: int, period: float = 0.1, more: str = "") -> Path:
    path = folder / "gateway.toml"
    path.write_text(
        f"""
gateway = "{gateway}"
[broker]
host = "127.0.0.1"
port = {broker_port}
[spool]
path = "spool.sqlite3"
[publish]
flush_seconds = 0.2
receipt_timeout_seconds = 1.0
grace_seconds = 3.0
[health]
port = 0
[connections.plc]
protocol = "modbus_tcp"
host = "127.0.0.1"
port = {plc_port}
timeout_seconds = 0.3
{BOILER.format(period=period)}
{more}
"""
    )
    return path


class CountingPlc:
    """A boiler's PLC whose trip code (holding register 2) is the number of the reading, so that each row can be named."""

    def __init__(self) -> None:
        self.served: list[tuple[float, int]] = []

    def __call__(self, ask: Ask, send: Send) -> None:
        words = [0] * ask.count
        if ask.function == 3 and ask.start <= 2:
            number = len(self.served) + 1
            self.served.append((time.monotonic(), number))
            words[2 - ask.start] = number
        send(reply(ask, words))


def rows(bundles: list[Bundle]) -> Iterator[tuple[str, int, dict[str, float], dict[str, int]]]:
    for bundle in bundles:
        for batch in bundle.batches:
            yield from _rows_of(batch)


def _rows_of(batch: Batch) -> Iterator[tuple[str, int, dict[str, float], dict[str, int]]]:
    names, count = batch.signals.names, batch.rows
    times = struct.unpack(f"<{count}q", batch.times)
    values = struct.unpack(f"<{count * len(names)}{'f' if batch.single else 'd'}", batch.values)
    qualities = batch.qualities or bytes(len(values))
    for row, time_us in enumerate(times):
        part = slice(row * len(names), (row + 1) * len(names))
        yield (
            batch.equipment,
            time_us,
            dict(zip(names, values[part], strict=True)),
            dict(zip(names, qualities[part], strict=True)),
        )


async def http_get(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


@pytest.mark.broker
async def test_every_poll_of_a_run_reaches_the_cloud_once_in_order_and_stopping_leaves_nothing_behind(
    broker: Broker, tmp_path: Path
) -> None:
    plc = CountingPlc()
    async with Responder(plc) as device, ingest(broker, "d1") as cloud:
        path = write_settings(tmp_path, "d1", broker_port=broker.port, plc_port=device.port)
        gateway = Gateway(load_gateway(path))
        running = asyncio.create_task(gateway.run())
        await until(lambda: gateway.health_port != 0)
        await asyncio.sleep(1.2)
        healthz, page = await http_get(gateway.health_port, "/healthz"), await http_get(gateway.health_port, "/metrics")
        gateway.stop()
        await running
    assert '"broker_connected": true' in healthz
    assert "200 OK" in healthz
    for name in ("polls", "round_trip_seconds", "spool_bundles", "receipted"):
        assert f"gateway_{name}" in page
    assert gateway.spool.status.bundles == 0
    taken = list(rows(cloud.bundles))
    good = [row for row in taken if not row[3]["trip_code"]]
    assert [values["trip_code"] for _, _, values, _ in good] == [number for _, number in plc.served]
    assert len(good) >= 10
    times = [time_us for _, time_us, _, _ in taken]
    assert all(a < b for a, b in pairwise(times))


@pytest.mark.broker
async def test_a_motors_records_arrive_as_blocks_that_follow_each_other(broker: Broker, tmp_path: Path) -> None:
    from device_profiles.profile import OpcUaProfile, load_profile
    from simulators.fleet import Equipment
    from simulators.servers.opcua import OpcUaServer
    from simulators.settings import MachineSettings

    name = "motor/generic_condition_monitor"
    taken: dict[str, tuple[float, Any]] = {}

    class Recorded(Equipment):
        def record(self, signal: str) -> tuple[float, Any]:
            taken[signal] = super().record(signal)
            return taken[signal]

    model = load_profile(name)
    assert isinstance(model, OpcUaProfile)
    plc = CountingPlc()
    motor = Recorded(MachineSettings(name="motor-1", profile=name, port=0))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(OpcUaServer([(motor, model)], lambda _: None, host="127.0.0.1", port=0))
        device = await stack.enter_async_context(Responder(plc))
        cloud = await stack.enter_async_context(ingest(broker, "d3"))
        more = f"""
[connections.motor]
protocol = "opcua"
url = "opc.tcp://127.0.0.1:{server.port}"
security = "none"
[[equipment]]
name = "motor-1"
profile = "{name}"
connection = "motor"
root = "Machines/motor-1"
"""
        path = write_settings(tmp_path, "d3", broker_port=broker.port, plc_port=device.port, more=more)
        gateway = Gateway(load_gateway(path))
        running = asyncio.create_task(gateway.run())
        await until(lambda: sum(len(bundle.blocks) for bundle in cloud.bundles) >= 6, seconds=20)
        assert not gateway._silent()  # noqa: SLF001 - a look that finds no record is no silence
        gateway.stop()
        await running
    blocks = [block for bundle in cloud.bundles for block in bundle.blocks]
    assert {block.equipment for block in blocks} == {"motor-1"}
    for signal_name, (rate_hz, samples) in taken.items():
        pieces = sorted((block for block in blocks if block.signal == signal_name), key=lambda block: block.start_us)
        assert len(pieces) == 2
        assert pieces[1].start_us - pieces[0].start_us == round(30_000 / rate_hz * 1e6)
        sent = struct.unpack(f"<{len(samples)}f", b"".join(piece.samples for piece in pieces))
        assert list(sent) == samples.astype("f4").tolist()
    assert any(batch.equipment == "motor-1" for bundle in cloud.bundles for batch in bundle.batches)


@pytest.mark.broker
async def test_the_simulators_values_arrive_as_they_were_served(broker: Broker, tmp_path: Path) -> None:
    from device_profiles.profile import ModbusProfile, OpcUaProfile, load_profile
    from simulators.fleet import Equipment
    from simulators.servers.modbus import ModbusServer
    from simulators.servers.opcua import OpcUaServer
    from simulators.settings import MachineSettings
    from simulators.truth import Served

    truth: dict[str, list[Served]] = {}

    def record(served: Served) -> None:
        truth.setdefault(served.equipment, []).append(served)

    boiler, cnc = load_profile("boiler/generic_plc"), load_profile("cnc_machine/opc_40501")
    assert isinstance(boiler, ModbusProfile)
    assert isinstance(cnc, OpcUaProfile)
    machines = {
        name: Equipment(MachineSettings(name=name, profile=profile, port=0))
        for name, profile in (("boiler-1", "boiler/generic_plc"), ("cnc-1", "cnc_machine/opc_40501"))
    }
    opcua_port = free_port()
    more = f"""
[connections.cnc]
protocol = "opcua"
url = "opc.tcp://127.0.0.1:{opcua_port}"
security = "none"
[[equipment]]
name = "cnc-1"
profile = "cnc_machine/opc_40501"
connection = "cnc"
root = "Machines/cnc-1"
period_seconds = 0.25
"""
    async with AsyncExitStack() as stack:
        modbus = await stack.enter_async_context(ModbusServer([(machines["boiler-1"], boiler)], record, host="127.0.0.1", port=0))
        await stack.enter_async_context(OpcUaServer([(machines["cnc-1"], cnc)], record, host="127.0.0.1", port=opcua_port))
        cloud = await stack.enter_async_context(ingest(broker, "d2"))
        path = write_settings(tmp_path, "d2", broker_port=broker.port, plc_port=modbus.port, period=0.2, more=more)
        gateway = Gateway(load_gateway(path))
        running = asyncio.create_task(gateway.run())
        await asyncio.sleep(1.8)
        gateway.stop()
        await running

    seen = {"boiler-1": 0, "cnc-1": 0}
    for equipment, time_us, values, qualities in rows(cloud.bundles):
        if all(quality == Quality.BAD_NOT_CONNECTED for quality in qualities.values()):
            continue  # before the first connection
        seen[equipment] += 1
        # A polled value was served after its row began; a subscribed one is what it has been since it was last told.
        before_us, after_us = (50_000, 400_000) if equipment == "boiler-1" else (700_000, 50_000)
        near = [s.values for s in truth[equipment] if time_us - before_us <= s.time_us <= time_us + after_us]
        for signal_name, value in values.items():
            if math.isnan(value):
                assert qualities[signal_name] >= Quality.BAD
                continue
            told = [s[signal_name] for s in near if isinstance(s.get(signal_name), float | int)]
            assert any(value in (t, struct.unpack("<f", struct.pack("<f", t))[0]) for t in told), (signal_name, value, told)
    assert seen["boiler-1"] >= 6
    assert seen["cnc-1"] >= 3
    events = [event for bundle in cloud.bundles for event in bundle.events]
    assert events
    assert (events[0].equipment, events[0].signal) == ("cnc-1", "program")


async def start(path: Path) -> asyncio.subprocess.Process:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from typing import Any
from edge_gateway.daemon import run_until_signal
asyncio.run(run_until_signal(Path({str(path)!r})))
"""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program)


@pytest.mark.broker
async def test_kill_9_loses_at_most_the_last_flush_interval_and_doubles_nothing(broker: Broker, tmp_path: Path) -> None:
    plc = CountingPlc()
    kills: list[float] = []
    async with Responder(plc) as device, ingest(broker, "d3") as cloud:
        path = write_settings(tmp_path, "d3", broker_port=broker.port, plc_port=device.port, period=0.05)
        for wait_seconds in (0.7, 0.45):
            gateway = await start(path)
            before = len(plc.served)
            await until(lambda seen=before: len(plc.served) > seen)  # type: ignore[misc]
            await asyncio.sleep(wait_seconds)
            kills.append(time.monotonic())
            gateway.kill()
            await gateway.wait()
        gateway = await start(path)
        before = len(plc.served)
        await until(lambda: len(plc.served) > before + 5)
        gateway.send_signal(signal.SIGTERM)
        assert await gateway.wait() == 0
        await asyncio.sleep(0.2)
    once = {(bundle.epoch, bundle.seq): bundle for bundle in cloud.bundles}  # what ingest's ledger does
    numbers = [values["trip_code"] for _, _, values, qualities in rows(list(once.values())) if not qualities["trip_code"]]
    assert len(numbers) == len(set(numbers)), "a value came twice under two numbers"
    for at, number in plc.served:
        if number not in numbers:
            assert any(0 <= kill - at < 0.45 for kill in kills), f"reading {number} was lost"


@pytest.mark.broker
async def test_while_the_broker_is_away_values_wait_on_disk_over_a_restart(tmp_path: Path, broker: Broker) -> None:
    plc = CountingPlc()
    async with Responder(plc) as device:
        away = write_settings(tmp_path, "d4", broker_port=free_port(), plc_port=device.port)
        gateway = Gateway(load_gateway(away))
        running = asyncio.create_task(gateway.run())
        await asyncio.sleep(1.0)
        gateway.stop()
        await running
        waiting = gateway.spool.status.bundles
        assert waiting >= 4
        back = write_settings(tmp_path, "d4", broker_port=broker.port, plc_port=device.port)
        async with ingest(broker, "d4") as cloud:
            gateway = Gateway(load_gateway(back))
            running = asyncio.create_task(gateway.run())
            await until(lambda: gateway.spool.status.bundles == 0 and len(cloud.bundles) > waiting)
            gateway.stop()
            await running
    numbers = [values["trip_code"] for _, _, values, qualities in rows(cloud.bundles) if not qualities["trip_code"]]
    assert sorted(numbers) == [number for _, number in plc.served]


async def test_a_device_that_is_off_is_told_as_bad_each_period(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "d5", broker_port=1, plc_port=1)
    settings = load_gateway(path)
    gateway = Gateway(settings)
    running = asyncio.create_task(gateway.run())
    await asyncio.sleep(1.0)
    gateway.stop()
    await running
    spool = Spool(settings.spool.path, gateway="d5", max_bytes=10**9, max_age_us=10**15, now_us=lambda: time.time_ns() // 1000)
    async with spool:
        taken = list(rows([decode_bundle(waiting.payload) for waiting in await spool.pending(limit=1000)]))
    assert len(taken) >= 9
    for _, _, values, qualities in taken:
        assert all(math.isnan(value) for value in values.values())
        assert set(qualities.values()) == {Quality.BAD_NOT_CONNECTED}


async def test_a_health_port_that_is_taken_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    async with Responder(CountingPlc()) as device:
        path = write_settings(tmp_path, "d6", broker_port=1, plc_port=1)
        content = load_gateway(path).model_dump(exclude_unset=True) | {"health": {"port": device.port}}
        with pytest.raises(ConfigError, match="cannot listen"):
            await Gateway(GatewaySettings.model_validate(content)).run()


async def test_a_certificate_that_is_missing_is_told_as_a_sentence(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "d7", broker_port=1, plc_port=1)
    path.write_text(path.read_text().replace("[spool]", '[broker.tls]\nca_file = "nowhere.pem"\n[spool]'))
    with pytest.raises(ConfigError, match="TLS files of the broker"):
        await Gateway(load_gateway(path)).run()


async def test_what_a_gateway_says_of_itself_is_json(tmp_path: Path) -> None:
    gateway = Gateway(load_gateway(write_settings(tmp_path, "d8", broker_port=1, plc_port=1)))
    state = json.loads(json.dumps(gateway._describe()))  # noqa: SLF001
    assert state["equipment"]["boiler-1"]["kind"] == "boiler"
    assert len(state["profiles"]["boiler/generic_plc"]) == 16
