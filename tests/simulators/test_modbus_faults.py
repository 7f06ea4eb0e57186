"""Each fault as a raw client sees it on the wire, on every transport that has it."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from simulators.faults import (
    Asked,
    DelayFault,
    ExceptionFault,
    Faults,
    HoleFault,
    LateFault,
    PlainFault,
    PlainKind,
    SplitFault,
    WrongLengthFault,
)
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus_conversation import MOST_WAITING
from tests.simulators.modbus_wire import OTHER_UNIT, READ, REPLY, RTU, TRANSPORTS, Line, Place, crc, framed, place

every_transport = pytest.mark.parametrize("transport", TRANSPORTS)
INVERTED = bytes.fromhex("03 08 ffff edcb 5432 a987")
SECOND_READ, SECOND_REPLY = bytes.fromhex("03 0001 0002"), bytes.fromhex("03 04 1234 abcd")


def once(kind: PlainKind, **more: Any) -> PlainFault:
    return PlainFault(kind=kind, times=1, **more)


async def is_healthy(transport: str, line: Line) -> None:
    """Ask once more, something else: what comes is the right answer and nothing else lies before it."""
    reply = framed(transport, SECOND_REPLY, transaction=0x0202)
    assert await line.ask(transport, SECOND_READ, transaction=0x0202, length=len(reply)) == reply


@every_transport
async def test_a_dropped_reply_was_served_but_never_comes(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [once("drop")]) as (here, line):
        line.send(framed(transport, READ))
        await is_healthy(transport, line)
        assert here.faults.counts == {"drop": 1}
        assert here.marks() == ["drop"]


@every_transport
async def test_a_delayed_reply_is_right_and_holds_up_what_comes_after_it(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [DelayFault(kind="delay", seconds=(0.1, 0.15), times=1)]) as (here, line):
        began = time.monotonic()
        line.send(framed(transport, READ))
        await is_healthy_after(transport, line, framed(transport, REPLY))
        assert 0.1 <= time.monotonic() - began < 1
        assert here.marks() == [None]


async def is_healthy_after(transport: str, line: Line, first: bytes) -> None:
    """Ask something else at once; the first answer still comes first."""
    reply = framed(transport, SECOND_REPLY, transaction=0x0202)
    line.send(framed(transport, SECOND_READ, transaction=0x0202))
    assert await line.take(len(first) + len(reply)) == first + reply


@every_transport
async def test_a_slow_unit_serves_one_request_after_the_other(transport: str, tmp_path: Path) -> None:
    faults = [DelayFault(kind="slow", units=(7,), seconds=0.08)]
    async with place(transport, tmp_path, faults) as (here, line):
        began = time.monotonic()
        for number in range(3):
            line.send(framed(transport, READ, transaction=number))
        expected = b"".join(framed(transport, REPLY, transaction=number) for number in range(3))
        assert await line.take(len(expected)) == expected
        assert 0.24 <= time.monotonic() - began < 1
        assert here.marks() == [None] * 3


@pytest.mark.parametrize("transport", ["modbus_tcp", "modbus_rtu_over_tcp"])
async def test_a_slow_unit_is_slow_over_all_connections_and_its_neighbour_is_not(transport: str, tmp_path: Path) -> None:
    faults = [DelayFault(kind="slow", units=(7,), seconds=0.1)]
    async with place(transport, tmp_path, faults) as (here, line), here.line() as other:
        began = time.monotonic()
        line.send(framed(transport, READ))
        assert await other.ask(transport, unit=OTHER_UNIT) == framed(transport, REPLY, unit=OTHER_UNIT)
        assert time.monotonic() - began < 0.1
        await other.ask(transport)
        assert time.monotonic() - began >= 0.2


@every_transport
async def test_a_late_reply_in_order_holds_up_the_later_ones(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [LateFault(seconds=0.1, times=1)]) as (here, line):
        line.send(framed(transport, READ))
        await is_healthy_after(transport, line, framed(transport, REPLY))
        assert here.marks() == ["late"]


@every_transport
async def test_a_late_reply_is_overtaken_where_later_requests_are_answered_at_once(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [LateFault(seconds=0.1, times=1, order="at_once")]) as (here, line):
        line.send(framed(transport, READ))
        await is_healthy(transport, line)
        assert await line.take(len(framed(transport, REPLY))) == framed(transport, REPLY)
        assert here.marks() == ["late"]


async def test_a_late_reply_whose_client_has_hung_up_is_in_the_log_as_late(tmp_path: Path) -> None:
    faults = [LateFault(seconds=60, times=1), DelayFault(kind="delay", seconds=60)]
    async with place("modbus_tcp", tmp_path, faults) as (here, line):
        async with here.line() as other:
            other.send(framed("modbus_tcp", READ) * 2)
            await wait_for_count(here, "delay", 2)
        await wait_for_count(here, "unsent", 2)
        assert here.marks() == ["late", "unsent"]
        assert not line.ended.done()


async def wait_for_count(here: Place, kind: str, count: int) -> None:
    async with asyncio.timeout(5):
        while here.faults.counts[kind] < count:  # noqa: ASYNC110 - what is counted sets no event
            await asyncio.sleep(0.001)


async def test_a_foreign_transaction_carries_other_values(tmp_path: Path) -> None:
    async with place("modbus_tcp", tmp_path, [once("foreign_transaction")]) as (here, line):
        reply = await line.ask("modbus_tcp", transaction=5)
        assert reply[:2] != b"\x00\x05"
        assert reply[2:] == framed("modbus_tcp", INVERTED)[2:]
        await is_healthy("modbus_tcp", line)
        assert here.marks() == ["foreign_transaction"]


@every_transport
async def test_the_reply_of_a_wrong_unit_is_a_whole_frame_with_other_values(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [once("wrong_unit")]) as (here, line):
        reply = await line.ask(transport)
        unit = reply[6] if transport == "modbus_tcp" else reply[0]
        assert unit != 7
        assert 1 <= unit <= 247
        assert reply == framed(transport, INVERTED, unit=unit)
        await is_healthy(transport, line)
        assert here.marks() == ["wrong_unit"]


@every_transport
async def test_the_reply_of_a_wrong_function_is_a_whole_frame_with_other_values(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [once("wrong_function")]) as (here, line):
        assert await line.ask(transport) == framed(transport, b"\x04" + INVERTED[1:])
        await is_healthy(transport, line)
        assert here.marks() == ["wrong_function"]


@every_transport
@pytest.mark.parametrize(
    ("how", "pdu"),
    [("short", "03 06 0000 1234 abcd"), ("long", "03 0a 0000 1234 abcd 5678 0000"), ("byte_count", "03 0a 0000 1234 abcd 5678")],
)
async def test_a_wrong_length_stands_in_a_frame_that_is_whole(transport: str, how: Any, pdu: str, tmp_path: Path) -> None:
    spoiled = framed(transport, bytes.fromhex(pdu))
    async with place(transport, tmp_path, [WrongLengthFault(how=how, times=1)]) as (here, line):
        assert await line.ask(transport, length=len(spoiled)) == spoiled
        await is_healthy(transport, line)
        assert here.marks() == ["wrong_length"]


async def test_a_header_can_tell_a_wrong_length(tmp_path: Path) -> None:
    right = framed("modbus_tcp", REPLY)
    async with place("modbus_tcp", tmp_path, [WrongLengthFault(how="header", times=1)]) as (_, line):
        reply = await line.ask("modbus_tcp")
        assert reply[:4] + reply[6:] == right[:4] + right[6:]
        assert int.from_bytes(reply[4:6], "big") in (10, 12)  # unit, function, byte count and 8 bytes are 11
        await is_healthy("modbus_tcp", line)


@pytest.mark.parametrize("transport", RTU)
@pytest.mark.parametrize("pdu", [READ, bytes.fromhex("03 0063 0001")])
async def test_a_bad_checksum_is_one_bit_that_turned_over(transport: str, pdu: bytes, tmp_path: Path) -> None:
    right = framed(transport, REPLY if pdu == READ else b"\x83\x02")
    async with place(transport, tmp_path, [once("bad_crc")]) as (here, line):
        reply = await line.ask(transport, pdu, length=len(right))
        changed = [a ^ b for a, b in zip(reply, right, strict=True) if a != b]
        assert [value.bit_count() for value in changed] == [1]
        assert crc(reply[:-2]) != reply[-2:]
        await is_healthy(transport, line)
        assert here.marks() == (["bad_crc"] if pdu == READ else [])


@every_transport
async def test_a_truncated_frame_is_the_beginning_of_one(transport: str, tmp_path: Path) -> None:
    right = framed(transport, REPLY)
    second = framed(transport, SECOND_REPLY, transaction=0x0202)
    async with place(transport, tmp_path, [once("truncated")]) as (here, line):
        line.send(framed(transport, READ) + framed(transport, SECOND_READ, transaction=0x0202))
        await line.take(len(second) + 1)
        received = b"".join(line.pieces)
        assert received.endswith(second)
        cut = received.removesuffix(second)
        assert 1 <= len(cut) < len(right)
        assert right.startswith(cut)
        assert here.marks() == ["truncated"]


@every_transport
async def test_noise_comes_before_a_right_frame(transport: str, tmp_path: Path) -> None:
    right, second = framed(transport, REPLY), framed(transport, SECOND_REPLY, transaction=0x0202)
    async with place(transport, tmp_path, [once("noise")]) as (here, line):
        line.send(framed(transport, READ) + framed(transport, SECOND_READ, transaction=0x0202))
        await line.take(1 + len(right) + len(second))
        received = b"".join(line.pieces)
        assert received.endswith(right + second)
        assert 1 <= len(received) - len(right + second) <= 8
        assert here.marks() == ["noise"]


@every_transport
async def test_a_split_frame_is_right_when_all_pieces_are_there(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [SplitFault(pieces=4, seconds=0.15, times=1)]) as (here, line):
        began = time.monotonic()
        line.send(framed(transport, READ))
        await is_healthy_after(transport, line, framed(transport, REPLY))
        assert time.monotonic() - began >= 0.45
        assert len(line.pieces) >= 4
        assert here.marks() == [None]


@every_transport
async def test_a_duplicate_reply_comes_twice_and_is_true(transport: str, tmp_path: Path) -> None:
    right = framed(transport, REPLY)
    async with place(transport, tmp_path, [once("duplicate")]) as (here, line):
        assert await line.ask(transport, length=2 * len(right)) == right + right
        await is_healthy(transport, line)
        assert here.marks() == [None]


@every_transport
@pytest.mark.parametrize("code", range(1, 12))
async def test_every_exception_can_be_answered(transport: str, code: int, tmp_path: Path) -> None:
    refused = framed(transport, bytes([0x83, code]))
    async with place(transport, tmp_path, [ExceptionFault(code=code, times=1)]) as (here, line):
        assert await line.ask(transport, length=len(refused)) == refused
        await is_healthy(transport, line)
        assert here.truth == []


@every_transport
async def test_a_hole_refuses_each_request_that_touches_it(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [HoleFault(addresses=(2, 2), machines=("u7",))]) as (here, line):
        for pdu in ("03 0000 0003", "03 0002 0001", "03 0002 0002"):
            refused = framed(transport, b"\x83\x02")
            assert await line.ask(transport, bytes.fromhex(pdu), length=len(refused)) == refused
        for pdu, right in (("03 0000 0002", "03 04 0000 1234"), ("03 0003 0001", "03 02 5678")):
            reply = framed(transport, bytes.fromhex(right))
            assert await line.ask(transport, bytes.fromhex(pdu), length=len(reply)) == reply
        assert await line.ask(transport, unit=OTHER_UNIT) == framed(transport, REPLY, unit=OTHER_UNIT)
        assert here.faults.counts == {"hole": 3}


@every_transport
async def test_a_dead_unit_is_silent_and_its_neighbour_answers(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [PlainFault(kind="dead", units=(7,))]) as (here, line):
        line.send(framed(transport, READ) * 3)
        assert await line.ask(transport, unit=OTHER_UNIT) == framed(transport, REPLY, unit=OTHER_UNIT)
        assert here.server.requests["u7"] == 0
        assert here.faults.counts == {"dead": 3}
        here.faults.clear()
        await is_healthy(transport, line)


@pytest.mark.parametrize("transport", ["modbus_tcp", "modbus_rtu_over_tcp"])
async def test_a_half_open_connection_swallows_for_ever_and_a_new_one_is_served(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [once("half_open")]) as (here, line):
        for number in range(20):
            line.send(framed(transport, READ, transaction=number))
        async with here.line() as new:
            await is_healthy(transport, new)
        assert not line.ended.done()
        assert line.pieces == []
        assert here.faults.counts == {"half_open": 1}


async def test_a_line_that_swallows_does_so_until_it_is_plugged_in_again(tmp_path: Path) -> None:
    async with place("modbus_rtu", tmp_path, [once("half_open")]) as (here, line):
        line.send(framed("modbus_rtu", READ))
        await wait_for_count(here, "half_open", 1)
        line.send(framed("modbus_rtu", READ))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.take(1), 0.1)
    assert here.truth == []


@every_transport
async def test_a_reset_breaks_the_connection_off(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path, [once("reset")]) as (here, line):
        line.send(framed(transport, READ))
        assert await asyncio.wait_for(line.ended, 5) == ("hung up" if transport == "modbus_rtu" else "reset")
        assert line.pieces == []
        assert here.marks() == ["reset"]
        async with here.line() as new:
            await is_healthy(transport, new)


@every_transport
async def test_faults_that_a_transport_does_not_have_strike_nothing(transport: str, tmp_path: Path) -> None:
    kind: PlainKind = "bad_crc" if transport == "modbus_tcp" else "foreign_transaction"
    async with place(transport, tmp_path, [once(kind)]) as (here, line):
        assert await line.ask(transport) == framed(transport, REPLY)
        assert here.faults.counts == {}


async def test_replies_that_wait_are_bounded_and_those_on_top_are_counted(tmp_path: Path) -> None:
    faults = [DelayFault(kind="delay", seconds=3600, times=1)]
    async with place("modbus_tcp", tmp_path, faults) as (here, line):
        line.send(framed("modbus_tcp", READ) * (MOST_WAITING + 5))
        await wait_for_count(here, "overflow", 5)
        assert here.marks() == ["overflow"] * 5


async def test_a_client_that_never_reads_is_not_served_without_end(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with place("modbus_tcp", tmp_path) as (here, _):
        assert isinstance(here.server, ModbusServer)
        with socket.socket() as client:
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(client, ("127.0.0.1", here.server.port))
            flood = framed("modbus_tcp", bytes.fromhex("2b 0e 01 00")) * 2_000_000
            with pytest.raises(TimeoutError):  # the server takes no more
                await asyncio.wait_for(loop.sock_sendall(client, flood), 5)
            served = here.server.requests["u7"]
            await asyncio.sleep(0.2)
            assert here.server.requests["u7"] == served > 0


def test_the_same_seed_strikes_the_same_requests() -> None:
    def strokes(seed: int) -> list[bool]:
        faults = Faults([PlainFault(kind="drop", probability=0.3)], seed=seed)
        return [bool(faults.strike(Asked("modbus_tcp", "a", 1))) for _ in range(1000)]

    assert strokes(1) == strokes(1) != strokes(2)
    assert 230 < sum(strokes(1)) < 370  # 300 with a standard deviation of 14.5


def test_a_fault_comes_and_goes_on_schedule() -> None:
    now = [100.0]
    faults = Faults([PlainFault(kind="drop", from_seconds=10, for_seconds=5)], monotonic=lambda: now[0])
    seen = []
    for at in (100, 109.9, 110, 114.9, 115, 1000):
        now[0] = at
        seen.append(len(faults.strike(Asked("modbus_tcp", "a", 1))))
    assert seen == [0, 0, 1, 1, 0, 0]
