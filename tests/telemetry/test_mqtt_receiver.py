"""The receiver against real brokers, and against servers that speak nonsense."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyun.local_servers import Broker, free_port
from telemetry import mqtt_packets as packets
from telemetry.errors import NotConnected, Refused
from telemetry.mqtt import BrokerSettings, connect
from telemetry.mqtt_receiver import Receiver, receive_from
from telemetry.topics import Message

MakeBroker = Callable[..., Broker]
ACCEPTED = bytes.fromhex("2003000000")  # CONNACK of MQTT 5: success, no properties


def settings_of(broker: Broker, **more: object) -> BrokerSettings:
    return BrokerSettings.model_validate({"host": broker.host, "port": broker.port, **more})


async def take(receiver: Receiver, count: int) -> list[Message]:
    messages: list[Message] = []
    async with asyncio.timeout(20):
        while len(messages) < count:
            messages += await receiver.take()
    return messages


@pytest.mark.parametrize("qos", [0, 1])
async def test_thousands_of_messages_come_whole_and_in_order(broker: Broker, qos: int) -> None:
    topic = f"receiver/order/{qos}"
    async with receive_from(settings_of(broker), inbox=10_000) as receiver, connect(settings_of(broker)) as sender:
        assert receiver.protocol == 5
        await receiver.subscribe(topic, qos=1)
        for number in range(5000):
            await sender.publish(topic, b"%d:" % number + b"x" * (number % 700), qos=0 if number % 50 else qos)
        messages = await take(receiver, 5000)
    assert messages == [Message(topic, b"%d:" % number + b"x" * (number % 700)) for number in range(5000)]


async def test_messages_larger_than_the_buffer_come_whole(broker: Broker) -> None:
    sizes = [200_000, 1, 0, 250_000, 130_000, 3]
    async with receive_from(settings_of(broker), inbox=100) as receiver, connect(settings_of(broker)) as sender:
        await receiver.subscribe("receiver/large/#")
        for _ in range(5):
            for size in sizes:
                await sender.publish(f"receiver/large/{size}", os.urandom(1) * size)
        messages = await take(receiver, 30)
    assert [len(message.payload) for message in messages] == sizes * 5
    assert all(len(set(message.payload)) <= 1 for message in messages)


async def test_what_it_publishes_arrives(broker: Broker) -> None:
    async with receive_from(settings_of(broker), inbox=10) as receiver, connect(settings_of(broker)) as listener:
        await listener.subscribe("receiver/says/#")
        receiver.publish([(f"receiver/says/{n}", b"%d" % n) for n in range(200)])
        inbox = listener.messages()
        assert [int((await anext(inbox)).payload) for _ in range(200)] == list(range(200))


async def test_a_slow_taker_bounds_the_memory_and_loses_nothing_that_the_broker_keeps(broker: Broker) -> None:
    async with receive_from(settings_of(broker), inbox=50) as receiver, connect(settings_of(broker)) as sender:
        await receiver.subscribe("receiver/slow")
        for number in range(3000):
            await sender.publish("receiver/slow", number.to_bytes(2, "big") + bytes(4000))
        waiting = len(receiver._inbox)  # noqa: SLF001 - the bound is the claim
        messages = await take(receiver, 3000)
    assert 50 <= waiting <= 50 + 2 * 524_288 // 4000  # and what one read of the buffer held
    assert [int.from_bytes(message.payload[:2], "big") for message in messages] == list(range(3000))


async def test_a_broker_of_3_1_1_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        async with receive_from(settings_of(broker, version="3.1.1"), inbox=10) as receiver:
            assert receiver.protocol == 4
            await receiver.subscribe("a/#")
            async with connect(settings_of(broker, version="3.1.1")) as sender:
                await sender.publish("a/b", b"x")
            assert await take(receiver, 1) == [Message("a/b", b"x")]


async def test_a_broker_that_does_not_know_version_5_is_asked_again_in_3_1_1(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        async with receive_from(settings_of(broker), inbox=10) as receiver:
            assert receiver.protocol == 4


async def test_refusals_carry_the_brokers_code(make_broker: MakeBroker, tmp_path: Path) -> None:
    broker = make_broker(passwords={"ingest": "right"})
    secret = tmp_path / "password"
    secret.write_text("wrong\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        async with receive_from(settings_of(broker, username="ingest", password_file=secret), inbox=10):
            pass
    assert refused.value.code == 135
    secret.write_text("right\n", encoding="utf-8")
    async with receive_from(settings_of(broker, username="ingest", password_file=secret), inbox=10) as receiver:
        await receiver.subscribe("a")


async def test_no_broker_is_not_connected() -> None:
    with pytest.raises(NotConnected):
        async with receive_from(BrokerSettings(host="127.0.0.1", port=free_port()), inbox=10):
            pass


async def test_a_killed_broker_ends_the_waiting_after_what_had_come(make_broker: MakeBroker) -> None:
    broker = make_broker()
    async with receive_from(settings_of(broker), inbox=10) as receiver, connect(settings_of(broker)) as sender:
        await receiver.subscribe("a")
        await sender.publish("a", b"last")
        await asyncio.sleep(0.1)
        broker.kill()
        await asyncio.sleep(0.1)
        assert await receiver.take() == [Message("a", b"last")]
        with pytest.raises(NotConnected):
            await receiver.take()
        with pytest.raises(NotConnected):
            receiver.publish([("a", b"x")])


async def test_a_broker_without_a_sign_of_life_is_given_up(make_broker: MakeBroker) -> None:
    broker = make_broker()
    async with receive_from(settings_of(broker, keepalive_seconds=1), inbox=10) as receiver:
        await receiver.subscribe("a")
        await asyncio.sleep(2)  # pings are answered
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        with pytest.raises(NotConnected, match="sign of life"):
            await asyncio.wait_for(receiver.take(), 5)
        os.kill(broker.pid, signal.SIGCONT)


@pytest.mark.parametrize("open_link", [connect, receive_from])
async def test_a_broker_that_was_frozen_is_not_taken_for_an_old_one(
    make_broker: MakeBroker, open_link: Callable[..., Any]
) -> None:
    broker = make_broker()
    settings = settings_of(broker)
    async with open_link(settings, inbox=10) as link:
        assert link.protocol == 5
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(7, os.kill, broker.pid, signal.SIGCONT)
    while True:
        try:
            async with open_link(settings, inbox=10) as link:
                assert link.protocol == 5
                break
        except NotConnected:
            continue


# --- a server that sends what the test wants ------------------------------------------------------------------------


@asynccontextmanager
async def server_that_sends(pieces: Sequence[bytes]) -> AsyncIterator[BrokerSettings]:
    has_left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.001)  # so that the pieces are not read as one
        await reader.read()
        writer.close()
        await writer.wait_closed()
        has_left.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield BrokerSettings(host="127.0.0.1", port=port, version="5")
        await has_left.wait()


@pytest.mark.parametrize(
    "nonsense",
    [
        bytes.fromhex("30ffffffff7f"),  # a length of five bytes
        bytes.fromhex("30ffffff7f") + bytes(10),  # a packet of 256 MB
        bytes.fromhex("3202000561"),  # a topic longer than its packet
        bytes.fromhex("30050001ff0061"),  # a topic that is no text
        bytes.fromhex("3003000161"),  # no properties
        bytes.fromhex("30040001617f"),  # properties longer than the packet
        bytes.fromhex("e0018b"),  # the broker leaves: server shutting down
    ],
)
async def test_nonsense_ends_the_connection_with_a_reason(nonsense: bytes) -> None:
    async with server_that_sends([ACCEPTED, nonsense]) as settings, receive_from(settings, inbox=10) as receiver:
        with pytest.raises(NotConnected, match=r"connection lost \(.+\)"):
            await asyncio.wait_for(receiver.take(), 5)


async def test_a_stream_cut_anywhere_gives_the_same_messages() -> None:
    # PUBLISH, QoS 0 and 1, with and without properties, after MQTT 5, 3.3; the last carries 200 bytes: a length of two bytes.
    stream = (
        bytes.fromhex("3006000161006869")
        + bytes.fromhex("320800016200070068 69".replace(" ", ""))
        + bytes.fromhex("300a0001610501 01 2300 7f 61".replace(" ", ""))
        + bytes.fromhex("30cc0100016300")
        + b"z" * 200
    )
    expected = [("a", b"hi"), ("b", b"hi"), ("a", b"a"), ("c", b"z" * 200)]
    for cut in range(1, len(stream), 3):
        async with (
            server_that_sends([ACCEPTED, stream[:cut], stream[cut:]]) as settings,
            receive_from(settings, inbox=10) as receiver,
        ):
            assert [tuple(message) for message in await take(receiver, 4)] == expected


@given(noise=st.binary(max_size=60))
async def test_no_bytes_crash_the_reader_of_packets(noise: bytes) -> None:
    receiver = Receiver(level=5, inbox=1000)
    buffer = receiver.get_buffer(-1)
    buffer[: len(noise)] = noise
    receiver.buffer_updated(len(noise))


def test_a_length_is_read_as_the_standard_writes_it() -> None:
    # MQTT 5, 1.5.5, table 1-1: the borders of one to four bytes.
    for hexadecimal, length in (
        ("00", 0),
        ("7f", 127),
        ("8001", 128),
        ("ff7f", 16_383),
        ("808001", 16_384),
        ("ffffff7f", 268_435_455),
    ):
        data = bytearray.fromhex("30" + hexadecimal)
        body, end = packets.frame(data, 0, len(data))
        assert end - body == length
