"""The OPC UA server, read over a real socket by asyncua's client."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from device_profiles.kind import load_kind
from device_profiles.profile import OpcUaProfile, load_profile
from edge_gateway.drivers.opcua.certificates import make_certificate
from simulators.dice import Array
from simulators.fleet import Equipment
from simulators.servers.opcua import PERIOD_SECONDS, Certificate, OpcUaServer
from simulators.settings import MachineSettings
from simulators.truth import Served

PROFILE = "cnc_machine/opc_40501"


@pytest.fixture
def truth() -> list[Served]:
    return []


def server_of(names: dict[str, int], truth: list[Served], **more: Any) -> OpcUaServer:
    profile = load_profile(PROFILE)
    assert isinstance(profile, OpcUaProfile)
    machines = [
        (Equipment(MachineSettings(name=n, profile=PROFILE, port=0, seed=seed, speed=600)), profile) for n, seed in names.items()
    ]
    return OpcUaServer(machines, truth.append, host="127.0.0.1", port=0, **more)


@pytest.fixture
async def client(truth: list[Served]) -> AsyncIterator[Client]:
    async with (
        server_of({"cnc-1": 1, "cnc-2": 2}, truth) as server,
        Client(f"opc.tcp://127.0.0.1:{server.port}/") as client,
    ):
        yield client


async def root_of(client: Client, name: str) -> Node:
    """Find a machine as the gateway does: each part of the path by its name, in whatever namespace."""
    node = client.nodes.objects
    for part in ("Machines", name):
        children = await node.get_children()
        names = [str((await child.read_browse_name()).Name) for child in children]
        node = children[names.index(part)]
    return node


async def nodes_of(client: Client, name: str) -> dict[str, Node]:
    profile = load_profile(PROFILE)
    assert isinstance(profile, OpcUaProfile)
    indexes = {prefix: await client.get_namespace_index(uri) for prefix, uri in profile.namespaces.items()}
    root = await root_of(client, name)
    found = {}
    for point in profile.points:
        parts = [part.split(":") for part in str(point.path).split("/")]
        found[point.signal] = await root.get_child([ua.QualifiedName(text, indexes[prefix]) for prefix, text in parts])
    return found


def microseconds(at: Any) -> int:
    assert isinstance(at, datetime)
    return round((at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)


async def test_one_read_of_all_nodes_is_one_line_with_the_same_values_and_time(client: Client, truth: list[Served]) -> None:
    nodes = await nodes_of(client, "cnc-1")
    assert nodes.keys() == load_kind("cnc_machine").signals.keys()
    truth.clear()
    results = dict(zip(nodes, await client.read_attributes(list(nodes.values())), strict=True))
    [served] = truth
    assert served.equipment == "cnc-1"
    assert {microseconds(result.SourceTimestamp) for result in results.values()} == {served.time_us}
    raw = {name: result.Value.Value for name, result in results.items() if result.Value is not None}
    expected = raw | {"machine_power": raw["machine_power"] / 1000, "power_on_time": raw["power_on_time"] / 3_600_000}
    expected["is_warm_up"] = float(raw["is_warm_up"])
    for name in load_kind("cnc_machine").text_signals:
        assert served.values.pop(name) == expected.pop(name)
    assert served.values == pytest.approx(expected, rel=1e-11)


async def test_values_are_those_of_the_moment_of_the_read(client: Client, truth: list[Served]) -> None:
    node = (await nodes_of(client, "cnc-1"))["power_on_time"]
    first, second = [await node.read_value() for _ in range(2)]
    assert second > first
    assert len([line for line in truth if line.values.keys() == {"power_on_time"}]) == 2


async def test_machines_of_one_server_are_read_apart(client: Client, truth: list[Served]) -> None:
    one, two = [(await nodes_of(client, name))["part_count_total"] for name in ("cnc-1", "cnc-2")]
    truth.clear()
    await client.read_values([two])
    assert [line.equipment for line in truth] == ["cnc-2"]
    await client.read_values([one, two])
    assert [line.equipment for line in truth] == ["cnc-2", "cnc-1", "cnc-2"]


async def test_a_subscription_delivers_only_what_the_truth_log_holds(client: Client, truth: list[Served]) -> None:
    nodes = await nodes_of(client, "cnc-1")
    watched = {nodes[name].nodeid: name for name in ("energy_total", "spindle_temperature")}
    truth.clear()
    seen: list[tuple[str, int, float]] = []

    class Handler:
        def datachange_notification(self, node: Node, value: float, data: Any) -> None:
            seen.append((watched[node.nodeid], microseconds(data.monitored_item.Value.SourceTimestamp), value))

    subscription = await client.create_subscription(50, Handler())
    await subscription.subscribe_data_change([client.get_node(node_id) for node_id in watched], queuesize=100)
    await asyncio.sleep(6 * PERIOD_SECONDS)
    await subscription.delete()
    first = min(line.time_us for line in truth)
    log = {line.time_us: line.values for line in truth}
    news = [row for row in seen if row[1] >= first]
    assert len(news) >= 6
    for name, time_us, value in news:
        assert log[time_us][name] == value
    after = len(truth)
    await asyncio.sleep(2 * PERIOD_SECONDS)
    assert len(truth) == after  # nobody watches any more


async def test_a_waveform_is_an_array_with_an_axis_in_seconds_that_begins_with_its_source_time() -> None:
    name = "motor/generic_condition_monitor"
    profile = load_profile(name)
    assert isinstance(profile, OpcUaProfile)
    motor = Equipment(MachineSettings(name="motor-1", profile=name, port=0))
    async with (
        OpcUaServer([(motor, profile)], lambda _: None, host="127.0.0.1", port=0) as server,
        Client(f"opc.tcp://127.0.0.1:{server.port}/") as client,
    ):
        root, index = await root_of(client, "motor-1"), await client.get_namespace_index(profile.namespaces["cm"])
        wave = await root.get_child([ua.QualifiedName(part, index) for part in ("Vibration", "DriveEnd", "AccelerationWaveform")])
        before = datetime.now(UTC)
        first, again = [await wave.read_data_value() for _ in range(2)]
        axis = await (await wave.get_child("0:XAxisDefinition")).read_value()
        current = await root.get_child([ua.QualifiedName(part, index) for part in ("Electrical", "CurrentWaveformA")])
        rate = await root.get_child([ua.QualifiedName(part, index) for part in ("Electrical", "CurrentWaveformRate")])
        samples, rate_hz = await client.read_values([current, rate])
    assert first.Value is not None
    assert first.Value.VariantType is ua.VariantType.Float
    assert len(first.Value.Value) == 51_200
    assert (axis.EngineeringUnits.DisplayName.Text, axis.EURange.Low) == ("s", 0.0)
    assert axis.EURange.High == pytest.approx(51_199 / 25_600, rel=1e-12)
    assert abs(microseconds(first.SourceTimestamp) + 2_000_000 - before.timestamp() * 1e6) < 2_000_000, "it ends when it is taken"
    assert again == first, "the next record is taken after an hour"
    assert (len(samples), rate_hz) == (50_000, 2500.0)


async def test_records_are_taken_again_when_it_is_time_and_a_subscription_hears_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "motor/generic_condition_monitor"
    profile = load_profile(name)
    assert isinstance(profile, OpcUaProfile)
    settings = MachineSettings(name="motor-1", profile=name, port=0, record_seconds=30)
    taken: list[str] = []
    motor = Equipment(settings.model_copy(update={"record_seconds": 3 * PERIOD_SECONDS}))

    def record(signal: str) -> tuple[float, Array]:
        taken.append(signal)
        return 100.0, np.arange(10.0) + len(taken)

    monkeypatch.setattr(motor, "record", record)
    seen: list[int] = []

    class Handler:
        def datachange_notification(self, _: Node, value: list[float], data: Any) -> None:
            del data
            seen.append(len(value))

    async with (
        OpcUaServer([(motor, profile)], lambda _: None, host="127.0.0.1", port=0) as server,
        Client(f"opc.tcp://127.0.0.1:{server.port}/") as client,
    ):
        assert taken == [], "nobody has asked"
        root, index = await root_of(client, "motor-1"), await client.get_namespace_index(profile.namespaces["cm"])
        current = await root.get_child([ua.QualifiedName(part, index) for part in ("Electrical", "CurrentWaveformA")])
        subscription = await client.create_subscription(50, Handler())
        await subscription.subscribe_data_change(current)
        await asyncio.sleep(9 * PERIOD_SECONDS)
        await subscription.delete()
        count = len(taken)
        await asyncio.sleep(4 * PERIOD_SECONDS)
    assert len(taken) == count, "nobody asks any more"
    assert 2 <= count // 3 <= 4, "three waveforms, each taken anew after three periods"
    assert 10 in seen


async def test_a_client_cannot_write(client: Client) -> None:
    node = (await nodes_of(client, "cnc-1"))["feed_override"]
    with pytest.raises(UaStatusCodeError):
        await node.write_value(ua.DataValue(ua.Variant(50.0, ua.VariantType.Double)))
    assert await node.read_value() in {70.0, 90.0, 100.0, 110.0}


async def test_enumerations_and_counters_have_the_types_of_the_standard(client: Client) -> None:
    nodes = await nodes_of(client, "cnc-1")
    expected = {
        "execution": ua.VariantType.Int32,
        "operation_mode": ua.VariantType.Int32,
        "feed_override": ua.VariantType.Double,
        "is_warm_up": ua.VariantType.Boolean,
        "program": ua.VariantType.String,
        "power_on_time": ua.VariantType.Double,
        "part_count_total": ua.VariantType.UInt32,
    }
    for name, variant in expected.items():
        value = (await nodes[name].read_data_value()).Value
        assert value
        assert value.VariantType is variant, name


async def test_faults_come_when_they_are_ordered(truth: list[Served]) -> None:
    async with server_of({"cnc-1": 1}, truth, numbers=3) as server:
        url = f"opc.tcp://127.0.0.1:{server.port}/"
        async with Client(url) as client:
            nodes = await nodes_of(client, "cnc-1")
            override, load = nodes["feed_override"], nodes["spindle_load"]
            many = await root_of(client, "many")
            assert sorted(await client.read_values(await many.get_children())) == [0.0, 1.0, 2.0]

            server.set_status("cnc-1", "feed_override", "BadSensorFailure")
            truth.clear()
            bad, good = await client.read_attributes([override, load])
            assert bad.StatusCode is not None
            assert bad.StatusCode.name == "BadSensorFailure"
            assert good.Value is not None
            assert [line.values.keys() for line in truth] == [{"spindle_load"}], "a bad value was not served"
            server.set_status("cnc-1", "feed_override", None)
            assert await override.read_value() in {70.0, 90.0, 100.0, 110.0}

            await server.remove("cnc-1", "feed_override")
            [gone] = await client.read_attributes([override])
            assert gone.StatusCode is not None
            assert gone.StatusCode.name == "BadNodeIdUnknown"
            assert await load.read_value() is not None

            server.delay_seconds = 0.3
            began = asyncio.get_running_loop().time()
            await load.read_value()
            assert asyncio.get_running_loop().time() - began >= 0.3
            server.delay_seconds = 0.0

            server.most_sessions = 1
            assert server.sessions == 1
            with pytest.raises(UaStatusCodeError):
                await Client(url).connect()
            assert server.session_requests == 2
            server.most_sessions = None

            await server.stop(abrupt=True)
            with pytest.raises((ConnectionError, OSError)):
                await load.read_value()
            await server.start()
        async with Client(url) as client:
            assert await (await nodes_of(client, "cnc-1"))["feed_override"].read_value() is not None
        assert server.session_requests == 3


async def test_with_a_certificate_and_passwords_only_those_who_know_one_come_in_encrypted(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, name="server", application_uri="urn:test:sim", hosts=[])
    own, own_key = make_certificate(tmp_path, name="client", application_uri="urn:test:client", hosts=[])
    security = f"Basic256Sha256,SignAndEncrypt,{own},{own_key}"
    protected = server_of({"cnc-1": 1}, [], certificate=Certificate(certificate, key, "urn:test:sim"), passwords={"me": "secret"})
    async with protected as server:
        url = f"opc.tcp://127.0.0.1:{server.port}/"
        with pytest.raises(UaError):
            await Client(url).connect()
        for password, is_let_in in (("secret", True), ("guess", False), (None, False)):
            client = Client(url)
            client.application_uri = "urn:test:client"
            await client.set_security_string(security)
            if password is not None:
                client.set_user("me")
                client.set_password(password)
            if is_let_in:
                async with client:
                    assert await (await nodes_of(client, "cnc-1"))["feed_override"].read_value() is not None
            else:
                with pytest.raises(UaStatusCodeError):
                    await client.connect()
