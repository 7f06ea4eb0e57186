"""Requests per poll of three register maps: our planner against Telegraf's ``max_insert``.

The rule is implemented here from its description (influxdata/telegraf, plugins/inputs/modbus, README and request.go at b2726314,
August 2026): fields of a table, sorted by address, share a request as long as the hole to the next one has at most
``optimization_max_register_fill`` registers (50) and the request stays within the largest allowed.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import gateway_site
from benchmarks.bars import Bar, Measure
from device_profiles.profile import Datatype, ModbusProfile, Table, load_profile
from edge_gateway.driver import Target
from edge_gateway.planner import plan, request_cost_of
from edge_gateway.settings import ModbusTcpSettings

MAX_REGISTER_FILL = 50
EASTRON_REGISTERS = 80
"""The meter's manual: at most 40 parameters of two registers in a request."""


class Field(NamedTuple):
    """Where a value lies."""

    table: Table
    address: int
    width: int


class Read(NamedTuple):
    """One request."""

    table: Table
    start: int
    registers: int


def max_insert(fields: Iterable[Field], *, max_registers: int, fill: int = MAX_REGISTER_FILL) -> list[Read]:
    """Plan as Telegraf does."""
    reads: list[Read] = []
    for field in sorted(set(fields), key=lambda f: (f.table, f.address, -f.width)):
        end = field.address + field.width
        if reads and reads[-1].table is field.table:
            last = reads[-1]
            hole = field.address - (last.start + last.registers)
            span = max(end - last.start, last.registers)
            if hole <= fill and span <= max_registers:
                reads[-1] = last._replace(registers=span)
                continue
        reads.append(Read(field.table, field.address, field.width))
    return reads


def ours(logical_devices: Sequence[ModbusProfile]) -> list[Read]:
    """Plan what several logical devices behind one unit need, as the gateway does by default on Modbus TCP."""
    targets = [Target.from_profile(profile, name=f"device-{number}") for number, profile in enumerate(logical_devices)]
    cost = request_cost_of(ModbusTcpSettings(protocol="modbus_tcp", host="127.0.0.1"))
    return [Read(request.table, request.start, request.count) for request in plan(targets, request_cost=cost)]


def fields_of(profile: ModbusProfile) -> list[Field]:
    """Name what a user of Telegraf has to ask for: what carries a signal, and the scale factors of those."""
    factors = {point.scale_factor for point in profile.points}
    wanted = (point for point in profile.points if point.signal is not None or point.name in factors)
    return [Field(point.table, point.address, point.width) for point in wanted]


def maps(folder: Path) -> Mapping[str, list[ModbusProfile]]:
    """Describe the maps; those that no shipped profile holds are written to ``folder`` as a plant would write its own."""
    return {
        "SunSpec 103": [_loaded("pv_inverter/sunspec_103")],
        "SDM630": [_written(folder, "sdm630", Table.INPUT, Datatype.FLOAT32, SDM630, max_registers=EASTRON_REGISTERS)],
        "42 registers of 13 devices": [
            _written(folder, f"logical_{n}", Table.HOLDING, Datatype.UINT16, range(42 * n // 13, 42 * (n + 1) // 13))
            for n in range(13)
        ],
    }


SDM630 = (
    *range(0x00, 0x2C, 2),  # voltages, currents, powers, factors and angles of the phases; mean voltage
    *(0x2E, 0x30, 0x34, 0x38, 0x3C, 0x3E, 0x42, 0x46),  # sums, frequency
    *range(0x48, 0x58, 2),  # energies, demand
    *(0x64, 0x66, 0x68, 0x6A),  # demand
    *(0xC8, 0xCA, 0xCC, 0xCE, 0xE0),  # line voltages, neutral current
    *(0xEA, 0xEC, 0xEE, 0xF0, 0xF2, 0xF4, 0xF8, 0xFA),  # distortion
    *range(0x156, 0x166, 2),  # totals, energies of the phases
)
"""Input registers of Eastron's "SDM630 Modbus protocol" 2.0, each a float32."""


def _written(
    folder: Path, name: str, table: Table, datatype: Datatype, addresses: Iterable[int], *, max_registers: int = 125
) -> ModbusProfile:
    signals = {f"{name}_{address}": address for address in addresses}
    points = "".join(
        f'  {{ signal = "{signal}", table = "{table}", address = {address}, type = "{datatype}" }},\n'
        for signal, address in signals.items()
    )
    own = "".join(f"[signals.{signal}]\n{gateway_site.OWN_SIGNAL}" for signal in signals)
    path = folder / f"{name}.toml"
    path.write_text(
        f'kind = "boiler"\nmaker = "bench"\nmodel = "{name}"\nlabel = {{ zh = "{name}", en = "{name}" }}\nprotocol = "modbus"\n'
        f'source = "see gateway_requests"\nverified = "datasheet"\nmax_registers = {max_registers}\npoints = [\n{points}]\n{own}',
        encoding="utf-8",
    )
    return _loaded(str(path))


def _loaded(name: str) -> ModbusProfile:
    profile = load_profile(name)
    assert isinstance(profile, ModbusProfile)
    return profile


def measure(folder: Path) -> Bar:
    figures, details, holds = [], {}, True
    for name, devices in maps(folder).items():
        theirs = max_insert((f for device in devices for f in fields_of(device)), max_registers=devices[0].max_registers)
        mine = ours(devices)
        holds &= len(mine) <= len(theirs)
        registers = [sum(read.registers for read in reads) for reads in (mine, theirs)]
        figures.append(f"{name}: {len(mine)} of {registers[0]} registers ({len(theirs)} of {registers[1]})")
        details[name] = {"ours": mine, "max_insert": theirs}
    line = f"requests per poll, {', '.join(figures)} (in brackets Telegraf's max_insert; bar: no more)"
    return Bar("gateway_requests", holds, line, details)


BARS: dict[str, Measure] = {"gateway_requests": measure}
