"""Being told of changes: when rows come, which times they have, and what is missing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.ua.status_codes import StatusCodes

from edge_gateway import metrics
from edge_gateway.drivers.opcua import nodes, watch
from edge_gateway.settings import OnChangeSettings
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere
from tests.edge_gateway.drivers.opcua.plant import (
    EXPECTED,
    MISSING,
    POINTS,
    VALUES,
    Watcher,
    driver,
    now_us,
    numbers_in_order,
    target,
)


@pytest.fixture(autouse=True)
def usual_values(elsewhere: Elsewhere) -> None:
    for name, (value, _) in VALUES.items():
        elsewhere.run(elsewhere.machine.set(name, value))


def missed(reason: str) -> float:
    value: float = metrics.MISSED_CHANGES.labels("cnc", reason)._value.get()  # noqa: SLF001 - the library has no getter
    return value


async def test_the_first_row_is_whole_and_of_now(elsewhere: Elsewhere) -> None:
    long_ago = ua.DateTime(2020, 1, 1)
    await elsewhere.do(elsewhere.machine.set("Speed", 8000.5, source=long_ago))
    before = now_us()
    async with Watcher(driver(elsewhere.port), target([*POINTS, *MISSING])) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
    first = watcher.rows[0]
    assert before < first.time_us <= now_us()
    assert {name: value for name, (value, quality) in first.values.items() if quality is Quality.GOOD} == EXPECTED
    assert first.values["machine_power"][1] is Quality.BAD_CONFIGURATION_ERROR
    assert first.texts == {"program": "O1001"}


async def test_a_change_is_a_row_with_the_time_of_its_source(elsewhere: Elsewhere) -> None:
    async with Watcher(driver(elsewhere.port), target(on_change=OnChangeSettings())) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        source = ua.DateTime.utcnow()
        await elsewhere.do(elsewhere.machine.set("Speed", 11.0, source=source))
        row = await watcher.row_with("spindle_speed", 11.0)
        await elsewhere.do(elsewhere.machine.set("Program", "O2002"))
        await watcher.until(lambda: watcher.rows[-1].texts == {"program": "O2002"})
    assert row.time_us == round((source - ua.DateTime(1970, 1, 1)) / timedelta(microseconds=1))
    assert row.values["part_count_total"] == (4_000_000_000.0, Quality.GOOD), "what did not change is what it was"


async def test_a_source_whose_clock_stands_still_is_not_believed(elsewhere: Elsewhere) -> None:
    year_2000 = ua.DateTime(2000, 1, 1)
    async with Watcher(driver(elsewhere.port), target()) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        before = now_us()
        await elsewhere.do(elsewhere.machine.set("Speed", 12.0, source=year_2000))
        row = await watcher.row_with("spindle_speed", 12.0)
    assert before <= row.time_us <= now_us()


async def test_values_that_do_not_change_are_told_every_second_and_with_on_change_when_silence_has_lasted(
    elsewhere: Elsewhere,
) -> None:
    always, rarely = target(), target(on_change=OnChangeSettings(max_silence_seconds=600))
    async with Watcher(driver(elsewhere.port), always) as often, Watcher(driver(elsewhere.port), rarely) as seldom:
        await often.until(lambda: len(often.rows) >= 4)
    apart = [(after.came - before.came) for before, after in zip(often.rows[1:], often.rows[2:], strict=False)]
    assert max(apart) < 1.6
    assert len(seldom.rows) == 1


async def test_changes_within_the_deadband_stay_at_the_server(elsewhere: Elsewhere) -> None:
    on_change = OnChangeSettings(deadband={"spindle_load": 0.5})  # five of the device's tenths
    async with Watcher(driver(elsewhere.port), target(on_change=on_change)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        await elsewhere.do(elsewhere.machine.set("Load", 427))
        await elsewhere.do(elsewhere.machine.set("Load", 437))
        await watcher.row_with("spindle_load", 43.7)
    assert numbers_in_order(watcher.rows, "spindle_load") == [42.3, 43.7]


async def test_a_node_that_comes_later_is_found(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "LOOK_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(watch, "LOOK_AGAIN_SECONDS", 0.3)
    late = target([*POINTS, {"signal": "feed_override", "path": "m:Monitoring/m:Override"}])
    async with Watcher(driver(elsewhere.port), late) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        assert watcher.last("feed_override")[1] is Quality.BAD_CONFIGURATION_ERROR
        await elsewhere.do(elsewhere.machine.add("Override", 70.0, ua.VariantType.Double))
        await watcher.row_with("feed_override", 70.0)
        assert watcher.last("spindle_speed") == (8000.5, Quality.GOOD)
    await elsewhere.do(elsewhere.machine.nodes.pop("Override").delete())


async def test_a_message_that_was_lost_is_sent_again(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    losing = _Losing(monkeypatch)
    before = missed("message")
    async with Watcher(driver(elsewhere.port), target(sampling_seconds=0)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        losing.next = True
        await elsewhere.do(elsewhere.machine.set("Speed", 1.0))
        await losing.has_lost.wait()
        await elsewhere.do(elsewhere.machine.set("Speed", 2.0))
        await watcher.row_with("spindle_speed", 2.0)
    assert numbers_in_order(watcher.rows, "spindle_speed") == [8000.5, 1.0, 2.0]
    assert missed("message") == before


async def test_when_a_lost_message_is_gone_it_is_counted_and_everything_is_read(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing = _Losing(monkeypatch)
    monkeypatch.setattr(InternalSubscription, "republish", lambda *_: ua.NotificationMessage())
    before = missed("message")
    async with Watcher(driver(elsewhere.port), target(sampling_seconds=0)) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        losing.next = True
        await elsewhere.do(elsewhere.machine.set("Load", 999))
        await losing.has_lost.wait()
        await elsewhere.do(elsewhere.machine.set("Speed", 2.0))
        await watcher.until(lambda: watcher.last("spindle_load")[0] == 99.9 and watcher.last("spindle_speed")[0] == 2.0)
    assert missed("message") == before + 1


class _Losing:
    """Loses a message of the server on the way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.next = False
        self.has_lost = asyncio.Event()
        loop, pop = asyncio.get_running_loop(), InternalSubscription._pop_publish_result  # noqa: SLF001

        def lossy(subscription: InternalSubscription) -> ua.PublishResult:
            result = pop(subscription)
            if self.next and result.NotificationMessage.NotificationData:
                self.next = False
                loop.call_soon_threadsafe(self.has_lost.set)
                # As keep-alive with the number before: the client sees that nothing came, as if the message had been lost.
                return ua.PublishResult(
                    SubscriptionId=result.SubscriptionId,
                    NotificationMessage=ua.NotificationMessage(SequenceNumber=result.NotificationMessage.SequenceNumber),
                )
            return result

        monkeypatch.setattr(InternalSubscription, "_pop_publish_result", lossy)


async def test_a_subscription_that_the_server_ends_is_made_anew(elsewhere: Elsewhere) -> None:
    before = missed("subscription")
    async with Watcher(driver(elsewhere.port), target()) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        service = elsewhere.machine.server.iserver.subscription_service
        await elsewhere.do(service.delete_subscriptions(list(service.subscriptions)))
        await elsewhere.do(elsewhere.machine.set("Speed", 5.0))
        await watcher.row_with("spindle_speed", 5.0)
        assert watcher.attempts == 1, "the connection and its session stay"
    assert missed("subscription") == before + 1


async def test_a_server_without_subscriptions_is_polled_and_that_is_said_once(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise ServiceError(StatusCodes.BadServiceUnsupported)

    monkeypatch.setattr(elsewhere.machine.server.iserver.subscription_service, "create_subscription", refuse)
    async with Watcher(driver(elsewhere.port), target()) as watcher:
        await watcher.until(lambda: len(watcher.rows) >= 3)
        await elsewhere.do(elsewhere.machine.set("Speed", 6.0))
        await watcher.row_with("spindle_speed", 6.0)
        for transport in list(elsewhere.machine.server.iserver.asyncio_transports):
            elsewhere.loop.call_soon_threadsafe(transport.abort)
        await watcher.until(lambda: bool(watcher.losses))
        count = len(watcher.rows)
        await watcher.until(lambda: len(watcher.rows) > count + 1)
    assert caplog.text.count("polling instead") == 1
    assert "BadServiceUnsupported" in caplog.text


async def test_targets_that_stay_keep_their_subscription_when_others_go(elsewhere: Elsewhere) -> None:
    service = elsewhere.machine.server.iserver.subscription_service
    stays, goes, comes = target(POINTS[:2]), target(POINTS[2:4]), target(POINTS[4:])
    rows: asyncio.Queue[Any] = asyncio.Queue()
    async with driver(elsewhere.port) as it:
        for targets in ([stays, goes], [stays, comes]):
            watching = asyncio.create_task(it.watch(targets, lambda *row: rows.put_nowait(row)))
            seen: set[Any] = set()
            while not seen.issuperset(targets):
                seen.add((await rows.get())[0])
            last = set(service.subscriptions)
            if goes in targets:
                first = last
            watching.cancel()
            await asyncio.wait([watching])
    assert len(first) == len(last) == 2
    assert len(first & last) == 1
    assert not service.subscriptions


async def test_leaving_and_cancelling_take_no_time_when_the_server_does_not_answer(elsewhere: Elsewhere) -> None:
    loop = asyncio.get_running_loop()
    it = driver(elsewhere.port)
    async with Watcher(it, target()) as watcher:
        await watcher.until(lambda: bool(watcher.rows))
        blocked = asyncio.create_task(elsewhere.do(_block(5.0)))
        began = loop.time()
    assert loop.time() - began < 4.5
    await blocked


async def _block(seconds: float) -> None:
    import time

    time.sleep(seconds)  # noqa: ASYNC251 - the server's loop shall stand still
