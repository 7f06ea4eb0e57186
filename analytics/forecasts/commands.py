"""The commands ``shangyun forecast ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.forecasts.plant import Plant
    from store.database import Database
    from telemetry.progress import Progress

KINDS = ("wind_turbine", "pv_inverter")
HORIZONS = ("day_ahead", "ultra_short")
_MOST_QUARTERS_SHOWN = 96


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from store.commands import add_database_option

    group = subparsers.add_parser(
        "forecast",
        help="forecast the power of wind and solar plants",
        description="Power of wind and solar plants from weather forecasts. A plant is the machines of a kind behind a gateway.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "weather",
        help="take in a weather forecast",
        description="Take in a weather forecast for the place of a gateway: columns issued_at, valid_at, and fields such as"
        " wind_speed.",
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE.csv", help="the table; or give --url")
    parser.add_argument("--url", metavar="ADDRESS", help="fetch the same table from the web")
    parser.add_argument("--gateway", required=True, help="whose place the forecast is for")
    parser.add_argument("--zone", default="Asia/Shanghai", help="time zone of times without one (default: %(default)s)")
    add_database_option(parser)
    parser.set_defaults(run=take_weather)
    parser = commands.add_parser(
        "train",
        help="train a model of a plant",
        description="Train on the past and judge on the newest days. The model goes live where it beats the floor, the power"
        " curve over the weather forecast, and the model that is live by then.",
    )
    _add_plant(parser)
    parser.add_argument("--horizon", choices=HORIZONS, help="only this one (default: both)")
    _add_issue_hour(parser)
    parser.set_defaults(run=train_models)
    parser = commands.add_parser(
        "run",
        help="issue forecasts",
        description="Issue forecasts of all plants that have a model until told to stop: the next 4 hours all the time, the next"
        " day once a day. What was due before it came is not made up. A second one stands by.",
    )
    add_database_option(parser)
    parser.add_argument(
        "--every", type=int, default=15, metavar="MINUTES", help="between forecasts of the next 4 hours (default: %(default)s)"
    )
    _add_issue_hour(parser)
    parser.add_argument("--zone", default="Asia/Shanghai", help="of plants that are at no site (default: %(default)s)")
    parser.add_argument("--health-port", type=int, metavar="PORT", help="serve /healthz and /metrics on 127.0.0.1 (0: any port)")
    parser.set_defaults(run=run)
    parser = commands.add_parser(
        "show", help="show plants, models, forecasts", description="Show plants, models and newest forecasts."
    )
    add_database_option(parser)
    parser.add_argument("--gateway", help="only this one's; with --kind also the quarters of the newest forecast")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--horizon", choices=HORIZONS, default="ultra_short", help="(default: %(default)s)")
    parser.set_defaults(run=show)
    parser = commands.add_parser(
        "assess", help="hold a month's forecasts against grid rules", description="Hold a month's forecasts against grid rules."
    )
    _add_plant(parser)
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="a month of the plant's calendar")
    parser.set_defaults(run=assess_month)


def _add_plant(parser: argparse.ArgumentParser) -> None:
    from store.commands import add_database_option

    add_database_option(parser)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--kind", required=True, choices=KINDS)


def _add_issue_hour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--issue-hour",
        type=float,
        default=9.0,
        metavar="HOUR",
        help="when the next day is forecast, local (default: %(default)s)",
    )


def take_weather(args: argparse.Namespace) -> int:
    from analytics.forecasts.plant import list_plants
    from analytics.forecasts.weather import read_rows, read_upload, require_field
    from store.commands import open_database
    from store.forecasts import add_weather
    from store.sites import known_gateways
    from telemetry.errors import ConfigError

    if (args.file is None) == (args.url is None):
        raise ConfigError("give either FILE.csv or --url ADDRESS")
    with open_database(args) as database:
        if args.gateway not in known_gateways(database):
            raise ConfigError(f"--gateway {args.gateway}: there is no such gateway")
        if args.url is not None:
            from analytics.forecasts.download import fetch

            rows = read_upload(fetch(args.url), name="download", zone=_zone(args.zone))
        else:
            rows = read_rows(args.file, zone=_zone(args.zone))
        drivers = {plant.driver for plant in list_plants(database, gateways=[args.gateway])}
        require_field(rows, drivers, file=args.file or Path("download"))
        count = add_weather(database, args.gateway, rows)
    print(f"{args.gateway}: {count:,} instants, up to {max(row.valid_at for row in rows):%Y-%m-%d %H:%M}Z")
    return 0


def train_models(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from functools import partial

    from analytics.forecasts.training import train
    from analytics.result import NotEvaluated
    from store.commands import open_database, os_user
    from telemetry.progress import Progress

    _check_hour(args.issue_hour)
    is_one_live = False
    horizons = [args.horizon] if args.horizon else list(HORIZONS)
    with open_database(args) as database:
        plant = _plant(args, database)
        for horizon in horizons:
            with Progress(f"{plant.name} {horizon}", total=3, unit="steps") as progress:
                try:
                    made = train(
                        database,
                        plant,
                        horizon,
                        now=datetime.now(UTC),
                        made_by=os_user(),
                        issue_hour=args.issue_hour,
                        note=partial(_advance, progress),
                    )
                except NotEvaluated as error:
                    print(f"{plant.name} {horizon}: {error}")
                    continue
            errors = ", ".join(f"{name} {100 * value:.2f} %" for name, value in made.scores["nrmse"].items() if value is not None)
            print(f"{plant.name} {horizon}: {made.role} {made.model_id}; RMSE of the capacity: {errors}")
            print(f"  {made.scores['reason']['en']}")
            is_one_live |= made.role == "champion"
    return 0 if is_one_live else 1


def _advance(progress: "Progress", _what: str) -> None:
    progress.advance(1)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from telemetry.errors import ConfigError

    _check_hour(args.issue_hour)
    _zone(args.zone)
    if args.every not in (15, 30, 60):
        raise ConfigError(f"--every {args.every}: one of 15, 30, 60")
    if args.health_port is not None and not 0 <= args.health_port <= 65_535:
        raise ConfigError(f"--health-port {args.health_port}: 0 to 65535")
    asyncio.run(_run(args))
    return 0


async def _run(args: argparse.Namespace) -> None:
    import asyncio
    import signal

    from analytics.forecasts.runner import Runner
    from store.commands import open_database

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def ready(port: int) -> None:
        print(f"health: http://127.0.0.1:{port}/healthz", flush=True)

    with open_database(args) as database:
        runner = Runner(database, stop=stop, every_minutes=args.every, issue_hour=args.issue_hour, default_zone=args.zone)
        await runner.run(health_port=args.health_port, ready=ready)


def show(args: argparse.Namespace) -> int:
    from analytics.forecasts.plant import list_plants
    from store.commands import open_database
    from store.forecasts import issue, last_issue, models, weather_spans

    with open_database(args) as database:
        spans = weather_spans(database)
        plants = list_plants(database, gateways=None if args.gateway is None else [args.gateway])
        for plant in plants:
            span = spans.get(plant.gateway)
            until = "no weather forecast" if span is None else f"weather up to {span.last:%Y-%m-%d %H:%M}Z"
            print(f"{plant.name}: {len(plant.machines)} machines, {until}")
            for one in models(database, gateway=plant.gateway, kind=plant.kind):
                errors = one.scores.get("nrmse", {})
                told = ", ".join(f"{name} {100 * value:.2f} %" for name, value in errors.items() if value is not None)
                issued = last_issue(database, plant.gateway, plant.kind, one.horizon) if one.role == "champion" else None
                last = "" if issued is None else f"; issued {issued:%Y-%m-%d %H:%M}Z"
                print(f"  {one.id:6} {one.role:11}{one.horizon:12}made {one.made_at:%Y-%m-%d %H:%M}Z  RMSE: {told}{last}")
        if args.gateway and args.kind:
            issued = last_issue(database, args.gateway, args.kind, args.horizon)
            rows = [] if issued is None else issue(database, args.gateway, args.kind, args.horizon, issued)
            print(f"\n{'quarter from':18}{'kW':>10}{'5 %':>10}{'95 %':>10}{'floor':>10}")
            for row in rows[:_MOST_QUARTERS_SHOWN]:
                floor = "" if row.floor_kw is None else f"{row.floor_kw:.0f}"
                low, high = row.quantiles_kw[0], row.quantiles_kw[-1]
                print(f"{row.valid_at:%Y-%m-%d %H:%M}Z {row.mean_kw:10.0f}{low:10.0f}{high:10.0f}{floor:>10}")
    return 0 if plants else 1


def assess_month(args: argparse.Namespace) -> int:
    from analytics.forecasts.assessing import assess_plant
    from store.commands import open_database

    with open_database(args) as database:
        plant = _plant(args, database)
        found = assess_plant(database, plant, args.month)
    if not found:
        print(f"{plant.name}: no forecast of {args.month} whose time has come")
        return 1
    print(f"{'rule set':34}{'horizon':13}{'measure':16}{'value':>9}{'at least':>10}  {'':8}{'points':>8}{'exempt':>8}")
    for one in found:
        for month in one.month:
            value = "-" if month.value_percent is None else f"{month.value_percent:.2f} %"
            said = {True: "holds", False: "FAILS", None: "-"}[month.holds]
            limit = f"{month.rule.at_least_percent:g} %"
            print(
                f"{one.rule_set.en:34}{one.rule_set.horizon:13}{month.rule.measure:16}{value:>9}{limit:>10}  {said:8}"
                f"{month.points:8}{month.exempt:8}"
            )
    if not all(one.rule_set.verified for one in found):
        print("limits from secondary sources: see grid_rules.toml")
    return 0


def _plant(args: argparse.Namespace, database: "Database") -> "Plant":
    from analytics.forecasts.plant import list_plants
    from telemetry.errors import ConfigError

    found = [one for one in list_plants(database) if (one.gateway, one.kind) == (args.gateway, args.kind)]
    if not found:
        raise ConfigError(f"there is no {args.kind} behind {args.gateway}")
    return found[0]


def _check_hour(hour: float) -> None:
    from telemetry.errors import ConfigError

    if not 0 <= hour < 24:  # also not NaN
        raise ConfigError(f"--issue-hour {hour:g}: 0 to below 24")


def _zone(name: str) -> str:
    from telemetry.errors import ConfigError
    from telemetry.settings import time_zone_name

    try:
        return time_zone_name(name)
    except ValueError as error:
        raise ConfigError(f"--zone: {error}") from None
