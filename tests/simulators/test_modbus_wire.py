"""The frames of the server on each transport, byte by byte."""

import asyncio
import math
import os
import re
import shutil
import time
import tty
from pathlib import Path

import pytest

from simulators.faults import ClockJumpFault, Faults
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus_frames import Rtu, crc
from simulators.servers.modbus_serial import ModbusSerialServer
from telemetry.errors import ConfigError
from tests.simulators.modbus_wire import OTHER_UNIT, READ, REPLY, RTU, TRANSPORTS, UNIT, Place, framed, place, serial_line

every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.mark.parametrize(
    ("unit", "pdu", "frame"),
    [
        (0x02, "07", "02 07 41 12"),  # MODBUS over Serial Line V1.02, appendix B
        (0x01, "03 0000 000a", "01 03 00 00 00 0a c5 cd"),  # as it stands in the manuals of many meters
        (0x11, "03 006b 0003", "11 03 00 6b 00 03 76 87"),
        (0x11, "03 06 ae41 5652 4340", "11 03 06 ae 41 56 52 43 40 49 ad"),
    ],
)
def test_the_checksum_is_the_one_of_published_frames(unit: int, pdu: str, frame: str) -> None:
    assert Rtu.frame(0, unit, bytes.fromhex(pdu)) == bytes.fromhex(frame)
    assert crc(bytes.fromhex(frame)) == 0


@every_transport
async def test_a_read_is_answered_to_the_byte(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (here, line):
        reply = await line.ask(transport, transaction=0xBEEF)
        assert reply == framed(transport, REPLY, transaction=0xBEEF)
        assert [(served.equipment, served.values) for served in here.truth] == [("u7", {"trip_code": 0.0})]
        assert here.server.requests == {"u7": 1, "u8": 0}


@every_transport
async def test_requests_in_one_segment_are_all_answered_in_order(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (_, line):
        asked = [(n, bytes([3, 0, n % 4, 0, 1])) for n in range(60)]
        line.send(b"".join(framed(transport, pdu, transaction=n) for n, pdu in asked))
        words = ("0000", "1234", "abcd", "5678")
        expected = b"".join(framed(transport, bytes.fromhex("0302" + words[n % 4]), transaction=n) for n in range(60))
        assert await line.take(len(expected)) == expected


@every_transport
async def test_a_request_that_arrives_byte_by_byte_is_answered(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (_, line):
        for number in range(3):
            for byte in framed(transport, READ, transaction=number):
                line.send(bytes([byte]))
                await asyncio.sleep(0)
            assert await line.take(len(framed(transport, REPLY))) == framed(transport, REPLY, transaction=number)


@every_transport
async def test_a_unit_that_is_not_there_is_silent_on_a_line_and_told_by_a_gateway(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (here, line):
        line.send(framed(transport, READ, unit=99))
        if transport == "modbus_tcp":
            assert await line.take(9) == framed(transport, b"\x83\x0b", unit=99)
        assert await line.ask(transport) == framed(transport, REPLY)
        assert here.server.requests == {"u7": 1, "u8": 0}


@every_transport
@pytest.mark.parametrize(
    "pdu",
    [
        "05 0001 ff00",
        "06 0001 0063",
        "0f 0001 0001 01 01",
        "10 0001 0001 02 0063",
        "16 0001 0000 0063",
        "17 0000 0001 0001 0001 02 0063",
        "08 0000 a537",
        "07",
        "11",
        "63 01 02 03",  # a function that nobody has
    ],
)
async def test_whatever_does_not_read_is_an_illegal_function(transport: str, pdu: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (here, line):
        line.send(framed(transport, bytes.fromhex(pdu)))
        refused = framed(transport, bytes([int(pdu[:2], 16) | 0x80, 1]))
        assert await line.take(len(refused)) == refused
        assert await line.ask(transport) == framed(transport, REPLY)
        assert len(here.truth) == 1


@every_transport
@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        ("03 0000 0000", 3),
        ("03 0000 007e", 3),
        ("04 0000 0001", 2),
        ("03 0003 0002", 2),
        ("03 ffff 0001", 2),
        ("01 0000 07d1", 3),
    ],
)
async def test_quantity_is_judged_before_the_address(transport: str, pdu: str, code: int, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (here, line):
        refused = framed(transport, bytes([int(pdu[:2], 16) | 0x80, code]))
        assert await line.ask(transport, bytes.fromhex(pdu), length=len(refused)) == refused
        assert not here.truth


@every_transport
async def test_the_device_says_who_made_it(transport: str, tmp_path: Path) -> None:
    texts = (b"Works of Jinan", b"four registers", b"simulated 1.0")
    objects = [bytes([number, len(text)]) + text for number, text in enumerate(texts)]
    async with place(transport, tmp_path) as (_, line):
        for asked, told in (
            ("2b 0e 01 00", b"\x2b\x0e\x01\x81\x00\x00\x03" + b"".join(objects)),
            ("2b 0e 01 02", b"\x2b\x0e\x01\x81\x00\x00\x01" + objects[2]),
            ("2b 0e 04 01", b"\x2b\x0e\x04\x81\x00\x00\x01" + objects[1]),
            ("2b 0e 04 07", b"\xab\x02"),
            ("2b 0e 05 00", b"\xab\x03"),
            ("2b 0d 00 00", b"\xab\x01"),
        ):
            expected = framed(transport, told)
            assert await line.ask(transport, bytes.fromhex(asked), length=len(expected)) == expected


@pytest.mark.parametrize("header", ["0101 0001 0006 07", "0101 0000 0001 07", "0101 0000 ffff 07"])
async def test_a_header_that_is_none_of_modbus_tcp_ends_the_connection(header: str, tmp_path: Path) -> None:
    async with place("modbus_tcp", tmp_path) as (_, line):
        line.send(bytes.fromhex(header) + READ)
        assert await asyncio.wait_for(line.ended, 5) == "end"
        assert line.pieces == []


@pytest.mark.parametrize("transport", RTU)
async def test_noise_and_damaged_requests_are_passed_over(transport: str, tmp_path: Path) -> None:
    damaged = bytearray(framed(transport, READ))
    damaged[4] ^= 0x10
    async with place(transport, tmp_path) as (here, line):
        line.send(b"\xff\x00" + damaged + framed(transport, READ))
        assert await line.take(len(framed(transport, REPLY))) == framed(transport, REPLY)
        assert len(here.truth) == 1


def test_what_lay_unfinished_is_forgotten_after_a_silence() -> None:
    now = [0.0]
    frames = Rtu(lambda: now[0])
    request = framed("modbus_rtu", READ)
    assert list(frames.feed(b"\x07\x10\x00\x01\x00\x01\xf0")) == []  # promises 240 bytes more
    now[0] = 1.0
    assert [found.pdu for found in frames.feed(request)] == [READ]


@every_transport
async def test_the_devices_own_clock_is_served_and_can_be_wrong(transport: str, tmp_path: Path) -> None:
    async with place(transport, tmp_path) as (here, line):
        for jump in (0, -86_400):
            if jump:
                here.faults.add(ClockJumpFault(machines=("u7",), seconds=jump))
            length = len(framed(transport, bytes(6)))
            reply = await line.ask(transport, bytes.fromhex("03 000a 0002"), length=length)
            body = reply[7:] if transport == "modbus_tcp" else reply[1:-2]
            assert math.isclose(int.from_bytes(body[2:], "big"), time.time() + jump, abs_tol=5)
            other = await line.ask(transport, bytes.fromhex("03 000a 0002"), unit=OTHER_UNIT, length=length)
            body = other[7:] if transport == "modbus_tcp" else other[1:-2]
            assert math.isclose(int.from_bytes(body[2:], "big"), time.time(), abs_tol=5)


# --- the serial line ----------------------------------------------------------------------------------------------------


async def test_the_link_of_a_killed_run_is_replaced_and_ours_is_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "ttyS0").symlink_to("/dev/pts/99999")
    async with place("modbus_rtu", tmp_path) as (here, line):
        assert await line.ask("modbus_rtu") == framed("modbus_rtu", REPLY)
        assert here.path.is_symlink()
    assert not here.path.is_symlink()


async def test_a_file_in_the_way_of_a_serial_line_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "ttyS0").write_text("precious")
    with pytest.raises(ConfigError, match=r"cannot make the serial line .*ttyS0: File exists"):
        async with place("modbus_rtu", tmp_path):
            pass
    assert (tmp_path / "ttyS0").read_text() == "precious"


async def test_a_real_device_is_opened_and_not_replaced(tmp_path: Path) -> None:
    near, far = os.openpty()  # a terminal of somebody else's, as a real device would be
    tty.setraw(far)
    os.set_blocking(near, False)
    name = Path(os.ttyname(far))
    units = Place("modbus_rtu", tmp_path, Faults()).units
    with serial_line(near) as line:
        async with ModbusSerialServer(units, None, path=name, baudrate=115200, parity="none"):
            assert await line.ask("modbus_rtu") == framed("modbus_rtu", REPLY)
        assert os.ttyname(far) == str(name)
    os.close(far)


async def test_a_device_that_cannot_be_opened_is_a_mistake_of_the_settings() -> None:
    server = ModbusSerialServer([], None, path=Path("/dev/null"))
    with pytest.raises(ConfigError, match="cannot open the serial line /dev/null"):
        async with server:
            pass


# --- a client that this project did not write --------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["modbus_tcp", "modbus_rtu"])  # it has no RTU over TCP
async def test_mbpoll_reads_what_the_map_holds(transport: str, tmp_path: Path) -> None:
    program = shutil.which("mbpoll")
    if program is None:
        pytest.skip("mbpoll is not installed")
    async with Place(transport, tmp_path, Faults()).server as server:
        if isinstance(server, ModbusServer):
            where = ["-m", "tcp", "-p", str(server.port), "127.0.0.1"]
        else:
            where = ["-m", "rtu", "-b", "19200", "-P", "even", str(tmp_path / "ttyS0")]
        command = [program, "-a", str(UNIT), "-0", "-r", "0", "-c", "4", "-t", "4:hex", "-1", "-o", "5", *where]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output = (await asyncio.wait_for(process.communicate(), 20))[0].decode()
    assert process.returncode == 0, output
    found = dict(re.findall(r"^\[(\d+)\]:\s+0x([0-9A-F]{4})", output, re.MULTILINE))
    assert found == {"0": "0000", "1": "1234", "2": "ABCD", "3": "5678"}, output
