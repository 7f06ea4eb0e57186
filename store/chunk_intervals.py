"""How much time a chunk of a hypertable spans: as much as memory holds the indexes of what is being written.

An index that does not fit into memory makes every commit wait for the disk; the vendor's rule gives the indexes of the newest
chunks a quarter of the memory. Too many chunks make queries slow to plan, so chunks are as long as that allows, within bounds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store.database import Database, quoted
from store.kind_tables import known_tables
from store.sql_files import query

_STEPS_HOURS = (1, 2, 4, 8, 12, 24, 72, 168)
_INDEX_SHARE = 0.25
_GROW_AT = 2.0
"""An interval grows when the steps above would do twice over, and shrinks at once: it does not swing with the day."""


def fit_chunk_intervals(database: Database, *, now: datetime) -> str:
    """Set the interval of the chunks to come from the growth of the newest ones, and tell what has changed."""
    if not database.edition.has_hypertables:
        return ""
    tables = [table.name for table in known_tables()]
    with database.connection() as connection:
        (memory_bytes,) = connection.execute(query("maintenance", "memory_bytes")).fetchone() or (0,)
        rows = connection.execute(query("maintenance", "chunk_growth"), {"now": now, "tables": tables}).fetchall()
        growth = [(name, interval_hours, index_bytes / hours) for name, interval_hours, hours, index_bytes in rows if index_bytes]
        told = []
        for name, interval_hours, bytes_per_hour in growth:
            fitting = fitting_hours(interval_hours, bytes_per_hour, memory_bytes * _INDEX_SHARE / len(growth))
            if fitting != interval_hours:
                connection.execute(
                    query("maintenance", "set_chunk_interval"), [f"reading.{quoted(name)}", timedelta(hours=fitting)]
                )
                told.append(f"{name} {interval_hours:g} -> {fitting:g}")
    return f"hours per chunk: {', '.join(told)}" if told else ""


def fitting_hours(
    now_hours: float, bytes_per_hour: float, budget_bytes: float, steps_hours: Sequence[float] = _STEPS_HOURS
) -> float:
    """Choose the longest step whose indexes fit into the budget; the shortest where none does."""
    longest_hours = budget_bytes / bytes_per_hour
    if longest_hours < now_hours:
        return max((step for step in steps_hours if step <= longest_hours), default=steps_hours[0])
    return max((step for step in steps_hours if now_hours < step <= longest_hours / _GROW_AT), default=now_hours)
