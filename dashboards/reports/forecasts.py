"""Forecasts of a plant's power beside what came of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.forecasts.plant import STEP, Plant, list_plants, quarter, read_actual
from analytics.power_forecast.features import HORIZONS, ULTRA_SHORT
from analytics.power_forecast.frame import STEP_SECONDS
from analytics.power_forecast.intervals import LEVELS
from analytics.window import FloatArray
from dashboards.security.access import Viewer
from dashboards.settings import WebSettings
from store.database import Database
from store.forecasts import PowerRow, issue, last_issue, power, power_span
from telemetry.bundle import MICROSECONDS

MOST_DAYS = 31
"""Quarters of an hour that one answer may hold; and so many days of a plant's minutes are read in about a second."""
MEDIAN = LEVELS.index(0.5)
BANDS = {round(100 * (LEVELS[-1 - place] - low)): (place, len(LEVELS) - 1 - place) for place, low in enumerate(LEVELS[:MEDIAN])}
"""Percent to the places of both bounds among the levels, the widest first."""


@dataclass(frozen=True, kw_only=True)
class ForecastReport:
    """Columns over quarters of an hour; NaN where nothing was forecast or has come."""

    plant: Plant
    horizon: str
    times_us: npt.NDArray[np.int64]
    mean_kw: FloatArray
    floor_kw: FloatArray
    quantiles_kw: FloatArray
    """Shape (levels, n)."""
    actual_kw: FloatArray
    issued_us: npt.NDArray[np.int64]
    """0 where there is none."""

    @property
    def has_forecast(self) -> bool:
        return bool((~np.isnan(self.mean_kw)).any())

    def bands(self) -> dict[int, tuple[list[float], list[float]]]:
        return {
            percent: (self.quantiles_kw[low].tolist(), self.quantiles_kw[high].tolist()) for percent, (low, high) in BANDS.items()
        }


def plants_of(database: Database, viewer: Viewer, settings: WebSettings) -> list[Plant]:
    """Name the plants that a viewer sees."""
    return list_plants(database, gateways=viewer.gateways, default_zone=settings.time_zone)


def forecasts_between(database: Database, plant: Plant, horizon: str, start: datetime, end: datetime) -> ForecastReport:
    """Give of each quarter in ``[start, end)`` the newest forecast."""
    first, last = quarter(start), quarter(end)
    rows = power(database, plant.gateway, plant.kind, horizon, start=first, end=last)
    return _report(database, plant, horizon, rows, start=first, end=last)


def newest_days(database: Database, plant: Plant, horizon: str, *, days: int = 2) -> tuple[datetime, datetime] | None:
    """Give the span of the last local days that there is a forecast for."""
    span = power_span(database, plant.gateway, plant.kind, horizon)
    if span is None:
        return None
    zone = ZoneInfo(plant.zone)
    last = span[1].astimezone(zone).date()
    first, after = last - timedelta(days=days - 1), last + timedelta(days=1)
    start, end = (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in (first, after))
    return start, end


def newest_hours(database: Database, plant: Plant) -> ForecastReport | None:
    """Give the newest forecast of the next hours, after as many hours of what came."""
    issued = last_issue(database, plant.gateway, plant.kind, ULTRA_SHORT)
    if issued is None:
        return None
    span = HORIZONS[ULTRA_SHORT] * STEP
    rows = issue(database, plant.gateway, plant.kind, ULTRA_SHORT, issued)
    return _report(database, plant, ULTRA_SHORT, rows, start=quarter(issued - span), end=quarter(issued + span))


def number(value: float | None, digits: int = 7) -> float | None:
    return None if value is None or math.isnan(value) else float(f"{value:.{digits}g}")


def _report(
    database: Database, plant: Plant, horizon: str, rows: Sequence[PowerRow], *, start: datetime, end: datetime
) -> ForecastReport:
    steps = (end - start) // STEP
    start_us = round(start.timestamp()) * MICROSECONDS
    mean, floor, quantiles = np.full(steps, np.nan), np.full(steps, np.nan), np.full((len(LEVELS), steps), np.nan)
    issued = np.zeros(steps, np.int64)
    for row in rows:
        place = (row.valid_at - start) // STEP
        mean[place], quantiles[:, place] = row.mean_kw, row.quantiles_kw
        floor[place] = np.nan if row.floor_kw is None else row.floor_kw
        issued[place] = round(row.issued_at.timestamp() * MICROSECONDS)
    return ForecastReport(
        plant=plant,
        horizon=horizon,
        times_us=start_us + np.arange(steps, dtype=np.int64) * STEP_SECONDS * MICROSECONDS,
        mean_kw=mean,
        floor_kw=floor,
        quantiles_kw=quantiles,
        actual_kw=read_actual(database, plant, {}, start=start, end=end).power_kw,
        issued_us=issued,
    )
