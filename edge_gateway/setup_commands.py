"""``shangyun gateway certificates``: the gateway's own, and which servers are believed."""

import argparse
from pathlib import Path

from edge_gateway.tables import print_table
from telemetry.errors import ConfigError


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
