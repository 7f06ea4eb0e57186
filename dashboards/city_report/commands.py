"""``shangyun report city``: the report of a frozen count as a file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from store.city_snapshots import Snapshot
    from store.database import Database


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser("report", help="reports as files", description="Reports as files to print and to send.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "city",
        help="the report of a city's frozen count",
        description="Write the report of a frozen count: plan, funnel, areas, kinds, trend, data quality, rule and hash. PDF "
        "needs the extra 'city' and Pango; a file that ends in .html needs neither and can be printed from a browser.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write it; .pdf or .html")
    parser.add_argument("--area", help="code of the city; the one that was counted last when left out")
    parser.add_argument(
        "--form", choices=("month", "quarter", "year"), default="month", help="which count: the newest of this form"
    )
    parser.add_argument("--snapshot", type=int, metavar="NUMBER", help="this count instead of the newest")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="language of the report")
    parser.add_argument("--zone", default="Asia/Shanghai", help="time zone in which times are written")
    add_database_option(parser)
    parser.set_defaults(run=city)


def city(args: argparse.Namespace) -> int:
    from dashboards.city_report.making import paper
    from dashboards.city_report.pdf import pdf_of
    from dashboards.templating import environments
    from telemetry.settings import time_zone_name

    if args.file.suffix not in (".pdf", ".html"):
        raise ConfigError(f"{args.file}: ends in neither .pdf nor .html")
    try:
        zone = time_zone_name(args.zone)
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None
    with open_database(args) as database:
        of = _chosen(database, args)
        page = paper(environments()[args.language], database, of, language=args.language, zone=zone)
    content = pdf_of(page) if args.file.suffix == ".pdf" else page.encode()
    try:
        args.file.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{args.file}: {error.strerror}") from None
    print(f"{args.file}: count {of.id} of {of.area}, {of.first_day} to {of.last_day}, hash {of.hash.hex()}")
    return 0


def _chosen(database: "Database", args: argparse.Namespace) -> "Snapshot":
    from store.city_snapshots import snapshot, snapshots

    if args.snapshot is not None:
        found = snapshot(database, args.snapshot)
        if found is None:
            raise ConfigError(f"--snapshot: there is no count {args.snapshot}")
        return found
    _total, newest = snapshots(database, area=args.area, forms=[args.form], with_replaced=False, limit=1)
    if not newest:
        of = f" of {args.area}" if args.area else ""
        raise ConfigError(f"no {args.form}{of} is frozen yet; `shangyun registry recount --form {args.form}` freezes one")
    return newest[0]
