"""What was stored while a worker was away, in slices of time, so that alarms of all machines come in their order."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from analytics.alarms.machine_directory import Directory
from analytics.alarms.rows_by_kind import Rows
from device_profiles.kind import load_kind
from store.database import Database
from store.equipment import last_times
from store.missed_rows import rows_of_machines

_SLICE = timedelta(minutes=5)
_MACHINES = 200
"""At one row a second a query then gives 60,000 rows."""


def slices(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        until = min(start + _SLICE, end)
        yield start, until
        start = until


def missed_rows(database: Database, directory: Directory, start: datetime, end: datetime) -> list[Rows]:
    """Read all rows of a slice; bad values are only missing here, since they are stored apart."""
    newest = last_times(database)
    found = []
    for kind in sorted(set(directory.kinds.values())):
        described = load_kind(kind)
        machines = [number for number in directory.of_kind(kind) if number in newest and newest[number] >= start]
        for first in range(0, len(machines), _MACHINES):
            block = machines[first : first + _MACHINES]
            rows = rows_of_machines(database, described, list(described.numeric_signals), block, start=start, end=end)
            if len(rows.times_us):
                good = np.zeros(rows.values.shape, np.uint8)
                found.append(Rows(kind, rows.equipment_ids, rows.times_us, rows.values, good, rows.names))
    return found
