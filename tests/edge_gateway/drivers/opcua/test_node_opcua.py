"""Against a server that neither we nor asyncua's people have written: node-opcua."""

import itertools
import math
import struct
from datetime import UTC, datetime

import pytest

from edge_gateway import metrics
from edge_gateway.driver import Target
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import NodeServer
from tests.edge_gateway.drivers.opcua.plant import (
    EXPECTED,
    MISSING,
    POINTS,
    Watcher,
    driver,
    many,
    numbers_in_order,
    profile,
    target,
    told,
)


async def test_every_value_is_read_with_its_status(node_server: NodeServer) -> None:
    machine = target([*POINTS, *MISSING])
    async with driver(node_server.port) as it:
        answer = await it.read([machine])
    values = told(machine, answer.polls[0])
    assert {name: value for name, (value, quality) in values.items() if quality is Quality.GOOD} == EXPECTED
    assert {name for name, (_, quality) in values.items() if quality is Quality.BAD_CONFIGURATION_ERROR} == {
        "machine_power",
        "energy_total",
    }
    assert answer.polls[0].texts == {"program": "O1001"}


async def test_a_record_of_another_makers_y_array_item_is_read_with_its_axis_and_its_time(node_server: NodeServer) -> None:
    model = profile(
        [{"signal": "wave", "path": "m:Monitoring/m:Wave"}],
        signals={"wave": {"type": "waveform", "unit": "m/s²", "label": {"zh": "波形", "en": "Wave"}}},
    )
    records = Target.from_profile(model, name="cnc-1", root="Machines/cnc-1", only=["wave"])
    async with driver(node_server.port) as it:
        [block] = (await it.read([records])).polls[0].blocks
        assert (await it.read([records])).polls[0].blocks == []
    assert block.start_us == round(datetime(2026, 11, 26, 10, 0, 0, 125_000, UTC).timestamp() * 1e6)
    assert block.rate_hz == 25_600.0
    samples = struct.unpack("<51200f", block.samples)
    assert samples == pytest.approx([math.sin(n / 10) for n in range(51_200)], abs=1e-6)


async def test_the_first_burst_of_1500_values_is_one_whole_row(node_server: NodeServer) -> None:
    async with Watcher(driver(node_server.port), many(1500)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
    first = watcher.rows[0]
    assert [first.values[f"value_{n}"] for n in range(1500)] == [(float(n), Quality.GOOD) for n in range(1500)]


async def test_each_of_many_quick_changes_is_a_row_of_its_own(node_server: NodeServer) -> None:
    async with Watcher(driver(node_server.port), target(sampling_seconds=0, queue_size=100)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        node_server.order(burst="Speed", count=50)
        await watcher.row_with("spindle_speed", 49.0)
        node_server.order(set="Speed", value=8000.5)
        await watcher.until(lambda: watcher.last("spindle_speed")[0] == 8000.5)
    assert numbers_in_order(watcher.rows, "spindle_speed") == [8000.5, *map(float, range(50)), 8000.5]
    times = [row.time_us for row in watcher.rows]
    assert all(before < after for before, after in itertools.pairwise(times))


async def test_changes_that_the_servers_queue_could_not_hold_are_counted(node_server: NodeServer) -> None:
    counted = metrics.MISSED_CHANGES.labels("cnc", "server queue")
    before = counted._value.get()  # noqa: SLF001 - the library has no getter
    async with Watcher(driver(node_server.port), target(sampling_seconds=0, queue_size=3)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        node_server.order(burst="Speed", count=50)
        await watcher.row_with("spindle_speed", 49.0)
        assert watcher.last("spindle_speed") == (49.0, Quality.GOOD), "the overflow bit does not make a value bad"
        node_server.order(set="Speed", value=8000.5)
        await watcher.until(lambda: watcher.last("spindle_speed")[0] == 8000.5)
    assert counted._value.get() > before  # noqa: SLF001


async def test_one_bad_node_stops_no_other(node_server: NodeServer) -> None:
    async with Watcher(driver(node_server.port), target([*POINTS, *MISSING])) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        node_server.order(set="Load", value=0, status="BadSensorFailure")
        await watcher.until(lambda: watcher.last("spindle_load")[1] is Quality.BAD_SENSOR_FAILURE)
        node_server.order(set="Speed", value=1.0)
        await watcher.row_with("spindle_speed", 1.0)
        assert watcher.last("machine_power")[1] is Quality.BAD_CONFIGURATION_ERROR
        node_server.order(set="Load", value=423)
        node_server.order(set="Speed", value=8000.5)
        await watcher.until(lambda: watcher.last("spindle_load") == (42.3, Quality.GOOD))


async def test_a_server_that_was_killed_is_watched_again_with_one_session(node_server: NodeServer) -> None:
    async with Watcher(driver(node_server.port), target()) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        node_server.kill()
        await watcher.until(lambda: bool(watcher.losses))
        node_server.start()
        node_server.order(set="Speed", value=77.0)
        await watcher.row_with("spindle_speed", 77.0)
        assert node_server.sessions == (1, 1)
    assert node_server.sessions == (0, 1)
