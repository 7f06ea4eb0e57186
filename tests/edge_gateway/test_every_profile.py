"""Every device model that is shipped, end to end: a machine behind a socket, a gateway's settings file, and what arrives."""

import math
from pathlib import Path
from typing import Any

import pytest

from device_profiles.kind import Signal
from device_profiles.nmea_fields import FIELDS
from device_profiles.profile import ModbusPoint, ModbusProfile, NmeaPoint, Point, Profile, load_profile, profile_names, signals_of
from edge_gateway.clock import Clock
from edge_gateway.plant import Configuration, make_driver
from edge_gateway.settings import load_gateway
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.servers.mtconnect import MtConnectServer
from simulators.servers.nmea import NmeaTcpServer
from simulators.servers.opcua import OpcUaServer
from simulators.settings import MachineSettings
from telemetry.quality import Quality
from telemetry.units import conversion

CONNECTIONS = {
    "modbus": 'protocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}',
    "opcua": 'protocol = "opcua"\nurl = "opc.tcp://127.0.0.1:{port}"\nsecurity = "none"',
    "mtconnect": 'protocol = "mtconnect"\nurl = "http://127.0.0.1:{port}"',
    "nmea": 'protocol = "nmea_tcp"\nhost = "127.0.0.1"\nport = {port}',
}
SERVERS: dict[str, Any] = {"opcua": OpcUaServer, "mtconnect": MtConnectServer, "nmea": NmeaTcpServer}
ROOTS = {"modbus": "unit_id = 1", "opcua": 'root = "Machines/machine"', "mtconnect": 'root = "machine"', "nmea": ""}


class Watched(Equipment):
    """Keeps what its sensors have read, before any codec has seen it."""

    readings: list[dict[str, float | str]]

    def read(self) -> dict[str, float | str]:
        values = super().read()
        self.readings = [*getattr(self, "readings", []), values][-50:]
        return values


def server_of(machine: Watched, profile: Profile) -> Any:
    if isinstance(profile, ModbusProfile):
        return ModbusServer([(machine, profile)], None, host="127.0.0.1", port=0)
    return SERVERS[profile.protocol]([(machine, profile)], lambda _: None, host="127.0.0.1", port=0)


@pytest.mark.parametrize("start", ["02:00", "11:00"])
@pytest.mark.parametrize("name", profile_names())
async def test_what_the_machines_sensors_read_arrives_at_the_gateway_within_one_count(
    name: str, start: str, tmp_path: Path
) -> None:
    profile = load_profile(name)
    # One reading of the sensors answers all requests of a register map, so that its row is of one instant.
    machine = Watched(MachineSettings(name="machine", profile=name, port=0, seed=3, start_time=start, refresh_seconds=60))
    async with server_of(machine, profile) as server:
        file = tmp_path / "gateway.toml"
        connection = CONNECTIONS[profile.protocol].format(port=server.port)
        file.write_text(
            f'gateway = "g"\n[broker]\nhost = "127.0.0.1"\n[spool]\npath = "s"\n[connections.line]\n{connection}\n'
            f'[[equipment]]\nname = "machine"\nprofile = "{name}"\nconnection = "line"\n{ROOTS[profile.protocol]}\n',
            encoding="utf-8",
        )
        settings = load_gateway(file)
        (described,) = Configuration.of(settings).machines["line"].values()
        target, *waveforms = described.targets()
        driver = make_driver("line", settings.connections["line"], now_us=Clock().now_us, counters={})
        async with driver:
            poll, *looks = (await driver.read([target, *waveforms])).polls
    found: dict[str, tuple[float | str, int]] = dict(zip(target.signals.names, poll.readings, strict=True))
    found |= {signal: (text, Quality.GOOD) for signal, text in poll.texts.items()}
    recorded = {block.signal for look in looks for block in look.blocks}
    assert found.keys() | recorded == {point.signal for point in profile.points if point.signal}
    assert not found.keys() & recorded
    assert closest_mistakes(found, machine.readings, profile) == []


def closest_mistakes(
    found: dict[str, tuple[float | str, int]], readings: list[dict[str, float | str]], profile: Profile
) -> list[str]:
    """Give what does not agree with the reading of the sensors that agrees best."""
    points = {point.signal: point for point in profile.points if point.signal}
    counts = {signal: count_of(point, profile) for signal, point in points.items()}
    return min(
        (
            [
                f"{signal}: {value} ({Quality(quality).name}), the sensor {reading[signal]}, count {counts[signal]}"
                for signal, (value, quality) in found.items()
                if not agrees(value, quality, shown(reading[signal], points[signal], signals_of(profile)[signal]), counts[signal])
            ]
            for reading in readings
        ),
        key=len,
    )


def shown(sensor: float | str, point: Point, signal: Signal) -> float | str:
    """Give the state that a device shows which has one code for several of them."""
    codes = {state.name: state.code for state in signal.states}
    for names in (point.map or {}).values():
        first, *others = names.split("|")
        if sensor in [codes[name] for name in others]:
            return float(codes[first])
    return sensor


def agrees(value: float | str, quality: int, sensor: float | str, count: tuple[float, float]) -> bool:
    if isinstance(value, str) or isinstance(sensor, str):
        return value == sensor
    if math.isnan(sensor):
        return math.isnan(value) and quality == Quality.BAD_NOT_AVAILABLE
    size, modulus = count
    away = abs(value - (sensor % modulus if modulus else sensor))
    return quality == Quality.GOOD and away <= size * 1.001 + 4e-7 * abs(sensor)


def count_of(point: Any, profile: Profile) -> tuple[float, float]:
    """Give the size of one count of a point's raw number in the signal's unit, and where its counter turns over (0: nowhere)."""
    unit = FIELDS[point.sentence][point.field].unit if isinstance(point, NmeaPoint) else point.unit
    factor = conversion(unit, signals_of(profile)[point.signal].unit).factor if unit else 1.0
    size = abs(point.scale * factor)
    if not isinstance(point, ModbusPoint):
        return size, 0.0
    assert isinstance(profile, ModbusProfile)
    if point.scale_factor is not None:
        size *= 10.0 ** next(int(p.simulated or 0) for p in profile.points if p.name == point.scale_factor)
    return (0.0 if point.type.is_float else size), (point.modulus or 0) * size
