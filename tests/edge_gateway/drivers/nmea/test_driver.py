"""The listener: what stands, what is stale, who is believed, and what happens to a connection."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from edge_gateway.driver import Overhearer
from edge_gateway.drivers.nmea.driver import Nmea
from edge_gateway.drivers.nmea.transport import Lines
from edge_gateway.scan import ConnectionScan
from shangyun.local_servers import free_port
from telemetry.errors import NotConnected
from telemetry.quality import Quality
from tests.edge_gateway.drivers.nmea.rig import POINTS, RMC, free_udp_port, line, now_us, target, tcp, told, udp

ALL = target()
VALUES = {"latitude": 49 + 16.45 / 60, "speed_through_water": 6.12, "heading": 18.2, "ambient_pressure": 101.4}
SOUND = (
    line(RMC),
    "$IIVHW,,T,,M,06.12,N,11.33,K*50",
    "$GPHDT,18.2,T*0E",
    line("IIXDR,P,101400,P,ENV_ATMOS_P"),
)
HEADING = target([POINTS[2]])


def send(port: int, *lines: str, source: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for text in lines:
            sender.sendto(f"{text}\r\n".encode(), ("127.0.0.1", port))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - it is a counter that is waited for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(*chunks: bytes, hold: bool = True) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """Serve bytes to everybody who connects."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.01)
        if not hold:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], writers
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


def rejected(reason: str) -> float:
    return REGISTRY.get_sample_value("gateway_rejected_sentences_total", {"connection": "bridge", "reason": reason}) or 0.0


async def read(driver: Nmea, wanted: Any = ALL, raw: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, Quality]]:
    return told(wanted, (await driver.read([wanted], raw=raw)).polls[0])


async def test_datagrams_become_values_at_the_gateways_time() -> None:
    port, raw = free_udp_port(), dict[str, str]()
    async with udp(port) as bridge:
        before = now_us()
        asyncio.get_running_loop().call_later(0.05, send, port, *SOUND)
        answer = await bridge.read([ALL], raw=raw)
        assert before < answer.time_us <= now_us()
    values, bad = told(ALL, answer.polls[0])
    assert bad == {}
    assert values == pytest.approx(VALUES, rel=1e-12)
    assert raw["heading"] == "$GPHDT,18.2,T*0E"


async def test_the_first_reading_waits_for_all_and_later_ones_wait_for_nothing() -> None:
    port = free_udp_port()
    async with udp(port, stale_seconds=0.6) as bridge:
        send(port, *SOUND[:3])
        started = asyncio.get_running_loop().time()
        _, bad = await read(bridge)
        assert bad == {"ambient_pressure": Quality.BAD_NO_COMMUNICATION}
        assert asyncio.get_running_loop().time() - started >= 0.25
        started = asyncio.get_running_loop().time()
        await read(bridge)
        assert asyncio.get_running_loop().time() - started < 0.1


async def test_a_value_whose_sentence_stays_away_becomes_bad_and_comes_back_with_it() -> None:
    port = free_udp_port()
    async with udp(port, stale_seconds=0.3) as bridge:
        send(port, "$GPHDT,18.2,T*0E")
        assert (await read(bridge, HEADING))[0] == {"heading": 18.2}
        await asyncio.sleep(0.4)
        assert (await read(bridge, HEADING))[1] == {"heading": Quality.BAD_NO_COMMUNICATION}
        send(port, "$GPHDT,18.2,T*0E")
        await asyncio.sleep(0.05)
        assert (await read(bridge, HEADING))[0] == {"heading": 18.2}


async def test_a_sentence_with_a_wrong_field_takes_back_what_its_talker_said_before() -> None:
    port, before = free_udp_port(), rejected("wrong_field")
    async with udp(port, stale_seconds=5) as bridge:
        send(port, "$GPHDT,18.2,T*0E")
        await read(bridge, HEADING)
        send(port, line("GPHDT,18x2,T"))
        await until(lambda: rejected("wrong_field") == before + 1)
        assert (await read(bridge, HEADING))[1] == {"heading": Quality.BAD_SENSOR_FAILURE}


async def test_a_signal_stays_with_the_talker_that_it_was_taken_from_until_that_is_silent_or_void() -> None:
    port = free_udp_port()
    async with udp(port, stale_seconds=0.4) as bridge:
        send(port, line("HEHDT,10.0,T"))
        assert (await read(bridge, HEADING))[0] == {"heading": 10.0}
        send(port, line("GPHDT,12.0,T"), line("HEHDT,10.1,T"), line("GPHDT,12.1,T"))
        await asyncio.sleep(0.05)
        assert (await read(bridge, HEADING))[0] == {"heading": 10.1}
        send(port, line("HEHDT,,T"))
        await asyncio.sleep(0.05)
        assert (await read(bridge, HEADING))[0] == {"heading": 12.1}
        send(port, line("HEHDT,10.2,T"), line("GPHDT,12.2,T"))
        await asyncio.sleep(0.05)
        assert (await read(bridge, HEADING))[0] == {"heading": 12.2}
        await asyncio.sleep(0.3)
        send(port, line("HEHDT,10.3,T"))
        await asyncio.sleep(0.2)
        assert (await read(bridge, HEADING))[0] == {"heading": 10.3}


async def test_a_point_that_names_its_talker_believes_no_other() -> None:
    port, only = free_udp_port(), target([POINTS[2] | {"talker": "HE"}])
    async with udp(port, stale_seconds=0.2) as bridge:
        send(port, line("GPHDT,12.0,T"))
        assert (await read(bridge, only))[1] == {"heading": Quality.BAD_NO_COMMUNICATION}


async def test_datagrams_of_another_sender_are_not_believed() -> None:
    port, before = free_udp_port(), rejected("foreign_sender")
    async with udp(port, sender="127.0.0.2", stale_seconds=2) as bridge:
        send(port, line("GPHDT,12.0,T"))
        await until(lambda: rejected("foreign_sender") == before + 1)
        send(port, line("GPHDT,13.0,T"), source="127.0.0.2")
        assert (await read(bridge, HEADING))[0] == {"heading": 13.0}


async def test_a_datagram_may_hold_several_sentences_with_the_head_and_tag_blocks_of_a_ships_network() -> None:
    port = free_udp_port()
    block = line("s:II0001", start="\\")
    async with udp(port, stale_seconds=2) as bridge:
        send(port, "UdPbC\0" + "\r\n".join(f"{block}\\{text}" for text in SOUND))
        assert (await read(bridge))[0] == pytest.approx(VALUES, rel=1e-12)


async def test_other_ships_are_overheard_and_are_no_values_of_this_one() -> None:
    port = free_udp_port()
    wanted = target([{"signal": "latitude", "sentence": "VDO", "field": "latitude_degrees"}])
    async with udp(port, stale_seconds=0.3) as bridge:
        assert isinstance(bridge, Overhearer)
        send(
            port,
            "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C",
            "!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E",
            "!AIVDM,2,2,3,B,1@0000000000000,2*55",
            "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D",
        )
        assert (await read(bridge, wanted))[1] == {"latitude": Quality.BAD_NO_COMMUNICATION}
        assert bridge.overheard() == [
            "other ship 477553000: 47.58283, -122.34583, 0 kn, course 51",
            "other ship 369190000: MT.MITCHELL, to SEATTLE",
            "sentences thrown away: 1 wrong_checksum",
        ]


async def test_a_stream_is_cut_into_lines_wherever_its_chunks_end() -> None:
    data = "".join(f"{text}\r\n" for text in SOUND).encode()
    async with served(b"83,K*50\r\n", data[:37], data[37:90], data[90:]) as (port, _), tcp(port, stale_seconds=5) as bridge:
        assert (await read(bridge))[0] == pytest.approx(VALUES, rel=1e-12)


async def test_a_stream_that_ends_is_told_and_the_next_connection_knows_nothing_of_it() -> None:
    async with served(b"$GPHDT,18.2,T*0E\r\n") as (port, writers):
        bridge = tcp(port, stale_seconds=0.3)
        async with bridge:
            assert (await read(bridge, HEADING))[0] == {"heading": 18.2}
            writers[0].close()
            await asyncio.sleep(0.05)
            answer = await bridge.read([HEADING])
            assert answer.is_connection_lost
            assert told(HEADING, answer.polls[0])[1] == {"heading": Quality.BAD_NOT_CONNECTED}
        async with bridge:
            assert (await read(bridge, HEADING))[0] == {"heading": 18.2}
        assert len(writers) == 2


async def test_a_stream_that_is_lost_while_it_is_waited_for_is_told_at_once() -> None:
    async with served(b"x\r\n", hold=False) as (port, _), tcp(port, stale_seconds=60) as bridge:
        assert (await bridge.read([HEADING])).is_connection_lost


async def test_a_stream_without_any_sentence_is_opened_anew_and_a_port_only_listened_to_further() -> None:
    async with served() as (port, _), tcp(port, stale_seconds=0.2) as bridge:
        await asyncio.sleep(0.25)
        answer = await bridge.read([HEADING])
    assert answer.is_connection_lost
    assert told(HEADING, answer.polls[0])[1] == {"heading": Quality.BAD_NO_COMMUNICATION}
    async with udp(free_udp_port(), stale_seconds=0.2) as bridge:
        await asyncio.sleep(0.25)
        answer = await bridge.read([HEADING])
    assert not answer.is_connection_lost
    assert told(HEADING, answer.polls[0])[1] == {"heading": Quality.BAD_NO_COMMUNICATION}


async def test_a_server_that_is_away_and_a_port_that_is_taken_are_told_in_a_sentence() -> None:
    port = free_port()
    with pytest.raises(NotConnected, match=f"bridge: cannot connect to 127.0.0.1:{port}: "):
        async with tcp(port):
            pass
    port = free_udp_port()
    async with udp(port):
        with pytest.raises(NotConnected, match=f"bridge: cannot listen on UDP 127.0.0.1:{port}: Address already in use"):
            async with udp(port):
                pass


async def test_a_driver_that_was_left_says_that_it_is_not_connected() -> None:
    bridge = udp(free_udp_port())
    assert (await read(bridge, HEADING))[1] == {"heading": Quality.BAD_NOT_CONNECTED}


def test_a_line_that_does_not_end_is_thrown_away_with_its_rest() -> None:
    taken: list[bytes] = []
    reasons: list[str] = []
    lines = Lines(taken.append, lambda reason, _: reasons.append(reason))
    for _ in range(4):
        lines.feed(b"x" * 3000)
    lines.feed(b"rest\r\n$GPHDT,18.2,T*0E\r\n")
    lines.feed(b"y" * 5000 + b"\n")
    assert [text for text in taken if text] == [b"$GPHDT,18.2,T*0E"]
    assert reasons == ["overlong", "overlong"]


async def test_a_hundred_thousand_names_of_transducers_do_not_fill_the_memory() -> None:
    before = rejected("too_many_values")
    bridge = udp(free_udp_port())
    async with bridge:
        for number in range(6000):
            bridge._take(line(f"IIXDR,C,1,C,T{number}").encode())  # noqa: SLF001 - datagrams as fast would be dropped on the way
        assert rejected("too_many_values") == before + 2000


async def test_the_scan_connects_anew_to_a_server_that_hung_up_and_rows_go_on() -> None:
    rows: list[tuple[dict[str, Any], dict[str, Quality]]] = []
    wanted = target([POINTS[2]])
    async with served(b"$GPHDT,18.2,T*0E\r\n") as (port, writers):
        scan = ConnectionScan(
            "bridge",
            tcp(port, stale_seconds=30),
            [wanted],
            deliver=lambda of, _, poll: rows.append(told(of, poll)),
            now_us=now_us,
            rng=random.Random(1),
        )
        task = asyncio.create_task(scan.run())
        await until(lambda: ({"heading": 18.2}, {}) in rows)
        writers[0].close()
        await until(lambda: ({}, {"heading": Quality.BAD_NOT_CONNECTED}) in rows)
        gone = len(rows)
        await until(lambda: ({"heading": 18.2}, {}) in rows[gone:])
        scan.leave()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
