import asyncio
import math
import random
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from device_profiles.profile import ModbusProfile, load_profile
from edge_gateway.clock import Clock
from edge_gateway.driver import Target
from edge_gateway.drivers.modbus.driver import Modbus
from edge_gateway.settings import ModbusTcpSettings
from telemetry.errors import NotConnected
from telemetry.quality import Quality
from tests.edge_gateway.responder import Ask, Responder, Send, profile, refusal, reply

if TYPE_CHECKING:
    from device_profiles.rollover import Rollover

TIMEOUT_SECONDS = 0.05
# Three blocks, because the holes are wider than the tolerance; the second is in another table.
THREE_BLOCKS = profile(
    {"signal": "steam_flow", "address": 0},
    {"signal": "steam_pressure", "address": 100},
    {"signal": "burner_load", "address": 7, "table": "input"},
)


def settings(port: int) -> ModbusTcpSettings:
    return ModbusTcpSettings(
        protocol="modbus_tcp", host="127.0.0.1", port=port, timeout_seconds=TIMEOUT_SECONDS, gap_registers=16
    )


def target(map_: ModbusProfile, unit_id: int = 1) -> Target:
    return Target.from_profile(map_, name="boiler-1", unit_id=unit_id)


class Once(NamedTuple):
    """What one reading of one target gave."""

    readings: list[tuple[float, int]]
    texts: dict[str, str]
    answered: bool
    is_connection_lost: bool


async def once(driver: Modbus, of: Target, *, raw: dict[str, str] | None = None) -> Once:
    answer = await driver.read([of], raw=raw)
    (poll,) = answer.polls
    return Once(poll.readings, poll.texts, answer.answered, answer.is_connection_lost)


def modbus(port: int) -> Modbus:
    return Modbus("plc", settings(port), now_us=Clock().now_us)


def told(poll: Once, of: Target) -> dict[str, tuple[float, Quality]]:
    return {name: (value, Quality(quality)) for name, (value, quality) in zip(of.signals.names, poll.readings, strict=True)}


def at_once(ask: Ask, send: Send) -> None:
    send(reply(ask, [(ask.start + n) % 65536 for n in range(ask.count)]))


@pytest.fixture
async def device() -> AsyncIterator[Responder]:
    async with Responder(at_once) as responder:
        yield responder


async def test_each_signal_gets_the_value_of_its_own_register(device: Responder) -> None:
    boiler = target(THREE_BLOCKS)
    async with modbus(device.port) as driver:
        raw: dict[str, str] = {}
        poll = await once(driver, boiler, raw=raw)
    assert told(poll, boiler) == {
        "steam_flow": (0, Quality.GOOD),
        "steam_pressure": (100, Quality.GOOD),
        "burner_load": (7, Quality.GOOD),
    }
    assert raw == {"steam_flow": "0000", "steam_pressure": "0064", "burner_load": "0007"}
    assert {ask.function for ask in device.log} == {3, 4}


async def test_thousands_of_requests_with_late_replies_give_no_wrong_value() -> None:
    """Each reply carries the number of its request, so that a reply taken for another is seen at once."""
    dice = random.Random(7)

    async def answer(ask: Ask, send: Send) -> None:
        late = dice.random() < 0.01
        if late:
            # Late for its own request, and in time to meet any of the next ones.
            await asyncio.sleep(TIMEOUT_SECONDS * dice.uniform(1.0, 1.6))
        send(reply(ask, [ask.number % 65536] * ask.count))

    boiler = target(profile({"signal": "steam_flow", "address": 3}))
    wrong = bad = 0
    async with Responder(answer) as device, modbus(device.port) as driver:
        for _ in range(4000):
            poll = await once(driver, boiler)
            value, quality = poll.readings[0]
            if quality == Quality.GOOD:
                wrong += value != device.asked % 65536
            else:
                assert math.isnan(value)
                assert quality == Quality.BAD_NO_COMMUNICATION
                bad += 1
        assert device.asked == 4000
        assert device.connections < bad / 4, "a late reply is known by its number, and no reason to hang up"
    assert wrong == 0
    assert 15 < bad < 80


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"transaction": 999}, id="another transaction"),
        pytest.param({"unit": 9}, id="another unit"),
        pytest.param({"function": 4}, id="another function"),
        pytest.param({"protocol": 1}, id="not Modbus"),
        pytest.param({"size": 2}, id="too small a byte count"),
        pytest.param({"size": 250}, id="too large a byte count"),
        pytest.param({"length": 5}, id="too small a length"),
        pytest.param({"length": 60}, id="frame cut short"),
        pytest.param({"length": 1}, id="no room for a function"),
    ],
)
async def test_a_reply_that_does_not_fit_its_request_is_never_decoded(changes: dict[str, int]) -> None:
    boiler = target(profile({"signal": "steam_flow", "address": 3}, {"signal": "steam_pressure", "address": 4}))
    is_spoilt = True

    def answer(ask: Ask, send: Send) -> None:
        send(reply(ask, [1111, 2222], **(changes if is_spoilt else {})))

    async with Responder(answer) as device, modbus(device.port) as driver:
        poll = await once(driver, boiler)
        assert [quality for _, quality in poll.readings] == [Quality.BAD_NO_COMMUNICATION] * 2
        assert all(math.isnan(value) for value, _ in poll.readings)
        is_spoilt = False
        assert [value for value, _ in (await once(driver, boiler)).readings] == [1111, 2222]
        assert device.connections == (1 if "transaction" in changes else 2), "a foreign number is passed over, doubt hangs up"


@pytest.mark.parametrize("words", [[1], [1, 2, 3], []])
async def test_a_whole_reply_with_another_number_of_registers_is_never_decoded(words: list[int]) -> None:
    boiler = target(profile({"signal": "steam_flow", "address": 3}, {"signal": "steam_pressure", "address": 4}))
    async with Responder(lambda ask, send: send(reply(ask, words))) as device, modbus(device.port) as driver:
        poll = await once(driver, boiler)
    assert [quality for _, quality in poll.readings] == [Quality.BAD_NO_COMMUNICATION] * 2


async def test_a_foreign_frame_before_the_right_one_is_passed_over() -> None:
    boiler = target(profile({"signal": "steam_flow", "address": 3}))

    def answer(ask: Ask, send: Send) -> None:
        send(reply(ask, [666], transaction=ask.transaction - 1) + reply(ask, [42]))

    async with Responder(answer) as device, modbus(device.port) as driver:
        assert (await once(driver, boiler)).readings == [(42, Quality.GOOD)]


async def test_a_refused_block_leaves_its_neighbours_alone(device: Responder) -> None:
    device.answer = lambda ask, send: send(refusal(ask, 4)) if ask.start == 100 else at_once(ask, send)
    boiler = target(THREE_BLOCKS)
    async with modbus(device.port) as driver:
        poll = await once(driver, boiler)
    qualities = {name: quality for name, (_, quality) in told(poll, boiler).items()}
    assert qualities == {
        "steam_flow": Quality.GOOD,
        "steam_pressure": Quality.BAD_REFUSED_BY_DEVICE,
        "burner_load": Quality.GOOD,
    }
    assert poll.answered
    assert device.connections == 1, "a refusal is an answer, and no reason to hang up"


async def test_a_hole_that_the_device_refuses_is_cut_out_at_once_and_remembered(device: Responder) -> None:
    """The map has a hole at 2..9; reading across it answers exception 2, as the specification says (6.3)."""
    boiler = target(
        profile(
            {"signal": "steam_flow", "address": 0},
            {"signal": "steam_pressure", "address": 1},
            {"signal": "burner_load", "address": 10},
        )
    )
    device.answer = lambda ask, send: (
        send(refusal(ask, 2)) if ask.start < 10 < ask.start + ask.count and ask.start + ask.count > 2 else at_once(ask, send)
    )
    async with modbus(device.port) as driver:
        for asked in (3, 5):
            poll = await once(driver, boiler)
            assert all(quality == Quality.GOOD for _, quality in poll.readings)
            assert device.asked == asked


async def test_a_single_absent_register_inside_a_block_costs_only_its_own_point(device: Responder) -> None:
    signals = ("steam_flow", "steam_pressure", "burner_load", "flame_signal", "drum_level")
    boiler = target(profile(*({"signal": signal, "address": address} for address, signal in enumerate(signals))))
    device.answer = lambda ask, send: send(refusal(ask, 2)) if ask.start <= 3 < ask.start + ask.count else at_once(ask, send)
    async with modbus(device.port) as driver:
        poll = told(await once(driver, boiler), boiler)
        before = device.asked
        again = told(await once(driver, boiler), boiler)
    assert {name for name, (_, quality) in poll.items() if quality != Quality.GOOD} == {"flame_signal"}
    assert {name: quality for name, (_, quality) in again.items()} == {name: quality for name, (_, quality) in poll.items()}
    assert device.asked - before <= 4


async def test_a_silent_unit_costs_one_time_out_per_poll_and_no_exception() -> None:
    boiler = target(THREE_BLOCKS)
    async with Responder(lambda _ask, _send: None) as device, modbus(device.port) as driver:
        for polls in (1, 2):
            poll = await once(driver, boiler)
            assert not poll.answered
            assert [quality for _, quality in poll.readings] == [Quality.BAD_NO_COMMUNICATION] * 3
            assert device.asked == polls


async def test_a_block_that_is_never_answered_does_not_hide_the_others(device: Responder) -> None:
    boiler = target(THREE_BLOCKS)
    device.answer = lambda ask, send: None if ask.start == 0 else at_once(ask, send)
    async with modbus(device.port) as driver:
        await once(driver, boiler)
        poll = await once(driver, boiler)
    qualities = {name: quality for name, (_, quality) in told(poll, boiler).items()}
    assert qualities == {
        "steam_flow": Quality.BAD_NO_COMMUNICATION,
        "steam_pressure": Quality.GOOD,
        "burner_load": Quality.GOOD,
    }
    assert poll.answered


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_cannot_reach_the_unit_does_not_count_as_the_unit(device: Responder, code: int) -> None:
    device.answer = lambda ask, send: send(refusal(ask, code))
    async with modbus(device.port) as driver:
        poll = await once(driver, target(THREE_BLOCKS))
    assert not poll.answered
    assert not poll.is_connection_lost
    assert {quality for _, quality in poll.readings} == {Quality.BAD_NO_COMMUNICATION}


async def test_bits_are_read_from_packed_bytes() -> None:
    """Coils travel eight to a byte, the lowest address in the lowest bit (specification V1.1b3, 6.1)."""
    map_ = profile(
        {"signal": "low_water_interlock", "address": 9, "table": "coil", "type": "boolean"},
        {"signal": "trip_code", "address": 0},
    )
    boiler = target(map_)

    def answer(ask: Ask, send: Send) -> None:
        send(reply(ask, [1] if ask.function == 1 else [77]))

    async with Responder(answer) as device, modbus(device.port) as driver:
        poll = told(await once(driver, boiler), boiler)
    assert poll == {"low_water_interlock": (1, Quality.GOOD), "trip_code": (77, Quality.GOOD)}


async def test_what_was_read_before_the_connection_broke_is_kept(device: Responder) -> None:
    boiler = target(THREE_BLOCKS)

    def answer(ask: Ask, send: Send) -> None:
        if ask.number == 2:
            device.hang_up()
        else:
            at_once(ask, send)

    device.answer = answer
    async with modbus(device.port) as driver:
        poll = await once(driver, boiler)
        assert poll.is_connection_lost
        assert sorted(quality for _, quality in poll.readings) == [0, Quality.BAD_NOT_CONNECTED, Quality.BAD_NOT_CONNECTED]
        poll = await once(driver, boiler)  # it comes back by itself where the device still listens
        assert all(quality == Quality.GOOD for _, quality in poll.readings)


async def test_a_device_that_closes_idle_connections_loses_no_poll(device: Responder) -> None:
    boiler = target(THREE_BLOCKS)
    async with modbus(device.port) as driver:
        await once(driver, boiler)
        device.hang_up()
        await asyncio.sleep(0.02)
        poll = await once(driver, boiler)
    assert all(quality == Quality.GOOD for _, quality in poll.readings)


async def test_nobody_listening_is_not_connected(device: Responder) -> None:
    with pytest.raises(NotConnected, match=r"plc \(127.0.0.1:1: "):
        await modbus(1).__aenter__()


async def test_a_device_that_lacks_the_constants_of_its_model_gives_no_value(device: Responder) -> None:
    """The responder answers each register with its address, so that the constant at 1 holds and the one at 101 does not."""
    boiler = target(
        profile(
            {"signal": "steam_flow", "address": 0},
            {"name": "mark", "address": 1, "constant": 1},
            {"signal": "burner_load", "address": 2},
            {"signal": "steam_pressure", "address": 100},
            {"name": "other_mark", "address": 101, "constant": 7},
            {"signal": "drum_level", "address": 102},
        )
    )
    async with modbus(device.port) as driver:
        poll = told(await once(driver, boiler), boiler)
    assert {name for name, (_, quality) in poll.items() if quality == Quality.GOOD} == {"steam_flow", "burner_load"}
    assert poll["steam_pressure"][1] == poll["drum_level"][1] == Quality.BAD_CONFIGURATION_ERROR
    assert math.isnan(poll["drum_level"][0])


async def test_a_sunspec_value_is_scaled_by_the_factor_of_the_same_reply() -> None:
    """SunSpec 1.3: value = raw x 10^factor. Model 103 keeps the voltage of phase A in 40080 and its factor in 40083."""
    inverter = load_profile("pv_inverter/sunspec_103")
    assert isinstance(inverter, ModbusProfile)

    def answer(ask: Ask, send: Send) -> None:
        assert ask.start <= 40070
        assert ask.start + ask.count > 40083
        words = [0] * ask.count
        words[40070 - ask.start], words[40071 - ask.start] = 103, 50  # the model's number and length, after its specification
        words[40080 - ask.start], words[40083 - ask.start] = 2305, 65535  # 65535 is -1
        send(reply(ask, words))

    pv = Target.from_profile(inverter, name="pv-1")
    async with Responder(answer) as device, modbus(device.port) as driver:
        assert told(await once(driver, pv), pv)["voltage_a"] == (230.5, Quality.GOOD)


async def test_a_counter_that_turns_over_goes_on_over_polls_connections_and_groups() -> None:
    """16 bits end at 65,535; what is known of the turns belongs to the machine and not to the connection."""
    raws = iter((65_000, 10, 500, 20))
    meter = target(profile({"signal": "fuel_total", "address": 0, "rollover": True}))
    counters: dict[tuple[str, str], Rollover] = {}
    told = []
    async with Responder(lambda ask, send: send(reply(ask, [next(raws)]))) as device:
        for _ in range(2):
            async with Modbus("plc", settings(device.port), now_us=Clock().now_us, counters=counters) as driver:
                told += [(await once(driver, meter)).readings[0][0] for _ in range(2)]
    assert told == [65_000, 65_546, 66_036, 20], "a fall from 500 to 20 is a meter that was reset"


async def test_logical_devices_of_one_unit_share_a_request_and_keep_their_values_apart() -> None:
    map_ = profile({"signal": "steam_flow", "address": 0}, {"signal": "steam_pressure", "address": 1})
    devices = [Target.from_profile(map_, name=f"burner-{n}", address_offset=10 * n) for n in range(3)]
    async with Responder(at_once) as device, modbus(device.port) as driver:
        answer = await driver.read(devices)
        assert [(ask.start, ask.count) for ask in device.log] == [(0, 22)]
    assert [[value for value, _ in poll.readings] for poll in answer.polls] == [[0, 1], [10, 11], [20, 21]]
