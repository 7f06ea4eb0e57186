"""Whole ingest processes between a real broker and a real database."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from shangyun.local_servers import Broker, free_port
from telemetry.wire import encode_bundle


def health(worker: Any) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{worker.health_port}/healthz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def metric(worker: Any, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.health_port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name)))


async def test_bundles_are_committed_then_receipted(site: Any) -> None:
    worker = site.running_worker()

    plant = site.gateway()
    await plant.deliver(site.encoded(1, 50))

    assert plant.sent == 50
    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(150, 150)]
    assert site.ask("SELECT gateway, name, kind FROM reading.equipment") == [(site.name, "boiler-1", "boiler")]
    assert health(worker)[0] == 200
    assert metric(worker, "shangyun_ingest_rows_committed_total") == 150
    assert metric(worker, "shangyun_ingest_rows_late_total") == 150, "they are an hour old"
    assert metric(worker, "shangyun_ingest_lag_seconds_count") >= 1
    await asyncio.sleep(0.5)
    assert site.ask("""SELECT "values" FROM reading.latest""") == [({"steam_flow": 50002.0, "steam_pressure": 1.0},)]
    assert worker.stop() == 0


async def test_what_was_received_is_committed_before_a_worker_stops(site: Any) -> None:
    worker = site.running_worker("group_milliseconds = 3000\ngroup_bundles = 5000")
    async with site.link() as link:
        for payload in site.encoded(1, 20).values():
            await link.publish(site.topic, payload)
    await asyncio.sleep(0.3)
    assert site.ask("SELECT count(*) FROM reading.boiler") == [(0,)]

    assert worker.stop() == 0

    assert site.ask("SELECT count(*) FROM reading.boiler") == [(60,)]


async def test_kill_9_in_the_middle_of_a_stream_loses_and_doubles_nothing(site: Any) -> None:
    worker = site.worker("group_bundles = 7\ngroup_milliseconds = 20")
    plant = site.gateway()
    delivery = asyncio.create_task(plant.deliver(site.encoded(1, 1500), resend_seconds=2.0, timeout_seconds=80))
    for _ in range(3):
        worker.start()
        await asyncio.to_thread(worker.wait_until_connected)
        await asyncio.sleep(0.35)
        worker.kill()
    assert not delivery.done(), "the kills must fall into the stream"
    worker.start()
    await delivery

    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(4500, 4500)]


async def test_two_workers_share_the_gateways_and_store_each_bundle_once(site: Any) -> None:
    workers = [site.worker(), site.worker()]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait_until_connected()
    plants = [site.gateway(suffix) for suffix in ("-a", "-b", "-c")]

    await asyncio.gather(*(plant.deliver(site.encoded(1, 100, suffix=plant.name.removeprefix(site.name))) for plant in plants))

    assert site.ask("SELECT count(*) FROM reading.boiler") == [(900,)]
    assert all(metric(worker, "shangyun_ingest_rows_committed_total") > 0 for worker in workers)


async def test_workers_that_are_replaced_one_by_one_cost_no_bundle_a_second_transfer(
    make_broker: Callable[..., Any], make_site: Callable[..., Any]
) -> None:
    broker = make_broker()
    site = make_site(broker)
    workers = [site.running_worker(), site.running_worker()]
    broker.kill()  # so that they are in a session that is not their first
    broker.start()
    for worker in workers:
        await asyncio.to_thread(worker.wait_until_connected, times=2)
    restarted = asyncio.Event()

    async def send(plant: Any, first: int = 1) -> int:
        while not restarted.is_set():
            bundles = site.encoded(first, first + 499, suffix=plant.name.removeprefix(site.name))
            await plant.deliver(bundles, resend_seconds=30)
            first += 500
        return first - 1

    plants = [site.gateway(f"-{number}") for number in range(4)]
    sending = [asyncio.create_task(send(plant)) for plant in plants]
    for old in workers:
        successor = site.worker()
        successor.start()
        await asyncio.to_thread(successor.wait_until_connected)
        assert await asyncio.to_thread(old.stop) == 0
    restarted.set()
    sent = await asyncio.gather(*sending)

    assert [plant.sent for plant in plants] == sent
    rows = 3 * sum(sent)
    assert site.ask("SELECT count(*), count(DISTINCT (equipment_id, time)) FROM reading.boiler") == [(rows, rows)]


async def test_bad_messages_are_put_aside_while_good_traffic_goes_on(site: Any) -> None:
    site.running_worker()
    bad = {
        101: encode_bundle(site.bundle(101, kind="tele porter")),
        102: encode_bundle(site.bundle(102, gateway="somebody-else")),
        103: encode_bundle(site.bundle(103)).replace(b"cfloat", b"xfloat")[:-9],
    }
    plant = site.gateway()

    async with site.link() as link:
        await link.publish(site.topic, bad[103])
        await link.publish(site.topic, b"")
    await plant.deliver({**site.encoded(1, 30), 101: bad[101], 102: bad[102]})

    assert site.ask("SELECT count(*) FROM reading.boiler") == [(90,)]
    assert site.ask("SELECT reason, seq FROM ingest.dead_letter WHERE seq IS NOT NULL ORDER BY seq") == [
        ("kind_name", 101),
        ("wrong_gateway", 102),
    ]
    assert site.ask("SELECT count(*) FROM ingest.dead_letter WHERE seq IS NULL") == [(2,)]


async def test_a_worker_waits_for_a_broker_that_is_away_and_says_so(
    migrated_database: str, make_broker: Callable[..., Any], make_worker: Callable[..., Any]
) -> None:
    broker = make_broker()
    worker = make_worker(broker)
    worker.start()
    worker.wait_until_connected()
    assert health(worker)[0] == 200
    broker.kill()
    await asyncio.sleep(0.5)
    assert "broker" in health(worker)[1]["away_seconds"]
    broker.start()
    await asyncio.sleep(3)
    assert health(worker)[1]["away_seconds"] == {}


async def test_a_database_that_closes_its_connections_costs_nothing_but_time(site: Any) -> None:
    site.running_worker("group_bundles = 5\ngroup_milliseconds = 10")
    plant = site.gateway()
    delivery = asyncio.create_task(plant.deliver(site.encoded(1, 400), resend_seconds=5))
    with psycopg.connect(site.database, autocommit=True) as connection:
        for _ in range(5):
            await asyncio.sleep(0.1)
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shangyun'")
    await delivery

    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(1200, 1200)]


async def test_old_samples_are_refused_by_the_retention_of_the_settings(site: Any) -> None:
    site.running_worker(f"retention = {{ raw_days = {timedelta(minutes=30) / timedelta(days=1)} }}")

    await site.gateway().deliver(site.encoded(1, 1))

    assert site.ask("SELECT reason FROM ingest.dead_letter") == [("time_range",)]
    assert site.ask("SELECT received_at FROM ingest.dead_letter")[0][0] > datetime.now(UTC) - timedelta(minutes=1)


def test_a_database_that_was_not_migrated_ends_the_worker_with_what_to_do(site: Any) -> None:
    worker = site.worker()
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("DROP TABLE reading.boiler CASCADE")
    worker.start()

    assert worker.process.wait(timeout=20) == 2
    assert "shangyun db migrate" in worker.log.read_text()


async def test_a_schema_that_breaks_under_a_worker_ends_it_loudly_and_nothing_is_lost(site: Any) -> None:
    worker = site.running_worker()
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("ALTER TABLE reading.boiler RENAME COLUMN steam_flow TO renamed")
    plant = site.gateway()
    delivery = asyncio.create_task(plant.deliver(site.encoded(1, 5)))

    assert await asyncio.to_thread(worker.process.wait, 20) == 1
    assert "42703" in worker.log.read_text()
    assert "Traceback" not in worker.log.read_text()
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("ALTER TABLE reading.boiler RENAME COLUMN renamed TO steam_flow")
    worker.start()
    await delivery
    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(15, 15)]


async def test_a_broker_without_shared_subscriptions_serves_one_worker_on_the_plain_filter(
    tmp_path: Path, make_site: Callable[..., Any]
) -> None:
    with Broker.amqtt(tmp_path / "amqtt", free_port()) as broker:
        site = make_site(broker)
        site.running_worker("shared_subscription = false")

        await site.gateway().deliver(site.encoded(1, 20))

        assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(60, 60)]
