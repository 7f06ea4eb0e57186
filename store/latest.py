"""The newest values per machine: gathered in memory, written every few seconds in a transaction of their own.

In every commit they would cost two to three times the commit itself. Noting is columns only; the work per machine is done when it
is written, so a machine that sends ten times between two writes costs one.
"""

import json
import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from store.database import Database
from store.group import Group, Rows
from store.sql_files import query
from telemetry.quality import Quality

_MACHINES_PER_WRITE = 1000
"""Some 30 ms."""


class _Row(NamedTuple):
    time_us: int
    names: tuple[str, ...]
    values: list[float | None]
    qualities: list[int]


class _Newest:
    """The newest row of each machine that sends one signal list; all arrays go by ``ids``, which are sorted."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.ids = np.zeros(0, np.int32)
        self.times_us = np.zeros(0, np.int64)
        self.values = np.zeros((0, len(names)))
        self.qualities = np.zeros((0, len(names)), np.uint8)
        self.is_waiting = np.zeros(0, bool)

    def note(self, rows: Rows) -> None:
        """Take the last row of every machine; rows are sorted, so it is the one before the next machine begins."""
        last = np.append(np.flatnonzero(rows.equipment_ids[1:] != rows.equipment_ids[:-1]), len(rows.equipment_ids) - 1)
        ids, times_us = rows.equipment_ids[last], rows.times_us[last]
        self._make_room(ids)
        places = np.searchsorted(self.ids, ids)
        newer = times_us >= self.times_us[places]
        places, last = places[newer], last[newer]
        self.times_us[places] = times_us[newer]
        self.values[places] = rows.values[last]
        self.qualities[places] = 0 if rows.qualities is None else rows.qualities[last]
        self.is_waiting[places] = True

    def take(self, ids: npt.NDArray[np.int32], rows: dict[int, list[_Row]]) -> None:
        """Hand over the waiting rows of some machines."""
        places = np.flatnonzero(self.is_waiting & np.isin(self.ids, ids))
        shown = self.values[places].astype(object)
        shown[~np.isfinite(self.values[places])] = None  # JSON has no NaN
        columns = (self.ids[places], self.times_us[places], shown, self.qualities[places])
        for equipment_id, time_us, values, qualities in zip(*(column.tolist() for column in columns), strict=True):
            rows.setdefault(equipment_id, []).append(_Row(time_us, self.names, values, qualities))
        self.is_waiting[places] = False

    def _make_room(self, ids: npt.NDArray[np.int32]) -> None:
        places = np.minimum(np.searchsorted(self.ids, ids), max(len(self.ids) - 1, 0))
        if len(self.ids) and (self.ids[places] == ids).all():
            return
        everyone = np.union1d(self.ids, ids)
        places = np.searchsorted(everyone, self.ids)
        for name in ("times_us", "values", "qualities", "is_waiting"):
            old = getattr(self, name)
            new = np.zeros((len(everyone), *old.shape[1:]), old.dtype)
            new[places] = old
            setattr(self, name, new)
        self.ids = everyone


class LatestValues:
    """What is newer than the table ``reading.latest``; any thread may note, one writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists: dict[tuple[str, ...], _Newest] = {}
        self._taken: dict[int, list[_Row]] = {}
        self._last_id = 0
        self._lock = threading.Lock()

    def note(self, group: Group) -> None:
        with self._lock:
            for rows in group.rows:
                names = rows.target.names
                if names not in self._lists:
                    self._lists[names] = _Newest(names)
                self._lists[names].note(rows)

    def write(self) -> bool:
        """Write some machines, going round among those that wait; tell whether others still do.

        Raises
        ------
        DatabaseError
            And then nothing is forgotten.
        """
        is_more = True  # behind those that a failed call had taken there may be others
        if not self._taken:
            with self._lock:
                is_more = self._take()
        if self._taken:
            # One document for all: as elements of an SQL array each of their quotes would be escaped, at five times the cost.
            records = json.dumps([(equipment_id, *_merged(rows)) for equipment_id, rows in self._taken.items()])
            with self._database.connection() as connection:
                connection.execute(query("delivery", "write_latest"), [records])
            self._taken = {}
        return is_more

    def _take(self) -> bool:
        """Move some machines out of the lists; they stay taken until they are written."""
        waiting = np.unique(np.concatenate([np.zeros(0, np.int32), *(n.ids[n.is_waiting] for n in self._lists.values())]))
        ids = waiting[waiting > self._last_id][:_MACHINES_PER_WRITE]
        if not len(ids):
            ids = waiting[:_MACHINES_PER_WRITE]
        for newest in self._lists.values():
            newest.take(ids, self._taken)
        if len(ids):
            self._last_id = int(ids[-1])
        if len(ids) == len(waiting):
            self._lists.clear()  # signal lists come and go; the table itself guards against going back
        return len(ids) < len(waiting)


def _merged(rows: list[_Row]) -> tuple[int, dict[str, Any], dict[str, int]]:
    """Lay the newest row of each signal list over the older ones."""
    values: dict[str, Any] = {}
    qualities: dict[str, int] = {}
    rows.sort(key=lambda row: row.time_us)
    for row in rows:
        values.update(zip(row.names, row.values, strict=True))
        qualities.update(zip(row.names, row.qualities, strict=True))
    return rows[-1].time_us, values, {name: code for name, code in qualities.items() if code >= Quality.UNCERTAIN}
