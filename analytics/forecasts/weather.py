"""Weather forecasts between tables, the database and models."""

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from analytics.power_forecast import weather_file
from analytics.power_forecast.frame import WEATHER
from analytics.power_forecast.weather_file import Issues
from store.forecasts import WeatherRow
from telemetry.bundle import MICROSECONDS
from telemetry.errors import ConfigError

_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)


def read_rows(file: Path, *, zone: str) -> list[WeatherRow]:
    """Read a table as `weather_file` describes it.

    Raises
    ------
    ConfigError
        With what is wrong, by line and column.
    """
    return _rows_of(weather_file.read_weather(file, zone=ZoneInfo(zone)), file)


def read_upload(content: bytes, *, name: str, zone: str) -> list[WeatherRow]:
    """Read a table that did not come as a file; errors name it as its sender does."""
    with tempfile.TemporaryDirectory(prefix="shangyun-weather-") as folder:
        file = Path(folder, "weather.csv")
        file.write_bytes(content)
        try:
            return read_rows(file, zone=zone)
        except ConfigError as error:
            raise ConfigError(*(replace(problem, file=Path(name)) for problem in error.problems)) from None


def require_field(rows: Sequence[WeatherRow], drivers: Collection[str], *, file: Path) -> None:
    """Refuse a table without any field that drives the power of the plants that it is for.

    Raises
    ------
    ConfigError
    """
    if drivers and not any(name in row.fields for row in rows for name in drivers):
        raise ConfigError(f"holds none of {', '.join(sorted(drivers))}, from which power is forecast", file=file)


def issues_of(rows: Sequence[WeatherRow]) -> Issues:
    """Lay rows out as columns, a column for each field that is known."""
    ordered = sorted(rows, key=lambda row: (row.issued_at, row.valid_at))
    times = [np.array([_us(getattr(row, name)) for row in ordered], np.int64) for name in ("issued_at", "valid_at")]
    columns = {name: np.array([row.fields.get(name, np.nan) for row in ordered], float) for name in WEATHER}
    return Issues(times[0], times[1], {name: column for name, column in columns.items() if not np.isnan(column).all()})


def _rows_of(issues: Issues, file: Path) -> list[WeatherRow]:
    names = list(issues.fields)
    table = np.column_stack([issues.fields[name] for name in names]).tolist()
    try:
        times = [[datetime.fromtimestamp(us / MICROSECONDS, UTC) for us in of.tolist()] for of in issues[:2]]
    except (ValueError, OverflowError, OSError):
        times = [[datetime.min.replace(tzinfo=UTC)]]
    if not all(_FIRST <= at < _LAST for of in times for at in of):
        raise ConfigError(f"holds times beyond {_FIRST.year} to {_LAST.year}", file=file)
    return [
        WeatherRow(issued, valid, {name: value for name, value in zip(names, values, strict=True) if value == value})  # noqa: PLR0124 - not NaN
        for issued, valid, values in zip(*times, table, strict=True)
    ]


def _us(at: datetime) -> int:
    return round(at.timestamp() * MICROSECONDS)
