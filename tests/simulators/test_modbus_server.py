"""The Modbus server, read over a real socket by pymodbus' client, which shares no code with our codec."""

import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from device_profiles.kind import load_kind
from device_profiles.profile import Datatype, ModbusPoint, ModbusProfile, Table, load_profile, read_profile
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.settings import MachineSettings
from simulators.truth import Served
from telemetry.units import conversion

BOILER, INVERTER = 1, 2


def modbus_profile(name: str) -> ModbusProfile:
    profile = load_profile(name)
    assert isinstance(profile, ModbusProfile)
    return profile


@pytest.fixture
def truth() -> list[Served]:
    return []


@contextlib.asynccontextmanager
async def reading(server: ModbusServer) -> AsyncIterator[AsyncModbusTcpClient]:
    async with server:
        client = AsyncModbusTcpClient("127.0.0.1", port=server.port, retries=0, timeout=5)
        assert await client.connect()
        try:
            yield client
        finally:
            client.close()


@pytest.fixture
async def client(truth: list[Served]) -> AsyncIterator[AsyncModbusTcpClient]:
    machines = [
        (MachineSettings(name="boiler", profile="boiler/generic_plc", port=0, unit_id=BOILER, speed=600), "boiler/generic_plc"),
        (
            MachineSettings(name="pv", profile="pv_inverter/sunspec_103", port=0, unit_id=INVERTER, start_time="11:00"),
            "pv_inverter/sunspec_103",
        ),
    ]
    units = [(Equipment(settings), modbus_profile(name)) for settings, name in machines]
    async with reading(ModbusServer(units, truth.append, host="127.0.0.1", port=0)) as client:
        yield client


def foreign_value(point: ModbusPoint, words: Sequence[int], start: int, unit: str) -> Any:
    """Work out a value with pymodbus' conversion and plain arithmetic."""
    raw_words = list(words)[point.address - start : point.address - start + point.width]
    if point.type is Datatype.BOOLEAN:
        assert point.bit is not None
        return float(bool(raw_words[0] & 2**point.bit))
    kind = AsyncModbusTcpClient.DATATYPE[point.type.value.upper()]
    raw = AsyncModbusTcpClient.convert_from_registers(raw_words, kind, word_order=point.word_order or "big")
    if point.type is Datatype.STRING or point.map:
        return raw
    assert isinstance(raw, int | float)
    if raw in point.sentinels:
        return math.nan
    factor, shift = conversion(point.unit or unit, unit)
    return (raw * point.scale + point.offset) * factor + shift


async def test_every_register_of_the_boiler_says_what_the_truth_log_says(
    client: AsyncModbusTcpClient, truth: list[Served]
) -> None:
    profile, signals = modbus_profile("boiler/generic_plc"), load_kind("boiler").signals
    checked = set()
    for table, start, count in [(Table.HOLDING, 0, 20), (Table.HOLDING, 28, 5), (Table.HOLDING, 36, 2), (Table.INPUT, 0, 1)]:
        read = client.read_input_registers if table is Table.INPUT else client.read_holding_registers
        reply = await read(start, count=count, device_id=BOILER)
        served = truth[-1]
        assert served.equipment == "boiler"
        inside = [p for p in profile.points if p.table is table and start <= p.address < start + count]
        assert served.values.keys() == {p.signal for p in inside}
        for point in inside:
            assert point.signal
            found = foreign_value(point, reply.registers, start, signals[point.signal].unit)
            if point.map:
                codes = {state.name: state.code for state in signals[point.signal].states}
                found = codes[point.map[str(found)]]
            assert served.values[point.signal] == pytest.approx(found, rel=1e-9), point.signal
            checked.add(point.signal)
    assert checked == {point.signal for point in profile.points}


async def test_a_foreign_client_walks_the_sunspec_models_to_the_end(client: AsyncModbusTcpClient, truth: list[Served]) -> None:
    words = (await client.read_holding_registers(40000, count=2, device_id=INVERTER)).registers
    assert words == [0x5375, 0x6E53]
    address, models = 40002, {}
    while True:
        number, length = (await client.read_holding_registers(address, count=2, device_id=INVERTER)).registers
        if number == 0xFFFF:
            break
        models[number] = (await client.read_holding_registers(address, count=length + 2, device_id=INVERTER)).registers
        address += length + 2
    assert (list(models), address) == ([1, 103], 40122)
    body = models[103]  # offsets of the standard
    signed = [word - 65536 if word > 32767 else word for word in body]
    served = truth[-1].values
    assert served["active_power"] == pytest.approx(signed[14] * 10.0 ** signed[15] / 1000)
    assert served["voltage_b"] == pytest.approx(body[11] * 10.0 ** signed[13])
    assert served["energy_total"] == pytest.approx((body[24] * 65536 + body[25]) * 10.0 ** signed[26] / 1000)
    assert served["internal_temperature"] == pytest.approx(signed[33] * 10.0 ** signed[37])
    assert served["power_factor"] == pytest.approx(signed[22] * 10.0 ** signed[23] / 100)
    assert served["state"] == body[38]
    serial = b"".join(word.to_bytes(2, "big") for word in models[1][50:66]).rstrip(b"\0").decode()
    assert serial.startswith("SY100K-")
    assert [line.values["serial_number"] for line in truth if "serial_number" in line.values] == [serial]


async def test_every_request_has_one_line_of_its_own_with_the_values_of_that_moment(
    client: AsyncModbusTcpClient, truth: list[Served]
) -> None:
    replies = [(await client.read_holding_registers(3, count=2, device_id=BOILER)).registers for _ in range(50)]
    assert [round(1000 * float(line.values["steam_pressure"] or 0)) for line in truth] == [words[0] for words in replies]
    assert len({tuple(words) for words in replies}) > 10
    times = [line.time_us for line in truth]
    assert times == sorted(set(times))


async def test_the_halves_of_a_long_value_can_be_read_apart_but_make_no_value(
    client: AsyncModbusTcpClient, truth: list[Served]
) -> None:
    whole = (await client.read_holding_registers(12, count=2, device_id=BOILER)).registers
    high = (await client.read_holding_registers(12, count=1, device_id=BOILER)).registers
    assert high == whole[:1]
    assert len(truth) == 1


async def test_a_value_without_its_scale_factor_is_not_in_the_log(client: AsyncModbusTcpClient, truth: list[Served]) -> None:
    await client.read_holding_registers(40084, count=1, device_id=INVERTER)
    assert not truth
    await client.read_holding_registers(40084, count=2, device_id=INVERTER)
    assert [set(line.values) for line in truth] == [{"active_power"}]


@pytest.mark.parametrize(("start", "count"), [(20, 1), (27, 1), (19, 2), (0, 38), (27, 2), (33, 1), (37, 2), (38, 1), (65535, 1)])
async def test_a_request_that_touches_a_hole_is_an_illegal_data_address(
    client: AsyncModbusTcpClient, truth: list[Served], start: int, count: int
) -> None:
    reply = await client.read_holding_registers(start, count=count, device_id=BOILER)
    assert reply.isError()
    assert reply.exception_code == 2
    assert not truth


async def test_a_table_without_points_is_an_illegal_data_address(client: AsyncModbusTcpClient) -> None:
    for read in (client.read_coils, client.read_discrete_inputs):
        assert (await read(0, count=1, device_id=BOILER)).exception_code == 2
    assert (await client.read_input_registers(0, count=1, device_id=INVERTER)).exception_code == 2


async def test_a_unit_that_is_not_there_does_not_respond_behind_the_gateway(client: AsyncModbusTcpClient) -> None:
    assert (await client.read_holding_registers(0, count=1, device_id=99)).exception_code == 0x0B


async def test_every_write_is_an_illegal_function(client: AsyncModbusTcpClient) -> None:
    before = (await client.read_holding_registers(0, count=3, device_id=BOILER)).registers
    replies = [
        await client.write_register(0, 99, device_id=BOILER),
        await client.write_registers(0, [99, 99], device_id=BOILER),
        await client.write_coil(0, True, device_id=BOILER),
        await client.write_coils(0, [True], device_id=BOILER),
        await client.mask_write_register(address=0, and_mask=0, or_mask=99, device_id=BOILER),
        await client.readwrite_registers(read_address=0, read_count=1, write_address=0, values=[99], device_id=BOILER),
    ]
    assert {reply.exception_code for reply in replies} == {1}
    assert 99 not in before
    assert 99 not in (await client.read_holding_registers(0, count=3, device_id=BOILER)).registers


BITS = """kind = "boiler"
maker = "test"
model = "bits"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
protocol = "modbus"
max_registers = 4
points = [
  { signal = "low_water_interlock", table = "discrete_input", address = 17, type = "boolean" },
  { signal = "trip_code", table = "coil", address = 3, type = "boolean" },
  { name = "lamp", table = "coil", address = 4, type = "boolean", constant = 1 },
  { signal = "steam_flow", table = "input", address = 0, type = "float64" },
  { signal = "fuel_flow", table = "input", address = 4, type = "float32", byte_order = "little" },
]
"""


async def test_bits_and_limits_of_a_device_are_served(tmp_path: Path, truth: list[Served]) -> None:
    path = tmp_path / "bits.toml"
    path.write_text(BITS)
    profile = read_profile(path)
    assert isinstance(profile, ModbusProfile)
    equipment = Equipment(MachineSettings(name="bits", profile="boiler/bits", port=0))
    async with reading(ModbusServer([(equipment, profile)], truth.append, host="127.0.0.1", port=0)) as client:
        assert (await client.read_coils(3, count=2)).bits[:2] == [False, True]
        assert (await client.read_discrete_inputs(17, count=1)).bits[0] is False
        assert (await client.read_coils(3, count=3)).exception_code == 2
        assert (await client.read_discrete_inputs(16, count=2)).exception_code == 2
        assert not (await client.read_input_registers(0, count=4)).isError()
        assert (await client.read_input_registers(0, count=5)).exception_code == 3
    assert [set(line.values) for line in truth] == [{"trip_code"}, {"low_water_interlock"}, {"steam_flow"}]
