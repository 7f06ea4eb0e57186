"""The commands ``shangyun ingest ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import dead_letter_commands
from ingest.backfill_commands import add_backfill_command

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
    add_backfill_command(commands)
    dead_letter_commands.add_commands(commands)


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
