"""Keeps facts and the counts of days up to date: what a day's end and late rows make due, round after round."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import date, timedelta

from registry.counting.periods import period
from registry.counting.recount import recount
from store.city_counting import Header, drop_day_snapshots, top_areas
from store.city_facts import Notes, due, finish, made_days, make, pieces
from store.city_snapshots import newest_snapshot
from store.database import Database
from store.leadership import lead
from telemetry.errors import ConfigError, RetryableError

DEFAULT_ZONE = "Asia/Shanghai"
KEEP_DAYS = 35
"""Counts of days are forgotten after so many days; of 100,000 machines one takes about 100 MB."""
_WORK = "city counting"
_log = logging.getLogger(__name__)
Report = Callable[[int], None]


def make_facts(
    database: Database, notes: Notes, *, report: Report = lambda _: None, stopped: Callable[[], bool] = lambda: False
) -> int:
    """Make what is due, and count the facts that are new or have changed; what is not reached stays due."""
    changed = 0
    for one in notes.due:
        for piece in pieces(one):
            if stopped():
                return changed
            changed += make(database, piece)
            report(piece.machine_days)
    finish(database, notes)
    return changed


def count_days(database: Database, *, areas: Collection[str] = (), keep_days: int = KEEP_DAYS) -> list[Header]:
    """Count the newest day that is made of each area (all that are in no other, unless some are named), once.

    Raises
    ------
    ConfigError
        If there is no counting rule yet.
    CannotCount
        If a named area is not there.
    """
    made = made_days(database)
    if not made:
        return []
    day = min(made.values())
    counted = []
    for area in areas or top_areas(database):
        there = newest_snapshot(database, area, forms=["day"])
        if there is None or there.last_day < day:
            counted.append(recount(database, area=area, period=period("day", day), made_by="worker"))
    drop_day_snapshots(database, before=day - timedelta(days=keep_days))
    return counted


def run(
    database: Database,
    *,
    zone: str,
    every_seconds: float,
    keep_days: int,
    stopped: Callable[[], bool],
    areas: Collection[str] = (),
) -> None:
    """Work until told to stop; a second one stands by. While the database is away it waits."""
    while not stopped():
        try:
            with lead(database, _WORK) as leading:
                while leading is not None and not stopped() and leading.is_held():
                    begun = time.monotonic()
                    _round(database, zone=zone, keep_days=keep_days, areas=areas, stopped=stopped)
                    _sleep(every_seconds - (time.monotonic() - begun), stopped)
        except RetryableError as error:
            _log.warning("%s; trying again", error)
        _sleep(min(every_seconds, 5.0), stopped)


def _round(database: Database, *, zone: str, keep_days: int, areas: Collection[str], stopped: Callable[[], bool]) -> None:
    notes = due(database, zone=zone)
    if notes.machine_days:
        begun = time.monotonic()
        changed = make_facts(database, notes, stopped=stopped)
        _log.info("%d machine-days made, %d facts changed, in %.1f s", notes.machine_days, changed, time.monotonic() - begun)
    elif notes.reached or notes.ids:
        finish(database, notes)
    if stopped():
        return
    try:
        for header in count_days(database, areas=areas, keep_days=keep_days):
            _log.info("%s on %s: %d of %d machines count", header.area, header.last_day, header.counted, header.machines)
    except ConfigError as error:
        _log.warning("%s", error)


def _sleep(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not stopped() and time.monotonic() < until:
        time.sleep(min(0.2, max(until - time.monotonic(), 0)))


def newest_made_day(database: Database) -> date | None:
    """Give the day up to which the facts of all plants are made; None before any are."""
    return min(made_days(database).values(), default=None)
