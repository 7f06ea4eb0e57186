"""The commands ``shangyun registry count``, ``rule``, ``recount`` and ``snapshot``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from registry.counting.comparison import Comparison
    from store.city_counting import Header
    from store.database import Connection, Database

_FORMS = ("day", "month", "quarter", "year")
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
    parser.add_argument("--form", choices=_FORMS, default="day", help="(default: %(default)s)")
    parser.add_argument("--to", metavar="DAY", help="a day of the period (default: the newest period that is over)")
    parser.add_argument("--rule", metavar="VERSION", help="(default: the newest)")
    parser.add_argument("--replaces", type=int, metavar="ID", help="the frozen count that this one corrects")
    parser.add_argument("--why", default="", metavar="TEXT", help="why it corrects it")
    parser.set_defaults(run=recount)
    _add_rule(subparsers)
    _add_snapshot(subparsers)


def _add_rule(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("rule", help="the counting rule", description="Versions of the counting rule, as data.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "load", help="load a version", description="Load a version from a file. Running it again changes nothing."
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.toml", help="(default: the one that comes with Shangyun)")
    add_database_option(parser)
    parser.set_defaults(run=load_rule)
    parser = commands.add_parser("show", help="show versions", description="Show one version with its sources, or list all.")
    parser.add_argument("version", nargs="?", metavar="VERSION")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    add_database_option(parser)
    parser.set_defaults(run=show_rule)
    parser = commands.add_parser(
        "new", help="make a version", description="Make a new version of one that is there, with some parameters changed."
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--of", metavar="VERSION", help="the one that it comes from (default: the newest)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="such as least_valid_days=15", dest="sets"
    )
    parser.add_argument("--document", required=True, metavar="TEXT", help="who decided on it, and where it is written")
    add_database_option(parser)
    parser.set_defaults(run=new_rule)


def _add_snapshot(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("snapshot", help="counts that were made", description="Counts that were made, as they were.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser("list", help="list snapshots", description="List snapshots, the newest first.")
    parser.add_argument("--area", metavar="CODE")
    parser.add_argument("--form", choices=_FORMS)
    parser.add_argument("--limit", type=int, default=50)
    add_database_option(parser)
    parser.set_defaults(run=list_snapshots)
    parser = commands.add_parser(
        "verify",
        help="count a snapshot again",
        description="Count again from what a snapshot has kept, and compare; status 1 where it is not the same.",
    )
    parser.add_argument("id", type=int, metavar="ID")
    add_database_option(parser)
    parser.set_defaults(run=verify)
    parser = commands.add_parser(
        "compare", help="explain a difference", description="Explain the difference of two snapshots machine by machine."
    )
    parser.add_argument("before", type=int, metavar="A")
    parser.add_argument("after", type=int, metavar="B")
    parser.add_argument("--language", choices=("zh", "en"), default="en", help="(default: %(default)s)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every machine to a file")
    add_database_option(parser)
    parser.set_defaults(run=compare)
    parser = commands.add_parser(
        "export",
        help="write all inputs of a snapshot",
        description="Write what a snapshot was made of into a folder, so that a third party can count again.",
    )
    parser.add_argument("id", type=int, metavar="ID")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="new or empty")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv", help="(default: %(default)s)")
    add_database_option(parser)
    parser.set_defaults(run=export)


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
                print(_told(header))
    return 0


def recount(args: argparse.Namespace) -> int:
    import getpass

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
        actor = getpass.getuser()
        with Progress("machines", total=_machines(database), unit="machines") as progress:
            header = make(
                database,
                area=args.area,
                period=wanted,
                made_by=actor,
                rule_version=args.rule,
                replaces=args.replaces,
                why=args.why,
                report=progress.advance,
                and_then=lambda connection, header: _record(
                    connection,
                    actor,
                    "city.freeze" if header.form != "day" else "city.count",
                    f"snapshot {header.id}",
                    _kept(header),
                ),
            )
        print(_told(header))
        _print_funnel(database, header.id)
    return 0


def _kept(header: "Header") -> dict[str, object]:
    """Give what the audit log keeps of a count."""
    names = ("area", "form", "first_day", "last_day", "rule_version", "watermark", "machines", "counted", "replaces", "why")
    return {name: getattr(header, name) for name in names} | {"hash": header.hash.hex()}


def load_rule(args: argparse.Namespace) -> int:
    import getpass

    from registry.counting.rule import DEFAULT_FILE
    from registry.counting.rule import load_rule as bring

    actor = getpass.getuser()
    with open_database(args) as database, database.connection() as connection:
        version, is_new = bring(connection, args.file or DEFAULT_FILE, made_by=actor)
        if is_new:
            _record(connection, actor, "city.rule", version, {"file": str(args.file or DEFAULT_FILE.name)})
    print(f"rule {version}: {'loaded' if is_new else 'there already, unchanged'}")
    return 0


def show_rule(args: argparse.Namespace) -> int:
    import json

    from registry.counting.rule import find_rule
    from store.city_counting import rules

    with open_database(args) as database, database.connection() as connection:
        if args.version is None and not args.json:
            for rule in rules(connection):
                print(f"{rule.version:20} {rule.made_at:%Y-%m-%d %H:%M}Z  {rule.made_by:16} {rule.document}")
            return 0
        shown = [find_rule(connection, args.version)] if args.version else rules(connection)
    if args.json:
        for rule in shown:
            print(json.dumps(rule._asdict(), ensure_ascii=False, default=str))
        return 0
    (rule,) = shown
    print(f"{rule.version}, by {rule.made_by} at {rule.made_at:%Y-%m-%d %H:%M}Z: {rule.document}")
    sources = rule.parameters.get("sources", {})
    for name, value in rule.parameters.items():
        if name != "sources":
            print(f"{name:28} {json.dumps(value, ensure_ascii=False):24} {sources.get(name, '')}")
    return 0


def new_rule(args: argparse.Namespace) -> int:
    import getpass

    from registry.counting.rule import add_rule, changed, find_rule

    changes = dict(_change(one) for one in args.sets)
    actor = getpass.getuser()
    with open_database(args) as database, database.connection() as connection:
        old = find_rule(connection, args.of)
        rule = changed(old, version=args.version, document=args.document, changes=changes)
        is_new = add_rule(connection, rule, made_by=actor)
        if is_new:
            _record(connection, actor, "city.rule", rule.version, {"of": old.version, "changes": changes})
    print(f"rule {rule.version}: {'made' if is_new else 'there already, unchanged'}")
    return 0


def list_snapshots(args: argparse.Namespace) -> int:
    from store.city_snapshots import snapshots

    if not 1 <= args.limit <= 10_000:
        raise ConfigError(f"--limit {args.limit}: 1 to 10000")
    with open_database(args) as database:
        total, found = snapshots(database, area=args.area, forms=[args.form] if args.form else None, limit=args.limit)
    for one in found:
        note = f", replaced by {one.replaced_by}" if one.replaced_by else f", replaces {one.replaces}" if one.replaces else ""
        print(_told(one) + note)
    print(f"{len(found)} of {total}")
    return 0


def verify(args: argparse.Namespace) -> int:
    from registry.counting.recount import verify as check
    from store.city_snapshots import snapshot
    from telemetry.progress import Progress

    with open_database(args) as database:
        frozen = snapshot(database, args.id)
        with Progress("machines", total=frozen.machines if frozen else 0, unit="machines") as progress:
            verdict = check(database, args.id, report=progress.advance)
    if verdict.holds:
        print(f"snapshot {args.id} holds: {verdict.hash.hex()}")
        return 0
    print(f"snapshot {args.id} does NOT hold: kept {verdict.snapshot.hash.hex()}, found {verdict.hash.hex()}")
    for what, wrong in (
        ("machines", verdict.wrong_machines),
        ("enterprises", verdict.wrong_enterprises),
        ("sums", verdict.wrong_sums),
    ):
        if wrong:
            print(f"{what} that differ: {', '.join(map(str, wrong[:20]))}{', ...' if len(wrong) > 20 else ''}")
    return 1


def compare(args: argparse.Namespace) -> int:
    from registry.counting.comparison import compare as find

    with open_database(args) as database:
        found = find(database, args.before, args.after)
    for one in (found.before, found.after):
        print(_told(one))
    for name, (then, now) in found.parameters.items():
        print(f"rule: {name} was {then}, is {now}")
    for (change, cause), machines in found.by_cause().items():
        print(f"{change:8} {cause:16} {machines:>8,}")
    print(f"{found.before.counted:,} + {found.gained:,} gained - {found.lost:,} lost = {found.after.counted:,}")
    if args.csv:
        _write_csv(args.csv, found, args.language)
        return 0
    for row in found.rows[:50]:
        print(f"{row.change:8} machine {row.machine_id} {row.label} ({row.enterprise}): {row.sentence(args.language)}")
    if len(found.rows) > 50:
        print(f"... and {len(found.rows) - 50:,} more; --csv FILE writes all")
    return 0


def export(args: argparse.Namespace) -> int:
    from registry.counting.export import export as write

    with open_database(args) as database:
        rows = write(database, args.id, args.folder, form=args.format)
    print(f"{args.folder}: {', '.join(f'{count:,} {name}' for name, count in rows.items())}")
    return 0


def _write_csv(path: Path, found: "Comparison", language: str) -> None:
    import csv

    names = ("machine_id", "uscc", "enterprise", "label", "kind", "change", "cause", "area_before", "area_after")
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([*names, "reason"])
            writer.writerows([*(getattr(row, name) for name in names), row.sentence(language)] for row in found.rows)
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=path) from None


def _print_funnel(database: "Database", snapshot_id: int) -> None:
    from store.city_snapshots import funnel

    for step in funnel(database, snapshot_id):
        print(f"{step.test:14} {step.reached:>9,} - {step.lost:>8,} = {step.left:>9,}")


def _told(one: "Any") -> str:
    return (
        f"{one.id:>6} {one.form:8} {one.first_day} to {one.last_day}  {one.area:20} rule {one.rule_version:10}"
        f" {one.counted:>8,} of {one.machines:,} machines, {one.on_cloud:,} of {one.enterprises:,} enterprises,"
        f" {one.new_on_cloud:,} new  {one.hash.hex()[:16]}"
    )


def _machines(database: "Database") -> int:
    from store.city_counting import count_registered

    return count_registered(database)


def _change(text: str) -> tuple[str, object]:
    import json

    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigError(f"--set {text!r}: NAME=VALUE, such as least_valid_days=15")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def _day(text: str, option: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is not a day, such as 2026-03-01") from None


def _record(connection: "Connection", actor: str, action: str, obj: str, detail: "Mapping[str, object]") -> None:
    from store.audit import record

    record(connection, actor=actor, role="command line", address="", action=action, obj=obj, detail=detail)
