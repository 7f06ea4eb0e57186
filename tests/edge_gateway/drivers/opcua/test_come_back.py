"""What becomes of sessions, subscriptions and changes when the way to the server, or the server itself, is away for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncua import ua
from asyncua.server.internal_session import InternalSession
from asyncua.ua.status_codes import StatusCodes

from shangyun.local_servers import free_port
from simulators.faults import LinkFault
from simulators.link import Link
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere
from tests.edge_gateway.drivers.opcua.plant import (
    POINTS,
    Machine,
    Watcher,
    driver,
    numbers_in_order,
    target,
)

BACK_SECONDS = 10.0


@asynccontextmanager
async def watched_over_a_link(elsewhere: Elsewhere, **more: object) -> AsyncIterator[tuple[Link, Watcher]]:
    await elsewhere.do(elsewhere.machine.set("Speed", 8000.5))
    async with (
        Link(server_port=elsewhere.port) as link,
        Watcher(driver(link.port, **more), target(sampling_seconds=0, queue_size=100)) as watcher,
    ):
        await watcher.until(lambda: bool(watcher.rows))
        yield link, watcher


async def test_after_a_break_the_session_is_taken_over_and_the_changes_meanwhile_are_told(elsewhere: Elsewhere) -> None:
    asked = elsewhere.machine.session_requests
    async with watched_over_a_link(elsewhere) as (link, watcher):
        link.add(LinkFault(kind="link_refuse"))
        link.add(LinkFault(kind="link_reset"))
        await watcher.until(lambda: len(watcher.losses) >= 2)
        for number in range(20):
            await elsewhere.do(elsewhere.machine.set("Speed", float(number)))
        back = asyncio.get_running_loop().time()
        link.clear()
        row = await watcher.row_with("spindle_speed", 19.0, seconds=BACK_SECONDS)
    assert row.came - back < BACK_SECONDS
    assert numbers_in_order(watcher.rows, "spindle_speed") == [8000.5, *map(float, range(20))]
    assert elsewhere.machine.session_requests == asked + 1
    assert watcher.attempts > 2


async def test_a_black_hole_is_noticed_and_the_session_is_taken_over_when_it_ends(elsewhere: Elsewhere) -> None:
    asked = elsewhere.machine.session_requests
    async with watched_over_a_link(elsewhere, timeout_seconds=1.0) as (link, watcher):
        hole = link.add(LinkFault(kind="link_black_hole"))
        await watcher.until(lambda: bool(watcher.losses))
        await elsewhere.do(elsewhere.machine.set("Speed", 31.0))
        await watcher.until(lambda: len(watcher.losses) >= 2)
        link.clear(hole)
        await watcher.row_with("spindle_speed", 31.0, seconds=BACK_SECONDS)
    assert elsewhere.machine.session_requests == asked + 1


async def test_a_session_that_the_server_forgot_is_made_anew_and_the_subscription_is_transferred(elsewhere: Elsewhere) -> None:
    machine = elsewhere.machine
    asked = machine.session_requests
    subscriptions = machine.server.iserver.subscription_service.subscriptions
    async with watched_over_a_link(elsewhere) as (link, watcher):
        [before] = subscriptions
        link.add(LinkFault(kind="link_refuse"))
        link.add(LinkFault(kind="link_reset"))
        await watcher.until(lambda: bool(watcher.losses))
        for session in list(machine.server.iserver._external_sessions.values()):  # noqa: SLF001
            await elsewhere.do(session.close_session(delete_subs=False))
        for number in (1.0, 2.0, 3.0):
            await elsewhere.do(machine.set("Speed", number))
        link.clear()
        await watcher.row_with("spindle_speed", 3.0)
        assert list(subscriptions) == [before]
    assert numbers_in_order(watcher.rows, "spindle_speed") == [8000.5, 1.0, 2.0, 3.0]
    assert machine.session_requests == asked + 2


async def test_a_restarted_server_is_watched_again_and_nobody_elses_session_or_subscription_is_taken() -> None:
    """The server gives the first comer the very token and numbers that we had before it was restarted."""
    port, counters = free_port(), (InternalSession._counter, InternalSession._auth_counter)  # noqa: SLF001
    first = Machine(port)
    stranger = Watcher(driver(port), target(POINTS[1:2]))
    async with Link(server_port=port) as link:
        await first.__aenter__()
        async with Watcher(driver(link.port), target()) as watcher:
            await watcher.until(lambda: bool(watcher.rows))
            [token] = first.server.iserver._external_sessions  # noqa: SLF001
            refusing = link.add(LinkFault(kind="link_refuse"))
            await first.kill()
            await watcher.until(lambda: bool(watcher.losses))
            InternalSession._counter, InternalSession._auth_counter = counters  # noqa: SLF001 - as in a new process
            async with Machine(port) as second, stranger:
                await stranger.until(lambda: bool(stranger.rows))
                assert list(second.server.iserver._external_sessions) == [token]  # noqa: SLF001
                link.clear(refusing)
                await watcher.until(lambda: second.session_requests == 2)
                await second.set("Speed", 3.5)
                await watcher.row_with("spindle_speed", 3.5, seconds=BACK_SECONDS)
                assert watcher.last("part_count_total") == (4_000_000_000.0, Quality.GOOD)


async def test_every_attempt_asks_for_one_session_at_most_when_the_server_refuses_them() -> None:
    port = free_port()
    async with Machine(port) as machine:
        machine.server.iserver.max_connections = 1000
        usual, InternalSession.max_connections = InternalSession.max_connections, 0
        try:
            async with Watcher(driver(port), target(), wait_seconds=0.05) as watcher:
                await watcher.until(lambda: len(watcher.losses) >= 5)
                asked, attempts = machine.session_requests, watcher.attempts
                sessions = len(machine.server.iserver._external_sessions)  # noqa: SLF001
        finally:
            InternalSession.max_connections = usual
    assert asked <= attempts
    assert "BadMaxConnectionsReached" in watcher.losses[0]
    assert sessions <= 1, "what was made and could not be used is given back"


async def test_a_row_of_bad_values_is_never_told_as_good_after_a_return(elsewhere: Elsewhere) -> None:
    async with watched_over_a_link(elsewhere) as (link, watcher):
        code = ua.StatusCode(ua.UInt32(StatusCodes.BadSensorFailure))
        await elsewhere.do(elsewhere.machine.set("Speed", 1.0, status=code.name))
        await watcher.until(lambda: watcher.last("spindle_speed")[1] is Quality.BAD_SENSOR_FAILURE)
        link.add(LinkFault(kind="link_reset"))
        await watcher.until(lambda: bool(watcher.losses))
        count = len(watcher.rows)
        await watcher.until(lambda: len(watcher.rows) > count)
        assert watcher.last("spindle_speed")[1] is Quality.BAD_SENSOR_FAILURE
        await elsewhere.do(elsewhere.machine.set("Speed", 8000.5))
        await watcher.until(lambda: watcher.last("spindle_speed") == (8000.5, Quality.GOOD))
