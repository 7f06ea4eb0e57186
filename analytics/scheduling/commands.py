"""The commands ``shangyun schedule ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from analytics.scheduling.jobs import Shop
    from analytics.scheduling.planning import Schedule
    from analytics.scheduling.plans import Aims, Plan


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "schedule",
        help="plan orders on machines",
        description="Plan the orders of a job shop on its machines, and plan the rest anew after a breakdown.",
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "plan",
        help="plan orders",
        description="Plan orders: dispatching rules first, then what search and solver find in the time given. "
        "Ctrl-C keeps the best plan so far.",
    )
    _add_common(parser)
    parser.set_defaults(run=plan)
    parser = commands.add_parser(
        "replan",
        help="plan the rest anew",
        description="Plan what is left of a plan: what has begun stands, machines that are down do nothing until they are back.",
    )
    parser.add_argument("plan", type=Path, metavar="PLAN.csv", help="as `plan --out` writes it")
    _add_common(parser)
    parser.add_argument("--now", metavar="TIME", help="what has begun by then stands (default: now)")
    parser.add_argument("--down", action="append", default=[], metavar="MACHINE=TIME", help="a machine and when it is back")
    parser.add_argument("--frozen", type=int, default=0, metavar="MINUTES", help="what begins within so long stays (%(default)s)")
    parser.set_defaults(run=replan)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "orders", type=Path, metavar="ORDERS.csv", help="columns job,operation,machines,family,pause,release,due,priority"
    )
    parser.add_argument("--machines", type=Path, metavar="FILE", help="shifts and set-ups, .toml or .csv (default: always open)")
    parser.add_argument(
        "--from", dest="origin", metavar="TIME", help="where the plan begins (default: now, or where PLAN.csv begins)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of wall time for the search (%(default)s)")
    parser.add_argument(
        "--makespan", type=int, default=1, metavar="WEIGHT", help="of each minute of the whole plan (%(default)s)"
    )
    parser.add_argument(
        "--tardiness", type=int, default=10, metavar="WEIGHT", help="of each minute after a due date (%(default)s)"
    )
    parser.add_argument("--setup", type=int, default=0, metavar="WEIGHT", help="of each minute of setting up (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the plan as a table (default: on the screen)")


def plan(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from analytics.scheduling.command_progress import search
    from analytics.scheduling.planning import schedule

    origin = _time(args.origin, "--from") if args.origin else datetime.now(UTC).astimezone().replace(second=0, microsecond=0)
    shop = _shop(args, origin)
    found = search(
        lambda is_stopped, note: schedule(shop, _aims(args), seconds=_seconds(args), is_stopped=is_stopped, on_progress=note),
        seconds=args.seconds,
    )
    return _tell(args, shop, found, origin)


def replan(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime, timedelta

    from analytics.scheduling.command_progress import search
    from analytics.scheduling.plan_tables import read_plan
    from analytics.scheduling.reschedule import reschedule

    now = _time(args.now, "--now") if args.now else datetime.now(UTC)
    origin, before = read_plan(args.plan, origin=_time(args.origin, "--from") if args.origin else None)
    now_minute = max((now - origin) // timedelta(minutes=1), 0)
    shop = _shop(args, origin, from_minute=now_minute)
    _refuse_another_plan(shop, before, args.plan)
    down = _down(args.down, shop, origin)
    found = search(
        lambda is_stopped, note: reschedule(
            shop,
            before,
            _aims(args),
            now_minute=now_minute,
            down_until=down,
            frozen_minutes=max(args.frozen, 0),
            seconds=_seconds(args),
            is_stopped=is_stopped,
            on_progress=note,
        ),
        seconds=args.seconds,
    )
    print(f"{len(found.standing)} operations stand, {len(found.schedule.plan.tasks) - len(found.standing)} are planned anew")
    return _tell(args, found.shop, found.schedule, origin)


def _shop(args: argparse.Namespace, origin: "datetime", *, from_minute: int = 0) -> "Shop":
    from analytics.scheduling.horizon import make_shop, too_long
    from analytics.scheduling.machines import named_in, read_machines
    from analytics.scheduling.orders import parse_orders
    from telemetry.errors import ConfigError, Problem

    try:
        content = args.orders.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=args.orders) from None
    given = None if args.machines is None else read_machines(args.machines, origin=origin)
    known = None if given is None else [one.name for one in given.machines]
    jobs, lines = parse_orders(content, origin=origin, machines=known, file=args.orders)
    given = given or named_in(jobs)
    unfit = too_long(jobs, given.machines)
    if unfit:
        message = "is longer than any shift of its machines, and may not pause"
        raise ConfigError(*(Problem(message=message, file=args.orders, line=lines[one], key="pause") for one in unfit))
    return make_shop(jobs, given.machines, origin=origin, setups=given.setups_of(jobs), from_minute=from_minute)


def _aims(args: argparse.Namespace) -> "Aims":
    from analytics.scheduling.plans import Aims

    return Aims(makespan=args.makespan, tardiness=args.tardiness, setup=args.setup)


def _seconds(args: argparse.Namespace) -> float:
    from telemetry.errors import ConfigError

    if not 0 < args.seconds <= 86_400:  # also not NaN
        raise ConfigError(f"--seconds {args.seconds:g}: more than 0 and at most a day")
    return float(args.seconds)


def _down(given: list[str], shop: "Shop", origin: "datetime") -> dict[str, int]:
    from datetime import timedelta

    from telemetry.errors import ConfigError

    known = {machine.name for machine in shop.machines}
    found = {}
    for text in given:
        name, _, time = text.partition("=")
        if name not in known:
            raise ConfigError(f"--down {text}: no machine is called {name!r}; known: {', '.join(sorted(known))}")
        found[name] = -((origin - _time(time, f"--down {name}")) // timedelta(minutes=1))
    return found


def _refuse_another_plan(shop: "Shop", before: "Plan", file: Path) -> None:
    """Name what the orders have and the plan has not, and the other way round."""
    from telemetry.errors import ConfigError, Problem

    asked = {(job.name, one.name) for job in shop.jobs for one in job.operations}
    wrong = [Problem(message="is not in the plan", file=file, key="/".join(one)) for one in sorted(asked - set(before.by_name))]
    wrong += [
        Problem(message="is not in the orders", file=file, key="/".join(one)) for one in sorted(set(before.by_name) - asked)
    ]
    known = {machine.name for machine in shop.machines}
    wrong += [
        Problem(message=f"no machine is called {task.machine!r}", file=file, key=f"{task.job}/{task.operation}")
        for task in before.tasks
        if task.machine not in known
    ]
    if wrong:
        raise ConfigError(*wrong)


def _tell(args: argparse.Namespace, shop: "Shop", found: "Schedule", origin: "datetime") -> int:
    from analytics.scheduling.plan_tables import write_plan

    text = write_plan(shop, found.plan, origin=origin)
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8-sig", newline="")
    ours, rules = found.measures, found.rule_measures
    better = f", {100 * (1 - found.cost / found.rule_cost):.1f} % less" if found.rule_cost else ""
    print(f"floor  {found.rule_cost:,}: the best dispatching rule, {found.rule or 'nothing is left to plan'}")
    print(f"cost   {found.cost:,} by {found.method} in {found.seconds:.1f} s{better}")
    gap = "proved best" if found.status == "optimal" else f"at most {found.gap_percent:.1f} % above the best"
    print(f"bound  {found.bound:,}: {gap}")
    print(f"       {'plan':>12}{'rule':>12}")
    for title, name in (
        ("makespan", "makespan_minutes"),
        ("late", "late_jobs"),
        ("tardiness", "weighted_tardiness"),
        ("set-ups", "setup_minutes"),
    ):
        print(f"{title:10}{getattr(ours, name):>9,}{getattr(rules, name):>12,}{' jobs' if name == 'late_jobs' else ' min'}")
    if args.out is not None:
        print(f"{args.out}: written")
    return 0


def _time(text: str, option: str) -> "datetime":
    from datetime import datetime

    from telemetry.errors import ConfigError

    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"{option}: {text!r} is not a time, such as 2026-03-06T16:00") from None
