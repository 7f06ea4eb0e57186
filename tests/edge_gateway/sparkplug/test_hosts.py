"""What the gateway publishes, as others understand it: Eclipse Tahu's own JavaScript, and the ingest side of this house."""

import json
import math
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_profiles.profile import load_profile
from edge_gateway.driver import Poll, Target
from ingest.foreign.settings import SparkplugEquipment, SparkplugSettings
from ingest.foreign.sparkplug import Sparkplug
from store.arrivals import DeadLetter, Item
from telemetry.bundle import Bundle, Event
from telemetry.quality import Quality
from telemetry.topics import Message

SOURCE = Path(__file__).parent / "node_host"
NOW_US = 1_795_168_800_000_000
SECOND_US = 1_000_000
NAN = math.nan


@pytest.fixture(scope="session")
def tahu(tmp_path_factory: pytest.TempPathFactory, require_node: Callable[[], dict[str, str]]) -> Callable[..., list[Any]]:
    """Call it with what was heard for what Tahu reads in it."""
    environment = require_node()
    folder = tmp_path_factory.mktemp("tahu")
    for file in SOURCE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)

    def run(*command: str, text: str | None = None) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, input=text, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")

    def decode(heard: list[Any]) -> list[Any]:
        lines = "".join(f"{message.topic} {message.payload.hex()}\n" for message in heard)
        return [json.loads(line) for line in run("node", "decode.mjs", text=lines).splitlines()]

    return decode


async def test_tahu_reads_births_data_and_deaths_as_they_were_meant(
    make_broker: Any, host_on: Any, machine: Any, run_node: Any, tahu: Callable[..., list[Any]]
) -> None:
    broker = make_broker()
    columns: list[tuple[float, int]] = [
        (2.0, Quality.GOOD),
        (-(2.0**40), Quality.GOOD),
        (0.5, Quality.GOOD),
        (0.1, Quality.GOOD),
        (1.0, Quality.GOOD),
    ]
    async with host_on(broker) as host:
        node, task = run_node(broker, [mill := machine()], datatype_in_data=True, death_seconds=0)
        node.observe(mill, NOW_US, Poll(readings=columns, texts={"program": "O1 法兰"}))
        heard = await host.hear_kinds("NBIRTH", "DBIRTH")
        columns[:3] = [(1.0, Quality.GOOD), (8.0, Quality.GOOD), (NAN, Quality.BAD_SENSOR_FAILURE)]
        columns[4] = (0.0, Quality.GOOD)
        node.observe(mill, NOW_US + SECOND_US, Poll(readings=columns, texts={"program": "O2"}))
        heard += await host.hear_kinds("DDATA")
        node.observe(mill, NOW_US + SECOND_US, Poll(readings=[(NAN, Quality.BAD_NOT_CONNECTED)] * 5))
        heard += await host.hear_kinds("DDATA", "DDEATH")
        task.cancel()
        heard += await host.hear_kinds("NDEATH")

    node_birth, birth, data, _, device_death, death = tahu(heard)
    now = NOW_US // 1000
    assert (node_birth["timestamp"], node_birth["seq"]) == (now, 0)
    assert node_birth["metrics"] == [
        {"name": "bdSeq", "value": 0, "type": "Int64", "timestamp": now},
        {"name": "Node Control/Rebirth", "value": False, "type": "Boolean", "timestamp": now},
    ]
    assert [(m["name"], m["alias"], m["type"], m["value"], m["timestamp"]) for m in birth["metrics"]] == [
        ("execution", 1, "Int32", 2, now),
        ("program", 2, "String", "O1 法兰", now),
        ("part_count_total", 3, "Int64", -(2**40), now),
        ("spindle_speed", 4, "Float", 0.5, now),
        ("energy_total", 5, "Double", 0.1, now),
        ("is_warm_up", 6, "Boolean", True, now),
    ]
    assert birth["metrics"][3]["properties"] == {
        "engUnit": {"type": "String", "value": "rpm"},
        "Quality": {"type": "Int32", "value": 192},
    }
    assert [(m["alias"], m["type"], m["value"], m["timestamp"]) for m in data["metrics"]] == [
        (1, "Int32", 1, now + 1000),
        (3, "Int64", 8, now + 1000),
        (4, "Float", None, now + 1000),
        (6, "Boolean", False, now + 1000),
        (2, "String", "O2", now + 1000),
    ]
    assert data["metrics"][2]["properties"] == {"Quality": {"type": "Int32", "value": 0}}
    assert (device_death["seq"], device_death.get("metrics", [])) == (4, [])
    assert [(m["name"], m["type"], m["value"]) for m in death["metrics"]] == [("bdSeq", "Int64", 0)]


def cells(bundle: Bundle) -> dict[tuple[str, int], float | Quality]:
    """Values by signal and time; a quality stands for a value that is not good."""
    found: dict[tuple[str, int], float | Quality] = {}
    for batch in bundle.batches:
        names = batch.signals.names
        times = struct.unpack(f"<{batch.rows}q", batch.times)
        for n, value in enumerate(struct.unpack(f"<{batch.rows * len(names)}d", batch.values)):
            quality = Quality(batch.qualities[n]) if batch.qualities else Quality.GOOD
            found[names[n % len(names)], times[n // len(names)]] = value if quality.is_good else quality
    return found


async def test_our_own_ingest_that_comes_late_asks_for_births_and_takes_everything_in(
    make_broker: Any, host_on: Any, run_node: Any
) -> None:
    profile = load_profile("boiler/generic_plc")
    signals = ("steam_flow", "steam_pressure", "fuel_total", "trip_code", "low_water_interlock")
    boiler = Target.from_profile(profile, name="boiler-1", only=signals)
    assert boiler.signals.names == ("steam_flow", "steam_pressure", "fuel_total", "low_water_interlock", "trip_code")
    mapping = SparkplugEquipment(
        group="Plant", node="gw-1", device="boiler-1", kind="boiler", signals={name: name for name in signals}
    )
    asked: list[bytes] = []
    listener = Sparkplug(SparkplugSettings(equipment=(mapping,)), publish=lambda _, request: asked.append(request))
    broker = make_broker()

    def take(message: Any) -> Bundle | None:
        found = listener.read(Message(message.topic, message.payload), arrived_us=NOW_US + 9 * SECOND_US)
        assert not isinstance(found, DeadLetter), found
        return found.bundle if isinstance(found, Item) else None

    def say(second: int, *values: float | Quality) -> None:
        readings: list[tuple[float, int]] = [
            (NAN, value) if isinstance(value, Quality) else (value, Quality.GOOD) for value in values
        ]
        node.observe(boiler, NOW_US + second * SECOND_US, Poll(readings=readings))

    async with host_on(broker) as host:
        node, task = run_node(broker, [boiler])
        say(0, 8.25, 1.05, 12345678.9, 0.0, 3.0)
        await host.hear_kinds("NBIRTH", "DBIRTH")  # ingest is not there yet
        say(1, 8.5, 1.05, 12345679.0, 0.0, 3.0)
        assert take(await host.hear()) is None
        await host.command(*asked)
        node_birth, birth = await host.hear_kinds("NBIRTH", "DBIRTH")
        assert take(node_birth) is None
        born = take(birth)
        say(2, 8.75, Quality.BAD_SENSOR_FAILURE, 12345679.0, 1.0, -3.0)
        data = take(await host.hear())
        task.cancel()
        death = take((await host.hear_kinds("NDEATH"))[0])

    assert born is not None
    assert data is not None
    assert death is not None
    assert (born.gateway, born.batches[0].equipment, born.batches[0].signals.kind) == ("Plant.gw-1", "boiler-1", "boiler")
    assert cells(born) == {
        ("steam_flow", NOW_US): 8.5,
        ("steam_pressure", NOW_US): pytest.approx(1.05, rel=1e-7),  # a real is float32
        ("fuel_total", NOW_US): 12345679.0,
        ("trip_code", NOW_US): 3.0,
        ("low_water_interlock", NOW_US): 0.0,
    }
    at = NOW_US + 2 * SECOND_US
    assert cells(data) == {
        ("steam_flow", at): 8.75,
        ("steam_pressure", at): Quality.BAD,
        ("low_water_interlock", at): 1.0,
        ("trip_code", at): -3.0,
    }
    assert set(cells(death).values()) == {Quality.BAD_NO_COMMUNICATION}
    assert {signal for signal, _ in cells(death)} == set(signals)


async def test_our_own_ingest_follows_the_numbers_through_a_life_with_deaths_and_texts(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    asked: list[bytes] = []
    listener = Sparkplug(SparkplugSettings(), publish=lambda _, request: asked.append(request))
    events: list[Event] = []
    gone = row(program=None, **dict.fromkeys(("execution", "spindle_speed"), Quality.BAD_NOT_CONNECTED))
    gone.readings[:] = [(NAN, Quality.BAD_NOT_CONNECTED)] * 5
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()], death_seconds=0)
        expected = ["NBIRTH", "DBIRTH"]
        for number in range(100):
            node.observe(mill, NOW_US + number, row(program=f"O{number}"))
            if number:
                expected = ["DBIRTH"]
            for message in await host.hear_kinds(*expected):
                found = listener.read(Message(message.topic, message.payload), arrived_us=NOW_US)
                assert not isinstance(found, DeadLetter), found
                events += found.bundle.events if isinstance(found, Item) else ()
            node.observe(mill, NOW_US + number, gone)
            for message in await host.hear_kinds("DDATA", "DDEATH"):
                assert isinstance(listener.read(Message(message.topic, message.payload), arrived_us=NOW_US), Item)
    assert asked == []
    assert [event.text for event in events] == [f"O{number}" for number in range(100)]
