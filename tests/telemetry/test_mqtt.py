"""The link against a real Mosquitto: what it says of a publish is what happened."""

import asyncio
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shangyun.local_servers import Broker, free_port
from telemetry.errors import ConfigError, NotConnected, Refused
from telemetry.mqtt import BrokerSettings, Link, Will, connect, keep_connected

MakeBroker = Callable[..., Broker]


def settings_of(broker: Broker, **more: object) -> BrokerSettings:
    return BrokerSettings.model_validate({"host": broker.host, "port": broker.port, **more})


@asynccontextmanager
async def two_links(broker: Broker) -> AsyncIterator[tuple[Link, Link]]:
    async with connect(settings_of(broker)) as one, connect(settings_of(broker)) as other:
        yield one, other


async def test_what_one_link_publishes_the_other_receives_in_order(broker: Broker) -> None:
    async with two_links(broker) as (sender, receiver):
        assert sender.protocol == 5
        await receiver.subscribe("test/order/#")
        async with asyncio.TaskGroup() as group:
            for number in range(300):
                group.create_task(sender.publish(f"test/order/{number}", str(number).encode()))
        inbox = receiver.messages()
        got = [await anext(inbox) for _ in range(300)]
    assert [int(message.payload) for message in got] == list(range(300))


async def test_a_publish_that_the_acl_forbids_is_refused_with_the_brokers_code(make_broker: MakeBroker) -> None:
    broker = make_broker(acl="topic readwrite allowed/#\n")
    async with connect(settings_of(broker)) as link:
        await link.publish("allowed/x", b"1")
        with pytest.raises(Refused) as refused:
            await link.publish("forbidden/x", b"1")
    assert refused.value.code == 135  # MQTT 5, 3.4.2.1: not authorized


async def test_a_lost_broker_fails_what_is_pending_at_once(make_broker: MakeBroker) -> None:
    broker = make_broker()
    async with connect(settings_of(broker)) as link:
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)  # it takes bytes and answers nothing
        pending = [asyncio.create_task(link.publish("a", b"x")) for _ in range(5)]
        reading = asyncio.ensure_future(anext(link.messages()))
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in [*pending, reading])
        broker.kill()
        done, _ = await asyncio.wait([*pending, reading], timeout=3)
        assert len(done) == 6
        assert all(isinstance(task.exception(), NotConnected) for task in done)
        with pytest.raises(NotConnected):
            await link.publish("a", b"x")


async def test_a_full_inbox_drops_and_counts(broker: Broker) -> None:
    async with connect(settings_of(broker)) as sender, connect(settings_of(broker), inbox=10) as receiver:
        await receiver.subscribe("test/full", qos=0)
        for _ in range(50):
            await sender.publish("test/full", b"x")
        await asyncio.sleep(0.3)
        assert receiver.dropped == 40


async def test_no_broker_is_not_connected() -> None:
    with pytest.raises(NotConnected, match="refused"):
        async with connect(BrokerSettings(host="127.0.0.1", port=free_port())):
            pass


async def test_a_wrong_password_is_refused(make_broker: MakeBroker, tmp_path: Path) -> None:
    broker = make_broker(passwords={"plant": "right"})
    secret = tmp_path / "password"
    secret.write_text("wrong\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        async with connect(settings_of(broker, username="plant", password_file=secret)):
            pass
    assert refused.value.code == 135
    secret.write_text("right\n", encoding="utf-8")
    async with connect(settings_of(broker, username="plant", password_file=secret)) as link:
        await link.publish("a", b"x")


async def test_files_that_cannot_be_read_are_configuration_errors(tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    base = {"host": "127.0.0.1", "port": 1}
    for more in ({"password_file": missing}, {"tls": {"ca_file": missing}}):
        with pytest.raises(ConfigError, match="No such file"):
            async with connect(BrokerSettings.model_validate({**base, **more})):
                pass


async def test_a_broker_that_speaks_only_3_1_1_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        async with connect(settings_of(broker)) as link:
            assert link.protocol == 4
            await link.subscribe("a/#")
            await link.publish("a/b", b"x")
            assert (await anext(link.messages())).payload == b"x"


async def test_the_will_is_published_when_a_client_vanishes_and_not_when_it_leaves(broker: Broker) -> None:
    async with connect(settings_of(broker)) as watcher:
        await watcher.subscribe("test/will/#")
        inbox = watcher.messages()
        async with connect(settings_of(broker), will=Will("test/will/left", b"gone", retain=False)):
            pass
        async with connect(settings_of(broker), will=Will("test/will/vanished", b"gone", retain=False)) as link:
            cable = link._paho.socket()  # noqa: SLF001 - the only hold on it
            assert isinstance(cable, socket.socket)
            cable.shutdown(socket.SHUT_RDWR)
            message = await asyncio.wait_for(anext(inbox), 5)
    assert message.topic == "test/will/vanished"


async def test_a_session_comes_back_after_the_broker_does(make_broker: MakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    broker = make_broker()
    sessions: asyncio.Queue[int] = asyncio.Queue()

    async def session(link: Link) -> None:
        await sessions.put(link.protocol)
        async for _ in link.messages():
            pass

    keeper = asyncio.create_task(keep_connected(lambda: connect(settings_of(broker)), session, name="test", rng=random.Random(1)))
    await asyncio.wait_for(sessions.get(), 5)
    broker.kill()
    await asyncio.sleep(1.5)  # several attempts, one line in the log
    broker.start()
    await asyncio.wait_for(sessions.get(), 15)
    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper
    assert sum("trying again" in record.message for record in caplog.records) == 1


async def test_a_bug_in_a_session_is_not_retried(broker: Broker) -> None:
    async def session(_: Link) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await keep_connected(lambda: connect(settings_of(broker)), session, name="test")
