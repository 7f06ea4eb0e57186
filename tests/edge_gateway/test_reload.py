"""New settings while the gateway runs, on real connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from edge_gateway import metrics
from edge_gateway.daemon import Gateway
from edge_gateway.settings import load_gateway
from shangyun.local_servers import free_port
from tests.edge_gateway.responder import Ask, Responder, Send, reply
from tests.edge_gateway.test_publisher import until

HEAD = """
gateway = "plant-7"
[broker]
host = "127.0.0.1"
port = 1
[spool]
path = "spool.sqlite3"
[health]
port = 0
"""


def write(folder: Path, ports: list[int], *, unit_ids: dict[int, int] | None = None, period: float = 0.1, more: str = "") -> Path:
    """One machine per port; ``unit_ids`` by index of the machine, 1 where it is not given."""
    text = HEAD + more
    for index, port in enumerate(ports):
        text += (
            f'[connections.plc-{index}]\nprotocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout_seconds = 0.2\n'
            f'[[equipment]]\nname = "boiler-{index}"\nprofile = "boiler/generic_plc"\nconnection = "plc-{index}"\n'
            f"unit_id = {(unit_ids or {}).get(index, 1)}\nperiod_seconds = {period}\n"
        )
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def only_unit(unit: int) -> Callable[[Ask, Send], None]:
    return lambda ask, send: send(reply(ask, [0] * ask.count)) if ask.unit == unit else None


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Gateway]:
    gateway = Gateway(load_gateway(path), load=lambda: load_gateway(path), trial_seconds=1.0)
    task = asyncio.create_task(gateway.run())
    try:
        yield gateway
    finally:
        gateway.stop()
        await task


async def reloaded(gateway: Gateway) -> dict[str, str]:
    gateway.reload.last = {}
    gateway.reload.request()
    await until(lambda: bool(gateway.reload.last))
    return gateway.reload.last


async def test_a_change_of_one_device_of_a_hundred_misses_no_poll_of_the_others(tmp_path: Path) -> None:
    period_seconds = 0.5
    times: list[list[float]] = [[] for _ in range(100)]
    clock = asyncio.get_running_loop().time

    def serve(index: int) -> Callable[[Ask, Send], None]:
        def answer(ask: Ask, send: Send) -> None:
            if ask.function == 3:
                times[index].append(clock())
            send(reply(ask, [0] * ask.count))

        return answer

    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(Responder(serve(index))) for index in range(100)]
        ports = [device.port for device in devices]
        path = write(tmp_path, ports, period=period_seconds)
        async with running(path) as gateway:
            await until(lambda: all(len(some) >= 2 for some in times))
            overruns = sum(sample.value for metric in metrics.OVERRUNS.collect() for sample in metric.samples)
            write(tmp_path, ports, unit_ids={42: 9}, period=period_seconds)
            assert (await reloaded(gateway))["result"] == "taken"
            seen = [len(some) for some in times]
            await until(lambda: all(len(some) >= before + 3 for some, before in zip(times, seen, strict=True)))
            after = sum(sample.value for metric in metrics.OVERRUNS.collect() for sample in metric.samples)
    assert after == overruns, "no poll was left out"
    others = [index for index in range(100) if index != 42]
    polls = [len(times[index]) for index in others]
    # All have one period, so turns that came late for all on a busy machine keep the counts alike; a lost turn does not.
    assert max(polls) - min(polls) <= 1, "each of them had its turn as often as the others"
    assert {devices[index].connections for index in others} == {1}, "nobody hung up on them"
    assert {ask.unit for ask in devices[42].log} == {1, 9}


async def test_settings_that_lose_a_device_are_taken_back(tmp_path: Path) -> None:
    async with Responder(only_unit(1)) as device, Responder(only_unit(1)) as other:
        path = write(tmp_path, [device.port, other.port])
        async with running(path) as gateway:
            await until(lambda: all(gateway.plant.answering.get(f"boiler-{n}") for n in (0, 1)))
            write(tmp_path, [device.port, other.port], unit_ids={0: 5})
            last = await reloaded(gateway)
            assert last["result"] == "rolled_back"
            assert "boiler-0 answered before" in last["detail"]
            await until(lambda: bool(gateway.plant.answering.get("boiler-0")))
            asked = device.asked
            await until(lambda: device.asked > asked + 3)
            assert {ask.unit for ask in device.log[-3:]} == {1}
            assert other.connections == 1


async def test_settings_with_a_mistake_change_nothing(tmp_path: Path) -> None:
    async with Responder(only_unit(1)) as device:
        path = write(tmp_path, [device.port])
        async with running(path) as gateway:
            await until(lambda: bool(gateway.plant.answering.get("boiler-0")))
            path.write_text(path.read_text().replace("period_seconds", "period_second"))
            last = await reloaded(gateway)
            assert last["result"] == "refused"
            assert "did you mean 'period_seconds'?" in last["detail"]
            asked = device.asked
            await until(lambda: device.asked > asked + 3)
            assert device.connections == 1


async def test_what_belongs_to_bundles_on_their_way_needs_a_restart(tmp_path: Path) -> None:
    async with Responder(only_unit(1)) as device:
        path = write(tmp_path, [device.port])
        async with running(path) as gateway:
            await until(lambda: bool(gateway.plant.answering.get("boiler-0")))
            path.write_text(path.read_text().replace('gateway = "plant-7"', 'gateway = "plant-8"'))
            last = await reloaded(gateway)
    assert last["result"] == "refused"
    assert last["detail"].startswith("gateway can only be changed by a restart")


async def test_machines_that_come_and_go_are_taken_up_and_dropped(tmp_path: Path) -> None:
    async with Responder(only_unit(1)) as first, Responder(only_unit(1)) as second:
        path = write(tmp_path, [first.port])
        async with running(path) as gateway:
            await until(lambda: bool(gateway.plant.answering.get("boiler-0")))
            write(tmp_path, [first.port, second.port])
            assert (await reloaded(gateway))["result"] == "taken"
            await until(lambda: bool(gateway.plant.answering.get("boiler-1")))
            write(tmp_path, [first.port])
            assert (await reloaded(gateway))["result"] == "taken"
            assert "boiler-1" not in gateway.plant.answering
            assert first.connections == 1


async def test_a_machine_on_a_shared_line_changes_while_its_neighbours_keep_their_turns(tmp_path: Path) -> None:
    async with Responder(lambda ask, send: send(reply(ask, [0] * ask.count))) as device:
        text = HEAD + f'[connections.bus]\nprotocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {device.port}\n'

        def machines(last: str) -> str:
            units = (1, 2, 3)
            return text + "".join(
                f'[[equipment]]\nname = "boiler-{n}"\nprofile = "boiler/generic_plc"\nconnection = "bus"\nunit_id = {n}\n'
                f"period_seconds = {last if n == 3 else 0.1}\n"
                for n in units
            )

        path = tmp_path / "gateway.toml"
        path.write_text(machines("0.1"))
        async with running(path) as gateway:
            await until(lambda: len(gateway.plant.answering) == 3)
            path.write_text(machines("0.3"))
            assert (await reloaded(gateway))["detail"].startswith("1 machines changed")
            asked = len(device.log)
            await until(lambda: len(device.log) > asked + 40)
            counts = {unit: sum(ask.unit == unit for ask in device.log[asked:]) for unit in (1, 2, 3)}
        assert device.connections == 1
    assert counts[1] == pytest.approx(counts[2], abs=3)
    assert counts[3] < counts[1] / 2


async def test_a_device_that_was_away_before_is_no_reason_to_take_new_settings_back(tmp_path: Path) -> None:
    async with Responder(only_unit(1)) as device:
        nobody = free_port()
        path = write(tmp_path, [device.port, nobody])
        async with running(path) as gateway:
            await until(lambda: bool(gateway.plant.answering.get("boiler-0")))
            write(tmp_path, [device.port, nobody], unit_ids={1: 7})
            assert (await reloaded(gateway))["result"] == "taken"
