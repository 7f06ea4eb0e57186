"""The command ``shangyun demo``."""

import argparse
from pathlib import Path


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "demo",
        help="run the whole system on this machine",
        description="Run simulated machines, gateway, broker, ingest, PostgreSQL and the web app in one command, until Ctrl-C.",
    )
    parser.add_argument(
        "--data", type=Path, default=Path("demo-data"), metavar="FOLDER", help="where data and logs stay (%(default)s)"
    )
    parser.add_argument("--port", type=int, default=8000, help="port of the web app on 127.0.0.1 (%(default)s)")
    parser.add_argument(
        "--pure-python-broker", action="store_true", help="use the broker amqtt even where Mosquitto is installed"
    )
    parser.add_argument(
        "--truth-log",
        type=Path,
        metavar="FILE",
        help="append every value that the simulators serve, to compare with page and database",
    )
    parser.set_defaults(run=demo)


def demo(args: argparse.Namespace) -> int:
    from shangyun.demo.run import run_demo

    return run_demo(args.data, port=args.port, truth_log=args.truth_log, pure_python_broker=args.pure_python_broker)
