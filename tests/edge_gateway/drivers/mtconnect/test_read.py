"""Polling an agent: ``/current``, once per place."""

import asyncio
import time

import pytest

from edge_gateway import metrics
from edge_gateway.driver import Watcher
from simulators.servers.mtconnect_agent import MtConnectAgent
from telemetry.errors import ConfigError, NotConnected, Refused
from telemetry.quality import Quality
from tests.edge_gateway.drivers.mtconnect.rig import MILL, POINTS, devices, driver, now_us, target, told, working


async def test_a_current_state_is_one_row_with_each_item_in_its_signals_unit() -> None:
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:
        working(agent)
        raw: dict[str, str] = {}
        before = now_us()
        answer = await connection.read([target()], raw=raw)
    assert before <= answer.time_us <= now_us()
    assert answer.answered
    assert not answer.is_connection_lost
    values, bad = told(target(), answer.polls[0])
    assert values == {
        "execution": 0,
        "program": "O1",
        "part_count_total": 7,
        "spindle_speed": 3000,
        "spindle_load": 40,
        "path_feedrate": 1800,  # 30 mm/s, in mm/min
        "axis_load_x": 12.5,
        "controller": 0,
    }
    assert bad == {}
    assert raw["path_feedrate"] == "30"
    assert raw["controller"] == "NORMAL"


@pytest.mark.parametrize("version", ["1.2", "1.4", "1.8", "2.0", "2.7"])
async def test_every_version_of_the_schema_is_read_for_only_namespaces_differ(version: str) -> None:
    async with MtConnectAgent(devices(), version=version) as agent, driver(agent.port) as connection:
        working(agent)
        answer = await connection.read([target()])
    assert told(target(), answer.polls[0])[0]["spindle_speed"] == 3000


async def test_unavailable_is_no_value_and_what_the_profile_cannot_read_leaves_the_others_alone() -> None:
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:
        working(agent, crpm="UNAVAILABLE", prog="UNAVAILABLE", exec="DANCING", cload="forty", xload="1_0", parts="")
        answer = await connection.read([target()])
    values, bad = told(target(), answer.polls[0])
    assert values == {"path_feedrate": 1800, "controller": 0}
    assert bad == {
        "spindle_speed": Quality.BAD_NOT_AVAILABLE,
        "execution": Quality.BAD_CONFIGURATION_ERROR,
        "spindle_load": Quality.BAD_CONFIGURATION_ERROR,
        "axis_load_x": Quality.BAD_CONFIGURATION_ERROR,
        "part_count_total": Quality.BAD_NOT_AVAILABLE,
    }


async def test_a_condition_is_as_bad_as_the_worst_of_what_stands_in_it() -> None:
    points = [{"signal": "controller", "type": "SYSTEM"}, {"signal": "program", "data_item": "sys"}]
    wanted = target(points)
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:

        async def seen() -> tuple[dict[str, float | str], dict[str, Quality]]:
            return told(wanted, (await connection.read([wanted])).polls[0])

        assert await seen() == ({}, {"controller": Quality.BAD_NOT_AVAILABLE})
        agent.put_condition(now_us(), "sys", "WARNING", code="7", text="oil low")
        agent.put_condition(now_us(), "sys", "FAULT", code="401", text="door")
        assert await seen() == ({"controller": 2, "program": "FAULT 401 door; WARNING 7 oil low"}, {})
        agent.put_condition(now_us(), "sys", "NORMAL", code="401")
        assert await seen() == ({"controller": 1, "program": "WARNING 7 oil low"}, {})
        agent.put_condition(now_us(), "sys", "NORMAL")
        assert await seen() == ({"controller": 0, "program": "NORMAL"}, {})


async def test_devices_of_one_agent_are_places_of_their_own() -> None:
    lathe = MILL.replace('name="mill"', 'name="lathe 2"').replace('uuid="MILL.1"', 'uuid="L.2"').replace(' id="', ' id="l.')
    mill, other, missing = target(root="mill"), target(root="lathe 2"), target(root="press")
    async with MtConnectAgent(devices(MILL, lathe)) as agent, driver(agent.port) as connection:
        working(agent, crpm="1000")
        agent.put(agent.clock_us(), {"l.crpm": "2000"})
        assert [connection.place(one) for one in (mill, other)] == ["mill", "lathe 2"]
        assert told(mill, (await connection.read([mill])).polls[0])[0]["spindle_speed"] == 1000
        assert told(other, (await connection.read([other])).polls[0])[0] == {"spindle_speed": 2000}
        nobody = await connection.read([missing])
        either = await connection.read([target()])
    assert nobody.answered
    assert set(told(missing, nobody.polls[0])[1].values()) == {Quality.BAD_REFUSED_BY_DEVICE}
    assert set(told(target(), either.polls[0])[1].values()) == {Quality.BAD_CONFIGURATION_ERROR}, "several, and none was named"


async def test_an_agent_that_was_started_anew_is_asked_again_which_items_it_has() -> None:
    wanted = target([{"signal": "spindle_speed", "data_item": "crpm"}])
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:
        assert told(wanted, (await connection.read([wanted])).polls[0])[1] == {"spindle_speed": Quality.BAD_NOT_AVAILABLE}
        agent.restart()
        # The new run has the spindle's speed in other units: without a second look 50 would be taken for rpm.
        agent._devices.find(".//DataItem[@id='crpm']").set("units", "REVOLUTION/SECOND")  # type: ignore[union-attr]  # noqa: SLF001
        agent.put(agent.clock_us(), {"crpm": "50"})
        await asyncio.sleep(0)
        lost = await connection.read([wanted])
        answer = lost if not lost.is_connection_lost else await connection.read([wanted])
    assert told(wanted, answer.polls[0])[0] == {"spindle_speed": 3000}


async def test_a_refusal_a_silence_and_a_broken_answer_are_told_apart_and_nothing_is_raised() -> None:
    wanted = target()
    async with MtConnectAgent(devices()) as agent, driver(agent.port, timeout_seconds=0.3) as connection:
        working(agent)
        agent.fail_next(500)
        refused = await connection.read([wanted])
        agent.cut_next()
        cut = await connection.read([wanted])
        agent.delay_seconds = 5.0
        started = time.monotonic()
        slow = await connection.read([wanted])
        assert time.monotonic() - started < 2
        agent.delay_seconds = 0.0
        back = await connection.read([wanted])
    assert (refused.answered, refused.is_connection_lost) == (True, False)
    assert {quality for _, quality in refused.polls[0].readings} == {Quality.BAD_REFUSED_BY_DEVICE}
    for lost in (cut, slow):
        assert (lost.answered, lost.is_connection_lost) == (False, True)
        assert {quality for _, quality in lost.polls[0].readings} == {Quality.BAD_NOT_CONNECTED}
    assert slow.spent_seconds >= 0.3
    assert back.answered


async def test_who_is_not_there_is_not_connected_and_who_is_no_agent_is_refused(unused_tcp_port: int) -> None:
    with pytest.raises(NotConnected, match=str(unused_tcp_port)):
        async with driver(unused_tcp_port):
            pass
    async with MtConnectAgent(devices()) as agent:
        agent.fail_next(404)
        with pytest.raises(Refused, match="refused with code 404"):
            async with driver(agent.port):
                pass
        async with driver(agent.port) as connection:  # and it can be entered again
            assert isinstance(connection, Watcher)


async def test_a_gateway_only_ever_gets() -> None:
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:
        await connection.read([target()])
        assert [request.partition("?")[0] for request in agent.requests] == ["/probe", "/current"]


async def test_a_left_driver_answers_that_it_is_not_connected() -> None:
    async with MtConnectAgent(devices()) as agent:
        connection = driver(agent.port)
        async with connection:
            pass
        answer = await connection.read([target(POINTS)])
    assert answer.is_connection_lost
    assert {quality for _, quality in answer.polls[0].readings} == {Quality.BAD_NOT_CONNECTED}


def test_an_authority_that_cannot_be_read_is_a_mistake_in_the_settings(tmp_path: object) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        asyncio.run(driver(1, url="https://127.0.0.1:1", ca_file=f"{tmp_path}/nowhere.pem").__aenter__())


async def test_what_lacks_a_number_or_a_time_is_left_out_and_counted() -> None:
    before = metrics.DOUBTFUL.labels("line")._value.get()  # noqa: SLF001 - the library tells it nowhere else
    body = (
        '<MTConnectStreams><Header instanceId="{0}" nextSequence="9"/><Streams><S><Samples>'
        '<Load dataItemId="cload" sequence="1" timestamp="2026-01-01T00:00:00Z">3</Load>'
        '<Load dataItemId="xload" sequence="1" timestamp="soon">4</Load><Load dataItemId="xload">5</Load>'
        "</Samples></S></Streams></MTConnectStreams>"
    )
    async with MtConnectAgent(devices()) as agent, driver(agent.port) as connection:
        agent._document = lambda *_: body.format(agent.instance)  # type: ignore[method-assign]  # noqa: SLF001
        answer = await connection.read([target()])
    values, bad = told(target(), answer.polls[0])
    assert values == {"spindle_load": 3}
    assert bad["axis_load_x"] == Quality.BAD_NOT_AVAILABLE
    assert metrics.DOUBTFUL.labels("line")._value.get() == before + 2  # noqa: SLF001
