"""The commands ``shangyun ingest ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database

if TYPE_CHECKING:
    from ingest.settings import IngestSettings


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "ingest", help="write what gateways send into the database", description="From MQTT to the database, exactly once."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser("run", help="run one worker", description="Run one worker until it is told to stop.")
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/ingest.toml")
    parser.set_defaults(run=run)
    parser = commands.add_parser("check", help="check settings", description="Check a settings file without the network.")
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/ingest.toml")
    parser.set_defaults(run=check)
    parser = commands.add_parser(
        "dead-letters", help="list messages that could not be stored", description="List messages that could not be stored."
    )
    add_database_option(parser)
    parser.add_argument("--reason", help="only those with this reason")
    parser.add_argument("--limit", type=int, default=100, help="show at most so many (%(default)s)")
    parser.set_defaults(run=show_dead_letters)
    parser = commands.add_parser(
        "replay",
        help="try dead letters again",
        description="Try to store dead letters again, whole, after their cause is mended; what is stored leaves the list.",
    )
    add_database_option(parser)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--reason", help="only those with this reason")
    choice.add_argument("--id", type=int, help="only this one")
    parser.set_defaults(run=replay_dead_letters)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from ingest.settings import IngestSettings
    from telemetry.errors import ShangyunError
    from telemetry.settings import load

    settings = load(args.file, IngestSettings)
    try:
        asyncio.run(_run(settings))
    except BaseExceptionGroup as group:
        expected = group.subgroup(ShangyunError)
        while isinstance(expected, BaseExceptionGroup):
            expected = expected.exceptions[0]  # type: ignore[assignment]  # a leaf ends the loop
        raise expected or group from None
    return 0


async def _run(settings: "IngestSettings") -> None:
    import asyncio
    import gc
    import signal
    import sys

    from ingest.daemon import Daemon
    from store.database import Database

    # Receiving, building and committing take turns often: the default of 5 ms lets a short turn wait for long ones.
    sys.setswitchinterval(0.0005)
    # A bundle of a thousand batches makes thousands of objects without a cycle among them; looking for one each time costs more
    # than decoding does. The daemon collects every few seconds instead.
    gc.disable()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with Database(settings.database) as database:
        await Daemon(settings, database, stop=stop).run()


def check(args: argparse.Namespace) -> int:
    from ingest.settings import IngestSettings
    from store.database import Database
    from telemetry.settings import load

    Database(load(args.file, IngestSettings).database)  # reads the address, connects to nothing
    print(f"{args.file}: fine")
    return 0


def show_dead_letters(args: argparse.Namespace) -> int:
    from store.dead_letters import list_dead_letters

    with open_database(args) as database:
        letters = list_dead_letters(database, reason=args.reason, limit=args.limit)
    for letter in letters:
        name = "header unreadable" if letter.seq is None else f"epoch {letter.epoch} seq {letter.seq}"
        print(
            f"{letter.id:>8}  {letter.received_at:%Y-%m-%d %H:%M:%S}  {letter.reason:<16} {letter.gateway or letter.topic} "
            f"({name}, {letter.payload_bytes} bytes, {letter.copies} x): {letter.detail}"
        )
    if not letters:
        print("no dead letters")
    return 0


def replay_dead_letters(args: argparse.Namespace) -> int:
    from store.dead_letters import Replayed, list_dead_letters, replay
    from store.equipment import EquipmentRegister, OtherSignals
    from store.group import GroupBuilder
    from store.partitions import Partitions
    from store.targets import Targets, load_tables

    def tell(result: Replayed) -> None:
        print(f"{result.letter_id:>8}  " + (f"still refused: {result.reason}: {result.detail}" if result.reason else "stored"))

    with open_database(args) as database:
        builder = GroupBuilder(
            targets=Targets(load_tables(database), OtherSignals(database)),
            register=EquipmentRegister(database),
            partitions=Partitions(database),
        )
        wanted = [letter.id for letter in list_dead_letters(database, reason=args.reason, letter_id=args.id, limit=1_000_000)]
        stored = replay(database, builder, wanted, report=tell)
    print(f"{stored} of {len(wanted)} stored")
    return 0 if stored == len(wanted) else 1
