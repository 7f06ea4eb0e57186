"""The commands ``shangyun db ...``."""

import argparse
import os
from typing import TYPE_CHECKING

from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from store.database import Database

ADDRESS_VARIABLE = "SHANGYUN_DATABASE"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("db", help="make and inspect the database", description="Make and inspect the database.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "migrate",
        help="bring the schema up to date",
        description="Make the tables, columns and rollups that are missing. Running it again finds nothing to do.",
    )
    add_database_option(parser)
    parser.add_argument("--plan", action="store_true", help="only show what would be done")
    parser.set_defaults(run=migrate_database)
    parser = commands.add_parser(
        "status", help="show edition, sizes and lag", description="Show edition, versions, table sizes, lag and dead letters."
    )
    add_database_option(parser)
    parser.set_defaults(run=show_status)


def add_database_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="ADDRESS",
        default=os.environ.get(ADDRESS_VARIABLE),
        help=f"postgresql://user@host:port/name (default: the environment variable {ADDRESS_VARIABLE})",
    )


def open_database(args: argparse.Namespace) -> "Database":
    """Describe the database that the command line or the environment names."""
    from store.database import Database

    if not args.database:
        raise ConfigError(f"no database is named: give --database ADDRESS or set {ADDRESS_VARIABLE}")
    return Database(args.database)


def migrate_database(args: argparse.Namespace) -> int:
    from store.migrate import migrate

    with open_database(args) as database:
        count = migrate(database, report=print, plan_only=args.plan)
        edition = database.edition
    if count == 0:
        print(f"nothing to do: the schema is up to date ({edition})")
    else:
        print(f"{count} steps {'would be done' if args.plan else 'done'} ({edition})")
    return 0


def show_status(args: argparse.Namespace) -> int:
    from store.sql_files import query

    with open_database(args) as database:
        print(f"{database.edition}: {', '.join(' '.join(version) for version in database.versions.items())}")
        with database.connection() as connection:
            (is_ours,) = connection.execute(query("database", "has_bookkeeping")).fetchone() or (False,)
            if not is_ours:
                print("no tables of ours yet: run `shangyun db migrate`")
                return 1
            tables = connection.execute(query("database", "tables")).fetchall()
            ledger, floors, lag_seconds, machines = connection.execute(query("database", "state_of_ingest")).fetchone() or ()
            letters = connection.execute(query("database", "dead_letter_counts")).fetchall()
    parts = "chunks" if database.edition.has_hypertables else "partitions"
    print(f"\n{'table':<32}{'size':>12}{'rows, about':>16}{parts:>12}")
    for name, count, size_bytes, rows in tables:
        print(f"{name:<32}{_size(size_bytes):>12}{rows:>16,}{count or '':>12}")
    print(f"\nequipment     {machines}")
    print(f"ledger        {ledger} bundles in flight, {floors} epochs")
    print(f"newest value  {'none yet' if lag_seconds is None else f'{lag_seconds:.1f} s ago'}")
    print(f"dead letters  {'none' if not letters else ''}")
    for reason, count, copies in letters:
        print(f"  {reason:<20}{count:>8}  ({copies} copies received)")
    return 0


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
