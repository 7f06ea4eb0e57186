"""Weather and power of a plant side by side, as models read them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.forecasts.plant import Actual, Plant, read_actual
from analytics.forecasts.weather import issues_of
from analytics.power_forecast.features import HORIZONS, ULTRA_SHORT
from analytics.power_forecast.frame import STEP_SECONDS, Frame, local_days
from analytics.power_forecast.weather_file import WIDEST_SECONDS, Instants, known_in_training, newest
from store.database import Database
from store.forecasts import weather
from telemetry.bundle import MICROSECONDS

_BETWEEN = timedelta(seconds=WIDEST_SECONDS)


class Side(NamedTuple):
    """A frame, and what of it came true with the quarters that the frame leaves out."""

    frame: Frame
    actual: Actual


def read_frame(
    database: Database,
    plant: Plant,
    ratings: dict[int, float],
    *,
    start: datetime,
    end: datetime,
    as_of: datetime,
    horizon: str,
    issue_hour: float,
) -> Side:
    """Read ``[start, end)``, both on quarters, as it was known at ``as_of``; power that was curtailed is NaN.

    The weather of what was over by then is that which its own forecast could know.
    """
    actual = read_actual(database, plant, ratings, start=start, end=end)
    issues = issues_of(weather(database, plant.gateway, start=start - _BETWEEN, end=end + _BETWEEN, issued_until=as_of))
    as_of_us, times_us = round(as_of.timestamp() * MICROSECONDS), actual.times_us
    known_us = known_in_training(_issued_us(times_us, horizon, ZoneInfo(plant.zone), issue_hour))
    known_us = np.where(times_us >= as_of_us, as_of_us, np.minimum(known_us, as_of_us))
    frame = Frame(
        start_us=actual.start_us,
        power_kw=np.where(actual.curtailed, np.nan, actual.power_kw),
        measured=actual.measured,
        weather=newest(issues, times_us, known_us=known_us),
        capacity_kw=sum(ratings.values()),
        driver=plant.driver,
    )
    return Side(frame, actual)


def _issued_us(times_us: Instants, horizon: str, zone: ZoneInfo, issue_hour: float) -> Instants:
    """Give of each quarter when its forecast is issued: of the next hours at the longest lead, else the day before."""
    if horizon == ULTRA_SHORT:
        return times_us - (HORIZONS[ULTRA_SHORT] - 1) * STEP_SECONDS * MICROSECONDS
    days, _ = local_days(times_us, zone)
    distinct, place = np.unique(days, return_inverse=True)
    midnights = [datetime(1970, 1, 1, tzinfo=zone) + timedelta(days=day - 1) for day in distinct.tolist()]
    issued = [round((at + timedelta(hours=issue_hour)).astimezone(UTC).timestamp()) * MICROSECONDS for at in midnights]
    return np.array(issued, np.int64)[place]
