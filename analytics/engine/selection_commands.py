"""Which machines, analytics and time a command is about."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from store.commands import add_database_option
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from analytics.engine.planning import Plan
    from store.database import Database
    from store.equipment import Equipment


def add_selection(parser: argparse.ArgumentParser) -> None:
    add_database_option(parser)
    parser.add_argument("--kind", help="machines of this kind")
    parser.add_argument("--gateway", help="machines behind this gateway")
    parser.add_argument("--equipment", metavar="GATEWAY/NAME", action="append", default=[], help="this machine; may be repeated")
    parser.add_argument(
        "--analytic", metavar="NAME", action="append", default=[], help="this analytic; may be repeated (default: all)"
    )
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help="2026-11-01 or 2026-11-01T06:00+08:00")
    parser.add_argument("--to", dest="end", metavar="TIME", help="exclusive (default: now)")
    parser.add_argument(
        "--zone", default="Asia/Shanghai", help="time zone of days, and of times without one (default: %(default)s)"
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine", choices=("processes", "dask"), default="processes", help="where it is computed (default: %(default)s)"
    )
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="on this machine (default: %(default)s)")
    parser.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="Dask's, tcp://host:8786 (default: a cluster on this machine)"
    )


def span_of(args: argparse.Namespace) -> tuple[datetime, datetime]:
    """Read the time that a command is about.

    Raises
    ------
    ConfigError
        If it cannot be read, or is empty.
    """
    start = instant_of(args.start, args.zone)
    end = datetime.now(UTC) if args.end is None else instant_of(args.end, args.zone)
    if start >= end:
        raise ConfigError(f"--from {args.start} is not before --to {args.end or 'now'}")
    return start, end


def instant_of(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, KeyError, OSError):
        raise ConfigError(f"{text!r} in {zone} is no time; one looks like 2026-11-01 or 2026-11-01T06:00+08:00") from None


def plan_of(args: argparse.Namespace, database: "Database") -> "Plan":
    """Find the machines and analytics that a command is about.

    Raises
    ------
    ConfigError
        If there are none, or one is not known.
    """
    from analytics.catalogue import catalogue, get_analytic
    from analytics.engine.planning import Plan
    from store.equipment import list_equipment
    from store.models import champions

    chosen = {name: get_analytic(name) for name in args.analytic} or catalogue()
    machines = list_equipment(database, gateway=args.gateway, kind=args.kind)
    if args.equipment:
        machines = [_named(machines, name) for name in args.equipment]
    machines = [one for one in machines if any(not of.spec.kinds or one.kind in of.spec.kinds for of in chosen.values())]
    if not machines:
        raise ConfigError("no machine is of a kind that these analytics are for; `shangyun equipment list` names all")
    return Plan(
        equipment=machines,
        analytics=chosen,
        zone=ZoneInfo(args.zone),
        learned=champions(database),
        parameters={},
    )


def _named(machines: "list[Equipment]", name: str) -> "Equipment":
    for one in machines:
        if f"{one.gateway}/{one.name}" == name:
            return one
    raise ConfigError(f"there is no machine {name!r}; `shangyun equipment list` names all")
