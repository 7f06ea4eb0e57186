"""A compressor of fixed speed made of a few formulas, to be judged; it shares nothing with the simulator."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytics.window import FloatArray, Window

STOPPED, IDLE, LOADED = 0, 2, 3
START_US = 1_767_571_200_000_000  # Monday, 5 January 2026, 00:00 UTC
CAPACITY = 20.0
FULL_KW, IDLE_KW = 120.0, 40.0
CYCLE_SECONDS = 600
Make = Callable[..., Window]


def _values(days: float, step_seconds: float, demand: Callable[[FloatArray], FloatArray], seed: int) -> dict[str, FloatArray]:
    """Load for the share of each cycle that the demand asks for, then idle; the sump blows down within a minute."""
    dice = np.random.default_rng(seed)
    seconds = np.arange(round(days * 86_400 / step_seconds)) * step_seconds
    share = np.clip(demand(seconds / 3600) / CAPACITY, 0, 1)
    phase = seconds % CYCLE_SECONDS
    loaded = phase < share * CYCLE_SECONDS
    age = np.where(loaded, np.nan, phase - share * CYCLE_SECONDS)

    def noisy(value: Any, deviation: float) -> FloatArray:
        return np.asarray(value + dice.normal(0, deviation, len(seconds)), float)

    inlet = 20 + 5 * np.sin(2 * np.pi * seconds / 86_400)
    power = np.where(loaded, FULL_KW, IDLE_KW)
    flow = np.where(loaded, CAPACITY, 0.0)
    mean_power = IDLE_KW + (FULL_KW - IDLE_KW) * share
    return {
        "state": np.where(loaded, float(LOADED), float(IDLE)),
        "inlet_valve_position": np.where(loaded, 100.0, 0.0),
        "free_air_delivery": noisy(flow, 0.02) * (flow > 0),
        "free_air_total": np.cumsum(share * CAPACITY) * step_seconds / 60 + 1e6,
        "motor_power": noisy(power, 0.3),
        "active_power": noisy(power + 3, 0.3),
        "energy_total": np.cumsum(power + 3) * step_seconds / 3600 + 1e5,
        "discharge_pressure": noisy(np.where(loaded, 0.7, 0.72), 0.004),
        "network_pressure": noisy(np.where(loaded, 0.69, 0.72), 0.004),
        "airend_speed": noisy(np.full(len(seconds), 3000.0), 1.0),
        "speed": noisy(np.full(len(seconds), 1490.0), 0.5),
        "speed_percent": np.full(len(seconds), 100.0),
        "inlet_filter_pressure_drop": noisy(np.where(loaded, 2.0, 0.0), 0.02),
        "separator_pressure_drop": noisy(np.where(loaded, 20.0, 0.0), 0.1),
        "vibration_envelope_1": noisy(np.full(len(seconds), 1.5), 0.05),
        "vibration_envelope_2": noisy(np.full(len(seconds), 4.0), 0.1),
        "vibration_velocity_1": noisy(np.full(len(seconds), 2.0), 0.05),
        "vibration_velocity_2": noisy(np.full(len(seconds), 2.5), 0.05),
        "oil_level": noisy(np.full(len(seconds), 70.0), 0.2),
        "inlet_temperature": noisy(inlet, 0.1),
        "inlet_pressure": noisy(np.full(len(seconds), 100.0), 0.02),
        "inlet_humidity": noisy(np.full(len(seconds), 50.0), 0.5),
        "discharge_temperature": noisy(75 + 0 * inlet, 0.2),
        "aftercooler_temperature": noisy(inlet + 0.4 * share * CAPACITY, 0.1),
        "fan_speed": noisy(30 * mean_power / (75 - inlet), 0.3),
        "pressure_dew_point": noisy(np.full(len(seconds), 3.5), 0.1),
        "dryer_power": noisy(2 + 0.02 * share * CAPACITY, 0.02),
        "sump_pressure": np.where(loaded, 0.72, noisy(0.12 + 0.60 * np.exp(-np.nan_to_num(age) / 20), 0.002)),
        "run_on_time_left": np.where(loaded, 0.0, 600 - np.nan_to_num(age)),
        "load_cycle_count": np.floor(seconds / CYCLE_SECONDS),
        "start_count": np.full(len(seconds), 7.0),
        "service_hours_left": 1000 - seconds / 3600,
        "electricity_price": np.full(len(seconds), 0.7),
        "dc_link_voltage": np.zeros(len(seconds)),
    }


def shifts(hours: FloatArray) -> FloatArray:
    """Give 12 m³/min by day and 5 by night, a little different each day. [m³/min]"""
    of_day = hours % 24
    scale = 1 + 0.04 * np.sin(2.4 * np.floor(hours / 24))
    return np.where((of_day >= 7) & (of_day < 21), 12.0, 5.0) * scale


@pytest.fixture(scope="session")
def make() -> Make:
    """Give windows of the machine: ``make(days, change=..., demand=...)``; ``change`` alters the values in place."""

    def made(
        days: float,
        *,
        step_seconds: float = 30.0,
        start_days: float = 0.0,
        demand: Callable[[FloatArray], FloatArray] = shifts,
        change: Callable[[dict[str, FloatArray]], object] = lambda _: None,
        seed: int = 1,
        rated: dict[str, float] | None = None,
    ) -> Window:
        values = _values(days, step_seconds, lambda hours: demand(hours + 24 * start_days), seed)
        change(values)
        return Window(
            kind="air_compressor",
            start_us=START_US + round(start_days * 86_400) * 1_000_000,
            step_seconds=step_seconds,
            values=values,
            rated=rated or {},
        )

    return made
