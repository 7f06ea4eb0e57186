"""Bulk export to CSV and Parquet: slice by slice as whole columns, so a year needs no more memory than a day.

Rows come machine by machine, in the order of time. Read back by ``shangyun ingest backfill``, they are the same rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from device_profiles.kind import SignalType, load_kind
from store.database import Database, quoted
from store.equipment import Equipment
from store.kind_tables import OTHER, ROLLUPS
from store.readings import quality_intervals
from store.series import Level, Series, series
from store.sql_files import query_text
from telemetry.errors import ConfigError

_START = datetime(1970, 1, 1, tzinfo=UTC)
SLICES: dict[Level, timedelta] = {
    "raw": timedelta(days=1),
    "1m": timedelta(days=60),
    "1h": timedelta(days=3660),
    "1d": timedelta(days=36_600),
}
"""About 86,400 rows each, at one row a second."""
_ARROW_TYPES = {
    SignalType.REAL: pa.float32(),
    SignalType.DOUBLE: pa.float64(),
    SignalType.INTEGER: pa.int64(),
    SignalType.BOOLEAN: pa.bool_(),
    SignalType.ENUM: pa.int16(),
}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is exported: machines of one kind, signals, ``[start, end)`` and level."""

    machines: tuple[Equipment, ...]
    signals: tuple[str, ...]
    start: datetime
    end: datetime
    level: Level = "raw"
    zone: str = "UTC"
    quality: bool = False
    """A column of quality codes beside each signal; of raw rows only."""

    @property
    def kind(self) -> str:
        return self.machines[0].kind

    @property
    def schema(self) -> pa.Schema:
        """Columns with unit and labels; the time is UTC, and the zone that people read it in stands beside."""
        fields = [pa.field("time", pa.timestamp("us", "UTC"), nullable=False), pa.field("equipment", pa.string(), nullable=False)]
        known = {} if self.machines[0].table == OTHER else load_kind(self.kind).signals
        for name in self.signals:
            signal = known.get(name)
            described = {} if signal is None else {"unit": signal.unit, "label_en": signal.label.en, "label_zh": signal.label.zh}
            if self.level == "raw":
                fields.append(pa.field(name, pa.float64() if signal is None else _ARROW_TYPES[signal.type], metadata=described))
                if self.quality:
                    fields.append(pa.field(f"{name}_quality", pa.uint8()))
            else:
                fields += [pa.field(f"{name}_{part}", pa.float64(), metadata=described) for part in ("mean", "min", "max")]
        return pa.schema(fields, metadata={"kind": self.kind, "level": self.level, "zone": self.zone})


class Sink(Protocol):
    """Where tables of one schema go to."""

    def write(self, table: pa.Table) -> None: ...


def export(database: Database, selection: Selection, sink: Sink, *, advance: Callable[[int], None] = lambda _: None) -> int:
    """Write everything and give the number of rows; ``advance`` is told of the seconds of machines' time that are done."""
    rows = 0
    for machine in selection.machines:
        newest_us = -(2**62)
        told = selection.start
        for start, end in _slices(database, selection, machine):
            part = series(
                database,
                machine,
                selection.signals,
                start=start,
                end=end,
                max_points=0,
                level=selection.level,
                zone=selection.zone,
            )
            # A bucket that a slice's limit cuts is whole on both sides of it: it was written with the first.
            kept = part.times_us > newest_us
            if kept.any():
                newest_us = int(part.times_us[-1])
                sink.write(_table(database, selection, machine, part, kept))
                rows += int(kept.sum())
            advance(round((end - told).total_seconds()))
            told = end
        advance(round((selection.end - told).total_seconds()))
    return rows


def first_time(database: Database, machines: Sequence[Equipment], *, end: datetime) -> datetime:
    """Give the first time of machines of one kind, whose rollups may reach back further than their rows; ``end`` if none."""
    raw = machines[0].table
    tables = [raw, *(f"{raw}_{suffix}" for suffix in ROLLUPS if raw != OTHER)]
    found = (_extent(database, machine, table, start=_START, end=end) for machine in machines for table in tables)
    return min((extent[0] for extent in found if extent is not None), default=end)


def sample_signals(database: Database, machine: Equipment, *, start: datetime, end: datetime) -> tuple[str, ...]:
    """Name the numeric signals of a machine: those of its kind, or those that it has sent."""
    if machine.table != OTHER:
        return load_kind(machine.kind).numeric_signals
    with database.connection() as connection:
        rows = connection.execute(
            query_text("export", "other_signals"), {"id": machine.id, "start": start, "end": end}
        ).fetchall()
    return tuple(name for (name,) in rows)


def parse_instant(text: str, zone: str) -> datetime:
    """Read a date (its midnight), a local time in a zone, or a time with its offset.

    Raises
    ------
    ConfigError
        If it is none, or if a change of clocks makes a local time mean none or two instants.
    """
    try:
        local = (
            datetime.combine(date.fromisoformat(text), datetime.min.time()) if len(text) == 10 else datetime.fromisoformat(text)
        )
    except ValueError:
        raise ConfigError(f"{text!r} is no time: 2025-03-01, 2025-03-01T08:00 or 2025-03-01T08:00+08:00") from None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if early > late:
        raise ConfigError(f"{text!r} does not exist in {zone}, where clocks are put forward")
    if early < late:
        raise ConfigError(f"{text!r} comes twice in {zone}, where clocks are put back: give it with its offset")
    return early


def _slices(database: Database, selection: Selection, machine: Equipment) -> Iterator[tuple[datetime, datetime]]:
    """Cut the time in which a machine has rows; rollups may reach back further than the rows do."""
    start, end = selection.start, selection.end
    if selection.level == "raw":
        extent = _extent(database, machine, machine.table, start=start, end=end)
        if extent is None:
            return
        start, end = extent[0], extent[1] + timedelta(microseconds=1)
    length = SLICES[selection.level]
    while start < end:
        following = min(_START + ((start - _START) // length + 1) * length, end)
        yield start, following
        start = following


def _extent(
    database: Database, machine: Equipment, table: str, *, start: datetime, end: datetime
) -> tuple[datetime, datetime] | None:
    statement = query_text("export", "extent", table=quoted(table))
    with database.connection() as connection:
        first, last = connection.execute(statement, {"id": machine.id, "start": start, "end": end}).fetchone() or (None, None)
    return None if first is None else (first, last)


def _table(database: Database, selection: Selection, machine: Equipment, part: Series, kept: npt.NDArray[np.bool_]) -> pa.Table:
    schema = selection.schema
    columns: list[npt.NDArray[np.float64] | npt.NDArray[np.uint8]] = []
    qualities = _qualities(database, selection, machine, part) if selection.quality and selection.level == "raw" else {}
    for name in selection.signals:
        columns.append(part.columns[name])
        if selection.level != "raw":
            columns += [part.minimum[name], part.maximum[name]]
        elif selection.quality:
            columns.append(qualities[name])
    rows = int(kept.sum())
    arrays = [
        pa.array(part.times_us[kept]).cast(schema.field(0).type),
        pa.repeat(f"{machine.gateway}/{machine.name}", rows),
        *(_array(column[kept], field.type) for column, field in zip(columns, list(schema)[2:], strict=True)),
    ]
    return pa.table(arrays, schema=schema)


def _array(column: npt.NDArray[np.float64] | npt.NDArray[np.uint8], arrow_type: pa.DataType) -> pa.Array:
    values = pa.array(column, from_pandas=True)  # NaN is "no value"
    if pa.types.is_boolean(arrow_type):
        return values.cast(pa.uint8()).cast(arrow_type)
    return values.cast(arrow_type, safe=False)


def _qualities(database: Database, selection: Selection, machine: Equipment, part: Series) -> dict[str, npt.NDArray[np.uint8]]:
    found = {name: np.zeros(len(part.times_us), np.uint8) for name in selection.signals}
    if len(part.times_us):
        low, high = (_START + timedelta(microseconds=int(part.times_us[n])) for n in (0, -1))
        for interval in quality_intervals(database, machine.id, start=low, end=high + timedelta(microseconds=1)):
            limits = [(moment - _START) // timedelta(microseconds=1) for moment in (interval.start, interval.end)]
            first, behind = np.searchsorted(part.times_us, [limits[0], limits[1] + 1])
            for name in set(interval.signals) & found.keys():
                found[name][first:behind] = interval.quality
    return found


def choose_machines(
    machines: Sequence[Equipment], *, names: Sequence[str] = (), gateway: str | None = None, kind: str | None = None
) -> tuple[Equipment, ...]:
    """Choose machines of one kind, sorted by name.

    Raises
    ------
    ConfigError
        If there is none, a name is unknown, or they are of several kinds.
    """
    by_name = {f"{machine.gateway}/{machine.name}": machine for machine in machines}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ConfigError(f"the database has no equipment {', '.join(unknown)}")
    chosen = [
        machine
        for name, machine in sorted(by_name.items())
        if (not names or name in names) and gateway in (None, machine.gateway) and kind in (None, machine.kind) and machine.kind
    ]
    if not chosen:
        raise ConfigError("no equipment in the database is what is asked for")
    kinds = sorted({machine.kind for machine in chosen})
    if len(kinds) > 1:
        raise ConfigError(f"one file holds machines of one kind; these are {', '.join(kinds)}: choose with --kind")
    return tuple(chosen)
