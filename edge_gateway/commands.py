"""``shangyun gateway``: describe machines, prove the settings, see the requests, try the machines, run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge_gateway import probe_commands, setup_commands
from edge_gateway.tables import print_table
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_gateway.driver import Target
    from edge_gateway.plant import Configuration
    from edge_gateway.settings import ModbusSettings

_SAMPLE = Path(__file__).parent / "sample.toml"
_FULL_SHARE = 0.8
"""A line that is busier than this has no room for repeats, time-outs and slow replies."""


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group ``gateway``."""
    group = subparsers.add_parser("gateway", help="the plant side: read machines and publish", description=__doc__)
    commands = group.add_subparsers(dest="gateway_command", required=True, metavar="COMMAND")
    sample = commands.add_parser("init", help="write a commented sample of the settings")
    sample.add_argument("file", nargs="?", type=Path, default=Path("gateway.toml"), help="where (default: gateway.toml)")
    sample.set_defaults(run=init)
    for name, function, help_text in (
        ("check", check, "check the settings, without the network"),
        ("plan", show_plan, "show the requests that each machine will be asked and what they cost, without the network"),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument("file", type=Path, help="the gateway's settings, such as gateway.toml")
        command.set_defaults(run=function)
    probe_commands.add_commands(commands)
    setup_commands.add_commands(commands)
    command = commands.add_parser(
        "run",
        help="read and publish until stopped",
        description="Read and publish until SIGINT or SIGTERM. SIGHUP reads the settings again and touches only what changed.",
    )
    command.add_argument("file", type=Path, help="the gateway's settings, such as gateway.toml")
    command.set_defaults(run=run)


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
    from edge_gateway.settings import ModbusSettings, NmeaTcpSettings, NmeaUdpSettings

    configuration = _load(args.file)
    points, rate = 0, 0.0
    problems: list[tuple[str, str, str]] = []
    for name, jobs in _jobs(configuration):
        settings, line_rate, busy = configuration.settings.connections[name], 0.0, 0.0
        for targets in jobs:
            points += sum(len(target.signals.names) + len(target.text_signals) + len(target.waveforms) for target in targets)
            if isinstance(settings, NmeaUdpSettings | NmeaTcpSettings):
                continue  # which listens and asks for nothing
            costs = _costs(targets, settings) if isinstance(settings, ModbusSettings) else [0.0]
            line_rate += len(costs) / targets[0].period_seconds
            busy += sum(costs) / targets[0].period_seconds
        rate += line_rate
        if isinstance(settings, ModbusSettings):
            problems += _too_much(name, settings, line_rate=line_rate, busy=busy)
    if problems:
        from telemetry.toml_file import TomlFile

        file = TomlFile(args.file)
        raise ConfigError(*(file.problem(("connections", name, key), message) for name, key, message in problems))
    print(
        f"{args.file}: fine, {len(configuration.settings.equipment)} equipment, {points} points, {rate:.3g} requests per second"
    )
    return 0


def show_plan(args: argparse.Namespace) -> int:
    from edge_gateway.line_cost import cost_of
    from edge_gateway.planner import plan, request_cost_of
    from edge_gateway.settings import ModbusSettings, NmeaTcpSettings, NmeaUdpSettings

    configuration = _load(args.file)
    for name, jobs in _jobs(configuration):
        settings, requests_per_second, busy = configuration.settings.connections[name], 0.0, 0.0
        for targets in jobs:
            period_seconds = targets[0].period_seconds
            print(f"{', '.join(dict.fromkeys(t.name for t in targets))} on {name}, every {period_seconds:g} s:")
            if isinstance(settings, NmeaUdpSettings | NmeaTcpSettings):
                _print_sentences(targets)
                continue
            if not isinstance(settings, ModbusSettings):
                _print_nodes(targets, settings.mode)
                continue
            rows = []
            for request in plan(targets, request_cost=request_cost_of(settings)):
                cost = cost_of(request, settings)
                busy += cost.seconds / period_seconds
                requests_per_second += 1 / period_seconds
                rows.append(
                    (
                        str(request.table),
                        str(request.start),
                        str(request.count),
                        str(len(request.labels)),
                        f"{request.unused} ({100 * request.unused / request.count:.0f} %)",
                        str(cost.bytes),
                        f"{1000 * cost.seconds:.3g}",
                    )
                )
            print_table(("table", "start", "count", "points", "read in vain", "bytes", "about ms"), rows)
        if requests_per_second:
            share = f"busy for about {100 * busy:.2g} % of the time"
            print(f"{name}: {requests_per_second:.3g} requests per second keep the line {share}")
    return 0


def run(args: argparse.Namespace) -> int:
    import asyncio

    from edge_gateway.daemon import run_until_signal

    asyncio.run(run_until_signal(args.file))
    return 0


def _load(path: Path) -> "Configuration":
    from edge_gateway.plant import Configuration
    from edge_gateway.settings import load_gateway

    return Configuration.of(load_gateway(path))


def _jobs(configuration: "Configuration") -> "Iterator[tuple[str, list[list[Target]]]]":
    """Give each connection with the targets that are read together."""
    for name, machines in configuration.machines.items():
        jobs: dict[object, list[Target]] = {}
        for described in machines.values():
            for target in described.targets():
                place = target.unit_id if described.profile.protocol == "modbus" else target.name
                jobs.setdefault((place, target.period_seconds), []).append(target)
        yield name, list(jobs.values())


def _costs(targets: "Sequence[Target]", settings: "ModbusSettings") -> list[float]:
    from edge_gateway.line_cost import cost_of
    from edge_gateway.planner import plan, request_cost_of

    return [cost_of(request, settings).seconds for request in plan(targets, request_cost=request_cost_of(settings))]


def _too_much(name: str, settings: "ModbusSettings", *, line_rate: float, busy: float) -> "Iterator[tuple[str, str, str]]":
    budget = settings.max_requests_per_second
    if budget is not None and line_rate > budget:
        yield name, "max_requests_per_second", f"is {budget:g}, but the equipment needs {line_rate:.3g}; lengthen periods"
    if busy > _FULL_SHARE:
        yield (
            name,
            "protocol",
            f"would be busy for about {100 * busy:.0f} % of the time; lengthen periods, read less or raise the speed",
        )


def _print_sentences(targets: "Sequence[Target]") -> None:
    from device_profiles.profile import NmeaPoint

    for target in targets:
        sentences = dict.fromkeys(point.sentence for point in target.points if isinstance(point, NmeaPoint))
        count = len(target.signals.names) + len(target.text_signals)
        print(f"  {count} values, heard from {', '.join(sentences)}; nothing is asked")


def _print_nodes(targets: "Sequence[Target]", mode: str) -> None:
    for target in targets:
        count = len(target.signals.names) + len(target.text_signals)
        where = f" below {target.root}" if target.root else ""
        if target.waveforms:
            print(f"  {len(target.waveforms)} waveforms{where}, one request for each")
        else:
            print(f"  {count} values{where}, {'told by the server as they change' if mode != 'poll' else 'in one request'}")
