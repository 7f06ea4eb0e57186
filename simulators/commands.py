"""The command ``shangyun sim``."""

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.history import Fleet


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "sim",
        help="run simulated machines, or write the history of a fleet",
        description="Run the machines and links of a settings file on real ports and serial lines, until Ctrl-C or SIGTERM; or, "
        "with --fleet, write the past of many machines to files for `shangyun ingest backfill`.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="settings, such as examples/simulators.toml")
    what.add_argument("--fleet", type=int, metavar="N", help="write the history of N machines of mixed kinds")
    what.add_argument(
        "--faults", nargs="?", const="", metavar="KIND", help="list the faults that machines (of one kind) can have"
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="obey orders on the standard input, one JSON object a line: set and clear faults, ask for counts; its end ends all",
    )
    fleet = parser.add_argument_group("with --fleet")
    fleet.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go; the same command goes on after a break")
    fleet.add_argument("--days", type=int, default=30, help="how many days (default: 30)")
    fleet.add_argument("--start", type=date.fromisoformat, metavar="DATE", help="first day (default: so that today is not in it)")
    fleet.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="time between two rows (default: 60)")
    fleet.add_argument("--kinds", metavar="KIND,...", help="kinds of the machines (default: all)")
    fleet.add_argument("--seed", type=int, default=1, help="another seed, another fleet (default: 1)")
    fleet.add_argument("--faulty", type=float, default=0.1, metavar="SHARE", help="share of machines with a fault (default: 0.1)")
    fleet.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="of the files (default: parquet)")
    fleet.add_argument("--processes", type=int, metavar="N", help="how many (default: one a core)")
    parser.set_defaults(run=simulate)


def simulate(args: argparse.Namespace) -> int:
    if args.faults is not None:
        return list_faults(args.faults)
    return write_fleet(args) if args.fleet is not None else serve(args)


def serve(args: argparse.Namespace) -> int:
    import asyncio
    from functools import partial

    from simulators.control import obey, standard_input
    from simulators.daemon import run
    from simulators.settings import read_settings

    settings = read_settings(args.file)

    async def until_the_end() -> None:
        control = partial(obey, await standard_input()) if args.control else None
        await run(settings, ready=lambda bench: print(*bench.lines(), sep="\n", flush=True), control=control)

    asyncio.run(until_the_end())
    print("stopped")
    return 0


def write_fleet(args: argparse.Namespace) -> int:
    import os
    import time

    from simulators.history import missing_chunks, write_history
    from telemetry.progress import Progress

    fleet = _fleet(args)
    chunks = missing_chunks(fleet, args.out)
    kept = fleet.rows - sum(chunk.machines for chunk in chunks) * fleet.days * fleet.rows_a_day
    if kept:
        print(f"{kept:,} rows are there already")
    began = time.monotonic()
    with Progress(f"{fleet.machines} machines", total=fleet.rows, done=kept) as progress:
        processes = args.processes or os.cpu_count() or 1
        done = write_history(fleet, chunks, args.out, processes=processes, report=lambda more: progress.advance(more.rows))
    seconds = time.monotonic() - began
    rate = f"{done.rows / seconds:,.0f} rows/s, {done.values / seconds / 1e6:.2f} M values/s"
    print(f"{done.rows:,} rows of {fleet.machines:,} machines, {done.values:,} values in {seconds:.0f} s: {rate}; {args.out}")
    return 0


def _fleet(args: argparse.Namespace) -> "Fleet":
    from simulators.fleet import JINAN, machine_kinds
    from simulators.history import Fleet
    from telemetry.errors import ConfigError

    kinds = tuple(args.kinds.split(",")) if args.kinds else machine_kinds()
    mistakes = [
        (args.out is None, "--out: names the folder for the files"),
        (args.fleet < len(kinds), f"--fleet: at least one machine of each of the {len(kinds)} kinds"),
        (args.days < 1, "--days: at least 1"),
        (not 1 <= args.every <= 3600 or 86_400 % args.every, "--every: 1 to 3600 seconds, of which a day is a whole number"),
        (not 0 <= args.faulty <= 1, "--faulty: a share from 0 to 1"),
        (args.seed < 0, "--seed: at least 0"),
        (args.processes is not None and args.processes < 1, "--processes: at least 1"),
        *((kind not in machine_kinds(), f"--kinds: {kind!r} is none; known: {', '.join(machine_kinds())}") for kind in kinds),
    ]
    wrong = [message for is_wrong, message in mistakes if is_wrong]
    if wrong:
        raise ConfigError(*wrong)
    start = args.start or datetime.now(JINAN).date() - timedelta(days=args.days)
    return Fleet(kinds, args.fleet, start, args.days, args.every, args.seed, args.faulty, args.format)


def list_faults(kind: str) -> int:
    from simulators.fleet import machine_class, machine_kinds

    for name in [kind] if kind else machine_kinds():
        print(name)
        for fault_name, fault in machine_class(name).FAULTS.items():
            which = f" [part: {fault.part}]" if fault.part else ""
            print(f"  {fault_name}{which}  {fault.en} / {fault.zh}: {fault.effect}")
    return 0
