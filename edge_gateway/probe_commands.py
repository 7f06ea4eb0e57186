"""``shangyun gateway probe|scan|browse|decode-help``: try the machines, find out what stands there and how it writes numbers."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_gateway.tables import print_table
from telemetry.errors import ConfigError, RetryableError

if TYPE_CHECKING:
    from edge_gateway.driver import Poll, Target
    from edge_gateway.drivers.modbus.transport import AnyModbusSettings
    from edge_gateway.settings import ConnectionSettings, GatewaySettings


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    probe_parser = _command(commands, "probe", probe, "read every point once and show what came")
    probe_parser.add_argument("names", nargs="*", metavar="EQUIPMENT", help="only these machines")
    scan_parser = _command(
        commands, "scan", scan, "find the units on a Modbus connection, what they call themselves, and their SunSpec models"
    )
    scan_parser.add_argument("connection", help="name of the connection in the settings")
    scan_parser.add_argument(
        "--units", type=_units, default=range(1, 248), metavar="A-B", help="unit ids to try (default: 1-247)"
    )
    browse_parser = _command(commands, "browse", browse, "list the variables of an OPC UA server")
    browse_parser.add_argument("connection", help="name of the connection in the settings")
    browse_parser.add_argument(
        "pattern", nargs="?", default="**", help="glob over browse paths below Objects, such as 'Machines/*/Monitoring/**'"
    )
    help_parser = _command(
        commands, "decode-help", decode_help, "read an address and show every way to read its bytes as a number"
    )
    help_parser.add_argument("connection", help="name of the connection in the settings")
    help_parser.add_argument("address", type=lambda text: int(text, 0), help="PDU address, counted from 0; 0x10 is allowed")
    help_parser.add_argument("--unit", type=int, default=1, metavar="ID")
    help_parser.add_argument("--table", choices=("holding", "input"), default="holding")
    help_parser.add_argument("--count", type=int, default=4, metavar="N", help="registers to read (default: 4)")
    help_parser.add_argument(
        "--expect", type=float, metavar="NUMBER", help="what the machine's display says: show what comes near it"
    )


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, function: Any, help_text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=f"{help_text[:1].upper()}{help_text[1:]}.")
    parser.add_argument("file", type=Path, help="the gateway's settings, such as gateway.toml")
    parser.set_defaults(run=function)
    return parser


def _units(text: str) -> range:
    first, _, last = text.partition("-")
    units = range(int(first), int(last or first) + 1)
    if not units or units[0] < 0 or units[-1] > 255:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of unit ids from 0 to 255")
    return units


def probe(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.settings import load_gateway

    settings = load_gateway(args.file)
    unknown = set(args.names) - {equipment.name for equipment in settings.equipment}
    if unknown:
        raise ConfigError(f"there is no equipment {', '.join(sorted(unknown))}", file=args.file)
    return asyncio.run(_probe(settings, args.names))


async def _probe(settings: "GatewaySettings", names: Sequence[str]) -> int:
    from edge_gateway.clock import Clock
    from edge_gateway.plant import Configuration, make_driver

    failures = 0
    for connection, machines in Configuration.of(settings).machines.items():
        targets = [t for name, d in machines.items() if not names or name in names for t in d.targets()]
        if not targets:
            continue
        try:
            driver = make_driver(connection, settings.connections[connection], now_us=Clock().now_us, counters={})
            async with driver:
                for target in targets:
                    raw: dict[str, str] = {}
                    answer = await driver.read([target], raw=raw)
                    failures += _show_poll(target, answer.polls[0], raw)
        except RetryableError as error:
            failures += len(targets)
            print(f"{', '.join(dict.fromkeys(target.name for target in targets))}: {error}")
    return 1 if failures else 0


def _show_poll(target: "Target", poll: "Poll", raw: dict[str, str]) -> int:
    from telemetry.quality import Quality

    signals, rows, failures = target.kind_signals, [], 0
    for name, (value, quality) in zip(target.signals.names, poll.readings, strict=True):
        states = {state.code: state.name for state in signals[name].states}
        shown = "-" if value != value else states.get(int(value), "") if states else f"{value:.9g}"  # noqa: PLR0124 - NaN
        unit = "" if states or signals[name].unit == "1" else signals[name].unit
        failures += Quality(quality).is_bad
        rows.append((name, raw.get(name, ""), shown, unit, Quality(quality).name.lower()))
    for name in target.text_signals:
        failures += name not in poll.texts
        rows.append((name, raw.get(name, ""), poll.texts.get(name, "-"), "", "good" if name in poll.texts else "bad"))
    print(f"{target.name} ({target.profile.maker} {target.profile.model}): {len(rows) - failures} of {len(rows)} points good")
    print_table(("signal", "raw", "value", "unit", "quality"), rows)
    return failures


def scan(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.drivers.modbus.discovery import discover
    from telemetry.progress import Progress

    settings = _modbus(args)
    found = 0

    async def look() -> None:
        nonlocal found
        with Progress("scan", total=len(args.units), unit="units") as progress:
            async for unit in discover(args.connection, settings, args.units, progress=progress.advance):
                found += 1
                print(f"unit {unit.unit}: {unit.answered_with}{f'; {unit.identification}' if unit.identification else ''}")
                for model in unit.sunspec:
                    print(f"  SunSpec model {model.number} ({model.length} registers) at {model.address}")

    asyncio.run(look())
    print(f"{args.connection}: {found} of {len(args.units)} units answer")
    return 0 if found else 1


def browse(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.settings import OpcUaSettings

    settings = _connection(args)
    if not isinstance(settings, OpcUaSettings):
        raise ConfigError("is no OPC UA connection", file=args.file, key=f"connections.{args.connection}")
    from edge_gateway.drivers.opcua.browse import show_nodes

    return asyncio.run(show_nodes(args.connection, settings, args.pattern))


def decode_help(args: argparse.Namespace) -> int:
    import asyncio

    from device_profiles.interpretations import interpretations, matching
    from device_profiles.profile import Table
    from edge_gateway.drivers.modbus.discovery import read_registers

    settings = _modbus(args)
    if not 1 <= args.count <= 125 or not 0 <= args.address <= 65536 - args.count:
        raise ConfigError(f"{args.count} registers from {args.address}: at most 125, within 0 to 65535")
    if args.expect is not None and not math.isfinite(args.expect):
        raise ConfigError("--expect takes the number on the machine's display")
    data = asyncio.run(
        read_registers(args.connection, settings, unit=args.unit, table=Table(args.table), start=args.address, count=args.count)
    )
    print(f"{args.table} {args.address}, {args.count} registers: {data.hex(' ', 2)}")
    found = interpretations(data) if args.expect is None else matching(data, args.expect)
    if not found:
        print(f"nothing here comes near {args.expect:g}; try the addresses beside it, or another table")
        return 1
    print_table(
        ("read as", "registers", "value", "in a profile"), [(i.name, str(i.registers), i.text, i.settings) for i in found]
    )
    return 0


def _connection(args: argparse.Namespace) -> "ConnectionSettings":
    from edge_gateway.settings import load_gateway

    connections = load_gateway(args.file).connections
    if args.connection not in connections:
        raise ConfigError(f"there is no [connections.{args.connection}]; known: {', '.join(connections)}", file=args.file)
    return connections[args.connection]


def _modbus(args: argparse.Namespace) -> "AnyModbusSettings":
    from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusRtuSettings, ModbusTcpSettings

    settings = _connection(args)
    if not isinstance(settings, ModbusTcpSettings | ModbusRtuOverTcpSettings | ModbusRtuSettings):
        raise ConfigError("is no Modbus connection", file=args.file, key=f"connections.{args.connection}")
    return settings
