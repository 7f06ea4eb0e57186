"""The command ``shangyun sim``."""

import argparse
from pathlib import Path


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "sim",
        help="run simulated machines",
        description="Run the machines of a settings file on real Modbus TCP and OPC UA ports, until Ctrl-C or SIGTERM.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings of the machines, such as examples/simulators.toml")
    parser.set_defaults(run=simulate)


def simulate(args: argparse.Namespace) -> int:
    import asyncio

    from simulators.daemon import run
    from simulators.settings import read_settings

    settings = read_settings(args.file)
    asyncio.run(run(settings, ready=lambda listening: print(*listening, sep="\n", flush=True)))
    print("stopped")
    return 0
