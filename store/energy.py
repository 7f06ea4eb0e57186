"""Hours of signals for many machines of a kind at once, as analytics of energy want them: machines by hours, without holes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from device_profiles.kind import Kind
from store.binary_arrays import elements
from store.copy_binary import EPOCH_2000_US
from store.database import Database, quoted
from store.kind_tables import RAW, ROLLUPS
from store.rollups import floor, read_levels
from store.sql_files import query_text

FloatArray = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
_HOUR_US = 3_600_000_000
MOST_MACHINES = 300
"""A row of rollups holds all signals of its machine, some kilobytes: a month of 300 machines is a second's reading."""
MOST_MACHINE_HOURS = 450_000
_OVER_HOUR = {
    "low": "min(low_{n})",
    "high": "max(high_{n})",
    "mean": "sum(mean_{n} * count_{n}) / nullif(sum(count_{n}), 0)",
    "count": "sum(count_{n})::float8",
}
"""What there is of each signal."""
_OF_ROLLUP = {"low": "min", "high": "max", "mean": "mean", "count": "count"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalHours:
    """One signal of all machines; each array has a row a machine and a column an hour, NaN where there is nothing."""

    low: FloatArray
    high: FloatArray
    mean: FloatArray
    count: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class HourGrid:
    """Machines by hours; ``start`` is a full hour of UTC."""

    ids: list[int]
    start: datetime
    hours: int
    signals: Mapping[str, SignalHours]

    @property
    def times(self) -> list[datetime]:
        return [self.start + n * HOUR for n in range(self.hours)]


def read_hours(
    database: Database, kind: Kind, ids: Sequence[int], signals: Sequence[str], *, start: datetime, end: datetime
) -> HourGrid:
    """Read signals of machines of one kind over ``[start, end)``, widened to full hours of UTC, up to the newest row.

    Raises
    ------
    ValueError
        If that is more than `MOST_MACHINES`, or than `MOST_MACHINE_HOURS`.
    """
    low, high = floor(start.astimezone(UTC), HOUR), -(-(end - datetime(2000, 1, 1, tzinfo=UTC)) // HOUR)
    hours = high - (low - datetime(2000, 1, 1, tzinfo=UTC)) // HOUR
    if len(ids) > MOST_MACHINES or len(ids) * hours > MOST_MACHINE_HOURS:
        raise ValueError(
            f"{len(ids)} machines over {hours} hours; at most {MOST_MACHINES}, and {MOST_MACHINE_HOURS} hours in all"
        )
    table = {(name, form): np.full((len(ids), hours), np.nan) for name in signals for form in _OVER_HOUR}
    if ids and signals and hours > 0:
        _fill(table, database, kind, ids, signals, start=low, end=low + hours * HOUR)
    return HourGrid(
        ids=list(ids),
        start=low,
        hours=hours,
        signals={name: SignalHours(**{form: table[name, form] for form in _OVER_HOUR}) for name in signals},
    )


def _fill(
    table: Mapping[tuple[str, str], FloatArray],
    database: Database,
    kind: Kind,
    ids: Sequence[int],
    signals: Sequence[str],
    *,
    start: datetime,
    end: datetime,
) -> None:
    pieces: list[str] = []
    values: dict[str, object] = {"ids": list(ids)}
    for number, (level, first, last) in enumerate(_parts(database, start, end)):
        columns = [
            f"({_column(what, name, level)})::float8 AS {what}_{n}" for n, name in enumerate(signals) for what in _OVER_HOUR
        ]
        source = f"reading.{quoted(kind.name if level == RAW else f'{kind.name}_{level}')}"
        part = query_text("energy", "part", columns=", ".join(columns), source=source, number=str(number))
        pieces.append(part.decode())
        values |= {f"start_{number}": first, f"end_{number}": last}
    keys = [(n, name, what) for n, name in enumerate(signals) for what in _OVER_HOUR]
    statement = query_text(
        "energy",
        "hours",
        parts="\n  UNION ALL\n".join(pieces),
        columns=", ".join(f"{_OVER_HOUR[what].format(n=n)} AS {what}_{n}" for n, _, what in keys),
        arrays=", ".join(f"array_send(array_agg(coalesce({what}_{n}, 'NaN')))" for n, _, what in keys),
    )
    with database.connection() as connection:
        machines, times, *arrays = connection.execute(statement, values, binary=True).fetchone() or ()
    places = {equipment_id: place for place, equipment_id in enumerate(ids)}
    rows = np.array([places[number] for number in elements(machines, ">i4").tolist()], np.int64)
    start_us = round(start.timestamp()) * 1_000_000
    columns_of = (elements(times, ">i8").astype(np.int64) + EPOCH_2000_US - start_us) // _HOUR_US
    for array, (_, name, what) in zip(arrays, keys, strict=True):
        table[name, what][rows, columns_of] = elements(array, ">f8").astype(np.float64)


def _column(what: str, name: str, level: str) -> str:
    if level != RAW:
        return quoted(f"{name}_{_OF_ROLLUP[what]}")
    return f"({quoted(name)} IS NOT NULL)::int" if what == "count" else quoted(name)


def _parts(database: Database, start: datetime, end: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Give each level what it has and the levels above have not: hours, then minutes, then rows."""
    done = {name: done_until for name, (_, done_until) in read_levels(database).items()}
    for level in (*reversed(ROLLUPS), RAW):
        until = end if level == RAW else min(end, done[level] or start)
        if until > start:
            yield level, start, until
            start = until
