"""Weather around the machines: air temperature, humidity and pressure by season, hour and chance.

Means are those of Jinan (36.65° N): coldest in mid January at about 0 °C, warmest in mid July at about 28 °C, with a daily swing
of 10 K, coldest at three in the night; on top a slow random walk of some kelvin, as fronts pass. Not a weather generator: no
rain, no wind, no correlation between places.
"""

import math
from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice
from simulators.physics.wander import wander

_FRONT_SECONDS = 1.5 * 86_400


class Weather:
    """The air at n places; each has its own fronts."""

    def __init__(self, dice: Dice, start: datetime, *, mean_c: float = 14.5, season_c: float = 14.0, day_c: float = 5.0) -> None:
        self._dice, self._mean_c, self._season_c, self._day_c = dice, mean_c, season_c, day_c
        self._front = dice.normal()
        self._damp = dice.normal()
        self.temperature_c: Array
        self.humidity_percent: Array
        self.pressure_kpa: Array
        self._look(start)

    def step(self, now: datetime, seconds: float) -> None:
        self._front = wander(self._front, self._dice.normal(), seconds, _FRONT_SECONDS)
        self._damp = wander(self._damp, self._dice.normal(), seconds, _FRONT_SECONDS)
        self._look(now)

    def _look(self, now: datetime) -> None:
        day = now.timetuple().tm_yday
        hour = now.hour + now.minute / 60 + now.second / 3600
        swing = math.cos(2 * math.pi * (hour - 15) / 24)
        season = -math.cos(2 * math.pi * (day - 15) / 365)
        self.temperature_c = self._mean_c + self._season_c * season + self._day_c * swing + 2.5 * self._front
        self.humidity_percent = np.clip(60 + 12 * season - 15 * swing + 12 * self._damp, 12, 100)
        self.pressure_kpa = 100.6 - 1.0 * season - 0.6 * self._front
