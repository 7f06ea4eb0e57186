"""The drum of a steam boiler: saturated water and steel are one heat store, whose temperature gives the pressure.

The level follows the mass balance, and swells when the pressure falls and steam bubbles grow. The saturation pressure is the fit
of Irvine and Liley (Steam and Gas Tables with Computer Equations, 1984); the heat of water and steam is linear, fitted to
IAPWS-IF97 between 150 and 200 °C within 0.2 %.

Limits: saturated steam only; feedwater mixes at once; no circulation; of the wall's stress only a temperature difference, which
grows as the water warms or cools.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import lag

WATER_KG, KG_PER_MM = 12_000.0, 8.0
WATER_KJ_PER_KG_K, STEEL_KJ_PER_K = 4.412, 4_200.0
_LEAST_WATER_KG = 3_000.0  # what is left lies below every leak


def saturation_pressure_mpa(water_c: Array) -> Array:
    """Absolute pressure of saturated water."""
    return np.asarray(np.exp(9.48654 - 3892.70 / (water_c + 273.15 - 42.6776)))


def water_kj_per_kg(water_c: Array) -> Array:
    """Heat in saturated water above 0 °C."""
    return 697.3 + WATER_KJ_PER_KG_K * (water_c - 165)


def steam_kj_per_kg(water_c: Array) -> Array:
    """Heat in saturated steam above water of 0 °C."""
    return 2763 + 0.92 * (water_c - 165)


class WaterFlows(NamedTuple):
    """What comes into the drum and leaves it, in t/h."""

    feedwater: Array
    steam: Array
    blowdown: Array
    leak: Array


class SteamDrum:
    """The drums of n boilers."""

    def __init__(self, *, water_c: Array) -> None:
        self.water_c = water_c
        self.pressure_mpa = saturation_pressure_mpa(water_c) - 0.1013
        """Gauge pressure."""
        self._settled_mm, self._swell_mm = np.zeros_like(water_c), np.zeros_like(water_c)
        self.wall_difference_k = np.full_like(water_c, 3.0)

    @property
    def level_mm(self) -> Array:
        """The level as a gauge shows it, from the middle of the glass."""
        return self._settled_mm + self._swell_mm

    @property
    def water_kg(self) -> Array:
        return WATER_KG + KG_PER_MM * self._settled_mm

    @property
    def has_water(self) -> Array:
        """1 as long as a leak finds water to lose, and 0 afterwards."""
        return (self.water_kg > _LEAST_WATER_KG).astype(float)

    @property
    def stored_heat_kj(self) -> Array:
        """Heat in water and steel, counted from 0 °C."""
        return self.water_kg * water_kj_per_kg(self.water_c) + STEEL_KJ_PER_K * self.water_c

    def boil(self, seconds: float, heat_kw: Array, flows: WaterFlows, *, feedwater_c: Array) -> WaterFlows:
        """Move temperature, pressure and level; give the heat that each flow carried, in kW, counted from 0 °C."""
        water_kj, steam_kj, feed_kj = water_kj_per_kg(self.water_c), steam_kj_per_kg(self.water_c), 4.19 * feedwater_c
        feedwater, steam, blowdown, leak = (flow / 3.6 for flow in flows)
        before_c, before_mpa = self.water_c, self.pressure_mpa
        surplus_kw = heat_kw + feedwater * (feed_kj - water_kj) - steam * (steam_kj - water_kj)
        self.water_c = before_c + surplus_kw / (self.water_kg * WATER_KJ_PER_KG_K + STEEL_KJ_PER_K) * seconds
        self._settled_mm = self._settled_mm + (feedwater - steam - blowdown - leak) / KG_PER_MM * seconds
        self.pressure_mpa = np.maximum(saturation_pressure_mpa(self.water_c) - 0.1013, 0.0)
        rise_mpa_per_s = (self.pressure_mpa - before_mpa) / seconds
        self._swell_mm = lag(self._swell_mm, np.clip(-2e4 * rise_mpa_per_s, -25.0, 25.0), seconds, 20)
        warming_k_per_min = (self.water_c - before_c) / seconds * 60
        self.wall_difference_k = lag(self.wall_difference_k, 3 + 4 * np.abs(warming_k_per_min), seconds, 120)
        return WaterFlows(feedwater * feed_kj, steam * steam_kj, blowdown * water_kj, leak * water_kj)
