"""The commands ``shangyun registry ...``: what is registered, and those of the registry's other parts below the same word."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from registry.imports.report import Report

PARTS = ("counting", "plans", "stars", "vouchers", "projects", "authenticity", "province", "exports")
"""Packages of the registry whose ``commands`` add commands of their own."""
_TIME_ZONE = "Asia/Shanghai"


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "registry",
        help="what a city counts",
        description="Enterprises, their machines and gateways, and how a city counts what of these is really on the cloud.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_areas(commands)
    _add_import(commands)
    parser = commands.add_parser(
        "check-code",
        help="check unified social credit codes",
        description="Check codes by GB 32100-2015 without any database; status 1 where one is refused.",
    )
    parser.add_argument("codes", nargs="+", metavar="CODE")
    parser.set_defaults(run=check_codes)
    parser = commands.add_parser(
        "enrol",
        help="let a gateway in",
        description="Enrol a gateway of an enterprise with a certificate of its own, or its next one; the CN is its name.",
    )
    parser.add_argument("gateway", metavar="GATEWAY")
    parser.add_argument("uscc", metavar="USCC", help="code of the enterprise")
    parser.add_argument("--certificate", type=Path, required=True, metavar="FILE.pem")
    parser.add_argument("--simulator", action="store_true", help="it is known to bring simulated data, which never counts")
    add_database_option(parser)
    parser.set_defaults(run=enrol_gateway)
    parser = commands.add_parser(
        "revoke", help="shut a gateway out", description="Shut a gateway out: what it brings does not count."
    )
    parser.add_argument("gateway", metavar="GATEWAY")
    add_database_option(parser)
    parser.set_defaults(run=revoke)
    for what in ("retire", "reinstate"):
        _add_retire(commands, what)
    for part in PARTS:
        importlib.import_module(f"registry.{part}.commands").add_commands(commands)


def _add_areas(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = commands.add_parser("areas", help="reporting areas and departments", description="Reporting areas and departments.")
    actions = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = actions.add_parser(
        "load",
        help="load areas",
        description="Load areas and departments, all or nothing of each file. Running it again changes nothing.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME|FILE.toml",
        help="jinan, jining, jiaxing_port, jiangsu, shanxi, or a file; all five by default",
    )
    add_database_option(parser)
    parser.set_defaults(run=load_areas)
    parser = actions.add_parser("list", help="list areas", description="List the areas and departments of the database.")
    add_database_option(parser)
    parser.set_defaults(run=list_areas)


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = commands.add_parser(
        "import",
        help="import tables",
        description="Import a table (CSV or XLSX, headings in Chinese or English): all of it, or nothing if one row is refused.",
    )
    tables = group.add_subparsers(title="tables", metavar="TABLE", required=True)
    for table, what in {
        "enterprises": "enterprises, by code",
        "machines": "machines, by nameplate",
        "labels": "labels of enterprises: pilot, benchmark, certificates",
        "declarations": "declared key equipment by year",
        "gateways": "gateways with the fingerprints of their certificates",
    }.items():
        parser = tables.add_parser(table, help=what, description=f"Import {what}.")
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8 or GB18030, or XLSX")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would become of each row")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the report of all rows as CSV")
        parser.add_argument("--language", choices=("zh", "en"), default="en", help="of the report (default: %(default)s)")
        parser.add_argument(
            "--time-zone", default=_TIME_ZONE, metavar="ZONE", help="in which today is told (default: %(default)s)"
        )
        add_database_option(parser)
        parser.set_defaults(run=import_file, table=table)
    parser = tables.add_parser("template", help="write an empty table", description="Write an empty table with its headings.")
    parser.add_argument("table", choices=("enterprises", "machines", "labels", "declarations", "gateways"))
    parser.add_argument("file", type=Path, metavar="FILE", help="such as machines.xlsx or machines.csv")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the headings (default: %(default)s)")
    parser.set_defaults(run=write_template)


def _add_retire(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", what: str) -> None:
    told = {
        "retire": ("take out of the registry", "Take an enterprise with its machines, or one machine, out of the registry."),
        "reinstate": (
            "bring back what was retired",
            "Bring an enterprise back with the machines that went with it, or one machine.",
        ),
    }[what]
    parser = commands.add_parser(what, help=told[0], description=told[1])
    parser.add_argument("subject", metavar="USCC|MACHINE", help="code of an enterprise, or number of a machine")
    add_database_option(parser)
    parser.set_defaults(run=change_standing, what=what)


def load_areas(args: argparse.Namespace) -> int:
    from registry.areas import find, load, names

    with open_database(args) as database:
        for name in args.names or names():
            table = load(database, find(name))
            print(f"{name}: {len(table.area)} areas, {len(table.department)} departments")
    return 0


def list_areas(args: argparse.Namespace) -> int:
    from store.city_registry import areas, departments

    with open_database(args) as database:
        for area in areas(database):
            place = area.level if area.parent is None else f"{area.level} of {area.parent}"
            print(f"{area.code:28} {area.label_zh} {area.label_en} ({place}; {' '.join(area.division_codes) or 'no code'})")
        for one in departments(database):
            print(f"{one.code:28} {one.label_zh} {one.label_en} (department of {one.area})")
    return 0


def import_file(args: argparse.Namespace) -> int:
    from registry.imports.importing import import_table
    from telemetry.progress import Progress

    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=args.file) from None
    today = _today(args.time_zone)
    with open_database(args) as database, Progress("read", total=0, unit="rows") as progress:
        report = import_table(
            database,
            args.table,
            data,
            by=os_user(),
            today=today,
            record=None if args.dry_run else record_command,
            on_progress=progress.advance,
        )
    if args.report is not None:
        _write_report(args.report, report, args.language)
    _print_report(args.file, report, args.language)
    return 1 if report.is_refused else 0


def write_template(args: argparse.Namespace) -> int:
    from registry.imports.columns import template_csv, template_workbook

    make = {".csv": template_csv, ".xlsx": template_workbook}.get(args.file.suffix.lower())
    if make is None:
        raise ConfigError(f"{args.file}: the name ends in .csv or .xlsx")
    _write(args.file, make(args.table, args.language))
    print(f"{args.file}: written")
    return 0


def check_codes(args: argparse.Namespace) -> int:
    from registry.uscc import judge

    found = [judge(code) for code in args.codes]
    for one in found:
        verdict = "valid" if one.trouble is None else "refused" if one.is_refused else "for review"
        print(f"{one.code}: {verdict}{f': {one.hint_en} ({one.hint_zh})' if one.trouble else ''}")
    return 1 if any(one.is_refused for one in found) else 0


def enrol_gateway(args: argparse.Namespace) -> int:
    from registry.enrolment import enrol, read_certificate
    from registry.uscc import normalise
    from store.city_registry import Gateway

    try:
        certificate = read_certificate(args.certificate.read_bytes())
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=args.certificate) from None
    except ValueError as error:
        raise ConfigError(str(error), file=args.certificate) from None
    if certificate.common_name != args.gateway:
        message = f"the certificate is of {certificate.common_name!r} (CN), and not of {args.gateway!r}"
        raise ConfigError(message, file=args.certificate)
    gateway = Gateway(
        name=args.gateway,
        uscc=normalise(args.uscc),
        certificate_sha256=certificate.sha256,
        is_simulator=args.simulator,
        enrolled_by=os_user(),
    )
    with open_database(args) as database, database.connection() as connection:
        try:
            is_new = enrol(connection, gateway)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if is_new:
            record_command(
                connection, "city.enrol_gateway", gateway.name, {"uscc": gateway.uscc, "sha256": certificate.sha256.hex()}
            )
    print(
        f"{gateway.name} of {gateway.uscc}: {'enrolled' if is_new else 'is enrolled already'}, SHA-256 {certificate.sha256.hex()}"
    )
    return 0


def revoke(args: argparse.Namespace) -> int:
    from store.city_bulk import revoke_gateway

    with open_database(args) as database, database.connection() as connection:
        uscc = revoke_gateway(connection, args.gateway)
        if uscc is None:
            raise ConfigError(f"no gateway {args.gateway!r} is enrolled")
        record_command(connection, "city.revoke_gateway", args.gateway, {"uscc": uscc})
    print(f"{args.gateway} of {uscc}: shut out")
    return 0


def change_standing(args: argparse.Namespace) -> int:
    from registry.standing import NotChangedError, change

    with open_database(args) as database:
        try:
            told = change(database, args.what, args.subject, record=record_command)
        except NotChangedError as error:
            raise ConfigError(str(error)) from None
    print(told)
    return 0


def _today(zone: str) -> "Any":
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from telemetry.settings import time_zone_name

    try:
        return datetime.now(ZoneInfo(time_zone_name(zone))).date()
    except ValueError as error:
        raise ConfigError(f"--time-zone: {error}") from None


def _write_report(path: Path, report: "Report", language: str) -> None:
    import csv
    import io

    from registry.imports.report import HEADING

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADING[language])  # type: ignore[index]  # argparse knows the two
    writer.writerows(report.lines(language))  # type: ignore[arg-type]
    _write(path, text.getvalue().encode("utf-8-sig"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=path) from None


def _print_report(path: Path, report: "Report", language: str) -> None:
    from registry.imports.report import State

    shown = 0
    for line, _state, subject, column, value, hint in report.lines(language):  # type: ignore[arg-type]
        if not hint:
            continue
        shown += 1
        if shown <= 100:
            place = f"{path}:{line}" if line is not None else str(path)
            print(": ".join(filter(None, (place, column, subject if not column else repr(value), hint))), file=sys.stderr)
    if shown > 100:
        print(f"... and {shown - 100:,} more; --report FILE writes all", file=sys.stderr)
    counts = ", ".join(f"{report.counts[state]:,} {state.value.replace('_', ' ')}" for state in State if report.counts[state])
    outcome = (
        "nothing was written: mend the rows that are refused"
        if report.is_refused
        else "written"
        if report.is_taken
        else "would be written"
    )
    print(f"{path}: {len(report.rows):,} rows: {counts or 'none'}; {outcome}")
