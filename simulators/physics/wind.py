"""The air that meets a wind turbine: how dense it is, how fast it comes at a hub, and how it gusts and veers.

Moist air after IEC 61400-12-1:2017, clause 9.1.5; turbulence ``TI_ref (0.75 v + 5.6)`` after IEC 61400-1, its normal model.
Fronts last half a day and make a Rayleigh distribution; spells of 25 minutes, gusts of 15 s and eddies of 4 s ride on them.

Limits: one point a site; no shear, veer with height, or wakes; a spectrum of three time constants and not Kaimal's.
"""

import math
from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice
from simulators.physics.wander import wander

STANDARD_DENSITY = 1.225
"""Density in kg/m³ for which power curves are stated."""
_QUICK_SECONDS = np.array([[1500.0], [15.0], [4.0], [20.0]])


def air_density(temperature_c: Array, pressure_kpa: Array, humidity_percent: Array) -> Array:
    """Give the density of moist air in kg/m³."""
    kelvin = temperature_c + 273.15
    vapour_pa = 2.05e-5 * np.exp(0.0631846 * kelvin)
    moist: Array = (1000 * pressure_kpa / 287.05 - humidity_percent / 100 * vapour_pa * (1 / 287.05 - 1 / 461.5)) / kelvin
    return moist


class Wind:
    """Wind at n hubs."""

    def __init__(self, dice: Dice, start: datetime) -> None:
        self._dice = dice
        self._scale_mps = 7.6 * (1 + 0.07 * np.clip(dice.normal(), -3, 3))
        self.turbulence_reference = 0.12 * (1 + 0.12 * np.clip(dice.normal(), -3, 3))
        self.front = dice.uniform(-0.1, 0.9)
        """Standard normal; the first hours are neither calm nor storm."""
        self._quick = 0.5 * dice.normals(4).T
        """Spells, gusts, eddies at the anemometer, and veering; standard normal."""
        self.direction_deg = dice.uniform(0, 360)
        """Not folded at 360°, so that the way back is known."""
        self.mean_mps: Array
        self.deviation_mps: Array
        self._look(start)

    def step(self, now: datetime, seconds: float) -> None:
        chance = self._dice.normals(6).T
        self.front = wander(self.front, chance[0], seconds, 36_000)
        self._quick = wander(self._quick, chance[1:5], seconds, _QUICK_SECONDS)
        self.direction_deg = self.direction_deg + 0.2 * math.sqrt(seconds) * chance[5]
        self._look(now)

    @property
    def rotor_mps(self) -> Array:
        """What the rotor feels: its disc evens out half of the turbulence."""
        rotor_mps: Array = np.maximum(self.mean_mps + 0.5 * self.deviation_mps * self._quick[1], 0.2)
        return rotor_mps

    @property
    def anemometer_mps(self) -> Array:
        anemometer_mps: Array = np.maximum(
            self.mean_mps + self.deviation_mps * (0.5 * self._quick[1] + 0.6 * self._quick[2]), 0.1
        )
        return anemometer_mps

    @property
    def vane_deg(self) -> Array:
        """Direction at the vane."""
        vane_deg: Array = self.direction_deg + 4.0 * self._quick[3]
        return vane_deg

    def _look(self, now: datetime) -> None:
        hour = now.hour + now.minute / 60
        season = 1 + 0.10 * math.cos(2 * math.pi * (now.timetuple().tm_yday - 100) / 365)
        scale = self._scale_mps * season * (1 + 0.05 * math.cos(2 * math.pi * (hour - 15) / 24))
        front = np.clip(self.front, -4, 4)
        below = 0.5 * (1 + np.tanh(0.7988 * front * (1 + 0.04417 * front * front)))  # the normal distribution within 0.0002
        self.mean_mps = np.maximum(scale * np.sqrt(-np.log1p(-below)) * (1 + 0.05 * self._quick[0]), 0.3)
        self.deviation_mps = self.turbulence_reference * (0.75 * self.mean_mps + 5.6)
