"""Issues forecasts of a plant's power: the next four hours, and the next day."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.forecasts.frames import read_frame
from analytics.forecasts.plant import STEP, Plant, quarter, ratings_kw
from analytics.power_forecast import forecaster, intervals
from analytics.power_forecast.features import HORIZONS, ULTRA_SHORT
from analytics.power_forecast.frame import STEP_SECONDS, STEPS_A_DAY, Frame, Indices
from analytics.window import FloatArray
from store.database import Database
from store.forecasts import Issue, PowerRow, add_power, power
from telemetry.bundle import MICROSECONDS

_PAST = timedelta(days=10)
"""Features look back a week; the rest tells how well the intervals have held of late."""
_AFTER = timedelta(hours=6)
"""Features look so far beyond the last target, for a front that comes late."""
_LATE_QUARTERS = 4
"""Power that is not there yet may be so many quarters behind; beyond, the weather alone tells."""


class Issued(NamedTuple):
    """What came of an issue."""

    quarters: int
    missing: int
    """Quarters that there is no weather forecast for; they are not made up."""


def targets_of(horizon: str, issued_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give the span that is forecast at an instant: the next 16 quarters, or the whole next local day."""
    if horizon == ULTRA_SHORT:
        return issued_at, issued_at + HORIZONS[ULTRA_SHORT] * STEP
    tomorrow = issued_at.astimezone(zone).date() + timedelta(days=1)
    first, last = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (tomorrow, tomorrow + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def issue(
    database: Database, plant: Plant, horizon: str, *, issued_at: datetime, model_id: int, model: Mapping[str, Any]
) -> Issued:
    """Forecast with what is known at ``issued_at``, a quarter of an hour, and keep it.

    Raises
    ------
    NotEvaluated
        If a nameplate names no rated power.
    """
    zone = ZoneInfo(plant.zone)
    first, last = targets_of(horizon, issued_at, zone)
    start = quarter(issued_at - _PAST)
    frame, _ = read_frame(
        database,
        plant,
        ratings_kw(database, plant),
        start=start,
        end=last + _AFTER,
        as_of=issued_at,
        horizon=horizon,
        issue_hour=float(model["issue_hour"]),
    )
    rows = np.arange((first - start) // STEP, (last - start) // STEP, dtype=np.intp)
    here = (issued_at - start) // STEP
    known = np.full(len(rows), _known_rows(frame, here), np.intp)
    asked = _asked(database, plant, horizon, frame, model_id=model_id, model=model, until=issued_at)
    made = forecaster.predict(model, frame, rows, known, zone=zone, probabilities=asked)
    there = ~np.isnan(made.mean_kw)
    if there.any():
        add_power(
            database,
            Issue(
                gateway=plant.gateway,
                kind=plant.kind,
                horizon=horizon,
                issued_at=issued_at,
                valid_at=[datetime.fromtimestamp(at / MICROSECONDS, UTC) for at in made.times_us[there].tolist()],
                mean_kw=made.mean_kw[there].tolist(),
                floor_kw=made.floor_kw[there].tolist(),
                quantiles_kw=made.quantiles_kw[:, there].T.tolist(),
                model_id=model_id,
            ),
        )
    return Issued(int(there.sum()), int((~there).sum()))


def _known_rows(frame: Frame, here: int) -> int:
    """Give how many rows of power there are at the issue; the newest quarter may not have been made yet."""
    recent = ~np.isnan(frame.power_kw[max(here - _LATE_QUARTERS, 0) : here])
    return here - int(recent[::-1].argmax()) if recent.any() else here


def _asked(
    database: Database,
    plant: Plant,
    horizon: str,
    frame: Frame,
    *,
    model_id: int,
    model: Mapping[str, Any],
    until: datetime,
) -> FloatArray:
    """Correct the probabilities by how often this model's quantiles have covered on the days before."""
    steps = HORIZONS[ULTRA_SHORT] if horizon == ULTRA_SHORT else 1
    start = datetime.fromtimestamp(frame.start_us / MICROSECONDS, UTC)
    before = power(database, plant.gateway, plant.kind, horizon, start=start, end=until, least_lead=(steps - 1) * STEP)
    mean = laid_out([one for one in before if one.model_id == model_id], "mean_kw", frame)
    end = (until - start) // STEP
    ends: Indices = np.arange(end % STEPS_A_DAY, end + 1, STEPS_A_DAY, dtype=np.intp)
    corrected = intervals.running_probabilities(
        model["intervals"][-1], mean, frame.power_kw, ends, highest=float(model["capacity_kw"])
    )
    return np.asarray(corrected[-1], float)


def laid_out(rows: list[PowerRow], column: str, frame: Frame) -> FloatArray:
    """Lay a column of forecasts on the rows of a frame; NaN where there is none."""
    laid = np.full(len(frame), np.nan)
    for one in rows:
        value = getattr(one, column)
        place = (round(one.valid_at.timestamp()) * MICROSECONDS - frame.start_us) // (STEP_SECONDS * MICROSECONDS)
        if value is not None and 0 <= place < len(frame):
            laid[place] = value
    return laid
