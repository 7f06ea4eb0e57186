"""The commands ``shangyun registry count`` and ``recount``; those of rules and of snapshots stand beside them."""

import argparse
from typing import TYPE_CHECKING

from registry.counting import rule_commands, snapshot_commands
from registry.counting.snapshot_commands import FORMS, told
from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from datetime import date

    from store.city_counting import Header
    from store.database import Database

_ZONE = "Asia/Shanghai"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "count",
        help="make the facts of each day",
        description="Make the facts of each day that is over, again where rows came late, and count each day for the pages, "
        "until told to stop; a second one stands by.",
    )
    add_database_option(parser)
    parser.add_argument("--once", action="store_true", help="make what is due now, count the newest day, and end")
    parser.add_argument("--again", nargs=2, metavar=("FROM", "TO"), help="make the facts of these days anew, and end")
    parser.add_argument("--area", action="append", default=[], metavar="CODE", help="count this one (default: all at the top)")
    parser.add_argument("--zone", default=_ZONE, help="time zone of plants that are at no site (default: %(default)s)")
    parser.add_argument("--every", type=float, default=300.0, metavar="SECONDS", help="between two rounds (default: %(default)g)")
    parser.add_argument(
        "--keep-days", type=int, default=35, metavar="N", help="forget counts of days then (default: %(default)s)"
    )
    parser.set_defaults(run=count)
    parser = subparsers.add_parser(
        "recount",
        help="count an area",
        description="Count an area with all below it: a day for the pages, or a month, quarter or year that is frozen.",
    )
    add_database_option(parser)
    parser.add_argument("--area", required=True, metavar="CODE", help="such as jining")
    parser.add_argument("--form", choices=FORMS, default="day", help="(default: %(default)s)")
    parser.add_argument("--to", metavar="DAY", help="a day of the period (default: the newest period that is over)")
    parser.add_argument("--rule", metavar="VERSION", help="(default: the newest)")
    parser.add_argument("--replaces", type=int, metavar="ID", help="the frozen count that this one corrects")
    parser.add_argument("--why", default="", metavar="TEXT", help="why it corrects it")
    parser.set_defaults(run=recount)
    rule_commands.add_commands(subparsers)
    snapshot_commands.add_commands(subparsers)


def count(args: argparse.Namespace) -> int:
    import signal
    import threading

    from registry.counting.worker import count_days, make_facts, run
    from store.city_facts import again, due
    from telemetry.progress import Progress
    from telemetry.settings import time_zone_name

    try:
        time_zone_name(args.zone)
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None
    if not 1 <= args.every <= 86_400:  # also where it is no number
        raise ConfigError(f"--every {args.every:g}: 1 to 86400 seconds")
    if not 1 <= args.keep_days <= 4000:
        raise ConfigError(f"--keep-days {args.keep_days}: 1 to 4000")
    with open_database(args) as database:
        if not args.once and not args.again:
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            run(
                database,
                zone=args.zone,
                every_seconds=args.every,
                keep_days=args.keep_days,
                areas=args.area,
                stopped=stop.is_set,
            )
            return 0
        if args.again:
            first_day, last_day = _day(args.again[0], "--again"), _day(args.again[1], "--again")
            if first_day > last_day:
                raise ConfigError(f"--again: {last_day} is before {first_day}")
            notes = again(database, zone=args.zone, first_day=first_day, last_day=last_day)
        else:
            notes = due(database, zone=args.zone)
        with Progress("facts", total=notes.machine_days, unit="machine-days") as progress:
            changed = make_facts(database, notes, report=progress.advance)
        print(f"{notes.machine_days:,} machine-days made, {changed:,} facts new or changed")
        if args.once:
            for header in count_days(database, areas=args.area, keep_days=args.keep_days):
                print(told(header))
    return 0


def recount(args: argparse.Namespace) -> int:
    from registry.counting.periods import newest_over, period
    from registry.counting.recount import recount as make
    from registry.counting.worker import newest_made_day
    from telemetry.progress import Progress

    with open_database(args) as database:
        if args.to:
            try:
                wanted = period(args.form, _day(args.to, "--to"))
            except ValueError as error:
                raise ConfigError(f"--to: {error}") from None
        else:
            made = newest_made_day(database)
            if made is None:
                raise ConfigError("no facts are made yet: run `shangyun registry count --once`, or name a day with --to")
            wanted = newest_over(args.form, made)
        with Progress("machines", total=_machines(database), unit="machines") as progress:
            header = make(
                database,
                area=args.area,
                period=wanted,
                made_by=os_user(),
                rule_version=args.rule,
                replaces=args.replaces,
                why=args.why,
                report=progress.advance,
                and_then=lambda connection, header: record_command(
                    connection,
                    "city.snapshot.frozen" if header.form != "day" else "city.snapshot.counted",
                    f"snapshot {header.id}",
                    _kept(header),
                ),
            )
        print(told(header))
        _print_funnel(database, header.id)
    return 0


def _kept(header: "Header") -> dict[str, object]:
    """Give what the audit log keeps of a count."""
    names = ("area", "form", "first_day", "last_day", "rule_version", "watermark", "machines", "counted", "replaces", "why")
    return {name: getattr(header, name) for name in names} | {"hash": header.hash.hex()}


def _print_funnel(database: "Database", snapshot_id: int) -> None:
    from store.city_snapshots import funnel

    for step in funnel(database, snapshot_id):
        print(f"{step.test:14} {step.reached:>9,} - {step.lost:>8,} = {step.left:>9,}")


def _machines(database: "Database") -> int:
    from store.city_counting import count_registered

    return count_registered(database)


def _day(text: str, option: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is not a day, such as 2026-03-01") from None
