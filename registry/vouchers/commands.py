"""The commands ``shangyun registry vouchers ...``: what a server's keeper does.

Accepting, reviewing and paying take two people, and are done on the pages.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from decimal import Decimal


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "vouchers", help="vouchers for cloud services", description="Vouchers for cloud services (云服务券)."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "policy",
        help="load or show policies",
        description="Load a policy from a file of the form of registry/vouchers/jining_2018.toml, or list those that are there.",
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.toml")
    parser.add_argument("--check", action="store_true", help="only check the file, without any database")
    add_database_option(parser)
    parser.set_defaults(run=load_policy)
    parser = commands.add_parser(
        "quote",
        help="compute a voucher",
        description="Compute a voucher by both readings of the yearly decay, without any database.",
    )
    parser.add_argument("fee", metavar="CNY", help="fee of the contract")
    parser.add_argument("--year", type=int, default=2018, help="of issue (default: %(default)s)")
    parser.add_argument("--certified", action="store_true", help="a certificate of integration holds")
    parser.add_argument("--policy", type=Path, metavar="FILE.toml", help="default: Jining's of 2018")
    parser.set_defaults(run=show_quote)
    parser = commands.add_parser(
        "budget", help="show or grant budgets", description="Show the counties' budgets; with an area, grant money to it."
    )
    parser.add_argument("area", nargs="?", metavar="AREA")
    parser.add_argument("--year", type=int, help="of the grant, or the only one shown")
    parser.add_argument("--amount", metavar="CNY", help="to grant; below zero it is a cut")
    parser.add_argument("--document", help="that the grant rests on")
    add_database_option(parser)
    parser.set_defaults(run=budget)
    parser = commands.add_parser("batches", help="list batches", description="List the batches of redemption, the newest first.")
    add_database_option(parser)
    parser.set_defaults(run=list_batches)
    parser = commands.add_parser(
        "silent",
        help="paid, but no data",
        description="List vouchers in redemption or paid whose enterprise's machines sent nothing; status 1 if there are any.",
    )
    add_database_option(parser)
    parser.set_defaults(run=list_silent)


def load_policy(args: argparse.Namespace) -> int:
    from registry.vouchers.issuing import desk, store_policy
    from registry.vouchers.policy import VoucherPolicy
    from store.city_voucher_parties import policies
    from telemetry.settings import load

    if args.file is None:
        with open_database(args) as database, database.connection() as connection:
            for one in policies(connection):
                print(f"{one.version:20} {one.area:16} {one.valid_from} to {one.valid_to}  {one.document}  by {one.made_by}")
        return 0
    policy = load(args.file, VoucherPolicy)
    if args.check:
        print(f"{args.file}: fine, version {policy.version}")
        return 0
    with open_database(args) as database, database.connection() as connection:
        if not store_policy(desk(connection, os_user()), policy):
            told = f"version {policy.version} is there already and never changes: give another"
            raise ConfigError(told, file=args.file, key="version")
        record_command(connection, "city.voucher.policy", f"policy {policy.version}", {"document": policy.document})
    print(f"{args.file}: version {policy.version} holds from {policy.valid_from} to {policy.valid_to}")
    return 0


def show_quote(args: argparse.Namespace) -> int:
    from registry.vouchers.amount import DECAY_MODES, quote
    from registry.vouchers.policy import FILE, VoucherPolicy
    from telemetry.settings import load

    rules, fee = load(args.policy or FILE, VoucherPolicy).amount, _money(args.fee, "fee")
    for mode in DECAY_MODES:
        try:
            found = quote(rules, list_price=fee, fee=fee, year=args.year, is_certified=args.certified, mode=mode)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        mark = " (in use)" if mode == rules.decay_mode else ""
        capped = ", at the cap" if found.is_capped else ""
        print(f"{mode + mark:18} {found.public:>12} CNY of {fee}: rate {found.rate}, cap {found.cap}{capped}")
    return 0


def budget(args: argparse.Namespace) -> int:
    from registry.vouchers.issuing import desk, grant
    from store.city_budgets import budgets

    if args.amount is not None and not (args.area and args.year and args.document):
        raise ConfigError("--amount: name the area, --year and --document as well")
    if args.year is not None and not 2000 <= args.year <= 2100:
        raise ConfigError(f"--year {args.year}: 2000 to 2100")
    with open_database(args) as database:
        if args.amount is not None:
            amount = _money(args.amount, "--amount")
            with database.connection() as connection:
                issued = grant(desk(connection, os_user()), args.area, args.year, amount, document=args.document)
                detail = {"amount": amount, "document": args.document, "issued": issued}
                record_command(connection, "city.voucher.grant", f"budget {args.area} {args.year}", detail)
            print(f"granted; {len(issued)} vouchers issued to who waited")
        rows = budgets(database, area=args.area, year=args.year)
    print(f"{'area':24} year {'granted':>14} {'reserved':>14} {'paid':>14} {'free':>14} issued waiting")
    for one in rows:
        print(
            f"{one.area:24} {one.year} {one.granted:>14} {one.reserved:>14} {one.paid:>14} {one.free:>14}"
            f" {one.vouchers:>6} {one.waiting:>7}"
        )
    return 0


def list_batches(args: argparse.Namespace) -> int:
    from store.city_voucher_parties import batches

    with open_database(args) as database:
        for one in batches(database):
            publicity = (
                f"publicised {one.published_on} to {one.last_day}" if one.published_on else f"{one.not_reviewed} to review"
            )
            print(
                f"{one.year}H{one.half} {one.area:24} {one.vouchers} vouchers, {one.paid} paid, {one.redeemed} CNY; {publicity}"
            )
    return 0


def list_silent(args: argparse.Namespace) -> int:
    from store.city_voucher_parties import evidence

    with open_database(args) as database, database.connection() as connection:
        found = evidence(connection)
    silent = [one for one in found if one.is_silent]
    for one in silent:
        span = f"nothing from {one.first_day} to {one.last_day}"
        print(f"{one.number} {one.uscc} {one.enterprise}: {span}; {one.state}, {one.amount} CNY")
    unknown = sum(not one.is_known for one in found)
    print(f"{len(found)} vouchers in redemption or paid, {len(silent)} silent, of {unknown} nothing is known", file=sys.stderr)
    return 1 if silent else 0


def _money(text: str, option: str) -> "Decimal":
    from decimal import Decimal, InvalidOperation

    from registry.vouchers.amount import is_money

    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not is_money(abs(amount)):
        raise ConfigError(f"{option}: {text[:30]!r} is no amount in CNY with at most two places, such as 166667")
    return amount
