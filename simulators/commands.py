"""The command ``shangyun sim``."""

import argparse
from pathlib import Path


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "sim",
        help="run simulated machines",
        description="Run the machines and links of a settings file on real ports and serial lines, until Ctrl-C or SIGTERM.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings of the machines, such as examples/simulators.toml")
    parser.add_argument(
        "--control",
        action="store_true",
        help="obey orders on the standard input, one JSON object a line: set and clear faults, ask for counts; its end ends all",
    )
    parser.set_defaults(run=simulate)


def simulate(args: argparse.Namespace) -> int:
    import asyncio
    from functools import partial

    from simulators.control import obey, standard_input
    from simulators.daemon import run
    from simulators.settings import read_settings

    settings = read_settings(args.file)

    async def serve() -> None:
        control = partial(obey, await standard_input()) if args.control else None
        await run(settings, ready=lambda bench: print(*bench.lines(), sep="\n", flush=True), control=control)

    asyncio.run(serve())
    print("stopped")
    return 0
