"""Reads signals of many machines onto an even grid, in one statement: the input of analytics.

Steps of whole hours and minutes come from the rollups, others from the rows. A measurement is the mean of its step. A
state is the one that held throughout, and none where it changed; a counter and a code are the highest of the step.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from device_profiles.kind import Role, Signal, SignalType, load_kind
from store.binary_arrays import elements
from store.copy_binary import EPOCH_2000_US
from store.database import Database, quoted
from store.rollups import read_levels
from store.sql_files import query, query_text
from telemetry.bundle import MICROSECONDS

Column = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Grid = dict[str, Column]
"""Of each signal the values, shape (steps,); float32 where the kind says real."""
_HOUR_SECONDS, _MINUTE_SECONDS = 3600.0, 60.0
_HOURS, _MINUTES = "1h", "1m"


class MadeUntil(NamedTuple):
    """The instants up to which grids are complete; rows are as complete as the minutes above them."""

    minutes: datetime
    hours: datetime | None
    """None before the first hour has been made."""

    def of(self, step_seconds: float) -> datetime | None:
        return self.hours if step_seconds % _HOUR_SECONDS == 0 else self.minutes


def made_until(database: Database) -> MadeUntil | None:
    """Tell how far the rollups are; None before anything has come."""
    levels = read_levels(database)
    minutes, hours = levels[_MINUTES][1], levels[_HOURS][1]
    return None if minutes is None else MadeUntil(minutes, hours)


def read_grids(
    database: Database,
    kind: str,
    equipment_ids: Sequence[int],
    signals: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    step_seconds: float,
) -> dict[int, Grid]:
    """Read ``[start, end)`` of machines of one kind.

    A machine without any row there is left out; a signal without a value in a step is NaN there.
    """
    of_kind = load_kind(kind).signals
    names = [name for name in signals if of_kind[name].is_numeric]
    level = _HOURS if step_seconds % _HOUR_SECONDS == 0 else _MINUTES if step_seconds % _MINUTE_SECONDS == 0 else ""
    columns = [_from_rollup(name, of_kind[name]) if level else _from_rows(name, of_kind[name]) for name in names]
    widths = ["float4" if of_kind[name].type is SignalType.REAL else "float8" for name in names]
    statement = query_text(
        "readings",
        "grids",
        columns="".join(f", ({sql})::{width} AS column_{n}" for n, (sql, width) in enumerate(zip(columns, widths, strict=True))),
        arrays="".join(f", array_send(array_agg(coalesce(column_{n}, 'NaN')))" for n in range(len(names))),
        source=f"reading.{quoted(f'{kind}_{level}' if level else kind)}",
    )
    values = {"ids": list(equipment_ids), "start": start, "end": end}
    with database.connection() as connection:
        rows = connection.execute(statement, values, binary=True).fetchall()
    start_us, step_us = round(start.timestamp() * MICROSECONDS), round(step_seconds * MICROSECONDS)
    steps = -(-(round(end.timestamp() * MICROSECONDS) - start_us) // step_us)
    found: dict[int, Grid] = {}
    for equipment_id, times, *arrays in rows:
        steps_of_rows = (elements(times, ">i8").astype(np.int64) + EPOCH_2000_US - start_us) // step_us
        place = _Places.of(steps_of_rows, steps)
        found[equipment_id] = {
            name: place.put(_array(array, width), of_kind[name]) for name, array, width in zip(names, arrays, widths, strict=True)
        }
    return found


class LateSpan(NamedTuple):
    """Minutes of a machine that were made anew after they had been used."""

    id: int
    equipment_id: int
    start: datetime
    end: datetime


def late_spans(database: Database, *, limit: int = 1000) -> list[LateSpan]:
    """Give what has come late, oldest note first; `forget_late_spans` when it has been dealt with."""
    with database.connection() as connection:
        return [LateSpan(*row) for row in connection.execute(query("results", "late_spans"), [limit])]


def forget_late_spans(database: Database, spans: Collection[LateSpan]) -> None:
    with database.connection() as connection:
        connection.execute(query("results", "forget_late_spans"), [[span.id for span in spans]])


class _Places(NamedTuple):
    """Where the rows of a machine go."""

    steps: int
    firsts: npt.NDArray[np.intp]
    """Index of the first row of each step that has one."""
    at: npt.NDArray[np.int64]
    """These steps."""
    is_one_each: bool

    @classmethod
    def of(cls, steps_of_rows: npt.NDArray[np.int64], steps: int) -> "_Places":
        at, firsts = np.unique(steps_of_rows, return_index=True)
        return cls(steps, firsts, at, len(at) == len(steps_of_rows))

    def put(self, values: Column, signal: Signal) -> Column:
        column = np.full(self.steps, np.nan, values.dtype)
        column[self.at] = values if self.is_one_each else _gathered(values, self.firsts, signal)
        return column


def _gathered(values: Column, firsts: npt.NDArray[np.intp], signal: Signal) -> npt.NDArray[np.float64]:
    """Make one value of the rows of each step."""
    known = ~np.isnan(values)
    count = np.add.reduceat(known.astype(np.int64), firsts)
    if _is_highest(signal):
        highest = np.maximum.reduceat(np.where(known, values, -np.inf), firsts)
        return np.where(count > 0, highest, np.nan)
    if _is_state(signal):
        highest = np.maximum.reduceat(np.where(known, values, -np.inf), firsts)
        lowest = np.minimum.reduceat(np.where(known, values, np.inf), firsts)
        return np.where(highest == lowest, highest, np.nan)
    total = np.add.reduceat(np.where(known, values, 0).astype(np.float64), firsts)
    mean: npt.NDArray[np.float64] = np.divide(total, count, out=np.full(len(firsts), np.nan), where=count > 0)
    return mean


def _is_state(signal: Signal) -> bool:
    return signal.type in (SignalType.ENUM, SignalType.BOOLEAN)


def _is_highest(signal: Signal) -> bool:
    return signal.type is SignalType.INTEGER or signal.role is Role.COUNTER


def _from_rollup(name: str, signal: Signal) -> str:
    low, high, mean = (quoted(f"{name}_{part}") for part in ("min", "max", "mean"))
    if _is_highest(signal):
        return high
    return f"CASE WHEN {low} = {high} THEN {high} END" if _is_state(signal) else mean


def _from_rows(name: str, signal: Signal) -> str:
    return f"{quoted(name)}::int" if signal.type is SignalType.BOOLEAN else quoted(name)


def _array(array: bytes, width: str) -> Column:
    if width == "float4":
        return elements(array, ">f4").astype(np.float32)
    return elements(array, ">f8").astype(np.float64)
