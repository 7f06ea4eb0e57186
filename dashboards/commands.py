"""``shangyun web``."""

import argparse
from pathlib import Path

from dashboards import user_commands


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "web",
        help="run the operators' web app",
        description="Serve the operators' pages and their API. `shangyun users add NAME --role admin` lets somebody in.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings (TOML); examples/web.toml shows them")
    parser.set_defaults(run=web)
    user_commands.add_commands(subparsers)


def web(args: argparse.Namespace) -> int:
    from dashboards.application import create_application
    from dashboards.server import Server, listen
    from dashboards.settings import WebSettings
    from dashboards.static_files import vendor_hashes
    from telemetry.errors import ConfigError
    from telemetry.logs import set_up_logging
    from telemetry.settings import load

    settings = load(args.file, WebSettings)
    vendor_hashes()
    listener = listen(settings.host, settings.port)
    set_up_logging()
    failures: list[BaseException] = []

    def fail(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    server = Server(create_application(settings, on_failure=fail))
    host, port = listener.getsockname()[:2]
    print(f"http://{f'[{host}]' if ':' in host else host}:{port}/  (Ctrl-C ends it)", flush=True)
    with listener:
        server.run(sockets=[listener])
    for error in failures:
        if isinstance(error, ConfigError):
            raise error
    return 1 if failures or not server.started else 0
