"""What is dropped when: rows, rollups, and what lies beside them.

Rows go by whole partitions or chunks, and only after the rollups that are made from them are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Database
from store.kind_tables import RAW, ROLLUPS, WAVEFORM, TimeTable, known_tables
from store.partitions import drop_partitions
from store.rollups import floor
from store.sql_files import query

_MARGIN = timedelta(days=1)
"""Kept beyond the retention, so that no commit under way still believes in a day that is being dropped."""

_LATE_SPAN_DAYS = 30.0
"""Where no analytics worker runs, nobody takes these notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that each is kept; None is for ever."""

    raw_days: float | None = 400.0
    minute_days: float | None = 1100.0
    hour_days: float | None = None
    waveform_days: float | None = 400.0
    event_days: float | None = 1100.0
    quality_days: float | None = 1100.0
    dead_letter_days: float | None = 90.0


def drop_old(database: Database, retention: Retention, *, now: datetime) -> str:
    """Drop what is older than its retention, and tell what; empty if nothing was."""
    levels = {RAW: retention.raw_days, "1m": retention.minute_days, "1h": retention.hour_days}
    dropped: dict[str, int] = {}
    for level, days in levels.items():
        cut = None if days is None else _raise_kept_from(database, level, _cut(now, days))
        if cut is not None:
            for table in _tables_of(level):
                dropped[table.name] = _drop(database, table, cut)
    waveform = next(table for table in known_tables() if table.name == WAVEFORM)
    if retention.waveform_days is not None:
        dropped[WAVEFORM] = _drop(database, waveform, _cut(now, retention.waveform_days))
    told = [f"{count} of {name}" for name, count in dropped.items() if count]
    for name, days in (
        ("events", retention.event_days),
        ("quality_intervals", retention.quality_days),
        ("dead_letters", retention.dead_letter_days),
        ("late_spans", _LATE_SPAN_DAYS),
    ):
        if days is not None:
            with database.connection() as connection:
                count = connection.execute(query("maintenance", f"delete_{name}"), [now - timedelta(days=days)]).rowcount
            told += [f"{count} {name.replace('_', ' ')}"] if count else []
    return f"dropped {', '.join(told)}" if told else ""


def _cut(now: datetime, days: float) -> datetime:
    return floor(now - timedelta(days=days) - _MARGIN, timedelta(days=1))


def _raise_kept_from(database: Database, level: str, cut: datetime) -> datetime | None:
    """Record from where a level will be whole, before anything is dropped: from then on no rollup is made from what is older."""
    above = next((rollup.name for rollup in ROLLUPS.values() if rollup.source == level), None)
    with database.connection() as connection:
        connection.execute(query("rollups", "kept_from"), [level])  # for its lock
        if above is not None:
            (made_until,) = connection.execute(query("rollups", "made_until"), [above, above]).fetchone() or (None,)
            if made_until is None:
                return None
            cut = min(cut, floor(made_until, timedelta(days=1)))
        connection.execute(query("rollups", "raise_kept_from"), {"level": level, "kept_from": cut})
    return cut


def _tables_of(level: str) -> Iterator[TimeTable]:
    for table in known_tables():
        if level == RAW and table.name != WAVEFORM:
            yield table
        elif level != RAW and table.has_rollups:
            yield ROLLUPS[level].table_of(table)


def _drop(database: Database, table: TimeTable, cut: datetime) -> int:
    if not database.edition.has_hypertables:
        return drop_partitions(database, table.name, table.period, before=cut.date())
    with database.connection() as connection:
        connection.execute(b"SET LOCAL lock_timeout = '5s'")  # queries wait behind it
        (count,) = connection.execute(query("maintenance", "drop_chunks"), [table.sql_name, cut]).fetchone() or (0,)
    return int(count)
