"""A plain ship for tests: two straight laws, torque coefficient over advance and power over speed, and noise; no simulator."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray, Window

Values = dict[str, FloatArray]
START_US = 1_770_000_000_000_000
AT_SEA, IN_PORT, AT_ANCHOR = 2.0, 0.0, 3.0
SLOPE, BEND, EXPONENT, ON_DRAUGHT = -0.55, -0.60, 3.2, 0.60
"""d ln K_Q / d ln J and half its second derivative; powers of speed and of draught in the power."""


class Wrong(NamedTuple):
    """What is wrong with hull, propeller and the meters about them."""

    hull: float = 0.0
    """ln of the power at equal speed."""
    torque: float = 0.0
    """ln of the torque at equal advance."""
    log_kn: float = 0.0
    meter_knm: float = 0.0


def ship_window(
    days: float,
    *,
    seed: int = 1,
    step_seconds: float = 60.0,
    draught_m: float = 12.0,
    port_days: float = 1.0,
    wrong: Wrong | None = None,
    change: Callable[[Values], None] | None = None,
) -> Window:
    """Lie at the berth for so long, then sail through changing wind and waves; ``change`` may alter what is read."""
    dice, wrong = np.random.default_rng(seed), wrong or Wrong()
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600
    at_sea = hours >= 24 * port_days

    def noisy(values: FloatArray | float, noise: float) -> FloatArray:
        return np.asarray(values + noise * dice.standard_normal(n), np.float64)

    def sailing(values: FloatArray | float, noise: float, otherwise: FloatArray | float = 0.0) -> FloatArray:
        return noisy(np.where(at_sea, values, otherwise), noise)

    wave_m = 1.8 + np.sin(hours / 11 + seed) + 0.4 * np.sin(hours / 5)
    wind_ahead = 11.0 + 3 * np.sin(hours / 11 + seed + 0.3)  # always from ahead, faster than the ship
    turns = 107.0 + 1.5 * np.sin(hours / 29)
    # ln P = ln(π/30) + ln K + 3 ln n + slope x + bend x², and at the same time that of the hull; x = ln(V / n / 0.112).
    coefficient, slope = -0.02 + wrong.torque, SLOPE - EXPONENT
    speed_kn, advance = np.full(n, 12.0), np.zeros(n)
    for _ in range(5):  # waves and wind are shares of the resistance in still water at the speed that comes of them
        added = (0.035 * wave_m**2 + 0.04 * (wind_ahead**2 - (speed_kn * 0.5144) ** 2) / 100) / (speed_kn / 12) ** 2
        hull = 8.51 + ON_DRAUGHT * np.log(draught_m / 10) + added / (draught_m / 10) ** 0.55 + wrong.hull + 2.2 * wrong.torque
        constant = np.log(np.pi / 30) + coefficient - 3.0 + 3 * np.log(turns) - hull
        constant = constant - EXPONENT * np.log(turns * 0.112 / 12)
        advance = (-slope - np.sqrt(slope**2 - 4 * BEND * constant)) / (2 * BEND)
        speed_kn = 0.112 * turns * np.exp(advance)
    torque_knm = np.exp(coefficient - 3.0 + SLOPE * advance + BEND * advance**2) * turns**2
    power_kw = torque_knm * turns * np.pi / 30
    load = power_kw / 94.8
    share = load / 60
    values: Values = {
        "state": np.where(at_sea, AT_SEA, IN_PORT),
        "latitude": np.where(at_sea, -20 + hours * 0.1, -20.0),
        "longitude": np.full(n, 154.0),
        "speed_through_water": sailing(speed_kn + wrong.log_kn, 0.06),
        "speed_over_ground": sailing(speed_kn + 0.1 * np.sin(hours / 20), 0.04),
        "water_depth": np.where(at_sea, 3000.0, 15.0),
        "draught_mid": noisy(draught_m, 0.03),
        "wind_speed_relative": np.abs(sailing(wind_ahead, 0.1, 4.0)),
        "wind_direction_relative": np.zeros(n),
        "wave_height": np.abs(sailing(wave_m, 0.02, 0.1)),
        "sea_temperature": noisy(22 + 3 * np.sin(hours / 40), 0.05),
        "ambient_temperature": noisy(23 + 3 * np.sin(hours / 40) + np.sin(hours / 3.8), 0.1),
        "shaft_speed": np.maximum(sailing(turns, 0.2), 0.0),
        "shaft_torque": sailing(torque_knm + wrong.meter_knm, 1.0, wrong.meter_knm),
        "shaft_power": sailing(power_kw, 10.0),
        "load_percent": np.maximum(sailing(load, 0.2), 0.0),
        "rack_position": np.maximum(sailing(60 * share**0.8, 0.2), 0.0),
        "fuel_mass_flow_in": np.maximum(sailing(3500.0, 3.0), 0.0),
        "fuel_type": np.where(at_sea, 0.0, 1.0),
        "turbine_speed": np.maximum(sailing(14_000 * share**0.5, 40), 0.0),
        "scavenge_air_pressure": np.maximum(sailing(140 * share**1.25, 0.6), 0.0),
        "scavenge_air_temperature": sailing(38.0, 0.2, 30.0),
        "jacket_water_out_temperature": sailing(83.0, 0.2, 66.0),
        "lube_oil_pressure": noisy(245.0, 1.0),
        "tank_level_3": noisy(14.0 - 0.002 * hours, 0.02),
        "bus_voltage": noisy(447.0, 0.4),
        "shaft_generator_power": np.maximum(sailing(180.0, 1.0), 0.0),
        "reefer_power": noisy(8.0, 0.1),
        "bilge_level": noisy(0.08 + 0.012 * (hours % 18), 0.004),
    }
    values["fuel_mass_flow_out"] = np.maximum(values["fuel_mass_flow_in"] - sailing(1100 * share**0.95, 1.0), 0.0)
    for cylinder in range(1, 7):
        own = 1 + 0.01 * (cylinder - 3.5) / 2.5
        values[f"exhaust_temperature_cylinder_{cylinder}"] = sailing(38 + 270 * share**0.2 * own, 0.8, 25.0)
        values[f"compression_pressure_cylinder_{cylinder}"] = np.maximum(sailing(7.5 * share, 0.03), 0.0)
        values[f"maximum_pressure_cylinder_{cylinder}"] = np.maximum(sailing(7.5 * share + 3.9 * own, 0.05), 0.0)
    electric_kw = np.where(at_sea, 400.0, 690.0) + 15 * np.sin(hours / 0.7)
    for generator, part in ((1, 0.5), (2, 0.5), (3, 0.0)):
        values[f"generator_power_{generator}"] = np.maximum(noisy(part * electric_kw, 2.0), 0.0) * (part > 0)
    for zone in range(1, 5):
        values[f"fire_zone_{zone}"] = np.zeros(n)
    if change is not None:
        change(values)
    return Window(kind="ship", start_us=START_US, step_seconds=step_seconds, values=values)
