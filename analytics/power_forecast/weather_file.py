"""Weather forecasts from a table, and which of several is known when a power forecast is issued.

::

    issued_at,valid_at,wind_speed,wind_direction
    2026-03-05T08:00+08:00,2026-03-06T00:00+08:00,7.4,310
    2026-03-05T08:00+08:00,2026-03-06T01:00+08:00,7.9,

The columns after the times are fields of `frame.WEATHER` in its units, as many as the weather service gives; an empty cell is
not known.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.power_forecast.features import LOOKS_AHEAD
from analytics.power_forecast.frame import STEP_SECONDS, WEATHER
from analytics.window import FloatArray
from telemetry.bundle import MICROSECONDS
from telemetry.errors import ConfigError, Problem

Instants = npt.NDArray[np.int64]
TIMES = ("issued_at", "valid_at")
RANGES = {
    "wind_speed": (0, 100),
    "wind_direction": (0, 360),
    "temperature": (-90, 60),
    "pressure": (400, 1100),
    "humidity": (0, 110),
    "irradiance": (-20, 1600),
    "cloud_cover": (0, 100),
}
"""Beyond them a column is in another unit (kelvin, Pa), or a number stands for "not known"."""
MOST_PROBLEMS = 20
WIDEST_SECONDS = 3 * 3600
"""Between two instants of an issue that are further apart nothing is interpolated."""


class Issues(NamedTuple):
    """Rows of all issues, by time of issue and then by the instant that they are for."""

    issued_us: Instants
    valid_us: Instants
    fields: Mapping[str, FloatArray]
    """NaN where not known."""


def read_weather(file: Path, *, zone: ZoneInfo | None = None) -> Issues:
    """Read a table of weather forecasts.

    Parameters
    ----------
    zone : ZoneInfo, optional
        Of times that name none; without it they must name one.

    Raises
    ------
    ConfigError
        With what is wrong, by line and column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(file, header)
            table = _Table(file, header, zone)
            for row in reader:
                if any(cell.strip() for cell in row):
                    table.add(reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    return table.issues()


def newest(issues: Issues, times_us: Instants, *, known_us: int | Instants) -> dict[str, FloatArray]:
    """Give for each instant the newest weather forecast that had been issued by then.

    Between two instants of the same issue weather is interpolated, directions the short way round. What the newest issue does
    not say is taken from the one before.

    Parameters
    ----------
    times_us : ndarray, shape (n,)
        That weather is wanted for.
    known_us : int or ndarray of shape (n,)
        When the power forecast is issued, of each instant; a weather forecast that was issued later does not count.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        NaN where nothing had been issued.
    """
    found = {name: np.full(len(times_us), np.nan) for name in issues.fields}
    known = np.broadcast_to(np.asarray(known_us, np.int64), times_us.shape)
    starts = np.flatnonzero(np.diff(issues.issued_us, prepend=np.iinfo(np.int64).min))
    for first, end in pairwise([*starts.tolist(), len(issues.issued_us)]):
        valid = issues.valid_us[first:end]
        there = np.flatnonzero((known >= issues.issued_us[first]) & (times_us >= valid[0]) & (times_us <= valid[-1]))
        if len(there):
            for name, column in issues.fields.items():
                new = _between(valid, column[first:end], times_us[there], is_direction=name == "wind_direction")
                found[name][there] = np.where(np.isnan(new), found[name][there], new)
    return found


def known_in_training(known_us: Instants) -> Instants:
    """Give until when weather counts in a frame to learn from, whose rows are for power forecasts issued at ``known_us``.

    A target's features read the weather of the hours after it (`features.LOOKS_AHEAD`), and that must not come from an issue
    which the target's own forecast could not know. Apply `newest` with the earlier of this and the present.

    Parameters
    ----------
    known_us : ndarray, shape (n,)
        Of each row of a frame, when its power forecast is issued; not descending.
    """
    early = known_us[0] - LOOKS_AHEAD * STEP_SECONDS * MICROSECONDS
    return np.concatenate([np.full(LOOKS_AHEAD, early), known_us])[: len(known_us)]


def _between(valid: Instants, column: FloatArray, times_us: Instants, *, is_direction: bool) -> FloatArray:
    there = ~np.isnan(column)
    if not there.any():
        return np.full(len(times_us), np.nan)
    valid, column = valid[there], column[there]
    after = np.clip(np.searchsorted(valid, times_us), 0, len(valid) - 1)
    before = np.where(valid[after] == times_us, after, np.maximum(after - 1, 0))
    span = valid[after] - valid[before]
    inside = (times_us >= valid[before]) & (times_us <= valid[after]) & (span <= WIDEST_SECONDS * MICROSECONDS)
    share = (times_us - valid[before]) / np.maximum(span, 1)
    change = column[after] - column[before]
    if is_direction:
        change = (change + 180) % 360 - 180
    value = column[before] + share * change
    return np.where(inside, value % 360 if is_direction else value, np.nan)


def _check_header(file: Path, header: list[str]) -> None:
    def wrong(message: str, name: str) -> Problem:
        return Problem(message=message, file=file, line=1, key=name or "(no name)")

    problems = [wrong("this column is missing", name) for name in TIMES if name not in header]
    problems += [wrong("this column is there twice", name) for name in dict.fromkeys(header) if header.count(name) > 1]
    problems += [
        wrong(f"no such column; known: {', '.join((*TIMES, *WEATHER))}", name)
        for name in header
        if name not in (*TIMES, *WEATHER)
    ]
    if not problems and len(header) == len(TIMES):
        problems.append(wrong(f"at least one field is needed: {', '.join(WEATHER)}", header[-1]))
    if problems:
        raise ConfigError(*problems)


class _Table:
    """Rows as far as they have been read, with all mistakes."""

    def __init__(self, file: Path, header: list[str], zone: ZoneInfo | None) -> None:
        self._file, self._header, self._zone = file, header, zone
        self._rows: dict[tuple[int, int], list[float]] = {}
        self._problems: list[Problem] = []

    def add(self, line: int, row: list[str]) -> None:
        if len(row) != len(self._header):
            self._wrong(line, None, f"{len(row)} cells, the header has {len(self._header)}")
            return
        cells = dict(zip(self._header, (cell.strip() for cell in row), strict=True))
        issued, valid = (self._instant(line, name, cells[name]) for name in TIMES)
        values = list(self._values(line, cells))
        if issued is None or valid is None:
            return
        if (issued, valid) in self._rows:
            self._wrong(line, "valid_at", f"{cells['valid_at']} is there already in the issue of {cells['issued_at']}")
        self._rows[issued, valid] = values

    def issues(self) -> Issues:
        if self._problems:
            raise ConfigError(*self._problems[:MOST_PROBLEMS])
        if not self._rows:
            raise ConfigError("has no rows", file=self._file)
        order = sorted(self._rows)
        times = np.array(order, np.int64)
        values = np.array([self._rows[key] for key in order])
        names = [name for name in self._header if name not in TIMES]
        return Issues(times[:, 0], times[:, 1], {name: values[:, number] for number, name in enumerate(names)})

    def _wrong(self, line: int, key: str | None, message: str) -> None:
        self._problems.append(Problem(message=message, file=self._file, line=line, key=key))

    def _instant(self, line: int, name: str, text: str) -> int | None:
        try:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None and self._zone is None:
                self._wrong(line, name, f"{text!r} names no time zone, and none is given for the file")
                return None
            return round((at if at.tzinfo else at.replace(tzinfo=self._zone)).timestamp()) * MICROSECONDS
        except (ValueError, OverflowError):
            self._wrong(line, name, f"{text!r} is not a time, such as 2026-03-06T16:00+08:00")
            return None

    def _values(self, line: int, cells: Mapping[str, str]) -> Iterator[float]:
        for name, text in cells.items():
            if name in TIMES:
                continue
            try:
                value = float(text or "nan")
            except ValueError:
                self._wrong(line, name, f"{text!r} is not a number")
                continue
            low, high = RANGES[name]
            if value < low or value > high:
                self._wrong(line, name, f"{text} {WEATHER[name]} cannot be; {low} to {high} can, an empty cell is not known")
            yield value
