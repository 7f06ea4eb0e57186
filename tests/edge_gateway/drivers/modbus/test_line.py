import asyncio
import os
import random
import time
import tty
from collections.abc import Callable

import pytest

from benchmarks.counting_device import Ask, CountingDevice, Told, crc
from device_profiles.profile import Table
from edge_gateway import metrics
from edge_gateway.clock import Clock
from edge_gateway.drivers.modbus.framing import READ_FUNCTIONS, Question, RtuFraming
from edge_gateway.drivers.modbus.line import DeviceSaysNo, Line, NoAnswer
from edge_gateway.drivers.modbus.transport import AnyModbusSettings
from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusRtuSettings, ModbusTcpSettings
from telemetry.errors import NotConnected

TIMEOUT_SECONDS = 0.04
ONE = Question(1, Table.HOLDING, 7, 3)


def rtu(port: int, **more: float) -> AnyModbusSettings:
    values = {"timeout_seconds": TIMEOUT_SECONDS, "pause_seconds": 0.0, **more}
    return ModbusRtuOverTcpSettings.model_validate(
        {"protocol": "modbus_rtu_over_tcp", "host": "127.0.0.1", "port": port, **values}
    )


def tcp(port: int, **more: float) -> AnyModbusSettings:
    values = {"timeout_seconds": TIMEOUT_SECONDS, **more}
    return ModbusTcpSettings.model_validate({"protocol": "modbus_tcp", "host": "127.0.0.1", "port": port, **values})


async def opened(settings: AnyModbusSettings) -> Line:
    line = Line("plc", settings, now_us=Clock().now_us)
    await line.open()
    return line


async def number(line: Line, question: Question = ONE) -> int:
    data, _ = await line.ask(question, due=0.0)
    assert len(data) == 2 * question.count
    assert data == data[:2] * question.count, "registers of two replies in one"
    return int.from_bytes(data[:2], "big")


@pytest.mark.parametrize("framing", ["rtu", "tcp"])
async def test_thousands_of_requests_with_late_replies_give_no_wrong_value(framing: str) -> None:
    """Replies come late by up to three and a half time-outs, and meet whatever is asked then, of the same length or not."""
    dice = random.Random(11)

    def behave(ask: Ask) -> Told | None:
        if dice.random() >= 0.01:
            return None
        return Told(TIMEOUT_SECONDS * dice.uniform(1.0, 3.5), device.reply(ask) if dice.random() < 0.8 else b"")

    wrong = missed = 0
    async with CountingDevice("rtu" if framing == "rtu" else "tcp", behave) as device:
        line = await opened(rtu(device.port) if framing == "rtu" else tcp(device.port))
        for turn in range(4000):
            question = Question(1 + turn % 2, Table.HOLDING, 7, 3 if turn % 5 else 4)
            try:
                wrong += await number(line, question) != device.asked & 0xFFFF
            except (NoAnswer, NotConnected):
                missed += 1
        line.close()
    assert wrong == 0
    assert 15 < missed < 200


async def test_after_a_lost_reply_the_unit_is_first_asked_something_of_another_length() -> None:
    async with CountingDevice("rtu", lambda ask: Told(0, b"") if ask.number == 1 else None) as device:
        line = await opened(rtu(device.port))
        with pytest.raises(NoAnswer):
            await number(line)
        assert await number(line) == 3
        line.close()
    assert [(ask.unit, ask.start, ask.count) for ask in device.log] == [(1, 7, 3), (1, 7, 1), (1, 7, 3)]


async def test_a_reply_that_comes_while_the_line_is_listened_to_is_thrown_away_and_nothing_else_is_asked() -> None:
    late = metrics.LATE_REPLIES.labels("plc")
    before = late._value.get()  # noqa: SLF001 - the library offers no other way to read a counter

    def behave(ask: Ask) -> Told | None:
        return Told(1.5 * TIMEOUT_SECONDS, device.reply(ask)) if ask.number == 2 else None

    async with CountingDevice("rtu", behave) as device:
        line = await opened(rtu(device.port))
        assert await number(line) == 1
        with pytest.raises(NoAnswer):
            await number(line)
        assert await number(line) == 3
        line.close()
    assert late._value.get() - before == 1  # noqa: SLF001


async def test_a_late_reply_of_one_unit_is_not_taken_for_another_units() -> None:
    def behave(ask: Ask) -> Told | None:
        return Told(1.3 * TIMEOUT_SECONDS, device.reply(ask)) if ask.unit == 1 else None

    async with CountingDevice("rtu", behave) as device:
        line = await opened(rtu(device.port))
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await number(line)
            assert await number(line, ONE._replace(unit=2)) == device.asked
        line.close()


async def test_an_exception_after_a_lost_reply_is_not_held_for_certain() -> None:
    """It may be the answer to the lost question; a plan must not be changed for it."""

    def behave(ask: Ask) -> Told | None:
        return {1: Told(0, b""), 2: None, 3: Told(0, b""), 4: Told(0, device.refusal(ask, 2))}.get(ask.number)

    async with CountingDevice("rtu", behave) as device:
        line = await opened(rtu(device.port))
        with pytest.raises(NoAnswer):
            await number(line)
        assert await number(line, ONE._replace(count=5)) == 2, "no other answer is so long, so nothing has to be asked before"
        with pytest.raises(NoAnswer):
            await number(line)
        with pytest.raises(DeviceSaysNo) as refusal:
            await number(line, ONE._replace(count=5))
        assert (refusal.value.code, refusal.value.is_certain) == (2, False)
        line.close()


Spoil = Callable[[CountingDevice, Ask], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda d, a: d.reply(a)[:-2] + b"\x00\x00", id="wrong checksum"),
        pytest.param(lambda d, a: d.reply(a)[:-3], id="truncated"),
        pytest.param(lambda d, a: d.reply(a, unit=9), id="another unit"),
        pytest.param(lambda d, a: d.reply(a, function=4), id="another function"),
        pytest.param(lambda d, a: d.reply(a._replace(count=2)), id="another length"),
        pytest.param(lambda d, a: b"\x55\xaa\x55" + d.reply(a), id="noise before the frame"),
        pytest.param(lambda _d, _a: bytes(range(40, 140)), id="noise alone"),
        pytest.param(lambda d, a: d.reply(a, function=0x63), id="a function that does not exist"),
    ],
)
async def test_a_frame_that_does_not_fit_is_never_decoded_and_the_next_poll_is_right(spoil: Spoil) -> None:
    async with CountingDevice("rtu", lambda ask: Told(0, spoil(device, ask)) if ask.number == 2 else None) as device:
        line = await opened(rtu(device.port))
        assert await number(line) == 1
        with pytest.raises(NoAnswer):
            await number(line)
        assert await number(line) == device.asked
        assert device.connections == 1, "noise on a serial line is no reason to hang up on its server"
        line.close()


async def test_what_a_line_driver_leaves_in_front_of_a_frame_is_passed_over() -> None:
    async with CountingDevice("rtu", lambda ask: Told(0, b"\x00\xff" + device.reply(ask))) as device:
        line = await opened(rtu(device.port))
        assert await number(line) == 1
        line.close()


async def test_a_frame_that_comes_byte_by_byte_is_read_whole() -> None:
    """9600 baud bring a byte in 1.1 ms, and an adapter hands them over as it likes."""
    framing, buffer = RtuFraming(), bytearray()
    framing.ask(ONE)
    frame = bytes.fromhex("010306000100020003")
    whole = frame + crc(frame)
    for byte in whole[:-1]:
        buffer.append(byte)
        assert framing.take(buffer) is None
    buffer.append(whole[-1])
    reply = framing.take(buffer)
    assert reply is not None
    assert reply.data == bytes.fromhex("000100020003")


def test_frames_are_those_of_the_specifications_examples() -> None:
    """Modbus Application Protocol V1.1b3, 6.3: holding registers 108 to 110 are 03 00 6B 00 03; checksum for unit 17: 76 87."""
    frame = RtuFraming().ask(Question(17, Table.HOLDING, 107, 3))
    assert frame.hex(" ") == "11 03 00 6b 00 03 76 87"


def test_there_is_no_function_that_writes() -> None:
    assert sorted(pdu.function_code for pdu in READ_FUNCTIONS.values()) == [1, 2, 3, 4]


async def test_the_line_goes_to_whoever_is_due_first() -> None:
    async with CountingDevice("tcp", lambda ask: Told(0.01, device.reply(ask))) as device:
        line = await opened(tcp(device.port, timeout_seconds=1.0))
        await asyncio.gather(*(line.ask(ONE._replace(start=due), due=float(due)) for due in (1, 5, 3, 2, 4)))
        line.close()
    assert [ask.start for ask in device.log] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("more", [{"max_requests_per_second": 50.0}, {"pause_seconds": 0.02}])
async def test_a_device_is_never_asked_faster_than_the_settings_allow(more: dict[str, float]) -> None:
    async with CountingDevice("tcp") as device:
        line = await opened(tcp(device.port, **more))
        started = time.monotonic()
        for _ in range(11):
            await number(line)
        assert time.monotonic() - started >= 10 * 0.02
        line.close()


async def test_a_connection_that_has_gone_dead_is_given_up_after_two_silences() -> None:
    """A half-open connection swallows everything: no error ever comes from it."""
    async with CountingDevice("tcp", lambda ask: None if ask.number == 1 else Told(0, b"")) as device:
        line = await opened(tcp(device.port))
        assert await number(line) == 1
        with pytest.raises(NoAnswer):
            await number(line)
        with pytest.raises(NotConnected):
            await number(line)
        line.close()


async def test_units_that_never_answered_do_not_hang_up_on_the_others() -> None:
    async with CountingDevice("tcp", lambda ask: None if ask.unit == 1 else Told(0, b"")) as device:
        line = await opened(tcp(device.port))
        for unit in (2, 3, 4, 5):
            with pytest.raises(NoAnswer):
                await number(line, ONE._replace(unit=unit))
        assert await number(line) == 5
        assert device.connections == 1
        line.close()


async def test_who_a_unit_is_comes_from_its_identification() -> None:
    """Read Device Identification, after the example of the specification's 6.21, with one object."""

    def behave(ask: Ask) -> Told:
        return Told(0, device.frame(ask, bytes.fromhex("2b0e0101000002 0004") + b"Acme" + b"\x01\x02" + b"X1", unit=ask.unit))

    class Identified(CountingDevice):
        def read(self, frame: bytes) -> Ask:
            self.asked += 1
            assert frame[1:5] == bytes.fromhex("2b0e0100")
            return Ask(self.asked, 0, frame[0], frame[1], 0, 0)

    async with Identified("rtu", behave) as device:
        device.request_bytes = 7
        line = await opened(rtu(device.port, timeout_seconds=1.0))
        assert await line.identify(3) == ["Acme", "X1"]
        line.close()


async def test_a_serial_port_is_read_like_a_connection_and_its_loss_is_told() -> None:
    """A pair of pseudo terminals stands for the cable; the other end is a device that answers every request."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    name, loop = os.ttyname(theirs), asyncio.get_running_loop()
    device, requests = CountingDevice("rtu"), bytearray()

    def serve() -> None:
        nonlocal requests
        requests += os.read(ours, 4096)
        while len(requests) >= 8:
            os.write(ours, device.reply(device.read(bytes(requests[:8]))))
            del requests[:8]

    loop.add_reader(ours, serve)
    settings = ModbusRtuSettings(protocol="modbus_rtu", device=name, baud=115_200, timeout_seconds=0.5)
    line = await opened(settings)
    try:
        assert [await number(line) for _ in range(20)] == list(range(1, 21))
        line.close()
        await line.open()  # a pseudo terminal takes a parity once and refuses it from then on
        assert await number(line) == 21
        with pytest.raises(NotConnected, match=name):
            await opened(settings)  # two masters on one line would take each other's replies
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)
    with pytest.raises(NotConnected):
        await number(line)
    line.close()


async def test_a_serial_port_that_does_not_exist_is_told_with_its_name() -> None:
    with pytest.raises(NotConnected, match="/dev/no-such-port"):
        await opened(ModbusRtuSettings(protocol="modbus_rtu", device="/dev/no-such-port"))


async def test_those_who_wait_for_a_line_that_is_closed_do_not_dial_again() -> None:
    async with CountingDevice("tcp", lambda ask: Told(0.02, device.reply(ask))) as device:
        line = await opened(tcp(device.port, timeout_seconds=1.0))
        asking = [asyncio.create_task(number(line)) for _ in range(5)]
        await asyncio.sleep(0.01)
        line.close()
        told = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(one) for one in told] == [NotConnected] * 5
        assert device.connections == 1


async def test_a_device_that_is_gone_is_dialled_once_however_many_wait_for_it() -> None:
    attempts = metrics.CONNECTS.labels("plc")
    async with CountingDevice("tcp", lambda _: Told(0.05, b"")) as device:
        line = await opened(tcp(device.port, timeout_seconds=1.0))
        asking = [asyncio.create_task(number(line)) for _ in range(5)]
        await asyncio.sleep(0.01)
        before = attempts._value.get()  # noqa: SLF001 - the library offers no other way to read a counter
    assert {type(one) for one in await asyncio.gather(*asking, return_exceptions=True)} == {NotConnected}
    assert attempts._value.get() - before <= 1  # noqa: SLF001
    line.close()
