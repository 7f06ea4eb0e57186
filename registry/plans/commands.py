"""The commands ``shangyun registry plans ...``."""

import argparse
from pathlib import Path

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "plans", help="targets and how far they are", description="Targets of policy documents, and how far they are."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "load",
        help="load the plans of documents",
        description="Load phases and targets of policy documents. Running it again changes nothing.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as jining_2018 (default: all whose areas are there)")
    add_database_option(parser)
    parser.set_defaults(run=load)
    parser = commands.add_parser(
        "import",
        help="import a table of targets",
        description="Import targets of later years from CSV or Excel: all rows, or none and a report of what is wrong.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--plan", required=True, metavar="CODE", help="name of the plan, such as jining-2019")
    parser.add_argument("--label", required=True, help="its title")
    parser.add_argument("--area", required=True, help="code of the area that it is of, such as jining")
    parser.add_argument("--document", required=True, help="number of the document that issued it")
    parser.add_argument("--dry-run", action="store_true", help="only report")
    add_database_option(parser)
    parser.set_defaults(run=import_table)
    parser = commands.add_parser("show", help="show how far a plan is", description="Show targets with what was reached.")
    parser.add_argument("plan", metavar="PLAN")
    parser.add_argument("--day", metavar="DAY", help="as of this day (default: today)")
    add_database_option(parser)
    parser.set_defaults(run=show)


def load(args: argparse.Namespace) -> int:
    from registry.documents.document import NAMES, document
    from registry.plans.loading import load_plan
    from store.city_registry import areas

    with open_database(args) as database:
        there = {area.code for area in areas(database)}
        wanted = args.names or [name for name in NAMES if document(name).area in there]
        for name in wanted:
            saved = load_plan(database, name, loaded_by=os_user())
            print(f"{name}: {'unchanged' if saved.is_nothing else f'{saved.changed} changed, {saved.removed} removed'}")
    if not wanted:
        print("no document's area is there; load areas first, with `shangyun registry areas load`")
    return 0 if wanted else 1


def import_table(args: argparse.Namespace) -> int:
    from registry.plans.importing import TargetsGiven, read_given, save_given, told

    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=args.file) from None
    given = TargetsGiven(code=args.plan, label=args.label, area=args.area, document=args.document, data=data, given_by=os_user())
    with open_database(args) as database:
        table = read_given(database, given)
        for reason in table.refused:
            print(f"{args.file}: {told(reason)}")
        if table.refused:
            print("nothing was imported")
            return 1
        if args.dry_run:
            print(f"{args.file}: {len(table.targets)} targets, not imported")
            return 0
        with database.connection() as connection:
            saved = save_given(connection, given, table)
            detail = {"document": given.document, "targets": len(table.targets), **saved._asdict()}
            record_command(connection, "city.plan.imported", given.code, detail)
    print(f"{args.plan}: {len(table.targets)} targets, {saved.changed} changed, {saved.removed} removed")
    return 0


def show(args: argparse.Namespace) -> int:
    from datetime import UTC, date, datetime

    from registry.plans.standing import standing_of
    from registry.plans.words import COUNTERS, NO_TARGET, UNKNOWN, number, word
    from store.city_plans import plans

    try:
        day = date.fromisoformat(args.day) if args.day else datetime.now(UTC).date()
    except ValueError:
        raise ConfigError(f"--day: {args.day!r} is not a day, such as 2026-03-01") from None
    with open_database(args) as database:
        found = {plan.code: plan for plan in plans(database)}
        if args.plan not in found:
            raise ConfigError(f"there is no plan {args.plan!r}; known: {', '.join(found) or 'none'}")
        for row in standing_of(database, found[args.plan], today=day).rows:
            target = row.target
            reached = word(UNKNOWN, row.why_unknown, "en") if row.reached is None else number(row.reached)
            high = f"-{number(target.high)}" if target.high else ""
            wanted = NO_TARGET.en if target.low is None else f"{number(target.low)}{high}"
            rate = "" if row.rate is None else f"  {row.rate} %"
            title = word(COUNTERS, target.counter, "en")
            print(f"{title:36} {target.member or '(total)':28} {row.first_day.year}  {reached} of {wanted}{rate}")
    return 0
