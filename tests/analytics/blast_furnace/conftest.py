"""A plain furnace: level signals with noise, whose gas closes; nothing of the simulators is in it."""

from collections.abc import Callable

import numpy as np
import pytest

from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind

START_US = 1_770_000_000_000_000

Furnace = Callable[..., Window]


def _furnace(*, days: float = 7.0, step_seconds: float = 60.0, seed: int = 0, direct_share: float = 0.25) -> Window:
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    hours = np.arange(n) * step_seconds / 3600
    # Reduction and top wander slowly, as of burden and distribution.
    direct = direct_share + 0.002 * np.sin(hours / 9)
    values: dict[str, FloatArray] = {}

    def put(name: str, level: float | FloatArray, noise: float) -> None:
        values[name] = level + noise * dice.normal(size=n)

    dry, steam_kg, oxygen, coal, metal = 325_000.0, 4_500.0, 12_500.0, 42.0, 250_000.0
    ore = metal * 0.945 / 55.845 * 1.46
    nitrogen, blast_oxygen = 0.79 * dry / 22.414, 2 * (0.21 * dry + oxygen) / 22.414 + steam_kg / 18.015
    hydrogen_in = steam_kg / 18.015 + coal * 1000 * 0.045 / 2.016
    carbon = blast_oxygen + direct * ore
    dioxide = blast_oxygen + ore - 0.4 * hydrogen_in - carbon
    kmol: dict[str, FloatArray] = {
        "co": carbon - dioxide,
        "co2": dioxide,
        "h2": np.full(n, 0.6 * hydrogen_in),
        "n2": np.full(n, nitrogen),
    }
    total = np.sum(list(kmol.values()), axis=0) / 100
    for name, amount in kmol.items():
        put(f"top_gas_{name}", amount / total, 0.05)
    values["state"] = np.full(n, 2.0)
    blast = dry / (1 - 13.6 / 1000 * 22.414 / 18.015)
    put("blast_volume", blast, 500)
    put("blast_humidity", 13.6, 0.1)
    put("oxygen_flow", oxygen, 30)
    put("coal_injection_rate", coal, 0.2)
    put("pressure_drop_total", 190.0, 0.6)
    put("permeability_index", 17.2, 0.2)
    put("flame_temperature", 2210.0, 4)
    put("charge_coke_mass", 14.0, 0.01)
    put("stave_water_makeup", 0.6, 0.1)
    put("stave_water_in_temperature", 38.0, 0.03)
    members = load_kind("blast_furnace").members
    for number, name in enumerate(members["top_temperature_{top_sector}"]):
        put(name, 180 + 3 * number + 6 * np.sin(hours / 5 + number), 3)
    for name in members["tuyere_water_in_flow_{tuyere}"]:
        put(name, 120.0, 0.2)
        put(name.replace("in", "out"), 120.3, 0.2)
    for name in members["stave_water_flow_{stave}"]:
        put(name, 320.0, 1)
        put(name.replace("flow", "out_temperature"), 41.0 + 0.1 * np.sin(hours / 7), 0.03)
    for name in members["hearth_temperature_inner_{hearth}"]:
        put(name, 350.0, 0.4)
        put(name.replace("inner", "outer"), 150.0, 0.3)
    # The burden comes down at 7.2 m/h, and each charge brings the line back by 0.5 m.
    descent = 7.2 * hours
    for number, name in enumerate(members["stockline_{probe}"]):
        put(name, 1.0 + descent % 0.5 + 0.05 * number, 0.012)
    return Window(kind="blast_furnace", start_us=START_US, step_seconds=step_seconds, values=values)


@pytest.fixture(scope="session")
def furnace() -> Furnace:
    """Make windows of a plain furnace: ``furnace(days=7, seed=0)``."""
    return _furnace
