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
    """Join what has one signal list as bytes: thousands of batches a second cost a few operations each, not some per value."""
    of_list: dict[tuple[str, bool], list[tuple[int, Batch]]] = defaultdict(list)
    for machine, batch in batches:
        of_list[batch.signals.text, batch.single].append((machine, batch))
    names = tuple(dict.fromkeys(name for some in of_list.values() for name in some[0][1].signals.names))
    places = {name: place for place, name in enumerate(names)}
    counts = [sum(batch.rows for _, batch in some) for some in of_list.values()]
    values = np.full((sum(counts), len(names)), np.nan)
    qualities = np.zeros(values.shape, np.uint8)
    ids, times = list[NDArray[np.int64]](), list[bytes]()
    start = 0
    for ((_, is_single), some), count in zip(of_list.items(), counts, strict=True):
        columns = [places[name] for name in some[0][1].signals.names]
        rows = slice(start, start + count)
        start += count
        joined = np.frombuffer(b"".join([batch.values for _, batch in some]), "<f4" if is_single else "<f8")
        values[rows, columns] = joined.reshape(count, len(columns))
        if any(batch.qualities is not None for _, batch in some):
            told = [bytes(batch.rows * len(columns)) if batch.qualities is None else batch.qualities for _, batch in some]
            qualities[rows, columns] = np.frombuffer(b"".join(told), np.uint8).reshape(count, len(columns))
        ids.append(np.repeat([machine for machine, _ in some], [batch.rows for _, batch in some]).astype(np.int64))
        times += [batch.times for _, batch in some]
    times_us = np.frombuffer(b"".join(times), "<i8").astype(np.int64)
    return Rows(kind, np.concatenate(ids), times_us, values, qualities, names)


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
