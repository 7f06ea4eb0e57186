"""Freeze a count in a process of its own, so that a web server goes on: one order in, lines of JSON out.

In: one line with ``database``, ``area``, ``form``, ``day``, ``replaces``, ``why`` and who wants it. Out: ``{"done", "total"}`` on
the way, then ``{"snapshot": number}`` or ``{"problem": sentence}``.
"""

import json
import sys
from datetime import date
from typing import Any

from registry.counting.periods import period
from registry.counting.recount import CannotCount, recount
from store import audit
from store.city_counting import Header
from store.database import Connection, Database
from telemetry.errors import ShangyunError

_EVERY = 2000
"""Machines between two lines."""


def run(order: dict[str, Any], total: int) -> None:
    done = 0

    def report(machines: int) -> None:
        nonlocal done
        before, done = done, done + machines
        if done // _EVERY != before // _EVERY:
            tell({"done": done, "total": total})

    def note(connection: Connection, header: Header) -> None:
        audit.record(
            connection,
            actor=order["actor"],
            role=order["role"],
            address=order["address"],
            action="city.snapshot.frozen",
            obj=str(header.id),
            detail={name: order[name] for name in ("area", "form", "day", "replaces", "why")},
        )

    with Database(order["database"], max_connections=2) as database:
        try:
            wanted = period(order["form"], date.fromisoformat(order["day"]))
            made = recount(
                database,
                area=order["area"],
                period=wanted,
                made_by=order["actor"],
                replaces=order["replaces"],
                why=order["why"],
                report=report,
                and_then=note,
            )
        except (CannotCount, ShangyunError, ValueError) as error:
            tell({"problem": str(error)})
            return
    tell({"snapshot": made.id})


def tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    run(given, int(given["machines"]))
