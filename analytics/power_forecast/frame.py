"""What a forecast is made of: a plant's power and the weather forecast for it, on one grid of quarters of an hour."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
    """

    start_us: int
    power_kw: FloatArray
    measured: FloatArray
    weather: Mapping[str, FloatArray]
    capacity_kw: float
    driver: str = "wind_speed"

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
        at = [datetime.fromtimestamp(second, UTC).astimezone(zone) for second in self.times_us[:: STEPS_A_DAY // 4] / 1e6]
        offsets = np.repeat([int((one.utcoffset() or timedelta()).total_seconds()) for one in at], STEPS_A_DAY // 4)[: len(self)]
        seconds = self.times_us // MICROSECONDS + offsets
        return seconds // 86_400, (seconds % 86_400) / 3600
