"""A plain turbine for tests: power follows the wind by a formula of its own, and noise; no simulator."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from scipy.signal import lfilter

from analytics.window import FloatArray, Window

Values = dict[str, FloatArray]
START_US = int(datetime(2026, 4, 6, tzinfo=UTC).timestamp()) * 1_000_000
RATED_KW, DIAMETER_M, RATED_MPS, CUT_IN_MPS = 5000.0, 126.0, 11.4, 3.0
STANDBY, RUNNING, STORM, ICED, FAULT, MAINTENANCE = 0.0, 2.0, 3.0, 4.0, 6.0, 7.0
NAMEPLATE = {"rated_power": RATED_KW, "rotor_diameter": DIAMETER_M}


def curve_kw(speed_mps: FloatArray) -> FloatArray:
    """A cube with a rounded knee."""
    cube = (np.maximum(speed_mps, 0.0) / RATED_MPS) ** 3
    power: FloatArray = RATED_KW * cube / (1 + cube**6) ** (1 / 6)
    return np.asarray(np.where(speed_mps < CUT_IN_MPS, 0.0, power), np.float64)


def turbine_window(
    days: float,
    *,
    seed: int = 1,
    step_seconds: float = 600.0,
    offset_degrees: float = 0.0,
    health: float = 1.0,
    mean_mps: float = 7.5,
    change: Callable[[Values, FloatArray], None] | None = None,
) -> Window:
    """Let it stand in a Rayleigh wind that changes over hours, at an air that changes over days.

    Parameters
    ----------
    offset_degrees : float
        Its vane reads so much where the wind blows straight at the rotor.
    health : float
        What is left of its power below the knee.
    change : callable, optional
        May alter what it reads, given the hours since the start.
    """
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600

    def wander(hours_long: float) -> FloatArray:
        keep = np.exp(-step_seconds / 3600 / hours_long)
        steps = np.sqrt(1 - keep**2) * dice.standard_normal(n)
        return np.asarray(lfilter([1.0], [1, -keep], steps), np.float64)

    pair = wander(12.0), wander(12.0)
    speed: FloatArray = mean_mps * np.sqrt(2 / np.pi) * np.hypot(*pair)
    beside = 4.0 * wander(0.5)
    celsius = 12 + 6 * np.sin(2 * np.pi * (hours - 9) / 24) + 4 * wander(60)
    kilopascal = 100 + 0.8 * wander(50)
    density = kilopascal / (0.28705 * (celsius + 273.15))
    driven = speed * np.cbrt(density / 1.225)
    power = np.minimum(curve_kw(driven) * health * np.cos(np.radians(beside)) ** 3, RATED_KW)
    power = power * (1 + 0.03 * dice.standard_normal(n))
    runs = speed > CUT_IN_MPS
    values: Values = {
        "state": np.where(runs, RUNNING, STANDBY),
        "wind_speed": speed,
        "active_power": np.where(runs, power, -10.0),
        "available_power": np.where(runs, curve_kw(driven), 0.0),
        "power_setpoint": np.full(n, RATED_KW),
        "yaw_error": beside + offset_degrees,
        "rotor_speed": np.where(runs, np.clip(1.2 * speed, 6.9, 12.1), 0.5),
        "ambient_temperature": celsius,
        "ambient_pressure": kilopascal,
        "ambient_humidity": np.zeros(n),
        "tower_acceleration_x": 0.01 + 0.01 * speed,
        "tower_acceleration_y": 0.006 + 0.006 * speed,
        "curtailment_active": np.zeros(n),
        "ice_detected": np.zeros(n),
        "availability_category": np.where(runs, 2.0, 6.0),
    }
    if change is not None:
        change(values, hours)
    return Window(kind="wind_turbine", start_us=START_US, step_seconds=step_seconds, values=values, rated=NAMEPLATE)
