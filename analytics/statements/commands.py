"""The commands ``shangyun statements ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.commands import add_database_option
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from analytics.leasing.chain import Break
    from store.database import Database
    from store.equipment import Equipment


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "statements",
        help="signed statements of use",
        description="Statements of use for lessors and banks: one a machine and day, chained and signed.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "key",
        help="make the key file",
        description="Make the file with the keys, for its owner alone; of one that is there, show the public key.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="such as /etc/shangyun/statements.key")
    parser.set_defaults(run=show_key)
    parser = commands.add_parser(
        "make",
        help="make the missing days",
        description="Make the missing statements of construction machines up to yesterday. Running it again makes nothing twice.",
    )
    parser.add_argument("key_file", type=Path, metavar="KEY_FILE", help="as `key` makes it")
    add_database_option(parser)
    parser.add_argument("--gateway", help="machines behind this gateway only")
    parser.add_argument("--equipment", metavar="GATEWAY/NAME", help="this machine only")
    parser.add_argument(
        "--from",
        dest="first_day",
        metavar="DAY",
        help="first day of a new chain (default: the day after a machine was first seen)",
    )
    parser.add_argument(
        "--utc-offset-hours", type=float, default=8.0, metavar="H", help="of a new chain's midnight (default: %(default)g)"
    )
    parser.set_defaults(run=make)
    parser = commands.add_parser(
        "verify",
        help="check chains",
        description="Check a file of statements, or what the database keeps, and tell where a chain breaks (status 1).",
    )
    _add_source(parser)
    parser.add_argument("--newest-hash", metavar="HEX", help="of the last statement, as somebody else kept it")
    parser.set_defaults(run=check)
    parser = commands.add_parser(
        "fees", help="compute a fee by use", description="Compute the fee of a period from terms and statements that hold."
    )
    parser.add_argument("terms", type=Path, metavar="TERMS.toml", help="contract, currency, base, tiers, minimum_hours, cap")
    parser.add_argument("--from", dest="start", required=True, metavar="DAY", help="first day, such as 2026-03-01")
    parser.add_argument("--to", dest="end", required=True, metavar="DAY", help="the day after the last")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    _add_source(parser)
    parser.set_defaults(run=compute_fee)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.jsonl", help="statements (default: those of the database)")
    parser.add_argument("--public-key", metavar="HEX", help="the plant's, as it gave it; needed for a file")
    parser.add_argument("--equipment", metavar="GATEWAY/NAME", help="of the database, this machine")
    add_database_option(parser)


def show_key(args: argparse.Namespace) -> int:
    from analytics.statements.keys import make_keys, read_keys

    is_there = args.file.exists()
    keys = read_keys(args.file) if is_there else make_keys(args.file)
    print(f"{args.file}: {'is there already' if is_there else 'written'}")
    print(f"public key  {keys.public_key.hex()}\nkey id      {keys.key_id}")
    return 0


def make(args: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime, timedelta

    from analytics.statements.keys import read_keys
    from analytics.statements.making import KIND, find_missing, make_missing
    from store.commands import open_database
    from store.equipment import list_equipment
    from telemetry.progress import Progress

    if not -12 <= args.utc_offset_hours <= 14 or args.utc_offset_hours * 4 % 1:
        raise ConfigError(f"--utc-offset-hours {args.utc_offset_hours:g}: quarters of an hour between -12 and 14")
    keys, first_day = read_keys(args.key_file), _day(args.first_day, "--from") if args.first_day else None
    with open_database(args) as database:
        if args.equipment:
            machines = [_machine(database, args.equipment)]
            if machines[0].kind != KIND:
                raise ConfigError(f"{args.equipment} is no {KIND}: statements are made of these")
        else:
            machines = list_equipment(database, gateway=args.gateway, kind=KIND)
        offset = timedelta(hours=args.utc_offset_hours)
        missing = find_missing(database, keys, machines, now=datetime.now(UTC), offset=offset, first_day=first_day)
        failed = dict(missing.refused)
        with Progress("statements", total=missing.count, unit="statements") as progress:
            done = 0

            def note(count: int) -> None:
                nonlocal done
                done += count
                progress.advance(count)

            failed |= dict(make_missing(database, keys, missing, on_progress=note))
    print(f"{len(machines)} machines, {done - (len(failed) - len(missing.refused)):,} statements made")
    for name, why in failed.items():
        print(f"{name}: {why}", file=sys.stderr)
    return 1 if failed else 0


def check(args: argparse.Namespace) -> int:
    if args.file is None:
        return _check_database(args)
    lines, broken = _of_file(args, newest_hash=args.newest_hash)
    print(f"{args.file}:{broken.line}: {broken.detail}" if broken is not None else f"{args.file}: {_told(lines)}")
    return 0 if broken is None else 1


def _check_database(args: argparse.Namespace) -> int:
    from analytics.statements.checking import broken_in
    from store.commands import open_database
    from store.statements import chains, statements
    from telemetry.progress import Progress

    if args.newest_hash and not args.equipment:
        raise ConfigError("--newest-hash: name the machine with --equipment")
    key, count_broken = _given_key(args), 0
    with open_database(args) as database:
        only = _machine(database, args.equipment).id if args.equipment else None
        total, found = chains(database, equipment_id=only, limit=1_000_000)
        with Progress("chains", total=total, unit="chains") as progress:
            for one in found:
                rows = statements(database, one.equipment_id)
                broken = broken_in(rows, database, public_key=key, newest_hash=args.newest_hash)
                progress.advance(1)
                said = _told([row.line for row in rows]) if broken is None else f"statement {broken.line} {broken.detail}"
                count_broken += broken is not None
                print(f"{one.gateway}/{one.machine}: {said}")
    print(f"{total} chains, {count_broken} broken")
    return 1 if count_broken else 0


def compute_fee(args: argparse.Namespace) -> int:
    from analytics.leasing.fees import Terms, fee
    from telemetry.settings import load

    terms, start, end = load(args.terms, Terms), _day(args.start, "--from"), _day(args.end, "--to")
    if not start < end:
        raise ConfigError(f"--to {args.end} is not after --from {args.start}")
    told = _statements(args)
    if told is None:
        return 1
    try:
        found = fee(terms, told, start=start, end=end)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if args.json:
        import json

        print(json.dumps(found._asdict(), default=_plain, ensure_ascii=False))
        return 0
    print(f"contract      {found.contract}, {found.start} up to and without {found.end}")
    print(f"hours         {found.hours} ({found.billed_hours} billed)")
    print(f"base          {found.base} {found.currency}")
    print(f"use           {found.usage} {found.currency}")
    print(f"total         {found.total} {found.currency}{' (at the cap)' if found.is_capped else ''}")
    for title, days in (("not known", found.days_missing), ("doubtful", found.days_doubtful)):
        if days:
            print(f"{title:14}{len(days)} days: {', '.join(map(str, days[:10]))}{', ...' if len(days) > 10 else ''}")
    print(f"evidence      {found.evidence}")
    return 0


def _statements(args: argparse.Namespace) -> "list[dict[str, Any]] | None":
    """Give statements that hold; None where they do not, and say so."""
    import json

    from analytics.statements.checking import broken_in
    from store.commands import open_database
    from store.statements import statements

    place = args.file or args.equipment
    if args.file is not None:
        lines, broken = _of_file(args)
    else:
        if not args.equipment:
            raise ConfigError("name a FILE.jsonl, or a machine of the database with --equipment")
        with open_database(args) as database:
            rows = statements(database, _machine(database, args.equipment).id)
            lines, broken = [row.line for row in rows], broken_in(rows, database, public_key=_given_key(args))
    if broken is not None:
        print(f"{place}:{broken.line}: {broken.detail}; no fee is computed from a chain that does not hold")
        return None
    return [json.loads(line)["statement"] for line in lines]


def _of_file(args: argparse.Namespace, *, newest_hash: str | None = None) -> "tuple[list[bytes], Break | None]":
    """Read a file of statements, and check it with the key that was given."""
    from analytics.leasing.chain import verify

    key = _given_key(args)
    if key is None:
        raise ConfigError("--public-key: a file is checked with the key that the plant gave")
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=args.file) from None
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    return lines, verify(lines, public_key=key, newest_hash=newest_hash)


def _given_key(args: argparse.Namespace) -> bytes | None:
    from analytics.statements.keys import public_key_of

    return public_key_of(args.public_key) if args.public_key else None


def _machine(database: "Database", name: str) -> "Equipment":
    from store.equipment import find_equipment

    gateway, _, machine = name.partition("/")
    found = find_equipment(database, gateway=gateway, name=machine)
    if found is None:
        raise ConfigError(f"there is no machine {name!r}; `shangyun equipment list` names all")
    return found


def _told(lines: "Sequence[bytes]") -> str:
    import json

    if not lines:
        return "no statements"
    first, last = (json.loads(line) for line in (lines[0], lines[-1]))
    days = f"{first['statement'].get('day')} to {last['statement'].get('day')}"
    return f"{len(lines):,} statements of {last['statement'].get('machine')}, {days}, hold; newest hash {last['hash']}"


def _day(text: str, option: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is not a day, such as 2026-03-01") from None


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value)
