"""Planning in a process of its own, ``python -m analytics.scheduling.planning_process``, so that a server's pages need not wait.

It reads one line of JSON from standard input: the shop, the aims, the seconds; perhaps a plan that has been overtaken, with the
minute of now and the machines that are down. It writes lines of JSON: what is known so far, at least each second, and at the end
the outcome. When its input ends, because somebody wants it to stop or whoever has started it is gone, it gives what it has.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from analytics.scheduling.cp_sat import Progress
from analytics.scheduling.documents import plain_schedule, plan_of, shop_of
from analytics.scheduling.planning import schedule
from analytics.scheduling.plans import Aims
from analytics.scheduling.reschedule import reschedule
from analytics.scheduling.stopping import until_stopped
from telemetry.errors import ShangyunError

_NICENESS = 10
"""Pages go first."""
_TELL_SECONDS = 1.0


class _Best(NamedTuple):
    cost: int | None = None
    bound: int | None = None


def main() -> int:
    os.nice(_NICENESS)
    asked = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_watch, args=(stop,), name="end of the input", daemon=True).start()
    best = [_Best()]
    begun = time.monotonic()
    told_at = [begun]

    def note(of: Progress) -> None:
        best[0] = _Best(of.cost, of.bound)

    def tell() -> None:
        if time.monotonic() >= told_at[0] + _TELL_SECONDS:
            told_at[0] = time.monotonic()
            _write({"seconds": round(time.monotonic() - begun, 1), "cost": best[0].cost, "bound": best[0].bound})

    try:
        _write({"done": until_stopped(lambda is_stopped: _outcome(asked, note, is_stopped), stop=stop, tell=tell)})
    except ShangyunError as error:
        _write({"failed": str(error)})
    return 0


def _outcome(asked: Mapping[str, Any], note: Callable[[Progress], None], is_stopped: Callable[[], bool]) -> dict[str, Any]:
    shop, aims = shop_of(asked["shop"]), Aims(**asked["aims"])
    if "previous" not in asked:
        return plain_schedule(schedule(shop, aims, seconds=asked["seconds"], on_progress=note, is_stopped=is_stopped))
    found = reschedule(
        shop,
        plan_of(asked["previous"]),
        aims,
        now_minute=asked["now_minute"],
        down_until=asked["down_until"],
        frozen_minutes=asked["frozen_minutes"],
        seconds=asked["seconds"],
        on_progress=note,
        is_stopped=is_stopped,
    )
    return plain_schedule(found.schedule)


def _watch(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _write(said: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
