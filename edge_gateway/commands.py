"""``shangyun gateway``: prove the settings, see the requests, try the machines, run."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import ConfigError, RetryableError

if TYPE_CHECKING:
    from edge_gateway.driver import Target
    from edge_gateway.planner import Request
    from edge_gateway.settings import GatewaySettings

_SAMPLE = Path(__file__).parent / "sample.toml"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group ``gateway``."""
    group = subparsers.add_parser("gateway", help="the plant side: read machines and publish", description=__doc__)
    commands = group.add_subparsers(dest="gateway_command", required=True, metavar="COMMAND")
    sample = commands.add_parser("init", help="write a commented sample of the settings")
    sample.add_argument("file", nargs="?", type=Path, default=Path("gateway.toml"), help="where (default: gateway.toml)")
    sample.set_defaults(run=init)
    for name, function, help_text in (
        ("check", check, "check the settings, without the network"),
        ("plan", show_plan, "show the requests that each machine will be asked, without the network"),
        ("probe", probe, "read every point once and show what came"),
        ("run", run, "poll and publish until stopped"),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument("file", type=Path, help="the gateway's settings, such as gateway.toml")
        command.set_defaults(run=function)


def init(args: argparse.Namespace) -> int:
    try:
        with args.file.open("x", encoding="utf-8") as file:
            file.write(_SAMPLE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise ConfigError("exists already and is left alone; name another file", file=args.file) from None
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=args.file) from error
    print(f"{args.file}: written; edit it, then: shangyun gateway check {args.file}")
    return 0


def check(args: argparse.Namespace) -> int:
    settings = _load(args.file)
    points, rate = 0, 0.0
    for _, target, requests in _planned(settings):
        points += len(target.signals.names) + len(target.text_signals)
        rate += max(len(requests), 1) / target.period_seconds
    print(f"{args.file}: fine, {len(settings.equipment)} equipment, {points} points, {rate:.3g} requests per second")
    return 0


def show_plan(args: argparse.Namespace) -> int:
    for connection, target, requests in _planned(_load(args.file)):
        print(f"{target.name} on {connection}, every {target.period_seconds:g} s:")
        if not requests:
            count = len(target.profile.points)
            print(f"  one OPC UA read of {count} nodes below {target.root}")
            continue
        rows = [
            (
                str(request.table),
                str(request.start),
                str(request.count),
                str(len(request.points)),
                f"{request.unused} ({100 * request.unused / request.count:.0f} %)",
            )
            for request in requests
        ]
        _print_table(("table", "start", "count", "points", "read in vain"), rows)
    return 0


def probe(args: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_probe(_load(args.file)))


def run(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.daemon import run_until_signal

    asyncio.run(run_until_signal(_load(args.file)))
    return 0


def _load(path: Path) -> "GatewaySettings":
    from edge_gateway.settings import load_gateway

    return load_gateway(path)


def _planned(settings: "GatewaySettings") -> "Iterable[tuple[str, Target, Sequence[Request]]]":
    """Give each target with its requests; none for OPC UA, where one request reads all."""
    from device_profiles.profile import ModbusProfile
    from edge_gateway.daemon import targets_by_connection
    from edge_gateway.planner import plan
    from edge_gateway.settings import ModbusTcpSettings

    for name, targets in targets_by_connection(settings).items():
        connection = settings.connections[name]
        for target in targets:
            if isinstance(target.profile, ModbusProfile) and isinstance(connection, ModbusTcpSettings):
                yield name, target, plan(target.profile, gap_registers=connection.gap_registers)
            else:
                yield name, target, ()


async def _probe(settings: "GatewaySettings") -> int:
    from edge_gateway.daemon import make_driver, targets_by_connection

    failures = 0
    for name, targets in targets_by_connection(settings).items():
        try:
            async with make_driver(name, settings.connections[name]) as driver:
                for target in targets:
                    raw: dict[str, str] = {}
                    poll = await driver.read(target, raw=raw)
                    failures += _show_poll(target, poll.readings, poll.texts, raw)
        except RetryableError as error:
            failures += len(targets)
            print(f"{', '.join(target.name for target in targets)}: {error}")
    return 1 if failures else 0


def _show_poll(target: "Target", readings: Sequence[tuple[float, int]], texts: dict[str, str], raw: dict[str, str]) -> int:
    from device_profiles.kind import load_kind
    from telemetry.quality import Quality

    signals = load_kind(target.profile.kind).signals
    rows, failures = [], 0
    for name, (value, quality) in zip(target.signals.names, readings, strict=True):
        states = {state.code: state.name for state in signals[name].states}
        shown = "-" if value != value else states.get(int(value), "") if states else f"{value:.9g}"  # noqa: PLR0124 - NaN
        unit = "" if states or signals[name].unit == "1" else signals[name].unit
        failures += Quality(quality).is_bad
        rows.append((name, raw.get(name, ""), shown, unit, Quality(quality).name.lower()))
    for name in target.text_signals:
        failures += name not in texts
        rows.append((name, raw.get(name, ""), texts.get(name, "-"), "", "good" if name in texts else "bad"))
    print(f"{target.name} ({target.profile.maker} {target.profile.model}): {len(rows) - failures} of {len(rows)} points good")
    _print_table(("signal", "raw", "value", "unit", "quality"), rows)
    return failures


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
