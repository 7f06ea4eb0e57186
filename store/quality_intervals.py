"""Runs of values that are not good, stored as intervals, since a bad value itself is only NULL in its row.

Signals that fail together, as all do when a device is silent, share one interval. A run that begins with the first row of its
machine in a group goes on from the interval before it, if no value lies between. A good row that comes later than its neighbours
on both sides may so lie inside a bad interval: the value that is there counts.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from store.database import Connection, quoted
from store.group import Rows
from store.sql_files import query, query_text
from telemetry.quality import Quality

_START = datetime(1970, 1, 1, tzinfo=UTC)


class Run(NamedTuple):
    """``goes_on`` says that no earlier row of the machine is in the group."""

    equipment_id: int
    signals: str
    quality: int
    start: datetime
    end: datetime
    goes_on: bool


def find_runs(rows: Rows) -> list[Run]:
    """Find the runs of one quality that is not good, machine by machine and signal by signal, then join equal ones."""
    if rows.qualities is None:
        return []
    doubtful = np.where(rows.qualities >= Quality.UNCERTAIN, rows.qualities, 0)
    same_machine = rows.equipment_ids[1:] == rows.equipment_ids[:-1]
    starts = doubtful != 0
    starts[1:] &= (doubtful[1:] != doubtful[:-1]) | ~same_machine[:, None]
    ends = doubtful != 0
    ends[:-1] &= (doubtful[1:] != doubtful[:-1]) | ~same_machine[:, None]
    # Column by column, so that the n-th start and the n-th end belong together.
    columns, firsts = np.nonzero(starts.T)
    _, lasts = np.nonzero(ends.T)
    is_first_row = np.concatenate(([True], ~same_machine))
    joined: dict[tuple[int, int, int], list[str]] = {}
    for column, first, last in zip(columns.tolist(), firsts.tolist(), lasts.tolist(), strict=True):
        joined.setdefault((first, last, int(doubtful[first, column])), []).append(rows.target.names[column])
    return [
        Run(
            int(rows.equipment_ids[first]),
            ",".join(signals),
            quality,
            _START + timedelta(microseconds=int(rows.times_us[first])),
            _START + timedelta(microseconds=int(rows.times_us[last])),
            bool(is_first_row[first]),
        )
        for (first, last, quality), signals in joined.items()
    ]


def store_runs(connection: Connection, rows: Rows) -> None:
    """Extend or add intervals; the rows themselves are already copied, for a value between two runs parts them."""
    runs = find_runs(rows)
    ongoing = [run for run in runs if run.goes_on]
    extended: set[int] = set()
    if ongoing:
        statement = query_text("delivery", "extend_intervals", table=quoted(rows.target.table))
        found = connection.execute(statement, [list(range(len(ongoing))), *_columns(ongoing)])
        extended = {number for (number,) in found}
    new = [run for run in runs if not run.goes_on] + [run for number, run in enumerate(ongoing) if number not in extended]
    if new:
        connection.execute(query("delivery", "add_intervals"), _columns(new))


def _columns(runs: list[Run]) -> list[list[object]]:
    return [[run[n] for run in runs] for n in range(5)]
