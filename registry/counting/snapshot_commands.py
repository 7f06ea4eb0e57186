"""The commands ``shangyun registry snapshot``: what was counted, counted again, compared and written out."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from registry.counting.comparison import Comparison
    from store.city_counting import Header

FORMS = ("day", "month", "quarter", "year")


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("snapshot", help="counts that were made", description="Counts that were made, as they were.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser("list", help="list snapshots", description="List snapshots, the newest first.")
    parser.add_argument("--area", metavar="CODE")
    parser.add_argument("--form", choices=FORMS)
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


def list_snapshots(args: argparse.Namespace) -> int:
    from store.city_snapshots import snapshots

    if not 1 <= args.limit <= 10_000:
        raise ConfigError(f"--limit {args.limit}: 1 to 10000")
    with open_database(args) as database:
        total, found = snapshots(database, area=args.area, forms=[args.form] if args.form else None, limit=args.limit)
    for one in found:
        note = f", replaced by {one.replaced_by}" if one.replaced_by else f", replaces {one.replaces}" if one.replaces else ""
        print(told(one) + note)
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
        print(told(one))
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


def told(one: "Header") -> str:
    return (
        f"{one.id:>6} {one.form:8} {one.first_day} to {one.last_day}  {one.area:20} rule {one.rule_version:10}"
        f" {one.counted:>8,} of {one.machines:,} machines, {one.on_cloud:,} of {one.enterprises:,} enterprises,"
        f" {one.new_on_cloud:,} new  {one.hash.hex()[:16]}"
    )


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
