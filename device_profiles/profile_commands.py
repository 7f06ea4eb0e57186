"""``shangyun profiles new|points|schema``: device models from tables of points, and what editors can know of their files."""

import argparse
import sys
from pathlib import Path


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "new",
        help="make a device profile of a table of points (CSV, XLSX), or bring it up to date",
        description="Read a table of points and show what it would change in a device profile; with --write, change it.",
    )
    parser.add_argument(
        "table",
        type=Path,
        help="points.csv or points.xlsx, also as `shangyun gateway scan` and `browse` write them; "
        "docs/how-to/import-points.md tells the columns",
    )
    parser.add_argument("--profile", type=Path, required=True, metavar="FILE.toml", help="the profile to make or change")
    parser.add_argument("--kind", help="equipment kind, for a new profile")
    parser.add_argument("--maker", help="maker of the device, for a new profile")
    parser.add_argument("--model", help="its model, for a new profile")
    parser.add_argument(
        "--protocol", choices=("modbus", "opcua", "mtconnect", "nmea"), help="for a new profile (default: modbus)"
    )
    parser.add_argument("--sheet", help="sheet of an Excel file that has several")
    parser.add_argument("--write", action="store_true", help="write the profile; without it the changes are only shown")
    parser.set_defaults(run=new)
    parser = commands.add_parser(
        "points", help="write a device model's points as CSV", description="Write points as a table that `new` takes back."
    )
    parser.add_argument("name", metavar="NAME", help="device model, or a file of your own that ends in .toml")
    parser.set_defaults(run=points)
    parser = commands.add_parser(
        "schema",
        help="print a JSON Schema, by which an editor checks and completes a file",
        description="Print the JSON Schema of device models, of one protocol or of all, or of kind.toml.",
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("modbus", "opcua", "mtconnect", "nmea", "kind"),
        help="device models of every protocol if left out",
    )
    parser.set_defaults(run=schema)


def new(args: argparse.Namespace) -> int:
    from device_profiles.profile_writer import import_points

    found = import_points(
        args.table,
        args.profile,
        kind=args.kind,
        maker=args.maker,
        model=args.model,
        protocol=args.protocol,
        sheet=args.sheet,
    )
    for notice in found.notices:
        print(f"note: {notice}", file=sys.stderr)
    if not found.diff:
        print(f"{args.profile}: nothing would change" if args.profile.exists() else f"{args.profile}: the table has no points")
        return 0
    print(found.diff)
    if args.write:
        found.write()
        print(f"{args.profile}: written")
    else:
        print(f"nothing is written; with --write it goes into {args.profile}")
    return 0


def points(args: argparse.Namespace) -> int:
    from device_profiles.profile import load_profile
    from device_profiles.profile_writer import export_points

    sys.stdout.write(export_points(load_profile(args.name)))
    return 0


def schema(args: argparse.Namespace) -> int:
    from device_profiles.schema import as_json, kind_schema, profile_schema

    print(as_json(kind_schema() if args.what == "kind" else profile_schema(args.what)), end="")
    return 0
