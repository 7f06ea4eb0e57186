"""Lays the batches of many bundles out as one table for each kind of machine."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.alarms import counters
from analytics.alarms.machine_directory import Directory
from telemetry.bundle import MICROSECONDS, Batch, Bundle

FUTURE_US = 60 * MICROSECONDS
"""A row this far ahead comes from a wrong clock; judged, it would hide every true row after it."""


class Rows(NamedTuple):
    """The columns of `Evaluator.take`."""

    kind: str
    equipment_ids: NDArray[np.int64]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    qualities: NDArray[np.uint8]
    names: tuple[str, ...]


class RowsByKind:
    """Puts together what came; ``has_unknown`` tells that the directory should be read again."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.has_unknown = False

    def lay_out(self, bundles: Iterable[Bundle], now_us: int) -> Iterator[Rows]:
        """Give a table for each kind; a machine's batches with different signals share it, since their rows come in one order."""
        found: dict[str, list[tuple[int, Batch]]] = defaultdict(list)
        for bundle in bundles:
            for batch in bundle.batches:
                machine = self.directory.by_name.get((bundle.gateway, batch.equipment))
                if machine is None:
                    self.has_unknown = True
                    counters.DROPPED.labels("unknown equipment").inc()
                elif self.directory.kinds[machine] != batch.signals.kind:
                    counters.DROPPED.labels("kind").inc()
                else:
                    found[batch.signals.kind].append((machine, batch))
        for kind, batches in found.items():
            yield _believable(_table(kind, batches), now_us)


def _table(kind: str, batches: list[tuple[int, Batch]]) -> Rows:
    names = tuple(dict.fromkeys(name for _, batch in batches for name in batch.signals.names))
    places = {name: place for place, name in enumerate(names)}
    lists = {batch.signals.text: [places[name] for name in batch.signals.names] for _, batch in batches}
    rows = sum(batch.rows for _, batch in batches)
    values = np.full((rows, len(names)), np.nan)
    qualities = np.zeros((rows, len(names)), np.uint8)
    start = 0
    for _, batch in batches:
        columns, end = lists[batch.signals.text], start + batch.rows
        values[start:end, columns] = np.frombuffer(batch.values, "<f4" if batch.single else "<f8").reshape(batch.rows, -1)
        if batch.qualities is not None:
            qualities[start:end, columns] = np.frombuffer(batch.qualities, np.uint8).reshape(batch.rows, -1)
        start = end
    ids = np.repeat([machine for machine, _ in batches], [batch.rows for _, batch in batches]).astype(np.int64)
    times_us = np.frombuffer(b"".join([batch.times for _, batch in batches]), "<i8").astype(np.int64)
    return Rows(kind, ids, times_us, values, qualities, names)


def _believable(rows: Rows, now_us: int) -> Rows:
    kept = rows.times_us <= now_us + FUTURE_US
    if kept.all():
        return rows
    counters.DROPPED.labels("future").inc(int((~kept).sum()))
    return rows._replace(
        equipment_ids=rows.equipment_ids[kept],
        times_us=rows.times_us[kept],
        values=rows.values[kept],
        qualities=rows.qualities[kept],
    )
