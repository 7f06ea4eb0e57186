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


def write(
    folder: Path,
    ports: list[int],
    *,
    unit_ids: dict[int, int] | None = None,
    period: float = 0.1,
    timeout: float = 0.2,
    more: str = "",
) -> Path:
    """One machine per port; ``unit_ids`` by index of the machine, 1 where it is not given."""
    text = HEAD + more
    for index, port in enumerate(ports):
        text += (
            f'[connections.plc-{index}]\nprotocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\n'
            f"timeout_seconds = {timeout}\n"
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
    # Gateway and devices share one loop, which a busy machine can stop for longer than any time-out that a plant would set.
    polls = [0] * 100

    def settings(unit_ids: dict[int, int]) -> Path:
        return write(tmp_path, [device.port for device in devices], unit_ids=unit_ids, period=0.5, timeout=20.0)

    def serve(index: int) -> Callable[[Ask, Send], None]:
        def answer(ask: Ask, send: Send) -> None:
            polls[index] += ask.function == 3
            send(reply(ask, [0] * ask.count))

        return answer

    def left_out(index: int) -> float:
        overruns = metrics.OVERRUNS.labels(f"plc-{index}", f"boiler-{index}")
        return overruns._value.get()  # type: ignore[no-any-return]  # noqa: SLF001 - the library offers no other way to read a counter

    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(Responder(serve(index))) for index in range(100)]
        async with running(settings({})) as gateway:
            await until(lambda: min(polls) >= 2)
            before = [polls[index] + left_out(index) for index in range(100)]
            settings({42: 9})
            assert (await reloaded(gateway))["result"] == "taken"
            seen = [*polls]
            await until(lambda: all(now >= then + 3 for now, then in zip(polls, seen, strict=True)))
            turns = [polls[index] + left_out(index) - before[index] for index in range(100)]
    others = [index for index in range(100) if index != 42]
    # All have one period: a pause of the whole machine costs all of them alike and is counted, a turn lost to the reload not so.
    assert max(turns[index] for index in others) - min(turns[index] for index in others) <= 1, "one had fewer turns than another"
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
