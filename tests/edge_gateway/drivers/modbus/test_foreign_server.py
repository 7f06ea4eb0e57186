"""Against a server that is not ours: pymodbus' own, on both framings."""

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge_gateway.clock import Clock
from edge_gateway.driver import Target
from edge_gateway.drivers.modbus.driver import Modbus
from edge_gateway.drivers.modbus.line import Line
from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusTcpSettings
from shangyun.local_servers import free_port
from telemetry.quality import Quality
from tests.edge_gateway.responder import profile


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
async def test_values_of_every_table_come_as_the_server_holds_them(framing: str) -> None:
    map_ = profile(
        {"signal": "steam_flow", "address": 10},
        {"signal": "fuel_flow", "address": 12, "type": "float32"},
        {"signal": "ambient_temperature", "address": 5, "table": "input", "type": "int16", "scale": 0.1},
        {"signal": "low_water_interlock", "address": 3, "table": "coil", "type": "boolean"},
    )
    device = SimDevice(
        7,
        simdata=(
            [SimData(0, values=[False, False, False, True, False], datatype=DataType.BITS)],
            [SimData(0, values=[False], datatype=DataType.BITS)],
            [SimData(10, values=[1234, 0], datatype=DataType.REGISTERS), SimData(12, values=[55.25], datatype=DataType.FLOAT32)],
            [SimData(5, values=[65_336], datatype=DataType.REGISTERS)],
        ),
    )
    port = free_port()
    server = ModbusTcpServer(
        device, address=("127.0.0.1", port), framer=FramerType.SOCKET if framing == "tcp" else FramerType.RTU
    )
    await server.serve_forever(background=True)
    try:
        values = {"host": "127.0.0.1", "port": port, "timeout_seconds": 2.0}
        settings = (
            ModbusTcpSettings.model_validate({"protocol": "modbus_tcp", **values})
            if framing == "tcp"
            else ModbusRtuOverTcpSettings.model_validate({"protocol": "modbus_rtu_over_tcp", **values})
        )
        boiler = Target.from_profile(map_, name="boiler-1", unit_id=7)
        async with Modbus("foreign", settings, now_us=Clock().now_us) as driver:
            answer = await driver.read([boiler])
        line = Line("foreign", settings, now_us=Clock().now_us)
        await line.open()
        identification = await line.identify(7)
        line.close()
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]
    assert dict(zip(boiler.signals.names, answer.polls[0].readings, strict=True)) == {
        "steam_flow": (1234, Quality.GOOD),
        "fuel_flow": (55.25, Quality.GOOD),
        "ambient_temperature": (-20.0, Quality.GOOD),
        "low_water_interlock": (1, Quality.GOOD),
    }
    assert isinstance(identification, list)
