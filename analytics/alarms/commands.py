"""The commands ``shangyun alarms ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.alarms.rule_commands import add_rule_commands
from store.commands import add_database_option, open_database

if TYPE_CHECKING:
    from analytics.alarms.settings import AlarmSettings


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "alarms",
        help="judge what machines send",
        description="Alarms after ISA-18.2: the worker, its rules, and messages to people.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "run", help="run a worker", description="Run a worker until it is told to stop; a second one stands by."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/alarms.toml")
    parser.set_defaults(run=run)
    parser = commands.add_parser("check", help="check settings", description="Check settings and their secret files.")
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/alarms.toml")
    parser.set_defaults(run=check)
    parser = commands.add_parser("list", help="list alarms", description="List the alarms that stand, most urgent first.")
    add_database_option(parser)
    parser.add_argument("--all", action="store_true", help="also what is shelved, suppressed by design or out of service")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(run=show_list)
    parser = commands.add_parser(
        "notify", help="send a test message", description="Send a test message through a channel of the settings."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/alarms.toml")
    parser.add_argument("channel", metavar="CHANNEL", help="its name")
    parser.set_defaults(run=notify)
    add_rule_commands(commands)


def run(args: argparse.Namespace) -> int:
    import asyncio
    import gc
    import sys

    from analytics.alarms.settings import AlarmSettings
    from telemetry.errors import ShangyunError
    from telemetry.settings import load

    settings = load(args.file, AlarmSettings)
    sys.setswitchinterval(0.0005)  # receiving, judging and writing take turns often
    gc.disable()  # thousands of short-lived batches a second would have it look through all machines again and again
    try:
        asyncio.run(_run(settings))
    except BaseExceptionGroup as group:
        expected = group.subgroup(ShangyunError)
        while isinstance(expected, BaseExceptionGroup):
            expected = expected.exceptions[0]  # type: ignore[assignment]  # a leaf ends the loop
        raise expected or group from None
    return 0


async def _run(settings: "AlarmSettings") -> None:
    import asyncio
    import signal

    from analytics.alarms.worker import Worker
    from store.database import Database

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with Database(settings.database, max_connections=6) as database:
        await Worker(settings, database, stop=stop).run()


def check(args: argparse.Namespace) -> int:
    from analytics.alarms.settings import AlarmSettings
    from analytics.notifications.sending import check_secrets
    from store.database import Database
    from telemetry.settings import load

    settings = load(args.file, AlarmSettings)
    Database(settings.database)  # reads the address, connects to nothing
    for channel in settings.channels:
        check_secrets(channel)
    print(f"{args.file}: fine")
    return 0


def show_list(args: argparse.Namespace) -> int:
    import json

    from store.alarms import ConditionFilter, list_conditions

    with open_database(args) as database:
        listed = list_conditions(database, ConditionFilter(view="all" if args.all else "standing"))
    for gateway, equipment, condition in ((one.gateway, one.equipment, one.condition) for one in listed):
        if condition.state == "normal" and not (condition.shelved_until or condition.out_of_service_since):
            continue
        machine = f"{gateway}/{equipment}" if equipment else gateway
        since = "" if condition.active_since is None else f"{condition.active_since:%Y-%m-%d %H:%M:%SZ}"
        told = {"id": condition.id, "priority": condition.priority, "state": condition.state, "machine": machine}
        told |= {"rule": condition.rule, "since": since, "value": condition.value, "limit": condition.limit_value}
        if args.json:
            print(json.dumps(told, ensure_ascii=False))
        else:
            print(f"{condition.priority:9}{condition.state:15}{since:21} {machine}  {condition.rule}")
    return 0


def notify(args: argparse.Namespace) -> int:
    import asyncio
    from datetime import UTC, datetime

    from analytics.alarms.settings import AlarmSettings
    from analytics.notifications.entries import entry_of_a_test
    from analytics.notifications.messages import Writer
    from analytics.notifications.senders import sender_of
    from analytics.notifications.sending import NotSent
    from telemetry.errors import ConfigError, NotConnected
    from telemetry.settings import load

    settings = load(args.file, AlarmSettings)
    channels = {channel.name: channel for channel in settings.channels}
    if args.channel not in channels:
        raise ConfigError(f"{args.file} has no channel {args.channel!r}; known: {', '.join(channels) or 'none'}")
    channel, now = channels[args.channel], datetime.now(UTC)
    writer = Writer(language=channel.language, zone=settings.zone, public_address=settings.public_address)
    try:
        answer = asyncio.run(sender_of(channel, writer).send([entry_of_a_test(now)], now=now.timestamp()))
    except NotSent as failure:
        raise NotConnected(f"channel {channel.name}: {failure}") from failure
    print(f"channel {channel.name}: {answer}")
    return 0
