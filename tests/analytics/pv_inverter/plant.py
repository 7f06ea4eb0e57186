"""A plant whose figures are known: half a sine of light a day, constant warmth, one factor for the array and one inverter."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray, Window

START_US = int(datetime(2025, 5, 31, 16, tzinfo=UTC).timestamp()) * 1_000_000
"""Midnight in Jinan."""
RUNNING, THROTTLED, FAULT, SLEEPING = 4.0, 5.0, 7.0, 2.0
COEFFICIENT, WARM_CELSIUS = -0.4, 45.0
WARMTH = 1 + COEFFICIENT / 100 * (WARM_CELSIUS - 25)
RATED = {
    "dc_power_stc": 112.0,
    "rated_power": 100.0,
    "temperature_coefficient": COEFFICIENT,
    "feed_in_price": 0.4,
    "cleaning_cost": 200.0,
}
STRINGS = 24


class Plant(NamedTuple):
    """What it is made of."""

    array: float = 0.92
    """Direct-current power of what the rating promises in the light and warmth."""
    efficiency: float = 0.98
    peak_w_m2: float = 900.0
    array_kwp: float = 112.0


def light(days: int, step_seconds: float, peak_w_m2: float) -> FloatArray:
    """Sun from six to eighteen."""
    hour = (np.arange(round(days * 86_400 / step_seconds)) + 0.5) * step_seconds / 3600 % 24
    sun: FloatArray = np.maximum(peak_w_m2 * np.sin(np.pi * (hour - 6) / 12), 0.0)
    return np.where((hour > 6) & (hour < 18), sun, 0.0)


def plant_values(plant: Plant, *, days: int = 1, step_seconds: float = 60.0) -> dict[str, FloatArray]:
    """Give all signals of days on which nothing is wrong."""
    sun = light(days, step_seconds, plant.peak_w_m2)
    dc = plant.array_kwp * sun / 1000 * WARMTH * plant.array
    steps = len(sun)
    values = {
        "state": np.where(sun > 0, RUNNING, SLEEPING),
        "poa_irradiance": sun,
        "module_temperature": np.full(steps, WARM_CELSIUS),
        "dc_power": dc,
        "active_power": plant.efficiency * dc,
        "derate_mode": np.zeros(steps),
        "power_setpoint": np.full(steps, 100.0),
    }
    return values | {f"string_current_{string}": dc / STRINGS / 0.6 for string in range(1, STRINGS + 1)}


def plant_window(values: dict[str, FloatArray], *, step_seconds: float = 60.0, rated: dict[str, float] | None = None) -> Window:
    return Window(
        kind="pv_inverter",
        start_us=START_US,
        step_seconds=step_seconds,
        values=values,
        rated=RATED if rated is None else rated,
    )
