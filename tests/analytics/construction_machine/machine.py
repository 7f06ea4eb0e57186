"""A plain excavator for tests: every reading follows its work by a formula of its own, and noise; no simulator."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from scipy.signal import lfilter

from analytics.window import Flags, FloatArray, Window

Values = dict[str, FloatArray]
Change = Callable[[Values, Flags], None]
"""Alters what a machine reads; it is given where the engine turns."""
START_US = int(datetime(2026, 4, 6, tzinfo=UTC).timestamp()) * 1_000_000
HOUR_US = 3_600_000_000
HOURS_A_DAY, FIRST_HOURS = 9.0, 1_234.0
TANK_LITRES = 300.0
IDLE, TRAVEL, DIG, LOAD, SWING = 2.0, 3.0, 4.0, 5.0, 6.0
_TASK_SECONDS = 360.0
SITE_DEG = (36.6, 117.0)
_RADIUS_METRES = 80.0


def machine_window(days: float, *, seed: int = 1, step_seconds: float = 60.0, change: Change | None = None) -> Window:
    """Let it work from 8 to 12 and from 13 to 18 every day, at a task that changes every six minutes."""
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600
    clock = hours % 24
    running = ((clock >= 8) & (clock < 12)) | ((clock >= 13) & (clock < 18))
    task_of = np.random.default_rng(seed + 1000).choice([IDLE, TRAVEL, DIG, LOAD, SWING], 400 * 24, p=[0.25, 0.1, 0.3, 0.25, 0.1])
    state = np.where(running, task_of[(hours * 3600 / _TASK_SECONDS).astype(int) % len(task_of)], 0.0)
    effort_of = np.random.default_rng(seed + 2000).uniform(0.75, 1.1, 400 * 24)
    effort = effort_of[(hours * 20).astype(int) % len(effort_of)]
    working = state >= TRAVEL

    def noisy(values: FloatArray | float, noise: float) -> FloatArray:
        return np.asarray(values + noise * dice.standard_normal(n), np.float64)

    speed = np.select([~running, state == IDLE, state == TRAVEL], [0.0, 950.0, 1800.0], 1650.0)
    kw = np.where(running, np.where(working, 70 * effort, 12.0), 0.0)
    pressure = np.where(running, np.where(working, 15 * effort, 3.0), 0.0)
    ambient = 16 + 7 * np.sin(2 * np.pi * (clock - 9) / 24) + 2 * np.sin(2 * np.pi * hours / 110)
    fuel = np.where(running, 1.5 + speed / 1000 + 0.2 * kw, 0.0)

    def follows(target: FloatArray, seconds: float) -> FloatArray:
        keeps = float(np.exp(-step_seconds / seconds))
        return np.asarray(lfilter([1 - keeps], [1, -keeps], target - target[0]) + target[0], np.float64)

    coolant = follows(np.where(running, 80 + 0.25 * fuel + 0.15 * ambient, ambient), 700)
    hydraulic = follows(np.where(running, ambient + 20 + 1.2 * kw * 0.4, ambient), 1200)
    lube = follows(np.where(running, 88 + 0.1 * kw, ambient), 300)
    torque_percent = np.divide(kw * 1e4 / 75, speed, out=np.zeros(n), where=speed > 0)
    flow = np.divide(0.8 * kw * 60, pressure, out=np.zeros(n), where=pressure > 0)
    turned = np.cumsum(np.where(state == TRAVEL, 3.0, 0.0)) * step_seconds / 3.6 / _RADIUS_METRES
    # One clean shift behind a refuelling, each day at 18:30.
    burned = np.concatenate([[0.0], np.cumsum(fuel)[:-1]]) * step_seconds / 3600
    refuelled = np.floor((hours + 5.5) / 24)
    day_begins = np.searchsorted(refuelled, refuelled)
    level = 95 - 100 * (burned - burned[day_begins]) / TANK_LITRES
    step_hours = step_seconds / 3600
    counted = np.concatenate([[False], running[:-1]])
    idles = np.concatenate([[False], (state == IDLE)[:-1]])
    loads = np.floor(np.cumsum(state == LOAD) * step_seconds / 20)
    values: Values = {
        "state": state,
        "latitude": noisy(SITE_DEG[0] + np.sin(turned) * _RADIUS_METRES / 111_195, 1e-5),
        "longitude": noisy(SITE_DEG[1] + np.cos(turned) * _RADIUS_METRES / 89_269, 1e-5),
        "gps_speed": np.abs(noisy(np.where(state == TRAVEL, 3.0, 0.0), 0.1)),
        "travel_speed": np.where(state == TRAVEL, np.abs(noisy(3.0, 0.05)), 0.0),
        "antenna_ok": np.ones(n),
        "main_power_ok": np.ones(n),
        "lock_state": np.where(running, 0.0, 1.0),
        "engine_hours": FIRST_HOURS + np.cumsum(counted) * step_hours,
        "idle_hours": 400 + np.cumsum(idles) * step_hours,
        "non_operating_idle_hours": 150 + np.cumsum(idles) * step_hours / 2,
        "fuel_total": 15_000 + burned,
        "payload_total": 9_000 + 2.0 * loads,
        "load_count": 4_500 + loads,
        "engine_running": running.astype(float),
        "engine_speed": np.where(running, noisy(speed, 3.0), 0.0),
        "torque_percent": np.where(running, noisy(torque_percent, 0.2), 0.0),
        "load_percent": np.where(running, noisy(np.minimum(kw, 100.0), 0.3), 0.0),
        "fuel_rate": np.where(running, noisy(fuel, 0.1), 0.0),
        "fuel_level": noisy(level, 0.2),
        "coolant_temperature": noisy(coolant, 0.2),
        "coolant_level": noisy(90.0, 0.4),
        "lube_oil_temperature": noisy(lube, 0.2),
        "lube_oil_pressure": np.abs(noisy(np.where(running, 0.25 * speed * np.exp(-0.01 * (lube - 90)), 0.0), 3.0)),
        "hydraulic_oil_temperature": noisy(hydraulic, 0.2),
        "hydraulic_pressure_1": np.abs(noisy(1.1 * pressure, 0.05)),
        "hydraulic_pressure_2": np.abs(noisy(0.9 * pressure, 0.05)),
        "hydraulic_flow": np.where(running, noisy(flow, 2.0), 0.0),
        "cycle_time": noisy(np.select([state == DIG, state == SWING], [17.0, 21.0], 18.0), 0.3),
        "exhaust_temperature": np.where(running, noisy(160 + 3.5 * kw + 0.5 * ambient, 2.0), ambient),
        "battery_voltage": noisy(np.where(running, 28.0, 25.4), 0.03),
        "ambient_temperature": noisy(ambient, 0.1),
        "diagnostic_spn": np.zeros(n),
        "diagnostic_fmi": np.zeros(n),
        "diagnostic_count": np.zeros(n),
    }  # fmt: skip
    if change is not None:
        change(values, running)
    return Window(kind="construction_machine", start_us=START_US, step_seconds=step_seconds, values=values)
