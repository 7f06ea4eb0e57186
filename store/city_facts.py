"""Facts by day: of each machine and day of its plant, the hours in which anything came and those with a good value, by point.

They are made from the rollups by hour, once a day is over, and again when late rows have changed an hour. The fact that another
replaces is kept, so that the facts can be read as they stood at any `watermark`. An hour is on the day on which it begins.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from device_profiles.kind import kind_names, load_kind
from store.binary_arrays import elements
from store.database import Connection, Database, quoted
from store.kind_tables import OTHER
from store.sql_files import query, query_text

_PIECE_MACHINE_DAYS = 20_000
"""Made in one transaction; it takes a second or two."""
_OTHER_AGAIN = timedelta(days=7)
"""Nobody notes late rows of machines without a profile: so many days before a new one are made again with it."""
_MOST_NOTES = 50_000
DAY = timedelta(days=1)


class Due(NamedTuple):
    """Days of machines of one kind and time zone: ``[first_day, end_day)``."""

    zone: str
    kind: str
    ids: list[int]
    first_day: date
    end_day: date

    @property
    def machine_days(self) -> int:
        return len(self.ids) * (self.end_day - self.first_day).days


class Notes(NamedTuple):
    """What is to be made: days that are over and not made yet, and days that late rows have changed."""

    due: list[Due]
    reached: dict[str, date]
    """Of each time zone the day up to which everything is made then."""
    ids: list[int]
    """Notes of late rows that are dealt with then."""

    @property
    def machine_days(self) -> int:
        return sum(one.machine_days for one in self.due)


class Facts(NamedTuple):
    """Facts that share their points: one row each machine and day, in no order."""

    signals: tuple[str, ...]
    equipment_ids: npt.NDArray[np.int32]
    days: npt.NDArray[np.int32]
    """Since 1970-01-01."""
    hours: npt.NDArray[np.int16]
    point_hours: npt.NDArray[np.int16]
    """Shape (rows, signals)."""


class CalendarDay(NamedTuple):
    """A day of one machine, as it stands now."""

    day: date
    hours: int
    point_hours: dict[str, int]


def due(database: Database, *, zone: str) -> Notes:
    """Tell what is to be made now; ``zone`` is that of plants that are at no site."""
    with database.connection() as connection:
        made_until, kept_from = connection.execute(query("city_counting", "hours_made")).fetchone() or (None, None)
        machines = connection.execute(query("city_counting", "zones"), {"zone": zone}).fetchall()
        progress = dict(connection.execute(query("city_counting", "progress")).fetchall())
        late = connection.execute(query("city_counting", "facts_due"), [_MOST_NOTES]).fetchall()
    if made_until is None:  # nothing has come yet
        return Notes([], {}, [])
    found: list[Due] = []
    reached: dict[str, date] = {}
    machines = [(name, kind, ids) for name, kind, ids in machines if kind == OTHER or kind in kind_names()]
    for name in sorted({row[0] for row in machines}):
        # Before the level's beginning there is nothing to make a day anew from.
        floor = date.min if kept_from is None else (kept_from.astimezone(ZoneInfo(name)) + DAY).date()
        end_day = made_until.astimezone(ZoneInfo(name)).date()
        for kind, ids in ((kind, ids) for its_zone, kind, ids in machines if its_zone == name):
            is_made = name in progress and progress[name] + DAY >= end_day
            first_day = None if is_made else _first_day(database, name, kind, ids, progress.get(name))
            if first_day is not None and max(first_day, floor) < end_day:
                found.append(Due(name, kind, ids, max(first_day, floor), end_day))
            if name in progress:
                found += _touched(late, Due(name, kind, ids, floor, progress[name] + DAY))
        reached[name] = end_day - DAY
    return Notes(found, reached, [row[0] for row in late])


def again(database: Database, *, zone: str, first_day: date, last_day: date) -> Notes:
    """Tell to make a span of days anew, whatever has been made: after a new point, or another time zone, of plants."""
    with database.connection() as connection:
        made_until, _ = connection.execute(query("city_counting", "hours_made")).fetchone() or (None, None)
        machines = connection.execute(query("city_counting", "zones"), {"zone": zone}).fetchall()
    found = []
    for name, kind, ids in machines:
        if made_until is not None and (kind == OTHER or kind in kind_names()):
            end_day = min(last_day + DAY, made_until.astimezone(ZoneInfo(name)).date())
            if first_day < end_day:
                found.append(Due(name, kind, ids, first_day, end_day))
    return Notes(found, {}, [])


def _first_day(database: Database, zone: str, kind: str, ids: list[int], last_made: date | None) -> date | None:
    """Give the first day that is to be made: behind those made, or that of the machines' first hour; None if nothing came."""
    if last_made is not None:
        return last_made + DAY if kind != OTHER else last_made + DAY - _OTHER_AGAIN
    with database.connection() as connection:
        statement = query_text("city_counting", "first_time", source=_source(kind))
        (first,) = connection.execute(statement, {"ids": ids}).fetchone() or (None,)
    return None if first is None else first.astimezone(ZoneInfo(zone)).date()


def _touched(late: Sequence[tuple[int, int | None, datetime, datetime]], of: Due) -> Iterator[Due]:
    """Give the days of late rows among those that are made already; machines that share a span of days together."""
    zone, known, spans = ZoneInfo(of.zone), set(of.ids), dict[tuple[date, date], set[int]]()
    for _, equipment_id, start, end in late:
        if equipment_id is not None and equipment_id not in known:
            continue
        first = max(start.astimezone(zone).date(), of.first_day)
        last = min((end - timedelta(microseconds=1)).astimezone(zone).date(), of.end_day - DAY)
        if first <= last:
            spans.setdefault((first, last), set()).update(known if equipment_id is None else {equipment_id})
    for (first, last), ids in sorted(spans.items()):
        yield Due(of.zone, of.kind, sorted(ids), first, last + DAY)


def pieces(one: Due, *, machine_days: int = _PIECE_MACHINE_DAYS) -> Iterator[Due]:
    """Cut into what one transaction makes: some machines over some days."""
    days = max(1, min((one.end_day - one.first_day).days, machine_days))
    count = max(1, machine_days // days)
    for first in range(0, len(one.ids), count):
        day = one.first_day
        while day < one.end_day:
            end = min(day + days * DAY, one.end_day)
            yield Due(one.zone, one.kind, one.ids[first : first + count], day, end)
            day = end


def make(database: Database, piece: Due) -> int:
    """Make facts in one transaction, and count those that are new or have changed.

    Raises
    ------
    DatabaseError
        And then nothing of the piece is made; the same call does it later.
    """
    signals = points_of(database, piece.kind)
    zone = ZoneInfo(piece.zone)
    hours = query_text(
        "city_counting",
        "hours_of_other" if piece.kind == OTHER else "hours_of_kind",
        source=_source(piece.kind),
        points=", ".join(f"count(*) FILTER (WHERE {quoted(name + '_count')} > 0)" for name in signals),
    ).decode()
    values = {
        "zone": piece.zone,
        "ids": piece.ids,
        "start": datetime.combine(piece.first_day, time(), zone).astimezone(UTC),
        "end": datetime.combine(piece.end_day, time(), zone).astimezone(UTC),
        "first_day": piece.first_day,
        "end_day": piece.end_day,
    }
    with database.connection() as connection:
        connection.execute(query("city_counting", "prepare_facts"))
        ((point_set,),) = connection.execute(
            query("city_counting", "save_point_set"), {"kind": piece.kind, "signals": list(signals)}
        ).fetchall()
        ((number,),) = connection.execute(query("city_counting", "next_number")).fetchall()
        statement = query_text("city_counting", "make_facts", hours=hours)
        return connection.execute(statement, {**values, "point_set": point_set, "number": number}).rowcount


def finish(database: Database, notes: Notes) -> None:
    """Note that all of it has been made; until then the same is due again."""
    with database.connection() as connection:
        for zone, day in notes.reached.items():
            connection.execute(query("city_counting", "raise_progress"), {"zone": zone, "day": day})
        connection.execute(query("city_counting", "forget_facts_due"), [notes.ids])


def made_days(database: Database) -> dict[str, date]:
    """Give the day up to which facts are made, by time zone; empty where nobody has made any."""
    with database.connection() as connection:
        return dict(connection.execute(query("city_counting", "progress")).fetchall())


def points_of(database: Database, kind: str) -> tuple[str, ...]:
    """Give the points that facts of a kind hold: its key signals, and what any rule asks for besides."""
    if kind == OTHER:
        return ()
    of_kind = load_kind(kind)
    required = required_points(kind)
    with database.connection() as connection:
        columns = {
            column for table, column, _ in connection.execute(query("database", "reading_columns")) if table == f"{kind}_1h"
        }
        named = [name for (name,) in connection.execute(query("city_counting", "named_points"), [kind])]
    wanted = [*required, *(name for name in named if name not in required and name in of_kind.numeric_signals)]
    return tuple(name for name in wanted if f"{name}_count" in columns)


def required_points(kind: str) -> tuple[str, ...]:
    """Give the points that a kind marks as required: its numeric signals that are key; none of a kind without a profile."""
    if kind not in kind_names():
        return ()
    signals = load_kind(kind).signals
    return tuple(name for name, signal in signals.items() if signal.key and signal.is_numeric)


def watermark(connection: Connection) -> int:
    """Give the highest number of a fact that this transaction sees."""
    ((number,),) = connection.execute(query("city_counting", "watermark")).fetchall()
    return int(number)


def read_facts(connection: Connection, equipment_ids: Sequence[int], *, first_day: date, last_day: date, at: int) -> list[Facts]:
    """Read facts of machines as they stood at a watermark, both days included."""
    values = {"ids": list(equipment_ids), "first_day": first_day, "last_day": last_day, "watermark": at}
    sets: dict[int, list[str]] = dict(connection.execute(query("city_counting", "point_sets")).fetchall())
    found = []
    for point_set, ids, days, hours, points in connection.execute(query("city_counting", "facts"), values, binary=True):
        rows = elements(ids, ">i4").astype(np.int32)
        # Two dimensions have a header that is eight bytes longer.
        matrix = elements(points[8:], ">i2").astype(np.int16).reshape(len(rows), -1)
        signals = tuple(sets[point_set])
        found.append(
            Facts(
                signals,
                rows,
                elements(days, ">i4").astype(np.int32),
                elements(hours, ">i2").astype(np.int16),
                matrix[:, : len(signals)],
            )
        )
    return found


def read_spans(
    connection: Connection, equipment_ids: Sequence[int], *, last_day: date, at: int
) -> dict[int, tuple[date | None, date | None]]:
    """Give each machine's first and last day with data up to a day, as they stood at a watermark."""
    values = {"ids": list(equipment_ids), "last_day": last_day, "watermark": at}
    rows = connection.execute(query("city_counting", "fact_spans"), values)
    return {number: (first, last) for number, first, last in rows}


def calendar(database: Database, equipment_id: int, *, first_day: date, last_day: date) -> list[CalendarDay]:
    """Give the days of one machine that have a fact, as they stand now."""
    values = {"equipment": equipment_id, "first_day": first_day, "last_day": last_day}
    with database.connection() as connection:
        return [
            CalendarDay(day, hours, dict(zip(signals, point_hours, strict=False)))
            for day, hours, signals, point_hours in connection.execute(query("city_counting", "calendar"), values)
        ]


def _source(kind: str) -> str:
    return f"reading.{quoted(OTHER if kind == OTHER else f'{kind}_1h')}"
