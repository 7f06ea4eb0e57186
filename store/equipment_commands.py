"""The commands ``shangyun equipment ...``."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from store.commands import add_database_option, open_database

if TYPE_CHECKING:
    from store.pending import PendingSignal

_SHOWN = 5
"""Gateways named in a line; a whole city may send the same signal."""


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "equipment", help="list and rename machines", description="Machines, their names, and signals that wait for a column."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser("list", help="list machines", description="List machines with the time of their newest value.")
    add_database_option(parser)
    parser.add_argument("--gateway", help="only those of this gateway")
    parser.add_argument("--kind", help="only those of this kind")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(run=show_list)
    parser = commands.add_parser(
        "rename",
        help="give a machine another name or gateway",
        description="Give a machine another name, at the same gateway or at another one; its history stays with it.",
    )
    add_database_option(parser)
    parser.add_argument("old", metavar="GATEWAY/NAME", help="the machine as it was called until now")
    parser.add_argument("new", metavar="GATEWAY/NEW_NAME", help="what it is called from now on, or has been sending as already")
    parser.add_argument("--merge", action="store_true", help="although both names have values of the same time")
    parser.set_defaults(run=rename_machine)
    parser = commands.add_parser(
        "release",
        help="free an earlier name for another machine",
        description="Free an earlier name: the next bundle under it registers a new machine.",
    )
    add_database_option(parser)
    parser.add_argument("name", metavar="GATEWAY/NAME", help="an earlier name, as `list` shows it")
    parser.set_defaults(run=release_name)
    parser = commands.add_parser(
        "set-kind",
        help="correct an unknown kind",
        description="Correct the kind of a machine that sent under an unknown one, and move what it has sent so far.",
    )
    add_database_option(parser)
    parser.add_argument("name", metavar="GATEWAY/NAME", help="the machine")
    parser.add_argument("kind", metavar="KIND", help="a kind that has a table")
    parser.set_defaults(run=correct_kind)
    parser = commands.add_parser(
        "pending",
        help="list signals that have no column",
        description="List signals and kinds outside the tables; their values are kept in reading.other.",
    )
    add_database_option(parser)
    parser.add_argument("--forget", metavar="GATEWAY", help="take this gateway's off the list; what is still sent comes back")
    parser.set_defaults(run=show_pending)
    parser = commands.add_parser(
        "adopt",
        help="move kept values into new columns",
        description="Move values from reading.other into the columns that `shangyun db migrate` has made for them since.",
    )
    add_database_option(parser)
    parser.set_defaults(run=adopt_values)


def show_list(args: argparse.Namespace) -> int:
    import json

    from store.equipment import earlier_names, last_times, list_equipment

    with open_database(args) as database:
        machines = list_equipment(database, gateway=args.gateway, kind=args.kind)
        times, earlier = last_times(database), earlier_names(database)
    for machine in machines:
        last, names = times.get(machine.id), earlier.get(machine.id, [])
        if args.json:
            content = {
                "id": machine.id,
                "gateway": machine.gateway,
                "name": machine.name,
                "kind": machine.kind,
                "first_seen": machine.first_seen.isoformat(),
                "last_time": None if last is None else last.isoformat(),
                "earlier_names": names,
            }
            print(json.dumps(content, ensure_ascii=False))
        else:
            shown = "no value yet" if last is None else f"{last:%Y-%m-%d %H:%M:%S} UTC"
            before = f"  (was {', '.join(names)})" if names else ""
            print(f"{machine.id:>8}  {f'{machine.gateway}/{machine.name}':<40} {machine.kind or '-':<20} {shown}{before}")
    if not machines and not args.json:
        print("no machines")
    return 0


def rename_machine(args: argparse.Namespace) -> int:
    from store.renames import Name, move_alias_rows, rename

    old, new = Name.parse(args.old), Name.parse(args.new)
    with open_database(args) as database:
        rename(database, old, new, merge=args.merge)
        print(f"{old} is called {new} now")
        move_alias_rows(database, report=print)
    return 0


def release_name(args: argparse.Namespace) -> int:
    from store.renames import Name, move_alias_rows, release

    name = Name.parse(args.name)
    with open_database(args) as database:
        move_alias_rows(database)
        release(database, name)
    print(f"{name} is free: within some seconds, the next bundle under it registers a new machine")
    return 0


def correct_kind(args: argparse.Namespace) -> int:
    from store.pending import adopt
    from store.renames import Name, set_kind
    from store.targets import load_tables

    name = Name.parse(args.name)
    with open_database(args) as database:
        set_kind(database, name, args.kind, known=load_tables(database).kinds)
        print(f"{name} is a {args.kind} now; `shangyun ingest replay --reason kind_changed` stores what was refused meanwhile")
        adopt(database, report=print)
    return 0


def show_pending(args: argparse.Namespace) -> int:
    from store.pending import forget_pending, list_pending

    with open_database(args) as database:
        if args.forget is not None:
            print(f"{forget_pending(database, args.forget)} signals of {args.forget} taken off the list")
            return 0
        pending = list_pending(database)
    for line in _pending_lines(pending):
        print(line)
    if not pending:
        print("nothing waits: all signals have their columns")
    return 0


def adopt_values(args: argparse.Namespace) -> int:
    from store.pending import adopt

    with open_database(args) as database:
        count = adopt(database, report=print)
    if not count:
        print("nothing to move")
    return 0


def _pending_lines(pending: "Iterable[PendingSignal]") -> Iterator[str]:
    for kind, of_kind in groupby(pending, key=lambda waiting: waiting.kind):
        signals = list(of_kind)
        if not signals[0].has_table:
            yield f"{kind}: unknown kind; describe it in device_profiles/{kind}/kind.toml, then `shangyun db migrate`"
        elif all(waiting.has_column for waiting in signals):
            yield f"{kind}: the columns are there; `shangyun equipment adopt` moves the values"
        else:
            yield f"{kind}: unknown signals; add them to device_profiles/{kind}/kind.toml, then `shangyun db migrate`"
        for name, of_signal in groupby(signals, key=lambda waiting: waiting.signal):
            found = list(of_signal)
            gateways = ", ".join(waiting.gateway for waiting in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            first, last = min(waiting.first_seen for waiting in found), max(waiting.last_seen for waiting in found)
            yield f"  {name:<32} {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}  from {gateways}{more}"
