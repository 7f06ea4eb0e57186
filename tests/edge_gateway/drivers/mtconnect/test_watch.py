"""Being told of changes: streams, their gaps, restarts and silences."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from edge_gateway import metrics
from edge_gateway.drivers.mtconnect.driver import MtConnect
from simulators.servers.mtconnect_agent import MtConnectAgent
from telemetry.errors import NotConnected, Refused
from telemetry.quality import Quality
from tests.edge_gateway.drivers.mtconnect.rig import MILL, Rows, devices, driver, now_us, target, watching, working

FAST: dict[str, Any] = {"period_seconds": 0.2}


def missed(reason: str) -> float:
    return float(metrics.MISSED_CHANGES.labels("line", reason)._value.get())  # noqa: SLF001 - the library tells it nowhere else


async def test_every_change_is_a_row_at_its_own_time_with_what_stood_still_beside_it() -> None:
    wanted = target()
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        async with watching(driver(agent.port), wanted) as rows:
            await rows.having(spindle_speed=3000, program="O1", controller=0)
            at = now_us()  # three changes of one signal within an interval: none may be lost
            agent.put(at, {"crpm": "3001"})
            agent.put(at + 10, {"crpm": "3002", "cload": "41"})
            agent.put(at + 20, {"crpm": "3003"})
            agent.put_condition(at + 30, "sys", "FAULT", code="1", text="door")
            agent.put(at + 40, {"prog": "O2"})
            await rows.having(program="O2")
    changed = [row for row in rows.all if at <= row.time_us <= at + 40]
    shown = [(row.time_us - at, *(row.values[name] for name in ("spindle_speed", "spindle_load", "program"))) for row in changed]
    assert shown == [(0, 3001, 40, "O1"), (10, 3002, 41, "O1"), (20, 3003, 41, "O1"), (30, 3003, 41, "O1"), (40, 3003, 41, "O2")]
    assert [row.values["controller"] for row in rows.all][-1] == 2
    assert all(a.time_us < b.time_us for a, b in pairwise(rows.all))


async def test_a_machine_that_stands_still_has_a_row_per_period_each_after_a_sign_of_life() -> None:
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        async with watching(driver(agent.port), target(**FAST)) as rows:
            found = await rows.until(lambda rows: len(rows) >= 6)
    apart = [(b.time_us - a.time_us) / 1e6 for a, b in pairwise(found[1:6])]
    assert 0.15 < sum(apart) / len(apart) < 0.5
    assert {row.values["spindle_speed"] for row in found} == {3000}


async def test_unavailable_while_watched_is_no_value_until_the_next_one() -> None:
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        async with watching(driver(agent.port), target()) as rows:
            await rows.having(spindle_speed=3000)
            agent.put(now_us(), {"crpm": "UNAVAILABLE", "cload": "1"})
            gone = await rows.having(spindle_load=1)
            agent.put(now_us(), {"crpm": "5"})
            await rows.having(spindle_speed=5)
    assert gone.bad == {"spindle_speed": Quality.BAD_NOT_AVAILABLE}


async def test_an_agent_that_does_not_stream_is_asked_for_its_changes_and_none_is_missing() -> None:
    async with MtConnectAgent(devices()) as agent:
        agent.streams = False
        working(agent)
        async with watching(driver(agent.port), target(**FAST)) as rows:
            await rows.having(spindle_speed=3000)
            at = now_us()
            for number in range(2500):  # more than one document holds
                agent.put(at + number, {"crpm": str(number)})
            await rows.having(spindle_speed=2499)
    speeds = [row.values["spindle_speed"] for row in rows.all]
    assert [b for a, b in pairwise(speeds) if a != b] == list(range(2500))


async def test_a_stream_that_breaks_goes_on_where_it_stood_and_nothing_is_lost() -> None:
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        async with watching(driver(agent.port), target(**FAST)) as rows:
            await rows.until(lambda rows: len(rows) > 1 and rows[-1].time_us - rows[0].time_us > 1_300_000)
            agent.cut_next()
            at = now_us()
            for number in range(50):
                agent.put(at + number, {"crpm": str(number)})
            await rows.having(spindle_speed=49)
        streams = [request for request in agent.requests if request.startswith("/sample")]
    speeds = [row.values["spindle_speed"] for row in rows.all]
    assert [b for a, b in pairwise(speeds) if a != b] == list(range(50))
    assert len(streams) == 2
    assert agent.requests.count("/current") == 1


async def test_what_came_while_the_connection_was_away_is_told_when_it_is_back(unused_tcp_port: int) -> None:
    wanted, rows = target(**FAST), Rows()
    agent, connection = MtConnectAgent(devices(), port=unused_tcp_port), driver(unused_tcp_port)
    working(agent)
    await agent.__aenter__()
    async with connection:
        watch = asyncio.create_task(connection.watch([wanted], rows))
        await rows.until(lambda rows: len(rows) >= 3)
        await agent.__aexit__()  # its network is gone, and it runs on
        with pytest.raises(NotConnected):
            await watch
    at = now_us()
    for number in range(20):
        agent.put(at + number, {"crpm": str(number)})
    async with agent, connection:
        watch = asyncio.create_task(connection.watch([wanted], rows))
        await rows.having(spindle_speed=19)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    speeds = [row.values["spindle_speed"] for row in rows.all]
    assert [b for a, b in pairwise(speeds) if a != b] == list(range(20))
    assert next(row.time_us for row in rows.all if row.values["spindle_speed"] == 7) == at + 7
    assert not any(row.bad for row in rows.all)


@pytest.mark.parametrize(("streams", "version"), [(True, "1.4"), (True, "2.0"), (True, "2.7"), (False, "1.4"), (False, "2.7")])
async def test_changes_that_the_buffer_dropped_are_counted_and_told_as_bad_before_the_current_state(
    streams: bool,  # noqa: FBT001
    version: str,
) -> None:
    before = missed("out_of_range") + missed("buffer")
    async with MtConnectAgent(devices(), buffer_size=200, version=version) as agent:
        agent.streams = streams
        working(agent)
        async with watching(driver(agent.port), target(**FAST)) as rows:
            await rows.having(spindle_speed=3000)
            agent.put(now_us(), {"crpm": "1"})  # is in the buffer for a moment only
            agent.overflow()
            agent.put(now_us(), {"crpm": "2"})
            await rows.having(spindle_speed=2)
    assert missed("out_of_range") + missed("buffer") == before + 1
    gap = next(index for index, row in enumerate(rows.all) if row.bad)
    assert set(rows.all[gap].bad.values()) == {Quality.BAD_NO_COMMUNICATION}
    assert not rows.all[gap].values
    assert rows.all[gap + 1].values["spindle_speed"] == 2
    assert all(row.values["spindle_speed"] == 3000 for row in rows.all[:gap])


async def test_an_agent_that_restarted_is_probed_anew_and_the_break_is_told() -> None:
    before = missed("agent_restarted") + missed("out_of_range")
    wanted, rows = target(**FAST), Rows()
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        connection = driver(agent.port)
        async with connection:
            watch = asyncio.create_task(connection.watch([wanted], rows))
            await rows.having(spindle_speed=3000)
            agent.restart()
            with pytest.raises(NotConnected):
                await watch
        working(agent, crpm="4000")
        async with connection:
            watch = asyncio.create_task(connection.watch([wanted], rows))
            await rows.having(spindle_speed=4000)
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        assert agent.requests.count("/probe") == 2
        assert agent.requests.count("/current") == 2
    assert missed("agent_restarted") + missed("out_of_range") == before + 1
    assert [set(row.bad.values()) for row in rows.all if row.bad] == [{Quality.BAD_NO_COMMUNICATION}]


async def test_a_polled_agent_that_restarted_unseen_is_known_by_its_instance() -> None:
    before = missed("agent_restarted") + missed("out_of_range")
    async with MtConnectAgent(devices()) as agent:
        agent.streams = False
        working(agent)
        async with watching(driver(agent.port), target(**FAST)) as rows:
            await rows.having(spindle_speed=3000)
            agent.instance += 1  # the same numbers, and yet another run
            agent.put(now_us(), {"crpm": "4000"})
            await rows.having(spindle_speed=4000)
        assert agent.requests.count("/probe") == 2
    assert missed("agent_restarted") + missed("out_of_range") == before + 1


async def test_a_stream_without_its_heartbeat_is_not_connected() -> None:
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        connection = driver(agent.port, timeout_seconds=0.3)
        async with connection:
            rows = Rows()
            watch = asyncio.create_task(connection.watch([target(**FAST)], rows))
            await rows.until(lambda rows: len(rows) >= 3)
            agent.silence()
            told = len(rows.all)
            with pytest.raises(NotConnected, match=r"nothing from the agent within 0\.5 s"):
                async with asyncio.timeout(5):
                    await watch
    assert len(rows.all) <= told + 1, "no row claims that an agent nobody hears is fine"


async def test_refusals_and_nonsense_end_the_watch_with_an_error_of_the_house() -> None:
    wanted = target(**FAST)
    async with MtConnectAgent(devices()) as agent:
        working(agent)
        async with driver(agent.port) as connection:
            agent.fail_next(503)
            with pytest.raises(Refused, match="refused with code 503"):
                await connection.watch([wanted], Rows())
            agent._document = lambda *_: "<MTConnectStreams><Header instanceId="  # type: ignore[method-assign]  # noqa: SLF001
            with pytest.raises(NotConnected, match="is no XML"):
                await connection.watch([wanted], Rows())
            sound = f'<MTConnectStreams><Header instanceId="{agent.instance}"/></MTConnectStreams>'
            agent._document = lambda *_: sound  # type: ignore[method-assign]  # noqa: SLF001
            with pytest.raises(NotConnected, match=r'no nextSequence.*mode = "poll"'):
                await connection.watch([wanted], Rows())
    with pytest.raises(NotConnected, match="not connected"):
        await connection.watch([wanted], Rows())


async def test_one_stream_serves_all_machines_and_scan_groups_of_an_agent() -> None:
    lathe = MILL.replace('name="mill"', 'name="lathe"').replace('uuid="MILL.1"', 'uuid="L.2"').replace(' id="', ' id="l.')
    points = [
        {"signal": "spindle_speed", "type": "ROTARY_VELOCITY", "sub_type": "ACTUAL"},
        {"signal": "program", "type": "PROGRAM"},
    ]
    speed = target(points[:1], signals={}, root="mill", **FAST)
    program = target(points[1:], signals={}, root="MILL.1", **FAST)
    other = target(points, signals={}, root="lathe", **FAST)
    each = {speed: Rows(), program: Rows(), other: Rows()}
    async with MtConnectAgent(devices(MILL, lathe)) as agent, driver(agent.port) as connection:
        working(agent)
        watch = asyncio.create_task(connection.watch(list(each), lambda target, at, poll: each[target](target, at, poll)))
        agent.put(now_us(), {"l.crpm": "77", "l.prog": "L1"})
        await each[speed].having(spindle_speed=3000)
        await each[program].having(program="O1")
        await each[other].having(spindle_speed=77, program="L1")
        await each[other].until(lambda rows: len(rows) > 1)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        assert len([request for request in agent.requests if request.startswith("/sample")]) == 1
    assert all(set(row.values) <= {"program"} for row in each[program].all)


async def test_a_clock_that_is_an_hour_off_is_corrected_and_the_distances_stay() -> None:
    hour_us = 3_600_000_000
    async with MtConnectAgent(devices()) as agent:
        agent.clock_us = lambda: now_us() - hour_us
        working(agent)
        async with watching(driver(agent.port), target()) as rows:
            await rows.having(spindle_speed=3000)
            agent.put(now_us() - hour_us, {"crpm": "0"})
            await rows.having(spindle_speed=0)
            at = now_us()  # what is put now waits for the next interval, so that it is past when it comes
            agent.put(at - hour_us, {"crpm": "1"})
            agent.put(at - hour_us + 10, {"crpm": "2"})
            second = await rows.having(spindle_speed=2)
            first = await rows.having(spindle_speed=1)
    assert second.time_us - first.time_us == 10
    assert abs(first.time_us - at) < 2_000_000


async def test_only_a_streaming_driver_watches() -> None:
    assert driver(1).watches
    assert isinstance(driver(1, mode="poll"), MtConnect)
    assert not driver(1, mode="poll").watches
