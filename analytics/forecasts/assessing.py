"""Holds a month of a plant's forecasts, as they were issued, against the rule sets of the grid."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.forecasts.plant import STEP, Actual, Plant, quarter, ratings_kw, read_actual
from analytics.power_forecast.assessment import Assessed, assess
from analytics.power_forecast.features import HORIZONS, ULTRA_SHORT
from analytics.power_forecast.grid_rules import RuleSet, read_rule_sets
from analytics.window import Flags, FloatArray
from store.database import Database
from store.forecasts import power, power_span
from store.grids import made_until
from telemetry.errors import ConfigError

PLANTS = {"wind_turbine": "wind", "pv_inverter": "solar"}
"""Kinds of equipment as rule sets call their plants."""
_SUN = 20.0
"""[W/m²] of irradiance, above which it is day."""
_DAY_SHARE = 0.005
"""Of the capacity: a plant that gives more stands in the sun, whatever its irradiance sensor says."""


class Assessment(NamedTuple):
    """What one rule set says of one horizon."""

    rule_set: RuleSet
    month: list[Assessed]
    """One for each rule."""
    days: list[Assessed]


def month_of(text: str, zone: str) -> tuple[datetime, datetime]:
    """Give the begin and the end of a local month like ``2026-11``.

    Raises
    ------
    ConfigError
        If it is none.
    """
    try:
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        first = None
    if first is None or len(text) != len("2026-11") or not 1971 <= first.year <= 2500:
        raise ConfigError(f"{text[:20]!r} is not a month; one looks like 2026-11")
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.astimezone(UTC), after.astimezone(UTC)


def months_of(database: Database, plant: Plant, *, now: datetime) -> list[str]:
    """Name the local months that there are forecasts for, up to now, the newest first."""
    zone = ZoneInfo(plant.zone)
    spans = [span for horizon in HORIZONS if (span := power_span(database, plant.gateway, plant.kind, horizon)) is not None]
    if not spans:
        return []
    first = min(span[0] for span in spans).astimezone(zone)
    last = min(max(span[1] for span in spans), now).astimezone(zone)
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in reversed(numbers)]


def assess_plant(database: Database, plant: Plant, month: str) -> list[Assessment]:
    """Assess a local month, as far as power has come; the first one from the first forecast on.

    Of the next four hours the longest lead counts, as the rules have it; a quarter that nothing was issued for lowers the
    reporting rate.

    Raises
    ------
    NotEvaluated
        If a nameplate names no rated power.
    ConfigError
        If that is no month.
    """
    start, end = month_of(month, plant.zone)
    ratings = ratings_kw(database, plant)
    until = made_until(database)
    end = min(end, start if until is None else quarter(until.minutes))
    if start >= end:
        return []
    actual = read_actual(database, plant, ratings, start=start, end=end)
    capacity = sum(ratings.values())
    found = []
    for horizon in HORIZONS:
        span = power_span(database, plant.gateway, plant.kind, horizon)
        if span is None or span[0] >= end:
            continue
        issued = _issued(database, plant, horizon, start, end)
        due = slice(max((span[0] - start) // STEP, 0), None)
        for rule_set in read_rule_sets():
            if (rule_set.plant, rule_set.horizon) != (PLANTS[plant.kind], horizon):
                continue
            judged = assess(
                rule_set,
                actual.times_us[due],
                actual.power_kw[due],
                issued[due],
                capacity,
                zone=ZoneInfo(plant.zone),
                curtailed=actual.curtailed[due],
                daylight=_daylight(actual, issued, capacity)[due],
            )
            whole = [one for one in judged if one.span == month]
            found.append(Assessment(rule_set, whole, [one for one in judged if one.span != month]))
    return found


def _issued(database: Database, plant: Plant, horizon: str, start: datetime, end: datetime) -> FloatArray:
    least_lead = (HORIZONS[ULTRA_SHORT] - 1) * STEP if horizon == ULTRA_SHORT else timedelta(0)
    found = np.full((end - start) // STEP, np.nan)
    for row in power(database, plant.gateway, plant.kind, horizon, start=start, end=end, least_lead=least_lead):
        found[(row.valid_at - start) // STEP] = row.mean_kw
    return found


def _daylight(actual: Actual, issued: FloatArray, capacity_kw: float) -> Flags:
    """Tell where the sun is up, from what is measured; where nothing measures it, from what is forecast."""
    gives = (actual.power_kw > _DAY_SHARE * capacity_kw) | (actual.measured > _SUN)
    if np.isnan(actual.measured).all():
        gives |= issued > _DAY_SHARE * capacity_kw
    return np.asarray(gives)
