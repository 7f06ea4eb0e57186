"""An edge node through a real broker: births, changes, deaths, and what hosts and brokers do to it."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from edge_gateway.driver import Poll, Target
from edge_gateway.sparkplug import node as node_module
from shangyun.local_servers import Broker, free_port
from telemetry.errors import Refused
from telemetry.mqtt import BrokerSettings, Will, connect
from telemetry.quality import Quality

NOW_US = 1_795_168_800_000_000
SECOND_US = 1_000_000
UNREACHABLE = Quality.BAD_NO_COMMUNICATION
GONE = dict.fromkeys(("execution", "part_count_total", "spindle_speed", "energy_total", "is_warm_up"), UNREACHABLE)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"gateway_sparkplug_{name}_total", labels) or 0.0


def told(message: Any) -> dict[Any, Any]:
    """Values by alias or name; None for null."""
    fields = ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")
    return {
        metric.get("alias", metric.get("name")): next((metric[field] for field in fields if field in metric), None)
        for metric in message.metrics
    }


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - counters and brokers set no event
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def cable(broker: Broker) -> AsyncIterator[tuple[Any, Callable[[], None]]]:
    """Give an address that leads to the broker, and what pulls the plug: connections end without a word of MQTT."""
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(broker.host, broker.port)
        writers.extend((writer, far_writer))
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    def pull() -> None:
        for writer in writers:
            writer.transport.abort()
        writers.clear()

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    address = BrokerSettings(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    try:
        yield address, pull
    finally:
        server.close()
        pull()


async def test_the_first_message_is_an_nbirth_of_exactly_these_bytes(
    make_broker: Any, host_on: Any, machine: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        run_node(broker, [machine()])
        birth = await host.hear()
    assert birth.topic == "spBv1.0/Plant/NBIRTH/gw-1"
    time = "80 9a 98 c3 9f 34"  # 1795168800000 ms, seven bits at a time, the lowest first
    assert birth.payload == bytes.fromhex(
        f"08 {time}"  # timestamp (1)
        f" 12 12  0a 05 62 64 53 65 71  18 {time}  20 04  58 00"  # name, timestamp (3), datatype (4) Int64, long_value (11)
        f" 12 21  0a 14 {b'Node Control/Rebirth'.hex()}  18 {time}  20 0b  70 00"  # Boolean, boolean_value (14) false
        " 18 00"  # seq (3)
    )


async def test_a_device_birth_explains_every_metric(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, targets := [machine(), machine("mill-2")])
        for target in targets:
            node.observe(target, NOW_US - SECOND_US, row(part_count_total=-3.0))
        births = await host.hear_kinds("NBIRTH", "DBIRTH", "DBIRTH")
    assert [message.seq for message in births] == [0, 1, 2]
    assert [message.topic for message in births[1:]] == [f"spBv1.0/Plant/DBIRTH/gw-1/mill-{n}" for n in (1, 2)]
    good = {"type": 3, "int_value": 192}
    mill = births[1]
    time = {"timestamp": NOW_US // 1000 - 1000}
    plain = {"properties": {"Quality": good}, **time}
    assert mill.metrics == [
        {"name": "execution", "alias": 1, "datatype": 3, "int_value": 0, **plain},
        {"name": "program", "alias": 2, "datatype": 12, "string_value": "O1", **plain},
        {"name": "part_count_total", "alias": 3, "datatype": 4, "long_value": 2**64 - 3, **plain},
        {
            "name": "spindle_speed",
            "alias": 4,
            "datatype": 9,
            "float_value": 800.0,
            "properties": {"engUnit": {"type": 12, "string_value": b"rpm"}, "Quality": good},
            **time,
        },
        {
            "name": "energy_total",
            "alias": 5,
            "datatype": 10,
            "double_value": 0.1,
            "properties": {"engUnit": {"type": 12, "string_value": b"kWh"}, "Quality": good},
            **time,
        },
        {"name": "is_warm_up", "alias": 6, "datatype": 11, "boolean_value": 1, **plain},
    ]
    assert [metric["alias"] for metric in births[2].metrics] == [7, 8, 9, 10, 11, 12]


async def test_data_carry_what_has_changed_and_nothing_else(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()])
        node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH")
        node.observe(mill, NOW_US + SECOND_US, row())
        await host.hears_nothing()
        node.observe(mill, NOW_US + 2 * SECOND_US, row(program="O2", spindle_speed=900.0))
        data = await host.hear()
    assert (data.kind, data.seq, data.device) == ("DDATA", 2, "mill-1")
    time = NOW_US // 1000 + 2000
    assert data.metrics == [
        {"alias": 4, "timestamp": time, "float_value": 900.0},
        {"alias": 2, "timestamp": time, "string_value": "O2"},
    ]


async def test_without_aliases_data_name_their_metrics_and_datatypes_come_where_asked_for(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()], aliases=False, datatype_in_data=True)
        node.observe(mill, NOW_US, row())
        _, birth = await host.hear_kinds("NBIRTH", "DBIRTH")
        node.observe(mill, NOW_US, row(spindle_speed=1.0))
        data = await host.hear()
    assert not any("alias" in metric for metric in birth.metrics)
    assert data.only == {"name": "spindle_speed", "timestamp": NOW_US // 1000, "datatype": 9, "float_value": 1.0}


async def test_a_bad_value_is_null_and_its_return_is_said_to_be_good(
    make_broker: Any, host_on: Any, machine: Any, run_node: Any
) -> None:
    readings: list[tuple[float, int]] = [
        (float("nan"), Quality.BAD_SENSOR_FAILURE),
        (float("nan"), Quality.BAD_NOT_AVAILABLE),  # as bad as before: no news
        (2.0, Quality.GOOD),
        (3.0, Quality.GOOD),
        (3.0, Quality.UNCERTAIN_SENSOR_NOT_ACCURATE),
        (float("inf"), Quality.GOOD),  # no measurement
    ]
    broker = make_broker()
    heard = []
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine(only=("spindle_speed",))])
        node.observe(mill, NOW_US, Poll(readings=[(1.0, Quality.GOOD)]))
        await host.hear_kinds("NBIRTH", "DBIRTH")
        for number, reading in enumerate(readings):
            node.observe(mill, NOW_US, Poll(readings=[reading]))
            if number != 1:
                heard.append((await host.hear()).only)
    time = {"alias": 1, "timestamp": NOW_US // 1000}

    def quality(code: int) -> dict[str, Any]:
        return {"properties": {"Quality": {"type": 3, "int_value": code}}}

    assert heard == [
        {**time, "is_null": 1, **quality(0)},
        {**time, "float_value": 2.0, **quality(192)},
        {**time, "float_value": 3.0},
        {**time, "float_value": 3.0, **quality(500)},
        {**time, "is_null": 1, **quality(0)},
    ]


async def test_all_messages_of_a_node_share_a_sequence_that_goes_round(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, mills := [machine(), machine("mill-2")])
        for mill in mills:
            node.observe(mill, NOW_US, row())
        heard = await host.hear_kinds("NBIRTH", "DBIRTH", "DBIRTH")
        for number in range(600):
            node.observe(mills[number % 2], NOW_US + number, row(spindle_speed=float(number)))
            heard.append(await host.hear())
    assert [message.seq for message in heard] == [number % 256 for number in range(603)]
    assert [told(message) for message in heard[3:]] == [{4 + number % 2 * 6: float(number)} for number in range(600)]


async def test_a_burst_that_overtakes_the_sender_ends_with_the_newest_value_and_is_counted(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()])
        node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH")
        before = counted("dropped_values", reason="overtaken")
        for number in range(1000):
            node.observe(mill, NOW_US + number, row(spindle_speed=float(number)))
        data = await host.hear()
        await host.hears_nothing()
    assert told(data) == {4: 999.0}
    assert counted("dropped_values", reason="overtaken") - before == 999


async def test_a_host_gets_all_births_again_for_the_asking_and_nothing_else(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    ignored, unreadable = (counted("commands", outcome=outcome) for outcome in ("ignored", "unreadable"))
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()])
        node.observe(mill, NOW_US, row())
        first, _ = await host.hear_kinds("NBIRTH", "DBIRTH")
        node.observe(mill, NOW_US, row(spindle_speed=5.0))
        await host.hear_kinds("DDATA")
        await host.command(b"\x12\x06\x0a\x02on\x70\x01")  # a metric "on" that is true: somebody tries to switch something
        await host.command(b"\xff\xff")
        await host.ask_for_rebirth()
        again, mill_again = await host.hear_kinds("NBIRTH", "DBIRTH")
    assert (again.seq, mill_again.seq) == (0, 1)
    assert again.bd_seq == first.bd_seq
    assert mill_again.named("spindle_speed")["float_value"] == 5.0
    assert counted("commands", outcome="ignored") - ignored == 1
    assert counted("commands", outcome="unreadable") - unreadable == 1


async def test_many_requests_for_births_are_met_together_when_the_time_has_come(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()], rebirth_seconds=0.8)
        node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH")
        born = asyncio.get_running_loop().time()
        for _ in range(20):
            await host.ask_for_rebirth()
        node.observe(mill, NOW_US, row(spindle_speed=5.0))  # and data go on meanwhile
        await host.hear_kinds("DDATA", "NBIRTH", "DBIRTH")
        assert asyncio.get_running_loop().time() - born > 0.7
        await host.hears_nothing(1.0)


async def test_a_machine_that_cannot_be_reached_dies_after_a_while_alone_and_is_born_again(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    gone = row(program=None, **GONE)
    async with host_on(broker) as host:
        node, _ = run_node(broker, mills := [machine(), machine("mill-2")], death_seconds=0.5)
        for mill in mills:
            node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH", "DBIRTH")
        node.observe(mills[0], NOW_US, gone)
        bad = await host.hear()
        assert set(told(bad).values()) == {None}
        assert len(bad.metrics) == 6
        node.observe(mills[0], NOW_US, gone)
        death = await host.hear()
        assert (death.kind, death.device, death.metrics, death.seq) == ("DDEATH", "mill-1", [], 4)
        node.observe(mills[0], NOW_US, gone)
        node.observe(mills[1], NOW_US, row(spindle_speed=1.0))
        assert (await host.hear()).topic == "spBv1.0/Plant/DDATA/gw-1/mill-2"
        node.observe(mills[0], NOW_US, row())
        birth = await host.hear()
        assert (birth.kind, birth.device, len(birth.metrics), birth.seq) == ("DBIRTH", "mill-1", 6, 6)

        node.observe(mills[0], NOW_US, gone)  # back before its time is over: no death
        node.observe(mills[0], NOW_US, row(spindle_speed=2.0))
        await host.hear_kinds("DDATA")
        await host.hears_nothing(0.8)


async def test_a_machine_that_answers_without_a_single_value_is_there_all_the_same(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    broken = row(program=None, **dict.fromkeys(GONE, Quality.BAD_SENSOR_FAILURE))
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()], death_seconds=0)
        await host.hear_kinds("NBIRTH")
        node.observe(mill, NOW_US, row(program=None, **GONE))
        await host.hears_nothing()  # never read so far: there is nobody to tell of
        node.observe(mill, NOW_US, broken)
        await host.hear_kinds("DBIRTH")
        node.observe(mill, NOW_US, row(program=None, **GONE))
        await host.hear_kinds("DDEATH")
        node.observe(mill, NOW_US, broken)
        (birth,) = await host.hear_kinds("DBIRTH")
    assert set(told(birth).values()) == {None}


async def test_scan_groups_of_a_machine_are_one_device(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    fast, slow = ("spindle_speed", "is_warm_up"), ("execution", "part_count_total", "energy_total", "program")
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, groups := [machine(only=fast), machine(only=slow)], death_seconds=0.2)
        node.observe(groups[0], NOW_US, row(program=None, columns=groups[0].signals.names))
        _, birth = await host.hear_kinds("NBIRTH", "DBIRTH")
        unread = birth.named("part_count_total")
        assert (unread["is_null"], unread["properties"]["Quality"]["int_value"]) == (1, 0)
        node.observe(groups[1], NOW_US, row(columns=groups[1].signals.names))
        assert set(told(await host.hear()).values()) == {0, 7, 0.1, "O1"}
        node.observe(groups[0], NOW_US, row(program=None, columns=groups[0].signals.names, **GONE))
        await host.hear_kinds("DDATA")
        await host.hears_nothing(0.5)  # half of it can be read


async def test_a_node_that_leaves_in_good_order_says_so_once(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, task = run_node(broker, [mill := machine()])
        node.observe(mill, NOW_US, row())
        birth, _ = await host.hear_kinds("NBIRTH", "DBIRTH")
        task.cancel()
        (death,) = await host.hear_kinds("NDEATH")
        await host.hears_nothing()
    assert not node.is_live
    assert death.seq is None
    assert death.only == {"name": "bdSeq", "datatype": 4, "long_value": birth.bd_seq}


async def test_the_broker_tells_the_death_of_a_node_that_vanishes_and_the_next_life_has_the_next_number(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host, cable(broker) as (address, pull):
        node, _ = run_node(address, [mill := machine()])
        node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH")
        for life in range(3):
            lost = counted("dropped_values", reason="offline")
            pull()
            (death,) = await host.hear_kinds("NDEATH")
            await until(lambda: not node.is_live)
            for speed in (11.0 + 10 * life, 12.0 + 10 * life):
                node.observe(mill, NOW_US, row(spindle_speed=speed))
            birth, mill_birth = await host.hear_kinds("NBIRTH", "DBIRTH")
            assert (death.bd_seq, birth.bd_seq) == (life, life + 1)
            assert (birth.seq, mill_birth.named("spindle_speed")["float_value"]) == (0, 12.0 + 10 * life)
            assert counted("dropped_values", reason="offline") - lost == 1
        async with host_on(broker) as late:
            await late.hears_nothing()  # a death that is kept would kill the living


async def test_what_a_killed_gateway_left_at_the_broker_ends_before_the_next_birth(
    make_broker: Any, host_on: Any, machine: Any, run_node: Any
) -> None:
    broker = make_broker()
    left = BrokerSettings(host=broker.host, port=broker.port, client_id="Plant-gw-1")
    async with host_on(broker) as host, connect(left, will=Will("spBv1.0/Plant/NDEATH/gw-1", b"", retain=False)):
        run_node(broker, [machine()])
        await host.hear_kinds("NDEATH", "NBIRTH")
        await host.hears_nothing()


async def test_after_a_killed_broker_there_are_births_again(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, [mill := machine()])
        node.observe(mill, NOW_US, row())
        first, _ = await host.hear_kinds("NBIRTH", "DBIRTH")
    broker.kill()
    await until(lambda: not node.is_live)
    node.observe(mill, NOW_US, row(spindle_speed=3.0))
    broker.start()
    await until(lambda: node.is_live)
    async with host_on(broker) as host:  # too late for the births, as any host after a broker's restart may be
        await host.ask_for_rebirth()
        birth, mill_birth = await host.hear_kinds("NBIRTH", "DBIRTH")
    assert birth.bd_seq > first.bd_seq
    assert mill_birth.named("spindle_speed")["float_value"] == 3.0


async def test_a_broker_that_refuses_the_group_in_silence_is_noticed(
    make_broker: Any, machine: Any, row: Any, run_node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "_UNSEEN_SECONDS", 0.3)
    before = {code: counted("refused", code=code) for code in ("silent", "135")}
    broker = make_broker(acl="topic readwrite spBv1.0/Other/#\ntopic read spBv1.0/Plant/#\n")
    node, task = run_node(broker, [mill := machine()])
    node.observe(mill, NOW_US, row())
    await until(lambda: counted("refused", code="silent") > before["silent"])
    task.cancel()
    await asyncio.wait([task])
    assert counted("refused", code="135") == before["135"] + 1  # NDEATH, the one message that is acknowledged


async def test_a_birth_that_comes_back_raises_no_alarm(
    make_broker: Any, host_on: Any, machine: Any, run_node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "_UNSEEN_SECONDS", 0.3)
    before = counted("refused", code="silent")
    broker = make_broker()
    async with host_on(broker) as host:
        run_node(broker, [machine()])
        await host.hear_kinds("NBIRTH")
        await host.hears_nothing(0.6)
    assert counted("refused", code="silent") == before


async def test_a_broker_that_does_not_know_the_node_is_counted(make_broker: Any, machine: Any, run_node: Any) -> None:
    broker = make_broker(passwords={"somebody": "else"})
    with pytest.raises(Refused) as refusal:
        async with connect(BrokerSettings(host=broker.host, port=broker.port)):
            pass
    before = counted("refused", code=str(refusal.value.code))
    run_node(broker, [machine()])
    await until(lambda: counted("refused", code=str(refusal.value.code)) >= before + 2)


async def test_nothing_is_published_unless_the_primary_host_is_online(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        await host.say_state(online=True, at_ms=9000, host="another")
        node, _ = run_node(broker, [mill := machine()], host_application="scada")
        node.observe(mill, NOW_US, row())
        await host.hears_nothing()
        await host.say_state(online=False, at_ms=1000)
        await host.hears_nothing()
        await host.say_state(online=True, at_ms=2000)
        first, _ = await host.hear_kinds("NBIRTH", "DBIRTH")
        await host.say_state(online=False, at_ms=1500)  # the will of an earlier life, too late
        await host.hears_nothing()
        node.observe(mill, NOW_US, row(spindle_speed=1.0))
        await host.hear_kinds("DDATA")

        await host.say_state(online=False, at_ms=3000)
        (death,) = await host.hear_kinds("NDEATH")
        assert death.bd_seq == first.bd_seq
        node.observe(mill, NOW_US, row(spindle_speed=2.0))
        await host.hears_nothing(1.0)  # connected again by now
        await host.link.publish("spBv1.0/STATE/scada", b"ONLINE")  # as Sparkplug 2.2 said it
        await host.hears_nothing()
        await host.say_state(online=True, at_ms=4000)
        birth, mill_birth = await host.hear_kinds("NBIRTH", "DBIRTH")
    assert birth.bd_seq > first.bd_seq
    assert mill_birth.named("spindle_speed")["float_value"] == 2.0


async def test_after_a_reload_what_is_gone_is_dead_and_the_rest_is_born_with_its_values(
    make_broker: Any, host_on: Any, machine: Any, row: Any, run_node: Any
) -> None:
    broker = make_broker()
    async with host_on(broker) as host:
        node, _ = run_node(broker, mills := [machine(f"mill-{n}") for n in (1, 2, 3)])
        for mill in mills:
            node.observe(mill, NOW_US, row())
        await host.hear_kinds("NBIRTH", "DBIRTH", "DBIRTH", "DBIRTH")
        node.set_targets([mills[1], smaller := machine("mill-3", ("spindle_speed",))])
        *deaths, birth, kept = await host.hear_kinds("DDEATH", "DDEATH", "NBIRTH", "DBIRTH")
        assert [(message.device, message.seq) for message in deaths] == [("mill-1", 4), ("mill-3", 5)]
        assert birth.seq == 0
        assert (kept.device, told(kept)[4]) == ("mill-2", 800.0)
        before = counted("dropped_values", reason="unknown")
        node.observe(mills[0], NOW_US, row())
        node.observe(mills[2], NOW_US, row())
        assert counted("dropped_values", reason="unknown") - before == 12
        node.observe(smaller, NOW_US, Poll(readings=[(1.0, Quality.GOOD)]))
        (born,) = await host.hear_kinds("DBIRTH")
    assert (born.device, told(born)) == ("mill-3", {7: 1.0})


async def test_observing_without_a_broker_returns_at_once_and_keeps_one_value_per_metric(
    machine: Callable[..., Target], row: Callable[..., Poll], run_node: Any
) -> None:
    before = counted("dropped_values", reason="offline")
    node, _ = run_node(BrokerSettings(host="127.0.0.1", port=free_port()), [mill := machine()])
    for number in range(1000):
        node.observe(mill, NOW_US + number, row(spindle_speed=float(number)))
    assert counted("dropped_values", reason="offline") - before == 999


def test_without_protobuf_the_gateway_starts_unless_it_is_asked_for_sparkplug() -> None:
    program = """
import sys
sys.modules["google.protobuf"] = None
import edge_gateway.daemon, edge_gateway.sparkplug.settings
from telemetry.errors import ConfigError
try:
    import edge_gateway.sparkplug.node
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "pip install 'shangyun[sparkplug]'" in done.stdout
