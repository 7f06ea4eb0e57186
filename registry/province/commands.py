"""The commands ``shangyun registry province ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database, os_user, record_command
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from datetime import date

_TIMEOUT_SECONDS = 60


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "province", help="tell a province, or read its cities", description="Facts of a day from cities to their province."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "publish",
        help="tell of a day",
        description="Write the facts of a day: counts by area, kind, state and test. Running it again writes the same bytes.",
    )
    parser.add_argument("--area", required=True, help="code of the city, such as jining")
    parser.add_argument("--day", metavar="DAY", help="such as 2026-03-01 (default: the newest day that was counted)")
    parser.add_argument("--out", type=Path, metavar="FILE|FOLDER", help="default: the present folder")
    parser.add_argument("--key", type=Path, metavar="KEY_FILE", help="sign with it; `shangyun statements key` makes one")
    parser.add_argument("--correct", action="store_true", help="tell that the day was counted anew")
    add_database_option(parser)
    parser.set_defaults(run=publish)
    parser = commands.add_parser(
        "read",
        help="read what cities have told",
        description="Read files, folders of them, or addresses of /api/v1/city/facts. Reading again changes nothing; a changed"
        " file, a wrong hash or signature is refused (status 1), and the others are read.",
    )
    parser.add_argument("sources", nargs="+", metavar="FILE|FOLDER|URL")
    parser.add_argument("--public-key", metavar="HEX", help="of the city; its files must be signed with it from now on")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="holds the token for addresses")
    add_database_option(parser)
    parser.set_defaults(run=read)
    parser = commands.add_parser("show", help="show a day", description="Show what cities have told of a day, and who has not.")
    parser.add_argument("--day", metavar="DAY", help="default: the newest that any city has told of")
    add_database_option(parser)
    parser.set_defaults(run=show)


def publish(args: argparse.Namespace) -> int:
    from analytics.statements.keys import read_keys
    from registry.province.publishing import publish as publish_day
    from store.city_snapshots import newest_snapshot

    key = read_keys(args.key).signing_key if args.key else None
    with open_database(args) as database:
        day = _day(args.day) if args.day else None
        if day is None:
            newest = newest_snapshot(database, args.area)
            if newest is None:
                raise ConfigError(f"{args.area} was never counted: `shangyun registry recount --area {args.area}` does")
            day = newest.last_day
        told = publish_day(database, args.area, day, private_key=key, corrects=args.correct)
    out = args.out or Path()
    target = out / told.facts.name if out.is_dir() else out
    try:
        if target.is_file() and target.read_bytes() != told.content:
            raise ConfigError("is there already, and is another; files that were told are never changed", file=target)
        target.write_bytes(told.content)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=target) from None
    print(f"{target}: {told.facts.day}, revision {told.facts.revision}, {'published' if told.is_new else 'as published before'}")
    return 0


def read(args: argparse.Namespace) -> int:
    import sys
    from http.client import HTTPException

    from analytics.statements.keys import public_key_of
    from registry.province.facts_file import BadFacts
    from registry.province.reading import take_file
    from telemetry.progress import Progress

    key = public_key_of(args.public_key) if args.public_key else None
    token = _token(args.token_file)
    sources = [found for source in args.sources for found in _spread(source)]
    taken, failed, who = 0, 0, os_user()
    with open_database(args) as database, Progress("files", total=len(sources), unit="files") as progress:
        for source in sources:
            try:
                with database.connection() as connection:
                    facts, is_new = take_file(connection, _content(source, token), read_by=who, public_key=key)
                    if is_new:
                        detail = {"revision": facts.revision, "source": source}
                        record_command(connection, "city.province.read", f"{facts.city} {facts.day}", detail)
                taken += is_new
            except (BadFacts, OSError, ValueError, HTTPException) as error:
                failed += 1
                print(f"{source}: {error}", file=sys.stderr)
            progress.advance(1)
    print(f"{len(sources)} files: {taken} new, {len(sources) - taken - failed} known, {failed} refused")
    return 1 if failed else 0


def _token(file: Path | None) -> str:
    try:
        return "" if file is None else file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from None


def _spread(source: str) -> list[str]:
    folder = Path(source)
    return [str(file) for file in sorted(folder.glob("facts-*.json"))] if folder.is_dir() else [source]


def _content(source: str, token: str) -> bytes:
    from urllib.request import Request, urlopen

    from registry.province.facts_file import MOST_BYTES

    if not source.startswith(("http://", "https://")):
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(source, headers=headers), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
        return bytes(answer.read(MOST_BYTES + 1))


def show(args: argparse.Namespace) -> int:
    from store.city_province import cities, city_days, newest_day, province_funnel

    with open_database(args) as database:
        day = _day(args.day) if args.day else newest_day(database)
        known = cities(database)
        if day is None or not known:
            print("no city has told anything; `shangyun registry province read` reads files")
            return 0
        told = {one.city: one for one in city_days(database, day, day)}
        print(f"{day}: {len(told)} of {len(known)} cities")
        for city in known:
            found = told.get(city.city)
            said = (
                "missing"
                if found is None
                else f"{found.on_cloud:,} enterprises, {found.counted:,} of {found.machines:,} machines"
            )
            print(f"  {city.city:24} {said}")
        for step in province_funnel(database, day):
            print(f"  {step.test:24} {step.lost:>12,} lost, {step.left:>12,} left")
    return 0


def _day(text: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a day, such as 2026-03-01") from None
