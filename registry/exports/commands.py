"""The command ``shangyun registry export ...``."""

import argparse
from pathlib import Path

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "export", help="write a count to a file", description="Write machines or enterprises of a count as XLSX, CSV or Parquet."
    )
    parser.add_argument("table", choices=("machines", "enterprises"))
    parser.add_argument("snapshot", type=int, metavar="SNAPSHOT", help="its number, as `snapshot list` and the pages show it")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends with .xlsx, .csv or .parquet")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the headings (default: %(default)s)")
    add_database_option(parser)
    parser.set_defaults(run=export)


def export(args: argparse.Namespace) -> int:
    from registry.exports.snapshots import enterprises_of, machines_of
    from registry.exports.tables import FORMATS, write_table
    from store.city_snapshots import snapshot

    form = args.out.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise ConfigError(f"--out {args.out}: the name ends with one of {', '.join(f'.{one}' for one in FORMATS)}")
    with open_database(args) as database:
        found = snapshot(database, args.snapshot)
        if found is None:
            raise ConfigError(f"there is no snapshot {args.snapshot}")
        table = (machines_of if args.table == "machines" else enterprises_of)(database, found)
        part = args.out.with_name(f"{args.out.name}.part")
        try:
            with part.open("wb") as file:
                count = write_table(table, form, file, language=args.language)
            part.replace(args.out)
        except OSError as error:
            raise ConfigError(f"cannot be written: {error.strerror}", file=args.out) from None
        finally:
            part.unlink(missing_ok=True)
    print(f"{args.out}: {count:,} rows")
    return 0
