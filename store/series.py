"""Series of signals for charts, tables and analytics: the rows themselves, or buckets of a minute, an hour, a local day.

Buckets come from the rollups as far as these are made, and from the level below after that, so that every series ends at now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from tsdownsample import MinMaxLTTBDownsampler

from device_profiles.kind import SignalType, load_kind
from store.binary_arrays import elements
from store.copy_binary import EPOCH_2000_US
from store.database import Database, quoted
from store.equipment import Equipment
from store.kind_tables import OTHER, RAW, ROLLUPS
from store.rollups import read_levels
from store.sql_files import query_text
from telemetry.errors import ConfigError

Level = Literal["raw", "1m", "1h", "1d"]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

_RAW_SPAN = timedelta(hours=2)
"""Up to here a chart is drawn from the rows themselves, 7,200 at one a second. Among the rows of a thousand machines each lies on
a page of its own, so that twelve hours of them take ten times as long as a day of minutes."""
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
_BUCKET = "date_bin(%(width)s, time, TIMESTAMPTZ '2000-01-01 00:00Z')"
_LOCAL_DAY = "date_trunc('day', time, %(zone)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Columns over one time axis; NaN where there is no value.

    Parameters
    ----------
    times_us : ndarray of int64, shape (n,)
        Microseconds since 1970 UTC, ascending: sample times (raw) or the start of each bucket.
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


class _Part(NamedTuple):
    """A span that one level answers for."""

    level: str
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
    zone: str = "UTC",
) -> Series:
    """Read signals of one equipment in ``[start, end)``, at most about ``max_points`` instants.

    The level follows from the span, and from what retention has left, unless it is given. Raw rows beyond ``max_points`` are
    thinned by MinMaxLTTB, and each signal keeps its extremes; what is returned are rows that exist, never interpolated ones.
    Buckets are those that touch the span, whole, so that a value does not depend on where a chart begins; they widen to whole
    multiples of their level. ``max_points=0`` returns everything. Days (``1d``) go from midnight to midnight in ``zone``, an
    IANA name.

    Raises
    ------
    ValueError
        If a signal is not a numeric signal of the equipment's kind, or there is none.
    """
    _check(equipment, signals)
    levels = read_levels(database)
    if level is None:
        level = _level(start, end, max_points, {name: kept_from for name, (kept_from, _) in levels.items()})
    if level == "raw":
        times_us, (columns,) = _read_rows(database, equipment, signals, start=start, end=end)
        if max_points and len(times_us) > max_points:
            kept = _thinned(times_us, columns, max_points)
            times_us, columns = times_us[kept], {name: column[kept] for name, column in columns.items()}
        return Series(level=level, times_us=times_us, columns=columns)
    if level == "1d":
        width, (low, high) = timedelta(days=1), _local_days(start, end, zone)
        bucket, source = _LOCAL_DAY, _source_of_days(low, high)
    else:
        step = ROLLUPS[level].width
        width = step * max(1, -((start - end) // (step * max_points))) if max_points else step
        low, high = _ORIGIN + (start - _ORIGIN) // width * width, _ORIGIN - (_ORIGIN - end) // width * width
        bucket, source = _BUCKET, level
    done = {name: done_until for name, (_, done_until) in levels.items() if done_until is not None and equipment.table != OTHER}
    parts = list(_parts(source, low, high, done)) if start < end else []
    values = {"width": width, "zone": zone, "start": low, "end": high}
    times_us, (mean, minimum, maximum) = _read_buckets(database, equipment, signals, parts, bucket=bucket, values=values)
    return Series(level=level, times_us=times_us, columns=mean, minimum=minimum, maximum=maximum)


def _check(equipment: Equipment, signals: Sequence[str]) -> None:
    if not signals:
        raise ValueError("no signal is named")
    if equipment.table == OTHER:
        return
    try:
        known = load_kind(equipment.kind).numeric_signals
    except ConfigError as error:
        raise ValueError(str(error)) from error
    unknown = [name for name in signals if name not in known]
    if unknown:
        raise ValueError(f"{equipment.kind} has no numeric signal {', '.join(unknown)}; known: {', '.join(known)}")


def _level(start: datetime, end: datetime, max_points: int, kept_from: Mapping[str, datetime | None]) -> Level:
    span = end - start
    minutes = ROLLUPS["1m"].width * max(max_points, 2000)
    found: Level = "raw" if span <= _RAW_SPAN else "1m" if span <= minutes else "1h"
    above: dict[Level, Level] = {"raw": "1m", "1m": "1h"}
    while found in above and (kept := kept_from[found]) is not None and start < kept:
        found = above[found]
    return found


def _parts(source: str, start: datetime, end: datetime, done: Mapping[str, datetime]) -> Iterator[_Part]:
    """Give each level what it has and the levels below it have not: hours, then minutes, then rows."""
    while source != RAW:
        until = min(end, done.get(source, start))
        if until > start:
            yield _Part(source, start, until)
            start = until
        source = ROLLUPS[source].source
    if end > start:
        yield _Part(RAW, start, end)


def _local_days(start: datetime, end: datetime, zone: str) -> tuple[datetime, datetime]:
    """Widen a span to midnights of a zone."""
    first, last = (at.astimezone(ZoneInfo(zone)) for at in (start, end - timedelta(microseconds=1)))
    first, last = (at.replace(hour=0, minute=0, second=0, microsecond=0) for at in (first, last + timedelta(days=1)))
    return first, last


def _source_of_days(*midnights: datetime) -> str:
    """Hours make days where the zone's midnight is a full hour of UTC; else it takes minutes."""
    is_full_hour = all(at.astimezone(UTC).minute == 0 for at in midnights)
    return "1h" if is_full_hour else "1m"


def _read_rows(
    database: Database, equipment: Equipment, signals: Sequence[str], *, start: datetime, end: datetime
) -> tuple[Times, list[dict[str, Values]]]:
    columns = [f"({value})::float8 AS column_{n}" for n, value in enumerate(_values(equipment, signals))]
    statement = query_text(
        "readings", "rows", columns=", ".join(columns), arrays=_arrays(len(signals)), source=_source(equipment, RAW, len(signals))
    )
    return _columns(database, statement, equipment, signals, {"start": start, "end": end})


def _read_buckets(
    database: Database,
    equipment: Equipment,
    signals: Sequence[str],
    parts: Sequence[_Part],
    *,
    bucket: str,
    values: Mapping[str, object],
) -> tuple[Times, list[dict[str, Values]]]:
    """Read mean, minimum and maximum by bucket; parts of different levels meet in a bucket by their counts."""
    numbers = range(len(signals))
    forms = (
        *(f"sum(mean_{n} * count_{n}) / nullif(sum(count_{n}), 0)" for n in numbers),
        *(f"min(min_{n})" for n in numbers),
        *(f"max(max_{n})" for n in numbers),
    )
    pieces: list[str] = []
    bounds: dict[str, datetime] = {}
    for number, part in enumerate(parts):
        columns = _raw_parts(_values(equipment, signals)) if part.level == RAW else _rollup_parts(signals)
        pieces.append(
            query_text(
                "readings",
                "part",
                number=str(number),
                columns=", ".join(columns),
                source=_source(equipment, part.level, len(signals)),
            ).decode()
        )
        bounds |= {f"start_{number}": part.start, f"end_{number}": part.end}
    if not pieces:
        nothing = {name: np.zeros(0) for name in signals}
        return np.zeros(0, np.int64), [nothing, dict(nothing), dict(nothing)]
    statement = query_text(
        "readings",
        "buckets",
        bucket=bucket,
        columns=", ".join(f"{form} AS column_{n}" for n, form in enumerate(forms)),
        arrays=_arrays(len(forms)),
        parts="\n  UNION ALL\n".join(pieces),
    )
    return _columns(database, statement, equipment, signals, {**values, **bounds})


def _columns(
    database: Database, statement: bytes, equipment: Equipment, signals: Sequence[str], values: Mapping[str, object]
) -> tuple[Times, list[dict[str, Values]]]:
    """Fetch whole columns: no Python object per value on this way either."""
    names = {f"signal_{n}": name for n, name in enumerate(signals)}
    with database.connection() as connection:
        times, *arrays = connection.execute(statement, {"id": equipment.id, **names, **values}, binary=True).fetchone() or ()
    times_us = elements(times, ">i8").astype(np.int64) + EPOCH_2000_US
    decoded = [elements(array, ">f8").astype(np.float64) for array in arrays]
    count = len(signals)
    return times_us, [dict(zip(signals, decoded[n : n + count], strict=True)) for n in range(0, len(decoded), count)]


def _arrays(count: int) -> str:
    return ", ".join(f"array_send(array_agg(coalesce(column_{n}, 'NaN')))" for n in range(count))


def _source(equipment: Equipment, level: str, count: int) -> str:
    if equipment.table != OTHER:
        return f"reading.{quoted(equipment.kind if level == RAW else f'{equipment.kind}_{level}')}"
    # The one-value rows, laid side by side.
    columns = ", ".join(f'max(value) FILTER (WHERE name = %(signal_{n})s) AS "signal_{n}"' for n in range(count))
    return query_text("readings", "other_side_by_side", columns=columns).decode()


def _values(equipment: Equipment, signals: Sequence[str]) -> list[str]:
    """Write signals as SQL; a boolean has neither average nor order, its number has."""
    if equipment.table == OTHER:
        return [quoted(f"signal_{n}") for n in range(len(signals))]
    types = {name: load_kind(equipment.kind).signals[name].type for name in signals}
    return [f"{quoted(name)}::int" if types[name] is SignalType.BOOLEAN else quoted(name) for name in signals]


def _raw_parts(values: Sequence[str]) -> Iterator[str]:
    for n, value in enumerate(values):
        number = f"({value})::float8"
        yield f"{number} AS mean_{n}, {number} AS min_{n}, {number} AS max_{n}, ({value} IS NOT NULL)::int AS count_{n}"


def _rollup_parts(signals: Sequence[str]) -> Iterator[str]:
    for n, name in enumerate(signals):
        low, high, mean, count = (quoted(f"{name}_{part}") for part in ("min", "max", "mean", "count"))
        yield f"{mean} AS mean_{n}, {low}::float8 AS min_{n}, {high}::float8 AS max_{n}, {count} AS count_{n}"


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
