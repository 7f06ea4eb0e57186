"""The commands of ``shangyun ingest`` for messages that could not be stored."""

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.commands import add_database_option, open_database
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from ingest.settings import IngestSettings
    from store.database import Database
    from store.dead_letters import StoredLetter
    from store.group import GroupBuilder

_ALL = 1_000_000


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "dead-letters",
        help="list messages that could not be stored",
        description="List messages that could not be stored, oldest first, or give one of them as it came.",
    )
    add_database_option(parser)
    parser.add_argument("--reason", help="only those with this reason")
    parser.add_argument("--limit", type=int, default=100, help="show at most so many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    parser.add_argument("--payload", type=int, metavar="ID", help="write the bytes of this message instead of the list")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where --payload writes (default: standard output)")
    parser.set_defaults(run=show)
    parser = commands.add_parser(
        "replay",
        help="try dead letters again",
        description="Try to store dead letters again, whole, after their cause is mended; what is stored leaves the list.",
    )
    add_database_option(parser)
    _add_choice(parser, required=False)
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings of the workers, for their retention and for what they say of Sparkplug devices",
    )
    parser.set_defaults(run=replay_letters)
    parser = commands.add_parser(
        "discard", help="delete dead letters for good", description="Delete dead letters for good, after asking."
    )
    add_database_option(parser)
    _add_choice(parser, required=True)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=discard_letters)


def _add_choice(parser: argparse.ArgumentParser, *, required: bool) -> None:
    choice = parser.add_mutually_exclusive_group(required=required)
    choice.add_argument("--reason", help="only those with this reason")
    choice.add_argument("--id", type=int, nargs="+", metavar="ID", help="only these")


def show(args: argparse.Namespace) -> int:
    import dataclasses
    import json

    from store.dead_letters import list_dead_letters

    if args.to is not None and args.payload is None:
        raise ConfigError("--to needs --payload ID: which message is to be written?")
    with open_database(args) as database:
        if args.payload is not None:
            return _write_payload(database, args.payload, args.to)
        letters = list_dead_letters(database, reason=args.reason, limit=args.limit)
    if args.json:
        print(json.dumps([dataclasses.asdict(letter) for letter in letters], default=str, ensure_ascii=False, indent=2))
        return 0
    for letter in letters:
        print(_line(letter))
    if not letters:
        print("no dead letters")
    return 0


def _line(letter: "StoredLetter") -> str:
    name = "header unreadable" if letter.seq is None else f"epoch {letter.epoch} seq {letter.seq}"
    return (
        f"{letter.id:>8}  {letter.received_at:%Y-%m-%d %H:%M:%S}  {letter.reason:<16} {letter.gateway or letter.topic} "
        f"({name}, {letter.payload_bytes} bytes, {letter.copies} x): {letter.detail}"
    )


def _write_payload(database: "Database", letter_id: int, file: Path | None) -> int:
    import sys

    from store.dead_letters import read_payload

    payload = read_payload(database, letter_id)
    if payload is None:
        print(f"there is no dead letter {letter_id}", file=sys.stderr)
        return 1
    if file is None:
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()
        return 0
    try:
        file.write_bytes(payload)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    print(f"{len(payload)} bytes in {file}")
    return 0


def replay_letters(args: argparse.Namespace) -> int:
    from ingest.foreign.reader import Reader
    from ingest.settings import IngestSettings
    from store.dead_letters import Replayed, list_dead_letters, replay
    from telemetry.settings import load

    def tell(result: Replayed) -> None:
        print(f"{result.letter_id:>8}  " + (f"still refused: {result.reason}: {result.detail}" if result.reason else "stored"))

    settings = None if args.settings is None else load(args.settings, IngestSettings)
    reader = Reader(None if settings is None else settings.sparkplug)
    with open_database(args) as database:
        wanted = [letter.id for letter in list_dead_letters(database, reason=args.reason, letter_ids=args.id, limit=_ALL)]
        stored = replay(database, _builder(database, settings), wanted, read=reader.read_again, report=tell)
    print(f"{stored} of {len(wanted)} stored")
    return 0 if stored == len(wanted) else 1


def _builder(database: "Database", settings: "IngestSettings | None") -> "GroupBuilder":
    from store.equipment import EquipmentRegister
    from store.group import GroupBuilder
    from store.other_signals import OtherSignals
    from store.partitions import Partitions
    from store.targets import Targets, load_tables

    bounds: dict[str, Any] = (
        {} if settings is None else {"retention": settings.retention.believed, "tolerance": settings.tolerance}
    )
    return GroupBuilder(
        targets=Targets(load_tables(database), OtherSignals(database)),
        register=EquipmentRegister(database),
        partitions=Partitions(database),
        **bounds,
    )


def discard_letters(args: argparse.Namespace) -> int:
    from store.dead_letters import discard, list_dead_letters

    with open_database(args) as database:
        letters = list_dead_letters(database, reason=args.reason, letter_ids=args.id, limit=_ALL)
        if not letters:
            print("no such dead letters")
            return 1
        reasons = Counter(letter.reason for letter in letters)
        what = f"{len(letters)} dead letters ({', '.join(f'{count} {reason}' for reason, count in reasons.most_common())})"
        if not args.yes and not _is_sure(f"Discard {what} for good? [y/N] "):
            print("nothing is discarded")
            return 1
        count = discard(database, [letter.id for letter in letters])
    print(f"{what} discarded" if count == len(letters) else f"{count} of {what} discarded, the others were gone")
    return 0


def _is_sure(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:  # nobody is there to answer
        print()
        return False
