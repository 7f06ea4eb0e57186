"""A plain engine for tests: every reading follows the load by a formula of its own, and noise; no simulator."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from analytics.window import FloatArray, Window

Values = dict[str, FloatArray]
START_US = int(datetime(2026, 4, 6, tzinfo=UTC).timestamp()) * 1_000_000
CYLINDERS = range(1, 7)
OWN_EXHAUST = (1.0, 0.98, 1.02, 1.01, 0.99, 1.0)
WILLANS_KG_PER_H, WILLANS_KG_PER_KWH = 9.0, 0.19
RATED_KW = 500.0


def engine_window(
    days: float, *, seed: int = 1, step_seconds: float = 60.0, change: Callable[[Values, FloatArray], None] | None = None
) -> Window:
    """Let it run from 6 to 20 every day at loads that change every 20 minutes; ``change`` may alter what it reads."""
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600
    at_work = (hours % 24 >= 6) & (hours % 24 < 20)
    levels = np.random.default_rng(seed + 1000).uniform(20, 98, int(hours[-1] * 3) + 2)
    load = np.where(at_work, levels[(hours * 3).astype(int)], 0.0)
    share = load / 100
    ambient = 15 + 6 * np.sin(2 * np.pi * (hours - 9) / 24) + 2 * np.sin(2 * np.pi * hours / 110)

    def running(values: FloatArray | float, noise: float, stopped: FloatArray | float = 0.0) -> FloatArray:
        return np.asarray(np.where(at_work, values, stopped) + noise * dice.standard_normal(n), np.float64)

    intake = ambient + 5
    exhaust = (290 + 260 * share + 0.5 * (intake - 20)) * (intake + 273.15) / 298.15
    compression = 42 + 75 * share
    values: Values = {
        "state": np.where(at_work, 3.0, 0.0),
        "load_percent": running(load, 0.2),
        "active_power": running(RATED_KW * share, 1.0),
        "fuel_rate": running(WILLANS_KG_PER_H + WILLANS_KG_PER_KWH * RATED_KW * share, 0.3),
        "engine_speed": running(1500.0, 1.0),
        "ambient_temperature": ambient + 0.1 * dice.standard_normal(n),
        "ambient_pressure": 101 + 0.03 * dice.standard_normal(n),
        "intake_temperature": intake + 0.1 * dice.standard_normal(n),
        "boost_pressure": running(101 * (1.1 + 1.9 * share), 0.8, 101.0),
        "turbine_speed": running(35 + 75 * share, 0.4),
        "scavenge_air_temperature": running(intake + 2 + 10 * share**2, 0.3, ambient),
        "intake_filter_pressure_drop": np.abs(running(0.15 + 1.1 * share**2, 0.01)),
        "fuel_filter_pressure_drop": np.abs(running(18.0, 0.3)),
        "oil_filter_pressure_drop": np.abs(running(50.0, 1.0)),
        "fuel_pressure": running(6.5, 0.02),
        "coolant_temperature": running(80 + 2 * share, 0.15, 60.0),
        "coolant_level": np.asarray(94 + 0.3 * dice.standard_normal(n), np.float64),
        "coolant_pressure": running(1.6, 0.01, 0.7),
        "lube_oil_temperature": running(90 + 6 * share, 0.2, 50.0),
        "lube_oil_pressure": np.abs(running(4.9 - 0.04 * (6 * share), 0.03)),
        "crankcase_pressure": running(100 + 50 * share, 4.0),
        "half_order_speed_ripple": np.abs(running(0.04 + 0.03 * share, 0.005)),
        "battery_voltage": running(27.9, 0.03, 27.2),
        "start_count": np.asarray(100 + np.cumsum(np.diff(at_work.astype(int), prepend=0) > 0), np.float64),
    }
    for cylinder, own in zip(CYLINDERS, OWN_EXHAUST, strict=True):
        values[f"exhaust_temperature_cylinder_{cylinder}"] = running(own * exhaust, 1.0, ambient)
        values[f"compression_pressure_cylinder_{cylinder}"] = running(own * compression, 0.3)
        values[f"maximum_pressure_cylinder_{cylinder}"] = running(own * (compression + 10 + 40 * share), 0.4)
    if change is not None:
        change(values, np.where(at_work, share, np.nan))
    return Window(kind="diesel_engine", start_us=START_US, step_seconds=step_seconds, values=values)
