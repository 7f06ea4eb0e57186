"""The command ``shangyun ingest backfill``."""

import argparse
from pathlib import Path
from typing import Any

from store.commands import add_database_option, open_database

_PAIRS = ("map", "unit")


def add_backfill_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "backfill",
        help="store history from CSV or Parquet",
        description="Store history from CSV (.csv, .csv.gz) or Parquet files, exactly once. Every file is checked whole before "
        "anything is written. After an interruption the same command goes on where it was; a file that is stored is left alone.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files with a header, one row per machine and time")
    add_database_option(parser)
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="TOML file that holds the same options, with _ for -")
    parser.add_argument("--dry-run", action="store_true", help="read and check everything, write nothing, say what would happen")
    parser.add_argument("--connections", type=int, default=2, help="pieces committed at a time (%(default)s)")
    group = parser.add_argument_group("what the rows are")
    group.add_argument("--gateway", metavar="NAME", help="gateway to which the machines belong")
    group.add_argument(
        "--kind", metavar="KIND", help="kind of the machines, such as boiler; 'other' for signals outside any profile"
    )
    group.add_argument("--equipment", metavar="NAME", help="all rows are of this machine")
    group.add_argument("--equipment-column", metavar="COLUMN", help="column that names each row's machine, NAME or GATEWAY/NAME")
    group.add_argument("--map", action="append", metavar="COLUMN=SIGNAL", help="a column that is not named like its signal")
    group.add_argument("--unit", action="append", metavar="COLUMN=UNIT", help="unit of a column, where it is not the signal's")
    group.add_argument("--ignore-unknown", action="store_true", default=None, help="pass over columns that are no signals")
    group = parser.add_argument_group("times")
    group.add_argument("--time", metavar="COLUMN", help="column of times (default: time)")
    group.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="auto (default), iso, s, ms, us, ns since 1970, or a pattern like '%%d.%%m.%%Y %%H:%%M:%%S'",
    )
    group.add_argument("--zone", metavar="ZONE", help="time zone of times that do not tell theirs, such as Asia/Shanghai")
    group.add_argument(
        "--dst",
        choices=("stop", "earliest", "latest"),
        help="local times that a change of clocks repeats or skips: stop (default), or take the earliest or latest they can mean",
    )
    group.add_argument("--not-before", metavar="DATE", help="earlier times are mistakes (default: 2000-01-01)")
    group = parser.add_argument_group("what to do about")
    group.add_argument("--null", action="append", metavar="TEXT", help="a text that means 'no value', such as Bad or -9999")
    group.add_argument("--bad-cells", choices=("stop", "null"), help="cells that are no value: stop (default), or store no value")
    group.add_argument(
        "--duplicates", choices=("stop", "last"), help="rows of one machine and time: stop (default), or keep the last"
    )
    group.add_argument(
        "--overlap",
        choices=("refuse", "skip"),
        help="rows in the database between the file's first and last time: refuse (default), or skip rows at times that exist",
    )
    group = parser.add_argument_group("CSV")
    group.add_argument("--delimiter", metavar="CHARACTER", help="between cells (default: ,)")
    group.add_argument("--encoding", metavar="NAME", help="such as gb18030 (default: utf-8)")
    parser.set_defaults(run=backfill)


def backfill(args: argparse.Namespace) -> int:
    import sys

    from ingest.backfill import Backfill
    from ingest.backfill_mapping import Mapping, read_mapping
    from telemetry.errors import ConfigError

    given: dict[str, Any] = {name: value for name in Mapping.model_fields if (value := getattr(args, name)) is not None}
    for name in _PAIRS:
        if name in given:
            given[name] = _pairs(name, given[name])
    mapping = read_mapping(args.mapping, given)
    if args.connections < 1:
        raise ConfigError("--connections: at least 1")
    with open_database(args, max_connections=2 * args.connections + 2) as database:
        try:
            Backfill(database, mapping, connections=args.connections).run(args.files, dry_run=args.dry_run)
        except KeyboardInterrupt:
            print("stopped; the same command goes on with what is missing", file=sys.stderr)
            raise
    return 0


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    from telemetry.errors import ConfigError

    wrong = [text for text in texts if not all(text.rpartition("="))]
    if wrong:
        raise ConfigError(f"--{option}: {wrong[0]!r} is not COLUMN=VALUE")
    return {column: value for column, _, value in (text.rpartition("=") for text in texts)}
