"""Months of a ship's voyages from the simulator's physics, hour by hour: thrust against water, growth, wind and waves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.signal import lfilter

from analytics.window import FloatArray, Window
from simulators.physics.bulk_carrier import BulkCarriers
from simulators.physics.propeller import Propeller

START_US = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
PLATE = {
    "breadth": 32.26,
    "transverse_area": 680.0,
    "length_between_perpendiculars": 185.0,
    "block_coefficient": 0.86,
    "bow_length": 25.0,
    "deadweight": 57_000.0,
    "rated_power": 9480.0,
    "rated_speed": 127.0,
    "generator_rated_power": 600.0,
}
KNOT = 1852 / 3600


def wander(dice: np.random.Generator, steps: int, step_hours: float, hours: float) -> FloatArray:
    """A process of mean 0 and deviation 1 that remembers for so many hours."""
    keep = np.exp(-step_hours / hours)
    start = dice.standard_normal()
    found: FloatArray = lfilter([np.sqrt(1 - keep**2)], [1, -keep], dice.standard_normal(steps), zi=np.array([keep * start]))[0]
    return found


def speed_m_per_s(hulls: BulkCarriers, propeller: Propeller, turns_per_s: FloatArray, **weather: FloatArray) -> FloatArray:
    """Bisect for the speed at which thrust and resistance are equal."""
    low, high = np.full(len(turns_per_s), 0.5), np.full(len(turns_per_s), 9.5)
    for _ in range(30):
        middle = (low + high) / 2
        faster = propeller.pull_kn(turns_per_s, middle) > hulls.resistance_kn(middle, **weather)
        low, high = np.where(faster, middle, low), np.where(faster, high, middle)
    return low


def sail(
    days: float, *, growth: Callable[[FloatArray], FloatArray], seed: int = 1, step_seconds: float = 3600.0, noise: float = 1.0
) -> Window:
    """Let a ship sail 15 days laden, stay 4, sail 15 in ballast, stay 4; ``growth`` adds to the friction coefficient by day."""
    dice = np.random.default_rng(seed)
    steps = round(days * 86_400 / step_seconds)
    day, step_hours = np.arange(steps) * step_seconds / 86_400, step_seconds / 3600
    round_voyage = (day + dice.uniform(0, 38)) % 38
    at_sea = (round_voyage % 19) < 15
    cargo = (round_voyage < 19).astype(float)
    hulls = BulkCarriers(
        laden_draught_m=np.full(steps, 12.1), resistance_share=np.full(steps, dice.uniform(0.97, 1.03)), roughness=np.zeros(steps)
    )
    hulls.load(cargo)
    propeller = Propeller(diameter_m=5.8, wake=np.full(steps, 0.4), thrust_deduction=0.22, rotative_efficiency=1.02)
    wind = 6.5 * np.exp(0.32 * wander(dice, steps, step_hours, 18))
    wind_from = (90 + 70 * wander(dice, steps, step_hours, 24)) % 360
    wave = np.maximum(0.9 + 0.4 * wander(dice, steps, step_hours, 48), 0.1) + 0.012 * wind**2
    course = np.where(cargo > 0, 340.0, 160.0)
    from_bow = wind_from - course
    turns = (dice.uniform(103, 113) + 2 * np.sin(2 * np.pi * day / 61)) / 60 * at_sea
    weather = {
        "growth": growth(day),
        "wind_m_per_s": wind,
        "wind_from_bow_deg": from_bow,
        "wave_m": wave * at_sea,
    }
    speed = np.where(at_sea, speed_m_per_s(hulls, propeller, np.maximum(turns, 0.5), **weather), 0.0)
    torque = propeller.torque_knm(turns, speed) / 0.985
    ahead, across = wind * np.cos(np.radians(from_bow)) + speed, wind * np.sin(np.radians(from_bow))
    draught = hulls.draught_m(cargo)

    def read(true: Any, absolute: float = 0.0, relative: float = 0.0) -> FloatArray:
        spread = noise * (absolute + relative * np.abs(true))
        found: FloatArray = true + spread * dice.standard_normal(steps)
        return found

    current = 0.16 * wander(dice, steps, step_hours, 30)
    power = 2 * np.pi * turns * torque
    fuel = np.where(at_sea, power * 0.178 * 42.7 / 40.2, 0.0)
    sets_kw = np.where(at_sea, 520.0, 690.0)
    trim = 2.4 - 2.2 * cargo
    values = {
        "state": np.where(at_sea, 2.0, 0.0),
        "speed_through_water": np.maximum(read(speed / KNOT, 0.06), 0),
        "speed_over_ground": np.maximum(read(np.where(at_sea, speed + current, 0) / KNOT, 0.04), 0),
        "shaft_power": read(power, 0.0, 0.004),
        "shaft_speed": read(60 * turns, 0.0, 0.002),
        "draught_mid": read(draught, 0.03),
        "draught_fore": read(draught - trim / 2, 0.03),
        "draught_aft": read(draught + trim / 2, 0.03),
        "trim": trim,
        "wind_speed_relative": np.maximum(read(np.hypot(ahead, across), 0.0, 0.08), 0),
        "wind_direction_relative": read(np.degrees(np.arctan2(across, ahead)), 3.0) % 360,
        "rudder_angle": read(np.zeros(steps), 0.5),
        "water_depth": np.where(at_sea, 3000.0, 15.5),
        "sea_temperature": np.full(steps, 24.0),
        "ambient_temperature": np.full(steps, 25.0),
        "wave_height": np.maximum(read(wave, 0.0, 0.05), 0),
        "list": read(np.zeros(steps), 0.03),
        "roll": np.where(at_sea, 2.0 * np.sin(np.arange(steps) * 0.7), 0.0),
        "bilge_level": np.full(steps, 0.2),
        "fuel_type": np.where(at_sea, 0.0, 1.0),
        "fuel_mass_flow_in": np.where(at_sea, 3500.0, 0.0),
        "fuel_mass_flow_out": np.where(at_sea, 3500.0 - fuel, 0.0),
        "boiler_fuel_flow": np.where(at_sea, 0.0, 95.0),
        "shaft_generator_power": np.where(at_sea, 180.0, 0.0),
        "generator_power_1": sets_kw / 2,
        "generator_power_2": sets_kw / 2,
        "generator_power_3": np.zeros(steps),
        "generator_fuel_flow_1": sets_kw / 2 * 0.215,
        "generator_fuel_flow_2": sets_kw / 2 * 0.215,
        "generator_fuel_flow_3": np.zeros(steps),
    }
    burned = fuel + sets_kw * 0.215 + values["boiler_fuel_flow"]
    values["fuel_total"] = 41_000 + np.cumsum(burned) * step_hours / 1000
    values["distance_total"] = 500_000 + np.cumsum(speed / KNOT) * step_hours
    return Window(kind="ship", start_us=START_US, step_seconds=step_seconds, values=values, rated=PLATE)


def clean(day: FloatArray) -> FloatArray:
    return np.zeros_like(day)
