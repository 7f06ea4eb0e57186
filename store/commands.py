"""The commands ``shangyun db ...``."""

import argparse
import os
from typing import TYPE_CHECKING

from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.database import Connection, Database
    from store.status import Status

ADDRESS_VARIABLE = "SHANGYUN_DATABASE"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("db", help="make and inspect the database", description="Make and inspect the database.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "migrate",
        help="bring the schema up to date",
        description="Make missing tables, columns and rollups, and widen types. Running it again finds nothing to do.",
    )
    add_database_option(parser)
    parser.add_argument("--plan", action="store_true", help="only show what would be done")
    parser.set_defaults(run=migrate_database)
    parser = commands.add_parser(
        "status",
        help="show edition, sizes and lag",
        description="Show edition, versions, tables, rollups, lag, dead letters, and what needs a person's eye.",
    )
    add_database_option(parser)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.set_defaults(run=show_status)


def add_database_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="ADDRESS",
        default=os.environ.get(ADDRESS_VARIABLE),
        help=f"postgresql://user@host:port/name (default: the environment variable {ADDRESS_VARIABLE})",
    )


def open_database(args: argparse.Namespace, *, max_connections: int = 4) -> "Database":
    """Describe the database that the command line or the environment names."""
    from store.database import Database

    if not args.database:
        raise ConfigError(f"no database is named: give --database ADDRESS or set {ADDRESS_VARIABLE}")
    return Database(args.database, max_connections=max_connections)


def os_user() -> str:
    """Give the operating system's name of whoever runs this, for what a command leaves behind under a name.

    It is asked by number: the variables LOGNAME and USER say what whoever sets them likes.
    """
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container the number often has no name
        return f"uid {os.getuid()}"


def record_command(connection: "Connection", action: str, obj: str, detail: "Mapping[str, object]") -> None:
    """Write what a command did into the audit log, in the transaction of the act itself."""
    from store.audit import record

    record(connection, actor=os_user(), role="command line", address="", action=action, obj=obj, detail=detail)


def migrate_database(args: argparse.Namespace) -> int:
    from store.migrate import migrate
    from store.pending import adopt

    with open_database(args) as database:
        count = migrate(database, report=print, plan_only=args.plan)
        if not args.plan:
            adopt(database, report=print)
        edition = database.edition
    if count == 0:
        print(f"nothing to do: the schema is up to date ({edition})")
    else:
        print(f"{count} steps {'would be done' if args.plan else 'done'} ({edition})")
    return 0


def show_status(args: argparse.Namespace) -> int:
    import dataclasses
    import json

    from store.status import read_status

    with open_database(args) as database:
        status = read_status(database)
    if args.json:
        print(json.dumps(dataclasses.asdict(status), default=str, indent=2))
    else:
        _print(status)
    return 0 if status.is_migrated else 1


def _print(status: "Status") -> None:
    print(f"{status.edition}: {', '.join(' '.join(version) for version in status.versions.items())}")
    if not status.is_migrated:
        print("no tables of ours yet: run `shangyun db migrate`")
        return
    print(f"\n{'table':<36}{'size':>10}{'rows, about':>16}{'parts':>8}  newest part  hours each  compressed")
    for table in status.tables:
        print(
            f"{table.name:<36}{_size(table.size_bytes):>10}{table.rows:>16,}{_shown(table.parts):>8}"
            f"{'' if table.newest_part is None else f'{table.newest_part:%Y-%m-%d}':>13}{_shown(table.chunk_hours):>12}"
            f"{'' if table.compression_ratio is None else f'{table.compression_ratio:.1f} x':>12}"
        )
    print(f"\n{'level':<8}{'made until':>22}{'kept from':>14}{'notes waiting':>16}")
    for level in status.levels:
        made = "" if level.name == "raw" else "not yet" if level.done_until is None else f"{level.done_until:%Y-%m-%d %H:%M}Z"
        kept = "the first" if level.kept_from is None else f"{level.kept_from:%Y-%m-%d}"
        print(f"{level.name:<8}{made:>22}{kept:>14}{level.waiting:>16}")
    print(f"\n{'kind':<24}{'machines':>10}  newest value")
    for kind in status.kinds:
        age = "none yet" if kind.newest is None else f"{(status.read_at - kind.newest).total_seconds():.1f} s ago"
        print(f"{kind.name or '(texts only)':<24}{kind.machines:>10}  {age}")
    print(f"\nledger        {status.ledger_bundles} bundles in flight, {status.epochs} epochs")
    print(f"pending       {status.pending_signals} signals without a column: shangyun equipment pending")
    print(f"dead letters  {'none' if not status.dead_letters else ''}")
    for letter in status.dead_letters:
        print(f"  {letter.reason:<20}{letter.letters:>8}  ({letter.copies} copies received)")
    for task in status.tasks:
        print(f"{task.name:<18}ran {task.ran_at:%Y-%m-%d %H:%M:%S}Z  {task.result}")
    for warning in status.warnings:
        print(f"warning: {warning}")


def _shown(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
