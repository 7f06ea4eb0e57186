"""Reading back what ingest has committed: the newest values, and series for charts and analytics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
from tsdownsample import MinMaxLTTBDownsampler

from device_profiles.kind import SignalType, load_kind
from store.copy_binary import EPOCH_2000_US
from store.database import Database, Edition, quoted
from store.equipment import Equipment
from store.kind_tables import OTHER
from store.sql_files import query, query_text
from telemetry.errors import ConfigError

Level = Literal["raw", "1m", "1h"]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

_RAW_SPAN = timedelta(hours=12)
"""Up to here a chart is drawn from the rows themselves, 43,200 at one a second; beyond, from buckets: measured, as quick."""
_STEPS: dict[Level, timedelta] = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Columns over one time axis; NaN where there is no value.

    Parameters
    ----------
    times_us : ndarray of int64, shape (n,)
        Microseconds since 1970 UTC, ascending: sample times (raw) or the start of each bucket (rollups).
    columns : dict of ndarray of float64, shape (n,)
        The values themselves (raw), or the mean of each bucket.
    minimum, maximum : dict of ndarray of float64, shape (n,)
        Of each bucket; empty dictionaries for raw.
    """

    level: Level
    times_us: Times
    columns: dict[str, Values]
    minimum: dict[str, Values] = field(default_factory=dict)
    maximum: dict[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest known value of each signal of one equipment; ``qualities`` names only signals that are not good."""

    equipment_id: int
    time: datetime
    values: dict[str, float | None]
    qualities: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEvent:
    equipment_id: int
    time: datetime
    signal: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityInterval:
    """From its first to its last sample, both included, these signals were bad (value NULL) or uncertain."""

    equipment_id: int
    signals: tuple[str, ...]
    quality: int
    start: datetime
    end: datetime


def series(
    database: Database,
    equipment: Equipment,
    signals: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    max_points: int = 2000,
    level: Level | None = None,
) -> Series:
    """Read signals of one equipment in ``[start, end)``, at most about ``max_points`` instants.

    The level follows from the span unless it is given. Raw rows beyond ``max_points`` are thinned by MinMaxLTTB, and each signal
    keeps its extremes; what is returned are rows that exist, never interpolated ones. Buckets widen to whole multiples of their
    level. ``max_points=0`` returns everything.

    Raises
    ------
    ValueError
        If a signal is not a numeric signal of the equipment's kind, or there is none.
    """
    _check(equipment, signals)
    level = level or _level(end - start, max_points)
    if level == "raw":
        times_us, (columns,) = _read(database, equipment, signals, start=start, end=end, width=None)
        if max_points and len(times_us) > max_points:
            kept = _thinned(times_us, columns, max_points)
            times_us, columns = times_us[kept], {name: column[kept] for name, column in columns.items()}
        return Series(level=level, times_us=times_us, columns=columns)
    step = _STEPS[level]
    width = step * max(1, -((start - end) // (step * max_points))) if max_points else step
    times_us, (mean, minimum, maximum) = _read(database, equipment, signals, start=start, end=end, width=width, level=level)
    return Series(level=level, times_us=times_us, columns=mean, minimum=minimum, maximum=maximum)


def latest(database: Database, equipment_ids: Sequence[int] | None = None) -> list[Latest]:
    """Read the newest values of all equipment, or of those asked for, sorted by id; at most a few seconds behind."""
    wanted = None if equipment_ids is None else list(equipment_ids)
    with database.connection() as connection:
        rows = connection.execute(query("readings", "latest"), {"ids": wanted}).fetchall()
    return [Latest(equipment_id=row[0], time=row[1], values=row[2], qualities=row[3]) for row in rows]


def events(
    database: Database, equipment_id: int | None = None, *, start: datetime, end: datetime, limit: int = 1000
) -> list[TextEvent]:
    """Read text events in ``[start, end)``, newest first; of all equipment unless one is named."""
    with database.connection() as connection:
        rows = connection.execute(
            query("readings", "events"), {"id": equipment_id, "start": start, "end": end, "limit": limit}
        ).fetchall()
    return [TextEvent(equipment_id=row[0], time=row[1], signal=row[2], text=row[3]) for row in rows]


def quality_intervals(database: Database, equipment_id: int, *, start: datetime, end: datetime) -> list[QualityInterval]:
    """Read the intervals that touch ``[start, end)``, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(query("readings", "quality_intervals"), [equipment_id, end, start]).fetchall()
    return [QualityInterval(equipment_id=row[0], signals=tuple(row[1]), quality=row[2], start=row[3], end=row[4]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """An evenly sampled record: ``samples`` float32, the first at ``start``."""

    equipment_id: int
    signal: str
    start: datetime
    rate_hz: float
    samples: npt.NDArray[np.float32]


def waveforms(
    database: Database, equipment_id: int, signal: str, *, start: datetime, end: datetime, limit: int = 100
) -> list[Waveform]:
    """Read the waveforms that begin in ``[start, end)``, newest first."""
    with database.connection() as connection:
        rows = connection.execute(
            query("readings", "waveforms"), [equipment_id, signal, start, end, limit], binary=True
        ).fetchall()
    return [
        Waveform(equipment_id=equipment_id, signal=signal, start=row[0], rate_hz=row[1], samples=np.frombuffer(row[2], "<f4"))
        for row in rows
    ]


def _check(equipment: Equipment, signals: Sequence[str]) -> None:
    if not signals:
        raise ValueError("no signal is named")
    if equipment.kind == OTHER:
        return
    try:
        known = load_kind(equipment.kind).numeric_signals
    except ConfigError as error:
        raise ValueError(str(error)) from error
    unknown = [name for name in signals if name not in known]
    if unknown:
        raise ValueError(f"{equipment.kind} has no numeric signal {', '.join(unknown)}; known: {', '.join(known)}")


def _level(span: timedelta, max_points: int) -> Level:
    if span <= _RAW_SPAN:
        return "raw"
    return "1m" if span <= _STEPS["1m"] * max(max_points, 2000) else "1h"


def _read(
    database: Database,
    equipment: Equipment,
    signals: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    width: timedelta | None,
    level: Level = "raw",
) -> tuple[Times, list[dict[str, Values]]]:
    """Read values, or mean, minimum and maximum by bucket, as whole columns: no Python object per value on this way either."""
    is_other = equipment.kind == OTHER
    source = _other_source(len(signals)) if is_other else f"reading.{quoted(equipment.kind)}"
    if width is None:
        forms = ["{value}"]
    elif database.edition is Edition.TIMESCALEDB_COMMUNITY and not is_other:
        forms = ["sum({mean} * {count}) / nullif(sum({count}), 0)", "min({min})", "max({max})"]
        source = f"reading.{quoted(f'{equipment.kind}_{level}')}"
    else:  # the rollup is a view there: from the table itself, the index bounds the time
        forms = ["avg({value})", "min({value})", "max({value})"]
    types = {} if is_other else {name: load_kind(equipment.kind).signals[name].type for name in signals}
    columns = [
        form.format(**_names(f"signal_{n}" if is_other else name, types.get(name)))
        for form in forms
        for n, name in enumerate(signals)
    ]
    statement = query_text(
        "readings",
        "rows" if width is None else "buckets",
        columns=", ".join(f"({column})::float8 AS column_{n}" for n, column in enumerate(columns)),
        arrays=", ".join(f"array_send(array_agg(coalesce(column_{n}, 'NaN')))" for n in range(len(columns))),
        source=source,
    )
    values: dict[str, object] = {"id": equipment.id, "start": start, "end": end, "width": width}
    values |= {f"signal_{n}": name for n, name in enumerate(signals)}
    with database.connection() as connection:
        times, *arrays = connection.execute(statement, values, binary=True).fetchone() or ()
    times_us = _elements(times, ">i8").astype(np.int64) + EPOCH_2000_US
    decoded = [_elements(array, ">f8").astype(np.float64) for array in arrays]
    count = len(signals)
    return times_us, [dict(zip(signals, decoded[n : n + count], strict=True)) for n in range(0, len(columns), count)]


def _names(signal: str, signal_type: SignalType | None) -> dict[str, str]:
    """Write a signal's columns as SQL; a boolean has neither average nor order, its number has."""
    value = f"{quoted(signal)}::int" if signal_type is SignalType.BOOLEAN else quoted(signal)
    return {"value": value} | {part: quoted(f"{signal}_{part}") for part in ("min", "max", "mean", "count")}


def _other_source(count: int) -> str:
    """Lay the one-value rows of ``reading.other`` side by side."""
    columns = ", ".join(f'max(value) FILTER (WHERE name = %(signal_{n})s) AS "signal_{n}"' for n in range(count))
    return query_text("readings", "other_side_by_side", columns=columns).decode()


def _elements(array: bytes | None, element: str) -> npt.NDArray[np.void]:
    """Read the binary form of an array: a header of five int32, then length and value of each element; here none is NULL."""
    record = np.dtype([("length", ">i4"), ("value", element)])
    elements: npt.NDArray[np.void] = np.frombuffer(array or bytes(20), record, offset=20)["value"]
    return elements


def _thinned(times_us: Times, columns: Mapping[str, Values], max_points: int) -> npt.NDArray[np.int64]:
    """Choose rows for all signals together: each gets its share of the points, and its extremes in any case."""
    share = max(max_points // len(columns), 4)
    chosen = [np.array([0, len(times_us) - 1])]
    for column in columns.values():
        present = np.flatnonzero(~np.isnan(column))
        if not len(present):
            continue
        values = column[present]
        chosen.append(present[[values.argmin(), values.argmax()]])
        if len(present) > share:
            downsampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
            present = present[downsampler.downsample(times_us[present], values, n_out=share).astype(np.int64)]
        chosen.append(present)
    kept: npt.NDArray[np.int64] = np.unique(np.concatenate(chosen))
    return kept
