"""The command ``shangyun``: every package brings its own commands, this module only gathers them and reports errors."""

import argparse
import importlib
import importlib.metadata
import os
import sys
from collections.abc import Sequence

from telemetry.errors import ConfigError, ShangyunError
from telemetry.logs import set_up_logging

COMMAND_MODULES = (
    "shangyun.commands",
    "edge_gateway.commands",
    "device_profiles.commands",
    "ingest.commands",
    "analytics.alarms.commands",
    "analytics.engine.commands",
    "analytics.forecasts.commands",
    "analytics.scheduling.commands",
    "analytics.spare_parts.commands",
    "analytics.statements.commands",
    "store.commands",
    "store.equipment_commands",
    "store.export_commands",
    "registry.commands",
    "dashboards.city_report.commands",
    "dashboards.commands",
    "simulators.commands",
)
DONE, FAILED, WRONG_USE = 0, 1, 2
_OURS = ("telemetry", "device_profiles", "store", "registry", "analytics", "edge_gateway", "ingest", "dashboards", "simulators")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 done, 1 failed, 2 wrong use or configuration. No traceback of an expected error reaches a user."""
    chosen = _parser().parse_args(arguments)
    set_up_logging("DEBUG" if chosen.verbose else "INFO", json=chosen.log_json)
    try:
        return int(chosen.run(chosen))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except ShangyunError as error:
        print(f"shangyun: {error}", file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in _OURS:
            raise
        print(f"shangyun: this command needs the package {error.name}: pip install 'shangyun[all]'", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 128 + 2
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shangyun",
        description="Industrial equipment to the cloud: gateway, ingest, database, dashboards, simulators.",
        epilog="'shangyun COMMAND --help' tells more of each. Exit status: 0 done, 1 failed, 2 wrong use or configuration.",
    )
    parser.add_argument("--version", action="version", version=f"shangyun {importlib.metadata.version('shangyun')}")
    parser.add_argument("--verbose", action="store_true", help="log also what helps to find a fault")
    parser.add_argument("--log-json", action="store_true", help="log one JSON object per line")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMAND_MODULES:
        importlib.import_module(module).add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
