"""The commands ``shangyun analytics ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.engine.model_commands import add_model_commands

if TYPE_CHECKING:
    from analytics.engine.settings import AnalyticsSettings


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "analytics",
        help="figures, findings and forecasts from what machines send",
        description="Efficiency, diagnosis, maintenance: what there is, the worker, runs and back-tests over the past.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "list", help="list analytics", description="List the analytics with window, cadence and what they give."
    )
    parser.add_argument("--kind", help="only those for this kind of equipment")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.set_defaults(run=show_list)
    parser = commands.add_parser(
        "show", help="show one analytic", description="Show inputs, outputs, faults, parameters and source."
    )
    parser.add_argument("name", metavar="NAME", help="as `list` shows it")
    parser.set_defaults(run=show_one)
    parser = commands.add_parser(
        "worker", help="run a worker", description="Run a worker until it is told to stop; a second one stands by."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/analytics.toml")
    parser.set_defaults(run=worker)
    parser = commands.add_parser("check", help="check settings", description="Check settings without the network.")
    parser.add_argument("file", type=Path, metavar="FILE", help="settings, like examples/analytics.toml")
    parser.set_defaults(run=check)
    _add_past(commands)
    add_model_commands(commands)


def _add_past(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from analytics.engine.selection_commands import add_engine, add_selection

    parser = commands.add_parser(
        "run",
        help="run analytics over a past and keep the results",
        description="Run analytics over a past, window by window, and write what they give. Running it again changes no figure.",
    )
    add_selection(parser)
    add_engine(parser)
    parser.set_defaults(run=run_past)
    parser = commands.add_parser(
        "backtest",
        help="try analytics on a past",
        description="Run analytics over a past and report what they would have said; nothing is written to the database.",
    )
    add_selection(parser)
    add_engine(parser)
    parser.add_argument("--train", action="store_true", help="learn from the days before --from instead of using the champions")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report, FILE.md or FILE.json (default: on the screen)"
    )
    parser.set_defaults(run=backtest)


def show_list(args: argparse.Namespace) -> int:
    import json

    from analytics.catalogue import analytics_of, catalogue
    from device_profiles.kind import load_kind

    if args.kind:
        load_kind(args.kind)
    chosen = analytics_of(args.kind) if args.kind else list(catalogue().values())
    if not args.json:
        print(f"{'name':34}{'kinds':26}{'window':>9}{'every':>9}  figures  faults  learns")
    for spec in (one.spec for one in chosen):
        if args.json:
            told = {
                "name": spec.name,
                "label": {"zh": spec.label.zh, "en": spec.label.en},
                "kinds": list(spec.kinds),
                "scope": spec.scope,
                "window_seconds": spec.window.total_seconds(),
                "cadence_seconds": spec.cadence.total_seconds(),
                "figures": [output.name for output in spec.outputs],
                "faults": [fault.code for fault in spec.faults],
                "source": spec.source,
            }
            print(json.dumps(told, ensure_ascii=False))
        else:
            kinds = ", ".join(spec.kinds) or "all"
            learns = f"{spec.training.days:g} days" if spec.training else "-"
            times = f"{_span(spec.window):>9}{_span(spec.cadence):>9}"
            print(f"{spec.name:34}{kinds:26}{times}{len(spec.outputs):9}{len(spec.faults):8}  {learns}")
    return 0


def show_one(args: argparse.Namespace) -> int:
    from analytics.catalogue import get_analytic

    spec = get_analytic(args.name).spec
    print(f"{spec.name}: {spec.label.zh} / {spec.label.en}\n  for      {', '.join(spec.kinds) or 'all kinds'}, by {spec.scope}")
    print(f"  window   {_span(spec.window)} in steps of {spec.step_seconds:g} s, every {_span(spec.cadence)}")
    print(f"  source   {spec.source}\n  holds    {spec.validity.zh} / {spec.validity.en}")
    if spec.training:
        print(f"  learns   from {spec.training.days:g} days of each machine")
    for title, lines in (
        ("inputs", [f"{one.signal} [{one.unit}]{'' if one.required else ' (optional)'}" for one in spec.inputs]),
        ("records", list(spec.records)),
        ("nameplate", [f"{name} [{unit}]" for name, unit in spec.rated]),
        ("figures", [f"{one.name} [{one.unit}]: {one.label.zh} / {one.label.en}" for one in spec.outputs]),
        ("faults", [f"{one.code} ({one.severity}): {one.label.zh} / {one.label.en}: {one.formula}" for one in spec.faults]),
        ("parameters", [f"{name} = {field.default}" for name, field in spec.parameters.model_fields.items()]),
    ):
        for number, line in enumerate(lines):
            print(f"  {title if number == 0 else '':11}{line}")
    return 0


def worker(args: argparse.Namespace) -> int:
    import asyncio

    from analytics.engine.settings import AnalyticsSettings
    from telemetry.settings import load

    asyncio.run(_work(load(args.file, AnalyticsSettings)))
    return 0


async def _work(settings: "AnalyticsSettings") -> None:
    import asyncio
    import signal

    from analytics.engine.worker import Worker
    from store.database import Database

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with Database(settings.database, max_connections=4) as database:
        await Worker(settings, database, stop=stop).run()


def check(args: argparse.Namespace) -> int:
    from analytics.engine.settings import AnalyticsSettings
    from store.database import Database
    from telemetry.settings import load

    settings = load(args.file, AnalyticsSettings)
    Database(settings.database)  # reads the address, connects to nothing
    print(f"{args.file}: fine; {len(settings.chosen)} analytics")
    return 0


def run_past(args: argparse.Namespace) -> int:
    from analytics.engine.engines import engine
    from analytics.engine.planning import whole_span
    from analytics.engine.recording import record
    from analytics.engine.selection_commands import plan_of, span_of
    from analytics.engine.task import Computed
    from store.commands import open_database
    from telemetry.progress import Progress

    start, end = span_of(args)
    counts: dict[str, int] = {}
    with open_database(args) as database:
        plan = plan_of(args, database)
        tasks = list(whole_span(plan, start, end, is_newest=args.end is None))
        total = sum(task.windows for task in tasks)
        with (
            engine(args.engine, args.database, processes=args.processes, scheduler=args.scheduler) as run,
            Progress("windows", total=total, unit="windows") as progress,
        ):
            for _, done in run(tasks):
                assert isinstance(done, Computed)
                record(database, done, zone=plan.zone)
                progress.advance(done.windows)
                for one in done.runs:
                    counts[one.result] = counts.get(one.result, 0) + 1
    print(
        f"{len(plan.equipment)} machines, {total:,} windows: " + ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items()))
    )
    return 1 if counts.get("failed") else 0


def backtest(args: argparse.Namespace) -> int:
    from analytics.engine.backtest import backtest as try_past
    from analytics.engine.backtest import written
    from analytics.engine.selection_commands import plan_of, span_of
    from store.commands import open_database
    from telemetry.errors import ConfigError

    if args.report is not None and args.report.suffix not in (".md", ".json"):
        raise ConfigError(f"{args.report}: a report ends in .md or .json")
    start, end = span_of(args)
    with open_database(args) as database:
        plan = plan_of(args, database)
        report = try_past(
            database,
            plan,
            start,
            end,
            address=args.database,
            engine_name=args.engine,
            processes=args.processes,
            scheduler=args.scheduler,
            train=args.train,
        )
    text = written(report, as_json=args.report is not None and args.report.suffix == ".json")
    if args.report is None:
        print(text)
    else:
        args.report.write_text(text, encoding="utf-8")
        print(f"{args.report}: written")
    return 0


def _span(span: object) -> str:
    seconds = span.total_seconds()  # type: ignore[attr-defined]
    if seconds % 86_400 == 0:
        return f"{seconds / 86_400:g} d"
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"
