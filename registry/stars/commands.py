"""The commands ``shangyun registry stars ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from registry.stars.edition import Edition
    from registry.stars.measuring import Month
    from registry.stars.rating import Rating
    from store.city_stars import Application

EDITION = "jiangsu-2018"
ZONE = "Asia/Shanghai"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the group ``stars`` below ``registry``."""
    group = subparsers.add_parser("stars", help="star rating", description="Star rating of enterprises on the cloud.")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "rate",
        help="rate an enterprise now",
        description="Rate an enterprise with what a month measured and what its newest application declares. Nothing is stored.",
    )
    parser.add_argument("uscc", metavar="USCC", help="unified social credit code")
    parser.add_argument("--month", metavar="YYYY-MM", help="default: the newest month that is over")
    _add_common(parser)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    add_database_option(parser)
    parser.set_defaults(run=rate_enterprise)
    parser = commands.add_parser(
        "table", help="show the rating table", description="Show rows with thresholds and clauses, items, windows and conditions."
    )
    parser.add_argument("--edition", default=EDITION, help="default: %(default)s")
    parser.set_defaults(run=show_table)
    parser = commands.add_parser(
        "import-hosts",
        help="import the use of hosts",
        description="Import the use of business hosts (CSV) for the rows of processor and bandwidth: all rows or none.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="columns as docs/reference names them")
    parser.add_argument("--document", required=True, help="where the figures are from, such as the provider's monthly report")
    parser.add_argument("--time-zone", default=ZONE, help="of times without an offset; default: %(default)s")
    add_database_option(parser)
    parser.set_defaults(run=import_host_file)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--edition", default=EDITION, help="default: %(default)s")
    parser.add_argument("--time-zone", default=ZONE, help="in which months are cut; default: %(default)s")


def rate_enterprise(args: argparse.Namespace) -> int:
    import json
    from datetime import UTC, datetime

    from registry.stars.edition import edition
    from registry.stars.measuring import gather
    from registry.stars.rating import rate, rating_json
    from registry.uscc import judge
    from store.city_registry import enterprise
    from store.city_stars import applications

    rules, zone, code = edition(args.edition), _zone(args.time_zone), judge(args.uscc)
    if code.is_refused:
        raise ConfigError(f"{args.uscc}: {code.hint_en}")
    month = _month(args.month, zone, datetime.now(UTC))
    with open_database(args) as database:
        found = enterprise(database, code.code)
        if found is None:
            raise ConfigError(f"{code.code} is not registered")
        _total, listed = applications(database, uscc=code.code, sort="-made", limit=50)
        one = next((a for a in listed if a.edition == rules.code and a.state not in ("refused", "withdrawn")), None)
        with database.connection() as connection:
            measured = gather(connection, rules, code.code, month, application=one, industry=found.industry)
    rating = rate(measured.facts, rules)
    if args.json:
        told = {"uscc": code.code, "month": f"{month.first:%Y-%m}", "application": one.id if one else None, **rating_json(rating)}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{code.code} {found.name}, {month.first:%Y-%m}, {_declared_by(one)}")
    _print_rating(rating)
    return 0


def _declared_by(one: "Application | None") -> str:
    return "no application: nothing is declared" if one is None else f"declared in application {one.id} ({one.state})"


def _print_rating(rating: "Rating") -> None:
    from registry.stars.rating import shown

    for one in rating.rows:
        marks = " ".join(f"{star}:{'pass' if passed else 'FAIL'}" for star, passed in one.passed.items())
        value = f"{shown(one.value)} {one.row.unit_en}" if one.value is not None else one.note or "-"
        print(f"{one.row.code:4} {marks}  {one.row.label_en}: {value} ({one.source})")
        for proof in one.evidence:
            of_count = f", frozen count {proof.source}" if proof.source else ""
            print(f"       {proof.item or proof.form} {proof.number} {proof.text} {proof.amount}{of_count}".rstrip())
        if one.beside:
            print(f"       {', '.join(f'{name} {said}' for name, said in one.beside.items())}")
    print(f"stars: {rating.star or 'none'}")


def show_table(args: argparse.Namespace) -> int:
    from registry.stars.edition import edition

    rules = edition(args.edition)
    print(f"{rules.code}: {rules.label_en} ({rules.document})")
    for row in rules.rows:
        needs = ", ".join(f"{star} stars >= {least:,}" for star, least in sorted(row.needs.items()))
        print(f"{row.code:4} {row.label_zh} / {row.label_en} [{row.unit_en}, {row.obtained}]: {needs} (clause {row.clause})")
        for item in rules.items_of(row.code):
            print(f"       {' > '.join(dict.fromkeys((item.sub_class, item.domain, item.label_zh)))}")
    _print_conditions(rules)
    return 0


def _print_conditions(rules: "Edition") -> None:
    months = ", ".join(map(str, rules.windows.months))
    years = f"{min(rules.windows.years)}-{max(rules.windows.years)}"
    print(f"windows: months {months} of {years} (clause {rules.windows.clause})")
    for one in rules.conditions:
        print(f"{'on ' if one.is_on else 'off'} {one.code}: {one.label_zh} / {one.label_en} (clause {one.clause})")


def import_host_file(args: argparse.Namespace) -> int:
    import sys

    from registry.stars.host_file import HostFileRefusal, import_hosts

    zone = _zone(args.time_zone)
    if not args.document.strip() or len(args.document) > 500:
        raise ConfigError("--document: 1 to 500 characters")
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=args.file) from None
    try:
        with open_database(args) as database, database.connection() as connection:
            count = import_hosts(connection, content, zone=zone, document=args.document, recorded_by=os_user())
            detail = {"rows": count, "document": args.document}
            record_command(connection, "city.star.import_hosts", args.file.name, detail)
    except HostFileRefusal as refused:
        for problem in refused.problems:
            print(f"{args.file}: {problem}", file=sys.stderr)
        print(f"{args.file}: {refused}", file=sys.stderr)
        return 1
    print(f"{count:,} rows imported")
    return 0


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    from telemetry.settings import time_zone_name

    try:
        return ZoneInfo(time_zone_name(name))
    except ValueError as error:
        raise ConfigError(f"--time-zone: {error}") from None


def _month(text: str | None, zone: "ZoneInfo", now: "datetime") -> "Month":
    from datetime import date

    from registry.stars.measuring import Month, last_whole_month

    if text is None:
        return last_whole_month(now, zone)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = None
    if first is None or not 2000 <= first.year <= 2100 or len(text) != len("2026-05"):
        raise ConfigError(f"--month: {text[:20]!r} is not a month, such as 2026-05")
    return Month(first, zone)
