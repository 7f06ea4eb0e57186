"""The commands ``shangyun registry verify-migration`` and ``shangyun registry projects``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from registry.verification.comparison import Check
    from registry.verification.sources import DatabaseSource, Source


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "verify-migration",
        help="compare what was migrated",
        description="Compare readings of two databases, or of exported Parquet files and a database: counts, schema, values, "
        "references, business. Write a report with a go / no-go sheet. Status 1 means no-go.",
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="postgresql://... or a folder of `shangyun export --format parquet` files"
    )
    parser.add_argument("target", metavar="TARGET", help="postgresql://...")
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help="first day or time that is compared")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help="the day or time after the last")
    parser.add_argument("--machines", metavar="GATEWAY/NAME,...", help="these machines (default: all of the source)")
    parser.add_argument("--zone", default="Asia/Shanghai", metavar="ZONE", help="time zone of days and times (%(default)s)")
    parser.add_argument(
        "--tolerance", type=float, default=0.0, metavar="X", help="relative, for rescaled values (default: the same bits)"
    )
    parser.add_argument("--project", type=int, metavar="ID", help="show tests and drills of this project of the target beside it")
    parser.add_argument(
        "--output", type=Path, default=Path("migration-report"), metavar="FOLDER", help="of the report (%(default)s)"
    )
    parser.set_defaults(run=verify_migration)
    parser = subparsers.add_parser(
        "projects", help="list cloud projects", description="List projects of migration, and what each lacks for its next step."
    )
    add_database_option(parser)
    parser.add_argument("--state", metavar="STATE", help="those in this state")
    parser.set_defaults(run=list_projects)


def verify_migration(args: argparse.Namespace) -> int:
    from contextlib import ExitStack
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from registry.verification.comparison import Question, compare
    from registry.verification.report import report_json, report_page, to_text
    from store.export import parse_instant
    from telemetry.progress import Progress
    from telemetry.settings import time_zone_name

    try:
        zone = ZoneInfo(time_zone_name(args.zone))
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None
    start, end = parse_instant(args.start, zone.key), parse_instant(args.end, zone.key)
    if not start < end:
        raise ConfigError(f"--to {args.end} is not after --from {args.start}")
    if not 0 <= args.tolerance < 1:
        raise ConfigError(f"--tolerance {args.tolerance:g}: between 0 and 1")
    names = frozenset(filter(None, args.machines.split(","))) if args.machines else None
    question = Question(start=start, end=end, zone=zone, tolerance=args.tolerance, machines=names)
    with ExitStack() as stack:
        source, target = _source(args.source, stack), _database(args.target, stack)
        count = sum(names is None or f"{one.gateway}/{one.name}" in names for one in source.machines())
        with Progress("machines", total=count, unit="machines") as progress:
            report = compare(source, target, question, advance=progress.advance)
        lines = [] if args.project is None else _project_lines(target, args.project)
    content = report_json(report, source=_shown(args.source), target=_shown(args.target), made_at=datetime.now(UTC))
    try:
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / "report.json").write_text(to_text(content) + "\n", encoding="utf-8")
        (args.output / "report.html").write_text(report_page(content, lines), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=args.output) from None
    for check in report.checks:
        print(f"{check.result:<13}{check.level:<12}{check.name}")
    for fault, number in report.faults().items():
        print(f"{fault}: {number} buckets")
    print(f"{'go' if report.is_go else 'no-go'}: {args.output / 'report.html'}")
    return 0 if report.is_go else 1


def list_projects(args: argparse.Namespace) -> int:
    from registry.projects.decisions import missing_for_acceptance, missing_for_go
    from store.city_projects import projects, records

    with open_database(args) as database:
        total, found = projects(database, states=[args.state] if args.state else None, sort="id", limit=10_000)
        for one in found:
            print(f"{one.id:>6}  {one.state:<13}{one.items_done:>3}/{one.items:<4}{one.enterprise}  {one.title}")
            has = records(database, one.id)
            judge = {"preparing": missing_for_go, "rolled_back": missing_for_go, "running": missing_for_acceptance}.get(one.state)
            for lack in judge(has, one.template) if judge else ():
                print(f"{'':>8}{lack.en} ({lack.document} {lack.clause})")
    print(f"{total} projects")
    return 0


def _source(name: str, stack: "ExitStack") -> "Source":
    from registry.verification.sources import FolderSource

    if "://" in name or "=" in name:
        return _database(name, stack)
    folder = Path(name)
    if not folder.is_dir():
        raise ConfigError("is neither a folder nor an address such as postgresql://user@host/name", file=folder)
    return FolderSource(folder)


def _database(name: str, stack: "ExitStack") -> "DatabaseSource":
    from registry.verification.sources import DatabaseSource
    from store.database import Database

    return DatabaseSource(stack.enter_context(Database(name)))


def _project_lines(target: "DatabaseSource", project_id: int) -> "list[Check]":
    """Show what a project of the target has recorded; it does not decide over the data."""
    from registry.projects.templates import requirements
    from registry.verification.comparison import Check
    from store.city_projects import get_project, records

    if get_project(target.database, project_id) is None:
        raise ConfigError(f"--project {project_id}: the target has no such project")
    has = records(target.database, project_id)
    words = {one.code: one.zh for one in (*requirements().tests, *requirements().drills)}
    newest = {one.type: one for one in has.tests if one.stage == "after_cut_over"}
    tests = {words[kind]: "通过" if one.passed else "未通过" for kind, one in newest.items()}
    drills = {
        words[form]: f"{'成功' if one.succeeded else '失败'}，{one.rollback_minutes or '—'} 分钟"
        for form, one in {one.form: one for one in has.drills}.items()
    }
    return [Check("project", "tests", "note", tests), Check("project", "drills", "note", drills)]


def _shown(name: str) -> str:
    """Name a database without its password."""
    import re

    return re.sub(r"(?<=:)[^:@/]+(?=@)|(?<=password=)\S+", "***", name)
