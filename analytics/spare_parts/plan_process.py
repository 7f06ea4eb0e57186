"""A reorder list made in a process of its own: ``python -m analytics.spare_parts.plan_process DEMAND STOCK WISHES``.

It writes lines of JSON: ``{"done": 1, "total": 4}`` as it goes, and at last ``{"plan": ...}`` or ``{"problems": ...}``. A web
server starts it so that a large store holds up nobody, and can end it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analytics.spare_parts.reorder import Order
from analytics.spare_parts.reorder_plan import Limits, Line, ReorderPlan, Wishes, make_plan
from telemetry.errors import ConfigError, Problem

WEB_LIMITS = Limits(units=1_000_000, lead_times=12)


def main(arguments: Sequence[str]) -> int:
    demand, stock, wishes = arguments
    try:
        plan = make_plan(
            Path(demand),
            Path(stock),
            Wishes(**json.loads(wishes)),
            limits=WEB_LIMITS,
            on_progress=lambda done, total: _say({"done": done, "total": total}),
        )
    except ConfigError as error:
        _say({"problems": [[one.file.name if one.file else "", one.line, one.key, one.message] for one in error.problems]})
    else:
        _say({"plan": plan._asdict()})
    return 0


def problems_of(said: Sequence[Sequence[Any]]) -> tuple[Problem, ...]:
    """Give the mistakes back as they were."""
    return tuple(
        Problem(file=Path(file) if file else None, line=line, key=key, message=message) for file, line, key, message in said
    )


def plan_of(said: Mapping[str, Any]) -> ReorderPlan:
    """Give a plan back as it was."""
    lines = tuple(Line(Order(*order), *there) for order, *there in said["lines"])
    return ReorderPlan(**{**said, "lines": lines, "without_history": tuple(said["without_history"])})


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=True) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
