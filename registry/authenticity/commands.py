"""The commands ``shangyun registry authenticity ...``."""

import argparse

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

_MOST_DAYS = 31.0


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "authenticity",
        help="whether data are the machines' own",
        description="Look for data that no machine has sent: flat, replayed, made up, impossible, or another machine's.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "check",
        help="check machines",
        description="Check machines by their newest days and write what is suspicious; a person decides on /city/authenticity.",
    )
    parser.add_argument("--area", metavar="CODE", help="machines of this area and all below it")
    parser.add_argument("--machine", type=int, metavar="ID", help="this machine alone")
    parser.add_argument("--days", type=float, default=7.0, metavar="N", help="so many days up to now (default: %(default)g)")
    add_database_option(parser)
    parser.set_defaults(run=check_machines)


def check_machines(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from registry.authenticity.service import check
    from store.city_registry import areas
    from store.city_suspicions import machines_to_check
    from telemetry.progress import Progress

    if not 1 <= args.days <= _MOST_DAYS:
        raise ConfigError(f"--days: {args.days:g} is not between 1 and {_MOST_DAYS:g}")
    with open_database(args) as database:
        if args.area is not None and args.area not in {area.code for area in areas(database)}:
            raise ConfigError(f"--area: there is no area {args.area!r}")
        machines = machines_to_check(database, area=args.area, machine_id=args.machine)
        if not machines:
            asked = args.area is None and args.machine is None
            raise ConfigError("no machine is registered" if asked else "no machine is registered there")
        total = sum(machine.equipment_id is not None for machine in machines)
        with Progress("check", total=total, unit="machines") as progress:
            done = check(
                database,
                now=datetime.now(UTC),
                days=args.days,
                area=args.area,
                machine_id=args.machine,
                advance=progress.advance,
            )
    print(f"{done.machines} machines checked, {done.with_data} of them with data")
    for method in sorted({*done.new, *done.standing}):
        print(f"  {method}: {done.new[method]} new, {done.standing[method]} as before")
    if done.decided:
        print(f"  {done.decided} found again that somebody has decided on")
    return 0
