"""Finding out what stands on a line, against the simulators."""

from collections.abc import AsyncIterator

import pytest

from device_profiles.profile import ModbusProfile, Table, load_profile
from edge_gateway.drivers.modbus.discovery import SunSpecModel, discover, read_registers
from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusTcpSettings
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.settings import MachineSettings
from telemetry.errors import NotConnected


def machine(name: str, profile: str, unit_id: int) -> tuple[Equipment, ModbusProfile]:
    loaded = load_profile(profile)
    assert isinstance(loaded, ModbusProfile)
    return Equipment(MachineSettings(name=name, profile=profile, port=0, unit_id=unit_id)), loaded


@pytest.fixture(params=["modbus_tcp", "modbus_rtu_over_tcp"])
async def settings(request: pytest.FixtureRequest) -> AsyncIterator[ModbusTcpSettings | ModbusRtuOverTcpSettings]:
    units = [machine("boiler-1", "boiler/generic_plc", 3), machine("pv-1", "pv_inverter/sunspec_103", 5)]
    async with ModbusServer(units, None, host="127.0.0.1", port=0, protocol=request.param) as server:
        values = {"protocol": request.param, "host": "127.0.0.1", "port": server.port, "timeout_seconds": 0.1}
        model = ModbusTcpSettings if request.param == "modbus_tcp" else ModbusRtuOverTcpSettings
        yield model.model_validate(values)


async def test_units_that_answer_are_found_with_their_name_and_their_sunspec_models(
    settings: ModbusTcpSettings | ModbusRtuOverTcpSettings,
) -> None:
    asked = 0

    def progress(count: int) -> None:
        nonlocal asked
        asked += count

    found = [unit async for unit in discover("line", settings, range(1, 8), progress=progress)]
    assert asked == 7
    boiler, inverter = found
    assert (boiler.unit, boiler.answered_with, boiler.sunspec) == (3, "holding register 0", ())
    assert "generic" in boiler.identification
    assert (inverter.unit, inverter.answered_with) == (5, "exception 2 for holding register 0")
    # SunSpec: the common model (1) has 66 registers, model 103 has 50, and the list ends behind it.
    assert inverter.sunspec == (SunSpecModel(1, 40002, 66), SunSpecModel(103, 40070, 50))


async def test_registers_are_given_as_they_are_on_the_wire_and_a_refusal_is_told_in_words(
    settings: ModbusTcpSettings | ModbusRtuOverTcpSettings,
) -> None:
    data = await read_registers("line", settings, unit=5, table=Table.HOLDING, start=40000, count=2)
    assert data == b"SunS"
    with pytest.raises(NotConnected, match="unit 5 refuses holding 10, 2 registers, with exception 2"):
        await read_registers("line", settings, unit=5, table=Table.HOLDING, start=10, count=2)
    with pytest.raises(NotConnected, match="unit 9"):
        await read_registers("line", settings, unit=9, table=Table.HOLDING, start=10, count=2)
