"""The commands ``shangyun analytics models ...``: what has been learned, and who may judge."""

import argparse
from typing import TYPE_CHECKING

SHARE_DAYS = 7

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.database import Database


def add_model_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from analytics.engine.selection_commands import add_engine, add_selection
    from store.commands import add_database_option

    group = commands.add_parser(
        "models",
        help="what analytics have learned of machines",
        description="A champion judges a machine; a challenger is compared with it and waits until a person accepts it.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = group.add_parser(
        "list", help="list models", description="List champions and challengers with their training windows."
    )
    add_database_option(parser)
    parser.add_argument("--all", action="store_true", help="also those that have retired")
    parser.set_defaults(run=show_models)
    parser = group.add_parser(
        "train",
        help="train challengers on a window",
        description="Train challengers on a window in which the machines were healthy; then compare, and accept or reject.",
    )
    add_selection(parser)
    add_engine(parser)
    parser.set_defaults(run=train_models)
    for name, what in (("accept", "make a challenger the champion"), ("reject", "retire a challenger")):
        parser = group.add_parser(name, help=what, description=f"{what.capitalize()}.")
        add_database_option(parser)
        parser.add_argument("number", type=int, metavar="NUMBER", help="as `list` shows it")
        parser.set_defaults(run=accept_model if name == "accept" else reject_model)


def show_models(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime, timedelta

    from store.commands import open_database
    from store.equipment import list_equipment
    from store.models import IN_USE, models
    from store.results import evaluated_shares

    with open_database(args) as database:
        shares = evaluated_shares(database, since=(datetime.now(UTC) - timedelta(days=SHARE_DAYS)).date())
        names = {one.id: f"{one.gateway}/{one.name}" for one in list_equipment(database)}
        for one in models(database, roles=(*IN_USE, "retired") if args.all else IN_USE):
            span = f"{one.trained_from:%Y-%m-%d %H:%M}..{one.trained_until:%Y-%m-%d %H:%M}Z"
            machine = names.get(one.equipment_id, str(one.equipment_id))
            share = shares.get((one.equipment_id, one.analytic))
            used = "" if share is None or one.role != "champion" else f"  evaluated {100 * share:.0f} %"
            print(f"{one.id:6} {one.role:11}{one.analytic:30}{machine:30}{span}  by {one.made_by}{used}")
    return 0


def train_models(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from analytics.engine.engines import engine
    from analytics.engine.selection_commands import plan_of, span_of
    from analytics.engine.task import MOST_MACHINES, Machine, TrainingTask
    from analytics.engine.worker import save
    from store.commands import open_database, os_user

    start, end = span_of(args)
    made = 0
    with open_database(args) as database:
        plan = plan_of(args, database)
        by_kind: dict[str, list[Machine]] = {}
        for one in plan.equipment:
            by_kind.setdefault(one.kind, []).append(Machine(one.id, one.gateway, one.name))
        tasks = []
        for kind, machines in by_kind.items():
            names = tuple(n for n, a in plan.analytics.items() if a.spec.training and (not a.spec.kinds or kind in a.spec.kinds))
            tasks += [
                TrainingTask(kind=kind, machines=tuple(machines[i : i + MOST_MACHINES]), analytics=names, start=start, end=end)
                for i in range(0, len(machines) if names else 0, MOST_MACHINES)
            ]
        with engine(args.engine, args.database, processes=args.processes, scheduler=args.scheduler) as run:
            for _, done in run(tasks):
                for trained in done if isinstance(done, list) else ():
                    machine = f"{trained.machine.gateway}/{trained.machine.name}"
                    if trained.model is None:
                        print(f"{machine} {trained.analytic}: {trained.reason}")
                        continue
                    role = "challenger" if (trained.machine.id, trained.analytic) in plan.learned else "champion"
                    number = save(database, trained, role=role, made_by=os_user(), now=datetime.now(UTC))
                    print(f"{machine} {trained.analytic}: {role} {number}")
                    made += 1
    return 0 if made else 1


def accept_model(args: argparse.Namespace) -> int:
    from store.models import accept

    return _change(args, accept, "is the champion now")


def reject_model(args: argparse.Namespace) -> int:
    from store.models import reject

    return _change(args, reject, "has retired")


def _change(args: argparse.Namespace, change: "Callable[[Database, int], None]", said: str) -> int:
    from store.commands import open_database
    from telemetry.errors import ConfigError

    with open_database(args) as database:
        try:
            change(database, args.number)
        except (LookupError, ValueError) as error:
            raise ConfigError(str(error).strip("'")) from None
    print(f"model {args.number} {said}")
    return 0
