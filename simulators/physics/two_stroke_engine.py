"""A slow two-stroke engine of 9480 kW at 127 rpm with six cylinders: fuel, the gas's heat balance, turbocharger, jacket water.

Fuel follows Jalkanen et al. 2009 (Atmos. Chem. Phys. 9, 9209), s0 (0.455 x² - 0.71 x + 1.28) with the share x of the rating.
What of its heat is neither work nor lost to water and oil leaves by the exhaust; scavenge pressure is a power of the load, and
the compressor's work cools the gas in the turbine.

Limits: no cycle is computed, peak pressures are fitted to what the class has; a cylinder that fires badly shares the others' air.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag
from simulators.physics.sea import Sea

RATED_KW, RATED_RPM, CYLINDERS = 9480.0, 127.0, 6
STANDBY_C = 66.0
"""Jacket water of an engine that stands."""
_TO_WATER_AND_OIL, _GAS_KJ_PER_KG_K, _AIR_EXPONENT = 0.115, 1.10, 0.286
_FUEL_KJ_PER_KG, _COMPRESSOR_EFFICIENCY = 40_000, 0.80


def fuel_factor(load: Array) -> Array:
    """Give the specific consumption at a share of the rating as a multiple of the engine's base value."""
    return np.asarray(0.455 * load**2 - 0.71 * load + 1.28)


class CylinderFaults(NamedTuple):
    """Severities, shape ``(n, cylinders)``."""

    misfire: Array
    injector_wear: Array


class GasPath(NamedTuple):
    """What is measured along the gas's way; the cylinders' are of the shape ``(n, cylinders)``."""

    scavenge_kpa: Array
    """Above the air outside."""
    scavenge_c: Array
    compression_mpa: Array
    peak_mpa: Array
    cylinder_c: Array
    before_turbine_c: Array
    after_turbine_c: Array
    turbine_rpm: Array


class TwoStrokeEngine:
    """n engines; ``shares`` are the cylinders' work against the mean, shape ``(n, cylinders)``."""

    def __init__(
        self, *, g_per_kwh: Array, scavenge_kpa: Array, shares: Array, jacket_set_c: Array, jacket_kw_per_k: Array, is_warm: Flags
    ) -> None:
        self._g_per_kwh, self._scavenge_kpa, self._shares = g_per_kwh, scavenge_kpa, shares
        self._jacket_set_c, self._jacket_kw_per_k = jacket_set_c, jacket_kw_per_k
        self.warmth: Array = is_warm.astype(float)
        """1 when it has run for long, 0 when it has stood for long."""
        self.jacket_c = np.where(is_warm, jacket_set_c, STANDBY_C)

    def fuel_kg_per_h(self, brake_kw: Array) -> Array:
        """Give what it burns, of fuel with the heating value of the reference."""
        return np.asarray(brake_kw * self._g_per_kwh / 1000 * fuel_factor(brake_kw / RATED_KW))

    def warm(self, seconds: float, *, load: Array, runs: Flags, water_c: Array, cooler_share: Array) -> None:
        """Keep the jacket water at its set value while the sea water cools enough, and warm or cool the iron."""
        self.warmth = lag(self.warmth, runs.astype(float), seconds, np.where(runs, 500.0, 9000.0))
        given_kw = 1450 * load**0.8
        # Central fresh water, which a valve of its own keeps at 36 °C where the sea is cold enough.
        cooler_c = np.maximum(water_c + 6, 36.0) + given_kw / (self._jacket_kw_per_k * cooler_share)
        settled = np.maximum(self._jacket_set_c, cooler_c)
        seconds_to_settle = np.where(runs, 900.0, 7200.0)
        self.jacket_c = lag(self.jacket_c, np.where(runs, settled, STANDBY_C), seconds, seconds_to_settle)

    def gas_path(
        self, *, brake_kw: Array, heat_kw: Array, turns_per_s: Array, sea: Sea, fouling: Array, faults: CylinderFaults
    ) -> GasPath:
        """Close the heat balance of the gas; ``heat_kw`` is that of the fuel, ``fouling`` of the turbocharger."""
        load = brake_kw / RATED_KW
        scavenge_kpa = self._scavenge_kpa * load**1.25 * (1 - 0.08 * fouling)
        ratio = 1 + scavenge_kpa / sea.pressure_kpa
        air_kg_per_s = 22.5 * (ratio / 3.62) ** 0.95 * (1 - 0.02 * fouling)
        scavenge_c = sea.water_c + 12 + 6 * load
        gas_kw = np.maximum(heat_kw * (1 - _TO_WATER_AND_OIL) - brake_kw, 0.0)
        rise_k = gas_kw / (_GAS_KJ_PER_KG_K * (air_kg_per_s + heat_kw / _FUEL_KJ_PER_KG))
        work = self._shares * (1 - 0.25 * faults.misfire)
        work /= work.mean(axis=1, keepdims=True)
        cylinder_c = scavenge_c[:, None] + rise_k[:, None] * work * (1 + 0.13 * faults.injector_wear)
        before_c = cylinder_c.mean(axis=1) + 18
        compressed = ratio**_AIR_EXPONENT - 1
        after_c = before_c - 0.90 * (sea.air_c + 283) * compressed / _COMPRESSOR_EFFICIENCY
        room_c = np.maximum(sea.air_c + 8, 20)
        fills = np.minimum(turns_per_s / 0.3, 1)[:, None]
        compression_mpa = (sea.pressure_kpa + scavenge_kpa)[:, None] * 31.0 / 1000 * fills * self._shares**0.3
        return GasPath(
            scavenge_kpa,
            scavenge_c,
            compression_mpa,
            peak_mpa=compression_mpa + 3.9 * work * np.minimum(load / 0.5, 1)[:, None],
            cylinder_c=room_c[:, None] + (cylinder_c - room_c[:, None]) * self.warmth[:, None],
            before_turbine_c=room_c + (before_c - room_c) * self.warmth,
            after_turbine_c=room_c + (after_c - room_c) * self.warmth,
            turbine_rpm=17_600 * np.sqrt(compressed / 0.4445),
        )
