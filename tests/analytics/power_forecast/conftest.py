"""A wind farm and a solar plant made of noise and geometry, and models of them, trained once."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.signal import lfilter

from analytics.power_forecast import forecaster
from analytics.power_forecast.frame import STEPS_A_DAY, Frame
from analytics.window import FloatArray

SHANGHAI = ZoneInfo("Asia/Shanghai")
CAPACITY = 50_000.0
START_US = 1_767_196_800_000_000
"""2026-01-01 00:00 in Shanghai."""


def _slow(rng: np.random.Generator, rows: int, hours: float) -> FloatArray:
    """Noise of unit variance that forgets within so many hours."""
    keep = np.exp(-1 / (4 * hours))
    noise: FloatArray = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.standard_normal(rows))
    return noise


@pytest.fixture(scope="session")
def wind_of() -> Callable[..., Frame]:
    """Make a wind farm whose weather forecast is off by 1.4 m/s and forgets that within a day."""

    def make(seed: int, *, days: int = 50) -> Frame:
        rng = np.random.default_rng(seed)
        rows = days * STEPS_A_DAY
        true = np.abs(7 + 3.5 * _slow(rng, rows, 15))
        forecast = np.clip(true + 1.4 * _slow(rng, rows, 24), 0, None)
        return Frame(
            start_us=START_US,
            power_kw=CAPACITY * np.clip((true - 3) / 9, 0, 1) ** 2,
            measured=true,
            weather={
                "wind_speed": forecast,
                "wind_direction": rng.uniform(0, 360, rows),
                "pressure": 1000 + _slow(rng, rows, 48),
            },
            capacity_kw=CAPACITY,
        )

    return make


@pytest.fixture(scope="session")
def sun() -> Frame:
    """A year under a clear sky at 36° N, whose forecast irradiance is 5 % too high by a passing haze; 15 kW per W/m² of 1000."""
    rows = 365 * STEPS_A_DAY
    day = np.arange(rows) / STEPS_A_DAY
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (day + 10) / 365)
    latitude = np.radians(36)
    hour_angle = 2 * np.pi * (day % 1 - 0.5)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    clear = np.where(
        height > 0, 1098 * np.maximum(height, 1e-9) * np.exp(-0.057 / np.maximum(height, 1e-9)), 0
    )  # Haurwitz (1945)
    haze = np.clip(1 - 0.08 * np.abs(_slow(np.random.default_rng(3), rows, 30)), 0.5, 1)
    irradiance = clear * haze
    return Frame(
        start_us=START_US,
        power_kw=np.minimum(15 * irradiance, 13_000),
        measured=irradiance,
        weather={"irradiance": clear},
        capacity_kw=15_000,
        driver="irradiance",
    )


@pytest.fixture(scope="session")
def wind(wind_of: Callable[..., Frame]) -> Frame:
    return wind_of(1)


@pytest.fixture(scope="session")
def day_ahead(wind: Frame) -> dict[str, Any]:
    """A model of the first 40 of 50 days."""
    return forecaster.train(wind.until(40 * STEPS_A_DAY), horizon="day_ahead", zone=SHANGHAI)


@pytest.fixture(scope="session")
def ultra_short(wind: Frame) -> dict[str, Any]:
    return forecaster.train(wind.until(32 * STEPS_A_DAY), horizon="ultra_short", zone=SHANGHAI)
