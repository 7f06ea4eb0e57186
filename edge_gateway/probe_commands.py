"""``shangyun gateway probe|scan|browse|decode-help``: try the machines, find out what stands there and how it writes numbers."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_gateway.tables import print_table
from telemetry.errors import ConfigError, RetryableError

if TYPE_CHECKING:
    from device_profiles.kind import Kind
    from edge_gateway.driver import Poll, Target
    from edge_gateway.drivers.modbus.discovery import FoundUnit
    from edge_gateway.drivers.modbus.transport import AnyModbusSettings
    from edge_gateway.found_points import Found
    from edge_gateway.settings import ConnectionSettings, GatewaySettings, MtConnectSettings, OpcUaSettings


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
    _add_points(scan_parser, "the registers of the SunSpec models that were found")
    browse_parser = _command(
        commands, "browse", browse, "list the variables of an OPC UA server, or the data items of an MTConnect agent"
    )
    browse_parser.add_argument("connection", help="name of the connection in the settings")
    browse_parser.add_argument(
        "pattern",
        nargs="?",
        default="**",
        help="glob over browse paths below Objects, such as 'Machines/*/Monitoring/**'; over devices and components of an agent",
    )
    _add_points(browse_parser, "what was found")
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


def _add_points(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--points", type=Path, metavar="FILE.csv", help=f"write {what} as a table of points, for `shangyun profiles new`"
    )
    parser.add_argument("--kind", help="equipment kind, whose signals are named in the table where that is certain")


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
    from edge_gateway.driver import Overhearer
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
                for line in driver.overheard() if isinstance(driver, Overhearer) else ():
                    print(f"{connection}: {line}")
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
    records = {block.signal: block for block in poll.blocks}
    for name in target.waveforms:
        failures += name not in records
        shown = f"{len(records[name].samples) // 4} samples, {records[name].rate_hz:g} Hz" if name in records else "-"
        rows.append((name, raw.get(name, ""), shown, signals[name].unit, "good" if name in records else "bad"))
    print(f"{target.name} ({target.profile.maker} {target.profile.model}): {len(rows) - failures} of {len(rows)} points good")
    print_table(("signal", "raw", "value", "unit", "quality"), rows)
    return failures


def scan(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.drivers.modbus.discovery import discover
    from telemetry.progress import Progress

    settings, kind = _modbus(args), _kind(args)
    found: list[FoundUnit] = []

    async def look() -> None:
        with Progress("scan", total=len(args.units), unit="units") as progress:
            async for unit in discover(args.connection, settings, args.units, progress=progress.advance):
                found.append(unit)
                print(f"unit {unit.unit}: {unit.answered_with}{f'; {unit.identification}' if unit.identification else ''}")
                for model in unit.sunspec:
                    print(f"  SunSpec model {model.number} ({model.length} registers) at {model.address}")

    asyncio.run(look())
    print(f"{args.connection}: {len(found)} of {len(args.units)} units answer")
    if found and args.points is not None:
        _write_sunspec(args.points, found, kind)
    return 0 if found else 1


def _write_sunspec(path: Path, found: "Sequence[FoundUnit]", kind: "Kind | None") -> None:
    from edge_gateway.found_points import sunspec_points, write_points

    units = [unit for unit in found if unit.sunspec]
    if len(units) != 1:
        have = f"units {', '.join(str(unit.unit) for unit in units)} have" if units else "no unit has"
        hint = "; a table holds one machine, so choose one with --units" if units else ", and other registers cannot be found out"
        raise ConfigError(f"is not written: {have} SunSpec models{hint}", file=path)
    rows = sunspec_points(units[0].sunspec, None if kind is None else kind.name)
    write_points(path, rows)
    _tell_written(path, rows)


def _tell_written(path: Path, rows: "Sequence[dict[str, str]]") -> None:
    signals = sum(bool(row.get("signal")) for row in rows)
    print(f"{path}: {len(rows)} rows written, {signals} with a signal; complete it, then: shangyun profiles new {path}")


def browse(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.settings import MtConnectSettings, OpcUaSettings

    settings, kind = _connection(args), _kind(args)
    if isinstance(settings, MtConnectSettings):
        found = asyncio.run(_browse_agent(args, settings))
    elif not isinstance(settings, OpcUaSettings):
        raise ConfigError("is no OPC UA or MTConnect connection", file=args.file, key=f"connections.{args.connection}")
    elif args.points is None:
        from edge_gateway.drivers.opcua.browse import show_nodes

        return asyncio.run(show_nodes(args.connection, settings, args.pattern))
    else:
        found = asyncio.run(_browse_server(args, settings))
    if found and args.points is not None:
        _write_found(args.points, found, kind)
    return 0 if found else 1


async def _browse_server(args: argparse.Namespace, settings: "OpcUaSettings") -> "list[Found]":
    from edge_gateway.clock import Clock
    from edge_gateway.drivers.opcua.browse import browse as variables_of
    from edge_gateway.drivers.opcua.driver import OpcUa
    from edge_gateway.drivers.opcua.engineering_units import engineering_units
    from edge_gateway.found_points import opcua_points

    async with OpcUa(args.connection, settings, now_us=Clock().now_us) as driver:
        variables = sorted([variable async for variable in variables_of(driver.session, args.pattern)])
        units = await engineering_units(driver.session, [variable.node for variable in variables])
    return opcua_points(variables, units)


async def _browse_agent(args: argparse.Namespace, settings: "MtConnectSettings") -> "list[Found]":
    from edge_gateway.drivers.mtconnect.agent import Agent
    from edge_gateway.drivers.mtconnect.documents import BadDocument
    from edge_gateway.found_points import mtconnect_points
    from telemetry.errors import NotConnected

    agent = Agent(args.connection, settings)
    try:
        devices = (await agent.probe()).devices
    except BadDocument as error:
        raise NotConnected(f"{args.connection} ({settings.url}): the answer to /probe {error}") from error
    finally:
        await agent.close()
    points = {device.name: found for device in devices if (found := mtconnect_points(device, args.pattern))}
    rows = [found.row for of_device in points.values() for found in of_device]
    if rows:
        heads = ("label", "data_item", "signal_type", "unit")
        print_table(("path", "data item", "type", "unit"), [[row[head] for head in heads] for row in rows])
    if args.points is not None and len(points) > 1:
        choices = ", ".join(f"{name}/**" for name in points)
        raise ConfigError(f"is not written: a table holds one machine, so choose one by a pattern: {choices}", file=args.points)
    return [found for of_device in points.values() for found in of_device]


def _write_found(path: Path, found: "Sequence[Found]", kind: "Kind | None") -> None:
    from edge_gateway.found_points import with_signals, write_points

    rows, unclear = with_signals(found, kind)
    write_points(path, rows)
    if unclear:
        print(f"note: several rows could be {', '.join(unclear)}; none of them is named")
    without = [row["signal"] for row in rows if kind and row["signal"] and not row["unit"] and _has_unit(kind, row["signal"])]
    if without:
        print(f"note: no unit is told for {', '.join(without)}; where it is not that of the signal, write it into the table")
    _tell_written(path, rows)


def _has_unit(kind: "Kind", signal: str) -> bool:
    return kind.signals[signal].unit != "1"


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


def _kind(args: argparse.Namespace) -> "Kind | None":
    from device_profiles.kind import load_kind

    return None if args.kind is None else load_kind(args.kind)


def _modbus(args: argparse.Namespace) -> "AnyModbusSettings":
    from edge_gateway.settings import ModbusRtuOverTcpSettings, ModbusRtuSettings, ModbusTcpSettings

    settings = _connection(args)
    if not isinstance(settings, ModbusTcpSettings | ModbusRtuOverTcpSettings | ModbusRtuSettings):
        raise ConfigError("is no Modbus connection", file=args.file, key=f"connections.{args.connection}")
    return settings
