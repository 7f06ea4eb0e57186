import asyncio
import contextlib
import json
import random
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_gateway import metrics
from edge_gateway.publisher import Publisher
from edge_gateway.settings import PublishSettings
from edge_gateway.spool import Spool, SpoolFailed
from shangyun.local_servers import Broker
from telemetry.mqtt import BrokerSettings, Link, connect, keep_connected
from telemetry.receipt import Receipt, encode_receipt
from telemetry.topics import data_topic, receipt_topic, state_topic
from telemetry.wire import decode_bundle
from tests.edge_gateway.test_spool import batch, spool

if TYPE_CHECKING:
    from telemetry.bundle import Bundle

pytestmark = pytest.mark.broker


class Ingest:
    """Stands for the cloud: notes every bundle and answers with receipts, when it is told to."""

    def __init__(self, link: Link, gateway: str) -> None:
        self.is_answering = True
        self.delay_seconds = 0.0
        self.payloads: list[bytes] = []
        self.bundles: list[Bundle] = []
        self._link = link
        self._gateway = gateway

    async def run(self) -> None:
        async for message in self._link.messages():
            bundle = decode_bundle(message.payload)
            self.payloads.append(message.payload)
            self.bundles.append(bundle)
            if self.is_answering:
                await asyncio.sleep(self.delay_seconds)
                receipt = Receipt.of(bundle.epoch, [bundle.seq])
                await self._link.publish(receipt_topic(self._gateway), encode_receipt(receipt))

    @property
    def seqs(self) -> list[int]:
        return [bundle.seq for bundle in self.bundles]


@asynccontextmanager
async def ingest(broker: Broker, gateway: str) -> AsyncIterator[Ingest]:
    async with connect(BrokerSettings(host=broker.host, port=broker.port)) as link:
        await link.subscribe(data_topic(gateway))
        it = Ingest(link, gateway)
        task = asyncio.create_task(it.run())
        try:
            yield it
        finally:
            task.cancel()
            await asyncio.wait((task,))


@asynccontextmanager
async def publishing(
    broker: Broker, it: Spool, gateway: str, *, username: str | None = None, **changes: float
) -> AsyncIterator[Publisher]:
    settings = PublishSettings(**{"receipt_timeout_seconds": 0.15, **changes})  # type: ignore[arg-type]
    publisher = Publisher(gateway, settings, it, describe=lambda: {"version": "test"}, rng=random.Random(1))
    address = BrokerSettings(host=broker.host, port=broker.port, username=username)
    task = asyncio.create_task(keep_connected(lambda: connect(address, will=publisher.will), publisher.session, name=gateway))
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()


async def until(is_so: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - conditions of many kinds
            await asyncio.sleep(0.01)


async def test_a_receipt_and_nothing_else_empties_the_spool(broker: Broker, tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it, ingest(broker, "p1") as cloud, publishing(broker, it, "p1") as publisher:
        cloud.is_answering = False
        publisher.committed(await it.append([batch(1)], []))
        await until(lambda: len(cloud.seqs) >= 3)
        assert it.status.bundles == 1, "three acknowledgements of the broker, and still on disk"
        assert len(set(cloud.payloads)) == 1, "what comes again is the same bytes"
        cloud.is_answering = True
        await until(lambda: it.status.bundles == 0)


async def test_the_window_counts_bundles_however_often_each_is_sent(broker: Broker, tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        for n in range(20):
            await it.append([batch(n)], [])
        async with ingest(broker, "p2") as cloud, publishing(broker, it, "p2", window=3):
            cloud.is_answering = False
            await until(lambda: len(cloud.seqs) >= 9)
            assert set(cloud.seqs) == {1, 2, 3}
            cloud.is_answering = True
            await until(lambda: it.status.bundles == 0)
            assert set(cloud.seqs) == set(range(1, 21))


async def test_live_bundles_go_first_and_the_backlog_drains_from_its_oldest_end(broker: Broker, tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        for n in range(200):
            await it.append([batch(n)], [])
        async with ingest(broker, "p3") as cloud, publishing(broker, it, "p3", window=4, receipt_timeout_seconds=10) as publisher:
            cloud.delay_seconds = 0.005
            await until(lambda: len(cloud.seqs) > 20)
            publisher.committed(await it.append([batch(1000)], []))
            seen = len(cloud.seqs)
            await until(lambda: 201 in cloud.seqs)
            assert cloud.seqs.index(201) - seen <= 10, "behind what was on its way, ahead of the backlog"
            await until(lambda: it.status.bundles == 0)
    assert sorted(cloud.seqs) == list(range(1, 202)), "each once"
    assert [seq for seq in cloud.seqs if seq != 201] == list(range(1, 201))


async def test_live_bundles_beyond_the_window_join_the_backlog_and_none_is_forgotten(broker: Broker, tmp_path: Path) -> None:
    async with (
        spool(tmp_path / "s") as it,
        ingest(broker, "p4") as cloud,
        publishing(broker, it, "p4", window=2, receipt_timeout_seconds=10) as publisher,
    ):
        cloud.is_answering = False
        await until(lambda: publisher.is_connected)
        for n in range(30):
            publisher.committed(await it.append([batch(n)], []))
        await until(lambda: len(cloud.seqs) == 2)
        cloud.is_answering = True
        first = Receipt.of(it.status.epoch, cloud.seqs)
        async with connect(BrokerSettings(host=broker.host, port=broker.port)) as link:
            await link.publish(receipt_topic("p4"), encode_receipt(first))
        await until(lambda: it.status.bundles == 0)
        assert sorted(cloud.seqs) == list(range(1, 31))


async def test_receipts_of_another_epoch_and_unreadable_ones_are_left_aside(broker: Broker, tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it, ingest(broker, "p5") as cloud, publishing(broker, it, "p5") as publisher:
        cloud.is_answering = False
        publisher.committed(await it.append([batch(1)], []))
        async with connect(BrokerSettings(host=broker.host, port=broker.port)) as link:
            await until(lambda: publisher.is_connected)
            await link.publish(receipt_topic("p5"), b"\xff\x00 nonsense")
            await link.publish(receipt_topic("p5"), encode_receipt(Receipt(epoch=it.status.epoch ^ 1, ranges=((1, 9),))))
        await until(lambda: len(cloud.seqs) >= 2)
        assert it.status.bundles == 1


async def test_a_broker_that_comes_back_gets_everything_that_has_no_receipt(
    make_broker: Callable[..., Broker], tmp_path: Path
) -> None:
    broker = make_broker()
    async with spool(tmp_path / "s") as it, publishing(broker, it, "p6") as publisher:
        await until(lambda: publisher.is_connected)
        broker.kill()
        await until(lambda: not publisher.is_connected)
        for n in range(10):
            publisher.committed(await it.append([batch(n)], []))
        broker.start()
        async with ingest(broker, "p6") as cloud:
            await until(lambda: it.status.bundles == 0)
        assert set(cloud.seqs) == set(range(1, 11))


async def test_after_the_spool_was_replaced_the_new_seqs_are_sent_although_old_ones_were_on_their_way(
    broker: Broker, tmp_path: Path
) -> None:
    async with spool(tmp_path / "s") as it, ingest(broker, "p10") as cloud, publishing(broker, it, "p10", window=2) as publisher:
        cloud.is_answering = False
        for n in range(3):
            publisher.committed(await it.append([batch(n)], []))
        await until(lambda: len(cloud.seqs) >= 2)
        await it._stop()  # noqa: SLF001 - so that the damage below is not hidden by the cache
        (tmp_path / "s").write_bytes(b"no database " * 1000)
        with pytest.raises(SpoolFailed):
            await it.append([batch(10)], [])
        publisher.committed(await it.append([batch(10)], []))
        cloud.is_answering = True
        await until(lambda: it.status.bundles == 0)
        last = cloud.bundles[-1]
        assert (last.epoch, last.seq) == (it.status.epoch, 1)


async def test_what_the_broker_refuses_stays_on_disk_is_counted_and_goes_when_it_may(
    make_broker: Callable[..., Broker], tmp_path: Path
) -> None:
    """MQTT 5 tells a publisher that the ACL denies it, with reason 0x87 (135)."""
    broker = make_broker(acl="topic readwrite sy/1/p7/#\nuser stranger\ntopic read sy/1/p7/#\n")
    refused = metrics.REFUSED.labels("135")
    before = refused._value.get()  # noqa: SLF001 - the library offers no other way to read a counter
    async with spool(tmp_path / "s") as it:
        await it.append([batch(1)], [])
        async with publishing(broker, it, "p7", username="stranger"):
            await until(lambda: refused._value.get() - before >= 2)  # noqa: SLF001
            assert it.status.bundles == 1
        async with ingest(broker, "p7"), publishing(broker, it, "p7"):
            await until(lambda: it.status.bundles == 0)


async def test_the_state_is_retained_and_the_last_will_takes_it_back(broker: Broker, tmp_path: Path) -> None:
    states: list[dict[str, object]] = []

    async def listen() -> None:
        async with connect(BrokerSettings(host=broker.host, port=broker.port)) as link:
            await link.subscribe(state_topic("p8"))
            async for message in link.messages():
                states.append(json.loads(message.payload))  # noqa: PERF401 - the other task waits for each of them

    async with spool(tmp_path / "s") as it, connect(BrokerSettings(host=broker.host, port=broker.port)) as link:
        publisher = Publisher("p8", PublishSettings(), it, describe=lambda: {"version": "test"}, rng=random.Random(1))
        session = asyncio.create_task(publisher.session(link))
        await until(lambda: publisher.is_connected)
        await asyncio.sleep(0.1)
        listener = asyncio.create_task(listen())
        await until(lambda: bool(states))
        session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await session
        await publisher.say_goodbye(link)
        await until(lambda: len(states) == 2)
        listener.cancel()
        await asyncio.wait((listener,))
    assert states[0]["online"] is True
    assert states[0]["version"] == "test"
    assert isinstance(states[0]["spool"], dict)
    assert states[0]["spool"]["epoch"] == it.status.epoch
    assert states[1] == {"online": False, "gateway": "p8"}


async def test_what_changes_after_the_goodbye_does_not_call_the_gateway_online_again(broker: Broker, tmp_path: Path) -> None:
    settings = BrokerSettings(host=broker.host, port=broker.port)
    async with spool(tmp_path / "s") as it, connect(settings) as link, connect(settings) as later:
        publisher = Publisher("p9", PublishSettings(), it, describe=lambda: {"version": "test"}, rng=random.Random(1))
        session = asyncio.create_task(publisher.session(link))
        await until(lambda: publisher.is_connected)
        await publisher.say_goodbye(link)
        publisher.tell_state()  # a connection that closes while the gateway leaves
        await asyncio.sleep(0.2)
        await later.subscribe(state_topic("p9"))
        retained = await anext(later.messages())
        session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await session
    assert json.loads(retained.payload) == {"online": False, "gateway": "p9"}


async def test_no_value_is_lost_or_doubled_while_the_broker_is_killed_again_and_again(
    make_broker: Callable[..., Broker], tmp_path: Path
) -> None:
    broker = make_broker()
    committed: dict[int, Bundle] = {}

    async def cloud() -> None:
        async def session(link: Link) -> None:
            await link.subscribe(data_topic("p9"))
            async for message in link.messages():
                bundle = decode_bundle(message.payload)
                committed.setdefault(bundle.seq, bundle)  # the ledger: a bundle counts once
                await link.publish(receipt_topic("p9"), encode_receipt(Receipt.of(bundle.epoch, [bundle.seq])))

        await keep_connected(lambda: connect(BrokerSettings(host=broker.host, port=broker.port)), session, name="cloud")

    task = asyncio.create_task(cloud())
    async with spool(tmp_path / "s") as it, publishing(broker, it, "p9") as publisher:
        for n in range(150):
            publisher.committed(await it.append([batch(n, float(n))], []))
            await asyncio.sleep(0.01)
            if n % 50 == 25:
                broker.kill()
                broker.start()
        await until(lambda: it.status.bundles == 0, seconds=15)
    task.cancel()
    await asyncio.wait((task,))
    times = [struct.unpack("<q", b.times)[0] for bundle in committed.values() for b in bundle.batches]
    values = [struct.unpack("<d", b.values)[0] for bundle in committed.values() for b in bundle.batches]
    assert sorted(times) == list(range(150))
    assert [float(time) for time in times] == values


async def test_while_no_ingest_is_subscribed_bundles_come_again_soon_and_not_after_the_receipts_time(
    broker: Broker, tmp_path: Path
) -> None:
    async with spool(tmp_path / "s") as it:
        unheard = metrics.UNHEARD._value.get()  # noqa: SLF001 - the library offers no other way to read a counter
        async with publishing(broker, it, "p-unheard", receipt_timeout_seconds=60) as publisher:
            await until(lambda: publisher.is_connected)
            publisher.committed(await it.append([batch(1)], []))
            await until(lambda: metrics.UNHEARD._value.get() > unheard)  # noqa: SLF001
            async with ingest(broker, "p-unheard") as cloud:
                await until(lambda: it.status.bundles == 0)
                assert cloud.seqs == [1]
