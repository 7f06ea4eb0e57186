"""``shangyun gateway import|export-points|certificates``: describe devices from tables of points, and who is believed."""

import argparse
import sys
from pathlib import Path

from edge_gateway.tables import print_table
from telemetry.errors import ConfigError


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "import",
        help="make a device profile of a table of points (CSV, XLSX), or bring it up to date",
        description="Read a table of points and show what it would change in a device profile; with --write, change it.",
    )
    parser.add_argument("table", type=Path, help="points.csv or points.xlsx; docs/how-to/import-points.md tells the columns")
    parser.add_argument("--profile", type=Path, required=True, metavar="FILE.toml", help="the profile to make or change")
    parser.add_argument("--kind", help="equipment kind, for a new profile")
    parser.add_argument("--maker", help="maker of the device, for a new profile")
    parser.add_argument("--model", help="its model, for a new profile")
    parser.add_argument("--protocol", choices=("modbus", "opcua", "mtconnect"), help="for a new profile (default: modbus)")
    parser.add_argument("--sheet", help="sheet of an Excel file that has several")
    parser.add_argument("--write", action="store_true", help="write the profile; without it the changes are only shown")
    parser.set_defaults(run=import_table)
    parser = commands.add_parser(
        "export-points", help="write a device profile's points as CSV", description="Write points as CSV."
    )
    parser.add_argument("profile", help="device model, or a file of your own that ends in .toml")
    parser.set_defaults(run=export)
    _add_certificates(commands)


def _add_certificates(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "make the gateway's OPC UA certificate; see and trust those of servers"
    group = commands.add_parser("certificates", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    kinds = group.add_subparsers(dest="certificates_command", required=True, metavar="COMMAND")
    make = kinds.add_parser("make", help="write a self-signed certificate and its key")
    make.add_argument("folder", type=Path)
    make.add_argument("--name", required=True, help="common name, usually the gateway's")
    make.add_argument("--uri", help="application URI (default: urn:shangyun:gateway:NAME)")
    make.add_argument(
        "--host", action="append", default=[], help="host name or address of this machine; may be given several times"
    )
    make.add_argument("--days", type=int, default=1825, help="how long it is valid (default: 1825)")
    make.set_defaults(run=make_certificate)
    listed = kinds.add_parser("list", help="list trusted certificates, and those that were refused and wait for a decision")
    listed.add_argument("folder", type=Path, help="the connection's trusted_folder")
    listed.set_defaults(run=list_certificates)
    trusted = kinds.add_parser("trust", help="believe a certificate that was refused")
    trusted.add_argument("folder", type=Path, help="the connection's trusted_folder")
    trusted.add_argument("which", help="file name or thumbprint, as `list` shows them")
    trusted.set_defaults(run=trust_certificate)


def import_table(args: argparse.Namespace) -> int:
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


def export(args: argparse.Namespace) -> int:
    from device_profiles.profile import load_profile
    from device_profiles.profile_writer import export_points

    sys.stdout.write(export_points(load_profile(args.profile)))
    return 0


def make_certificate(args: argparse.Namespace) -> int:
    import socket

    from edge_gateway.drivers.opcua.certificates import make_certificate as make

    if args.days < 1:
        raise ConfigError("--days must be at least 1")
    certificate, key = make(
        args.folder,
        name=args.name,
        application_uri=args.uri or f"urn:shangyun:gateway:{args.name}",
        hosts=args.host or [socket.gethostname()],
        days=args.days,
    )
    print(f"{certificate}: give this to the servers' trust lists\n{key}: keep it on this machine")
    return 0


def list_certificates(args: argparse.Namespace) -> int:
    from edge_gateway.drivers.opcua.certificates import list_certificates as listed

    rows = [
        (
            "trusted" if one.is_trusted else "refused",
            one.path.name,
            one.common_name,
            f"{one.not_before:%Y-%m-%d} to {one.not_after:%Y-%m-%d}",
            one.thumbprint,
        )
        for one in listed(args.folder)
    ]
    if rows:
        print_table(("", "file", "name", "valid", "thumbprint (SHA-1)"), rows)
    else:
        print(f"{args.folder}: no certificates")
    return 0


def trust_certificate(args: argparse.Namespace) -> int:
    from edge_gateway.drivers.opcua.certificates import trust

    print(f"{trust(args.folder, args.which)}: trusted from now on")
    return 0
