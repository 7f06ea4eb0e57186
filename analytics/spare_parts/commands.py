"""The commands ``shangyun spares ...``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.spare_parts.reorder_plan import ReorderPlan, Wishes


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = subparsers.add_parser(
        "spares", help="plan spare parts", description="Plan spare parts from what was asked for and what is there."
    )
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "plan",
        help="list what to order",
        description="List what to order, those parts first that a unit of money helps most. Needs no database.",
    )
    parser.add_argument("demand", type=Path, metavar="DEMAND.csv", help="columns part,month,quantity; month like 2026-03")
    parser.add_argument(
        "stock", type=Path, metavar="STOCK.csv", help="columns part,on_hand,price and on_order,lead_time_months,criticality"
    )
    parser.add_argument(
        "--target", type=float, default=0.95, metavar="SHARE", help="of lead times whose demand is met in full (%(default)s)"
    )
    parser.add_argument(
        "--lead-time-months", type=int, default=3, metavar="N", help="of parts that have none of their own (%(default)s)"
    )
    parser.add_argument("--budget", type=float, metavar="MONEY", help="order for no more than this, in the money of the prices")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the list as a table (default: on the screen)")
    parser.set_defaults(run=plan)


def plan(args: argparse.Namespace) -> int:
    import sys

    from analytics.spare_parts.reorder_plan import Wishes, written
    from telemetry.errors import ConfigError

    wishes = Wishes(target=args.target, lead_time_months=args.lead_time_months, budget=args.budget)
    problems = list(wishes.problems())
    if problems:
        raise ConfigError(*(f"--{(one.key or '').replace('_', '-')}: {one.message}" for one in problems))
    found = _made(args, wishes)
    text = written(found)
    told = sys.stdout
    if args.out is None:
        print(text, end="")
        told = sys.stderr  # so that the table can go into a file or another program
    else:
        try:
            args.out.write_text(text, encoding="utf-8-sig", newline="")
        except OSError as error:
            raise ConfigError(f"cannot be written: {error.strerror}", file=args.out) from None
    print(f"{len(found.lines):,} of {found.parts:,} parts to order for {found.money:,.2f}", file=told)
    if found.left_out:
        print(f"{found.left_out:,.2f} more would fill every stock; the budget does not reach them", file=told)
    if found.without_history:
        names = ", ".join(found.without_history[:10]) + (", ..." if len(found.without_history) > 10 else "")
        print(f"{len(found.without_history):,} parts were never asked for and are not judged: {names}", file=told)
    if args.out is not None:
        print(f"{args.out}: written")
    return 0


def _made(args: argparse.Namespace, wishes: "Wishes") -> "ReorderPlan":
    """Make the list; each lead time takes seconds."""
    from contextlib import ExitStack

    from analytics.spare_parts.reorder_plan import make_plan
    from telemetry.progress import Progress

    with ExitStack() as stack:
        shown: list[Progress] = []

        def note(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(Progress("learning stocks", total=total, unit="lead times")))
            shown[0].advance(min(done, 1))

        found = make_plan(args.demand, args.stock, wishes, on_progress=note)
        if shown:
            shown[0].advance(1)
        return found
