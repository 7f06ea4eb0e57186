"""What a forecast is made of: a plant's power and the weather forecast for it, on one grid of quarters of an hour."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray
from telemetry.bundle import MICROSECONDS

STEP_SECONDS = 900
STEPS_A_DAY = 96
WEATHER = {
    "wind_speed": "m/s",
    "wind_direction": "deg",
    "temperature": "°C",
    "pressure": "hPa",
    "humidity": "%",
    "irradiance": "W/m²",
    "cloud_cover": "%",
}
"""Fields of a weather forecast that models know, with their units."""

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Rows every 15 minutes from ``start_us`` on.

    Parameters
    ----------
    power_kw : ndarray, shape (n,)
        Of the whole plant, the mean of the quarter that begins at the row; NaN where it is not known or was curtailed.
    measured : ndarray, shape (n,)
        Wind speed [m/s] or irradiance [W/m²] as measured at the plant; NaN where there is none.
    weather : mapping of str to ndarray, shape (n,)
        Forecast fields of `WEATHER`.
    capacity_kw : float
        In operation.
    driver : str
        The field that drives the power: ``wind_speed`` or ``irradiance``.

    Raises
    ------
    ValueError
        If columns differ in length, a field is unknown or the capacity is not positive.
    """

    start_us: int
    power_kw: FloatArray
    measured: FloatArray
    weather: Mapping[str, FloatArray]
    capacity_kw: float
    driver: str = "wind_speed"

    def __post_init__(self) -> None:
        unknown = sorted({self.driver, *self.weather} - WEATHER.keys())
        if unknown:
            raise ValueError(f"no weather fields: {', '.join(unknown)}; known: {', '.join(WEATHER)}")
        lengths = {len(column) for column in (self.power_kw, self.measured, *self.weather.values())}
        if len(lengths) > 1:
            raise ValueError(f"columns of {sorted(lengths)} rows")
        if not self.capacity_kw > 0:
            raise ValueError(f"a capacity of {self.capacity_kw} kW")

    def __len__(self) -> int:
        return len(self.power_kw)

    @property
    def times_us(self) -> npt.NDArray[np.int64]:
        return self.start_us + np.arange(len(self), dtype=np.int64) * STEP_SECONDS * MICROSECONDS

    @property
    def driving(self) -> FloatArray:
        """The field that drives the power, as forecast; NaN where it was not."""
        return self.weather.get(self.driver, np.full(len(self), np.nan))

    def until(self, rows: int) -> "Frame":
        """Cut off what comes after so many rows."""
        return replace(
            self,
            power_kw=self.power_kw[:rows],
            measured=self.measured[:rows],
            weather={name: column[:rows] for name, column in self.weather.items()},
        )

    def local(self, zone: ZoneInfo) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Give of each row the number of its local day and the hour in it."""
        return local_days(self.times_us, zone)


def local_days(times_us: npt.NDArray[np.int64], zone: ZoneInfo) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Give of each instant the number of its local day (since 1970-01-01) and the hour in it, as clocks there show it."""
    seconds = times_us // MICROSECONDS
    quarters, place = np.unique(seconds // STEP_SECONDS, return_inverse=True)
    at = [datetime.fromtimestamp(quarter * STEP_SECONDS, zone) for quarter in quarters.tolist()]
    offsets = np.array([int((one.utcoffset() or timedelta()).total_seconds()) for one in at], np.int64)
    local = seconds + offsets[place]
    return local // 86_400, (local % 86_400) / 3600
